/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_COLLECTIONS_H
#define MEMSONDE_COLLECT_COLLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/programs.h"
#include "model/account.h"
#include "parse/elf_symbols.h"

/*
 * V8's collections: probes the collector of processes that have V8, and puts into the
 * account each collection or, at each look, what they come to per isolate. Probes follow
 * a process through exec and go when it ends.
 */
struct collections;

/* With each, V8 is looked for in every process of a look, and each collection goes into the
 * account; else it is probed where isolates are known already, and only the figures of
 * isolates tell of collections. For *symbols see v8_places__new(). */
struct collections *collections__new(struct programs *programs, struct elf_symbols *symbols,
				     bool each);
void collections__free(struct collections *collections);

/* A record that arrived. */
void collections__take(struct collections *collections, struct account *account,
		       const struct collection_record *record);

/*
 * Once a look, when its processes have their figures: probes new ones, lets go of those
 * that ended, sets gc.* of isolates and their sums. Of isolates without probes a fall of
 * heap_used since the look before becomes a collection of unknown kind.
 */
void collections__look(struct collections *collections, struct account *account,
		       int64_t monotonic_to_unix_ns);

/*
 * The words behind `before` and `after`, which lie side by side in words[] and nowhere
 * else: V8 notes there what its heap held, used bytes first, committed ones then. Unknown
 * where they are not found.
 */
void collection__find_totals(const __u64 *words, size_t count, uint64_t before, uint64_t after,
			     figure_value *total_before, figure_value *total_after);

#endif
