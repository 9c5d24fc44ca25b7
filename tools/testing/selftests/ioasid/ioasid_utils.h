/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs here share: containers on real PCI functions and the PASID
 * calls.
 */
#ifndef __SELFTEST_IOASID_UTILS_H
#define __SELFTEST_IOASID_UTILS_H

#include <errno.h>
#include <limits.h>
#include <linux/types.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PASID_LIMIT_NONE	UINT_MAX

/*
 * A test that hangs is ended. Half a minute, as kselftest_harness.h has it, is not enough
 * for an emulated machine on a host with other work.
 */
#ifdef TEST_TIMEOUT_DEFAULT
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	200
#endif

/* What the PASID capability says. */
struct pasid_info {
	__u32 bits;
	__u32 guarantee;
	__u32 limit;
	__u32 used;
	__u32 available;
	__u32 shared_min;
};

static inline __u32 min_u32(__u32 a, __u32 b)
{
	return a < b ? a : b;
}

/*
 * Waits for something that is about to become true; the value says whether it
 * did. A kernel that is only slow passes, one that forgot something does not.
 */
#define WAIT_SECONDS 10
#define wait_until(cond)	wait_for(WAIT_SECONDS, cond)

#define wait_for(seconds, cond)                                            \
	({                                                                 \
		__u64 __end = now_ns() + (seconds) * 1000000000ULL;        \
		bool __ok;                                                 \
									   \
		while (!(__ok = (cond)) && now_ns() < __end)               \
			usleep(1000);                                      \
		__ok;                                                      \
	})

/* What another process sees as it changes. */
#define load_shared(x)		__atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define store_shared(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELEASE)

__u64 now_ns(void);

/* A number of the environment, by which a plan says how much of a test it wants. */
__u32 setting(const char *name, __u32 otherwise);

/*
 * Containers. Device N is the Nth function that is bound to vfio-pci and alone
 * in its IOMMU group; a group is in one container at a time.
 */
struct container {
	int fd;
	int group;
};

#define NO_CONTAINER ((struct container) { .fd = -1, .group = -1 })

unsigned int nr_devices(void);
const char *device_name(unsigned int dev);
int device_open(struct container *c, unsigned int dev);
/* By its own node, that is without group and container; -1 if there is none. */
int device_open_cdev(unsigned int dev);
int group_open(unsigned int dev);
int container_open_type(struct container *c, unsigned int dev, int type);
int container_open(struct container *c, unsigned int dev);
/* One device more in the container @first: the same, with a group of its own. */
int container_join(struct container *c, struct container *first,
		   unsigned int dev);
void container_close(struct container *c);

/* NULL, or a sentence about what a program that wants PASIDs misses here. */
const char *missing(unsigned int devices);
bool system_has_pasids(void);

/* The raw calls: 0, or -1 and errno. */
int _test_alloc_pasid(int fd, __u32 min, __u32 max, __u32 *pasid);
int _test_free_pasid(int fd, __u32 min, __u32 max);
int _test_pasid_quota(int fd, __u32 flags, __u32 guarantee, __u32 limit);
int _test_pasid_info(int fd, struct pasid_info *info);
/* Any shared one that the guest calls @guest. */
int _test_alloc_guest(int fd, __u32 guest, __u32 *pasid);
int _test_alloc_guest_in(int fd, __u32 min, __u32 max, __u32 guest,
			 __u32 *pasid);
int _test_bind_pasid(int fd, __u32 pasid, __u32 guest);
int _test_unbind_pasid(int fd, __u32 guest);
int _test_list_pasids(int fd, __u32 *guest, __u32 *count,
		      struct vfio_iommu_pasid_entry *entries);
/* Those that are local to @device, an open device. */
int _test_alloc_local(int fd, int device, __u32 min, __u32 max, __u32 *pasid);
int _test_alloc_local_guest(int fd, int device, __u32 guest, __u32 *pasid);
int _test_free_local(int fd, int device, __u32 min, __u32 max);
int _test_bind_local(int fd, int device, __u32 pasid, __u32 guest);
int _test_list_local(int fd, int device, __u32 *guest, __u32 *count,
		     struct vfio_iommu_pasid_entry *entries);

/* The PASID behind a guest PASID, 0 for none. */
__u32 pasid_of_guest(int fd, __u32 guest);
/* The whole list, @room entries at a time; how many, UINT_MAX if it failed. */
__u32 read_list(int fd, struct vfio_iommu_pasid_entry *all, __u32 room);

/* GET_INFO with all capabilities, to be freed; the one with @id, or NULL. */
struct vfio_iommu_type1_info *get_info(int fd);
struct vfio_info_cap_header *find_cap(struct vfio_iommu_type1_info *info,
				      __u16 id);

/* One number of the capability; UINT_MAX if there is none. */
__u32 pasid_used(int fd);
__u32 pasid_available(int fd);
__u32 pasid_shared_min(int fd);

/* Up to @nr of any number; how many there were, with errno for the next one. */
__u32 alloc_pasids(int fd, __u32 nr);
/* The highest number that is free, 0 if there is none. */
__u32 highest_pasid(int fd);
/* What one more PASID costs, to be allocated and freed; frees all. */
__u64 ns_per_pasid(int fd);
/* A container that sees, as its available PASIDs, what the system has free. */
int observer_open(struct container *c, unsigned int dev);

/* The calls that must pass and those that must fail. */
#define EXPECT_ERRNO(expected_errno, cmd)         \
	({                                        \
		ASSERT_EQ(-1, cmd);               \
		EXPECT_EQ(expected_errno, errno); \
	})

#define test_alloc_pasid(fd, min, max, pasid) \
	ASSERT_EQ(0, _test_alloc_pasid(fd, min, max, pasid))
#define test_err_alloc_pasid(_errno, fd, min, max) \
	EXPECT_ERRNO(_errno, _test_alloc_pasid(fd, min, max, &(__u32){ 0 }))

#define test_free_pasid(fd, min, max) \
	ASSERT_EQ(0, _test_free_pasid(fd, min, max))
#define test_err_free_pasid(_errno, fd, min, max) \
	EXPECT_ERRNO(_errno, _test_free_pasid(fd, min, max))

#define test_alloc_guest(fd, guest, pasid) \
	ASSERT_EQ(0, _test_alloc_guest(fd, guest, pasid))
#define test_err_alloc_guest(_errno, fd, guest) \
	EXPECT_ERRNO(_errno, _test_alloc_guest(fd, guest, &(__u32){ 0 }))

#define test_bind_pasid(fd, pasid, guest) \
	ASSERT_EQ(0, _test_bind_pasid(fd, pasid, guest))
#define test_err_bind_pasid(_errno, fd, pasid, guest) \
	EXPECT_ERRNO(_errno, _test_bind_pasid(fd, pasid, guest))

#define test_unbind_pasid(fd, guest) \
	ASSERT_EQ(0, _test_unbind_pasid(fd, guest))
#define test_err_unbind_pasid(_errno, fd, guest) \
	EXPECT_ERRNO(_errno, _test_unbind_pasid(fd, guest))

#define test_alloc_local(fd, device, min, max, pasid) \
	ASSERT_EQ(0, _test_alloc_local(fd, device, min, max, pasid))
#define test_err_alloc_local(_errno, fd, device, min, max) \
	EXPECT_ERRNO(_errno, _test_alloc_local(fd, device, min, max, \
					       &(__u32){ 0 }))

#define test_alloc_local_guest(fd, device, guest, pasid) \
	ASSERT_EQ(0, _test_alloc_local_guest(fd, device, guest, pasid))
#define test_err_alloc_local_guest(_errno, fd, device, guest)       \
	EXPECT_ERRNO(_errno, _test_alloc_local_guest(fd, device, guest, \
						     &(__u32){ 0 }))

#define test_bind_local(fd, device, pasid, guest) \
	ASSERT_EQ(0, _test_bind_local(fd, device, pasid, guest))
#define test_err_bind_local(_errno, fd, device, pasid, guest) \
	EXPECT_ERRNO(_errno, _test_bind_local(fd, device, pasid, guest))

#define test_free_local(fd, device, min, max) \
	ASSERT_EQ(0, _test_free_local(fd, device, min, max))
#define test_err_free_local(_errno, fd, device, min, max) \
	EXPECT_ERRNO(_errno, _test_free_local(fd, device, min, max))

#define test_pasid_limit(fd, limit) \
	ASSERT_EQ(0, _test_pasid_quota(fd, VFIO_PASID_QUOTA_LIMIT, 0, limit))
#define test_err_pasid_limit(_errno, fd, limit)                     \
	EXPECT_ERRNO(_errno, _test_pasid_quota(fd,                  \
					       VFIO_PASID_QUOTA_LIMIT, 0, limit))

#define test_pasid_guarantee(fd, guarantee)                            \
	ASSERT_EQ(0, _test_pasid_quota(fd, VFIO_PASID_QUOTA_GUARANTEE, \
				       guarantee, 0))
#define test_err_pasid_guarantee(_errno, fd, guarantee)                   \
	EXPECT_ERRNO(_errno, _test_pasid_quota(fd,                        \
					       VFIO_PASID_QUOTA_GUARANTEE, \
					       guarantee, 0))

#define test_pasid_quota(fd, guarantee, limit)                           \
	ASSERT_EQ(0, _test_pasid_quota(fd, VFIO_PASID_QUOTA_GUARANTEE |  \
				       VFIO_PASID_QUOTA_LIMIT, guarantee, \
				       limit))
#define test_err_pasid_quota(_errno, fd, guarantee, limit)                   \
	EXPECT_ERRNO(_errno, _test_pasid_quota(fd,                           \
					       VFIO_PASID_QUOTA_GUARANTEE |  \
					       VFIO_PASID_QUOTA_LIMIT,       \
					       guarantee, limit))

#define test_pasid_info(fd, info) ASSERT_EQ(0, _test_pasid_info(fd, info))

/* The module parameter: the limit that a set starts with. */
int pasid_quota_param(__u32 *value);
int set_pasid_quota_param(__u32 value);

/* Reads /dev/kmsg from now on; was anything about PASIDs logged since? */
int kmsg_open(void);
bool kmsg_about_pasids(int kmsg);

/*
 * A page of memory that makes the kernel wait when it reads it, or when it writes
 * it; and a call that does so, in a thread of its own.
 */
struct trap {
	int uffd;
	void *page;
};

enum trap_mode {
	TRAP_READ,
	TRAP_WRITE,
};

/* @content, of @size bytes, is what will be read. -1 if this kernel cannot. */
int trap_open(struct trap *trap, enum trap_mode mode, const void *content,
	      size_t size);
/* Somebody waits there. */
bool trap_is_entered(struct trap *trap);
/* Whoever waits goes on, and finds the content, or may not write it. */
int trap_let_read(struct trap *trap, const void *content, size_t size);
int trap_refuse_write(struct trap *trap);
void trap_close(struct trap *trap);

struct call {
	pthread_t thread;
	int fd;
	unsigned int nr;
	void *arg;
	int ret;
	int error;
};

int call_begin(struct call *call, int fd, unsigned int nr, void *arg);
/* 0, or -1 and errno, as the call. */
int call_end(struct call *call);

/* Ways to lose the right to raise a quota. */
enum drop {
	DROP_UID,
	DROP_CAPABILITY,
	DROP_USER_NS,
};

int drop_privilege(enum drop how);

#endif /* __SELFTEST_IOASID_UTILS_H */
