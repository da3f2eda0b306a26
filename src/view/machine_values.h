/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_MACHINE_VALUES_H
#define MEMSONDE_VIEW_MACHINE_VALUES_H

#include "base/output.h"
#include "model/account.h"

/*
 * Numbers as programs read them, the same in JSON and CSV: bytes, counts and
 * nanoseconds as integers, shares in percent with two decimals, moments as RFC 3339.
 * None of these functions is for FIGURE_UNKNOWN: each format has its own word for it.
 */

void machine__add_figure(struct output *output, enum figure_unit unit, figure_value value);

/* A moment, with 3 or 9 digits of the second, not quoted. */
void machine__add_time(struct output *output, int64_t unix_ns, int digits);

/* Nanoseconds as seconds: "1.000123456". */
void machine__add_seconds(struct output *output, int64_t ns);

/* As a shell shows it: the exit status, or 128 + the signal. FIGURE_UNKNOWN if not
 * known, or living. */
figure_value process__exit_code(const struct process *process);

/* The signal that ended it; FIGURE_UNKNOWN if none did. */
figure_value process__exit_signal(const struct process *process);

#endif
