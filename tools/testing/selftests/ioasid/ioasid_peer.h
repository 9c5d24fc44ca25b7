/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that do as they are told.
 */
#ifndef __SELFTEST_IOASID_PEER_H
#define __SELFTEST_IOASID_PEER_H

#include <sys/types.h>

#include "ioasid_utils.h"

struct vm;

/*
 * A peer is another process, with containers of its own that only it opened.
 * It makes the calls it is told to and answers as they did: 0, or -1 and errno.
 * It ends when its socket does, so none outlives its test.
 */
#define PEER_ARG	"--peer"
#define PEER_SLOTS	2
#define PEER_BATCH	32

struct peer {
	pid_t pid;
	int sock;
	/* Which of its containers the calls act on. */
	unsigned int slot;
};

/* How many peer_alloc_some() got, and the first PEER_BATCH of them. */
struct pasid_batch {
	__u32 nr;
	__u32 pasid[PEER_BATCH];
};

int peer_start(struct peer *peer);
/* The peer forks; the child has all that it had. */
int peer_fork(struct peer *peer, struct peer *child);
/* The peer becomes a new program that has the file descriptors it had. */
int peer_exec(struct peer *peer);
/* What main() calls when argv[1] is PEER_ARG; does not return. */
void peer_main(int argc, char **argv);

int peer_open(struct peer *peer, unsigned int dev);
int peer_close(struct peer *peer);
int peer_drop(struct peer *peer, enum drop how);
/* Descriptors, passed from one process to the other. */
int peer_give(struct peer *peer);
int peer_give_group(struct peer *peer);
int peer_take(struct peer *peer, int fd);
int peer_take_group(struct peer *peer, int group);
/* The container of process @pid, without asking it. */
int peer_steal(struct peer *peer, pid_t pid);

int peer_alloc(struct peer *peer, __u32 min, __u32 max, __u32 *pasid);
/* Any number, @nr times or until it fails; the batch says how many there were. */
int peer_alloc_some(struct peer *peer, __u32 nr, struct pasid_batch *batch);
int peer_free(struct peer *peer, __u32 min, __u32 max);
int peer_alloc_guest(struct peer *peer, __u32 guest, __u32 *pasid);
/* The number @min or above, local to device @dev, which it opens once. */
int peer_alloc_local(struct peer *peer, unsigned int dev, __u32 min,
		     __u32 *pasid);
__u32 peer_pasid_of_guest(struct peer *peer, __u32 guest);
int peer_bind(struct peer *peer, __u32 pasid, __u32 guest);
int peer_unbind(struct peer *peer, __u32 guest);
int peer_quota(struct peer *peer, __u32 flags, __u32 guarantee, __u32 limit);
int peer_info(struct peer *peer, struct pasid_info *info);
__u32 peer_used(struct peer *peer);
/* A VM with a kvm-vfio device; @view is for looking at it from here. */
int peer_vm_open(struct peer *peer, struct vm *view);
int peer_vm_close(struct peer *peer);
/* Allocates and frees until it is killed; gives no answer. */
int peer_churn(struct peer *peer);
/* The two halves of peer_alloc_some(), to keep several at work. */
int peer_alloc_begin(struct peer *peer, __u32 min, __u32 max, __u32 nr);
int peer_alloc_end(struct peer *peer, struct pasid_batch *batch);

void peer_kill(struct peer *peer);
void peer_end(struct peer *peer);

#endif /* __SELFTEST_IOASID_PEER_H */
