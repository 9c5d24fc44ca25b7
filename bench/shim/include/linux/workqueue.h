/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_WORKQUEUE_H
#define BENCH_LINUX_WORKQUEUE_H

#include <linux/kernel.h>
#include <linux/rcupdate.h>

struct workqueue_struct;

struct work_struct {
	void (*func)(struct work_struct *work);
	struct work_struct *next;
	bool pending;
};

struct rcu_work {
	struct work_struct work;
	struct rcu_head rcu;
};

#define system_percpu_wq	((struct workqueue_struct *)NULL)
#define system_dfl_wq	((struct workqueue_struct *)NULL)

#define INIT_WORK(w, f)		\
	(*(w) = (struct work_struct) { .func = (f) })
#define INIT_RCU_WORK(w, f)	INIT_WORK(&(w)->work, f)

static inline struct rcu_work *to_rcu_work(struct work_struct *work)
{
	return container_of(work, struct rcu_work, work);
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work);
bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *work);

#endif /* BENCH_LINUX_WORKQUEUE_H */
