/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_KERNEL_FEATURES_H
#define MEMSONDE_COLLECT_KERNEL_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What this kernel and this machine allow. Each feature is found by trying it, never by
 * a version number.
 */

enum feature_state {
	FEATURE_OK,
	FEATURE_DEGRADED, /* works, but something is lost */
	FEATURE_MISSING,
};

struct feature {
	const char *name;
	bool basic;    /* without it the others cannot be tried */
	bool required; /* without it nothing can be measured */
	/* Writes a detail for people, possibly none. */
	enum feature_state (*probe)(char *detail, size_t size);
	const char *lost; /* what is lost without it */
	const char *remedy;
};

extern const struct feature kernel_features[];
extern const size_t kernel_feature_count;

#endif
