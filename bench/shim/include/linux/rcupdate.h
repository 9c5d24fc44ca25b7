/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small RCU of C11 atomics, which ThreadSanitizer sees through.
 *
 * A reader notes the current grace period when it begins, and 0 when it is done. Who
 * waits begins a new one and looks at each reader until it is done, or began later.
 * Either both see what the other wrote, or one does: both sides write, with a full
 * barrier, before they read.
 */
#ifndef BENCH_LINUX_RCUPDATE_H
#define BENCH_LINUX_RCUPDATE_H

#include <linux/compiler.h>
#include <shim.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#define callback_head rcu_head

extern unsigned long shim_rcu_period;

/* With one thread a grace period ends here. */
void shim_rcu_quiet(void);
/* What was kept back while reading. */
void shim_rcu_hand_over(struct shim_self *me);
extern struct rcu_head *shim_rcu_first;

/* The thread in which callbacks run. */
void shim_rcu_start(void);
void shim_rcu_stop(void);

static inline void shim_rcu_enter(struct shim_self *me)
{
	if (shim_threads)
		__atomic_exchange_n(&me->rcu_since,
				    __atomic_load_n(&shim_rcu_period,
						    __ATOMIC_SEQ_CST),
				    __ATOMIC_SEQ_CST);
}

static inline void shim_rcu_leave(struct shim_self *me)
{
	if (shim_threads) {
		__atomic_store_n(&me->rcu_since, 0, __ATOMIC_RELEASE);
		if (me->later)
			shim_rcu_hand_over(me);
		return;
	}
	if (shim_rcu_first)
		shim_rcu_quiet();
}

static inline void rcu_read_lock(void)
{
	struct shim_self *me = shim_self();

	if (!me->rcu++ && !(shim_spin_is_rcu && me->spin))
		shim_rcu_enter(me);
	shim_perturb();
}

static inline void rcu_read_unlock(void)
{
	struct shim_self *me = shim_self();

	SHIM_FAIL_IF(!me->rcu, "unlocks RCU and had not locked it");
	if (!--me->rcu && !(shim_spin_is_rcu && me->spin))
		shim_rcu_leave(me);
}

void synchronize_rcu(void);
void rcu_barrier(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void shim_kfree_rcu(struct rcu_head *head, size_t offset);

/* The offset stands for the function, as it once did in the kernel. */
#define kfree_rcu(ptr, member)						\
	shim_kfree_rcu(&(ptr)->member, offsetof(typeof(*(ptr)), member))

#define rcu_dereference(p)		__atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define rcu_dereference_raw(p)		rcu_dereference(p)
#define rcu_dereference_check(p, c)	rcu_dereference(p)
#define rcu_dereference_protected(p, c)	\
	({ SHIM_FAIL_IF(!(c), "lacks the lock of an RCU pointer"); READ_ONCE(p); })
#define rcu_access_pointer(p)		READ_ONCE(p)
/*
 * When the xarray gets flatter, this makes an entry the top that another thread had put
 * into the tree, under the same lock. That orders it for readers in the kernel's memory
 * model, but not in that of C11.
 */
#ifdef SHIM_XARRAY
#define RCU_INIT_POINTER(p, v)		rcu_assign_pointer(p, v)
#else
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#endif
#define rcu_assign_pointer(p, v)	\
	__atomic_store_n(&(p), (typeof(p))(v), __ATOMIC_RELEASE)
#define rcu_replace_pointer(p, v, c) ({					\
	typeof(p) __old = rcu_dereference_protected(p, c);		\
									\
	rcu_assign_pointer(p, v);					\
	__old;								\
})

#endif /* BENCH_LINUX_RCUPDATE_H */
