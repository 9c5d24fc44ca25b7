// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs of a VFIO container: the ioctls, and what is local to its devices.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/file.h>
#include <linux/ioasid_user.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio.h"
#include "vfio_pasid.h"

/* The same list, by another name. */
static_assert(sizeof(struct vfio_iommu_pasid_entry) ==
	      sizeof(struct ioasid_entry));
static_assert(offsetof(struct vfio_iommu_pasid_entry, pasid) ==
	      offsetof(struct ioasid_entry, pasid));
static_assert(offsetof(struct vfio_iommu_pasid_entry, flags) ==
	      offsetof(struct ioasid_entry, flags));
static_assert(VFIO_PASID_LOCAL == IOASID_ENTRY_LOCAL);

/**
 * vfio_pasid_open - what a new container has to do with PASIDs
 * @iommu: the container's IOMMU driver data, given by current
 * @has_group: see struct vfio_pasid; called with vfio_pasid.lock held
 *
 * Context: Process context of a user task. May sleep.
 * Return: What vfio_pasid_release() takes back, or NULL without memory.
 */
struct vfio_pasid *
vfio_pasid_open(void *iommu,
		bool (*has_group)(void *iommu, struct iommu_group *group))
{
	struct vfio_pasid *vp = kzalloc_obj(*vp, GFP_KERNEL_ACCOUNT);

	if (!vp)
		return NULL;
	kref_init(&vp->users);
	mutex_init(&vp->lock);
	vp->iommu = iommu;
	vp->has_group = has_group;
	ioasid_user_open(&vp->user);
	return vp;
}
EXPORT_SYMBOL_GPL(vfio_pasid_open);

static void vfio_pasid_destroy(struct kref *users)
{
	kfree(container_of(users, struct vfio_pasid, users));
}

/**
 * vfio_pasid_release - end a container's share of its set
 * @vp: of a container whose IOMMU driver leaves, with its last group; a call that
 *      waits for its caller's memory may still be under way
 *
 * Context: Process context. May sleep.
 */
void vfio_pasid_release(struct vfio_pasid *vp)
{
	mutex_lock(&vp->lock);
	vp->iommu = NULL;
	mutex_unlock(&vp->lock);

	ioasid_user_release(&vp->user);
	kref_put(&vp->users, vfio_pasid_destroy);
}
EXPORT_SYMBOL_GPL(vfio_pasid_release);

/**
 * vfio_pasid_get - let a call act on a container
 * @vp: of a container that cannot lose its last group meanwhile
 *
 * Context: Any context.
 * Return: @vp, for vfio_pasid_ioctl(), which gives it back.
 */
struct vfio_pasid *vfio_pasid_get(struct vfio_pasid *vp)
{
	kref_get(&vp->users);
	return vp;
}
EXPORT_SYMBOL_GPL(vfio_pasid_get);

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

static bool vfio_pasid_has_group(struct vfio_pasid *vp,
				 struct iommu_group *group)
{
	lockdep_assert_held(&vp->lock);

	return vp->iommu && vp->has_group(vp->iommu, group);
}

/* The device that a call names, and what keeps it; all NULL if it names none. */
struct vfio_pasid_device {
	struct file *file;
	struct iommu_group *group;
	struct device *dev;
};

static int vfio_pasid_get_device(struct vfio_pasid *vp, u32 flags, s32 fd,
				 struct vfio_pasid_device *pd)
{
	struct vfio_device_file *df;
	bool ours = false;

	*pd = (struct vfio_pasid_device) {};
	if (!(flags & VFIO_PASID_LOCAL))
		return fd ? -EINVAL : 0;

	pd->file = fget(fd);
	if (!pd->file)
		return -EBADF;

	df = pd->file->private_data;
	if (pd->file->f_op == &vfio_device_fops && df->group) {
		mutex_lock(&vp->lock);
		ours = vfio_pasid_has_group(vp, df->group->iommu_group);
		mutex_unlock(&vp->lock);
	}
	if (!ours) {
		fput(pd->file);
		return -EINVAL;
	}
	pd->group = df->group->iommu_group;
	pd->dev = df->device->dev;
	return 0;
}

static void vfio_pasid_put_device(struct vfio_pasid_device *pd)
{
	if (pd->file)
		fput(pd->file);
}

/* A local PASID comes before its group leaves, and is freed then; or never. */
static int vfio_pasid_request(struct vfio_pasid *vp, struct ioasid_set *set,
			      struct vfio_pasid_device *pd,
			      struct ioasid_request *req, ioasid_t *pasid)
{
	int err;

	req->dev = pd->dev;
	if (!pd->dev)
		return ioasid_alloc_request(set, req, GFP_KERNEL_ACCOUNT, pasid);

	mutex_lock(&vp->lock);
	err = -EINVAL;
	if (vfio_pasid_has_group(vp, pd->group))
		err = ioasid_alloc_request(set, req, GFP_KERNEL_ACCOUNT, pasid);
	mutex_unlock(&vp->lock);
	return err;
}

static int vfio_pasid_free_local(struct device *dev, void *set)
{
	ioasid_free_range(set, dev, 0, U32_MAX);
	return 0;
}

/**
 * vfio_pasid_detach_group - free what is local to the devices of a group
 * @vp: of the container that the group has just left
 * @group: the group
 *
 * Context: Process context. May sleep.
 */
void vfio_pasid_detach_group(struct vfio_pasid *vp, struct iommu_group *group)
{
	struct ioasid_set *set = ioasid_user_set(&vp->user);
	struct ioasid_set_info info;

	if (!set)
		return;
	mutex_lock(&vp->lock);
	/* Most sets have none, and may have many others to look through. */
	ioasid_set_get_info(set, &info);
	if (info.local)
		iommu_group_for_each_dev(group, set, vfio_pasid_free_local);
	mutex_unlock(&vp->lock);
}
EXPORT_SYMBOL_GPL(vfio_pasid_detach_group);

static int vfio_pasid_alloc(struct vfio_pasid *vp, struct ioasid_set *set,
			    struct vfio_iommu_alloc_pasid __user *arg)
{
	struct vfio_iommu_alloc_pasid req;
	struct vfio_pasid_device pd;
	struct ioasid_request want;
	ioasid_t pasid;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~(VFIO_PASID_LOCAL | VFIO_PASID_GUEST) || req.reserved)
		return -EINVAL;
	if (req.guest && !(req.flags & VFIO_PASID_GUEST))
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;

	want = (struct ioasid_request) {
		.min = req.min,
		.max = req.max,
		.private = req.guest,
		.flags = IOASID_REQUEST_GET | IOASID_REQUEST_CHARGE,
	};
	if (req.flags & VFIO_PASID_GUEST)
		want.flags |= IOASID_REQUEST_PRIVATE;
	err = vfio_pasid_request(vp, set, &pd, &want, &pasid);
	if (!err)
		err = ioasid_user_tell(set, pd.dev, pasid, &arg->pasid);
	vfio_pasid_put_device(&pd);
	return err;
}

static int vfio_pasid_free(struct vfio_pasid *vp, struct ioasid_set *set,
			   struct vfio_iommu_free_pasid __user *arg)
{
	struct vfio_iommu_free_pasid req;
	struct vfio_pasid_device pd;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~VFIO_PASID_LOCAL || req.reserved)
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;
	err = ioasid_free_range(set, pd.dev, req.min, req.max);
	vfio_pasid_put_device(&pd);
	return err;
}

static int vfio_pasid_bind(struct vfio_pasid *vp, struct ioasid_set *set,
			   struct vfio_iommu_bind_pasid __user *arg)
{
	struct vfio_iommu_bind_pasid req;
	struct vfio_pasid_device pd;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~VFIO_PASID_LOCAL || req.reserved)
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;
	err = ioasid_user_bind(set, pd.dev, req.pasid, req.guest);
	vfio_pasid_put_device(&pd);
	return err;
}

static int vfio_pasid_unbind(struct ioasid_set *set,
			     struct vfio_iommu_unbind_pasid __user *arg)
{
	struct vfio_iommu_unbind_pasid req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags || req.reserved || req.guest >= IOASID_CAPACITY_MAX)
		return -EINVAL;
	return ioasid_detach_private(set, req.guest);
}

static int vfio_pasid_list(struct vfio_pasid *vp, struct ioasid_set *set,
			   struct vfio_iommu_list_pasids __user *arg)
{
	struct vfio_iommu_list_pasids req;
	struct vfio_pasid_device pd;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~VFIO_PASID_LOCAL || req.reserved || !req.count)
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;
	err = ioasid_user_list(set, pd.dev, &req.guest, &req.count,
			       req.entries);
	vfio_pasid_put_device(&pd);
	if (err)
		return err;
	if (put_user(req.guest, &arg->guest) || put_user(req.count, &arg->count))
		return -EFAULT;
	return 0;
}

static int vfio_pasid_set_quota(struct ioasid_set *set,
				struct vfio_iommu_pasid_quota __user *arg)
{
	struct vfio_iommu_pasid_quota req;
	unsigned int flags = 0;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
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
	return ioasid_user_adjust(set, req.guarantee, req.limit, flags);
}

/*
 * The set that a call acts on, unless the last group has just left: then there is
 * nobody who would free it. To find it may take a while, as it may have to be made.
 */
static struct ioasid_set *vfio_pasid_get_set(struct vfio_pasid *vp,
					     u32 default_limit)
{
	struct ioasid_set *set = ERR_PTR(-ENOENT);

	mutex_lock(&vp->lock);
	if (vp->iommu)
		set = ioasid_user_get_set(&vp->user, default_limit);
	mutex_unlock(&vp->lock);
	return set;
}

/**
 * vfio_pasid_ioctl - the PASID calls of a container
 * @vp: from vfio_pasid_get(); given back
 * @cmd: one of the calls that <linux/vfio.h> has on PASIDs
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
	 * let another thread take the group from the container: these two stay.
	 */
	set = vfio_pasid_get_set(vp, default_limit);
	if (IS_ERR(set)) {
		ret = PTR_ERR(set);
		goto out_put;
	}

	switch (cmd) {
	case VFIO_IOMMU_ALLOC_PASID:
		ret = vfio_pasid_alloc(vp, set, uarg);
		break;
	case VFIO_IOMMU_FREE_PASID:
		ret = vfio_pasid_free(vp, set, uarg);
		break;
	case VFIO_IOMMU_BIND_PASID:
		ret = vfio_pasid_bind(vp, set, uarg);
		break;
	case VFIO_IOMMU_UNBIND_PASID:
		ret = vfio_pasid_unbind(set, uarg);
		break;
	case VFIO_IOMMU_SET_PASID_QUOTA:
		ret = vfio_pasid_set_quota(set, uarg);
		break;
	case VFIO_IOMMU_LIST_PASIDS:
		ret = vfio_pasid_list(vp, set, uarg);
		break;
	default:
		ret = -ENOTTY;
	}
	ioasid_user_put_set(set);
out_put:
	kref_put(&vp->users, vfio_pasid_destroy);
	return ret;
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
	struct ioasid_system_info system;
	struct ioasid_set_info info;

	if (!vfio_pasid_supported())
		return 0;

	ioasid_user_get_info(&vp->user, default_limit, &info);
	ioasid_get_system_info(&system);
	cap.header.id = VFIO_IOMMU_TYPE1_INFO_CAP_PASID;
	cap.header.version = 1;
	cap.pasid_bits = fls(system.capacity - 1);
	cap.guarantee = info.guarantee;
	cap.limit = info.limit;
	cap.used = info.used;
	cap.available = info.available;
	cap.shared_min = system.shared_min;
	return vfio_info_add_capability(caps, &cap.header, sizeof(cap));
}
EXPORT_SYMBOL_GPL(vfio_pasid_add_cap);
