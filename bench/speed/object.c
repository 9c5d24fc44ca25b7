// SPDX-License-Identifier: GPL-2.0-only
/*
 * An xarray with an object of 64 bytes for each number: what anybody who wants to know
 * more of a number than that it is taken has to pay.
 */
#include <linux/atomic.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "speed.h"

struct object {
	atomic_t users;
	u32 id;
	void *data;
	char room[32];
	struct rcu_head rcu;
};

static DEFINE_XARRAY_ALLOC1(numbers);

static void object_init(void)
{
	_Static_assert(sizeof(struct object) == 64, "it has 64 bytes");
}

static void object_open(unsigned int owners)
{
}

static u32 object_alloc(unsigned int owner, u32 min, u32 max)
{
	struct object *object = kmalloc(sizeof(*object), GFP_ATOMIC);

	atomic_set(&object->users, 1);
	object->data = object;
	if (xa_alloc(&numbers, &object->id, object, XA_LIMIT(min, max),
		     GFP_ATOMIC)) {
		kfree(object);
		return 0;
	}
	return object->id;
}

static void object_free(unsigned int owner, u32 id)
{
	struct object *object = xa_erase(&numbers, id);

	if (atomic_dec_and_test(&object->users))
		kfree_rcu(object, rcu);
}

static unsigned long object_find(unsigned int owner, u32 id)
{
	struct object *object;
	unsigned long data;

	rcu_read_lock();
	object = xa_load(&numbers, id);
	data = object ? (unsigned long)object->data : 0;
	rcu_read_unlock();
	return data;
}

static bool object_get(struct object *object)
{
	int users = atomic_read(&object->users);

	do {
		if (!users)
			return false;
	} while (!atomic_try_cmpxchg(&object->users, &users, users + 1));
	return true;
}

static unsigned long object_find_hold(unsigned int owner, u32 id)
{
	struct object *object;

	rcu_read_lock();
	object = xa_load(&numbers, id);
	if (object && !object_get(object))
		object = NULL;
	rcu_read_unlock();
	if (object && atomic_dec_and_test(&object->users))
		kfree_rcu(object, rcu);
	return (unsigned long)object;
}

static void object_close(unsigned int owner)
{
	struct object *object;
	unsigned long id;

	xa_for_each(&numbers, id, object)
		kfree_rcu(object, rcu);
	xa_destroy(&numbers);
}

const struct speed_peer speed_peer = {
	.name = "object",
	.init = object_init,
	.open = object_open,
	.alloc = object_alloc,
	.free = object_free,
	.find = object_find,
	.find_hold = object_find_hold,
	.close = object_close,
};
