/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_CLASSIFY_H
#define MEMSONDE_MODEL_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/figures.h"

/*
 * The classifier: which class of the breakdown each address of a process belongs to,
 * from its mappings, its threads and a few words of its memory. It reads nothing
 * itself.
 */

enum memory_class {
	CLASS_V8_HEAP,
	CLASS_V8_CODE,
	CLASS_ARRAY_BUFFERS,
	CLASS_MALLOC,
	CLASS_STACK,
	CLASS_CODE,
	CLASS_FILE,
	CLASS_SHMEM,
	CLASS_ANON,
	CLASS_NOT_IN_RSS, /* hugetlbfs, devices: mapped, but not counted by the kernel */
	MEMORY_CLASS_COUNT,
};

_Static_assert((int)CLASS_NOT_IN_RSS == CLASS_COUNT - 1, "as the rows of process_figures.def");

struct mapping {
	uint64_t start, end;
	uint64_t file_offset; /* of what lies at start; meaningful with has_file */
	bool readable, writable, executable;
	bool shared;	 /* writes are seen by others */
	bool grows_down; /* a main stack */
	bool hugetlb;
	bool device; /* page frames without memory behind them, or I/O */
	bool has_file;
	bool shmem;	/* its file is tmpfs, memfd, SysV or shared anonymous memory */
	bool unlinked;	/* its file has no name */
	bool may_block; /* its file system asks others: reading the file may take for ever */
	char name[80];	/* of an anonymous mapping, "" if it has none */
};

/* Index of the first mapping that ends behind an address, count if none does. */
size_t mappings__behind(const struct mapping *mappings, size_t count, uint64_t address);

struct thread_registers {
	uint64_t stack_pointer;
	uint64_t thread_pointer; /* TLS base; 0 if it has none */
};

struct page_words {
	uint64_t first, second;
	bool known; /* false where the page is not resident or cannot be read */
};

struct regions;

struct address_space {
	const struct mapping *mappings; /* in the order of addresses */
	size_t mapping_count;
	struct thread_registers *threads; /* sorted by the classifier */
	size_t thread_count;
	uint64_t start_brk, brk, start_stack, vdso;
	uint64_t page_bytes;
	/* What is known of private anonymous memory from elsewhere (a runtime's pages, an
	 * allocator's memory), in the order of addresses; stacks in it are told apart. May be
	 * NULL. */
	const struct regions *known;
	bool control_block_has_address; /* the word at a thread pointer is itself: x86-64 */
	/* Reads two words at each address into words[]; zeros, not known, where a page is
	 * not resident or cannot be read. May be NULL: then no large chunk of malloc is
	 * recognised. */
	void (*read_pages)(void *context, const uint64_t *addresses, size_t count,
			   struct page_words *words);
	void *read_context;
};

/* Addresses of one mapping that are of one class. */
struct region {
	uint64_t start, end;
	enum memory_class class;
	bool single_block; /* of CLASS_MALLOC: one block that was mapped for itself */
	size_t mapping;	   /* index */
};

struct regions {
	struct region *items; /* in the order of addresses, each mapping covered wholly */
	size_t count, capacity;
};

/* Replaces what regions held. */
void classify(const struct address_space *space, struct regions *regions);
void regions__release(struct regions *regions);

#endif
