// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a PASID: allocated into a set, used by the kernel under references,
 * freed by its set, reclaimed when the last reference goes.
 *
 * Rules:
 *
 * - An allocation happens as a whole under the locks of the set and the pool, or
 *   not at all: quota, number, lookup and the set's list change in one step.
 * - Freeing is the owner's right and cannot fail for a PASID that it has. It ends
 *   the PASID for newcomers at once; a user who is still there keeps the number
 *   from being handed out again, and is the one to reclaim it.
 * - Nobody but the one who brings struct ioasid.life to %IOASID_FREED touches
 *   the PASID afterwards, so it is reclaimed once.
 * - Freeing, getting, putting and finding never sleep: a PASID may be freed from
 *   __mmdrop(), that is with preemption off in the scheduler.
 *
 * Developer's notes: why a PASID is in a list of its set, not in a tree. Finding
 * goes by number through the pool, for which the owner is checked; so the set's
 * own index is only needed to free a range or everything. A tree keyed by number
 * makes each allocation descend twice, and costs a node per PASID when sets take
 * turns. A list costs two pointers; freeing a range then looks at what the set
 * has or at what the range spans, whichever is less.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ioasid-private.h"

static struct kmem_cache *ioasid_cache __ro_after_init;

/* Puts @pasid at the lowest free number in [min, max], which may be empty. */
static int ioasid_store_locked(struct xa_state *xas, struct ioasid *pasid,
			       ioasid_t min, ioasid_t max)
{
	xas_set(xas, min);
	xas_find_marked(xas, max, XA_FREE_MARK);
	/* So the xarray says that it went past max: every number is taken. */
	if (xas->xa_node == XAS_RESTART)
		return -ENOSPC;

	pasid->id = xas->xa_index;
	xas_store(xas, pasid);
	xas_clear_mark(xas, XA_FREE_MARK);
	return xas_error(xas);
}

static int ioasid_insert_locked(struct xa_state *xas, struct ioasid *pasid,
				ioasid_t min, ioasid_t max)
{
	struct ioasid_set *set = pasid->set;
	int err;

	err = ioasid_set_may_alloc_locked(set);
	if (err)
		return err;

	/* PASID 0 marks DMA without PASID. There is a capacity by now. */
	min = max(min, IOMMU_FIRST_GLOBAL_PASID);
	max = min(max, ioasid_pool_capacity_locked(set->pool) - 1);

	err = ioasid_store_locked(xas, pasid, min, max);
	if (err)
		return err;

	list_add_tail(&pasid->node, &set->pasids);
	ioasid_set_charge_locked(set);
	return 0;
}

/**
 * ioasid_alloc - allocate a PASID into a set
 * @set: the set
 * @min: the lowest number that will do; 0 is never handed out
 * @max: the highest number that will do; may be beyond the capacity
 * @data: private data that ioasid_find() returns; may be NULL
 * @gfp: memory allocation flags
 * @id: where the number goes, on success only. The PASID can be found, and freed,
 *      by others from the moment it exists.
 *
 * Context: Any context that @gfp allows. Takes and releases the locks of the set
 * and its pool. May sleep if the @gfp flags permit.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL:     @min is above @max
 * * -EOPNOTSUPP: the system has no PASIDs
 * * -EDQUOT:     the limit of the set is reached
 * * -ENOSPC:     no number of the range is free, or all that is free is kept for
 *                the guarantees of other sets
 * * -ENOMEM:     no memory
 * * -ENOENT:     the set was freed
 */
int ioasid_alloc(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		 void *data, gfp_t gfp, ioasid_t *id)
{
	XA_STATE(xas, &set->pool->xa, 0);
	struct ioasid *pasid;
	unsigned long flags;
	int err;

	if (min > max)
		return -EINVAL;

	pasid = kmem_cache_alloc(ioasid_cache, gfp);
	if (!pasid)
		return -ENOMEM;
	pasid->set = set;
	atomic_set(&pasid->life, 0);
	RCU_INIT_POINTER(pasid->data, data);

	do {
		ioasid_set_lock(set, &flags);
		err = ioasid_insert_locked(&xas, pasid, min, max);
		if (!err)
			*id = pasid->id;
		ioasid_set_unlock(set, flags);
	} while (xas_nomem(&xas, gfp));

	if (err)
		kmem_cache_free(ioasid_cache, pasid);
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_alloc);

/* Returns true if the caller has to put the set, after unlocking. */
static bool ioasid_reclaim_locked(struct ioasid *pasid)
{
	__xa_erase(&pasid->set->pool->xa, pasid->id);
	return ioasid_set_uncharge_locked(pasid->set);
}

/*
 * Ends the PASID for newcomers. Returns true if it has no users either, so that
 * the caller has to reclaim it; else the last of them will.
 */
static bool ioasid_retire_locked(struct ioasid *pasid)
{
	lockdep_assert_held(&pasid->set->lock);

	list_del(&pasid->node);
	if (!(atomic_fetch_or(IOASID_FREED, &pasid->life) & IOASID_USERS))
		return true;
	pasid->set->pending++;
	return false;
}

/* The last user has left a PASID that was freed before. */
static void ioasid_reclaim_pending(struct ioasid *pasid)
{
	struct ioasid_set *set = pasid->set;
	unsigned long flags;
	bool put;

	ioasid_set_lock(set, &flags);
	set->pending--;
	put = ioasid_reclaim_locked(pasid);
	ioasid_set_unlock(set, flags);

	kfree_rcu(pasid, rcu);
	if (put)
		ioasid_set_put(set);
}

static int ioasid_free_one(struct ioasid *pasid)
{
	struct ioasid_set *set = pasid->set;
	bool reclaim = false, put = false;
	unsigned long flags;
	int err = -ENOENT;

	ioasid_set_lock(set, &flags);
	if (!(atomic_read(&pasid->life) & IOASID_FREED)) {
		reclaim = ioasid_retire_locked(pasid);
		if (reclaim)
			put = ioasid_reclaim_locked(pasid);
		err = 0;
	}
	ioasid_set_unlock(set, flags);

	if (reclaim)
		kfree_rcu(pasid, rcu);
	if (put)
		ioasid_set_put(set);
	return err;
}

/* The caller is under RCU, which keeps the result, or has a reference to it. */
static struct ioasid *ioasid_lookup(struct ioasid_set *set, ioasid_t id)
{
	struct ioasid_pool *pool = set ? set->pool : &ioasid_system_pool;
	struct ioasid *pasid;

	pasid = xa_load(&pool->xa, id);
	if (!pasid)
		return ERR_PTR(-ENOENT);
	if (set && pasid->set != set)
		return ERR_PTR(-EACCES);
	return pasid;
}

/**
 * ioasid_free - free a PASID
 * @set: the set that owns it
 * @id: its number
 *
 * No new reference can be taken from now on. The number is handed out again, and
 * stops to count as used, when the last reference is put; at once if there is
 * none.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the
 * set and its pool.
 * Return: 0, or an error with nothing changed:
 *
 * * -ENOENT: there is no such PASID, or it was freed before
 * * -EACCES: another set owns it
 */
int ioasid_free(struct ioasid_set *set, ioasid_t id)
{
	struct ioasid *pasid;
	int err;

	rcu_read_lock();
	pasid = ioasid_lookup(set, id);
	err = PTR_ERR_OR_ZERO(pasid);
	if (!err)
		err = ioasid_free_one(pasid);
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_free);

/**
 * ioasid_free_batch - free some of a set's PASIDs
 * @set: the set
 * @min: lowest number to free
 * @max: highest number to free
 * @left: how many PASIDs of the list are still to be looked at; lowered
 *
 * Takes the first %IOASID_BATCH PASIDs of the list, frees the ones in the range
 * and moves the others to the end. A caller who repeats this for as many as the
 * list had at first, while no other walker turns it, has seen each of them.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the
 * set and its pool.
 * Return: How many PASIDs were freed.
 */
u32 ioasid_free_batch(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		      u32 *left)
{
	u32 nr = min_t(u32, *left, IOASID_BATCH), freed = 0;
	struct ioasid *pasid, *next;
	unsigned long flags;
	bool put = false;
	LIST_HEAD(gone);

	*left -= nr;
	ioasid_set_lock(set, &flags);
	while (nr-- && !list_empty(&set->pasids)) {
		pasid = list_first_entry(&set->pasids, struct ioasid, node);
		if (pasid->id < min || pasid->id > max) {
			list_move_tail(&pasid->node, &set->pasids);
			continue;
		}
		freed++;
		if (ioasid_retire_locked(pasid)) {
			put |= ioasid_reclaim_locked(pasid);
			list_add(&pasid->node, &gone);
		}
	}
	ioasid_set_unlock(set, flags);

	list_for_each_entry_safe(pasid, next, &gone, node)
		kfree_rcu(pasid, rcu);
	if (put)
		ioasid_set_put(set);
	return freed;
}

static u32 ioasid_set_nr_live(struct ioasid_set *set)
{
	struct ioasid_set_info info;

	ioasid_set_info(set, &info);
	return info.used - info.pending;
}

/* Looks at every PASID of the set. */
static u32 ioasid_free_by_list(struct ioasid_set *set, ioasid_t min,
			       ioasid_t max)
{
	u32 left, freed = 0;

	mutex_lock(&set->walk);
	left = ioasid_set_nr_live(set);
	while (left) {
		freed += ioasid_free_batch(set, min, max, &left);
		cond_resched();
	}
	mutex_unlock(&set->walk);
	return freed;
}

/* Tries every number of the range. */
static u32 ioasid_free_by_number(struct ioasid_set *set, ioasid_t min,
				 ioasid_t max)
{
	u32 freed = 0;
	u64 id;

	for (id = min; id <= max; id++) {
		freed += !ioasid_free(set, id);
		cond_resched();
	}
	return freed;
}

/**
 * ioasid_free_range - free all PASIDs of a set that lie in a range
 * @set: the set
 * @min: lowest number of the range
 * @max: highest number of the range; may be beyond the capacity
 *
 * Each is freed as by ioasid_free(). The cost is in proportion to the PASIDs in
 * the set or to the numbers in the range, whichever is less.
 *
 * Context: Process context. May sleep.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL: @min is above @max
 * * -ENOENT: the set has no PASID in the range
 */
int ioasid_free_range(struct ioasid_set *set, ioasid_t min, ioasid_t max)
{
	u32 freed;

	if (min > max)
		return -EINVAL;

	if (max - min < ioasid_set_nr_live(set))
		freed = ioasid_free_by_number(set, min, max);
	else
		freed = ioasid_free_by_list(set, min, max);
	return freed ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(ioasid_free_range);

/**
 * ioasid_get - keep a PASID from being recycled
 * @set: the set that owns it, or NULL for whichever set of the system it is
 * @id: its number
 *
 * For whoever puts the number into hardware, or lets somebody act on it: until
 * ioasid_put() the number does not get a second life, even if its owner frees it.
 *
 * Context: Any in which a spinlock_t may be taken. Takes no lock.
 * Return: 0, or an error with no reference taken:
 *
 * * -ENOENT: there is no such PASID, or it was freed
 * * -EACCES: another set owns it
 */
int ioasid_get(struct ioasid_set *set, ioasid_t id)
{
	struct ioasid *pasid;
	int life, err;

	rcu_read_lock();
	pasid = ioasid_lookup(set, id);
	err = PTR_ERR_OR_ZERO(pasid);
	if (err)
		goto out_unlock;

	/*
	 * The users have 30 bits. Each is a kernel object that costs memory, so
	 * there cannot be so many that they reach IOASID_FREED.
	 */
	life = atomic_read(&pasid->life);
	do {
		if (life & IOASID_FREED) {
			err = -ENOENT;
			break;
		}
	} while (!atomic_try_cmpxchg(&pasid->life, &life, life + 1));
out_unlock:
	rcu_read_unlock();
	return err;
}

/**
 * ioasid_put - give a reference to a PASID back
 * @set: as for the ioasid_get() that took it
 * @id: its number
 *
 * The last one for a PASID that was freed makes its number available again.
 *
 * Context: Any that may take a spinlock_t. May take and release the locks of the
 * set and its pool.
 */
void ioasid_put(struct ioasid_set *set, ioasid_t id)
{
	struct ioasid *pasid;
	int life;

	rcu_read_lock();
	pasid = ioasid_lookup(set, id);
	if (WARN_ON_ONCE(IS_ERR(pasid)))
		goto out_unlock;

	life = atomic_read(&pasid->life);
	do {
		if (WARN_ON_ONCE(!(life & IOASID_USERS)))
			goto out_unlock;
	} while (!atomic_try_cmpxchg(&pasid->life, &life, life - 1));

	if (life - 1 == IOASID_FREED)
		ioasid_reclaim_pending(pasid);
out_unlock:
	rcu_read_unlock();
}

/**
 * ioasid_find - look up the private data of a PASID
 * @set: the set that owns it, or NULL for whichever set of the system it is
 * @id: its number
 *
 * Finds a PASID until it is reclaimed, so users that are still there after it was
 * freed can clean up.
 *
 * Context: Any context, under rcu_read_lock(), which also keeps the data if their
 * owner frees them by RCU. Takes no lock.
 * Return: The data, NULL if there are none, or an ERR_PTR():
 *
 * * -ENOENT: there is no such PASID
 * * -EACCES: another set owns it
 */
void *ioasid_find(struct ioasid_set *set, ioasid_t id)
{
	struct ioasid *pasid = ioasid_lookup(set, id);

	if (IS_ERR(pasid))
		return pasid;
	return rcu_dereference(pasid->data);
}

/**
 * ioasid_replace_data - change the private data of a PASID
 * @set: the set that owns it
 * @id: its number
 * @data: the new data; may be NULL
 *
 * Readers may be using the old data until an RCU grace period has passed.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the set's lock.
 * Return: The old data, NULL if there were none, or an ERR_PTR() with nothing
 * changed:
 *
 * * -ENOENT: there is no such PASID, or it was freed
 * * -EACCES: another set owns it
 */
void *ioasid_replace_data(struct ioasid_set *set, ioasid_t id, void *data)
{
	struct ioasid *pasid;
	unsigned long flags;
	void *old;

	rcu_read_lock();
	pasid = ioasid_lookup(set, id);
	if (IS_ERR(pasid)) {
		old = pasid;
		goto out_unlock;
	}

	spin_lock_irqsave(&set->lock, flags);
	if (atomic_read(&pasid->life) & IOASID_FREED)
		old = ERR_PTR(-ENOENT);
	else
		old = rcu_replace_pointer(pasid->data, data,
					  lockdep_is_held(&set->lock));
	spin_unlock_irqrestore(&set->lock, flags);
out_unlock:
	rcu_read_unlock();
	return old;
}

static int __init ioasid_init(void)
{
	ioasid_cache = KMEM_CACHE(ioasid, SLAB_PANIC);
	return 0;
}
core_initcall(ioasid_init);
