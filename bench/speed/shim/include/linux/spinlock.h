/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One atomic exchange to lock and a store to unlock, as the kernel's spinlock costs
 * when nobody waits. Who has one is a reader for RCU, and cannot be preempted: with
 * SHIM_HOLDS the time for which that lasts is noted.
 */
#ifndef SPEED_LINUX_SPINLOCK_H
#define SPEED_LINUX_SPINLOCK_H

#include <linux/rcupdate.h>
#include <shim.h>

typedef struct {
	unsigned char locked;
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name)	{ 0 }
#define DEFINE_SPINLOCK(name)		spinlock_t name = __SPIN_LOCK_UNLOCKED(name)

#ifdef SHIM_HOLDS
void shim_hold_begin(void);
void shim_hold_end(void);
#else
static inline void shim_hold_begin(void) { }
static inline void shim_hold_end(void) { }
#endif

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->locked = 0;
}

static inline bool spin_trylock(spinlock_t *lock)
{
	shim_rcu_enter(shim_self());
	if (!__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)) {
		shim_hold_begin();
		return true;
	}
	shim_rcu_leave(shim_self());
	return false;
}

static inline void spin_lock(spinlock_t *lock)
{
	shim_rcu_enter(shim_self());
	while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->locked, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
	shim_hold_begin();
}

static inline void spin_unlock(spinlock_t *lock)
{
	shim_hold_end();
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
	shim_rcu_leave(shim_self());
}

#include <shim-spin.h>

#endif /* SPEED_LINUX_SPINLOCK_H */
