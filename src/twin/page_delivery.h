/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_PAGE_DELIVERY_H
#define MEMSONDE_TWIN_PAGE_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twin/twin_process.h"

/*
 * How it is noticed that a twin touches a page that it does not have, and how the page gets
 * there. One file each, one row each in page_delivery.c, the best first. A twin has one
 * thread: there is never more than one page that it waits for.
 */
struct page_delivery {
	const char *name;
	enum twin_delivery kind; /* what the stub has to know */
	/* Whether the machine lets us. */
	bool (*is_possible)(void);
	/* In the child, as long as it has rights: a descriptor that the stub needs, or NO_FD;
	 * -errno. Whatever else it has open is closed afterwards. */
	int (*prepare)(int socket);
	/* In the parent, at the other end of the socket. 0 or -errno. */
	int (*attach)(struct twin_process *process, int socket);
	void (*detach)(struct twin_process *process);
	/* Lets the process run until it touches a missing page: 0. -ETIME: nothing happened in
	 * that time. -EINTR: a signal came. -ECHILD: it is over with the process, by
	 * process->end_signal where that is known. Else -errno. */
	int (*wait)(struct twin_process *process, int64_t timeout_ns, uint64_t *address);
	/* Fills pages that are missing, after a wait(); those that are there stay. 0, -errno. */
	int (*fill)(struct twin_process *process, uint64_t address, size_t pages, const char *data);
	/* Fills a page of the home with zeros that the process can only read. */
	int (*fill_bell)(struct twin_process *process, uint64_t address);
};

#define NO_FD (-4096)

extern const struct page_delivery *const page_deliveries[];
extern const size_t page_delivery_count;

/* The first one that the machine lets us use; NULL: none. */
const struct page_delivery *page_delivery__best(void);

#endif
