// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: PASIDs that are local to a device, and shared ones above them.
 */
#include <kunit/device.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fault-inject.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/rcupdate.h>

#include "ioasid_kunit.h"

#define LOCAL		16	/* numbers 1 to 15 are local */
#define CAPACITY	64	/* numbers 16 to 63 are shared */

static int local_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (err)
		return err;
	test_pool(test)->local = LOCAL;
	test_capacity(test, CAPACITY);
	return 0;
}

static struct device *new_dev(struct kunit *test, const char *name)
{
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	return dev;
}

static void expect_local(struct kunit *test, struct ioasid_set *set, u32 used,
			 u32 local)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(set, &info);
	KUNIT_EXPECT_EQ(test, info.used, used);
	KUNIT_EXPECT_EQ(test, info.local, local);
}

static void ranges_do_not_meet(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	int i;

	for (i = 1; i < LOCAL; i++)
		KUNIT_EXPECT_EQ(test, try_local(set, dev), i);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), -ENOSPC);
	for (i = LOCAL; i < CAPACITY; i++)
		KUNIT_EXPECT_EQ(test, alloc_id(test, set), i);
	expect_alloc(test, set, -ENOSPC);
}

static void explicit_range_does_not_cross_over(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 1, LOCAL - 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			try_request(set, (struct ioasid_request) {
				    .dev = dev, .min = LOCAL }));
	KUNIT_EXPECT_EQ(test, LOCAL - 1,
			try_request(set, (struct ioasid_request) {
				    .dev = dev, .min = LOCAL - 1 }));
}

static void local_number_is_unique_on_its_device_only(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *a = new_dev(test, "a"), *b = new_dev(test, "b");

	KUNIT_EXPECT_EQ(test, try_local(set, a), 1);
	KUNIT_EXPECT_EQ(test, try_local(set, b), 1);
	KUNIT_EXPECT_EQ(test, try_local(other, a), 2);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, a, 1));
	KUNIT_EXPECT_EQ(test, try_local(other, a), 1);
	KUNIT_EXPECT_EQ(test, -EACCES, ioasid_free(set, a, 1));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, b, 1));
}

static void local_pasid_costs_the_system_nothing(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	expect_books(test, 0, 0, CAPACITY - LOCAL);
	expect_local(test, set, 1, 1);
	alloc_id(test, set);
	expect_books(test, 1, 0, CAPACITY - LOCAL - 1);
	expect_local(test, set, 2, 1);
}

static void local_pasid_counts_against_the_limit(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 2);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	alloc_id(test, set);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), -EDQUOT);
	expect_alloc(test, set, -EDQUOT);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			ioasid_set_adjust(set, 0, 1, IOASID_ADJUST_LIMIT));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, dev, 1));
	KUNIT_EXPECT_EQ(test, 0,
			ioasid_set_adjust(set, 0, 1, IOASID_ADJUST_LIMIT));
}

static void guarantee_is_of_shared_ones(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 2, IOASID_LIMIT_NONE);
	struct ioasid_set *greedy = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 2);
	alloc_ids(test, greedy, CAPACITY - LOCAL - 2);
	expect_alloc(test, greedy, -ENOSPC);
	alloc_ids(test, set, 2);
	expect_alloc(test, set, -ENOSPC);
	expect_books(test, CAPACITY - LOCAL, 0, 0);
}

static void number_needs_its_device(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *a = new_dev(test, "a"), *b = new_dev(test, "b");
	int data;
	s64 id = try_request(set, (struct ioasid_request) {
			     .dev = a, .data = &data });

	KUNIT_EXPECT_EQ(test, id, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_get(set, NULL, id));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_get(set, b, id));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free(set, NULL, id));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free(set, b, id));
	KUNIT_EXPECT_EQ(test, 0, ioasid_get(set, a, id));
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, ioasid_find(set, a, id), (void *)&data);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_find(set, NULL, id),
			    ERR_PTR(-ENOENT));
	rcu_read_unlock();
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, a, id, NULL),
			    (void *)&data);
	ioasid_put(set, a, id);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, a, id));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free(set, a, id));
}

static void held_local_number_is_not_recycled(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	KUNIT_ASSERT_EQ(test, 0, ioasid_get(set, dev, 1));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, dev, 1));
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_get(set, dev, 1));
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 2);
	expect_local(test, set, 2, 2);
	ioasid_put(set, dev, 1);
	expect_local(test, set, 1, 1);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
}

static void range_free_keeps_to_its_kind(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *a = new_dev(test, "a"), *b = new_dev(test, "b");

	KUNIT_EXPECT_EQ(test, try_local(set, a), 1);
	KUNIT_EXPECT_EQ(test, try_local(set, a), 2);
	KUNIT_EXPECT_EQ(test, try_local(set, b), 1);
	alloc_ids(test, set, 2);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, NULL, 0, UINT_MAX));
	expect_local(test, set, 3, 3);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, a, 0, UINT_MAX));
	expect_local(test, set, 1, 1);
	KUNIT_EXPECT_EQ(test, -ENOENT, ioasid_free_range(set, a, 0, UINT_MAX));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free_range(set, b, 1, 1));
	expect_local(test, set, 0, 0);
}

static void end_of_a_set_frees_local_ones_too(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	alloc_id(test, set);
	free_set(test, set);
	KUNIT_EXPECT_EQ(test, try_local(other, dev), 1);
}

static void device_is_kept_until_its_last_one_is_gone(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	unsigned int refs = kref_read(&dev->kobj.kref);
	int tries = 100;

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 2);
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), refs + 1);
	ioasid_free(set, dev, 1);
	rcu_barrier();
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), refs + 1);
	ioasid_free(set, dev, 2);
	/* A worker lets go of it. */
	while (kref_read(&dev->kobj.kref) != refs && --tries)
		msleep(20);
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), refs);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
}

static bool has_space(struct device *dev)
{
	guard(rcu)();
	return ioasid_local_find(dev);
}

/* A device is looked up by a hash, which others may share. */
static void device_with_the_same_hash_has_no_space(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	/* Only their addresses matter: enough for any value of the hash. */
	size_t i, nr = 32 << IOASID_LOCAL_BITS;
	char *others = kunit_kmalloc(test, nr, GFP_KERNEL);
	unsigned int same = 0;

	KUNIT_ASSERT_NOT_NULL(test, others);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	for (i = 0; i < nr; i++) {
		same += hash_min((unsigned long)&others[i], IOASID_LOCAL_BITS) ==
			hash_min((unsigned long)dev, IOASID_LOCAL_BITS);
		KUNIT_EXPECT_FALSE(test, has_space((void *)&others[i]));
	}
	KUNIT_EXPECT_GT(test, same, 0);
	KUNIT_EXPECT_TRUE(test, has_space(dev));
}

static void refused_local_one_leaves_no_trace(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 0);
	struct device *dev = new_dev(test, "a");

	KUNIT_EXPECT_EQ(test, try_local(set, dev), -EDQUOT);
	KUNIT_EXPECT_FALSE(test, has_space(dev));
}

#ifdef CONFIG_FAILSLAB
/* Says whether there was an nth thing to fail. */
static bool request_nth(struct ioasid_set *set, struct device *dev, int nth,
			int *err)
{
	const struct ioasid_request req = { .max = UINT_MAX, .dev = dev };
	bool done;
	ioasid_t id;

	current->fail_nth = nth;
	*err = ioasid_alloc_request(set, &req, GFP_NOWAIT, &id);
	done = !current->fail_nth;
	current->fail_nth = 0;
	if (!*err)
		ioasid_free(set, dev, id);
	return done;
}
#else
static bool request_nth(struct ioasid_set *set, struct device *dev, int nth,
			int *err)
{
	return false;
}
#endif

/*
 * Memory is for the PASID and for the device's space. A debugging kernel
 * asks for some of its own between the two, and can do without.
 */
static void without_memory_there_is_no_trace(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	int nth, err, failed = 0;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "needs CONFIG_FAILSLAB");
	for (nth = 1; nth < 100; nth++) {
		if (!request_nth(set, dev, nth, &err))
			break;
		expect_local(test, set, 0, 0);
		if (!err)
			continue;
		failed++;
		KUNIT_EXPECT_EQ(test, err, -ENOMEM);
		KUNIT_EXPECT_FALSE(test, has_space(dev));
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	KUNIT_EXPECT_GE(test, failed, 2);
}

static void without_a_local_range_there_are_none(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	u32 local;

	for (local = 0; local < 2; local++) {
		test_pool(test)->local = local;
		KUNIT_EXPECT_EQ(test, try_local(set, dev), -ENOSPC);
		expect_books(test, 0, 0, CAPACITY - 1);
	}
}

static void local_range_may_take_all(struct kunit *test)
{
	static const u32 locals[] = { CAPACITY, CAPACITY + 1,
				      IOASID_CAPACITY_MAX };
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	int i;

	for (i = 0; i < ARRAY_SIZE(locals); i++) {
		test_pool(test)->local = locals[i];
		expect_books(test, 0, 0, 0);
		expect_alloc(test, set, -ENOSPC);
		KUNIT_EXPECT_EQ(test, -ENOSPC,
				try_request(set, (struct ioasid_request) {
					    .dev = dev, .min = CAPACITY }));
		KUNIT_EXPECT_EQ(test, CAPACITY - 1,
				try_request(set, (struct ioasid_request) {
					    .dev = dev, .min = CAPACITY - 1 }));
		ioasid_free(set, dev, CAPACITY - 1);
	}
}

static void without_a_capacity_there_are_no_local_ones(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");

	test_pool(test)->reported = 0;
	KUNIT_EXPECT_EQ(test, try_local(set, dev), -EOPNOTSUPP);
	test_pool(test)->reported = CAPACITY;
}

static void system_info_tells_the_split(struct kunit *test)
{
	struct ioasid_system_info info;

	ioasid_pool_info(test_pool(test), &info);
	KUNIT_EXPECT_EQ(test, info.shared_min, LOCAL);
	KUNIT_EXPECT_EQ(test, info.free, CAPACITY - LOCAL);
	test_pool(test)->local = 0;
	ioasid_pool_info(test_pool(test), &info);
	KUNIT_EXPECT_EQ(test, info.shared_min, 1);
}

/* -------- private IDs -------- */

static void shared_one_may_look_local_to_the_guest(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	KUNIT_EXPECT_EQ(test, alloc_private(test, set, 3), LOCAL);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 3), LOCAL);
}

static void local_one_has_a_private_id_too(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	struct ioasid_private entry = {};
	struct ioasid *held;
	ioasid_t id;

	KUNIT_EXPECT_EQ(test, 1, try_request(set, (struct ioasid_request) {
				.dev = dev, .private = 70,
				.flags = IOASID_REQUEST_PRIVATE }));
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 2);
	KUNIT_EXPECT_EQ(test, 0, ioasid_attach_private(set, dev, 2, 80,
						       GFP_KERNEL));
	alloc_private(test, set, 90);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 70), 1);
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 80), 2);

	KUNIT_EXPECT_EQ(test, 0, ioasid_next_private(set, &entry));
	KUNIT_EXPECT_EQ(test, entry.private, 70);
	KUNIT_EXPECT_EQ(test, entry.id, 1);
	KUNIT_EXPECT_PTR_EQ(test, entry.dev, (const struct device *)dev);
	entry.private = 81;
	KUNIT_EXPECT_EQ(test, 0, ioasid_next_private(set, &entry));
	KUNIT_EXPECT_NULL(test, entry.dev);

	held = ioasid_hold_private(set, 70, &id);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, held);
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, dev, 1));
	KUNIT_EXPECT_EQ(test, ioasid_find_private(set, 70), -ENOENT);
	ioasid_release(held);
	KUNIT_EXPECT_EQ(test, 0, ioasid_detach_private(set, 80));
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
}

static void event_of_a_local_one_names_the_device(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	struct recorder *rec = new_recorder(test);

	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	listen_to_set(rec, set);
	KUNIT_EXPECT_PTR_EQ(test, rec->last.dev, dev);
	ioasid_free(set, dev, 1);
	KUNIT_EXPECT_PTR_EQ(test, rec->last.dev, dev);
	alloc_id(test, set);
	KUNIT_EXPECT_NULL(test, rec->last.dev);
	expect_told(rec, "add alloc:1 free:1 alloc:16");
}

/* -------- what a device means by a number -------- */

/* The system's own pool: what was set on the command line comes back after. */
static void device_means_local_below_and_shared_above(struct kunit *test)
{
	struct ioasid_set *set = ioasid_set_create(NULL, 0, IOASID_LIMIT_NONE);
	struct device *a = new_dev(test, "a"), *b = new_dev(test, "b");
	u32 cap = ioasid_system_pool.cap, local = ioasid_system_pool.local;
	struct ioasid *held;
	s64 id;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	if (!ioasid_capacity())
		ioasid_system_pool.cap = CAPACITY;
	ioasid_system_pool.local = LOCAL;

	KUNIT_EXPECT_EQ(test, try_local(set, a), 1);
	KUNIT_EXPECT_NULL(test, ioasid_hold(b, 1, false));
	held = ioasid_hold(a, 1, false);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(held));
	ioasid_free(set, a, 1);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold(a, 1, false), ERR_PTR(-ENOENT));
	KUNIT_EXPECT_EQ(test, try_local(set, a), 2);
	ioasid_release(held);
	KUNIT_EXPECT_NULL(test, ioasid_hold(a, 1, false));

	id = try_request(set, (struct ioasid_request) { .min = LOCAL });
	KUNIT_EXPECT_GE(test, id, LOCAL);
	held = ioasid_hold(b, id, false);
	KUNIT_EXPECT_FALSE(test, IS_ERR_OR_NULL(held));
	ioasid_free(set, NULL, id);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold(a, id, false), ERR_PTR(-ENOENT));
	ioasid_release(held);
	KUNIT_EXPECT_NULL(test, ioasid_hold(a, id, false));

	ioasid_set_free(set);
	ioasid_system_pool.local = local;
	ioasid_system_pool.cap = cap;
}

/* A user who picks a number at will must not get hold of another's PASID. */
static void device_does_not_mean_what_is_another_process(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = ioasid_set_create(token, 0, IOASID_LIMIT_NONE);
	struct device *dev = new_dev(test, "a");
	u32 cap = ioasid_system_pool.cap;
	s64 id;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	if (!ioasid_capacity())
		ioasid_system_pool.cap = CAPACITY;

	id = try_request(set, (struct ioasid_request) {});
	KUNIT_EXPECT_GT(test, id, 0);
	KUNIT_EXPECT_NULL(test, ioasid_hold(dev, id, false));
	KUNIT_EXPECT_EQ(test, 0, ioasid_get(set, NULL, id));
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(set, NULL, id));
	/* Nor does it learn that somebody had it. */
	KUNIT_EXPECT_NULL(test, ioasid_hold(dev, id, false));
	ioasid_put(set, NULL, id);

	ioasid_set_free(set);
	ioasid_system_pool.cap = cap;
}

static struct kunit_case ioasid_local_cases[] = {
	KUNIT_CASE(ranges_do_not_meet),
	KUNIT_CASE(explicit_range_does_not_cross_over),
	KUNIT_CASE(local_number_is_unique_on_its_device_only),
	KUNIT_CASE(local_pasid_costs_the_system_nothing),
	KUNIT_CASE(local_pasid_counts_against_the_limit),
	KUNIT_CASE(guarantee_is_of_shared_ones),
	KUNIT_CASE(number_needs_its_device),
	KUNIT_CASE(held_local_number_is_not_recycled),
	KUNIT_CASE(range_free_keeps_to_its_kind),
	KUNIT_CASE(end_of_a_set_frees_local_ones_too),
	KUNIT_CASE(device_is_kept_until_its_last_one_is_gone),
	KUNIT_CASE(refused_local_one_leaves_no_trace),
	KUNIT_CASE(device_with_the_same_hash_has_no_space),
	KUNIT_CASE(without_memory_there_is_no_trace),
	KUNIT_CASE(without_a_local_range_there_are_none),
	KUNIT_CASE(local_range_may_take_all),
	KUNIT_CASE(without_a_capacity_there_are_no_local_ones),
	KUNIT_CASE(system_info_tells_the_split),
	KUNIT_CASE(shared_one_may_look_local_to_the_guest),
	KUNIT_CASE(local_one_has_a_private_id_too),
	KUNIT_CASE(event_of_a_local_one_names_the_device),
	KUNIT_CASE(device_means_local_below_and_shared_above),
	KUNIT_CASE(device_does_not_mean_what_is_another_process),
	{}
};

static struct kunit_suite ioasid_local_suite = {
	.name = "ioasid-local",
	.init = local_init,
	.test_cases = ioasid_local_cases,
};

kunit_test_suite(ioasid_local_suite);
