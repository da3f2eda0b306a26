/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Idle, with all that reading could change: mapped files that were never touched, untouched
 * anonymous memory, shared memory touched in part, pages shared with a forked child, and a
 * heap with free blocks. Next phase: much of it is paged out, but for the heap. And then the
 * heap, too.
 */
#include "target.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/wait.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

#define BLOCKS	    4000
#define BLOCK_BYTES 2000

static struct report report;
static char *blocks[BLOCKS];
static char *anonymous, *shared;

static void map_file(int protection, int flags)
{
	char path[] = "/var/tmp/quiet.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (fd < 0 || posix_fallocate(fd, 0, 8 * (off_t)MIB))
		target__die(path);
	if (mmap(NULL, 8 * MIB, protection, flags, fd, 0) == MAP_FAILED)
		target__die("mmap");
	close(fd);
}

static void map_all(void)
{
	map_file(PROT_READ, MAP_PRIVATE);
	map_file(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	map_file(PROT_READ | PROT_WRITE, MAP_SHARED);
	map_file(PROT_READ | PROT_EXEC, MAP_PRIVATE);
	target__map(16 * MIB, MAP_PRIVATE | MAP_ANONYMOUS);
	anonymous = target__map_small_pages(16 * MIB);
	target__touch(anonymous, 8 * MIB);
	shared = target__map(8 * MIB, MAP_SHARED | MAP_ANONYMOUS);
	target__touch(shared, 4 * MIB);
	for (int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(BLOCK_BYTES);
		memset(blocks[i], 0x5a, BLOCK_BYTES);
	}
	for (int i = 0; i < BLOCKS; i += 3)
		free(blocks[i]);
}

/* Shares all pages, and lives as long as its parent. */
static pid_t start_child(void)
{
	pid_t parent = getpid(), child = fork();

	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void tell(pid_t child)
{
	report__begin(&report);
	report__number(&report, "child", child);
	report__send(&report);
}

static void page_out_heap(void)
{
	char *start = (char *)(((uintptr_t)blocks[1] + PAGE - 1) & ~(PAGE - 1));
	char *end = (char *)((uintptr_t)blocks[BLOCKS - 2] & ~(PAGE - 1));

	if (end > start)
		madvise(start, (size_t)(end - start), MADV_PAGEOUT);
}

int main(void)
{
	pid_t child;

	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	map_all();
	child = start_child();
	tell(child);
	if (!target__next_phase())
		return 0;
	/* what two processes map is not paged out */
	kill(child, SIGKILL);
	waitid(P_PID, (id_t)child, NULL, WEXITED);
	madvise(anonymous, 8 * MIB, MADV_PAGEOUT);
	madvise(shared, 4 * MIB, MADV_PAGEOUT);
	tell(0);
	if (!target__next_phase())
		return 0;
	page_out_heap();
	tell(0);
	target__idle();
	return 0;
}
