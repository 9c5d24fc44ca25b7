// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID spares: numbers that a set keeps a little longer than it uses them.
 *
 * Whoever frees PASIDs most often wants others soon. So a set may keep some that are
 * reclaimed, object and number, and make one of them its next PASID under its own lock
 * alone: no memory, no look for a free number, and nothing that another set would have
 * to wait for.
 *
 * Rules:
 *
 * - A spare is FREE: nobody finds it, it is in no quota of the set, and no cgroup is
 *   charged for it. Only the pool's books count it, as taken.
 * - Nobody is refused anything, or told a figure, because of a spare. Who would be
 *   presses the pool first: no set gets a spare then, and all that have some give them
 *   back. As there are few, that is little work.
 * - There are none in a set whose list somebody walks. A spare keeps its place in the
 *   list, so that a new PASID would turn up among the old ones.
 * - There are none in a set that is freed, and none above the end of the pool. A pool
 *   that shrinks while it is in use has none any more.
 *
 * Developer's notes: why not more of them, or a share of the guarantee. Eight serve
 * whoever has PASIDs come and go; who frees a thousand at once pays for the tree with
 * each of them, and should, because the numbers of one set are of use to others. A set
 * that took numbers in advance would find the same limits, take from those who have no
 * guarantee, and begin with the cost of filling up. Spares by CPU would have to be
 * taken back from every CPU, and two VMs on one CPU would meet in them.
 *
 * Who reads the books takes the spares from everybody, so that the next few allocations
 * cost what they would without any of this. A count of the spares beside the books would
 * not be of the same moment.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "ioasid-private.h"

/*
 * Few sets keep spares, so that taking all of them back is soon done: the first who want
 * to, after it was done last.
 */
static bool ioasid_become_keeper_locked(struct ioasid_set *set)
{
	struct ioasid_pool *pool = set->pool;

	if (set->dead || set->walkers)
		return false;

	xa_lock(&pool->xa);
	if (!pool->pressed && pool->nr_keepers < IOASID_KEEPERS) {
		list_add(&set->keeper, &pool->keepers);
		pool->nr_keepers++;
		set->keeps = true;
	}
	xa_unlock(&pool->xa);
	return set->keeps;
}

void ioasid_put_spare_locked(struct ioasid *pasid)
{
	struct ioasid_set *set = pasid->set;

	set->spares[set->nr_spares++] = pasid;
}

/* Makes a PASID that is to be reclaimed a spare, or returns false. */
bool ioasid_keep_spare_locked(struct ioasid *pasid)
{
	struct ioasid_set *set = pasid->set;

	lockdep_assert_held(&set->privates.xa_lock);

	if (set->nr_spares == IOASID_SPARES)
		return false;
	if (!set->keeps && !ioasid_become_keeper_locked(set))
		return false;

	ioasid_list_locked(pasid);
	ioasid_put_spare_locked(pasid);
	return true;
}

/*
 * The spare that was freed last, of those in [min, max]; NULL if there is none. It is
 * none any more, and has to become a PASID of the set.
 */
struct ioasid *ioasid_take_spare_locked(struct ioasid_set *set, ioasid_t min,
					ioasid_t max)
{
	struct ioasid *pasid;
	u32 i;

	lockdep_assert_held(&set->privates.xa_lock);

	for (i = set->nr_spares; i--; ) {
		pasid = set->spares[i];
		if (pasid->id < min || pasid->id > max)
			continue;
		for (set->nr_spares--; i < set->nr_spares; i++)
			set->spares[i] = set->spares[i + 1];
		return pasid;
	}
	return NULL;
}

/* Gives all spares back. The set keeps none until it becomes a keeper again. */
static void ioasid_drop_spares_locked(struct ioasid_set *set)
{
	struct ioasid *pasid;
	u32 nr = set->nr_spares;

	lockdep_assert_held(&set->privates.xa_lock);
	lockdep_assert_held(&set->pool->xa.xa_lock);

	if (!set->keeps)
		return;

	ioasid_set_give_back_locked(set, nr);
	while (nr) {
		pasid = set->spares[--nr];
		__xa_erase(&set->pool->xa, pasid->id);
		list_del(&pasid->node);
		kfree_rcu(pasid, rcu);
	}
	set->nr_spares = 0;
	set->keeps = false;
	list_del(&set->keeper);
	set->pool->nr_keepers--;
}

static void ioasid_drop_spares(struct ioasid_set *set, u32 walkers)
{
	unsigned long flags;

	ioasid_books_lock(set, &flags);
	set->walkers += walkers;
	ioasid_drop_spares_locked(set);
	ioasid_books_unlock(set, flags);
}

/**
 * ioasid_forbid_spares - have a list with nothing in it but PASIDs in use
 * @set: the set
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the set
 * and its pool.
 */
void ioasid_forbid_spares(struct ioasid_set *set)
{
	ioasid_drop_spares(set, 1);
}

/**
 * ioasid_allow_spares - end what ioasid_forbid_spares() began
 * @set: the set
 *
 * Context: Any that may take a spinlock_t. Takes and releases the set's lock.
 */
void ioasid_allow_spares(struct ioasid_set *set)
{
	unsigned long flags;

	ioasid_set_lock(set, &flags);
	set->walkers--;
	ioasid_set_unlock(set, flags);
}

/* A keeper, of which the caller has a reference then; or NULL. */
static struct ioasid_set *ioasid_pool_keeper(struct ioasid_pool *pool)
{
	struct ioasid_set *set;
	unsigned long flags;

	xa_lock_irqsave(&pool->xa, flags);
	set = list_first_entry_or_null(&pool->keepers, struct ioasid_set, keeper);
	/* An owner keeps it: the last one makes the set give its spares back. */
	if (set)
		ioasid_set_get(set);
	xa_unlock_irqrestore(&pool->xa, flags);
	return set;
}

/**
 * ioasid_pool_press - have a pool without spares
 * @pool: the pool
 *
 * Whatever its books say from now on is what is used, until ioasid_pool_relax().
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the pool
 * and of no more than %IOASID_KEEPERS sets, one at a time.
 */
void ioasid_pool_press(struct ioasid_pool *pool)
{
	struct ioasid_set *set;
	unsigned long flags;

	xa_lock_irqsave(&pool->xa, flags);
	pool->pressed++;
	xa_unlock_irqrestore(&pool->xa, flags);

	while ((set = ioasid_pool_keeper(pool))) {
		ioasid_drop_spares(set, 0);
		ioasid_set_put(set);
	}
}

/**
 * ioasid_pool_relax - end what ioasid_pool_press() began
 * @pool: the pool
 *
 * Context: Any that may take a spinlock_t. Takes and releases the pool's lock.
 */
void ioasid_pool_relax(struct ioasid_pool *pool)
{
	unsigned long flags;

	xa_lock_irqsave(&pool->xa, flags);
	pool->pressed--;
	xa_unlock_irqrestore(&pool->xa, flags);
}
