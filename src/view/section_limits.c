/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/section_limits.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"

figure_value share_of(figure_value part, figure_value whole)
{
	double share;

	if (!figure_known(part) || !figure_known(whole) || whole <= 0)
		return FIGURE_UNKNOWN;
	share = (double)part * 10000 / (double)whole;
	return share < 1e15 && share > -1e15 ? (figure_value)(share + (share < 0 ? -0.5 : 0.5))
					     : FIGURE_UNKNOWN;
}

#define LIMIT_PARAMETERS                                                                           \
	const struct account *account __attribute__((unused)), const struct process *process,      \
		struct section_limit *row

static void limit_of_stack(LIMIT_PARAMETERS)
{
	figure_value deepest = process->figures[FIG_STACKS_DEEPEST];
	char bytes[16];

	row->limit_bytes = process->figures[FIG_STACKS_DEEPEST_LIMIT];
	row->used = share_of(deepest, row->limit_bytes);
	if (!figure_known(row->used))
		return;
	text__bytes(bytes, sizeof(bytes), deepest);
	if (process->stack_count)
		snprintf(row->remark, sizeof(row->remark), "%s (%u): %s deep",
			 process->stacks[0].name, process->stacks[0].tid, bytes);
	else
		snprintf(row->remark, sizeof(row->remark), "%s deep", bytes);
}

static void limit_of_heap(LIMIT_PARAMETERS)
{
	const struct isolate *nearest = process__nearest_isolate(process);
	char bytes[16];

	row->limit_bytes = process->figures[FIG_LIMIT_HEAP];
	if (!nearest)
		return;
	row->used = share_of(nearest->figures[IFIG_HEAP_USED], row->limit_bytes);
	text__bytes(bytes, sizeof(bytes), nearest->figures[IFIG_HEAP_USED]);
	snprintf(row->remark, sizeof(row->remark), "%s (%u): heapUsed %s",
		 nearest->thread[0] ? nearest->thread : "isolate",
		 nearest->tid ? nearest->tid : nearest->id, bytes);
}

/* Native memory has no limit of its own: what is left is what the nearest of others
 * leaves. */
static void limit_of_native(LIMIT_PARAMETERS)
{
	static const char *const words[NATIVE_LIMIT_COUNT] = {
		[NATIVE_LIMIT_CONTAINER] = "left in the container",
		[NATIVE_LIMIT_ADDRESS_SPACE] = "left of RLIMIT_AS",
		[NATIVE_LIMIT_AVAILABLE] = "left on the machine",
	};
	const figure_value limits[NATIVE_LIMIT_COUNT] = {
		[NATIVE_LIMIT_UNKNOWN] = FIGURE_UNKNOWN,
		[NATIVE_LIMIT_CONTAINER] = process->figures[FIG_LIMIT_CONTAINER],
		[NATIVE_LIMIT_ADDRESS_SPACE] = process->figures[FIG_LIMIT_ADDRESS_SPACE],
		[NATIVE_LIMIT_AVAILABLE] = account->memory_total_bytes,
	};
	enum native_limit by = process__native_limit(process);
	figure_value left = process->figures[FIG_LIMIT_NATIVE_LEFT];
	char bytes[16];

	row->limit_bytes = limits[by] > 0 ? limits[by] : FIGURE_UNKNOWN;
	if (by == NATIVE_LIMIT_UNKNOWN || !figure_known(left))
		return;
	if (figure_known(row->limit_bytes) && left >= 0)
		row->used = share_of(row->limit_bytes - left, row->limit_bytes);
	snprintf(row->remark, sizeof(row->remark), "%s %s", text__bytes(bytes, sizeof(bytes), left),
		 words[by]);
}

static const struct {
	const char *name;
	enum process_figure figure;
	void (*limit)(LIMIT_PARAMETERS); /* NULL: there is none */
} sections[SECTION_ID_COUNT] = {
	[SECTION_ID_STACK] = {"stack", FIG_SECTION_STACK, limit_of_stack},
	[SECTION_ID_HEAP] = {"heap", FIG_SECTION_HEAP, limit_of_heap},
	[SECTION_ID_NATIVE] = {"native", FIG_SECTION_NATIVE, limit_of_native},
	[SECTION_ID_CODE_AND_FILES] = {"code and files", FIG_SECTION_CODE_AND_FILES, NULL},
};

bool section_limits__work_out(const struct account *account, const struct process *process,
			      struct section_limit rows[SECTION_ID_COUNT])
{
	bool any = false;

	for (int i = 0; i < SECTION_ID_COUNT; i++) {
		rows[i] = (struct section_limit){
			.name = sections[i].name,
			.bytes = process->figures[sections[i].figure],
			.limit_bytes = FIGURE_UNKNOWN,
			.used = FIGURE_UNKNOWN,
		};
		if (sections[i].limit)
			sections[i].limit(account, process, &rows[i]);
		any |= figure_known(rows[i].bytes) || figure_known(rows[i].used);
	}
	return any;
}
