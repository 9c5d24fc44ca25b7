/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls at random: what the parts of ioasid_fuzz share.
 *
 * A slot is one after the other process, each of them a life. A life has a set of
 * PASIDs, some threads that call at random, and an end that is as random: most lives
 * are killed, or become another program, or just stop. A careful life keeps to itself
 * and writes down what it holds, so that it can tell what the kernel may not do; a
 * wild one does all that a process can do to a descriptor.
 */
#ifndef __SELFTEST_IOASID_FUZZ_H
#define __SELFTEST_IOASID_FUZZ_H

#include <linux/types.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include "../kselftest.h"

#define NR_SLOTS	4
#define NR_THREADS	2
#define NR_ERRNOS	134

#define PAGE		4096
/* Larger than any structure of a call may say it is. */
#define GOOD_PAGES	2
#define GOOD_BYTES	(GOOD_PAGES * PAGE)

/* Privileged lives give others no more than this, so others know it is a bound. */
#define QUOTA_CEILING	5000

enum call_kind {
	/* Calls with a structure, in the order of their table. */
	NODE_ALLOC,
	NODE_FREE,
	NODE_BIND,
	NODE_UNBIND,
	NODE_LIST,
	NODE_QUERY_SET,
	NODE_SET_QUOTA,
	NODE_LIST_SETS,
	NODE_QUERY_SYSTEM,
	VFIO_ALLOC,
	VFIO_FREE,
	VFIO_BIND,
	VFIO_UNBIND,
	VFIO_QUOTA,
	VFIO_LIST,
	NR_CALLS,

	VFIO_INFO = NR_CALLS,
	OTHER_NUMBER,
	KVM_ATTR,
	KVM_DEVICE,
	KVM_VM,
	FILE_OP,
	LOOK,
	REOPEN,
	PASS,
	TAKE,
	FORK,
	GROUP,
	SLOW,
	CGROUP,
	LIMITS,
	VERIFY,
	NR_KINDS,
};

struct tally {
	__u64 ok;
	__u64 failed[NR_ERRNOS];
};

#define NR_NUMBERS	64
#define NR_PASIDS	0x100000U

/* What all processes see. */
struct shared {
	__u32 stop;
	/* Calls that are still to be made, and lives that were begun. */
	__s64 left;
	__u32 lives;
	/* Of the system. */
	__u32 shared_min;
	struct tally tally[NR_KINDS];
	/* The first thing that went wrong. */
	__u32 is_wrong;
	char wrong[512];
	/* What to use again: PASIDs, and ids of sets. */
	__u32 numbers[NR_NUMBERS];
	__u32 ids[NR_NUMBERS];
	/* The careful life in each slot, 0 for none; which one holds a PASID. */
	__u32 careful[NR_SLOTS];
	__u32 claims[NR_PASIDS];
};

extern struct shared *shared;
extern int shared_fd;
/* Both ends of a socket on which lives pass descriptors to each other. */
extern int mailbox[2];

/* The descriptors of a life. The first ones stay until its end, if it is careful. */
enum file_kind {
	NODE_FILE,
	CONTAINER_FILE,
	DEVICE_FILE,
	GROUP_FILE,
	KVM_FILE,
	VM_FILE,
	VFIO_FILE,
	NR_STEADY,
};

#define NR_LOOSE	8
#define NR_FILES	(NR_STEADY + NR_LOOSE)

/* How a life ends; the first two in the middle of calls. */
enum end {
	END_KILL,
	END_EXEC,
	END_CLOSE,
	END_EXIT,
	NR_ENDS,
};

struct thread;

struct life {
	unsigned int slot;
	/* Unlike that of any other life. */
	__u32 nr;
	__u64 seed;
	bool careful;
	bool may_raise;
	/* Has only a container, so that its set goes with the group. */
	bool bare;
	/* Is somebody else's set, or alone in a process: no threads. */
	bool guest;
	enum end end;
	__u32 calls;
	int files[NR_FILES];
	struct thread *threads;
	/* Whose memory is to move while it calls. */
	struct thread *moving;
	sem_t move;
	/*
	 * Held while a group leaves. Upstream's calls of a container are not safe
	 * then, since before there were PASIDs: they share it, ours do not.
	 */
	pthread_rwlock_t group;
	/* Held by who frees, or counts; shared by who allocates. */
	pthread_rwlock_t books;
	/* What was allocated last, by any thread. */
	__u32 recent[NR_NUMBERS];
	pthread_mutex_t list;
	__u32 nr_held;
	__u32 held[8192];
	__u32 nr_local;
	bool local[NR_PASIDS / 1024];
};

extern struct life life;

/* Memory for the argument of a call, of a thread. */
struct memory {
	/* Between pages where nothing is. */
	__u8 *good;
	__u8 *entries;
	__u8 *before;
	/* Another view of a page, which may only be read; and behind the file's end. */
	__u8 *source;
	__u8 *readonly;
	/* Another view of a page, which comes and goes while the call runs. */
	__u8 *moving_source;
	__u8 *moving;
	__u8 *elsewhere;
	int file;
	int moving_file;
};

struct thread {
	__u64 rnd;
	unsigned int index;
	__u32 at;
	pthread_t id;
	struct memory memory;
};

/* -------- ioasid_fuzz_life.c -------- */

/* How often, in careful lives and in wild ones; whether it can both be and fail. */
struct kind_type {
	const char *name;
	__u16 careful;
	__u16 wild;
	bool both;
};

extern const struct kind_type kinds[NR_KINDS];

__u64 next_random(__u64 *state);
struct shared *map_shared(int fd);
/* Does not return. */
void live(unsigned int slot, __u32 nr, __u64 seed);

/* What main() calls with that argument and AGAIN_ARGS after it. */
#define AGAIN		"--again"
#define AGAIN_ARGS	(6 + NR_STEADY)
int live_again(char **argv);

/* Says so once, for all, and ends them. */
void __printf(2, 3) wrong(struct thread *t, const char *format, ...);
void count(enum call_kind kind, int ret, int error);
/* One of @n, by the generator of the thread. */
__u32 some(struct thread *t, __u32 n);
/* One in @n. */
bool one_in(struct thread *t, __u32 n);
__u32 some_edge(struct thread *t);
__u32 some_number(struct thread *t);
/* The next @calls calls of the thread, or fewer if all have to stop. */
void run_calls(struct thread *t, __u32 calls);
bool prepare_thread(struct thread *t, unsigned int index, __u64 seed);
/* This program once more, with the descriptors that it has; returns if it cannot. */
void become_again(struct thread *t);

/* -------- ioasid_fuzz_memory.c -------- */

bool memory_open(struct memory *m);
/* Makes the memory of a thread move, once. */
void memory_move(struct thread *t, __u32 how);
/* An address that is no good for anything. */
void *some_bad_address(struct thread *t);

/* -------- ioasid_fuzz_call.c -------- */

void make_call(struct thread *t, enum call_kind kind);
void make_info_call(struct thread *t);
/* What the call of that kind is, filled in as one that could succeed. */
unsigned int some_request(struct thread *t, enum call_kind kind, void *arg);

/* -------- ioasid_fuzz_held.c -------- */

/* What a careful life holds. Each pair is around a call that changes it. */
void alloc_begin(void);
void alloc_end(struct thread *t, bool local, __u32 pasid);
void alloc_failed(void);
void free_begin(bool local, __u32 min, __u32 max);
void free_end(struct thread *t, bool freed);
bool is_held(bool local, __u32 pasid);
void verify(struct thread *t);

/* -------- ioasid_fuzz_file.c -------- */

bool open_files(struct thread *t);
void close_files(struct thread *t);
/* One that is as it should be, or not; @steady says which of it. */
int some_file(struct thread *t, enum file_kind what, bool *steady);
/* Everything that is not a call of ours. */
void make_other(struct thread *t, enum call_kind kind);

#endif /* __SELFTEST_IOASID_FUZZ_H */
