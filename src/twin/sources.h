/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_SOURCES_H
#define MEMSONDE_TWIN_SOURCES_H

#include "twin/figure_source.h"

/* Every figure source there is; figure_sources.c has them in a table. */
extern const struct figure_source glibc_source;
extern const struct figure_source jemalloc_source, jemalloc_je_source, jemalloc_rust_source;
extern const struct figure_source tcmalloc_source;
extern const struct figure_source mimalloc_source;
extern const struct figure_source cpython_source, cpython_global_source;
extern const struct figure_source v8_source, v8_hidden_source;

#endif
