/* SPDX-License-Identifier: GPL-2.0-only */
#include "recording/line_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"

int line_reader__open(struct line_reader *reader, const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "re");
	int error = file ? 0 : errno;

	/* a directory can be opened, and would only fail at the first line */
	if (file && !fstat(fileno(file), &status) && S_ISDIR(status.st_mode))
		error = EISDIR;
	if (error) {
		log_error("cannot open '%s': %s", path, strerror(error));
		if (file)
			fclose(file);
		return -error;
	}
	*reader = (struct line_reader){.file = file, .path = xstrdup(path)};
	return 0;
}

void line_reader__complain(const struct line_reader *reader, const char *what)
{
	log_error("%s:%" PRIu64 ": %s", reader->path, reader->number, what);
}

/* Why the line could not be read to its end. */
static int fail(const struct line_reader *reader, int error)
{
	line_reader__complain(reader, error == EMSGSIZE ? "longer than 1 MiB" : strerror(error));
	return -error;
}

int line_reader__next(struct line_reader *reader)
{
	int c;

	reader->number++;
	reader->length = 0;
	while ((c = getc_unlocked(reader->file)) != EOF && c != '\n') {
		if (reader->length == LINE_BYTES_MAX)
			return fail(reader, EMSGSIZE);
		ARRAY_GROW(reader->line, reader->length, reader->capacity);
		reader->line[reader->length++] = (char)c;
	}
	if (c == EOF && ferror(reader->file))
		return fail(reader, errno);
	reader->is_unended = c == EOF;
	return c != EOF || reader->length;
}

void line_reader__close(struct line_reader *reader)
{
	fclose(reader->file);
	free(reader->path);
	free(reader->line);
}
