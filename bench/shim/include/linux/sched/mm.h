/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_SCHED_MM_H
#define BENCH_LINUX_SCHED_MM_H

#include <linux/gfp.h>
#include <linux/sched.h>

static inline void might_alloc(gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		shim_might_sleep();
}

static inline void mmgrab(struct mm_struct *mm)
{
	__atomic_fetch_add(&mm->pins, 1, __ATOMIC_RELAXED);
}

/* The last pin is the test's own. */
static inline void mmdrop(struct mm_struct *mm)
{
	int pins = __atomic_fetch_sub(&mm->pins, 1, __ATOMIC_RELEASE);

	SHIM_FAIL_IF(pins <= 0, "drops an mm that it had not grabbed");
}

#endif /* BENCH_LINUX_SCHED_MM_H */
