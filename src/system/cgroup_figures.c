/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The figures of one group: two tables say which file, and which line of it, gives
 * which figure under v1 and under v2; what is worked out from several follows.
 */
#include "system/cgroup_mounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "system/open_beneath.h"

#define FIGURE_FILE_LIMIT_BYTES (64u << 10)

/* v1 writes the largest multiple of a page for "no limit"; pages have up to 64 KiB. */
#define V1_NO_LIMIT (INT64_MAX - 0xffff)

/* Values that become no figure themselves. */
enum extra_value {
	INACTIVE_FILE = CONTAINER_FIGURE_COUNT,
	MEMORY_AND_SWAP,
	HIERARCHICAL_LIMIT,
	VALUE_COUNT,
};

struct value_source {
	int value; /* enum container_figure or enum extra_value */
	const char *file;
	const char *key; /* the first word of the line; NULL: the file is the number */
};

/* Sources of one file stand together, so that it is read once. */
static const struct value_source v1_sources[] = {
	{CFIG_MEMORY_CURRENT, "memory.usage_in_bytes", NULL},
	{CFIG_MEMORY_PEAK, "memory.max_usage_in_bytes", NULL},
	{CFIG_MEMORY_KERNEL, "memory.kmem.usage_in_bytes", NULL},
	{CFIG_LIMIT_HITS, "memory.failcnt", NULL},
	{CFIG_OOM_KILLS, "memory.oom_control", "oom_kill"},
	{CFIG_MEMORY_ANON, "memory.stat", "total_rss"},
	{CFIG_MEMORY_FILE, "memory.stat", "total_cache"},
	{CFIG_MEMORY_SHMEM, "memory.stat", "total_shmem"},
	{CFIG_SWAP_CURRENT, "memory.stat", "total_swap"},
	{INACTIVE_FILE, "memory.stat", "total_inactive_file"},
	{HIERARCHICAL_LIMIT, "memory.stat", "hierarchical_memory_limit"},
	{MEMORY_AND_SWAP, "memory.memsw.usage_in_bytes", NULL},
};

static const struct value_source v2_sources[] = {
	{CFIG_MEMORY_CURRENT, "memory.current", NULL},
	{CFIG_MEMORY_PEAK, "memory.peak", NULL},
	{CFIG_SWAP_CURRENT, "memory.swap.current", NULL},
	{CFIG_OOM_KILLS, "memory.events", "oom_kill"},
	{CFIG_LIMIT_HITS, "memory.events", "max"},
	{CFIG_MEMORY_ANON, "memory.stat", "anon"},
	{CFIG_MEMORY_FILE, "memory.stat", "file"},
	{CFIG_MEMORY_SHMEM, "memory.stat", "shmem"},
	{CFIG_MEMORY_KERNEL, "memory.stat", "kernel"},
	{INACTIVE_FILE, "memory.stat", "inactive_file"},
};

/* A number that takes the rest of a line. Larger ones than a figure can hold end at
 * the largest: v1 has written 2^64 - 1 for "no limit". */
static figure_value parse_number(const char *text)
{
	uint64_t number = 0;
	bool too_large = false;

	if (*text < '0' || *text > '9')
		return FIGURE_UNKNOWN;
	for (; *text >= '0' && *text <= '9'; text++) {
		too_large |= number > (INT64_MAX - 9) / 10;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	if (*text != '\0' && *text != '\n')
		return FIGURE_UNKNOWN;
	return too_large ? INT64_MAX : (figure_value)number;
}

/* What follows "KEY " at the front of a line; NULL if there is no such line. */
static const char *find_key(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return text + length + 1;
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return NULL;
}

static void read_sources(int group_fd, const struct value_source *sources, size_t count,
			 figure_value values[VALUE_COUNT])
{
	const char *read_file = NULL;
	char *text = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct value_source *source = &sources[i];
		const char *number;

		if (!read_file || strcmp(read_file, source->file) != 0) {
			free(text);
			read_beneath(group_fd, source->file, FIGURE_FILE_LIMIT_BYTES, &text, NULL);
			read_file = source->file;
		}
		number = text && source->key ? find_key(text, source->key) : text;
		if (number)
			values[source->value] = parse_number(number);
	}
	free(text);
}

/* A limit, and what counts against it. */
struct level {
	figure_value limit, current;
};

static figure_value left_of(const struct level *level)
{
	return figure_known(level->current) ? level->limit - level->current : level->limit;
}

static void take_nearer(struct level *nearest, const struct level *level)
{
	if (figure_known(level->limit) &&
	    (!figure_known(nearest->limit) || left_of(level) < left_of(nearest)))
		*nearest = *level;
}

static figure_value read_one(int group_fd, const char *file)
{
	figure_value value = FIGURE_UNKNOWN;
	char *text;

	if (read_beneath(group_fd, file, FIGURE_FILE_LIMIT_BYTES, &text, NULL) == 0) {
		value = parse_number(text);
		free(text);
	}
	return value;
}

static struct level read_level(const struct cgroup_mounts *mounts, const char *path, bool is_v1)
{
	int fd = cgroup_mounts__open_group(mounts, TREE_MEMORY, path);
	struct level level = {FIGURE_UNKNOWN, FIGURE_UNKNOWN};

	if (fd < 0)
		return level;
	level.limit = read_one(fd, is_v1 ? "memory.limit_in_bytes" : "memory.max");
	if (is_v1 && level.limit >= V1_NO_LIMIT)
		level.limit = FIGURE_UNKNOWN;
	if (figure_known(level.limit))
		level.current = read_one(fd, is_v1 ? "memory.usage_in_bytes" : "memory.current");
	close(fd);
	return level;
}

/* Cuts the last element off; false at the top: at "/", or at "/.." and its like, above
 * which nothing has a name. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash[1] == '\0' || strcmp(slash, "/..") == 0)
		return false;
	slash[slash == path] = '\0';
	return true;
}

/* Of the limits of a group and of all above it the one that is reached first: others that are
 * below it use it up, too. */
static struct level nearest_limit(const struct cgroup_mounts *mounts, const char *path, bool is_v1)
{
	struct level nearest = {FIGURE_UNKNOWN, FIGURE_UNKNOWN};
	char *group = xstrdup(path);

	do {
		struct level level = read_level(mounts, group, is_v1);

		take_nearer(&nearest, &level);
	} while (go_up(group));
	free(group);
	return nearest;
}

/* Of a group that cannot be seen v1 tells the limit, though not what uses it. */
static void add_hidden_limit(struct level *nearest, const figure_value *values)
{
	struct level hidden = {values[HIERARCHICAL_LIMIT], values[CFIG_MEMORY_CURRENT]};

	if (hidden.limit < V1_NO_LIMIT)
		take_nearer(nearest, &hidden);
}

/* "1.23 ..." to 123; digits behind the second decimal are cut. */
static figure_value parse_hundredths(const char *text)
{
	figure_value value = 0;
	int decimals = -1; /* not behind the point yet */

	if (*text < '0' || *text > '9')
		return FIGURE_UNKNOWN;
	for (; *text && *text != ' ' && *text != '\n'; text++) {
		if (*text == '.' && decimals < 0) {
			decimals = 0;
		} else if (*text < '0' || *text > '9' || value > INT32_MAX) {
			return FIGURE_UNKNOWN;
		} else if (decimals < 2) {
			value = value * 10 + (*text - '0');
			decimals += decimals >= 0;
		}
	}
	for (decimals = decimals < 0 ? 0 : decimals; decimals < 2; decimals++)
		value *= 10;
	return value;
}

/* The line "some avg10=1.23 avg60=..." or its like. */
static figure_value parse_average(const char *text, const char *kind)
{
	const char *line = find_key(text, kind);

	if (!line || strncmp(line, "avg10=", 6) != 0)
		return FIGURE_UNKNOWN;
	return parse_hundredths(line + 6);
}

/* Pressure is v2's alone; beside a v1 memory hierarchy, the v2 group of the same path
 * is that of the same processes where the runtime made both, as all do. */
static void read_pressure(const struct cgroup_mounts *mounts, const char *path,
			  figure_value values[VALUE_COUNT])
{
	int fd = cgroup_mounts__open_group(mounts, TREE_UNIFIED, path);
	char *text;

	if (fd < 0)
		return;
	if (read_beneath(fd, "memory.pressure", FIGURE_FILE_LIMIT_BYTES, &text, NULL) == 0) {
		values[CFIG_PRESSURE_SOME] = parse_average(text, "some");
		values[CFIG_PRESSURE_FULL] = parse_average(text, "full");
		free(text);
	}
	close(fd);
}

static figure_value difference(figure_value a, figure_value b)
{
	if (!figure_known(a) || !figure_known(b))
		return FIGURE_UNKNOWN;
	return a > b ? a - b : 0;
}

/* To the nearest hundredth of a percent. */
static figure_value share(figure_value part, figure_value whole)
{
	if (!figure_known(part) || !figure_known(whole) || whole <= 0)
		return FIGURE_UNKNOWN;
	return (figure_value)((long double)part * 10000 / (long double)whole + 0.5L);
}

static void work_out(figure_value values[VALUE_COUNT])
{
	figure_value current = values[CFIG_MEMORY_CURRENT];

	values[CFIG_WORKING_SET] = difference(current, values[INACTIVE_FILE]);
	values[CFIG_MEMORY_LIMIT_USED] =
		share(values[CFIG_MEMORY_LIMIT_CURRENT], values[CFIG_MEMORY_LIMIT]);
	if (!figure_known(values[CFIG_SWAP_CURRENT]))
		values[CFIG_SWAP_CURRENT] = difference(values[MEMORY_AND_SWAP], current);
}

int cgroup__read_figures(const struct cgroup_mounts *mounts, const char *path,
			 figure_value figures[CONTAINER_FIGURE_COUNT])
{
	bool is_v1 = cgroup_mounts__memory_is_v1(mounts);
	figure_value values[VALUE_COUNT];
	struct level nearest;
	int fd;

	for (int i = 0; i < VALUE_COUNT; i++)
		values[i] = FIGURE_UNKNOWN;
	memcpy(figures, values, CONTAINER_FIGURE_COUNT * sizeof(*figures));
	fd = cgroup_mounts__open_group(mounts, TREE_MEMORY, path);
	if (fd < 0)
		return fd;

	if (is_v1)
		read_sources(fd, v1_sources, ARRAY_SIZE(v1_sources), values);
	else
		read_sources(fd, v2_sources, ARRAY_SIZE(v2_sources), values);
	close(fd);
	nearest = nearest_limit(mounts, path, is_v1);
	add_hidden_limit(&nearest, values);
	values[CFIG_MEMORY_LIMIT] = nearest.limit;
	values[CFIG_MEMORY_LIMIT_CURRENT] = nearest.current;
	read_pressure(mounts, path, values);
	work_out(values);
	memcpy(figures, values, CONTAINER_FIGURE_COUNT * sizeof(*figures));
	return 0;
}
