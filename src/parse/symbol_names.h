/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PARSE_SYMBOL_NAMES_H
#define MEMSONDE_PARSE_SYMBOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The names that are looked for, made so that a name that is none of them, as are nearly
 * all of the hundreds of thousands in a large program, is known by a few comparisons.
 */
struct symbol_names;

/* Names, and patterns "NAME*". The texts are borrowed. */
struct symbol_names *symbol_names__new(const char *const *names, size_t count);
void symbol_names__free(struct symbol_names *names);

size_t symbol_names__count(const struct symbol_names *names);

/* What symbol_names__may_match() reads. */
#define SYMBOL_HEAD_BYTES 24

/* Whether a name that begins like that can match; far most cannot. What follows the name
 * in memory may be among the bytes. */
bool symbol_names__may_match(const struct symbol_names *names, const char *head);

/* How good a match is. */
enum name_match {
	NAME_NONE,
	NAME_CLONE, /* of a pattern: the compiler's variant of the function (NAME.isra.0) */
	NAME_WHOLE,
};

struct name_hit {
	uint32_t index;	       /* in the list of names */
	uint32_t rest_length;  /* what the '*' stands for */
	enum name_match match; /* never NAME_NONE */
};

/* Writes what the name matches; hits has room for symbol_names__count(). Returns how many. */
size_t symbol_names__match(const struct symbol_names *names, const char *name, size_t length,
			   struct name_hit *hits);

/* What the rest of a name, for which '*' stands, says. Parts that the compiler split off
 * (NAME.cold, NAME.part.0) are none. */
enum name_match symbol_names__rest(const char *rest, size_t length);

#endif
