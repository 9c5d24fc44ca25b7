// SPDX-License-Identifier: GPL-2.0-only
/*
 * A caller whose pointers have 32 bits, on a kernel whose pointers have 64: every call
 * of /dev/ioasid and every PASID call of VFIO does what it does for the others.
 */
#include "../kselftest_harness.h"
#include "ioasid_layout.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

static_assert(sizeof(void *) == 4, "built for another word size");

static bool has_pasids(int fd)
{
	struct ioasid_query_system info;

	return !node_system(fd, &info) && info.capacity;
}

/* What follows 32 bits of an address must count as well. */
static __u64 beyond_4_gb(void *p)
{
	return 1ULL << 32 | (uintptr_t)p;
}

/* -------- /dev/ioasid -------- */

FIXTURE(node) {
	int fd;
};

FIXTURE_SETUP(node)
{
	self->fd = node_open();
	ASSERT_LE(0, self->fd);
	if (!has_pasids(self->fd))
		SKIP(return, "the system has no PASIDs");
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
}

TEST_F(node, pasids_come_and_go)
{
	__u32 a, b;

	ASSERT_EQ(0, node_alloc(self->fd, &a));
	ASSERT_EQ(0, node_alloc(self->fd, &b));
	EXPECT_NE(0, a);
	EXPECT_NE(a, b);
	ASSERT_EQ(0, node_free(self->fd, a, a));
	EXPECT_ERRNO(ENOENT, node_free(self->fd, a, a));
	EXPECT_EQ(1, node_number(self->fd, used));
	ASSERT_EQ(0, node_free(self->fd, 0, UINT_MAX));
	EXPECT_EQ(0, node_number(self->fd, used));
}

TEST_F(node, guest_pasids_are_bound_and_unbound)
{
	__u32 a, b;

	ASSERT_EQ(0, node_alloc_guest(self->fd, 7, &a));
	ASSERT_EQ(0, node_alloc(self->fd, &b));
	EXPECT_ERRNO(EEXIST, node_alloc_guest(self->fd, 7, &b));
	EXPECT_ERRNO(EEXIST, node_bind(self->fd, b, 7));
	EXPECT_ERRNO(EINVAL, node_bind(self->fd, b, 0x100000));
	ASSERT_EQ(0, node_bind(self->fd, b, 0xfffff));
	ASSERT_EQ(0, node_unbind(self->fd, 0xfffff));
	EXPECT_ERRNO(ENOENT, node_unbind(self->fd, 0xfffff));
}

/* The stack of such a program is above 2 GB: an address that must stay positive. */
TEST_F(node, list_goes_where_the_caller_wants_it)
{
	__u32 a, b, from = 0, count = 3;
	struct ioasid_entry list[3] = { [2] = { .guest = 99 } };

	ASSERT_LE(0x80000000U, (uintptr_t)list);
	ASSERT_EQ(0, node_alloc_guest(self->fd, 7, &a));
	ASSERT_EQ(0, node_alloc_guest(self->fd, 3, &b));
	ASSERT_EQ(0, node_list(self->fd, &from, &count, list));
	ASSERT_EQ(2, count);
	EXPECT_EQ(8, from);
	EXPECT_EQ(3, list[0].guest);
	EXPECT_EQ(b, list[0].pasid);
	EXPECT_EQ(0, list[0].flags);
	EXPECT_EQ(0, list[0].reserved);
	EXPECT_EQ(7, list[1].guest);
	EXPECT_EQ(a, list[1].pasid);
	EXPECT_EQ(99, list[2].guest);

	count = 3;
	EXPECT_ERRNO(EFAULT, node_list(self->fd, &(__u32){ 0 }, &count, NULL));
	count = 0;
	EXPECT_ERRNO(EINVAL, node_list(self->fd, &from, &count, list));
}

TEST_F(node, list_beyond_the_own_memory_is_refused)
{
	struct ioasid_entry entry = { .guest = 99 };
	struct ioasid_set_entry set_entry = { .id = 99 };
	struct ioasid_list list = {
		.argsz = sizeof(list),
		.count = 1,
		.entries = beyond_4_gb(&entry),
	};
	struct ioasid_list_sets sets = {
		.argsz = sizeof(sets),
		.count = 1,
		.entries = beyond_4_gb(&set_entry),
	};
	__u32 pasid;

	ASSERT_EQ(0, node_alloc_guest(self->fd, 5, &pasid));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, IOASID_LIST, &list));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, IOASID_LIST_SETS, &sets));
	EXPECT_EQ(99, entry.guest);
	EXPECT_EQ(99, set_entry.id);
	EXPECT_EQ(1, list.count);
	EXPECT_EQ(1, sets.count);
}

TEST_F(node, own_set_is_asked_for_and_named)
{
	struct ioasid_query_set own, same;
	__u32 pasid;

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_query(self->fd, &own));
	EXPECT_NE(0, own.id);
	EXPECT_EQ(getpid(), own.pid);
	EXPECT_EQ(1, own.used);
	EXPECT_EQ(0, own.pending);
	EXPECT_EQ(0, own.local);
	EXPECT_EQ(0, own.guarantee);
	EXPECT_LE(1, own.limit);
	EXPECT_EQ(own.limit - 1, own.available);
	EXPECT_EQ(0, strncmp(own.comm, "ioasid_compat", 13));

	ASSERT_EQ(0, node_query_id(self->fd, own.id, &same));
	own.flags = IOASID_BY_ID;
	EXPECT_EQ(0, memcmp(&own, &same, sizeof(own)));
	EXPECT_ERRNO(ENOENT, node_query_id(self->fd, own.id + 1000, &same));
}

TEST_F(node, quota_is_set_for_the_own_set_and_for_any)
{
	struct ioasid_query_set set;
	__u32 pasid;

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0, 1));
	EXPECT_ERRNO(EDQUOT, node_alloc(self->fd, &pasid));
	EXPECT_ERRNO(EBUSY, node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0, 0));
	ASSERT_EQ(0, node_query(self->fd, &set));
	ASSERT_EQ(0, node_quota(self->fd, IOASID_BY_ID | IOASID_QUOTA_LIMIT |
				IOASID_QUOTA_GUARANTEE, set.id, 2,
				PASID_LIMIT_NONE));
	ASSERT_EQ(0, node_query(self->fd, &set));
	EXPECT_EQ(2, set.guarantee);
	EXPECT_EQ(PASID_LIMIT_NONE, set.limit);
	EXPECT_ERRNO(ENOENT, node_quota(self->fd, IOASID_BY_ID |
					IOASID_QUOTA_LIMIT, set.id + 1000, 0,
					5));
}

TEST_F(node, sets_are_listed)
{
	__u32 pasid, id = 0, count = 1;
	struct ioasid_set_entry list[2] = { [1] = { .id = 99 } };

	ASSERT_LE(0x80000000U, (uintptr_t)list);
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_list_sets(self->fd, &id, &count, list));
	ASSERT_EQ(1, count);
	EXPECT_EQ(1, id);
	EXPECT_EQ(0, list[0].id);
	EXPECT_EQ(0, list[0].pid);
	EXPECT_EQ(PASID_LIMIT_NONE, list[0].limit);
	EXPECT_STREQ("kernel", list[0].comm);
	EXPECT_EQ(99, list[1].id);

	id = node_number(self->fd, id);
	ASSERT_EQ(0, node_list_sets(self->fd, &id, &count, list));
	ASSERT_EQ(1, count);
	EXPECT_EQ(node_number(self->fd, id), list[0].id);
	EXPECT_EQ(getpid(), list[0].pid);
	EXPECT_EQ(1, list[0].used);
	EXPECT_EQ(node_number(self->fd, limit), list[0].limit);
}

TEST_F(node, numbers_of_the_system_add_up)
{
	struct ioasid_query_system a, b;
	__u32 pasid;

	ASSERT_EQ(0, node_system(self->fd, &a));
	EXPECT_EQ(a.capacity, a.shared_min + a.used + a.reserved + a.free);
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_system(self->fd, &b));
	EXPECT_EQ(a.used + 1, b.used);
	EXPECT_EQ(a.free - 1, b.free);
	EXPECT_EQ(0, b.pad);
}

/* -------- a VFIO container -------- */

FIXTURE(container) {
	struct container c;
	int device;
};

FIXTURE_SETUP(container)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->device = device_open(&self->c, 0);
	ASSERT_LE(0, self->device);
}

FIXTURE_TEARDOWN(container)
{
	close(self->device);
	container_close(&self->c);
}

TEST_F(container, pasids_come_and_go)
{
	int fd = self->c.fd;
	__u32 a, b;

	test_alloc_pasid(fd, 0, UINT_MAX, &a);
	test_alloc_pasid(fd, a, UINT_MAX, &b);
	EXPECT_LT(a, b);
	EXPECT_EQ(2, pasid_used(fd));
	test_free_pasid(fd, a, a);
	test_err_free_pasid(ENOENT, fd, a, a);
	test_free_pasid(fd, 0, UINT_MAX);
	EXPECT_EQ(0, pasid_used(fd));
}

TEST_F(container, guest_pasids_are_bound_and_unbound)
{
	int fd = self->c.fd;
	__u32 a, b;

	test_alloc_guest(fd, 7, &a);
	test_err_alloc_guest(EEXIST, fd, 7);
	test_alloc_pasid(fd, 0, UINT_MAX, &b);
	test_err_bind_pasid(EEXIST, fd, b, 7);
	test_bind_pasid(fd, b, 0xfffff);
	EXPECT_EQ(b, pasid_of_guest(fd, 0xfffff));
	test_unbind_pasid(fd, 0xfffff);
	test_err_unbind_pasid(ENOENT, fd, 0xfffff);
}

TEST_F(container, list_goes_where_the_caller_wants_it)
{
	struct vfio_iommu_pasid_entry list[3] = { [2] = { .guest = 99 } };
	__u32 a, b, from = 0, count = 3;
	int fd = self->c.fd;

	ASSERT_LE(0x80000000U, (uintptr_t)list);
	test_alloc_guest(fd, 7, &a);
	test_alloc_guest(fd, 3, &b);
	ASSERT_EQ(0, _test_list_pasids(fd, &from, &count, list));
	ASSERT_EQ(2, count);
	EXPECT_EQ(8, from);
	EXPECT_EQ(3, list[0].guest);
	EXPECT_EQ(b, list[0].pasid);
	EXPECT_EQ(7, list[1].guest);
	EXPECT_EQ(a, list[1].pasid);
	EXPECT_EQ(99, list[2].guest);
}

TEST_F(container, list_beyond_the_own_memory_is_refused)
{
	struct vfio_iommu_pasid_entry entry = { .guest = 99 };
	struct vfio_iommu_list_pasids list = {
		.argsz = sizeof(list),
		.count = 1,
		.entries = beyond_4_gb(&entry),
	};
	__u32 pasid;

	test_alloc_guest(self->c.fd, 5, &pasid);
	EXPECT_ERRNO(EFAULT, ioctl(self->c.fd, VFIO_IOMMU_LIST_PASIDS, &list));
	EXPECT_EQ(99, entry.guest);
	EXPECT_EQ(1, list.count);
}

TEST_F(container, quota_is_kept_and_told)
{
	struct pasid_info info;
	int fd = self->c.fd;
	__u32 pasid;

	test_pasid_quota(fd, 1, 2);
	test_alloc_pasid(fd, 0, UINT_MAX, &pasid);
	test_pasid_info(fd, &info);
	EXPECT_EQ(1, info.guarantee);
	EXPECT_EQ(2, info.limit);
	EXPECT_EQ(1, info.used);
	EXPECT_EQ(1, info.available);
	EXPECT_LE(1, info.shared_min);
	EXPECT_LE(1, info.bits);
	EXPECT_GE(20, info.bits);
	test_alloc_pasid(fd, 0, UINT_MAX, &pasid);
	test_err_alloc_pasid(EDQUOT, fd, 0, UINT_MAX);
	test_err_pasid_limit(EBUSY, fd, 1);
	test_err_pasid_quota(EINVAL, fd, 3, 2);
}

/* A descriptor is a signed number in the same place. */
TEST_F(container, device_is_named_by_its_descriptor)
{
	int fd = self->c.fd;
	__u32 pasid;

	test_err_alloc_local(EBADF, fd, -1, 0, UINT_MAX);
	test_err_alloc_local(EINVAL, fd, fd, 0, UINT_MAX);
	if (pasid_shared_min(fd) == 1) {
		test_err_alloc_local(ENOSPC, fd, self->device, 0, UINT_MAX);
		test_err_free_local(ENOENT, fd, self->device, 0, UINT_MAX);
		return;
	}
	test_alloc_local(fd, self->device, 0, UINT_MAX, &pasid);
	test_bind_local(fd, self->device, pasid, 4);
	EXPECT_EQ(pasid, pasid_of_guest(fd, 4));
	test_free_local(fd, self->device, pasid, pasid);
}

/* -------- errors, the same for all -------- */

FIXTURE(call) {
	struct container c;
	int node;
	/* The one of them that knows the call. */
	int fd;
	__u32 word[1024];
};

FIXTURE_VARIANT(call) {
	unsigned int nr;
	__u32 size;
};

FIXTURE_VARIANT_ADD(call, node_alloc) {
	.nr = IOASID_ALLOC,
	.size = sizeof(struct ioasid_alloc_pasid),
};

FIXTURE_VARIANT_ADD(call, node_free) {
	.nr = IOASID_FREE,
	.size = sizeof(struct ioasid_free_pasid),
};

FIXTURE_VARIANT_ADD(call, node_bind) {
	.nr = IOASID_BIND,
	.size = sizeof(struct ioasid_bind_pasid),
};

FIXTURE_VARIANT_ADD(call, node_unbind) {
	.nr = IOASID_UNBIND,
	.size = sizeof(struct ioasid_unbind_pasid),
};

FIXTURE_VARIANT_ADD(call, node_list) {
	.nr = IOASID_LIST,
	.size = sizeof(struct ioasid_list),
};

FIXTURE_VARIANT_ADD(call, node_query_set) {
	.nr = IOASID_QUERY_SET,
	.size = sizeof(struct ioasid_query_set),
};

FIXTURE_VARIANT_ADD(call, node_quota) {
	.nr = IOASID_SET_QUOTA,
	.size = sizeof(struct ioasid_quota),
};

FIXTURE_VARIANT_ADD(call, node_list_sets) {
	.nr = IOASID_LIST_SETS,
	.size = sizeof(struct ioasid_list_sets),
};

FIXTURE_VARIANT_ADD(call, node_query_system) {
	.nr = IOASID_QUERY_SYSTEM,
	.size = sizeof(struct ioasid_query_system),
};

FIXTURE_VARIANT_ADD(call, vfio_alloc) {
	.nr = VFIO_IOMMU_ALLOC_PASID,
	.size = sizeof(struct vfio_iommu_alloc_pasid),
};

FIXTURE_VARIANT_ADD(call, vfio_free) {
	.nr = VFIO_IOMMU_FREE_PASID,
	.size = sizeof(struct vfio_iommu_free_pasid),
};

FIXTURE_VARIANT_ADD(call, vfio_bind) {
	.nr = VFIO_IOMMU_BIND_PASID,
	.size = sizeof(struct vfio_iommu_bind_pasid),
};

FIXTURE_VARIANT_ADD(call, vfio_unbind) {
	.nr = VFIO_IOMMU_UNBIND_PASID,
	.size = sizeof(struct vfio_iommu_unbind_pasid),
};

FIXTURE_VARIANT_ADD(call, vfio_quota) {
	.nr = VFIO_IOMMU_SET_PASID_QUOTA,
	.size = sizeof(struct vfio_iommu_pasid_quota),
};

FIXTURE_VARIANT_ADD(call, vfio_list) {
	.nr = VFIO_IOMMU_LIST_PASIDS,
	.size = sizeof(struct vfio_iommu_list_pasids),
};

FIXTURE_SETUP(call)
{
	if (missing(1))
		SKIP(return, "%s", missing(1));
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->node = node_open();
	ASSERT_LE(0, self->node);
	self->fd = _IOC_TYPE(variant->nr) == IOASID_TYPE ? self->node :
		self->c.fd;
	self->word[0] = variant->size;
}

FIXTURE_TEARDOWN(call)
{
	close(self->node);
	container_close(&self->c);
}

TEST_F(call, argsz_that_is_short_is_refused)
{
	for (self->word[0] = 0; self->word[0] < variant->size; self->word[0]++)
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, variant->nr, self->word));
}

TEST_F(call, argsz_that_is_long_is_refused)
{
	self->word[0] = sizeof(self->word) + 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, variant->nr, self->word));
	self->word[0] = UINT_MAX;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, variant->nr, self->word));
}

TEST_F(call, unknown_flag_is_refused)
{
	self->word[1] = 1U << 31;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, variant->nr, self->word));
}

TEST_F(call, memory_that_is_not_there_is_refused)
{
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, variant->nr, NULL));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, variant->nr, (void *)-4096L));
}

TEST(unknown_call_is_none)
{
	int fd = node_open();

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(ENOTTY, ioctl(fd, _IO(IOASID_TYPE, 9), NULL));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, VFIO_IOMMU_ALLOC_PASID, NULL));
	close(fd);
}

TEST_HARNESS_MAIN
