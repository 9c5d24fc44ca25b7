// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: who is told what happens to sets and PASIDs, in which order, and what it
 * may do about it.
 */
#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>

#include "ioasid_kunit.h"

static int event_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, 4096);
	return err;
}

/* -------- what is told -------- */

static void life_is_told_in_order(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);
	struct ioasid_set *set;
	ioasid_t id;

	listen_to_pool(rec);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	id = alloc_id(test, set);
	attach_private(test, set, id, 101);
	KUNIT_EXPECT_EQ(test, 0, ioasid_detach_private(set, 101));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	free_set(test, set);
	expect_told(rec, "add alloc:1 bind:1=101 unbind:1=101 free:1 del");
}

static void allocation_with_private_id_is_two_events(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	alloc_private(test, set, 0);
	expect_told(rec, "add alloc:1 bind:1=0");
}

static void free_unbinds_first(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	ioasid_t id = alloc_private(test, set, 7);

	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_told(rec, "add alloc:1 bind:1=7 unbind:1=7 free:1");
}

static void end_of_a_set_is_told_last(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_pool(rec);
	alloc_ids(test, set, 1);
	alloc_private(test, set, 9);
	alloc_ids(test, set, 1);
	expect_told(rec, "add alloc:1 alloc:2 bind:2=9 alloc:3");
	free_set(test, set);
	expect_told(rec, "free:1 unbind:2=9 free:2 free:3 del");
}

static void range_free_tells_of_each(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	alloc_ids(test, set, 4);
	listen_to_set(rec, set);
	expect_told(rec, "add alloc:1 alloc:2 alloc:3 alloc:4");
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, NULL, 2, UINT_MAX));
	expect_told(rec, "free:2 free:3 free:4");
}

/* A reference of somebody keeps the number, not the event. */
static void free_is_told_once_and_at_once(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	ioasid_t id = alloc_id(test, set);
	struct held_id *held = hold_id(test, set, id);

	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_told(rec, "add alloc:1 free:1");
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free(set, NULL, id));
	drop_id(test, held);
	expect_told(rec, "");
}

static void failed_calls_are_not_told(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 1);
	struct recorder *rec = new_recorder(test);
	ioasid_t id = alloc_private(test, set, 5);

	listen_to_set(rec, set);
	expect_told(rec, "add alloc:1 bind:1=5");
	KUNIT_EXPECT_EQ(test, try_private(set, 6), -EDQUOT);
	KUNIT_EXPECT_EQ(test, -EEXIST, ioasid_attach_private(set, NULL, id, 6,
							     GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_detach_private(set, 6));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free(set, NULL, 2));
	expect_told(rec, "");
}

static void event_is_complete(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);
	struct recorder *rec = new_recorder(test);
	const struct ioasid_event *last = &rec->last;
	int data;
	s64 id;

	listen_to_token(rec, token);
	KUNIT_EXPECT_PTR_EQ(test, last->set, set);
	KUNIT_EXPECT_PTR_EQ(test, last->token, token);
	KUNIT_EXPECT_EQ(test, last->id, IOMMU_PASID_INVALID);
	KUNIT_EXPECT_EQ(test, last->private, IOASID_PRIVATE_NONE);

	id = try_request(set, (struct ioasid_request) { .data = &data });
	KUNIT_EXPECT_PTR_EQ(test, last->set, set);
	KUNIT_EXPECT_PTR_EQ(test, last->token, token);
	KUNIT_EXPECT_EQ(test, (s64)last->id, id);
	KUNIT_EXPECT_NULL(test, last->dev);
	KUNIT_EXPECT_PTR_EQ(test, last->data, (void *)&data);
	KUNIT_EXPECT_EQ(test, last->private, IOASID_PRIVATE_NONE);
}

/* -------- who is told -------- */

static void set_listener_hears_its_set_only(struct kunit *test)
{
	struct ioasid_set *a = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *b = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, a);
	alloc_id(test, b);
	alloc_id(test, a);
	expect_told(rec, "add alloc:2");
}

/* Two sets with one token, one after the other; @rec knows the first only. */
static void set_listener_does_not_hear_the_next_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *old = new_token_set(test, token), *new;
	struct recorder *by_token = new_recorder(test);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, old);
	listen_to_token(by_token, token);
	free_set(test, old);
	expect_told(rec, "add del");
	new = new_token_set(test, token);
	alloc_id(test, new);
	expect_told(rec, "");
	expect_told(by_token, "add del add alloc:1");
	stop_listening(rec);
	KUNIT_EXPECT_EQ(test, new->listeners, 1);
}

static void token_listener_may_come_before_the_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct recorder *rec = new_recorder(test);
	struct ioasid_set *set;

	listen_to_token(rec, token);
	expect_told(rec, "");
	set = new_token_set(test, token);
	alloc_id(test, set);
	expect_told(rec, "add alloc:1");
}

static void token_listener_hears_every_set_of_its_token(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct recorder *rec = new_recorder(test);
	int i;

	listen_to_token(rec, token);
	for (i = 0; i < 3; i++) {
		struct ioasid_set *set = new_token_set(test, token);

		alloc_id(test, set);
		free_set(test, set);
		expect_told(rec, "add alloc:1 free:1 del");
	}
}

static void token_listener_hears_no_other_token(struct kunit *test)
{
	struct mm_struct *token = new_token(test), *other = new_token(test);
	struct recorder *rec = new_recorder(test);

	listen_to_token(rec, token);
	alloc_id(test, new_token_set(test, other));
	alloc_id(test, new_set(test, 0, IOASID_LIMIT_NONE));
	expect_told(rec, "");
}

static void pool_listener_hears_no_other_pool(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);
	u32 cap = ioasid_system_pool.cap;
	ioasid_t id;

	listen_to_pool(rec);
	if (!ioasid_capacity())
		ioasid_system_pool.cap = 16;
	KUNIT_ASSERT_EQ(test, 0, ioasid_alloc(ioasid_host_set(), 0, UINT_MAX,
					      NULL, GFP_KERNEL, &id));
	ioasid_free(ioasid_host_set(), NULL, id);
	ioasid_system_pool.cap = cap;
	expect_told(rec, "");
}

static void set_without_token_is_heard_by_set_and_pool(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *by_set = new_recorder(test);
	struct recorder *by_pool = new_recorder(test);

	listen_to_set(by_set, set);
	listen_to_pool(by_pool);
	alloc_id(test, set);
	expect_told(by_set, "add alloc:1");
	expect_told(by_pool, "add alloc:1");
}

static void nobody_listens_and_nothing_is_queued(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 1);

	ioasid_free(set, NULL, id);
	KUNIT_EXPECT_EQ(test, set->queued, 0);
	KUNIT_EXPECT_EQ(test, set->listeners, 0);
}

static void who_stopped_listening_is_told_no_more(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	alloc_id(test, set);
	expect_told(rec, "add alloc:1");
	stop_listening(rec);
	alloc_id(test, set);
	expect_told(rec, "");
	KUNIT_EXPECT_EQ(test, set->listeners, 0);
}

static void listener_may_come_back(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	stop_listening(rec);
	expect_told(rec, "add");
	alloc_id(test, set);
	listen_to_pool(rec);
	expect_told(rec, "add alloc:1");
}

static void one_may_not_listen_twice(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct mm_struct *token = new_token(test);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			ioasid_register_notifier(&rec->notifier, set));
	KUNIT_EXPECT_EQ(test, -EEXIST,
			ioasid_register_notifier_mm(&rec->notifier, token));
	expect_pins(test, token, 0);
	alloc_id(test, set);
	expect_told(rec, "add alloc:1");
}

static void freed_set_cannot_be_listened_to(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	hold_set(test, set);
	free_set(test, set);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ioasid_register_notifier(&rec->notifier, set));
	expect_told(rec, "");
	/* It is not registered, so this does nothing. */
	ioasid_unregister_notifier(&rec->notifier);
}

static void token_that_is_none_is_refused(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			ioasid_register_notifier_mm(&rec->notifier, NULL));
	alloc_id(test, new_set(test, 0, IOASID_LIMIT_NONE));
	expect_told(rec, "");
}

static void priority_that_is_none_is_refused(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	rec->notifier.priority = IOASID_PRIORITY_DEVICE + 1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			ioasid_register_notifier(&rec->notifier, set));
	KUNIT_EXPECT_EQ(test, set->listeners, 0);
}

static void token_is_pinned_while_listened_to(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct recorder *rec = new_recorder(test);

	listen_to_token(rec, token);
	expect_pins(test, token, 1);
	stop_listening(rec);
	expect_pins(test, token, 0);
}

static void set_is_kept_while_listened_to(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	free_set(test, set);
	expect_told(rec, "add del");
	expect_pins(test, token, 1);
	stop_listening(rec);
	expect_pins(test, token, 0);
}

/* -------- who comes late -------- */

static void late_listener_hears_what_is_there(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	alloc_id(test, set);
	alloc_private(test, set, 70);
	alloc_private(test, set, 60);
	ioasid_detach_private(set, 60);
	alloc_id(test, set);
	ioasid_free(set, NULL, 1);
	listen_to_set(rec, set);
	expect_told(rec, "add alloc:2 bind:2=70 alloc:3 alloc:4");
	alloc_id(test, set);
	expect_told(rec, "alloc:1");
}

static void late_listener_does_not_hear_of_the_pending(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct held_id *held = hold_id(test, set, alloc_private(test, set, 1));

	ioasid_free(set, NULL, 1);
	listen_to_set(rec, set);
	drop_id(test, held);
	expect_told(rec, "add");
}

static void second_listener_does_not_disturb_the_first(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *first = new_recorder(test);
	struct recorder *second = new_recorder(test);

	alloc_private(test, set, 3);
	listen_to_set(first, set);
	listen_to_pool(second);
	expect_told(first, "add alloc:1 bind:1=3");
	expect_told(second, "add alloc:1 bind:1=3");
	ioasid_free(set, NULL, 1);
	expect_told(first, "unbind:1=3 free:1");
	expect_told(second, "unbind:1=3 free:1");
}

static void pool_listener_gets_to_know_all_sets(struct kunit *test)
{
	struct ioasid_set *a = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *b = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	alloc_id(test, a);
	alloc_id(test, b);
	listen_to_pool(rec);
	/* The older one first. */
	expect_told(rec, "add alloc:1 add alloc:2");
	KUNIT_EXPECT_EQ(test, a->listeners, 1);
	KUNIT_EXPECT_EQ(test, b->listeners, 1);
}

/* Something happens in a set that the late one does not know yet. */
static void alloc_in_both(struct recorder *rec, const struct ioasid_event *event)
{
	struct ioasid_set **sets = rec->arg;
	ioasid_t id;
	int i;

	if (rec->nr > 1)
		return;
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(rec->test, 0,
				ioasid_alloc(sets[i], 0, UINT_MAX, NULL,
					     GFP_ATOMIC, &id));
}

static void set_that_is_not_known_yet_is_not_heard(struct kunit *test)
{
	struct ioasid_set *sets[2] = {
		new_set(test, 0, IOASID_LIMIT_NONE),
		new_set(test, 0, IOASID_LIMIT_NONE),
	};
	struct recorder *first = new_recorder(test);
	struct recorder *late = new_recorder(test);

	listen_to_pool(first);
	late->hook = alloc_in_both;
	late->arg = sets;
	listen_to_pool(late);
	expect_told(late, "add alloc:1 add alloc:2");
	ioasid_free(sets[0], NULL, 1);
	ioasid_free(sets[1], NULL, 2);
	expect_told(late, "free:1 free:2");
	KUNIT_EXPECT_EQ(test, first->nr, late->nr);
}

/* The system's own sets: at least that of the host. */
static void listener_to_the_system_knows_the_host(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);
	u32 cap = ioasid_system_pool.cap;
	ioasid_t id;

	if (!ioasid_capacity())
		ioasid_system_pool.cap = 16;
	listen_to_system(rec);
	KUNIT_EXPECT_GE(test, rec->nr, 1);
	KUNIT_ASSERT_EQ(test, 0, ioasid_alloc(ioasid_host_set(), 0, UINT_MAX,
					      NULL, GFP_KERNEL, &id));
	KUNIT_EXPECT_PTR_EQ(test, rec->last.set, ioasid_host_set());
	KUNIT_EXPECT_EQ(test, rec->last.type, IOASID_EVENT_ALLOC);
	KUNIT_EXPECT_EQ(test, rec->last.id, id);
	ioasid_free(ioasid_host_set(), NULL, id);
	KUNIT_EXPECT_EQ(test, rec->last.type, IOASID_EVENT_FREE);
	stop_listening(rec);
	ioasid_system_pool.cap = cap;
}

struct replay_count {
	u32 adds;
	u32 allocs;
	u32 binds;
	ioasid_t next;
	bool in_order;
};

static void count_replay(struct recorder *rec, const struct ioasid_event *event)
{
	struct replay_count *count = rec->arg;

	rec->len = 0;
	count->adds += event->type == IOASID_EVENT_SET_ADD;
	count->allocs += event->type == IOASID_EVENT_ALLOC;
	count->binds += event->type == IOASID_EVENT_BIND;
	if (event->type == IOASID_EVENT_ALLOC)
		count->in_order &= event->id == count->next++;
	if (event->type == IOASID_EVENT_BIND)
		count->in_order &= event->private == event->id + 1000;
}

/* Around the size of a batch, and many of them. */
static const u32 replay_sizes[] = { 0, 1, 15, 16, 17, 31, 32, 33, 3000 };

static void replay_size_desc(const u32 *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(replay_size, replay_sizes, replay_size_desc);

static void late_listener_hears_of_all(struct kunit *test)
{
	const u32 nr = *(const u32 *)test->param_value;
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct replay_count count = { .next = 1, .in_order = true };
	u32 i;

	for (i = 1; i <= nr; i++)
		alloc_private(test, set, i + 1000);
	rec->hook = count_replay;
	rec->arg = &count;
	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, count.adds, 1);
	KUNIT_EXPECT_EQ(test, count.allocs, nr);
	KUNIT_EXPECT_EQ(test, count.binds, nr);
	KUNIT_EXPECT_TRUE(test, count.in_order);
}

/* While it is told of what there is, what it knows already goes on to change. */
struct replay_change {
	ioasid_t at;		/* of the batch that it just hears */
	ioasid_t before;	/* of the batch before */
	ioasid_t after;		/* of a batch to come */
	/* Numbers that get themselves as private ID, before and after. */
	ioasid_t bind[2];
};

static void change_while_being_introduced(struct recorder *rec,
					  const struct ioasid_event *event)
{
	const struct replay_change *change = rec->arg;
	struct ioasid_set *set = event->set;
	int i;

	if (event->type != IOASID_EVENT_ALLOC || event->id != change->at)
		return;
	ioasid_free(set, NULL, change->at);
	ioasid_free(set, NULL, change->before);
	ioasid_free(set, NULL, change->after);
	for (i = 0; i < ARRAY_SIZE(change->bind); i++)
		KUNIT_EXPECT_EQ(rec->test, 0,
				ioasid_attach_private(set, NULL, change->bind[i],
						      change->bind[i],
						      GFP_ATOMIC));
}

static char *replayed(char *want, ioasid_t id, bool bound)
{
	want += sprintf(want, " alloc:%u", id);
	if (bound)
		want += sprintf(want, " bind:%u=%u", id, id);
	return want;
}

static char *new_text(struct kunit *test)
{
	char *text = kunit_kzalloc(test, 1024, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	return text;
}

static const struct replay_change first_change = {
	.at = 20, .before = 3, .after = 38, .bind = { 32, 39 },
};

static const struct replay_change second_change = {
	.at = 22, .before = 5, .after = 36, .bind = { 34, 40 },
};

static void introduce_first(struct kunit *test, struct ioasid_set *set)
{
	struct recorder *rec = new_recorder(test);
	char *want = new_text(test), *to = want + sprintf(want, "add");
	int id;

	/* 38 is gone before its turn, and 39 is bound. */
	for (id = 1; id <= 40; id++)
		if (id != 38)
			to = replayed(to, id, id == 39);
	sprintf(to, " free:20 free:3 bind:32=32");

	rec->arg = (void *)&first_change;
	rec->hook = change_while_being_introduced;
	listen_to_set(rec, set);
	expect_told(rec, want);
	rec->hook = NULL;
}

static void nothing_is_lost_or_doubled_during_a_replay(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	alloc_ids(test, set, 40);
	introduce_first(test, set);
}

static void second_replay_is_like_the_first(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	char *want = new_text(test), *to = want + sprintf(want, "add");
	int id;

	alloc_ids(test, set, 40);
	introduce_first(test, set);
	/* The lowest that is free, and the last in the list. */
	expect_alloc(test, set, 3);

	for (id = 1; id <= 40; id++)
		if (id != 3 && id != 20 && id != 36 && id != 38)
			to = replayed(to, id, id == 32 || id >= 39);
	to = replayed(to, 3, false);
	sprintf(to, " free:22 free:5 bind:34=34");

	rec->arg = (void *)&second_change;
	rec->hook = change_while_being_introduced;
	listen_to_set(rec, set);
	expect_told(rec, want);
}

static void allocate_while_being_introduced(struct recorder *rec,
					    const struct ioasid_event *event)
{
	ioasid_t id;

	if (event->type == IOASID_EVENT_ALLOC && event->id == 20)
		KUNIT_EXPECT_EQ(rec->test, 0,
				ioasid_alloc(event->set, 0, UINT_MAX, NULL,
					     GFP_ATOMIC, &id));
}

static void pasid_made_during_a_replay_is_told_once(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	char *want = new_text(test), *to = want + sprintf(want, "add");
	int id;

	alloc_ids(test, set, 40);
	for (id = 1; id <= 41; id++)
		to = replayed(to, id, false);
	rec->hook = allocate_while_being_introduced;
	listen_to_set(rec, set);
	expect_told(rec, want);
}

/* -------- in which order notifiers are told -------- */

static void note_turn(struct recorder *rec, const struct ioasid_event *event)
{
	char *turns = rec->arg;

	turns[strlen(turns)] = "cid"[rec->notifier.priority];
}

static void priorities_hold_across_scopes(struct kunit *test)
{
	static const struct {
		enum ioasid_priority priority;
		bool pool;
	} who[] = {
		{ IOASID_PRIORITY_DEVICE, true },
		{ IOASID_PRIORITY_CPU, false },
		{ IOASID_PRIORITY_IOMMU, true },
		{ IOASID_PRIORITY_DEVICE, false },
		{ IOASID_PRIORITY_IOMMU, false },
		{ IOASID_PRIORITY_CPU, true },
	};
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	char turns[16] = "";
	int i;

	for (i = 0; i < ARRAY_SIZE(who); i++) {
		struct recorder *rec = new_recorder(test);

		rec->notifier.priority = who[i].priority;
		if (who[i].pool)
			listen_to_pool(rec);
		else
			listen_to_set(rec, set);
		rec->hook = note_turn;
		rec->arg = turns;
	}
	alloc_id(test, set);
	KUNIT_EXPECT_STREQ(test, turns, "cciidd");
}

/* -------- what a notifier may do -------- */

static void look_at_context(struct recorder *rec,
			    const struct ioasid_event *event)
{
	KUNIT_EXPECT_TRUE(rec->test, rcu_read_lock_held());
	KUNIT_EXPECT_FALSE(rec->test, irqs_disabled());
	if (IS_ENABLED(CONFIG_LOCKDEP)) {
		KUNIT_EXPECT_EQ(rec->test, 0,
				lockdep_is_held(&event->set->privates.xa_lock));
		KUNIT_EXPECT_EQ(rec->test, 0,
				lockdep_is_held(&event->set->pool->xa.xa_lock));
	}
}

static void notifier_runs_under_rcu_and_no_lock(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	alloc_id(test, set);
	rec->hook = look_at_context;
	listen_to_set(rec, set);
	alloc_private(test, set, 4);
	ioasid_free_range(set, NULL, 0, UINT_MAX);
	KUNIT_EXPECT_EQ(test, rec->nr, 7);
}

static void use_everything(struct recorder *rec,
			   const struct ioasid_event *event)
{
	struct kunit *test = rec->test;
	struct ioasid_set *set = event->set;
	struct ioasid_set_info info;
	ioasid_t id;

	if (event->type != IOASID_EVENT_ALLOC || event->id != 1)
		return;
	KUNIT_EXPECT_EQ(test, 0, ioasid_get(set, NULL, 1));
	ioasid_put(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, 0, ioasid_alloc(set, 50, 50, NULL, GFP_ATOMIC,
					      &id));
	KUNIT_EXPECT_EQ(test, 0, ioasid_attach_private(set, NULL, 50, 5,
						       GFP_ATOMIC));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 5), 50);
	KUNIT_EXPECT_EQ(test, 0, ioasid_detach_private(set, 5));
	KUNIT_EXPECT_EQ(test, 0, ioasid_set_adjust(set, 2, 100,
						   IOASID_ADJUST_GUARANTEE |
						   IOASID_ADJUST_LIMIT |
						   IOASID_ADJUST_MAY_RAISE));
	ioasid_set_get_info(set, &info);
	KUNIT_EXPECT_EQ(test, info.used, 2);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, 50));
	ioasid_set_put(ioasid_set_get(set));
}

static void notifier_may_call_what_does_not_sleep(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	rec->hook = use_everything;
	listen_to_set(rec, set);
	alloc_id(test, set);
	expect_told(rec, "add alloc:1 alloc:50 bind:50=5 unbind:50=5 free:50");
}

static void try_to_reuse(struct recorder *rec, const struct ioasid_event *event)
{
	struct ioasid_set *other = rec->arg;
	ioasid_t id;

	if (event->type == IOASID_EVENT_FREE)
		KUNIT_EXPECT_EQ(rec->test, -ENOSPC,
				ioasid_alloc(other, event->id, event->id, NULL,
					     GFP_ATOMIC, &id));
}

static void number_is_not_reused_before_its_end_was_told(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	ioasid_t id = alloc_id(test, set);

	rec->hook = try_to_reuse;
	rec->arg = other;
	listen_to_set(rec, set);
	ioasid_free(set, NULL, id);
	expect_told(rec, "add alloc:1 free:1");
	alloc_at(test, other, id);
}

static void put_at_the_end(struct recorder *rec,
			   const struct ioasid_event *event)
{
	if (event->type == IOASID_EVENT_FREE)
		ioasid_put(event->set, NULL, event->id);
}

static void user_may_leave_when_told_of_the_end(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	ioasid_t id = alloc_id(test, set);

	KUNIT_ASSERT_EQ(test, 0, ioasid_get(set, NULL, id));
	rec->hook = put_at_the_end;
	listen_to_set(rec, set);
	ioasid_free(set, NULL, id);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
	alloc_at(test, set, id);
}

/* The memory of an event is set aside for each binding, however many wait. */
#define REBINDS		400

static void rebind_often(struct recorder *rec, const struct ioasid_event *event)
{
	u32 i;

	rec->len = 0;
	if (event->type != IOASID_EVENT_ALLOC)
		return;
	for (i = 0; i < REBINDS; i++) {
		KUNIT_ASSERT_EQ(rec->test, 0,
				ioasid_attach_private(event->set, NULL,
						      event->id, i, GFP_ATOMIC));
		KUNIT_ASSERT_EQ(rec->test, 0,
				ioasid_detach_private(event->set, i));
	}
	ioasid_free(event->set, NULL, event->id);
}

struct rebind_check {
	u32 events;
	bool in_order;
	bool in_worker;
};

static void check_rebinds(struct recorder *rec,
			  const struct ioasid_event *event)
{
	struct rebind_check *check = rec->arg;
	u32 nr = check->events++;

	rec->len = 0;
	check->in_worker |= !!(current->flags & PF_WQ_WORKER);
	if (nr < 2 || nr >= 2 + 2 * REBINDS)
		return;
	nr -= 2;
	check->in_order &= event->private == nr / 2 &&
			   event->type == (nr % 2 ? IOASID_EVENT_UNBIND : IOASID_EVENT_BIND);
}

static void long_queue_is_left_to_a_worker(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct rebind_check check = { .in_order = true };
	struct recorder *busy = new_recorder(test);
	struct recorder *rec = new_recorder(test);
	unsigned int refs;
	int tries = 100;

	rec->hook = check_rebinds;
	rec->arg = &check;
	listen_to_set(rec, set);
	busy->hook = rebind_often;
	listen_to_set(busy, set);
	refs = refcount_read(&set->refs);
	alloc_id(test, set);
	ioasid_set_sync(set);
	/* The set, the allocation, the bindings and the end. */
	KUNIT_EXPECT_EQ(test, check.events, 2 + 2 * REBINDS + 1);
	KUNIT_EXPECT_TRUE(test, check.in_order);
	KUNIT_EXPECT_TRUE(test, check.in_worker);
	KUNIT_EXPECT_EQ(test, set->queued, set->told);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 4095);
	/* The worker is done soon, and lets go of the set. */
	while (refcount_read(&set->refs) != refs && --tries)
		msleep(20);
	KUNIT_EXPECT_EQ(test, refcount_read(&set->refs), refs);
}

/* One who allocates as fast as another one frees. */
static void alloc_upon_free(struct recorder *rec,
			    const struct ioasid_event *event)
{
	int *nr = rec->arg;
	ioasid_t id;

	rec->len = 0;
	/* An end, should the other one not come to his. */
	if (event->type != IOASID_EVENT_FREE || *nr == 300)
		return;
	(*nr)++;
	KUNIT_EXPECT_EQ(rec->test, 0,
			ioasid_alloc(event->set, 0, UINT_MAX, NULL, GFP_ATOMIC,
				     &id));
}

static void what_comes_during_a_range_free_stays(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	int nr = 0;

	alloc_ids(test, set, 100);
	rec->arg = &nr;
	rec->hook = alloc_upon_free;
	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, NULL, 0, UINT_MAX));
	ioasid_set_sync(set);
	KUNIT_EXPECT_EQ(test, nr, 100);
	expect_set(test, set, 100, 0, 0, IOASID_LIMIT_NONE, 4095 - 100);
	rec->hook = NULL;
}

/* -------- waiting -------- */

struct slow {
	struct completion begun;
	bool done;
};

static void be_slow(struct recorder *rec, const struct ioasid_event *event)
{
	struct slow *slow = rec->arg;

	if (event->type != IOASID_EVENT_ALLOC || event->id != 1)
		return;
	complete(&slow->begun);
	mdelay(100);
	WRITE_ONCE(slow->done, true);
}

static int alloc_thread(void *arg)
{
	struct ioasid_set *set = arg;
	ioasid_t id;

	return ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_KERNEL, &id);
}

/* Somebody else is just telling @rec that PASID 1 was allocated, and it takes time. */
static struct task_struct *start_slowly(struct kunit *test, struct recorder *rec,
					struct slow *slow,
					struct ioasid_set *set)
{
	struct task_struct *task;

	init_completion(&slow->begun);
	rec->hook = be_slow;
	rec->arg = slow;
	listen_to_set(rec, set);
	task = kthread_create(alloc_thread, set, "ioasid_slow");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&slow->begun);
	return task;
}

static void end_slowly(struct kunit *test, struct task_struct *task)
{
	KUNIT_EXPECT_EQ(test, 0, kthread_stop_put(task));
}

static void sync_waits_until_all_is_told(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct slow slow = {};
	struct task_struct *task = start_slowly(test, rec, &slow, set);

	alloc_id(test, set);
	ioasid_set_sync(set);
	expect_told(rec, "add alloc:1 alloc:2");
	end_slowly(test, task);
}

static void stop_waits_for_a_running_notifier(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct slow slow = {};
	struct task_struct *task = start_slowly(test, rec, &slow, set);

	stop_listening(rec);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(slow.done));
	end_slowly(test, task);
}

static void introduction_waits_for_who_tells(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct recorder *late = new_recorder(test);
	struct slow slow = {};
	struct task_struct *task = start_slowly(test, rec, &slow, set);

	alloc_id(test, set);
	listen_to_pool(late);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(slow.done));
	expect_told(late, "add alloc:1 alloc:2");
	expect_told(rec, "add alloc:1 alloc:2");
	end_slowly(test, task);
}

/* What @first hears last before it ends is the cause of one event more. */
struct places {
	struct recorder *first;
	ioasid_t id;
	u64 place;
};

static void note_place(struct recorder *rec, const struct ioasid_event *event)
{
	struct places *places = rec->arg;
	struct ioasid_set *set = event->set;

	if (event->type != IOASID_EVENT_ALLOC)
		return;
	if (rec != places->first) {
		if (event->id == 1)
			KUNIT_EXPECT_EQ(rec->test, 0,
					ioasid_alloc(set, 2, 2, NULL,
						     GFP_ATOMIC, &places->id));
		return;
	}
	if (event->id == 2) {
		KUNIT_EXPECT_EQ(rec->test, 0,
				ioasid_alloc(set, 3, 3, NULL, GFP_ATOMIC,
					     &places->id));
		places->place = set->queued;
	} else if (event->id == 3) {
		KUNIT_EXPECT_EQ(rec->test, set->told + 1, places->place);
	}
}

static void introduction_lets_nobody_get_ahead(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *late = new_recorder(test);
	struct recorder *rec = new_recorder(test);
	struct places places = { .first = rec };

	alloc_id(test, set);
	rec->arg = &places;
	late->arg = &places;
	listen_to_set(rec, set);
	rec->hook = note_place;
	late->hook = note_place;
	listen_to_set(late, set);
	ioasid_set_sync(set);
	expect_told(rec, "add alloc:1 alloc:2 alloc:3");
	expect_told(late, "add alloc:1 alloc:2 alloc:3");
	KUNIT_EXPECT_GT(test, places.place, 0);
}

/* Makes two events of each, for a while; there is always one PASID that is new. */
struct chain {
	struct ioasid_notifier notifier;
	unsigned long end;
	bool ended;
};

static void forge_chain(struct ioasid_notifier *notifier,
			const struct ioasid_event *event)
{
	struct chain *chain = container_of(notifier, struct chain, notifier);
	ioasid_t id;

	if (event->type != IOASID_EVENT_ALLOC)
		return;
	if (time_after(jiffies, READ_ONCE(chain->end)))
		WRITE_ONCE(chain->ended, true);
	else if (!ioasid_alloc(event->set, 0, UINT_MAX, NULL, GFP_ATOMIC, &id))
		ioasid_free(event->set, NULL, event->id);
}

KUNIT_DEFINE_ACTION_WRAPPER(stop_forging, ioasid_unregister_notifier,
			    struct ioasid_notifier *);

static struct chain *new_chain(struct kunit *test, struct ioasid_set *set)
{
	struct chain *chain = kunit_kzalloc(test, sizeof(*chain), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, chain);
	chain->notifier.notify = forge_chain;
	chain->end = jiffies + 5 * HZ;
	KUNIT_ASSERT_EQ(test, 0, ioasid_register_notifier(&chain->notifier, set));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_forging,
							   &chain->notifier));
	return chain;
}

static void introduction_does_not_wait_for_the_last_event(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *late = new_recorder(test);
	struct chain *chain;

	alloc_ids(test, set, 40);
	chain = new_chain(test, set);
	listen_to_set(late, set);
	KUNIT_EXPECT_FALSE(test, READ_ONCE(chain->ended));
	KUNIT_EXPECT_GE(test, late->nr, 41);

	WRITE_ONCE(chain->end, jiffies - 1);
	ioasid_set_sync(set);
	KUNIT_EXPECT_TRUE(test, chain->ended);
}

static void freed_set_was_told_when_the_free_returns(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct slow slow = {};
	struct task_struct *task = start_slowly(test, rec, &slow, set);

	free_set(test, set);
	expect_told(rec, "add alloc:1 free:1 del");
	end_slowly(test, task);
}

/* The last listener leaves, as far as the allocator can see. */
static void leave_then_free(struct recorder *rec, const struct ioasid_event *event)
{
	struct ioasid_set *set = event->set;
	unsigned long flags;
	ioasid_t id;

	if (event->type != IOASID_EVENT_ALLOC || event->id != 1)
		return;
	/* Its event waits until this one was told. */
	KUNIT_EXPECT_EQ(rec->test, 0,
			ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_ATOMIC, &id));
	ioasid_set_lock(set, &flags);
	set->listeners--;
	ioasid_set_unlock(set, flags);

	KUNIT_EXPECT_EQ(rec->test, 0, ioasid_free(set, NULL, id));
	expect_set(rec->test, set, 2, 1, 0, IOASID_LIMIT_NONE, 4093);

	ioasid_set_lock(set, &flags);
	set->listeners++;
	ioasid_set_unlock(set, flags);
}

static void event_that_waits_keeps_its_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);

	listen_to_set(rec, set);
	rec->hook = leave_then_free;
	alloc_id(test, set);
	expect_told(rec, "add alloc:1 alloc:2 free:2");
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 4094);
}

/* What is listened to is looked up by a hash, which others may share. */
static void who_has_the_same_hash_is_not_heard(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct recorder *rec = new_recorder(test);
	struct recorder *late = new_recorder(test);
	/* Only their addresses matter: enough for any value of the hash. */
	size_t i, nr = 32 << IOASID_NOTIFIER_BITS;
	char *others = kunit_kmalloc(test, nr, GFP_KERNEL);
	unsigned int hash;

	KUNIT_ASSERT_NOT_NULL(test, others);
	hash = hash_min((unsigned long)set, IOASID_NOTIFIER_BITS);
	for (i = 0; i < nr; i++)
		if (hash_min((unsigned long)&others[i],
			     IOASID_NOTIFIER_BITS) == hash)
			break;
	KUNIT_ASSERT_LT(test, i, nr);

	KUNIT_ASSERT_EQ(test, 0,
			ioasid_pool_register_notifier((void *)&others[i],
						      &rec->notifier));
	/* The set knows whoever came before this one. */
	listen_to_set(late, set);
	alloc_id(test, set);
	expect_told(late, "add alloc:1");
	expect_told(rec, "");
	ioasid_unregister_notifier(&rec->notifier);
}

static struct kunit_case ioasid_event_cases[] = {
	KUNIT_CASE(life_is_told_in_order),
	KUNIT_CASE(allocation_with_private_id_is_two_events),
	KUNIT_CASE(free_unbinds_first),
	KUNIT_CASE(end_of_a_set_is_told_last),
	KUNIT_CASE(range_free_tells_of_each),
	KUNIT_CASE(free_is_told_once_and_at_once),
	KUNIT_CASE(failed_calls_are_not_told),
	KUNIT_CASE(event_is_complete),
	KUNIT_CASE(event_that_waits_keeps_its_pasid),
	KUNIT_CASE(who_has_the_same_hash_is_not_heard),
	KUNIT_CASE(set_listener_hears_its_set_only),
	KUNIT_CASE(set_listener_does_not_hear_the_next_set),
	KUNIT_CASE(token_listener_may_come_before_the_set),
	KUNIT_CASE(token_listener_hears_every_set_of_its_token),
	KUNIT_CASE(token_listener_hears_no_other_token),
	KUNIT_CASE(pool_listener_hears_no_other_pool),
	KUNIT_CASE(set_without_token_is_heard_by_set_and_pool),
	KUNIT_CASE(nobody_listens_and_nothing_is_queued),
	KUNIT_CASE(who_stopped_listening_is_told_no_more),
	KUNIT_CASE(listener_may_come_back),
	KUNIT_CASE(one_may_not_listen_twice),
	KUNIT_CASE(freed_set_cannot_be_listened_to),
	KUNIT_CASE(token_that_is_none_is_refused),
	KUNIT_CASE(priority_that_is_none_is_refused),
	KUNIT_CASE(token_is_pinned_while_listened_to),
	KUNIT_CASE(set_is_kept_while_listened_to),
	KUNIT_CASE(late_listener_hears_what_is_there),
	KUNIT_CASE(late_listener_does_not_hear_of_the_pending),
	KUNIT_CASE(second_listener_does_not_disturb_the_first),
	KUNIT_CASE(pool_listener_gets_to_know_all_sets),
	KUNIT_CASE(set_that_is_not_known_yet_is_not_heard),
	KUNIT_CASE(listener_to_the_system_knows_the_host),
	KUNIT_CASE_PARAM(late_listener_hears_of_all, replay_size_gen_params),
	KUNIT_CASE(nothing_is_lost_or_doubled_during_a_replay),
	KUNIT_CASE(second_replay_is_like_the_first),
	KUNIT_CASE(pasid_made_during_a_replay_is_told_once),
	KUNIT_CASE(priorities_hold_across_scopes),
	KUNIT_CASE(notifier_runs_under_rcu_and_no_lock),
	KUNIT_CASE(notifier_may_call_what_does_not_sleep),
	KUNIT_CASE(number_is_not_reused_before_its_end_was_told),
	KUNIT_CASE(user_may_leave_when_told_of_the_end),
	KUNIT_CASE(long_queue_is_left_to_a_worker),
	KUNIT_CASE(what_comes_during_a_range_free_stays),
	KUNIT_CASE(sync_waits_until_all_is_told),
	KUNIT_CASE(stop_waits_for_a_running_notifier),
	KUNIT_CASE(introduction_waits_for_who_tells),
	KUNIT_CASE(introduction_does_not_wait_for_the_last_event),
	KUNIT_CASE(introduction_lets_nobody_get_ahead),
	KUNIT_CASE(freed_set_was_told_when_the_free_returns),
	{}
};

static struct kunit_suite ioasid_event_suite = {
	.name = "ioasid-event",
	.init = event_init,
	.test_cases = ioasid_event_cases,
};

kunit_test_suite(ioasid_event_suite);
