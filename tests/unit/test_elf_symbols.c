/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "parse/elf_symbols.h"
#include "unit/small_elf.h"

#define FUNCTION(name, address)                                                                    \
	{                                                                                          \
		name, address, 16, STT_FUNC, STB_GLOBAL, 1, 1                                      \
	}
#define END                                                                                        \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* What the tests look for in files of their own. */
static const char *const names[] = {"function",
				    "local",
				    "data",
				    "stop*",
				    "function",
				    "absent",
				    "_ZN2v88internal8GCTracer10StartCycleE*",
				    "hidden"};

enum { FUNCTION_1, LOCAL, DATA, STOP, FUNCTION_2, ABSENT, START_CYCLE, HIDDEN };

static const struct small_symbol exports[] = {
	{"function", 0, 0, STT_FUNC, STB_GLOBAL, SHN_UNDEF, 0},
	{"functions", SMALL_ELF_CODE + 8, 16, STT_FUNC, STB_GLOBAL, 1, 1},
	{"function", SMALL_ELF_CODE + 16, 16, STT_FUNC, STB_GLOBAL, 1, 0x8002},
	{"function", SMALL_ELF_CODE + 32, 16, STT_FUNC, STB_GLOBAL, 1, 3},
	{"data", SMALL_ELF_BASE + 0x800, 8, STT_OBJECT, STB_WEAK, 1, 1},
	{"hidden", SMALL_ELF_CODE + 64, 16, STT_GNU_IFUNC, STB_GLOBAL, 1, 0x8002},
	{"absent", 2, 0, STT_OBJECT, STB_GLOBAL, SHN_ABS, 1},
	{"absent", SMALL_ELF_CODE, 0, STT_NOTYPE, STB_GLOBAL, 1, 1},
	{"absent", SMALL_ELF_CODE, 0, STT_TLS, STB_GLOBAL, 1, 1},
	END,
};

static const struct small_symbol all[] = {
	{"local", SMALL_ELF_CODE + 48, 1000000, STT_FUNC, STB_LOCAL, 1, 0},
	FUNCTION("function", SMALL_ELF_CODE + 80),
	FUNCTION("stop.cold", SMALL_ELF_CODE + 96),
	FUNCTION("stop_this_one", SMALL_ELF_CODE + 112),
	FUNCTION("stop_this", SMALL_ELF_CODE + 128),
	FUNCTION("stop.isra.0", SMALL_ELF_CODE + 144),
	FUNCTION("_ZN2v88internal8GCTracer10StartCycleEii.part.0", SMALL_ELF_CODE + 160),
	FUNCTION("_ZN2v88internal8GCTracer10StartCycleEii.isra.0", SMALL_ELF_CODE + 176),
	FUNCTION("_ZN2v88internal8GCTracer10StartCycleEii.isra.0.cold", SMALL_ELF_CODE + 192),
	END,
};

static const struct small_elf sample = {exports, all, ET_DYN};

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

/* The answers for a file of that content. */
static const struct elf_file *read_bytes(void **state, const void *bytes, size_t length)
{
	int fd = small_elf__file(bytes, length);
	const struct elf_file *file = elf_symbols__read(*state, fd);

	close(fd);
	assert_non_null(file);
	return file;
}

static const struct elf_file *read_elf(void **state, const struct small_elf *elf)
{
	struct small_elf_image image;

	small_elf__make(&image, elf);
	return read_bytes(state, image.bytes, image.length);
}

static void assert_address(const struct elf_file *file, size_t index, uint64_t address)
{
	assert_string_equal(file->reason, "");
	assert_int_equal(file->symbols[index].address, address);
}

static void assert_refused(const struct elf_file *file, const char *reason)
{
	assert_string_equal(file->reason, reason);
	assert_int_equal(file->segment_count, 0);
	assert_false(file->has_symtab);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_int_equal(file->symbols[i].address, 0);
}

static void test_elf_symbols__finds_exported_and_local(void **state)
{
	const struct elf_file *file = read_elf(state, &sample);

	assert_address(file, FUNCTION_1, SMALL_ELF_CODE + 32);
	assert_address(file, FUNCTION_2, SMALL_ELF_CODE + 32);
	assert_true(file->symbols[FUNCTION_1].exported);
	assert_int_equal(file->symbols[FUNCTION_1].size_bytes, 16);
	assert_int_equal(file->symbols[FUNCTION_1].file_offset,
			 SMALL_ELF_CODE - SMALL_ELF_BASE + 32);
	assert_address(file, LOCAL, SMALL_ELF_CODE + 48);
	assert_false(file->symbols[LOCAL].exported);
	assert_address(file, ABSENT, 0);
	assert_true(file->has_symtab);
	assert_false(file->position_dependent);
	assert_string_equal(file->build_id, "deadbeef04030201");
	assert_int_equal(file->segment_count, 1);
	assert_true(file->segments[0].executable);
}

static void test_elf_symbols__size_ends_with_the_segment(void **state)
{
	const struct elf_file *file = read_elf(state, &sample);

	assert_int_equal(file->symbols[LOCAL].size_bytes,
			 SMALL_ELF_BASE + SMALL_ELF_MEMORY_BYTES - (SMALL_ELF_CODE + 48));
}

static void test_elf_symbols__data_behind_the_file_has_no_offset(void **state)
{
	const struct elf_file *file = read_elf(state, &sample);

	assert_address(file, DATA, SMALL_ELF_BASE + 0x800);
	assert_int_equal(file->symbols[DATA].file_offset, 0);
}

static void test_elf_symbols__hidden_version_if_there_is_no_other(void **state)
{
	assert_address(read_elf(state, &sample), HIDDEN, SMALL_ELF_CODE + 64);
}

static void test_elf_symbols__pattern_takes_the_shortest_whole_name(void **state)
{
	assert_address(read_elf(state, &sample), STOP, SMALL_ELF_CODE + 128);
}

static void test_elf_symbols__pattern_takes_the_only_clone(void **state)
{
	assert_address(read_elf(state, &sample), START_CYCLE, SMALL_ELF_CODE + 176);
}

static void test_elf_symbols__of_two_clones_none(void **state)
{
	static const struct small_symbol clones[] = {
		FUNCTION("stop.isra.0", SMALL_ELF_CODE + 16),
		FUNCTION("stop.constprop.0", SMALL_ELF_CODE + 32),
		END,
	};
	static const struct small_elf elf = {NULL, clones, ET_DYN};

	assert_address(read_elf(state, &elf), STOP, 0);
}

static void test_elf_symbols__parts_are_no_functions(void **state)
{
	static const struct small_symbol parts[] = {
		FUNCTION("stop.cold", SMALL_ELF_CODE + 16),
		FUNCTION("stop_it.part.0", SMALL_ELF_CODE + 32),
		FUNCTION("stop.constprop.0.cold", SMALL_ELF_CODE + 48),
		FUNCTION("sto", SMALL_ELF_CODE + 64),
		END,
	};
	static const struct small_elf elf = {NULL, parts, ET_DYN};

	assert_address(read_elf(state, &elf), STOP, 0);
}

static void test_elf_symbols__global_before_local(void **state)
{
	static const struct small_symbol twice[] = {
		{"local", SMALL_ELF_CODE + 16, 1, STT_FUNC, STB_LOCAL, 1, 0},
		{"local", SMALL_ELF_CODE + 32, 1, STT_FUNC, STB_GLOBAL, 1, 0},
		{"local", SMALL_ELF_CODE + 48, 1, STT_FUNC, STB_LOCAL, 1, 0},
		END,
	};
	static const struct small_elf elf = {NULL, twice, ET_DYN};

	assert_address(read_elf(state, &elf), LOCAL, SMALL_ELF_CODE + 32);
}

static void test_elf_symbols__outside_of_all_segments(void **state)
{
	static const struct small_symbol outside[] = {
		FUNCTION("function", SMALL_ELF_BASE - 1),
		FUNCTION("local", SMALL_ELF_BASE + SMALL_ELF_MEMORY_BYTES),
		FUNCTION("data", UINT64_MAX),
		END,
	};
	static const struct small_elf elf = {outside, NULL, ET_DYN};
	const struct elf_file *file = read_elf(state, &elf);

	assert_address(file, FUNCTION_1, 0);
	assert_address(file, LOCAL, 0);
	assert_address(file, DATA, 0);
	assert_false(file->has_symtab);
}

static void test_elf_symbols__stripped(void **state)
{
	static const struct small_elf elf = {exports, NULL, ET_EXEC};
	const struct elf_file *file = read_elf(state, &elf);

	assert_address(file, FUNCTION_1, SMALL_ELF_CODE + 32);
	assert_address(file, LOCAL, 0);
	assert_false(file->has_symtab);
	assert_true(file->position_dependent);
}

static void test_elf_symbols__answer_is_kept(void **state)
{
	struct small_elf_image image;
	const struct elf_file *first, *second;
	int fd;

	small_elf__make(&image, &sample);
	fd = small_elf__file(image.bytes, image.length);
	first = elf_symbols__read(*state, fd);
	assert_ptr_equal(elf_symbols__read(*state, fd), first);
	assert_int_equal(pwrite(fd, "x", 1, (off_t)image.length), 1);
	second = elf_symbols__read(*state, fd);
	assert_ptr_not_equal(second, first);
	assert_address(second, FUNCTION_1, SMALL_ELF_CODE + 32);
	assert_address(first, FUNCTION_1, SMALL_ELF_CODE + 32);
	close(fd);
}

static void test_elf_symbols__no_names(void **state)
{
	struct elf_symbols *symbols = new_symbols(NULL, 0);
	const struct elf_file *file = read_elf((void **)&symbols, &sample);

	(void)state;
	assert_string_equal(file->reason, "");
	assert_true(file->has_symtab);
	elf_symbols__free(symbols);
}

/* Several ask for names of their own. */
static void test_elf_symbols__names_added(void **state)
{
	static const char *const first[] = {"local", "absent"}, *const second[] = {"function"};
	struct elf_symbols *symbols = elf_symbols__new();
	const struct elf_file *file;

	(void)state;
	assert_int_equal(elf_symbols__add_names(symbols, first, ARRAY_SIZE(first)), 0);
	assert_int_equal(elf_symbols__add_names(symbols, second, ARRAY_SIZE(second)), 2);
	file = read_elf((void **)&symbols, &sample);
	assert_int_equal(file->symbols[0].address, SMALL_ELF_CODE + 48);
	assert_int_equal(file->symbols[1].address, 0);
	assert_int_equal(file->symbols[2].address, SMALL_ELF_CODE + 32);
	elf_symbols__free(symbols);
}

/* ---- files that are none ------------------------------------------------------- */

static void test_elf_symbols__other_files(void **state)
{
	struct small_elf_image image;

	assert_refused(read_bytes(state, "", 0), "empty file");
	assert_refused(read_bytes(state, "x", 1), "not an ELF file");
	assert_refused(read_bytes(state, "#!/bin/sh\necho\n", 15), "not an ELF file");
	assert_refused(read_bytes(state,
				  "!<arch>\nfile/           0           0     0     644 "
				  "    4         `\nELF\n",
				  72),
		       "not an ELF file");
	small_elf__make(&image, &sample);
	image.header->e_ident[EI_CLASS] = ELFCLASS32;
	assert_refused(read_bytes(state, image.bytes, image.length), "not a 64-bit ELF file");
	small_elf__make(&image, &sample);
	image.header->e_machine = EM_S390;
	assert_refused(read_bytes(state, image.bytes, image.length), "ELF file of another machine");
	small_elf__make(&image, &sample);
	image.header->e_ident[EI_DATA] = ELFDATA2MSB;
	assert_string_not_equal(read_bytes(state, image.bytes, image.length)->reason, "");
	small_elf__make(&image, &sample);
	image.header->e_type = ET_REL;
	assert_refused(read_bytes(state, image.bytes, image.length),
		       "ELF file that is neither a program nor a library");
}

static void test_elf_symbols__not_regular(void **state)
{
	int ends[2];
	int folder = open("/", O_RDONLY | O_DIRECTORY);
	int device = open("/dev/zero", O_RDONLY);

	assert_int_equal(pipe(ends), 0);
	assert_refused(elf_symbols__read(*state, ends[0]), "not a regular file");
	assert_refused(elf_symbols__read(*state, folder), "not a regular file");
	assert_refused(elf_symbols__read(*state, device), "not a regular file");
	close(ends[0]);
	close(ends[1]);
	close(folder);
	close(device);
	assert_refused(elf_symbols__read(*state, -1), "the file cannot be read");
}

static void test_elf_symbols__too_large(void **state)
{
	int fd = small_elf__file("x", 1);

	assert_int_equal(ftruncate(fd, (off_t)1 << 33), 0);
	assert_refused(elf_symbols__read(*state, fd), "larger than 4 GiB");
	close(fd);
}

/* ---- files made to hurt -------------------------------------------------------- */

/* Whatever the file says, the answer keeps to its bounds. */
static void assert_sane(const struct elf_file *file)
{
	assert_true(memchr(file->reason, 0, sizeof(file->reason)) != NULL);
	assert_true(file->segment_count <= ELF_SEGMENTS_MAX);
	assert_true(strlen(file->build_id) < sizeof(file->build_id));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct elf_symbol *symbol = &file->symbols[i];
		bool inside = !symbol->address;

		for (size_t j = 0; j < file->segment_count; j++) {
			const struct elf_segment *segment = &file->segments[j];

			inside |= symbol->address >= segment->address &&
				  symbol->address + symbol->size_bytes <=
					  segment->address + segment->memory_bytes;
		}
		assert_true(inside);
	}
}

static void test_elf_symbols__truncated(void **state)
{
	struct small_elf_image image;
	size_t step;

	small_elf__make(&image, &sample);
	step = image.length / 100 + 1;
	for (size_t length = 1; length < image.length; length += length < 64 ? 7 : step)
		assert_sane(read_bytes(state, image.bytes, length));
}

static void test_elf_symbols__random_bytes(void **state)
{
	unsigned char bytes[4096];

	srandom(1);
	for (size_t round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)random();
		/* half of them begin as they should */
		if (round % 2)
			memcpy(bytes, "\177ELF\2\1\1", 7);
		assert_sane(read_bytes(state, bytes, sizeof(bytes)));
	}
}

static unsigned char odd_byte(void)
{
	static const unsigned char bytes[] = {0, 1, 0x7f, 0x80, 0xff};

	return random() % 2 ? bytes[(size_t)random() % sizeof(bytes)] : (unsigned char)random();
}

static void test_elf_symbols__mutated(void **state)
{
	struct small_elf_image image;

	srandom(2);
	for (size_t round = 0; round < 400; round++) {
		size_t changes = 1 + (size_t)random() % 8;

		small_elf__make(&image, &sample);
		while (changes--) {
			/* mostly where the offsets and counts are */
			unsigned char *part =
				random() % 2 ? image.bytes : (unsigned char *)image.sections;
			size_t room = (size_t)(image.bytes + image.length - part);

			part[(size_t)random() % (random() % 2 ? 256 : room)] = odd_byte();
		}
		assert_sane(read_bytes(state, image.bytes, image.length));
	}
}

static void test_elf_symbols__huge_counts(void **state)
{
	struct small_elf_image image;

	for (size_t i = SMALL_DYNSYM; i < SMALL_SECTIONS; i++) {
		static const uint64_t sizes[] = {UINT64_MAX, INT64_MAX, 1 << 20, 1, 23};

		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++) {
			small_elf__make(&image, &sample);
			image.sections[i].sh_size = sizes[j];
			assert_sane(read_bytes(state, image.bytes, image.length));
			image.sections[i].sh_offset = sizes[j];
			assert_sane(read_bytes(state, image.bytes, image.length));
			image.sections[i].sh_link = 0xffffff;
			assert_sane(read_bytes(state, image.bytes, image.length));
		}
	}
	small_elf__make(&image, &sample);
	image.header->e_shnum = 0;
	image.sections[0].sh_size = UINT64_MAX / 64;
	assert_sane(read_bytes(state, image.bytes, image.length));
	image.header->e_shnum = 0xfeff;
	assert_sane(read_bytes(state, image.bytes, image.length));
	image.header->e_phnum = 0xffff;
	assert_sane(read_bytes(state, image.bytes, image.length));
}

static void test_elf_symbols__segments_that_wrap(void **state)
{
	struct small_elf_image image;
	uint64_t bias;

	small_elf__make(&image, &sample);
	image.load->p_vaddr = UINT64_MAX - 0xfff;
	assert_int_equal(read_bytes(state, image.bytes, image.length)->segment_count, 0);
	small_elf__make(&image, &sample);
	image.load->p_offset = UINT64_MAX - 0xff;
	image.load->p_filesz = image.load->p_memsz = 0x1000;
	assert_false(elf_file__bias(read_bytes(state, image.bytes, image.length), 0x1000,
				    UINT64_MAX - 0xfff, &bias));
}

static void test_elf_symbols__many_segments(void **state)
{
	struct small_elf_image image;
	Elf64_Phdr segment;

	small_elf__make(&image, &sample);
	segment = *image.load;
	image.header->e_phoff = image.length;
	image.header->e_phnum = ELF_SEGMENTS_MAX + 1;
	for (size_t i = 0; i <= ELF_SEGMENTS_MAX; i++, image.length += sizeof(segment))
		memcpy(image.bytes + image.length, &segment, sizeof(segment));
	assert_refused(read_bytes(state, image.bytes, image.length),
		       "ELF file with too many segments");
}

/* A name without an end, one that begins behind the table. */
static void test_elf_symbols__names_that_do_not_end(void **state)
{
	struct small_elf_image image;

	small_elf__make(&image, &sample);
	image.sections[SMALL_STRTAB].sh_size -= 1;
	assert_address(read_bytes(state, image.bytes, image.length), LOCAL, SMALL_ELF_CODE + 48);
	image.sections[SMALL_STRTAB].sh_size = 3;
	assert_address(read_bytes(state, image.bytes, image.length), LOCAL, 0);
	image.sections[SMALL_STRTAB].sh_size = 0;
	assert_address(read_bytes(state, image.bytes, image.length), LOCAL, 0);
}

/* ---- bias ---------------------------------------------------------------------- */

static void test_elf_file__bias(void **state)
{
	/* the second begins in the page of the file in which the first ends */
	static const struct elf_file movable = {
		.segments = {{0, 0, 0x1800, 0x1800, false},
			     {0x1800, 0x2800, 0x2000, 0x2000, true},
			     {0x3800, 0x5800, 0x100, 0x9000, false}},
		.segment_count = 3,
	};
	struct elf_file fixed = movable;
	uint64_t bias = 0;

	(void)state;
	fixed.position_dependent = true;
	assert_true(elf_file__bias(&movable, 0x7f0000000000, 0, &bias));
	assert_int_equal(bias, 0x7f0000000000);
	assert_true(elf_file__bias(&movable, 0x7f0000002000, 0x1000, &bias));
	assert_int_equal(bias, 0x7f0000000000);
	assert_true(elf_file__bias(&movable, 0x7f0000005000, 0x3000, &bias));
	assert_int_equal(bias, 0x7f0000000000);
	/* split by mprotect */
	assert_true(elf_file__bias(&movable, 0x7f0000003000, 0x2000, &bias));
	assert_int_equal(bias, 0x7f0000000000);
	assert_false(elf_file__bias(&movable, 0x7f0000000000, 0x4000, &bias));
	assert_true(elf_file__bias(&fixed, 0x2000, 0x1000, &bias));
	assert_int_equal(bias, 0);
	assert_false(elf_file__bias(&fixed, 0x12000, 0x1000, &bias));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_elf_symbols__finds_exported_and_local),
		TEST(test_elf_symbols__size_ends_with_the_segment),
		TEST(test_elf_symbols__data_behind_the_file_has_no_offset),
		TEST(test_elf_symbols__hidden_version_if_there_is_no_other),
		TEST(test_elf_symbols__pattern_takes_the_shortest_whole_name),
		TEST(test_elf_symbols__pattern_takes_the_only_clone),
		TEST(test_elf_symbols__of_two_clones_none),
		TEST(test_elf_symbols__parts_are_no_functions),
		TEST(test_elf_symbols__global_before_local),
		TEST(test_elf_symbols__outside_of_all_segments),
		TEST(test_elf_symbols__stripped),
		TEST(test_elf_symbols__answer_is_kept),
		TEST(test_elf_symbols__no_names),
		TEST(test_elf_symbols__names_added),
		TEST(test_elf_symbols__other_files),
		TEST(test_elf_symbols__not_regular),
		TEST(test_elf_symbols__too_large),
		TEST(test_elf_symbols__truncated),
		TEST(test_elf_symbols__random_bytes),
		TEST(test_elf_symbols__mutated),
		TEST(test_elf_symbols__huge_counts),
		TEST(test_elf_symbols__segments_that_wrap),
		TEST(test_elf_symbols__many_segments),
		TEST(test_elf_symbols__names_that_do_not_end),
		cmocka_unit_test(test_elf_file__bias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
