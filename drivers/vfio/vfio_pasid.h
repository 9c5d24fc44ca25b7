/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs of a VFIO container.
 */
#ifndef __VFIO_VFIO_PASID_H
#define __VFIO_VFIO_PASID_H

#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct ioasid_set;
struct iommu_group;
struct mm_struct;
struct vfio_info_cap;

/**
 * struct vfio_pasid - what a container has to do with PASIDs
 * @mm:   of the process that set the container's IOMMU driver, pinned so that no
 *        other process can come by the same token; immutable
 * @node: in the list of open containers
 * @set:  the PASID set of @mm, of which the container is one owner; NULL until
 *        the process makes it, then it stays
 * @lock: a group leaves with its local PASIDs, or one is allocated before it does
 * @iommu: the container's IOMMU driver data; NULL, under @lock, once it is gone
 * @has_group: is a group, with an IOMMU of its own, in the container? Immutable.
 * @users: the container, and each call under way, which may outlast it
 */
struct vfio_pasid {
	struct mm_struct *mm;
	struct list_head node;
	struct ioasid_set *set;
	struct mutex lock;	/* local PASIDs and groups */
	void *iommu;
	bool (*has_group)(void *iommu, struct iommu_group *group);
	struct kref users;
};

struct vfio_pasid *
vfio_pasid_open(void *iommu,
		bool (*has_group)(void *iommu, struct iommu_group *group));
void vfio_pasid_detach_group(struct vfio_pasid *vp, struct iommu_group *group);
void vfio_pasid_release(struct vfio_pasid *vp);
bool vfio_pasid_supported(void);
int vfio_pasid_add_cap(struct vfio_pasid *vp, struct vfio_info_cap *caps,
		       u32 default_limit);
long vfio_pasid_ioctl(struct vfio_pasid *vp, unsigned int cmd,
		      unsigned long arg, u32 default_limit);

#endif /* __VFIO_VFIO_PASID_H */
