/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_CSV_H
#define MEMSONDE_VIEW_CSV_H

#include "base/output.h"
#include "view/look.h"

/*
 * Comma-separated values (RFC 4180): identity first, then a column per figure, named by
 * its path. What is not known is empty. Exited processes have the column "exited".
 */

/* The line of names, once at the start. */
void csv__header(struct output *output);

/* A line for each living process, then for each exited one. */
void csv__look(struct output *output, const struct look *look);

#endif
