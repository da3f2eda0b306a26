/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Node.js counts what ArrayBuffers and Buffers hold in one word of the allocator that it
 * gives to each isolate. Which word differs from version to version; it is the one that
 * grows when the allocator is told, in the twin, of one more block.
 */
#include <string.h>

#include "base/memory.h"
#include "twin/v8.h"

#define OBJECT_WORDS 8
#define SANE_BYTES   (UINT64_C(1) << 47)
#define MAX_ATTEMPTS 3
/* A vtable's address in an object is behind its two first words. */
#define VTABLE_POINT (2 * sizeof(uint64_t))

static const uint64_t block_bytes[] = {0x135791, 0x2468ace1, 0x35};

struct object {
	uint64_t words[OBJECT_WORDS];
	size_t count; /* no further than the end of its page */
};

static bool read_object(struct twin *twin, uint64_t address, struct object *object)
{
	size_t to_page_end = 4096 - address % 4096;

	if (address == 0 || address % sizeof(uint64_t) != 0)
		return false;
	object->count = to_page_end / sizeof(uint64_t);
	if (object->count > OBJECT_WORDS)
		object->count = OBJECT_WORDS;
	return twin__read(twin, address, object->words, object->count * sizeof(uint64_t)) == 0;
}

/* Whether the object is of Node.js's own class: an embedder may have given another. */
static bool is_node_allocator(const struct evaluation *evaluation, const struct object *object)
{
	const uint64_t *symbols = evaluation->symbols;

	for (enum v8_symbol i = V8_ALLOCATOR_VTABLE; i <= V8_DEBUGGING_ALLOCATOR_VTABLE; i++)
		if (symbols[i] && object->words[0] == symbols[i] + VTABLE_POINT)
			return true;
	return false;
}

/* Index of the only word that differs, by bytes; 0 if there is none, or more. */
static size_t grown_word(const struct object *before, const struct object *after, uint64_t bytes)
{
	size_t grown = 0;

	for (size_t i = 0; i < before->count; i++) {
		if (after->words[i] == before->words[i])
			continue;
		if (grown || after->words[i] - before->words[i] != bytes)
			return 0;
		grown = i;
	}
	return grown;
}

static int add_block(struct evaluation *evaluation, const struct v8_isolate *isolate,
		     uint64_t bytes)
{
	struct twin_call call = {.function = evaluation->symbols[V8_REGISTER_POINTER],
				 .thread_pointer = isolate->thread_pointer,
				 .arguments = {isolate->allocator, 0, bytes}};

	return twin__call(evaluation->twin, &call, 1);
}

/* Tells the allocator in the twin of blocks at address 0, and takes them back. */
static int find_word(struct v8_buffers *buffers, struct evaluation *evaluation,
		     const struct v8_isolate *isolate, figure_value *total)
{
	struct object objects[ARRAY_SIZE(block_bytes)];
	uint64_t sum = 0;
	size_t word = 0;

	buffers->attempts++;
	for (size_t i = 0; i < ARRAY_SIZE(block_bytes); i++) {
		int err = add_block(evaluation, isolate, block_bytes[i]);

		if (err)
			return err;
		sum += block_bytes[i];
		if (!read_object(evaluation->twin, isolate->allocator, &objects[i]))
			return 0;
		if (i == 0)
			continue;
		word = grown_word(&objects[i - 1], &objects[i], block_bytes[i]);
		if (word == 0)
			return 0;
	}
	buffers->offset = (uint32_t)(word * sizeof(uint64_t));
	*total = (figure_value)(objects[0].words[word] - block_bytes[0]);
	return add_block(evaluation, isolate, -sum);
}

static void explain(struct evaluation *evaluation)
{
	process__add_note(evaluation->process,
			  "v8: array_buffers is unknown: the allocator of ArrayBuffers is not "
			  "Node.js's, or hidden");
}

int v8_buffers__total(struct v8_buffers *buffers, struct evaluation *evaluation,
		      const struct v8_isolate *isolate, figure_value *total)
{
	struct object object;
	int err = 0;

	*total = FIGURE_UNKNOWN;
	if (!evaluation->symbols[V8_REGISTER_POINTER] ||
	    !read_object(evaluation->twin, isolate->allocator, &object) ||
	    !is_node_allocator(evaluation, &object)) {
		explain(evaluation);
		return 0;
	}
	if (buffers->offset / sizeof(uint64_t) >= object.count)
		return 0;
	if (buffers->offset)
		*total = (figure_value)object.words[buffers->offset / sizeof(uint64_t)];
	else if (buffers->attempts < MAX_ATTEMPTS)
		err = find_word(buffers, evaluation, isolate, total);
	if (*total < 0 || (uint64_t)*total >= SANE_BYTES)
		*total = FIGURE_UNKNOWN;
	if (!figure_known(*total))
		explain(evaluation);
	return err;
}
