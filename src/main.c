/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "command/commands.h"
#include "command/help.h"
#include "command/options.h"

/* What is closed at the start becomes /dev/null: else the next file of ours would get its
 * number, and results or messages would be written into that. */
static int open_standard_files(bool *has_output)
{
	*has_output = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* the lowest that is free is the one */
		if (open("/dev/null", O_RDWR) != fd) {
			log_error("/dev/null: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

static int run(const struct options *options, bool has_output)
{
	log_set_verbose(options->verbose);
	if (!has_output) {
		log_error("standard output is closed");
		return EXIT_STATUS_FAILED;
	}
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
	bool has_output;

	if (open_standard_files(&has_output))
		return EXIT_STATUS_FAILED;
	setlocale(LC_CTYPE, "");
	if (!options__parse(&options, argc, argv))
		status = run(&options, has_output);
	options__release(&options);
	return close_output(status);
}
