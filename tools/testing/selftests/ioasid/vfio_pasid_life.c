// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose set a container acts on, and when the set ends: several containers, fork,
 * exec, passed descriptors, processes that are killed, threads that race.
 */
#include <pthread.h>
#include <signal.h>

#include "../kselftest_harness.h"
#include "ioasid_peer.h"

FIXTURE(life) {
	struct container observer;
	struct peer a, b;
	__u32 free;
};

FIXTURE_SETUP(life)
{
	const char *why = missing(3);

	if (why)
		SKIP(return, "%s", why);
	self->b = (struct peer) { .pid = -1, .sock = -1 };
	ASSERT_EQ(0, observer_open(&self->observer, 0));
	self->free = pasid_available(self->observer.fd);
	ASSERT_EQ(0, peer_start(&self->a));
	ASSERT_EQ(0, peer_open(&self->a, 1));
}

FIXTURE_TEARDOWN(life)
{
	peer_kill(&self->b);
	peer_kill(&self->a);
	container_close(&self->observer);
}

static struct peer *slot(struct peer *peer, unsigned int nr)
{
	peer->slot = nr;
	return peer;
}

/* As many PASIDs are taken from the system, by whoever it is, after all. */
#define test_taken(nr)                                                  \
	EXPECT_TRUE(wait_until(self->free -                             \
			       pasid_available(self->observer.fd) == (nr)))

#define test_alloc_some(peer, nr)                                \
	do {                                                     \
		struct pasid_batch batch;                        \
								 \
		ASSERT_EQ(0, peer_alloc_some(peer, nr, &batch)); \
	} while (0)

/* -------- containers of one process -------- */

TEST_F(life, two_containers_of_a_process_share_a_set)
{
	struct peer *a = &self->a;
	struct pasid_info info;
	__u32 pasid;

	ASSERT_EQ(0, peer_alloc(a, 0, UINT_MAX, &pasid));
	ASSERT_EQ(0, peer_open(slot(a, 1), 2));
	EXPECT_EQ(1, peer_used(a));
	test_alloc_some(a, 1);
	ASSERT_EQ(0, peer_quota(a, VFIO_PASID_QUOTA_LIMIT, 0, 5));
	EXPECT_EQ(0, peer_free(a, pasid, pasid));
	ASSERT_EQ(0, peer_info(slot(a, 0), &info));
	EXPECT_EQ(1, info.used);
	EXPECT_EQ(5, info.limit);
	test_taken(1);
}

TEST_F(life, closing_one_container_keeps_the_set)
{
	struct peer *a = &self->a;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_open(slot(a, 1), 2));
	test_alloc_some(a, 2);
	ASSERT_EQ(0, peer_close(slot(a, 0)));
	EXPECT_EQ(5, peer_used(slot(a, 1)));
	test_taken(5);
	ASSERT_EQ(0, peer_close(a));
	test_taken(0);
}

/* Opened after the set was made, or before: it need not make a call. */
TEST_F(life, idle_container_keeps_the_set)
{
	struct peer *a = &self->a;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_open(slot(a, 1), 2));
	ASSERT_EQ(0, peer_close(slot(a, 0)));
	test_taken(3);
	EXPECT_EQ(3, peer_used(slot(a, 1)));
	ASSERT_EQ(0, peer_close(a));
	test_taken(0);
}

TEST_F(life, container_that_was_idle_first_keeps_the_set)
{
	struct peer *a = &self->a;

	ASSERT_EQ(0, peer_open(slot(a, 1), 2));
	test_alloc_some(slot(a, 0), 3);
	ASSERT_EQ(0, peer_close(a));
	test_taken(3);
	EXPECT_EQ(3, peer_used(slot(a, 1)));
	ASSERT_EQ(0, peer_close(a));
	test_taken(0);
}

TEST_F(life, next_container_begins_with_nothing)
{
	struct peer *a = &self->a;
	struct pasid_info first, again;

	ASSERT_EQ(0, peer_info(a, &first));
	ASSERT_EQ(0, peer_quota(a, VFIO_PASID_QUOTA_LIMIT, 0, 7));
	test_alloc_some(a, 7);
	ASSERT_EQ(0, peer_close(a));
	test_taken(0);
	ASSERT_EQ(0, peer_open(a, 1));
	ASSERT_EQ(0, peer_info(a, &again));
	EXPECT_EQ(0, memcmp(&first, &again, sizeof(first)));
}

/* -------- fork -------- */

TEST_F(life, forked_child_acts_on_the_parents_set)
{
	struct peer *a = &self->a, *b = &self->b;
	__u32 pasid;

	ASSERT_EQ(0, peer_fork(a, b));
	ASSERT_EQ(0, peer_alloc(b, 0, UINT_MAX, &pasid));
	EXPECT_EQ(1, peer_used(a));
	EXPECT_EQ(0, peer_free(a, pasid, pasid));
	EXPECT_EQ(0, peer_used(b));
}

TEST_F(life, forked_child_opens_a_set_of_its_own)
{
	struct peer *a = &self->a, *b = &self->b;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_fork(a, b));
	ASSERT_EQ(0, peer_open(slot(b, 1), 2));
	EXPECT_EQ(0, peer_used(b));
	EXPECT_ERRNO(ENOENT, peer_free(b, 0, UINT_MAX));
	test_alloc_some(b, 1);
	EXPECT_EQ(3, peer_used(a));
}

TEST_F(life, set_outlives_the_parent_that_made_it)
{
	struct peer *a = &self->a, *b = &self->b;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_fork(a, b));
	peer_kill(a);
	EXPECT_EQ(3, peer_used(b));
	test_alloc_some(b, 2);
	test_taken(5);
	peer_end(b);
	test_taken(0);
}

TEST_F(life, set_outlives_the_child_that_used_it)
{
	struct peer *a = &self->a, *b = &self->b;

	ASSERT_EQ(0, peer_fork(a, b));
	test_alloc_some(b, 3);
	peer_kill(b);
	EXPECT_EQ(3, peer_used(a));
	test_alloc_some(a, 1);
	test_taken(4);
}

/* -------- exec -------- */

TEST_F(life, exec_keeps_the_set)
{
	struct peer *a = &self->a;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_exec(a));
	EXPECT_EQ(3, peer_used(a));
	test_alloc_some(a, 2);
	test_taken(5);
	EXPECT_EQ(0, peer_free(a, 0, UINT_MAX));
	test_taken(0);
}

TEST_F(life, container_from_after_exec_has_a_new_set)
{
	struct peer *a = &self->a;

	test_alloc_some(a, 3);
	ASSERT_EQ(0, peer_exec(a));
	ASSERT_EQ(0, peer_open(slot(a, 1), 2));
	EXPECT_EQ(0, peer_used(a));
	EXPECT_ERRNO(ENOENT, peer_free(a, 0, UINT_MAX));
	test_alloc_some(a, 2);
	ASSERT_EQ(0, peer_close(slot(a, 0)));
	test_taken(2);
	EXPECT_EQ(2, peer_used(slot(a, 1)));
}

/* -------- passed descriptors -------- */

TEST_F(life, stranger_with_the_descriptor_acts_on_the_openers_set)
{
	struct peer *a = &self->a, *b = &self->b;
	int fd = peer_give(a);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, peer_start(b));
	ASSERT_EQ(0, peer_take(b, fd));
	test_alloc_some(b, 2);
	EXPECT_EQ(2, peer_used(a));
	/* What it opened itself is not mixed up with it. */
	ASSERT_EQ(0, peer_open(slot(b, 1), 2));
	EXPECT_EQ(0, peer_used(b));
	EXPECT_ERRNO(ENOENT, peer_free(b, 0, UINT_MAX));
	EXPECT_EQ(0, peer_free(slot(b, 0), 0, UINT_MAX));
	EXPECT_EQ(0, peer_used(a));
	close(fd);
}

/* Without a group there is no IOMMU in the container, and so no set. */
TEST_F(life, set_ends_with_the_openers_group)
{
	struct peer *a = &self->a, *b = &self->b;
	int fd = peer_give(a);
	__u32 pasid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, peer_start(b));
	ASSERT_EQ(0, peer_take(b, fd));
	test_alloc_some(b, 3);
	peer_kill(a);
	test_taken(0);
	EXPECT_ERRNO(EINVAL, peer_alloc(b, 0, UINT_MAX, &pasid));
	close(fd);
}

/* The opener's mm stays the name of the set, and nobody else gets that name. */
TEST_F(life, set_outlives_its_opener_if_the_group_was_passed_too)
{
	struct peer *a = &self->a, *b = &self->b, other;
	int fd = peer_give(a), group = peer_give_group(a), i;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, peer_start(b));
	ASSERT_EQ(0, peer_take(b, fd));
	ASSERT_EQ(0, peer_take_group(b, group));
	close(fd);
	close(group);
	test_alloc_some(a, 3);
	peer_kill(a);
	test_alloc_some(b, 1);
	EXPECT_EQ(4, peer_used(b));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, peer_start(&other));
		EXPECT_EQ(0, peer_open(&other, 2));
		EXPECT_EQ(0, peer_used(&other));
		peer_end(&other);
	}
	test_taken(4);
	peer_end(b);
	test_taken(0);
}

TEST_F(life, end_without_close_returns_everything)
{
	test_alloc_some(&self->a, 30);
	test_taken(30);
	peer_end(&self->a);
	test_taken(0);
}

/* -------- kill -------- */

TEST_F(life, kill_in_the_middle_of_allocation_returns_everything)
{
	int round;

	for (round = 0; round < 8; round++) {
		__u32 some = 1 + round * 20;

		if (round)
			ASSERT_EQ(0, peer_start(&self->a));
		if (round)
			ASSERT_EQ(0, peer_open(&self->a, 1));
		ASSERT_EQ(0, peer_churn(&self->a));
		EXPECT_TRUE(wait_until(self->free >= some +
				       pasid_available(self->observer.fd)));
		peer_kill(&self->a);
		test_taken(0);
	}
}

TEST_F(life, kill_of_one_of_two_users_leaves_the_other_at_work)
{
	struct peer *a = &self->a, *b = &self->b;

	ASSERT_EQ(0, peer_fork(a, b));
	ASSERT_EQ(0, peer_churn(b));
	EXPECT_TRUE(wait_until(peer_used(a) >= 10));
	/* Its parent is to wait for it, so it may go on for a moment. */
	peer_kill(b);
	test_taken(peer_used(a));
	EXPECT_EQ(0, peer_free(a, 0, UINT_MAX));
	test_taken(0);
}

/* -------- a call that has to wait for the caller's memory -------- */

FIXTURE(slow) {
	struct container c, other;
	struct trap trap;
	struct call call;
	int device;
};

FIXTURE_VARIANT(slow) {
	unsigned int nr;
	/* What is there to be read in the end. */
	__u32 word[8];
	/* Where the device is named in it. */
	int device;
	/* What the call says when the container has lost its group meanwhile. */
	int error;
};

FIXTURE_VARIANT_ADD(slow, alloc) {
	.nr = VFIO_IOMMU_ALLOC_PASID,
	.word = { sizeof(struct vfio_iommu_alloc_pasid), 0, 0, UINT_MAX },
	.error = ENOENT,
};

FIXTURE_VARIANT_ADD(slow, alloc_local) {
	.nr = VFIO_IOMMU_ALLOC_PASID,
	.word = { sizeof(struct vfio_iommu_alloc_pasid), VFIO_PASID_LOCAL, 0,
		  UINT_MAX },
	.device = offsetof(struct vfio_iommu_alloc_pasid, device) / 4,
	.error = EINVAL,
};

FIXTURE_VARIANT_ADD(slow, free) {
	.nr = VFIO_IOMMU_FREE_PASID,
	.word = { sizeof(struct vfio_iommu_free_pasid), 0, 0, UINT_MAX },
	.error = ENOENT,
};

FIXTURE_VARIANT_ADD(slow, free_local) {
	.nr = VFIO_IOMMU_FREE_PASID,
	.word = { sizeof(struct vfio_iommu_free_pasid), VFIO_PASID_LOCAL, 0,
		  UINT_MAX },
	.device = offsetof(struct vfio_iommu_free_pasid, device) / 4,
	.error = EINVAL,
};

FIXTURE_VARIANT_ADD(slow, bind) {
	.nr = VFIO_IOMMU_BIND_PASID,
	.word = { sizeof(struct vfio_iommu_bind_pasid), 0, 1, 1 },
	.error = ENOENT,
};

FIXTURE_VARIANT_ADD(slow, bind_local) {
	.nr = VFIO_IOMMU_BIND_PASID,
	.word = { sizeof(struct vfio_iommu_bind_pasid), VFIO_PASID_LOCAL, 1, 1 },
	.device = offsetof(struct vfio_iommu_bind_pasid, device) / 4,
	.error = EINVAL,
};

FIXTURE_VARIANT_ADD(slow, unbind) {
	.nr = VFIO_IOMMU_UNBIND_PASID,
	.word = { sizeof(struct vfio_iommu_unbind_pasid), 0, 1 },
	.error = ENOENT,
};

FIXTURE_VARIANT_ADD(slow, list) {
	.nr = VFIO_IOMMU_LIST_PASIDS,
	.word = { sizeof(struct vfio_iommu_list_pasids), 0, 0, 1 },
};

FIXTURE_VARIANT_ADD(slow, list_local) {
	.nr = VFIO_IOMMU_LIST_PASIDS,
	.word = { sizeof(struct vfio_iommu_list_pasids), VFIO_PASID_LOCAL, 0, 1 },
	.device = offsetof(struct vfio_iommu_list_pasids, device) / 4,
	.error = EINVAL,
};

FIXTURE_VARIANT_ADD(slow, quota) {
	.nr = VFIO_IOMMU_SET_PASID_QUOTA,
	.word = { sizeof(struct vfio_iommu_pasid_quota),
		  VFIO_PASID_QUOTA_LIMIT, 0, 1 },
	.error = ENOENT,
};

FIXTURE_SETUP(slow)
{
	const char *why = missing(2);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->other = NO_CONTAINER;
	self->device = -1;
	if (variant->device) {
		ASSERT_EQ(0, container_open(&self->other, 1));
		self->device = device_open(&self->other, 1);
		ASSERT_LE(0, self->device);
	}
	if (trap_open(&self->trap, TRAP_READ, NULL, 0))
		SKIP(return, "no userfaultfd for what the kernel reads");
}

FIXTURE_TEARDOWN(slow)
{
	trap_close(&self->trap);
	close(self->device);
	container_close(&self->other);
	container_close(&self->c);
}

/* The group, and with it what the container has to do with PASIDs, is gone. */
TEST_F(slow, group_leaves_during_the_call)
{
	__u32 arg[ARRAY_SIZE(variant->word)];
	int ret;

	memcpy(arg, variant->word, sizeof(arg));
	if (variant->device)
		arg[variant->device] = self->device;
	ASSERT_EQ(0, call_begin(&self->call, self->c.fd, variant->nr,
				self->trap.page));
	ASSERT_TRUE(trap_is_entered(&self->trap));
	close(self->c.group);
	self->c.group = -1;
	/* The last group takes the IOMMU driver out of the container. */
	EXPECT_ERRNO(EINVAL, ioctl(self->c.fd, variant->nr, NULL));
	ASSERT_EQ(0, trap_let_read(&self->trap, arg, sizeof(arg)));
	ret = call_end(&self->call);
	EXPECT_EQ(variant->error ? -1 : 0, ret);
	if (variant->error)
		EXPECT_EQ(variant->error, errno);
}

/* -------- threads -------- */

#define RACE_NS		500000000ULL
#define RACE_LIMIT	60

struct race {
	int fd;
	unsigned int dev;
	unsigned int seed;
	__u64 end;
	unsigned int done;
	/* The errno that nobody expected, or 0. */
	int wrong;
};

static void race_check(struct race *race, int ret, int also, int expected)
{
	race->done += !ret;
	if (ret && errno != also && errno != expected && !race->wrong)
		race->wrong = errno;
}

static void *race_alloc(void *arg)
{
	struct race *race = arg;
	__u32 pasid = 0;

	while (now_ns() < race->end) {
		race_check(race, _test_alloc_pasid(race->fd, 0, UINT_MAX,
						   &pasid), EDQUOT, EDQUOT);
		if (rand_r(&race->seed) % 2)
			race_check(race, _test_free_pasid(race->fd, pasid,
							  pasid), ENOENT, ENOENT);
	}
	return NULL;
}

static void *race_free(void *arg)
{
	struct race *race = arg;

	while (now_ns() < race->end) {
		__u32 low = rand_r(&race->seed) % (2 * RACE_LIMIT);

		race_check(race, _test_free_pasid(race->fd, low, low + 10),
			   ENOENT, ENOENT);
		race_check(race, _test_free_pasid(race->fd, 0, UINT_MAX),
			   ENOENT, ENOENT);
		usleep(rand_r(&race->seed) % 300);
	}
	return NULL;
}

static void *race_quota(void *arg)
{
	struct race *race = arg;

	while (now_ns() < race->end) {
		__u32 limit = rand_r(&race->seed) % RACE_LIMIT;
		__u32 guarantee = rand_r(&race->seed) % RACE_LIMIT;

		race_check(race, _test_pasid_quota(race->fd,
						   VFIO_PASID_QUOTA_GUARANTEE |
						   VFIO_PASID_QUOTA_LIMIT,
						   guarantee, limit),
			   EBUSY, EINVAL);
	}
	return NULL;
}

/* The numbers of one moment belong together, whatever goes on. */
static void *race_look(void *arg)
{
	struct race *race = arg;
	struct pasid_info info;

	while (now_ns() < race->end) {
		if (_test_pasid_info(race->fd, &info) ||
		    info.used > info.limit || info.guarantee > info.limit ||
		    info.available > info.limit - info.used)
			race->wrong = ERANGE;
		race->done++;
	}
	return NULL;
}

/* Makes and ends the set that the other thread makes and ends as well. */
static void *race_open(void *arg)
{
	struct race *race = arg;
	struct container c;
	__u32 pasid;

	while (now_ns() < race->end) {
		int ret = container_open(&c, race->dev);

		race_check(race, ret, 0, 0);
		if (ret)
			continue;
		race_check(race, _test_alloc_pasid(c.fd, 0, UINT_MAX, &pasid),
			   0, 0);
		if (rand_r(&race->seed) % 2)
			race_check(race, _test_free_pasid(c.fd, pasid, pasid),
				   0, 0);
		container_close(&c);
	}
	return NULL;
}

FIXTURE(race) {
	struct container c;
	struct peer observer;
	__u32 free;
};

static __u32 peer_available(struct peer *peer)
{
	struct pasid_info info;

	return peer_info(peer, &info) ? UINT_MAX : info.available;
}

FIXTURE_SETUP(race)
{
	const char *why = missing(3);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start(&self->observer));
	ASSERT_EQ(0, peer_open(&self->observer, 0));
	ASSERT_EQ(0, peer_quota(&self->observer, VFIO_PASID_QUOTA_LIMIT, 0,
				PASID_LIMIT_NONE));
	self->free = peer_available(&self->observer);
	self->c = NO_CONTAINER;
}

FIXTURE_TEARDOWN(race)
{
	container_close(&self->c);
	peer_end(&self->observer);
}

#define MAX_RACERS	6

struct racer {
	void *(*run)(void *arg);
	unsigned int dev;
};

static int run_race(const struct racer *racers, int nr, int fd)
{
	struct race race[MAX_RACERS] = {};
	pthread_t thread[MAX_RACERS];
	int i, wrong = 0;

	for (i = 0; i < nr; i++) {
		race[i].fd = fd;
		race[i].dev = racers[i].dev;
		race[i].seed = i + 1;
		race[i].end = now_ns() + RACE_NS;
		if (pthread_create(&thread[i], NULL, racers[i].run, &race[i]))
			return errno;
	}
	for (i = 0; i < nr; i++) {
		pthread_join(thread[i], NULL);
		ksft_print_msg("racer %d did %u calls, %s\n", i, race[i].done,
			       strerror(race[i].wrong));
		wrong = wrong ?: race[i].wrong;
		/* A racer that got nowhere has shown nothing. */
		wrong = wrong ?: race[i].done ? 0 : ENODATA;
	}
	return wrong;
}

TEST_F(race, calls_on_one_container)
{
	static const struct racer racers[] = {
		{ .run = race_alloc }, { .run = race_alloc },
		{ .run = race_free }, { .run = race_quota },
		{ .run = race_look },
	};
	struct pasid_info info;

	ASSERT_EQ(0, container_open(&self->c, 1));
	test_pasid_limit(self->c.fd, RACE_LIMIT);
	EXPECT_EQ(0, run_race(racers, ARRAY_SIZE(racers), self->c.fd));

	/* The books are those of the PASIDs that are left. */
	test_pasid_quota(self->c.fd, 0, 1000);
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(self->free - info.used, peer_available(&self->observer));
	_test_free_pasid(self->c.fd, 0, UINT_MAX);
	EXPECT_EQ(0, pasid_used(self->c.fd));
	EXPECT_EQ(self->free, peer_available(&self->observer));
	EXPECT_EQ(min_u32(1000, self->free), pasid_available(self->c.fd));
}

TEST_F(race, containers_that_come_and_go)
{
	static const struct racer racers[] = {
		{ .run = race_open, .dev = 1 }, { .run = race_open, .dev = 2 },
	};

	EXPECT_EQ(0, run_race(racers, ARRAY_SIZE(racers), -1));
	EXPECT_TRUE(wait_until(peer_available(&self->observer) == self->free));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
