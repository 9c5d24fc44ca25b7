// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: how many PASIDs there are, which numbers they have, who may have them.
 */
#include <linux/sched.h>

#include "ioasid_kunit.h"

/* Capacity: the smallest report, under the administrator's cap. */

struct capacity_rule {
	const char *name;
	u32 cap;
	u32 reports[3];
	u32 capacity;
};

static const struct capacity_rule capacity_rules[] = {
	{ "nothing_reported", 0, {}, 0 },
	{ "zero_and_one_report_none", 0, { 0, 1, 0 }, 0 },
	{ "two_is_the_smallest_space", 0, { 2 }, 2 },
	{ "smallest_wins_first", 0, { 32, 64, 128 }, 32 },
	{ "smallest_wins_last", 0, { 128, 64, 32 }, 32 },
	{ "none_does_not_lower", 0, { 64, 1, 0 }, 64 },
	{ "never_above_20_bits", 0, { U32_MAX }, IOASID_CAPACITY_MAX },
	{ "20_bits_are_whole", 0, { 1U << 20 }, 1U << 20 },
	{ "21_bits_count_as_20", 0, { 1U << 21, (1U << 20) + 1 }, 1U << 20 },
	{ "cap_supplies_what_nobody_reports", 100, {}, 100 },
	{ "cap_supplies_where_reports_say_none", 100, { 0, 1 }, 100 },
	{ "cap_lowers_a_report", 100, { 1000 }, 100 },
	{ "cap_does_not_raise_a_report", 1000, { 100 }, 100 },
};

KUNIT_ARRAY_PARAM_DESC(capacity, capacity_rules, name);

static void capacity_follows_reports_and_cap(struct kunit *test)
{
	const struct capacity_rule *rule = test->param_value;
	struct ioasid_pool *pool = test_pool(test);
	int i;

	pool->cap = rule->cap;
	for (i = 0; i < ARRAY_SIZE(rule->reports); i++)
		ioasid_pool_install_capacity(pool, rule->reports[i]);

	KUNIT_EXPECT_EQ(test, ioasid_pool_capacity(pool), rule->capacity);
	expect_books(test, 0, 0, rule->capacity ? rule->capacity - 1 : 0);
}

static void init_takes_the_cap(struct kunit *test)
{
	struct ioasid_pool *pool = kunit_kzalloc(test, sizeof(*pool),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	memset(pool, 0xff, sizeof(*pool));
	ioasid_pool_init(pool, 77, 0);
	KUNIT_EXPECT_EQ(test, ioasid_pool_capacity(pool), 77);
	ioasid_pool_destroy(pool);
}

static void no_capacity_no_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *none = new_set(test, 0, 0);

	expect_alloc(test, set, -EOPNOTSUPP);
	expect_alloc(test, none, -EOPNOTSUPP);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 0);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), -ENOENT);
	expect_books(test, 0, 0, 0);
}

static void no_capacity_no_guarantee(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 8);

	KUNIT_EXPECT_PTR_EQ(test, ioasid_pool_set_create(test_pool(test), NULL,
							 1, 8),
			    (struct ioasid_set *)ERR_PTR(-EOPNOTSUPP));
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 1, 0,
						IOASID_ADJUST_GUARANTEE |
						IOASID_ADJUST_MAY_RAISE),
			-EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 4,
						IOASID_ADJUST_LIMIT), 0);
	expect_set(test, set, 0, 0, 0, 4, 0);
	expect_books(test, 0, 0, 0);
}

static void capacity_that_comes_later_is_used(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	expect_alloc(test, set, -EOPNOTSUPP);
	test_capacity(test, 2);
	expect_alloc(test, set, 1);
}

/* Numbers */

static void every_number_but_0_is_given_once(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	DECLARE_BITMAP(seen, 256) = {};
	int i;

	test_capacity(test, 256);
	for (i = 1; i < 256; i++)
		KUNIT_EXPECT_FALSE(test, __test_and_set_bit(alloc_id(test, set),
							    seen));
	KUNIT_EXPECT_FALSE(test, test_bit(0, seen));
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, 255, 0, 0);
}

static void the_smallest_space_has_one_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 2);
	expect_alloc(test, set, 1);
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, 1, 0, 0);
}

/* On a space of 16 numbers in which 4, 5 and 15 are taken. */
struct range_rule {
	const char *name;
	u32 min;
	u32 max;
	s64 result;
};

static const struct range_rule range_rules[] = {
	{ "min_above_max", 2, 1, -EINVAL },
	{ "min_above_max_at_the_top", UINT_MAX, UINT_MAX - 1, -EINVAL },
	{ "min_above_max_at_the_bottom", 1, 0, -EINVAL },
	{ "zero_alone", 0, 0, -ENOSPC },
	{ "zero_and_one", 0, 1, 1 },
	{ "one_free_number", 7, 7, 7 },
	{ "one_taken_number", 4, 4, -ENOSPC },
	{ "taken_range", 4, 5, -ENOSPC },
	{ "free_above_the_taken", 4, 6, 6 },
	{ "free_below_the_taken", 3, 5, 3 },
	{ "last_number_taken", 15, UINT_MAX, -ENOSPC },
	{ "last_free_number", 14, UINT_MAX, 14 },
	{ "first_number_outside", 16, 16, -ENOSPC },
	{ "all_outside", 16, UINT_MAX, -ENOSPC },
	{ "highest_number", UINT_MAX, UINT_MAX, -ENOSPC },
};

KUNIT_ARRAY_PARAM_DESC(range, range_rules, name);

static void alloc_stays_in_its_range(struct kunit *test)
{
	const struct range_rule *rule = test->param_value;
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 16);
	alloc_at(test, set, 4);
	alloc_at(test, set, 5);
	alloc_at(test, set, 15);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, rule->min, rule->max),
			rule->result);
	expect_books(test, rule->result > 0 ? 4 : 3, 0,
		     rule->result > 0 ? 11 : 12);
}

static void the_last_number_is_the_capacity_less_one(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	const u32 last = IOASID_CAPACITY_MAX - 1;

	test_capacity(test, U32_MAX);
	alloc_at(test, set, last);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, last, UINT_MAX), -ENOSPC);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, last), 0);
	alloc_at(test, set, last);
}

/* Small numbers keep the PASID tables of the hardware small. */
static void the_lowest_free_number_is_given(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 256);
	expect_alloc(test, set, 1);
	alloc_at(test, set, 2);
	expect_alloc(test, set, 3);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 100, UINT_MAX), 100);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 2), 0);
	expect_alloc(test, set, 2);
	expect_alloc(test, set, 4);
}

static void a_full_range_leaves_the_rest_usable(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	int i;

	test_capacity(test, 16);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_GT(test, try_alloc(test, set, 5, 7), 0);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 5, 7), -ENOSPC);
	alloc_ids(test, set, 12);
	expect_alloc(test, set, -ENOSPC);
}

static void a_freed_number_is_given_again(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 8);
	alloc_ids(test, set, 7);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 3), 0);
	expect_alloc(test, set, 3);
	expect_alloc(test, set, -ENOSPC);
}

/* No memory: the case's own allocations fail, one after the other. */

#ifdef CONFIG_FAILSLAB
static int alloc_failing(struct ioasid_set *set, unsigned int nth, ioasid_t *id)
{
	int err;

	current->fail_nth = nth;
	err = ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_NOWAIT, id);
	current->fail_nth = 0;
	return err;
}
#else
static int alloc_failing(struct ioasid_set *set, unsigned int nth, ioasid_t *id)
{
	return -EOPNOTSUPP;
}
#endif

static void no_memory_changes_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = NO_ID;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
	test_capacity(test, 16);
	KUNIT_EXPECT_EQ(test, alloc_failing(set, 1, &id), -ENOMEM);
	KUNIT_EXPECT_EQ(test, id, NO_ID);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 15);
	expect_books(test, 0, 0, 15);
}

/* What the tree of numbers cannot get under the lock, it gets outside. */
static void no_memory_under_the_lock_is_no_failure(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id = NO_ID;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
	test_capacity(test, 16);
	KUNIT_EXPECT_EQ(test, alloc_failing(set, 2, &id), 0);
	KUNIT_EXPECT_EQ(test, id, 1);
	expect_books(test, 1, 0, 14);
}

/* A late, smaller IOMMU */

static void shrinking_leaves_live_pasids_alone(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct held_id *held;

	test_capacity(test, 64);
	alloc_at(test, set, 40);
	test_capacity(test, 16);

	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 40), (void *)set);
	held = hold_id(test, set, 40);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 40), 0);
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 14);
	drop_id(test, held);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 40), ERR_PTR(-ENOENT));
	expect_books(test, 0, 0, 15);
}

static void shrinking_ends_allocation_above(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 64);
	alloc_at(test, set, 40);
	test_capacity(test, 16);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 40), 0);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 40, 40), -ENOSPC);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 15, 40), 15);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 15, 40), -ENOSPC);
}

static void shrinking_below_the_claims_leaves_nothing_free(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 32);
	set = new_set(test, 20, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, other, 5);
	test_capacity(test, 8);

	expect_books(test, 5, 20, 0);
	expect_set(test, set, 0, 0, 20, IOASID_LIMIT_NONE, 2);
	expect_alloc(test, other, -ENOSPC);
	alloc_ids(test, set, 2);
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, 7, 18, 0);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(other, NULL, 0, UINT_MAX), 0);
	expect_books(test, 2, 18, 0);
}

static void a_guarantee_can_go_down_after_shrinking(struct kunit *test)
{
	struct ioasid_set *set;

	test_capacity(test, 32);
	set = new_set(test, 20, 30);
	test_capacity(test, 8);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 25,
						IOASID_ADJUST_LIMIT), 0);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 19, 0,
						IOASID_ADJUST_GUARANTEE), 0);
	expect_books(test, 0, 19, 0);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 3, 0,
						IOASID_ADJUST_GUARANTEE), 0);
	expect_books(test, 0, 3, 4);
}

static struct kunit_case ioasid_pool_cases[] = {
	KUNIT_CASE_PARAM(capacity_follows_reports_and_cap, capacity_gen_params),
	KUNIT_CASE(init_takes_the_cap),
	KUNIT_CASE(no_capacity_no_pasid),
	KUNIT_CASE(no_capacity_no_guarantee),
	KUNIT_CASE(capacity_that_comes_later_is_used),
	KUNIT_CASE(every_number_but_0_is_given_once),
	KUNIT_CASE(the_smallest_space_has_one_pasid),
	KUNIT_CASE_PARAM(alloc_stays_in_its_range, range_gen_params),
	KUNIT_CASE(the_last_number_is_the_capacity_less_one),
	KUNIT_CASE(the_lowest_free_number_is_given),
	KUNIT_CASE(a_full_range_leaves_the_rest_usable),
	KUNIT_CASE(a_freed_number_is_given_again),
	KUNIT_CASE(no_memory_changes_nothing),
	KUNIT_CASE(no_memory_under_the_lock_is_no_failure),
	KUNIT_CASE(shrinking_leaves_live_pasids_alone),
	KUNIT_CASE(shrinking_ends_allocation_above),
	KUNIT_CASE(shrinking_below_the_claims_leaves_nothing_free),
	KUNIT_CASE(a_guarantee_can_go_down_after_shrinking),
	{}
};

static struct kunit_suite ioasid_pool_suite = {
	.name = "ioasid-pool",
	.init = ioasid_test_init,
	.test_cases = ioasid_pool_cases,
};

kunit_test_suite(ioasid_pool_suite);
