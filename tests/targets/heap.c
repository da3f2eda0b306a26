/* SPDX-License-Identifier: GPL-2.0-only */
/* THREADS threads (1) each with 40,000 blocks of 1 to 1,400 bytes, half of them freed again,
 * and one of 3 MiB; the first also one of 50 MiB. All of it touched. Then what the allocator
 * that serves malloc says of itself: by its own functions, in its own words:
 *	"live", "blocks", "active", "resident", "metadata", "retained", "free"
 * as far as it knows them. It is linked with each allocator under test, or with none (then
 * it can be preloaded). With the second argument "end", the threads but the first end before;
 * with "huge", the first has a block of 2.1 GiB, touched here and there.
 * In the phases to come, one each newline, it frees a block of every 100, until none is left.
 */
#include "target.h"

#include <malloc.h>
#include <pthread.h>

#define BLOCKS	40000
#define THREADS 64

/* Of the allocators; whichever are linked or loaded are not NULL. */
#define OPTIONAL __attribute__((weak))
OPTIONAL int mallctl(const char *name, void *old, size_t *old_length, void *new, size_t length);
OPTIONAL int je_mallctl(const char *name, void *old, size_t *old_length, void *new, size_t length);
OPTIONAL int MallocExtension_GetNumericProperty(const char *property, size_t *value);
OPTIONAL void *mi_heap_get_default(void);
OPTIONAL bool mi_heap_visit_blocks(const void *heap, bool all, void *visitor, void *argument);

typedef int mallctl_function(const char *, void *, size_t *, void *, size_t);

static struct report report;
static pthread_barrier_t filled, counted;
static bool threads_end;
static void **blocks;
static int64_t live_bytes[THREADS], live_blocks[THREADS]; /* mimalloc's, by thread */

static bool count_block(const void *heap, const void *area, void *block, size_t bytes,
			void *argument)
{
	size_t self = (size_t)argument;

	(void)heap;
	(void)area;
	if (block) {
		live_bytes[self] += (int64_t)bytes;
		live_blocks[self]++;
	}
	return true;
}

static void count_heap(size_t self)
{
	if (mi_heap_visit_blocks)
		mi_heap_visit_blocks(mi_heap_get_default(), true, (void *)count_block,
				     (void *)self);
}

static void *allocate(size_t bytes)
{
	void *block = malloc(bytes);

	if (!block)
		target__die("malloc");
	memset(block, 0x5a, bytes);
	target__keep(block);
	return block;
}

static void **fill(void)
{
	void **own = allocate(BLOCKS * sizeof(*own));

	for (size_t i = 0; i < BLOCKS; i++)
		own[i] = allocate(i % 1400 + 1);
	for (size_t i = 0; i < BLOCKS; i += 2) {
		free(own[i]);
		own[i] = NULL;
	}
	allocate(3 * MIB);
	return own;
}

static void *work(void *argument)
{
	fill();
	pthread_barrier_wait(&filled);
	if (threads_end)
		return NULL;
	count_heap((size_t)argument);
	pthread_barrier_wait(&counted);
	pause();
	return NULL;
}

/* A part of every stretch of 32 MiB. */
static void allocate_huge(void)
{
	size_t bytes = 2150 * MIB;
	char *block = malloc(bytes);

	if (!block)
		target__die("malloc");
	for (size_t at = 0; at + MIB < bytes; at += 32 * MIB)
		memset(block + at, 0x5a, MIB);
	target__keep(block);
}

/* --- in the allocators' words --- */

static const struct {
	const char *field, *name;
} jemalloc_words[] = {
	{"live", "stats.allocated"},	{"active", "stats.active"},
	{"resident", "stats.resident"}, {"metadata", "stats.metadata"},
	{"retained", "stats.retained"},
};

static uint64_t ask_jemalloc(mallctl_function *function, const char *name)
{
	uint64_t value = 0;
	size_t length = sizeof(value);

	if (function(name, &value, &length, NULL, 0) != 0)
		target__die(name);
	return value;
}

static void report_jemalloc(mallctl_function *function)
{
	uint64_t epoch = 1;
	uint64_t count;

	/* the first time it allocates what it needs for it */
	for (int i = 0; i < 2; i++)
		if (function("epoch", NULL, NULL, &epoch, sizeof(epoch)) != 0)
			target__die("epoch");
	for (size_t i = 0; i < sizeof(jemalloc_words) / sizeof(jemalloc_words[0]); i++)
		report__number(&report, jemalloc_words[i].field,
			       (int64_t)ask_jemalloc(function, jemalloc_words[i].name));
	count = ask_jemalloc(function, "stats.arenas.4096.small.nmalloc") -
		ask_jemalloc(function, "stats.arenas.4096.small.ndalloc") +
		ask_jemalloc(function, "stats.arenas.4096.large.nmalloc") -
		ask_jemalloc(function, "stats.arenas.4096.large.ndalloc");
	report__number(&report, "blocks", (int64_t)count);
}

static size_t ask_tcmalloc(const char *property)
{
	size_t value = 0;

	if (!MallocExtension_GetNumericProperty(property, &value))
		target__die(property);
	return value;
}

static void report_tcmalloc(void)
{
	size_t free_bytes = ask_tcmalloc("tcmalloc.central_cache_free_bytes") +
			    ask_tcmalloc("tcmalloc.transfer_cache_free_bytes") +
			    ask_tcmalloc("tcmalloc.current_total_thread_cache_bytes") +
			    ask_tcmalloc("tcmalloc.pageheap_free_bytes");

	report__number(&report, "live", (int64_t)ask_tcmalloc("generic.current_allocated_bytes"));
	report__number(&report, "resident", (int64_t)ask_tcmalloc("generic.total_physical_bytes"));
	report__number(&report, "retained",
		       (int64_t)ask_tcmalloc("tcmalloc.pageheap_unmapped_bytes"));
	report__number(&report, "free", (int64_t)free_bytes);
}

static void report_mimalloc(void)
{
	int64_t bytes = 0, count = 0;

	memset(live_bytes, 0, sizeof(live_bytes[0]));
	memset(live_blocks, 0, sizeof(live_blocks[0]));
	count_heap(0);
	for (size_t i = 0; i < THREADS; i++) {
		bytes += live_bytes[i];
		count += live_blocks[i];
	}
	report__number(&report, "live", bytes);
	report__number(&report, "blocks", count);
}

static void report_glibc(void)
{
#ifdef __GLIBC__
	struct mallinfo2 info = mallinfo2();

	report__number(&report, "live", (int64_t)(info.uordblks + info.hblkhd));
	report__number(&report, "free", (int64_t)info.fordblks);
#endif
}

static void tell(void)
{
	report__begin(&report);
	if (je_mallctl)
		report_jemalloc(je_mallctl);
	else if (mallctl)
		report_jemalloc(mallctl);
	else if (MallocExtension_GetNumericProperty)
		report_tcmalloc();
	else if (mi_heap_visit_blocks)
		report_mimalloc();
	else
		report_glibc();
	report__send(&report);
}

/* False when there is none left. */
static bool free_some(void)
{
	static size_t next = 1;
	size_t until = next + BLOCKS / 100;

	for (; next < until && next < BLOCKS; next += 2)
		free(blocks[next]);
	return next < BLOCKS;
}

int main(int argc, char **argv)
{
	size_t threads = (size_t)target__argument(argc, argv, 1, 1);
	pthread_t thread[THREADS];

	if (threads < 1 || threads > THREADS)
		return 2;
	threads_end = argc > 2 && !strcmp(argv[2], "end");
	pthread_barrier_init(&filled, NULL, (unsigned int)threads);
	pthread_barrier_init(&counted, NULL, (unsigned int)threads);
	blocks = fill();
	allocate(50 * MIB);
	if (argc > 2 && !strcmp(argv[2], "huge"))
		allocate_huge();
	for (size_t i = 1; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)i) != 0)
			target__die("pthread_create");
	pthread_barrier_wait(&filled);
	for (size_t i = 1; threads_end && i < threads; i++)
		pthread_join(thread[i], NULL);
	if (!threads_end)
		pthread_barrier_wait(&counted);
	usleep(50000); /* until all threads are in pause() */
	do
		tell();
	while (target__next_phase() && free_some());
	return 0;
}
