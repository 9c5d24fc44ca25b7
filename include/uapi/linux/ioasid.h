/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * /dev/ioasid: PASIDs for user-space drivers, and all sets for the administrator.
 */
#ifndef _UAPI_LINUX_IOASID_H
#define _UAPI_LINUX_IOASID_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: IOASID device
 *
 * Who has /dev/ioasid open acts on the PASID set of the process (the address space)
 * that opened it. VFIO containers of this process act on the same set. The set is
 * made by the first call that needs it; when the last of these descriptors is
 * closed, all PASIDs of the set are freed. A descriptor that another process uses,
 * because it was inherited, kept over exec or passed on, stays with its set.
 *
 * The set holds at most its limit of PASIDs, which starts with the kernel parameter
 * ioasid.quota (or that of VFIO, if a container made the set), and cannot be refused
 * the first "guarantee" of them, which starts with 0. Each PASID is charged to the
 * cgroup of the task that allocates it, in the resource "ioasid" of the misc
 * controller.
 *
 * The PASIDs that are allocated here are shared ones: unique in the whole system.
 *
 * A PASID may be bound to a guest PASID, 0 to 0xfffff: a number by which somebody
 * else calls it. Guest PASIDs are a name space of the set.
 *
 * The administrator, who has CAP_SYS_RESOURCE in the initial user namespace, can
 * list all sets, look at each and change its quota.
 */

/**
 * DOC: IOASID device rules
 *
 * For the structures of all calls:
 *
 * - argsz is the size of the structure in bytes, as the caller knows it. Larger
 *   than the kernel's is fine while the rest is zero and the whole is not above
 *   4096.
 * - flags and reserved fields must be zero but for the flags described; "guest" and
 *   "id" must be zero without their flag. What is output only is not looked at.
 * - A call that fails has changed no PASID and no quota.
 *
 * A call returns 0, or -1 and errno:
 *
 * ==========  ================================================================
 * EINVAL      argsz, flags or reserved fields break the rules above; a range is
 *             upside down; a guest PASID is above 0xfffff; a guarantee is above
 *             the limit; a list has no room
 * EFAULT      the structure, or the list, cannot be read or written
 * ENOTTY      there is no such call
 * EOPNOTSUPP  the system has no PASIDs: no capacity was installed
 * ENOMEM      the kernel has no memory
 * EDQUOT      allocation: the limit of the set is reached
 * ENOSPC      allocation: no PASID in the range is free, or what is free is kept
 *             for the guarantees of others.
 *             quota: the guarantee does not fit the system's capacity.
 * EEXIST      allocation, bind: the guest PASID stands for another PASID, or the
 *             PASID has a guest PASID
 * ENOENT      free, bind, unbind: the caller has no such PASID or guest PASID.
 *             set, quota: no set has this id.
 * EBUSY       allocation: the cgroup is at its limit.
 *             quota: the limit is below what the set holds.
 * EPERM       quota: guarantee or limit would rise without CAP_SYS_RESOURCE.
 *             anything about another set: no CAP_SYS_RESOURCE.
 * ==========  ================================================================
 */

#define IOASID_TYPE		0xbb

/* Flags of the calls, where these say so. */
#define IOASID_GUEST		0x1	/* bind to "guest" in the same step */
#define IOASID_BY_ID		0x2	/* the set with this id, else the own one */

/**
 * struct ioasid_alloc_pasid - ioctl(IOASID_ALLOC)
 * @argsz: sizeof(struct ioasid_alloc_pasid)
 * @flags: IOASID_GUEST
 * @min: the lowest number that will do
 * @max: the highest number that will do; [0, 0xffffffff] means any
 * @guest: with IOASID_GUEST, the guest PASID to bind in the same step
 * @pasid: output, the number
 *
 * Allocate one PASID into the own set. PASID 0 is never handed out.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM, EDQUOT, ENOSPC, EEXIST, EBUSY.
 */
struct ioasid_alloc_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	min;
	__u32	max;
	__u32	guest;
	__u32	pasid;
};

#define IOASID_ALLOC		_IO(IOASID_TYPE, 0)

/**
 * struct ioasid_free_pasid - ioctl(IOASID_FREE)
 * @argsz: sizeof(struct ioasid_free_pasid)
 * @flags: none defined, must be 0
 * @min: the lowest number to free
 * @max: the highest number to free; [0, 0xffffffff] means all
 *
 * Free all shared PASIDs of the own set in the range. The cost is bounded by what
 * the set holds, not by the width of the range.
 *
 * A PASID that is bound to a guest PASID is unbound first. The number returns to
 * the system when the last user in the kernel has let go of it, and counts as used
 * until then.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM, ENOENT.
 */
struct ioasid_free_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	min;
	__u32	max;
};

#define IOASID_FREE		_IO(IOASID_TYPE, 1)

/**
 * struct ioasid_bind_pasid - ioctl(IOASID_BIND)
 * @argsz: sizeof(struct ioasid_bind_pasid)
 * @flags: none defined, must be 0
 * @pasid: a shared PASID of the own set
 * @guest: the guest PASID that shall stand for it
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM, ENOENT, EEXIST.
 */
struct ioasid_bind_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	pasid;
	__u32	guest;
};

#define IOASID_BIND		_IO(IOASID_TYPE, 2)

/**
 * struct ioasid_unbind_pasid - ioctl(IOASID_UNBIND)
 * @argsz: sizeof(struct ioasid_unbind_pasid)
 * @flags: none defined, must be 0
 * @guest: the guest PASID that shall stand for nothing
 * @reserved: must be 0
 *
 * The PASID behind it stays allocated.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM, ENOENT.
 */
struct ioasid_unbind_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	guest;
	__u32	reserved;
};

#define IOASID_UNBIND		_IO(IOASID_TYPE, 3)

#define IOASID_ENTRY_LOCAL	0x1	/* the PASID is local to a device */

/**
 * struct ioasid_entry - what a guest PASID stands for
 * @guest: the guest PASID
 * @pasid: the PASID behind it
 * @flags: IOASID_ENTRY_LOCAL, for PASIDs that VFIO allocated
 * @reserved: 0
 */
struct ioasid_entry {
	__u32	guest;
	__u32	pasid;
	__u32	flags;
	__u32	reserved;
};

/**
 * struct ioasid_list - ioctl(IOASID_LIST)
 * @argsz: sizeof(struct ioasid_list)
 * @flags: none defined, must be 0
 * @guest: the lowest guest PASID to list; output, where to go on
 * @count: room in entries, not 0; output, how many were written
 * @entries: address of an array of struct ioasid_entry
 *
 * List the bound guest PASIDs of the own set in ascending order. The list has come
 * to its end when count is less than it was.
 *
 * The set may change between two calls: what is bound all the while is listed, and
 * nothing is listed twice.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM.
 */
struct ioasid_list {
	__u32	argsz;
	__u32	flags;
	__u32	guest;
	__u32	count;
	__aligned_u64	entries;
};

#define IOASID_LIST		_IO(IOASID_TYPE, 4)

/**
 * struct ioasid_query_set - ioctl(IOASID_QUERY_SET)
 * @argsz: sizeof(struct ioasid_query_set)
 * @flags: IOASID_BY_ID, with CAP_SYS_RESOURCE
 * @id: with IOASID_BY_ID, which set, else ignored; output, the id of the own one
 * @pid: output, the process that made the set, as the caller knows it; 0 if it is
 *	gone, unknown to the caller, or the kernel
 * @guarantee: output, PASIDs that are kept for the set whatever other sets do
 * @limit: output, the most PASIDs the set may hold; 0xffffffff is no limit
 * @used: output, PASIDs the set holds. One that was freed while the kernel still
 *	uses it counts until that use ends.
 * @pending: output, those of @used that were freed
 * @local: output, those of @used that are local to a device
 * @available: output, PASIDs that the caller could allocate right now: what the
 *	limit, the system and the caller's cgroup leave. For another set, what its
 *	limit and the system leave.
 * @comm: output, name of the process when it made the set, ends with 0
 *
 * Before the own set exists, id and pid are 0 and the numbers tell what it would
 * start with.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOENT, EPERM.
 */
struct ioasid_query_set {
	__u32	argsz;
	__u32	flags;
	__u32	id;
	__s32	pid;
	__u32	guarantee;
	__u32	limit;
	__u32	used;
	__u32	pending;
	__u32	local;
	__u32	available;
	char	comm[16];
};

#define IOASID_QUERY_SET	_IO(IOASID_TYPE, 5)

/* What IOASID_SET_QUOTA is to change. */
#define IOASID_QUOTA_GUARANTEE	0x4
#define IOASID_QUOTA_LIMIT	0x8

/**
 * struct ioasid_quota - ioctl(IOASID_SET_QUOTA)
 * @argsz: sizeof(struct ioasid_quota)
 * @flags: IOASID_QUOTA_GUARANTEE, IOASID_QUOTA_LIMIT: at least one. A value that is
 *	not to change must be 0. IOASID_BY_ID, with CAP_SYS_RESOURCE.
 * @id: with IOASID_BY_ID, which set
 * @guarantee: the new guarantee, in shared PASIDs
 * @limit: the new limit, in PASIDs; 0xffffffff is no limit
 * @reserved: must be 0
 *
 * Change guarantee and limit of a set in one step. Whoever holds the descriptor may
 * lower those of the own set. Raising takes CAP_SYS_RESOURCE in the initial user
 * namespace.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOMEM, ENOSPC, EBUSY, ENOENT, EPERM.
 */
struct ioasid_quota {
	__u32	argsz;
	__u32	flags;
	__u32	id;
	__u32	guarantee;
	__u32	limit;
	__u32	reserved;
};

#define IOASID_SET_QUOTA	_IO(IOASID_TYPE, 6)

/**
 * struct ioasid_set_entry - one of all sets
 * @id: its id, for IOASID_BY_ID; 0 is the kernel's own
 * @pid: as in struct ioasid_query_set
 * @guarantee: likewise
 * @limit: likewise
 * @used: likewise
 * @pending: likewise
 * @local: likewise
 * @reserved: 0
 * @comm: likewise
 */
struct ioasid_set_entry {
	__u32	id;
	__s32	pid;
	__u32	guarantee;
	__u32	limit;
	__u32	used;
	__u32	pending;
	__u32	local;
	__u32	reserved;
	char	comm[16];
};

/**
 * struct ioasid_list_sets - ioctl(IOASID_LIST_SETS)
 * @argsz: sizeof(struct ioasid_list_sets)
 * @flags: none defined, must be 0
 * @id: the lowest id to list; output, where to go on
 * @count: room in entries, not 0; output, how many were written
 * @entries: address of an array of struct ioasid_set_entry
 *
 * List all sets of the system in ascending order of their ids. Takes
 * CAP_SYS_RESOURCE. The list has come to its end when count is less than it was. A
 * set that exists all the while is listed, and none is listed twice.
 *
 * Errors: EINVAL, EFAULT, EPERM.
 */
struct ioasid_list_sets {
	__u32	argsz;
	__u32	flags;
	__u32	id;
	__u32	count;
	__aligned_u64	entries;
};

#define IOASID_LIST_SETS	_IO(IOASID_TYPE, 7)

/**
 * struct ioasid_query_system - ioctl(IOASID_QUERY_SYSTEM)
 * @argsz: sizeof(struct ioasid_query_system)
 * @flags: none defined, must be 0
 * @capacity: output, size of the PASID space, 0 if the system has no PASIDs. PASIDs
 *	run from 1 to this number less one.
 * @shared_min: output, the lowest number of a shared PASID; those from 1 up to this
 *	are local to devices
 * @used: output, shared PASIDs that sets hold
 * @reserved: output, shared PASIDs kept for guarantees that are not used up
 * @free: output, shared PASIDs that any set may still take
 * @pad: output, 0
 *
 * Errors: EINVAL, EFAULT.
 */
struct ioasid_query_system {
	__u32	argsz;
	__u32	flags;
	__u32	capacity;
	__u32	shared_min;
	__u32	used;
	__u32	reserved;
	__u32	free;
	__u32	pad;
};

#define IOASID_QUERY_SYSTEM	_IO(IOASID_TYPE, 8)

#endif /* _UAPI_LINUX_IOASID_H */
