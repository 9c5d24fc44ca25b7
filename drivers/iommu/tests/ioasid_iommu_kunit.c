// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: PASIDs in the tables of a device, through the IOMMU core, and those of
 * host processes (SVA). IOMMU and devices are mock ones on a bus of their own,
 * registered in the way of iommufd's selftest.
 */
#include <kunit/resource.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/misc_cgroup.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/property.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "../iommu-priv.h"
#include "ioasid_kunit.h"

#define MOCK_PASID_BITS		20

/* What set_dev_pasid is to say, for cases in which hardware refuses. */
static int mock_set_err;

struct mock_device {
	struct device dev;
	DECLARE_BITMAP(table, 64);	/* PASIDs below 64 that it would accept */
};

static struct mock_device *to_mock(struct device *dev)
{
	return container_of(dev, struct mock_device, dev);
}

static void mock_table_set(struct device *dev, ioasid_t pasid, bool set)
{
	if (pasid < 64)
		assign_bit(pasid, to_mock(dev)->table, set);
}

/* What differs between kernels: mock_attach_dev(), mock_device_add() ... */
#include "ioasid_mock_iommu.h"

static int mock_set_dev_pasid(struct iommu_domain *domain, struct device *dev,
			      ioasid_t pasid, struct iommu_domain *old)
{
	if (mock_set_err)
		return mock_set_err;
	mock_table_set(dev, pasid, true);
	return 0;
}

static int mock_block_dev_pasid(struct iommu_domain *domain, struct device *dev,
				ioasid_t pasid, struct iommu_domain *old)
{
	mock_table_set(dev, pasid, false);
	return 0;
}

static void mock_domain_free(struct iommu_domain *domain)
{
	kfree(domain);
}

static const struct iommu_domain_ops mock_blocked_ops = {
	.attach_dev = mock_attach_dev,
	.set_dev_pasid = mock_block_dev_pasid,
};

static struct iommu_domain mock_blocked_domain = {
	.type = IOMMU_DOMAIN_BLOCKED,
	.ops = &mock_blocked_ops,
};

static const struct iommu_domain_ops mock_domain_ops = {
	.attach_dev = mock_attach_dev,
	.set_dev_pasid = mock_set_dev_pasid,
	.free = mock_domain_free,
};

static struct iommu_domain *mock_domain_alloc(struct device *dev)
{
	struct iommu_domain *domain = kzalloc_obj(*domain);

	if (!domain)
		return ERR_PTR(-ENOMEM);
	domain->ops = &mock_domain_ops;
	domain->pgsize_bitmap = PAGE_SIZE;
	return domain;
}

static struct iommu_domain *mock_domain_alloc_sva(struct device *dev,
						  struct mm_struct *mm)
{
	return mock_domain_alloc(dev);
}

static struct iommu_device mock_iommu = {
	.max_pasids = 1 << MOCK_PASID_BITS,
};

static const struct bus_type mock_bus = {
	.name = "ioasid_mock",
};

static struct iommu_device *mock_probe_device(struct device *dev)
{
	return dev->bus == &mock_bus ? &mock_iommu : ERR_PTR(-ENODEV);
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	return cap == IOMMU_CAP_CACHE_COHERENCY;
}

static const struct iommu_ops mock_ops = {
	.default_domain = &mock_blocked_domain,
	.blocked_domain = &mock_blocked_domain,
	.owner = THIS_MODULE,
	.capable = mock_capable,
	.domain_alloc_paging = mock_domain_alloc,
	.domain_alloc_sva = mock_domain_alloc_sva,
	.device_group = generic_device_group,
	.probe_device = mock_probe_device,
	MOCK_IOMMU_OPS
};

static struct notifier_block mock_bus_nb;
static struct device *mock_iommu_dev;

static int mock_suite_init(struct kunit_suite *suite)
{
	struct device *root = root_device_register("ioasid_mock_iommu");
	int err;

	/* The suite and a program that has the node open: the second one fails. */
	if (IS_ERR(root))
		return PTR_ERR(root);
	mock_iommu_dev = root;

	err = bus_register(&mock_bus);
	if (err)
		goto err_root;
	err = iommu_device_sysfs_add(&mock_iommu, mock_iommu_dev, NULL,
				     "ioasid_mock");
	if (err)
		goto err_bus;
	err = mock_iommu_register(&mock_iommu, &mock_ops, &mock_bus,
				  &mock_bus_nb);
	if (err)
		goto err_sysfs;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&mock_iommu);
err_bus:
	bus_unregister(&mock_bus);
err_root:
	root_device_unregister(mock_iommu_dev);
	return err;
}

static void mock_suite_exit(struct kunit_suite *suite)
{
	if (!mock_iommu.ops)
		return;
	mock_iommu_unregister(&mock_iommu, &mock_bus, &mock_bus_nb);
	iommu_device_sysfs_remove(&mock_iommu);
	bus_unregister(&mock_bus);
	root_device_unregister(mock_iommu_dev);
}

static void mock_release(struct device *dev)
{
	kfree(to_mock(dev));
}

KUNIT_DEFINE_ACTION_WRAPPER(unregister_device_action, device_unregister,
			    struct device *);
KUNIT_DEFINE_ACTION_WRAPPER(free_domain_action, iommu_domain_free,
			    struct iommu_domain *);

/* A device whose table takes PASIDs of 20 bits. */
static struct device *mock_device_new(const char *name)
{
	const struct property_entry props[] = {
		PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_BITS),
		{}
	};
	struct mock_device *mock = kzalloc_obj(*mock);
	int err;

	if (!mock)
		return ERR_PTR(-ENOMEM);
	device_initialize(&mock->dev);
	mock->dev.release = mock_release;
	mock->dev.bus = &mock_bus;
	err = dev_set_name(&mock->dev, "%s", name) ?:
		device_create_managed_software_node(&mock->dev, props, NULL) ?:
		mock_device_add(&mock->dev, &mock_iommu);
	if (!err)
		return &mock->dev;
	put_device(&mock->dev);
	return ERR_PTR(err);
}

static struct device *new_device(struct kunit *test, const char *name)
{
	struct device *dev = mock_device_new(name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test,
						  unregister_device_action,
						  dev));
	KUNIT_ASSERT_TRUE(test, dev->iommu);
	KUNIT_ASSERT_EQ(test, dev->iommu->max_pasids, 1 << MOCK_PASID_BITS);
	return dev;
}

static struct iommu_domain *new_domain(struct kunit *test, struct device *dev)
{
	struct iommu_domain *domain = iommu_paging_domain_alloc(dev);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_domain_action,
						  domain));
	return domain;
}

/*
 * The system may have PASIDs or not. The cases need some, and say so where a
 * machine has none and the administrator allowed none.
 */
static int mock_init(struct kunit *test)
{
	mock_set_err = 0;
	if (!ioasid_capacity())
		ioasid_system_pool.cap = 1024;
	return 0;
}

static u32 host_pending(void)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(ioasid_host_set(), &info);
	return info.pending;
}

/* Is the number still taken, so that nobody else gets it? */
static bool is_taken(ioasid_t id)
{
	ioasid_t other;

	if (ioasid_alloc(ioasid_host_set(), id, id, NULL, GFP_KERNEL, &other))
		return true;
	ioasid_free(ioasid_host_set(), NULL, other);
	return false;
}

static ioasid_t global_pasid(struct kunit *test, struct device *dev)
{
	ioasid_t id = iommu_alloc_global_pasid(dev);

	KUNIT_ASSERT_NE(test, id, IOMMU_PASID_INVALID);
	return id;
}

static void number_in_a_table_is_not_recycled(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = global_pasid(test, dev);
	u32 pending = host_pending();

	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_EQ(test, host_pending(), pending + 1);
	KUNIT_EXPECT_TRUE(test, is_taken(id));

	iommu_detach_device_pasid(domain, dev, id);
	KUNIT_EXPECT_EQ(test, host_pending(), pending);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void number_in_two_tables_stays_for_the_second(struct kunit *test)
{
	struct device *a = new_device(test, "a");
	struct device *b = new_device(test, "b");
	struct iommu_domain *domain = new_domain(test, a);
	ioasid_t id = global_pasid(test, a);

	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device_pasid(domain, a, id, NULL));
	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device_pasid(domain, b, id, NULL));
	iommu_free_global_pasid(id);

	iommu_detach_device_pasid(domain, a, id);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_detach_device_pasid(domain, b, id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void detached_number_still_belongs_to_its_set(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = global_pasid(test, dev);

	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	iommu_detach_device_pasid(domain, dev, id);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void freed_number_gets_into_no_other_table(struct kunit *test)
{
	struct device *a = new_device(test, "a");
	struct device *b = new_device(test, "b");
	struct iommu_domain *domain = new_domain(test, a);
	ioasid_t id = global_pasid(test, a);

	KUNIT_ASSERT_EQ(test, 0, iommu_attach_device_pasid(domain, a, id, NULL));
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_EQ(test, -ENOENT,
			iommu_attach_device_pasid(domain, b, id, NULL));
	KUNIT_EXPECT_TRUE(test, bitmap_empty(to_mock(b)->table, 64));
	iommu_detach_device_pasid(domain, a, id);

	/* The refused one left nothing behind: its device takes the next. */
	id = global_pasid(test, b);
	KUNIT_EXPECT_EQ(test, 0, iommu_attach_device_pasid(domain, b, id, NULL));
	iommu_detach_device_pasid(domain, b, id);
	iommu_free_global_pasid(id);
}

static void number_that_nobody_allocated_may_be_used(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = ioasid_capacity() - 1;

	KUNIT_ASSERT_FALSE(test, is_taken(id));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	KUNIT_EXPECT_FALSE(test, is_taken(id));
	iommu_detach_device_pasid(domain, dev, id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void host_pasid_is_not_what_a_process_picked(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = global_pasid(test, dev);

	if (!mock_domain_of_process(domain)) {
		iommu_free_global_pasid(id);
		kunit_skip(test, "this kernel lets no process pick a PASID");
	}
	KUNIT_EXPECT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
	iommu_detach_device_pasid(domain, dev, id);
}

static void failed_attach_holds_nothing(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = global_pasid(test, dev);

	mock_set_err = -EBUSY;
	KUNIT_EXPECT_EQ(test, -EBUSY,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	mock_set_err = 0;
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void second_attach_of_a_number_fails_and_holds_nothing(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	ioasid_t id = global_pasid(test, dev);

	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_detach_device_pasid(domain, dev, id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

static void replaced_domain_keeps_the_number(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *old = new_domain(test, dev);
	struct iommu_domain *new = new_domain(test, dev);
	struct iommu_attach_handle handles[2] = {};
	ioasid_t id = global_pasid(test, dev);
	int err;

	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(old, dev, id, &handles[0]));
	err = mock_replace_pasid(new, dev, id, &handles[1]);
	iommu_free_global_pasid(id);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_detach_device_pasid(err ? old : new, dev, id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
	if (err == -EOPNOTSUPP)
		kunit_skip(test, "this kernel cannot replace a domain");
	KUNIT_EXPECT_EQ(test, err, 0);
}

static void number_of_a_vm_in_a_table_outlives_the_vm(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct iommu_domain *domain = new_domain(test, dev);
	struct ioasid_set *set = ioasid_set_create(NULL, 0, 1);
	ioasid_t id;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, set);
	KUNIT_ASSERT_EQ(test, 0, ioasid_alloc(set, 0, UINT_MAX, NULL,
					      GFP_KERNEL, &id));
	KUNIT_ASSERT_EQ(test, 0,
			iommu_attach_device_pasid(domain, dev, id, NULL));
	ioasid_set_free(set);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_detach_device_pasid(domain, dev, id);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
}

/* Whoever drops a process' mm may be in the scheduler. */
static void mmdrop_in_atomic_context(struct mm_struct *mm)
{
	preempt_disable();
	mmdrop(mm);
	preempt_enable();
}

#ifdef CONFIG_IOMMU_SVA
struct free_watch {
	struct ioasid_notifier notifier;
	ioasid_t id;
	int frees;
	bool atomic;
};

static void watch_free(struct ioasid_notifier *notifier,
		       const struct ioasid_event *event)
{
	struct free_watch *watch = container_of(notifier, struct free_watch,
						notifier);

	if (event->type != IOASID_EVENT_FREE || event->id != watch->id)
		return;
	watch->frees++;
	watch->atomic = !preemptible();
}

/* A process dies without having used SVA, but with a PASID. */
static void last_mmdrop_frees_the_pasid(struct kunit *test)
{
	struct free_watch watch = { .notifier.notify = watch_free };
	struct device *dev = new_device(test, "a");
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, mm);
	mm->iommu_mm = kzalloc_obj(*mm->iommu_mm);
	KUNIT_ASSERT_NOT_NULL(test, mm->iommu_mm);
	watch.id = global_pasid(test, dev);
	mm->iommu_mm->pasid = watch.id;
	KUNIT_ASSERT_EQ(test, 0, ioasid_register_notifier(&watch.notifier,
							  ioasid_host_set()));

	mmgrab(mm);
	mmput(mm);
	KUNIT_EXPECT_TRUE(test, is_taken(watch.id));
	KUNIT_EXPECT_EQ(test, watch.frees, 0);
	mmdrop_in_atomic_context(mm);
	ioasid_unregister_notifier(&watch.notifier);
	KUNIT_EXPECT_FALSE(test, is_taken(watch.id));
	KUNIT_EXPECT_EQ(test, watch.frees, 1);
	KUNIT_EXPECT_TRUE(test, watch.atomic ||
			  !IS_ENABLED(CONFIG_PREEMPT_COUNT));
}

/* A process shares its address space, exits, and its driver cleans up later. */
static void sva_pasid_lasts_until_the_process_is_gone(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct mm_struct *mm = mm_alloc();
	struct iommu_sva *bond;
	u32 pending = host_pending();
	ioasid_t id;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	bond = iommu_sva_bind_device(dev, mm);
	if (bond == ERR_PTR(-EOPNOTSUPP)) {
		mmput(mm);
		kunit_skip(test, "host SVA is off on this kernel");
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bond);

	id = iommu_sva_get_pasid(bond);
	KUNIT_EXPECT_EQ(test, 0, ioasid_get(ioasid_host_set(), NULL, id));
	ioasid_put(ioasid_host_set(), NULL, id);

	/* The process exits while the device still has its PASID. */
	mmgrab(mm);
	mmput(mm);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	KUNIT_EXPECT_EQ(test, host_pending(), pending);

	/* The driver closes; the last of the mm goes in the scheduler. */
	iommu_sva_unbind_device(bond);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	mmdrop_in_atomic_context(mm);
	KUNIT_EXPECT_FALSE(test, is_taken(id));
	KUNIT_EXPECT_EQ(test, host_pending(), pending);
}

/* All devices of a process use one PASID, which a set cannot take from them. */
static void sva_pasid_is_held_by_each_device(struct kunit *test)
{
	struct device *a = new_device(test, "a");
	struct device *b = new_device(test, "b");
	struct mm_struct *mm = mm_alloc();
	struct iommu_sva *bonds[2];
	u32 pending = host_pending();
	ioasid_t id;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	bonds[0] = iommu_sva_bind_device(a, mm);
	if (bonds[0] == ERR_PTR(-EOPNOTSUPP)) {
		mmput(mm);
		kunit_skip(test, "host SVA is off on this kernel");
	}
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bonds[0]);
	bonds[1] = iommu_sva_bind_device(b, mm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bonds[1]);
	id = iommu_sva_get_pasid(bonds[0]);
	KUNIT_EXPECT_EQ(test, iommu_sva_get_pasid(bonds[1]), id);

	/* As a driver that frees too early would. */
	KUNIT_EXPECT_EQ(test, 0, ioasid_free(ioasid_host_set(), NULL, id));
	KUNIT_EXPECT_EQ(test, host_pending(), pending + 1);
	iommu_sva_unbind_device(bonds[0]);
	KUNIT_EXPECT_TRUE(test, is_taken(id));
	iommu_sva_unbind_device(bonds[1]);
	KUNIT_EXPECT_FALSE(test, is_taken(id));

	/* What the mm would free now is not its own any more. */
	kfree(mm->iommu_mm);
	mm->iommu_mm = NULL;
	mmput(mm);
}

#ifdef CONFIG_IOASID_CGROUP
static void unlimit(void *res)
{
	WRITE_ONCE(((struct misc_res *)res)->max, U64_MAX);
}

static void sva_pasid_is_charged_to_who_binds(struct kunit *test)
{
	struct device *dev = new_device(test, "a");
	struct misc_res *res = own_res(test);
	u64 usage = atomic64_read(&res->usage);
	struct mm_struct *mm = mm_alloc();
	struct iommu_sva *bond;

	KUNIT_ASSERT_NOT_NULL(test, mm);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, unlimit, res));
	WRITE_ONCE(res->max, usage);
	bond = iommu_sva_bind_device(dev, mm);
	if (bond == ERR_PTR(-EOPNOTSUPP)) {
		mmput(mm);
		kunit_skip(test, "host SVA is off on this kernel");
	}
	KUNIT_EXPECT_PTR_EQ(test, bond, ERR_PTR(-EBUSY));

	WRITE_ONCE(res->max, usage + 1);
	bond = iommu_sva_bind_device(dev, mm);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bond);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage + 1);
	/* The PASID is that of the mm, and goes with it. */
	iommu_sva_unbind_device(bond);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage + 1);
	mmgrab(mm);
	mmput(mm);
	mmdrop_in_atomic_context(mm);
	KUNIT_EXPECT_EQ(test, atomic64_read(&res->usage), usage);
}
#endif
#endif /* CONFIG_IOMMU_SVA */

static struct kunit_case ioasid_iommu_cases[] = {
	KUNIT_CASE(number_in_a_table_is_not_recycled),
	KUNIT_CASE(number_in_two_tables_stays_for_the_second),
	KUNIT_CASE(detached_number_still_belongs_to_its_set),
	KUNIT_CASE(freed_number_gets_into_no_other_table),
	KUNIT_CASE(number_that_nobody_allocated_may_be_used),
	KUNIT_CASE(host_pasid_is_not_what_a_process_picked),
	KUNIT_CASE(failed_attach_holds_nothing),
	KUNIT_CASE(second_attach_of_a_number_fails_and_holds_nothing),
	KUNIT_CASE(replaced_domain_keeps_the_number),
	KUNIT_CASE(number_of_a_vm_in_a_table_outlives_the_vm),
#ifdef CONFIG_IOMMU_SVA
	KUNIT_CASE(last_mmdrop_frees_the_pasid),
	KUNIT_CASE(sva_pasid_lasts_until_the_process_is_gone),
	KUNIT_CASE(sva_pasid_is_held_by_each_device),
#ifdef CONFIG_IOASID_CGROUP
	KUNIT_CASE(sva_pasid_is_charged_to_who_binds),
#endif
#endif
	{}
};

static struct kunit_suite ioasid_iommu_suite = {
	.name = "ioasid-iommu",
	.suite_init = mock_suite_init,
	.suite_exit = mock_suite_exit,
	.init = mock_init,
	.test_cases = ioasid_iommu_cases,
};

kunit_test_suite(ioasid_iommu_suite);

#ifdef CONFIG_IOMMU_SVA
/*
 * No emulated device shares an address space, and a KUnit thread has neither one nor
 * a cgroup. So that kselftests can see what a process has by host SVA, who opens this
 * node shares its address space with a mock device until it closes it.
 */
static DEFINE_MUTEX(sva_lock);
static struct device *sva_dev;
static unsigned int sva_users;

static int sva_use(void)
{
	int err;

	guard(mutex)(&sva_lock);
	if (sva_users++)
		return 0;
	err = mock_suite_init(NULL);
	if (err)
		goto err;
	sva_dev = mock_device_new("sva");
	if (!IS_ERR(sva_dev))
		return 0;
	err = PTR_ERR(sva_dev);
	mock_suite_exit(NULL);
err:
	sva_users--;
	return err;
}

static void sva_unuse(void)
{
	guard(mutex)(&sva_lock);
	if (--sva_users)
		return;
	device_unregister(sva_dev);
	mock_suite_exit(NULL);
}

static int sva_open(struct inode *inode, struct file *file)
{
	struct iommu_sva *bond;
	int err;

	err = sva_use();
	if (err)
		return err;
	bond = iommu_sva_bind_device(sva_dev, current->mm);
	if (IS_ERR(bond)) {
		sva_unuse();
		return PTR_ERR(bond);
	}
	file->private_data = bond;
	return 0;
}

static int sva_close(struct inode *inode, struct file *file)
{
	iommu_sva_unbind_device(file->private_data);
	sva_unuse();
	return 0;
}

/* The PASID, in decimal. */
static ssize_t sva_read(struct file *file, char __user *buf, size_t size,
			loff_t *pos)
{
	char text[16];

	scnprintf(text, sizeof(text), "%u\n",
		  iommu_sva_get_pasid(file->private_data));
	return simple_read_from_buffer(buf, size, pos, text, strlen(text));
}

static const struct file_operations sva_fops = {
	.owner = THIS_MODULE,
	.open = sva_open,
	.release = sva_close,
	.read = sva_read,
};

static struct miscdevice sva_node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ioasid_test_sva",
	.fops = &sva_fops,
	.mode = 0600,
};

builtin_misc_device(sva_node);
#endif
