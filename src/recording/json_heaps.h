/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDING_JSON_HEAPS_H
#define MEMSONDE_RECORDING_JSON_HEAPS_H

#include <jansson.h>

#include "model/account.h"

/* The lists of a process's object: isolates, stacks, explanations, and the texts that stand
 * beside its figures. What is too much or no such thing is left out. Its figures are to be
 * read before. */
void json_heaps__read(struct account *account, struct process *process, const json_t *object);

#endif
