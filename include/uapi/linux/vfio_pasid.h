/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * PASIDs of a VFIO container. Part of <linux/vfio.h>, which includes it.
 */
#ifndef _UAPI_LINUX_VFIO_PASID_H
#define _UAPI_LINUX_VFIO_PASID_H

#include <linux/types.h>
#include <linux/vfio.h>

/**
 * DOC: VFIO PASID sets
 *
 * A container acts on the PASID set of the process (the address space) that
 * called VFIO_SET_IOMMU on it. The set is made by the first PASID call and is
 * shared by all containers of that process, and by /dev/ioasid where it has it
 * open. A container that another process uses, because the file descriptor was
 * inherited, kept over exec or passed on, stays with this set; a container that is
 * opened after exec is in a new one. When the last container of the process loses
 * its last group, and the last /dev/ioasid is closed, all PASIDs of the set are
 * freed; a killed process gives everything back.
 *
 * The set holds at most its limit of PASIDs, which starts with the module
 * parameter pasid_quota of vfio_iommu_type1, and cannot be refused the first
 * "guarantee" of shared ones, which starts with 0.
 *
 * A shared PASID is unique in the whole system. A local one is unique on one
 * device, has a number below shared_min (see the PASID capability) and is named by
 * its number and the device: the call has the flag VFIO_PASID_LOCAL and, in
 * "device", an open file descriptor of a VFIO device whose group is in this
 * container. When that group leaves the container, the PASIDs that are local to
 * its devices are freed.
 *
 * A PASID may be bound to a guest PASID, 0 to 0xfffff: the number by which a
 * guest calls it. Guest PASIDs are a name space of the set. One that is bound is
 * translated for the VM wherever the kernel does so, and when a call returns, the
 * rest of the kernel knows of what it did.
 */

/**
 * DOC: VFIO PASID rules
 *
 * For the structures of all PASID calls:
 *
 * - argsz is the size of the structure in bytes, as the caller knows it. Larger
 *   than the kernel's is fine while the rest is zero and the whole is not above
 *   4096.
 * - flags and reserved fields must be zero but for the flags described; "device"
 *   and "guest" must be zero without their flag.
 * - A call that fails has changed no PASID and no quota.
 *
 * A call returns 0, or -1 and errno:
 *
 * ==========  ================================================================
 * EINVAL      argsz, flags or reserved fields break the rules above; a range is
 *             upside down; a guest PASID is above 0xfffff; a guarantee is above
 *             the limit; "device" is no device of this container.
 *             Also: the container has no IOMMU driver yet (VFIO_SET_IOMMU).
 * EFAULT      the structure, or the list, cannot be read or written
 * EBADF       "device" is not an open file descriptor
 * EOPNOTSUPP  the system has no PASIDs: no capacity was installed
 * ENOTTY      the IOMMU driver of the container has no PASIDs
 * ENOMEM      the kernel has no memory
 * EDQUOT      allocation: the limit of the set is reached
 * ENOSPC      allocation: no PASID in the range is free, or what is free is kept
 *             for the guarantees of others.
 *             quota: the guarantee does not fit the system's capacity.
 * EEXIST      allocation, bind: the guest PASID stands for another PASID, or the
 *             PASID has a guest PASID
 * ENOENT      free, bind, unbind: the caller has no such PASID or guest PASID.
 *             Also: the container lost its last group during the call.
 * EBUSY       allocation: a limit of the caller's cgroup is reached.
 *             quota: the limit is below what the set holds.
 * EPERM       quota: guarantee or limit would rise without CAP_SYS_RESOURCE
 * ==========  ================================================================
 */

/*
 * An extension for VFIO_CHECK_EXTENSION: there are PASIDs for user space, and the
 * PASID capability in VFIO_IOMMU_GET_INFO. Reported only where an IOMMU, or the
 * administrator on the kernel command line, installed a PASID capacity.
 */
#define VFIO_PASID			11

/**
 * struct vfio_iommu_type1_info_cap_pasid - PASID capability of VFIO_IOMMU_GET_INFO
 * @header: id VFIO_IOMMU_TYPE1_INFO_CAP_PASID, version 1
 * @flags: none defined, 0
 * @pasid_bits: width of the system's PASIDs in bits, 1 to 20
 * @guarantee: shared PASIDs that are kept for the set whatever other sets do
 * @limit: the most PASIDs the set may hold; 0xffffffff is no limit
 * @used: PASIDs the set holds, shared and local ones. One that was freed while
 *	the kernel still uses it counts until that use ends.
 * @available: shared PASIDs that the caller could allocate right now: what the
 *	limit, the system and the caller's cgroup leave. Other sets compete for the
 *	part that the guarantee does not cover.
 * @shared_min: the lowest number of a shared PASID. The ones from 1 up to this are
 *	local: unique on their device only. 1 if there are none. VMs migrate only
 *	between hosts where this is the same.
 * @reserved: 0
 *
 * Tells how many PASIDs the container can get. It is present where
 * VFIO_CHECK_EXTENSION reports VFIO_PASID.
 *
 * The numbers are those of the PASID set that the container acts on, at the time of
 * the call. Before the set exists they tell what it would start with.
 */
struct vfio_iommu_type1_info_cap_pasid {
	struct	vfio_info_cap_header header;
	__u32	flags;
	__u32	pasid_bits;
	__u32	guarantee;
	__u32	limit;
	__u32	used;
	__u32	available;
	__u32	shared_min;
	__u32	reserved;
};

#define VFIO_IOMMU_TYPE1_INFO_CAP_PASID	4

/* Flags of the calls, where these say so. */
#define VFIO_PASID_LOCAL	0x1	/* local to "device", else shared */
#define VFIO_PASID_GUEST	0x2	/* bind to "guest" in the same step */

/**
 * struct vfio_iommu_alloc_pasid - ioctl(VFIO_IOMMU_ALLOC_PASID)
 * @argsz: sizeof(struct vfio_iommu_alloc_pasid)
 * @flags: VFIO_PASID_LOCAL, VFIO_PASID_GUEST
 * @min: the lowest number that will do
 * @max: the highest number that will do; [0, 0xffffffff] means any
 * @device: with VFIO_PASID_LOCAL, the device that the PASID shall be local to
 * @guest: with VFIO_PASID_GUEST, the guest PASID to bind in the same step
 * @pasid: output, the number: the one that goes to the device and to the IOMMU
 * @reserved: must be 0
 *
 * Allocate one PASID into the container's set. PASID 0 is never handed out.
 *
 * Errors: EINVAL, EFAULT, EBADF, EOPNOTSUPP, ENOTTY, ENOMEM, EDQUOT, ENOSPC,
 * EEXIST, ENOENT, EBUSY.
 */
struct vfio_iommu_alloc_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	min;
	__u32	max;
	__s32	device;
	__u32	guest;
	__u32	pasid;
	__u32	reserved;
};

#define VFIO_IOMMU_ALLOC_PASID		_IO(VFIO_TYPE, VFIO_BASE + 22)

/**
 * struct vfio_iommu_free_pasid - ioctl(VFIO_IOMMU_FREE_PASID)
 * @argsz: sizeof(struct vfio_iommu_free_pasid)
 * @flags: VFIO_PASID_LOCAL
 * @min: the lowest number to free
 * @max: the highest number to free; [0, 0xffffffff] means all
 * @device: with VFIO_PASID_LOCAL, the device that they are local to
 * @reserved: must be 0
 *
 * Free all PASIDs of the container's set in the range: the shared ones, or with
 * VFIO_PASID_LOCAL the ones that are local to the device. PASIDs of other sets are
 * neither touched nor noticed. The cost is bounded by what the set holds, not by
 * the width of the range.
 *
 * A PASID that is bound to a guest PASID is unbound first. Freeing never has to
 * wait for a user of the PASID: the number returns to the system when the last
 * user has let go of it, and counts as used until then.
 *
 * Errors: EINVAL, EFAULT, EBADF, EOPNOTSUPP, ENOTTY, ENOMEM, ENOENT.
 */
struct vfio_iommu_free_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	min;
	__u32	max;
	__s32	device;
	__u32	reserved;
};

#define VFIO_IOMMU_FREE_PASID		_IO(VFIO_TYPE, VFIO_BASE + 23)

/**
 * struct vfio_iommu_bind_pasid - ioctl(VFIO_IOMMU_BIND_PASID)
 * @argsz: sizeof(struct vfio_iommu_bind_pasid)
 * @flags: VFIO_PASID_LOCAL
 * @pasid: a PASID of the container's set
 * @guest: the guest PASID that shall stand for it
 * @device: with VFIO_PASID_LOCAL, the device that the PASID is local to
 * @reserved: must be 0
 *
 * The guest PASID may lie in the local range, whatever the PASID is: so a guest
 * sees one flat range.
 *
 * Errors: EINVAL, EFAULT, EBADF, EOPNOTSUPP, ENOTTY, ENOMEM, ENOENT, EEXIST.
 */
struct vfio_iommu_bind_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	pasid;
	__u32	guest;
	__s32	device;
	__u32	reserved;
};

#define VFIO_IOMMU_BIND_PASID		_IO(VFIO_TYPE, VFIO_BASE + 24)

/**
 * struct vfio_iommu_unbind_pasid - ioctl(VFIO_IOMMU_UNBIND_PASID)
 * @argsz: sizeof(struct vfio_iommu_unbind_pasid)
 * @flags: none defined, must be 0
 * @guest: the guest PASID that shall stand for nothing
 * @reserved: must be 0
 *
 * The PASID behind it stays allocated.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOTTY, ENOMEM, ENOENT.
 */
struct vfio_iommu_unbind_pasid {
	__u32	argsz;
	__u32	flags;
	__u32	guest;
	__u32	reserved;
};

#define VFIO_IOMMU_UNBIND_PASID		_IO(VFIO_TYPE, VFIO_BASE + 25)

/* What VFIO_IOMMU_SET_PASID_QUOTA is to change. */
#define VFIO_PASID_QUOTA_GUARANTEE	0x1
#define VFIO_PASID_QUOTA_LIMIT		0x2

/**
 * struct vfio_iommu_pasid_quota - ioctl(VFIO_IOMMU_SET_PASID_QUOTA)
 * @argsz: sizeof(struct vfio_iommu_pasid_quota)
 * @flags: VFIO_PASID_QUOTA_GUARANTEE, VFIO_PASID_QUOTA_LIMIT: at least one. A
 *	value that is not to change must be 0.
 * @guarantee: the new guarantee, in shared PASIDs
 * @limit: the new limit, in PASIDs; 0xffffffff is no limit
 *
 * Change guarantee and limit of the container's set in one step. Lowering is free
 * for whoever holds the container. Raising either one takes CAP_SYS_RESOURCE in the
 * initial user namespace.
 *
 * Errors: EINVAL, EFAULT, EOPNOTSUPP, ENOTTY, ENOMEM, ENOENT, ENOSPC, EBUSY,
 * EPERM.
 */
struct vfio_iommu_pasid_quota {
	__u32	argsz;
	__u32	flags;
	__u32	guarantee;
	__u32	limit;
};

#define VFIO_IOMMU_SET_PASID_QUOTA	_IO(VFIO_TYPE, VFIO_BASE + 26)

/**
 * struct vfio_iommu_pasid_entry - what a guest PASID stands for
 * @guest: the guest PASID
 * @pasid: the PASID behind it
 * @flags: VFIO_PASID_LOCAL if it is local to a device, else 0
 * @reserved: 0
 */
struct vfio_iommu_pasid_entry {
	__u32	guest;
	__u32	pasid;
	__u32	flags;
	__u32	reserved;
};

/**
 * struct vfio_iommu_list_pasids - ioctl(VFIO_IOMMU_LIST_PASIDS)
 * @argsz: sizeof(struct vfio_iommu_list_pasids)
 * @flags: VFIO_PASID_LOCAL for those local to the device only, else all
 * @guest: the lowest guest PASID to list; output, where to go on
 * @count: room in entries, not 0; output, how many were written
 * @device: with VFIO_PASID_LOCAL, the device
 * @reserved: must be 0
 * @entries: address of an array of struct vfio_iommu_pasid_entry
 *
 * List the bound guest PASIDs of the container's set in ascending order. The list
 * has come to its end when count is less than it was.
 *
 * The set may change between two calls: what is bound all the while is listed, and
 * nothing is listed twice. To move a VM, allocate for each entry a PASID of the
 * same kind on the other host and bind it to the same guest PASID; the number of
 * the PASID itself may differ.
 *
 * Errors: EINVAL, EFAULT, EBADF, EOPNOTSUPP, ENOTTY, ENOMEM, ENOENT.
 */
struct vfio_iommu_list_pasids {
	__u32	argsz;
	__u32	flags;
	__u32	guest;
	__u32	count;
	__s32	device;
	__u32	reserved;
	__aligned_u64	entries;
};

#define VFIO_IOMMU_LIST_PASIDS		_IO(VFIO_TYPE, VFIO_BASE + 27)

#endif /* _UAPI_LINUX_VFIO_PASID_H */
