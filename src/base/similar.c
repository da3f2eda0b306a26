/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/similar.h"

#include <stddef.h>
#include <string.h>

#define LONGEST_WORD 64

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int smaller = a < b ? a : b;

	return smaller < c ? smaller : c;
}

/* One row of the table of distances between the beginnings of a and b. */
static void fill_row(unsigned int (*rows)[LONGEST_WORD + 1], const char *a, size_t i, const char *b,
		     size_t b_length)
{
	unsigned int *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

	row[0] = i;
	for (size_t j = 1; j <= b_length; j++) {
		unsigned int changed = above[j - 1] + (a[i - 1] != b[j - 1]);

		row[j] = least(above[j] + 1, row[j - 1] + 1, changed);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			row[j] = least(row[j], before[j - 2] + 1, row[j]);
	}
}

unsigned int similar__distance(const char *a, const char *b, unsigned int limit)
{
	unsigned int rows[3][LONGEST_WORD + 1];
	size_t a_length = strlen(a), b_length = strlen(b);
	unsigned int distance;

	if (a_length > LONGEST_WORD || b_length > LONGEST_WORD)
		return limit + 1;
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++)
		fill_row(rows, a, i, b, b_length);
	distance = rows[a_length % 3][b_length];
	return distance > limit ? limit + 1 : distance;
}

bool similar__may_mean(const char *typed, const char *name)
{
	size_t length = strlen(typed), name_length = strlen(name);
	/* in a short word two slips would leave too little of it */
	size_t shorter = length < name_length ? length : name_length;
	unsigned int slips = shorter < 5 ? 1 : shorter < 8 ? 2 : 3;

	if (length >= 3 && strstr(name, typed))
		return true;
	return similar__distance(typed, name, slips) <= slips && name_length > slips;
}
