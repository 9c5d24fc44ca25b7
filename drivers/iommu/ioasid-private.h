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
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct misc_cg;
struct pid;

/**
 * struct ioasid_pool - a space of numbers and the books over it
 * @xa:       number -> struct ioasid, RCU for readers. Its lock guards the whole
 *            pool and nests inside a set's lock (see struct ioasid_set).
 * @reported: smallest size that an IOMMU reported, 0 while none did
 * @cap:      the administrator's cap, 0 for none; also the size where no IOMMU
 *            reports one
 * @local:    numbers below this are local to devices; immutable once used
 * @used:     numbers that are taken: the sum of ioasid_set.taken
 * @claimed:  the sum of max(taken, guarantee) over all sets: what is not free for
 *            everybody. Grows only while it fits the pool.
 * @keepers:  the sets that may keep spares, see ioasid-spare.c
 * @nr_keepers: how many they are
 * @pressed:  how many want no set to keep spares
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
	u32 local;
	u32 used;
	u32 claimed;
	struct list_head keepers;
	u32 nr_keepers;
	u32 pressed;
};

/* How every space of numbers is kept: free ones are marked. */
#define IOASID_NUMBERS_FLAGS	(XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ)

/**
 * struct ioasid_local - the local numbers of one device
 * @dev:     the device, kept; immutable
 * @xa:      number -> struct ioasid, RCU for readers. Its lock nests inside that of
 *           a set and that of the pool.
 * @users:   one for each PASID in it, and for whoever is adding one; under
 *           ioasid_locals_lock
 * @hash:    in the table of devices while there are users; readers under RCU
 * @release: gives device and memory back
 */
struct ioasid_local {
	struct device *dev;
	struct xarray xa;
	unsigned int users;
	struct hlist_node hash;
	struct rcu_work release;
};

/**
 * struct ioasid_note - an event that waits in the queue of its set
 * @next: the one behind it
 * @type: what happened
 * @side: of struct ioasid.made: which side of a replay the PASID is on, see
 *        struct ioasid_replay
 * @listed: of struct ioasid.made: the PASID is in the set's list; under its lock
 *
 * It is a member of what it is about, so that a free never needs memory.
 */
struct ioasid_note {
	struct ioasid_note *next;
	enum ioasid_event_type type:8;
	bool side;
	bool listed;
};

/**
 * struct ioasid_notes - events in their order
 * @first: the oldest one
 * @tail:  where the next one goes
 */
struct ioasid_notes {
	struct ioasid_note *first;
	struct ioasid_note **tail;
};

/* Numbers that a set may keep when they are reclaimed, and sets that may. */
#define IOASID_SPARES	8
#define IOASID_KEEPERS	64

/**
 * struct ioasid_set - an owner of PASIDs
 * @id:        its name for the administrator, not used again soon; 0 is the host
 *             set; immutable
 * @owner:     the process that made it, NULL for the kernel; immutable
 * @comm:      its name at that time; immutable
 * @pool:      where its shared numbers come from; immutable
 * @token:     the mm that names the set, pinned; or NULL; immutable
 * @refs:      keeps the memory: one for all owners together, one while @used is
 *             not zero, one while somebody tells events, one for each
 *             ioasid_set_find() and ioasid_set_get()
 * @owners:    who may call ioasid_set_free(); under ioasid_sets_mutex
 * @hash:      in the table of tokens until everybody was told of its end; under
 *             ioasid_sets_mutex
 * @privates:  private ID -> PASID, RCU for readers. A shared PASID is there by its
 *             number, so that looking one up touches nothing but this tree; a
 *             local one as a struct ioasid. *Its lock is the lock of the set* and
 *             guards all that follows.
 * @dead:      the last owner has gone: nothing new is allocated
 * @used:      PASIDs that are not reclaimed
 * @taken:     the shared ones among them, and the spares: numbers of the pool that
 *             are not free for others; changed under the pool's lock, too
 * @pending:   those of @used that are freed and wait for a last reference
 * @guarantee: see struct ioasid_set_info
 * @limit:     see struct ioasid_set_info
 * @side:      of every PASID that is not freed; while somebody is introduced, of those
 *             that the replay is done with, or that it leaves to the queue
 * @pasids:    struct ioasid.node of every PASID that is not freed, of the spares, and
 *             markers of those who walk the list (id 0)
 * @walkers:   how many walk the list; there are no spares while somebody does
 * @keeps:     may keep spares; changed under the pool's lock, too
 * @nr_spares: how many there are
 * @spares:    PASIDs that are reclaimed, and whose numbers the set has not given back
 * @keeper:    in ioasid_pool.keepers while @keeps; under the pool's lock
 * @telling:   somebody delivers events, and nobody else may
 * @heir:      somebody waits to do so; set under ioasid_sets_mutex, too
 * @listeners: notifiers that have to be told; 0 saves the queue
 * @unsettled: somebody has to sleep for what it was told; for who tells
 * @notes:     events that nobody was told of yet
 * @heard:     events that everybody was told of while somebody is not settled; for
 *             who tells
 * @queued:    how many events ever came into the queue; see ioasid_introduce()
 * @told:      how many of them were delivered; changed by who tells
 * @settled:   how many of these are done with
 * @added:     tells of the set itself
 * @gone:      likewise
 * @joined:    notifiers registered until now know the set; later ones have to be
 *             introduced. Written by who tells, or while nobody can know the set.
 * @replay:    the notifier that is being introduced; for who tells
 * @idle:      waits until @settled moves, nobody tells, or the heir does
 * @teller:    tells on in process context what would take too long elsewhere
 * @release:   gives the memory back, after whoever has just unlocked the set
 *
 * Lock order: ioasid_users_lock > ioasid_sets_mutex > ioasid_set.privates.xa_lock >
 * ioasid_pool.xa.xa_lock > ioasid_local.xa.xa_lock. The last three are taken with
 * interrupts off, because a PASID may be freed from any context. So is
 * ioasid_locals_lock, which nests outside of the pool's and is taken with no other.
 *
 * To tell is like a lock, too, which nests inside ioasid_sets_mutex and outside of
 * all others. It is never waited for but in process context; who finds it taken
 * leaves the event in the queue to whoever has it. Who tells may have to let others
 * settle, who sleep then, so what they take nests inside as well.
 */
struct ioasid_set {
	u32 id;
	struct pid *owner;
	char comm[TASK_COMM_LEN];
	struct ioasid_pool *pool;
	struct mm_struct *token;
	refcount_t refs;
	unsigned int owners;
	struct hlist_node hash;
	struct xarray privates;		/* its lock: all below */
	bool dead;
	bool telling;
	bool heir;
	unsigned int listeners;
	u32 used;
	u32 taken;
	u32 pending;
	u32 guarantee;
	u32 limit;
	bool side;
	bool keeps;
	u32 nr_spares;
	struct ioasid *spares[IOASID_SPARES];
	struct list_head pasids;
	u32 walkers;
	struct list_head keeper;
	bool unsettled;
	struct ioasid_notes notes;
	struct ioasid_notes heard;
	u64 queued;
	u64 told;
	u64 settled;
	struct ioasid_note added;
	struct ioasid_note gone;
	u64 joined;
	struct ioasid_replay *replay;
	wait_queue_head_t idle;
	struct work_struct teller;
	struct rcu_work release;
};

/* struct ioasid.life: how many use the PASID, and whether it was freed. */
#define IOASID_FREED	BIT(30)
#define IOASID_USERS	(IOASID_FREED - 1)

/**
 * struct ioasid_binding - a private ID while it is attached to a PASID
 * @pasid:   the PASID
 * @private: the private ID
 * @bound:   tells that it was attached
 * @unbound: tells that it was detached; set aside here, for a free that cannot
 *           allocate anything
 *
 * Freed when the second was told. All under the set's lock.
 */
struct ioasid_binding {
	struct ioasid *pasid;
	u32 private;
	struct ioasid_note bound;
	struct ioasid_note unbound;
};

/**
 * struct ioasid - one allocated PASID
 * @id:    its number; immutable; 0 in a marker
 * @life:  the number of references that users hold, and %IOASID_FREED. This one
 *         word is the state of the PASID:
 *
 *         ============  ==============================================
 *         IDLE          0
 *         ACTIVE        users
 *         FREE_PENDING  users | IOASID_FREED
 *         FREE          IOASID_FREED: whoever gets here reclaims it
 *         ============  ==============================================
 *
 *         A user comes only while %IOASID_FREED is clear, without any lock; the
 *         flag is set and, for a spare's next life, cleared under the set's lock.
 *         The event that tells of the free is a user. Who finds a PASID that is
 *         FREE finds none.
 * @set:   its owner, which it keeps alive until reclaimed; immutable
 * @data:  the owner's private data; written under the set's lock
 * @made:  tells that it was allocated
 * @local: the space that its number is from, NULL for a shared one; immutable
 * @binding: its private ID, NULL for none; under the set's lock
 * @cg:    the cgroup that was charged for it, kept; NULL for none; for whoever
 *         allocates or reclaims it
 * @node:  in ioasid_set.pasids while @made.listed; under the set's lock
 * @freed: tells that it was freed
 * @rcu:   readers look PASIDs up under RCU
 *
 * First comes what each lookup touches, then what each free does.
 */
struct ioasid {
	ioasid_t id;
	atomic_t life;
	struct ioasid_set *set;
	void __rcu *data;
	union {
		struct ioasid_note made;
		struct rcu_head rcu;
	};
	struct ioasid_local *local;
	struct ioasid_binding *binding;
	struct misc_cg *cg;
	union {
		struct list_head node;
		struct ioasid_note freed;
	};
};

/* PASIDs that are freed, or only looked at, in one go with interrupts off. */
#define IOASID_BATCH	64

/* ioasid-pool.c */
extern struct ioasid_pool ioasid_system_pool;

void ioasid_pool_init(struct ioasid_pool *pool, u32 cap, u32 local);
void ioasid_pool_destroy(struct ioasid_pool *pool);
void ioasid_pool_install_capacity(struct ioasid_pool *pool, u32 nr);
u32 ioasid_pool_capacity(struct ioasid_pool *pool);
u32 ioasid_pool_capacity_locked(struct ioasid_pool *pool);
u32 ioasid_pool_shared_min(struct ioasid_pool *pool);
u32 ioasid_pool_left_locked(struct ioasid_pool *pool);
u32 ioasid_pool_free_locked(struct ioasid_pool *pool);
int ioasid_pool_refuse_locked(struct ioasid_pool *pool);
void ioasid_pool_info(struct ioasid_pool *pool,
		      struct ioasid_system_info *info);

/* ioasid-cgroup.c */
#ifdef CONFIG_IOASID_CGROUP
int ioasid_charge(struct misc_cg **charged);
void ioasid_uncharge(struct misc_cg *cg);
void ioasid_set_charge_capacity(u64 nr);
u32 ioasid_charge_room(void);
#else
static inline int ioasid_charge(struct misc_cg **charged)
{
	return 0;
}

static inline void ioasid_uncharge(struct misc_cg *cg)
{
}

static inline void ioasid_set_charge_capacity(u64 nr)
{
}

static inline u32 ioasid_charge_room(void)
{
	return U32_MAX;
}
#endif

/* ioasid-fault.c */
#ifdef CONFIG_IOASID_FAULT_INJECTION
bool ioasid_should_fail(void);
#else
static inline bool ioasid_should_fail(void)
{
	return false;
}
#endif

/* ioasid-local.c */
#define IOASID_LOCAL_BITS	8	/* of the hash by device */

void ioasid_local_capacity_changed(void);
struct ioasid_local *ioasid_local_get(struct device *dev, gfp_t gfp);
void ioasid_local_put(struct ioasid_local *local);
struct ioasid_local *ioasid_local_find(struct device *dev);

/* ioasid-set.c */
extern struct mutex ioasid_sets_mutex;

void __init ioasid_host_init(void);
void ioasid_sets_wait_for_token(struct mm_struct *token);
struct ioasid_set *ioasid_pool_set_try_create(struct ioasid_pool *pool,
					      struct mm_struct *token,
					      u32 guarantee, u32 limit);
struct ioasid_set *ioasid_pool_set_create(struct ioasid_pool *pool,
					  struct mm_struct *token,
					  u32 guarantee, u32 limit);
struct ioasid_set *ioasid_sets_next_locked(struct ioasid_set *set);
void ioasid_set_lock(struct ioasid_set *set, unsigned long *flags)
	__acquires(&set->privates.xa_lock);
void ioasid_set_unlock(struct ioasid_set *set, unsigned long flags)
	__releases(&set->privates.xa_lock);
void ioasid_books_lock(struct ioasid_set *set, unsigned long *flags)
	__acquires(&set->privates.xa_lock) __acquires(&set->pool->xa.xa_lock);
void ioasid_books_unlock(struct ioasid_set *set, unsigned long flags)
	__releases(&set->pool->xa.xa_lock) __releases(&set->privates.xa_lock);
int ioasid_set_may_alloc_locked(struct ioasid_set *set, bool shared);
void ioasid_set_use_locked(struct ioasid_set *set);
bool ioasid_set_unuse_locked(struct ioasid_set *set, u32 nr);
void ioasid_set_take_locked(struct ioasid_set *set);
void ioasid_set_give_back_locked(struct ioasid_set *set, u32 nr);

/* ioasid-spare.c */
void ioasid_put_spare_locked(struct ioasid *pasid);
bool ioasid_keep_spare_locked(struct ioasid *pasid);
struct ioasid *ioasid_take_spare_locked(struct ioasid_set *set, ioasid_t min,
					ioasid_t max);
void ioasid_forbid_spares(struct ioasid_set *set);
void ioasid_allow_spares(struct ioasid_set *set);
void ioasid_pool_press(struct ioasid_pool *pool);
void ioasid_pool_relax(struct ioasid_pool *pool);

/**
 * struct ioasid_walk - somebody who frees PASIDs of a set's list
 * @marker: where in the list; anything that is not freed meanwhile stays in order
 * @end:    what was last in the list at first, so that the end does not move
 * @all:    free everything, else what lies in the range:
 * @min:    lowest number
 * @max:    highest number
 * @dev:    the device that it is local to, NULL for shared ones
 * @freed:  how many were freed
 */
struct ioasid_walk {
	struct ioasid marker;
	struct ioasid end;
	bool all;
	ioasid_t min;
	ioasid_t max;
	struct device *dev;
	u32 freed;
};

/* ioasid-alloc.c */
void __init ioasid_alloc_init(void);

/* ioasid.c */
void ioasid_list_locked(struct ioasid *pasid);
struct ioasid *ioasid_lookup(struct ioasid_set *set, struct device *dev,
			     ioasid_t id);
bool ioasid_freed(struct ioasid *pasid);
int ioasid_hold_pasid(struct ioasid *pasid);
void ioasid_free_walk(struct ioasid_set *set, struct ioasid_walk *walk);

/* ioasid-binding.c */
void __init ioasid_binding_init(void);
struct ioasid_binding *ioasid_binding_new(gfp_t gfp);
void ioasid_binding_free(struct ioasid_binding *binding);
int ioasid_reserve_private_locked(struct xa_state *xas, u32 private);
void ioasid_cancel_private_locked(struct xa_state *xas);
bool ioasid_bind_locked(struct xa_state *xas, struct ioasid_binding *binding,
			struct ioasid *pasid);
bool ioasid_unbind_locked(struct ioasid *pasid);

/* ioasid-event.c */
#define IOASID_NOTIFIER_BITS	10	/* of the hash by what is listened to */

bool ioasid_telling_locked(struct ioasid_set *set);
bool ioasid_note_locked(struct ioasid_set *set, struct ioasid_note *note,
			enum ioasid_event_type type);
void ioasid_tell(struct ioasid_set *set);
void ioasid_events_init_set(struct ioasid_set *set);
bool ioasid_events_add_set_locked(struct ioasid_set *set);
void ioasid_events_del_set(struct ioasid_set *set);
int ioasid_pool_register_notifier(struct ioasid_pool *pool,
				  struct ioasid_notifier *notifier);

#endif /* __IOASID_PRIVATE_H */
