/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_JSON_WRITE_H
#define MEMSONDE_VIEW_JSON_WRITE_H

#include "base/output.h"
#include "model/account.h"

/*
 * The pieces of JSON that our lines are made of. Written by hand, not by a library:
 * thousands of objects a second must cost next to nothing, and the order of the names is
 * part of what people see.
 */

/* A quoted string; text is valid UTF-8. NULL is null. The only place that escapes. */
void json__add_string(struct output *output, const char *text);

/* Separates from what stands before in the same object, and writes the name, which is
 * ours: it needs no escaping. Its value is to follow. */
void json__add_name(struct output *output, const char *name);

/* A name with its value; NULL, FIGURE_UNKNOWN and a time of 0 are null. */
void json__add_text(struct output *output, const char *name, const char *value);
void json__add_number(struct output *output, const char *name, figure_value value);
void json__add_bool(struct output *output, const char *name, bool value);
void json__add_time(struct output *output, const char *name, int64_t unix_ns, int digits);
void json__add_null(struct output *output, const char *name);

/* A name and the beginning of its object. */
void json__open(struct output *output, const char *name);
void json__close(struct output *output);

/* What stands in the object of figures whose paths begin alike. */
struct json_group {
	/* Whether anything of it is known: else it is null. NULL: it is always an object. */
	bool (*is_known)(const struct process *process);
	/* Before and behind the figures; may be NULL. */
	void (*begin)(struct output *output, const struct process *process);
	void (*end)(struct output *output, const struct process *process);
};

/* Figures and the groups that are more than figures. */
struct json_figures {
	const struct figure *figures;
	int count;
	const struct json_group *const *groups; /* at the first figure of each; NULL: none */
};

/* Every figure at its path; those whose path begins alike share an object. process is what
 * the groups are about. */
void json__add_figures(struct output *output, const struct json_figures *table,
		       const figure_value *values, const struct process *process);

#endif
