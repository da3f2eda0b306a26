/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PARSE_ELF_PARSE_H
#define MEMSONDE_PARSE_ELF_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "parse/elf_symbols.h"
#include "parse/symbol_names.h"

/*
 * What runs in the parser's child: finds the symbols of an ELF file. Its answer crosses
 * to us as numbers only.
 */

enum parse_failure {
	PARSE_DONE,
	PARSE_NOT_ELF,
	PARSE_DAMAGED,
	PARSE_OTHER_CLASS,
	PARSE_OTHER_MACHINE,
	PARSE_NOT_LOADABLE,
	PARSE_MANY_SEGMENTS,
};

struct parsed_symbol {
	uint64_t address; /* 0: not found */
	uint64_t size_bytes;
	uint64_t exported;
};

struct parsed_segment {
	uint64_t file_offset, address, file_bytes, memory_bytes, executable;
};

#define BUILD_ID_BYTES_MAX 20

struct parsed_file {
	uint32_t failure;
	uint32_t segment_count;
	struct parsed_segment segments[ELF_SEGMENTS_MAX];
	uint32_t has_symtab;
	uint32_t position_dependent;
	uint32_t build_id_bytes;
	uint8_t build_id[BUILD_ID_BYTES_MAX];
	struct parsed_symbol symbols[]; /* one per name */
};

void elf_parse(const struct symbol_names *names, const void *file, size_t file_bytes,
	       struct parsed_file *parsed);

#endif
