/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMs that move: processes with two containers, each with a device, and the
 * streams between them.
 */
#ifndef __SELFTEST_IOASID_MOVE_H
#define __SELFTEST_IOASID_MOVE_H

#include "../../../ioasid/migrate.h"
#include "ioasid_peer.h"

#define VMM_DEVICES	2

/*
 * The PASID set is that of the peer. Its descriptors are ours as well, and what is
 * done with them counts as done by the peer.
 */
struct vmm {
	struct peer peer;
	struct container c[VMM_DEVICES];
	struct ioasid_migrate_device devices[VMM_DEVICES];
	/* Of the first container; for PASIDs any will do. */
	int fd;
};

/* With devices @dev and @dev + 1. */
int vmm_open(struct vmm *vmm, unsigned int dev);
void vmm_close(struct vmm *vmm);
/* Binds @guest: a shared PASID, or one that is local to its device @place. */
int vmm_bind(struct vmm *vmm, __u32 guest);
int vmm_bind_local(struct vmm *vmm, unsigned int place, __u32 guest);

/* Everything that a restore could have changed. */
struct books {
	struct pasid_info info;
	__u32 nr;
	struct vfio_iommu_pasid_entry *list;
	/* Of each device. */
	__u32 nr_local[VMM_DEVICES];
	struct vfio_iommu_pasid_entry *local[VMM_DEVICES];
};

/* For up to so many guest PASIDs. */
#define BOOKS_MAX	70000

int books_read(struct books *b, struct vmm *vmm);
void books_free(struct books *b);
bool books_equal(const struct books *a, const struct books *b);
/* The same guest PASIDs of the same kinds and devices. */
bool books_same_guests(const struct books *a, const struct books *b);
/* No PASID of the one is a PASID of the other: those that are shared. */
bool books_share_nothing(const struct books *a, const struct books *b);

/* A stream in a file that has no name; the descriptor, or -1. */
int stream_file(const void *bytes, size_t size);
int save_to_file(struct vmm *vmm);
/* From the beginning of the file. */
int restore_from_file(struct vmm *vmm, int file,
		      struct ioasid_migrate_error *why);
size_t file_size(int file);
int file_read(int file, void *bytes, size_t size);

/* What a stream says, told by a second reader of its documentation. */
#define STREAM_HEADER	48
#define STREAM_ENTRY	8

__u32 stream_u32(const unsigned char *bytes, size_t at);
void stream_put(unsigned char *bytes, size_t at, unsigned int width,
		__u64 value);
/* Both checksums, as they should be for these bytes. */
void stream_sign(unsigned char *bytes, size_t size);
/* Nothing in it breaks a rule. */
bool stream_is_valid(const unsigned char *bytes, size_t size);

#endif /* __SELFTEST_IOASID_MOVE_H */
