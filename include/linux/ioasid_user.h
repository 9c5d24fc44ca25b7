/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASIDs for user space: for whoever has a file descriptor to hand them out by.
 */
#ifndef __LINUX_IOASID_USER_H
#define __LINUX_IOASID_USER_H

#include <linux/ioasid.h>
#include <linux/list.h>
#include <linux/types.h>
#include <uapi/linux/ioasid.h>

/**
 * struct ioasid_user - a file descriptor by which a process has PASIDs
 *
 * Zero the structure before ioasid_user_open(). All of it is for the core: @mm of the
 * process that opened, pinned so that no other process can come by the same token;
 * @node in the list of all; @set of @mm, of which the descriptor is one owner, NULL
 * until the process makes it, then it stays.
 */
struct ioasid_user {
	/* private: */
	struct mm_struct *mm;
	struct list_head node;
	struct ioasid_set *set;
};

void ioasid_user_open(struct ioasid_user *user);
void ioasid_user_release(struct ioasid_user *user);
struct ioasid_set *ioasid_user_set(struct ioasid_user *user);
struct ioasid_set *ioasid_user_get_set(struct ioasid_user *user, u32 limit);
void ioasid_user_put_set(struct ioasid_set *set);
struct ioasid_set *ioasid_user_get_info(struct ioasid_user *user, u32 limit,
					struct ioasid_set_info *info);
int ioasid_user_copy_in(void *to, size_t size, void __user *from);
int ioasid_user_tell(struct ioasid_set *set, struct device *dev, ioasid_t id,
		     u32 __user *to);
int ioasid_user_bind(struct ioasid_set *set, struct device *dev, ioasid_t id,
		     u32 guest);
int ioasid_user_list(struct ioasid_set *set, struct device *dev, u32 *guest,
		     u32 *count, u64 entries);
int ioasid_user_adjust(struct ioasid_set *set, u32 guarantee, u32 limit,
		       unsigned int flags);

#endif /* __LINUX_IOASID_USER_H */
