// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what a PASID costs that comes and goes, beside an IDA and a bare xarray that
 * hand out numbers of the same population, in turns. By one thread; and by two, each
 * with a set of its own, which is where allocators that share a lock lose. What the
 * machine gives two threads is what they do with an xarray each.
 */
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/idr.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "ioasid_kunit.h"

#define PAIR_ROUNDS	11
#define PAIR_PAIRS	2000	/* in each round */
#define PAIR_THREADS	2

/* A kernel that checks everything checks what it likes. */
#define PAIR_COUNTS	(!IS_ENABLED(CONFIG_KASAN) && \
			 !IS_ENABLED(CONFIG_PROVE_LOCKING) && \
			 !IS_ENABLED(CONFIG_KCSAN) && !IS_ENABLED(CONFIG_GCOV_KERNEL))

/*
 * In hundredths. The goal is 100 of a bare xarray; what the machine does besides makes
 * the difference. Two threads shall do 160 where two that share nothing do 200.
 */
#define PAIR_LIMIT	130
#define PAIR_GAIN	80

struct pair;

/* What hands out numbers; to @owner, which is a thread, if that makes a difference. */
struct pair_peer {
	int (*alloc)(struct pair *pair, int owner, u32 *id);
	void (*free)(struct pair *pair, int owner, u32 id);
};

struct pair {
	struct kunit *test;
	struct xarray bare;
	struct xarray own[PAIR_THREADS];
	struct ida ida;
	struct ioasid_set *set[PAIR_THREADS];
};

static int pair_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, IOASID_CAPACITY_MAX);
	return err;
}

static int pair_xa_alloc(struct xarray *xa, u32 *id)
{
	return xa_alloc_irq(xa, id, xa, XA_LIMIT(1, UINT_MAX), GFP_KERNEL);
}

static int bare_alloc(struct pair *pair, int owner, u32 *id)
{
	return pair_xa_alloc(&pair->bare, id);
}

static void bare_free(struct pair *pair, int owner, u32 id)
{
	xa_erase_irq(&pair->bare, id);
}

static int own_alloc(struct pair *pair, int owner, u32 *id)
{
	return pair_xa_alloc(&pair->own[owner], id);
}

static void own_free(struct pair *pair, int owner, u32 id)
{
	xa_erase_irq(&pair->own[owner], id);
}

static int pair_ida_alloc(struct pair *pair, int owner, u32 *id)
{
	int nr = ida_alloc_range(&pair->ida, 1, IOASID_CAPACITY_MAX - 1, GFP_KERNEL);

	*id = nr;
	return min(nr, 0);
}

static void pair_ida_free(struct pair *pair, int owner, u32 id)
{
	ida_free(&pair->ida, id);
}

static int core_alloc(struct pair *pair, int owner, u32 *id)
{
	return ioasid_alloc(pair->set[owner], 1, UINT_MAX, NULL, GFP_KERNEL, id);
}

static void core_free(struct pair *pair, int owner, u32 id)
{
	ioasid_free(pair->set[owner], NULL, id);
}

enum { PAIR_BARE, PAIR_IDA, PAIR_CORE, PAIR_OWN, PAIR_PEERS };

static const struct pair_peer peers[PAIR_PEERS] = {
	[PAIR_BARE] = { bare_alloc, bare_free },
	[PAIR_IDA] = { pair_ida_alloc, pair_ida_free },
	[PAIR_CORE] = { core_alloc, core_free },
	[PAIR_OWN] = { own_alloc, own_free },
};

static void end_pair(void *data)
{
	struct pair *pair = data;
	int i;

	for (i = 0; i < PAIR_THREADS; i++)
		xa_destroy(&pair->own[i]);
	xa_destroy(&pair->bare);
	ida_destroy(&pair->ida);
}

/* Each peer has @nr numbers that stay, half of the PASIDs in each set. */
static struct pair *new_pair(struct kunit *test, u32 nr)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);
	u32 i, peer, id;

	KUNIT_ASSERT_NOT_NULL(test, pair);
	pair->test = test;
	xa_init_flags(&pair->bare, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ);
	ida_init(&pair->ida);
	for (i = 0; i < PAIR_THREADS; i++)
		xa_init_flags(&pair->own[i], XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, end_pair, pair));
	for (i = 0; i < PAIR_THREADS; i++)
		pair->set[i] = new_set(test, 0, IOASID_LIMIT_NONE);
	for (i = 0; i < nr; i++)
		for (peer = 0; peer < PAIR_PEERS; peer++)
			KUNIT_ASSERT_EQ(test, 0,
					peers[peer].alloc(pair, i % PAIR_THREADS, &id));
	return pair;
}

/* Nanoseconds for so many pairs; 0 if one could not be had. */
static u64 pair_round(struct pair *pair, const struct pair_peer *peer,
		      int owner)
{
	u64 start = ktime_get_ns();
	u32 i, id;

	for (i = 0; i < PAIR_PAIRS; i++) {
		if (peer->alloc(pair, owner, &id))
			return 0;
		peer->free(pair, owner, id);
	}
	return ktime_get_ns() - start;
}

/* The quickest of all rounds is what the machine disturbed least. */
static void pair_alone(struct pair *pair, u64 *best)
{
	u32 round, peer;
	u64 ns;

	memset(best, 0xff, PAIR_PEERS * sizeof(*best));
	for (round = 0; round < PAIR_ROUNDS; round++) {
		for (peer = 0; peer < PAIR_PEERS; peer++) {
			ns = pair_round(pair, &peers[peer], 0);
			KUNIT_ASSERT_NE(pair->test, ns, 0);
			best[peer] = min(best[peer], ns);
		}
		cond_resched();
	}
}

struct pair_thread {
	struct pair *pair;
	const struct pair_peer *peer;
	int owner;
	atomic_t *ready;
	struct completion done;
	u64 ns;
};

static int pair_thread(void *data)
{
	struct pair_thread *thread = data;

	/* Both at once, or none of them shows anything. */
	atomic_dec(thread->ready);
	while (atomic_read(thread->ready))
		cond_resched();
	thread->ns = pair_round(thread->pair, thread->peer, thread->owner);
	complete(&thread->done);
	return 0;
}

/* The slower one of two threads on two CPUs. */
static u64 pair_together(struct pair *pair, const struct pair_peer *peer)
{
	struct pair_thread threads[PAIR_THREADS] = { };
	atomic_t ready = ATOMIC_INIT(PAIR_THREADS);
	struct task_struct *task;
	int i, cpu = -1;
	u64 ns = 0;

	for (i = 0; i < PAIR_THREADS; i++) {
		cpu = cpumask_next(cpu, cpu_online_mask);
		threads[i].pair = pair;
		threads[i].peer = peer;
		threads[i].owner = i;
		threads[i].ready = &ready;
		init_completion(&threads[i].done);
		task = kthread_create_on_cpu(pair_thread, &threads[i], cpu, "pair/%u");
		if (IS_ERR(task)) {
			/* Nobody waits for the one that is missing. */
			KUNIT_FAIL(pair->test, "no thread");
			atomic_dec(&ready);
			complete(&threads[i].done);
			continue;
		}
		wake_up_process(task);
	}
	for (i = 0; i < PAIR_THREADS; i++) {
		wait_for_completion(&threads[i].done);
		ns = max(ns, threads[i].ns);
	}
	KUNIT_EXPECT_NE(pair->test, ns, 0);
	return ns;
}

static const u32 populations[] = { 1000, 64000 };

static void population_desc(const u32 *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(population, populations, population_desc);

static void pasid_costs_what_a_bare_number_does(struct kunit *test)
{
	struct pair *pair = new_pair(test, *(const u32 *)test->param_value);
	u64 best[PAIR_PEERS];
	u32 bare, ida;

	pair_alone(pair, best);
	bare = div64_u64(best[PAIR_CORE] * 100, max(best[PAIR_BARE], 1ULL));
	ida = div64_u64(best[PAIR_CORE] * 100, max(best[PAIR_IDA], 1ULL));
	kunit_info(test, "pair: xarray %llu ns, IDA %llu ns, PASID %llu ns: x%u.%02u of xarray, x%u.%02u of IDA%s",
		   div_u64(best[PAIR_BARE], PAIR_PAIRS), div_u64(best[PAIR_IDA], PAIR_PAIRS),
		   div_u64(best[PAIR_CORE], PAIR_PAIRS), bare / 100, bare % 100,
		   ida / 100, ida % 100, PAIR_COUNTS ? "" : " (not judged here)");
	if (PAIR_COUNTS)
		KUNIT_EXPECT_LE(test, bare, PAIR_LIMIT);
}

static void two_sets_do_not_get_in_their_way(struct kunit *test)
{
	struct pair *pair = new_pair(test, 1000);
	u64 alone[PAIR_PEERS], together[PAIR_PEERS];
	u32 round, peer, gain[PAIR_PEERS];

	if (num_online_cpus() < PAIR_THREADS)
		kunit_skip(test, "needs two CPUs");

	pair_alone(pair, alone);
	memset(together, 0xff, sizeof(together));
	for (round = 0; round < PAIR_ROUNDS; round++)
		for (peer = 0; peer < PAIR_PEERS; peer++)
			together[peer] = min(together[peer],
					     pair_together(pair, &peers[peer]));
	for (peer = 0; peer < PAIR_PEERS; peer++)
		gain[peer] = div64_u64(alone[peer] * 100 * PAIR_THREADS,
				       max(together[peer], 1ULL));
	kunit_info(test, "two threads do, of what one does: xarray x%u.%02u, IDA x%u.%02u, PASID x%u.%02u, an xarray each x%u.%02u%s",
		   gain[PAIR_BARE] / 100, gain[PAIR_BARE] % 100,
		   gain[PAIR_IDA] / 100, gain[PAIR_IDA] % 100,
		   gain[PAIR_CORE] / 100, gain[PAIR_CORE] % 100,
		   gain[PAIR_OWN] / 100, gain[PAIR_OWN] % 100,
		   PAIR_COUNTS ? "" : " (not judged here)");
	if (!PAIR_COUNTS)
		return;
	KUNIT_EXPECT_GE(test, gain[PAIR_CORE] * 100, gain[PAIR_OWN] * PAIR_GAIN);
	KUNIT_EXPECT_LT(test, together[PAIR_CORE], together[PAIR_IDA]);
}

static struct kunit_case ioasid_pair_cases[] = {
	KUNIT_CASE_PARAM_ATTR(pasid_costs_what_a_bare_number_does,
			      population_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	KUNIT_CASE_SLOW(two_sets_do_not_get_in_their_way),
	{}
};

static struct kunit_suite ioasid_pair_suite = {
	.name = "ioasid-pair",
	.init = pair_init,
	.test_cases = ioasid_pair_cases,
};

kunit_test_suite(ioasid_pair_suite);
