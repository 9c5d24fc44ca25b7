// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ioasid_move.h"

/* -------- VMs -------- */

static int vmm_open_device(struct vmm *vmm, unsigned int place, unsigned int dev)
{
	struct container *c = &vmm->c[place];

	vmm->peer.slot = place;
	if (peer_open(&vmm->peer, dev))
		return -1;
	c->fd = peer_give(&vmm->peer);
	c->group = peer_give_group(&vmm->peer);
	if (c->fd < 0 || c->group < 0)
		return -1;
	vmm->devices[place].container = c->fd;
	vmm->devices[place].device = device_open(c, dev);
	return vmm->devices[place].device < 0 ? -1 : 0;
}

int vmm_open(struct vmm *vmm, unsigned int dev)
{
	unsigned int i;

	*vmm = (struct vmm) { .fd = -1 };
	for (i = 0; i < VMM_DEVICES; i++) {
		vmm->c[i] = NO_CONTAINER;
		vmm->devices[i].device = -1;
	}
	if (peer_start(&vmm->peer))
		return -1;
	for (i = 0; i < VMM_DEVICES; i++)
		if (vmm_open_device(vmm, i, dev + i))
			return -1;
	vmm->fd = vmm->c[0].fd;
	return 0;
}

void vmm_close(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < VMM_DEVICES; i++) {
		if (vmm->devices[i].device >= 0)
			close(vmm->devices[i].device);
		container_close(&vmm->c[i]);
	}
	peer_end(&vmm->peer);
}

int vmm_bind(struct vmm *vmm, __u32 guest)
{
	return _test_alloc_guest(vmm->fd, guest, &(__u32){ 0 });
}

int vmm_bind_local(struct vmm *vmm, unsigned int place, __u32 guest)
{
	return _test_alloc_local_guest(vmm->c[place].fd,
				       vmm->devices[place].device, guest,
				       &(__u32){ 0 });
}

/* -------- books -------- */

static struct vfio_iommu_pasid_entry *new_list(void)
{
	return calloc(BOOKS_MAX, sizeof(struct vfio_iommu_pasid_entry));
}

int books_read(struct books *b, struct vmm *vmm)
{
	__u32 i, guest;

	*b = (struct books) { .list = new_list() };
	if (!b->list || _test_pasid_info(vmm->fd, &b->info))
		return -1;
	/* Depends on what others do. */
	b->info.available = 0;
	b->nr = read_list(vmm->fd, b->list, BOOKS_MAX / 2);
	for (i = 0; i < VMM_DEVICES; i++) {
		guest = 0;
		b->local[i] = new_list();
		b->nr_local[i] = BOOKS_MAX;
		if (!b->local[i] ||
		    _test_list_local(vmm->c[i].fd, vmm->devices[i].device, &guest,
				     &b->nr_local[i], b->local[i]))
			return -1;
	}
	return b->nr == UINT_MAX ? -1 : 0;
}

void books_free(struct books *b)
{
	__u32 i;

	free(b->list);
	for (i = 0; i < VMM_DEVICES; i++)
		free(b->local[i]);
}

static bool same_list(const struct vfio_iommu_pasid_entry *a,
		      const struct vfio_iommu_pasid_entry *b, __u32 nr,
		      bool numbers_too)
{
	__u32 i;

	for (i = 0; i < nr; i++)
		if (a[i].guest != b[i].guest || a[i].flags != b[i].flags ||
		    (numbers_too && a[i].pasid != b[i].pasid))
			return false;
	return true;
}

static bool same_books(const struct books *a, const struct books *b,
		       bool numbers_too)
{
	__u32 i;

	if (a->nr != b->nr || !same_list(a->list, b->list, a->nr, numbers_too))
		return false;
	for (i = 0; i < VMM_DEVICES; i++)
		if (a->nr_local[i] != b->nr_local[i] ||
		    !same_list(a->local[i], b->local[i], a->nr_local[i],
			       numbers_too))
			return false;
	return true;
}

bool books_equal(const struct books *a, const struct books *b)
{
	return !memcmp(&a->info, &b->info, sizeof(a->info)) &&
	       same_books(a, b, true);
}

bool books_same_guests(const struct books *a, const struct books *b)
{
	return same_books(a, b, false);
}

bool books_share_nothing(const struct books *a, const struct books *b)
{
	unsigned char *seen = calloc(1, 1 << 20);
	bool none = seen;
	__u32 i;

	for (i = 0; none && i < a->nr; i++)
		if (!(a->list[i].flags & VFIO_PASID_LOCAL))
			seen[a->list[i].pasid] = 1;
	for (i = 0; none && i < b->nr; i++)
		if (!(b->list[i].flags & VFIO_PASID_LOCAL))
			none = !seen[b->list[i].pasid];
	free(seen);
	return none;
}

/* -------- streams -------- */

int stream_file(const void *bytes, size_t size)
{
	int file = memfd_create("stream", MFD_CLOEXEC);

	if (file < 0)
		return -1;
	if (!size || write(file, bytes, size) == (ssize_t)size)
		return file;
	close(file);
	return -1;
}

int save_to_file(struct vmm *vmm)
{
	int file = stream_file(NULL, 0);

	if (file < 0)
		return -1;
	if (!ioasid_save(vmm->fd, vmm->devices, VMM_DEVICES, file, NULL))
		return file;
	close(file);
	return -1;
}

int restore_from_file(struct vmm *vmm, int file,
		      struct ioasid_migrate_error *why)
{
	if (lseek(file, 0, SEEK_SET))
		return -EIO;
	return ioasid_restore(vmm->fd, vmm->devices, VMM_DEVICES, file, why);
}

size_t file_size(int file)
{
	struct stat st;

	return fstat(file, &st) ? 0 : st.st_size;
}

int file_read(int file, void *bytes, size_t size)
{
	return pread(file, bytes, size, 0) == (ssize_t)size ? 0 : -1;
}

static __u64 stream_get(const unsigned char *bytes, size_t at,
			unsigned int width)
{
	__u64 value = 0;
	unsigned int i;

	for (i = 0; i < width; i++)
		value |= (__u64)bytes[at + i] << 8 * i;
	return value;
}

__u32 stream_u32(const unsigned char *bytes, size_t at)
{
	return stream_get(bytes, at, 4);
}

void stream_put(unsigned char *bytes, size_t at, unsigned int width,
		__u64 value)
{
	unsigned int i;

	for (i = 0; i < width; i++)
		bytes[at + i] = value >> 8 * i;
}

/* The remainder of a division of polynomials, as IEEE 802.3 says it. */
static __u32 stream_crc(const unsigned char *bytes, size_t size)
{
	__u32 rest = 0xffffffff, out = 0;
	size_t bit;
	bool one;

	for (bit = 0; bit < size * 8; bit++) {
		one = bytes[bit / 8] >> bit % 8 & 1;
		one ^= rest >> 31;
		rest = rest << 1 ^ (one ? 0x04c11db7 : 0);
	}
	for (bit = 0; bit < 32; bit++)
		out |= (rest >> bit & 1) << (31 - bit);
	return ~out;
}

void stream_sign(unsigned char *bytes, size_t size)
{
	stream_put(bytes, 44, 4, stream_crc(bytes, 44));
	stream_put(bytes, size - 4, 4, stream_crc(bytes, size - 4));
}

static bool header_is_valid(const unsigned char *b, size_t size)
{
	__u64 nr = stream_get(b, 32, 4) + stream_get(b, 36, 4);

	return !memcmp(b, "PASIDs\r\n", 8) && stream_u32(b, 8) == 1 &&
	       stream_u32(b, 12) == STREAM_HEADER &&
	       stream_get(b, 16, 8) == size && nr <= 1 << 20 &&
	       size == STREAM_HEADER + nr * STREAM_ENTRY + 4 &&
	       stream_u32(b, 24) >= 1 && stream_u32(b, 24) <= 1 << 20 &&
	       stream_u32(b, 28) <= 65536 && !stream_u32(b, 40) &&
	       stream_u32(b, 44) == stream_crc(b, 44);
}

bool stream_is_valid(const unsigned char *b, size_t size)
{
	__u32 locals = 0, of_device[65536] = {};
	__s64 last = -1;
	size_t at;

	if (size < STREAM_HEADER + 4 || !header_is_valid(b, size) ||
	    stream_u32(b, size - 4) != stream_crc(b, size - 4))
		return false;
	for (at = STREAM_HEADER; at < size - 4; at += STREAM_ENTRY) {
		__u32 guest = stream_u32(b, at);
		__u32 kind = stream_get(b, at + 4, 2);
		__u32 device = stream_get(b, at + 6, 2);

		if (guest > 0xfffff || guest <= last || kind > 1)
			return false;
		if (kind ? device >= stream_u32(b, 28) : device)
			return false;
		last = guest;
		locals += kind;
		if (kind && ++of_device[device] >= stream_u32(b, 24))
			return false;
	}
	return locals == stream_u32(b, 36);
}
