// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what a set may hold, how that is changed, who owns a set and when it
 * ends.
 */
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/vmstat.h>

#include "ioasid_kunit.h"

#define NO_SET(err)	((struct ioasid_set *)ERR_PTR(err))

static struct ioasid_set *try_create(struct kunit *test, u32 guarantee,
				     u32 limit)
{
	return ioasid_pool_set_create(test_pool(test), NULL, guarantee, limit);
}

/* Limit */

static void limit_is_exact(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 3);

	test_capacity(test, 16);
	alloc_ids(test, set, 3);
	expect_alloc(test, set, -EDQUOT);
	expect_set(test, set, 3, 0, 0, 3, 0);

	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 2), 0);
	expect_set(test, set, 2, 0, 0, 3, 1);
	expect_alloc(test, set, 2);
	expect_alloc(test, set, -EDQUOT);
}

static void limit_0_allows_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 0);

	test_capacity(test, 16);
	expect_alloc(test, set, -EDQUOT);
	expect_set(test, set, 0, 0, 0, 0, 0);
}

static void no_limit_is_bounded_by_the_capacity(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 16);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 15);
	alloc_ids(test, set, 15);
	expect_alloc(test, set, -ENOSPC);
	expect_set(test, set, 15, 0, 0, IOASID_LIMIT_NONE, 0);
}

static void pending_counts_as_used(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 2);
	struct held_id *held;
	ioasid_t id;

	test_capacity(test, 16);
	id = alloc_id(test, set);
	alloc_id(test, set);
	held = hold_id(test, set, id);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, id), 0);
	expect_alloc(test, set, -EDQUOT);
	expect_set(test, set, 2, 1, 0, 2, 0);
	expect_books(test, 2, 0, 13);

	drop_id(test, held);
	expect_set(test, set, 1, 0, 0, 2, 1);
	expect_books(test, 1, 0, 14);
}

static void refused_allocations_cost_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 1);
	int i;

	test_capacity(test, 16);
	alloc_at(test, set, 7);
	for (i = 0; i < 10; i++) {
		expect_alloc(test, set, -EDQUOT);
		KUNIT_EXPECT_EQ(test, try_alloc(test, set, 2, 1), -EINVAL);
	}
	expect_books(test, 1, 0, 14);
	expect_set(test, set, 1, 0, 0, 1, 0);
}

/* KASAN keeps what was freed for a while, which looks the same. */
static void refused_allocations_leak_nothing(struct kunit *test)
{
	const unsigned int nr = 20000;
	struct ioasid_set *set = new_set(test, 0, 0);
	unsigned long before, after;
	ioasid_t id;
	int i;

	test_capacity(test, 16);
	before = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	for (i = 0; i < nr; i++)
		KUNIT_ASSERT_EQ(test, ioasid_alloc(set, 0, UINT_MAX, NULL,
						   GFP_KERNEL, &id), -EDQUOT);
	after = global_node_page_state_pages(NR_SLAB_UNRECLAIMABLE_B);
	if (!IS_ENABLED(CONFIG_KASAN))
		KUNIT_EXPECT_LT(test, after, before +
				nr * sizeof(struct ioasid) / PAGE_SIZE / 2);
}

/* Guarantee */

static void guarantee_is_kept_from_others(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 11);
	set = new_set(test, 4, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	expect_books(test, 0, 4, 6);

	alloc_ids(test, other, 6);
	expect_alloc(test, other, -ENOSPC);
	expect_set(test, other, 6, 0, 0, IOASID_LIMIT_NONE, 0);
	expect_set(test, set, 0, 0, 4, IOASID_LIMIT_NONE, 4);
	expect_books(test, 6, 4, 0);

	alloc_ids(test, set, 4);
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, 10, 0, 0);
}

static void above_the_guarantee_the_first_wins(struct kunit *test)
{
	struct ioasid_set *a, *b;

	test_capacity(test, 11);
	a = new_set(test, 3, IOASID_LIMIT_NONE);
	b = new_set(test, 4, IOASID_LIMIT_NONE);
	alloc_ids(test, a, 6);
	expect_alloc(test, a, -ENOSPC);
	expect_set(test, b, 0, 0, 4, IOASID_LIMIT_NONE, 4);

	KUNIT_EXPECT_EQ(test, ioasid_free(a, NULL, 1), 0);
	alloc_ids(test, b, 5);
	expect_alloc(test, b, -ENOSPC);
	expect_alloc(test, a, -ENOSPC);
	expect_books(test, 10, 0, 0);
}

static void guarantee_is_used_up_before_the_rest(struct kunit *test)
{
	struct ioasid_set *set;
	u32 used;

	test_capacity(test, 11);
	set = new_set(test, 4, IOASID_LIMIT_NONE);
	for (used = 1; used <= 10; used++) {
		alloc_id(test, set);
		expect_books(test, used, used < 4 ? 4 - used : 0,
			     used < 4 ? 6 : 10 - used);
	}
	for (used = 10; used--;) {
		KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, used + 1), 0);
		expect_books(test, used, used < 4 ? 4 - used : 0,
			     used < 4 ? 6 : 10 - used);
	}
}

static void guarantee_does_not_promise_a_range(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 16);
	set = new_set(test, 4, 4);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_at(test, other, 5);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 5, 5), -ENOSPC);
	expect_books(test, 1, 4, 10);
}

static void guarantees_fit_exactly(struct kunit *test)
{
	struct ioasid_set *a, *b, *other;

	test_capacity(test, 11);
	a = new_set(test, 4, 4);
	b = new_set(test, 6, 6);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	expect_books(test, 0, 10, 0);

	expect_alloc(test, other, -ENOSPC);
	KUNIT_EXPECT_PTR_EQ(test, try_create(test, 1, 1), NO_SET(-ENOSPC));
	alloc_ids(test, b, 6);
	alloc_ids(test, a, 4);
	expect_books(test, 10, 0, 0);
}

static void guarantee_counts_what_others_hold(struct kunit *test)
{
	struct ioasid_set *other;

	test_capacity(test, 11);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, other, 6);
	KUNIT_EXPECT_PTR_EQ(test, try_create(test, 5, 5), NO_SET(-ENOSPC));
	expect_books(test, 6, 0, 4);
	new_set(test, 4, 5);
	expect_books(test, 6, 4, 0);
}

static void guarantee_of_a_freed_set_is_returned(struct kunit *test)
{
	struct ioasid_set *set;

	test_capacity(test, 11);
	set = new_set(test, 10, 10);
	alloc_ids(test, set, 4);
	expect_books(test, 4, 6, 0);
	free_set(test, set);
	expect_books(test, 0, 0, 10);
	new_set(test, 10, 10);
}

static void pending_pasids_fill_the_guarantee(struct kunit *test)
{
	struct held_id *held;
	struct ioasid_set *set;
	ioasid_t id;

	test_capacity(test, 11);
	set = new_set(test, 2, 10);
	id = alloc_id(test, set);
	held = hold_id(test, set, id);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, id), 0);
	expect_set(test, set, 1, 1, 2, 10, 9);
	expect_books(test, 1, 1, 8);
	drop_id(test, held);
	expect_books(test, 0, 2, 8);
}

struct create_rule {
	const char *name;
	u32 guarantee;
	u32 limit;
	int err;
};

static const struct create_rule create_rules[] = {
	{ "nothing", 0, 0, 0 },
	{ "all_of_it", 15, 15, 0 },
	{ "guarantee_is_the_limit", 4, 4, 0 },
	{ "guarantee_above_limit", 5, 4, -EINVAL },
	{ "guarantee_above_limit_0", 1, 0, -EINVAL },
	{ "guarantee_above_limit_and_space", 100, 99, -EINVAL },
	{ "one_more_than_fits", 16, 16, -ENOSPC },
	{ "limit_above_the_space", 15, 16, 0 },
	{ "guarantee_that_wraps_as_int", 1U << 31, IOASID_LIMIT_NONE, -ENOSPC },
	{ "greatest_guarantee", U32_MAX, IOASID_LIMIT_NONE, -ENOSPC },
};

KUNIT_ARRAY_PARAM_DESC(create, create_rules, name);

static void create_checks_the_quota(struct kunit *test)
{
	const struct create_rule *rule = test->param_value;
	struct ioasid_set *set;

	test_capacity(test, 16);
	set = try_create(test, rule->guarantee, rule->limit);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(set), rule->err);
	if (IS_ERR(set)) {
		expect_books(test, 0, 0, 15);
		return;
	}
	expect_set(test, set, 0, 0, rule->guarantee, rule->limit,
		   min(rule->limit, 15));
	expect_books(test, 0, rule->guarantee, 15 - rule->guarantee);
	ioasid_set_free(set);
}

static void a_claim_near_the_greatest_number_does_not_wrap(struct kunit *test)
{
	struct ioasid_set *other;
	u32 guarantee;

	test_capacity(test, 16);
	other = new_set(test, 3, 10);
	alloc_ids(test, other, 5);
	for (guarantee = U32_MAX; guarantee > U32_MAX - 16; guarantee--)
		KUNIT_EXPECT_PTR_EQ(test, try_create(test, guarantee, U32_MAX),
				    NO_SET(-ENOSPC));
	expect_books(test, 5, 0, 10);
}

/* What is available to a set with a quota while another one has its own. */
struct available_rule {
	const char *name;
	u32 guarantee, limit, used;
	u32 other_guarantee, other_used;
	u32 available;
};

static const struct available_rule available_rules[] = {
	{ "all", 0, IOASID_LIMIT_NONE, 0, 0, 0, 15 },
	{ "limit_counts", 0, 4, 0, 0, 0, 4 },
	{ "limit_less_used_counts", 0, 4, 3, 0, 0, 1 },
	{ "limit_reached", 0, 4, 4, 0, 0, 0 },
	{ "space_counts", 0, 12, 0, 0, 7, 8 },
	{ "others_guarantee_counts", 0, 12, 0, 7, 0, 8 },
	{ "others_guarantee_used_up", 0, 12, 0, 7, 7, 8 },
	{ "others_use_above_guarantee", 0, 12, 0, 3, 7, 8 },
	{ "own_guarantee_adds_to_free", 5, 12, 0, 0, 10, 5 },
	{ "what_is_left_of_the_own_guarantee", 5, 12, 3, 0, 10, 2 },
	{ "free_and_guarantee", 5, 12, 3, 4, 6, 6 },
	{ "own_guarantee_used_up", 5, 12, 6, 0, 4, 5 },
};

KUNIT_ARRAY_PARAM_DESC(available, available_rules, name);

static void available_is_what_can_be_had(struct kunit *test)
{
	const struct available_rule *rule = test->param_value;
	struct ioasid_set *set, *other;

	test_capacity(test, 16);
	set = new_set(test, rule->guarantee, rule->limit);
	other = new_set(test, rule->other_guarantee, IOASID_LIMIT_NONE);
	alloc_ids(test, set, rule->used);
	alloc_ids(test, other, rule->other_used);

	expect_set(test, set, rule->used, 0, rule->guarantee, rule->limit,
		   rule->available);
	alloc_ids(test, set, rule->available);
	KUNIT_EXPECT_LT(test, try_alloc(test, set, 0, UINT_MAX), 0);
}

/*
 * Adjust: on a set that has a guarantee of 2, a limit of 8 and holds 4, while
 * another one has a guarantee of 6, in a space of 16 PASIDs. So the guarantee can
 * grow to 10.
 */

#define G	IOASID_ADJUST_GUARANTEE
#define L	IOASID_ADJUST_LIMIT
#define R	IOASID_ADJUST_MAY_RAISE

struct adjust_rule {
	const char *name;
	u32 guarantee;
	u32 limit;
	unsigned int flags;
	int err;
};

static const struct adjust_rule adjust_rules[] = {
	{ "nothing_to_change", 2, 8, 0, -EINVAL },
	{ "nothing_but_permission", 2, 8, R, -EINVAL },
	{ "unknown_flag", 2, 8, G | L | R | BIT(3), -EINVAL },
	{ "highest_flag", 2, 8, G | L | BIT(31), -EINVAL },
	{ "same_again", 2, 8, G | L, 0 },
	{ "lower_guarantee", 1, 99, G, 0 },
	{ "no_guarantee", 0, 99, G, 0 },
	{ "lower_limit", 99, 7, L, 0 },
	{ "limit_down_to_used", 99, 4, L, 0 },
	{ "limit_below_used", 99, 3, L, -EBUSY },
	{ "limit_0_while_used", 0, 0, G | L, -EBUSY },
	{ "both_lower", 1, 5, G | L, 0 },
	{ "guarantee_above_limit", 9, 8, G | L | R, -EINVAL },
	{ "guarantee_above_kept_limit", 9, 99, G | R, -EINVAL },
	{ "limit_below_kept_guarantee", 0, 1, L, -EINVAL },
	{ "raise_guarantee", 3, 99, G | R, 0 },
	{ "raise_guarantee_above_used", 8, 99, G | R, 0 },
	{ "raise_limit", 99, 9, L | R, 0 },
	{ "limit_none", 99, IOASID_LIMIT_NONE, L | R, 0 },
	{ "raise_both", 10, 12, G | L | R, 0 },
	{ "raise_guarantee_only_and_lower_limit", 4, 4, G | L | R, 0 },
	{ "guarantee_without_permission", 3, 99, G, -EPERM },
	{ "limit_without_permission", 99, 9, L, -EPERM },
	{ "limit_none_without_permission", 99, IOASID_LIMIT_NONE, L, -EPERM },
	{ "guarantee_up_limit_down_without_permission", 3, 7, G | L, -EPERM },
	{ "guarantee_down_limit_up_without_permission", 1, 9, G | L, -EPERM },
	{ "guarantee_does_not_fit", 11, 11, G | L | R, -ENOSPC },
	{ "guarantee_wraps_as_int", 1U << 31, U32_MAX, G | L | R, -ENOSPC },
	{ "greatest_guarantee", U32_MAX, U32_MAX, G | L | R, -ENOSPC },
	{ "greatest_guarantee_less_used", U32_MAX - 3, U32_MAX, G | L | R,
	  -ENOSPC },
	{ "malformed_before_permission", 10, 9, G | L, -EINVAL },
	{ "permission_before_busy", 3, 3, G | L, -EPERM },
	{ "malformed_before_busy", 3, 2, G | L | R, -EINVAL },
	{ "malformed_before_space", 99, 98, G | L | R, -EINVAL },
	{ "permission_before_space", 99, 99, G | L, -EPERM },
};

KUNIT_ARRAY_PARAM_DESC(adjust, adjust_rules, name);

static void adjust_all_or_nothing(struct kunit *test)
{
	const struct adjust_rule *rule = test->param_value;
	u32 guarantee = 2, limit = 8, claim;
	struct ioasid_set *set;

	test_capacity(test, 17);
	new_set(test, 6, 6);
	set = new_set(test, 2, 8);
	alloc_ids(test, set, 4);

	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, rule->guarantee,
						rule->limit, rule->flags),
			rule->err);
	if (!rule->err && rule->flags & G)
		guarantee = rule->guarantee;
	if (!rule->err && rule->flags & L)
		limit = rule->limit;
	claim = max(4, guarantee);
	expect_books(test, 4, 6 + claim - 4, 10 - claim);
	expect_set(test, set, 4, 0, guarantee, limit, min(6, limit - 4));
}

static void adjust_takes_effect_at_once(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 11);
	set = new_set(test, 8, 8);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, other, 2);
	expect_alloc(test, other, -ENOSPC);

	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 7, 7, G | L), 0);
	alloc_id(test, other);
	expect_alloc(test, other, -ENOSPC);
	alloc_ids(test, set, 7);
	expect_alloc(test, set, -EDQUOT);
}

static void a_raised_limit_admits_the_next(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 1);

	test_capacity(test, 11);
	alloc_id(test, set);
	expect_alloc(test, set, -EDQUOT);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 2, L | R), 0);
	alloc_id(test, set);
	expect_alloc(test, set, -EDQUOT);
}

static void adjust_counts_pending_as_used(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 4);
	struct held_id *held;

	test_capacity(test, 11);
	alloc_ids(test, set, 2);
	held = hold_id(test, set, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 1, L), -EBUSY);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 1, L), 0);
}

static void adjust_a_freed_set(struct kunit *test)
{
	struct ioasid_set *set;

	test_capacity(test, 11);
	set = new_set(test, 2, 4);
	hold_set(test, set);
	free_set(test, set);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 1, 4, G | L | R), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 0, G | L), -ENOENT);
	expect_books(test, 0, 0, 10);
}

#undef G
#undef L
#undef R

/* Owners and tokens */

static void a_token_names_one_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test), *other = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);

	KUNIT_EXPECT_PTR_EQ(test, ioasid_pool_set_create(test_pool(test), token,
							 0, 1),
			    NO_SET(-EEXIST));
	expect_pins(test, token, 1);
	KUNIT_EXPECT_PTR_NE(test, new_token_set(test, other), set);
}

static void a_refused_set_leaves_no_trace(struct kunit *test)
{
	struct ioasid_pool *pool = test_pool(test);
	struct mm_struct *token = new_token(test);

	test_capacity(test, 16);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_pool_set_create(pool, token, 16, 16),
			    NO_SET(-ENOSPC));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_pool_set_create(pool, token, 2, 1),
			    NO_SET(-EINVAL));
	expect_pins(test, token, 0);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(token), NO_SET(-ENOENT));
	new_token_set(test, token);

	KUNIT_EXPECT_PTR_EQ(test, ioasid_pool_set_create(pool, token, 4, 4),
			    NO_SET(-EEXIST));
	expect_books(test, 0, 0, 15);
}

static void a_token_is_pinned_as_long_as_its_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);

	expect_pins(test, token, 1);
	hold_set(test, set);
	free_set(test, set);
	expect_pins(test, token, 1);
	drop_set(test, set);
	expect_pins(test, token, 0);
}

static void find_gives_a_reference(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);

	KUNIT_ASSERT_PTR_EQ(test, ioasid_set_find(token), set);
	free_set(test, set);
	expect_pins(test, token, 1);
	expect_set(test, set, 0, 0, 0, 0, 0);
	ioasid_set_put(set);
	expect_pins(test, token, 0);
}

static void find_knows_no_other_token(struct kunit *test)
{
	struct mm_struct *token = new_token(test), *other = new_token(test);

	new_token_set(test, token);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(other), NO_SET(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_join(other), NO_SET(-ENOENT));
}

static void a_set_without_token_is_not_found(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 1);

	KUNIT_EXPECT_PTR_NE(test, new_set(test, 0, 1), set);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(NULL), NO_SET(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_join(NULL), NO_SET(-ENOENT));
}

/* More than the table of sets has chains, so that some share one. */
static void many_tokens_are_told_apart(struct kunit *test)
{
	const int nr = 1100;
	struct mm_struct **token;
	struct ioasid_set **set;
	int i;

	token = kunit_kcalloc(test, nr, sizeof(*token), GFP_KERNEL);
	set = kunit_kcalloc(test, nr, sizeof(*set), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, token && set);
	for (i = 0; i < nr; i++) {
		token[i] = new_token(test);
		set[i] = new_token_set(test, token[i]);
	}
	for (i = 0; i < nr; i++) {
		KUNIT_ASSERT_PTR_EQ(test, ioasid_set_find(token[i]), set[i]);
		ioasid_set_put(set[i]);
	}
	/* All at once: each of them goes after a grace period. */
	for (i = 0; i < nr; i++)
		free_set(test, set[i]);
}

static void a_freed_set_is_not_found(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_token_set(test, token);

	hold_set(test, set);
	free_set(test, set);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_find(token), NO_SET(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_set_join(token), NO_SET(-ENOENT));
}

static void a_token_can_be_used_again(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *old, *set;
	struct held_id *held;

	test_capacity(test, 16);
	old = new_token_set(test, token);
	held = hold_id(test, old, alloc_id(test, old));
	free_set(test, old);

	set = new_token_set(test, token);
	KUNIT_EXPECT_PTR_NE(test, set, old);
	expect_pins(test, token, 2);
	KUNIT_ASSERT_PTR_EQ(test, ioasid_set_find(token), set);
	ioasid_set_put(set);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 14);

	drop_id(test, held);
	expect_pins(test, token, 1);
}

static void the_last_owner_ends_the_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set;

	test_capacity(test, 16);
	set = new_token_set(test, token);
	KUNIT_EXPECT_PTR_EQ(test, join_set(test, token), set);
	KUNIT_EXPECT_PTR_EQ(test, join_set(test, token), set);
	alloc_ids(test, set, 3);

	free_set(test, set);
	free_set(test, set);
	expect_set(test, set, 3, 0, 0, IOASID_LIMIT_NONE, 12);
	alloc_id(test, set);
	expect_pins(test, token, 1);

	free_set(test, set);
	expect_books(test, 0, 0, 15);
	expect_pins(test, token, 0);
}

static void owners_share_one_quota(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set, *same;

	test_capacity(test, 16);
	set = new_token_set(test, token);
	same = join_set(test, token);
	KUNIT_EXPECT_EQ(test, ioasid_set_adjust(set, 0, 2, IOASID_ADJUST_LIMIT),
			0);
	alloc_id(test, set);
	alloc_id(test, same);
	expect_alloc(test, set, -EDQUOT);
}

/* The end of a set */

static void an_empty_set_is_not_dead(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set;

	test_capacity(test, 16);
	set = new_token_set(test, token);
	alloc_ids(test, set, 3);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
	expect_pins(test, token, 1);
	KUNIT_ASSERT_PTR_EQ(test, ioasid_set_find(token), set);
	ioasid_set_put(set);
	alloc_ids(test, set, 2);
}

static void a_freed_set_returns_its_pasids_only(struct kunit *test)
{
	struct ioasid_set *set, *other;
	int i;

	test_capacity(test, 64);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	for (i = 0; i < 20; i++) {
		alloc_id(test, set);
		alloc_id(test, other);
	}
	free_set(test, set);
	expect_books(test, 20, 0, 43);
	for (i = 2; i <= 40; i += 2)
		KUNIT_EXPECT_PTR_EQ(test, find_data(other, i), (void *)other);
}

static void nothing_is_allocated_in_a_freed_set(struct kunit *test)
{
	struct ioasid_set *set;

	test_capacity(test, 16);
	set = new_set(test, 4, IOASID_LIMIT_NONE);
	hold_set(test, set);
	free_set(test, set);
	expect_alloc(test, set, -ENOENT);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 3, 3), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), -ENOENT);
	expect_books(test, 0, 0, 15);
}

static void users_outlive_the_set(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set, *next;
	struct held_id *a, *b;

	test_capacity(test, 4);
	set = new_token_set(test, token);
	alloc_ids(test, set, 3);
	a = hold_id(test, set, 1);
	b = hold_id(test, set, 3);
	free_set(test, set);

	expect_set(test, set, 2, 2, 0, 0, 0);
	next = new_set(test, 0, IOASID_LIMIT_NONE);
	expect_alloc(test, next, 2);
	expect_alloc(test, next, -ENOSPC);
	drop_id(test, b);
	expect_alloc(test, next, 3);
	expect_pins(test, token, 1);
	drop_id(test, a);
	expect_pins(test, token, 0);
	expect_alloc(test, next, 1);
}

static void a_set_of_10000_is_freed_whole(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 20000);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_id(test, other);
	alloc_ids(test, set, 10000);
	alloc_id(test, other);
	free_set(test, set);
	expect_books(test, 2, 0, 19997);
	expect_alloc(test, other, 2);
}

static struct kunit_case ioasid_quota_cases[] = {
	KUNIT_CASE(limit_is_exact),
	KUNIT_CASE(limit_0_allows_nothing),
	KUNIT_CASE(no_limit_is_bounded_by_the_capacity),
	KUNIT_CASE(pending_counts_as_used),
	KUNIT_CASE(refused_allocations_cost_nothing),
	KUNIT_CASE(refused_allocations_leak_nothing),
	KUNIT_CASE(guarantee_is_kept_from_others),
	KUNIT_CASE(above_the_guarantee_the_first_wins),
	KUNIT_CASE(guarantee_is_used_up_before_the_rest),
	KUNIT_CASE(guarantee_does_not_promise_a_range),
	KUNIT_CASE(guarantees_fit_exactly),
	KUNIT_CASE(guarantee_counts_what_others_hold),
	KUNIT_CASE(guarantee_of_a_freed_set_is_returned),
	KUNIT_CASE(pending_pasids_fill_the_guarantee),
	KUNIT_CASE_PARAM(create_checks_the_quota, create_gen_params),
	KUNIT_CASE(a_claim_near_the_greatest_number_does_not_wrap),
	KUNIT_CASE_PARAM(available_is_what_can_be_had, available_gen_params),
	KUNIT_CASE_PARAM(adjust_all_or_nothing, adjust_gen_params),
	KUNIT_CASE(adjust_takes_effect_at_once),
	KUNIT_CASE(a_raised_limit_admits_the_next),
	KUNIT_CASE(adjust_counts_pending_as_used),
	KUNIT_CASE(adjust_a_freed_set),
	{}
};

static struct kunit_suite ioasid_quota_suite = {
	.name = "ioasid-quota",
	.init = ioasid_test_init,
	.test_cases = ioasid_quota_cases,
};

static struct kunit_case ioasid_set_cases[] = {
	KUNIT_CASE(a_token_names_one_set),
	KUNIT_CASE(a_refused_set_leaves_no_trace),
	KUNIT_CASE(a_token_is_pinned_as_long_as_its_set),
	KUNIT_CASE(find_gives_a_reference),
	KUNIT_CASE(find_knows_no_other_token),
	KUNIT_CASE(a_set_without_token_is_not_found),
	KUNIT_CASE(many_tokens_are_told_apart),
	KUNIT_CASE(a_freed_set_is_not_found),
	KUNIT_CASE(a_token_can_be_used_again),
	KUNIT_CASE(the_last_owner_ends_the_set),
	KUNIT_CASE(owners_share_one_quota),
	KUNIT_CASE(an_empty_set_is_not_dead),
	KUNIT_CASE(a_freed_set_returns_its_pasids_only),
	KUNIT_CASE(nothing_is_allocated_in_a_freed_set),
	KUNIT_CASE(users_outlive_the_set),
	KUNIT_CASE(a_set_of_10000_is_freed_whole),
	{}
};

static struct kunit_suite ioasid_set_suite = {
	.name = "ioasid-set",
	.init = ioasid_test_init,
	.test_cases = ioasid_set_cases,
};

kunit_test_suites(&ioasid_quota_suite, &ioasid_set_suite);
