/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes and moments as text, and back. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* Each is 1024 times the one before. */
static const char *const size_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

char *text__bytes(char *buffer, size_t size, int64_t bytes)
{
	bool negative = bytes < 0;
	uint64_t amount = negative ? -(uint64_t)bytes : (uint64_t)bytes;
	const char *sign = negative ? "-" : "";
	/* the sign takes the column of a digit */
	uint64_t most_tenths = negative ? 99 : 999, most_units = negative ? 999 : 1023;

	if (amount < 1024) {
		snprintf(buffer, size, "%s%u%s", sign, (unsigned int)amount, amount ? " B" : "");
		return buffer;
	}
	for (size_t i = 1; i < ARRAY_SIZE(size_units); i++) {
		unsigned int shift = 10 * i;
		uint64_t half = UINT64_C(1) << (shift - 1);
		uint64_t rest = amount & ((UINT64_C(1) << shift) - 1);
		uint64_t tenths = (amount >> shift) * 10 + ((rest * 10 + half) >> shift);
		uint64_t units = (amount + half) >> shift;

		if (tenths <= most_tenths) {
			snprintf(buffer, size, "%s%u.%u %s", sign, (unsigned int)tenths / 10,
				 (unsigned int)tenths % 10, size_units[i]);
			return buffer;
		}
		if (units <= most_units) {
			snprintf(buffer, size, "%s%u %s", sign, (unsigned int)units, size_units[i]);
			return buffer;
		}
	}
	return buffer; /* not reached: 2^63 bytes are 8 EiB */
}

/* "", "B", "K", "KB", "KiB", ...: the power of two, or -EINVAL. */
static int parse_unit(const char *text)
{
	if (!*text)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
		const char *unit = size_units[i];

		if (tolower((unsigned char)*text) != tolower((unsigned char)*unit))
			continue;
		if (!text[1] || !strcasecmp(text, unit) || (i && !strcasecmp(text + 1, "B")))
			return 10 * (int)i;
	}
	return -EINVAL;
}

/* Reads ".25" at *text; 0 where there is none, -1 where no digit follows the point. */
static double parse_fraction(const char **text)
{
	double fraction = 0, place = 0.1;

	if (**text != '.')
		return 0;
	if (!isdigit((unsigned char)*++*text))
		return -1;
	for (; isdigit((unsigned char)**text); ++*text, place /= 10)
		fraction += (**text - '0') * place;
	return fraction;
}

int text__parse_bytes(const char *text, int64_t *bytes)
{
	int64_t whole = 0;
	bool overflow = false;
	double fraction;
	int shift;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	for (; isdigit((unsigned char)*text); text++)
		overflow |= __builtin_mul_overflow(whole, 10, &whole) ||
			    __builtin_add_overflow(whole, *text - '0', &whole);
	fraction = parse_fraction(&text);
	while (*text == ' ')
		text++;
	shift = parse_unit(text);
	if (fraction < 0 || shift < 0 || (fraction > 0 && !shift))
		return -EINVAL;
	overflow |=
		__builtin_mul_overflow(whole, INT64_C(1) << shift, &whole) ||
		__builtin_add_overflow(
			whole, (int64_t)(fraction * (double)(INT64_C(1) << shift) + 0.5), &whole);
	if (overflow)
		return -ERANGE;
	*bytes = whole;
	return 0;
}

char *text__time(char *buffer, size_t size, int64_t unix_ns, int digits)
{
	time_t seconds = unix_ns / NS_PER_SECOND;
	int64_t fraction = unix_ns % NS_PER_SECOND;
	struct tm tm;
	size_t length;

	if (fraction < 0) {
		fraction += NS_PER_SECOND;
		seconds--;
	}
	for (int i = digits; i < 9; i++)
		fraction /= 10;
	gmtime_r(&seconds, &tm);
	length = strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buffer + length, size - length, ".%0*dZ", digits, (int)fraction);
	return buffer;
}

/* Reads exactly `count` digits at *text. -1 where there are fewer. */
static int parse_digits(const char **text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++, ++*text) {
		if (!isdigit((unsigned char)**text))
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

/* The calendar date and time of day; *text moves behind it. 0 or -EINVAL. */
static int parse_date(const char **text, struct tm *tm)
{
	static const struct {
		int digits;
		char end; /* what follows; '\0': anything */
	} parts[] = {{4, '-'}, {2, '-'}, {2, 'T'}, {2, ':'}, {2, ':'}, {2, '\0'}};
	int values[ARRAY_SIZE(parts)];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		values[i] = parse_digits(text, parts[i].digits);
		if (values[i] < 0 || (parts[i].end && *(*text)++ != parts[i].end))
			return -EINVAL;
	}
	*tm = (struct tm){.tm_year = values[0] - 1900,
			  .tm_mon = values[1] - 1,
			  .tm_mday = values[2],
			  .tm_hour = values[3],
			  .tm_min = values[4],
			  .tm_sec = values[5]};
	return 0;
}

/* Seconds since 1970 of a date that exists: timegm() would turn February 30 into
 * March 2. 0 or -EINVAL. */
static int to_seconds(const struct tm *asked, int64_t *seconds)
{
	struct tm tm = *asked;

	*seconds = timegm(&tm);
	if (tm.tm_year != asked->tm_year || tm.tm_mon != asked->tm_mon ||
	    tm.tm_mday != asked->tm_mday || tm.tm_hour != asked->tm_hour ||
	    tm.tm_min != asked->tm_min || tm.tm_sec != asked->tm_sec)
		return -EINVAL;
	return 0;
}

int text__parse_time(const char *text, int64_t *unix_ns)
{
	struct tm tm;
	int64_t seconds, fraction = 0;

	if (parse_date(&text, &tm) || to_seconds(&tm, &seconds))
		return -EINVAL;
	if (*text == '.') {
		int64_t place = NS_PER_SECOND / 10;

		if (!isdigit((unsigned char)*++text))
			return -EINVAL;
		for (; isdigit((unsigned char)*text) && place; text++, place /= 10)
			fraction += (*text - '0') * place;
	}
	if (strcmp(text, "Z") || __builtin_mul_overflow(seconds, NS_PER_SECOND, &seconds) ||
	    __builtin_add_overflow(seconds, fraction, &seconds))
		return -EINVAL;
	*unix_ns = seconds;
	return 0;
}
