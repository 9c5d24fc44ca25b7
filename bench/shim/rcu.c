// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads as the shim knows them, RCU and SRCU. See linux/rcupdate.h.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/srcu.h>

bool shim_threads;
bool shim_spin_is_rcu;
void (*shim_last_words)(void);
__thread struct shim_self *shim_me;

static struct shim_self selves[SHIM_THREADS_MAX];
static unsigned int nr_selves;

unsigned long shim_rcu_period = 1;
static pthread_mutex_t rcu_mutex = PTHREAD_MUTEX_INITIALIZER;
/* Who waits to be called, in order; under rcu_mutex if there are threads. */
struct rcu_head *shim_rcu_first;
static struct rcu_head **rcu_tail = &shim_rcu_first;
static bool rcu_busy, rcu_stop;
static pthread_cond_t rcu_wake = PTHREAD_COND_INITIALIZER;
static pthread_cond_t rcu_idle = PTHREAD_COND_INITIALIZER;
static pthread_t rcu_thread;

void shim_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "BUG: %s:%d: %s\n", file, line, what);
	if (shim_last_words)
		shim_last_words();
	abort();
}

void shim_let_others(void)
{
	/* Long enough for a number to be freed and handed out again. */
	if (shim_self()->beat % 7)
		sched_yield();
	else
		usleep(50);
}

struct shim_self *shim_register(void)
{
	unsigned int nr = __atomic_fetch_add(&nr_selves, 1, __ATOMIC_RELAXED);
	struct shim_self *me = &selves[nr];

	if (nr >= SHIM_THREADS_MAX)
		abort();
	me->task.group_leader = &me->task;
	me->task.pid = &me->pid;
	me->task.comm = "bench";
	shim_me = me;
	return me;
}

/* A grace period: everybody who reads now will have been done in between. */
static void rcu_wait_for_readers(void)
{
	unsigned long period, since;
	int i;

	period = __atomic_add_fetch(&shim_rcu_period, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < SHIM_THREADS_MAX; i++) {
		do {
			since = __atomic_load_n(&selves[i].rcu_since,
						__ATOMIC_SEQ_CST);
			if (since && since < period)
				sched_yield();
		} while (since && since < period);
	}
}

static void rcu_call(struct rcu_head *head)
{
	unsigned long offset = (unsigned long)head->func;

	if (offset < 4096)
		kfree((void *)head - offset);
	else
		head->func(head);
}

static struct rcu_head *rcu_take(void)
{
	struct rcu_head *head = shim_rcu_first;

	shim_rcu_first = NULL;
	rcu_tail = &shim_rcu_first;
	return head;
}

static void rcu_call_list(struct rcu_head *head)
{
	struct rcu_head *next;

	for (; head; head = next) {
		next = head->next;
		rcu_call(head);
	}
}

void shim_rcu_quiet(void)
{
	while (shim_rcu_first)
		rcu_call_list(rcu_take());
}

static void *rcu_loop(void *unused)
{
	struct rcu_head *head;

	pthread_mutex_lock(&rcu_mutex);
	while (!rcu_stop || shim_rcu_first) {
		head = rcu_take();
		if (!head) {
			pthread_cond_wait(&rcu_wake, &rcu_mutex);
			continue;
		}
		rcu_busy = true;
		pthread_mutex_unlock(&rcu_mutex);
		rcu_wait_for_readers();
		rcu_call_list(head);
		pthread_mutex_lock(&rcu_mutex);
		rcu_busy = false;
		pthread_cond_broadcast(&rcu_idle);
	}
	pthread_mutex_unlock(&rcu_mutex);
	return NULL;
}

void shim_rcu_start(void)
{
	rcu_stop = false;
	pthread_create(&rcu_thread, NULL, rcu_loop, NULL);
}

void shim_rcu_stop(void)
{
	pthread_mutex_lock(&rcu_mutex);
	rcu_stop = true;
	pthread_cond_signal(&rcu_wake);
	pthread_mutex_unlock(&rcu_mutex);
	pthread_join(rcu_thread, NULL);
}

static void rcu_append(struct rcu_head *head)
{
	head->next = NULL;
	*rcu_tail = head;
	rcu_tail = &head->next;
}

static void rcu_hand_over(struct rcu_head *head)
{
	struct rcu_head *next;

	pthread_mutex_lock(&rcu_mutex);
	for (; head; head = next) {
		next = head->next;
		rcu_append(head);
	}
	pthread_cond_signal(&rcu_wake);
	pthread_mutex_unlock(&rcu_mutex);
}

void shim_rcu_hand_over(struct shim_self *me)
{
	struct rcu_head *head = me->later;

	me->later = NULL;
	rcu_hand_over(head);
}

static bool rcu_is_reading(struct shim_self *me)
{
	return me->rcu || (shim_spin_is_rcu && me->spin);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
	struct shim_self *me = shim_self();

	head->func = func;
	if (shim_threads && rcu_is_reading(me)) {
		head->next = me->later;
		me->later = head;
	} else if (shim_threads) {
		head->next = NULL;
		rcu_hand_over(head);
	} else {
		rcu_append(head);
		if (!rcu_is_reading(me))
			shim_rcu_quiet();
	}
}

void shim_kfree_rcu(struct rcu_head *head, size_t offset)
{
	call_rcu(head, (void *)offset);
}

void synchronize_rcu(void)
{
	shim_might_sleep();
	if (shim_threads)
		rcu_wait_for_readers();
}

void rcu_barrier(void)
{
	if (!shim_threads)
		return;
	pthread_mutex_lock(&rcu_mutex);
	while (shim_rcu_first || rcu_busy)
		pthread_cond_wait(&rcu_idle, &rcu_mutex);
	pthread_mutex_unlock(&rcu_mutex);
}

/* Twice, for who had read which turn it is and not counted itself yet. */
void synchronize_srcu(struct srcu_struct *srcu)
{
	unsigned int turn, i;

	shim_might_sleep();
	pthread_mutex_lock(&srcu->mutex);
	for (i = 0; i < 2; i++) {
		turn = __atomic_fetch_add(&srcu->turn, 1, __ATOMIC_SEQ_CST) & 1;
		while (__atomic_load_n(&srcu->readers[turn], __ATOMIC_SEQ_CST)) {
			SHIM_FAIL_IF(!shim_threads, "waits for itself");
			sched_yield();
		}
	}
	pthread_mutex_unlock(&srcu->mutex);
}
