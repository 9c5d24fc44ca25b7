// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the system's own pool and the host set, through what other parts of the
 * kernel call.
 *
 * How many PASIDs the machine has depends on its IOMMUs and "ioasid.capacity=".
 * Each case states what is promised with PASIDs and without, so it tests
 * something on every machine. What the machine had in use before is left alone.
 */
#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/misc_cgroup.h>

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

	KUNIT_EXPECT_EQ(test, iommu_alloc_global_pasid(new_device(test, 0)),
			IOMMU_PASID_INVALID);
	KUNIT_EXPECT_EQ(test, iommu_alloc_global_pasid(new_device(test, 1)),
			IOMMU_PASID_INVALID);
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
	KUNIT_CASE(a_system_set_draws_from_the_system),
	KUNIT_CASE(a_system_guarantee_is_kept_from_the_host),
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
