/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDING_JSON_PROCESS_H
#define MEMSONDE_RECORDING_JSON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "model/account.h"

/* One object of `stat -o json`: a process in a look. */

/* Without these there is no telling what the object speaks of. */
struct json_head {
	int64_t time_unix_ns;	    /* of the look */
	struct process_key key;	    /* the start in unix time: one mapping is as good as another */
	int64_t start_time_unix_ns; /* 0: unknown */
	int64_t exit_time_unix_ns;  /* meaningful when exited */
	bool exited;
};

/* NULL, or what is wrong with the object. */
const char *json_process__read_head(struct json_head *head, const json_t *object);

/* Starts the look that the object is the first of, and takes over what each object says
 * about the look as a whole. */
void json_process__begin_look(struct account *account, const struct json_head *head,
			      const json_t *object);

/* Puts the process into the account. A value of the wrong type is unknown, with a note. */
void json_process__apply(struct account *account, const struct json_head *head,
			 const json_t *object);

#endif
