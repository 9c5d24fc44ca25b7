/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_KERNEL_H
#define BENCH_LINUX_KERNEL_H

#include_next <linux/kernel.h>

/* The tree's is empty. */
#undef synchronize_rcu
#include <linux/rcupdate.h>

#undef BUG_ON
#define BUG_ON(cond)	SHIM_FAIL_IF(cond, "BUG: " #cond)

#endif /* BENCH_LINUX_KERNEL_H */
