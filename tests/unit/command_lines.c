/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "command/options.h"
#include "unit/command_lines.h"

static void split(struct command_line *words, const char *line)
{
	char *word = words->text;

	snprintf(words->text, sizeof(words->text), "memsonde%s%s", *line ? " " : "", line);
	words->argc = 0;
	while (word) {
		char *space = strchr(word, ' ');

		assert_in_range(words->argc, 0, MAX_WORDS - 2);
		words->argv[words->argc++] = word;
		if (space)
			*space++ = '\0';
		word = space;
	}
	words->argv[words->argc] = NULL;
}

int command_line__parse_words(struct options *options, int argc, char **argv, char *message,
			      size_t size)
{
	FILE *caught = tmpfile();
	int saved = dup(STDERR_FILENO), result;
	size_t length;

	assert_non_null(caught);
	fflush(stderr);
	dup2(fileno(caught), STDERR_FILENO);
	result = options__parse(options, argc, argv);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(caught);
	length = fread(message, 1, size - 1, caught);
	message[length] = '\0';
	fclose(caught);
	return result;
}

int command_line__parse(struct command_line *words, struct options *options, const char *line,
			char *message, size_t size)
{
	split(words, line);
	return command_line__parse_words(options, words->argc, words->argv, message, size);
}

void command_line__accept(struct command_line *words, struct options *options, const char *line)
{
	char message[2048];

	if (command_line__parse(words, options, line, message, sizeof(message)))
		fail_msg("'%s' was refused: %s", line, message);
	if (*message)
		fail_msg("'%s' printed: %s", line, message);
}

void command_line__refuse(const char *line, const char *complaint, const char *help_of)
{
	char message[2048], expected[2048];
	struct options options;
	struct command_line words;

	if (!command_line__parse(&words, &options, line, message, sizeof(message)))
		fail_msg("'%s' was accepted", line);
	snprintf(expected, sizeof(expected), "memsonde: %s\nTry 'memsonde %s%s--help'.\n",
		 complaint, help_of, *help_of ? " " : "");
	if (strcmp(message, expected))
		fail_msg("'%s' said:\n%sand not:\n%s", line, message, expected);
	options__release(&options);
}
