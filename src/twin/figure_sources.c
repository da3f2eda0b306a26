/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/figure_source.h"

#include "base/memory.h"
#include "twin/sources.h"

/* Asked in this order. A new one: its file, its line in sources.h, its row here. */
const struct figure_source *const figure_sources[] = {
	&glibc_source,	  &jemalloc_source,  &jemalloc_je_source, &jemalloc_rust_source,
	&tcmalloc_source, &mimalloc_source,  &cpython_source,	  &cpython_global_source,
	&v8_source,	  &v8_hidden_source,
};

const size_t figure_source_count = ARRAY_SIZE(figure_sources);
