/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/page_delivery.h"

#include "base/memory.h"
#include "twin/deliveries.h"

const struct page_delivery *const page_deliveries[] = {
	&userfault_delivery,
#ifdef __x86_64__
	&trace_delivery,
#endif
};

const size_t page_delivery_count = ARRAY_SIZE(page_deliveries);

const struct page_delivery *page_delivery__best(void)
{
	for (size_t i = 0; i < page_delivery_count; i++)
		if (page_deliveries[i]->is_possible())
			return page_deliveries[i];
	return NULL;
}
