/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PARSE_PARSER_SANDBOX_H
#define MEMSONDE_PARSE_PARSER_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Locks the calling process, a child made for it, up: nothing is left to it but its
 * memory, some more of it, and to end. Who is not root cannot become another user: the
 * rest is done all the same. SIGXCPU ends it when it has computed for cpu_s seconds. False if
 * what is indispensable cannot be had.
 */
bool parser_sandbox__enter(pid_t parent, uint64_t memory_bytes, uint64_t cpu_s);

#endif
