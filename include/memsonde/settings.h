/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SETTINGS_H
#define MEMSONDE_SETTINGS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* CPUs whose parts of a counter can be summed; the kernel allows 8192, but no
 * machine that runs it today needs more than this. */
#define MAX_CPUS 1024

#define EXIT_RING_BYTES_DEFAULT (4 << 20)

/* Some 3000 collections: a second of a program that does nothing else. */
#define COLLECTION_RING_BYTES	(1 << 20)
#define COLLECTION_WAKEUP_BYTES (COLLECTION_RING_BYTES / 4)

/* Set before the programs are loaded, constant from then on. */
struct settings {
	__u32 cpu_count;	/* possible CPUs, at most MAX_CPUS */
	__u32 count_everything; /* 0: only processes that are in `counters` already */
	__u32 follow_forks;	/* with count_everything = 0: children of counted ones, too */
	__u32 padding;
	__u64 page_bytes;
	__u64 exit_wakeup_bytes; /* the ring wakes its reader when so much waits */
};

#endif
