// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOASID core, by its public header alone. An owner is a set.
 */
#include <linux/err.h>
#include <linux/ioasid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <shim.h>

#include "speed.h"

#define LISTENERS_MAX	4

static struct mm_struct tokens[OWNERS_MAX + 1];
static struct ioasid_set *sets[OWNERS_MAX];
static struct ioasid_notifier listeners[LISTENERS_MAX];
static unsigned int nr_listeners;

static void core_init(void)
{
	shim_core_initcall();
	ioasid_install_capacity(NUMBERS);
}

static void core_open(unsigned int owners)
{
	unsigned int i;

	for (i = 0; i < owners; i++) {
		sets[i] = ioasid_set_create(&tokens[i], 0, IOASID_LIMIT_NONE);
		if (IS_ERR(sets[i]))
			speed_die("a set cannot be made");
	}
}

static u32 core_alloc(unsigned int owner, u32 min, u32 max)
{
	ioasid_t id;

	if (ioasid_alloc(sets[owner], min, max, NULL, GFP_ATOMIC, &id))
		return 0;
	return id;
}

static void core_free(unsigned int owner, u32 id)
{
	ioasid_free(sets[owner], NULL, id);
}

static unsigned long core_find(unsigned int owner, u32 id)
{
	unsigned long found;

	rcu_read_lock();
	found = (unsigned long)ioasid_find(sets[owner], NULL, id);
	rcu_read_unlock();
	return found;
}

/* As a driver does for the process that asks it. */
static unsigned long core_find_hold(unsigned int owner, u32 id)
{
	struct ioasid *pasid;

	current->mm = &tokens[owner];
	pasid = ioasid_hold(NULL, id, false);
	if (IS_ERR_OR_NULL(pasid))
		speed_die("a PASID is not there");
	ioasid_release(pasid);
	return (unsigned long)pasid;
}

static unsigned long core_find_ref(unsigned int owner, u32 id)
{
	if (ioasid_get(sets[owner], NULL, id))
		speed_die("a PASID is not there");
	ioasid_put(sets[owner], NULL, id);
	return id;
}

static void core_bind(u32 id, u32 private)
{
	if (ioasid_attach_private(sets[0], NULL, id, private, GFP_KERNEL))
		speed_die("a private ID cannot be attached");
}

static unsigned long core_find_private(u32 private)
{
	return ioasid_find_private(sets[0], private);
}

static void core_close(unsigned int owner)
{
	ioasid_set_free(sets[owner]);
}

static unsigned long core_find_owner(unsigned int owner)
{
	struct ioasid_set *set = ioasid_set_find(&tokens[owner]);

	if (IS_ERR(set))
		speed_die("a set is not there");
	ioasid_set_put(set);
	return (unsigned long)set;
}

static void core_make_owner(void)
{
	struct ioasid_set *set;

	set = ioasid_set_create(&tokens[OWNERS_MAX], 0, IOASID_LIMIT_NONE);
	if (IS_ERR(set))
		speed_die("a set cannot be made");
	ioasid_set_free(set);
}

static void core_adjust(unsigned int owner, u32 limit)
{
	ioasid_set_adjust(sets[owner], limit & 15, limit,
			  IOASID_ADJUST_GUARANTEE | IOASID_ADJUST_LIMIT |
			  IOASID_ADJUST_MAY_RAISE);
}

static void core_hear(struct ioasid_notifier *notifier,
		      const struct ioasid_event *event)
{
}

static void core_listen(unsigned int nr)
{
	struct ioasid_notifier *listener;

	if (nr > LISTENERS_MAX)
		speed_die("too many listeners");
	while (nr_listeners)
		ioasid_unregister_notifier(&listeners[--nr_listeners]);
	while (nr_listeners < nr) {
		listener = &listeners[nr_listeners++];
		*listener = (struct ioasid_notifier) {
			.notify = core_hear,
			.priority = IOASID_PRIORITY_IOMMU,
		};
		if (ioasid_register_notifier(listener, sets[0]))
			speed_die("nobody may listen");
	}
}

static void core_free_range(u32 min, u32 max)
{
	if (ioasid_free_range(sets[0], NULL, min, max))
		speed_die("a range is empty");
}

const struct speed_peer speed_peer = {
	.name = "core",
	.owners = true,
	.init = core_init,
	.open = core_open,
	.alloc = core_alloc,
	.free = core_free,
	.find = core_find,
	.find_hold = core_find_hold,
	.find_ref = core_find_ref,
	.bind = core_bind,
	.find_private = core_find_private,
	.close = core_close,
	.find_owner = core_find_owner,
	.make_owner = core_make_owner,
	.adjust = core_adjust,
	.listen = core_listen,
	.free_range = core_free_range,
};
