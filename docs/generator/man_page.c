/* SPDX-License-Identifier: GPL-2.0-only */
/* memsonde(8) in the man macros of roff. */
#include "generator.h"

#include <stdbool.h>
#include <string.h>

#include "base/version.h"
#include "command/commands.h"
#include "command/help.h"
#include "command/option_table.h"
#include "model/figures.h"

/* Text as it shall be read: nothing in it is a request, hyphens can be copied. */
static void print_escaped(FILE *out, const char *text, size_t length)
{
	if (length && (*text == '.' || *text == '\''))
		fputs("\\&", out);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\')
			fputs("\\e", out);
		else if (text[i] == '-')
			fputs("\\-", out);
		else if (text[i] == '\'')
			fputs("\\(aq", out);
		else
			fputc(text[i], out);
	}
}

static void print_line(FILE *out, const char *text)
{
	print_escaped(out, text, strlen(text));
	fputc('\n', out);
}

/* Paragraphs are parted by empty lines. */
static void print_text(FILE *out, const char *text)
{
	const char *end;

	while ((end = strstr(text, "\n\n"))) {
		print_escaped(out, text, end - text);
		fputs("\n.PP\n", out);
		text = end + 2;
	}
	print_line(out, text);
}

static void print_bold(FILE *out, const char *text)
{
	fputs("\\fB", out);
	print_escaped(out, text, strlen(text));
	fputs("\\fR", out);
}

static void print_option(FILE *out, const struct option_row *row)
{
	fputs(".TP\n", out);
	if (row->short_name)
		fprintf(out, "\\fB\\-%c\\fR, ", row->short_name);
	print_bold(out, "--");
	print_bold(out, row->long_name);
	if (row->argument) {
		fputs(" \\fI", out);
		print_escaped(out, row->argument, strlen(row->argument));
		fputs("\\fR", out);
	}
	fputc('\n', out);
	print_escaped(out, row->help, strlen(row->help));
	if (row->default_text) {
		fputs(" (default: ", out);
		print_escaped(out, row->default_text, strlen(row->default_text));
		fputc(')', out);
	}
	if (strcmp(row->commands, "*") && !strchr(row->commands, ' ')) {
		fputs("; only ", out);
		print_bold(out, row->commands);
	}
	fputs(".\n", out);
}

static void print_synopsis(FILE *out)
{
	fputs(".SH SYNOPSIS\n", out);
	for (unsigned int i = 0; i < command_count; i++) {
		if (i)
			fputs(".br\n", out);
		print_bold(out, "memsonde");
		fputc(' ', out);
		if (!i)
			fputc('[', out);
		print_bold(out, commands[i].name);
		fputs(i ? " " : "] ", out);
		print_line(out, commands[i].synopsis);
	}
	fputs(".br\n\\fBmemsonde help\\fR [\\fICOMMAND\\fR]\n", out);
}

static void print_commands(FILE *out)
{
	fputs(".SH COMMANDS\n", out);
	for (unsigned int i = 0; i < command_count; i++) {
		fputs(".SS ", out);
		print_line(out, commands[i].name);
		print_text(out, commands[i].description);
	}
}

static void print_options(FILE *out)
{
	const char *group = "";

	fputs(".SH OPTIONS\n", out);
	for (unsigned int i = 0; i < option_row_count; i++) {
		if (strcmp(group, option_rows[i].group)) {
			group = option_rows[i].group;
			fprintf(out, ".SS %s\n", group);
		}
		print_option(out, &option_rows[i]);
	}
}

static void print_figures(FILE *out, const char *title, const struct figure *figures, int count)
{
	fputs(".SS ", out);
	print_line(out, title);
	for (int i = 0; i < count; i++) {
		fputs(".TP\n", out);
		print_bold(out, figures[i].path);
		fputc('\n', out);
		print_escaped(out, figures[i].help, strlen(figures[i].help));
		fputs(".\n", out);
	}
}

/* What the object of a process has beside figures. */
static void print_lists(FILE *out)
{
	static const char *const lists[] = {
		"heap.allocator, heap.source",
		"Which allocator serves malloc, and where its figures come from: \"twin\" means "
		"that its own functions were asked, in a copy of the process.",
		"limits.native_limited_by",
		"What limits.native_left is the distance to: container, address_space or "
		"available.",
		"stacks.threads",
		"The stacks that are nearest to their limits: thread, address space (mapped), "
		"limit, resident or swapped bytes (touched), and how deep it was ever used "
		"(deepest). threads_left_out counts the others.",
		"explain",
		"Why the process grew, heaviest first: cause, class, growth in all and per minute, "
		"and the evidence; only where explanations were worked out.",
	};

	fputs(".SS Beside figures\n", out);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i += 2) {
		fputs(".TP\n", out);
		print_bold(out, lists[i]);
		fputc('\n', out);
		print_line(out, lists[i + 1]);
	}
}

static void print_pairs(FILE *out, const char *title, const char *const *pairs)
{
	fputs(".SH ", out);
	print_line(out, title);
	for (; *pairs; pairs += 2) {
		fputs(".TP\n", out);
		print_bold(out, pairs[0]);
		fputc('\n', out);
		print_line(out, pairs[1]);
	}
}

static void print_examples(FILE *out)
{
	fputs(".SH EXAMPLES\n", out);
	for (unsigned int i = 0; i < command_count; i++) {
		for (const char *const *example = commands[i].examples; *example; example += 2) {
			fputs(".TP\n", out);
			print_bold(out, example[0]);
			fputc('\n', out);
			print_escaped(out, example[1], strlen(example[1]));
			fputs(".\n", out);
		}
	}
}

void generate_man_page(FILE *out)
{
	/* .nh: names that a reader may copy are not broken */
	fprintf(out,
		".\\\" SPDX-License-Identifier: GPL-2.0-only\n"
		".TH MEMSONDE 8 \"\" \"memsonde %s\" \"System administration\"\n"
		".nh\n.ad l\n"
		".SH NAME\nmemsonde \\- where the memory of live processes and containers goes\n",
		MEMSONDE_VERSION);
	print_synopsis(out);
	fputs(".SH DESCRIPTION\n", out);
	print_text(
		out,
		"memsonde shows where the memory of any process goes, from outside, with no "
		"restart, no flag and no change to it: what is resident and of which class, what "
		"made it grow, and which container it belongs to. It counts in the kernel with BPF "
		"programs, so it must run as root, or with the capabilities that 'memsonde check' "
		"names.\n\nResults go to standard output, everything else to standard error.");
	print_commands(out);
	print_options(out);
	fputs(".SH FIGURES\n", out);
	print_text(out,
		   "The names of JSON and CSV output and of --sort. Sizes are bytes. A dot parts "
		   "the levels of a JSON object.");
	print_figures(out, "Of a process", process_figures, PROCESS_FIGURE_COUNT);
	print_figures(out, "Of a container, in its object \"container\"", container_figures,
		      CONTAINER_FIGURE_COUNT);
	print_figures(out, "Of an isolate of V8, in an item of \"v8.isolates\"", isolate_figures,
		      ISOLATE_FIGURE_COUNT);
	print_text(out, "An item also has \"id\", \"tid\", the name of its \"thread\", and in "
			"\"spaces\" the committed and used bytes of each space of its heap.");
	print_lists(out);
	print_pairs(out, "EXIT STATUS", exit_status_texts);
	print_pairs(out, "ENVIRONMENT", environment_texts);
	print_examples(out);
	fputs(".SH SEE ALSO\n"
	      "\\fBproc\\fR(5), \\fBcgroups\\fR(7), \\fBcapabilities\\fR(7), \\fBtop\\fR(1)\n",
	      out);
}
