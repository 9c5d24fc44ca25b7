// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs that are local to a device. With "ioasid.local=N" on the kernel command
 * line, N not above 1024, the numbers below N are; without, there are none.
 */
#include "../kselftest_harness.h"
#include "ioasid_utils.h"

static const char *no_local(int fd)
{
	struct pasid_info info;

	if (_test_pasid_info(fd, &info) || info.shared_min < 8)
		return "no PASIDs are local; boot with ioasid.local=256";
	return NULL;
}

/* -------- two devices of one process, each in a container -------- */

FIXTURE(local) {
	struct container c[2];
	int device[2];
	int fd;
	__u32 end;
};

FIXTURE_SETUP(local)
{
	const char *why = missing(2);
	struct pasid_info info;
	int i;

	if (why)
		SKIP(return, "%s", why);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, container_open(&self->c[i], i));
		self->device[i] = device_open(&self->c[i], i);
		ASSERT_LE(0, self->device[i]);
	}
	self->fd = self->c[0].fd;
	why = no_local(self->fd);
	if (why)
		SKIP(return, "%s", why);
	test_pasid_info(self->fd, &info);
	self->end = info.shared_min;
}

FIXTURE_TEARDOWN(local)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(self->device[i]);
		container_close(&self->c[i]);
	}
}

TEST_F(local, ranges_do_not_meet)
{
	__u32 shared, pasid, i;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &shared);
	EXPECT_LE(self->end, shared);
	test_err_alloc_pasid(ENOSPC, self->fd, 1, self->end - 1);
	for (i = 1; i < self->end; i++) {
		test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
		ASSERT_EQ(i, pasid);
	}
	test_err_alloc_local(ENOSPC, self->fd, self->device[0], 0, UINT_MAX);
	test_free_local(self->fd, self->device[0], 0, UINT_MAX);
	test_err_alloc_local(ENOSPC, self->fd, self->device[0], self->end,
			     UINT_MAX);
}

TEST_F(local, each_device_has_all_numbers)
{
	__u32 a, b;

	test_alloc_local(self->fd, self->device[0], 5, 5, &a);
	test_alloc_local(self->c[1].fd, self->device[1], 5, 5, &b);
	test_err_alloc_local(ENOSPC, self->fd, self->device[0], 5, 5);
	test_free_local(self->fd, self->device[0], 5, 5);
	test_err_alloc_local(ENOSPC, self->c[1].fd, self->device[1], 5, 5);
}

TEST_F(local, local_one_costs_the_system_nothing)
{
	__u32 available = pasid_available(self->fd), pasid, used;

	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	available = pasid_available(self->fd);
	used = pasid_used(self->fd);
	test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
	EXPECT_EQ(available, pasid_available(self->fd));
	EXPECT_EQ(used + 1, pasid_used(self->fd));
}

TEST_F(local, local_one_counts_against_the_limit)
{
	__u32 pasid;

	test_pasid_limit(self->fd, 2);
	test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	EXPECT_EQ(0, pasid_available(self->fd));
	test_err_alloc_local(EDQUOT, self->fd, self->device[0], 0, UINT_MAX);
	test_err_alloc_pasid(EDQUOT, self->fd, 0, UINT_MAX);
}

TEST_F(local, free_keeps_to_its_kind)
{
	__u32 a, b, shared;

	test_alloc_local(self->fd, self->device[0], 3, 3, &a);
	test_alloc_local(self->c[1].fd, self->device[1], 3, 3, &b);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &shared);
	test_free_pasid(self->fd, 0, UINT_MAX);
	EXPECT_EQ(2, pasid_used(self->fd));
	test_free_local(self->fd, self->device[0], 0, UINT_MAX);
	EXPECT_EQ(1, pasid_used(self->fd));
	test_err_free_local(ENOENT, self->fd, self->device[0], 0, UINT_MAX);
	test_err_free_pasid(ENOENT, self->fd, 0, UINT_MAX);
	test_free_local(self->c[1].fd, self->device[1], 3, 3);
	EXPECT_EQ(0, pasid_used(self->fd));
}

/* The set is the same, but the device has to be of the container asked. */
TEST_F(local, device_has_to_be_of_the_container)
{
	test_err_alloc_local(EINVAL, self->fd, self->device[1], 0, UINT_MAX);
	EXPECT_EQ(0, pasid_used(self->fd));
}

TEST_F(local, guest_sees_one_flat_range)
{
	__u32 shared, pasid;

	test_alloc_guest(self->fd, 3, &shared);
	EXPECT_LE(self->end, shared);
	test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
	EXPECT_ERRNO(EEXIST, _test_bind_local(self->fd, self->device[0], pasid,
					      3));
	ASSERT_EQ(0, _test_bind_local(self->fd, self->device[0], pasid, 4));
	EXPECT_EQ(shared, pasid_of_guest(self->fd, 3));
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 4));
	/* Without its device the number means nothing. */
	test_err_bind_pasid(ENOENT, self->fd, pasid, 5);
	test_unbind_pasid(self->fd, 4);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 4));
}

TEST_F(local, list_tells_the_kind)
{
	struct vfio_iommu_pasid_entry all[8];
	__u32 guest = 0, count = 8, pasid;

	test_alloc_local(self->fd, self->device[0], 2, 2, &pasid);
	ASSERT_EQ(0, _test_bind_local(self->fd, self->device[0], 2, 10));
	test_alloc_local(self->c[1].fd, self->device[1], 2, 2, &pasid);
	ASSERT_EQ(0, _test_bind_local(self->c[1].fd, self->device[1], 2, 20));
	test_alloc_guest(self->fd, 30, &pasid);

	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, all));
	ASSERT_EQ(3, count);
	EXPECT_EQ(10, all[0].guest);
	EXPECT_EQ(VFIO_PASID_LOCAL, all[0].flags);
	EXPECT_EQ(20, all[1].guest);
	EXPECT_EQ(VFIO_PASID_LOCAL, all[1].flags);
	EXPECT_EQ(30, all[2].guest);
	EXPECT_EQ(0, all[2].flags);

	guest = 0;
	count = 8;
	ASSERT_EQ(0, _test_list_local(self->c[1].fd, self->device[1], &guest,
				      &count, all));
	ASSERT_EQ(1, count);
	EXPECT_EQ(20, all[0].guest);
	EXPECT_EQ(2, all[0].pasid);
}

/* The device may be another VM's next. */
TEST_F(local, what_is_local_goes_with_the_group)
{
	__u32 a, b, shared;

	test_alloc_local(self->fd, self->device[0], 5, 5, &a);
	test_alloc_local(self->c[1].fd, self->device[1], 6, 6, &b);
	ASSERT_EQ(0, _test_bind_local(self->fd, self->device[0], a, 50));
	test_alloc_pasid(self->c[1].fd, 0, UINT_MAX, &shared);
	EXPECT_EQ(3, pasid_used(self->c[1].fd));

	close(self->device[0]);
	self->device[0] = -1;
	container_close(&self->c[0]);
	EXPECT_EQ(2, pasid_used(self->c[1].fd));
	EXPECT_EQ(0, pasid_of_guest(self->c[1].fd, 50));

	ASSERT_EQ(0, container_open(&self->c[0], 0));
	self->device[0] = device_open(&self->c[0], 0);
	test_alloc_local(self->c[0].fd, self->device[0], 5, 5, &a);
}

/* -------- a system without a local range -------- */

FIXTURE(no_local) {
	struct container c;
	int device;
};

FIXTURE_SETUP(no_local)
{
	const char *why = missing(1);
	struct pasid_info info;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->device = device_open(&self->c, 0);
	test_pasid_info(self->c.fd, &info);
	if (info.shared_min != 1)
		SKIP(return, "this system was booted with ioasid.local=");
}

FIXTURE_TEARDOWN(no_local)
{
	close(self->device);
	container_close(&self->c);
}

TEST_F(no_local, there_are_no_local_ones)
{
	__u32 pasid;

	test_err_alloc_local(ENOSPC, self->c.fd, self->device, 0, UINT_MAX);
	test_err_free_local(ENOENT, self->c.fd, self->device, 0, UINT_MAX);
	test_alloc_pasid(self->c.fd, 1, 1, &pasid);
}

TEST_HARNESS_MAIN
