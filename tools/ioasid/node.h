/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/ioasid, and what its refusals mean to who sits at a terminal.
 */
#ifndef __IOASID_NODE_H
#define __IOASID_NODE_H

#include <linux/compiler.h>
#include <linux/ioasid.h>
#include <stdbool.h>

#define NODE_PATH	"/dev/ioasid"
/* Where "alloc" leaves its descriptor for the commands inside. */
#define NODE_FD_ENV	"IOASID_FD"

/* Open for the whole run. Ends the program with a sentence if it cannot be had. */
int node_open(void);
/* The descriptor of the "alloc" that this runs in, or -1. */
int node_inherited(void);

/* One call. Ends the program with a sentence about @what if it is refused. */
void node_call(int fd, unsigned long call, void *arg, const char *what);
/* The end of a call that was refused, for who made it without node_call(). */
__noreturn void node_refused(const char *what, int error);

/* Each set, in the order of ids; the callback may keep nothing. */
void node_each_set(int fd, void (*show)(const struct ioasid_set_entry *set, void *arg),
		   void *arg);

#endif /* __IOASID_NODE_H */
