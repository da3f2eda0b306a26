/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/target_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "system/page_runs.h"

#define PAGEMAP_EXCLUSIVE (1ULL << 56)
#define PAGEMAP_FILE	  (1ULL << 61)
#define PAGEMAP_SWAPPED	  (1ULL << 62)
#define PAGEMAP_PRESENT	  (1ULL << 63)

/* Entries of pagemap that are read at once; bounds target_pages__read(). */
#define MAX_ENTRIES 64

#define NOT_OPENED (-1)

struct target_pages {
	struct process_key key;
	const struct twin_target *target; /* NULL outside of begin and end */
	int memory_fd, pagemap_fd;
	int *file_fds; /* of each mapping, opened when needed */
	size_t file_count;
	size_t page_bytes;
	uint64_t vdso_bytes; /* of our own; 0 if it has none that we know */
	uint64_t layout;
};

/* Where a page can be read. */
enum origin {
	ORIGIN_MEMORY,
	ORIGIN_ZERO,
	ORIGIN_FILE,
	ORIGIN_NONE,
};

/* The kernel does not tell where it ends, but for the list of mappings. */
static uint64_t own_vdso_bytes(void)
{
	static uint64_t bytes;
	uint64_t own = getauxval(AT_SYSINFO_EHDR), start, end;
	FILE *file = own && !bytes ? fopen("/proc/self/maps", "re") : NULL;
	char line[512];

	while (file && !bytes && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 && start == own)
			bytes = end - start;
	if (file)
		fclose(file);
	return bytes;
}

struct target_pages *target_pages__new(void)
{
	struct target_pages *self = xcalloc(1, sizeof(*self));

	self->memory_fd = self->pagemap_fd = -1;
	self->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	self->vdso_bytes = own_vdso_bytes();
	return self;
}

static void close_memory(struct target_pages *self)
{
	if (self->memory_fd >= 0)
		close(self->memory_fd);
	if (self->pagemap_fd >= 0)
		close(self->pagemap_fd);
	self->memory_fd = self->pagemap_fd = -1;
}

void target_pages__free(struct target_pages *self)
{
	if (!self)
		return;
	target_pages__end(self);
	close_memory(self);
	free(self);
}

static int open_memory(struct target_pages *self, const struct twin_target *target)
{
	char path[64];

	if (self->memory_fd >= 0 && self->key.pid == target->key.pid &&
	    self->key.start_ns == target->key.start_ns)
		return 0;
	close_memory(self);
	self->key = target->key;
	snprintf(path, sizeof(path), "/proc/%d/mem", target->tid);
	self->memory_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (self->memory_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	self->pagemap_fd = pagemap__open(target->tid);
	if (self->pagemap_fd < 0) {
		int error = self->pagemap_fd;

		close_memory(self);
		return error;
	}
	return 0;
}

/* What cannot be accessed at all never gets into a twin: threads' guards and the reserved parts
 * of heaps come and go. */
static uint64_t layout_of(const struct twin_target *target)
{
	uint64_t layout = 0;

	for (size_t i = 0; i < target->mapping_count; i++) {
		const struct mapping *mapping = &target->mappings[i];

		if (!mapping->writable && (mapping->readable || mapping->executable))
			layout = hash_number(layout ^ mapping->start) +
				 hash_number(mapping->end ^ mapping->file_offset);
	}
	return layout;
}

int target_pages__begin(struct target_pages *self, const struct twin_target *target)
{
	int error = open_memory(self, target);

	if (error)
		return error;
	self->target = target;
	self->layout = layout_of(target);
	self->file_count = target->mapping_count;
	self->file_fds = xcalloc(self->file_count + 1, sizeof(*self->file_fds));
	for (size_t i = 0; i < self->file_count; i++)
		self->file_fds[i] = NOT_OPENED;
	return 0;
}

void target_pages__end(struct target_pages *self)
{
	if (!self->target)
		return;
	for (size_t i = 0; i < self->file_count; i++)
		if (self->file_fds[i] >= 0)
			close(self->file_fds[i]);
	free(self->file_fds);
	self->file_fds = NULL;
	self->target = NULL;
}

uint64_t target_pages__layout(const struct target_pages *self)
{
	return self->layout;
}

/* Index of the mapping that holds an address, or mapping_count. */
static size_t find_mapping(const struct twin_target *target, uint64_t address)
{
	size_t index = mappings__behind(target->mappings, target->mapping_count, address);

	if (index < target->mapping_count && target->mappings[index].start <= address)
		return index;
	return target->mapping_count;
}

bool target_pages__is_constant(const struct target_pages *self, uint64_t address)
{
	size_t index = find_mapping(self->target, address);

	return index < self->target->mapping_count && !self->target->mappings[index].writable;
}

/* What is no regular file must not be opened: a device may act on it. Not to wait for who
 * holds a lease on it. */
static int open_regular(int handle)
{
	struct stat status;
	char path[32];
	int fd;

	if (fstat(handle, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENODATA;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOATIME);
	return fd < 0 ? -errno : fd;
}

/* The link leads to the very file that is mapped, whatever its name says now. */
int target_pages__open_file(pid_t tid, const struct mapping *mapping)
{
	char path[96];
	int handle, fd;

	if (!mapping->has_file || mapping->device || mapping->may_block)
		return -ENODATA;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, tid, mapping->start,
		 mapping->end);
	handle = open(path, O_PATH | O_CLOEXEC);
	if (handle < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	fd = open_regular(handle);
	close(handle);
	return fd;
}

static ssize_t read_file(struct target_pages *self, size_t index, uint64_t address, size_t pages,
			 void *buffer)
{
	const struct mapping *mapping = &self->target->mappings[index];
	int *fd = &self->file_fds[index];
	size_t wanted = pages * self->page_bytes;
	ssize_t got;

	if (*fd == NOT_OPENED)
		*fd = target_pages__open_file(self->target->tid, mapping);
	if (*fd < 0)
		return -ENODATA;
	got = pread(*fd, buffer, wanted,
		    (off_t)(mapping->file_offset + (address - mapping->start)));
	if (got <= 0)
		return got < 0 ? -ENODATA : -EFAULT;
	/* behind the end of the file its last page holds zeros */
	pages = ((size_t)got + self->page_bytes - 1) / self->page_bytes;
	memset((char *)buffer + got, 0, pages * self->page_bytes - (size_t)got);
	return (ssize_t)pages;
}

static ssize_t read_memory(struct target_pages *self, uint64_t address, size_t pages, void *buffer)
{
	ssize_t got = pread(self->memory_fd, buffer, pages * self->page_bytes, (off_t)address);

	if (got == 0)
		return -ESRCH;
	if (got < (ssize_t)self->page_bytes)
		return -ENODATA;
	return got / (ssize_t)self->page_bytes;
}

static enum origin origin_of(const struct mapping *mapping, uint64_t entry)
{
	bool present = entry & PAGEMAP_PRESENT;

	/* A page of the process's own in executable memory of a file was written to there. */
	if (present && mapping->has_file && mapping->executable && !(entry & PAGEMAP_FILE))
		return ORIGIN_FILE;
	if (present)
		return ORIGIN_MEMORY;
	if (entry & PAGEMAP_SWAPPED)
		return ORIGIN_NONE;
	return mapping->has_file ? ORIGIN_FILE : ORIGIN_ZERO;
}

/* Finds out how many pages from an address on have the same origin. */
static size_t find_run(struct target_pages *self, const struct mapping *mapping, uint64_t address,
		       size_t max_pages, enum origin *origin)
{
	uint64_t entries[MAX_ENTRIES];
	size_t count = max_pages < MAX_ENTRIES ? max_pages : MAX_ENTRIES, same = 1;
	ssize_t got = pread(self->pagemap_fd, entries, count * sizeof(entries[0]),
			    (off_t)(address / self->page_bytes * sizeof(entries[0])));

	if (got < (ssize_t)sizeof(entries[0]))
		return 0;
	count = (size_t)got / sizeof(entries[0]);
	*origin = origin_of(mapping, entries[0]);
	/* what is not there is not worth being read ahead */
	if (*origin == ORIGIN_ZERO)
		return 1;
	while (same < count && origin_of(mapping, entries[same]) == *origin)
		same++;
	return same;
}

/* The kernel's data for the vdso, which cannot be read from outside. In a twin the coarse
 * clocks stand at 0; the others ask the kernel. */
static bool is_clock(const struct mapping *mapping)
{
	return mapping->device && !mapping->has_file && mapping->readable && !mapping->writable &&
	       !mapping->executable;
}

/* The kernel's code is the same in all processes, but not each has touched all of it. */
static ssize_t read_vdso(const struct target_pages *self, const struct mapping *mapping,
			 uint64_t address, void *buffer)
{
	uint64_t own = getauxval(AT_SYSINFO_EHDR);

	if (!own || mapping->end - mapping->start != self->vdso_bytes)
		return -ENODATA;
	memcpy(buffer, (const void *)(uintptr_t)(own + (address - mapping->start)),
	       self->page_bytes);
	return 1;
}

ssize_t target_pages__read(struct target_pages *self, uint64_t address, size_t max_pages,
			   void *buffer)
{
	size_t index = find_mapping(self->target, address), count, left;
	const struct mapping *mapping = &self->target->mappings[index];
	enum origin origin;

	if (index == self->target->mapping_count ||
	    (!mapping->readable && !mapping->writable && !mapping->executable))
		return -EFAULT;
	if (is_clock(mapping)) {
		memset(buffer, 0, self->page_bytes);
		return 1;
	}
	if (mapping->device || mapping->hugetlb)
		return -ENODATA;
	if (self->target->vdso && mapping->start == self->target->vdso)
		return read_vdso(self, mapping, address, buffer);
	left = (mapping->end - address) / self->page_bytes;
	if (max_pages > left)
		max_pages = left;
	/* whatever the memory holds: the file is asked for it anyway */
	if (mapping->has_file && mapping->executable && !mapping->writable) {
		ssize_t pages = read_file(self, index, address, max_pages, buffer);

		if (pages > 0)
			return pages;
	}
	count = find_run(self, mapping, address, max_pages, &origin);
	if (!count)
		return -ESRCH;
	switch (origin) {
	case ORIGIN_MEMORY:
		return read_memory(self, address, count, buffer);
	case ORIGIN_FILE:
		return read_file(self, index, address, count, buffer);
	case ORIGIN_ZERO:
		memset(buffer, 0, self->page_bytes);
		return 1;
	case ORIGIN_NONE:
		break;
	}
	return -ENODATA;
}

/* --- many at once --- */

/* Entries of pagemap that are had by one call: one for no page that is of interest costs a
 * hundredth of a call. */
#define STRETCH_ENTRIES 512
#define STRETCH_GAP	64

/* What pagemap says of the pages of a stretch. */
struct stretch {
	uint64_t start;
	size_t count;
	uint64_t entries[STRETCH_ENTRIES];
};

/* Pages that one call reads. */
struct batch {
	struct iovec to[TARGET_PAGES_AT_ONCE], from[TARGET_PAGES_AT_ONCE];
	size_t count, bytes;
};

/* How many entries to have at once from the page of the first address on. */
static size_t stretch_length(const struct target_pages *self, const uint64_t *addresses,
			     size_t count)
{
	size_t length = 1;

	for (size_t i = 1; i < count; i++) {
		uint64_t index = addresses[i] / self->page_bytes - addresses[0] / self->page_bytes;

		if (addresses[i] < addresses[0] || index >= STRETCH_ENTRIES ||
		    index >= length + STRETCH_GAP)
			break;
		if (index >= length)
			length = (size_t)index + 1;
	}
	return length;
}

/* The entry of the first address, looked up together with those of the next ones that are
 * near. NULL: the target is gone. */
static const uint64_t *entry_of(const struct target_pages *self, struct stretch *stretch,
				const uint64_t *addresses, size_t count)
{
	uint64_t start = addresses[0] & ~(uint64_t)(self->page_bytes - 1);
	uint64_t index = (start - stretch->start) / self->page_bytes;
	ssize_t got;

	if (start >= stretch->start && index < stretch->count)
		return &stretch->entries[index];
	got = pread(self->pagemap_fd, stretch->entries,
		    stretch_length(self, addresses, count) * sizeof(stretch->entries[0]),
		    (off_t)(start / self->page_bytes * sizeof(stretch->entries[0])));
	stretch->start = start;
	stretch->count = got < 0 ? 0 : (size_t)got / sizeof(stretch->entries[0]);
	return stretch->count ? &stretch->entries[0] : NULL;
}

/* Where a page of plain memory can be had with others, by what pagemap just said; ORIGIN_NONE
 * where it takes a closer look. By process_vm_readv() a page that is shared since a fork would
 * not be any more. */
static enum origin plain_origin(const struct target_pages *self, uint64_t address, uint64_t entry)
{
	size_t index = find_mapping(self->target, address);
	const struct mapping *mapping = &self->target->mappings[index];
	enum origin origin;

	if (index == self->target->mapping_count || mapping->device || mapping->hugetlb ||
	    !mapping->readable || is_clock(mapping))
		return ORIGIN_NONE;
	origin = origin_of(mapping, entry);
	return origin == ORIGIN_MEMORY && !(entry & PAGEMAP_EXCLUSIVE) ? ORIGIN_NONE : origin;
}

static void add_to_batch(struct batch *batch, uint64_t address, void *place, size_t length)
{
	batch->to[batch->count] = (struct iovec){.iov_base = place, .iov_len = length};
	batch->from[batch->count++] =
		(struct iovec){.iov_base = (void *)(uintptr_t)address, .iov_len = length};
	batch->bytes += length;
}

/* False when the kernel does not let us, a page went meanwhile, or the process executed
 * another program, so that it was another one's memory. */
static bool read_batch(const struct target_pages *self, const struct batch *batch)
{
	uint64_t entry;

	return batch->count == 0 ||
	       (process_vm_readv(self->target->tid, batch->to, batch->count, batch->from,
				 batch->count, 0) == (ssize_t)batch->bytes &&
		pread(self->pagemap_fd, &entry, sizeof(entry), 0) == sizeof(entry));
}

/* One after the other, each looked at right before. */
static int read_each(struct target_pages *self, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		ssize_t pages =
			target_pages__read(self, (uint64_t)(uintptr_t)batch->from[i].iov_base, 1,
					   batch->to[i].iov_base);

		if (pages < 0)
			return (int)pages;
	}
	return 0;
}

int target_pages__read_all(struct target_pages *self, const uint64_t *addresses, size_t count,
			   void *buffer)
{
	struct batch together = {.count = 0}, single = {.count = 0};
	struct stretch stretch = {.count = 0};
	int error = 0;

	for (size_t i = 0; i < count; i++) {
		const uint64_t *found = entry_of(self, &stretch, addresses + i, count - i);
		char *place = (char *)buffer + i * self->page_bytes;
		enum origin origin;

		if (!found)
			return -ESRCH;
		origin = plain_origin(self, addresses[i], *found);
		if (origin == ORIGIN_ZERO)
			memset(place, 0, self->page_bytes);
		else
			add_to_batch(origin == ORIGIN_MEMORY ? &together : &single, addresses[i],
				     place, self->page_bytes);
	}
	if (!read_batch(self, &together))
		error = read_each(self, &together);
	return error ? error : read_each(self, &single);
}

void target_pages__peek_all(struct target_pages *self, const uint64_t *addresses, size_t count,
			    size_t length, void *data, bool *got)
{
	struct stretch stretch = {.count = 0};
	struct batch together = {.count = 0};
	size_t in_batch[TARGET_PAGES_AT_ONCE];

	for (size_t i = 0; i < count; i++) {
		const uint64_t *entry = entry_of(self, &stretch, addresses + i, count - i);
		char *place = (char *)data + i * length;

		got[i] = entry && (*entry & PAGEMAP_PRESENT);
		if (!got[i])
			continue;
		if (plain_origin(self, addresses[i], *entry) == ORIGIN_MEMORY) {
			in_batch[together.count] = i;
			add_to_batch(&together, addresses[i], place, length);
		} else {
			got[i] = !target_pages__peek(self, addresses[i], place, length);
		}
	}
	if (read_batch(self, &together))
		return;
	for (size_t i = 0; i < together.count; i++)
		got[in_batch[i]] = !target_pages__peek(self, addresses[in_batch[i]],
						       together.to[i].iov_base, length);
}

int target_pages__peek(struct target_pages *self, uint64_t address, void *data, size_t length)
{
	size_t index = find_mapping(self->target, address);
	uint64_t entry;

	if (index == self->target->mapping_count)
		return -EFAULT;
	if (self->target->mappings[index].device || self->target->mappings[index].hugetlb)
		return -ENODATA;
	if (pread(self->pagemap_fd, &entry, sizeof(entry),
		  (off_t)(address / self->page_bytes * sizeof(entry))) != sizeof(entry))
		return -ESRCH;
	if (!(entry & PAGEMAP_PRESENT) ||
	    pread(self->memory_fd, data, length, (off_t)address) != (ssize_t)length)
		return -ENODATA;
	return 0;
}

ssize_t target_pages__peek_run(struct target_pages *self, uint64_t address, size_t max_pages,
			       void *buffer, size_t *absent)
{
	size_t index = find_mapping(self->target, address), run = 0;
	const struct mapping *mapping = &self->target->mappings[index];
	uint64_t entries[MAX_ENTRIES];
	ssize_t got;

	if (index == self->target->mapping_count)
		return -EFAULT;
	if (mapping->device || mapping->hugetlb)
		return -ENODATA;
	if (max_pages > (mapping->end - address) / self->page_bytes)
		max_pages = (mapping->end - address) / self->page_bytes;
	if (max_pages > MAX_ENTRIES)
		max_pages = MAX_ENTRIES;
	got = pread(self->pagemap_fd, entries, max_pages * sizeof(entries[0]),
		    (off_t)(address / self->page_bytes * sizeof(entries[0])));
	if (got < (ssize_t)sizeof(entries[0]))
		return -ESRCH;
	max_pages = (size_t)got / sizeof(entries[0]);
	*absent = 0;
	while (*absent < max_pages && !(entries[*absent] & PAGEMAP_PRESENT))
		(*absent)++;
	if (*absent)
		return 0;
	while (run < max_pages && (entries[run] & PAGEMAP_PRESENT))
		run++;
	got = pread(self->memory_fd, buffer, run * self->page_bytes, (off_t)address);
	return got < (ssize_t)self->page_bytes ? -ENODATA : got / (ssize_t)self->page_bytes;
}
