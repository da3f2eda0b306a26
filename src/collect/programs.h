/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_PROGRAMS_H
#define MEMSONDE_COLLECT_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "memsonde/records.h"

/*
 * The BPF programs, loaded and attached: the only place that knows the skeleton.
 * Everything goes away with the process, however it ends, as nothing is pinned.
 */
struct programs;

struct programs_settings {
	bool count_everything; /* else only processes named by programs__add_process() */
	bool follow_forks;     /* and their children */
	bool iterators_only;   /* census and mappings, without any hook on events */
	bool collections;      /* programs__attach_collections() will be called */
	bool trial;	       /* failing is an answer: it is logged only with -v */
	bool faults_by_event;  /* as on kernels that do not tell the causes of faults */
};

/* What is not there on this kernel, as figures that stay unknown. */
struct programs_missing {
	bool events;	   /* by choice: iterators_only */
	bool fault_causes; /* faults are counted, their causes are not known */
	bool faults;
	bool map_calls;
	bool oom_kills;
	bool cpu_parts; /* RSS counters: only the shared parts can be read */
};

/* 0 and *programs, or -errno after a line was logged (libbpf's and the verifier's words
 * only with -v). */
int programs__open(struct programs **programs, const struct programs_settings *settings);
void programs__close(struct programs *programs);

const struct programs_missing *programs__missing(const struct programs *programs);

/* Counts that process from now on. 0 or -errno (-ESRCH: gone). */
int programs__add_process(struct programs *programs, pid_t pid);

/* Begins the next interval of peaks; returns the number of the one that ended. */
uint64_t programs__next_look(struct programs *programs);

/* Records of all processes and threads (tgid 0) or of one process, in the kernel's
 * order; the callback gets each. Returns 0 or -errno (-ESRCH: no such process). */
typedef void (*record_callback)(void *context, const void *record, enum record_type type);
int programs__read_census(struct programs *programs, pid_t tgid, record_callback callback,
			  void *context);

/* The mappings of a process, in the order of addresses. Where its leader has ended before
 * its threads, they come once per thread, each time from the lowest on. */
int programs__read_mappings(struct programs *programs, pid_t tgid, bool leader_lives,
			    record_callback callback, void *context);

/* Records of processes that ended, and of collections, since the last call.
 * programs__ended_fd() becomes readable when many wait. */
int programs__read_ended(struct programs *programs, record_callback callback, void *context);
int programs__ended_fd(const struct programs *programs);

/* Where the collector of one program is probed: offsets in the file, 0: nowhere. */
struct collection_places {
	const char *path; /* of the file, borrowed during the call */
	uint64_t offsets[COLLECTION_PROBE_COUNT];
};

/*
 * Probes the process of that thread, all its threads, and no other process that executes
 * the file. The records of its collections come with programs__read_ended(). 0 or -errno;
 * what was attached goes away with collection_probes__free(), which takes NULL, or with
 * memsonde.
 */
struct collection_probes;
int programs__attach_collections(struct programs *programs, pid_t tid,
				 const struct collection_places *places,
				 struct collection_probes **probes);
void collection_probes__free(struct collection_probes *probes);

/* Collections that were begun and not reported. */
uint64_t programs__lost_collections(const struct programs *programs);

/* How many counters, exits, collections and runs of programs were lost, as of the last look. */
uint64_t programs__lost_events(const struct programs *programs);

/* Bytes of kernel memory that the maps are bounded by, for `check`. */
size_t programs__ring_bytes(void);

#endif
