/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_LIMITS_H
#define BENCH_LINUX_LIMITS_H

#include_next <linux/limits.h>

#define U32_MAX		((u32)~0U)
#ifndef INT_MAX
#define INT_MAX		((int)(~0U >> 1))
#endif

#endif /* BENCH_LINUX_LIMITS_H */
