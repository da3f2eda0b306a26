/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_TARGET_MEMORY_H
#define MEMSONDE_COLLECT_TARGET_MEMORY_H

#include "model/account.h"
#include "model/classify.h"
#include "system/page_runs.h"

/*
 * The few words of a target's memory that the classifier asks for. A page is read only
 * while it is resident, as reading another would bring it in; and mappings in which
 * nothing was found are not read again for some seconds.
 */
struct target_memory;

struct target_memory *target_memory__new(void);
void target_memory__free(struct target_memory *memory);

/* Begins with a process, of which a thread tid lives; the mappings and runs are borrowed until the
 * end. */
void target_memory__open(struct target_memory *memory, struct process_key key, pid_t tid,
			 const struct address_space *space, const struct page_runs *runs);

/* For struct address_space: the context is the struct target_memory. */
void target_memory__read_pages(void *memory, const uint64_t *addresses, size_t count,
			       struct page_words *words);

/* Ends with it: mappings that are nothing but CLASS_ANON are remembered. */
void target_memory__close(struct target_memory *memory, const struct regions *regions);

#endif
