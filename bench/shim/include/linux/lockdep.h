/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_LOCKDEP_H
#define BENCH_LINUX_LOCKDEP_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

struct lock_class_key {
	unsigned int unused;
};

static inline void lockdep_set_class(spinlock_t *lock, struct lock_class_key *key)
{
}

#define lockdep_is_held(lock) _Generic((lock),				\
	spinlock_t *: shim_spin_held,					\
	const spinlock_t *: shim_spin_held,				\
	struct mutex *: shim_mutex_held)(lock)

#define lockdep_assert_held(lock)					\
	SHIM_FAIL_IF(!lockdep_is_held(lock), "lacks the lock " #lock)

#endif /* BENCH_LINUX_LOCKDEP_H */
