/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_UNIT_SAMPLE_ACCOUNT_H
#define TESTS_UNIT_SAMPLE_ACCOUNT_H

#include "model/account.h"

#define MIB ((int64_t)1 << 20)

/*
 * A small machine for the tests of views, made by the model's own calls: 8 GiB, two looks
 * 2 s apart (2026-01-31 12:00:00 and :02).
 *
 *  4242 node      in container "web" (docker); 512 MiB, which grew by 20 MiB; with classes
 *   700 postgres  64 MiB, of which 32 MiB are shared; without classes
 *   900 "evil..." a name with quotes, comma, backslash; 8 MiB
 *  4300 worker    killed for lack of memory between the two looks, 100 MiB at its peak
 */
void sample_account__first_look(struct account *account);
void sample_account__second_look(struct account *account);

/* Both looks. */
void sample_account__init(struct account *account);

#define SAMPLE_STACKS 130

/*
 * A look at processes whose heaps are known; they are 2 s apart, and each call is the next
 * one, from 2026-01-31 12:00:00 on.
 *
 *  4242 node      408 MiB at the second look, in container "web" of 1 GiB, 700 MiB charged;
 *                 isolates of the main thread (tid 4242), of the workers 4250, whose heap
 *                 limit is 64 MiB, and 4251, which ends after the first look; array buffers
 *                 grow by 8 MiB, and the explanation says so
 *   800 cruncher  300 MiB with glibc, of which 180 MiB are slack; SAMPLE_STACKS threads, of
 *                 which 829 is the nearest to its limit; 512 MiB of address space left
 */
void sample_account__look_at_heaps(struct account *account);

#endif
