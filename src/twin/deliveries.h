/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_DELIVERIES_H
#define MEMSONDE_TWIN_DELIVERIES_H

#include "twin/page_delivery.h"

/* All ways of page_delivery.c, each in a file of its own. */
extern const struct page_delivery userfault_delivery;
#ifdef __x86_64__
extern const struct page_delivery trace_delivery;
#endif

#endif
