/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_TEXT_ROWS_H
#define MEMSONDE_VIEW_TEXT_ROWS_H

#include "model/figures.h"
#include "view/text_table.h"

/* The lines that the breakdown of one process consists of. */

#define LABEL_WIDTH 22
#define LABEL_SIZE  48

/* A blank line and the heading of a section. */
void text_rows__print_title(struct output *output, const struct text_style *style,
			    const char *title);

/* "  label  value  remark", cut to the width. */
void text_rows__print(struct output *output, const struct text_style *style, const char *label,
		      const char *value, const char *remark);

/* "  label  value  share" with a bar. */
void text_rows__print_part(struct output *output, const struct text_style *style, const char *label,
			   figure_value value, figure_value whole);

/* Text in as many lines as it needs, each behind so many blanks. */
void text_rows__print_paragraph(struct output *output, const struct text_style *style,
				size_t indent, const char *text);

/* "classes.array_buffers" is "classes array buffers" for people, and "array buffers" in
 * the section of classes. Returns buffer. */
const char *text_rows__label(const char *path, const char *section_prefix, char buffer[LABEL_SIZE]);

#endif
