/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/refresh.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>

#define EVERYBODY UINT_MAX

/* Known pages that may have changed, as many as are fetched at once. */
struct fetched {
	size_t indexes[TARGET_PAGES_AT_ONCE];
	uint64_t addresses[TARGET_PAGES_AT_ONCE];
	size_t count;
};

/* Fetches the next ones of an asker from an index on into the buffer, and moves the index
 * behind them. 0 or as target_pages__read(). */
static int fetch_next(const struct refresh *self, const struct known_pages *list,
		      unsigned int asker, size_t *index, struct fetched *fetched)
{
	fetched->count = 0;
	for (; *index < list->count && fetched->count < TARGET_PAGES_AT_ONCE; ++*index) {
		uint64_t address = list->items[*index].address;

		if ((asker != EVERYBODY && list->items[*index].asker != asker) ||
		    target_pages__is_constant(self->pages, address))
			continue;
		fetched->indexes[fetched->count] = *index;
		fetched->addresses[fetched->count++] = address;
	}
	return target_pages__read_all(self->pages, fetched->addresses, fetched->count,
				      self->buffer);
}

/* Puts what was fetched over what the twin has. */
static int put(const struct refresh *self, const struct fetched *fetched)
{
	struct iovec from = {.iov_base = self->buffer,
			     .iov_len = fetched->count * self->page_bytes};
	struct iovec to[TARGET_PAGES_AT_ONCE];
	ssize_t done = 0;

	for (size_t i = 0; i < fetched->count; i++)
		to[i] = (struct iovec){.iov_base = (void *)(uintptr_t)fetched->addresses[i],
				       .iov_len = self->page_bytes};
	if (fetched->count)
		done = process_vm_writev(self->pid, &from, 1, to, fetched->count, 0);
	return done == (ssize_t)from.iov_len ? 0 : -ESTALE;
}

int refresh__all(const struct refresh *self, struct known_pages *known, uint64_t *fetched_pages)
{
	struct fetched fetched;
	int error = 0;

	known_pages__sort(known);
	for (size_t index = 0; index < known->count && !error;) {
		error = fetch_next(self, known, EVERYBODY, &index, &fetched);
		if (error)
			return error == -ESRCH ? -ESRCH : -ESTALE;
		for (size_t i = 0; i < fetched.count; i++)
			known_pages__set(known, fetched.indexes[i], 1,
					 self->buffer + i * self->page_bytes, self->page_bytes);
		*fetched_pages += fetched.count;
		error = put(self, &fetched);
	}
	return error;
}

/* Leaves only those in the buffer that have changed, and notes what is in them. */
static void keep_changed(const struct refresh *self, struct known_pages *known,
			 struct fetched *fetched)
{
	size_t kept = 0;

	for (size_t i = 0; i < fetched->count; i++) {
		size_t index = fetched->indexes[i];
		char *page = self->buffer + i * self->page_bytes;
		char *place = self->buffer + kept * self->page_bytes;

		if (known_pages__hold(known, index, 1, page, self->page_bytes))
			continue;
		known_pages__set(known, index, 1, page, self->page_bytes);
		if (place != page)
			memcpy(place, page, self->page_bytes);
		fetched->indexes[kept] = index;
		fetched->addresses[kept++] = fetched->addresses[i];
	}
	fetched->count = kept;
}

int refresh__changed(const struct refresh *self, struct known_pages *known, unsigned int asker)
{
	struct fetched fetched;
	bool changed = false;

	for (size_t index = 0; index < known->count;) {
		int error = fetch_next(self, known, asker, &index, &fetched);

		if (error)
			return error == -ESRCH ? -ESRCH : -ESTALE;
		keep_changed(self, known, &fetched);
		changed |= fetched.count > 0;
		if (put(self, &fetched))
			return -ESTALE;
	}
	return changed ? -EAGAIN : 0;
}

bool refresh__is_current(const struct refresh *self, const struct known_pages *list)
{
	struct fetched fetched;

	for (size_t index = 0; index < list->count;) {
		if (fetch_next(self, list, EVERYBODY, &index, &fetched))
			return false;
		for (size_t i = 0; i < fetched.count; i++)
			if (!known_pages__hold(list, fetched.indexes[i], 1,
					       self->buffer + i * self->page_bytes,
					       self->page_bytes))
				return false;
	}
	return true;
}
