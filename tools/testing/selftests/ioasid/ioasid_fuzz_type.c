// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "ioasid_fuzz_type.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define AT(type, field)	offsetof(struct type, field)
/* Each is a number. */
#define OUT(type, field)                     \
	.out = offsetof(struct type, field), \
	.out_size = sizeof(__u32)
#define OUT2(type, field)                     \
	.out2 = offsetof(struct type, field), \
	.out2_size = sizeof(__u32)

const struct call_type call_types[NR_CALLS] = {
	[NODE_ALLOC] = {
		.name = "IOASID_ALLOC",
		.nr = IOASID_ALLOC,
		.size = sizeof(struct ioasid_alloc_pasid),
		.flags = IOASID_GUEST,
		.flag_guest = IOASID_GUEST,
		.at = {
			[F_MIN] = AT(ioasid_alloc_pasid, min),
			[F_MAX] = AT(ioasid_alloc_pasid, max),
			[F_GUEST] = AT(ioasid_alloc_pasid, guest),
		},
		OUT(ioasid_alloc_pasid, pasid),
		.errnos = { EINVAL, EFAULT, ENOMEM, EDQUOT, ENOSPC, EEXIST,
			    EBUSY },
	},
	[NODE_FREE] = {
		.name = "IOASID_FREE",
		.nr = IOASID_FREE,
		.size = sizeof(struct ioasid_free_pasid),
		.at = {
			[F_MIN] = AT(ioasid_free_pasid, min),
			[F_MAX] = AT(ioasid_free_pasid, max),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOENT },
	},
	[NODE_BIND] = {
		.name = "IOASID_BIND",
		.nr = IOASID_BIND,
		.size = sizeof(struct ioasid_bind_pasid),
		.at = {
			[F_PASID] = AT(ioasid_bind_pasid, pasid),
			[F_GUEST] = AT(ioasid_bind_pasid, guest),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOENT, EEXIST },
	},
	[NODE_UNBIND] = {
		.name = "IOASID_UNBIND",
		.nr = IOASID_UNBIND,
		.size = sizeof(struct ioasid_unbind_pasid),
		.at = {
			[F_GUEST] = AT(ioasid_unbind_pasid, guest),
			[F_RESERVED] = AT(ioasid_unbind_pasid, reserved),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOENT },
	},
	[NODE_LIST] = {
		.name = "IOASID_LIST",
		.nr = IOASID_LIST,
		.size = sizeof(struct ioasid_list),
		.at = {
			[F_CURSOR] = AT(ioasid_list, guest),
			[F_COUNT] = AT(ioasid_list, count),
			[F_ENTRIES] = AT(ioasid_list, entries),
		},
		OUT(ioasid_list, guest),
		OUT2(ioasid_list, count),
		.entry_size = sizeof(struct ioasid_entry),
		.errnos = { EINVAL, EFAULT, ENOMEM },
	},
	[NODE_QUERY_SET] = {
		.name = "IOASID_QUERY_SET",
		.nr = IOASID_QUERY_SET,
		.size = sizeof(struct ioasid_query_set),
		.flags = IOASID_BY_ID,
		.flag_id = IOASID_BY_ID,
		.at = { [F_ID] = AT(ioasid_query_set, id) },
		.out = AT(ioasid_query_set, id),
		.out_size = sizeof(struct ioasid_query_set) -
			    AT(ioasid_query_set, id),
		.errnos = { EINVAL, EFAULT, ENOENT, EPERM },
	},
	[NODE_SET_QUOTA] = {
		.name = "IOASID_SET_QUOTA",
		.nr = IOASID_SET_QUOTA,
		.size = sizeof(struct ioasid_quota),
		.flags = IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
			 IOASID_QUOTA_LIMIT,
		.flag_id = IOASID_BY_ID,
		.flag_guarantee = IOASID_QUOTA_GUARANTEE,
		.flag_limit = IOASID_QUOTA_LIMIT,
		.at = {
			[F_ID] = AT(ioasid_quota, id),
			[F_GUARANTEE] = AT(ioasid_quota, guarantee),
			[F_LIMIT] = AT(ioasid_quota, limit),
			[F_RESERVED] = AT(ioasid_quota, reserved),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOSPC, EBUSY, ENOENT,
			    EPERM },
	},
	[NODE_LIST_SETS] = {
		.name = "IOASID_LIST_SETS",
		.nr = IOASID_LIST_SETS,
		.size = sizeof(struct ioasid_list_sets),
		.at = {
			[F_CURSOR] = AT(ioasid_list_sets, id),
			[F_COUNT] = AT(ioasid_list_sets, count),
			[F_ENTRIES] = AT(ioasid_list_sets, entries),
		},
		OUT(ioasid_list_sets, id),
		OUT2(ioasid_list_sets, count),
		.entry_size = sizeof(struct ioasid_set_entry),
		.errnos = { EINVAL, EFAULT, EPERM },
	},
	[NODE_QUERY_SYSTEM] = {
		.name = "IOASID_QUERY_SYSTEM",
		.nr = IOASID_QUERY_SYSTEM,
		.size = sizeof(struct ioasid_query_system),
		.out = AT(ioasid_query_system, capacity),
		.out_size = sizeof(struct ioasid_query_system) -
			    AT(ioasid_query_system, capacity),
		.errnos = { EINVAL, EFAULT },
	},
	[VFIO_ALLOC] = {
		.name = "VFIO_IOMMU_ALLOC_PASID",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_ALLOC_PASID,
		.size = sizeof(struct vfio_iommu_alloc_pasid),
		.flags = VFIO_PASID_LOCAL | VFIO_PASID_GUEST,
		.flag_guest = VFIO_PASID_GUEST,
		.at = {
			[F_MIN] = AT(vfio_iommu_alloc_pasid, min),
			[F_MAX] = AT(vfio_iommu_alloc_pasid, max),
			[F_DEVICE] = AT(vfio_iommu_alloc_pasid, device),
			[F_GUEST] = AT(vfio_iommu_alloc_pasid, guest),
			[F_RESERVED] = AT(vfio_iommu_alloc_pasid, reserved),
		},
		OUT(vfio_iommu_alloc_pasid, pasid),
		.errnos = { EINVAL, EFAULT, EBADF, ENOMEM, EDQUOT, ENOSPC,
			    EEXIST, EBUSY },
	},
	[VFIO_FREE] = {
		.name = "VFIO_IOMMU_FREE_PASID",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_FREE_PASID,
		.size = sizeof(struct vfio_iommu_free_pasid),
		.flags = VFIO_PASID_LOCAL,
		.at = {
			[F_MIN] = AT(vfio_iommu_free_pasid, min),
			[F_MAX] = AT(vfio_iommu_free_pasid, max),
			[F_DEVICE] = AT(vfio_iommu_free_pasid, device),
			[F_RESERVED] = AT(vfio_iommu_free_pasid, reserved),
		},
		.errnos = { EINVAL, EFAULT, EBADF, ENOMEM, ENOENT },
	},
	[VFIO_BIND] = {
		.name = "VFIO_IOMMU_BIND_PASID",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_BIND_PASID,
		.size = sizeof(struct vfio_iommu_bind_pasid),
		.flags = VFIO_PASID_LOCAL,
		.at = {
			[F_PASID] = AT(vfio_iommu_bind_pasid, pasid),
			[F_GUEST] = AT(vfio_iommu_bind_pasid, guest),
			[F_DEVICE] = AT(vfio_iommu_bind_pasid, device),
			[F_RESERVED] = AT(vfio_iommu_bind_pasid, reserved),
		},
		.errnos = { EINVAL, EFAULT, EBADF, ENOMEM, ENOENT, EEXIST },
	},
	[VFIO_UNBIND] = {
		.name = "VFIO_IOMMU_UNBIND_PASID",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_UNBIND_PASID,
		.size = sizeof(struct vfio_iommu_unbind_pasid),
		.at = {
			[F_GUEST] = AT(vfio_iommu_unbind_pasid, guest),
			[F_RESERVED] = AT(vfio_iommu_unbind_pasid, reserved),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOENT },
	},
	[VFIO_QUOTA] = {
		.name = "VFIO_IOMMU_SET_PASID_QUOTA",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_SET_PASID_QUOTA,
		.size = sizeof(struct vfio_iommu_pasid_quota),
		.flags = VFIO_PASID_QUOTA_GUARANTEE | VFIO_PASID_QUOTA_LIMIT,
		.flag_guarantee = VFIO_PASID_QUOTA_GUARANTEE,
		.flag_limit = VFIO_PASID_QUOTA_LIMIT,
		.at = {
			[F_GUARANTEE] = AT(vfio_iommu_pasid_quota, guarantee),
			[F_LIMIT] = AT(vfio_iommu_pasid_quota, limit),
		},
		.errnos = { EINVAL, EFAULT, ENOMEM, ENOSPC, EBUSY, EPERM },
	},
	[VFIO_LIST] = {
		.name = "VFIO_IOMMU_LIST_PASIDS",
		.what = CONTAINER_FILE,
		.nr = VFIO_IOMMU_LIST_PASIDS,
		.size = sizeof(struct vfio_iommu_list_pasids),
		.flags = VFIO_PASID_LOCAL,
		.at = {
			[F_CURSOR] = AT(vfio_iommu_list_pasids, guest),
			[F_COUNT] = AT(vfio_iommu_list_pasids, count),
			[F_DEVICE] = AT(vfio_iommu_list_pasids, device),
			[F_RESERVED] = AT(vfio_iommu_list_pasids, reserved),
			[F_ENTRIES] = AT(vfio_iommu_list_pasids, entries),
		},
		OUT(vfio_iommu_list_pasids, guest),
		OUT2(vfio_iommu_list_pasids, count),
		.entry_size = sizeof(struct vfio_iommu_pasid_entry),
		.errnos = { EINVAL, EFAULT, EBADF, ENOMEM },
	},
};
