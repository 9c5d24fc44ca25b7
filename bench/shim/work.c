// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work queues and wait queues.
 */
#include <stdlib.h>

#include <linux/wait.h>
#include <linux/workqueue.h>

#define WORKERS_MAX	8

static pthread_mutex_t work_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_wake = PTHREAD_COND_INITIALIZER;
static struct work_struct *work_first;
/* What each worker does. The same work does not run twice at a time. */
static struct work_struct *work_runs[WORKERS_MAX];
static unsigned int work_delayed, nr_workers;
static bool work_stop;
static pthread_t workers[WORKERS_MAX];

static pthread_mutex_t wait_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_wake = PTHREAD_COND_INITIALIZER;

static bool work_is_running(struct work_struct *work)
{
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		if (work_runs[i] == work)
			return true;
	return false;
}

/* The first that may run; under work_mutex if there are threads. */
static struct work_struct *work_take(void)
{
	struct work_struct **at, *work;

	for (at = &work_first; (work = *at); at = &work->next) {
		if (work_is_running(work))
			continue;
		*at = work->next;
		work->pending = false;
		return work;
	}
	return NULL;
}

static void work_append(struct work_struct *work)
{
	struct work_struct **at = &work_first;

	while (*at)
		at = &(*at)->next;
	work->next = NULL;
	work->pending = true;
	*at = work;
}

bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	bool queued;

	if (shim_threads)
		pthread_mutex_lock(&work_mutex);
	queued = !work->pending;
	if (queued)
		work_append(work);
	if (shim_threads) {
		pthread_cond_broadcast(&work_wake);
		pthread_mutex_unlock(&work_mutex);
	}
	return queued;
}

static void rcu_work_ready(struct rcu_head *head)
{
	struct rcu_work *work = container_of(head, struct rcu_work, rcu);

	queue_work(NULL, &work->work);
	if (shim_threads)
		__atomic_fetch_sub(&work_delayed, 1, __ATOMIC_SEQ_CST);
}

bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *work)
{
	if (shim_threads)
		__atomic_fetch_add(&work_delayed, 1, __ATOMIC_SEQ_CST);
	call_rcu(&work->rcu, rcu_work_ready);
	return true;
}

static void *worker_loop(void *arg)
{
	unsigned int nr = (unsigned long)arg;
	struct work_struct *work;

	pthread_mutex_lock(&work_mutex);
	while (!work_stop || work_first) {
		work = work_take();
		if (!work) {
			pthread_cond_wait(&work_wake, &work_mutex);
			continue;
		}
		work_runs[nr] = work;
		pthread_mutex_unlock(&work_mutex);
		work->func(work);
		SHIM_FAIL_IF(shim_is_atomic(), "returns from work with a lock");
		pthread_mutex_lock(&work_mutex);
		work_runs[nr] = NULL;
		pthread_cond_broadcast(&work_wake);
	}
	pthread_mutex_unlock(&work_mutex);
	return NULL;
}

void shim_start_threads(unsigned int nr)
{
	unsigned long i;

	shim_run_work();
	shim_threads = true;
	work_stop = false;
	nr_workers = nr < WORKERS_MAX ? nr : WORKERS_MAX;
	shim_rcu_start();
	for (i = 0; i < nr_workers; i++)
		pthread_create(&workers[i], NULL, worker_loop, (void *)i);
}

/* Everything that was begun is done. Work may ask for RCU, and that for work. */
void shim_stop_threads(void)
{
	unsigned int i;

	rcu_barrier();
	pthread_mutex_lock(&work_mutex);
	work_stop = true;
	pthread_cond_broadcast(&work_wake);
	pthread_mutex_unlock(&work_mutex);
	for (i = 0; i < nr_workers; i++)
		pthread_join(workers[i], NULL);
	rcu_barrier();
	shim_rcu_stop();
	nr_workers = 0;
	shim_threads = false;
	SHIM_FAIL_IF(work_delayed, "has work that waits for RCU for ever");
	shim_run_work();
}

bool shim_run_one_work(void)
{
	struct work_struct *work = work_take();

	if (!work)
		return false;
	work->func(work);
	SHIM_FAIL_IF(shim_is_atomic(), "returns from work with a lock");
	return true;
}

void shim_run_work(void)
{
	while (shim_run_one_work())
		;
}

unsigned long shim_wait_begin(wait_queue_head_t *head)
{
	__atomic_fetch_add(&head->waiters, 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&head->wakes, __ATOMIC_SEQ_CST);
}

void shim_wait(wait_queue_head_t *head, unsigned long since)
{
	if (!shim_threads) {
		SHIM_FAIL_IF(!shim_run_one_work(), "waits for ever");
		return;
	}
	pthread_mutex_lock(&wait_mutex);
	while (__atomic_load_n(&head->wakes, __ATOMIC_SEQ_CST) == since)
		pthread_cond_wait(&wait_wake, &wait_mutex);
	pthread_mutex_unlock(&wait_mutex);
}

void shim_wait_end(wait_queue_head_t *head)
{
	__atomic_fetch_sub(&head->waiters, 1, __ATOMIC_SEQ_CST);
}

/* One for all queues: who was not meant waits on, and does not look. */
void wake_up_all(wait_queue_head_t *head)
{
	if (!shim_threads)
		return;
	pthread_mutex_lock(&wait_mutex);
	__atomic_fetch_add(&head->wakes, 1, __ATOMIC_SEQ_CST);
	pthread_cond_broadcast(&wait_wake);
	pthread_mutex_unlock(&wait_mutex);
}
