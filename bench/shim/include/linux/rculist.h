/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_RCULIST_H
#define BENCH_LINUX_RCULIST_H

#include <linux/list.h>
#include <linux/rcupdate.h>

static inline void hlist_add_head_rcu(struct hlist_node *node,
				      struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	WRITE_ONCE(node->pprev, &head->first);
	rcu_assign_pointer(head->first, node);
	if (first)
		WRITE_ONCE(first->pprev, &node->next);
}

/* Readers go on from the node, so where it points to stays. */
static inline void hlist_del_init_rcu(struct hlist_node *node)
{
	struct hlist_node *next = node->next;

	if (!node->pprev)
		return;
	WRITE_ONCE(*node->pprev, next);
	if (next)
		WRITE_ONCE(next->pprev, node->pprev);
	WRITE_ONCE(node->pprev, NULL);
}

static inline bool hlist_unhashed_lockless(const struct hlist_node *node)
{
	return !READ_ONCE(node->pprev);
}

#define hlist_for_each_entry_rcu(pos, head, member, ...)		\
	for (pos = hlist_entry_safe(rcu_dereference((head)->first),	\
				    typeof(*(pos)), member);		\
	     pos;							\
	     pos = hlist_entry_safe(rcu_dereference((pos)->member.next), \
				    typeof(*(pos)), member))

#define hlist_for_each_entry_srcu(pos, head, member, cond)		\
	hlist_for_each_entry_rcu(pos, head, member)

#endif /* BENCH_LINUX_RCULIST_H */
