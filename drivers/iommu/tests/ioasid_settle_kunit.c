// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: notifiers that have to sleep for what they are told. What has to wait for
 * them, and what has not.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ioasid_user.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/rcupdate.h>

#include "ioasid_kunit.h"

static int settle_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, 4096);
	return err;
}

/*
 * Who settles. It does so when it was told of what is in @when; it takes as long as
 * @go says, if it says anything.
 */
struct settler {
	struct recorder *rec;
	unsigned long when;
	unsigned int nr;
	struct completion begun;
	struct completion *go;
};

#define WHEN(type)	BIT(IOASID_EVENT_##type)

static void ask_to_settle(struct recorder *rec, const struct ioasid_event *event)
{
	struct settler *settler = rec->arg;

	if (settler->when & BIT(event->type))
		ioasid_unsettled(event);
}

static void settle_and_record(struct ioasid_notifier *notifier, struct ioasid_set *set)
{
	struct recorder *rec = container_of(notifier, struct recorder, notifier);
	struct settler *settler = rec->arg;

	/* Not only in theory; who holds a lock, or RCU, is caught at it. */
	msleep(20);
	lockdep_assert_not_held(&set->privates.xa_lock);
	settler->nr++;
	rec->len += scnprintf(rec->text + rec->len,
			      sizeof(rec->text) - rec->len, " settle");
	complete(&settler->begun);
	if (settler->go)
		wait_for_completion(settler->go);
}

static struct settler *new_settler(struct kunit *test, unsigned long when)
{
	struct settler *settler = kunit_kzalloc(test, sizeof(*settler),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, settler);
	settler->rec = new_recorder(test);
	settler->rec->hook = ask_to_settle;
	settler->rec->arg = settler;
	settler->rec->notifier.settle = settle_and_record;
	settler->when = when;
	init_completion(&settler->begun);
	return settler;
}

/* -------- when -------- */

static void who_asks_settles_where_it_may_sleep(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(BIND));

	listen_to_set(settler->rec, set);
	alloc_private(test, set, 5);
	ioasid_set_sync(set);
	expect_told(settler->rec, "add alloc:1 bind:1=5 settle");
	/* Nothing is left, so that nothing is queued when nobody listens any more. */
	KUNIT_EXPECT_EQ(test, set->settled, set->queued);
}

static void nobody_settles_without_asking(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(BIND));

	listen_to_set(settler->rec, set);
	alloc_ids(test, set, 3);
	ioasid_set_sync(set);
	KUNIT_EXPECT_EQ(test, settler->nr, 0);
}

/* Others may have been told, too, and need not know whom it concerns. */
static void all_of_the_set_settle_and_no_others(struct kunit *test)
{
	struct mm_struct *token = new_token(test), *other = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);
	struct settler *asks = new_settler(test, WHEN(BIND));
	struct settler *by_pool = new_settler(test, 0);
	struct settler *by_token = new_settler(test, 0);
	struct settler *by_other = new_settler(test, 0);
	struct recorder *has_no_settle = new_recorder(test);

	listen_to_set(asks->rec, set);
	listen_to_pool(by_pool->rec);
	listen_to_token(by_token->rec, token);
	listen_to_token(by_other->rec, other);
	listen_to_set(has_no_settle, set);
	new_token_set(test, other);
	alloc_private(test, set, 5);
	ioasid_set_sync(set);
	KUNIT_EXPECT_EQ(test, asks->nr, 1);
	KUNIT_EXPECT_EQ(test, by_pool->nr, 1);
	KUNIT_EXPECT_EQ(test, by_token->nr, 1);
	KUNIT_EXPECT_EQ(test, by_other->nr, 0);
}

static void many_events_are_settled_at_once(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(FREE));

	alloc_ids(test, set, IOASID_BATCH);
	listen_to_set(settler->rec, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, NULL, 0, UINT_MAX));
	ioasid_set_sync(set);
	/* One batch of frees, told in one go. */
	KUNIT_EXPECT_EQ(test, settler->nr, 1);
	KUNIT_EXPECT_EQ(test, settler->rec->nr, 1 + 2 * IOASID_BATCH);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
}

static void late_listener_settles_when_it_knows_all(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(BIND));
	u32 i;

	for (i = 0; i < 40; i++)
		alloc_private(test, set, i);
	listen_to_set(settler->rec, set);
	KUNIT_EXPECT_EQ(test, settler->rec->nr, 81);
	ioasid_set_sync(set);
	/* Once, when it knows all: what it finds in the set, it is told the end of. */
	KUNIT_EXPECT_EQ(test, settler->nr, 1);
	KUNIT_EXPECT_STREQ(test, " settle",
			   settler->rec->text + settler->rec->len - 7);
}

/* It is not known yet to the set that somebody else makes unsettled. */
static void who_is_not_introduced_does_not_settle(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *asks = new_settler(test, WHEN(BIND));
	struct settler *late = new_settler(test, 0);
	u64 joined;

	listen_to_set(asks->rec, set);
	listen_to_pool(late->rec);
	joined = late->rec->notifier.joined;
	late->rec->notifier.joined = U64_MAX;
	alloc_private(test, set, 5);
	ioasid_set_sync(set);
	late->rec->notifier.joined = joined;
	KUNIT_EXPECT_EQ(test, asks->nr, 1);
	KUNIT_EXPECT_EQ(test, late->nr, 0);
}

/* -------- what waits -------- */

static int sync_thread(void *set)
{
	ioasid_set_sync(set);
	return 0;
}

static struct task_struct *start(struct kunit *test, int (*fn)(void *), void *arg)
{
	struct task_struct *task = kthread_create(fn, arg, "ioasid_settle");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	return task;
}

/* Has the function of the thread returned within a moment? */
static bool ends(struct task_struct *task, unsigned int ms)
{
	while (ms && !READ_ONCE(task->exit_state)) {
		msleep(20);
		ms -= min(ms, 20U);
	}
	return READ_ONCE(task->exit_state);
}

static void freed_pasid_is_not_reused_before_all_have_settled(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(UNBIND));
	ioasid_t id = alloc_private(test, set, 5);
	struct completion go;
	struct task_struct *sync;

	init_completion(&go);
	settler->go = &go;
	listen_to_set(settler->rec, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	wait_for_completion(&settler->begun);

	/* Told of its end, and not settled: the number is nobody's yet. */
	expect_told(settler->rec, "add alloc:1 bind:1=5 unbind:1=5 free:1 settle");
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 4094);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, id, id), (s64)-ENOSPC);
	sync = start(test, sync_thread, set);
	KUNIT_EXPECT_FALSE(test, ends(sync, 50));

	complete(&go);
	KUNIT_EXPECT_TRUE(test, ends(sync, 5000));
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, id, id), (s64)id);
	kthread_stop_put(sync);
}

struct last_moment {
	struct ioasid_set *set;
	ioasid_t id;
	bool told;
	bool go;
};

static void wait_until_told_to_go(struct recorder *rec, const struct ioasid_event *event)
{
	struct last_moment *last = rec->arg;

	if (event->type != IOASID_EVENT_FREE)
		return;
	WRITE_ONCE(last->told, true);
	while (!READ_ONCE(last->go))
		cpu_relax();
}

static int free_last_thread(void *arg)
{
	struct last_moment *last = arg;

	return ioasid_free(last->set, NULL, last->id);
}

/*
 * Everybody was told of the end of a PASID, and it cannot go as long as another CPU
 * has the lock of the pool: so nobody who waits for its end may go on either.
 */
static void freed_pasid_is_back_before_its_end_counts(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct last_moment last = { .set = set, .id = alloc_id(test, set) };
	struct ioasid_pool *pool = test_pool(test);
	struct recorder *rec = new_recorder(test);
	struct task_struct *task;
	unsigned long flags;
	u64 before, after;

	if (num_online_cpus() == 1)
		kunit_skip(test, "needs a second CPU");
	rec->hook = wait_until_told_to_go;
	rec->arg = &last;
	listen_to_set(rec, set);
	task = kthread_create(free_last_thread, &last, "ioasid_free");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);

	migrate_disable();
	kthread_bind(task, cpumask_any_but(cpu_online_mask, smp_processor_id()));
	wake_up_process(task);
	while (!READ_ONCE(last.told))
		cpu_relax();
	xa_lock_irqsave(&pool->xa, flags);
	before = READ_ONCE(set->settled);
	WRITE_ONCE(last.go, true);
	mdelay(20);
	after = READ_ONCE(set->settled);
	xa_unlock_irqrestore(&pool->xa, flags);
	migrate_enable();

	KUNIT_EXPECT_EQ(test, before, after);
	KUNIT_EXPECT_EQ(test, kthread_stop_put(task), 0);
	ioasid_set_sync(set);
	KUNIT_EXPECT_EQ(test, set->settled, before + 1);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
}

static void events_wait_while_somebody_settles(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(BIND));
	struct recorder *other = new_recorder(test);
	struct completion go;

	init_completion(&go);
	settler->go = &go;
	listen_to_set(settler->rec, set);
	listen_to_set(other, set);
	alloc_private(test, set, 5);
	wait_for_completion(&settler->begun);
	alloc_ids(test, set, 1);
	expect_told(other, "add alloc:1 bind:1=5");
	complete(&go);
	ioasid_set_sync(set);
	expect_told(settler->rec, "add alloc:1 bind:1=5 settle alloc:2");
	expect_told(other, "alloc:2");
}

/* What an unsettled event is about stays, whoever else leaves. */
static void who_frees_does_not_wait(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(ALLOC));
	unsigned long flags;
	struct completion go;
	ioasid_t id;

	init_completion(&go);
	settler->go = &go;
	listen_to_set(settler->rec, set);
	id = alloc_private(test, set, 5);
	wait_for_completion(&settler->begun);

	/* As if nobody listened any more. */
	ioasid_set_lock(set, &flags);
	set->listeners--;
	ioasid_set_unlock(set, flags);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 4094);
	ioasid_set_lock(set, &flags);
	set->listeners++;
	ioasid_set_unlock(set, flags);

	complete(&go);
	ioasid_set_sync(set);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
}

static int stop_thread(void *arg)
{
	struct settler *settler = arg;

	ioasid_unregister_notifier(&settler->rec->notifier);
	return 0;
}

static void stop_waits_for_who_settles(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct settler *settler = new_settler(test, WHEN(BIND));
	struct completion go;
	struct task_struct *stop;

	init_completion(&go);
	settler->go = &go;
	listen_to_set(settler->rec, set);
	alloc_private(test, set, 5);
	wait_for_completion(&settler->begun);
	stop = start(test, stop_thread, settler);
	KUNIT_EXPECT_FALSE(test, ends(stop, 50));
	complete(&go);
	KUNIT_EXPECT_TRUE(test, ends(stop, 5000));
	kthread_stop_put(stop);
}

/* -------- tokens -------- */

struct next_set {
	struct ioasid_pool *pool;
	struct mm_struct *token;
	struct ioasid_set *set;
};

static int create_thread(void *arg)
{
	struct next_set *next = arg;

	next->set = ioasid_pool_set_create(next->pool, next->token, 0,
					   IOASID_LIMIT_NONE);
	return 0;
}

static int free_thread(void *set)
{
	ioasid_set_free(set);
	return 0;
}

/* A token is that of the old set until everybody knows that it has gone. */
static void token_is_free_when_the_end_was_settled(struct kunit *test)
{
	struct next_set next = { .pool = test_pool(test), .token = new_token(test) };
	struct settler *settler = new_settler(test, WHEN(SET_DEL));
	struct task_struct *free, *create;
	struct ioasid_set *set;
	struct completion go;

	init_completion(&go);
	settler->go = &go;
	listen_to_token(settler->rec, next.token);
	set = ioasid_pool_set_create(next.pool, next.token, 0, IOASID_LIMIT_NONE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	free = start(test, free_thread, set);
	wait_for_completion(&settler->begun);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(next.token),
			    (struct ioasid_set *)ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_join(next.token),
			    (struct ioasid_set *)ERR_PTR(-ENOENT));

	create = start(test, create_thread, &next);
	KUNIT_EXPECT_FALSE(test, ends(create, 50));
	expect_told(settler->rec, "add del settle");
	complete(&go);
	KUNIT_EXPECT_TRUE(test, ends(free, 5000));
	KUNIT_EXPECT_TRUE(test, ends(create, 5000));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, next.set);
	expect_told(settler->rec, "add");
	complete(&go);
	ioasid_set_free(next.set);
	kthread_stop_put(free);
	kthread_stop_put(create);
}

static int get_set_thread(void *arg)
{
	struct ioasid_user *user = arg;
	struct ioasid_set *set = ioasid_user_get_set(user, 1);

	if (IS_ERR(set))
		return PTR_ERR(set);
	ioasid_user_put_set(set);
	return 0;
}

static int open_thread(void *arg)
{
	struct mm_struct *mm = arg;
	struct ioasid_user user = {};

	kthread_use_mm(mm);
	ioasid_user_open(&user);
	ioasid_user_release(&user);
	kthread_unuse_mm(mm);
	return 0;
}

/* Whoever listens to one set listens to no later one of the same token. */
static void set_listener_does_not_settle_the_next_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);
	struct settler *first = new_settler(test, 0);
	struct settler *next = new_settler(test, WHEN(BIND));

	listen_to_set(first->rec, set);
	listen_to_token(next->rec, token);
	free_set(test, set);
	set = new_token_set(test, token);
	alloc_private(test, set, 5);
	ioasid_set_sync(set);
	KUNIT_EXPECT_EQ(test, next->nr, 1);
	KUNIT_EXPECT_EQ(test, first->nr, 0);
}

static void nobody_waits_for_a_token_without_need(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set;

	ioasid_sets_wait_for_token(token);
	set = new_token_set(test, token);
	ioasid_sets_wait_for_token(token);
	free_set(test, set);
	ioasid_sets_wait_for_token(token);
}

/* One thread waits for the token of its process, another one opens a descriptor. */
static void nobody_else_waits_for_a_token(struct kunit *test)
{
	struct settler *settler = new_settler(test, WHEN(SET_DEL));
	struct task_struct *free, *get, *open;
	struct ioasid_user user = {};
	struct ioasid_set *set;
	struct completion go;

	lend_pasids(test);
	/* A thread of a test has memory like a process once it has mapped some. */
	KUNIT_ASSERT_NE(test, 0UL,
			kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ,
				      MAP_ANONYMOUS | MAP_PRIVATE, 0));
	init_completion(&go);
	settler->go = &go;
	ioasid_user_open(&user);
	listen_to_token(settler->rec, user.mm);
	set = ioasid_set_create(user.mm, 0, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	free = start(test, free_thread, set);
	wait_for_completion(&settler->begun);

	get = start(test, get_set_thread, &user);
	KUNIT_EXPECT_FALSE(test, ends(get, 50));
	open = start(test, open_thread, user.mm);
	KUNIT_EXPECT_TRUE(test, ends(open, 5000));

	complete_all(&go);
	KUNIT_EXPECT_TRUE(test, ends(free, 5000));
	KUNIT_EXPECT_TRUE(test, ends(get, 5000));
	KUNIT_EXPECT_EQ(test, 0, kthread_stop_put(get));
	kthread_stop_put(free);
	kthread_stop_put(open);
	ioasid_user_release(&user);
}

static struct kunit_case ioasid_settle_cases[] = {
	KUNIT_CASE(who_asks_settles_where_it_may_sleep),
	KUNIT_CASE(nobody_settles_without_asking),
	KUNIT_CASE(all_of_the_set_settle_and_no_others),
	KUNIT_CASE(many_events_are_settled_at_once),
	KUNIT_CASE(late_listener_settles_when_it_knows_all),
	KUNIT_CASE(who_is_not_introduced_does_not_settle),
	KUNIT_CASE(freed_pasid_is_not_reused_before_all_have_settled),
	KUNIT_CASE(freed_pasid_is_back_before_its_end_counts),
	KUNIT_CASE(events_wait_while_somebody_settles),
	KUNIT_CASE(who_frees_does_not_wait),
	KUNIT_CASE(stop_waits_for_who_settles),
	KUNIT_CASE(token_is_free_when_the_end_was_settled),
	KUNIT_CASE(set_listener_does_not_settle_the_next_set),
	KUNIT_CASE(nobody_waits_for_a_token_without_need),
	KUNIT_CASE(nobody_else_waits_for_a_token),
	{}
};

static struct kunit_suite ioasid_settle_suite = {
	.name = "ioasid-settle",
	.init = settle_init,
	.test_cases = ioasid_settle_cases,
};

kunit_test_suite(ioasid_settle_suite);
