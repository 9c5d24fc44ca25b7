/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_SCHED_H
#define BENCH_LINUX_SCHED_H

#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <shim.h>

#define TASK_COMM_LEN	16

#define current		(&shim_self()->task)

#define might_sleep()	shim_might_sleep()
#define cond_resched()	shim_might_sleep()
#define cpu_relax()	__builtin_ia32_pause()

static inline struct pid *task_tgid(struct task_struct *task)
{
	return task->pid;
}

static inline void get_task_comm(char *to, struct task_struct *task)
{
	strncpy(to, task->comm, TASK_COMM_LEN - 1);
}

#endif /* BENCH_LINUX_SCHED_H */
