// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: numbers that a set keeps a little longer than it uses them. That they come
 * back fast is for others to see; here it is that nobody else can tell.
 */
#include <kunit/device.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>

#include "ioasid_kunit.h"

#define CAPACITY	128

static int spare_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, CAPACITY);
	return err;
}

static void free_id(struct kunit *test, struct ioasid_set *set, ioasid_t id)
{
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, id), 0);
}

/* A set without PASIDs, that keeps those from 1 to @nr. */
static struct ioasid_set *new_keeper(struct kunit *test, u32 nr)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id;

	alloc_ids(test, set, nr);
	for (id = 1; id <= nr; id++)
		free_id(test, set, id);
	KUNIT_ASSERT_EQ(test, set->nr_spares, nr);
	return set;
}

/* What it is for */

static void number_freed_last_comes_back_first(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 3);

	expect_alloc(test, set, 3);
	expect_alloc(test, set, 2);
	expect_alloc(test, set, 1);
	expect_alloc(test, set, 4);
}

static void spare_outside_of_the_range_stays(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 3);

	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 4, 9), 4);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 1, 1), 1);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 2, 2), 2);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 2, 5), 3);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
}

static void next_life_is_that_of_a_new_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 1);
	int data;
	const struct ioasid_request req = {
		.max = UINT_MAX, .private = 7, .data = &data,
		.flags = IOASID_REQUEST_PRIVATE | IOASID_REQUEST_GET,
	};
	ioasid_t id;

	KUNIT_EXPECT_EQ(test, 0, ioasid_alloc_request(set, &req, GFP_KERNEL, &id));
	KUNIT_EXPECT_EQ(test, id, 1);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)&data);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), 1);
	free_id(test, set, 1);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 7), -ENOENT);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	ioasid_put(set, NULL, 1);

	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	expect_alloc(test, set, 1);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)set);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 2);
}

static void private_id_of_another_is_refused(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	alloc_private(test, set, 7);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, try_private(set, 7), -EEXIST);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	KUNIT_EXPECT_EQ(test, try_private(set, 8), 2);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 8), 2);
}

static void only_so_many_are_kept(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	ioasid_t id;

	alloc_ids(test, set, 2 * IOASID_SPARES);
	for (id = 1; id <= 2 * IOASID_SPARES; id++)
		free_id(test, set, id);
	KUNIT_EXPECT_EQ(test, set->nr_spares, IOASID_SPARES);
	KUNIT_EXPECT_EQ(test, test_pool(test)->used, IOASID_SPARES);
	expect_books(test, 0, 0, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
}

static void only_so_many_sets_keep_any(struct kunit *test)
{
	struct ioasid_pool *pool = test_pool(test);
	struct ioasid_set *set;
	int i;

	for (i = 0; i < IOASID_KEEPERS + 3; i++) {
		set = new_set(test, 0, IOASID_LIMIT_NONE);
		free_id(test, set, alloc_id(test, set));
		KUNIT_EXPECT_EQ(test, set->nr_spares, i < IOASID_KEEPERS);
	}
	KUNIT_EXPECT_EQ(test, pool->nr_keepers, IOASID_KEEPERS);
	KUNIT_EXPECT_EQ(test, pool->used, IOASID_KEEPERS);
	expect_books(test, 0, 0, CAPACITY - 1);
}

/* Who kept it in use, or waited to hear of it, is the one who ends it. */

static void pending_pasid_is_kept_at_the_last_put(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct held_id *held;

	held = hold_id(test, set, alloc_id(test, set));
	free_id(test, set, 1);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	expect_alloc(test, set, 1);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 2);
}

static void each_life_is_told(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);
	struct ioasid_set *set;

	listen_to_pool(rec);
	set = new_keeper(test, 2);
	expect_told(rec, "add alloc:1 alloc:2 free:1 free:2");
	KUNIT_EXPECT_EQ(test, try_private(set, 5), 2);
	free_id(test, set, 2);
	expect_told(rec, "alloc:2 bind:2=5 unbind:2=5 free:2");
	stop_listening(rec);

	expect_alloc(test, set, 2);
	listen_to_pool(rec);
	expect_told(rec, "add alloc:2");
}

/* Nobody can tell */

static void spare_is_in_no_quota(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 3);

	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 1);
	expect_books(test, 0, 0, CAPACITY - 1);
}

static void spare_is_found_by_nobody(struct kunit *test)
{
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *set = new_keeper(test, 1);

	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, find_data(other, 1), ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, ioasid_get(set, NULL, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_get(other, NULL, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free(other, NULL, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			ioasid_attach_private(set, NULL, 1, 5, GFP_KERNEL));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, 1, NULL),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 1, 1), -ENOENT);
}

static void limit_counts_before_a_spare(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 2);

	alloc_id(test, set);
	KUNIT_EXPECT_EQ(test, 0, ioasid_set_adjust(set, 0, 1,
						   IOASID_ADJUST_LIMIT));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	expect_alloc(test, set, -EDQUOT);
	expect_set(test, set, 1, 0, 0, 1, 0);
}

static void last_number_goes_to_another_set(struct kunit *test)
{
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *set = new_keeper(test, IOASID_SPARES);

	alloc_ids(test, other, CAPACITY - 1);
	expect_alloc(test, other, -ENOSPC);
	expect_alloc(test, set, -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_pool(test)->pressed, 0);
}

static void number_of_a_range_goes_to_another_set(struct kunit *test)
{
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *set = new_keeper(test, 3);

	KUNIT_EXPECT_EQ(test, try_alloc(test, other, 2, 2), 2);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 2, 2), -ENOSPC);
	KUNIT_EXPECT_EQ(test, try_alloc(test, other, 1, 2), 1);
}

static void new_guarantee_takes_all_spares(struct kunit *test)
{
	struct ioasid_set *set;

	new_keeper(test, 3);
	set = new_set(test, CAPACITY - 1, IOASID_LIMIT_NONE);
	expect_books(test, 0, CAPACITY - 1, 0);
	free_set(test, set);

	set = new_set(test, 0, IOASID_LIMIT_NONE);
	new_keeper(test, 3);
	KUNIT_EXPECT_EQ(test, 0, ioasid_set_adjust(set, CAPACITY - 1, 0,
						   IOASID_ADJUST_GUARANTEE |
						   IOASID_ADJUST_MAY_RAISE));
	expect_books(test, 0, CAPACITY - 1, 0);
	KUNIT_EXPECT_EQ(test, test_pool(test)->pressed, 0);
}

static void own_guarantee_is_not_used_up_by_spares(struct kunit *test)
{
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *set = new_set(test, 3, IOASID_LIMIT_NONE);

	alloc_ids(test, set, 3);
	ioasid_free_range(set, NULL, 1, 2);
	free_id(test, set, 3);
	alloc_ids(test, other, CAPACITY - 4);
	expect_alloc(test, other, -ENOSPC);
	/* Out of what it keeps, then out of the pool. */
	alloc_ids(test, set, 3);
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, CAPACITY - 1, 0, 0);
}

/* Under RCU the memory is not given to the next one, which would show in it. */
static void spare_given_back_outlives_its_readers(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 1);
	struct ioasid *pasid;

	rcu_read_lock();
	pasid = xa_load(&test_pool(test)->xa, 1);
	ioasid_pool_press(test_pool(test));
	ioasid_pool_relax(test_pool(test));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	KUNIT_EXPECT_NULL(test, xa_load(&test_pool(test)->xa, 1));
	KUNIT_EXPECT_EQ(test, pasid->id, 1);
	KUNIT_EXPECT_PTR_EQ(test, pasid->set, set);
	rcu_read_unlock();
}

static void local_pasid_is_no_spare(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "spare");
	struct ioasid_set *set;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	test_pool(test)->local = 8;
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, dev, 1), 0);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	expect_alloc(test, set, 8);
}

/* Where there are none */

static void press_takes_back_what_all_keep(struct kunit *test)
{
	struct ioasid_pool *pool = test_pool(test);
	struct ioasid_set *a = new_keeper(test, 3);
	struct ioasid_set *b = new_set(test, 0, IOASID_LIMIT_NONE);

	free_id(test, b, alloc_id(test, b));
	ioasid_pool_press(pool);
	KUNIT_EXPECT_EQ(test, pool->used, 0);
	KUNIT_EXPECT_EQ(test, pool->claimed, 0);
	KUNIT_EXPECT_EQ(test, pool->nr_keepers, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&a->pasids));

	alloc_id(test, a);
	ioasid_pool_press(pool);
	free_id(test, a, 1);
	KUNIT_EXPECT_EQ(test, a->nr_spares, 0);
	ioasid_pool_relax(pool);
	free_id(test, a, alloc_id(test, a));
	KUNIT_EXPECT_EQ(test, a->nr_spares, 0);
	ioasid_pool_relax(pool);
	free_id(test, a, alloc_id(test, a));
	KUNIT_EXPECT_EQ(test, a->nr_spares, 1);
}

static void freed_set_keeps_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 3);
	struct held_id *held;

	hold_set(test, set);
	alloc_id(test, set);
	held = hold_id(test, set, alloc_id(test, set));
	free_set(test, set);
	KUNIT_EXPECT_EQ(test, test_pool(test)->used, 1);
	KUNIT_EXPECT_EQ(test, test_pool(test)->nr_keepers, 0);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, test_pool(test)->used, 0);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
}

static void list_with_walkers_gets_no_spares(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 2);

	ioasid_forbid_spares(set);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&set->pasids));
	ioasid_forbid_spares(set);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	ioasid_allow_spares(set);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	ioasid_allow_spares(set);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
}

/* Here somebody frees one of the set's PASIDs and wants another while it is walked. */
static void change_while_introduced(struct recorder *rec,
				    const struct ioasid_event *event)
{
	struct ioasid_set *set = event->set;
	ioasid_t id;

	rec->hook = NULL;
	KUNIT_EXPECT_EQ(rec->test, set->nr_spares, 0);
	free_id(rec->test, set, 1);
	free_id(rec->test, set, 2);
	KUNIT_EXPECT_EQ(rec->test, set->nr_spares, 0);
	KUNIT_EXPECT_EQ(rec->test, 0, ioasid_alloc(set, 0, UINT_MAX, NULL,
						   GFP_ATOMIC, &id));
}

static void walked_set_keeps_nothing(struct kunit *test)
{
	struct recorder *rec = new_recorder(test);
	struct ioasid_set *set = new_keeper(test, 4);

	alloc_ids(test, set, 5);
	free_id(test, set, 5);
	rec->hook = change_while_introduced;
	listen_to_set(rec, set);
	KUNIT_EXPECT_EQ(test, set->walkers, 0);
	expect_set(test, set, 3, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 4);
	stop_listening(rec);
	free_id(test, set, 3);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
}

static void freed_range_keeps_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 3);

	alloc_ids(test, set, 5);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	KUNIT_EXPECT_EQ(test, set->walkers, 0);
	KUNIT_EXPECT_EQ(test, test_pool(test)->used, 0);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
}

static void shrunk_capacity_ends_them(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, IOASID_SPARES);

	alloc_at(test, set, 100);
	test_capacity(test, 50);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	free_id(test, set, 100);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	expect_alloc(test, set, 1);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 50, 127), -ENOSPC);
	expect_books(test, 1, 0, 48);
}

static void capacity_that_grows_or_stays_does_not(struct kunit *test)
{
	struct ioasid_set *set = new_keeper(test, 1);
	ioasid_t id = alloc_id(test, set);

	/* It is in use now: a capacity that shrinks would end them. */
	test_capacity(test, CAPACITY);
	test_capacity(test, CAPACITY + 1);
	free_id(test, set, id);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	ioasid_set_get_info(set, &(struct ioasid_set_info) { });
	KUNIT_EXPECT_EQ(test, test_pool(test)->pressed, 0);
}

static void capacity_of_an_unused_pool_may_shrink(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	test_capacity(test, 10);
	free_id(test, set, alloc_id(test, set));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
}

static struct kunit_case ioasid_spare_cases[] = {
	KUNIT_CASE(number_freed_last_comes_back_first),
	KUNIT_CASE(spare_outside_of_the_range_stays),
	KUNIT_CASE(next_life_is_that_of_a_new_pasid),
	KUNIT_CASE(private_id_of_another_is_refused),
	KUNIT_CASE(only_so_many_are_kept),
	KUNIT_CASE(only_so_many_sets_keep_any),
	KUNIT_CASE(pending_pasid_is_kept_at_the_last_put),
	KUNIT_CASE(each_life_is_told),
	KUNIT_CASE(spare_is_in_no_quota),
	KUNIT_CASE(spare_is_found_by_nobody),
	KUNIT_CASE(limit_counts_before_a_spare),
	KUNIT_CASE(last_number_goes_to_another_set),
	KUNIT_CASE(number_of_a_range_goes_to_another_set),
	KUNIT_CASE(new_guarantee_takes_all_spares),
	KUNIT_CASE(own_guarantee_is_not_used_up_by_spares),
	KUNIT_CASE(spare_given_back_outlives_its_readers),
	KUNIT_CASE(local_pasid_is_no_spare),
	KUNIT_CASE(press_takes_back_what_all_keep),
	KUNIT_CASE(freed_set_keeps_nothing),
	KUNIT_CASE(list_with_walkers_gets_no_spares),
	KUNIT_CASE(walked_set_keeps_nothing),
	KUNIT_CASE(freed_range_keeps_nothing),
	KUNIT_CASE(shrunk_capacity_ends_them),
	KUNIT_CASE(capacity_that_grows_or_stays_does_not),
	KUNIT_CASE(capacity_of_an_unused_pool_may_shrink),
	{}
};

static struct kunit_suite ioasid_spare_suite = {
	.name = "ioasid-spare",
	.init = spare_init,
	.test_cases = ioasid_spare_cases,
};

kunit_test_suite(ioasid_spare_suite);
