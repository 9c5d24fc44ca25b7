// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: when a cgroup is charged for a PASID, and when it gets that back. The
 * cgroup is the one that the tests run in, usually that of all kernel threads.
 */
#include <kunit/device.h>
#include <linux/fault-inject.h>
#include <linux/misc_cgroup.h>

#include "ioasid_kunit.h"

#define CAPACITY	64

/* More than all tests use, and not what the system has. */
#define CHARGES		1000

static u64 own_usage(struct kunit *test)
{
	return atomic64_read(&own_res(test)->usage);
}

/* A limit so that @room more PASIDs fit; the end of the case takes it away. */
static void limit_to(struct kunit *test, u64 room)
{
	WRITE_ONCE(own_res(test)->max, own_usage(test) + room);
}

static int charge_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (err)
		return err;
	test_capacity(test, CAPACITY);
	ioasid_set_charge_capacity(own_usage(test) + CHARGES);
	return 0;
}

static void charge_exit(struct kunit *test)
{
	WRITE_ONCE(own_res(test)->max, U64_MAX);
	ioasid_local_capacity_changed();
}

static s64 try_charged(struct ioasid_set *set, struct ioasid_request req)
{
	req.flags |= IOASID_REQUEST_CHARGE;
	return try_request(set, req);
}

static void pasid_is_charged_until_freed(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 2);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 2);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	free_set(test, set);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void kernel_is_not_charged(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	limit_to(test, 0);
	alloc_id(test, set);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void pending_pasid_stays_charged(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);
	struct held_id *held;

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	held = hold_id(test, set, 1);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void spare_is_not_charged(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	/* Nor is a charge returned again when the spare is given back. */
	expect_books(test, 0, 0, CAPACITY - 1);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void next_life_is_charged_to_who_asks_for_it(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_free(set, NULL, 1);
	/* The kernel, and then somebody else again. */
	expect_alloc(test, set, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void limit_of_the_cgroup_counts_before_a_spare(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_free(set, NULL, 1);
	limit_to(test, 0);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, set->nr_spares, 1);
	limit_to(test, 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
}

/* Under pressure, that is. */
static void charge_of_what_is_not_kept_is_returned_once(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_pool_press(test_pool(test));
	ioasid_free(set, NULL, 1);
	ioasid_pool_relax(test_pool(test));
	KUNIT_EXPECT_EQ(test, set->nr_spares, 0);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

static void charged_request_gets_what_others_keep(struct kunit *test)
{
	struct ioasid_set *other = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	alloc_ids(test, set, CAPACITY - 2);
	ioasid_free(other, NULL, alloc_id(test, other));
	KUNIT_EXPECT_EQ(test, other->nr_spares, 1);
	KUNIT_EXPECT_EQ(test, CAPACITY - 1,
			try_charged(set, (struct ioasid_request) {}));
	KUNIT_EXPECT_EQ(test, test_pool(test)->pressed, 0);
}

static void limit_of_the_cgroup_is_kept(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 usage = own_usage(test);

	limit_to(test, 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 2);
	ioasid_free(set, NULL, 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
}

static void room_is_what_the_cgroup_leaves(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	KUNIT_EXPECT_EQ(test, ioasid_charge_room(), U32_MAX);
	limit_to(test, 3);
	KUNIT_EXPECT_EQ(test, ioasid_charge_room(), 3);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	KUNIT_EXPECT_EQ(test, ioasid_charge_room(), 2);
	/* Lowered below what is used. */
	WRITE_ONCE(own_res(test)->max, 0);
	KUNIT_EXPECT_EQ(test, ioasid_charge_room(), 0);
	WRITE_ONCE(own_res(test)->max, own_usage(test) + U32_MAX + 1ULL);
	KUNIT_EXPECT_EQ(test, ioasid_charge_room(), U32_MAX);
}

/* Whatever else is wrong is said first, and no cgroup counts a refusal. */
static void refused_request_is_not_charged(struct kunit *test)
{
	struct ioasid_set *full = new_set(test, 0, 1);
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	const struct ioasid_request bound = {
		.private = 5, .flags = IOASID_REQUEST_PRIVATE,
	};
	u64 usage, events;

	alloc_id(test, full);
	KUNIT_EXPECT_GT(test, try_charged(set, bound), 0);
	usage = own_usage(test);
	events = atomic64_read(&own_res(test)->events_local);

	KUNIT_EXPECT_EQ(test, try_charged(set, bound), -EEXIST);
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			try_charged(set, (struct ioasid_request) {
				.min = CAPACITY, .max = CAPACITY }));
	limit_to(test, 0);
	KUNIT_EXPECT_EQ(test, try_charged(full, (struct ioasid_request) {}),
			-EDQUOT);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			try_charged(set, (struct ioasid_request) {
				.min = 2, .max = 1 }));
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	KUNIT_EXPECT_EQ(test, atomic64_read(&own_res(test)->events_local),
			events);
}

static void system_without_pasids_is_no_limit(struct kunit *test)
{
	struct ioasid_set *set;

	test_pool(test)->reported = 0;
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-EOPNOTSUPP);
}

static void full_system_is_no_limit(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 events = atomic64_read(&own_res(test)->events_local);

	ioasid_set_charge_capacity(own_usage(test) + CAPACITY - 1);
	while (try_charged(set, (struct ioasid_request) {}) > 0)
		;
	expect_set(test, set, CAPACITY - 1, 0, 0, IOASID_LIMIT_NONE, 0);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-ENOSPC);
	KUNIT_EXPECT_EQ(test, atomic64_read(&own_res(test)->events_local),
			events);
}

/* Others are charged for what they do not have, not yet or not any more. */
static void charges_without_pasids_are_no_limit_of_a_cgroup(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 events = atomic64_read(&own_res(test)->events_local);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_set_charge_capacity(own_usage(test));
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-ENOSPC);
	/* Nor are they events of one. */
	KUNIT_EXPECT_EQ(test, atomic64_read(&own_res(test)->events_local),
			events);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, CAPACITY - 2);
	ioasid_set_charge_capacity(own_usage(test) + 1);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 2);
}

static void limit_that_is_reached_counts_when_all_are_charged(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	u64 events = atomic64_read(&own_res(test)->events_local);

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	limit_to(test, 0);
	ioasid_set_charge_capacity(own_usage(test));
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, atomic64_read(&own_res(test)->events_local),
			events + 1);
}

/* The capacity of the pool is known a moment before that of the controller. */
static void charge_before_there_is_a_capacity_is_refused(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);

	limit_to(test, 0);
	ioasid_set_charge_capacity(0);
	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}),
			-ENOSPC);
}

/* As long as it tries, too. */
static void charge_does_not_sleep_where_it_must_not(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	const struct ioasid_request req = {
		.max = UINT_MAX, .flags = IOASID_REQUEST_CHARGE,
	};
	unsigned long flags;
	ioasid_t id = NO_ID;
	int err;

	KUNIT_EXPECT_EQ(test, try_charged(set, (struct ioasid_request) {}), 1);
	ioasid_set_charge_capacity(own_usage(test));
	local_irq_save(flags);
	err = ioasid_alloc_request(set, &req, GFP_ATOMIC, &id);
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, err, -ENOSPC);
	KUNIT_EXPECT_EQ(test, id, NO_ID);
}

/* Although no shared one is left. */
static void local_pasid_is_charged_like_any(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "charged");
	struct ioasid_set *set;
	u64 usage;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	test_pool(test)->local = CAPACITY;
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	KUNIT_EXPECT_EQ(test, try_local(set, dev), 1);
	/* The device's first one told the controller what the system has. */
	usage = own_usage(test);
	ioasid_set_charge_capacity(usage + CHARGES);
	KUNIT_EXPECT_EQ(test, 2, try_charged(set, (struct ioasid_request) {
					     .dev = dev }));
	KUNIT_EXPECT_EQ(test, own_usage(test), usage + 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, dev, 2), 0);
	KUNIT_EXPECT_EQ(test, own_usage(test), usage);
}

#ifdef CONFIG_FAILSLAB
static void refusal_for_lack_of_memory_is_not_charged(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	const struct ioasid_request req = {
		.max = UINT_MAX,
		.private = 9000,
		.flags = IOASID_REQUEST_PRIVATE | IOASID_REQUEST_CHARGE,
	};
	u64 usage = own_usage(test);
	int nth, failed = 0;
	ioasid_t id;

	/* What a set keeps needs less memory. */
	ioasid_pool_press(test_pool(test));
	for (nth = 1; nth <= 8; nth++) {
		int err;

		current->fail_nth = nth;
		err = ioasid_alloc_request(set, &req, GFP_NOWAIT, &id);
		current->fail_nth = 0;
		failed += !!err;
		if (!err)
			ioasid_free(set, NULL, id);
		KUNIT_EXPECT_EQ(test, own_usage(test), usage);
	}
	ioasid_pool_relax(test_pool(test));
	KUNIT_EXPECT_GE(test, failed, 2);
}
#else
static void refusal_for_lack_of_memory_is_not_charged(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}
#endif

static struct kunit_case ioasid_cgroup_cases[] = {
	KUNIT_CASE(pasid_is_charged_until_freed),
	KUNIT_CASE(kernel_is_not_charged),
	KUNIT_CASE(pending_pasid_stays_charged),
	KUNIT_CASE(spare_is_not_charged),
	KUNIT_CASE(next_life_is_charged_to_who_asks_for_it),
	KUNIT_CASE(limit_of_the_cgroup_counts_before_a_spare),
	KUNIT_CASE(charge_of_what_is_not_kept_is_returned_once),
	KUNIT_CASE(charged_request_gets_what_others_keep),
	KUNIT_CASE(limit_of_the_cgroup_is_kept),
	KUNIT_CASE(room_is_what_the_cgroup_leaves),
	KUNIT_CASE(refused_request_is_not_charged),
	KUNIT_CASE(system_without_pasids_is_no_limit),
	KUNIT_CASE(full_system_is_no_limit),
	KUNIT_CASE(charges_without_pasids_are_no_limit_of_a_cgroup),
	KUNIT_CASE(limit_that_is_reached_counts_when_all_are_charged),
	KUNIT_CASE(charge_before_there_is_a_capacity_is_refused),
	KUNIT_CASE(charge_does_not_sleep_where_it_must_not),
	KUNIT_CASE(local_pasid_is_charged_like_any),
	KUNIT_CASE(refusal_for_lack_of_memory_is_not_charged),
	{}
};

static struct kunit_suite ioasid_cgroup_suite = {
	.name = "ioasid-cgroup",
	.init = charge_init,
	.exit = charge_exit,
	.test_cases = ioasid_cgroup_cases,
};

kunit_test_suite(ioasid_cgroup_suite);
