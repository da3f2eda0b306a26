/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TARGET_H
#define TARGET_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/*
 * What the programs to watch share. Each prints one JSON line of its own truth
 * when it has settled, and then waits on standard input: a newline starts the next
 * phase, the end of the input ends the program.
 *
 * "regions" in that line are address ranges of which the program knows the class;
 * tests trust them before the names of mappings.
 */

#define KIB  ((size_t)1024)
#define MIB  (1024 * KIB)
#define PAGE ((size_t)4096)

/* Static storage, so that reporting allocates nothing. */
struct report {
	char fields[8192];
	char regions[65536];
	size_t field_length, region_length;
};

static inline void target__die(const char *what)
{
	fprintf(stderr, "target: %s: %s\n", what, strerror(errno));
	exit(1);
}

__attribute__((format(printf, 4, 5))) static inline void
report__append(char *text, size_t size, size_t *length, const char *format, ...)
{
	va_list arguments;
	int written;

	va_start(arguments, format);
	written = vsnprintf(text + *length, size - *length, format, arguments);
	va_end(arguments);
	if (written < 0 || (size_t)written >= size - *length) {
		fputs("target: the report is too long\n", stderr);
		exit(1);
	}
	*length += (size_t)written;
}

static inline void report__begin(struct report *report)
{
	report->field_length = report->region_length = 0;
	report__append(report->fields, sizeof(report->fields), &report->field_length, "{\"pid\":%d",
		       (int)getpid());
}

static inline void report__number(struct report *report, const char *name, int64_t value)
{
	report__append(report->fields, sizeof(report->fields), &report->field_length,
		       ",\"%s\":%lld", name, (long long)value);
}

static inline void report__region(struct report *report, const char *class, const void *start,
				  size_t bytes)
{
	uintptr_t first = (uintptr_t)start & ~(PAGE - 1);
	uintptr_t end = ((uintptr_t)start + bytes + PAGE - 1) & ~(PAGE - 1);

	report__append(report->regions, sizeof(report->regions), &report->region_length,
		       "%s{\"class\":\"%s\",\"start\":%llu,\"end\":%llu}",
		       report->region_length ? "," : "", class, (unsigned long long)first,
		       (unsigned long long)end);
}

static inline void target__write(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written <= 0)
			exit(1);
		text += written;
		length -= (size_t)written;
	}
}

static inline void report__send(struct report *report)
{
	target__write(report->fields, report->field_length);
	target__write(",\"regions\":[", 12);
	target__write(report->regions, report->region_length);
	target__write("]}\n", 3);
}

/* True for a newline, false at the end of the input. */
static inline bool target__next_phase(void)
{
	char byte;

	for (;;) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got == 1 && byte == '\n')
			return true;
		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
	}
}

/* True if the input ended within the time; a newline is passed over. */
static inline bool target__wait_ms(int milliseconds)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, milliseconds) > 0 && !target__next_phase();
}

static inline void target__idle(void)
{
	while (target__next_phase())
		;
}

static inline void *target__map(size_t bytes, int flags)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (memory == MAP_FAILED)
		target__die("mmap");
	return memory;
}

/* Private anonymous memory that is faulted in by pages of 4 KiB. */
static inline void *target__map_small_pages(size_t bytes)
{
	void *memory = target__map(bytes, MAP_PRIVATE | MAP_ANONYMOUS);

	madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

/* Keeps the compiler from seeing that nobody reads what was written there. */
static inline void target__keep(void *memory)
{
	__asm__ volatile("" : : "g"(memory) : "memory");
}

static inline void target__touch(void *memory, size_t bytes)
{
	volatile unsigned char *byte = memory;

	for (size_t at = 0; at < bytes; at += PAGE)
		byte[at] = 0x5a;
}

static inline void target__read(const void *memory, size_t bytes)
{
	const volatile unsigned char *byte = memory;

	for (size_t at = 0; at < bytes; at += PAGE)
		(void)byte[at];
}

static inline int64_t target__clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline long target__argument(int argc, char **argv, int index, long fallback)
{
	return index < argc ? strtol(argv[index], NULL, 0) : fallback;
}

#endif
