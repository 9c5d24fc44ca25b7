/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_IOMMU_H
#define BENCH_LINUX_IOMMU_H

#include <linux/bits.h>
#include <linux/types.h>

typedef unsigned int ioasid_t;

#define IOMMU_FIRST_GLOBAL_PASID	(1U)
#define IOMMU_PASID_INVALID		(-1U)

#endif /* BENCH_LINUX_IOMMU_H */
