/* SPDX-License-Identifier: GPL-2.0-only */
/* What readers under RCU do with a hash table; the tree's has no such readers. */
#ifndef BENCH_LINUX_HASHTABLE_H
#define BENCH_LINUX_HASHTABLE_H

#include_next <linux/hashtable.h>
#include <linux/rculist.h>

#define hash_add_rcu(table, node, key)	\
	hlist_add_head_rcu(node, &table[hash_min(key, HASH_BITS(table))])

#define hash_del_rcu(node)	hlist_del_init_rcu(node)

/* A look at it without a lock is allowed, see hlist_unhashed_lockless(). */
#define hash_del(node)		hlist_del_init_rcu(node)

#define hash_for_each_possible_rcu(table, obj, member, key, ...)	\
	hlist_for_each_entry_rcu(obj,					\
		&table[hash_min(key, HASH_BITS(table))], member)

#endif /* BENCH_LINUX_HASHTABLE_H */
