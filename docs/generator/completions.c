/* SPDX-License-Identifier: GPL-2.0-only */
/* Completions for bash, zsh and fish. */
#include "generator.h"

#include <string.h>

#include "command/commands.h"
#include "command/option_table.h"
#include "model/figures.h"

/* Every word that an argument of the row may be, parted by spaces. */
static void print_words(FILE *out, const struct option_row *row)
{
	if (row->completion == COMPLETE_CHOICES)
		for (int i = 0; row->choices[i]; i++)
			fprintf(out, "%s%s", i ? " " : "", row->choices[i]);
	if (row->completion == COMPLETE_FIGURE)
		for (int i = 0; i < PROCESS_FIGURE_COUNT; i++)
			fprintf(out, "%s%s", i ? " " : "", process_figures[i].path);
}

/* Text within single quotes of bash, zsh and fish alike: an apostrophe has another form
 * in each, so a typographic one stands for it. Characters of `special` get a backslash. */
static void print_quoted(FILE *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			fputc('\\', out);
		if (*text == '\'')
			fputs("\xe2\x80\x99", out);
		else
			fputc(*text, out);
	}
}

static void print_command_names(FILE *out, const char *separator)
{
	for (unsigned int i = 0; i < command_count; i++)
		fprintf(out, "%s%s", commands[i].name, separator);
	fputs("help", out);
}

/* ---- bash ---- */

static void print_bash_option_words(FILE *out, const char *command)
{
	const char *before = "";

	for (unsigned int i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!option_row__is_for(row, command))
			continue;
		if (row->short_name)
			fprintf(out, "%s-%c", before, row->short_name);
		else
			fprintf(out, "%s", before);
		fprintf(out, "%s--%s", row->short_name ? " " : "", row->long_name);
		before = " ";
	}
}

static void print_bash_argument(FILE *out, const struct option_row *row)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = ":",
		[COMPLETE_PID] = "_memsonde_words \"$(cd /proc && echo [0-9]*)\"",
		[COMPLETE_FILE] = "_memsonde_files -f",
		[COMPLETE_DIRECTORY] = "_memsonde_files -d",
	};

	fputs("\t", out);
	if (row->short_name)
		fprintf(out, "-%c | ", row->short_name);
	fprintf(out, "--%s) ", row->long_name);
	if (row->completion == COMPLETE_CHOICES || row->completion == COMPLETE_FIGURE) {
		fputs("_memsonde_words '", out);
		print_words(out, row);
		fputc('\'', out);
	} else {
		fputs(actions[row->completion], out);
	}
	fputs(" ;;\n", out);
}

static const char bash_head[] =
	"# bash completion of memsonde; generated from its table of options\n"
	"\n"
	"_memsonde_words() {\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\")\n"
	"}\n"
	"\n"
	"_memsonde_files() {\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
	"}\n"
	"\n"
	"_memsonde() {\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command=top options i\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	"\t\tif ((i + 1 == COMP_CWORD)); then _memsonde_files -c; else _memsonde_files -f; fi\n"
	"\t\treturn\n"
	"\tdone\n"
	"\t# --option=value comes as three words\n"
	"\tif [[ $current == = ]]; then\n"
	"\t\tcurrent=\n"
	"\telif [[ $previous == = ]]; then\n"
	"\t\tprevious=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n";

void generate_bash_completion(FILE *out)
{
	fputs(bash_head, out);
	fputs("\tif ((COMP_CWORD == 1)) && [[ $current != -* ]]; then\n\t\t_memsonde_words '", out);
	print_command_names(out, " ");
	fputs("'\n\t\treturn\n\tfi\n"
	      "\t[[ ${COMP_WORDS[1]} == -* ]] || command=${COMP_WORDS[1]}\n"
	      "\tcase $command in\n",
	      out);
	for (unsigned int i = 0; i < command_count; i++) {
		fprintf(out, "\t%s) options='", commands[i].name);
		print_bash_option_words(out, commands[i].name);
		fputs("' ;;\n", out);
	}
	fputs("\thelp)\n\t\t((COMP_CWORD == 2)) && _memsonde_words '", out);
	print_command_names(out, " ");
	fputs("'\n\t\treturn\n\t\t;;\n\t*) return ;;\n\tesac\n\tcase $previous in\n", out);
	for (unsigned int i = 0; i < option_row_count; i++)
		if (option_rows[i].argument)
			print_bash_argument(out, &option_rows[i]);
	fputs("\t*) _memsonde_words \"$options\" ;;\n\tesac\n}\n\n"
	      "complete -F _memsonde memsonde\n",
	      out);
}

/* ---- zsh ---- */

static void print_zsh_option(FILE *out, const struct option_row *row)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = " ",
		[COMPLETE_PID] = "_pids",
		[COMPLETE_FILE] = "_files",
		[COMPLETE_DIRECTORY] = "_files -/",
	};
	const char *equals = row->argument ? "=" : "";

	if (row->short_name)
		fprintf(out, " \\\n\t\t\t'*'{-%c%s,--%s%s}'[", row->short_name,
			row->argument ? "+" : "", row->long_name, equals);
	else
		fprintf(out, " \\\n\t\t\t'*--%s%s[", row->long_name, equals);
	print_quoted(out, row->help, "[]:\\");
	fputc(']', out);
	if (row->argument) {
		fputc(':', out);
		print_quoted(out, row->argument, "[]:\\");
		fputc(':', out);
		if (row->completion == COMPLETE_CHOICES || row->completion == COMPLETE_FIGURE) {
			fputc('(', out);
			print_words(out, row);
			fputc(')', out);
		} else {
			fputs(actions[row->completion], out);
		}
	}
	fputc('\'', out);
}

static void print_zsh_command(FILE *out, const struct command *command)
{
	fprintf(out, "\t%s)\n\t\t_arguments -s -S", command->name);
	for (unsigned int i = 0; i < option_row_count; i++)
		if (option_row__is_for(&option_rows[i], command->name))
			print_zsh_option(out, &option_rows[i]);
	if (strstr(command->synopsis, "-- CMD"))
		fputs(" \\\n\t\t\t'(-)1:command to start: _command_names -e' '*::argument: "
		      "_normal'",
		      out);
	fputs("\n\t\t;;\n", out);
}

void generate_zsh_completion(FILE *out)
{
	fputs("#compdef memsonde\n"
	      "# zsh completion of memsonde; generated from its table of options\n\n"
	      "_memsonde() {\n"
	      "\tlocal command=top\n"
	      "\tlocal -a commands=(\n",
	      out);
	for (unsigned int i = 0; i < command_count; i++) {
		fprintf(out, "\t\t'%s:", commands[i].name);
		print_quoted(out, commands[i].summary, ":\\");
		fputs("'\n", out);
	}
	fputs("\t\t'help:tell about a command'\n\t)\n\n"
	      "\tif ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then\n"
	      "\t\t_describe command commands\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\tif [[ $words[2] != -* ]]; then\n"
	      "\t\tcommand=$words[2]\n"
	      "\t\tshift words\n"
	      "\t\t((CURRENT--))\n"
	      "\tfi\n"
	      "\tcase $command in\n",
	      out);
	for (unsigned int i = 0; i < command_count; i++)
		print_zsh_command(out, &commands[i]);
	fputs("\thelp) _describe command commands ;;\n\tesac\n}\n\n_memsonde \"$@\"\n", out);
}

/* ---- fish ---- */

static void print_fish_option(FILE *out, const struct option_row *row)
{
	static const char *const actions[] = {
		[COMPLETE_NOTHING] = " -x",
		[COMPLETE_PID] = " -x -a '(__fish_complete_pids)'",
		[COMPLETE_FILE] = " -r -F",
		[COMPLETE_DIRECTORY] = " -x -a '(__fish_complete_directories)'",
	};

	fputs("complete -c memsonde -n '__memsonde_is", out);
	if (!strcmp(row->commands, "*"))
		for (unsigned int i = 0; i < command_count; i++)
			fprintf(out, " %s", commands[i].name);
	else
		fprintf(out, " %s", row->commands);
	fputc('\'', out);
	if (row->short_name)
		fprintf(out, " -s %c", row->short_name);
	fprintf(out, " -l %s", row->long_name);
	if (row->argument &&
	    (row->completion == COMPLETE_CHOICES || row->completion == COMPLETE_FIGURE)) {
		fputs(" -x -a '", out);
		print_words(out, row);
		fputc('\'', out);
	} else if (row->argument) {
		fputs(actions[row->completion], out);
	}
	fputs(" -d '", out);
	print_quoted(out, row->help, "\\");
	fputs("'\n", out);
}

void generate_fish_completion(FILE *out)
{
	fputs("# fish completion of memsonde; generated from its table of options\n\n"
	      "# Whether the command line is one of these commands, and not yet behind --.\n"
	      "function __memsonde_is\n"
	      "\tset -l words (commandline -opc)\n"
	      "\tset -l command top\n"
	      "\tcontains -- -- $words; and return 1\n"
	      "\tif set -q words[2]; and not string match -q -- '-*' $words[2]\n"
	      "\t\tset command $words[2]\n"
	      "\tend\n"
	      "\tcontains -- $command $argv\n"
	      "end\n\n"
	      "complete -c memsonde -f\n"
	      "complete -c memsonde -n 'contains -- -- (commandline -opc)' -F\n",
	      out);
	for (unsigned int i = 0; i < command_count; i++) {
		fprintf(out, "complete -c memsonde -n __fish_use_subcommand -a %s -d '",
			commands[i].name);
		print_quoted(out, commands[i].summary, "\\");
		fputs("'\n", out);
	}
	fputs("complete -c memsonde -n __fish_use_subcommand -a help -d 'tell about a command'\n"
	      "complete -c memsonde -n '__memsonde_is help' -a '",
	      out);
	print_command_names(out, " ");
	fputs("'\n", out);
	for (unsigned int i = 0; i < option_row_count; i++)
		print_fish_option(out, &option_rows[i]);
}
