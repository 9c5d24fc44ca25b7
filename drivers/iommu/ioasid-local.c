// SPDX-License-Identifier: GPL-2.0-only
/*
 * Local PASIDs: a space of numbers for each device that has some.
 *
 * A device without shared work queues may use a PASID that is unique on this
 * device only, because the IOMMU looks it up in a table of the device (VT-d 3.x:
 * through the context entry of its requester ID). So each device has all numbers
 * below ioasid_pool.local to itself, and none of them costs the system anything.
 *
 * The space comes with the first PASID in it and goes with the last.
 */
#include <linux/device.h>
#include <linux/hashtable.h>
#include <linux/slab.h>

#include "ioasid-private.h"

static DEFINE_HASHTABLE(ioasid_locals, IOASID_LOCAL_BITS);
static DEFINE_SPINLOCK(ioasid_locals_lock);

/* How many of the system's devices have some; under ioasid_locals_lock. */
static u32 ioasid_nr_locals;

static void ioasid_locals_add_locked(int nr)
{
	u32 capacity = ioasid_capacity();
	u32 local = min(capacity, ioasid_pool_shared_min(&ioasid_system_pool));

	lockdep_assert_held(&ioasid_locals_lock);

	ioasid_nr_locals += nr;
	/* Of each range, 0 is not handed out; and it is in one of the two. */
	ioasid_set_charge_capacity(capacity - local +
				   (u64)ioasid_nr_locals * (local - !!local));
}

/**
 * ioasid_local_capacity_changed - the system's capacity is another one now
 *
 * Context: Any that may take a spinlock_t. Takes and releases ioasid_locals_lock.
 */
void ioasid_local_capacity_changed(void)
{
	unsigned long flags;

	spin_lock_irqsave(&ioasid_locals_lock, flags);
	ioasid_locals_add_locked(0);
	spin_unlock_irqrestore(&ioasid_locals_lock, flags);
}

/* In process context, because the last reference to a device may sleep. */
static void ioasid_local_release(struct work_struct *work)
{
	struct ioasid_local *local = container_of(to_rcu_work(work),
						  struct ioasid_local, release);

	/* As for a set: nodes without entries may be left. */
	xa_destroy(&local->xa);
	put_device(local->dev);
	kfree(local);
}

static struct ioasid_local *ioasid_local_new(struct device *dev, gfp_t gfp)
{
	struct ioasid_local *local = kzalloc_obj(*local, gfp);

	if (!local)
		return NULL;
	local->dev = get_device(dev);
	xa_init_flags(&local->xa, IOASID_NUMBERS_FLAGS);
	INIT_RCU_WORK(&local->release, ioasid_local_release);
	return local;
}

/**
 * ioasid_local_find - the local numbers of a device
 * @dev: the device
 *
 * Context: Any context, under RCU, which keeps the result.
 * Return: The space, or NULL if @dev has no local PASID.
 */
struct ioasid_local *ioasid_local_find(struct device *dev)
{
	struct ioasid_local *local;

	hash_for_each_possible_rcu(ioasid_locals, local, hash,
				   (unsigned long)dev,
				   lockdep_is_held(&ioasid_locals_lock))
		if (local->dev == dev)
			return local;
	return NULL;
}

/* Counts a user of the space that is there, or makes @new the one. */
static struct ioasid_local *ioasid_local_use(struct device *dev,
					     struct ioasid_local *new)
{
	struct ioasid_local *local;
	unsigned long flags;

	spin_lock_irqsave(&ioasid_locals_lock, flags);
	local = ioasid_local_find(dev);
	if (!local && new) {
		local = new;
		hash_add_rcu(ioasid_locals, &local->hash, (unsigned long)dev);
		ioasid_locals_add_locked(1);
	}
	if (local)
		local->users++;
	spin_unlock_irqrestore(&ioasid_locals_lock, flags);
	return local;
}

/**
 * ioasid_local_get - use the local numbers of a device, made now if need be
 * @dev: the device; the caller keeps it
 * @gfp: memory allocation flags
 *
 * Context: Any context that @gfp allows. Takes and releases ioasid_locals_lock.
 * Return: The space, or NULL if there is no memory.
 */
struct ioasid_local *ioasid_local_get(struct device *dev, gfp_t gfp)
{
	struct ioasid_local *local, *new;

	local = ioasid_local_use(dev, NULL);
	if (local)
		return local;

	new = ioasid_local_new(dev, gfp);
	if (!new)
		return NULL;
	local = ioasid_local_use(dev, new);
	if (local != new)
		ioasid_local_release(&new->release.work);
	return local;
}

/**
 * ioasid_local_put - end the use of the local numbers of a device
 * @local: the space; NULL for a shared PASID, which has none
 *
 * Context: Any that may take a spinlock_t. Takes and releases ioasid_locals_lock.
 */
void ioasid_local_put(struct ioasid_local *local)
{
	unsigned long flags;
	bool last;

	if (!local)
		return;

	spin_lock_irqsave(&ioasid_locals_lock, flags);
	last = !--local->users;
	if (last) {
		hash_del_rcu(&local->hash);
		ioasid_locals_add_locked(-1);
	}
	spin_unlock_irqrestore(&ioasid_locals_lock, flags);
	if (last)
		queue_rcu_work(system_percpu_wq, &local->release);
}
