/* SPDX-License-Identifier: GPL-2.0-only */
/* Readers count in memory of their own, with a full barrier, as in the kernel. */
#ifndef SPEED_LINUX_SRCU_H
#define SPEED_LINUX_SRCU_H

#include <linux/compiler.h>
#include <shim.h>

struct srcu_struct {
	pthread_mutex_t mutex;
	unsigned int turn;
	struct {
		unsigned long in[2];
		unsigned long out[2];
	} __attribute__((aligned(64))) cpu[SHIM_THREADS_MAX];
};

#define DEFINE_STATIC_SRCU(name)	\
	static struct srcu_struct name = { .mutex = PTHREAD_MUTEX_INITIALIZER }

static inline int srcu_read_lock(struct srcu_struct *srcu)
{
	int idx = READ_ONCE(srcu->turn) & 1;
	unsigned int cpu = shim_cpu();

	WRITE_ONCE(srcu->cpu[cpu].in[idx], srcu->cpu[cpu].in[idx] + 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return idx;
}

static inline void srcu_read_unlock(struct srcu_struct *srcu, int idx)
{
	unsigned int cpu = shim_cpu();

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	WRITE_ONCE(srcu->cpu[cpu].out[idx], srcu->cpu[cpu].out[idx] + 1);
}

static inline bool srcu_read_lock_held(const struct srcu_struct *srcu)
{
	return true;
}

void synchronize_srcu(struct srcu_struct *srcu);

#endif /* SPEED_LINUX_SRCU_H */
