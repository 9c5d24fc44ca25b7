// SPDX-License-Identifier: GPL-2.0-only
/*
 * PASIDs for user space: whose set a file descriptor acts on, and the part of the
 * calls that is the same whatever the descriptor is, a VFIO container or
 * /dev/ioasid.
 *
 * The set is named by the mm that opened and not by the caller of an ioctl, so a
 * file descriptor that was inherited or passed on keeps its meaning. Each one that
 * is open is one owner of the set, whether it was opened before or after the first
 * call made the set, and whether it makes calls or not; the last one to go frees
 * the set with all PASIDs, whatever way the process came to its end.
 */
#include <linux/capability.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/ioasid_user.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

#include "ioasid-private.h"

/*
 * All that are open. They are walked when a process makes its set, to give each of
 * its descriptors a share. Nests outside ioasid_sets_mutex.
 */
static LIST_HEAD(ioasid_users);
static DEFINE_MUTEX(ioasid_users_lock);

/**
 * ioasid_user_open - a process gets a file descriptor for PASIDs
 * @user: to be prepared; zeroed
 *
 * Makes no set: most descriptors never need one. Shares the one that the process
 * has, if it has one.
 *
 * Context: Process context of a user task. May sleep.
 */
void ioasid_user_open(struct ioasid_user *user)
{
	struct ioasid_set *set;

	user->mm = current->mm;
	mmgrab(user->mm);

	mutex_lock(&ioasid_users_lock);
	set = ioasid_set_join(user->mm);
	user->set = IS_ERR(set) ? NULL : set;
	list_add(&user->node, &ioasid_users);
	mutex_unlock(&ioasid_users_lock);
}
EXPORT_SYMBOL_GPL(ioasid_user_open);

/**
 * ioasid_user_release - end a descriptor's share of its set
 * @user: of a descriptor that is gone; a call that has its own reference to the set
 *        may still be under way
 *
 * Context: Process context. May sleep.
 */
void ioasid_user_release(struct ioasid_user *user)
{
	mutex_lock(&ioasid_users_lock);
	list_del(&user->node);
	mutex_unlock(&ioasid_users_lock);

	if (user->set)
		ioasid_set_free(user->set);
	mmdrop(user->mm);
}
EXPORT_SYMBOL_GPL(ioasid_user_release);

/* Makes the set of @user's mm, and shares it among all descriptors of this mm. */
static struct ioasid_set *ioasid_user_make_set(struct ioasid_user *user,
					       u32 limit)
{
	struct ioasid_user *pos;
	struct ioasid_set *set;

	lockdep_assert_held(&ioasid_users_lock);

	set = ioasid_pool_set_try_create(&ioasid_system_pool, user->mm, 0, limit);
	if (IS_ERR(set))
		return set;

	list_for_each_entry(pos, &ioasid_users, node) {
		if (pos->mm != user->mm)
			continue;
		/* One share came with the set; the join cannot fail meanwhile. */
		if (pos != user)
			ioasid_set_join(pos->mm);
		/* Pairs with smp_load_acquire() in ioasid_user_set(). */
		smp_store_release(&pos->set, set);
	}
	return set;
}

/**
 * ioasid_user_set - the set that a descriptor acts on
 * @user: of the descriptor
 *
 * Context: Any context.
 * Return: The set, which is there as long as the descriptor; NULL if none was made.
 */
struct ioasid_set *ioasid_user_set(struct ioasid_user *user)
{
	/* Pairs with smp_store_release() in ioasid_user_make_set(). */
	return smp_load_acquire(&user->set);
}
EXPORT_SYMBOL_GPL(ioasid_user_set);

/**
 * ioasid_user_get_set - the set that a call acts on
 * @user: of the descriptor
 * @limit: the limit, should this be the call that makes the set
 *
 * To be called before the user's memory is touched, which may take for ever: the set
 * stays whatever becomes of the descriptor meanwhile.
 *
 * Context: Process context. May sleep.
 * Return: The set, to be given back with ioasid_user_put_set(), or an ERR_PTR():
 *
 * * -EOPNOTSUPP: the system has no PASIDs
 * * -ENOMEM:     no memory
 */
struct ioasid_set *ioasid_user_get_set(struct ioasid_user *user, u32 limit)
{
	struct ioasid_set *set = ioasid_user_set(user);

	if (set)
		return ioasid_set_get(set);
	if (!ioasid_capacity())
		return ERR_PTR(-EOPNOTSUPP);

	for (;;) {
		mutex_lock(&ioasid_users_lock);
		set = user->set ?: ioasid_user_make_set(user, limit);
		if (!IS_ERR(set))
			ioasid_set_get(set);
		mutex_unlock(&ioasid_users_lock);
		if (set != ERR_PTR(-EAGAIN))
			return set;
		/* The lock is everybody's: not under it. */
		ioasid_sets_wait_for_token(user->mm);
	}
}
EXPORT_SYMBOL_GPL(ioasid_user_get_set);

/**
 * ioasid_user_put_set - end a call
 * @set: from ioasid_user_get_set()
 *
 * The rest of the kernel, KVM above all, knows of what the call did before user space
 * hears that it was done.
 *
 * Context: Process context. May sleep.
 */
void ioasid_user_put_set(struct ioasid_set *set)
{
	ioasid_set_sync(set);
	ioasid_set_put(set);
}
EXPORT_SYMBOL_GPL(ioasid_user_put_set);

/**
 * ioasid_user_get_info - look at the books of a descriptor's set
 * @user: of the descriptor
 * @limit: what the set would start with, if there is none yet
 * @info: filled in; &ioasid_set_info.available is what current could allocate now,
 *        so that its cgroup counts
 *
 * Context: Process context.
 * Return: The set that was looked at, as ioasid_user_set() returns it.
 */
struct ioasid_set *ioasid_user_get_info(struct ioasid_user *user, u32 limit,
					struct ioasid_set_info *info)
{
	struct ioasid_set *set = ioasid_user_set(user);
	struct ioasid_system_info system;

	if (set) {
		ioasid_set_get_info(set, info);
	} else {
		ioasid_get_system_info(&system);
		*info = (struct ioasid_set_info) {
			.limit = limit,
			.available = min(limit, system.free),
		};
	}
	info->available = min(info->available, ioasid_charge_room());
	return set;
}
EXPORT_SYMBOL_GPL(ioasid_user_get_info);

/**
 * ioasid_user_copy_in - read the structure of a call
 * @to: where to
 * @size: its size
 * @from: user pointer to it; the first field is argsz
 *
 * The bound on argsz is a bound on the time that looking for non-zero bytes behind
 * the structure may take.
 *
 * Context: Process context. May sleep.
 * Return: 0, -EINVAL or -EFAULT.
 */
int ioasid_user_copy_in(void *to, size_t size, void __user *from)
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
EXPORT_SYMBOL_GPL(ioasid_user_copy_in);

/**
 * ioasid_user_tell - tell the caller which PASID was allocated
 * @set: the set
 * @dev: the device that the PASID is local to, NULL for a shared one
 * @id: the PASID, allocated with %IOASID_REQUEST_GET
 * @to: user pointer to where the number goes
 *
 * A PASID that the caller was not told of is one that was not made. The reference
 * keeps its number from being that of another one until this is settled.
 *
 * Context: Process context. May sleep.
 * Return: 0, or -EFAULT and the PASID is freed.
 */
int ioasid_user_tell(struct ioasid_set *set, struct device *dev, ioasid_t id,
		     u32 __user *to)
{
	int err = put_user(id, to);

	if (err)
		ioasid_free(set, dev, id);
	ioasid_put(set, dev, id);
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_user_tell);

/**
 * ioasid_user_bind - give a PASID a guest PASID, for user space
 * @set: the set
 * @dev: the device that the PASID is local to, NULL for a shared one
 * @id: its number
 * @guest: the guest PASID
 *
 * Context: Process context. May sleep.
 * Return: As ioasid_attach_private(), but for -EACCES: nobody learns whose PASID it
 * is, or whether it is anybody's.
 */
int ioasid_user_bind(struct ioasid_set *set, struct device *dev, ioasid_t id,
		     u32 guest)
{
	int err = ioasid_attach_private(set, dev, id, guest, GFP_KERNEL_ACCOUNT);

	return err == -EACCES ? -ENOENT : err;
}
EXPORT_SYMBOL_GPL(ioasid_user_bind);

/**
 * ioasid_user_list - list guest PASIDs for user space
 * @set: the set
 * @dev: list those of PASIDs that are local to it, NULL for all
 * @guest: the lowest one to list; changed to where to go on
 * @count: room in entries; changed to how many were written
 * @entries: user pointer to an array of struct ioasid_entry
 *
 * Context: Process context. May sleep.
 * Return: 0 or -EFAULT.
 */
int ioasid_user_list(struct ioasid_set *set, struct device *dev, u32 *guest,
		     u32 *count, u64 entries)
{
	struct ioasid_entry __user *to = u64_to_user_ptr(entries);
	struct ioasid_private found = { .private = *guest };
	struct ioasid_entry entry = {};
	u32 room = *count;

	*count = 0;
	while (*count < room && !ioasid_next_private(set, &found)) {
		cond_resched();
		entry.guest = found.private++;
		entry.pasid = found.id;
		entry.flags = found.dev ? IOASID_ENTRY_LOCAL : 0;
		if (dev && found.dev != dev)
			continue;
		if (copy_to_user(&to[(*count)++], &entry, sizeof(entry)))
			return -EFAULT;
	}
	*guest = found.private;
	return 0;
}
EXPORT_SYMBOL_GPL(ioasid_user_list);

/**
 * ioasid_user_adjust - change the quota of the caller's own set
 * @set: the set
 * @guarantee: as for ioasid_set_adjust()
 * @limit: likewise
 * @flags: %IOASID_ADJUST_GUARANTEE, %IOASID_ADJUST_LIMIT
 *
 * Asks for CAP_SYS_RESOURCE only where it decides: a refusal may be audited.
 *
 * Context: Process context.
 * Return: As ioasid_set_adjust().
 */
int ioasid_user_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
		       unsigned int flags)
{
	int err = ioasid_set_adjust(set, guarantee, limit, flags);

	if (err == -EPERM && capable(CAP_SYS_RESOURCE))
		err = ioasid_set_adjust(set, guarantee, limit,
					flags | IOASID_ADJUST_MAY_RAISE);
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_user_adjust);
