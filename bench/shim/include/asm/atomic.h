/* SPDX-License-Identifier: GPL-2.0-only */
/* Atomics that ThreadSanitizer understands; the tree's are inline assembly. */
#ifndef BENCH_ASM_ATOMIC_H
#define BENCH_ASM_ATOMIC_H

#include <linux/types.h>
#include <shim.h>

#define ATOMIC_INIT(i)	{ (i) }

static inline int atomic_read(const atomic_t *v)
{
	int i = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);

	shim_perturb();
	return i;
}

static inline int atomic_read_acquire(const atomic_t *v)
{
	int i = __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);

	shim_perturb();
	return i;
}

static inline void atomic_set_release(atomic_t *v, int i)
{
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);
}

static inline void atomic_set(atomic_t *v, int i)
{
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);
}

static inline int atomic_fetch_add(int i, atomic_t *v)
{
	return __atomic_fetch_add(&v->counter, i, __ATOMIC_SEQ_CST);
}

static inline int atomic_cmpxchg(atomic_t *v, int old, int new)
{
	__atomic_compare_exchange_n(&v->counter, &old, new, false,
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
	return old;
}

static inline bool atomic_try_cmpxchg(atomic_t *v, int *old, int new)
{
	return __atomic_compare_exchange_n(&v->counter, old, new, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static inline void atomic_inc(atomic_t *v)
{
	atomic_fetch_add(1, v);
}

static inline void atomic_dec(atomic_t *v)
{
	atomic_fetch_add(-1, v);
}

static inline int atomic_fetch_dec(atomic_t *v)
{
	return atomic_fetch_add(-1, v);
}

static inline int atomic_dec_and_test(atomic_t *v)
{
	return atomic_fetch_add(-1, v) == 1;
}

#endif /* BENCH_ASM_ATOMIC_H */
