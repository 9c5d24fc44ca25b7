// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest PASIDs: the numbers by which a VM's guest calls its PASIDs.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "../kselftest_harness.h"
#include "ioasid_peer.h"

#define GUEST_MAX	0xfffff
/* For a kernel full of debugging, some do. */
#define MAX_COST_NS	60000

/* -------- one VM -------- */

FIXTURE(guest) {
	struct container c;
	int fd;
};

FIXTURE_SETUP(guest)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
}

FIXTURE_TEARDOWN(guest)
{
	container_close(&self->c);
}

TEST_F(guest, allocation_may_name_the_guest_pasid)
{
	__u32 pasid;

	test_alloc_guest(self->fd, 101, &pasid);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 101));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 102));
	EXPECT_EQ(1, pasid_used(self->fd));
}

TEST_F(guest, whole_20_bits_can_be_bound)
{
	__u32 first, last;

	test_alloc_guest(self->fd, 0, &first);
	test_alloc_guest(self->fd, GUEST_MAX, &last);
	EXPECT_EQ(first, pasid_of_guest(self->fd, 0));
	EXPECT_EQ(last, pasid_of_guest(self->fd, GUEST_MAX));
}

TEST_F(guest, taken_guest_pasid_allocates_nothing)
{
	__u32 pasid, other;

	test_alloc_guest(self->fd, 101, &pasid);
	test_err_alloc_guest(EEXIST, self->fd, 101);
	EXPECT_EQ(1, pasid_used(self->fd));
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 101));
	test_alloc_pasid(self->fd, 0, UINT_MAX, &other);
	test_err_bind_pasid(EEXIST, self->fd, other, 101);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 101));
}

TEST_F(guest, refused_allocation_binds_nothing)
{
	__u32 pasid;

	test_pasid_limit(self->fd, 1);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_err_alloc_guest(EDQUOT, self->fd, 101);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	test_bind_pasid(self->fd, pasid, 101);
}

TEST_F(guest, bind_and_unbind_leave_the_pasid)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_bind_pasid(self->fd, pasid, 7);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 7));
	test_unbind_pasid(self->fd, 7);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 7));
	EXPECT_EQ(1, pasid_used(self->fd));
	test_err_unbind_pasid(ENOENT, self->fd, 7);
	test_bind_pasid(self->fd, pasid, 8);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 8));
}

TEST_F(guest, pasid_has_one_guest_pasid)
{
	__u32 pasid;

	test_alloc_guest(self->fd, 7, &pasid);
	test_err_bind_pasid(EEXIST, self->fd, pasid, 8);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 8));
	/* Nor twice the same. */
	test_err_bind_pasid(EEXIST, self->fd, pasid, 7);
	EXPECT_EQ(pasid, pasid_of_guest(self->fd, 7));
}

TEST_F(guest, guest_pasid_moves_from_one_pasid_to_another)
{
	__u32 first, second;

	test_alloc_guest(self->fd, 7, &first);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &second);
	test_unbind_pasid(self->fd, 7);
	test_bind_pasid(self->fd, second, 7);
	EXPECT_EQ(second, pasid_of_guest(self->fd, 7));
	/* The first one has nothing to do with it any more. */
	test_free_pasid(self->fd, first, first);
	EXPECT_EQ(second, pasid_of_guest(self->fd, 7));
}

TEST_F(guest, guest_pasid_is_no_pasid)
{
	__u32 high = highest_pasid(self->fd), pasid, other;

	/* The number of one is the guest's name of the other. */
	test_alloc_pasid(self->fd, high, high, &pasid);
	test_alloc_guest(self->fd, high, &other);
	EXPECT_NE(high, other);
	EXPECT_EQ(other, pasid_of_guest(self->fd, high));
	test_free_pasid(self->fd, high, high);
	EXPECT_EQ(other, pasid_of_guest(self->fd, high));
	test_err_unbind_pasid(ENOENT, self->fd, other);
	test_unbind_pasid(self->fd, high);
}

TEST_F(guest, free_unbinds)
{
	__u32 pasid, other;

	test_alloc_guest(self->fd, 7, &pasid);
	test_free_pasid(self->fd, pasid, pasid);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 7));
	test_alloc_guest(self->fd, 7, &other);
	test_free_pasid(self->fd, 0, UINT_MAX);
	test_err_unbind_pasid(ENOENT, self->fd, 7);
}

TEST_F(guest, what_was_never_allocated_cannot_be_bound)
{
	test_err_bind_pasid(ENOENT, self->fd, 12345, 7);
	test_err_bind_pasid(ENOENT, self->fd, 0, 7);
	test_err_bind_pasid(ENOENT, self->fd, UINT_MAX, 7);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 7));
}

/* The answer cannot be written: neither the PASID nor its binding was made. */
TEST_F(guest, answer_that_does_not_arrive_binds_nothing)
{
	struct vfio_iommu_alloc_pasid *arg;
	__u32 pasid;

	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	*arg = (struct vfio_iommu_alloc_pasid) {
		.argsz = sizeof(*arg),
		.flags = VFIO_PASID_GUEST,
		.max = UINT_MAX,
		.guest = 101,
	};
	ASSERT_EQ(0, mprotect(arg, 4096, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, VFIO_IOMMU_ALLOC_PASID, arg));
	EXPECT_EQ(0, pasid_used(self->fd));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	test_alloc_guest(self->fd, 101, &pasid);
}

/*
 * The answer of an allocation has been on its way for a while when it turns out
 * that it cannot be written.
 */
FIXTURE(answer) {
	struct container c;
	struct trap trap;
	struct call call;
	int fd;
	/* What is asked for. */
	__u32 number;
};

FIXTURE_SETUP(answer)
{
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_GUEST,
		.guest = 101,
	};
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
	self->number = highest_pasid(self->fd);
	arg.min = self->number;
	arg.max = self->number;
	if (trap_open(&self->trap, TRAP_WRITE, &arg, sizeof(arg)))
		SKIP(return, "no userfaultfd that can write-protect");
	ASSERT_EQ(0, call_begin(&self->call, self->fd, VFIO_IOMMU_ALLOC_PASID,
				self->trap.page));
	ASSERT_TRUE(trap_is_entered(&self->trap));
}

FIXTURE_TEARDOWN(answer)
{
	trap_close(&self->trap);
	container_close(&self->c);
}

TEST_F(answer, refused_answer_leaves_nothing)
{
	__u32 pasid;

	EXPECT_EQ(1, pasid_used(self->fd));
	EXPECT_EQ(self->number, pasid_of_guest(self->fd, 101));
	ASSERT_EQ(0, trap_refuse_write(&self->trap));
	EXPECT_ERRNO(EFAULT, call_end(&self->call));
	EXPECT_EQ(0, pasid_used(self->fd));
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	test_alloc_pasid(self->fd, self->number, self->number, &pasid);
}

/* What takes its place meanwhile is not what is undone. */
TEST_F(answer, refused_answer_ends_no_other_pasid)
{
	__u32 n = self->number, pasid, low;

	test_free_pasid(self->fd, n, n);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	/* Its number is not handed out again before this is settled. */
	test_err_alloc_pasid(ENOSPC, self->fd, n, n);
	test_alloc_guest(self->fd, 101, &low);
	ASSERT_EQ(0, trap_refuse_write(&self->trap));
	EXPECT_ERRNO(EFAULT, call_end(&self->call));
	EXPECT_EQ(low, pasid_of_guest(self->fd, 101));
	EXPECT_EQ(1, pasid_used(self->fd));
	test_alloc_pasid(self->fd, n, n, &pasid);
}

TEST_F(answer, refused_answer_after_the_group_left_is_harmless)
{
	__u32 n = self->number, pasid;

	container_close(&self->c);
	ASSERT_EQ(0, trap_refuse_write(&self->trap));
	EXPECT_ERRNO(EFAULT, call_end(&self->call));
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_alloc_pasid(self->c.fd, n, n, &pasid);
	EXPECT_EQ(1, pasid_used(self->c.fd));
}

/* -------- the list -------- */

#define SOME 100

TEST_F(guest, list_is_in_order_whatever_the_buffer)
{
	static const __u32 rooms[] = { 1, 2, 7, SOME - 1, SOME, SOME + 1, 1000 };
	struct vfio_iommu_pasid_entry all[2 * 1000];
	__u32 pasids[SOME], i, j;

	/* Every third number, the highest first. */
	for (i = SOME; i-- > 0;)
		test_alloc_guest(self->fd, 3 * i, &pasids[i]);
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		memset(all, 0xff, sizeof(all));
		ASSERT_EQ(SOME, read_list(self->fd, all, rooms[i]));
		for (j = 0; j < SOME; j++) {
			ASSERT_EQ(3 * j, all[j].guest);
			ASSERT_EQ(pasids[j], all[j].pasid);
			ASSERT_EQ(0, all[j].flags);
			ASSERT_EQ(0, all[j].reserved);
		}
		/* Nothing behind the last one was written. */
		ASSERT_EQ(UINT_MAX, all[SOME].guest);
	}
}

TEST_F(guest, list_of_nothing_is_empty)
{
	struct vfio_iommu_pasid_entry entry;
	__u32 guest = 0, count = 1, pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(0, count);
	guest = UINT_MAX;
	count = 1;
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(0, count);
}

TEST_F(guest, cursor_survives_what_happens_meanwhile)
{
	struct vfio_iommu_pasid_entry entry;
	__u32 guest = 0, count = 1, pasid;

	test_alloc_guest(self->fd, 10, &pasid);
	test_alloc_guest(self->fd, 20, &pasid);
	test_alloc_guest(self->fd, 30, &pasid);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(10, entry.guest);
	test_alloc_guest(self->fd, 5, &pasid);
	test_unbind_pasid(self->fd, 10);
	test_unbind_pasid(self->fd, 20);
	test_alloc_guest(self->fd, 25, &pasid);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(25, entry.guest);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(30, entry.guest);
	ASSERT_EQ(0, _test_list_pasids(self->fd, &guest, &count, &entry));
	EXPECT_EQ(0, count);
}

struct churn {
	int fd;
	bool stop;
};

/* The odd guest PASIDs come and go. */
static void *churn_odd(void *arg)
{
	struct churn *churn = arg;
	__u32 guest = 1, pasid;

	while (!load_shared(churn->stop)) {
		if (!_test_alloc_guest(churn->fd, guest, &pasid) &&
		    guest % 3 == 0)
			_test_free_pasid(churn->fd, pasid, pasid);
		_test_unbind_pasid(churn->fd, guest);
		guest = (guest + 2) % 512;
	}
	return NULL;
}

TEST_F(guest, what_stays_is_listed_once_while_others_come_and_go)
{
	struct churn churn = { .fd = self->fd };
	struct vfio_iommu_pasid_entry *all;
	__u32 i, j, nr, even, pasid;
	pthread_t thread;

	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	for (i = 0; i < 256; i++)
		test_alloc_guest(self->fd, 2 * i, &pasid);
	all = calloc(2048, sizeof(*all));
	ASSERT_NE(NULL, all);
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn_odd, &churn));
	for (i = 0; i < 50; i++) {
		nr = read_list(self->fd, all, 1 + i % 16);
		ASSERT_GE(512, nr);
		for (j = 0, even = 0; j < nr; j++) {
			if (j)
				ASSERT_GT(all[j].guest, all[j - 1].guest);
			even += all[j].guest % 2 == 0;
		}
		ASSERT_EQ(256, even);
	}
	store_shared(churn.stop, true);
	pthread_join(thread, NULL);
	free(all);
}

#define MANY 65536

/* Sixteen apart, that is from the first guest PASID to the last but 15. */
TEST_F(guest, thousands_are_listed)
{
	__u32 nr = ns_per_pasid(self->fd) > MAX_COST_NS ? MANY / 16 : MANY;
	struct vfio_iommu_pasid_entry *all = calloc(2 * MANY, sizeof(*all));
	static const __u32 rooms[] = { 100, 4096, MANY, 2 * MANY };
	__u32 i, j, pasid;

	ASSERT_NE(NULL, all);
	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	if (pasid_available(self->fd) < nr)
		SKIP(return, "the system has fewer than %u PASIDs", nr);
	for (i = 0; i < nr; i++)
		test_alloc_guest(self->fd, 16 * i, &pasid);
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		ASSERT_EQ(nr, read_list(self->fd, all, rooms[i]));
		for (j = 0; j < nr; j++)
			ASSERT_EQ(16 * j, all[j].guest);
	}
	test_free_pasid(self->fd, 0, UINT_MAX);
	EXPECT_EQ(0, read_list(self->fd, all, 4096));
	free(all);
}

/* -------- two threads that want the same -------- */

#define BINDERS	2

struct binder {
	pthread_t thread;
	pthread_barrier_t *start;
	int fd;
	__u32 pasid;
	__u32 guest;
	int ret;
	int error;
};

static void *bind_once(void *arg)
{
	struct binder *binder = arg;

	pthread_barrier_wait(binder->start);
	binder->ret = binder->pasid ?
		_test_bind_pasid(binder->fd, binder->pasid, binder->guest) :
		_test_alloc_guest(binder->fd, binder->guest, &binder->pasid);
	binder->error = errno;
	return NULL;
}

/* How many were bound; -1 if one failed for a wrong reason. */
static int bind_at_once(struct binder *binder)
{
	pthread_barrier_t start;
	int bound = 0, i;

	pthread_barrier_init(&start, NULL, BINDERS);
	for (i = 0; i < BINDERS; i++) {
		binder[i].start = &start;
		if (pthread_create(&binder[i].thread, NULL, bind_once,
				   &binder[i]))
			exit(KSFT_FAIL);
	}
	for (i = 0; i < BINDERS; i++)
		pthread_join(binder[i].thread, NULL);
	pthread_barrier_destroy(&start);
	for (i = 0; i < BINDERS; i++) {
		if (binder[i].ret && binder[i].error != EEXIST)
			return -1;
		bound += !binder[i].ret;
	}
	return bound;
}

TEST_F(guest, one_of_two_allocations_gets_the_guest_pasid)
{
	int round;

	for (round = 0; round < 200; round++) {
		struct binder binder[BINDERS] = {
			{ .fd = self->fd, .guest = 7 },
			{ .fd = self->fd, .guest = 7 },
		};
		int winner;

		ASSERT_EQ(1, bind_at_once(binder));
		winner = binder[0].ret ? 1 : 0;
		ASSERT_EQ(binder[winner].pasid, pasid_of_guest(self->fd, 7));
		ASSERT_EQ(1, pasid_used(self->fd));
		test_free_pasid(self->fd, 0, UINT_MAX);
	}
}

TEST_F(guest, one_of_two_binds_gets_the_pasid)
{
	__u32 pasid;
	int round;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	for (round = 0; round < 200; round++) {
		struct binder binder[BINDERS] = {
			{ .fd = self->fd, .pasid = pasid, .guest = 7 },
			{ .fd = self->fd, .pasid = pasid, .guest = 8 },
		};
		int winner;

		ASSERT_EQ(1, bind_at_once(binder));
		winner = binder[0].ret ? 1 : 0;
		ASSERT_EQ(pasid, pasid_of_guest(self->fd, 7 + winner));
		ASSERT_EQ(0, pasid_of_guest(self->fd, 8 - winner));
		test_unbind_pasid(self->fd, 7 + winner);
	}
}

/* -------- one process, several containers -------- */

TEST_F(guest, containers_of_a_process_share_the_numbers)
{
	struct container other;
	__u32 pasid;

	if (missing(2))
		SKIP(return, "%s", missing(2));
	ASSERT_EQ(0, container_open(&other, 1));
	test_alloc_guest(self->fd, 101, &pasid);
	EXPECT_EQ(pasid, pasid_of_guest(other.fd, 101));
	test_err_alloc_guest(EEXIST, other.fd, 101);
	test_unbind_pasid(other.fd, 101);
	EXPECT_EQ(0, pasid_of_guest(self->fd, 101));
	/* What is bound stays while one of them is there. */
	test_bind_pasid(other.fd, pasid, 102);
	container_close(&self->c);
	EXPECT_EQ(pasid, pasid_of_guest(other.fd, 102));
	container_close(&other);
}

TEST_F(guest, next_container_begins_with_none)
{
	__u32 pasid;

	test_alloc_guest(self->fd, 101, &pasid);
	container_close(&self->c);
	ASSERT_EQ(0, container_open(&self->c, 0));
	EXPECT_EQ(0, pasid_of_guest(self->c.fd, 101));
	test_alloc_guest(self->c.fd, 101, &pasid);
}

/* -------- two VMs -------- */

FIXTURE(vms) {
	struct container c;
	struct peer peer;
};

FIXTURE_SETUP(vms)
{
	const char *why = missing(2);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start(&self->peer));
	ASSERT_EQ(0, peer_open(&self->peer, 0));
	ASSERT_EQ(0, container_open(&self->c, 1));
}

FIXTURE_TEARDOWN(vms)
{
	peer_end(&self->peer);
	container_close(&self->c);
}

TEST_F(vms, each_finds_its_own_101)
{
	__u32 ours, theirs;

	test_alloc_guest(self->c.fd, 101, &ours);
	ASSERT_EQ(0, peer_alloc_guest(&self->peer, 101, &theirs));
	EXPECT_NE(ours, theirs);
	EXPECT_EQ(ours, pasid_of_guest(self->c.fd, 101));
	EXPECT_EQ(theirs, peer_pasid_of_guest(&self->peer, 101));
	test_unbind_pasid(self->c.fd, 101);
	EXPECT_EQ(theirs, peer_pasid_of_guest(&self->peer, 101));
}

/* A PASID of another VM looks like one that nobody has. */
TEST_F(vms, pasid_of_another_cannot_be_bound)
{
	__u32 theirs;

	ASSERT_EQ(0, peer_alloc_guest(&self->peer, 101, &theirs));
	test_err_bind_pasid(ENOENT, self->c.fd, theirs, 5);
	test_err_unbind_pasid(ENOENT, self->c.fd, 101);
	EXPECT_EQ(0, pasid_of_guest(self->c.fd, 5));
	EXPECT_EQ(theirs, peer_pasid_of_guest(&self->peer, 101));
}

TEST_F(vms, killed_vm_leaves_no_binding)
{
	__u32 theirs, ours;

	ASSERT_EQ(0, peer_alloc_guest(&self->peer, 101, &theirs));
	peer_kill(&self->peer);
	/* The number itself is free again: that is how we know. */
	EXPECT_TRUE(wait_until(!_test_alloc_pasid(self->c.fd, theirs, theirs,
						  &ours)));
	test_bind_pasid(self->c.fd, ours, 101);
}

/* Neither is it there for who tries, and so nothing is learnt from the errno. */
TEST_F(vms, pasid_of_another_is_like_none)
{
	__u32 theirs, none;

	ASSERT_EQ(0, peer_alloc(&self->peer, 0, UINT_MAX, &theirs));
	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &none);
	test_free_pasid(self->c.fd, none, none);
	test_err_bind_pasid(ENOENT, self->c.fd, none, 5);
	test_err_bind_pasid(ENOENT, self->c.fd, theirs, 5);
	test_alloc_guest(self->c.fd, 5, &none);
	/* Nor whether the guest PASID would have been free. */
	test_err_bind_pasid(ENOENT, self->c.fd, theirs, 5);
	ASSERT_EQ(0, peer_bind(&self->peer, theirs, 5));
	EXPECT_EQ(theirs, peer_pasid_of_guest(&self->peer, 5));
}

/* Both bind, list and free the same guest PASIDs all the while. */
TEST_F(vms, busy_neighbour_does_not_show)
{
	struct vfio_iommu_pasid_entry all[4];
	__u32 theirs, pasid, guest;
	int round;

	ASSERT_EQ(0, peer_alloc_guest(&self->peer, 1, &theirs));
	for (round = 0; round < 20; round++) {
		for (guest = 1; guest <= 3; guest++)
			test_alloc_guest(self->c.fd, guest, &pasid);
		ASSERT_EQ(3, read_list(self->c.fd, all, 4));
		ASSERT_EQ(0, peer_unbind(&self->peer, 1));
		ASSERT_EQ(3, read_list(self->c.fd, all, 4));
		test_free_pasid(self->c.fd, 0, UINT_MAX);
		ASSERT_EQ(0, peer_bind(&self->peer, theirs, 1));
		ASSERT_EQ(theirs, peer_pasid_of_guest(&self->peer, 1));
	}
}

TEST_F(vms, forked_child_binds_for_its_parent)
{
	struct peer child;
	__u32 pasid;

	ASSERT_EQ(0, peer_alloc(&self->peer, 0, UINT_MAX, &pasid));
	ASSERT_EQ(0, peer_fork(&self->peer, &child));
	EXPECT_EQ(0, peer_bind(&child, pasid, 101));
	EXPECT_EQ(pasid, peer_pasid_of_guest(&self->peer, 101));
	EXPECT_EQ(0, peer_unbind(&self->peer, 101));
	EXPECT_EQ(0, peer_pasid_of_guest(&child, 101));
	peer_kill(&child);
}

/* A container that was passed on stays with the set of who opened it. */
TEST_F(vms, passed_on_container_keeps_its_numbers)
{
	__u32 theirs, ours;
	int fd;

	ASSERT_EQ(0, peer_alloc_guest(&self->peer, 101, &theirs));
	test_alloc_guest(self->c.fd, 101, &ours);
	fd = peer_give(&self->peer);
	ASSERT_LE(0, fd);
	EXPECT_EQ(theirs, pasid_of_guest(fd, 101));
	test_unbind_pasid(fd, 101);
	EXPECT_EQ(0, peer_pasid_of_guest(&self->peer, 101));
	EXPECT_EQ(ours, pasid_of_guest(self->c.fd, 101));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
