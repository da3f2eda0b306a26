/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_USER_NAMES_H
#define MEMSONDE_VIEW_USER_NAMES_H

#include <stdint.h>

/* The names of this machine's users, each looked up once. */
struct user_names;

struct user_names *user_names__new(void);
void user_names__free(struct user_names *users);

/* The user's name, sanitised, or the number as text where it has none. Valid as long
 * as users. */
const char *user_names__find(struct user_names *users, uint32_t uid);

#endif
