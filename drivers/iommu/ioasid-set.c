// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID sets: who owns PASIDs, and how many of them.
 *
 * A set is made by one owner and may be joined by others who name the same mm.
 * The last of them to call ioasid_set_free() ends it: nobody finds it any more, its
 * guarantee goes back to the pool, and every PASID in it is freed. When everybody
 * was told, its token is free for a new set. What remains is memory, kept by whoever
 * still holds a reference to the set or to one of its PASIDs.
 *
 * So two sets never share a token, and who listens to a token hears of one set
 * after the other.
 *
 * Developer's notes: the quota of a set is not taken out of the pool in advance,
 * as the first designs did. That made the quota of an idle set everybody's loss
 * and still let an allocation fail within it. Each set claims the larger of what
 * it uses and what it is guaranteed, and only the claims have to fit.
 */
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "ioasid-private.h"
#include "ioasid-trace.h"

/* Sized for 1024 VMs without a chain; it needs no resizing to work with more. */
static DEFINE_HASHTABLE(ioasid_sets, 10);
/* Who wants a token waits for the end of the set that had it. */
static DECLARE_WAIT_QUEUE_HEAD(ioasid_token_free);
/* All sets that have an owner, by struct ioasid_set.id. */
static DEFINE_XARRAY_ALLOC(ioasid_all_sets);
static u32 ioasid_next_set_id;
/* Which sets there are, and who listens to them. */
DEFINE_MUTEX(ioasid_sets_mutex);

/* The kernel's own set is there from boot and is never freed. */
static struct ioasid_set ioasid_host;

void ioasid_set_lock(struct ioasid_set *set, unsigned long *flags)
	__acquires(&set->privates.xa_lock)
{
	xa_lock_irqsave(&set->privates, *flags);
}

void ioasid_set_unlock(struct ioasid_set *set, unsigned long flags)
	__releases(&set->privates.xa_lock)
{
	xa_unlock_irqrestore(&set->privates, flags);
}

/* The books of a set and those of its pool change together. */
void ioasid_books_lock(struct ioasid_set *set, unsigned long *flags)
	__acquires(&set->privates.xa_lock) __acquires(&set->pool->xa.xa_lock)
{
	xa_lock_irqsave(&set->privates, *flags);
	xa_lock(&set->pool->xa);
}

void ioasid_books_unlock(struct ioasid_set *set, unsigned long flags)
	__releases(&set->pool->xa.xa_lock) __releases(&set->privates.xa_lock)
{
	xa_unlock(&set->pool->xa);
	xa_unlock_irqrestore(&set->privates, flags);
}

static void ioasid_books_assert_locked(struct ioasid_set *set)
{
	lockdep_assert_held(&set->privates.xa_lock);
	lockdep_assert_held(&set->pool->xa.xa_lock);
}

/*
 * May the set have one more PASID, whatever its number? -EAGAIN if that is to be asked
 * again with the pool pressed.
 */
int ioasid_set_may_alloc_locked(struct ioasid_set *set, bool shared)
{
	ioasid_books_assert_locked(set);

	if (set->dead)
		return -ENOENT;
	if (!ioasid_pool_capacity_locked(set->pool))
		return -EOPNOTSUPP;
	if (set->used >= set->limit)
		return -EDQUOT;
	if (shared && set->taken >= set->guarantee &&
	    !ioasid_pool_free_locked(set->pool))
		return ioasid_pool_refuse_locked(set->pool);
	return 0;
}

/* The set has one PASID more, shared or not. */
void ioasid_set_use_locked(struct ioasid_set *set)
{
	lockdep_assert_held(&set->privates.xa_lock);

	if (!set->used++)
		refcount_inc(&set->refs);
}

/* Returns true if the caller has to put the set, after unlocking. */
bool ioasid_set_unuse_locked(struct ioasid_set *set, u32 nr)
{
	lockdep_assert_held(&set->privates.xa_lock);

	set->used -= nr;
	return nr && !set->used;
}

/* A number of the pool is the set's. Local PASIDs cost the system nothing. */
void ioasid_set_take_locked(struct ioasid_set *set)
{
	ioasid_books_assert_locked(set);

	if (set->taken++ >= set->guarantee)
		set->pool->claimed++;
	set->pool->used++;
}

/* Numbers are the pool's again. */
void ioasid_set_give_back_locked(struct ioasid_set *set, u32 nr)
{
	u32 claim = max(set->taken, set->guarantee);

	ioasid_books_assert_locked(set);

	set->taken -= nr;
	set->pool->claimed -= claim - max(set->taken, set->guarantee);
	set->pool->used -= nr;
}

/* The set's claim follows its guarantee; the change has to fit, or nothing. */
static int ioasid_set_guarantee_locked(struct ioasid_set *set, u32 guarantee)
{
	struct ioasid_pool *pool = set->pool;
	u32 old = max(set->taken, set->guarantee);
	u32 new = max(set->taken, guarantee);

	ioasid_books_assert_locked(set);

	if (new > old && !ioasid_pool_capacity_locked(pool))
		return -EOPNOTSUPP;
	if (new > old && new - old > ioasid_pool_free_locked(pool))
		return ioasid_pool_refuse_locked(pool);
	pool->claimed += new - old;
	set->guarantee = guarantee;
	return 0;
}

/* In process context, because __mmdrop() is not safe in a softirq on x86. */
static void ioasid_set_release(struct work_struct *work)
{
	struct ioasid_set *set = container_of(to_rcu_work(work),
					      struct ioasid_set, release);

	/* It has no entry, but nodes may be left of tries that ran out of memory. */
	xa_destroy(&set->privates);
	if (set->token)
		mmdrop(set->token);
	put_pid(set->owner);
	kfree(set);
}

static void ioasid_set_init(struct ioasid_set *set, struct ioasid_pool *pool,
			    struct mm_struct *token, u32 limit)
{
	set->pool = pool;
	set->token = token;
	strscpy(set->comm, "kernel");
	if (token) {
		mmgrab(token);
		set->owner = get_pid(task_tgid(current));
		get_task_comm(set->comm, current->group_leader);
	}
	refcount_set(&set->refs, 1);
	set->owners = 1;
	/* A guest chooses its numbers, and pays for a tree that is spread out. */
	xa_init_flags(&set->privates, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	set->limit = limit;
	INIT_LIST_HEAD(&set->pasids);
	INIT_RCU_WORK(&set->release, ioasid_set_release);
	ioasid_events_init_set(set);
}

void __init ioasid_host_init(void)
{
	ioasid_set_init(&ioasid_host, &ioasid_system_pool, NULL,
			IOASID_LIMIT_NONE);
	xa_store(&ioasid_all_sets, ioasid_host.id, &ioasid_host, GFP_KERNEL);
}

/**
 * ioasid_host_set - the kernel's own set
 *
 * It exists from boot, without token, guarantee or limit. Whoever hands out
 * PASIDs for the kernel's own use or for host processes draws from it.
 *
 * Context: Any context.
 * Return: The set. It never goes away, so it needs no reference.
 */
struct ioasid_set *ioasid_host_set(void)
{
	return &ioasid_host;
}

/* The set that has a token, be it on its way out. */
static struct ioasid_set *ioasid_sets_named_locked(struct mm_struct *token)
{
	struct ioasid_set *set;

	lockdep_assert_held(&ioasid_sets_mutex);

	hash_for_each_possible(ioasid_sets, set, hash, (unsigned long)token)
		if (set->token == token)
			return set;
	return NULL;
}

static struct ioasid_set *ioasid_sets_find_locked(struct mm_struct *token)
{
	struct ioasid_set *set = ioasid_sets_named_locked(token);

	return set && set->owners ? set : NULL;
}

/*
 * Waits until a set that was on its way out with this token has come to its end. That
 * takes as long as the set is large: nobody else may have to wait for the caller.
 */
void ioasid_sets_wait_for_token(struct mm_struct *token)
{
	struct ioasid_set *set;

	mutex_lock(&ioasid_sets_mutex);
	set = ioasid_sets_named_locked(token);
	if (set && !set->owners)
		ioasid_set_get(set);
	else
		set = NULL;
	mutex_unlock(&ioasid_sets_mutex);
	if (!set)
		return;

	wait_event(ioasid_token_free, hlist_unhashed_lockless(&set->hash));
	ioasid_set_put(set);
}

/* The set with the lowest id from @id on, or NULL. */
static struct ioasid_set *ioasid_sets_from_locked(unsigned long id)
{
	lockdep_assert_held(&ioasid_sets_mutex);

	return xa_find(&ioasid_all_sets, &id, U32_MAX, XA_PRESENT);
}

/* The set behind @set, the first for NULL; NULL at the end. */
struct ioasid_set *ioasid_sets_next_locked(struct ioasid_set *set)
{
	return ioasid_sets_from_locked(set ? set->id + 1 : 0);
}

/* As ioasid_set_guarantee_locked(), without any spares in the way. */
static int ioasid_set_first_guarantee(struct ioasid_set *set, u32 guarantee)
{
	unsigned long flags;
	int err;

	if (!guarantee)
		return 0;
	ioasid_pool_press(set->pool);
	ioasid_books_lock(set, &flags);
	err = ioasid_set_guarantee_locked(set, guarantee);
	ioasid_books_unlock(set, flags);
	ioasid_pool_relax(set->pool);
	return err;
}

/* One step for all to see: the token is taken, or the set was never there. */
static int ioasid_sets_add_locked(struct ioasid_set *set, u32 guarantee,
				  bool *tell)
{
	struct ioasid_set *old = NULL;
	int err;

	lockdep_assert_held(&ioasid_sets_mutex);

	if (set->token)
		old = ioasid_sets_named_locked(set->token);
	if (old)
		return old->owners ? -EEXIST : -EAGAIN;
	if (ioasid_should_fail())
		return -ENOMEM;

	err = xa_alloc_cyclic(&ioasid_all_sets, &set->id, set,
			      XA_LIMIT(1, INT_MAX), &ioasid_next_set_id,
			      GFP_KERNEL_ACCOUNT);
	if (err < 0)
		return err;

	err = ioasid_set_first_guarantee(set, guarantee);
	if (err) {
		xa_erase(&ioasid_all_sets, set->id);
		return err;
	}

	if (set->token)
		hash_add(ioasid_sets, &set->hash, (unsigned long)set->token);
	trace_ioasid_set_add(set->id, set->token, set->guarantee, set->limit, 0);
	*tell = ioasid_events_add_set_locked(set);
	return 0;
}

/* As ioasid_pool_set_create(), but -EAGAIN where that would wait for the token. */
struct ioasid_set *ioasid_pool_set_try_create(struct ioasid_pool *pool,
					      struct mm_struct *token,
					      u32 guarantee, u32 limit)
{
	struct ioasid_set *set;
	bool tell = false;
	int err;

	if (guarantee > limit)
		return ERR_PTR(-EINVAL);

	set = kzalloc_obj(*set, GFP_KERNEL_ACCOUNT);
	if (!set)
		return ERR_PTR(-ENOMEM);
	ioasid_set_init(set, pool, token, limit);

	mutex_lock(&ioasid_sets_mutex);
	err = ioasid_sets_add_locked(set, guarantee, &tell);
	mutex_unlock(&ioasid_sets_mutex);
	if (err) {
		if (err != -EAGAIN)
			trace_ioasid_set_add(0, token, guarantee, limit, err);
		ioasid_set_put(set);
		return ERR_PTR(err);
	}
	if (tell)
		ioasid_tell(set);
	return set;
}

struct ioasid_set *ioasid_pool_set_create(struct ioasid_pool *pool,
					  struct mm_struct *token,
					  u32 guarantee, u32 limit)
{
	struct ioasid_set *set;

	while ((set = ioasid_pool_set_try_create(pool, token, guarantee,
						 limit)) == ERR_PTR(-EAGAIN))
		ioasid_sets_wait_for_token(token);
	return set;
}

/**
 * ioasid_set_create - make a set
 * @token: the mm that names the set to other parts of the kernel, pinned until
 *         the set is gone; NULL for a set that nobody can find
 * @guarantee: PASIDs to keep for the set whatever others do
 * @limit: the most PASIDs the set may hold, %IOASID_LIMIT_NONE for no limit
 *
 * The caller becomes the first owner and ends that with ioasid_set_free().
 *
 * The token's own host SVA PASID must not be in the set: the pin would keep the
 * mm, and the mm would keep the PASID, for ever.
 *
 * If another thread has just freed the last set of this token, waits until everybody
 * was told of its end.
 *
 * Context: Process context, not in a notifier. May sleep.
 * Return: The set, or an ERR_PTR():
 *
 * * -EINVAL:     @guarantee is above @limit
 * * -EEXIST:     a set with this token exists, see ioasid_set_join()
 * * -ENOSPC:     @guarantee does not fit what the system has left
 * * -EOPNOTSUPP: @guarantee is not 0 and the system has no PASIDs
 * * -ENOMEM:     no memory
 */
struct ioasid_set *ioasid_set_create(struct mm_struct *token, u32 guarantee,
				     u32 limit)
{
	return ioasid_pool_set_create(&ioasid_system_pool, token, guarantee,
				      limit);
}

/**
 * ioasid_set_join - become another owner of a set
 * @token: the mm that names the set
 *
 * Context: Process context. May sleep. Takes and releases ioasid_sets_mutex.
 * Return: The set, to be given up with ioasid_set_free(), or ERR_PTR(-ENOENT)
 * if there is none with this token or its last owner has gone.
 */
struct ioasid_set *ioasid_set_join(struct mm_struct *token)
{
	struct ioasid_set *set;

	mutex_lock(&ioasid_sets_mutex);
	set = ioasid_sets_find_locked(token);
	if (set)
		set->owners++;
	mutex_unlock(&ioasid_sets_mutex);
	return set ?: ERR_PTR(-ENOENT);
}

/**
 * ioasid_set_find - find a set by its token
 * @token: the mm that names the set
 *
 * The reference keeps the memory of the set, not its PASIDs.
 *
 * Context: Process context. May sleep. Takes and releases ioasid_sets_mutex.
 * Return: The set, to be given back with ioasid_set_put(), or ERR_PTR(-ENOENT)
 * if there is none with this token or its last owner has gone.
 */
struct ioasid_set *ioasid_set_find(struct mm_struct *token)
{
	struct ioasid_set *set;

	mutex_lock(&ioasid_sets_mutex);
	set = ioasid_sets_find_locked(token);
	if (set)
		ioasid_set_get(set);
	mutex_unlock(&ioasid_sets_mutex);
	return set ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_GPL(ioasid_set_find);

/**
 * ioasid_set_from - find a set of the system by its id
 * @id: the lowest id to look for
 *
 * For the administrator, who may know of all sets: the host set has id 0, the others
 * follow in the order in which they were made, until the numbers are used up and
 * begin anew.
 *
 * Context: Process context. May sleep. Takes and releases ioasid_sets_mutex.
 * Return: The set with the lowest id from @id on, to be given back with
 * ioasid_set_put(); or NULL.
 */
struct ioasid_set *ioasid_set_from(u32 id)
{
	struct ioasid_set *set;

	mutex_lock(&ioasid_sets_mutex);
	set = ioasid_sets_from_locked(id);
	while (set && set->pool != &ioasid_system_pool)
		set = ioasid_sets_next_locked(set);
	if (set)
		ioasid_set_get(set);
	mutex_unlock(&ioasid_sets_mutex);
	return set;
}

/**
 * ioasid_set_pid - the process that made a set
 * @set: the set
 *
 * Context: Process context.
 * Return: Its PID as current knows it; 0 if it is gone, or is not known there, or if
 * the kernel made the set.
 */
pid_t ioasid_set_pid(struct ioasid_set *set)
{
	pid_t nr = 0;

	rcu_read_lock();
	if (pid_task(set->owner, PIDTYPE_TGID))
		nr = pid_vnr(set->owner);
	rcu_read_unlock();
	return nr;
}

/* One step for all to see: from here on the set only shrinks. */
static void ioasid_sets_del_locked(struct ioasid_set *set)
{
	unsigned long flags;

	lockdep_assert_held(&ioasid_sets_mutex);

	xa_erase(&ioasid_all_sets, set->id);
	ioasid_books_lock(set, &flags);
	trace_ioasid_set_free(set->id, set->token, set->guarantee, set->limit,
			      0);
	set->dead = true;
	set->limit = 0;
	WARN_ON(ioasid_set_guarantee_locked(set, 0));
	ioasid_books_unlock(set, flags);
}

static void ioasid_sets_free_token(struct ioasid_set *set)
{
	mutex_lock(&ioasid_sets_mutex);
	hash_del(&set->hash);
	mutex_unlock(&ioasid_sets_mutex);
	wake_up_all(&ioasid_token_free);
}

/**
 * ioasid_set_free - give up a set
 * @set: the set, from ioasid_set_create() or ioasid_set_join()
 *
 * When the last owner gives it up, nothing can be allocated in it any more, and
 * every PASID in it is freed as by ioasid_free(). The cost is in proportion to the
 * PASIDs in the set. When this function returns everybody was told, and its token may
 * name a new set.
 *
 * Context: Process context, not in a notifier. May sleep.
 */
void ioasid_set_free(struct ioasid_set *set)
{
	struct ioasid_walk walk = { .all = true };
	bool last;

	mutex_lock(&ioasid_sets_mutex);
	last = !--set->owners;
	if (last)
		ioasid_sets_del_locked(set);
	mutex_unlock(&ioasid_sets_mutex);
	if (!last)
		return;

	ioasid_free_walk(set, &walk);
	ioasid_events_del_set(set);
	ioasid_sets_free_token(set);
	ioasid_set_put(set);
}

/**
 * ioasid_set_get - take a reference to a set
 * @set: the set; the caller has a reference to it already
 *
 * Context: Any context.
 * Return: @set
 */
struct ioasid_set *ioasid_set_get(struct ioasid_set *set)
{
	refcount_inc(&set->refs);
	return set;
}

/**
 * ioasid_set_put - give a reference to a set back
 * @set: the set, from ioasid_set_find() or ioasid_set_get()
 *
 * The last one leaves the token's pin and the memory to a worker.
 *
 * Context: Any context.
 */
void ioasid_set_put(struct ioasid_set *set)
{
	if (!refcount_dec_and_test(&set->refs))
		return;

	WARN_ON(set->used);
	queue_rcu_work(system_percpu_wq, &set->release);
}
EXPORT_SYMBOL_GPL(ioasid_set_put);

static int ioasid_set_check_adjust_locked(struct ioasid_set *set, u32 guarantee,
					  u32 limit, unsigned int flags)
{
	bool raise = guarantee > set->guarantee || limit > set->limit;

	if (set->dead)
		return -ENOENT;
	if (guarantee > limit)
		return -EINVAL;
	if (raise && !(flags & IOASID_ADJUST_MAY_RAISE))
		return -EPERM;
	if (limit < set->used)
		return -EBUSY;
	return 0;
}

static int ioasid_set_try_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
				 unsigned int flags)
{
	unsigned long irqflags;
	int err;

	ioasid_books_lock(set, &irqflags);
	if (!(flags & IOASID_ADJUST_GUARANTEE))
		guarantee = set->guarantee;
	if (!(flags & IOASID_ADJUST_LIMIT))
		limit = set->limit;

	err = ioasid_set_check_adjust_locked(set, guarantee, limit, flags);
	if (!err)
		err = ioasid_set_guarantee_locked(set, guarantee);
	if (!err)
		set->limit = limit;
	if (err != -EAGAIN)
		trace_ioasid_set_adjust(set->id, set->token, guarantee, limit,
					err);
	ioasid_books_unlock(set, irqflags);
	return err;
}

/**
 * ioasid_set_adjust - change guarantee and limit of a set in one step
 * @set: the set
 * @guarantee: the new guarantee, if %IOASID_ADJUST_GUARANTEE is given
 * @limit: the new limit, if %IOASID_ADJUST_LIMIT is given
 * @flags: what to change; and %IOASID_ADJUST_MAY_RAISE if the caller checked
 *         that whoever asks may have more than now. The comparison with "now" is
 *         made here, where nobody can change it meanwhile.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the
 * set and its pool.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL:     @flags are unknown or name nothing to change; or the guarantee
 *                would be above the limit
 * * -EPERM:      guarantee or limit would rise without %IOASID_ADJUST_MAY_RAISE
 * * -EBUSY:      the limit would be below what the set holds
 * * -ENOSPC:     the guarantee does not fit what the system has left
 * * -EOPNOTSUPP: a guarantee was asked for and the system has no PASIDs
 * * -ENOENT:     the set was freed
 */
int ioasid_set_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
		      unsigned int flags)
{
	const unsigned int what = IOASID_ADJUST_GUARANTEE | IOASID_ADJUST_LIMIT;
	int err;

	if (!(flags & what) || flags & ~(what | IOASID_ADJUST_MAY_RAISE))
		return -EINVAL;

	err = ioasid_set_try_adjust(set, guarantee, limit, flags);
	if (err == -EAGAIN) {
		ioasid_pool_press(set->pool);
		err = ioasid_set_try_adjust(set, guarantee, limit, flags);
		ioasid_pool_relax(set->pool);
	}
	return err;
}

/*
 * What an allocation over the whole range could get right now: what is free for
 * all and the rest of the own guarantee, if there are still so many numbers, and
 * within the limit.
 */
static u32 ioasid_set_available_locked(struct ioasid_set *set)
{
	u32 room = ioasid_pool_free_locked(set->pool);

	if (set->guarantee > set->taken)
		room += set->guarantee - set->taken;
	return min3(room, ioasid_pool_left_locked(set->pool),
		    set->limit - min(set->limit, set->used));
}

/**
 * ioasid_set_get_info - look at the books of a set
 * @set: the set
 * @info: filled in, all fields of the same moment
 *
 * Context: Any that may take a spinlock_t. Takes and releases the locks of the
 * set, of its pool, and of other sets.
 */
void ioasid_set_get_info(struct ioasid_set *set, struct ioasid_set_info *info)
{
	unsigned long flags;

	ioasid_pool_press(set->pool);
	ioasid_books_lock(set, &flags);
	*info = (struct ioasid_set_info) {
		.used = set->used,
		.pending = set->pending,
		.local = set->used - set->taken,
		.guarantee = set->guarantee,
		.limit = set->limit,
		.available = ioasid_set_available_locked(set),
	};
	ioasid_books_unlock(set, flags);
	ioasid_pool_relax(set->pool);
}
EXPORT_SYMBOL_GPL(ioasid_set_get_info);
