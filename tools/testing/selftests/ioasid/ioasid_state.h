/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process has, to make calls on; and the books, all that may tell that a call
 * changed something.
 */
#ifndef __SELFTEST_IOASID_STATE_H
#define __SELFTEST_IOASID_STATE_H

#include <linux/ioasid.h>
#include <stdbool.h>

#include "ioasid_kvm.h"
#include "ioasid_utils.h"

#define ANSWER_WORDS	8

/* -1 and 0 where it has none. */
struct state {
	int node;
	int other;
	struct container c;
	int device;
	struct vm vm;
	__u32 id;
	__u32 pasid;
	__u32 bound;
	__u32 far;
	__u32 local;
	/* The next one, should the kernel make one. */
	int next_fd;
	/* What a call said. */
	__u32 answer[ANSWER_WORDS];
};

#define NO_STATE							\
	((struct state) {						\
		.node = -1,						\
		.other = -1,						\
		.c = NO_CONTAINER,					\
		.device = -1,						\
		.vm = NO_VM,						\
	})

void close_fd(int *fd);
void state_close(struct state *s);

#define MAX_BOUND	16

struct books {
	struct ioasid_query_system system;
	__u32 sets;
	/* The set of this process, all zero without one. */
	struct ioasid_set_entry set;
	__u32 nr_bound;
	struct ioasid_entry bound[MAX_BOUND];
	/* misc.current of its cgroup, and misc.capacity. */
	long charged;
	long capacity;
	__u32 files;
	/* What the VM has. */
	bool table;
	bool table_right;
	__u32 entries;
	__u32 tables;
	__u64 page_tables;
};

/* @cg is the cgroup that is looked at. -1 if the books cannot be read. */
int books_open(const char *cg);
void books_read(struct state *s, struct books *b);
/* They are, or become, as @expected; else says what is not, and @when. */
bool books_are(struct state *s, const struct books *expected, const char *when);

#endif /* __SELFTEST_IOASID_STATE_H */
