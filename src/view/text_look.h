/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_LOOK_H
#define MEMSONDE_VIEW_TEXT_LOOK_H

#include "view/look.h"
#include "view/text_table.h"

/* One look for people: a line about the whole, then the processes, those that exited,
 * the containers, and what was lost. */
void text_look__print(struct output *output, const struct text_style *style,
		      const struct look *look);

/* The first line of a look: time, interval, and what the machine has left. */
void text_look__print_headline(struct output *output, const struct text_style *style,
			       const struct look *look);

/* The section of the containers; nothing where there are none. */
void text_look__print_containers(struct output *output, const struct text_style *style,
				 const struct look *look);

/* A line about each kind of loss; nothing where nothing was lost. */
void text_look__print_losses(struct output *output, const struct text_style *style,
			     const struct look *look);

#endif
