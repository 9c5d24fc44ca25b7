// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PASIDs of one VFIO container: how they are found, allocated and freed.
 */
#include <fcntl.h>

#include "../kselftest_harness.h"
#include "ioasid_peer.h"

/* What the machine is said to have, for who knows; else unset. */
#define CAPACITY_ENV	"IOASID_CAPACITY"
/* The ioasid.local= that it was booted with; the default is 1, for none. */
#define LOCAL_ENV	"IOASID_LOCAL"

/* -------- one container -------- */

FIXTURE(pasid) {
	struct container c;
	int fd;
};

FIXTURE_SETUP(pasid)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
}

FIXTURE_TEARDOWN(pasid)
{
	container_close(&self->c);
}

TEST_F(pasid, extension_is_there_before_and_after_set_iommu)
{
	int fd = open("/dev/vfio/vfio", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_EQ(1, ioctl(fd, VFIO_CHECK_EXTENSION, VFIO_PASID));
	EXPECT_EQ(1, ioctl(self->fd, VFIO_CHECK_EXTENSION, VFIO_PASID));
	close(fd);
}

TEST_F(pasid, capability_is_well_formed)
{
	struct vfio_iommu_type1_info *info = get_info(self->fd);
	struct vfio_iommu_type1_info_cap_pasid *cap;
	__u32 at;

	ASSERT_NE(NULL, info);
	cap = (void *)find_cap(info, VFIO_IOMMU_TYPE1_INFO_CAP_PASID);
	ASSERT_NE(NULL, cap);
	at = (char *)cap - (char *)info;
	EXPECT_EQ(0, at % 8);
	ASSERT_LE(at + sizeof(*cap), info->argsz);
	EXPECT_EQ(0, sizeof(*cap) % 8);
	EXPECT_EQ(1, cap->header.version);
	EXPECT_EQ(0, cap->flags);
	EXPECT_LE(1, cap->pasid_bits);
	EXPECT_GE(20, cap->pasid_bits);
	EXPECT_EQ(0, cap->reserved);
	/* The next one does not begin inside of it. */
	if (cap->header.next > at)
		EXPECT_LE(at + sizeof(*cap), cap->header.next);
	free(info);
}

TEST_F(pasid, older_capabilities_are_still_there)
{
	struct vfio_iommu_type1_info *info = get_info(self->fd);

	ASSERT_NE(NULL, info);
	EXPECT_TRUE(info->flags & VFIO_IOMMU_INFO_PGSIZES);
	EXPECT_NE(0, info->iova_pgsizes);
	EXPECT_NE(NULL, find_cap(info,
				 VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE));
	EXPECT_NE(NULL, find_cap(info, VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION));
	EXPECT_NE(NULL, find_cap(info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL));
	free(info);
}

/* Programs that are older than capabilities, and those that ask for the size. */
TEST_F(pasid, get_info_with_small_argsz_works_as_before)
{
	struct {
		struct vfio_iommu_type1_info info;
		__u8 canary[64];
	} buf = {};
	size_t old = offsetof(struct vfio_iommu_type1_info, cap_offset);
	size_t i;

	buf.info.argsz = old;
	ASSERT_EQ(0, ioctl(self->fd, VFIO_IOMMU_GET_INFO, &buf));
	EXPECT_NE(0, buf.info.iova_pgsizes);
	EXPECT_EQ(0, buf.info.cap_offset);

	buf.info.argsz = sizeof(buf.info);
	ASSERT_EQ(0, ioctl(self->fd, VFIO_IOMMU_GET_INFO, &buf));
	EXPECT_EQ(0, buf.info.cap_offset);
	EXPECT_LE(sizeof(buf.info) +
		  sizeof(struct vfio_iommu_type1_info_cap_pasid),
		  buf.info.argsz);
	for (i = 0; i < sizeof(buf.canary); i++)
		EXPECT_EQ(0, buf.canary[i]);

	buf.info.argsz = old - 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_GET_INFO, &buf));
}

TEST_F(pasid, numbers_before_first_use_are_the_default)
{
	struct pasid_info info;
	__u32 quota;

	ASSERT_EQ(0, pasid_quota_param(&quota));
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(quota, info.limit);
	EXPECT_EQ(0, info.used);
	EXPECT_EQ(0, info.guarantee);
	EXPECT_LT(0, info.available);
	EXPECT_GE(quota, info.available);
	EXPECT_GE((1U << info.bits) - 1, info.available);
}

TEST_F(pasid, numbers_follow_allocation_and_free)
{
	struct pasid_info info;
	__u32 available = pasid_available(self->fd);
	__u32 pasid, i;

	for (i = 1; i <= 3; i++) {
		test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
		test_pasid_info(self->fd, &info);
		EXPECT_EQ(i, info.used);
		EXPECT_EQ(available - i, info.available);
	}
	test_free_pasid(self->fd, pasid, pasid);
	EXPECT_EQ(2, pasid_used(self->fd));
	EXPECT_EQ(available - 2, pasid_available(self->fd));
	test_free_pasid(self->fd, 0, UINT_MAX);
	EXPECT_EQ(0, pasid_used(self->fd));
	EXPECT_EQ(available, pasid_available(self->fd));
}

TEST_F(pasid, type1_without_v2_has_them_too)
{
	__u32 pasid;

	container_close(&self->c);
	ASSERT_EQ(0, container_open_type(&self->c, 0, VFIO_TYPE1_IOMMU));
	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	EXPECT_EQ(1, pasid_used(self->c.fd));
}

/* For the machines of which the one who runs this knows what they have. */
TEST_F(pasid, capacity_is_what_the_machine_has)
{
	const char *text = getenv(CAPACITY_ENV);
	struct pasid_info info;
	__u32 capacity;

	if (!text)
		SKIP(return, CAPACITY_ENV " does not say what to expect");
	capacity = strtoul(text, NULL, 0);
	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(capacity - info.shared_min, info.available);
	EXPECT_LE(capacity, 1U << info.bits);
	EXPECT_GT(capacity, 1U << (info.bits - 1));
	EXPECT_EQ(capacity - 1, highest_pasid(self->fd));
}

TEST_F(pasid, shared_ones_begin_where_the_machine_says)
{
	const char *text = getenv(LOCAL_ENV);
	__u32 low = text ? strtoul(text, NULL, 0) : 1, pasid;

	EXPECT_EQ(low, pasid_shared_min(self->fd));
	test_err_alloc_pasid(ENOSPC, self->fd, 0, low - 1);
	test_alloc_pasid(self->fd, 0, low, &pasid);
	EXPECT_EQ(low, pasid);
}

/* -------- allocation -------- */

TEST_F(pasid, number_lies_in_the_range)
{
	__u32 high = highest_pasid(self->fd), low, pasid;

	ASSERT_LT(16, high);
	for (low = pasid_shared_min(self->fd); low + 7 <= high;
	     low += high / 16) {
		test_alloc_pasid(self->fd, low, low + 7, &pasid);
		EXPECT_LE(low, pasid);
		EXPECT_GE(low + 7, pasid);
	}
	test_alloc_pasid(self->fd, high, UINT_MAX, &pasid);
	EXPECT_EQ(high, pasid);
}

TEST_F(pasid, number_is_never_0)
{
	__u32 pasid, i;

	test_err_alloc_pasid(ENOSPC, self->fd, 0, 0);
	for (i = 0; i < 20; i++) {
		test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
		EXPECT_NE(0, pasid);
	}
	test_err_free_pasid(ENOENT, self->fd, 0, 0);
}

TEST_F(pasid, one_number_is_given_once)
{
	__u32 n = highest_pasid(self->fd), pasid;

	test_alloc_pasid(self->fd, n, n, &pasid);
	EXPECT_EQ(n, pasid);
	test_err_alloc_pasid(ENOSPC, self->fd, n, n);
	EXPECT_EQ(1, pasid_used(self->fd));
	test_free_pasid(self->fd, n, n);
	test_alloc_pasid(self->fd, n, n, &pasid);
	EXPECT_EQ(n, pasid);
}

TEST_F(pasid, range_is_filled_to_the_last_number)
{
	__u32 low = highest_pasid(self->fd) - 31, pasid, i;
	__u32 seen = 0;

	for (i = 0; i < 32; i++) {
		test_alloc_pasid(self->fd, low, low + 31, &pasid);
		ASSERT_GT(32, pasid - low);
		EXPECT_FALSE(seen & 1U << (pasid - low));
		seen |= 1U << (pasid - low);
	}
	test_err_alloc_pasid(ENOSPC, self->fd, low, low + 31);
	EXPECT_EQ(32, pasid_used(self->fd));
}

TEST_F(pasid, range_beyond_the_capacity_has_no_number)
{
	struct pasid_info info;

	test_pasid_info(self->fd, &info);
	test_err_alloc_pasid(ENOSPC, self->fd, 1U << info.bits, UINT_MAX);
	test_err_alloc_pasid(ENOSPC, self->fd, UINT_MAX, UINT_MAX);
	test_err_alloc_pasid(ENOSPC, self->fd, 1U << 20, 1U << 20);
	EXPECT_EQ(0, pasid_used(self->fd));
}

TEST_F(pasid, range_upside_down_is_refused)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_err_alloc_pasid(EINVAL, self->fd, 2, 1);
	test_err_alloc_pasid(EINVAL, self->fd, UINT_MAX, 0);
	test_err_free_pasid(EINVAL, self->fd, 2, 1);
	test_err_free_pasid(EINVAL, self->fd, UINT_MAX, 0);
	EXPECT_EQ(1, pasid_used(self->fd));
}

TEST_F(pasid, reserved_field_is_refused)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.max = UINT_MAX,
	};
	int bit;

	for (bit = 0; bit < 32; bit++) {
		arg.reserved = 1U << bit;
		EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID,
					   &arg));
	}
	EXPECT_EQ(0, pasid_used(self->fd));
	arg.reserved = 0;
	EXPECT_EQ(0, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, &arg));
}

/* -------- freeing -------- */

TEST_F(pasid, second_free_finds_nothing)
{
	__u32 pasid, other;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &other);
	test_free_pasid(self->fd, pasid, pasid);
	test_err_free_pasid(ENOENT, self->fd, pasid, pasid);
	EXPECT_EQ(1, pasid_used(self->fd));
	test_free_pasid(self->fd, other, other);
}

TEST_F(pasid, free_of_nothing_finds_nothing)
{
	test_err_free_pasid(ENOENT, self->fd, 0, UINT_MAX);
	test_err_free_pasid(ENOENT, self->fd, 1, 1);
	test_err_free_pasid(ENOENT, self->fd, UINT_MAX, UINT_MAX);
}

/* Few numbers are asked for, so the kernel may go by number. */
TEST_F(pasid, narrow_free_ends_exactly_what_is_inside)
{
	__u32 low = highest_pasid(self->fd) - 31, pasid, i;

	for (i = 0; i < 32; i++)
		test_alloc_pasid(self->fd, low + i, low + i, &pasid);
	test_free_pasid(self->fd, low + 8, low + 15);
	EXPECT_EQ(24, pasid_used(self->fd));
	for (i = 0; i < 32; i++) {
		int ret = _test_alloc_pasid(self->fd, low + i, low + i, &pasid);

		EXPECT_EQ(i / 8 == 1 ? 0 : -1, ret);
	}
}

/* Few PASIDs exist in a wide range, so the kernel may go by what exists. */
TEST_F(pasid, wide_free_ends_exactly_what_is_inside)
{
	__u32 high = highest_pasid(self->fd), middle = high / 2, pasid, i;
	__u32 low = pasid_shared_min(self->fd), nr = min_u32(100, middle / 2);

	ASSERT_LT(low + nr, middle);
	for (i = 0; i < nr; i++) {
		test_alloc_pasid(self->fd, low + i, low + i, &pasid);
		test_alloc_pasid(self->fd, high - i, high - i, &pasid);
	}
	test_free_pasid(self->fd, middle, UINT_MAX);
	EXPECT_EQ(nr, pasid_used(self->fd));
	test_err_free_pasid(ENOENT, self->fd, middle, UINT_MAX);
	for (i = 0; i < nr; i++)
		test_free_pasid(self->fd, low + i, low + i);
	EXPECT_EQ(0, pasid_used(self->fd));
}

/* The bounds are part of the range, at either way that the kernel may go. */
TEST_F(pasid, free_includes_both_bounds)
{
	__u32 high = highest_pasid(self->fd), low = pasid_shared_min(self->fd);
	__u32 pasid;

	test_alloc_pasid(self->fd, low, low, &pasid);
	test_alloc_pasid(self->fd, high, high, &pasid);
	test_err_free_pasid(ENOENT, self->fd, low + 1, high - 1);
	test_free_pasid(self->fd, low, high - 1);
	EXPECT_EQ(1, pasid_used(self->fd));
	test_free_pasid(self->fd, low + 1, high);
	EXPECT_EQ(0, pasid_used(self->fd));
}

static __u64 time_free_all(int fd)
{
	__u64 start = now_ns(), spent;

	_test_free_pasid(fd, 0, UINT_MAX);
	spent = now_ns() - start;
	return spent;
}

/*
 * Even one look at each of the numbers of the system would take longer. The best
 * of several tries is the one that nothing disturbed.
 */
#define QUICK_NS	20000000

TEST_F(pasid, free_of_everything_takes_no_time_if_there_is_little)
{
	__u64 best_one = UINT64_MAX, best_none = UINT64_MAX, spent;
	__u32 pasid, i;

	for (i = 0; i < 5; i++) {
		test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
		spent = time_free_all(self->fd);
		best_one = spent < best_one ? spent : best_one;
		ASSERT_EQ(0, pasid_used(self->fd));
		spent = time_free_all(self->fd);
		best_none = spent < best_none ? spent : best_none;
	}
	ksft_print_msg("one PASID %llu us, none %llu us\n", best_one / 1000,
		       best_none / 1000);
	EXPECT_GT(QUICK_NS, best_one);
	EXPECT_GT(QUICK_NS, best_none);
}

/* A cost per PASID is fine, one that grows with how many there are is not. */
TEST_F(pasid, free_of_thousands_costs_in_proportion)
{
	__u64 few, many;
	__u32 nr;

	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	nr = min_u32(4096, pasid_available(self->fd));
	if (nr < 4096)
		SKIP(return, "%u PASIDs are too few to tell", nr);
	ASSERT_EQ(nr / 16, alloc_pasids(self->fd, nr / 16));
	few = time_free_all(self->fd);
	ASSERT_EQ(nr, alloc_pasids(self->fd, nr));
	many = time_free_all(self->fd);
	EXPECT_EQ(0, pasid_used(self->fd));
	ksft_print_msg("%u PASIDs %llu us, %u PASIDs %llu us\n", nr / 16,
		       few / 1000, nr, many / 1000);
	/* 16 times, and ten times that for noise; a square would be 256. */
	EXPECT_GT(16 * 10 * few + QUICK_NS / 10, many);
}

TEST_F(pasid, foreign_number_is_neither_freed_nor_noticed)
{
	const char *why = missing(2);
	struct peer peer;
	__u32 pasid;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start(&peer));
	ASSERT_EQ(0, peer_open(&peer, 1));
	ASSERT_EQ(0, peer_alloc(&peer, 0, UINT_MAX, &pasid));

	test_err_free_pasid(ENOENT, self->fd, pasid, pasid);
	test_err_free_pasid(ENOENT, self->fd, 0, UINT_MAX);
	EXPECT_EQ(1, peer_used(&peer));
	/* As if somebody had it: that it is taken is all there is to learn. */
	test_err_alloc_pasid(ENOSPC, self->fd, pasid, pasid);
	EXPECT_EQ(0, peer_free(&peer, pasid, pasid));
	test_alloc_pasid(self->fd, pasid, pasid, &pasid);
	peer_end(&peer);
}

/* -------- a system without PASIDs -------- */

FIXTURE(no_pasids) {
	struct container c;
	int fd;
};

FIXTURE_SETUP(no_pasids)
{
	const char *why = missing(1);

	if (!why)
		SKIP(return, "the system has PASIDs");
	if (nr_devices() < 1)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
}

FIXTURE_TEARDOWN(no_pasids)
{
	container_close(&self->c);
}

TEST_F(no_pasids, extension_and_capability_are_absent)
{
	struct vfio_iommu_type1_info *info = get_info(self->fd);

	EXPECT_EQ(0, ioctl(self->fd, VFIO_CHECK_EXTENSION, VFIO_PASID));
	ASSERT_NE(NULL, info);
	EXPECT_EQ(NULL, find_cap(info, VFIO_IOMMU_TYPE1_INFO_CAP_PASID));
	EXPECT_NE(NULL, find_cap(info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL));
	free(info);
}

TEST_F(no_pasids, calls_say_so)
{
	struct vfio_iommu_pasid_entry entry;
	__u32 guest = 0, count = 1;

	test_err_alloc_pasid(EOPNOTSUPP, self->fd, 0, UINT_MAX);
	test_err_alloc_pasid(EOPNOTSUPP, self->fd, 1, 1);
	test_err_free_pasid(EOPNOTSUPP, self->fd, 0, UINT_MAX);
	test_err_pasid_limit(EOPNOTSUPP, self->fd, 1);
	test_err_pasid_guarantee(EOPNOTSUPP, self->fd, 0);
	test_err_alloc_guest(EOPNOTSUPP, self->fd, 1);
	test_err_bind_pasid(EOPNOTSUPP, self->fd, 1, 1);
	test_err_unbind_pasid(EOPNOTSUPP, self->fd, 1);
	EXPECT_ERRNO(EOPNOTSUPP, _test_list_pasids(self->fd, &guest, &count,
						   &entry));
}

TEST_F(no_pasids, local_ones_are_none_either)
{
	struct vfio_iommu_pasid_entry entry;
	int device = device_open(&self->c, 0);
	__u32 guest = 0, count = 1;

	ASSERT_LE(0, device);
	test_err_alloc_local(EOPNOTSUPP, self->fd, device, 0, UINT_MAX);
	test_err_alloc_local_guest(EOPNOTSUPP, self->fd, device, 1);
	test_err_free_local(EOPNOTSUPP, self->fd, device, 0, UINT_MAX);
	test_err_bind_local(EOPNOTSUPP, self->fd, device, 1, 1);
	EXPECT_ERRNO(EOPNOTSUPP, _test_list_local(self->fd, device, &guest,
						  &count, &entry));
	close(device);
}

/* There is nothing to do wrong with what is not there. */
TEST_F(no_pasids, malformed_calls_say_so_too)
{
	EXPECT_ERRNO(EOPNOTSUPP, _test_pasid_quota(self->fd, 1U << 31, 0, 0));
	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, NULL));
	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->fd, VFIO_IOMMU_BIND_PASID, NULL));
	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->fd, VFIO_IOMMU_UNBIND_PASID, NULL));
	EXPECT_ERRNO(EOPNOTSUPP,
		     ioctl(self->fd, VFIO_IOMMU_LIST_PASIDS, NULL));
}

/* Nobody needs to be told that there is nothing, from boot on. */
TEST_F(no_pasids, nothing_is_logged)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (kmsg < 0)
		SKIP(return, "/dev/kmsg cannot be read");
	test_err_alloc_pasid(EOPNOTSUPP, self->fd, 0, UINT_MAX);
	EXPECT_FALSE(kmsg_about_pasids(kmsg));
	close(kmsg);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
