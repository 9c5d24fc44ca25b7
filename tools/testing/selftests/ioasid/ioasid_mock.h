/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that take PASIDs into their tables: the mock devices of iommufd's own test.
 * They can do so where the kernel's header says it, for which see the Makefile.
 */
#ifndef __SELFTEST_IOASID_MOCK_H
#define __SELFTEST_IOASID_MOCK_H

#include <linux/iommufd.h>
#include <sys/ioctl.h>

#include "../../../../drivers/iommu/iommufd/iommufd_test.h"

#ifdef HAVE_MOCK_PASIDS

static inline int mock_device(int iommufd, __u32 ioas, __u32 *dev, __u32 *table)
{
	struct iommu_test_cmd mock = {
		.size = sizeof(mock),
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = ioas,
		.mock_domain_flags = { .dev_flags = MOCK_FLAGS_DEVICE_PASID },
	};
	struct iommu_test_cmd replace = {
		.size = sizeof(replace),
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
	};
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = IOMMU_HWPT_ALLOC_PASID,
		.pt_id = ioas,
	};

	if (ioctl(iommufd, IOMMU_TEST_CMD, &mock))
		return -1;
	*dev = mock.mock_domain_flags.out_stdev_id;
	alloc.dev_id = mock.mock_domain_flags.out_idev_id;
	if (ioctl(iommufd, IOMMU_HWPT_ALLOC, &alloc))
		return -1;
	*table = alloc.out_hwpt_id;

	/* Without PASID, too, it has to use a table of this kind. */
	replace.id = *dev;
	replace.mock_domain_replace.pt_id = *table;
	return ioctl(iommufd, IOMMU_TEST_CMD, &replace);
}

static inline int make_mocks(int iommufd, __u32 *dev, __u32 *table)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };

	if (ioctl(iommufd, IOMMU_IOAS_ALLOC, &ioas))
		return -1;
	return mock_device(iommufd, ioas.out_ioas_id, &dev[0], &table[0]) ||
	       mock_device(iommufd, ioas.out_ioas_id, &dev[1], &table[1]);
}

static inline int mock_attach(int iommufd, __u32 dev, __u32 pasid, __u32 table)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_PASID_ATTACH,
		.id = dev,
		.pasid_attach = { .pasid = pasid, .pt_id = table },
	};

	return ioctl(iommufd, IOMMU_TEST_CMD, &cmd);
}

static inline int mock_replace(int iommufd, __u32 dev, __u32 pasid, __u32 table)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_PASID_REPLACE,
		.id = dev,
		.pasid_replace = { .pasid = pasid, .pt_id = table },
	};

	return ioctl(iommufd, IOMMU_TEST_CMD, &cmd);
}

static inline int mock_detach(int iommufd, __u32 dev, __u32 pasid)
{
	struct iommu_test_cmd cmd = {
		.size = sizeof(cmd),
		.op = IOMMU_TEST_OP_PASID_DETACH,
		.id = dev,
		.pasid_detach = { .pasid = pasid },
	};

	return ioctl(iommufd, IOMMU_TEST_CMD, &cmd);
}

static inline const char *no_mock(int iommufd)
{
	return iommufd < 0 ? "there is no /dev/iommu" : NULL;
}

#else /* HAVE_MOCK_PASIDS */

static inline int make_mocks(int iommufd, __u32 *dev, __u32 *table)
{
	return -1;
}

static inline int mock_attach(int iommufd, __u32 dev, __u32 pasid, __u32 table)
{
	return -1;
}

static inline int mock_replace(int iommufd, __u32 dev, __u32 pasid, __u32 table)
{
	return -1;
}

static inline int mock_detach(int iommufd, __u32 dev, __u32 pasid)
{
	return -1;
}

static inline const char *no_mock(int iommufd)
{
	return "iommufd's mock devices attach no PASIDs in this kernel";
}

#endif /* HAVE_MOCK_PASIDS */

#endif /* __SELFTEST_IOASID_MOCK_H */
