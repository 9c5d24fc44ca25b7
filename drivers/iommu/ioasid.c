// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a PASID: allocated into a set, used by the kernel under references,
 * freed by its set, reclaimed when the last reference goes.
 *
 * Rules:
 *
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

#define CREATE_TRACE_POINTS
#include "ioasid-trace.h"

/* A PASID that keeps its place in the list is cheaper to have again. */
void ioasid_list_locked(struct ioasid *pasid)
{
	if (!pasid->made.listed)
		list_add_tail(&pasid->node, &pasid->set->pasids);
	pasid->made.listed = true;
}

static void ioasid_unlist_locked(struct ioasid *pasid)
{
	if (pasid->made.listed)
		list_del(&pasid->node);
	pasid->made.listed = false;
}

/**
 * struct ioasid_rest - what is left to do for reclaimed PASIDs, without any lock
 * @gone: those whose memory is to be given back
 * @cg:   the cgroup that was charged for one that is a spare now, or NULL
 * @tell: somebody has to be told
 * @put:  the set is to be put
 */
struct ioasid_rest {
	struct list_head gone;
	struct misc_cg *cg;
	bool tell;
	bool put;
};

static void ioasid_finish(struct ioasid_set *set, struct ioasid_rest *rest)
{
	struct ioasid *pasid, *next;

	list_for_each_entry_safe(pasid, next, &rest->gone, node) {
		ioasid_uncharge(pasid->cg);
		ioasid_local_put(pasid->local);
		kfree_rcu(pasid, rcu);
	}
	ioasid_uncharge(rest->cg);
	if (rest->tell)
		ioasid_tell(set);
	if (rest->put)
		ioasid_set_put(set);
}

static void ioasid_erase_local_locked(struct ioasid *pasid)
{
	xa_lock(&pasid->local->xa);
	__xa_erase(&pasid->local->xa, pasid->id);
	xa_unlock(&pasid->local->xa);
}

/* Numbers that follow each other are in the same node, most often. */
static void ioasid_erase_next_locked(struct xa_state *xas, ioasid_t id)
{
	if (xas->xa_node != XAS_RESTART && id == xas->xa_index + 1)
		xas_next(xas);
	else
		xas_set(xas, id);
	xas_store(xas, NULL);
}

/* The numbers of what is gone are free again. */
static void ioasid_erase_locked(struct ioasid_set *set, struct list_head *gone)
{
	XA_STATE(xas, &set->pool->xa, 0);
	struct ioasid *pasid;
	u32 nr = 0;

	xa_lock(&set->pool->xa);
	list_for_each_entry(pasid, gone, node) {
		if (pasid->local) {
			ioasid_erase_local_locked(pasid);
			continue;
		}
		ioasid_erase_next_locked(&xas, pasid->id);
		nr++;
	}
	ioasid_set_give_back_locked(set, nr);
	xa_unlock(&set->pool->xa);
}

/* A PASID that has come to its end: it becomes a spare, or is gone. */
static void ioasid_reclaim_locked(struct ioasid *pasid, struct ioasid_rest *rest)
{
	struct ioasid_set *set = pasid->set;

	ioasid_trace_pasid(reclaim, pasid, IOASID_PRIVATE_NONE);
	rest->put = ioasid_set_unuse_locked(set, 1);
	rest->cg = pasid->cg;
	if (!pasid->local && ioasid_keep_spare_locked(pasid))
		return;

	rest->cg = NULL;
	ioasid_unlist_locked(pasid);
	list_add(&pasid->node, &rest->gone);
	ioasid_erase_locked(set, &rest->gone);
}

bool ioasid_freed(struct ioasid *pasid)
{
	return atomic_read(&pasid->life) & IOASID_FREED;
}

/* A spare, or about to be reclaimed. Who finds it alive finds its data, too. */
static bool ioasid_is_free(struct ioasid *pasid)
{
	return atomic_read_acquire(&pasid->life) == IOASID_FREED;
}

/*
 * Ends the PASID for newcomers. Returns true if it has no users either, so that
 * the caller has to reclaim it; else the last of them will. Sets @tell if the
 * caller has to call ioasid_tell(), after unlocking.
 */
static bool ioasid_retire_locked(struct ioasid *pasid, bool *tell)
{
	struct ioasid_set *set = pasid->set;
	int users;

	lockdep_assert_held(&set->privates.xa_lock);

	if (pasid->binding)
		*tell |= ioasid_unbind_locked(pasid);

	ioasid_trace_pasid(free, pasid, IOASID_PRIVATE_NONE);
	users = ioasid_telling_locked(set);
	if (users) {
		ioasid_unlist_locked(pasid);
		*tell |= ioasid_note_locked(set, &pasid->freed, IOASID_EVENT_FREE);
	}

	users += atomic_fetch_add(IOASID_FREED + users, &pasid->life);
	if (!users)
		return true;
	ioasid_unlist_locked(pasid);
	set->pending++;
	return false;
}

/*
 * The last user has left a PASID that was freed before. Not inlined: its stack frame
 * would cost each release a tenth.
 */
static noinline void ioasid_reclaim_pending(struct ioasid *pasid)
{
	struct ioasid_rest rest = { .gone = LIST_HEAD_INIT(rest.gone) };
	struct ioasid_set *set = pasid->set;
	unsigned long flags;

	ioasid_set_lock(set, &flags);
	set->pending--;
	ioasid_reclaim_locked(pasid, &rest);
	ioasid_set_unlock(set, flags);

	ioasid_finish(set, &rest);
}

/* The caller is under RCU, which keeps the set. */
static int ioasid_free_one(struct ioasid *pasid)
{
	struct ioasid_rest rest = { .gone = LIST_HEAD_INIT(rest.gone) };
	struct ioasid_set *set = pasid->set;
	unsigned long flags;
	int err = -ENOENT;

	ioasid_set_lock(set, &flags);
	if (!ioasid_freed(pasid)) {
		if (ioasid_retire_locked(pasid, &rest.tell))
			ioasid_reclaim_locked(pasid, &rest);
		err = 0;
	}
	ioasid_set_unlock(set, flags);

	ioasid_finish(set, &rest);
	return err;
}

/* Where numbers are looked up. The caller is under RCU, which keeps it. */
static struct xarray *ioasid_numbers(struct ioasid_set *set, struct device *dev)
{
	struct ioasid_local *local;

	if (dev) {
		local = ioasid_local_find(dev);
		return local ? &local->xa : NULL;
	}
	return set ? &set->pool->xa : &ioasid_system_pool.xa;
}

/*
 * The caller is under RCU, which keeps the result, or has a reference to it. It may be
 * FREE, which the caller finds out as it finds out that it was freed.
 */
struct ioasid *ioasid_lookup(struct ioasid_set *set, struct device *dev,
			     ioasid_t id)
{
	struct xarray *numbers = ioasid_numbers(set, dev);
	struct ioasid *pasid;

	pasid = numbers ? xa_load(numbers, id) : NULL;
	if (!pasid)
		return ERR_PTR(-ENOENT);
	/* That a set keeps spares is nobody's business. */
	if (set && pasid->set != set)
		return ERR_PTR(ioasid_is_free(pasid) ? -ENOENT : -EACCES);
	return pasid;
}

/**
 * ioasid_free - free a PASID
 * @set: the set that owns it
 * @dev: the device that it is local to, NULL for a shared one
 * @id: its number
 *
 * Its private ID is detached, and no new reference can be taken from now on. The
 * number is handed out again, and stops to count as used, when everybody was told
 * and the last reference is put; at once if there is none.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the
 * set and its pool.
 * Return: 0, or an error with nothing changed:
 *
 * * -ENOENT: there is no such PASID, or it was freed before
 * * -EACCES: another set owns it
 */
int ioasid_free(struct ioasid_set *set, struct device *dev, ioasid_t id)
{
	struct ioasid *pasid;
	int err;

	rcu_read_lock();
	pasid = ioasid_lookup(set, dev, id);
	err = PTR_ERR_OR_ZERO(pasid);
	if (!err)
		err = ioasid_free_one(pasid);
	rcu_read_unlock();
	if (err)
		ioasid_trace(free, set, id, IOASID_PRIVATE_NONE, !!dev, err);
	return err;
}

static bool ioasid_walk_match(const struct ioasid_walk *walk,
			      struct ioasid *pasid)
{
	/* Somebody else's marker. */
	if (!pasid->id)
		return false;
	if (walk->all)
		return true;
	return pasid->id >= walk->min && pasid->id <= walk->max &&
	       walk->dev == (pasid->local ? pasid->local->dev : NULL);
}

/*
 * Frees what is to be freed among the next PASIDs behind the marker, and moves it
 * behind them. Returns true if there are more.
 */
static bool ioasid_walk_on_locked(struct ioasid_set *set,
				  struct ioasid_walk *walk,
				  struct ioasid_rest *rest)
{
	struct ioasid *pasid = &walk->marker, *next;
	u32 nr = IOASID_BATCH, reclaimed = 0;

	list_for_each_entry_safe_continue(pasid, next, &set->pasids, node) {
		if (pasid == &walk->end || !nr--)
			break;
		if (!ioasid_walk_match(walk, pasid))
			continue;
		walk->freed++;
		if (!ioasid_retire_locked(pasid, &rest->tell))
			continue;
		ioasid_trace_pasid(reclaim, pasid, IOASID_PRIVATE_NONE);
		ioasid_unlist_locked(pasid);
		list_add_tail(&pasid->node, &rest->gone);
		reclaimed++;
	}
	list_move_tail(&walk->marker.node, &pasid->node);

	ioasid_erase_locked(set, &rest->gone);
	rest->put = ioasid_set_unuse_locked(set, reclaimed);
	return pasid != &walk->end;
}

static bool ioasid_walk_on(struct ioasid_set *set, struct ioasid_walk *walk)
{
	struct ioasid_rest rest = { .gone = LIST_HEAD_INIT(rest.gone) };
	unsigned long flags;
	bool more;

	ioasid_set_lock(set, &flags);
	more = ioasid_walk_on_locked(set, walk, &rest);
	ioasid_set_unlock(set, flags);

	ioasid_finish(set, &rest);
	return more;
}

/**
 * ioasid_free_walk - free PASIDs of a set's list
 * @set: the set, of which the caller has a reference
 * @walk: which of them; the rest is filled in
 *
 * Whatever comes into the list meanwhile is not looked at.
 *
 * Context: Process context. May sleep. Takes and releases the locks of the set and
 * its pool, each time for %IOASID_BATCH PASIDs.
 */
void ioasid_free_walk(struct ioasid_set *set, struct ioasid_walk *walk)
{
	unsigned long flags;

	walk->freed = 0;
	walk->marker.id = 0;
	walk->end.id = 0;
	ioasid_forbid_spares(set);
	ioasid_set_lock(set, &flags);
	list_add(&walk->marker.node, &set->pasids);
	list_add_tail(&walk->end.node, &set->pasids);
	ioasid_set_unlock(set, flags);

	while (ioasid_walk_on(set, walk))
		cond_resched();

	ioasid_set_lock(set, &flags);
	list_del(&walk->marker.node);
	list_del(&walk->end.node);
	ioasid_set_unlock(set, flags);
	ioasid_allow_spares(set);
}

static u32 ioasid_set_nr_live(struct ioasid_set *set)
{
	unsigned long flags;
	u32 nr;

	ioasid_set_lock(set, &flags);
	nr = set->used - set->pending;
	ioasid_set_unlock(set, flags);
	return nr;
}

/* Tries every number of the range. */
static u32 ioasid_free_by_number(struct ioasid_set *set, struct device *dev,
				 ioasid_t min, ioasid_t max)
{
	u32 freed = 0;
	u64 id;

	for (id = min; id <= max; id++) {
		freed += !ioasid_free(set, dev, id);
		cond_resched();
	}
	return freed;
}

/**
 * ioasid_free_range - free all PASIDs of a set that lie in a range
 * @set: the set
 * @dev: the device that they are local to, NULL for shared ones
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
 * * -ENOENT: the set has no such PASID in the range
 */
int ioasid_free_range(struct ioasid_set *set, struct device *dev, ioasid_t min,
		      ioasid_t max)
{
	struct ioasid_walk walk = { .min = min, .max = max, .dev = dev };

	if (min > max)
		return -EINVAL;

	if (max - min < ioasid_set_nr_live(set))
		walk.freed = ioasid_free_by_number(set, dev, min, max);
	else
		ioasid_free_walk(set, &walk);
	return walk.freed ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(ioasid_free_range);

/*
 * One user more, unless the PASID was freed; returns its life before. The users have 30
 * bits. Each is a kernel object that costs memory, so there cannot be so many that they
 * reach IOASID_FREED.
 */
static int ioasid_try_hold(struct ioasid *pasid)
{
	int life = atomic_read(&pasid->life);

	do {
		if (life & IOASID_FREED)
			return life;
	} while (!atomic_try_cmpxchg(&pasid->life, &life, life + 1));
	ioasid_trace_pasid(get, pasid, IOASID_PRIVATE_NONE);
	return life;
}

int ioasid_hold_pasid(struct ioasid *pasid)
{
	return ioasid_try_hold(pasid) & IOASID_FREED ? -ENOENT : 0;
}

/**
 * ioasid_get - keep a PASID from being recycled
 * @set: the set that owns it, or NULL for whichever set of the system it is
 * @dev: the device that it is local to, NULL for a shared one
 * @id: its number
 *
 * For whoever lets somebody act on the number: until ioasid_put() it does not get a
 * second life, even if its owner frees it.
 *
 * Context: Any in which a spinlock_t may be taken. Takes no lock.
 * Return: 0, or an error with no reference taken:
 *
 * * -ENOENT: there is no such PASID, or it was freed
 * * -EACCES: another set owns it
 */
int ioasid_get(struct ioasid_set *set, struct device *dev, ioasid_t id)
{
	struct ioasid *pasid;
	int err;

	rcu_read_lock();
	pasid = ioasid_lookup(set, dev, id);
	err = PTR_ERR_OR_ZERO(pasid);
	if (!err)
		err = ioasid_hold_pasid(pasid);
	rcu_read_unlock();
	return err;
}

/**
 * ioasid_put - give a reference to a PASID back
 * @set: as for the ioasid_get() that took it
 * @dev: likewise
 * @id: likewise
 *
 * The last one for a PASID that was freed makes its number available again.
 *
 * Context: Any that may take a spinlock_t. May take and release the locks of the
 * set and its pool.
 */
void ioasid_put(struct ioasid_set *set, struct device *dev, ioasid_t id)
{
	struct ioasid *pasid;

	rcu_read_lock();
	pasid = ioasid_lookup(set, dev, id);
	if (!WARN_ON_ONCE(IS_ERR(pasid)))
		ioasid_release(pasid);
	rcu_read_unlock();
}

/* Is it another process', or the host's where the number comes from a process? */
static bool ioasid_is_foreign(struct ioasid *pasid, bool picked)
{
	struct mm_struct *token = pasid->set->token;

	return token ? token != current->mm : picked;
}

/**
 * ioasid_hold - keep what a device means by a number from being recycled
 * @dev: the device
 * @id: the number, as in a request of the device
 * @picked: a process picked the number, by itself
 *
 * For whoever puts the number into a table of the device. Below "ioasid.local=" it
 * is a PASID local to @dev, else a shared one.
 *
 * iommufd lets its users pick numbers for their own devices. One that happens to be
 * the PASID of another process' set, or of the host, is not that PASID, and must neither
 * keep it from being freed nor tell that it exists.
 *
 * Context: Process context of whoever wants the number in the table. Takes no lock.
 * Return: A reference, to be given back with ioasid_release(). NULL if it is nobody's
 * PASID, another process', or with @picked the host's, so that there is nothing to keep.
 * ERR_PTR(-ENOENT) if it was freed, and must not get a new user.
 */
struct ioasid *ioasid_hold(struct device *dev, ioasid_t id, bool picked)
{
	bool shared = id >= ioasid_pool_shared_min(&ioasid_system_pool);
	struct ioasid *pasid;
	int life = IOASID_FREED;

	rcu_read_lock();
	pasid = ioasid_lookup(NULL, shared ? NULL : dev, id);
	if (!IS_ERR(pasid) && !ioasid_is_foreign(pasid, picked))
		life = ioasid_try_hold(pasid);
	rcu_read_unlock();

	if (life == IOASID_FREED)
		return NULL;
	return life & IOASID_FREED ? ERR_PTR(-ENOENT) : pasid;
}

/**
 * ioasid_release - give a reference to a PASID back
 * @pasid: from ioasid_hold() or ioasid_hold_private(); nothing happens for NULL
 *
 * As ioasid_put().
 *
 * Context: Any that may take a spinlock_t. May take and release the locks of the
 * set and its pool.
 */
void ioasid_release(struct ioasid *pasid)
{
	int life;

	if (!pasid)
		return;

	/* While it cannot go away. */
	ioasid_trace_pasid(put, pasid, IOASID_PRIVATE_NONE);
	/* Who gives back what is his need not look at it first: that takes time. */
	life = atomic_fetch_dec(&pasid->life);
	if (WARN_ON_ONCE(!(life & IOASID_USERS)))
		atomic_inc(&pasid->life);
	else if (life == (IOASID_FREED | 1))
		ioasid_reclaim_pending(pasid);
}

/**
 * ioasid_find - look up the private data of a PASID
 * @set: the set that owns it, or NULL for whichever set of the system it is
 * @dev: the device that it is local to, NULL for a shared one
 * @id: its number
 *
 * Finds a PASID until it is reclaimed, so users that are still there after it was
 * freed can clean up. The data have to last as long, or to be taken away by
 * ioasid_replace_data() before the PASID is freed.
 *
 * Context: Any context, under rcu_read_lock(), which also keeps the data if their
 * owner frees them by RCU. Takes no lock.
 * Return: The data, NULL if there are none, or an ERR_PTR():
 *
 * * -ENOENT: there is no such PASID
 * * -EACCES: another set owns it
 */
void *ioasid_find(struct ioasid_set *set, struct device *dev, ioasid_t id)
{
	struct ioasid *pasid = ioasid_lookup(set, dev, id);

	if (IS_ERR(pasid))
		return pasid;
	if (ioasid_is_free(pasid))
		return ERR_PTR(-ENOENT);
	return rcu_dereference(pasid->data);
}

/**
 * ioasid_replace_data - change the private data of a PASID
 * @set: the set that owns it
 * @dev: the device that it is local to, NULL for a shared one
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
void *ioasid_replace_data(struct ioasid_set *set, struct device *dev,
			  ioasid_t id, void *data)
{
	struct ioasid *pasid;
	unsigned long flags;
	void *old;

	rcu_read_lock();
	pasid = ioasid_lookup(set, dev, id);
	if (IS_ERR(pasid)) {
		old = pasid;
		goto out_unlock;
	}

	ioasid_set_lock(set, &flags);
	if (ioasid_freed(pasid))
		old = ERR_PTR(-ENOENT);
	else
		old = rcu_replace_pointer(pasid->data, data,
					  lockdep_is_held(&set->privates.xa_lock));
	ioasid_set_unlock(set, flags);
out_unlock:
	rcu_read_unlock();
	return old;
}

static int __init ioasid_init(void)
{
	ioasid_alloc_init();
	ioasid_binding_init();
	ioasid_host_init();
	ioasid_local_capacity_changed();
	return 0;
}
core_initcall(ioasid_init);
