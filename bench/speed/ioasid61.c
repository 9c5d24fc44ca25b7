// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ancestor: ioasid.c of Linux 6.1, which is not part of this project. harness/peer61
 * brings it. It has no sets that could be freed, limited or listened to.
 */
#include <linux/ioasid.h>
#include <linux/rcupdate.h>

#include "speed.h"

static DECLARE_IOASID_SET(set);

static void ioasid61_init(void)
{
}

static void ioasid61_open(unsigned int owners)
{
}

static u32 ioasid61_alloc(unsigned int owner, u32 min, u32 max)
{
	ioasid_t id = ioasid_alloc(&set, min, max, &set);

	return id == INVALID_IOASID ? 0 : id;
}

static void ioasid61_free(unsigned int owner, u32 id)
{
	ioasid_free(id);
}

static unsigned long ioasid61_find(unsigned int owner, u32 id)
{
	return (unsigned long)ioasid_find(&set, id, NULL);
}

const struct speed_peer speed_peer = {
	.name = "ioasid61",
	.init = ioasid61_init,
	.open = ioasid61_open,
	.alloc = ioasid61_alloc,
	.free = ioasid61_free,
	.find = ioasid61_find,
};
