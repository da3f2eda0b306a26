/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_ALERT_H
#define MEMSONDE_MODEL_ALERT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/alert_condition.h"

struct account;
struct container;
struct isolate;
struct process;

/*
 * Watches over conditions. A condition fires once when it is crossed, at the first look
 * already, and can fire again after its figure came back by more than 5 % of the bound.
 * It is asked of each process, of each isolate where it names v8.*, and of each container
 * where it names container.* only. Where a figure is unknown nothing is crossed and
 * nothing comes back.
 *
 * Growth is measured over the last minute, or the last three looks where these span more:
 * from three looks and ten seconds on.
 */
#define ALERT_GROWTH_LOOKS    3
#define ALERT_GROWTH_LEAST_NS INT64_C(10000000000)

struct alerts;

struct alert {
	const struct alert_condition *condition;
	const struct process *process;	   /* of a container: its largest; NULL: it has none */
	const struct container *container; /* of the process, or NULL */
	const struct isolate *isolate;	   /* NULL: the condition names none */
	figure_value value, bound;	   /* of growth: in the condition's period */
};

/* The conditions are the caller's and must outlive it. */
struct alerts *alerts__new(const struct alert_condition *conditions, size_t count);
void alerts__free(struct alerts *alerts);

/* After account__end_look(): those that fired in this look. They point into the account,
 * and are good until the next call. Returns their number. */
size_t alerts__look(struct alerts *alerts, const struct account *account,
		    const struct alert **fired);

/* A condition of which no look so far knew a figure. */
struct alert_blank {
	const struct alert_condition *condition;
	const struct alert_figure *figure;
	const struct process *process; /* NULL: there are several, or none */
	size_t process_count;
	const char *reason; /* a note of that process, NULL: there is none */
};

/* Each of them once, some looks after the start, or when there will be no further look. */
bool alerts__next_blank(struct alerts *alerts, const struct account *account, bool is_end,
			struct alert_blank *blank);

#endif
