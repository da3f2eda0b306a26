/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/help.h"

#include <bpf/libbpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/version.h"
#include "command/commands.h"
#include "command/option_table.h"

#define WIDTH	       80
#define OPTION_INDENT  6
#define EXAMPLE_INDENT 6

const char *const exit_status_texts[] = {
	"0",  "done",
	"1",  "failed",
	"2",  "wrong usage, or no such target",
	"3",  "the target went away before anything was measured",
	NULL,
};

const char *const environment_texts[] = {
	"NO_COLOR", "set and not empty: no colour", "TERM", "the terminal's kind; dumb: no colour",
	NULL,
};

/* One paragraph, broken between words, each line behind indent spaces. */
static void print_paragraph(FILE *out, const char *text, size_t length, int indent)
{
	size_t column = 0;

	while (length) {
		size_t word = 0;

		while (word < length && text[word] != ' ')
			word++;
		if (column && column + 1 + word > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		column += column ? fprintf(out, " %.*s", (int)word, text)
				 : fprintf(out, "%*s%.*s", indent, "", (int)word, text);
		text += word;
		length -= word;
		while (length && *text == ' ') {
			text++;
			length--;
		}
	}
	fputc('\n', out);
}

/* Paragraphs are parted by empty lines. */
static void print_text(FILE *out, const char *text, int indent)
{
	const char *end;

	while ((end = strstr(text, "\n\n"))) {
		print_paragraph(out, text, end - text, indent);
		fputc('\n', out);
		text = end + 2;
	}
	print_paragraph(out, text, strlen(text), indent);
}

static void print_option(FILE *out, const struct option_row *row)
{
	char *help = row->default_text ? xasprintf("%s (default: %s)", row->help, row->default_text)
				       : xstrdup(row->help);

	if (row->short_name)
		fprintf(out, "  -%c, --%s", row->short_name, row->long_name);
	else
		fprintf(out, "      --%s", row->long_name);
	fprintf(out, "%s%s\n", row->argument ? " " : "", row->argument ? row->argument : "");
	print_text(out, help, OPTION_INDENT + 4);
	free(help);
}

static void print_options(FILE *out, const char *command)
{
	const char *group = "";

	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!option_row__is_for(row, command))
			continue;
		if (strcmp(group, row->group)) {
			group = row->group;
			fprintf(out, "\n%s:\n", group);
		}
		print_option(out, row);
	}
}

static void print_pairs(FILE *out, const char *const *pairs)
{
	for (; *pairs; pairs += 2)
		fprintf(out, "  %s  %s\n", pairs[0], pairs[1]);
}

static void print_examples(FILE *out, const struct command *command)
{
	fprintf(out, "\nExamples:\n");
	for (const char *const *example = command->examples; *example; example += 2) {
		fprintf(out, "  %s\n", example[0]);
		print_text(out, example[1], EXAMPLE_INDENT);
	}
}

static void print_command(FILE *out, const struct command *command)
{
	fprintf(out, "Usage: memsonde %s %s\n\n", command->name, command->synopsis);
	print_text(out, command->description, 0);
	print_options(out, command->name);
	fprintf(out, "\nExit status:\n");
	print_pairs(out, exit_status_texts);
	print_examples(out, command);
}

static void print_overview(FILE *out)
{
	fprintf(out, "Usage: memsonde [COMMAND] [OPTION...] [-- CMD ARG...]\n\n"
		     "Shows where the memory of any process goes, from outside, while it runs.\n\n"
		     "Commands:\n");
	for (unsigned int i = 0; i < command_count; i++)
		fprintf(out, "  %-6s %s%s\n", commands[i].name, commands[i].summary,
			i ? "" : " (default)");
	fprintf(out,
		"\n'memsonde COMMAND --help' or 'memsonde help COMMAND' tells about one command;\n"
		"'memsonde --version' prints the version.\n");
	fprintf(out, "\nExamples:\n");
	for (unsigned int i = 0; i < command_count; i++) {
		fprintf(out, "  %s\n", commands[i].examples[0]);
		print_text(out, commands[i].examples[1], EXAMPLE_INDENT);
	}
}

void help__print(FILE *out, const struct command *command)
{
	if (command)
		print_command(out, command);
	else
		print_overview(out);
}

void help__print_version(FILE *out)
{
	fprintf(out, "memsonde %s\nlibbpf %s\n", MEMSONDE_VERSION, libbpf_version_string() + 1);
}
