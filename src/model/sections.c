/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/sections.h"

#include <stdlib.h>

#include "base/memory.h"
#include "model/account.h"

static void set_if_unknown(struct process *process, enum process_figure figure, figure_value value)
{
	if (!figure_known(process->figures[figure]))
		process->figures[figure] = value;
}

/* ---- sections ---- */

/* Each class but `unaccounted` stands in one section. */
static const struct {
	enum process_figure class, section;
} section_of[] = {
	{FIG_CLASS_STACK, FIG_SECTION_STACK},	       {FIG_CLASS_V8_HEAP, FIG_SECTION_HEAP},
	{FIG_CLASS_V8_CODE, FIG_SECTION_HEAP},	       {FIG_CLASS_MALLOC, FIG_SECTION_NATIVE},
	{FIG_CLASS_ARRAY_BUFFERS, FIG_SECTION_NATIVE}, {FIG_CLASS_ANON, FIG_SECTION_NATIVE},
	{FIG_CLASS_SHMEM, FIG_SECTION_NATIVE},	       {FIG_CLASS_CODE, FIG_SECTION_CODE_AND_FILES},
	{FIG_CLASS_FILE, FIG_SECTION_CODE_AND_FILES},
};

_Static_assert(ARRAY_SIZE(section_of) == CLASS_COUNT - 1, "no class without section");

#define SECTION_FIRST FIG_SECTION_STACK
#define SECTION_COUNT (FIG_SECTION_CODE_AND_FILES - FIG_SECTION_STACK + 1)

static void sum_sections(struct process *process)
{
	figure_value sums[SECTION_COUNT];

	figures__clear(sums, SECTION_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(section_of); i++)
		figures__add(&sums[section_of[i].section - SECTION_FIRST],
			     process->figures[section_of[i].class]);
	for (int i = 0; i < SECTION_COUNT; i++)
		set_if_unknown(process, SECTION_FIRST + i, sums[i]);
}

/* ---- native memory and its limits ---- */

const char *const native_limit_names[NATIVE_LIMIT_COUNT] = {
	[NATIVE_LIMIT_CONTAINER] = "container",
	[NATIVE_LIMIT_ADDRESS_SPACE] = "address_space",
	[NATIVE_LIMIT_AVAILABLE] = "available",
};

static figure_value left_below(figure_value limit, figure_value used)
{
	if (!figure_known(limit) || !figure_known(used))
		return FIGURE_UNKNOWN;
	used = used > 0 ? used : 0; /* what a recording says may be anything */
	return limit > used ? limit - used : 0;
}

/* What counts against the container's limit; of a cgroup without figures at least the
 * process itself does. */
static figure_value charged(const struct process *process)
{
	const struct container *container = process->container;

	if (container && figure_known(container->figures[CFIG_MEMORY_LIMIT_CURRENT]))
		return container->figures[CFIG_MEMORY_LIMIT_CURRENT];
	if (container && figure_known(container->figures[CFIG_MEMORY_CURRENT]))
		return container->figures[CFIG_MEMORY_CURRENT];
	return process->figures[FIG_RSS];
}

static figure_value least_left(const struct process *process, enum native_limit *by)
{
	const figure_value *figures = process->figures;
	const figure_value left[NATIVE_LIMIT_COUNT] = {
		[NATIVE_LIMIT_UNKNOWN] = FIGURE_UNKNOWN,
		[NATIVE_LIMIT_CONTAINER] =
			left_below(figures[FIG_LIMIT_CONTAINER], charged(process)),
		[NATIVE_LIMIT_ADDRESS_SPACE] =
			left_below(figures[FIG_LIMIT_ADDRESS_SPACE], figures[FIG_VSIZE]),
		[NATIVE_LIMIT_AVAILABLE] = figures[FIG_LIMIT_AVAILABLE],
	};

	*by = NATIVE_LIMIT_UNKNOWN;
	for (int i = 0; i < NATIVE_LIMIT_COUNT; i++)
		if (figure_known(left[i]) && (!figure_known(left[*by]) || left[i] < left[*by]))
			*by = (enum native_limit)i;
	return left[*by];
}

enum native_limit process__native_limit(const struct process *process)
{
	return process->native_limit;
}

static void find_native_limit(struct process *process)
{
	enum native_limit by;
	figure_value left = least_left(process, &by);

	if (figure_known(process->figures[FIG_LIMIT_NATIVE_LEFT]))
		return;
	process->figures[FIG_LIMIT_NATIVE_LEFT] = left;
	process->native_limit = by;
}

static bool has_classes(const struct process *process)
{
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		if (figure_known(process->figures[i]))
			return true;
	return false;
}

void process__work_out_sections(struct process *process)
{
	if (!has_classes(process))
		return;
	sum_sections(process);
	find_native_limit(process);
}

/* ---- stacks ---- */

/* How much of its limit a stack has used; less than nothing where that is unknown. */
static double nearness(const struct thread_stack *stack)
{
	if (!figure_known(stack->deepest_bytes) || !figure_known(stack->limit_bytes) ||
	    stack->limit_bytes <= 0)
		return -1;
	return (double)stack->deepest_bytes / (double)stack->limit_bytes;
}

static int compare_stacks(const void *a, const void *b)
{
	const struct thread_stack *left = a, *right = b;
	double near_left = nearness(left), near_right = nearness(right);

	if (near_left != near_right)
		return near_left > near_right ? -1 : 1;
	if (left->deepest_bytes != right->deepest_bytes)
		return left->deepest_bytes > right->deepest_bytes ? -1 : 1;
	return (left->tid > right->tid) - (left->tid < right->tid);
}

void process__work_out_stacks(struct process *process)
{
	figure_value mapped = FIGURE_UNKNOWN;

	if (!process->stack_count)
		return;
	qsort(process->stacks, process->stack_count, sizeof(*process->stacks), compare_stacks);
	for (size_t i = 0; i < process->stack_count; i++)
		figures__add(&mapped, process->stacks[i].mapped_bytes);
	set_if_unknown(process, FIG_STACKS_MAPPED, mapped);
	set_if_unknown(process, FIG_STACKS_DEEPEST, process->stacks[0].deepest_bytes);
	set_if_unknown(process, FIG_STACKS_DEEPEST_LIMIT, process->stacks[0].limit_bytes);
}
