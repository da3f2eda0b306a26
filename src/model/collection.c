/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/collection.h"

const char *const collection_kind_names[COLLECTION_KIND_COUNT] = {
	[COLLECTION_SCAVENGE] = "scavenge",
	[COLLECTION_MARK_COMPACT] = "mark-compact",
	[COLLECTION_MINOR_MARK_SWEEP] = "minor-mark-sweep",
	[COLLECTION_UNKNOWN] = "unknown",
};
