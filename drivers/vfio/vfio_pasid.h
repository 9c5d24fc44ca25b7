/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs of a VFIO container.
 */
#ifndef __VFIO_VFIO_PASID_H
#define __VFIO_VFIO_PASID_H

#include <linux/errno.h>
#include <linux/ioasid_user.h>
#include <linux/kconfig.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct iommu_group;
struct vfio_info_cap;

/**
 * struct vfio_pasid - what a container has to do with PASIDs
 * @user: whose set it is
 * @lock: a group leaves with its local PASIDs, or one is allocated before it does
 * @iommu: the container's IOMMU driver data; NULL, under @lock, once it is gone
 * @has_group: is a group, with an IOMMU of its own, in the container? Immutable.
 * @users: the container, and each call under way, which may outlast it
 */
struct vfio_pasid {
	struct ioasid_user user;
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
struct vfio_pasid *vfio_pasid_get(struct vfio_pasid *vp);
#if IS_ENABLED(CONFIG_VFIO_IOMMU_TYPE1)
long vfio_pasid_ioctl(struct vfio_pasid *vp, unsigned int cmd,
		      unsigned long arg, u32 default_limit);
#else
static inline long vfio_pasid_ioctl(struct vfio_pasid *vp, unsigned int cmd,
				    unsigned long arg, u32 default_limit)
{
	return -ENOTTY;
}
#endif

#endif /* __VFIO_VFIO_PASID_H */
