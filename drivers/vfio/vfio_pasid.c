// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of a VFIO container: the ioctls, and whose set they act on.
 *
 * The set is named by the mm that opened the container's IOMMU driver and not by
 * the caller of an ioctl, so a file descriptor that was inherited or passed on
 * keeps its meaning. Each container of the mm is one owner of the set, whether it
 * was opened before or after the first call made the set, and whether it makes
 * calls or not; the last one to go frees the set with all PASIDs, whatever way the
 * process came to its end.
 */
#include <linux/bitops.h>
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioasid.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio_pasid.h"

/*
 * All containers that are open. They are walked when a process makes its set, to
 * give each of its containers a share. Outermost lock of this file.
 */
static LIST_HEAD(vfio_pasids);
static DEFINE_MUTEX(vfio_pasids_lock);

/**
 * vfio_pasid_open - prepare a container
 * @vp: of a container that current gives an IOMMU driver
 *
 * Makes no set: most containers never need one. Shares the one that the process
 * has, if it has one.
 *
 * Context: Process context of a user task. May sleep.
 */
void vfio_pasid_open(struct vfio_pasid *vp)
{
	struct ioasid_set *set;

	vp->mm = current->mm;
	mmgrab(vp->mm);

	mutex_lock(&vfio_pasids_lock);
	set = ioasid_set_join(vp->mm);
	vp->set = IS_ERR(set) ? NULL : set;
	list_add(&vp->node, &vfio_pasids);
	mutex_unlock(&vfio_pasids_lock);
}
EXPORT_SYMBOL_GPL(vfio_pasid_open);

/**
 * vfio_pasid_release - end a container's share of its set
 * @vp: of a container that nobody uses any more
 *
 * Context: Process context. May sleep.
 */
void vfio_pasid_release(struct vfio_pasid *vp)
{
	mutex_lock(&vfio_pasids_lock);
	list_del(&vp->node);
	mutex_unlock(&vfio_pasids_lock);

	if (vp->set)
		ioasid_set_free(vp->set);
	mmdrop(vp->mm);
}
EXPORT_SYMBOL_GPL(vfio_pasid_release);

/**
 * vfio_pasid_supported - has this system PASIDs to hand out?
 *
 * Context: Any context.
 * Return: True if it has. It stays so once it is.
 */
bool vfio_pasid_supported(void)
{
	return ioasid_capacity();
}
EXPORT_SYMBOL_GPL(vfio_pasid_supported);

/* Makes the set of @vp's mm, and shares it among all containers of this mm. */
static struct ioasid_set *vfio_pasid_make_set(struct vfio_pasid *vp, u32 limit)
{
	struct ioasid_set *set;
	struct vfio_pasid *pos;

	lockdep_assert_held(&vfio_pasids_lock);

	set = ioasid_set_create(vp->mm, 0, limit);
	if (IS_ERR(set))
		return set;

	list_for_each_entry(pos, &vfio_pasids, node) {
		if (pos->mm != vp->mm)
			continue;
		/* One share came with the set; the join cannot fail meanwhile. */
		if (pos != vp)
			ioasid_set_join(pos->mm);
		/* Pairs with smp_load_acquire() in vfio_pasid_get_set(). */
		smp_store_release(&pos->set, set);
	}
	return set;
}

/* Returns the set with a reference, made now if this is its first use. */
static struct ioasid_set *vfio_pasid_get_set(struct vfio_pasid *vp, u32 limit)
{
	/* Pairs with smp_store_release() in vfio_pasid_make_set(). */
	struct ioasid_set *set = smp_load_acquire(&vp->set);

	if (set)
		return ioasid_set_get(set);
	if (!vfio_pasid_supported())
		return ERR_PTR(-EOPNOTSUPP);

	mutex_lock(&vfio_pasids_lock);
	set = vp->set ?: vfio_pasid_make_set(vp, limit);
	if (!IS_ERR(set))
		ioasid_set_get(set);
	mutex_unlock(&vfio_pasids_lock);
	return set;
}

/*
 * Copies in a structure whose first field is argsz. The bound on argsz is a bound
 * on the time that looking for non-zero bytes in the tail may take.
 */
static int vfio_pasid_copy_in(void *to, size_t size, void __user *from)
{
	u32 argsz;
	int err;

	if (get_user(argsz, (u32 __user *)from))
		return -EFAULT;
	if (argsz < size || argsz > SZ_4K)
		return -EINVAL;

	err = copy_struct_from_user(to, size, from, argsz);
	return err == -E2BIG ? -EINVAL : err;
}

static int vfio_pasid_alloc(struct ioasid_set *set,
			    struct vfio_iommu_alloc_pasid __user *arg)
{
	struct vfio_iommu_alloc_pasid req;
	ioasid_t pasid;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags || req.reserved)
		return -EINVAL;

	err = ioasid_alloc(set, req.min, req.max, NULL, GFP_KERNEL_ACCOUNT,
			   &pasid);
	if (err)
		return err;

	/* A PASID that the caller was not told of is one that was not made. */
	if (put_user(pasid, &arg->pasid)) {
		ioasid_free(set, pasid);
		return -EFAULT;
	}
	return 0;
}

static int vfio_pasid_free(struct ioasid_set *set,
			   struct vfio_iommu_free_pasid __user *arg)
{
	struct vfio_iommu_free_pasid req;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags)
		return -EINVAL;
	return ioasid_free_range(set, req.min, req.max);
}

/* Asks for the capability only where it decides: a refusal may be audited. */
static int vfio_pasid_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
			     unsigned int flags)
{
	int err = ioasid_set_adjust(set, guarantee, limit, flags);

	if (err == -EPERM && capable(CAP_SYS_RESOURCE))
		err = ioasid_set_adjust(set, guarantee, limit,
					flags | IOASID_ADJUST_MAY_RAISE);
	return err;
}

static int vfio_pasid_set_quota(struct ioasid_set *set,
				struct vfio_iommu_pasid_quota __user *arg)
{
	struct vfio_iommu_pasid_quota req;
	unsigned int flags = 0;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~(VFIO_PASID_QUOTA_GUARANTEE | VFIO_PASID_QUOTA_LIMIT))
		return -EINVAL;

	if (req.flags & VFIO_PASID_QUOTA_GUARANTEE)
		flags |= IOASID_ADJUST_GUARANTEE;
	else if (req.guarantee)
		return -EINVAL;
	if (req.flags & VFIO_PASID_QUOTA_LIMIT)
		flags |= IOASID_ADJUST_LIMIT;
	else if (req.limit)
		return -EINVAL;
	return vfio_pasid_adjust(set, req.guarantee, req.limit, flags);
}

/**
 * vfio_pasid_ioctl - the PASID calls of a container
 * @vp: of the container
 * @cmd: VFIO_IOMMU_ALLOC_PASID, VFIO_IOMMU_FREE_PASID, VFIO_IOMMU_SET_PASID_QUOTA
 * @arg: user pointer to the structure of @cmd
 * @default_limit: the limit, should this be the call that makes the set
 *
 * Context: Process context. May sleep.
 * Return: 0, or as <linux/vfio.h> says for @cmd; -ENOTTY for another one.
 */
long vfio_pasid_ioctl(struct vfio_pasid *vp, unsigned int cmd,
		      unsigned long arg, u32 default_limit)
{
	void __user *uarg = (void __user *)arg;
	struct ioasid_set *set;
	long ret;

	/*
	 * Taken before the user's memory is touched, which may take for ever and
	 * let another thread take the group from the container: the set stays.
	 */
	set = vfio_pasid_get_set(vp, default_limit);
	if (IS_ERR(set))
		return PTR_ERR(set);

	switch (cmd) {
	case VFIO_IOMMU_ALLOC_PASID:
		ret = vfio_pasid_alloc(set, uarg);
		break;
	case VFIO_IOMMU_FREE_PASID:
		ret = vfio_pasid_free(set, uarg);
		break;
	case VFIO_IOMMU_SET_PASID_QUOTA:
		ret = vfio_pasid_set_quota(set, uarg);
		break;
	default:
		ret = -ENOTTY;
	}
	ioasid_set_put(set);
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_pasid_ioctl);

/* The set's numbers, or those that it would start with. */
static void vfio_pasid_info(struct vfio_pasid *vp, u32 default_limit,
			    struct ioasid_set_info *info)
{
	/* Pairs with smp_store_release() in vfio_pasid_make_set(). */
	struct ioasid_set *set = smp_load_acquire(&vp->set);
	struct ioasid_system_info system;

	if (set) {
		ioasid_set_info(set, info);
		return;
	}

	ioasid_system_info(&system);
	*info = (struct ioasid_set_info) {
		.limit = default_limit,
		.available = min(default_limit, system.free),
	};
}

/**
 * vfio_pasid_add_cap - add the PASID capability to VFIO_IOMMU_GET_INFO
 * @vp: of the container
 * @caps: the capabilities so far
 * @default_limit: the limit that a set would get if it were made now
 *
 * Context: Process context. May sleep.
 * Return: 0, also if the system has no PASIDs and so nothing was added; -ENOMEM.
 */
int vfio_pasid_add_cap(struct vfio_pasid *vp, struct vfio_info_cap *caps,
		       u32 default_limit)
{
	struct vfio_iommu_type1_info_cap_pasid cap = {};
	struct ioasid_set_info info;

	if (!vfio_pasid_supported())
		return 0;

	vfio_pasid_info(vp, default_limit, &info);
	cap.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_PASID;
	cap.header.version = 1;
	cap.pasid_bits = fls(ioasid_capacity() - 1);
	cap.guarantee = info.guarantee;
	cap.limit = info.limit;
	cap.used = info.used;
	cap.available = info.available;
	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}
EXPORT_SYMBOL_GPL(vfio_pasid_add_cap);
