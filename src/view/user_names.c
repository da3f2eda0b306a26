/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/user_names.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"

/* Users beyond this number share one slot, so that memory stays bounded on machines
 * where every job has a uid of its own. */
#define USER_LIMIT 4096

struct user {
	uint32_t uid;
	char *name;
};

struct user_names {
	struct user *users; /* in order of uid */
	size_t count, capacity;
	char number[16]; /* of the last user that had no slot */
};

struct user_names *user_names__new(void)
{
	return xcalloc(1, sizeof(struct user_names));
}

void user_names__free(struct user_names *users)
{
	if (!users)
		return;
	for (size_t i = 0; i < users->count; i++)
		free(users->users[i].name);
	free(users->users);
	free(users);
}

/* Index of the first user whose uid is not below. */
static size_t lower_bound(const struct user_names *users, uint32_t uid)
{
	size_t low = 0, high = users->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (users->users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char *look_up(uint32_t uid)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) || !found || !*found->pw_name)
		return xasprintf("%" PRIu32, uid);
	return text__sanitised(found->pw_name);
}

const char *user_names__find(struct user_names *users, uint32_t uid)
{
	size_t at = lower_bound(users, uid);

	if (at < users->count && users->users[at].uid == uid)
		return users->users[at].name;
	if (users->count == USER_LIMIT) {
		snprintf(users->number, sizeof(users->number), "%" PRIu32, uid);
		return users->number;
	}
	ARRAY_GROW(users->users, users->count, users->capacity);
	for (size_t i = users->count; i > at; i--)
		users->users[i] = users->users[i - 1];
	users->users[at] = (struct user){.uid = uid, .name = look_up(uid)};
	users->count++;
	return users->users[at].name;
}
