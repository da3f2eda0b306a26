/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_COLLECTION_H
#define MEMSONDE_MODEL_COLLECTION_H

#include <stdint.h>

#include "model/figures.h"

/* One garbage collection of one isolate, as seen by probes on V8's collector. */

enum collection_kind {
	COLLECTION_SCAVENGE,
	COLLECTION_MARK_COMPACT,
	COLLECTION_MINOR_MARK_SWEEP,
	COLLECTION_UNKNOWN, /* probes are missing, or V8 has learnt something new */
	COLLECTION_KIND_COUNT,
};

/* How collections of a process become known. */
enum collection_watch {
	COLLECTIONS_NOT_WATCHED,
	COLLECTIONS_NO_V8,    /* it has no V8 that could be recognised */
	COLLECTIONS_BY_LOOKS, /* by what differs from look to look: a note says why */
	COLLECTIONS_BY_PROBES,
};

struct collection {
	uint32_t pid;
	uint64_t start_ns; /* of the process: with pid its key */
	uint32_t tid;
	enum collection_kind kind;
	char reason[48]; /* in V8's words; "" if it could not be had */
	int64_t begin_unix_ns;
	figure_value pause_ns;
	figure_value used_before_bytes, used_after_bytes;
	figure_value total_before_bytes, total_after_bytes;
};

/* "scavenge", "mark-compact", "minor-mark-sweep", "unknown". */
extern const char *const collection_kind_names[COLLECTION_KIND_COUNT];

#endif
