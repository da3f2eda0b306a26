/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "system/open_beneath.h"

/* A folder with d/file, and everything that must not be opened, in d. */
static char folder[] = "/tmp/test_open_beneath.XXXXXX";

static char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, size_t length)
{
	FILE *file = fopen(in_folder(name), "w");

	assert_non_null(file);
	for (size_t i = 0; i < length; i++)
		fputc('a' + (int)(i % 26), file);
	assert_int_equal(fclose(file), 0);
}

static void make_socket(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", in_folder(name));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(folder) || mkdir(in_folder("d"), 0700) != 0 ||
	    mkfifo(in_folder("d/fifo"), 0600) != 0 || symlink("file", in_folder("d/near")) != 0 ||
	    symlink("../outside", in_folder("d/up")) != 0 ||
	    symlink("/outside", in_folder("d/absolute")) != 0 ||
	    symlink("loop", in_folder("d/loop")) != 0 || symlink("/d", in_folder("link_to_d")) != 0)
		return -1;
	make_socket("d/socket");
	write_file("d/file", 5);
	write_file("outside", 7);
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void test_open_beneath__takes_regular_files_only(void **state)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {
		{"fifo", -EINVAL}, {"socket", -EINVAL},
		{".", -EINVAL},	   {"", -EINVAL},
		{"near", -ELOOP},  {"up", -ELOOP},
		{"loop", -ELOOP},  {"absolute", -ELOOP},
		{"..", -EXDEV},	   {"../outside", -EXDEV},
		{"none", -ENOENT}, {"file/x", -ENOTDIR},
		{"../d", -EXDEV},  {"../../etc/passwd", -EXDEV},
	};
	int fd = open_directory_in_root(folder, "/d");

	(void)state;
	assert_true(fd >= 0);
	alarm(10);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (open_beneath(fd, cases[i].path) != cases[i].error)
			fail_msg("\"%s\" is not %d", cases[i].path, cases[i].error);
	alarm(0);
	close(fd);
}

static void test_open_beneath__opens_harmlessly(void **state)
{
	int directory = open_directory_in_root(folder, "d");
	int fd = open_beneath(directory, "file");

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(directory, F_GETFD) & FD_CLOEXEC);
	close(fd);
	close(directory);
}

static void assert_length_in_root(const char *path, size_t expected)
{
	char *bytes;
	size_t length;

	assert_int_equal(read_in_root(folder, path, 100, &bytes, &length), 0);
	assert_int_equal(length, expected);
	free(bytes);
}

static void test_open_beneath__links_stay_in_root(void **state)
{
	char *bytes;

	(void)state;
	assert_length_in_root("/d/file", 5);
	assert_length_in_root("d/near", 5);
	assert_length_in_root("/link_to_d/file", 5);
	/* from the root, not from "/", and no further up than the root */
	assert_length_in_root("/d/absolute", 7);
	assert_length_in_root("/../../outside", 7);
	assert_int_equal(read_in_root(folder, "/etc/passwd", 100000, &bytes, NULL), -ENOENT);
	assert_null(bytes);
	assert_int_equal(read_in_root(folder, "/d/fifo", 100, &bytes, NULL), -EINVAL);
	assert_int_equal(read_in_root("/tmp/no such root", "/x", 100, &bytes, NULL), -ENOENT);
	assert_int_equal(open_directory_in_root(folder, "d/file"), -ENOTDIR);
	/* /proc/self/root would lead out by no path at all */
	assert_int_equal(read_in_root("/proc/self", "root/etc/passwd", 100000, &bytes, NULL),
			 -ELOOP);
}

static void test_open_beneath__directories(void **state)
{
	int fd = open_directory_in_root(folder, "");
	int below = open_directory_beneath(fd, "/d/");
	struct stat one, other;

	(void)state;
	assert_true(below >= 0);
	fstat(below, &one);
	stat(in_folder("d"), &other);
	assert_int_equal(one.st_ino, other.st_ino);
	assert_int_equal(open_directory_beneath(fd, "link_to_d"), -ELOOP);
	assert_int_equal(open_directory_beneath(below, ".."), -EXDEV);
	assert_int_equal(open_directory_beneath(below, "fifo"), -ENOTDIR);
	close(below);
	close(fd);
}

static void test_open_beneath__reads_up_to_its_limit(void **state)
{
	static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t expected = lengths[i], length = SIZE_MAX;
		char *bytes;

		write_file("d/sized", expected);
		assert_int_equal(read_in_root(folder, "d/sized", expected, &bytes, &length), 0);
		assert_int_equal(length, expected);
		assert_int_equal(strlen(bytes), expected);
		for (size_t j = 0; j < expected; j++)
			assert_int_equal(bytes[j], 'a' + (int)(j % 26));
		free(bytes);
		if (expected == 0)
			continue;
		assert_int_equal(read_in_root(folder, "d/sized", expected - 1, &bytes, &length),
				 -EFBIG);
		assert_null(bytes);
	}
}

/* Their size is 0 to stat. */
static void test_open_beneath__reads_the_kernels_files(void **state)
{
	char *bytes;
	size_t length;

	(void)state;
	assert_int_equal(read_in_root("", "/proc/self/status", 100000, &bytes, &length), 0);
	assert_true(length > 100);
	assert_memory_equal(bytes, "Name:\t", 6);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_beneath__takes_regular_files_only),
		cmocka_unit_test(test_open_beneath__opens_harmlessly),
		cmocka_unit_test(test_open_beneath__links_stay_in_root),
		cmocka_unit_test(test_open_beneath__directories),
		cmocka_unit_test(test_open_beneath__reads_up_to_its_limit),
		cmocka_unit_test(test_open_beneath__reads_the_kernels_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
