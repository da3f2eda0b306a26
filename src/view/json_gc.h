/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_VIEW_JSON_GC_H
#define MEMSONDE_VIEW_JSON_GC_H

#include "base/output.h"
#include "model/gc_summary.h"

/* V8's collections as JSON, one object a line. */

/* "type":"collection" */
void json_gc__collection(struct output *output, const struct gc_summary *summary,
			 const struct collection *collection);

/* "type":"summary", a line for each isolate. */
void json_gc__summary(struct output *output, const struct gc_summary *summary,
		      const struct account *account, int64_t lost);

#endif
