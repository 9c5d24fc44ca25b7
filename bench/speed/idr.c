// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IDR with its base where the numbers begin, under a lock of its own.
 */
#include <linux/idr.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>

#include "speed.h"

static DEFINE_SPINLOCK(lock);
static struct idr numbers;

static void idr_peer_init(void)
{
	idr_init_base(&numbers, 1);
}

static void idr_open(unsigned int owners)
{
}

static u32 idr_peer_alloc(unsigned int owner, u32 min, u32 max)
{
	int id;

	idr_preload(GFP_KERNEL);
	spin_lock(&lock);
	id = idr_alloc(&numbers, &numbers, min, max + 1, GFP_NOWAIT);
	spin_unlock(&lock);
	idr_preload_end();
	return id < 0 ? 0 : id;
}

static void idr_free(unsigned int owner, u32 id)
{
	spin_lock(&lock);
	idr_remove(&numbers, id);
	spin_unlock(&lock);
}

static unsigned long idr_peer_find(unsigned int owner, u32 id)
{
	unsigned long found;

	rcu_read_lock();
	found = (unsigned long)idr_find(&numbers, id);
	rcu_read_unlock();
	return found;
}

static void idr_close(unsigned int owner)
{
	spin_lock(&lock);
	idr_destroy(&numbers);
	spin_unlock(&lock);
}

const struct speed_peer speed_peer = {
	.name = "idr",
	.init = idr_peer_init,
	.open = idr_open,
	.alloc = idr_peer_alloc,
	.free = idr_free,
	.find = idr_peer_find,
	.close = idr_close,
};
