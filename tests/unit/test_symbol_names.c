/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "parse/symbol_names.h"

static enum name_match rest(const char *text)
{
	return symbol_names__rest(text, strlen(text));
}

static void test_symbol_names__rest(void **state)
{
	static const char *const parts[] = {".cold",	    ".part.0", ".isra.0.cold",
					    ".cold.isra.0", ".",       "Ev.constprop.0.part.1",
					    ".isra..0",	    ".text"};
	static const char *const clones[] = {".isra.0", ".constprop.0", "Ev.constprop.0.isra.0",
					     ".llvm.123456", ".lto_priv.0"};

	(void)state;
	assert_int_equal(rest(""), NAME_WHOLE);
	assert_int_equal(rest("EPvm"), NAME_WHOLE);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		assert_int_equal(rest(parts[i]), NAME_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(clones); i++)
		assert_int_equal(rest(clones[i]), NAME_CLONE);
}

/* Names of all lengths, among others that differ in one letter. */
static void test_symbol_names__all_lengths(void **state)
{
	enum { COUNT = 200 };
	static char texts[COUNT][COUNT + 1];
	static char other[COUNT];
	static const char *list[COUNT];
	struct name_hit hits[COUNT];
	struct symbol_names *names;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		memset(texts[i], 'a', i);
		list[i] = texts[i];
	}
	memset(other, 'a', sizeof(other));
	names = symbol_names__new(list, COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(symbol_names__match(names, texts[i], i, hits), 1);
		assert_int_equal(hits[0].index, i);
		for (size_t j = 0; j < i; j++) {
			other[j] = 'b';
			assert_int_equal(symbol_names__match(names, other, i, hits), 0);
			other[j] = 'a';
		}
	}
	symbol_names__free(names);
}

/* Whatever follows a name, it may match; others hardly ever may. */
static void test_symbol_names__may_match(void **state)
{
	static const char *const list[] = {"free", "mallinfo2", "_ZN2v87Isolate13TryGetCurrentEv",
					   "_ZN4node24NodeArray*", "malloc"};
	struct symbol_names *names = symbol_names__new(list, ARRAY_SIZE(list));
	char head[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		memset(head, '~', sizeof(head));
		memcpy(head, list[i], strlen(list[i]) + 1);
		assert_true(symbol_names__may_match(names, head));
	}
	memset(head, '~', sizeof(head));
	memcpy(head, "_ZN2v87IsolateC1Ev", sizeof("_ZN2v87IsolateC1Ev"));
	assert_false(symbol_names__may_match(names, head));
	symbol_names__free(names);
}

static void test_symbol_names__several_of_one_name(void **state)
{
	static const char *const list[] = {"malloc", "mal*", "malloc", "*", "malloc*", "mallo"};
	struct name_hit hits[ARRAY_SIZE(list)];
	struct symbol_names *names = symbol_names__new(list, ARRAY_SIZE(list));
	uint32_t seen = 0;

	(void)state;
	assert_int_equal(symbol_names__match(names, "malloc", 6, hits), 5);
	for (size_t i = 0; i < 5; i++)
		seen |= 1u << hits[i].index;
	assert_int_equal(seen, 0x1f);
	assert_int_equal(symbol_names__match(names, "x", 1, hits), 1);
	assert_int_equal(hits[0].rest_length, 1);
	assert_int_equal(symbol_names__match(names, "", 0, hits), 1);
	symbol_names__free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_symbol_names__rest),
		cmocka_unit_test(test_symbol_names__all_lengths),
		cmocka_unit_test(test_symbol_names__may_match),
		cmocka_unit_test(test_symbol_names__several_of_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
