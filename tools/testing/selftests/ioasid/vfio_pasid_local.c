// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs that are local to a device. With "ioasid.local=N" on the kernel command
 * line, N not above 1024, the numbers below N are; without, there are none.
 */
#include <pthread.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "ioasid_peer.h"

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
	struct vfio_iommu_pasid_entry entry;
	__u32 guest = 0, count = 1, pasid;

	test_err_alloc_local(EINVAL, self->fd, self->device[1], 0, UINT_MAX);
	EXPECT_EQ(0, pasid_used(self->fd));
	test_alloc_local_guest(self->c[1].fd, self->device[1], 50, &pasid);
	test_err_free_local(EINVAL, self->fd, self->device[1], 0, UINT_MAX);
	EXPECT_ERRNO(EINVAL, _test_list_local(self->fd, self->device[1], &guest,
					      &count, &entry));
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 50));
}

TEST_F(local, refusal_for_the_limit_leaves_the_number)
{
	__u32 pasid;

	test_pasid_limit(self->fd, 0);
	test_err_alloc_local(EDQUOT, self->fd, self->device[0], 5, 5);
	test_pasid_limit(self->fd, 1);
	test_alloc_local(self->fd, self->device[0], 5, 5, &pasid);
	test_err_alloc_local(EDQUOT, self->c[1].fd, self->device[1], 5, 5);
	test_free_local(self->fd, self->device[0], 5, 5);
	test_alloc_local(self->c[1].fd, self->device[1], 5, 5, &pasid);
}

/* Only shared ones can run out for the system, so only they are guaranteed. */
TEST_F(local, guarantee_is_for_shared_ones)
{
	struct pasid_info before, info;
	__u32 pasid;

	test_pasid_quota(self->fd, 2, 10);
	test_pasid_info(self->fd, &before);
	test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
	test_alloc_local(self->fd, self->device[0], 0, UINT_MAX, &pasid);
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(2, info.guarantee);
	EXPECT_EQ(2, info.used);
	EXPECT_EQ(before.available - 2, info.available);
}

TEST_F(local, free_of_a_range_includes_both_bounds)
{
	__u32 i, pasid, end = self->end - 1;

	for (i = 1; i <= end; i++)
		test_alloc_local(self->fd, self->device[0], i, i, &pasid);
	test_free_local(self->fd, self->device[0], 2, 3);
	EXPECT_EQ(end - 2, pasid_used(self->fd));
	test_err_free_local(ENOENT, self->fd, self->device[0], 2, 3);
	test_free_local(self->fd, self->device[0], 4, end - 1);
	EXPECT_EQ(2, pasid_used(self->fd));
	test_free_local(self->fd, self->device[0], 1, 1);
	test_free_local(self->fd, self->device[0], end, UINT_MAX);
	EXPECT_EQ(0, pasid_used(self->fd));
}

TEST_F(local, allocation_may_name_the_guest_pasid)
{
	__u32 pasid, other;

	test_alloc_local_guest(self->fd, self->device[0], 101, &pasid);
	EXPECT_GT(self->end, pasid);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 101));
	/* Guest PASIDs are those of the VM, not of the device. */
	test_err_alloc_local_guest(EEXIST, self->c[1].fd, self->device[1], 101);
	test_err_alloc_guest(EEXIST, self->fd, 101);
	EXPECT_EQ(1, pasid_used(self->fd));
	test_alloc_local(self->c[1].fd, self->device[1], pasid, pasid, &other);
	test_free_local(self->c[1].fd, self->device[1], 0, UINT_MAX);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 101));
	test_free_local(self->fd, self->device[0], pasid, pasid);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
}

/* The answer cannot be written: neither the PASID nor its binding was made. */
TEST_F(local, answer_that_does_not_arrive_leaves_nothing)
{
	struct vfio_iommu_alloc_pasid *arg;
	__u32 pasid;

	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct vfio_iommu_alloc_pasid) {
		.argsz = sizeof(*arg),
		.flags = VFIO_PASID_LOCAL | VFIO_PASID_GUEST,
		.min = 5,
		.max = 5,
		.device = self->device[0],
		.guest = 101,
	};
	test_alloc_local(self->c[1].fd, self->device[1], 5, 5, &pasid);
	ASSERT_EQ(0, mprotect(arg, 4096, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, arg));
	EXPECT_EQ(1, pasid_used(self->fd));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	test_alloc_local(self->fd, self->device[0], 5, 5, &pasid);
}

TEST_F(local, bind_wants_the_right_device)
{
	__u32 pasid;

	test_alloc_local(self->fd, self->device[0], 5, 5, &pasid);
	/* The other one has no such PASID, or is in another container. */
	test_err_bind_local(ENOENT, self->c[1].fd, self->device[1], 5, 50);
	test_err_bind_local(EINVAL, self->fd, self->device[1], 5, 50);
	test_err_bind_local(EINVAL, self->c[1].fd, self->device[0], 5, 50);
	test_err_bind_local(ENOENT, self->fd, self->device[0], 6, 50);
	test_err_bind_pasid(ENOENT, self->fd, 5, 50);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 50));
	test_bind_local(self->fd, self->device[0], 5, 50);
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

/* What is not of the device takes no room, and is not where the cursor stops. */
TEST_F(local, list_of_a_device_goes_on_with_small_buffers)
{
	struct vfio_iommu_pasid_entry all[2];
	__u32 guest, count, pasid, i, nr;

	for (i = 0; i < 24; i += 3) {
		test_alloc_guest(self->fd, i, &pasid);
		test_alloc_local_guest(self->c[1].fd, self->device[1], i + 1,
				       &pasid);
		if (i < 18)
			test_alloc_local_guest(self->fd, self->device[0], i + 2,
					       &pasid);
	}
	for (guest = 0, nr = 0, count = 2; count == 2; nr += count) {
		ASSERT_EQ(0, _test_list_local(self->fd, self->device[0], &guest,
					      &count, all));
		for (i = 0; i < count; i++) {
			EXPECT_EQ(3 * (nr + i) + 2, all[i].guest);
			EXPECT_EQ(nr + i + 1, all[i].pasid);
			EXPECT_EQ(VFIO_PASID_LOCAL, all[i].flags);
		}
	}
	EXPECT_EQ(6, nr);
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

TEST_F(local, kill_returns_what_is_local)
{
	struct peer peer;
	__u32 pasid;

	/* Containers that a VM had, and the device with one of them. */
	close(self->device[0]);
	container_close(&self->c[0]);
	ASSERT_EQ(0, peer_start(&peer));
	ASSERT_EQ(0, peer_open(&peer, 0));
	ASSERT_EQ(0, peer_alloc_local(&peer, 0, 5, &pasid));
	EXPECT_EQ(5, pasid);
	EXPECT_EQ(1, peer_used(&peer));
	peer_kill(&peer);
	ASSERT_EQ(0, container_open(&self->c[0], 0));
	self->device[0] = device_open(&self->c[0], 0);
	test_alloc_local(self->c[0].fd, self->device[0], 5, 5, &pasid);
	EXPECT_EQ(1, pasid_used(self->c[0].fd));
}

/* Two VMs, each with a device and the same numbers. */
TEST_F(local, vms_do_not_meet)
{
	__u32 theirs, pasid, available;
	struct peer peer;

	close(self->device[0]);
	self->device[0] = -1;
	container_close(&self->c[0]);
	ASSERT_EQ(0, peer_start(&peer));
	ASSERT_EQ(0, peer_open(&peer, 0));
	test_pasid_limit(self->c[1].fd, PASID_LIMIT_NONE);
	available = pasid_available(self->c[1].fd);
	ASSERT_EQ(0, peer_alloc_local(&peer, 0, 5, &theirs));
	EXPECT_EQ(available, pasid_available(self->c[1].fd));
	test_alloc_local(self->c[1].fd, self->device[1], 5, 5, &pasid);
	EXPECT_EQ(1, pasid_used(self->c[1].fd));
	EXPECT_EQ(1, peer_used(&peer));
	test_free_local(self->c[1].fd, self->device[1], 0, UINT_MAX);
	EXPECT_EQ(1, peer_used(&peer));
	peer_end(&peer);
}

/* Whoever holds the descriptors of container and device acts for their VM. */
TEST_F(local, passed_on_device_is_that_of_the_vm)
{
	struct container theirs;
	struct peer peer;
	__u32 pasid;

	close(self->device[0]);
	container_close(&self->c[0]);
	ASSERT_EQ(0, peer_start(&peer));
	ASSERT_EQ(0, peer_open(&peer, 0));
	theirs.fd = peer_give(&peer);
	theirs.group = peer_give_group(&peer);
	ASSERT_LE(0, theirs.fd);
	ASSERT_LE(0, theirs.group);
	self->device[0] = device_open(&theirs, 0);
	ASSERT_LE(0, self->device[0]);
	test_alloc_local_guest(theirs.fd, self->device[0], 101, &pasid);
	EXPECT_EQ(1, peer_used(&peer));
	EXPECT_EQ(pasid, peer_pasid_of_guest(&peer, 101));
	EXPECT_EQ(0, pasid_used(self->c[1].fd));
	/* Ours is in no container of theirs. */
	test_err_alloc_local(EINVAL, theirs.fd, self->device[1], 0, UINT_MAX);
	peer_end(&peer);
	/* The VM is gone; its group is not, as we have it. */
	EXPECT_EQ(1, pasid_used(theirs.fd));
	close(self->device[0]);
	self->device[0] = -1;
	container_close(&theirs);
}

/* -------- two devices in one container -------- */

FIXTURE(pair) {
	struct container c[2];
	int device[2];
	int fd;
};

FIXTURE_SETUP(pair)
{
	const char *why = missing(2);
	int i;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c[0], 0));
	self->fd = self->c[0].fd;
	why = no_local(self->fd);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_join(&self->c[1], &self->c[0], 1));
	for (i = 0; i < 2; i++) {
		self->device[i] = device_open(&self->c[i], i);
		ASSERT_LE(0, self->device[i]);
	}
}

FIXTURE_TEARDOWN(pair)
{
	int i;

	for (i = 0; i < 2; i++) {
		close(self->device[i]);
		container_close(&self->c[i]);
	}
}

TEST_F(pair, same_number_is_two_pasids)
{
	__u32 pasid;

	test_alloc_local(self->fd, self->device[0], 5, 5, &pasid);
	test_alloc_local(self->fd, self->device[1], 5, 5, &pasid);
	EXPECT_EQ(2, pasid_used(self->fd));
	test_bind_local(self->fd, self->device[0], 5, 50);
	test_bind_local(self->fd, self->device[1], 5, 51);
	test_free_local(self->fd, self->device[0], 0, UINT_MAX);
	EXPECT_EQ(1, pasid_used(self->fd));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 50));
	EXPECT_EQ(5, pasid_of_guest(self->fd, 51));
}

/* The container stays, so only what is local to the one device goes. */
TEST_F(pair, group_takes_its_own_with_it)
{
	__u32 pasid;

	test_alloc_local_guest(self->fd, self->device[0], 50, &pasid);
	test_alloc_local_guest(self->fd, self->device[1], 51, &pasid);
	test_alloc_local(self->fd, self->device[1], 7, 7, &pasid);
	test_alloc_guest(self->fd, 52, &pasid);
	close(self->device[1]);
	self->device[1] = -1;
	container_close(&self->c[1]);
	EXPECT_EQ(2, pasid_used(self->fd));
	EXPECT_NE(0, pasid_of_guest(self->fd, 50));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 51));
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 52));

	ASSERT_EQ(0, container_join(&self->c[1], &self->c[0], 1));
	self->device[1] = device_open(&self->c[1], 1);
	test_err_free_local(ENOENT, self->fd, self->device[1], 0, UINT_MAX);
	test_alloc_local(self->fd, self->device[1], 7, 7, &pasid);
}

TEST_F(pair, group_that_is_taken_out_takes_its_own_with_it)
{
	__u32 pasid;

	test_alloc_local(self->fd, self->device[0], 5, 5, &pasid);
	test_alloc_local(self->fd, self->device[1], 5, 5, &pasid);
	/* Not while a device of it is open. */
	EXPECT_ERRNO(EBUSY, ioctl(self->c[1].group, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT_EQ(2, pasid_used(self->fd));
	close(self->device[1]);
	self->device[1] = -1;
	EXPECT_EQ(2, pasid_used(self->fd));
	ASSERT_EQ(0, ioctl(self->c[1].group, VFIO_GROUP_UNSET_CONTAINER));
	EXPECT_EQ(1, pasid_used(self->fd));
}

/* -------- devices that leave while others look -------- */

#define RACE_NS		1000000000ULL	/* or longer, until both sides had turns: */
#define RACE_MAX_NS	(60 * RACE_NS)

struct race {
	int fd;
	/* The device that comes and goes, as far as it is there. */
	int device;
	bool stop;
	unsigned int made;
};

static void *race_alloc(void *arg)
{
	struct race *race = arg;
	__u32 pasid, guest = 0;

	while (!load_shared(race->stop)) {
		int device = load_shared(race->device);

		if (device < 0)
			continue;
		guest = (guest + 1) % 256;
		if (!_test_alloc_local_guest(race->fd, device, guest, &pasid))
			store_shared(race->made, race->made + 1);
		_test_free_local(race->fd, device, 1, 1);
		_test_bind_local(race->fd, device, 2, guest + 256);
	}
	return NULL;
}

static void *race_list(void *arg)
{
	struct vfio_iommu_pasid_entry all[16];
	struct race *race = arg;
	__u32 guest, count;

	while (!load_shared(race->stop)) {
		for (guest = 0, count = 16; count == 16;)
			if (_test_list_pasids(race->fd, &guest, &count, all))
				break;
		guest = 0;
		count = 16;
		_test_list_local(race->fd, load_shared(race->device), &guest,
				 &count, all);
	}
	return NULL;
}

TEST_F_TIMEOUT(pair, device_that_leaves_leaves_nothing, 120)
{
	struct race race = { .fd = self->fd, .device = self->device[1] };
	__u64 start = now_ns();
	pthread_t thread[2];
	unsigned int rounds = 0;
	__u32 keep, pasid;

	test_alloc_guest(self->fd, 1000, &pasid);
	test_alloc_local_guest(self->fd, self->device[0], 1001, &keep);
	ASSERT_EQ(0, pthread_create(&thread[0], NULL, race_alloc, &race));
	ASSERT_EQ(0, pthread_create(&thread[1], NULL, race_list, &race));
	while (now_ns() < start + RACE_NS ||
	       (load_shared(race.made) <= rounds && now_ns() < start + RACE_MAX_NS)) {
		usleep(5000);
		store_shared(race.device, -1);
		close(self->device[1]);
		self->device[1] = -1;
		container_close(&self->c[1]);
		/* A call that had the device a moment ago keeps its group. */
		ASSERT_TRUE(wait_until(pasid_used(self->fd) == 2));
		ASSERT_EQ(0, container_join(&self->c[1], &self->c[0], 1));
		self->device[1] = device_open(&self->c[1], 1);
		ASSERT_LE(0, self->device[1]);
		store_shared(race.device, self->device[1]);
		rounds++;
	}
	store_shared(race.stop, true);
	pthread_join(thread[0], NULL);
	pthread_join(thread[1], NULL);
	ksft_print_msg("%u rounds, %u PASIDs\n", rounds, race.made);
	EXPECT_LT(rounds, race.made);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 1000));
	EXPECT_EQ(keep, pasid_of_guest(self->fd, 1001));
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
	if (info.shared_min > 1)
		SKIP(return, "this system was booted with ioasid.local=");
}

FIXTURE_TEARDOWN(no_local)
{
	close(self->device);
	container_close(&self->c);
}

TEST_F(no_local, there_are_no_local_ones)
{
	struct vfio_iommu_pasid_entry entry;
	__u32 guest = 0, count, pasid;

	EXPECT_EQ(1, pasid_shared_min(self->c.fd));
	test_err_alloc_local(ENOSPC, self->c.fd, self->device, 0, UINT_MAX);
	test_err_alloc_local_guest(ENOSPC, self->c.fd, self->device, 101);
	EXPECT_EQ(0, pasid_used(self->c.fd));
	EXPECT_EQ(0, pasid_of_guest(self->c.fd, 101));
	test_err_bind_local(ENOENT, self->c.fd, self->device, 1, 101);
	test_err_free_local(ENOENT, self->c.fd, self->device, 0, UINT_MAX);
	test_alloc_guest(self->c.fd, 1, &pasid);
	count = 1;
	ASSERT_EQ(0, _test_list_local(self->c.fd, self->device, &guest, &count,
				      &entry));
	EXPECT_EQ(0, count);
	/* Nor is the shared one with that number one of the device. */
	test_free_pasid(self->c.fd, pasid, pasid);
	test_alloc_pasid(self->c.fd, 1, 1, &pasid);
	test_err_bind_local(ENOENT, self->c.fd, self->device, 1, 101);
	test_err_free_local(ENOENT, self->c.fd, self->device, 1, 1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
