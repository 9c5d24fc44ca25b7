// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM has of PASIDs, asked of VFIO and made anew by it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "stream.h"

#define NO_LIMIT	UINT32_MAX
/* Entries that one call lists. */
#define PAGE_ENTRIES	256
/* How often to look again where a guest PASID changes under our eyes. */
#define MAX_LOOKS	16

#define host_fail(why, error, ...) \
	migrate_fail(why, IOASID_MIGRATE_HOST, error, __VA_ARGS__)

/* The VM: what the caller has given. */
struct vm {
	int container;
	const struct ioasid_migrate_device *devices;
	__u32 nr_devices;
	struct ioasid_migrate_error *why;
};

/* -------- what the container says -------- */

static int no_pasids(struct vm *vm)
{
	return host_fail(vm->why, EOPNOTSUPP,
			 "this container has no PASIDs: its system, or the type of its IOMMU, has none");
}

static int find_cap(struct vm *vm, const struct vfio_iommu_type1_info *info,
		    struct vfio_iommu_type1_info_cap_pasid *cap)
{
	const char *base = (const char *)info;
	struct vfio_info_cap_header header;
	__u32 at;

	if (!(info->flags & VFIO_IOMMU_INFO_CAPS))
		return no_pasids(vm);
	for (at = info->cap_offset; at; at = header.next) {
		if (at > info->argsz - sizeof(header))
			break;
		memcpy(&header, base + at, sizeof(header));
		if (header.id != VFIO_IOMMU_TYPE1_INFO_CAP_PASID)
			continue;
		if (at > info->argsz - sizeof(*cap))
			break;
		memcpy(cap, base + at, sizeof(*cap));
		return 0;
	}
	return no_pasids(vm);
}

static struct vfio_iommu_type1_info *get_info(struct vm *vm, __u32 size)
{
	struct vfio_iommu_type1_info *info = calloc(1, size);

	if (!info)
		return NULL;
	info->argsz = size;
	if (!ioctl(vm->container, VFIO_IOMMU_GET_INFO, info))
		return info;
	free(info);
	return NULL;
}

static int get_cap(struct vm *vm, struct vfio_iommu_type1_info_cap_pasid *cap)
{
	struct vfio_iommu_type1_info *info;
	__u32 size = sizeof(*info);
	int err;

	/* The kernel says how much it would need. */
	info = get_info(vm, size);
	while (info && info->argsz > size) {
		size = info->argsz;
		free(info);
		info = get_info(vm, size);
	}
	if (!info)
		return host_fail(vm->why, errno, "VFIO_IOMMU_GET_INFO: %s",
				 strerror(errno));
	err = find_cap(vm, info, cap);
	free(info);
	return err;
}

/* Where a walk through the bound guest PASIDs is. */
struct cursor {
	struct vfio_iommu_list_pasids list;
	int container;
	int err;
	__u32 at;
	__u32 nr;
	struct vfio_iommu_pasid_entry page[PAGE_ENTRIES];
};

/* From @guest on; of @device only, if there is one. */
static void walk(struct cursor *c, struct vm *vm,
		 const struct ioasid_migrate_device *device, __u32 guest)
{
	c->container = device ? device->container : vm->container;
	c->list = (struct vfio_iommu_list_pasids) {
		.argsz = sizeof(c->list),
		.flags = device ? VFIO_PASID_LOCAL : 0,
		.device = device ? device->device : 0,
		.guest = guest,
		.entries = (uintptr_t)c->page,
	};
	c->err = 0;
	c->at = PAGE_ENTRIES;
	c->nr = PAGE_ENTRIES;
}

/* NULL at the end, or when a call has failed: then there is an @err. */
static const struct vfio_iommu_pasid_entry *walk_on(struct cursor *c,
						    struct vm *vm)
{
	if (c->at == PAGE_ENTRIES) {
		c->list.count = PAGE_ENTRIES;
		if (ioctl(c->container, VFIO_IOMMU_LIST_PASIDS, &c->list)) {
			c->err = host_fail(vm->why, errno,
					   "VFIO_IOMMU_LIST_PASIDS: %s",
					   strerror(errno));
			return NULL;
		}
		c->nr = c->list.count;
		c->at = 0;
	}
	return c->at < c->nr ? &c->page[c->at++] : NULL;
}

/* -------- save -------- */

/* Until it is known to which one a PASID is local. */
#define NO_DEVICE	UINT32_MAX

/* What was found, in ascending order of guest PASIDs. */
struct found {
	__u32 guest;
	__u32 device;
	bool local;
};

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->guest < y->guest ? -1 : x->guest > y->guest;
}

/* One more; the room is doubled whenever it is full. */
static int add_found(struct vm *vm, struct found **all, __u32 nr,
		     const struct vfio_iommu_pasid_entry *e)
{
	struct found *more = *all;

	if (!(nr & (nr - 1)))
		more = realloc(more, (nr ? 2 * nr : 1) * sizeof(*more));
	if (!more)
		return host_fail(vm->why, ENOMEM, "no memory");
	more[nr] = (struct found) {
		.guest = e->guest,
		.device = NO_DEVICE,
		.local = e->flags & VFIO_PASID_LOCAL,
	};
	*all = more;
	return 0;
}

/* All that are bound, of both kinds; how many, or a negative errno. */
static int find_all(struct vm *vm, struct found **all)
{
	const struct vfio_iommu_pasid_entry *e;
	struct cursor c;
	__u32 nr = 0;
	int err = 0;

	*all = NULL;
	walk(&c, vm, NULL, 0);
	while (!err && (e = walk_on(&c, vm))) {
		err = add_found(vm, all, nr, e);
		nr++;
	}
	return err ?: c.err ?: (int)nr;
}

/* What is local to device @nr is marked. */
static int find_local(struct vm *vm, __u32 nr, struct found *all, int nr_all)
{
	const struct vfio_iommu_pasid_entry *e;
	struct found *f;
	struct cursor c;

	walk(&c, vm, &vm->devices[nr], 0);
	while ((e = walk_on(&c, vm))) {
		f = bsearch(&(struct found) { .guest = e->guest }, all, nr_all,
			    sizeof(*all), compare_found);
		if (f && f->local)
			f->device = nr;
	}
	return c.err;
}

/* One guest PASID, now: 1 if it is bound, 0 if not, or a negative errno. */
static int look(struct vm *vm, const struct ioasid_migrate_device *device,
		__u32 guest, bool *local)
{
	const struct vfio_iommu_pasid_entry *e;
	struct cursor c;

	walk(&c, vm, device, guest);
	e = walk_on(&c, vm);
	if (!e || e->guest != guest)
		return c.err;
	*local = e->flags & VFIO_PASID_LOCAL;
	return 1;
}

/*
 * A local one that was in no device's list: either it has changed since, or its
 * device was not given. Once it stays what it is, it is the latter.
 */
static int settle(struct vm *vm, struct found *f)
{
	int looks, ret;
	__u32 i;

	for (looks = 0; looks < MAX_LOOKS; looks++) {
		ret = look(vm, NULL, f->guest, &f->local);
		if (ret <= 0 || !f->local)
			return ret;
		for (i = 0; i < vm->nr_devices; i++) {
			ret = look(vm, &vm->devices[i], f->guest, &f->local);
			if (!ret)
				continue;
			f->device = i;
			return ret;
		}
	}
	return host_fail(vm->why, ENODEV,
			 "guest PASID %u is local to none of the %u devices given",
			 f->guest, vm->nr_devices);
}

/* 1 if @f is to be saved, 0 if it is gone, or a negative errno. */
static int take(struct vm *vm, struct stream *s, struct found *f)
{
	int ret = 1;

	if (f->local && f->device == NO_DEVICE)
		ret = settle(vm, f);
	if (ret <= 0)
		return ret;
	s->entries[stream_nr(s)] = (struct stream_entry) {
		.guest = f->guest,
		.kind = f->local ? STREAM_LOCAL : STREAM_SHARED,
		.device = f->local ? f->device : 0,
	};
	if (f->local)
		s->nr_local++;
	else
		s->nr_shared++;
	return 1;
}

static int collect(struct vm *vm, struct stream *s)
{
	struct found *all;
	int nr, i, ret;
	__u32 device;

	nr = find_all(vm, &all);
	ret = nr < 0 ? nr : 0;
	for (device = 0; device < vm->nr_devices && ret >= 0; device++)
		ret = find_local(vm, device, all, nr);
	if (ret >= 0) {
		s->entries = calloc(nr + 1, sizeof(*s->entries));
		if (!s->entries)
			ret = host_fail(vm->why, ENOMEM, "no memory");
	}
	for (i = 0; i < nr && ret >= 0; i++)
		ret = take(vm, s, &all[i]);
	free(all);
	return ret < 0 ? ret : 0;
}

static int check_devices(struct vm *vm)
{
	if (vm->nr_devices > STREAM_MAX_DEVICES)
		return host_fail(vm->why, EINVAL, "%u devices are too many",
				 vm->nr_devices);
	return 0;
}

/**
 * ioasid_save - write the guest PASIDs of a VM to a stream
 * @container: any container of the VM
 * @devices: its devices, in an order that is the same on both hosts
 * @nr_devices: how many
 * @to: where to write
 * @why: gets the reason of a failure; may be NULL
 *
 * Return: 0, or a negative errno; @to may have got a part of the stream then.
 */
int ioasid_save(int container, const struct ioasid_migrate_device *devices,
		unsigned int nr_devices, int to,
		struct ioasid_migrate_error *why)
{
	struct vm vm = { container, devices, nr_devices, why };
	struct stream s = { .nr_devices = nr_devices };
	struct vfio_iommu_type1_info_cap_pasid cap;
	int err;

	err = check_devices(&vm);
	if (!err)
		err = get_cap(&vm, &cap);
	if (!err)
		err = collect(&vm, &s);
	if (!err) {
		s.shared_min = cap.shared_min;
		err = stream_write(&s, to, why);
	}
	stream_free(&s);
	return err;
}

/* -------- restore -------- */

/* Each device that the stream uses was given. */
static int check_places(struct vm *vm, const struct stream *s)
{
	const struct stream_entry *e;
	__u32 i;

	for (i = 0; i < stream_nr(s); i++) {
		e = &s->entries[i];
		if (e->kind == STREAM_LOCAL && e->device >= vm->nr_devices)
			return host_fail(vm->why, ENODEV,
					 "guest PASID %u is local to device %u, and %u were given",
					 e->guest, e->device, vm->nr_devices);
	}
	return 0;
}

/* Both lists ascend, so one walk through each will do. */
static int check_taken(struct vm *vm, const struct stream *s)
{
	const struct vfio_iommu_pasid_entry *here;
	struct cursor c;
	__u32 i = 0;

	walk(&c, vm, NULL, 0);
	while ((here = walk_on(&c, vm))) {
		while (i < stream_nr(s) && s->entries[i].guest < here->guest)
			i++;
		if (i == stream_nr(s))
			return 0;
		if (s->entries[i].guest == here->guest)
			return host_fail(vm->why, EEXIST,
					 "guest PASID %u stands for PASID %u here already",
					 here->guest, here->pasid);
	}
	return c.err;
}

static int check_room(struct vm *vm, const struct stream *s,
		      const struct vfio_iommu_type1_info_cap_pasid *cap)
{
	__u32 left = cap->used < cap->limit ? cap->limit - cap->used : 0;

	if (cap->limit != NO_LIMIT && left < stream_nr(s))
		return host_fail(vm->why, EDQUOT,
				 "the quota leaves %u PASIDs (%u used, the limit is %u), the stream has %u",
				 left, cap->used, cap->limit, stream_nr(s));
	if (cap->available < s->nr_shared)
		return host_fail(vm->why, ENOSPC,
				 "%u shared PASIDs can be had on this host, the stream has %u",
				 cap->available, s->nr_shared);
	return 0;
}

/* Whether the host can have it; nothing is changed. */
static int check_host(struct vm *vm, const struct stream *s)
{
	struct vfio_iommu_type1_info_cap_pasid cap;
	int err;

	err = check_devices(vm);
	if (!err)
		err = get_cap(vm, &cap);
	if (!err && cap.shared_min != s->shared_min)
		err = host_fail(vm->why, ERANGE,
				"shared PASIDs begin at %u here and at %u where the stream comes from",
				cap.shared_min, s->shared_min);
	if (!err)
		err = check_places(vm, s);
	if (!err)
		err = check_taken(vm, s);
	if (!err)
		err = check_room(vm, s, &cap);
	return err;
}

static int make(struct vm *vm, const struct stream_entry *e, __u32 *pasid)
{
	bool local = e->kind == STREAM_LOCAL;
	struct vfio_iommu_alloc_pasid arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_PASID_GUEST | (local ? VFIO_PASID_LOCAL : 0),
		.max = UINT32_MAX,
		.device = local ? vm->devices[e->device].device : 0,
		.guest = e->guest,
	};
	int fd = local ? vm->devices[e->device].container : vm->container;

	if (ioctl(fd, VFIO_IOMMU_ALLOC_PASID, &arg))
		return -errno;
	*pasid = arg.pasid;
	return 0;
}

static int unmake(struct vm *vm, const struct stream_entry *e, __u32 pasid)
{
	bool local = e->kind == STREAM_LOCAL;
	struct vfio_iommu_free_pasid arg = {
		.argsz = sizeof(arg),
		.flags = local ? VFIO_PASID_LOCAL : 0,
		.min = pasid,
		.max = pasid,
		.device = local ? vm->devices[e->device].device : 0,
	};
	int fd = local ? vm->devices[e->device].container : vm->container;

	return ioctl(fd, VFIO_IOMMU_FREE_PASID, &arg) ? -errno : 0;
}

/* The first @made of them are there, the next one could not be had. */
static int give_back(struct vm *vm, const struct stream *s, const __u32 *pasids,
		     __u32 made, int err)
{
	__u32 i, kept = 0;

	for (i = made; i-- > 0;)
		kept += unmake(vm, &s->entries[i], pasids[i]) < 0;
	if (kept)
		return host_fail(vm->why, -err,
				 "guest PASID %u: %s; %u of the %u made before could not be freed",
				 s->entries[made].guest, strerror(-err), kept,
				 made);
	return host_fail(vm->why, -err,
			 "guest PASID %u: %s; the %u made before were freed",
			 s->entries[made].guest, strerror(-err), made);
}

static int make_all(struct vm *vm, const struct stream *s)
{
	__u32 *pasids = calloc(stream_nr(s) + 1, sizeof(*pasids)), i;
	int err = 0;

	if (!pasids)
		return host_fail(vm->why, ENOMEM, "no memory");
	for (i = 0; i < stream_nr(s) && !err; i++) {
		err = make(vm, &s->entries[i], &pasids[i]);
		if (err)
			err = give_back(vm, s, pasids, i, err);
	}
	free(pasids);
	return err;
}

/**
 * ioasid_restore - make the guest PASIDs that a stream names
 * @container: any container of the VM
 * @devices: its devices, in the order that they had for ioasid_save()
 * @nr_devices: how many
 * @from: where to read
 * @why: gets the reason of a failure; may be NULL
 *
 * Return: 0, or a negative errno, and then no PASID has been left.
 */
int ioasid_restore(int container, const struct ioasid_migrate_device *devices,
		   unsigned int nr_devices, int from,
		   struct ioasid_migrate_error *why)
{
	struct vm vm = { container, devices, nr_devices, why };
	struct stream s;
	int err;

	err = stream_read(&s, from, why);
	if (err)
		return err;
	err = check_host(&vm, &s);
	if (!err)
		err = make_all(&vm, &s);
	stream_free(&s);
	return err;
}
