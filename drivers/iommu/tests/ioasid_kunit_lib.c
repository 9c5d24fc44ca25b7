// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the IOASID test suites share; see ioasid_kunit.h.
 */
#include <kunit/resource.h>
#include <linux/delay.h>
#include <linux/misc_cgroup.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "ioasid_kunit.h"

/* What a token has before anybody pins it: the case's own, and one to spare. */
#define TOKEN_COUNT	2

KUNIT_DEFINE_ACTION_WRAPPER(put_set_action, ioasid_set_put,
			    struct ioasid_set *);
KUNIT_DEFINE_ACTION_WRAPPER(free_set_action, ioasid_set_free,
			    struct ioasid_set *);

/* Whatever a case did, once its sets are gone nothing may be taken. */
static void exit_pool(void *data)
{
	struct kunit *test = data;
	struct ioasid_pool *pool = test_pool(test);

	KUNIT_EXPECT_EQ(test, pool->used, 0);
	KUNIT_EXPECT_EQ(test, pool->claimed, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_keepers, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&pool->xa));
	ioasid_pool_destroy(pool);
}

/* A pool without any capacity yet. */
int ioasid_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct ioasid_pool),
				   GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;

	ioasid_pool_init(test_pool(test), 0, 0);
	return kunit_add_action_or_reset(test, exit_pool, test);
}

static void take_pasids_back(void *unused)
{
	ioasid_system_pool.reported = 0;
	ioasid_local_capacity_changed();
}

void lend_pasids(struct kunit *test)
{
	if (ioasid_capacity())
		return;
	ioasid_install_capacity(1024);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, take_pasids_back, NULL));
}

void __expect_pins(struct kunit *test, int line, struct mm_struct *token,
		   u32 pins)
{
	int tries = 100;

	while (atomic_read(&token->mm_count) - TOKEN_COUNT > pins && --tries)
		msleep(20);
	KUNIT_EXPECT_EQ_MSG(test, atomic_read(&token->mm_count) - TOKEN_COUNT,
			    pins, "line %d", line);
}

struct test_token {
	struct kunit *test;
	struct mm_struct mm;
};

static void exit_token(void *data)
{
	struct test_token *token = data;

	expect_pins(token->test, &token->mm, 0);
}

struct mm_struct *new_token(struct kunit *test)
{
	struct test_token *token;

	token = kunit_kzalloc(test, sizeof(*token), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, token);
	token->test = test;
	atomic_set(&token->mm.mm_count, TOKEN_COUNT);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, exit_token, token));
	return &token->mm;
}

static struct ioasid_set *own_set(struct kunit *test, struct ioasid_set *set)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   free_set_action,
							   set));
	return set;
}

struct ioasid_set *new_set(struct kunit *test, u32 guarantee, u32 limit)
{
	return own_set(test, ioasid_pool_set_create(test_pool(test), NULL,
						    guarantee, limit));
}

struct ioasid_set *new_token_set(struct kunit *test, struct mm_struct *token)
{
	return own_set(test, ioasid_pool_set_create(test_pool(test), token, 0,
						    IOASID_LIMIT_NONE));
}

struct ioasid_set *join_set(struct kunit *test, struct mm_struct *token)
{
	return own_set(test, ioasid_set_join(token));
}

void free_set(struct kunit *test, struct ioasid_set *set)
{
	kunit_release_action(test, free_set_action, set);
}

struct ioasid_set *hold_set(struct kunit *test, struct ioasid_set *set)
{
	ioasid_set_get(set);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   put_set_action,
							   set));
	return set;
}

void drop_set(struct kunit *test, struct ioasid_set *set)
{
	kunit_release_action(test, put_set_action, set);
}

s64 try_alloc(struct kunit *test, struct ioasid_set *set, ioasid_t min,
	      ioasid_t max)
{
	u32 capacity = ioasid_pool_capacity(set->pool);
	ioasid_t id = NO_ID;
	int err;

	err = ioasid_alloc(set, min, max, set, GFP_KERNEL, &id);
	if (err) {
		KUNIT_EXPECT_EQ(test, id, NO_ID);
		return err;
	}
	KUNIT_EXPECT_GE(test, id, max(min, 1));
	KUNIT_EXPECT_LE(test, id, min(max, capacity - 1));
	return id;
}

ioasid_t alloc_id(struct kunit *test, struct ioasid_set *set)
{
	s64 id = try_alloc(test, set, 0, UINT_MAX);

	KUNIT_ASSERT_GT(test, id, 0);
	return id;
}

void alloc_ids(struct kunit *test, struct ioasid_set *set, u32 nr)
{
	while (nr--)
		alloc_id(test, set);
}

ioasid_t alloc_at(struct kunit *test, struct ioasid_set *set, ioasid_t id)
{
	KUNIT_ASSERT_EQ(test, try_alloc(test, set, id, id), (s64)id);
	return id;
}

/*
 * The references that a case holds. One that is still there at the end of the
 * case is given back before the sets go, because it was taken after they came.
 */
struct held_id {
	struct ioasid_set *set;
	ioasid_t id;
};

static void put_id_action(void *data)
{
	struct held_id *held = data;

	ioasid_put(held->set, NULL, held->id);
}

struct held_id *hold_id(struct kunit *test, struct ioasid_set *set, ioasid_t id)
{
	struct held_id *held;

	held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, held);
	*held = (struct held_id) { set, id };
	KUNIT_ASSERT_EQ(test, 0, ioasid_get(set, NULL, id));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_id_action,
							   held));
	return held;
}

void drop_id(struct kunit *test, struct held_id *held)
{
	kunit_release_action(test, put_id_action, held);
}

void __expect_alloc(struct kunit *test, int line, struct ioasid_set *set,
		    s64 want)
{
	KUNIT_EXPECT_EQ_MSG(test, try_alloc(test, set, 0, UINT_MAX), want,
			    "line %d", line);
}

/* The sums hold in every case, so every case checks them. */
void __expect_books(struct kunit *test, int line, u32 used, u32 reserved,
		    u32 free)
{
	struct ioasid_pool *pool = test_pool(test);
	struct ioasid_system_info info;

	ioasid_pool_info(pool, &info);
	KUNIT_EXPECT_TRUE_MSG(test, info.used == used &&
			      info.reserved == reserved && info.free == free,
			      "line %d: used %u reserved %u free %u, not %u %u %u",
			      line, info.used, info.reserved, info.free, used,
			      reserved, free);
	KUNIT_EXPECT_EQ(test, pool->claimed, used + reserved);
	KUNIT_EXPECT_EQ(test, info.capacity, ioasid_pool_capacity(pool));
}

void __expect_set(struct kunit *test, int line, struct ioasid_set *set,
		  const struct ioasid_set_info *want)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(set, &info);
	KUNIT_EXPECT_TRUE_MSG(test, !memcmp(&info, want, sizeof(info)),
			      "line %d: used %u pending %u guarantee %u limit %u available %u, not %u %u %u %u %u",
			      line, info.used, info.pending, info.guarantee,
			      info.limit, info.available, want->used,
			      want->pending, want->guarantee, want->limit,
			      want->available);
}

void *find_data(struct ioasid_set *set, ioasid_t id)
{
	void *data;

	rcu_read_lock();
	data = ioasid_find(set, NULL, id);
	rcu_read_unlock();
	return data;
}

s64 try_request(struct ioasid_set *set, struct ioasid_request req)
{
	ioasid_t id;
	int err;

	if (!req.max)
		req.max = UINT_MAX;
	err = ioasid_alloc_request(set, &req, GFP_KERNEL, &id);
	return err ?: (s64)id;
}

ioasid_t alloc_private(struct kunit *test, struct ioasid_set *set, u32 private)
{
	s64 id = try_private(set, private);

	KUNIT_ASSERT_GT(test, id, 0);
	return id;
}

void attach_private(struct kunit *test, struct ioasid_set *set, ioasid_t id,
		    u32 private)
{
	KUNIT_ASSERT_EQ(test, 0, ioasid_attach_private(set, NULL, id, private,
						       GFP_KERNEL));
}

static void __printf(2, 3) record(struct recorder *rec, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	rec->len += vscnprintf(rec->text + rec->len,
			       sizeof(rec->text) - rec->len, fmt, args);
	va_end(args);
}

static void record_event(struct ioasid_notifier *notifier,
			 const struct ioasid_event *event)
{
	struct recorder *rec = container_of(notifier, struct recorder,
					    notifier);

	rec->nr++;
	rec->last = *event;
	if (rec->len)
		record(rec, " ");
	switch (event->type) {
	case IOASID_EVENT_SET_ADD:
		record(rec, "add");
		break;
	case IOASID_EVENT_ALLOC:
		record(rec, "alloc:%u", event->id);
		break;
	case IOASID_EVENT_BIND:
		record(rec, "bind:%u=%u", event->id, event->private);
		break;
	case IOASID_EVENT_UNBIND:
		record(rec, "unbind:%u=%u", event->id, event->private);
		break;
	case IOASID_EVENT_FREE:
		record(rec, "free:%u", event->id);
		break;
	case IOASID_EVENT_SET_DEL:
		record(rec, "del");
		break;
	}
	if (rec->hook)
		rec->hook(rec, event);
}

KUNIT_DEFINE_ACTION_WRAPPER(unregister_action, ioasid_unregister_notifier,
			    struct ioasid_notifier *);

struct recorder *new_recorder(struct kunit *test)
{
	struct recorder *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rec);
	rec->test = test;
	rec->notifier.notify = record_event;
	return rec;
}

static void listening(struct recorder *rec, int err)
{
	KUNIT_ASSERT_EQ(rec->test, err, 0);
	KUNIT_ASSERT_EQ(rec->test, 0,
			kunit_add_action_or_reset(rec->test, unregister_action,
						  &rec->notifier));
}

void listen_to_pool(struct recorder *rec)
{
	listening(rec, ioasid_pool_register_notifier(test_pool(rec->test),
						     &rec->notifier));
}

void listen_to_system(struct recorder *rec)
{
	listening(rec, ioasid_register_notifier(&rec->notifier, NULL));
}

void listen_to_set(struct recorder *rec, struct ioasid_set *set)
{
	listening(rec, ioasid_register_notifier(&rec->notifier, set));
}

void listen_to_token(struct recorder *rec, struct mm_struct *token)
{
	listening(rec, ioasid_register_notifier_mm(&rec->notifier, token));
}

void stop_listening(struct recorder *rec)
{
	kunit_release_action(rec->test, unregister_action, &rec->notifier);
}

#ifdef CONFIG_IOASID_CGROUP
struct misc_res *own_res(struct kunit *test)
{
	struct misc_cg *cg = get_current_misc_cg();

	KUNIT_ASSERT_NOT_NULL(test, cg);
	/* Nobody removes it while a test runs in it. */
	put_misc_cg(cg);
	return &cg->res[MISC_CG_RES_IOASID];
}
#endif

void __expect_told(struct recorder *rec, int line, const char *want)
{
	KUNIT_EXPECT_STREQ_MSG(rec->test, rec->text, want, "line %d", line);
	rec->len = 0;
	rec->text[0] = '\0';
}
