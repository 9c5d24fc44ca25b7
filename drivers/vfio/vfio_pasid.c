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
#include <linux/file.h>
#include <linux/ioasid.h>
#include <linux/iommu.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio.h"
#include "vfio_pasid.h"

/*
 * All containers that are open. They are walked when a process makes its set, to
 * give each of its containers a share. Outermost lock of this file.
 */
static LIST_HEAD(vfio_pasids);
static DEFINE_MUTEX(vfio_pasids_lock);

/**
 * vfio_pasid_open - what a new container has to do with PASIDs
 * @iommu: the container's IOMMU driver data, given by current
 * @has_group: see struct vfio_pasid; called with vfio_pasid.lock held
 *
 * Makes no set: most containers never need one. Shares the one that the process
 * has, if it has one.
 *
 * Context: Process context of a user task. May sleep.
 * Return: What vfio_pasid_release() takes back, or NULL without memory.
 */
struct vfio_pasid *
vfio_pasid_open(void *iommu,
		bool (*has_group)(void *iommu, struct iommu_group *group))
{
	struct vfio_pasid *vp = kzalloc(sizeof(*vp), GFP_KERNEL_ACCOUNT);
	struct ioasid_set *set;

	if (!vp)
		return NULL;
	kref_init(&vp->users);
	mutex_init(&vp->lock);
	vp->iommu = iommu;
	vp->has_group = has_group;
	vp->mm = current->mm;
	mmgrab(vp->mm);

	mutex_lock(&vfio_pasids_lock);
	set = ioasid_set_join(vp->mm);
	vp->set = IS_ERR(set) ? NULL : set;
	list_add(&vp->node, &vfio_pasids);
	mutex_unlock(&vfio_pasids_lock);
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
	mutex_lock(&vfio_pasids_lock);
	list_del(&vp->node);
	mutex_unlock(&vfio_pasids_lock);

	mutex_lock(&vp->lock);
	vp->iommu = NULL;
	mutex_unlock(&vp->lock);

	if (vp->set)
		ioasid_set_free(vp->set);
	mmdrop(vp->mm);
	kref_put(&vp->users, vfio_pasid_destroy);
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
	/* Pairs with smp_store_release() in vfio_pasid_make_set(). */
	struct ioasid_set *set = smp_load_acquire(&vp->set);
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

/*
 * A PASID that the caller was not told of is one that was not made. The reference
 * keeps its number from being that of another one until this is settled.
 */
static int vfio_pasid_tell_caller(struct ioasid_set *set, struct device *dev,
				  ioasid_t pasid, u32 __user *to)
{
	int err = put_user(pasid, to);

	if (err)
		ioasid_free(set, dev, pasid);
	ioasid_put(set, dev, pasid);
	return err;
}

static int vfio_pasid_alloc(struct vfio_pasid *vp, struct ioasid_set *set,
			    struct vfio_iommu_alloc_pasid __user *arg)
{
	struct vfio_iommu_alloc_pasid req;
	struct vfio_pasid_device pd;
	struct ioasid_request want;
	ioasid_t pasid;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
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
		.flags = IOASID_REQUEST_GET,
	};
	if (req.flags & VFIO_PASID_GUEST)
		want.flags |= IOASID_REQUEST_PRIVATE;
	err = vfio_pasid_request(vp, set, &pd, &want, &pasid);
	if (!err)
		err = vfio_pasid_tell_caller(set, pd.dev, pasid, &arg->pasid);
	vfio_pasid_put_device(&pd);
	return err;
}

static int vfio_pasid_free(struct vfio_pasid *vp, struct ioasid_set *set,
			   struct vfio_iommu_free_pasid __user *arg)
{
	struct vfio_iommu_free_pasid req;
	struct vfio_pasid_device pd;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
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

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~VFIO_PASID_LOCAL || req.reserved)
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;
	err = ioasid_attach_private(set, pd.dev, req.pasid, req.guest,
				    GFP_KERNEL_ACCOUNT);
	vfio_pasid_put_device(&pd);
	/* Nobody learns whose PASID it is, or whether it is anybody's. */
	return err == -EACCES ? -ENOENT : err;
}

static int vfio_pasid_unbind(struct ioasid_set *set,
			     struct vfio_iommu_unbind_pasid __user *arg)
{
	struct vfio_iommu_unbind_pasid req;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags || req.reserved || req.guest >= IOASID_CAPACITY_MAX)
		return -EINVAL;
	return ioasid_detach_private(set, req.guest);
}

/* Writes up to req->count entries; afterwards req says where to go on. */
static int vfio_pasid_list_to(struct ioasid_set *set, struct device *dev,
			      struct vfio_iommu_list_pasids *req)
{
	struct vfio_iommu_pasid_entry __user *to = u64_to_user_ptr(req->entries);
	struct ioasid_private found = { .private = req->guest };
	struct vfio_iommu_pasid_entry entry = {};
	u32 room = req->count;

	req->count = 0;
	while (req->count < room && !ioasid_next_private(set, &found)) {
		cond_resched();
		entry.guest = found.private++;
		entry.pasid = found.id;
		entry.flags = found.dev ? VFIO_PASID_LOCAL : 0;
		if (dev && found.dev != dev)
			continue;
		if (copy_to_user(&to[req->count++], &entry, sizeof(entry)))
			return -EFAULT;
	}
	req->guest = found.private;
	return 0;
}

static int vfio_pasid_list(struct vfio_pasid *vp, struct ioasid_set *set,
			   struct vfio_iommu_list_pasids __user *arg)
{
	struct vfio_iommu_list_pasids req;
	struct vfio_pasid_device pd;
	int err;

	err = vfio_pasid_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~VFIO_PASID_LOCAL || req.reserved || !req.count)
		return -EINVAL;

	err = vfio_pasid_get_device(vp, req.flags, req.device, &pd);
	if (err)
		return err;
	err = vfio_pasid_list_to(set, pd.dev, &req);
	vfio_pasid_put_device(&pd);
	if (err)
		return err;
	if (put_user(req.guest, &arg->guest) || put_user(req.count, &arg->count))
		return -EFAULT;
	return 0;
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
	if (IS_ERR(set))
		return PTR_ERR(set);
	kref_get(&vp->users);

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
	/* KVM knows of a binding, or of its end, before the VMM does. */
	ioasid_set_sync(set);
	ioasid_set_put(set);
	kref_put(&vp->users, vfio_pasid_destroy);
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
		ioasid_set_get_info(set, info);
		return;
	}

	ioasid_get_system_info(&system);
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
	struct ioasid_system_info system;
	struct ioasid_set_info info;

	if (!vfio_pasid_supported())
		return 0;

	vfio_pasid_info(vp, default_limit, &info);
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
