/* SPDX-License-Identifier: GPL-2.0-only */
/* ThreadSanitizer takes a volatile access for a plain one. */
#ifndef BENCH_LINUX_COMPILER_H
#define BENCH_LINUX_COMPILER_H

#include_next <linux/compiler.h>

#undef READ_ONCE
#undef WRITE_ONCE
#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, val)						\
	__atomic_store_n(&(x), (typeof(x))(val), __ATOMIC_RELAXED)

#define __printf(a, b)	__attribute__((format(printf, a, b)))

#endif /* BENCH_LINUX_COMPILER_H */
