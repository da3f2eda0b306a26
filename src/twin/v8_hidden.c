/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that run JavaScript, but show none of V8's functions: Deno, some builds of
 * Electron. They export Node-API for their addons, and by that they are known. Nothing of
 * their heap can be asked; saying so is better than showing no heap.
 */
#include <errno.h>
#include <stdio.h>

#include "twin/sources.h"

enum { NAPI_CREATE_FUNCTION, TRY_GET_CURRENT };

static const char *const symbols[] = {
	[NAPI_CREATE_FUNCTION] = "napi_create_function",
	[TRY_GET_CURRENT] = "_ZN2v87Isolate13TryGetCurrentEv",
	NULL,
};

static int evaluate(struct evaluation *evaluation, struct source_figures *figures)
{
	(void)figures;
	if (evaluation->symbols[TRY_GET_CURRENT])
		return -ENOENT;
	snprintf(evaluation->reason, sizeof(evaluation->reason),
		 "the program runs JavaScript, but shows none of V8's functions: its heap is in "
		 "anon");
	return -ENOTSUP;
}

const struct figure_source v8_hidden_source = {
	.name = "javascript",
	.kind = SOURCE_RUNTIME,
	.tells_classes = true,
	.symbols = symbols,
	.required = 1,
	.evaluate = evaluate,
};
