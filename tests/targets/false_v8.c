/* SPDX-License-Identifier: GPL-2.0-only */
/* A program with functions that bear the names of V8's, but lie in the way that its
 * argument says. What it may be believed is 10 MiB committed and 4 MiB used; "unlisted" is
 * no lie, but a total that is not the sum of the spaces, always by as much. */
#include "target.h"

struct space {
	const char *name;
	uint64_t size, used, available, physical;
};

static struct report report;
static char isolate[65536] __attribute__((aligned(4096)));
static const char *lie = "honest";
static uint64_t calls;

static bool lies(const char *how)
{
	return strcmp(lie, how) == 0;
}

#define EXPORT(name) __asm__(name) __attribute__((used, visibility("default"), noinline))

void *try_get_current(void) EXPORT("_ZN2v87Isolate13TryGetCurrentEv");
void get_heap_statistics(void *self, uint64_t *words)
	EXPORT("_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE");
uint64_t number_of_heap_spaces(void *self) EXPORT("_ZN2v87Isolate18NumberOfHeapSpacesEv");
bool get_heap_space_statistics(void *self, struct space *space, uint64_t index)
	EXPORT("_ZN2v87Isolate22GetHeapSpaceStatisticsEPNS_19HeapSpaceStatisticsEm");
void *get_array_buffer_allocator(void *self) EXPORT("_ZN2v87Isolate23GetArrayBufferAllocatorEv");
void get_code_range(void *self, uint64_t *start, uint64_t *length)
	EXPORT("_ZN2v87Isolate12GetCodeRangeEPPvPm");

void *try_get_current(void)
{
	return lies("isolate") ? (void *)0x1234567000 : isolate;
}

void get_heap_statistics(void *self, uint64_t *words)
{
	calls++;
	for (int i = 0; i < 14; i++)
		words[i] = 0;
	words[0] = words[2] = 10 * MIB;
	words[4] = lies("used") ? 11 * MIB : 4 * MIB;
	words[5] = lies("limit") ? 1 * MIB : 100 * MIB;
	words[7] = lies("external") ? UINT64_MAX - 5 : 3 * MIB;
	if (lies("isolate"))
		words[4] = *(uint64_t *)self;
	if (lies("overflow"))
		memset(words, 0x7f, 60000);
	if (lies("wild"))
		*(volatile int *)8 = 1;
	if (lies("kernel"))
		kill(getppid(), SIGTERM);
	while (lies("loop"))
		calls++;
}

uint64_t number_of_heap_spaces(void *self)
{
	(void)self;
	return lies("spaces") ? UINT64_MAX : 2;
}

bool get_heap_space_statistics(void *self, struct space *space, uint64_t index)
{
	(void)self;
	space->name = index ? "old_space" : "new_space";
	if (lies("name"))
		space->name = "no\033name";
	if (lies("name_address"))
		space->name = (const char *)(uintptr_t)0xdead0000beef;
	space->size = 5 * MIB + (lies("unlisted") ? PAGE : 0);
	space->used = lies("space_used") ? 6 * MIB : 2 * MIB;
	return true;
}

void *get_array_buffer_allocator(void *self)
{
	return lies("allocator") ? (void *)(uintptr_t)0xdead0000bee8 : self;
}

void get_code_range(void *self, uint64_t *start, uint64_t *length)
{
	(void)self;
	*start = lies("code") ? 0x1000 : 0;
	*length = lies("code") ? UINT64_MAX >> 17 : 0;
}

int main(int argument_count, char **arguments)
{
	if (argument_count > 1)
		lie = arguments[1];
	/* All of it in memory, also what is only written to. */
	target__touch(isolate, sizeof(isolate));
	report__begin(&report);
	report__number(&report, "heap_total", 10 * MIB);
	report__number(&report, "heap_used", 4 * MIB);
	report__send(&report);
	target__idle();
	return 0;
}
