/* SPDX-License-Identifier: GPL-2.0-only */
#include "recording/json_figures.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

int64_t json_figures__integer(const json_t *object, const char *name, int64_t maximum)
{
	const json_t *value = json_object_get(object, name);
	json_int_t number = json_is_integer(value) ? json_integer_value(value) : -1;

	return number >= 0 && number <= maximum ? number : -1;
}

/* The value at "faults.minor": of the object's "faults", its "minor". */
static const json_t *find_path(const json_t *object, const char *path)
{
	char name[64];

	for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
		size_t length = (size_t)(dot - path);

		if (length >= sizeof(name))
			return NULL;
		memcpy(name, path, length);
		name[length] = '\0';
		object = json_object_get(object, name);
	}
	return json_object_get(object, path);
}

/* FIGURE_UNKNOWN also for a number that is out of range. */
static figure_value from_number(double number)
{
	return fabs(number) < 0x1p63 ? (figure_value)llround(number) : FIGURE_UNKNOWN;
}

static figure_value from_json(const json_t *value, enum figure_unit unit)
{
	int64_t unix_ns;

	if (unit == UNIT_UNIX_NS)
		return json_is_string(value) &&
				       !text__parse_time(json_string_value(value), &unix_ns)
			       ? unix_ns
			       : FIGURE_UNKNOWN;
	if (!json_is_number(value))
		return FIGURE_UNKNOWN;
	if (unit == UNIT_PERCENT_100)
		return from_number(json_number_value(value) * 100);
	if (json_is_integer(value))
		return json_integer_value(value);
	return from_number(json_real_value(value));
}

figure_value json_figures__get(const json_t *object, const char *path, enum figure_unit unit)
{
	return from_json(find_path(object, path), unit);
}

/* What is worked out as a difference. All else are levels and counts. */
static bool may_be_negative(const struct figure *figure)
{
	return !strcmp(figure->path, process_figures[FIG_CLASS_UNACCOUNTED].path);
}

void json_figures__read(figure_value *figures, const struct figure *table, int count,
			const json_t *object, struct process *process)
{
	for (int i = 0; i < count; i++) {
		const json_t *value = find_path(object, table[i].path);

		figures[i] = from_json(value, table[i].unit);
		if (figures[i] < 0 && !may_be_negative(&table[i]))
			figures[i] = FIGURE_UNKNOWN;
		if (value && !json_is_null(value) && !figure_known(figures[i]))
			process__add_note(process, "%s: not readable in the recording",
					  table[i].path);
	}
}
