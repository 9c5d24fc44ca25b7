/* SPDX-License-Identifier: GPL-2.0-only */
/* Per-CPU data belong to a thread; the tree's belong to all. */
#ifndef BENCH_LINUX_PERCPU_H
#define BENCH_LINUX_PERCPU_H

#define DECLARE_PER_CPU(type, name)	extern __thread type name
#define DEFINE_PER_CPU(type, name)	__thread type name
#define this_cpu_ptr(ptr)		(ptr)
#define this_cpu_read(var)		(var)
#define per_cpu_ptr(ptr, cpu)		({ (void)(cpu); (ptr); })
#define per_cpu(var, cpu)		(*per_cpu_ptr(&(var), cpu))

#endif /* BENCH_LINUX_PERCPU_H */
