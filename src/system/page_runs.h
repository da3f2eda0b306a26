/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_PAGE_RUNS_H
#define MEMSONDE_SYSTEM_PAGE_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Which pages of a process are resident or swapped: from the PAGEMAP_SCAN ioctl (Linux
 * 6.7), or, where that is missing, from smaps (which mappings hold pages at all) and
 * pagemap. Neither touches the process's pages. Page table walks: 0.05 to 15 ms.
 */

#define PAGE_RUN_PRESENT 1
#define PAGE_RUN_SWAPPED 2
#define PAGE_RUN_FILE	 4  /* of a file or of shared memory, not the process's own */
#define PAGE_RUN_ZERO	 8  /* the zero page: present, but not counted in RSS */
#define PAGE_RUN_HUGE	 16 /* mapped by a huge page; only PAGEMAP_SCAN tells */

struct page_run {
	uint64_t start, end;
	uint32_t flags;
};

struct page_runs {
	struct page_run *items; /* in the order of addresses */
	size_t count, capacity;
};

enum page_source {
	PAGES_BY_SCAN,
	PAGES_BY_PAGEMAP,
};

/* What this kernel has; tried once. */
enum page_source page_source(void);

/* Replaces what runs held by the runs in [start, end). 0 or -errno (-ESRCH: no such
 * process). */
int page_runs__read(struct page_runs *runs, enum page_source source, pid_t pid, uint64_t start,
		    uint64_t end);
void page_runs__release(struct page_runs *runs);

/* Index of the first run that ends behind an address, the count if none does. */
size_t page_runs__behind(const struct page_runs *runs, uint64_t address);

/* The run that holds an address, NULL if there is none. */
const struct page_run *page_runs__find(const struct page_runs *runs, uint64_t address);

/*
 * Page frames already seen: a set of frame numbers, so that a page mapped by several
 * processes is counted once.
 */
struct frame_set;

struct frame_set *frame_set__new(void);
void frame_set__free(struct frame_set *set);
void frame_set__clear(struct frame_set *set);

/* Adds the frames of the pages in [start, end) of a process, by its open
 * /proc/PID/pagemap; returns how many of them are new, or -errno (-EPERM: frame numbers
 * are hidden from us). Pages that are not present are passed over. */
int64_t frame_set__add(struct frame_set *set, int pagemap_fd, uint64_t start, uint64_t end);

/* Opens /proc/PID/pagemap; the descriptor or -errno. */
int pagemap__open(pid_t pid);

/* Whether the page that holds an address is resident at this moment. */
bool pagemap__is_present(int pagemap_fd, uint64_t address);

/* smaps_rollup's Pss. 0 or -errno. */
int pss__read(pid_t pid, int64_t *pss_bytes);

#endif
