/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/text_style.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "command/options.h"

#define LEAST_WIDTH 80

/* COLUMNS counts everywhere, as the one who exports it wants; else it is the terminal
 * that has a width, and a file has none. */
void text_style__read(struct text_style *style, const struct options *options)
{
	const char *columns = getenv("COLUMNS"), *no_color = getenv("NO_COLOR");
	bool terminal = isatty(STDOUT_FILENO);
	struct winsize size = {0};

	*style = (struct text_style){
		.max_rows = (size_t)options->max_rows,
		.colour = terminal && !(no_color && *no_color),
		.ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		style->width = size.ws_col;
		style->height = size.ws_row;
	}
	if (columns && strtoul(columns, NULL, 10))
		style->width = (unsigned int)strtoul(columns, NULL, 10);
	else if (terminal && !style->width)
		style->width = LEAST_WIDTH;
	if (style->width && style->width < LEAST_WIDTH)
		style->width = LEAST_WIDTH;
}
