/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/tui/list.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "view/tui/grid.h"

static bool same_id(struct list_id a, struct list_id b)
{
	return a.high == b.high && a.low == b.low;
}

void list__init(struct list *list, const struct list_kind *kind, const struct column *sort,
		bool descending)
{
	*list = (struct list){.kind = kind, .sort = sort, .descending = descending};
}

void list__release(struct list *list)
{
	free(list->rows);
	free(list->tags);
	list->rows = NULL;
	list->tags = NULL;
	list->count = list->capacity = list->tag_count = list->tag_capacity = 0;
}

static void remember_selected(struct list *list)
{
	list->has_selected_id = list->count > 0;
	if (list->count)
		list->selected_id = list->kind->id(list->rows[list->selected]);
}

/* The row that was selected, or else whichever has come into its place. */
static void find_selected(struct list *list)
{
	for (size_t i = 0; list->has_selected_id && i < list->count; i++) {
		if (same_id(list->kind->id(list->rows[i]), list->selected_id)) {
			list->selected = i;
			return;
		}
	}
	if (list->selected >= list->count)
		list->selected = list->count ? list->count - 1 : 0;
	remember_selected(list);
}

static size_t find_tag(const struct list *list, struct list_id id)
{
	size_t i = 0;

	while (i < list->tag_count && !same_id(list->tags[i], id))
		i++;
	return i;
}

/* Keeps only those tags whose rows are there, filtered out or not. */
static void drop_stale_tags(struct list *list, const void *const *rows, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; list->tag_count && i < count; i++) {
		struct list_id id = list->kind->id(rows[i]);
		size_t found = find_tag(list, id);

		if (found >= kept && found < list->tag_count) {
			list->tags[found] = list->tags[kept];
			list->tags[kept++] = id;
		}
	}
	list->tag_count = kept;
}

void list__set_rows(struct list *list, const void *const *rows, size_t count,
		    const struct column_context *context)
{
	if (count > list->capacity) {
		list->capacity = count + count / 4;
		list->rows = xreallocarray(list->rows, list->capacity, sizeof *list->rows);
	}
	list->count = 0;
	list->unfiltered_count = count;
	for (size_t i = 0; i < count; i++) {
		if (!list->filter[0] || list->kind->matches(rows[i], context, list->filter))
			list->rows[list->count++] = rows[i];
	}
	if (list->sort)
		column__sort(list->sort, context, list->descending, list->rows, list->count);
	drop_stale_tags(list, rows, count);
	find_selected(list);
}

const void *list__selected(const struct list *list)
{
	return list->count ? list->rows[list->selected] : NULL;
}

void list__select(struct list *list, size_t index)
{
	list->selected = index < list->count ? index : list->count ? list->count - 1 : 0;
	remember_selected(list);
}

void list__move(struct list *list, long rows)
{
	if (rows < 0 && (size_t)-rows > list->selected)
		list__select(list, 0);
	else
		list__select(list, list->selected + rows);
}

void list__move_pages(struct list *list, long pages)
{
	long page = list->page > 1 ? (long)list->page - 1 : 1;

	list__move(list, pages * page);
}

bool list__search(struct list *list, const struct column_context *context, const char *text,
		  bool from_next)
{
	for (size_t i = 0; text[0] && i < list->count; i++) {
		size_t at = (list->selected + i + from_next) % list->count;

		if (list->kind->matches(list->rows[at], context, text)) {
			list__select(list, at);
			return true;
		}
	}
	return false;
}

void list__toggle_tag(struct list *list, const void *row)
{
	struct list_id id = list->kind->id(row);
	size_t found = find_tag(list, id);

	if (found < list->tag_count) {
		list->tags[found] = list->tags[--list->tag_count];
		return;
	}
	ARRAY_GROW(list->tags, list->tag_count, list->tag_capacity);
	list->tags[list->tag_count++] = id;
}

void list__untag_all(struct list *list)
{
	list->tag_count = 0;
}

bool list__is_tagged(const struct list *list, const void *row)
{
	return list->tag_count && find_tag(list, list->kind->id(row)) < list->tag_count;
}

/* Scrolls no further than needed, and leaves no empty line while rows are left. */
static void scroll_to_selected(struct list *list)
{
	if (list->selected < list->top)
		list->top = list->selected;
	if (list->page && list->selected >= list->top + list->page)
		list->top = list->selected - list->page + 1;
	if (list->top + list->page > list->count)
		list->top = list->count > list->page ? list->count - list->page : 0;
}

void list__draw(struct list *list, struct grid *grid, int y, int height, list_draw_row draw_row,
		void *argument)
{
	list->page = height > 0 ? height : 0;
	scroll_to_selected(list);
	for (size_t i = 0; i < list->page && list->top + i < list->count; i++) {
		const void *row = list->rows[list->top + i];

		draw_row(argument, grid, y + (int)i, row, list->top + i == list->selected,
			 list__is_tagged(list, row));
	}
}

bool text_holds(const char *haystack, const char *needle)
{
	return haystack && strcasestr(haystack, needle);
}
