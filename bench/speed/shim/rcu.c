// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads, RCU and SRCU for programs that measure. What is handed to RCU waits in the
 * thread's own list, under its own lock, as on a CPU of the kernel. One thread, which
 * is pinned nowhere, looks after all lists every millisecond: about what a grace
 * period takes, so as much memory waits as would there.
 */
#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#define RCU_POLL_NS	1000000
/* So many pointers and the head of the array are a page, as kfree_rcu() fills it. */
#define RCU_ARRAY	510

struct rcu_array {
	struct rcu_array *next;
	unsigned long nr;
	void *obj[RCU_ARRAY];
};

/* What a thread handed to RCU: functions in their order, and memory. */
struct rcu_queue {
	unsigned char locked;
	struct rcu_array *arrays;
	struct rcu_head *first;
	struct rcu_head **tail;
} __attribute__((aligned(64)));

bool shim_threads;
bool shim_spin_is_rcu = true;
void (*shim_last_words)(void);
__thread struct shim_self *shim_me;
struct shim_self shim_selves[SHIM_THREADS_MAX];
unsigned long shim_rcu_period = 1;

static unsigned int nr_selves;
static struct rcu_queue queues[SHIM_THREADS_MAX];
static unsigned long rcu_rounds;
static bool rcu_stop;
static pthread_t rcu_thread;
static pthread_mutex_t period_mutex = PTHREAD_MUTEX_INITIALIZER;

void shim_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "BUG: %s:%d: %s\n", file, line, what);
	abort();
}

struct shim_self *shim_register(void)
{
	unsigned int nr = __atomic_fetch_add(&nr_selves, 1, __ATOMIC_RELAXED);
	struct shim_self *me = &shim_selves[nr];

	if (nr >= SHIM_THREADS_MAX)
		abort();
	me->task.group_leader = &me->task;
	me->task.pid = &me->pid;
	me->task.comm = "speed";
	shim_me = me;
	return me;
}

static void barrier_everywhere(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0)) {
		perror("membarrier");
		exit(2);
	}
}

static bool reads_since_before(struct shim_self *self, unsigned long period)
{
	unsigned long since = __atomic_load_n(&self->rcu_since, __ATOMIC_ACQUIRE);

	return since && since < period;
}

/*
 * Whoever noted its beginning too late to be seen reads pointers later still, and so
 * finds what was already taken out of them.
 */
static void wait_for_readers(void)
{
	unsigned long period;
	int i;

	pthread_mutex_lock(&period_mutex);
	period = __atomic_add_fetch(&shim_rcu_period, 1, __ATOMIC_SEQ_CST);
	barrier_everywhere();
	for (i = 0; i < SHIM_THREADS_MAX; i++)
		while (reads_since_before(&shim_selves[i], period))
			sched_yield();
	barrier_everywhere();
	pthread_mutex_unlock(&period_mutex);
}

static struct rcu_queue *queue_lock(struct rcu_queue *queue)
{
	while (__atomic_exchange_n(&queue->locked, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	if (!queue->tail)
		queue->tail = &queue->first;
	return queue;
}

static void queue_unlock(struct rcu_queue *queue)
{
	__atomic_store_n(&queue->locked, 0, __ATOMIC_RELEASE);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	struct rcu_queue *queue = queue_lock(&queues[shim_cpu()]);

	head->func = func;
	head->next = NULL;
	*queue->tail = head;
	queue->tail = &head->next;
	queue_unlock(queue);
}

void shim_kfree_rcu(void *obj)
{
	struct rcu_queue *queue = queue_lock(&queues[shim_cpu()]);
	struct rcu_array *array = queue->arrays;

	if (!array || array->nr == RCU_ARRAY) {
		array = kmalloc(sizeof(*array), GFP_ATOMIC);
		array->nr = 0;
		array->next = queue->arrays;
		queue->arrays = array;
	}
	array->obj[array->nr++] = obj;
	queue_unlock(queue);
}

static void free_arrays(struct rcu_array *array)
{
	struct rcu_array *next;
	unsigned long i;

	for (; array; array = next) {
		next = array->next;
		for (i = 0; i < array->nr; i++)
			kfree(array->obj[i]);
		kfree(array);
	}
}

static void call_list(struct rcu_head *head)
{
	struct rcu_head *next;

	for (; head; head = next) {
		next = head->next;
		head->func(head);
	}
}

/* All that was handed over until now. */
static void rcu_round(void)
{
	static struct rcu_queue taken[SHIM_THREADS_MAX];
	bool any = false;
	int i;

	for (i = 0; i < SHIM_THREADS_MAX; i++) {
		struct rcu_queue *queue = queue_lock(&queues[i]);

		taken[i].arrays = queue->arrays;
		taken[i].first = queue->first;
		queue->arrays = NULL;
		queue->first = NULL;
		queue->tail = &queue->first;
		queue_unlock(queue);
		any |= taken[i].arrays || taken[i].first;
	}
	if (!any)
		return;
	wait_for_readers();
	for (i = 0; i < SHIM_THREADS_MAX; i++) {
		free_arrays(taken[i].arrays);
		call_list(taken[i].first);
	}
}

static void *rcu_loop(void *unused)
{
	const struct timespec poll = { .tv_nsec = RCU_POLL_NS };

	while (!__atomic_load_n(&rcu_stop, __ATOMIC_ACQUIRE)) {
		nanosleep(&poll, NULL);
		rcu_round();
		__atomic_add_fetch(&rcu_rounds, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

void shim_rcu_start(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0)) {
		perror("membarrier");
		exit(2);
	}
	pthread_create(&rcu_thread, NULL, rcu_loop, NULL);
}

void shim_rcu_stop(void)
{
	__atomic_store_n(&rcu_stop, true, __ATOMIC_RELEASE);
	pthread_join(rcu_thread, NULL);
}

void synchronize_rcu(void)
{
	wait_for_readers();
}

/* The round that is going on may have begun too early; the next one has not. */
void rcu_barrier(void)
{
	unsigned long until = __atomic_load_n(&rcu_rounds, __ATOMIC_SEQ_CST) + 2;

	while (__atomic_load_n(&rcu_rounds, __ATOMIC_SEQ_CST) < until)
		usleep(100);
}

static bool srcu_has_readers(struct srcu_struct *srcu, int idx)
{
	unsigned long in = 0, out = 0;
	int i;

	for (i = 0; i < SHIM_THREADS_MAX; i++)
		out += READ_ONCE(srcu->cpu[i].out[idx]);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (i = 0; i < SHIM_THREADS_MAX; i++)
		in += READ_ONCE(srcu->cpu[i].in[idx]);
	return in != out;
}

/* Twice, for who had read which turn it is and not counted itself yet. */
void synchronize_srcu(struct srcu_struct *srcu)
{
	int i, idx;

	pthread_mutex_lock(&srcu->mutex);
	for (i = 0; i < 2; i++) {
		idx = __atomic_fetch_add(&srcu->turn, 1, __ATOMIC_SEQ_CST) & 1;
		while (srcu_has_readers(srcu, idx))
			sched_yield();
	}
	pthread_mutex_unlock(&srcu->mutex);
}

#ifdef SHIM_HOLDS
#include "holds.h"

struct shim_holds shim_holds;
static __thread unsigned int held;
static __thread unsigned long held_since;

static unsigned long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

/* From the first lock to the last: that is how long interrupts are off. */
void shim_hold_begin(void)
{
	if (!held++ && shim_holds.who == shim_me)
		held_since = now_ns();
}

void shim_hold_end(void)
{
	unsigned long ns;

	if (--held || shim_holds.who != shim_me)
		return;
	ns = now_ns() - held_since;
	if (shim_holds.nr < SHIM_HOLDS_MAX && ns < shim_holds.ns[shim_holds.nr])
		shim_holds.ns[shim_holds.nr] = ns;
	shim_holds.nr++;
}
#endif
