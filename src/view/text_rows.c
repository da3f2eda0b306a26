/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/text_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define VALUE_WIDTH   11
#define SHARE_WIDTH   8
#define LEAST_BAR     20
#define MOST_BAR      60
#define BARS_OF_WIDTH (2 + LABEL_WIDTH + VALUE_WIDTH + SHARE_WIDTH + 2)

#define LEAST_PARAGRAPH 20
#define DEFAULT_WIDTH	100 /* of paragraphs where there is no limit */

/* --- lines --- */

void text_rows__print_title(struct output *output, const struct text_style *style, const char *name)
{
	output__add_char(output, '\n');
	text_table__add_line(output, style, TONE_TITLE, name);
}

static void add_padded(struct output *output, const char *text, size_t width, bool left)
{
	size_t columns = text__columns(text);
	size_t pad = columns < width ? width - columns : 0;

	if (!left)
		output__add_repeated(output, ' ', pad);
	output__add_text(output, text);
	if (left)
		output__add_repeated(output, ' ', pad);
}

void text_rows__print(struct output *output, const struct text_style *style, const char *label,
		      const char *value, const char *remark)
{
	struct output line;

	output__init(&line, -1);
	output__add_text(&line, "  ");
	add_padded(&line, label, LABEL_WIDTH, true);
	add_padded(&line, value, VALUE_WIDTH, false);
	if (*remark) {
		output__add_text(&line, "  ");
		output__add_text(&line, remark);
	}
	output__add_char(&line, '\0');
	text_table__add_line(output, style, TONE_PLAIN, line.data);
	output__release(&line);
}

const char *text_rows__label(const char *path, const char *section_prefix, char buffer[LABEL_SIZE])
{
	static const char *const plain_prefixes[] = {"mapped.", "lifecycle."};
	size_t skip = strlen(section_prefix), length;

	if (strncmp(path, section_prefix, skip) != 0)
		skip = 0;
	for (size_t i = 0; i < ARRAY_SIZE(plain_prefixes); i++) {
		if (strncmp(path, plain_prefixes[i], strlen(plain_prefixes[i])) == 0)
			skip = strlen(plain_prefixes[i]);
	}
	snprintf(buffer, LABEL_SIZE, "%s", path + skip);
	length = strlen(buffer);
	if (length > 3 && !strcmp(buffer + length - 3, "_ns")) /* values have their unit */
		buffer[length - 3] = '\0';
	for (char *c = buffer; *c; c++) {
		if (*c == '_' || *c == '.')
			*c = ' ';
	}
	return buffer;
}

/* --- bars --- */

static size_t bar_width(const struct text_style *style)
{
	size_t room;

	if (!style->width)
		return 40;
	room = style->width > BARS_OF_WIDTH ? style->width - BARS_OF_WIDTH : LEAST_BAR;
	return room < MOST_BAR ? room : MOST_BAR;
}

/* Two blanks and a bar. Eighths of a character where the terminal has them, so that small parts are
 * seen. */
static void add_bar(struct output *output, const struct text_style *style, double share)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = share * (double)bar_width(style);
	size_t parts = (size_t)(length * 8 + 0.5);

	if (style->ascii)
		parts = (size_t)(length + 0.5) * 8;
	else if (!parts && share > 0)
		parts = 1;
	if (!parts)
		return;
	output__add_text(output, "  ");
	for (size_t i = 0; i < parts / 8; i++)
		output__add_text(output, style->ascii ? "#" : "█");
	output__add_text(output, eighths[parts % 8]);
}

void text_rows__print_part(struct output *output, const struct text_style *style, const char *label,
			   figure_value value, figure_value whole)
{
	char amount[32], share[16] = "-";
	double part = 0;

	if (figure_known(value) && figure_known(whole) && whole > 0) {
		part = (double)value / (double)whole;
		snprintf(share, sizeof(share), "%.1f%%", part * 100);
	}
	/* unaccounted may be below 0: no bar shows that */
	part = part < 0 ? 0 : part > 1 ? 1 : part;
	output__add_text(output, "  ");
	add_padded(output, label, LABEL_WIDTH, true);
	add_padded(output, column__format(amount, sizeof(amount), UNIT_BYTES, value), VALUE_WIDTH,
		   false);
	add_padded(output, share, SHARE_WIDTH, false);
	add_bar(output, style, part);
	output__add_char(output, '\n');
}

/* --- paragraphs --- */

void text_rows__print_paragraph(struct output *output, const struct text_style *style,
				size_t indent, const char *text)
{
	size_t width = style->width ? style->width : DEFAULT_WIDTH;
	size_t columns = width > indent + LEAST_PARAGRAPH ? width - indent : LEAST_PARAGRAPH;

	while (*text) {
		size_t length = text__line_length(text, columns);
		char *line = xasprintf("%*s%.*s", (int)indent, "", (int)length, text);

		text_table__add_line(output, style, TONE_PLAIN, line);
		free(line);
		text += length;
		text += strspn(text, " ");
	}
}
