/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "model/explain.h"

const char *const explain_cause_names[EXPLAIN_CAUSE_COUNT] = {
	[CAUSE_BUFFERS_HELD] = "buffers_held",
	[CAUSE_OBJECTS_HELD] = "objects_held",
	[CAUSE_SLACK] = "slack",
	[CAUSE_NATIVE_HELD] = "native_held",
	[CAUSE_STACKS] = "stacks",
	[CAUSE_FILE_CACHE] = "file_cache",
	[CAUSE_NEAR_HEAP_LIMIT] = "near_heap_limit",
	[CAUSE_NEAR_CONTAINER_LIMIT] = "near_container_limit",
	[CAUSE_UNEXPLAINED] = "unexplained",
};

int explain_cause__find(const char *name)
{
	for (int i = 0; i < EXPLAIN_CAUSE_COUNT; i++)
		if (!strcmp(explain_cause_names[i], name))
			return i;
	return -1;
}

static const char class_prefix[] = "classes.";

const char *explanation__class_name(const struct explanation *explanation)
{
	if (explanation->class < FIG_CLASS_FIRST || explanation->class > FIG_CLASS_LAST)
		return NULL;
	return process_figures[explanation->class].path + strlen(class_prefix);
}

int explain_class__find(const char *name)
{
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		if (!strcmp(process_figures[i].path + strlen(class_prefix), name))
			return i;
	return -1;
}
