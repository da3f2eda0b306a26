/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/alert_condition.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/similar.h"
#include "base/text.h"

#define TEXT_MOST	256
#define SUGGESTIONS_MAX 4
#define NAME_SIZE	96
#define NS_PER_SECOND	INT64_C(1000000000)

/* More than that of anything is a slip. */
#define SHARE_MOST_PERCENT 1e6

/* Where the names of each scope stand; of equal names the first is meant. */
static const struct scope {
	enum alert_scope scope;
	const char *prefix;
	const struct figure *table;
	int count;
} scopes[] = {
	{ALERT_OF_ISOLATE, "v8.", isolate_figures, ISOLATE_FIGURE_COUNT},
	{ALERT_OF_CONTAINER, "container.", container_figures, CONTAINER_FIGURE_COUNT},
	{ALERT_OF_PROCESS, "", process_figures, PROCESS_FIGURE_COUNT},
};

static const struct {
	const char *sign;
	enum alert_comparison comparison;
} comparisons[] = {
	/* the longer ones first */
	{">=", ALERT_AT_LEAST},
	{"<=", ALERT_AT_MOST},
	{">", ALERT_ABOVE},
	{"<", ALERT_BELOW},
};

static const struct {
	const char *suffix;
	int64_t ns;
} periods[] = {{"/s", NS_PER_SECOND}, {"/min", 60 * NS_PER_SECOND}, {"/h", 3600 * NS_PER_SECOND}};

/* A condition on its way. */
struct parser {
	struct alert_condition *condition;
	char *message;
};

static int __attribute__((format(printf, 2, 3)))
refuse(const struct parser *parser, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(parser->message, ALERT_MESSAGE_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

/* ---- figures ---- */

char *alert_figure__name(const struct alert_figure *figure, char *buffer, size_t size)
{
	const char *prefix = "";

	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++)
		if (scopes[i].scope == figure->scope)
			prefix = scopes[i].prefix;
	snprintf(buffer, size, "%s%s", prefix, figure->figure->path);
	return buffer;
}

static bool find_figure(struct alert_figure *found, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		const struct scope *scope = &scopes[i];
		size_t length = strlen(scope->prefix);
		int index;

		if (strncmp(name, scope->prefix, length) != 0)
			continue;
		index = figures__find(scope->table, scope->count, name + length);
		if (index < 0)
			continue;
		*found = (struct alert_figure){scope->scope, index, &scope->table[index]};
		return true;
	}
	return false;
}

static bool is_listed(char names[][NAME_SIZE], int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* "; did you mean a, b or c?" of the figures that are like what was typed, or nothing. */
static void suggest(const char *typed, char *text, size_t size)
{
	char names[SUGGESTIONS_MAX][NAME_SIZE];
	int count = 0;
	size_t length;

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		for (int j = 0; j < scopes[i].count && count < SUGGESTIONS_MAX; j++) {
			snprintf(names[count], sizeof(names[count]), "%s%s", scopes[i].prefix,
				 scopes[i].table[j].path);
			if (similar__may_mean(typed, names[count]) &&
			    !is_listed(names, count, names[count]))
				count++;
		}
	}
	if (!count)
		return;
	length = (size_t)snprintf(text, size, "; did you mean ");
	for (int i = 0; i < count && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   !i		    ? ""
					   : i + 1 == count ? " or "
							    : ", ",
					   names[i]);
	if (length < size)
		snprintf(text + length, size - length, "?");
}

static int parse_figure(const struct parser *parser, struct alert_figure *figure, const char *name)
{
	char suggestion[300];

	if (!find_figure(figure, name)) {
		suggest(name, suggestion, sizeof(suggestion));
		return refuse(parser, "'%s' is not a figure%s", name, suggestion);
	}
	if (figure->figure->unit == UNIT_UNIX_NS)
		return refuse(parser, "'%s' is a moment, nothing to compare", name);
	return 0;
}

/* ---- amounts ---- */

/* Reads "N" or "N.DDD". False where there is none. */
static bool read_decimal(const char **text, double *value)
{
	const char *c = *text;
	double place = 0.1;

	*value = 0;
	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		*value = *value * 10 + (*c - '0');
	if (*c == '.') {
		if (*++c < '0' || *c > '9')
			return false;
		for (; *c >= '0' && *c <= '9'; c++, place /= 10)
			*value += (*c - '0') * place;
	}
	*text = c;
	return true;
}

/* A decimal with one of the units. 0, -EINVAL or -ERANGE. */
static int read_with_unit(const char *text, figure_value *amount, enum figure_unit unit)
{
	static const struct {
		enum figure_unit unit;
		const char *suffix;
		double factor;
	} suffixes[] = {
		{UNIT_COUNT, "", 1},	     {UNIT_NS, "", 1},
		{UNIT_NS, "ns", 1},	     {UNIT_NS, "us", 1e3},
		{UNIT_NS, "ms", 1e6},	     {UNIT_NS, "s", 1e9},
		{UNIT_PERCENT_100, "", 100}, {UNIT_PERCENT_100, "%", 100},
	};
	double value;

	if (!read_decimal(&text, &value))
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if (suffixes[i].unit != unit || strcmp(suffixes[i].suffix, text) != 0)
			continue;
		value *= suffixes[i].factor;
		if (value >= 0x1p62)
			return -ERANGE;
		*amount = (figure_value)(value + 0.5);
		return 0;
	}
	return -EINVAL;
}

static int parse_amount(const struct parser *parser, const char *text)
{
	static const char *const examples[] = {
		[UNIT_BYTES] = "1.5GiB",
		[UNIT_COUNT] = "500",
		[UNIT_NS] = "50ms",
		[UNIT_PERCENT_100] = "90%",
	};
	struct alert_condition *condition = parser->condition;
	enum figure_unit unit = condition->left.figure->unit;
	int error = unit == UNIT_BYTES ? text__parse_bytes(text, &condition->amount)
				       : read_with_unit(text, &condition->amount, unit);

	if (error == -ERANGE)
		return refuse(parser, "'%s' is too much", text);
	if (error)
		return refuse(parser,
			      "'%s' is neither an amount such as %s nor a share such as "
			      "80%%%s",
			      text, examples[unit], condition->left.figure->path);
	return 0;
}

/* "85%v8.heap_limit": the part behind the sign is not empty. */
static int parse_share(const struct parser *parser, const char *text, const char *sign)
{
	struct alert_condition *condition = parser->condition;
	const char *number = text;
	double percent;

	if (!read_decimal(&text, &percent) || text != sign)
		return refuse(parser, "'%.*s' is not a share", (int)(sign - number) + 1, number);
	if (percent > SHARE_MOST_PERCENT)
		return refuse(parser, "a share of more than %.0f %% is too much",
			      SHARE_MOST_PERCENT);
	if (condition->is_growth)
		return refuse(parser, "growth is compared with an amount, as in +>50MiB/min");
	if (parse_figure(parser, &condition->of, sign + 1))
		return -EINVAL;
	if (condition->of.figure->unit != condition->left.figure->unit)
		return refuse(parser, "'%s' and '%s' are not of one kind",
			      condition->left.figure->path, condition->of.figure->path);
	condition->is_share = true;
	condition->share = percent / 100;
	return 0;
}

/* Cuts the period off. */
static int parse_period(const struct parser *parser, char *text)
{
	char *slash = strchr(text, '/');

	for (size_t i = 0; slash && i < ARRAY_SIZE(periods); i++) {
		if (strcmp(slash, periods[i].suffix) != 0)
			continue;
		parser->condition->period = periods[i].suffix;
		parser->condition->period_ns = periods[i].ns;
		*slash = '\0';
		return 0;
	}
	return refuse(parser, "growth is an amount in a time: /s, /min or /h, as in +>50MiB/min");
}

static int parse_right(const struct parser *parser, char *text)
{
	const char *sign = strchr(text, '%');

	if (!*text)
		return refuse(parser, "nothing to compare '%s' with",
			      parser->condition->left.figure->path);
	if (sign && sign[1])
		return parse_share(parser, text, sign);
	if (parser->condition->is_growth && parse_period(parser, text))
		return -EINVAL;
	return parse_amount(parser, text);
}

/* ---- the whole ---- */

static void trim_end(char *text)
{
	size_t length = strlen(text);

	while (length && text[length - 1] == ' ')
		text[--length] = '\0';
}

/* Cuts the text at its comparison: what stands on the left and on the right of it. */
static int split(const struct parser *parser, char *text, char **left, char **right)
{
	char *at = text + strcspn(text, "<>");

	*left = text + strspn(text, " ");
	for (size_t i = 0; *at && i < ARRAY_SIZE(comparisons); i++) {
		size_t length = strlen(comparisons[i].sign);

		if (strncmp(at, comparisons[i].sign, length) != 0)
			continue;
		parser->condition->comparison = comparisons[i].comparison;
		*at = '\0';
		*right = at + length + strspn(at + length, " ");
		trim_end(*left);
		trim_end(*right);
		return 0;
	}
	return refuse(parser, "'%s' compares nothing: >, >=, < or <= is missing", text);
}

static int parse(const struct parser *parser, char *text)
{
	struct alert_condition *condition = parser->condition;
	char *left = NULL, *right = NULL;
	size_t length;

	if (split(parser, text, &left, &right))
		return -EINVAL;
	length = strlen(left);
	if (length && left[length - 1] == '+') {
		condition->is_growth = true;
		left[length - 1] = '\0';
		trim_end(left);
	}
	if (!*left)
		return refuse(parser, "the figure is missing");
	if (parse_figure(parser, &condition->left, left))
		return -EINVAL;
	if (condition->is_growth && condition->comparison != ALERT_ABOVE &&
	    condition->comparison != ALERT_AT_LEAST)
		return refuse(parser, "growth can be more than something (+> or +>=), not less");
	return parse_right(parser, right);
}

int alert_condition__parse(struct alert_condition *condition, const char *text,
			   char message[ALERT_MESSAGE_SIZE])
{
	struct parser parser = {.condition = condition, .message = message};
	char copy[TEXT_MOST];

	*condition = (struct alert_condition){.period = ""};
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy))
		return refuse(&parser, "a condition has at most %d bytes", TEXT_MOST - 1);
	if (parse(&parser, copy))
		return -EINVAL;
	condition->text = text__sanitised(text);
	return 0;
}

void alert_condition__release(struct alert_condition *condition)
{
	free(condition->text);
	condition->text = NULL;
}
