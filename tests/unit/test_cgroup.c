/* SPDX-License-Identifier: GPL-2.0-only */
/* Trees of figure files below tests/data/cgroup: hybrid/ recorded from a container that
 * had written 40 MiB, the others made up in the kernel's form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "system/cgroup.h"

#define DATA "tests/data/cgroup"
#define DB   "/shop/east/f3317120c8303ac64c454a84afbf8514ba35cb3ceaee6f434a92a9e06e887529"

#define MIB 1048576

static void assert_figure(const figure_value *figures, enum container_figure figure,
			  figure_value expected)
{
	if (figures[figure] != expected)
		fail_msg("figure %d is %lld, should be %lld", (int)figure,
			 (long long)figures[figure], (long long)expected);
}

static void read_figures(const char *root, const char *path, figure_value *figures)
{
	struct cgroup_mounts *mounts = cgroup_mounts__open(root);

	if (cgroup__read_figures(mounts, path, figures) != 0)
		fail_msg("%s: no group %s", root, path);
	cgroup_mounts__free(mounts);
}

static void test_cgroup__layouts(void **state)
{
	static const struct {
		const char *root;
		enum cgroup_layout layout;
		bool memory_is_v1;
	} cases[] = {
		{DATA "/v1", CGROUP_V1, true},	       {DATA "/v2", CGROUP_V2, false},
		{DATA "/hybrid", CGROUP_HYBRID, true}, {DATA "/bind", CGROUP_V2, false},
		{DATA "/nowhere", CGROUP_NONE, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_mounts *mounts = cgroup_mounts__open(cases[i].root);

		assert_int_equal(cgroup_mounts__layout(mounts), cases[i].layout);
		assert_int_equal(cgroup_mounts__memory_is_v1(mounts), cases[i].memory_is_v1);
		cgroup_mounts__free(mounts);
	}
	cgroup_mounts__free(NULL);
}

static void test_cgroup__figures_hybrid(void **state)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	read_figures(DATA "/hybrid", DB, figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 43515904);
	assert_figure(figures, CFIG_MEMORY_LIMIT, 128 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_USED, 3242); /* 32.42 % */
	assert_figure(figures, CFIG_WORKING_SET, 1572864);    /* "1.5MiB" of docker stats */
	assert_figure(figures, CFIG_MEMORY_PEAK, 44728320);
	assert_figure(figures, CFIG_MEMORY_ANON, 57344);
	assert_figure(figures, CFIG_MEMORY_FILE, 40 * MIB);
	assert_figure(figures, CFIG_MEMORY_SHMEM, 0);
	assert_figure(figures, CFIG_MEMORY_KERNEL, 1413120);
	assert_figure(figures, CFIG_SWAP_CURRENT, 0);
	assert_figure(figures, CFIG_OOM_KILLS, 0);
	assert_figure(figures, CFIG_LIMIT_HITS, 0);
	assert_figure(figures, CFIG_PRESSURE_SOME, 123);
	assert_figure(figures, CFIG_PRESSURE_FULL, 90);
	assert_figure(figures, CFIG_RSS_SUM, FIGURE_UNKNOWN);
	assert_figure(figures, CFIG_CLASS_LAST, FIGURE_UNKNOWN);
}

static void test_cgroup__figures_v1(void **state)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	read_figures(DATA "/v1", "/kubepods/pod1/c", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 128 * MIB);
	/* the pod's, above it, of which another container uses as much */
	assert_figure(figures, CFIG_MEMORY_LIMIT, 512 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_CURRENT, 256 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_USED, 5000);
	assert_figure(figures, CFIG_WORKING_SET, 0); /* never below, though 256 are inactive */
	assert_figure(figures, CFIG_MEMORY_ANON, 32 * MIB); /* total_rss, not rss */
	assert_figure(figures, CFIG_SWAP_CURRENT, 12288);   /* memsw less usage */
	assert_figure(figures, CFIG_OOM_KILLS, 3);
	assert_figure(figures, CFIG_LIMIT_HITS, FIGURE_UNKNOWN);
	assert_figure(figures, CFIG_MEMORY_SHMEM, FIGURE_UNKNOWN);
	assert_figure(figures, CFIG_PRESSURE_SOME, FIGURE_UNKNOWN);
}

static void test_cgroup__figures_v1_without_limit(void **state)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	read_figures(DATA "/v1", "/free", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 4096);
	assert_figure(figures, CFIG_MEMORY_LIMIT, FIGURE_UNKNOWN);
	assert_figure(figures, CFIG_MEMORY_LIMIT_USED, FIGURE_UNKNOWN);
	assert_figure(figures, CFIG_WORKING_SET, FIGURE_UNKNOWN);
}

static void test_cgroup__figures_v2(void **state)
{
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	read_figures(DATA "/v2", "/system.slice/docker-a.scope", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 100 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT, 200 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_USED, 5000);
	assert_figure(figures, CFIG_WORKING_SET, 70 * MIB);
	assert_figure(figures, CFIG_MEMORY_PEAK, 150000000);
	assert_figure(figures, CFIG_MEMORY_ANON, 50 * MIB);
	assert_figure(figures, CFIG_MEMORY_FILE, 40 * MIB);
	assert_figure(figures, CFIG_MEMORY_SHMEM, MIB);
	assert_figure(figures, CFIG_MEMORY_KERNEL, 10 * MIB);
	assert_figure(figures, CFIG_SWAP_CURRENT, 8192);
	assert_figure(figures, CFIG_OOM_KILLS, 1); /* not "oom", which came twice */
	assert_figure(figures, CFIG_LIMIT_HITS, 17);
	assert_figure(figures, CFIG_PRESSURE_SOME, 1205);
	assert_figure(figures, CFIG_PRESSURE_FULL, 10000);

	assert_figure(figures, CFIG_MEMORY_LIMIT_CURRENT, 100 * MIB);

	/* a limit above it is nearer than its own: its sibling uses that, too */
	read_figures(DATA "/v2", "/system.slice/docker-a.scope/nested", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 50 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT, 200 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_CURRENT, 100 * MIB);
	assert_figure(figures, CFIG_MEMORY_LIMIT_USED, 5000);
	assert_figure(figures, CFIG_MEMORY_PEAK, FIGURE_UNKNOWN);

	read_figures(DATA "/v2", "/system.slice", figures);
	assert_figure(figures, CFIG_MEMORY_LIMIT, FIGURE_UNKNOWN); /* "max" */
	/* the root has no files */
	read_figures(DATA "/v2", "/", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, FIGURE_UNKNOWN);
}

static void test_cgroup__figures_of_no_group(void **state)
{
	static const char *const paths[] = {
		"/nope", "/..", "/../x", "/system.slice/..", "/system.slice/../..", "x"};
	struct cgroup_mounts *mounts = cgroup_mounts__open(DATA "/v2");
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		figures[CFIG_MEMORY_CURRENT] = 1;
		assert_int_equal(cgroup__read_figures(mounts, paths[i], figures), -ENOENT);
		assert_figure(figures, CFIG_MEMORY_CURRENT, FIGURE_UNKNOWN);
	}
	cgroup_mounts__free(mounts);
}

static void test_cgroup__bind_mounts(void **state)
{
	struct cgroup_mounts *mounts = cgroup_mounts__open(DATA "/bind");
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	/* below a mount whose root is a group */
	assert_int_equal(cgroup__read_figures(mounts, "/machine/inner/app", figures), 0);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 12345);
	assert_figure(figures, CFIG_MEMORY_LIMIT, 20000);
	assert_int_equal(cgroup__read_figures(mounts, "/machine/other", figures), -ENOENT);
	/* above our cgroup namespace, where a mount shows that */
	assert_int_equal(cgroup__read_figures(mounts, "/../../sibling", figures), 0);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 777);
	/* the limit of "/" holds for what is below it, not for what is beside it */
	assert_figure(figures, CFIG_MEMORY_LIMIT, FIGURE_UNKNOWN);
	/* one level nearer: the name between is not known */
	assert_int_equal(cgroup__read_figures(mounts, "/../sibling", figures), -ENOENT);
	/* no way out of the mount */
	assert_int_equal(cgroup__read_figures(mounts, "/../../../secret", figures), -ENOENT);
	assert_int_equal(cgroup__read_figures(mounts, "/../../sibling/../../secret", figures),
			 -ENOENT);
	cgroup_mounts__free(mounts);
}

static void assert_chosen(const char *root, const char *argument, const char *expected)
{
	struct cgroup_mounts *mounts = cgroup_mounts__open(root);
	struct cgroup_choice choice;
	int error = cgroup_choice__find(&choice, mounts, argument);

	if (expected ? error != 0 || strcmp(choice.path, expected) != 0
		     : error != -ENOENT || choice.path)
		fail_msg("%s: %s is %s (%d)", root, argument, choice.path ? choice.path : "nothing",
			 error);
	cgroup_choice__release(&choice);
	cgroup_mounts__free(mounts);
}

static void test_cgroup__choice(void **state)
{
	(void)state;
	assert_chosen(DATA "/hybrid", DB, DB);
	assert_chosen(DATA "/hybrid", DB "/", DB);
	assert_chosen(DATA "/hybrid", "shop//east/./", "/shop/east");
	assert_chosen(DATA "/hybrid", "/shop/east/..", "/shop");
	assert_chosen(DATA "/hybrid", "/sys/fs/cgroup/memory/shop", "/shop");
	assert_chosen(DATA "/hybrid", "/sys/fs/cgroup/unified" DB, DB);
	assert_chosen(DATA "/hybrid", "/sys/fs/cgroup/cpu/shop", "/shop");
	assert_chosen(DATA "/hybrid", "/", "/");
	assert_chosen(DATA "/hybrid", "/sys/fs/cgroup/memory", "/");
	assert_chosen(DATA "/v2", "/sys/fs/cgroup/system.slice/docker-a.scope",
		      "/system.slice/docker-a.scope");
	assert_chosen(DATA "/bind", "/mnt/groups/app", "/machine/inner/app");
	assert_chosen(DATA "/bind", "/../../sibling", "/../../sibling");

	assert_chosen(DATA "/hybrid", "", NULL);
	assert_chosen(DATA "/hybrid", "/shops", NULL);
	assert_chosen(DATA "/hybrid", "/..", NULL);
	assert_chosen(DATA "/hybrid", "/sys/fs/cgroup/memory/../..", NULL);
	assert_chosen(DATA "/hybrid", "/etc", NULL);
	/* a figure file is no group */
	assert_chosen(DATA "/v2", "/system.slice/memory.max", NULL);
	assert_chosen(DATA "/nowhere", "/", NULL);
}

/* Two trees may have a group of one path, with other processes in it. */
static void test_cgroup__tree_of_a_choice(void **state)
{
	static const struct {
		const char *argument;
		bool in_memory_tree, in_unified_tree;
	} cases[] = {
		{"/both", true, true},
		{"both", true, true},
		{"/aside", false, true},
		{"/alone", true, false},
		{"/sys/fs/cgroup/memory/both", true, false},
		{"/sys/fs/cgroup/unified/both", false, true},
		{"/sys/fs/cgroup/unified/aside/", false, true},
		{"/sys/fs/cgroup/cpu/both", true, true},
	};
	struct cgroup_mounts *mounts = cgroup_mounts__open(DATA "/hybrid");
	struct cgroup_choice choice;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(cgroup_choice__find(&choice, mounts, cases[i].argument), 0);
		if (choice.in_tree[TREE_MEMORY] != cases[i].in_memory_tree ||
		    choice.in_tree[TREE_UNIFIED] != cases[i].in_unified_tree)
			fail_msg("%s: memory %d, unified %d", cases[i].argument,
				 choice.in_tree[TREE_MEMORY], choice.in_tree[TREE_UNIFIED]);
		cgroup_choice__release(&choice);
	}
	assert_int_equal(cgroup_choice__find(&choice, mounts, "/sys/fs/cgroup/memory/aside"),
			 -ENOENT);
	assert_int_equal(cgroup_choice__find(&choice, mounts, "/sys/fs/cgroup/unified/alone"),
			 -ENOENT);
	cgroup_mounts__free(mounts);
}

static void test_cgroup__choice_has(void **state)
{
	struct cgroup_choice choice = {.path = "/a", .in_tree = {[TREE_UNIFIED] = true}};
	struct cgroup_paths paths = {.unified = "/a/b", .memory = "/c/d/e"};

	(void)state;
	assert_true(cgroup_choice__has(&choice, &paths));
	choice.path = "/c";
	assert_false(cgroup_choice__has(&choice, &paths));
	choice.in_tree[TREE_MEMORY] = true;
	assert_true(cgroup_choice__has(&choice, &paths));
	paths.memory = NULL;
	assert_false(cgroup_choice__has(&choice, &paths));
	choice = (struct cgroup_choice){0};
	assert_false(cgroup_choice__has(&choice, &paths));
}

static void assert_paths(const char *text, bool memory_is_v1, const char *unified,
			 const char *memory, const char *best)
{
	struct cgroup_paths paths;

	assert_int_equal(cgroup_paths__parse(&paths, text, strlen(text), memory_is_v1), 0);
	if (unified)
		assert_string_equal(paths.unified, unified);
	else
		assert_null(paths.unified);
	if (memory)
		assert_string_equal(paths.memory, memory);
	else
		assert_null(paths.memory);
	assert_string_equal(cgroup_paths__best(&paths), best);
	cgroup_paths__release(&paths);
	assert_null(cgroup_paths__best(&paths));
}

static void test_cgroup__parse_paths(void **state)
{
	(void)state;
	assert_paths("0::/system.slice/ssh.service\n", false, "/system.slice/ssh.service",
		     "/system.slice/ssh.service", "/system.slice/ssh.service");
	assert_paths("0::/a", false, "/a", "/a", "/a");
	assert_paths("0::/\n", false, "/", "/", "/");
	assert_paths("0::/a (deleted)\n", false, "/a", "/a", "/a");
	assert_paths("0::/a:b\n", false, "/a:b", "/a:b", "/a:b");
	assert_paths("0::/../x\n", false, "/../x", "/../x", "/../x");
	/* v1 alone; one hierarchy may have several controllers */
	assert_paths("9:cpu,cpuacct:/c\n4:hugetlb,memory:/m/n\n1:name=systemd:/s\n", true, NULL,
		     "/m/n", "/m/n");
	assert_paths("3:memoryx:/no\n2:memory:/yes:memory:/x\n", true, NULL, "/yes:memory:/x",
		     "/yes:memory:/x");
	/* hybrid: the deeper of the two is the better one to show */
	assert_paths("4:memory:/process_api/1\n0::/\n", true, "/", "/process_api/1",
		     "/process_api/1");
	assert_paths("4:memory:/user.slice\n0::/user.slice/user-1.slice/a.service\n", true,
		     "/user.slice/user-1.slice/a.service", "/user.slice",
		     "/user.slice/user-1.slice/a.service");
	assert_paths("4:memory:/a\n0::/b\n", true, "/b", "/a", "/a");
	/* memory under v1, but this process has no line of it */
	assert_paths("0::/b\n", true, "/b", NULL, "/b");
	/* what is no line is passed over */
	assert_paths("\nx\n0:\n0::\n0::relative\n0::/ok\n", false, "/ok", "/ok", "/ok");
}

static void test_cgroup__parse_nothing(void **state)
{
	static const char *const texts[] = {"", "\n", "0", "0:", "0::", ":", "::", "4:cpu:/x"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cgroup_paths paths;
		/* exactly as long as it is, so that a sanitizer sees a step too far */
		size_t length = strlen(texts[i]);
		char *text = malloc(length ? length : 1);

		memcpy(text, texts[i], length);
		assert_int_equal(cgroup_paths__parse(&paths, text, length, true), -EINVAL);
		assert_null(cgroup_paths__best(&paths));
		cgroup_paths__release(&paths);
		free(text);
	}
}

static void test_cgroup__read_paths(void **state)
{
	struct cgroup_paths paths;

	(void)state;
	assert_int_equal(cgroup_paths__read(&paths, DATA "/hybrid", 779), 0);
	assert_string_equal(paths.unified, DB);
	assert_string_equal(paths.memory, DB);
	cgroup_paths__release(&paths);
	assert_int_equal(cgroup_paths__read(&paths, DATA "/hybrid", 780), -ESRCH);
	assert_null(paths.memory);
	/* the real one of this process, whatever the machine's layout */
	assert_int_equal(cgroup_paths__read(&paths, "", getpid()), 0);
	assert_non_null(cgroup_paths__best(&paths));
	cgroup_paths__release(&paths);
}

static void test_cgroup__is_within(void **state)
{
	(void)state;
	assert_true(cgroup__is_within("/a/b", "/a"));
	assert_true(cgroup__is_within("/a/b", "/a/"));
	assert_true(cgroup__is_within("/a", "/a"));
	assert_true(cgroup__is_within("/a", "/"));
	assert_true(cgroup__is_within("/", "/"));
	assert_true(cgroup__is_within("/..a", "/"));
	assert_true(cgroup__is_within("/../x", "/.."));
	assert_false(cgroup__is_within("/ab", "/a"));
	assert_false(cgroup__is_within("/a", "/a/b"));
	assert_false(cgroup__is_within("/", "/a"));
	assert_false(cgroup__is_within("/..", "/"));
	assert_false(cgroup__is_within("/../x", "/"));
	assert_false(cgroup__is_within("/../../x", "/.."));
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static void write_below(const char *root, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* Values that no kernel writes today, and files that are no files. */
static void test_cgroup__odd_files(void **state)
{
	static const struct {
		const char *current, *pressure;
		figure_value expected, expected_pressure;
	} cases[] = {
		{"", "", FIGURE_UNKNOWN, FIGURE_UNKNOWN},
		{"-1\n", "some avg10=\n", FIGURE_UNKNOWN, FIGURE_UNKNOWN},
		{"12x\n", "some avg10=1.x\n", FIGURE_UNKNOWN, FIGURE_UNKNOWN},
		{"0", "some avg10=7 avg60=1\n", 0, 700},
		{"9223372036854775807\n", "some avg10=0.5\n", INT64_MAX, 50},
		{"99999999999999999999999\n", "some avg10=1.239\n", INT64_MAX, 123},
		{" 5\n", "full avg10=1.00\n", FIGURE_UNKNOWN, FIGURE_UNKNOWN},
	};
	char root[] = "/tmp/test_cgroup.XXXXXX", path[256];
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	assert_non_null(mkdtemp(root));
	write_below(root, "proc/self/mountinfo", "garbage\n1 2 3 / /g rw - cgroup2 c rw\n- -\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_below(root, "g/x/memory.current", cases[i].current);
		write_below(root, "g/x/memory.pressure", cases[i].pressure);
		read_figures(root, "/x", figures);
		assert_figure(figures, CFIG_MEMORY_CURRENT, cases[i].expected);
		assert_figure(figures, CFIG_PRESSURE_SOME, cases[i].expected_pressure);
	}

	write_below(root, "secret", "42\n");
	snprintf(path, sizeof(path), "%s/g/x/memory.current", root);
	unlink(path);
	assert_int_equal(symlink("../../secret", path), 0);
	read_figures(root, "/x", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, FIGURE_UNKNOWN);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(10);
	read_figures(root, "/x", figures);
	alarm(0);
	assert_figure(figures, CFIG_MEMORY_CURRENT, FIGURE_UNKNOWN);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_cgroup__escaped_mount_point(void **state)
{
	char root[] = "/tmp/test_cgroup.XXXXXX";
	figure_value figures[CONTAINER_FIGURE_COUNT];

	(void)state;
	assert_non_null(mkdtemp(root));
	write_below(root, "proc/self/mountinfo",
		    "1 0 0:26 / /my\\040groups\\011\\134x\\9 rw - cgroup2 c rw\n");
	write_below(root, "my groups\t\\x\\9/a/memory.current", "6\n");
	read_figures(root, "/a", figures);
	assert_figure(figures, CFIG_MEMORY_CURRENT, 6);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cgroup__layouts),
		cmocka_unit_test(test_cgroup__figures_hybrid),
		cmocka_unit_test(test_cgroup__figures_v1),
		cmocka_unit_test(test_cgroup__figures_v1_without_limit),
		cmocka_unit_test(test_cgroup__figures_v2),
		cmocka_unit_test(test_cgroup__figures_of_no_group),
		cmocka_unit_test(test_cgroup__bind_mounts),
		cmocka_unit_test(test_cgroup__choice),
		cmocka_unit_test(test_cgroup__tree_of_a_choice),
		cmocka_unit_test(test_cgroup__choice_has),
		cmocka_unit_test(test_cgroup__parse_paths),
		cmocka_unit_test(test_cgroup__parse_nothing),
		cmocka_unit_test(test_cgroup__read_paths),
		cmocka_unit_test(test_cgroup__is_within),
		cmocka_unit_test(test_cgroup__odd_files),
		cmocka_unit_test(test_cgroup__escaped_mount_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
