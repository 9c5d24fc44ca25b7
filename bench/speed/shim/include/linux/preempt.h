/* SPDX-License-Identifier: GPL-2.0-only */
/* Who cannot be preempted is a reader for RCU, and delays whoever wants the CPU. */
#ifndef SPEED_LINUX_PREEMPT_H
#define SPEED_LINUX_PREEMPT_H

#include <linux/spinlock.h>

static inline void preempt_disable(void)
{
	shim_rcu_enter(shim_self());
	shim_hold_begin();
}

static inline void preempt_enable(void)
{
	shim_hold_end();
	shim_rcu_leave(shim_self());
}

#define in_interrupt()	0

#endif /* SPEED_LINUX_PREEMPT_H */
