/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/figures.h"

#include <string.h>

#define FIGURE(id, path, title, unit, kind, help) {path, title, unit, kind, help},

const struct figure process_figures[PROCESS_FIGURE_COUNT] = {
#include "process_figures.def"
};

const struct figure container_figures[CONTAINER_FIGURE_COUNT] = {
#include "container_figures.def"
};

const struct figure isolate_figures[ISOLATE_FIGURE_COUNT] = {
#include "isolate_figures.def"
};

#undef FIGURE

_Static_assert(CFIG_CLASS_LAST - CFIG_CLASS_FIRST + 1 == CLASS_COUNT,
	       "containers have the classes of processes");

void figures__clear(figure_value *values, int count)
{
	/* By doubling: of thousands of processes a plain loop shows in the time of a look. */
	values[0] = FIGURE_UNKNOWN;
	for (int done = 1; done < count; done *= 2) {
		int more = done < count - done ? done : count - done;

		memcpy(values + done, values, (size_t)more * sizeof(*values));
	}
}

void figures__add(figure_value *sum, figure_value value)
{
	figure_value before = figure_known(*sum) ? *sum : 0;

	if (!figure_known(value))
		return;
	if (__builtin_add_overflow(before, value, sum) || !figure_known(*sum))
		*sum = value < 0 ? -INT64_MAX : INT64_MAX;
}

int figures__find(const struct figure *table, int count, const char *path)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(table[i].path, path))
			return i;
	return -1;
}
