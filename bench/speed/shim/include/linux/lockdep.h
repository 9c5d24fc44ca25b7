/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel without lockdep: who has a lock is nobody's business. */
#ifndef SPEED_LINUX_LOCKDEP_H
#define SPEED_LINUX_LOCKDEP_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

struct lock_class_key {
};

#define lockdep_set_class(lock, key)	do { (void)(key); } while (0)
#define lockdep_is_held(lock)		((void)(lock), true)
#define lockdep_assert_held(lock)	do { (void)(lock); } while (0)
#define lockdep_assert(cond)		do { } while (0)

#endif /* SPEED_LINUX_LOCKDEP_H */
