// SPDX-License-Identifier: GPL-2.0-only
/*
 * The floor: an xarray with the numbers and nothing behind them.
 */
#include <linux/xarray.h>

#include "speed.h"

static DEFINE_XARRAY_ALLOC1(numbers);
static DEFINE_XARRAY(privates);

static void floor_init(void)
{
}

static void floor_open(unsigned int owners)
{
}

static u32 floor_alloc(unsigned int owner, u32 min, u32 max)
{
	u32 id;

	if (xa_alloc(&numbers, &id, &numbers, XA_LIMIT(min, max), GFP_ATOMIC))
		return 0;
	return id;
}

static void floor_free(unsigned int owner, u32 id)
{
	xa_erase(&numbers, id);
}

static unsigned long floor_find(unsigned int owner, u32 id)
{
	return (unsigned long)xa_load(&numbers, id);
}

static void floor_bind(u32 id, u32 private)
{
	if (xa_err(xa_store(&privates, private, xa_mk_value(id), GFP_KERNEL)))
		speed_die("no memory for a private number");
}

static unsigned long floor_find_private(u32 private)
{
	return xa_to_value(xa_load(&privates, private));
}

static void floor_close(unsigned int owner)
{
	xa_destroy(&numbers);
}

const struct speed_peer speed_peer = {
	.name = "xarray",
	.init = floor_init,
	.open = floor_open,
	.alloc = floor_alloc,
	.free = floor_free,
	.find = floor_find,
	.bind = floor_bind,
	.find_private = floor_find_private,
	.close = floor_close,
};
