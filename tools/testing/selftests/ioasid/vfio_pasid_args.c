// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arguments of the PASID calls: every one that is wrong is refused, with the
 * errno that the manual says and with nothing changed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "ioasid_utils.h"

union request {
	struct vfio_iommu_alloc_pasid alloc;
	struct vfio_iommu_free_pasid free;
	struct vfio_iommu_bind_pasid bind;
	struct vfio_iommu_unbind_pasid unbind;
	struct vfio_iommu_pasid_quota quota;
	struct vfio_iommu_list_pasids list;
	__u32 word[8];
	__u8 byte[8192];
};

#define WORD(type, field) (offsetof(struct type, field) / sizeof(__u32))

/* The guest PASID that is bound, or is to be. */
#define GUEST	77
#define GUEST_END	0x100000

/* Where a list goes. */
static struct vfio_iommu_pasid_entry entry;

/* -------- what programs were compiled with -------- */

#define EXPECT_LAYOUT(type, last, at, size)                    \
	do {                                                   \
		EXPECT_EQ(at, offsetof(struct type, last));    \
		EXPECT_EQ(size, sizeof(struct type));          \
	} while (0)

TEST(layout_is_for_ever)
{
	EXPECT_LAYOUT(vfio_iommu_alloc_pasid, pasid, 24, 32);
	EXPECT_LAYOUT(vfio_iommu_free_pasid, device, 16, 24);
	EXPECT_LAYOUT(vfio_iommu_bind_pasid, device, 16, 24);
	EXPECT_LAYOUT(vfio_iommu_unbind_pasid, guest, 8, 16);
	EXPECT_LAYOUT(vfio_iommu_pasid_quota, limit, 12, 16);
	EXPECT_LAYOUT(vfio_iommu_list_pasids, entries, 24, 32);
	EXPECT_LAYOUT(vfio_iommu_pasid_entry, flags, 8, 16);
	EXPECT_LAYOUT(vfio_iommu_type1_info_cap_pasid, shared_min, 32, 40);
}

TEST(numbers_are_for_ever)
{
	EXPECT_EQ(_IO(';', 122), VFIO_IOMMU_ALLOC_PASID);
	EXPECT_EQ(_IO(';', 123), VFIO_IOMMU_FREE_PASID);
	EXPECT_EQ(_IO(';', 124), VFIO_IOMMU_BIND_PASID);
	EXPECT_EQ(_IO(';', 125), VFIO_IOMMU_UNBIND_PASID);
	EXPECT_EQ(_IO(';', 126), VFIO_IOMMU_SET_PASID_QUOTA);
	EXPECT_EQ(_IO(';', 127), VFIO_IOMMU_LIST_PASIDS);
	EXPECT_EQ(11, VFIO_PASID);
	EXPECT_EQ(4, VFIO_IOMMU_TYPE1_INFO_CAP_PASID);
}

/* -------- what all calls have in common -------- */

FIXTURE(call) {
	struct container c;
	union request *good;
	__u32 used;
	__u32 bound;
};

FIXTURE_VARIANT(call) {
	unsigned int nr;
	__u32 size;
	__u32 known_flags;
	/* Which word of the structure that is, if it has such a field. */
	__u32 device;
	__u32 guest;
	__u32 reserved;
	bool answers;
};

FIXTURE_VARIANT_ADD(call, alloc) {
	.nr = VFIO_IOMMU_ALLOC_PASID,
	.size = sizeof(struct vfio_iommu_alloc_pasid),
	.known_flags = VFIO_PASID_LOCAL | VFIO_PASID_GUEST,
	.device = WORD(vfio_iommu_alloc_pasid, device),
	.guest = WORD(vfio_iommu_alloc_pasid, guest),
	.reserved = WORD(vfio_iommu_alloc_pasid, reserved),
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, free) {
	.nr = VFIO_IOMMU_FREE_PASID,
	.size = sizeof(struct vfio_iommu_free_pasid),
	.known_flags = VFIO_PASID_LOCAL,
	.device = WORD(vfio_iommu_free_pasid, device),
	.reserved = WORD(vfio_iommu_free_pasid, reserved),
};

FIXTURE_VARIANT_ADD(call, bind) {
	.nr = VFIO_IOMMU_BIND_PASID,
	.size = sizeof(struct vfio_iommu_bind_pasid),
	.known_flags = VFIO_PASID_LOCAL,
	.device = WORD(vfio_iommu_bind_pasid, device),
	.guest = WORD(vfio_iommu_bind_pasid, guest),
	.reserved = WORD(vfio_iommu_bind_pasid, reserved),
};

FIXTURE_VARIANT_ADD(call, unbind) {
	.nr = VFIO_IOMMU_UNBIND_PASID,
	.size = sizeof(struct vfio_iommu_unbind_pasid),
	.guest = WORD(vfio_iommu_unbind_pasid, guest),
	.reserved = WORD(vfio_iommu_unbind_pasid, reserved),
};

FIXTURE_VARIANT_ADD(call, list) {
	.nr = VFIO_IOMMU_LIST_PASIDS,
	.size = sizeof(struct vfio_iommu_list_pasids),
	.known_flags = VFIO_PASID_LOCAL,
	.device = WORD(vfio_iommu_list_pasids, device),
	.reserved = WORD(vfio_iommu_list_pasids, reserved),
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, quota) {
	.nr = VFIO_IOMMU_SET_PASID_QUOTA,
	.size = sizeof(struct vfio_iommu_pasid_quota),
	.known_flags = VFIO_PASID_QUOTA_GUARANTEE | VFIO_PASID_QUOTA_LIMIT,
};

/* A request that passes, and passes again, if nothing is wrong with it. */
static void make_good(union request *req, unsigned int nr, __u32 size, int fd)
{
	struct pasid_info info;
	__u32 pasid;

	memset(req, 0, sizeof(*req));
	req->word[0] = size;
	switch (nr) {
	case VFIO_IOMMU_ALLOC_PASID:
		req->alloc.max = UINT_MAX;
		break;
	case VFIO_IOMMU_FREE_PASID:
		_test_alloc_pasid(fd, 0, UINT_MAX, &pasid);
		req->free.min = pasid;
		req->free.max = pasid;
		break;
	case VFIO_IOMMU_BIND_PASID:
		_test_unbind_pasid(fd, GUEST);
		_test_alloc_pasid(fd, 0, UINT_MAX, &pasid);
		req->bind.pasid = pasid;
		req->bind.guest = GUEST;
		break;
	case VFIO_IOMMU_UNBIND_PASID:
		_test_unbind_pasid(fd, GUEST);
		_test_alloc_guest(fd, GUEST, &pasid);
		req->unbind.guest = GUEST;
		break;
	case VFIO_IOMMU_LIST_PASIDS:
		_test_alloc_guest(fd, GUEST, &pasid);
		req->list.count = 1;
		req->list.entries = (uintptr_t)&entry;
		break;
	case VFIO_IOMMU_SET_PASID_QUOTA:
		_test_pasid_info(fd, &info);
		req->quota.flags = VFIO_PASID_QUOTA_LIMIT;
		req->quota.limit = info.limit;
		break;
	}
}

FIXTURE_SETUP(call)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	/* Two pages; the one after them is not there. */
	self->good = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->good);
	ASSERT_EQ(0, munmap((char *)self->good + 8192, 4096));
	make_good(self->good, variant->nr, variant->size, self->c.fd);
	self->used = pasid_used(self->c.fd);
	self->bound = pasid_of_guest(self->c.fd, GUEST);
}

FIXTURE_TEARDOWN(call)
{
	container_close(&self->c);
}

/* Whatever is wrong, the set is as it was. */
#define test_err_call(_errno, arg)                                          \
	do {                                                                \
		EXPECT_ERRNO(_errno, ioctl(self->c.fd, variant->nr, arg));  \
		EXPECT_EQ(self->used, pasid_used(self->c.fd));              \
		EXPECT_EQ(self->bound, pasid_of_guest(self->c.fd, GUEST));  \
	} while (0)

TEST_F(call, good_one_passes)
{
	EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, self->good));
}

TEST_F(call, argsz_too_short_is_refused)
{
	__u32 argsz;

	for (argsz = 0; argsz < variant->size; argsz++) {
		self->good->word[0] = argsz;
		test_err_call(EINVAL, self->good);
	}
}

TEST_F(call, argsz_too_long_is_refused)
{
	static const __u32 sizes[] = { 4097, 8192, 0x7fffffff, 0x80000000,
				       0xffffffff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->good->word[0] = sizes[i];
		test_err_call(EINVAL, self->good);
	}
}

TEST_F(call, tail_of_zeros_passes)
{
	static const __u32 more[] = { 1, 4, 8, 1000 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(more); i++) {
		make_good(self->good, variant->nr, variant->size, self->c.fd);
		self->good->word[0] = variant->size + more[i];
		EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, self->good));
	}
	make_good(self->good, variant->nr, 4096, self->c.fd);
	EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, self->good));
	/* What is behind the tail is nobody's business. */
	make_good(self->good, variant->nr, variant->size, self->c.fd);
	self->good->byte[variant->size] = 1;
	EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, self->good));
}

TEST_F(call, tail_with_a_bit_set_is_refused)
{
	static const __u32 at[] = { 0, 3, 7, 63, 500 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		self->good->word[0] = variant->size + at[i] + 1;
		self->good->byte[variant->size + at[i]] = 0x80;
		test_err_call(EINVAL, self->good);
		self->good->byte[variant->size + at[i]] = 0;
	}
	self->good->word[0] = 4096;
	self->good->byte[4095] = 1;
	test_err_call(EINVAL, self->good);
}

TEST_F(call, unknown_flag_is_refused)
{
	__u32 flags = self->good->word[1];
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->known_flags & 1U << bit)
			continue;
		self->good->word[1] = flags | 1U << bit;
		test_err_call(EINVAL, self->good);
		self->good->word[1] = 1U << bit;
		test_err_call(EINVAL, self->good);
	}
}

TEST_F(call, pointer_to_nowhere_is_a_fault)
{
	test_err_call(EFAULT, NULL);
	test_err_call(EFAULT, (void *)8);
	test_err_call(EFAULT, (char *)self->good + 8192);
	/* The kernel's half, its edges, and what is no address at all. */
	test_err_call(EFAULT, (void *)(1UL << 63));
	test_err_call(EFAULT, (void *)0xffffffff81000000UL);
	test_err_call(EFAULT, (void *)-4096L);
	test_err_call(EFAULT, (void *)-4L);
	test_err_call(EFAULT, (void *)0x0000800000000000UL);
}

/* A structure of which all but the last bytes can be read. */
TEST_F(call, pointer_across_the_end_of_memory_is_a_fault)
{
	__u32 there;

	for (there = 1; there < variant->size; there++) {
		char *at = (char *)self->good + 8192 - there;

		memcpy(at, self->good, there);
		test_err_call(EFAULT, at);
	}
}

TEST_F(call, tail_across_the_end_of_memory_is_a_fault)
{
	char *at = (char *)self->good + 8192 - variant->size - 8;
	__u32 argsz = variant->size + 16;

	memcpy(at, self->good, variant->size);
	memcpy(at, &argsz, sizeof(argsz));
	test_err_call(EFAULT, at);
}

TEST_F(call, structure_up_to_the_end_of_memory_passes)
{
	char *at = (char *)self->good + 8192 - variant->size;

	memcpy(at, self->good, variant->size);
	EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, at));
}

TEST_F(call, odd_address_passes)
{
	char *at = (char *)self->good + 4096 + 1;

	memcpy(at, self->good, variant->size);
	EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, at));
}

TEST_F(call, reserved_field_is_refused)
{
	__u32 bit;

	if (!variant->reserved)
		SKIP(return, "this call has no reserved field");
	for (bit = 0; bit < 32; bit++) {
		self->good->word[variant->reserved] = 1U << bit;
		test_err_call(EINVAL, self->good);
	}
}

TEST_F(call, device_without_its_flag_is_refused)
{
	if (!variant->device)
		SKIP(return, "this call names no device");
	self->good->word[variant->device] = 1;
	test_err_call(EINVAL, self->good);
	self->good->word[variant->device] = -1;
	test_err_call(EINVAL, self->good);
}

TEST_F(call, device_that_is_none_is_refused)
{
	int null = open("/dev/null", O_RDWR);

	if (!variant->device)
		SKIP(return, "this call names no device");
	ASSERT_LE(0, null);
	self->good->word[1] |= VFIO_PASID_LOCAL;
	self->good->word[variant->device] = -1;
	test_err_call(EBADF, self->good);
	self->good->word[variant->device] = 9999;
	test_err_call(EBADF, self->good);
	self->good->word[variant->device] = null;
	test_err_call(EINVAL, self->good);
	self->good->word[variant->device] = self->c.fd;
	test_err_call(EINVAL, self->good);
	self->good->word[variant->device] = self->c.group;
	test_err_call(EINVAL, self->good);
	close(null);
	/* It was opened for its name alone, and that is not open. */
	null = open("/dev/null", O_PATH);
	ASSERT_LE(0, null);
	self->good->word[variant->device] = null;
	test_err_call(EBADF, self->good);
	close(null);
}

/* What was opened by its own node is the device, and in no container. */
TEST_F(call, device_without_group_is_refused)
{
	int device = device_open_cdev(0);

	if (!variant->device)
		SKIP(return, "this call names no device");
	if (device < 0)
		SKIP(return, "VFIO devices have no nodes in this kernel");
	self->good->word[1] |= VFIO_PASID_LOCAL;
	self->good->word[variant->device] = device;
	test_err_call(EINVAL, self->good);
	close(device);
}

TEST_F(call, device_of_another_container_is_refused)
{
	struct container other;
	int device;

	if (!variant->device)
		SKIP(return, "this call names no device");
	if (missing(2))
		SKIP(return, "%s", missing(2));
	ASSERT_EQ(0, container_open(&other, 1));
	device = device_open(&other, 1);
	ASSERT_LE(0, device);
	self->good->word[1] |= VFIO_PASID_LOCAL;
	self->good->word[variant->device] = device;
	test_err_call(EINVAL, self->good);
	/* Its flag is what makes it one: without it, it must not be there. */
	self->good->word[1] &= ~VFIO_PASID_LOCAL;
	test_err_call(EINVAL, self->good);
	close(device);
	container_close(&other);
}

TEST_F(call, guest_pasid_above_20_bits_is_refused)
{
	static const __u32 guests[] = { GUEST_END, 0x7fffffff, UINT_MAX };
	size_t i;

	if (!variant->guest)
		SKIP(return, "this call names no guest PASID");
	self->good->word[1] |= variant->known_flags & VFIO_PASID_GUEST;
	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		self->good->word[variant->guest] = guests[i];
		test_err_call(EINVAL, self->good);
	}
}

/* What has an answer: an allocation that does not arrive was not made. */
TEST_F(call, read_only_structure)
{
	__u32 high = highest_pasid(self->c.fd), pasid;

	if (variant->nr == VFIO_IOMMU_ALLOC_PASID)
		self->good->alloc.min = high;
	ASSERT_EQ(0, mprotect(self->good, 8192, PROT_READ));
	if (!variant->answers) {
		EXPECT_EQ(0, ioctl(self->c.fd, variant->nr, self->good));
		return;
	}
	test_err_call(EFAULT, self->good);
	test_alloc_pasid(self->c.fd, high, high, &pasid);
}

TEST_F(call, other_files_do_not_know_it)
{
	int null = open("/dev/null", O_RDWR);
	int device = device_open(&self->c, 0);
	int iommufd = open("/dev/iommu", O_RDWR);

	ASSERT_LE(0, null);
	EXPECT_ERRNO(ENOTTY, ioctl(null, variant->nr, self->good));
	EXPECT_ERRNO(ENOTTY, ioctl(self->c.group, variant->nr, self->good));
	ASSERT_LE(0, device);
	EXPECT_ERRNO(ENOTTY, ioctl(device, variant->nr, self->good));
	EXPECT_ERRNO(EBADF, ioctl(-1, variant->nr, self->good));
	if (iommufd >= 0) {
		EXPECT_ERRNO(ENOTTY, ioctl(iommufd, variant->nr, self->good));
		close(iommufd);
	}
	close(device);
	close(null);
	EXPECT_EQ(self->used, pasid_used(self->c.fd));
}

TEST_F(call, container_without_iommu_refuses_it)
{
	int fd = open("/dev/vfio/vfio", O_RDWR);

	ASSERT_LE(0, fd);
	EXPECT_ERRNO(EINVAL, ioctl(fd, variant->nr, self->good));
	/* A group alone is not enough. */
	container_close(&self->c);
	self->c.group = group_open(0);
	ASSERT_EQ(0, ioctl(self->c.group, VFIO_GROUP_SET_CONTAINER, &fd));
	EXPECT_ERRNO(EINVAL, ioctl(fd, variant->nr, self->good));
	ASSERT_EQ(0, ioctl(fd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
	/* And with the last group the IOMMU goes. */
	close(self->c.group);
	self->c.group = -1;
	EXPECT_ERRNO(EINVAL, ioctl(fd, variant->nr, self->good));
	close(fd);
}

TEST_F(call, iommufd_as_container_does_not_know_it)
{
	int iommufd = open("/dev/iommu", O_RDWR);

	if (iommufd < 0)
		SKIP(return, "there is no /dev/iommu");
	container_close(&self->c);
	self->c.fd = iommufd;
	self->c.group = group_open(0);
	if (ioctl(self->c.group, VFIO_GROUP_SET_CONTAINER, &iommufd) ||
	    ioctl(iommufd, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		SKIP(return, "iommufd is no container in this kernel");
	EXPECT_EQ(0, ioctl(iommufd, VFIO_CHECK_EXTENSION, VFIO_PASID));
	EXPECT_ERRNO(ENOTTY, ioctl(iommufd, variant->nr, self->good));
}

/* What is above, in short, while somebody reads the log. */
TEST_F(call, nonsense_is_not_logged)
{
	int kmsg = kmsg_open(), i;

	if (kmsg < 0)
		SKIP(return, "/dev/kmsg cannot be read");
	for (i = 0; i < 100; i++) {
		ioctl(self->c.fd, variant->nr, NULL);
		self->good->word[i % 8] ^= 0x80000000U;
		ioctl(self->c.fd, variant->nr, self->good);
	}
	EXPECT_FALSE(kmsg_about_pasids(kmsg));
	close(kmsg);
}

/* -------- what one call alone has -------- */

FIXTURE(one) {
	struct container c;
	int fd;
};

FIXTURE_SETUP(one)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
}

FIXTURE_TEARDOWN(one)
{
	container_close(&self->c);
}

TEST_F(one, guest_without_its_flag_is_refused)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.max = UINT_MAX,
		.guest = 1,
	};

	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, &arg));
	EXPECT_EQ(0, pasid_used(self->fd));
}

TEST_F(one, list_without_room_is_refused)
{
	__u32 guest = 0, count = 0;

	EXPECT_ERRNO(EINVAL, _test_list_pasids(self->fd, &guest, &count,
					       &entry));
}

/* Entries that cannot be written; the list is as it was. */
TEST_F(one, list_to_nowhere_is_a_fault)
{
	struct vfio_iommu_pasid_entry *entries;
	__u32 guest = 0, count = 1, pasid;
	char *map;

	test_alloc_guest(self->fd, 1, &pasid);
	test_alloc_guest(self->fd, 2, &pasid);
	EXPECT_ERRNO(EFAULT, _test_list_pasids(self->fd, &guest, &count, NULL));
	EXPECT_ERRNO(EFAULT, _test_list_pasids(self->fd, &guest, &count,
					       (void *)-16L));

	map = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + 4096, 4096));
	entries = (void *)(map + 4096 - sizeof(*entries));
	count = 2;
	EXPECT_ERRNO(EFAULT, _test_list_pasids(self->fd, &guest, &count,
					       entries));
	EXPECT_EQ(0, guest);
	EXPECT_EQ(2, count);
	/* Memory that can be read is not enough. */
	ASSERT_EQ(0, mprotect(map, 4096, PROT_READ));
	count = 1;
	EXPECT_ERRNO(EFAULT, _test_list_pasids(self->fd, &guest, &count,
					       entries));
	ASSERT_EQ(0, mprotect(map, 4096, PROT_READ | PROT_WRITE));
	/* There was room for one. */
	count = 1;
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, entries));
	EXPECT_EQ(1, count);
	EXPECT_EQ(1, entries->guest);
	EXPECT_EQ(2, guest);
}

/* Room for more than there can be is fine, whether or not it is there. */
TEST_F(one, list_uses_only_the_room_it_needs)
{
	__u32 guest = 0, count = UINT_MAX, pasid;

	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, NULL));
	EXPECT_EQ(0, count);
	test_alloc_guest(self->fd, GUEST_END - 1, &pasid);
	count = UINT_MAX;
	guest = 0;
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(1, count);
	EXPECT_EQ(GUEST_END - 1, entry.guest);
	/* The cursor is behind the last number that there is. */
	EXPECT_EQ(GUEST_END, guest);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(0, count);
}

/* The device is named, and something else is wrong. */
TEST_F(one, device_does_not_excuse_the_rest)
{
	struct vfio_iommu_alloc_pasid alloc = { .argsz = sizeof(alloc) };
	struct vfio_iommu_bind_pasid bind = { .argsz = sizeof(bind) };
	int device = device_open(&self->c, 0);

	ASSERT_LE(0, device);
	alloc.flags = VFIO_PASID_LOCAL;
	alloc.device = device;
	alloc.max = UINT_MAX;
	alloc.guest = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, &alloc));
	alloc.guest = 0;
	alloc.min = 2;
	alloc.max = 1;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, &alloc));
	alloc.max = UINT_MAX;
	alloc.flags |= VFIO_PASID_GUEST;
	alloc.guest = GUEST_END;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, &alloc));
	test_err_free_local(EINVAL, self->fd, device, 2, 1);
	bind.flags = VFIO_PASID_LOCAL;
	bind.device = device;
	bind.guest = GUEST_END;
	EXPECT_ERRNO(EINVAL, ioctl(self->fd, VFIO_IOMMU_BIND_PASID, &bind));
	EXPECT_EQ(0, pasid_used(self->fd));
	close(device);
}

TEST_HARNESS_MAIN
