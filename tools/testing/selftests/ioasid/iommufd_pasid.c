// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PASID that VFIO handed out sits in the table of a device, here of iommufd's mock
 * device: its number is not handed out again before it is taken out there.
 */
#include <fcntl.h>

#include "../kselftest_harness.h"
#include "ioasid_mock.h"
#include "ioasid_peer.h"

FIXTURE(mock) {
	struct container c;
	int iommufd;
	__u32 dev[2];		/* mock devices */
	__u32 table[2];		/* page tables that take PASIDs */
};

FIXTURE_SETUP(mock)
{
	const char *why = missing(1);

	self->iommufd = open("/dev/iommu", O_RDWR);
	why = why ?: no_mock(self->iommufd);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	ASSERT_EQ(0, make_mocks(self->iommufd, self->dev, self->table));
}

FIXTURE_TEARDOWN(mock)
{
	container_close(&self->c);
	close(self->iommufd);
}

TEST_F(mock, attached_pasid_is_pending_until_detached)
{
	__u32 pasid;

	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], pasid,
				 self->table[0]));
	test_free_pasid(self->c.fd, pasid, pasid);
	EXPECT_EQ(1, pasid_used(self->c.fd));
	test_err_alloc_pasid(ENOSPC, self->c.fd, pasid, pasid);
	test_err_free_pasid(ENOENT, self->c.fd, pasid, pasid);

	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], pasid));
	EXPECT_EQ(0, pasid_used(self->c.fd));
	test_alloc_pasid(self->c.fd, pasid, pasid, &pasid);
}

TEST_F(mock, replaced_table_keeps_the_pasid)
{
	__u32 pasid;

	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], pasid,
				 self->table[0]));
	ASSERT_EQ(0, mock_replace(self->iommufd, self->dev[0], pasid,
				  self->table[1]));
	test_free_pasid(self->c.fd, pasid, pasid);
	EXPECT_EQ(1, pasid_used(self->c.fd));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], pasid));
	EXPECT_EQ(0, pasid_used(self->c.fd));
}

TEST_F(mock, second_device_keeps_it_too)
{
	__u32 pasid;

	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], pasid,
				 self->table[0]));
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[1], pasid,
				 self->table[1]));
	test_free_pasid(self->c.fd, pasid, pasid);
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], pasid));
	EXPECT_EQ(1, pasid_used(self->c.fd));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[1], pasid));
	EXPECT_EQ(0, pasid_used(self->c.fd));
}

TEST_F(mock, freed_pasid_gets_into_no_other_table)
{
	__u32 pasid;

	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], pasid,
				 self->table[0]));
	test_free_pasid(self->c.fd, pasid, pasid);
	EXPECT_ERRNO(ENOENT, mock_attach(self->iommufd, self->dev[1], pasid,
					 self->table[1]));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], pasid));
}

/* The VM is gone; the device that still has its number is not. */
TEST_F(mock, number_in_a_table_outlives_the_vm)
{
	__u32 pasid;

	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &pasid);
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], pasid,
				 self->table[0]));
	container_close(&self->c);
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_err_alloc_pasid(ENOSPC, self->c.fd, pasid, pasid);
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], pasid));
	test_alloc_pasid(self->c.fd, pasid, pasid, &pasid);
}

/* Whoever picks a number at will gets no hold of another VM's PASID. */
TEST_F(mock, pasid_of_another_vm_is_not_held)
{
	struct peer peer;
	__u32 theirs;

	if (missing(2))
		SKIP(return, "%s", missing(2));
	ASSERT_EQ(0, peer_start(&peer));
	ASSERT_EQ(0, peer_open(&peer, 1));
	ASSERT_EQ(0, peer_alloc(&peer, 0, UINT_MAX, &theirs));
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], theirs,
				 self->table[0]));
	ASSERT_EQ(0, peer_free(&peer, theirs, theirs));
	EXPECT_EQ(0, peer_used(&peer));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], theirs));
	peer_end(&peer);
}

TEST_F(mock, number_that_nobody_allocated_can_be_attached)
{
	__u32 high = highest_pasid(self->c.fd), pasid;

	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], high,
				 self->table[0]));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], high));
	test_alloc_pasid(self->c.fd, high, high, &pasid);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
