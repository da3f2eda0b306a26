/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_TRACEFS_H
#define MEMSONDE_SYSTEM_TRACEFS_H

/*
 * The number of a tracepoint, by which perf_event_open() names it. Where tracefs is
 * not mounted, a mount that nobody else sees is made for the question.
 *
 * Returns the id (> 0), -ENOENT when the kernel has no such tracepoint, or another
 * -errno when tracefs cannot be read at all.
 */
int tracepoint_id(const char *category, const char *name);

#endif
