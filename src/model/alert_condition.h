/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_ALERT_CONDITION_H
#define MEMSONDE_MODEL_ALERT_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/figures.h"

/*
 * A condition that somebody wants to be told of, over the names of the JSON contract:
 *
 *	FIGURE OP AMOUNT            rss>1.5GiB, threads>=500, v8.gc.pause_ns_max>50ms
 *	FIGURE OP SHARE%FIGURE      v8.heap_used>85%v8.heap_limit, rss>80%limits.container
 *	FIGURE+ OP AMOUNT/PERIOD    rss+>50MiB/min: growth; PERIOD is s, min or h
 *
 * OP is >, >=, < or <=; growth has > and >= only. FIGURE is the path of a figure of the
 * process; v8.NAME is one of an isolate, and is asked of each; container.NAME one of the
 * container. Blanks may stand around OP.
 */

enum alert_scope {
	ALERT_OF_PROCESS,
	ALERT_OF_ISOLATE,
	ALERT_OF_CONTAINER,
};

struct alert_figure {
	enum alert_scope scope;
	int index;		     /* in the table of its scope */
	const struct figure *figure; /* that row */
};

enum alert_comparison {
	ALERT_ABOVE,
	ALERT_AT_LEAST,
	ALERT_BELOW,
	ALERT_AT_MOST,
};

struct alert_condition {
	char *text; /* as it was given */
	struct alert_figure left;
	enum alert_comparison comparison;
	bool is_share, is_growth;
	double share;		/* of `of`: 0.85 */
	struct alert_figure of; /* meaningful when is_share */
	figure_value amount;	/* else */
	int64_t period_ns;	/* of growth */
	const char *period;	/* "/min", else "" */
};

/* What is wrong with a condition, for people. */
#define ALERT_MESSAGE_SIZE 512

/* 0, or -EINVAL and one line in message. */
int alert_condition__parse(struct alert_condition *condition, const char *text,
			   char message[ALERT_MESSAGE_SIZE]);
void alert_condition__release(struct alert_condition *condition);

/* "v8.heap_used": as a condition names it. Returns buffer. */
char *alert_figure__name(const struct alert_figure *figure, char *buffer, size_t size);

#endif
