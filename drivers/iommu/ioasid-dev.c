// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/ioasid: PASIDs for user-space drivers without VFIO, and all sets for the
 * administrator.
 *
 * Who may open the node decides who may have PASIDs of his own; what is about other
 * sets takes CAP_SYS_RESOURCE, however the descriptor came to the caller.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/ioasid_user.h>
#include <linux/miscdevice.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "ioasid-private.h"

static_assert(sizeof_field(struct ioasid_query_set, comm) == TASK_COMM_LEN);
static_assert(sizeof_field(struct ioasid_set_entry, comm) == TASK_COMM_LEN);

static unsigned int ioasid_quota __read_mostly = 1000;

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioasid."
module_param_named(quota, ioasid_quota, uint, 0644);
MODULE_PARM_DESC(quota,
		 "PASIDs that a process may allocate through /dev/ioasid unless its quota is changed, taken when it first uses PASIDs (1000: as a VM may through VFIO). 0 allows none until the administrator grants some.");

static int ioasid_dev_open(struct inode *inode, struct file *file)
{
	struct ioasid_user *user;

	/* Sets are named by an mm, which a thread of the kernel has not. */
	if (!current->mm)
		return -EINVAL;
	user = kzalloc_obj(*user, GFP_KERNEL_ACCOUNT);
	if (!user)
		return -ENOMEM;
	ioasid_user_open(user);
	file->private_data = user;
	return nonseekable_open(inode, file);
}

static int ioasid_dev_release(struct inode *inode, struct file *file)
{
	struct ioasid_user *user = file->private_data;

	ioasid_user_release(user);
	kfree(user);
	return 0;
}

/* -------- the own set -------- */

static int ioasid_dev_alloc(struct ioasid_set *set, void __user *arg)
{
	struct ioasid_alloc_pasid __user *uarg = arg;
	struct ioasid_request want;
	struct ioasid_alloc_pasid req;
	ioasid_t id;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), uarg);
	if (err)
		return err;
	if (req.flags & ~IOASID_GUEST)
		return -EINVAL;
	if (req.guest && !(req.flags & IOASID_GUEST))
		return -EINVAL;

	want = (struct ioasid_request) {
		.min = req.min,
		.max = req.max,
		.private = req.guest,
		.flags = IOASID_REQUEST_GET | IOASID_REQUEST_CHARGE,
	};
	if (req.flags & IOASID_GUEST)
		want.flags |= IOASID_REQUEST_PRIVATE;
	err = ioasid_alloc_request(set, &want, GFP_KERNEL_ACCOUNT, &id);
	return err ?: ioasid_user_tell(set, NULL, id, &uarg->pasid);
}

static int ioasid_dev_free(struct ioasid_set *set, void __user *arg)
{
	struct ioasid_free_pasid req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags)
		return -EINVAL;
	return ioasid_free_range(set, NULL, req.min, req.max);
}

static int ioasid_dev_bind(struct ioasid_set *set, void __user *arg)
{
	struct ioasid_bind_pasid req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags)
		return -EINVAL;
	return ioasid_user_bind(set, NULL, req.pasid, req.guest);
}

static int ioasid_dev_unbind(struct ioasid_set *set, void __user *arg)
{
	struct ioasid_unbind_pasid req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags || req.reserved || req.guest >= IOASID_CAPACITY_MAX)
		return -EINVAL;
	return ioasid_detach_private(set, req.guest);
}

static int ioasid_dev_list(struct ioasid_set *set, void __user *arg)
{
	struct ioasid_list __user *uarg = arg;
	struct ioasid_list req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), uarg);
	if (err)
		return err;
	if (req.flags || !req.count)
		return -EINVAL;
	err = ioasid_user_list(set, NULL, &req.guest, &req.count, req.entries);
	if (err)
		return err;
	if (put_user(req.guest, &uarg->guest) ||
	    put_user(req.count, &uarg->count))
		return -EFAULT;
	return 0;
}

static int ioasid_dev_own(struct ioasid_user *user,
			  int (*call)(struct ioasid_set *set, void __user *arg),
			  void __user *arg)
{
	struct ioasid_set *set;
	int err;

	set = ioasid_user_get_set(user, READ_ONCE(ioasid_quota));
	if (IS_ERR(set))
		return PTR_ERR(set);
	err = call(set, arg);
	ioasid_user_put_set(set);
	return err;
}

/* -------- any set -------- */

/* The set that the administrator names, to be given back with ioasid_set_put(). */
static struct ioasid_set *ioasid_dev_get_by_id(u32 id)
{
	struct ioasid_set *set;

	if (!capable(CAP_SYS_RESOURCE))
		return ERR_PTR(-EPERM);
	set = ioasid_set_from(id);
	if (!set)
		return ERR_PTR(-ENOENT);
	if (set->id != id) {
		ioasid_set_put(set);
		return ERR_PTR(-ENOENT);
	}
	return set;
}

static void ioasid_dev_fill(struct ioasid_query_set *req,
			    const struct ioasid_set_info *info)
{
	req->guarantee = info->guarantee;
	req->limit = info->limit;
	req->used = info->used;
	req->pending = info->pending;
	req->local = info->local;
	req->available = info->available;
}

static void ioasid_dev_name(struct ioasid_query_set *req,
			    struct ioasid_set *set)
{
	req->id = set->id;
	req->pid = ioasid_set_pid(set);
	memcpy(req->comm, set->comm, sizeof(req->comm));
}

static int ioasid_dev_query_by_id(struct ioasid_query_set *req)
{
	struct ioasid_set *set = ioasid_dev_get_by_id(req->id);
	struct ioasid_set_info info;

	if (IS_ERR(set))
		return PTR_ERR(set);
	ioasid_set_get_info(set, &info);
	ioasid_dev_fill(req, &info);
	ioasid_dev_name(req, set);
	ioasid_set_put(set);
	return 0;
}

static int ioasid_dev_query_own(struct ioasid_user *user,
				struct ioasid_query_set *req)
{
	struct ioasid_set_info info;
	struct ioasid_set *set;

	if (!ioasid_capacity())
		return -EOPNOTSUPP;
	set = ioasid_user_get_info(user, READ_ONCE(ioasid_quota), &info);
	ioasid_dev_fill(req, &info);
	req->id = 0;
	req->pid = 0;
	memset(req->comm, 0, sizeof(req->comm));
	if (set)
		ioasid_dev_name(req, set);
	return 0;
}

static int ioasid_dev_query_set(struct ioasid_user *user, void __user *arg)
{
	struct ioasid_query_set req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~IOASID_BY_ID)
		return -EINVAL;

	if (req.flags & IOASID_BY_ID)
		err = ioasid_dev_query_by_id(&req);
	else
		err = ioasid_dev_query_own(user, &req);
	if (err)
		return err;
	return copy_to_user(arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static int ioasid_dev_quota_by_id(const struct ioasid_quota *req,
				  unsigned int flags)
{
	struct ioasid_set *set = ioasid_dev_get_by_id(req->id);
	int err;

	if (IS_ERR(set))
		return PTR_ERR(set);
	err = ioasid_set_adjust(set, req->guarantee, req->limit,
				flags | IOASID_ADJUST_MAY_RAISE);
	ioasid_set_put(set);
	return err;
}

static int ioasid_dev_quota_own(struct ioasid_user *user,
				const struct ioasid_quota *req,
				unsigned int flags)
{
	struct ioasid_set *set;
	int err;

	if (req->id)
		return -EINVAL;
	set = ioasid_user_get_set(user, READ_ONCE(ioasid_quota));
	if (IS_ERR(set))
		return PTR_ERR(set);
	err = ioasid_user_adjust(set, req->guarantee, req->limit, flags);
	ioasid_user_put_set(set);
	return err;
}

static int ioasid_dev_set_quota(struct ioasid_user *user, void __user *arg)
{
	struct ioasid_quota req;
	unsigned int flags = 0;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags & ~(IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
			  IOASID_QUOTA_LIMIT) || req.reserved)
		return -EINVAL;

	if (req.flags & IOASID_QUOTA_GUARANTEE)
		flags |= IOASID_ADJUST_GUARANTEE;
	else if (req.guarantee)
		return -EINVAL;
	if (req.flags & IOASID_QUOTA_LIMIT)
		flags |= IOASID_ADJUST_LIMIT;
	else if (req.limit)
		return -EINVAL;

	if (req.flags & IOASID_BY_ID)
		return ioasid_dev_quota_by_id(&req, flags);
	return ioasid_dev_quota_own(user, &req, flags);
}

/* -------- all sets -------- */

static void ioasid_dev_fill_entry(struct ioasid_set_entry *entry,
				  struct ioasid_set *set)
{
	struct ioasid_set_info info;

	ioasid_set_get_info(set, &info);
	*entry = (struct ioasid_set_entry) {
		.id = set->id,
		.pid = ioasid_set_pid(set),
		.guarantee = info.guarantee,
		.limit = info.limit,
		.used = info.used,
		.pending = info.pending,
		.local = info.local,
	};
	memcpy(entry->comm, set->comm, sizeof(entry->comm));
}

/* Writes up to req->count entries; afterwards req says where to go on. */
static int ioasid_dev_list_sets_to(struct ioasid_list_sets *req)
{
	struct ioasid_set_entry __user *to = u64_to_user_ptr(req->entries);
	struct ioasid_set_entry entry;
	struct ioasid_set *set;
	u32 room = req->count;

	req->count = 0;
	while (req->count < room) {
		cond_resched();
		set = ioasid_set_from(req->id);
		if (!set)
			break;
		ioasid_dev_fill_entry(&entry, set);
		ioasid_set_put(set);
		req->id = entry.id + 1;
		if (copy_to_user(&to[req->count++], &entry, sizeof(entry)))
			return -EFAULT;
	}
	return 0;
}

static int ioasid_dev_list_sets(struct ioasid_user *user, void __user *arg)
{
	struct ioasid_list_sets __user *uarg = arg;
	struct ioasid_list_sets req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), uarg);
	if (err)
		return err;
	if (req.flags || !req.count)
		return -EINVAL;
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	err = ioasid_dev_list_sets_to(&req);
	if (err)
		return err;
	if (put_user(req.id, &uarg->id) || put_user(req.count, &uarg->count))
		return -EFAULT;
	return 0;
}

static int ioasid_dev_query_system(struct ioasid_user *user, void __user *arg)
{
	struct ioasid_system_info info;
	struct ioasid_query_system req;
	int err;

	err = ioasid_user_copy_in(&req, sizeof(req), arg);
	if (err)
		return err;
	if (req.flags)
		return -EINVAL;
	ioasid_get_system_info(&info);
	req.capacity = info.capacity;
	req.shared_min = info.shared_min;
	req.used = info.used;
	req.reserved = info.reserved;
	req.free = info.free;
	req.pad = 0;
	return copy_to_user(arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static long ioasid_dev_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct ioasid_user *user = file->private_data;
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case IOASID_ALLOC:
		return ioasid_dev_own(user, ioasid_dev_alloc, uarg);
	case IOASID_FREE:
		return ioasid_dev_own(user, ioasid_dev_free, uarg);
	case IOASID_BIND:
		return ioasid_dev_own(user, ioasid_dev_bind, uarg);
	case IOASID_UNBIND:
		return ioasid_dev_own(user, ioasid_dev_unbind, uarg);
	case IOASID_LIST:
		return ioasid_dev_own(user, ioasid_dev_list, uarg);
	case IOASID_QUERY_SET:
		return ioasid_dev_query_set(user, uarg);
	case IOASID_SET_QUOTA:
		return ioasid_dev_set_quota(user, uarg);
	case IOASID_LIST_SETS:
		return ioasid_dev_list_sets(user, uarg);
	case IOASID_QUERY_SYSTEM:
		return ioasid_dev_query_system(user, uarg);
	default:
		return -ENOTTY;
	}
}

#ifdef CONFIG_PROC_FS
/* Whose set a descriptor acts on, and what is in it. */
static void ioasid_dev_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct ioasid_user *user = file->private_data;
	struct ioasid_set *set = ioasid_user_set(user);
	struct ioasid_set_info info;

	if (!set) {
		seq_puts(m, "ioasid-set:\tnone\n");
		return;
	}
	ioasid_set_get_info(set, &info);
	seq_printf(m, "ioasid-set:\t%u\n", set->id);
	seq_printf(m, "ioasid-used:\t%u\n", info.used);
	seq_printf(m, "ioasid-pending:\t%u\n", info.pending);
	seq_printf(m, "ioasid-guarantee:\t%u\n", info.guarantee);
	if (info.limit == IOASID_LIMIT_NONE)
		seq_puts(m, "ioasid-limit:\tmax\n");
	else
		seq_printf(m, "ioasid-limit:\t%u\n", info.limit);
}
#endif

static const struct file_operations ioasid_dev_fops = {
	.owner = THIS_MODULE,
	.open = ioasid_dev_open,
	.release = ioasid_dev_release,
	.unlocked_ioctl = ioasid_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
#ifdef CONFIG_PROC_FS
	.show_fdinfo = ioasid_dev_show_fdinfo,
#endif
};

static struct miscdevice ioasid_dev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ioasid",
	.fops = &ioasid_dev_fops,
	.mode = 0600,
};

static int __init ioasid_dev_init(void)
{
	return misc_register(&ioasid_dev);
}
device_initcall(ioasid_dev_init);
