/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "command/commands.h"
#include "command/help.h"
#include "command/options.h"

static int run(const struct options *options)
{
	log_set_verbose(options->verbose);
	if (options->action == ACTION_HELP)
		help__print(stdout, options->command);
	else if (options->action == ACTION_VERSION)
		help__print_version(stdout);
	else
		return options->command->run(options);
	return EXIT_STATUS_DONE;
}

/* Results that did not arrive are a failure: a full disk must not look like success. A
 * reader that went away has had what it wanted. */
static int close_output(int status)
{
	int failed = ferror(stdout) ? errno : 0;

	if (fclose(stdout))
		failed = errno;
	if (!failed || failed == EPIPE)
		return status;
	log_error("standard output: %s", strerror(failed));
	return status == EXIT_STATUS_DONE ? EXIT_STATUS_FAILED : status;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = EXIT_STATUS_USAGE;

	setlocale(LC_CTYPE, "");
	if (!options__parse(&options, argc, argv))
		status = run(&options);
	options__release(&options);
	return close_output(status);
}
