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

#endif
