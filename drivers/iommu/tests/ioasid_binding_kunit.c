// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: private IDs, by which a set's own world knows its PASIDs.
 */
#include <linux/fault-inject.h>
#include <linux/rcupdate.h>

#include "ioasid_kunit.h"

static int binding_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, 256);
	return err;
}

static int attach(struct ioasid_set *set, ioasid_t id, u32 private)
{
	return ioasid_attach_private(set, NULL, id, private, GFP_KERNEL);
}

/* -------- attach and detach -------- */

static void private_id_finds_its_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_at(test, set, 42);

	KUNIT_EXPECT_EQ(test, 0, attach(set, id, 101));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 101), 42);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 42), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 100), -ENOENT);
}

static void failed_find_leaves_its_answer_alone(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = NO_ID;

	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 5), -ENOENT);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold_private(set, 5, &id),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, id, NO_ID);
}

static void two_guests_may_use_the_same_number(struct kunit *test)
{
	struct ioasid_set *a = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *b = new_set(test, 0, IOASID_LIMIT_NONE);

	KUNIT_EXPECT_EQ(test, alloc_private(test, a, 101), 1);
	KUNIT_EXPECT_EQ(test, alloc_private(test, b, 101), 2);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(a, 101), 1);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(b, 101), 2);
	KUNIT_EXPECT_EQ(test, 0, ioasid_detach_private(a, 101));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(a, 101), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(b, 101), 2);
}

static void private_ids_have_20_bits(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_id(test, set);

	KUNIT_EXPECT_EQ(test, -EINVAL, attach(set, id, IOASID_CAPACITY_MAX));
	KUNIT_EXPECT_EQ(test, -EINVAL, attach(set, id, IOASID_PRIVATE_NONE));
	KUNIT_EXPECT_EQ(test, try_private(set, IOASID_CAPACITY_MAX), -EINVAL);
	KUNIT_EXPECT_EQ(test, 0, attach(set, id, IOASID_CAPACITY_MAX - 1));
	KUNIT_EXPECT_EQ(test, alloc_private(test, set, 0), 2);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 0), 2);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, IOASID_CAPACITY_MAX - 1), 1);
}

static void private_id_stands_for_one_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t first = alloc_private(test, set, 7);
	ioasid_t second = alloc_id(test, set);

	KUNIT_EXPECT_EQ(test, -EEXIST, attach(set, second, 7));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), (s64)first);
	/* No reference stayed behind: it goes at once. */
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, first));
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 254);
	KUNIT_EXPECT_EQ(test, 0, attach(set, second, 7));
}

static void pasid_has_one_private_id(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7);

	KUNIT_EXPECT_EQ(test, -EEXIST, attach(set, id, 8));
	KUNIT_EXPECT_EQ(test, -EEXIST, attach(set, id, 7));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 8), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), (s64)id);
}

static void only_the_owner_attaches(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_id(test, set);

	KUNIT_EXPECT_EQ(test, -EACCES, attach(other, id, 1));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(other, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, -ENOENT, attach(set, id + 1, 1));
}

static void detach_leaves_the_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7);

	KUNIT_EXPECT_EQ(test, 0, ioasid_detach_private(set, 7));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_detach_private(set, 7));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), -ENOENT);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 254);
	/* Both are free for something new. */
	KUNIT_EXPECT_EQ(test, 0, attach(set, id, 8));
	KUNIT_EXPECT_EQ(test, alloc_private(test, set, 7), 2);
}

/* -------- the end of a PASID is the end of its private ID -------- */

static void free_ends_the_private_id(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7);

	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), -ENOENT);
	KUNIT_EXPECT_TRUE(test, xa_empty(&set->privates));
	KUNIT_EXPECT_EQ(test, alloc_private(test, set, 7), (s64)id);
}

static void pending_pasid_has_no_private_id(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7), again;
	struct held_id *held = hold_id(test, set, id);

	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), -ENOENT);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold_private(set, 7, &again),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, -ENOENT, attach(set, id, 8));
	/* The guest may use the number for another PASID already. */
	KUNIT_EXPECT_EQ(test, alloc_private(test, set, 7), 2);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), 2);
}

static void freed_set_has_no_private_ids(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u32 i;

	for (i = 0; i < 3 * IOASID_BATCH; i++)
		alloc_private(test, set, i * 1000);
	hold_set(test, set);
	free_set(test, set);
	KUNIT_EXPECT_TRUE(test, xa_empty(&set->privates));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 0), -ENOENT);
}

/* -------- one step -------- */

static void refused_allocation_leaves_no_private_id(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 2);
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_request req = {
		.min = 50, .max = 50, .private = 9,
		.flags = IOASID_REQUEST_PRIVATE,
	};

	alloc_at(test, other, 50);
	KUNIT_EXPECT_EQ(test, try_request(set, req), -ENOSPC);
	alloc_ids(test, set, 2);
	KUNIT_EXPECT_EQ(test, try_private(set, 9), -EDQUOT);
	KUNIT_EXPECT_TRUE(test, xa_empty(&set->privates));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 9), -ENOENT);
}

static void taken_private_id_costs_no_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 2);

	alloc_private(test, set, 9);
	KUNIT_EXPECT_EQ(test, try_private(set, 9), -EEXIST);
	expect_set(test, set, 1, 0, 0, 2, 1);
	expect_books(test, 1, 0, 254);
	KUNIT_EXPECT_EQ(test, alloc_id(test, set), 2);
}

static void unknown_request_is_refused(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	KUNIT_EXPECT_EQ(test, -EINVAL,
			try_request(set, (struct ioasid_request) {
				    .flags = IOASID_REQUEST_CHARGE << 1 }));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			try_request(set, (struct ioasid_request) {
				    .min = 2, .max = 1 }));
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 255);
}

/* -------- with a reference -------- */

static void held_private_id_keeps_the_number(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7), found = NO_ID;
	struct ioasid *held = ioasid_hold_private(set, 7, &found);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, held);
	KUNIT_EXPECT_EQ(test, found, id);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 254);
	ioasid_release(held);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 255);
}

static void failed_hold_takes_no_reference(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_private(test, set, 7), found;

	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold_private(set, 8, &found),
			    ERR_PTR(-ENOENT));
	ioasid_detach_private(set, 7);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold_private(set, 7, &found),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 255);
}

static void requested_reference_keeps_the_number(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	s64 id = try_request(set, (struct ioasid_request) {
			     .flags = IOASID_REQUEST_GET });

	KUNIT_ASSERT_EQ(test, id, 1);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 254);
	KUNIT_EXPECT_EQ(test, alloc_id(test, set), 2);
	ioasid_put(set, NULL, id);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 254);
}

static void releasing_nothing_is_nothing(struct kunit *test)
{
	ioasid_release(NULL);
}

/* -------- listing -------- */

static void expect_next(struct kunit *test, struct ioasid_set *set, u32 from,
			u32 private, ioasid_t id)
{
	struct ioasid_private entry = { .private = from };

	KUNIT_EXPECT_EQ(test, 0, ioasid_next_private(set, &entry));
	KUNIT_EXPECT_EQ(test, entry.private, private);
	KUNIT_EXPECT_EQ(test, entry.id, id);
	KUNIT_EXPECT_NULL(test, entry.dev);
}

static void expect_end(struct kunit *test, struct ioasid_set *set, u32 from)
{
	struct ioasid_private entry = { .private = from };

	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_next_private(set, &entry));
}

static void private_ids_are_listed_in_order(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	expect_end(test, set, 0);
	alloc_private(test, set, 500);
	alloc_private(test, set, 0);
	alloc_private(test, set, IOASID_CAPACITY_MAX - 1);
	alloc_id(test, set);
	expect_next(test, set, 0, 0, 2);
	expect_next(test, set, 1, 500, 1);
	expect_next(test, set, 500, 500, 1);
	expect_next(test, set, 501, IOASID_CAPACITY_MAX - 1, 3);
	expect_end(test, set, IOASID_CAPACITY_MAX);
	expect_end(test, set, U32_MAX);
}

static void cursor_survives_changes(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	alloc_private(test, set, 10);
	alloc_private(test, set, 20);
	alloc_private(test, set, 30);
	expect_next(test, set, 0, 10, 1);
	/* Before the cursor, at it, and behind it. */
	alloc_private(test, set, 5);
	ioasid_detach_private(set, 10);
	ioasid_detach_private(set, 20);
	alloc_private(test, set, 25);
	expect_next(test, set, 11, 25, 5);
	expect_next(test, set, 26, 30, 3);
	expect_end(test, set, 31);
}

/* -------- memory -------- */

#ifdef CONFIG_FAILSLAB
static void set_fail_nth(int nth)
{
	current->fail_nth = nth;
}
#else
static void set_fail_nth(int nth)
{
}
#endif

static s64 request_nth(struct ioasid_set *set, u32 private, int nth)
{
	const struct ioasid_request req = {
		.max = UINT_MAX,
		.private = private,
		.flags = IOASID_REQUEST_PRIVATE,
	};
	ioasid_t id;
	int err;

	set_fail_nth(nth);
	err = ioasid_alloc_request(set, &req, GFP_NOWAIT, &id);
	set_fail_nth(0);
	return err ?: (s64)id;
}

static int attach_nth(struct ioasid_set *set, ioasid_t id, u32 private, int nth)
{
	int ret;

	set_fail_nth(nth);
	ret = ioasid_attach_private(set, NULL, id, private, GFP_NOWAIT);
	set_fail_nth(0);
	return ret;
}

/*
 * Each allocation of memory fails once, in a map that has no room yet. The xarray
 * tries again at times, so a failure need not be seen; but it is one step or none.
 */
static void request_without_memory_changes_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	int nth, failed = 0;
	s64 ret;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");

	for (nth = 1; nth <= 8; nth++) {
		ret = request_nth(set, nth * 5000, nth);
		if (ret > 0) {
			KUNIT_EXPECT_EQ(test, ioasid_find_private(set, nth * 5000),
					ret);
			KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, ret));
		} else {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			failed++;
		}
		KUNIT_EXPECT_TRUE(test, xa_empty(&set->privates));
		expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 255);
	}
	/* At least that of the PASID and that of the binding. */
	KUNIT_EXPECT_GE(test, failed, 2);
}

static void attach_without_memory_changes_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = alloc_id(test, set);
	int nth, err, failed = 0;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");

	for (nth = 1; nth <= 6; nth++) {
		err = attach_nth(set, id, nth * 5000, nth);
		if (!err) {
			KUNIT_EXPECT_EQ(test, 0,
					ioasid_detach_private(set, nth * 5000));
		} else {
			KUNIT_EXPECT_EQ(test, err, -ENOMEM);
			failed++;
		}
		KUNIT_EXPECT_TRUE(test, xa_empty(&set->privates));
	}
	KUNIT_EXPECT_GE(test, failed, 1);
	KUNIT_EXPECT_EQ(test, 0, attach(set, id, 5000));
}

/* The private ID 5000 as a store that fails at the @nth allocation leaves it. */
static int store_nth(struct ioasid_set *set, int nth)
{
	XA_STATE(xas, &set->privates, 5000);
	unsigned long flags;

	ioasid_set_lock(set, &flags);
	set_fail_nth(nth);
	xas_store(&xas, XA_ZERO_ENTRY);
	set_fail_nth(0);
	if (!xas_error(&xas))
		xas_store(&xas, NULL);
	ioasid_set_unlock(set, flags);
	return xas_error(&xas);
}

/*
 * A tree of more than one level grows by a node, and has no memory for the next one. It
 * keeps the first one, without an entry; the set has to end without a warning. A node
 * may take more than one allocation, so which of them has to fail is not known.
 */
static void set_may_end_with_nodes_without_entries(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);
	int nth;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");

	for (nth = 1; nth < 20 && xa_empty(&set->privates); nth++)
		store_nth(set, nth);
	KUNIT_EXPECT_FALSE(test, xa_empty(&set->privates));
	free_set(test, set);
	/* A worker ends it. */
	expect_pins(test, token, 0);
}

static struct kunit_case ioasid_binding_cases[] = {
	KUNIT_CASE(private_id_finds_its_pasid),
	KUNIT_CASE(failed_find_leaves_its_answer_alone),
	KUNIT_CASE(two_guests_may_use_the_same_number),
	KUNIT_CASE(private_ids_have_20_bits),
	KUNIT_CASE(private_id_stands_for_one_pasid),
	KUNIT_CASE(pasid_has_one_private_id),
	KUNIT_CASE(only_the_owner_attaches),
	KUNIT_CASE(detach_leaves_the_pasid),
	KUNIT_CASE(free_ends_the_private_id),
	KUNIT_CASE(pending_pasid_has_no_private_id),
	KUNIT_CASE(freed_set_has_no_private_ids),
	KUNIT_CASE(refused_allocation_leaves_no_private_id),
	KUNIT_CASE(taken_private_id_costs_no_pasid),
	KUNIT_CASE(unknown_request_is_refused),
	KUNIT_CASE(held_private_id_keeps_the_number),
	KUNIT_CASE(failed_hold_takes_no_reference),
	KUNIT_CASE(requested_reference_keeps_the_number),
	KUNIT_CASE(releasing_nothing_is_nothing),
	KUNIT_CASE(private_ids_are_listed_in_order),
	KUNIT_CASE(cursor_survives_changes),
	KUNIT_CASE(request_without_memory_changes_nothing),
	KUNIT_CASE(attach_without_memory_changes_nothing),
	KUNIT_CASE(set_may_end_with_nodes_without_entries),
	{}
};

static struct kunit_suite ioasid_binding_suite = {
	.name = "ioasid-binding",
	.init = binding_init,
	.test_cases = ioasid_binding_cases,
};

kunit_test_suite(ioasid_binding_suite);
