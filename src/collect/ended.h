/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COLLECT_ENDED_H
#define MEMSONDE_COLLECT_ENDED_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/programs.h"
#include "model/account.h"

/*
 * Processes that ended, from the ring to the next look. Each is handed on once, also
 * when the kernel reports it twice; and it is remembered for a while, as its memory can
 * be seen in a census after its end was reported.
 */
struct ended;

struct ended *ended__new(void);
void ended__free(struct ended *ended);

/* Takes an exit_record or an oom_kill_record. */
void ended__add(struct ended *ended, const void *record, enum record_type type);

/* The next record that was not handed on yet, valid until the next call of
 * ended__add(); NULL if there is none. */
const struct exit_record *ended__next(struct ended *ended);

/* Whether the end of that process was reported. */
bool ended__has(const struct ended *ended, struct process_key key);

/* Whether the OOM killer chose the process of that pid, which ended__next() handed on
 * last. */
bool ended__was_oom_killed(const struct ended *ended, uint32_t pid);

#endif
