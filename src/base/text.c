/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes to text and text to columns; sizes and times are in text_units.c. */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "base/memory.h"

#define REPLACEMENT	   "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_LENGTH 3

/* The shapes of UTF-8 sequences: a first byte b with (b & mask) == lead starts one of
 * `length` bytes, which may hold code points from `smallest` on. */
static const struct utf8_shape {
	uint8_t mask, lead, length;
	uint32_t smallest;
} shapes[] = {
	{0x80, 0x00, 1, 0x0},
	{0xe0, 0xc0, 2, 0x80},
	{0xf0, 0xe0, 3, 0x800},
	{0xf8, 0xf0, 4, 0x10000},
};

/* What would move the cursor, start an escape sequence, break a line or turn the
 * order of characters around; and what is no character at all. */
static const struct code_point_range {
	uint32_t first, last;
} harmful[] = {
	{0x0, 0x1f},	  {0x7f, 0x9f},	    {0x2028, 0x202e},
	{0x2066, 0x2069}, {0xd800, 0xdfff}, {0x110000, UINT32_MAX},
};

static bool is_harmful(uint32_t code_point)
{
	for (size_t i = 0; i < ARRAY_SIZE(harmful); i++)
		if (code_point >= harmful[i].first && code_point <= harmful[i].last)
			return true;
	return false;
}

static const struct utf8_shape *find_shape(uint8_t first)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if ((first & shapes[i].mask) == shapes[i].lead)
			return &shapes[i];
	return NULL;
}

/* Reads the character at bytes, of which there is at least one. Returns its length;
 * 1 and *good false for a byte that starts none. An overlong form is one bad
 * character, not several bad bytes. */
static size_t decode(const uint8_t *bytes, size_t length, uint32_t *code_point, bool *good)
{
	const struct utf8_shape *shape = find_shape(bytes[0]);
	uint32_t value;

	*good = false;
	*code_point = bytes[0];
	if (!shape || shape->length > length)
		return 1;
	value = bytes[0] & (uint8_t)~shape->mask;
	for (size_t i = 1; i < shape->length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	*code_point = value;
	*good = value >= shape->smallest;
	return shape->length;
}

/* How many bytes from the start are printable ASCII: nearly every name is nothing else. */
static size_t plain_length(const char *src, size_t length)
{
	size_t plain = 0;

	while (plain < length && src[plain] >= ' ' && src[plain] <= '~')
		plain++;
	return plain;
}

size_t text__sanitise(char *dst, size_t size, const char *src, size_t length)
{
	const uint8_t *bytes = (const uint8_t *)src;
	size_t written, position;

	if (!size)
		return 0;
	written = plain_length(src, length < size - 1 ? length : size - 1);
	memcpy(dst, src, written);
	position = written;
	while (position < length) {
		uint32_t code_point;
		bool good;
		size_t taken = decode(bytes + position, length - position, &code_point, &good);
		bool keep = good && !is_harmful(code_point);
		size_t needed = keep ? taken : REPLACEMENT_LENGTH;

		if (needed > size - 1 - written)
			break;
		memcpy(dst + written, keep ? src + position : REPLACEMENT, needed);
		written += needed;
		position += taken;
	}
	dst[written] = '\0';
	return written;
}

char *text__sanitised(const char *src)
{
	size_t length = strlen(src);
	/* every byte may become a replacement character */
	size_t size = length * REPLACEMENT_LENGTH + 1;
	char *text = xcalloc(size, 1);
	size_t written = text__sanitise(text, size, src, length);

	return xreallocarray(text, written + 1, 1);
}

size_t text__columns(const char *text)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t length = strlen(text), columns = 0, position = 0;

	while (position < length) {
		uint32_t code_point;
		bool good;
		int width;

		position += decode(bytes + position, length - position, &code_point, &good);
		width = good ? wcwidth((wchar_t)code_point) : 1;
		/* what the locale does not know is shown as one character */
		columns += width < 0 ? 1 : (size_t)width;
	}
	return columns;
}

/* Lines are never longer: the rest is another line's. */
#define LINE_BYTES_MAX 1024

size_t text__line_length(const char *text, size_t columns)
{
	char line[LINE_BYTES_MAX];
	size_t fits = 0, length = 0;

	for (;;) {
		length += strcspn(text + length, " ");
		if (length >= sizeof(line))
			return fits ? fits : length;
		memcpy(line, text, length);
		line[length] = '\0';
		if (text__columns(line) > columns)
			return fits ? fits : length;
		fits = length;
		if (!text[length])
			return fits;
		length += strspn(text + length, " ");
	}
}
