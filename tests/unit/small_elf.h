/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TESTS_SMALL_ELF_H
#define MEMSONDE_TESTS_SMALL_ELF_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An ELF file of a few hundred bytes, whose symbols a test names itself. Its code lies at
 * SMALL_ELF_CODE, as long as SMALL_ELF_CODE_BYTES, its memory goes on behind the file.
 */
#define SMALL_ELF_BASE	       0x10000
#define SMALL_ELF_CODE	       0x10100
#define SMALL_ELF_CODE_BYTES   0x100
#define SMALL_ELF_MEMORY_BYTES 0x10000

struct small_symbol {
	const char *name;
	uint64_t address, size_bytes;
	int type, binding; /* STT_, STB_ */
	uint16_t section;  /* 0 is SHN_UNDEF; 1: of the code */
	uint16_t version;  /* of dynamic ones; 0x8000: hidden */
};

/* Ends of the lists: a symbol without a name. Either may be NULL: no such section. */
struct small_elf {
	const struct small_symbol *dynamic, *all;
	uint16_t type; /* ET_ */
};

struct small_elf_image {
	unsigned char bytes[16384];
	size_t length;
	Elf64_Ehdr *header; /* in bytes */
	Elf64_Phdr *load;
	Elf64_Shdr *sections;
};

enum small_section {
	SMALL_NULL,
	SMALL_TEXT,
	SMALL_NAMES,
	SMALL_DYNSYM,
	SMALL_DYNSTR,
	SMALL_VERSIONS,
	SMALL_SYMTAB,
	SMALL_STRTAB,
	SMALL_SECTIONS,
};

void small_elf__make(struct small_elf_image *image, const struct small_elf *elf);

/* A file of that content, without a name. */
int small_elf__file(const void *bytes, size_t length);

#endif
