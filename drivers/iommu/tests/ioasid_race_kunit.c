// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the allocator against itself, from several threads.
 *
 * Each thread does one kind of work in a loop; each case is a mix of them. While
 * they run, every number has a word that says who lives on it, so that a number
 * given twice is seen by the second one. What must hold when all are done is what
 * must hold after any case: nothing used, nothing claimed, no token pinned.
 *
 * More rounds, for a night: ioasid_race_kunit.rounds=10000 on the command line.
 */
#include <kunit/resource.h>
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/moduleparam.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "ioasid_kunit.h"

#define RACE_SETS	3
#define RACE_SPACE	48	/* numbers; few, so that they are fought for */
#define RACE_HELD	12	/* PASIDs that a thread holds at most */
#define RACE_THREADS	10
#define RACE_STRETCH	1024	/* numbers that one sweep is about */
#define RACE_SWEEP	32	/* how many of them are taken */
#define RACE_PRIVATES	16	/* private IDs, fewer than there are PASIDs */

/* Room for one creator, and for the references above it. */
#define RACE_CREATED	1
#define RACE_USER	2

static unsigned int rounds = 400;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "How often each thread repeats its work");

struct race {
	struct kunit *test;
	struct ioasid_set *set[RACE_SETS];
	struct mm_struct *token[RACE_SETS];
	atomic_t life[RACE_SPACE];	/* who lives on the number */
	atomic_t nr_lives[RACE_SPACE];	/* how often it was given */
	int cookie[RACE_SPACE];		/* its private data */
	atomic_t freed;
	struct completion start;
	atomic_t errors;
	int first_error;		/* the line that saw it */
};

/*
 * Somebody who listens, and holds what it is told against what may happen: each
 * number is made, bound and unbound in turn, and ends.
 */
struct race_ear {
	struct ioasid_notifier notifier;
	struct race *race;
	atomic_t sets;
	atomic_t state[RACE_SPACE];
};

struct race_thread {
	struct race *race;
	const struct race_work *work;
	struct task_struct *task;
	struct completion done;
	struct rnd_state rnd;
	struct ioasid_set *set;
	unsigned int nr;
	ioasid_t held[RACE_HELD];
	struct race_ear ear;
};

struct race_work {
	const char *name;
	void (*round)(struct race_thread *thread);
	void (*end)(struct race_thread *thread);
};

/* Seen from a thread that is not the case's own, told when all are done. */
#define race_expect(race, condition)	\
	__race_expect(race, __LINE__, condition)

static void __race_expect(struct race *race, int line, bool condition)
{
	if (!condition && !atomic_fetch_inc(&race->errors))
		race->first_error = line;
}

static u32 race_random(struct race_thread *thread, u32 below)
{
	return prandom_u32_state(&thread->rnd) % below;
}

static struct ioasid_set *race_any_set(struct race_thread *thread)
{
	return thread->race->set[race_random(thread, RACE_SETS)];
}

static void race_leave(struct race *race, ioasid_t id, int who)
{
	race_expect(race, atomic_sub_return(who, &race->life[id]) >= 0);
}

static int race_alloc(struct race_thread *thread, ioasid_t *id)
{
	struct race *race = thread->race;
	int err, life;

	err = ioasid_alloc(thread->set, 0, UINT_MAX, NULL, GFP_KERNEL, id);
	if (err)
		return err;
	race_expect(race, *id >= 1 && *id < RACE_SPACE);
	atomic_inc(&race->nr_lives[*id]);
	/* A user may have come already, but no other creator is there. */
	life = atomic_fetch_add(RACE_CREATED, &race->life[*id]);
	race_expect(race, !(life & RACE_CREATED));
	race_expect(race, !ioasid_replace_data(thread->set, NULL, *id,
					       &race->cookie[*id]));
	return 0;
}

static void race_free(struct race_thread *thread, ioasid_t id)
{
	race_leave(thread->race, id, RACE_CREATED);
	race_expect(thread->race, !ioasid_free(thread->set, NULL, id));
}

/* Works: each leaves its thread with nothing, in the end. */

static void alloc_free_round(struct race_thread *thread)
{
	struct race *race = thread->race;
	int err;

	if (thread->nr < RACE_HELD && race_random(thread, 2)) {
		err = race_alloc(thread, &thread->held[thread->nr]);
		race_expect(race, !err || err == -ENOSPC || err == -EDQUOT);
		thread->nr += !err;
	} else if (thread->nr) {
		u32 i = race_random(thread, thread->nr);

		race_free(thread, thread->held[i]);
		thread->held[i] = thread->held[--thread->nr];
	}
}

static void alloc_free_end(struct race_thread *thread)
{
	while (thread->nr)
		race_free(thread, thread->held[--thread->nr]);
}

/* A user stays for a while, during which nobody may be given the number. */
static void get_put_round(struct race_thread *thread)
{
	ioasid_t id = race_random(thread, RACE_SPACE);
	struct ioasid_set *set = race_any_set(thread);
	struct race *race = thread->race;
	int err, nr_lives = 0;
	void *data;

	err = ioasid_get(set, NULL, id);
	if (err) {
		race_expect(race, err == -ENOENT || err == -EACCES);
		return;
	}
	/* If the creator has come, nr_lives counts this life already. */
	if (atomic_fetch_add(RACE_USER, &race->life[id]) & RACE_CREATED)
		nr_lives = atomic_read(&race->nr_lives[id]);
	cond_resched();
	data = find_data(set, id);
	race_expect(race, !data || data == &race->cookie[id]);
	race_expect(race, !nr_lives ||
		    nr_lives == atomic_read(&race->nr_lives[id]));
	race_leave(race, id, RACE_USER);
	ioasid_put(set, NULL, id);
}

static void find_round(struct race_thread *thread)
{
	ioasid_t id = race_random(thread, RACE_SPACE);
	struct race *race = thread->race;
	void *data;

	rcu_read_lock();
	data = ioasid_find(race_any_set(thread), NULL, id);
	race_expect(race, !data || data == &race->cookie[id] ||
		    data == ERR_PTR(-ENOENT) || data == ERR_PTR(-EACCES));
	rcu_read_unlock();
}

static void adjust_round(struct race_thread *thread)
{
	u32 guarantee = race_random(thread, RACE_SPACE / 2);
	u32 limit = guarantee + race_random(thread, RACE_SPACE);
	struct ioasid_set_info info;
	int err;

	err = ioasid_set_adjust(race_any_set(thread), guarantee, limit,
				IOASID_ADJUST_GUARANTEE | IOASID_ADJUST_LIMIT |
				IOASID_ADJUST_MAY_RAISE);
	race_expect(thread->race, !err || err == -EBUSY || err == -ENOSPC);

	ioasid_set_get_info(race_any_set(thread), &info);
	race_expect(thread->race, info.used <= info.limit);
	race_expect(thread->race, info.guarantee <= info.limit);
	race_expect(thread->race, info.pending <= info.used);
	race_expect(thread->race, info.used + info.available <= info.limit);
}

static void books_round(struct race_thread *thread)
{
	struct ioasid_system_info info;

	ioasid_pool_info(test_pool(thread->race->test), &info);
	race_expect(thread->race, info.used + info.reserved + info.free ==
		    RACE_SPACE - 1);
}

/* Has a set of its own, or its range would take PASIDs that others free. */
static void free_range_round(struct race_thread *thread)
{
	struct race *race = thread->race;
	ioasid_t id, min, max;
	u32 i, nr = 0;

	for (i = 0; i < RACE_HELD; i++)
		if (!race_alloc(thread, &id))
			thread->held[thread->nr++] = id;

	min = race_random(thread, RACE_SPACE);
	max = min + race_random(thread, RACE_SPACE);
	for (i = 0; i < thread->nr; i++) {
		id = thread->held[i];
		if (id < min || id > max)
			continue;
		race_leave(race, id, RACE_CREATED);
		nr++;
	}
	race_expect(race, ioasid_free_range(thread->set, NULL, min, max) ==
		    (nr ? 0 : -ENOENT));

	for (i = 0; i < thread->nr; i++) {
		id = thread->held[i];
		if (id < min || id > max)
			race_free(thread, id);
	}
	thread->nr = 0;
}

/* A VM that comes, shares, and goes: the token is everybody's. */
static void set_life_round(struct race_thread *thread)
{
	struct mm_struct *token;
	struct ioasid_set *set;
	struct race *race = thread->race;
	ioasid_t id;
	int err;

	token = race->token[race_random(thread, RACE_SETS)];
	set = ioasid_pool_set_create(test_pool(race->test), token, 0, 2);
	if (PTR_ERR_OR_ZERO(set) == -EEXIST)
		set = ioasid_set_join(token);
	if (IS_ERR(set)) {
		race_expect(race, PTR_ERR(set) == -ENOENT);
		return;
	}
	err = ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_KERNEL, &id);
	race_expect(race, !err || err == -ENOSPC || err == -EDQUOT);
	cond_resched();
	ioasid_set_free(set);
}

static void set_user_round(struct race_thread *thread)
{
	struct race *race = thread->race;
	struct ioasid_set *set;
	ioasid_t id;
	int err;

	set = ioasid_set_find(race->token[race_random(thread, RACE_SETS)]);
	if (IS_ERR(set)) {
		race_expect(race, PTR_ERR(set) == -ENOENT);
		return;
	}
	id = race_random(thread, RACE_SPACE);
	err = ioasid_get(set, NULL, id);
	race_expect(race, !err || err == -ENOENT || err == -EACCES);
	cond_resched();
	if (!err)
		ioasid_put(set, NULL, id);
	err = ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_KERNEL, &id);
	race_expect(race, !err || err == -ENOSPC || err == -EDQUOT ||
		    err == -ENOENT);
	ioasid_set_put(set);
}

/* Never holds more than its guarantee, so it is never refused. */
static void guaranteed_round(struct race_thread *thread)
{
	if (thread->nr < RACE_HELD && race_random(thread, 3)) {
		int err = race_alloc(thread, &thread->held[thread->nr]);

		race_expect(thread->race, !err);
		thread->nr += !err;
	} else {
		alloc_free_end(thread);
	}
}

/* Everybody frees everything: each PASID goes once. */
static void free_once_round(struct race_thread *thread)
{
	struct race *race = thread->race;
	int id, err;

	for (id = 1; id < RACE_SPACE; id++) {
		err = ioasid_free(thread->set, NULL, id);
		race_expect(race, !err || err == -ENOENT);
		if (!err)
			atomic_inc(&race->freed);
		cond_resched();
	}
}

/*
 * A stretch of numbers of its own, sparse enough that it is freed by walking the list
 * of the set, which others walk at the same time. One number a round; the thread's
 * nr says which stretch, held[0] how many it has.
 */
static ioasid_t sweep_begin(struct race_thread *thread)
{
	return (thread->nr + 1) * RACE_STRETCH;
}

static void sweep_end(struct race_thread *thread)
{
	ioasid_t min = sweep_begin(thread), max = min + RACE_STRETCH - 1;
	struct race *race = thread->race;

	if (thread->held[0])
		race_expect(race, !ioasid_free_range(thread->set, NULL, min,
						     max));
	race_expect(race, ioasid_free_range(thread->set, NULL, min, max) ==
		    -ENOENT);
	thread->held[0] = 0;
}

static void sweep_round(struct race_thread *thread)
{
	ioasid_t id = sweep_begin(thread) +
		      thread->held[0]++ * (RACE_STRETCH / RACE_SWEEP);

	race_expect(thread->race, !ioasid_alloc(thread->set, id, id, NULL,
						GFP_KERNEL, &id));
	if (thread->held[0] == RACE_SWEEP)
		sweep_end(thread);
}

/* Private IDs of a set are fought over by all who are in it. */
static void bind_round(struct race_thread *thread)
{
	u32 private = race_random(thread, RACE_PRIVATES);
	struct ioasid_private entry = { .private = private };
	struct race *race = thread->race;
	struct ioasid *held;
	ioasid_t id;
	int err;

	alloc_free_round(thread);
	if (thread->nr) {
		id = thread->held[race_random(thread, thread->nr)];
		err = ioasid_attach_private(thread->set, NULL, id, private,
					    GFP_KERNEL);
		race_expect(race, !err || err == -EEXIST);
	}

	held = ioasid_hold_private(thread->set, private, &id);
	if (!IS_ERR(held)) {
		atomic_add(RACE_USER, &race->life[id]);
		cond_resched();
		race_leave(race, id, RACE_USER);
		ioasid_release(held);
	}

	err = ioasid_next_private(thread->set, &entry);
	race_expect(race, err ? err == -ENOENT : entry.private >= private &&
		    entry.private < RACE_PRIVATES && entry.id < RACE_SPACE);

	err = ioasid_detach_private(thread->set,
				    race_random(thread, RACE_PRIVATES));
	race_expect(race, !err || err == -ENOENT);
}

/* 0, or 1 for a PASID that is there, or 2 and its private ID. */
#define EAR_BOUND(private)	(2 + (private))

static void ear_expect(struct race_ear *ear, ioasid_t id, int from, int to)
{
	race_expect(ear->race, atomic_xchg(&ear->state[id], to) == from);
}

static void ear_notify(struct ioasid_notifier *notifier,
		       const struct ioasid_event *event)
{
	struct race_ear *ear = container_of(notifier, struct race_ear,
					    notifier);

	switch (event->type) {
	case IOASID_EVENT_SET_ADD:
		atomic_inc(&ear->sets);
		break;
	case IOASID_EVENT_ALLOC:
		ear_expect(ear, event->id, 0, 1);
		break;
	case IOASID_EVENT_BIND:
		ear_expect(ear, event->id, 1, EAR_BOUND(event->private));
		break;
	case IOASID_EVENT_UNBIND:
		ear_expect(ear, event->id, EAR_BOUND(event->private), 1);
		break;
	case IOASID_EVENT_FREE:
		ear_expect(ear, event->id, 1, 0);
		break;
	case IOASID_EVENT_SET_DEL:
		race_expect(ear->race, atomic_dec_return(&ear->sets) >= 0);
		break;
	}
}

/* Comes late, to hear of all sets or of one, and goes. */
static void listen_round(struct race_thread *thread)
{
	struct race_ear *ear = &thread->ear;
	struct race *race = thread->race;
	int err;

	memset(ear, 0, sizeof(*ear));
	ear->race = race;
	ear->notifier.notify = ear_notify;
	ear->notifier.priority = race_random(thread, 3);
	if (race_random(thread, 2))
		err = ioasid_pool_register_notifier(test_pool(race->test),
						    &ear->notifier);
	else
		err = ioasid_register_notifier(&ear->notifier,
					       race_any_set(thread));
	race_expect(race, !err);
	cond_resched();
	ioasid_unregister_notifier(&ear->notifier);
}

static const struct race_work alloc_free = {
	.name = "alloc_free", .round = alloc_free_round, .end = alloc_free_end,
};

static const struct race_work get_put = {
	.name = "get_put", .round = get_put_round,
};

static const struct race_work find = {
	.name = "find", .round = find_round,
};

static const struct race_work adjust = {
	.name = "adjust", .round = adjust_round,
};

static const struct race_work books = {
	.name = "books", .round = books_round,
};

static const struct race_work free_range = {
	.name = "free_range", .round = free_range_round, .end = alloc_free_end,
};

static const struct race_work set_life = {
	.name = "set_life", .round = set_life_round,
};

static const struct race_work set_user = {
	.name = "set_user", .round = set_user_round,
};

static const struct race_work guaranteed = {
	.name = "guaranteed", .round = guaranteed_round, .end = alloc_free_end,
};

static const struct race_work free_once = {
	.name = "free_once", .round = free_once_round,
};

static const struct race_work sweep = {
	.name = "sweep", .round = sweep_round, .end = sweep_end,
};

static const struct race_work bind = {
	.name = "bind", .round = bind_round, .end = alloc_free_end,
};

static const struct race_work hear = {
	.name = "listen", .round = listen_round,
};

/* Threads */

static int race_thread_fn(void *data)
{
	struct race_thread *thread = data;
	unsigned int i;

	wait_for_completion(&thread->race->start);
	for (i = 0; i < rounds && !kthread_should_stop(); i++) {
		thread->work->round(thread);
		cond_resched();
	}
	if (thread->work->end)
		thread->work->end(thread);
	complete(&thread->done);
	return 0;
}

static void race_stop(void *data)
{
	struct race_thread *thread = data;

	kthread_stop(thread->task);
	put_task_struct(thread->task);
}

static struct race *new_race(struct kunit *test, u32 space)
{
	struct race *race = kunit_kzalloc(test, sizeof(*race), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, race);
	race->test = test;
	init_completion(&race->start);
	test_capacity(test, space);
	for (i = 0; i < RACE_SETS; i++) {
		race->set[i] = new_set(test, 0, IOASID_LIMIT_NONE);
		race->token[i] = new_token(test);
	}
	return race;
}

static struct race_thread *add_thread(struct race *race,
				      const struct race_work *work,
				      struct ioasid_set *set)
{
	struct race_thread *thread;
	struct kunit *test = race->test;

	thread = kunit_kzalloc(test, sizeof(*thread), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, thread);
	thread->race = race;
	thread->work = work;
	thread->set = set;
	init_completion(&thread->done);
	prandom_seed_state(&thread->rnd, get_random_u64());

	thread->task = kthread_create(race_thread_fn, thread, "ioasid_%s",
				      work->name);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, thread->task);
	get_task_struct(thread->task);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, race_stop,
							   thread));
	return thread;
}

static void run_threads(struct race *race, struct race_thread **threads,
			int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		wake_up_process(threads[i]->task);
	complete_all(&race->start);
	for (i = 0; i < nr; i++)
		wait_for_completion(&threads[i]->done);

	KUNIT_EXPECT_EQ_MSG(race->test, atomic_read(&race->errors), 0,
			    "first in line %d", race->first_error);
	for (i = 0; i < RACE_SPACE; i++)
		KUNIT_EXPECT_EQ(race->test, atomic_read(&race->life[i]), 0);
}

/* Cases: who runs against whom. Sets are dealt out in turn. */

struct race_case {
	const char *name;
	const struct race_work *works[RACE_THREADS];
};

static const struct race_case race_cases[] = {
	{ "alloc_free", { &alloc_free, &alloc_free, &alloc_free, &alloc_free,
			  &books } },
	{ "alloc_free_get_put", { &alloc_free, &alloc_free, &alloc_free,
				  &get_put, &get_put, &get_put, &find } },
	{ "alloc_free_adjust", { &alloc_free, &alloc_free, &alloc_free,
				 &adjust, &adjust, &books } },
	{ "free_range_get_put", { &free_range, &free_range, &free_range,
				  &get_put, &get_put, &find, &books } },
	{ "set_life", { &set_life, &set_life, &set_life, &set_life, &books } },
	{ "set_life_and_users", { &set_life, &set_life, &set_life, &set_user,
				  &set_user, &set_user, &books } },
	{ "bind", { &bind, &bind, &bind, &bind, &bind, &bind, &books } },
	{ "bind_get_put", { &bind, &bind, &bind, &get_put, &get_put, &find } },
	{ "bind_listen", { &bind, &bind, &bind, &bind, &hear, &hear } },
	{ "set_life_listen", { &set_life, &set_life, &set_life, &hear, &hear,
			       &set_user } },
	{ "free_range_listen", { &free_range, &free_range, &free_range, &hear,
				 &get_put, &get_put } },
	{ "all", { &alloc_free, &bind, &free_range, &get_put, &get_put,
		   &set_life, &set_life, &hear, &adjust, &books } },
};

KUNIT_ARRAY_PARAM_DESC(race, race_cases, name);

/* Some sets have a guarantee. */
static void expect_nothing_used(struct kunit *test)
{
	struct ioasid_system_info info;

	ioasid_pool_info(test_pool(test), &info);
	KUNIT_EXPECT_EQ(test, info.used, 0);
}

static void nothing_is_lost_or_given_twice(struct kunit *test)
{
	const struct race_case *param = test->param_value;
	struct race_thread *threads[RACE_THREADS];
	struct race *race = new_race(test, RACE_SPACE);
	int i;

	for (i = 0; i < RACE_THREADS && param->works[i]; i++)
		threads[i] = add_thread(race, param->works[i],
					race->set[i % RACE_SETS]);
	run_threads(race, threads, i);
	for (i = 0; i < RACE_SETS; i++) {
		ioasid_set_sync(race->set[i]);
		KUNIT_EXPECT_TRUE(test, xa_empty(&race->set[i]->privates));
		KUNIT_EXPECT_EQ(test, race->set[i]->listeners, 0);
		KUNIT_EXPECT_EQ(test, race->set[i]->queued,
				race->set[i]->told);
	}
	expect_nothing_used(test);
}

/* Whoever hears everything hears it once and in order, to the last. */
static void every_event_is_heard_once(struct kunit *test)
{
	/* The third set is for free_range alone. */
	static const struct race_work *const works[] = {
		&bind, &bind, &free_range, &alloc_free, &bind, &set_life,
		&get_put, &hear,
	};
	struct race_thread *threads[RACE_THREADS];
	struct race *race = new_race(test, RACE_SPACE);
	struct race_ear *ear;
	int i;

	ear = kunit_kzalloc(test, sizeof(*ear), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ear);
	ear->race = race;
	ear->notifier.notify = ear_notify;
	KUNIT_ASSERT_EQ(test, 0,
			ioasid_pool_register_notifier(test_pool(test),
						      &ear->notifier));
	for (i = 0; i < ARRAY_SIZE(works); i++)
		threads[i] = add_thread(race, works[i],
					race->set[i % RACE_SETS]);
	run_threads(race, threads, i);

	for (i = 0; i < RACE_SETS; i++)
		ioasid_set_sync(race->set[i]);
	for (i = 0; i < RACE_SPACE; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&ear->state[i]), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&ear->sets), RACE_SETS);
	ioasid_unregister_notifier(&ear->notifier);
	expect_nothing_used(test);
}

static void the_guarantee_holds_under_competition(struct kunit *test)
{
	struct race_thread *threads[RACE_THREADS];
	struct race *race = new_race(test, RACE_SPACE);
	struct ioasid_set *set;
	int i;

	for (i = 0; i < 2; i++) {
		set = new_set(test, RACE_HELD, IOASID_LIMIT_NONE);
		threads[i] = add_thread(race, &guaranteed, set);
	}
	for (; i < 6; i++)
		threads[i] = add_thread(race, &alloc_free,
					race->set[i % RACE_SETS]);
	for (; i < 8; i++)
		threads[i] = add_thread(race, &get_put, NULL);
	run_threads(race, threads, i);
	expect_books(test, 0, 2 * RACE_HELD, RACE_SPACE - 1 - 2 * RACE_HELD);
}

static void a_pasid_is_freed_once(struct kunit *test)
{
	struct race_thread *threads[RACE_THREADS];
	struct race *race = new_race(test, RACE_SPACE);
	int i;

	alloc_ids(test, race->set[0], RACE_SPACE - 1);
	for (i = 0; i < RACE_THREADS; i++)
		threads[i] = add_thread(race, &free_once, race->set[0]);
	run_threads(race, threads, i);
	KUNIT_EXPECT_EQ(test, atomic_read(&race->freed), RACE_SPACE - 1);
	expect_books(test, 0, 0, RACE_SPACE - 1);
}

static void sweeps_of_one_set_miss_nothing(struct kunit *test)
{
	struct race *race = new_race(test, 6 * RACE_STRETCH);
	struct race_thread *threads[4];
	int i;

	for (i = 0; i < 4; i++) {
		threads[i] = add_thread(race, &sweep, race->set[0]);
		threads[i]->nr = i;
	}
	run_threads(race, threads, i);
	expect_books(test, 0, 0, 6 * RACE_STRETCH - 1);
}

static struct kunit_case ioasid_race_cases[] = {
	KUNIT_CASE_PARAM(nothing_is_lost_or_given_twice, race_gen_params),
	KUNIT_CASE(every_event_is_heard_once),
	KUNIT_CASE(the_guarantee_holds_under_competition),
	KUNIT_CASE(a_pasid_is_freed_once),
	KUNIT_CASE(sweeps_of_one_set_miss_nothing),
	{}
};

static struct kunit_suite ioasid_race_suite = {
	.name = "ioasid-race",
	.init = ioasid_test_init,
	.test_cases = ioasid_race_cases,
};

kunit_test_suite(ioasid_race_suite);
