/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_CENSUS_H
#define MEMSONDE_COLLECT_CENSUS_H

#include <stdint.h>

#include "collect/programs.h"
#include "memsonde/records.h"
#include "model/account.h"

/* Turns records of the kernel into figures of the account. */

/* What a record is read against. */
struct census_clock {
	int64_t boot_to_unix_ns; /* add to CLOCK_BOOTTIME */
	int64_t monotonic_to_unix_ns;
	int64_t now_unix_ns, previous_unix_ns; /* of this look and the one before */
	uint64_t ended_look;		       /* the interval of peaks that ended with this look */
	uint64_t look;			       /* of the account */
};

/* Identity and all figures of a process that the look sees for the first time. */
void census__fill(struct process *process, const struct process_record *record,
		  const struct programs_missing *missing, const struct census_clock *clock);

/* Adds what a further thread counts to its process. */
void census__add_thread(struct process *process, const struct thread_record *record);

/* RSS by kind and swap alone: pages of the record plus those that threads hold back. */
void census__set_rss(struct process *process, const struct process_record *record,
		     const int64_t held_pages[RSS_KIND_COUNT]);

/* After the RSS was read again within a look: no peak is below it. */
void census__raise_peak(struct process *process, int64_t now_unix_ns);

/* Last figures of a process that ended; it keeps those that the record does not know. */
void census__fill_exit(struct process *process, const struct exit_record *record,
		       const struct programs_missing *missing, const struct census_clock *clock);

#endif
