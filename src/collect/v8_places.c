/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/v8_places.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "model/classify.h"
#include "parse/elf_symbols.h"
#include "twin/target_pages.h"

#define VMA_EXEC 0x4 /* VM_EXEC */

/* More files of code than any program maps, and more code than these functions have. */
#define FILES_MAX      512
#define TEXT_MAX_BYTES 4096

enum v8_symbol {
	SYMBOL_V8, /* exported by every V8, as native modules need it */
	SYMBOL_PAUSE_BEGIN,
	SYMBOL_PAUSE_END,
	SYMBOL_CYCLE,
	SYMBOL_CYCLE_UPDATED,
	SYMBOL_START_IN_SAFEPOINT,
	SYMBOL_STOP_IN_SAFEPOINT,
	SYMBOL_SIZE_OF_OBJECTS,
	SYMBOL_COUNT,
};

/* Arguments differ from version to version. */
static const char *const names[SYMBOL_COUNT] = {
	[SYMBOL_V8] = "_ZN2v87Isolate13TryGetCurrentEv",
	[SYMBOL_PAUSE_BEGIN] = "_ZN2v88internal8GCTracer20StartObservablePauseE*",
	[SYMBOL_PAUSE_END] = "_ZN2v88internal8GCTracer19StopObservablePauseE*",
	[SYMBOL_CYCLE] = "_ZN2v88internal8GCTracer10StartCycleE*",
	[SYMBOL_CYCLE_UPDATED] = "_ZN2v88internal8GCTracer18UpdateCurrentEventE*",
	[SYMBOL_START_IN_SAFEPOINT] = "_ZN2v88internal8GCTracer16StartInSafepointE*",
	[SYMBOL_STOP_IN_SAFEPOINT] = "_ZN2v88internal8GCTracer15StopInSafepointE*",
	[SYMBOL_SIZE_OF_OBJECTS] = "_ZN2v88internal4Heap13SizeOfObjectsEv",
};

struct v8_places {
	struct programs *programs;
	struct elf_symbols *symbols; /* borrowed */
	size_t first_symbol;
	struct mapping mappings[FILES_MAX]; /* executable ones of files, of one process */
	size_t mapping_count;
	char path[32]; /* of the file found last, by our descriptor */
};

struct v8_places *v8_places__new(struct programs *programs, struct elf_symbols *symbols)
{
	struct v8_places *self = xcalloc(1, sizeof(*self));

	self->programs = programs;
	self->symbols = symbols;
	self->first_symbol = elf_symbols__add_names(symbols, names, SYMBOL_COUNT);
	return self;
}

void v8_places__free(struct v8_places *self)
{
	free(self);
}

static void take_mapping(void *context, const void *record, enum record_type type)
{
	struct v8_places *self = context;
	const struct vma_record *vma = record;

	if (type != RECORD_VMA || !(vma->flags & VMA_EXEC) || !(vma->kind & VMA_HAS_FILE) ||
	    self->mapping_count == FILES_MAX)
		return;
	self->mappings[self->mapping_count++] = (struct mapping){
		.start = vma->start,
		.end = vma->end,
		.has_file = true,
		.may_block = vma->kind & VMA_MAY_BLOCK,
	};
}

/* --- places behind calls --- */

#if defined(__x86_64__)

/* call: e8 and the distance from the next instruction. */
static bool is_call(const uint8_t *text, uint64_t address, uint64_t function, size_t *length)
{
	int32_t distance;

	memcpy(&distance, text + 1, sizeof(distance));
	*length = 5;
	return text[0] == 0xe8 && address + 5 + (uint64_t)(int64_t)distance == function;
}

#define CALL_BYTES 5
#define CALL_STEP  1

#elif defined(__aarch64__)

/* bl: 100101 and the distance in words, 26 bits. */
static bool is_call(const uint8_t *text, uint64_t address, uint64_t function, size_t *length)
{
	uint32_t word;

	memcpy(&word, text, sizeof(word));
	*length = 4;
	return word >> 26 == 0x25 &&
	       ((function - address) >> 2 & 0x3ffffff) == (word & 0x3ffffff) &&
	       !((function - address) & 3);
}

#define CALL_BYTES 4
#define CALL_STEP  4

#else

/* Used bytes before and after stay unknown. */
static bool is_call(const uint8_t *text, uint64_t address, uint64_t function, size_t *length)
{
	(void)text, (void)address, (void)function;
	*length = 1;
	return false;
}

#define CALL_BYTES 1
#define CALL_STEP  1

#endif

size_t call_site__find(const uint8_t *text, size_t length, uint64_t address, uint64_t function)
{
	size_t call_bytes;

	for (size_t i = 0; i + CALL_BYTES <= length; i += CALL_STEP)
		if (is_call(text + i, address + i, function, &call_bytes))
			return i + call_bytes;
	return 0;
}

/* The offset in the file behind the call of `function` in `caller`; 0 if there is none. */
static uint64_t find_behind_call(int fd, const struct elf_symbol *caller,
				 const struct elf_symbol *function)
{
	uint8_t text[TEXT_MAX_BYTES];
	size_t wanted = caller->size_bytes < sizeof(text) ? caller->size_bytes : sizeof(text);
	ssize_t length;
	size_t behind;

	if (!caller->address || !function->address)
		return 0;
	length = pread(fd, text, wanted, (off_t)caller->file_offset);
	if (length <= 0)
		return 0;
	behind = call_site__find(text, (size_t)length, caller->address, function->address);
	/* A call at the very end does not return. */
	return behind && behind < (size_t)length ? caller->file_offset + behind : 0;
}

/* --- the file --- */

static enum v8_presence find_in_file(const struct v8_places *self, int fd,
				     const struct elf_file *file, struct collection_places *found)
{
	const struct elf_symbol *symbols = file->symbols + self->first_symbol;
	uint64_t *offsets = found->offsets;

	if (file->reason[0])
		return V8_NONE;
	if (!symbols[SYMBOL_PAUSE_BEGIN].address || !symbols[SYMBOL_PAUSE_END].address)
		return symbols[SYMBOL_V8].address ? V8_NO_SYMBOLS : V8_NONE;
	*found = (struct collection_places){0};
	offsets[PROBE_PAUSE_BEGIN] = symbols[SYMBOL_PAUSE_BEGIN].file_offset;
	offsets[PROBE_PAUSE_END] = symbols[SYMBOL_PAUSE_END].file_offset;
	offsets[PROBE_CYCLE] = symbols[SYMBOL_CYCLE].file_offset;
	offsets[PROBE_CYCLE_UPDATED] = symbols[SYMBOL_CYCLE_UPDATED].file_offset;
	offsets[PROBE_USED_BEFORE] = find_behind_call(fd, &symbols[SYMBOL_START_IN_SAFEPOINT],
						      &symbols[SYMBOL_SIZE_OF_OBJECTS]);
	offsets[PROBE_USED_AFTER] = find_behind_call(fd, &symbols[SYMBOL_STOP_IN_SAFEPOINT],
						     &symbols[SYMBOL_SIZE_OF_OBJECTS]);
	return V8_HAS_SYMBOLS;
}

enum v8_presence v8_places__find(struct v8_places *self, pid_t pid, pid_t tid,
				 struct collection_places *found, int *fd)
{
	enum v8_presence best = V8_NONE;

	self->mapping_count = 0;
	programs__read_mappings(self->programs, pid, tid == pid, take_mapping, self);
	for (size_t i = 0; i < self->mapping_count; i++) {
		enum v8_presence presence;

		*fd = target_pages__open_file(tid, &self->mappings[i]);
		if (*fd < 0)
			continue;
		presence = find_in_file(self, *fd, elf_symbols__read(self->symbols, *fd), found);
		if (presence == V8_HAS_SYMBOLS) {
			snprintf(self->path, sizeof(self->path), "/proc/self/fd/%d", *fd);
			found->path = self->path;
			return presence;
		}
		if (presence > best)
			best = presence;
		close(*fd);
	}
	*fd = -1;
	return best;
}
