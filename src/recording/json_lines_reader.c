/* SPDX-License-Identifier: GPL-2.0-only */
#include "recording/json_lines_reader.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/account.h"
#include "model/source.h"
#include "recording/json_process.h"
#include "recording/line_reader.h"

struct json_lines_reader {
	struct source source; /* first: a source is cast to its reader */
	struct line_reader lines;
	json_t *object;	       /* read but not used: the first of the next look */
	struct json_head head; /* of object */
	bool has_looked;
	int end; /* 0; then -ENODATA, or -errno where the recording is broken */
};

static bool is_blank(const struct line_reader *lines)
{
	for (size_t i = 0; i < lines->length; i++)
		if (lines->line[i] != ' ' && lines->line[i] != '\t' && lines->line[i] != '\r')
			return false;
	return true;
}

/* Whether what is no JSON is the beginning of an object that was not written to its end. */
static bool is_cut_off(const struct line_reader *lines, const json_error_t *error)
{
	return lines->is_unended && lines->line[0] == '{' &&
	       (lines->line[lines->length - 1] != '}' ||
		json_error_code(error) == json_error_premature_end_of_input);
}

/* The line as an object with its head. 0; after a line was logged -ENOLINK where the
 * recording is cut off in it, else -EBADMSG. */
static int parse_line(struct json_lines_reader *reader)
{
	char message[JSON_ERROR_TEXT_LENGTH + 32];
	const char *wrong = message;
	json_error_t error;
	int result = -EBADMSG;
	json_t *object = json_loadb(reader->lines.line, reader->lines.length, 0, &error);

	if (object) {
		wrong = json_process__read_head(&reader->head, object);
	} else if (is_cut_off(&reader->lines, &error)) {
		wrong = "cut off: the recording ends within this line";
		result = -ENOLINK;
	} else {
		snprintf(message, sizeof(message), "not JSON: %s", error.text);
	}
	if (!wrong) {
		reader->object = object;
		return 0;
	}
	line_reader__complain(&reader->lines, wrong);
	json_decref(object);
	return result;
}

/* Reads the next object, or sets the end. */
static void read_ahead(struct json_lines_reader *reader)
{
	int result;

	do
		result = line_reader__next(&reader->lines);
	while (result > 0 && is_blank(&reader->lines));
	if (result > 0)
		result = parse_line(reader);
	else if (!result)
		result = -ENODATA;
	reader->end = result;
}

static void drop_object(struct json_lines_reader *reader)
{
	json_decref(reader->object);
	reader->object = NULL;
}

/* Where a recording breaks off within a look, the processes it does not come to have
 * not exited: nothing is known of them. */
static void keep_unseen(struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++) {
		struct process *process = account->processes[i];

		if (process->seen_look == account->look)
			continue;
		account__process(account, process->key);
		process__add_note(process, "the recording breaks off before this process");
	}
}

static int look(struct source *source, struct account *account)
{
	struct json_lines_reader *reader = (struct json_lines_reader *)source;
	int64_t time_unix_ns;

	if (!reader->object && !reader->end)
		read_ahead(reader);
	if (!reader->object) {
		if (reader->end == -ENODATA && !reader->has_looked)
			log_error("%s: the recording holds no look", reader->lines.path);
		return reader->end;
	}
	reader->has_looked = true;
	time_unix_ns = reader->head.time_unix_ns;
	json_process__begin_look(account, &reader->head, reader->object);
	while (reader->object && reader->head.time_unix_ns == time_unix_ns) {
		json_process__apply(account, &reader->head, reader->object);
		drop_object(reader);
		read_ahead(reader);
	}
	if (reader->end && reader->end != -ENODATA)
		keep_unseen(account);
	account__end_look(account);
	return 0;
}

/* A file is always ready: there is nothing to wait for between looks. */
static void drain(struct source *source, struct account *account)
{
	(void)source;
	(void)account;
}

static void close_reader(struct source *source)
{
	struct json_lines_reader *reader = (struct json_lines_reader *)source;

	drop_object(reader);
	line_reader__close(&reader->lines);
	free(reader);
}

int json_lines_reader__open(struct source **source, const char *path)
{
	struct json_lines_reader *reader = xcalloc(1, sizeof(*reader));
	int result = line_reader__open(&reader->lines, path);

	if (result) {
		free(reader);
		return result;
	}
	reader->source =
		(struct source){.look = look, .drain = drain, .close = close_reader, .fd = -1};
	*source = &reader->source;
	return 0;
}
