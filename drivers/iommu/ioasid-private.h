/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the IOASID core, and its tests, share.
 */
#ifndef __IOASID_PRIVATE_H
#define __IOASID_PRIVATE_H

#include <linux/atomic.h>
#include <linux/ioasid.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

/**
 * struct ioasid_pool - a space of numbers and the books over it
 * @xa:       number -> struct ioasid, RCU for readers. Its lock guards the whole
 *            pool and nests inside a set's lock (see struct ioasid_set).
 * @reported: smallest size that an IOMMU reported, 0 while none did
 * @cap:      the administrator's cap, 0 for none; also the size where no IOMMU
 *            reports one
 * @used:     numbers that are taken: the sum of ioasid_set.used
 * @claimed:  the sum of max(used, guarantee) over all sets: what is not free for
 *            everybody. Grows only while it fits the pool.
 *
 * The system has one; each test makes its own.
 *
 * Invariant: while the capacity has not shrunk below @claimed, the numbers that
 * are not taken are at least as many as the guarantees that are not used up. So
 * a set below its guarantee needs nothing but a free number, and there is one.
 */
struct ioasid_pool {
	struct xarray xa;
	u32 reported;
	u32 cap;
	u32 used;
	u32 claimed;
};

/* How the number space of every pool is kept: free numbers are marked. */
#define IOASID_POOL_FLAGS	(XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ)

/**
 * struct ioasid_set - an owner of PASIDs
 * @pool:      where its numbers come from; immutable
 * @token:     the mm that names the set, pinned; or NULL; immutable
 * @refs:      keeps the memory: one for all owners together, one while @used is
 *             not zero, one for each ioasid_set_find() and ioasid_set_get()
 * @owners:    who may call ioasid_set_free(); under ioasid_sets_lock
 * @hash:      in the table of tokens while @owners is not zero; under
 *             ioasid_sets_lock
 * @walk:      one walker at a time turns @pasids round
 * @lock:      guards all that follows
 * @dead:      the last owner has gone: nothing new is allocated
 * @used:      PASIDs that are not reclaimed
 * @pending:   those of them that are freed and wait for a last reference
 * @guarantee: see struct ioasid_set_info
 * @limit:     see struct ioasid_set_info
 * @pasids:    struct ioasid.node of every PASID that is not freed, in no order
 * @release:   gives the memory back, after whoever has just unlocked @lock
 *
 * Lock order: ioasid_sets_lock > ioasid_set.lock > ioasid_pool.xa.xa_lock.
 * The last two are taken with interrupts off, because a PASID may be freed from
 * any context; ioasid_set.walk is outside of them.
 */
struct ioasid_set {
	struct ioasid_pool *pool;
	struct mm_struct *token;
	refcount_t refs;
	unsigned int owners;
	struct hlist_node hash;
	struct mutex walk;	/* turning the list of PASIDs round */
	spinlock_t lock;	/* all below */
	bool dead;
	u32 used;
	u32 pending;
	u32 guarantee;
	u32 limit;
	struct list_head pasids;
	struct rcu_work release;
};

/* struct ioasid.life: how many use the PASID, and whether it was freed. */
#define IOASID_FREED	BIT(30)
#define IOASID_USERS	(IOASID_FREED - 1)

/**
 * struct ioasid - one allocated PASID
 * @id:   its number; immutable
 * @life: the number of references that users hold, and %IOASID_FREED. This one
 *        word is the state of the PASID:
 *
 *        ============  ==============================================
 *        IDLE          0
 *        ACTIVE        users
 *        FREE_PENDING  users | IOASID_FREED
 *        FREE          IOASID_FREED: whoever gets here reclaims it
 *        ============  ==============================================
 *
 *        A user comes only while %IOASID_FREED is clear, without any lock; the
 *        flag is set once, under the set's lock.
 * @set:  its owner, which it keeps alive; immutable
 * @node: in ioasid_set.pasids until freed; under the set's lock
 * @data: the owner's private data; written under the set's lock
 * @rcu:  readers look PASIDs up under RCU
 */
struct ioasid {
	ioasid_t id;
	atomic_t life;
	struct ioasid_set *set;
	struct list_head node;
	void __rcu *data;
	struct rcu_head rcu;
};

/* PASIDs that are freed, or only looked at, in one go with interrupts off. */
#define IOASID_BATCH	64

/* ioasid-pool.c */
extern struct ioasid_pool ioasid_system_pool;

void ioasid_pool_init(struct ioasid_pool *pool, u32 cap);
void ioasid_pool_destroy(struct ioasid_pool *pool);
void ioasid_pool_install_capacity(struct ioasid_pool *pool, u32 nr);
u32 ioasid_pool_capacity(struct ioasid_pool *pool);
u32 ioasid_pool_capacity_locked(struct ioasid_pool *pool);
u32 ioasid_pool_left_locked(struct ioasid_pool *pool);
u32 ioasid_pool_free_locked(struct ioasid_pool *pool);
void ioasid_pool_info(struct ioasid_pool *pool,
		      struct ioasid_system_info *info);

/* ioasid-set.c */
struct ioasid_set *ioasid_pool_set_create(struct ioasid_pool *pool,
					  struct mm_struct *token,
					  u32 guarantee, u32 limit);
void ioasid_set_lock(struct ioasid_set *set, unsigned long *flags)
	__acquires(&set->lock) __acquires(&set->pool->xa.xa_lock);
void ioasid_set_unlock(struct ioasid_set *set, unsigned long flags)
	__releases(&set->pool->xa.xa_lock) __releases(&set->lock);
int ioasid_set_may_alloc_locked(struct ioasid_set *set);
void ioasid_set_charge_locked(struct ioasid_set *set);
bool ioasid_set_uncharge_locked(struct ioasid_set *set);

/* ioasid.c */
u32 ioasid_free_batch(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		      u32 *left);

#endif /* __IOASID_PRIVATE_H */
