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

/* A quoted string; text is valid UTF-8. NULL is null. The only place that escapes. */
void json__add_string(struct output *output, const char *text);

#endif
