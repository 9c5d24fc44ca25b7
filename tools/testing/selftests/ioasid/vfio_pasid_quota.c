// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many PASIDs a set may have: limit, guarantee, and who may change them.
 */
#include "../kselftest_harness.h"
#include "ioasid_peer.h"

#define BOTH (VFIO_PASID_QUOTA_GUARANTEE | VFIO_PASID_QUOTA_LIMIT)

/* -------- limit -------- */

FIXTURE(quota) {
	struct container c;
	int fd;
};

FIXTURE_SETUP(quota)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
}

FIXTURE_TEARDOWN(quota)
{
	container_close(&self->c);
}

TEST_F(quota, limit_is_reached_by_the_last_one)
{
	test_pasid_limit(self->fd, 8);
	EXPECT_EQ(8, pasid_available(self->fd));
	EXPECT_EQ(8, alloc_pasids(self->fd, 8));
	EXPECT_EQ(0, pasid_available(self->fd));
	test_err_alloc_pasid(EDQUOT, self->fd, 0, UINT_MAX);
	EXPECT_EQ(8, pasid_used(self->fd));
}

TEST_F(quota, one_that_is_freed_can_be_had_again)
{
	__u32 pasid;

	test_pasid_limit(self->fd, 8);
	EXPECT_EQ(7, alloc_pasids(self->fd, 7));
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_err_alloc_pasid(EDQUOT, self->fd, 0, UINT_MAX);
	test_free_pasid(self->fd, pasid, pasid);
	EXPECT_EQ(1, pasid_available(self->fd));
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_err_alloc_pasid(EDQUOT, self->fd, 0, UINT_MAX);
}

/* Raised and lowered while PASIDs are there, it refuses from the new one on. */
TEST_F(quota, limit_follows_every_change)
{
	test_pasid_limit(self->fd, 4);
	EXPECT_EQ(4, alloc_pasids(self->fd, 10));
	EXPECT_EQ(EDQUOT, errno);
	test_pasid_limit(self->fd, 6);
	EXPECT_EQ(2, alloc_pasids(self->fd, 10));
	EXPECT_EQ(EDQUOT, errno);
	test_free_pasid(self->fd, 0, UINT_MAX);
	test_pasid_limit(self->fd, 3);
	EXPECT_EQ(3, alloc_pasids(self->fd, 10));
	EXPECT_EQ(EDQUOT, errno);
}

TEST_F(quota, limit_of_0_allows_nothing)
{
	test_pasid_limit(self->fd, 0);
	EXPECT_EQ(0, pasid_available(self->fd));
	test_err_alloc_pasid(EDQUOT, self->fd, 0, UINT_MAX);
	test_err_free_pasid(ENOENT, self->fd, 0, UINT_MAX);
}

TEST_F(quota, no_limit_leaves_the_capacity)
{
	struct pasid_info info;

	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(PASID_LIMIT_NONE, info.limit);
	EXPECT_LT(0, info.available);
	EXPECT_GE((1U << info.bits) - 1, info.available);
}

/* -------- changes that are refused change nothing -------- */

#define test_unchanged(fd, before)                            \
	do {                                                  \
		struct pasid_info after;                      \
							      \
		test_pasid_info(fd, &after);                  \
		EXPECT_EQ(0, memcmp(&after, before, sizeof(after))); \
	} while (0)

TEST_F(quota, nothing_to_change_is_refused)
{
	struct pasid_info before;

	test_pasid_info(self->fd, &before);
	EXPECT_ERRNO(EINVAL, _test_pasid_quota(self->fd, 0, 0, 0));
	test_unchanged(self->fd, &before);
}

TEST_F(quota, value_without_its_flag_is_refused)
{
	struct pasid_info before;

	test_pasid_quota(self->fd, 2, 20);
	test_pasid_info(self->fd, &before);
	EXPECT_ERRNO(EINVAL, _test_pasid_quota(self->fd,
					       VFIO_PASID_QUOTA_LIMIT, 1, 10));
	EXPECT_ERRNO(EINVAL, _test_pasid_quota(self->fd,
					       VFIO_PASID_QUOTA_GUARANTEE,
					       1, 10));
	test_unchanged(self->fd, &before);
}

TEST_F(quota, one_value_leaves_the_other)
{
	struct pasid_info info;

	test_pasid_quota(self->fd, 2, 20);
	test_pasid_limit(self->fd, 10);
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(2, info.guarantee);
	EXPECT_EQ(10, info.limit);
	test_pasid_guarantee(self->fd, 5);
	test_pasid_info(self->fd, &info);
	EXPECT_EQ(5, info.guarantee);
	EXPECT_EQ(10, info.limit);
}

TEST_F(quota, guarantee_above_the_limit_is_refused)
{
	struct pasid_info before;

	test_pasid_quota(self->fd, 5, 10);
	test_pasid_info(self->fd, &before);
	test_err_pasid_guarantee(EINVAL, self->fd, 11);
	test_err_pasid_limit(EINVAL, self->fd, 4);
	test_err_pasid_quota(EINVAL, self->fd, 8, 7);
	test_unchanged(self->fd, &before);
	test_pasid_quota(self->fd, 10, 10);
}

TEST_F(quota, limit_below_what_is_used_is_refused)
{
	struct pasid_info before;

	EXPECT_EQ(5, alloc_pasids(self->fd, 5));
	test_pasid_info(self->fd, &before);
	test_err_pasid_limit(EBUSY, self->fd, 4);
	test_err_pasid_limit(EBUSY, self->fd, 0);
	/* The guarantee that would have fitted is not changed either. */
	test_err_pasid_quota(EBUSY, self->fd, 2, 4);
	test_unchanged(self->fd, &before);
	test_pasid_limit(self->fd, 5);
}

TEST_F(quota, guarantee_above_the_capacity_is_refused)
{
	struct pasid_info before;

	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	test_pasid_info(self->fd, &before);
	test_err_pasid_guarantee(ENOSPC, self->fd, before.available + 1);
	test_err_pasid_guarantee(ENOSPC, self->fd, PASID_LIMIT_NONE);
	/* Nor the limit, though it would have been fine. */
	test_err_pasid_quota(ENOSPC, self->fd, before.available + 1,
			     before.available + 2);
	test_unchanged(self->fd, &before);
	test_pasid_guarantee(self->fd, before.available);
	test_pasid_guarantee(self->fd, 0);
	test_unchanged(self->fd, &before);
}

/* -------- guarantees among several processes -------- */

/*
 * The first peer keeps all but POOL PASIDs for itself by a guarantee that it does
 * not use. So the others share a small system, whatever the capacity is.
 */
#define POOL	64

FIXTURE(shared) {
	struct container c;
	struct peer keeper, eater, owner;
	int fd;
};

FIXTURE_SETUP(shared)
{
	const char *why = missing(4);
	__u32 kept;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, observer_open(&self->c, 0));
	self->fd = self->c.fd;
	ASSERT_EQ(0, peer_start(&self->keeper));
	ASSERT_EQ(0, peer_start(&self->eater));
	ASSERT_EQ(0, peer_start(&self->owner));
	ASSERT_EQ(0, peer_open(&self->keeper, 1));
	ASSERT_EQ(0, peer_open(&self->eater, 2));
	ASSERT_EQ(0, peer_open(&self->owner, 3));
	ASSERT_LT(POOL, pasid_available(self->fd));
	kept = pasid_available(self->fd) - POOL;
	ASSERT_EQ(0, peer_quota(&self->keeper, BOTH, kept, kept));
	ASSERT_EQ(POOL, pasid_available(self->fd));
	ASSERT_EQ(0, peer_quota(&self->eater, VFIO_PASID_QUOTA_LIMIT, 0,
				PASID_LIMIT_NONE));
}

FIXTURE_TEARDOWN(shared)
{
	peer_end(&self->owner);
	peer_end(&self->eater);
	peer_end(&self->keeper);
	container_close(&self->c);
}

TEST_F(shared, guarantee_is_kept_while_another_takes_the_rest)
{
	struct pasid_batch batch;

	ASSERT_EQ(0, peer_quota(&self->owner, BOTH, 16, 100));
	EXPECT_ERRNO(ENOSPC, peer_alloc_some(&self->eater, 2 * POOL, &batch));
	EXPECT_EQ(POOL - 16, batch.nr);
	EXPECT_EQ(0, pasid_available(self->fd));
	ASSERT_EQ(0, peer_alloc_some(&self->owner, 16, &batch));
	EXPECT_ERRNO(ENOSPC, peer_alloc_some(&self->owner, 1, &batch));
}

TEST_F(shared, guarantee_is_gone_when_it_is_given_up)
{
	struct pasid_batch batch;

	ASSERT_EQ(0, peer_quota(&self->owner, BOTH, 16, 100));
	EXPECT_EQ(POOL - 16, pasid_available(self->fd));
	ASSERT_EQ(0, peer_quota(&self->owner, VFIO_PASID_QUOTA_GUARANTEE, 6, 0));
	EXPECT_EQ(POOL - 6, pasid_available(self->fd));
	ASSERT_EQ(0, peer_close(&self->owner));
	EXPECT_EQ(POOL, pasid_available(self->fd));
	EXPECT_ERRNO(ENOSPC, peer_alloc_some(&self->eater, 2 * POOL, &batch));
	EXPECT_EQ(POOL, batch.nr);
}

TEST_F(shared, guarantee_comes_back_with_a_killed_owner)
{
	ASSERT_EQ(0, peer_quota(&self->owner, BOTH, 16, 100));
	ASSERT_EQ(POOL - 16, pasid_available(self->fd));
	peer_kill(&self->owner);
	EXPECT_TRUE(wait_until(pasid_available(self->fd) == POOL));
}

TEST_F(shared, guarantee_that_does_not_fit_is_refused)
{
	struct pasid_info info;

	EXPECT_ERRNO(ENOSPC, peer_quota(&self->owner, BOTH, POOL + 1, POOL + 1));
	ASSERT_EQ(0, peer_info(&self->owner, &info));
	EXPECT_EQ(0, info.guarantee);
	EXPECT_EQ(0, peer_quota(&self->owner, BOTH, POOL, POOL));
	EXPECT_EQ(0, pasid_available(self->fd));
	EXPECT_ERRNO(ENOSPC, peer_quota(&self->eater,
					VFIO_PASID_QUOTA_GUARANTEE, 1, 0));
}

/* What a set has already counts towards its guarantee, so it fits twice. */
TEST_F(shared, guarantee_covers_what_is_used_already)
{
	struct pasid_batch batch;

	ASSERT_EQ(0, peer_alloc_some(&self->owner, 10, &batch));
	ASSERT_EQ(0, peer_quota(&self->owner, VFIO_PASID_QUOTA_GUARANTEE, 10,
				0));
	EXPECT_EQ(POOL - 10, pasid_available(self->fd));
	ASSERT_EQ(0, peer_free(&self->owner, 0, UINT_MAX));
	EXPECT_EQ(POOL - 10, pasid_available(self->fd));
	ASSERT_EQ(0, peer_quota(&self->owner, VFIO_PASID_QUOTA_GUARANTEE, 0,
				0));
	EXPECT_EQ(POOL, pasid_available(self->fd));
}

/* The smaller of what the limit leaves, and own guarantee plus what is free. */
TEST_F(shared, available_is_what_can_be_allocated)
{
	static const struct {
		__u32 guarantee, limit, use, eaten, available;
	} step[] = {
		{ 0, 10, 0, 0, 10 },
		{ 0, 100, 0, 0, POOL },
		{ 16, 100, 0, 0, POOL },
		{ 16, 100, 0, POOL - 16, 16 },
		{ 16, 100, 6, POOL - 16, 10 },
		{ 12, 12, 0, POOL - 16, 12 },
		{ 16, 100, 20, 10, POOL - 30 },
		{ 0, 100, 0, POOL, 0 },
	};
	struct pasid_batch batch;
	struct pasid_info info;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(step); i++) {
		peer_free(&self->owner, 0, UINT_MAX);
		peer_free(&self->eater, 0, UINT_MAX);
		ASSERT_EQ(0, peer_quota(&self->owner, BOTH, step[i].guarantee,
					step[i].limit));
		ASSERT_EQ(0, peer_alloc_some(&self->owner, step[i].use,
					     &batch));
		peer_alloc_some(&self->eater, step[i].eaten, &batch);
		ASSERT_EQ(0, peer_info(&self->owner, &info));
		EXPECT_EQ(step[i].available, info.available);
		/* And that many there are, not one less nor one more. */
		EXPECT_EQ(-1, peer_alloc_some(&self->owner, 2 * POOL, &batch));
		EXPECT_EQ(info.available, batch.nr);
	}
}

/* -------- who may raise -------- */

FIXTURE(unprivileged) {
	struct container c;
	int fd;
};

FIXTURE_VARIANT(unprivileged) {
	enum drop how;
};

FIXTURE_VARIANT_ADD(unprivileged, nobody) {
	.how = DROP_UID,
};

FIXTURE_VARIANT_ADD(unprivileged, root_without_cap_sys_resource) {
	.how = DROP_CAPABILITY,
};

FIXTURE_VARIANT_ADD(unprivileged, root_of_a_user_namespace) {
	.how = DROP_USER_NS,
};

FIXTURE_SETUP(unprivileged)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
	test_pasid_quota(self->fd, 5, 50);
	if (drop_privilege(variant->how))
		SKIP(return, "this kernel cannot take the privilege away");
}

FIXTURE_TEARDOWN(unprivileged)
{
	container_close(&self->c);
}

TEST_F(unprivileged, raise_is_refused)
{
	struct pasid_info before;

	test_pasid_info(self->fd, &before);
	test_err_pasid_limit(EPERM, self->fd, 51);
	test_err_pasid_limit(EPERM, self->fd, PASID_LIMIT_NONE);
	test_err_pasid_guarantee(EPERM, self->fd, 6);
	test_err_pasid_quota(EPERM, self->fd, 6, 51);
	test_unchanged(self->fd, &before);
}

/* A lower one does not pay for a higher one. */
TEST_F(unprivileged, raise_of_one_with_the_other_lowered_is_refused)
{
	struct pasid_info before;

	test_pasid_info(self->fd, &before);
	test_err_pasid_quota(EPERM, self->fd, 6, 40);
	test_err_pasid_quota(EPERM, self->fd, 4, 51);
	test_unchanged(self->fd, &before);
}

TEST_F(unprivileged, lowering_passes_and_is_final)
{
	test_pasid_quota(self->fd, 5, 50);
	test_pasid_limit(self->fd, 40);
	test_pasid_guarantee(self->fd, 4);
	test_err_pasid_limit(EPERM, self->fd, 41);
	test_err_pasid_guarantee(EPERM, self->fd, 5);
	test_pasid_quota(self->fd, 0, 0);
	test_err_pasid_limit(EPERM, self->fd, 1);
}

TEST_F(unprivileged, allocation_goes_on_to_the_limit)
{
	EXPECT_EQ(50, alloc_pasids(self->fd, 100));
	EXPECT_EQ(EDQUOT, errno);
	test_err_pasid_limit(EBUSY, self->fd, 49);
	test_free_pasid(self->fd, 0, UINT_MAX);
}

/* It is the caller's right that counts, not that of who opened. */
FIXTURE(admin) {
	struct peer admin, vm;
};

FIXTURE_SETUP(admin)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, peer_start(&self->admin));
	ASSERT_EQ(0, peer_start(&self->vm));
	ASSERT_EQ(0, peer_open(&self->vm, 0));
	ASSERT_EQ(0, peer_drop(&self->vm, DROP_UID));
	ASSERT_EQ(0, peer_steal(&self->admin, self->vm.pid));
}

FIXTURE_TEARDOWN(admin)
{
	peer_end(&self->vm);
	peer_end(&self->admin);
}

TEST_F(admin, raises_what_the_vm_may_not)
{
	struct pasid_batch batch;
	struct pasid_info info;

	ASSERT_EQ(0, peer_quota(&self->vm, VFIO_PASID_QUOTA_LIMIT, 0, 5));
	EXPECT_ERRNO(EPERM, peer_quota(&self->vm, VFIO_PASID_QUOTA_LIMIT, 0, 6));
	EXPECT_ERRNO(EDQUOT, peer_alloc_some(&self->vm, 6, &batch));
	ASSERT_EQ(0, peer_quota(&self->admin, BOTH, 7, 7));
	ASSERT_EQ(0, peer_alloc_some(&self->vm, 2, &batch));
	EXPECT_ERRNO(EDQUOT, peer_alloc_some(&self->vm, 1, &batch));
	ASSERT_EQ(0, peer_info(&self->admin, &info));
	EXPECT_EQ(7, info.used);
	EXPECT_EQ(7, info.guarantee);
}

TEST_F(admin, cannot_raise_once_it_is_nobody)
{
	ASSERT_EQ(0, peer_quota(&self->admin, BOTH, 7, 7));
	ASSERT_EQ(0, peer_drop(&self->admin, DROP_UID));
	EXPECT_ERRNO(EPERM, peer_quota(&self->admin, BOTH, 8, 8));
	EXPECT_EQ(0, peer_quota(&self->admin, BOTH, 6, 6));
}

/* -------- the default -------- */

FIXTURE(param) {
	struct container c;
	__u32 saved;
};

FIXTURE_SETUP(param)
{
	const char *why = missing(1);

	self->c = NO_CONTAINER;
	if (why)
		SKIP(return, "%s", why);
	if (pasid_quota_param(&self->saved) ||
	    set_pasid_quota_param(self->saved))
		SKIP(return, "the parameter pasid_quota cannot be written");
}

FIXTURE_TEARDOWN_PARENT(param)
{
	set_pasid_quota_param(self->saved);
}

TEST_F(param, limit_0_allows_nothing_until_granted)
{
	struct pasid_info info;

	ASSERT_EQ(0, set_pasid_quota_param(0));
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(0, info.limit);
	EXPECT_EQ(0, info.available);
	test_err_alloc_pasid(EDQUOT, self->c.fd, 0, UINT_MAX);
	test_pasid_limit(self->c.fd, 3);
	EXPECT_EQ(3, alloc_pasids(self->c.fd, 10));
}

TEST_F(param, limit_0_cannot_be_lifted_without_privilege)
{
	ASSERT_EQ(0, set_pasid_quota_param(0));
	ASSERT_EQ(0, container_open(&self->c, 0));
	ASSERT_EQ(0, drop_privilege(DROP_UID));
	test_err_pasid_limit(EPERM, self->c.fd, 1);
	test_err_alloc_pasid(EDQUOT, self->c.fd, 0, UINT_MAX);
}

TEST_F(param, limit_is_taken_when_the_set_is_made)
{
	struct pasid_info info;
	__u32 pasid;

	ASSERT_EQ(0, set_pasid_quota_param(7));
	ASSERT_EQ(0, container_open(&self->c, 0));
	ASSERT_EQ(0, set_pasid_quota_param(9));
	/* There is no set yet: looking at it makes none. */
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(9, info.limit);
	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, set_pasid_quota_param(50));
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(9, info.limit);
	EXPECT_EQ(8, alloc_pasids(self->c.fd, 50));
	/* The next set of the same process has the new one. */
	container_close(&self->c);
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(50, info.limit);
	EXPECT_EQ(50, alloc_pasids(self->c.fd, 60));
}

TEST_F(param, largest_value_is_no_limit)
{
	struct pasid_info info;

	ASSERT_EQ(0, set_pasid_quota_param(PASID_LIMIT_NONE));
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_pasid_info(self->c.fd, &info);
	EXPECT_EQ(PASID_LIMIT_NONE, info.limit);
	EXPECT_LT(50, info.available);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
