/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_TEXT_STYLE_H
#define MEMSONDE_COMMAND_TEXT_STYLE_H

#include "view/text_table.h"

struct options;

/* How text on standard output may look, by the options, the terminal and the environment. */
void text_style__read(struct text_style *style, const struct options *options);

#endif
