/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/json_write.h"

#include <string.h>

#include "view/machine_values.h"

static const char *escape_of(unsigned char c, char buffer[8])
{
	static const char hex[] = "0123456789abcdef";
	static const char *const short_forms[128] = {
		['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
		['\n'] = "\\n", ['\r'] = "\\r",	 ['\t'] = "\\t",
	};

	if (short_forms[c])
		return short_forms[c];
	memcpy(buffer, "\\u00", 4);
	buffer[4] = hex[c >> 4];
	buffer[5] = hex[c & 15];
	buffer[6] = '\0';
	return buffer;
}

void json__add_string(struct output *output, const char *text)
{
	const char *start = text;
	char buffer[8];

	if (!text) {
		output__add_text(output, "null");
		return;
	}
	output__add_char(output, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		output__add(output, start, (size_t)(text - start));
		output__add_text(output, escape_of(c, buffer));
		start = text + 1;
	}
	output__add(output, start, (size_t)(text - start));
	output__add_char(output, '"');
}

static void add_name(struct output *output, const char *name, size_t length)
{
	if (output->last != '{')
		output__add_char(output, ',');
	output__add_char(output, '"');
	output__add(output, name, length);
	output__add(output, "\":", 2);
}

void json__add_name(struct output *output, const char *name)
{
	add_name(output, name, strlen(name));
}

void json__add_null(struct output *output, const char *name)
{
	json__add_name(output, name);
	output__add(output, "null", 4);
}

void json__add_text(struct output *output, const char *name, const char *value)
{
	json__add_name(output, name);
	json__add_string(output, value);
}

static void add_value(struct output *output, enum figure_unit unit, figure_value value)
{
	bool quoted = unit == UNIT_UNIX_NS;

	if (!figure_known(value)) {
		output__add(output, "null", 4);
		return;
	}
	if (quoted)
		output__add_char(output, '"');
	machine__add_figure(output, unit, value);
	if (quoted)
		output__add_char(output, '"');
}

void json__add_number(struct output *output, const char *name, figure_value value)
{
	json__add_name(output, name);
	add_value(output, UNIT_COUNT, value);
}

void json__add_time(struct output *output, const char *name, int64_t unix_ns, int digits)
{
	json__add_name(output, name);
	if (!unix_ns) {
		output__add(output, "null", 4);
		return;
	}
	output__add_char(output, '"');
	machine__add_time(output, unix_ns, digits);
	output__add_char(output, '"');
}

void json__add_bool(struct output *output, const char *name, bool value)
{
	json__add_name(output, name);
	output__add_text(output, value ? "true" : "false");
}

void json__open(struct output *output, const char *name)
{
	json__add_name(output, name);
	output__add_char(output, '{');
}

void json__close(struct output *output)
{
	output__add_char(output, '}');
}

/* --- figures --- */

/* The object of figures[first] up to before figures[end]. */
struct object {
	const char *name;
	size_t name_length; /* 0: the one that all are in */
	int first, end;
};

static struct object next_object(const struct json_figures *table, int first)
{
	const char *path = table->figures[first].path, *dot = strchr(path, '.');
	struct object object = {.name = path, .first = first, .end = first + 1};

	if (!dot)
		return object;
	object.name_length = (size_t)(dot - path);
	/* the dot is compared with it */
	while (object.end < table->count &&
	       !strncmp(table->figures[object.end].path, path, object.name_length + 1))
		object.end++;
	return object;
}

static void add_object(struct output *output, const struct json_figures *table,
		       const struct object *object, const figure_value *values,
		       const struct process *process)
{
	const struct json_group *group = table->groups ? table->groups[object->first] : NULL;
	size_t skipped = object->name_length ? object->name_length + 1 : 0;

	if (object->name_length) {
		add_name(output, object->name, object->name_length);
		if (group && group->is_known && !group->is_known(process)) {
			output__add(output, "null", 4);
			return;
		}
		output__add_char(output, '{');
	}
	if (group && group->begin)
		group->begin(output, process);
	for (int i = object->first; i < object->end; i++) {
		json__add_name(output, table->figures[i].path + skipped);
		add_value(output, table->figures[i].unit, values[i]);
	}
	if (group && group->end)
		group->end(output, process);
	if (object->name_length)
		output__add_char(output, '}');
}

void json__add_figures(struct output *output, const struct json_figures *table,
		       const figure_value *values, const struct process *process)
{
	for (int i = 0; i < table->count;) {
		struct object object = next_object(table, i);

		add_object(output, table, &object, values, process);
		i = object.end;
	}
}
