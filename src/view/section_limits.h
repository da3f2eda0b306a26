/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_SECTION_LIMITS_H
#define MEMSONDE_VIEW_SECTION_LIMITS_H

#include "model/account.h"

/* The sections of a process, each with the limit that it runs into: what text and screens
 * show of them. */

enum section_id {
	SECTION_ID_STACK,
	SECTION_ID_HEAP,
	SECTION_ID_NATIVE,
	SECTION_ID_CODE_AND_FILES,
	SECTION_ID_COUNT,
};

struct section_limit {
	const char *name;	  /* "code and files" */
	figure_value bytes;	  /* resident */
	figure_value limit_bytes; /* of what `remark` names; unknown where there is none */
	figure_value used;	  /* part of it that is used up, in hundredths of a percent */
	char remark[128];	  /* of what the limit is; "" where there is none */
};

/* Fills rows in the order of enum section_id. False where nothing is known of any. */
bool section_limits__work_out(const struct account *account, const struct process *process,
			      struct section_limit rows[SECTION_ID_COUNT]);

/* part of whole in hundredths of a percent; unknown where one of them is, or whole is no
 * amount. */
figure_value share_of(figure_value part, figure_value whole);

#endif
