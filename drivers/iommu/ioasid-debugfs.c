// SPDX-License-Identifier: GPL-2.0-only
/*
 * Books of the system and of all sets in debugfs, for who has no ioasidctl.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/seq_file.h>

#include "ioasid-private.h"

static int system_show(struct seq_file *m, void *unused)
{
	struct ioasid_system_info info;

	ioasid_get_system_info(&info);
	seq_printf(m, "capacity %u shared_min %u used %u reserved %u free %u\n",
		   info.capacity, info.shared_min, info.used, info.reserved,
		   info.free);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(system);

/* The position is the lowest id to show. A set that is shown is kept. */
static void *sets_start(struct seq_file *m, loff_t *pos)
{
	return *pos > U32_MAX ? NULL : ioasid_set_from(*pos);
}

static void *sets_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct ioasid_set *set = v;

	*pos = (loff_t)set->id + 1;
	ioasid_set_put(set);
	return sets_start(m, pos);
}

static void sets_stop(struct seq_file *m, void *v)
{
	if (v)
		ioasid_set_put(v);
}

static int sets_show(struct seq_file *m, void *v)
{
	struct ioasid_set *set = v;
	struct ioasid_set_info info;

	ioasid_set_get_info(set, &info);
	seq_printf(m, "set %u pid %d used %u pending %u local %u guarantee %u limit ",
		   set->id, ioasid_set_pid(set), info.used, info.pending,
		   info.local, info.guarantee);
	if (info.limit == IOASID_LIMIT_NONE)
		seq_puts(m, "max");
	else
		seq_printf(m, "%u", info.limit);
	seq_puts(m, " comm ");
	seq_escape(m, set->comm, "\n\\");
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations sets_sops = {
	.start = sets_start,
	.next = sets_next,
	.stop = sets_stop,
	.show = sets_show,
};
DEFINE_SEQ_ATTRIBUTE(sets);

static int __init ioasid_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("ioasid", NULL);

	debugfs_create_file("system", 0400, dir, NULL, &system_fops);
	debugfs_create_file("sets", 0400, dir, NULL, &sets_fops);
	return 0;
}
late_initcall(ioasid_debugfs_init);
