/* SPDX-License-Identifier: GPL-2.0-only */
/* A warning of the kernel is the end of a test. */
#ifndef BENCH_ASM_BUG_H
#define BENCH_ASM_BUG_H

#include <linux/compiler.h>
#include <shim.h>

#define WARN(condition, ...) ({						\
	bool __warn = !!(condition);					\
									\
	SHIM_FAIL_IF(__warn, "warns: " #condition);			\
	__warn;								\
})

#define WARN_ON(condition)		WARN(condition)
#define WARN_ON_ONCE(condition)		WARN(condition)
#define WARN_ONCE(condition, ...)	WARN(condition)

#endif /* BENCH_ASM_BUG_H */
