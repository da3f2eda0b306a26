/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_JSON_H
#define MEMSONDE_VIEW_JSON_H

#include "base/output.h"
#include "view/look.h"

/*
 * One JSON object a line: each living process, then each exited one with its last
 * figures. The names are a contract with scripts: more may come, none changes.
 */
void json__look(struct output *output, const struct look *look);

/* The object of one process, with the end of the line. */
void json__process(struct output *output, const struct account *account,
		   const struct process *process);

#endif
