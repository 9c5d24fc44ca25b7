// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the system's own pool and the host set, through what other parts of the
 * kernel call.
 *
 * How many PASIDs the machine has depends on its IOMMUs and "ioasid.capacity=".
 * Each case states what is promised with PASIDs and without, so it tests
 * something on every machine. What the machine had in use before is left alone.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/misc_cgroup.h>

#include "../iommu-priv.h"
#include "ioasid_kunit.h"

static void __expect_host_used(struct kunit *test, int line, u32 used)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(ioasid_host_set(), &info);
	KUNIT_EXPECT_EQ_MSG(test, info.used, used, "line %d", line);
}

#define expect_host_used(test, used)	__expect_host_used(test, __LINE__, used)

static u32 host_used(void)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(ioasid_host_set(), &info);
	return info.used;
}

static void host_set_is_always_there(struct kunit *test)
{
	struct ioasid_system_info system;
	struct ioasid_set_info host;

	KUNIT_ASSERT_NOT_NULL(test, ioasid_host_set());
	ioasid_set_get_info(ioasid_host_set(), &host);
	ioasid_get_system_info(&system);
	KUNIT_EXPECT_EQ(test, host.guarantee, 0);
	KUNIT_EXPECT_EQ(test, host.limit, IOASID_LIMIT_NONE);
	KUNIT_EXPECT_EQ(test, host.available, system.free);
}

static void system_books_add_up(struct kunit *test)
{
	struct ioasid_system_info info;

	ioasid_get_system_info(&info);
	KUNIT_EXPECT_EQ(test, info.capacity, ioasid_capacity());
	KUNIT_EXPECT_LE(test, info.capacity, IOASID_CAPACITY_MAX);
	KUNIT_EXPECT_NE(test, info.capacity, 1);
	KUNIT_EXPECT_EQ(test, info.used + info.reserved + info.free,
			info.capacity - min(info.capacity, info.shared_min));
}

static void reporting_no_pasids_changes_nothing(struct kunit *test)
{
	u32 capacity = ioasid_capacity();

	ioasid_install_capacity(0);
	ioasid_install_capacity(1);
	KUNIT_EXPECT_EQ(test, ioasid_capacity(), capacity);
	ioasid_install_capacity(capacity);
	KUNIT_EXPECT_EQ(test, ioasid_capacity(), capacity);
}

static void host_pasid_is_found_without_its_set(struct kunit *test)
{
	struct ioasid_set *host = ioasid_host_set();
	ioasid_t id = NO_ID;
	int err, data;

	err = ioasid_alloc(host, 0, UINT_MAX, &data, GFP_KERNEL, &id);
	if (!ioasid_capacity()) {
		KUNIT_EXPECT_EQ(test, err, -EOPNOTSUPP);
		KUNIT_EXPECT_EQ(test, id, NO_ID);
		return;
	}
	KUNIT_ASSERT_EQ(test, err, 0);
	KUNIT_EXPECT_PTR_EQ(test, find_data(NULL, id), (void *)&data);
	KUNIT_EXPECT_PTR_EQ(test, find_data(host, id), (void *)&data);
	KUNIT_EXPECT_EQ(test, ioasid_get(NULL, NULL, id), 0);
	KUNIT_EXPECT_EQ(test, ioasid_free(host, NULL, id), 0);
	KUNIT_EXPECT_EQ(test, ioasid_get(NULL, NULL, id), -ENOENT);
	ioasid_put(NULL, NULL, id);
	KUNIT_EXPECT_PTR_EQ(test, find_data(NULL, id), ERR_PTR(-ENOENT));
}

static void number_that_a_process_picked_is_not_the_hosts(struct kunit *test)
{
	struct ioasid_set *host = ioasid_host_set();
	u32 cap = ioasid_system_pool.cap;
	struct ioasid *held;
	ioasid_t id;

	if (!cap)
		ioasid_system_pool.cap = 100;
	KUNIT_ASSERT_EQ(test, 0, ioasid_alloc(host, 0, UINT_MAX, NULL,
					      GFP_KERNEL, &id));
	KUNIT_EXPECT_NULL(test, ioasid_hold(NULL, id, true));
	held = ioasid_hold(NULL, id, false);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, held);
	KUNIT_EXPECT_EQ(test, ioasid_free(host, NULL, id), 0);
	/* Nor does a process learn that somebody has it. */
	KUNIT_EXPECT_NULL(test, ioasid_hold(NULL, id, true));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_hold(NULL, id, false), ERR_PTR(-ENOENT));
	if (!IS_ERR(held))
		ioasid_release(held);
	ioasid_system_pool.cap = cap;
}

static void a_system_set_draws_from_the_system(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_system_info before, info;
	struct ioasid_set *set;

	ioasid_get_system_info(&before);
	set = ioasid_set_create(token, 0, 3);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	expect_pins(test, token, 1);
	if (before.free >= 3) {
		alloc_ids(test, set, 3);
		expect_alloc(test, set, -EDQUOT);
		ioasid_get_system_info(&info);
		KUNIT_EXPECT_EQ(test, info.used, before.used + 3);
		KUNIT_EXPECT_EQ(test, info.free, before.free - 3);
	} else if (!before.capacity) {
		expect_alloc(test, set, -EOPNOTSUPP);
	}
	ioasid_set_free(set);
	ioasid_get_system_info(&info);
	KUNIT_EXPECT_MEMEQ(test, &info, &before, sizeof(info));
}

static void a_system_guarantee_is_kept_from_the_host(struct kunit *test)
{
	struct ioasid_system_info before, info;
	struct ioasid_set *set;
	ioasid_t id;

	ioasid_get_system_info(&before);
	set = ioasid_set_create(NULL, max(before.free, 1), U32_MAX);
	if (!before.free) {
		KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(set), before.capacity ?
				-ENOSPC : -EOPNOTSUPP);
		return;
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	KUNIT_EXPECT_EQ(test, ioasid_alloc(ioasid_host_set(), 0, UINT_MAX, NULL,
					   GFP_KERNEL, &id), -ENOSPC);
	alloc_id(test, set);
	ioasid_set_free(set);
	ioasid_get_system_info(&info);
	KUNIT_EXPECT_MEMEQ(test, &info, &before, sizeof(info));
}

/* What the administrator knows a set by */

static struct ioasid_set *new_system_set(struct kunit *test,
					 struct mm_struct *token)
{
	struct ioasid_set *set = ioasid_set_create(token, 0, 1);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	return set;
}

/* The set with the lowest id from @id on; it cannot go away, or is only compared. */
static struct ioasid_set *from(u32 id)
{
	struct ioasid_set *set = ioasid_set_from(id);

	if (set)
		ioasid_set_put(set);
	return set;
}

static void sets_follow_each_other_by_id(struct kunit *test)
{
	struct ioasid_set *a = new_system_set(test, NULL);
	struct ioasid_set *b = new_system_set(test, NULL);

	KUNIT_EXPECT_PTR_EQ(test, from(0), ioasid_host_set());
	KUNIT_EXPECT_GT(test, a->id, 0);
	KUNIT_EXPECT_GT(test, b->id, a->id);
	KUNIT_EXPECT_PTR_EQ(test, from(a->id), a);
	KUNIT_EXPECT_PTR_EQ(test, from(a->id + 1), b);
	KUNIT_EXPECT_NULL(test, from(b->id + 1));
	KUNIT_EXPECT_NULL(test, from(U32_MAX));
	ioasid_set_free(b);
	KUNIT_EXPECT_NULL(test, from(a->id + 1));
	ioasid_set_free(a);
}

static void set_of_another_pool_is_left_out(struct kunit *test)
{
	struct ioasid_set *none = new_set(test, 0, 1);
	struct ioasid_set *set = new_system_set(test, NULL);

	KUNIT_EXPECT_PTR_EQ(test, from(none->id), set);
	ioasid_set_free(set);
	KUNIT_EXPECT_NULL(test, from(none->id));
}

static void id_does_not_come_back_at_once(struct kunit *test)
{
	struct ioasid_set *set = new_system_set(test, NULL);
	u32 id = set->id;

	ioasid_set_free(set);
	set = new_system_set(test, NULL);
	KUNIT_EXPECT_NE(test, set->id, id);
	ioasid_set_free(set);
}

static void set_that_was_found_is_kept(struct kunit *test)
{
	struct mm_struct *token = new_token(test);
	struct ioasid_set *set = new_system_set(test, token);

	KUNIT_ASSERT_PTR_EQ(test, ioasid_set_from(set->id), set);
	ioasid_set_free(set);
	KUNIT_EXPECT_NULL(test, from(set->id));
	expect_pins(test, token, 1);
	ioasid_set_put(set);
	expect_pins(test, token, 0);
}

static void set_knows_who_made_it(struct kunit *test)
{
	struct ioasid_set *set = new_system_set(test, new_token(test));
	struct ioasid_set *anonymous = new_system_set(test, NULL);
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, current->group_leader);
	KUNIT_EXPECT_EQ(test, ioasid_set_pid(set), task_tgid_vnr(current));
	KUNIT_EXPECT_STREQ(test, set->comm, comm);
	KUNIT_EXPECT_EQ(test, ioasid_set_pid(anonymous), 0);
	KUNIT_EXPECT_STREQ(test, anonymous->comm, "kernel");
	KUNIT_EXPECT_EQ(test, ioasid_set_pid(ioasid_host_set()), 0);
	KUNIT_EXPECT_STREQ(test, ioasid_host_set()->comm, "kernel");
	ioasid_set_free(anonymous);
	ioasid_set_free(set);
}

struct maker {
	struct mm_struct *token;
	struct ioasid_set *set;
	struct completion done;
};

static int make_set(void *data)
{
	struct maker *maker = data;

	maker->set = ioasid_set_create(maker->token, 0, 1);
	complete(&maker->done);
	return 0;
}

static void process_that_is_gone_has_no_pid(struct kunit *test)
{
	struct maker maker = { .token = new_token(test) };
	struct task_struct *task;
	int tries = 100;

	init_completion(&maker.done);
	task = kthread_run(make_set, &maker, "ioasid-maker");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	wait_for_completion(&maker.done);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, maker.set);
	while (ioasid_set_pid(maker.set) && --tries)
		msleep(20);
	KUNIT_EXPECT_EQ(test, ioasid_set_pid(maker.set), 0);
	KUNIT_EXPECT_STREQ(test, maker.set->comm, "ioasid-maker");
	ioasid_set_free(maker.set);
}

/* What drivers with a shared PASID on the host call */

#ifdef CONFIG_IOMMU_API
static struct device *new_device(struct kunit *test, u32 max_pasids)
{
	struct dev_iommu *iommu = kunit_kzalloc(test, sizeof(*iommu),
						GFP_KERNEL);
	struct device *dev = kunit_kzalloc(test, sizeof(*dev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, iommu);
	KUNIT_ASSERT_NOT_NULL(test, dev);
	iommu->max_pasids = max_pasids;
	dev->iommu = iommu;
	return dev;
}
#else
static struct device *new_device(struct kunit *test, u32 max_pasids)
{
	kunit_skip(test, "no IOMMU API in this kernel");
	return NULL;
}
#endif

static void global_pasid_belongs_to_the_host_set(struct kunit *test)
{
	struct device *dev = new_device(test, 1U << 20);
	u32 used = host_used();
	ioasid_t id;

	id = iommu_alloc_global_pasid(dev);
	if (!ioasid_capacity()) {
		KUNIT_EXPECT_EQ(test, id, IOMMU_PASID_INVALID);
		expect_host_used(test, used);
		return;
	}
	KUNIT_ASSERT_NE(test, id, IOMMU_PASID_INVALID);
	expect_host_used(test, used + 1);
	KUNIT_EXPECT_FALSE(test, IS_ERR(find_data(ioasid_host_set(), id)));
	iommu_free_global_pasid(id);
	expect_host_used(test, used);
	KUNIT_EXPECT_PTR_EQ(test, find_data(NULL, id), ERR_PTR(-ENOENT));
}

static void device_without_pasids_gets_none(struct kunit *test)
{
	u32 used = host_used();
	ioasid_t id;

	KUNIT_EXPECT_EQ(test, iommu_alloc_global_pasid(new_device(test, 0)),
			IOMMU_PASID_INVALID);
	KUNIT_EXPECT_EQ(test, iommu_alloc_global_pasid(new_device(test, 1)),
			IOMMU_PASID_INVALID);
	/* Which host SVA tells its caller, with any number of them. */
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			iommu_alloc_task_pasid(new_device(test, 0), &id));
	KUNIT_EXPECT_EQ(test, -ENOSPC,
			iommu_alloc_task_pasid(new_device(test, 1), &id));
	expect_host_used(test, used);
}

static void global_pasid_fits_the_device(struct kunit *test)
{
	struct device *dev = new_device(test, 4);
	ioasid_t id[4];
	int i, nr = 0;

	for (i = 0; i < 4; i++) {
		id[i] = iommu_alloc_global_pasid(dev);
		if (id[i] == IOMMU_PASID_INVALID)
			continue;
		nr++;
		KUNIT_EXPECT_GE(test, id[i], IOMMU_FIRST_GLOBAL_PASID);
		KUNIT_EXPECT_LT(test, id[i], 4);
	}
	KUNIT_EXPECT_LE(test, nr, 3);
	if (!ioasid_capacity())
		KUNIT_EXPECT_EQ(test, nr, 0);
	while (i--)
		if (id[i] != IOMMU_PASID_INVALID)
			iommu_free_global_pasid(id[i]);
}

static void global_pasid_is_freed_without_sleeping(struct kunit *test)
{
	struct device *dev = new_device(test, 1U << 20);
	u32 used = host_used();
	unsigned long flags;
	ioasid_t id;

	id = iommu_alloc_global_pasid(dev);
	if (id != IOMMU_PASID_INVALID) {
		local_irq_save(flags);
		iommu_free_global_pasid(id);
		local_irq_restore(flags);
	}
	KUNIT_EXPECT_EQ(test, id == IOMMU_PASID_INVALID, !ioasid_capacity());
	expect_host_used(test, used);
}

#ifdef CONFIG_IOASID_CGROUP
/* As idxd does for what the kernel itself gives the device to do. */
static void pasid_of_a_driver_is_not_charged(struct kunit *test)
{
	struct device *dev = new_device(test, 1U << 20);
	struct misc_res *res = own_res(test);
	u64 usage = atomic64_read(&res->usage);
	ioasid_t id;

	WRITE_ONCE(res->max, usage);
	id = iommu_alloc_global_pasid(dev);
	WRITE_ONCE(res->max, U64_MAX);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage);
	KUNIT_EXPECT_EQ(test, id == IOMMU_PASID_INVALID, !ioasid_capacity());
	if (id != IOMMU_PASID_INVALID)
		iommu_free_global_pasid(id);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage);
}
#endif

static struct kunit_case ioasid_host_cases[] = {
	KUNIT_CASE(host_set_is_always_there),
	KUNIT_CASE(system_books_add_up),
	KUNIT_CASE(reporting_no_pasids_changes_nothing),
	KUNIT_CASE(host_pasid_is_found_without_its_set),
	KUNIT_CASE(number_that_a_process_picked_is_not_the_hosts),
	KUNIT_CASE(a_system_set_draws_from_the_system),
	KUNIT_CASE(a_system_guarantee_is_kept_from_the_host),
	KUNIT_CASE(sets_follow_each_other_by_id),
	KUNIT_CASE(set_of_another_pool_is_left_out),
	KUNIT_CASE(id_does_not_come_back_at_once),
	KUNIT_CASE(set_that_was_found_is_kept),
	KUNIT_CASE(set_knows_who_made_it),
	KUNIT_CASE(process_that_is_gone_has_no_pid),
	KUNIT_CASE(global_pasid_belongs_to_the_host_set),
	KUNIT_CASE(device_without_pasids_gets_none),
	KUNIT_CASE(global_pasid_fits_the_device),
	KUNIT_CASE(global_pasid_is_freed_without_sleeping),
#ifdef CONFIG_IOASID_CGROUP
	KUNIT_CASE(pasid_of_a_driver_is_not_charged),
#endif
	{}
};

static struct kunit_suite ioasid_host_suite = {
	.name = "ioasid-host",
	.init = ioasid_test_init,
	.test_cases = ioasid_host_cases,
};

kunit_test_suite(ioasid_host_suite);
