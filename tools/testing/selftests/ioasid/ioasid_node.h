/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of /dev/ioasid: 0, or -1 and errno.
 */
#ifndef __SELFTEST_IOASID_NODE_H
#define __SELFTEST_IOASID_NODE_H

#include <fcntl.h>
#include <linux/ioasid.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define NODE	"/dev/ioasid"

static inline int node_open(void)
{
	return open(NODE, O_RDWR | O_CLOEXEC);
}

static inline int node_alloc_from(int fd, __u32 min, __u32 max, __u32 *pasid)
{
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req),
		.min = min,
		.max = max,
	};
	int ret = ioctl(fd, IOASID_ALLOC, &req);

	if (!ret)
		*pasid = req.pasid;
	return ret;
}

static inline int node_alloc(int fd, __u32 *pasid)
{
	return node_alloc_from(fd, 0, UINT32_MAX, pasid);
}

static inline int node_alloc_guest(int fd, __u32 guest, __u32 *pasid)
{
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req),
		.flags = IOASID_GUEST,
		.max = UINT32_MAX,
		.guest = guest,
	};
	int ret = ioctl(fd, IOASID_ALLOC, &req);

	if (!ret)
		*pasid = req.pasid;
	return ret;
}

static inline int node_free(int fd, __u32 min, __u32 max)
{
	struct ioasid_free_pasid req = {
		.argsz = sizeof(req),
		.min = min,
		.max = max,
	};

	return ioctl(fd, IOASID_FREE, &req);
}

static inline int node_bind(int fd, __u32 pasid, __u32 guest)
{
	struct ioasid_bind_pasid req = {
		.argsz = sizeof(req),
		.pasid = pasid,
		.guest = guest,
	};

	return ioctl(fd, IOASID_BIND, &req);
}

static inline int node_unbind(int fd, __u32 guest)
{
	struct ioasid_unbind_pasid req = {
		.argsz = sizeof(req),
		.guest = guest,
	};

	return ioctl(fd, IOASID_UNBIND, &req);
}

static inline int node_list(int fd, __u32 *guest, __u32 *count,
			    struct ioasid_entry *entries)
{
	struct ioasid_list req = {
		.argsz = sizeof(req),
		.guest = *guest,
		.count = *count,
		.entries = (uintptr_t)entries,
	};
	int ret = ioctl(fd, IOASID_LIST, &req);

	if (!ret) {
		*guest = req.guest;
		*count = req.count;
	}
	return ret;
}

/* The own set. */
static inline int node_query(int fd, struct ioasid_query_set *set)
{
	*set = (struct ioasid_query_set) { .argsz = sizeof(*set) };
	return ioctl(fd, IOASID_QUERY_SET, set);
}

/* A number of the own set that is none if it cannot be had. */
#define node_number(fd, field)						\
	({								\
		struct ioasid_query_set __set;				\
									\
		node_query(fd, &__set) ? UINT32_MAX : __set.field;	\
	})

static inline int node_query_id(int fd, __u32 id, struct ioasid_query_set *set)
{
	*set = (struct ioasid_query_set) {
		.argsz = sizeof(*set),
		.flags = IOASID_BY_ID,
		.id = id,
	};
	return ioctl(fd, IOASID_QUERY_SET, set);
}

static inline int node_quota(int fd, __u32 flags, __u32 id, __u32 guarantee,
			     __u32 limit)
{
	struct ioasid_quota req = {
		.argsz = sizeof(req),
		.flags = flags,
		.id = id,
		.guarantee = guarantee,
		.limit = limit,
	};

	return ioctl(fd, IOASID_SET_QUOTA, &req);
}

static inline int node_list_sets(int fd, __u32 *id, __u32 *count,
				 struct ioasid_set_entry *entries)
{
	struct ioasid_list_sets req = {
		.argsz = sizeof(req),
		.id = *id,
		.count = *count,
		.entries = (uintptr_t)entries,
	};
	int ret = ioctl(fd, IOASID_LIST_SETS, &req);

	if (!ret) {
		*id = req.id;
		*count = req.count;
	}
	return ret;
}

static inline int node_system(int fd, struct ioasid_query_system *info)
{
	*info = (struct ioasid_query_system) { .argsz = sizeof(*info) };
	return ioctl(fd, IOASID_QUERY_SYSTEM, info);
}

#endif /* __SELFTEST_IOASID_NODE_H */
