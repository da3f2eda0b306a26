/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_SIMILAR_H
#define MEMSONDE_BASE_SIMILAR_H

#include <stdbool.h>

/* How many letters must be changed, added, left out or swapped with their neighbour to
 * make one word of the other. Counts no further than limit + 1. */
unsigned int similar__distance(const char *a, const char *b, unsigned int limit);

/* Whether someone who typed `typed` may have meant `name`: part of it, or a few slips. */
bool similar__may_mean(const char *typed, const char *name);

#endif
