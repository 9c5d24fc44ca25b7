/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_WAIT_H
#define BENCH_LINUX_WAIT_H

#include <shim.h>

typedef struct wait_queue_head {
	unsigned int waiters;
	unsigned long wakes;
} wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name)	wait_queue_head_t name = { 0 }

static inline void init_waitqueue_head(wait_queue_head_t *head)
{
	*head = (wait_queue_head_t) { 0 };
}

/* A full barrier comes first, as in the kernel's. */
static inline bool wq_has_sleeper(wait_queue_head_t *head)
{
	return __atomic_fetch_add(&head->waiters, 0, __ATOMIC_SEQ_CST);
}

void wake_up_all(wait_queue_head_t *head);

/* The moment after which a wake-up is not missed; and waiting for one. */
unsigned long shim_wait_begin(wait_queue_head_t *head);
void shim_wait(wait_queue_head_t *head, unsigned long since);
void shim_wait_end(wait_queue_head_t *head);

#define wait_event(head, condition)					\
do {									\
	shim_might_sleep();						\
	for (;;) {							\
		unsigned long __since = shim_wait_begin(&(head));	\
		bool __done = (condition);				\
									\
		if (!__done)						\
			shim_wait(&(head), __since);			\
		shim_wait_end(&(head));					\
		if (__done)						\
			break;						\
	}								\
} while (0)

#endif /* BENCH_LINUX_WAIT_H */
