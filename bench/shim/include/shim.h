/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel around the IOASID core, in user space. Most of it is the kernel tree's
 * own (tools/include, tools/testing/shared); this is what that lacks, or has in a
 * way that would hide errors of the core:
 *
 * - Memory: what may not sleep gets some, too, and what is not zeroed is garbage.
 * - RCU, SRCU: grace periods are real, and visible to ThreadSanitizer.
 * - Locks: they know their holder; sleeping with one held, or under RCU, is an error.
 * - Work and waiting: real threads; or, with one thread, at a moment that the test
 *   chooses, so that a run can be repeated.
 *
 * There are two modes. With one thread (at first) nothing is concurrent, a grace
 * period ends as soon as the thread leaves RCU, and work runs in shim_run_work() or
 * where somebody waits. After shim_start_threads() everything is as in the kernel.
 */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define SHIM_THREADS_MAX	64

/* More than one thread runs. Changed while there is one. */
extern bool shim_threads;

/*
 * A thread that holds a spinlock is an RCU reader, as in the kernel. The xarray needs
 * it: it hands a node to RCU, and takes it out of the tree only then. So what a reader
 * hands to RCU has to wait until it is none, as for the softirq of a CPU. With one
 * thread that order does no harm, so this can be false, which finds others that rely
 * on it.
 */
extern bool shim_spin_is_rcu;

struct rcu_head;

struct mm_struct {
	int pins;
};

struct pid {
	int refs;
};

struct task_struct {
	struct mm_struct *mm;
	struct task_struct *group_leader;
	struct pid *pid;
	const char *comm;
};

struct device {
	int refs;
};

/* What a thread is to the shim. */
struct shim_self {
	unsigned long rcu_since;	/* the grace period it reads in; 0 for none */
	unsigned int rcu;		/* read locks held */
	unsigned int spin;		/* spinlocks held */
	struct rcu_head *later;		/* given to RCU while reading */
	unsigned int beat;
	struct task_struct task;
	struct pid pid;
} __attribute__((aligned(64)));

extern __thread struct shim_self *shim_me;

struct shim_self *shim_register(void);

static inline struct shim_self *shim_self(void)
{
	return shim_me ? shim_me : shim_register();
}

/* Now and then others have a turn, at places where it may matter. */
void shim_let_others(void);

static inline void shim_perturb(void)
{
	if (shim_threads && !(++shim_self()->beat % 127))
		shim_let_others();
}

/* Says what is wrong in the core, with @file and @line of it, and gives up. */
void shim_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));

#define SHIM_FAIL_IF(cond, what)						\
do {									\
	if (__builtin_expect(!!(cond), 0))				\
		shim_fail(__FILE__, __LINE__, what);			\
} while (0)

/* Called before giving up, for who can say how it came to that. */
extern void (*shim_last_words)(void);

static inline bool shim_is_atomic(void)
{
	return shim_self()->rcu || shim_self()->spin;
}

#define shim_might_sleep()						\
	SHIM_FAIL_IF(shim_is_atomic(), "sleeps with a spinlock or under RCU")

/* Work and RCU. */
void shim_start_threads(unsigned int workers);
void shim_stop_threads(void);
bool shim_run_one_work(void);
void shim_run_work(void);

/* Memory that is not given back; and making allocations fail. */
extern long shim_objects;

/*
 * The next @skip allocations have success, @count after them fail. Returns nothing;
 * shim_failed says how many did fail.
 */
void shim_fail_after(unsigned int skip, unsigned int count);
extern unsigned int shim_failed;

/* Once, before anything else: the trees' memory. */
void radix_tree_init(void);

/* Then ioasid_init() of the core. */
void shim_core_initcall(void);

#endif /* BENCH_SHIM_H */
