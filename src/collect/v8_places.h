/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_V8_PLACES_H
#define MEMSONDE_COLLECT_V8_PLACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collect/programs.h"
#include "parse/elf_symbols.h"

/*
 * Where V8's collector is probed in the program of a process: functions by their symbols,
 * and the places behind the calls whose results are wanted. Files are looked at once.
 */
struct v8_places;

/* Symbols of files are asked of *symbols, which is borrowed; it must not have read any yet. */
struct v8_places *v8_places__new(struct programs *programs, struct elf_symbols *symbols);
void v8_places__free(struct v8_places *places);

enum v8_presence {
	V8_NONE,	/* the process has no V8 that could be recognised */
	V8_NO_SYMBOLS,	/* it has, but not the symbols of its collector */
	V8_HAS_SYMBOLS, /* *found is set */
};

/* What was found in the process, of which that thread lives; *fd is open for the file, and the
 * path in *found names it by that. The caller closes it. */
enum v8_presence v8_places__find(struct v8_places *places, pid_t pid, pid_t tid,
				 struct collection_places *found, int *fd);

/*
 * The offset in text[] of the instruction behind the first call of a function, of which
 * text[0] and the function are known by their addresses in the file; 0 if there is none.
 * Calls are told by their whole encoding: opcode and distance.
 */
size_t call_site__find(const uint8_t *text, size_t length, uint64_t address, uint64_t function);

#endif
