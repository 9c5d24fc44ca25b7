/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU at the price of the kernel's: a reader counts, and notes in which grace period it
 * began. The barrier that this lacks is on the side of who waits, by membarrier(2).
 */
#ifndef SPEED_LINUX_RCUPDATE_H
#define SPEED_LINUX_RCUPDATE_H

#include <linux/compiler.h>
#include <shim.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#define callback_head rcu_head

extern unsigned long shim_rcu_period;

void shim_rcu_start(void);
void shim_rcu_stop(void);

static inline void shim_rcu_enter(struct shim_self *me)
{
	if (!me->rcu)
		WRITE_ONCE(me->rcu_since, READ_ONCE(shim_rcu_period));
	me->rcu++;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void shim_rcu_leave(struct shim_self *me)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (!--me->rcu)
		__atomic_store_n(&me->rcu_since, 0, __ATOMIC_RELEASE);
}

static inline void rcu_read_lock(void)
{
	shim_rcu_enter(shim_self());
}

static inline void rcu_read_unlock(void)
{
	shim_rcu_leave(shim_self());
}

void synchronize_rcu(void);
void rcu_barrier(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));
void shim_kfree_rcu(void *obj);

#define kfree_rcu(ptr, member)						\
do {									\
	(void)&(ptr)->member;						\
	shim_kfree_rcu(ptr);						\
} while (0)

#define rcu_dereference(p)		__atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_dereference_raw(p)		rcu_dereference(p)
#define rcu_dereference_check(p, c)	rcu_dereference(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_access_pointer(p)		READ_ONCE(p)
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define rcu_assign_pointer(p, v)	\
	__atomic_store_n(&(p), (typeof(p))(v), __ATOMIC_RELEASE)
#define rcu_replace_pointer(p, v, c) ({					\
	typeof(p) __old = rcu_dereference_protected(p, c);		\
									\
	rcu_assign_pointer(p, v);					\
	__old;								\
})

#endif /* SPEED_LINUX_RCUPDATE_H */
