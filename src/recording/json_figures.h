/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDING_JSON_FIGURES_H
#define MEMSONDE_RECORDING_JSON_FIGURES_H

#include <stdint.h>

#include <jansson.h>

#include "model/account.h"

/* Values of JSON objects as the model has them. */

/* An integer in [0, maximum], or -1. */
int64_t json_figures__integer(const json_t *object, const char *name, int64_t maximum);

/* The value at a path ("faults.minor"), FIGURE_UNKNOWN where it is none, or no number in
 * range. */
figure_value json_figures__get(const json_t *object, const char *path, enum figure_unit unit);

/* All figures of a table. One that is there but of the wrong type is unknown, with a note
 * to the process in whose object they stand. */
void json_figures__read(figure_value *figures, const struct figure *table, int count,
			const json_t *object, struct process *process);

#endif
