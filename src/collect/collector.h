/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_COLLECTOR_H
#define MEMSONDE_COLLECT_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/source.h"

/* The live system as a source of looks. */

enum collect_what {
	COLLECT_EVERYTHING,
	COLLECT_PIDS,
	COLLECT_CONTAINERS,
	COLLECT_CGROUPS,
	COLLECT_DESCENDANTS, /* of pids[0], itself included; ends with that process */
};

/* Of which processes that are broken down the own functions are asked (in a twin). */
enum collect_twins {
	TWINS_OF_ALL,
	TWINS_OF_WANTED, /* those that a view wants broken down */
	TWINS_OF_NONE,
};

enum collect_collections {
	COLLECTIONS_NONE,
	COLLECTIONS_TOTALS, /* of isolates that a look finds */
	COLLECTIONS_EACH,   /* told one by one, of every V8 that can be probed */
};

struct collector_settings {
	enum collect_what what;
	const pid_t *pids; /* borrowed during the call; names until the source is closed */
	size_t pid_count;
	char *const *names; /* of containers (name, or beginning of an id) or cgroups */
	size_t name_count;
	int64_t breakdown; /* classes for so many processes, largest RSS first */
	enum collect_twins twins;
	bool pss;
	enum collect_collections collections;
	bool single_look;  /* hook no events: what they count could not be shown */
	int64_t max_exits; /* of the exited list of a look; 0: the account's default */
};

/*
 * Opens the source. 0, or -errno after a line was logged; -ENOENT when a target named
 * does not exist: the line then names it, and for a container those that there are.
 */
int collector__open(struct source **source, const struct collector_settings *settings);

#endif
