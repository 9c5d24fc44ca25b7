/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_SRCU_H
#define BENCH_LINUX_SRCU_H

#include <shim.h>

/* Readers count in one of two places; who waits makes them change it, twice. */
struct srcu_struct {
	pthread_mutex_t mutex;
	unsigned int turn;
	unsigned int readers[2];
};

#define DEFINE_STATIC_SRCU(name)	\
	static struct srcu_struct name = { .mutex = PTHREAD_MUTEX_INITIALIZER }

static inline int srcu_read_lock(struct srcu_struct *srcu)
{
	int idx = __atomic_load_n(&srcu->turn, __ATOMIC_SEQ_CST) & 1;

	__atomic_fetch_add(&srcu->readers[idx], 1, __ATOMIC_SEQ_CST);
	return idx;
}

static inline void srcu_read_unlock(struct srcu_struct *srcu, int idx)
{
	__atomic_fetch_sub(&srcu->readers[idx], 1, __ATOMIC_SEQ_CST);
}

static inline bool srcu_read_lock_held(const struct srcu_struct *srcu)
{
	return true;
}

void synchronize_srcu(struct srcu_struct *srcu);

#endif /* BENCH_LINUX_SRCU_H */
