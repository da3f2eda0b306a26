/* SPDX-License-Identifier: GPL-2.0-only */
#include "system/page_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

/* From linux/fs.h of 6.7; older headers lack it. */
struct scan_region {
	uint64_t start, end, categories;
};

struct scan_arguments {
	uint64_t size, flags, start, end, walk_end, vector, vector_length, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};

#define IOCTL_PAGEMAP_SCAN _IOWR('f', 16, struct scan_arguments)

#define SCAN_FILE    (1 << 2)
#define SCAN_PRESENT (1 << 3)
#define SCAN_SWAPPED (1 << 4)
#define SCAN_ZERO    (1 << 5)
#define SCAN_HUGE    (1 << 6)

#define SCAN_REGIONS 1024

/* An entry of /proc/PID/pagemap. */
#define ENTRY_PRESENT (1ULL << 63)
#define ENTRY_SWAPPED (1ULL << 62)
#define ENTRY_FILE    (1ULL << 61)
#define ENTRY_FRAME   ((1ULL << 55) - 1)

#define ENTRIES_PER_READ 8192

int pagemap__open(pid_t pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

bool pagemap__is_present(int pagemap_fd, uint64_t address)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), entry;
	off_t offset = (off_t)(address / page_bytes * sizeof(entry));

	return pread(pagemap_fd, &entry, sizeof(entry), offset) == (ssize_t)sizeof(entry) &&
	       (entry & ENTRY_PRESENT);
}

static int scan_once(int fd, struct scan_arguments *arguments, uint64_t start, uint64_t end,
		     struct scan_region *regions)
{
	memset(arguments, 0, sizeof(*arguments));
	arguments->size = sizeof(*arguments);
	arguments->start = start;
	arguments->end = end;
	arguments->vector = (uint64_t)(uintptr_t)regions;
	arguments->vector_length = SCAN_REGIONS;
	arguments->category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED;
	arguments->return_mask = SCAN_FILE | SCAN_PRESENT | SCAN_SWAPPED | SCAN_ZERO | SCAN_HUGE;
	return ioctl(fd, IOCTL_PAGEMAP_SCAN, arguments);
}

enum page_source page_source(void)
{
	static int known = -1;
	struct scan_region regions[SCAN_REGIONS];
	struct scan_arguments arguments;
	int fd;

	if (known >= 0)
		return (enum page_source)known;
	fd = pagemap__open(getpid());
	known = PAGES_BY_PAGEMAP;
	if (fd >= 0) {
		if (scan_once(fd, &arguments, 0, 1 << 20, regions) >= 0)
			known = PAGES_BY_SCAN;
		close(fd);
	}
	return (enum page_source)known;
}

static void add_run(struct page_runs *runs, uint64_t start, uint64_t end, uint32_t flags)
{
	struct page_run *last = runs->count ? &runs->items[runs->count - 1] : NULL;

	if (last && last->end == start && last->flags == flags) {
		last->end = end;
		return;
	}
	ARRAY_GROW(runs->items, runs->count, runs->capacity);
	runs->items[runs->count++] = (struct page_run){.start = start, .end = end, .flags = flags};
}

static uint32_t flags_of_categories(uint64_t categories)
{
	return (categories & SCAN_PRESENT ? PAGE_RUN_PRESENT : 0) |
	       (categories & SCAN_SWAPPED ? PAGE_RUN_SWAPPED : 0) |
	       (categories & SCAN_FILE ? PAGE_RUN_FILE : 0) |
	       (categories & SCAN_ZERO ? PAGE_RUN_ZERO : 0) |
	       (categories & SCAN_HUGE ? PAGE_RUN_HUGE : 0);
}

/* Where to go on. walk_end can lie before runs that were returned: seen in 6.18 when the
 * walk reached its end after the kernel's own buffer had been full in between. */
static uint64_t scan_end(const struct scan_arguments *arguments, const struct scan_region *regions,
			 int count)
{
	if (count > 0 && regions[count - 1].end > arguments->walk_end)
		return regions[count - 1].end;
	return arguments->walk_end;
}

static int read_by_scan(struct page_runs *runs, int fd, uint64_t start, uint64_t end)
{
	struct scan_region regions[SCAN_REGIONS];
	struct scan_arguments arguments;

	while (start < end) {
		int count = scan_once(fd, &arguments, start, end, regions);

		if (count < 0)
			return -errno;
		for (int i = 0; i < count; i++)
			add_run(runs, regions[i].start, regions[i].end,
				flags_of_categories(regions[i].categories));
		if (scan_end(&arguments, regions, count) <= start)
			break;
		start = scan_end(&arguments, regions, count);
	}
	return 0;
}

/* The entry of memory of our own that was read and never written, aligned to its size. 0
 * where it cannot be had. */
static uint64_t entry_of_zeros(size_t bytes, bool huge)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *memory = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uintptr_t start = ((uintptr_t)memory + bytes - 1) / bytes * bytes;
	uint64_t entry = 0;
	int fd = pagemap__open(getpid());

	if (memory != MAP_FAILED && fd >= 0) {
		madvise(memory, 2 * bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		(void)*(volatile char *)start;
		if (pread(fd, &entry, sizeof(entry), (off_t)(start / page_bytes * sizeof(entry))) !=
		    sizeof(entry))
			entry = 0;
	}
	if (memory != MAP_FAILED)
		munmap(memory, 2 * bytes);
	if (fd >= 0)
		close(fd);
	return entry;
}

/* Whether a frame is the zero page, small or huge, which pagemap shows as any other. Not
 * known where frames are hidden. The huge one is told from a huge page of our own, which
 * some kernels give for reading, too, by its not being anonymous. */
static bool is_zero_frame(uint64_t frame)
{
	static uint64_t small, huge_start;
	static bool known;
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t huge_pages = page_bytes / sizeof(uint64_t); /* a table of entries */

	if (!known) {
		uint64_t huge = entry_of_zeros(huge_pages * page_bytes, true);

		small = entry_of_zeros(page_bytes, false) & ENTRY_FRAME;
		huge_start = huge & ENTRY_FILE ? huge & ENTRY_FRAME : 0;
		known = true;
	}
	if (!frame)
		return false;
	return frame == small ||
	       (huge_start && frame >= huge_start && frame - huge_start < huge_pages);
}

static uint32_t flags_of_entry(uint64_t entry)
{
	uint32_t flags = 0;

	if (entry & ENTRY_PRESENT)
		flags |= PAGE_RUN_PRESENT;
	if (entry & ENTRY_SWAPPED)
		flags |= PAGE_RUN_SWAPPED;
	if (flags && (entry & ENTRY_FILE))
		flags |= PAGE_RUN_FILE;
	if ((flags & PAGE_RUN_PRESENT) && is_zero_frame(entry & ENTRY_FRAME))
		flags = PAGE_RUN_PRESENT | PAGE_RUN_ZERO;
	return flags;
}

/* Calls on each entry of [start, end). 0 or -errno; the end of the address space ends it. */
static int for_each_entry(int fd, uint64_t start, uint64_t end,
			  void (*callback)(void *context, uint64_t address, uint64_t entry),
			  void *context)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t entries[ENTRIES_PER_READ / 8];

	while (start < end) {
		size_t wanted = (end - start) / page_bytes;
		ssize_t got;

		if (wanted > ARRAY_SIZE(entries))
			wanted = ARRAY_SIZE(entries);
		got = pread(fd, entries, wanted * sizeof(*entries),
			    (off_t)(start / page_bytes * sizeof(*entries)));
		if (got < 0)
			return -errno;
		if (got < (ssize_t)sizeof(*entries))
			return 0;
		for (size_t i = 0; i < (size_t)got / sizeof(*entries); i++)
			callback(context, start + i * page_bytes, entries[i]);
		start += (uint64_t)got / sizeof(*entries) * page_bytes;
	}
	return 0;
}

static void add_entry(void *context, uint64_t address, uint64_t entry)
{
	uint32_t flags = flags_of_entry(entry);

	if (flags)
		add_run(context, address, address + (uint64_t)sysconf(_SC_PAGESIZE), flags);
}

/* A line of smaps, cut to the size; false at the end. What is cut off is passed over, as
 * the name of a file can be long and look like anything. */
static bool next_line(FILE *file, char *line, size_t size)
{
	int c;

	if (!fgets(line, (int)size, file))
		return false;
	if (!strchr(line, '\n'))
		while ((c = getc(file)) != EOF && c != '\n')
			;
	return true;
}

/* smaps names the mappings that hold anything: reading pagemap of a reserved terabyte
 * would take minutes. */
static int read_by_pagemap(struct page_runs *runs, int fd, pid_t pid, uint64_t from, uint64_t to)
{
	char path[64], line[512];
	uint64_t start = 0, end = 0;
	FILE *file;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	while (!error && next_line(file, line, sizeof(line))) {
		unsigned long low, high, kib;
		bool holds = (sscanf(line, "Rss: %lu", &kib) == 1 ||
			      sscanf(line, "Swap: %lu", &kib) == 1) &&
			     kib > 0;

		if (sscanf(line, "%lx-%lx ", &low, &high) == 2) {
			start = low > from ? low : from;
			end = high < to ? high : to;
		} else if (holds && start < end) {
			error = for_each_entry(fd, start, end, add_entry, runs);
			end = start; /* Rss and Swap may both name it */
		}
	}
	fclose(file);
	return error;
}

int page_runs__read(struct page_runs *runs, enum page_source source, pid_t pid, uint64_t start,
		    uint64_t end)
{
	int fd = pagemap__open(pid);
	int error;

	runs->count = 0;
	if (fd < 0)
		return fd;
	if (source == PAGES_BY_SCAN)
		error = read_by_scan(runs, fd, start, end);
	else
		error = read_by_pagemap(runs, fd, pid, start, end);
	close(fd);
	return error;
}

void page_runs__release(struct page_runs *runs)
{
	free(runs->items);
	memset(runs, 0, sizeof(*runs));
}

size_t page_runs__behind(const struct page_runs *runs, uint64_t address)
{
	size_t low = 0, high = runs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (runs->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct page_run *page_runs__find(const struct page_runs *runs, uint64_t address)
{
	size_t index = page_runs__behind(runs, address);

	if (index < runs->count && runs->items[index].start <= address)
		return &runs->items[index];
	return NULL;
}

struct frame_set {
	uint8_t *bits;
	size_t byte_count;
	int64_t added; /* by the call in progress */
	bool hidden;
};

/* 64 TiB of memory: a frame number above it is an error. */
#define MAX_FRAME (1ULL << 34)

struct frame_set *frame_set__new(void)
{
	return xcalloc(1, sizeof(struct frame_set));
}

void frame_set__free(struct frame_set *set)
{
	if (!set)
		return;
	free(set->bits);
	free(set);
}

void frame_set__clear(struct frame_set *set)
{
	if (set->bits)
		memset(set->bits, 0, set->byte_count);
}

static void grow_frames(struct frame_set *set, size_t byte)
{
	size_t wanted = set->byte_count ? set->byte_count : 1 << 16;

	while (wanted <= byte)
		wanted *= 2;
	set->bits = xreallocarray(set->bits, wanted, 1);
	memset(set->bits + set->byte_count, 0, wanted - set->byte_count);
	set->byte_count = wanted;
}

static void add_frame(void *context, uint64_t address, uint64_t entry)
{
	struct frame_set *set = context;
	uint64_t frame = entry & ENTRY_FRAME;
	size_t byte = frame / 8;
	uint8_t bit = (uint8_t)(1 << (frame % 8));

	(void)address;
	if (!(entry & ENTRY_PRESENT) || frame >= MAX_FRAME)
		return;
	if (frame == 0) {
		set->hidden = true;
		return;
	}
	if (byte >= set->byte_count)
		grow_frames(set, byte);
	if (set->bits[byte] & bit)
		return;
	set->bits[byte] |= bit;
	set->added++;
}

int64_t frame_set__add(struct frame_set *set, int pagemap_fd, uint64_t start, uint64_t end)
{
	int error;

	set->added = 0;
	set->hidden = false;
	error = for_each_entry(pagemap_fd, start, end, add_frame, set);
	if (error)
		return error;
	return set->hidden ? -EPERM : set->added;
}

int pss__read(pid_t pid, int64_t *pss_bytes)
{
	char path[64], line[256];
	unsigned long kib;
	int error = -ENODATA;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? -ESRCH : -errno;
	while (error && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Pss: %lu", &kib) == 1) {
			*pss_bytes = (int64_t)kib * 1024;
			error = 0;
		}
	}
	fclose(file);
	return error;
}
