/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PARSE_ELF_SYMBOLS_H
#define MEMSONDE_PARSE_ELF_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Symbols of the target's ELF files. The files belong to the target and may be made to
 * attack their reader: they are parsed in a child without rights, without descriptors but
 * the file's and within bounds of time and memory; its answers are checked. An answer is
 * kept per file (device, inode, size, time of change), so that a file is parsed once.
 */
struct elf_symbols;

struct elf_symbols *elf_symbols__new(void);
void elf_symbols__free(struct elf_symbols *symbols);

/* Names that will be asked for: exact ones, and such that end in '*', which stand for any that
 * begins so (parts that the compiler split off, NAME.cold and the like, apart). Borrowed. All
 * must be added before a file is read. Returns the index of the first in elf_file.symbols. */
size_t elf_symbols__add_names(struct elf_symbols *symbols, const char *const *names, size_t count);

struct elf_symbol {
	uint64_t address; /* as the file says: add the bias of the mapping; 0: not defined here */
	uint64_t file_offset; /* of the same; for uprobes; 0: not in the file (.bss) */
	uint64_t size_bytes;
	bool exported; /* in .dynsym; else only in .symtab */
};

#define ELF_SEGMENTS_MAX 16

struct elf_segment { /* PT_LOAD */
	uint64_t file_offset, address, file_bytes, memory_bytes;
	bool executable;
};

struct elf_file {
	struct elf_symbol *symbols; /* one per name, in the order in which they were added */
	struct elf_segment segments[ELF_SEGMENTS_MAX];
	size_t segment_count;
	bool has_symtab;	 /* else local symbols are unknown: it was stripped */
	bool position_dependent; /* ET_EXEC: no bias */
	char build_id[41];	 /* hex; "" if there is none */
	char reason[96];	 /* why it could not be read ("not an ELF file"); "" if it could */
	bool may_pass;		 /* the reason: another time it may be read */
};

/*
 * The answers for a regular file. fd is borrowed. The result stays valid until
 * elf_symbols__free() or, when more files than some thousand were asked for, the next
 * call; never NULL: what could not be read has a reason and no symbols.
 */
const struct elf_file *elf_symbols__read(struct elf_symbols *symbols, int fd);

/* Bias of a mapping of the file: what to add to its addresses. False if the mapping is of
 * no segment. */
bool elf_file__bias(const struct elf_file *file, uint64_t mapping_start, uint64_t mapping_offset,
		    uint64_t *bias);

#endif
