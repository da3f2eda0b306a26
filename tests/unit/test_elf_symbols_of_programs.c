/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "parse/elf_symbols.h"

/* Programs that a compiler made, and this one; the truth is told by nm and by pointers. */
static const char *const names[] = {"function", "local", "data", "stop*"};

enum { FUNCTION, LOCAL, DATA, STOP };

static struct elf_symbols *new_symbols(const char *const *wanted, size_t count)
{
	struct elf_symbols *symbols = elf_symbols__new();

	assert_int_equal(elf_symbols__add_names(symbols, wanted, count), 0);
	return symbols;
}

static int set_up(void **state)
{
	*state = new_symbols(names, ARRAY_SIZE(names));
	return 0;
}

static int tear_down(void **state)
{
	elf_symbols__free(*state);
	return 0;
}

static char folder[] = "/tmp/test_elf_symbols.XXXXXX";

static const char source[] =
	"#include <stdio.h>\n"
	"int data = 1; static int zeros[100];\n"
	"static __attribute__((noinline)) int local(int n) { return n + zeros[n % 100]; }\n"
	"__attribute__((noinline)) int function(int n) { return local(n) + data; }\n"
	"__attribute__((noinline)) int stop_it(int n) { return zeros[n]++; }\n"
	"int main(int argc, char **argv) { (void)argv; stop_it(argc);"
	" return printf(\"%d\", function(argc)) < 0; }\n";

static bool run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Compiles the source; NULL where there is no compiler. */
static const char *compile(const char *name, const char *flags)
{
	static char path[256];
	char command[PATH_MAX + 256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/source.c", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(source, file);
	assert_int_equal(fclose(file), 0);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	snprintf(command, sizeof(command), "cc -O1 %s -o %s %s/source.c 2>/dev/null", flags, path,
		 folder);
	return run(command) ? path : NULL;
}

/* What nm says of a symbol; 0: nothing. */
static uint64_t address_by_nm(const char *path, const char *options, const char *name)
{
	char command[PATH_MAX + 64], line[512], symbol[256];
	uint64_t address = 0;
	unsigned long value;
	FILE *nm;
	char type;

	snprintf(command, sizeof(command), "nm %s %s 2>/dev/null", options, path);
	nm = popen(command, "r");
	assert_non_null(nm);
	while (fgets(line, sizeof(line), nm)) {
		size_t length = strlen(name);

		/* NAME, or NAME@@VERSION */
		if (sscanf(line, "%lx %c %255s", &value, &type, symbol) == 3 &&
		    strncmp(symbol, name, length) == 0 &&
		    (!symbol[length] || strncmp(symbol + length, "@@", 2) == 0))
			address = value;
	}
	pclose(nm);
	return address;
}

static const struct elf_file *read_path(struct elf_symbols *symbols, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct elf_file *file = elf_symbols__read(symbols, fd);

	close(fd);
	return file;
}

/* Without a compiler the test is skipped. */
static const char *compiled(const char *name, const char *flags)
{
	const char *path = compile(name, flags);

	if (!path) {
		puts("cannot compile programs");
		skip();
	}
	return path;
}

static void assert_as_nm(const struct elf_file *file, const char *path)
{
	assert_string_equal(file->reason, "");
	assert_int_not_equal(file->symbols[FUNCTION].address, 0);
	assert_int_equal(file->symbols[FUNCTION].address, address_by_nm(path, "", "function"));
	assert_int_equal(file->symbols[LOCAL].address, address_by_nm(path, "", "local"));
	assert_int_equal(file->symbols[DATA].address, address_by_nm(path, "", "data"));
	assert_int_equal(file->symbols[STOP].address, address_by_nm(path, "", "stop_it"));
	assert_true(file->has_symtab);
}

static void test_elf_symbols_of_programs__pie_and_not(void **state)
{
	const char *path = compiled("pie", "-fPIE -pie");
	const struct elf_file *file = read_path(*state, path);

	assert_as_nm(file, path);
	assert_false(file->position_dependent);
	path = compiled("fixed", "-fno-pie -no-pie");
	file = read_path(*state, path);
	assert_as_nm(file, path);
	assert_true(file->position_dependent);
}

static void test_elf_symbols_of_programs__stripped(void **state)
{
	const char *path = compiled("stripped", "-fPIE -pie -rdynamic -s");
	const struct elf_file *file = read_path(*state, path);

	assert_int_equal(file->symbols[FUNCTION].address, address_by_nm(path, "-D", "function"));
	assert_int_not_equal(file->symbols[FUNCTION].address, 0);
	assert_int_equal(file->symbols[LOCAL].address, 0);
	assert_false(file->has_symtab);
	path = compiled("bare", "-fPIE -pie -s");
	file = read_path(*state, path);
	assert_int_equal(file->symbols[FUNCTION].address, 0);
	assert_false(file->has_symtab);
}

static void test_elf_symbols_of_programs__32_bit(void **state)
{
	char command[512], path[256];

	snprintf(path, sizeof(path), "%s/object32", folder);
	snprintf(command, sizeof(command), "cc -m32 -c -x c -o %s /dev/null 2>/dev/null", path);
	if (!run(command)) {
		puts("the compiler makes nothing of 32 bits");
		skip();
	}
	assert_string_equal(read_path(*state, path)->reason, "not a 64-bit ELF file");
}

/* A file of this process that is mapped at an address: its mappings by /proc/self/maps. */
struct own_mapping {
	uint64_t start, end, offset;
	char permissions[5], path[PATH_MAX];
};

static bool next_mapping(FILE *maps, struct own_mapping *mapping)
{
	char line[PATH_MAX + 128];

	if (!fgets(line, sizeof(line), maps))
		return false;
	mapping->path[0] = '\0';
	return sscanf(line, "%lx-%lx %4s %lx %*s %*s %4095s", &mapping->start, &mapping->end,
		      mapping->permissions, &mapping->offset, mapping->path) >= 4;
}

static struct own_mapping mapping_of(const void *pointer)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	struct own_mapping mapping;
	bool found = false;

	assert_non_null(maps);
	while (!found && next_mapping(maps, &mapping))
		found = mapping.start <= (uintptr_t)pointer && (uintptr_t)pointer < mapping.end;
	fclose(maps);
	assert_true(found);
	return mapping;
}

/* A function that this process has: bias and address lead to it. */
static void assert_leads_to(struct elf_symbols *symbols, const void *pointer)
{
	struct own_mapping mapping = mapping_of(pointer);
	const struct elf_file *file = read_path(symbols, mapping.path);
	uint64_t bias;

	assert_string_equal(file->reason, "");
	assert_true(elf_file__bias(file, mapping.start, mapping.offset, &bias));
	assert_int_equal(file->symbols[0].address + bias, (uintptr_t)pointer);
	assert_int_equal(file->symbols[0].file_offset,
			 (uintptr_t)pointer - mapping.start + mapping.offset);
}

static void test_elf_symbols_of_programs__this_process(void **state)
{
	static const char *const own[] = {"elf_symbols__read"};
	static const char *const of_libc[] = {"mallinfo2", "malloc"};
	struct elf_symbols *symbols = new_symbols(own, ARRAY_SIZE(own));
	struct own_mapping mapping = mapping_of(stdout);

	(void)state;
	assert_leads_to(symbols, (const void *)(uintptr_t)elf_symbols__read);
	elf_symbols__free(symbols);
	symbols = new_symbols(of_libc, ARRAY_SIZE(of_libc));
	for (size_t i = 0; i < ARRAY_SIZE(of_libc); i++)
		assert_int_equal(read_path(symbols, mapping.path)->symbols[i].address,
				 address_by_nm(mapping.path, "-D", of_libc[i]));
	assert_int_not_equal(read_path(symbols, mapping.path)->symbols[0].address, 0);
	elf_symbols__free(symbols);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const files[] = {"source.c", "pie",	    "fixed", "stripped",
					    "bare",	"object32", ""};
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		remove(path);
	}
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_elf_symbols_of_programs__pie_and_not),
		TEST(test_elf_symbols_of_programs__stripped),
		TEST(test_elf_symbols_of_programs__32_bit),
		TEST(test_elf_symbols_of_programs__this_process),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
