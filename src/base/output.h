/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_BASE_OUTPUT_H
#define MEMSONDE_BASE_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Text on its way out: gathered in memory, written in large pieces. Its memory is
 * bounded: an output with a descriptor writes when it is full, one without keeps
 * everything up to its limit and then fails with -ENOBUFS. The first error stays;
 * what is added after it is dropped, so callers check once, at output__flush().
 */
struct output {
	char *data; /* not NUL-terminated */
	size_t length;
	size_t capacity;
	size_t limit;
	int fd;	   /* -1: keep everything */
	char last; /* byte added last, also when it was written already */
	int error; /* first error, a negative errno; 0: none */
};

void output__init(struct output *output, int fd);
void output__release(struct output *output);

/* The way of output__add() where there is no room: writes, grows, or fails. */
void output__add_slow(struct output *output, const char *text, size_t length);

/* Inline: of the length of most texts the compiler knows that it is small. */
static inline void output__add(struct output *output, const char *text, size_t length)
{
	if (!length)
		return;
	if (output->error || length > output->capacity - output->length ||
	    length > output->limit - output->length) {
		output__add_slow(output, text, length);
		return;
	}
	memcpy(output->data + output->length, text, length);
	output->length += length;
	output->last = text[length - 1];
}

static inline void output__add_text(struct output *output, const char *text)
{
	output__add(output, text, strlen(text));
}

static inline void output__add_char(struct output *output, char c)
{
	output__add(output, &c, 1);
}

void output__add_repeated(struct output *output, char c, size_t count);
void output__add_number(struct output *output, int64_t value);
void output__printf(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Writes what was gathered. 0, or the first error of this output. */
int output__flush(struct output *output);

#endif
