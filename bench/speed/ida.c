// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bit for each number: what iommu_alloc_global_pasid() of 6.12 does. Nothing can be
 * looked up.
 */
#include <linux/idr.h>

#include "speed.h"

static DEFINE_IDA(numbers);

static void bits_init(void)
{
}

static void bits_open(unsigned int owners)
{
}

static u32 bits_alloc(unsigned int owner, u32 min, u32 max)
{
	int id = ida_alloc_range(&numbers, min, max, GFP_ATOMIC);

	return id < 0 ? 0 : id;
}

static void bits_free(unsigned int owner, u32 id)
{
	ida_free(&numbers, id);
}

static void bits_close(unsigned int owner)
{
	ida_destroy(&numbers);
}

const struct speed_peer speed_peer = {
	.name = "ida",
	.init = bits_init,
	.open = bits_open,
	.alloc = bits_alloc,
	.free = bits_free,
	.close = bits_close,
};
