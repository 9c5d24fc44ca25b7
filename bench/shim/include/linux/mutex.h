/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_MUTEX_H
#define BENCH_LINUX_MUTEX_H

#include <shim.h>

struct mutex {
	pthread_mutex_t mutex;
	struct shim_self *holder;
};

#define DEFINE_MUTEX(name)	\
	struct mutex name = { .mutex = PTHREAD_MUTEX_INITIALIZER }

static inline bool shim_mutex_held(const struct mutex *lock)
{
	return __atomic_load_n(&lock->holder, __ATOMIC_RELAXED) == shim_self();
}

static inline void mutex_lock(struct mutex *lock)
{
	shim_might_sleep();
	SHIM_FAIL_IF(shim_mutex_held(lock), "locks a mutex twice");
	if (shim_threads)
		pthread_mutex_lock(&lock->mutex);
	__atomic_store_n(&lock->holder, shim_self(), __ATOMIC_RELAXED);
}

static inline void mutex_unlock(struct mutex *lock)
{
	SHIM_FAIL_IF(!shim_mutex_held(lock), "unlocks a mutex of somebody else");
	__atomic_store_n(&lock->holder, NULL, __ATOMIC_RELAXED);
	if (shim_threads)
		pthread_mutex_unlock(&lock->mutex);
}

#endif /* BENCH_LINUX_MUTEX_H */
