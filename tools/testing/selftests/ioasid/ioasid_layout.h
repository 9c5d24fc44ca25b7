/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the fields of all calls are. Programs of 32 and of 64 bits include this, so
 * that the figures hold for both: one kernel serves them by the same code.
 */
#ifndef __SELFTEST_IOASID_LAYOUT_H
#define __SELFTEST_IOASID_LAYOUT_H

#include <assert.h>
#include <linux/ioasid.h>
#include <linux/vfio.h>
#include <stddef.h>

#define LAYOUT_SIZE(type, size) \
	static_assert(sizeof(struct type) == (size), #type)
#define LAYOUT_FIELD(type, field, at) \
	static_assert(offsetof(struct type, field) == (at), #type "." #field)

LAYOUT_SIZE(ioasid_alloc_pasid, 24);
LAYOUT_FIELD(ioasid_alloc_pasid, argsz, 0);
LAYOUT_FIELD(ioasid_alloc_pasid, flags, 4);
LAYOUT_FIELD(ioasid_alloc_pasid, min, 8);
LAYOUT_FIELD(ioasid_alloc_pasid, max, 12);
LAYOUT_FIELD(ioasid_alloc_pasid, guest, 16);
LAYOUT_FIELD(ioasid_alloc_pasid, pasid, 20);

LAYOUT_SIZE(ioasid_free_pasid, 16);
LAYOUT_FIELD(ioasid_free_pasid, argsz, 0);
LAYOUT_FIELD(ioasid_free_pasid, flags, 4);
LAYOUT_FIELD(ioasid_free_pasid, min, 8);
LAYOUT_FIELD(ioasid_free_pasid, max, 12);

LAYOUT_SIZE(ioasid_bind_pasid, 16);
LAYOUT_FIELD(ioasid_bind_pasid, argsz, 0);
LAYOUT_FIELD(ioasid_bind_pasid, flags, 4);
LAYOUT_FIELD(ioasid_bind_pasid, pasid, 8);
LAYOUT_FIELD(ioasid_bind_pasid, guest, 12);

LAYOUT_SIZE(ioasid_unbind_pasid, 16);
LAYOUT_FIELD(ioasid_unbind_pasid, argsz, 0);
LAYOUT_FIELD(ioasid_unbind_pasid, flags, 4);
LAYOUT_FIELD(ioasid_unbind_pasid, guest, 8);
LAYOUT_FIELD(ioasid_unbind_pasid, reserved, 12);

LAYOUT_SIZE(ioasid_entry, 16);
LAYOUT_FIELD(ioasid_entry, guest, 0);
LAYOUT_FIELD(ioasid_entry, pasid, 4);
LAYOUT_FIELD(ioasid_entry, flags, 8);
LAYOUT_FIELD(ioasid_entry, reserved, 12);

LAYOUT_SIZE(ioasid_list, 24);
LAYOUT_FIELD(ioasid_list, argsz, 0);
LAYOUT_FIELD(ioasid_list, flags, 4);
LAYOUT_FIELD(ioasid_list, guest, 8);
LAYOUT_FIELD(ioasid_list, count, 12);
LAYOUT_FIELD(ioasid_list, entries, 16);

LAYOUT_SIZE(ioasid_query_set, 56);
LAYOUT_FIELD(ioasid_query_set, argsz, 0);
LAYOUT_FIELD(ioasid_query_set, flags, 4);
LAYOUT_FIELD(ioasid_query_set, id, 8);
LAYOUT_FIELD(ioasid_query_set, pid, 12);
LAYOUT_FIELD(ioasid_query_set, guarantee, 16);
LAYOUT_FIELD(ioasid_query_set, limit, 20);
LAYOUT_FIELD(ioasid_query_set, used, 24);
LAYOUT_FIELD(ioasid_query_set, pending, 28);
LAYOUT_FIELD(ioasid_query_set, local, 32);
LAYOUT_FIELD(ioasid_query_set, available, 36);
LAYOUT_FIELD(ioasid_query_set, comm, 40);

LAYOUT_SIZE(ioasid_quota, 24);
LAYOUT_FIELD(ioasid_quota, argsz, 0);
LAYOUT_FIELD(ioasid_quota, flags, 4);
LAYOUT_FIELD(ioasid_quota, id, 8);
LAYOUT_FIELD(ioasid_quota, guarantee, 12);
LAYOUT_FIELD(ioasid_quota, limit, 16);
LAYOUT_FIELD(ioasid_quota, reserved, 20);

LAYOUT_SIZE(ioasid_set_entry, 48);
LAYOUT_FIELD(ioasid_set_entry, id, 0);
LAYOUT_FIELD(ioasid_set_entry, pid, 4);
LAYOUT_FIELD(ioasid_set_entry, guarantee, 8);
LAYOUT_FIELD(ioasid_set_entry, limit, 12);
LAYOUT_FIELD(ioasid_set_entry, used, 16);
LAYOUT_FIELD(ioasid_set_entry, pending, 20);
LAYOUT_FIELD(ioasid_set_entry, local, 24);
LAYOUT_FIELD(ioasid_set_entry, reserved, 28);
LAYOUT_FIELD(ioasid_set_entry, comm, 32);

LAYOUT_SIZE(ioasid_list_sets, 24);
LAYOUT_FIELD(ioasid_list_sets, argsz, 0);
LAYOUT_FIELD(ioasid_list_sets, flags, 4);
LAYOUT_FIELD(ioasid_list_sets, id, 8);
LAYOUT_FIELD(ioasid_list_sets, count, 12);
LAYOUT_FIELD(ioasid_list_sets, entries, 16);

LAYOUT_SIZE(ioasid_query_system, 32);
LAYOUT_FIELD(ioasid_query_system, argsz, 0);
LAYOUT_FIELD(ioasid_query_system, flags, 4);
LAYOUT_FIELD(ioasid_query_system, capacity, 8);
LAYOUT_FIELD(ioasid_query_system, shared_min, 12);
LAYOUT_FIELD(ioasid_query_system, used, 16);
LAYOUT_FIELD(ioasid_query_system, reserved, 20);
LAYOUT_FIELD(ioasid_query_system, free, 24);
LAYOUT_FIELD(ioasid_query_system, pad, 28);

LAYOUT_SIZE(vfio_iommu_type1_info_cap_pasid, 40);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, header, 0);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, flags, 8);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, pasid_bits, 12);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, guarantee, 16);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, limit, 20);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, used, 24);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, available, 28);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, shared_min, 32);
LAYOUT_FIELD(vfio_iommu_type1_info_cap_pasid, reserved, 36);

LAYOUT_SIZE(vfio_iommu_alloc_pasid, 32);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, argsz, 0);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, flags, 4);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, min, 8);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, max, 12);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, device, 16);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, guest, 20);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, pasid, 24);
LAYOUT_FIELD(vfio_iommu_alloc_pasid, reserved, 28);

LAYOUT_SIZE(vfio_iommu_free_pasid, 24);
LAYOUT_FIELD(vfio_iommu_free_pasid, argsz, 0);
LAYOUT_FIELD(vfio_iommu_free_pasid, flags, 4);
LAYOUT_FIELD(vfio_iommu_free_pasid, min, 8);
LAYOUT_FIELD(vfio_iommu_free_pasid, max, 12);
LAYOUT_FIELD(vfio_iommu_free_pasid, device, 16);
LAYOUT_FIELD(vfio_iommu_free_pasid, reserved, 20);

LAYOUT_SIZE(vfio_iommu_bind_pasid, 24);
LAYOUT_FIELD(vfio_iommu_bind_pasid, argsz, 0);
LAYOUT_FIELD(vfio_iommu_bind_pasid, flags, 4);
LAYOUT_FIELD(vfio_iommu_bind_pasid, pasid, 8);
LAYOUT_FIELD(vfio_iommu_bind_pasid, guest, 12);
LAYOUT_FIELD(vfio_iommu_bind_pasid, device, 16);
LAYOUT_FIELD(vfio_iommu_bind_pasid, reserved, 20);

LAYOUT_SIZE(vfio_iommu_unbind_pasid, 16);
LAYOUT_FIELD(vfio_iommu_unbind_pasid, argsz, 0);
LAYOUT_FIELD(vfio_iommu_unbind_pasid, flags, 4);
LAYOUT_FIELD(vfio_iommu_unbind_pasid, guest, 8);
LAYOUT_FIELD(vfio_iommu_unbind_pasid, reserved, 12);

LAYOUT_SIZE(vfio_iommu_pasid_quota, 16);
LAYOUT_FIELD(vfio_iommu_pasid_quota, argsz, 0);
LAYOUT_FIELD(vfio_iommu_pasid_quota, flags, 4);
LAYOUT_FIELD(vfio_iommu_pasid_quota, guarantee, 8);
LAYOUT_FIELD(vfio_iommu_pasid_quota, limit, 12);

LAYOUT_SIZE(vfio_iommu_pasid_entry, 16);
LAYOUT_FIELD(vfio_iommu_pasid_entry, guest, 0);
LAYOUT_FIELD(vfio_iommu_pasid_entry, pasid, 4);
LAYOUT_FIELD(vfio_iommu_pasid_entry, flags, 8);
LAYOUT_FIELD(vfio_iommu_pasid_entry, reserved, 12);

LAYOUT_SIZE(vfio_iommu_list_pasids, 32);
LAYOUT_FIELD(vfio_iommu_list_pasids, argsz, 0);
LAYOUT_FIELD(vfio_iommu_list_pasids, flags, 4);
LAYOUT_FIELD(vfio_iommu_list_pasids, guest, 8);
LAYOUT_FIELD(vfio_iommu_list_pasids, count, 12);
LAYOUT_FIELD(vfio_iommu_list_pasids, device, 16);
LAYOUT_FIELD(vfio_iommu_list_pasids, reserved, 20);
LAYOUT_FIELD(vfio_iommu_list_pasids, entries, 24);

#endif /* __SELFTEST_IOASID_LAYOUT_H */
