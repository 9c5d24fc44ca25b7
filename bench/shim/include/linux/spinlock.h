/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A spinlock is a mutex, of which ThreadSanitizer knows the order; with one thread it
 * is only noted who has it.
 */
#ifndef BENCH_LINUX_SPINLOCK_H
#define BENCH_LINUX_SPINLOCK_H

#include <linux/rcupdate.h>
#include <shim.h>

typedef struct {
	pthread_mutex_t mutex;
	struct shim_self *holder;
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	{ .mutex = PTHREAD_MUTEX_INITIALIZER }
#define DEFINE_SPINLOCK(name)		spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

static inline void spin_lock_init(spinlock_t *lock)
{
	*lock = (spinlock_t) __SPIN_LOCK_UNLOCKED(lock);
}

static inline bool shim_spin_held(const spinlock_t *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == shim_self();
}

static inline void spin_lock(spinlock_t *lock)
{
	struct shim_self *me = shim_self();

	SHIM_FAIL_IF(shim_spin_held(lock), "locks a spinlock twice");
	shim_perturb();
	if (shim_threads)
		pthread_mutex_lock(&lock->mutex);
	__atomic_store_n(&lock->holder, me, __ATOMIC_RELAXED);
	if (!me->spin++ && shim_spin_is_rcu && !me->rcu)
		shim_rcu_enter(me);
}

static inline void spin_unlock(spinlock_t *lock)
{
	struct shim_self *me = shim_self();

	SHIM_FAIL_IF(!shim_spin_held(lock), "unlocks a spinlock of somebody else");
	__atomic_store_n(&lock->holder, NULL, __ATOMIC_RELAXED);
	if (shim_threads)
		pthread_mutex_unlock(&lock->mutex);
	if (!--me->spin && shim_spin_is_rcu && !me->rcu)
		shim_rcu_leave(me);
}

#include <shim-spin.h>

#endif /* BENCH_LINUX_SPINLOCK_H */
