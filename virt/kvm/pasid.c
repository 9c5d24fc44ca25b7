// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a VM's PASIDs stand for, kept for processors that translate them.
 *
 * A VM that has a kvm-vfio device follows the PASID set of its process: each guest PASID
 * that is bound there is in the VM's table until it is unbound. When the call that
 * bound or unbound it returns, the table is right; and a PASID is not handed out again
 * while a vCPU may still translate to it.
 *
 * Rules:
 *
 * - Whoever tells of events changes the table, one at a time, until it is taken out. The
 *   spinlock keeps it whole for those who only look, and for who takes it out.
 * - Memory is no reason to fail: what cannot be had in atomic context is got when the
 *   set lets its notifiers settle. It is bounded by the layout.
 * - A table that was taken out, and a PASID that was, are given back after every vCPU
 *   has been out of the guest once; but only if processors walk the table at all.
 *
 * PASIDs that are local to a device are not in it. The instructions that are translated
 * (ENQCMD, ENQCMDS) are for queues that VMs share, and do not say whose number it is:
 * with a local one, what a guest sends to one device could reach another process of it
 * on a second device.
 *
 * Lock order: kvm->lock > ioasid_sets_mutex > who tells > kvm_pasid.lock.
 */
#include <linux/debugfs.h>
#include <linux/ioasid.h>
#include <linux/kvm_host.h>
#include <linux/kvm_pasid.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "pasid_table.h"

/**
 * struct kvm_pasid - the table of a VM, and how it follows the VM's PASID set
 * @kvm:      the VM
 * @users:    who opened it: the kvm-vfio device, and vCPUs that walk it
 * @walked:   processors walk the table; does not change while anybody follows
 * @follows:  what is bound goes into the table; under @lock
 * @notifier: listens to the set of the VM's mm
 * @lock:     guards @table, @emptied and @follows
 * @table:    the table
 * @emptied:  pages that were tables, and that a vCPU may still be reading
 * @missed:   some entry waits for memory; for who tells
 * @late:     how many entries ever waited for memory; likewise
 * @info:     in debugfs
 * @list:     likewise
 */
struct kvm_pasid {
	struct kvm *kvm;
	unsigned int users;
	bool walked;
	bool follows;
	struct ioasid_notifier notifier;
	spinlock_t lock;	/* @table, @emptied, @follows */
	struct kvm_pasid_table table;
	struct list_head emptied;
	bool missed;
	unsigned int late;
	struct dentry *info;
	struct dentry *list;
};

/* Charged to the VM, whoever tells of events. */
static struct page *kvm_pasid_alloc_page(struct kvm *kvm, gfp_t gfp)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(kvm->mm);
	struct mem_cgroup *old = set_active_memcg(memcg);
	struct page *page = alloc_page(gfp | __GFP_ZERO | __GFP_ACCOUNT);

	set_active_memcg(old);
	mem_cgroup_put(memcg);
	if (page)
		kvm_account_pgtable_pages(page_address(page), 1);
	return page;
}

static void kvm_pasid_free_page(struct page *page)
{
	kvm_account_pgtable_pages(page_address(page), -1);
	__free_page(page);
}

static void kvm_pasid_free_pages(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		kvm_pasid_free_page(page);
	INIT_LIST_HEAD(pages);
}

/* Returns false without memory. What is set by who may sleep was missed before. */
static bool kvm_pasid_set(struct kvm_pasid *kp, u32 guest, ioasid_t id,
			  gfp_t gfp)
{
	struct page *spare = NULL;
	unsigned long flags;
	unsigned int had;
	bool done;

	do {
		spin_lock_irqsave(&kp->lock, flags);
		had = kp->table.entries;
		done = !kp->follows ||
		       kvm_pasid_table_set(&kp->table, guest, id, &spare);
		if (gfpflags_allow_blocking(gfp))
			WRITE_ONCE(kp->late, kp->late + kp->table.entries - had);
		spin_unlock_irqrestore(&kp->lock, flags);
	} while (!done && (spare = kvm_pasid_alloc_page(kp->kvm, gfp)));
	if (spare)
		kvm_pasid_free_page(spare);
	return done;
}

static void kvm_pasid_clear(struct kvm_pasid *kp, u32 guest, ioasid_t id)
{
	struct page *page;
	unsigned long flags;

	spin_lock_irqsave(&kp->lock, flags);
	page = kvm_pasid_table_clear(&kp->table, guest, id);
	if (page && kp->walked)
		list_add(&page->lru, &kp->emptied);
	spin_unlock_irqrestore(&kp->lock, flags);

	if (page && !kp->walked)
		kvm_pasid_free_page(page);
}

static void kvm_pasid_notify(struct ioasid_notifier *notifier,
			     const struct ioasid_event *event)
{
	struct kvm_pasid *kp = container_of(notifier, struct kvm_pasid, notifier);

	if (event->dev)
		return;

	switch (event->type) {
	case IOASID_EVENT_BIND:
		if (kvm_pasid_set(kp, event->private, event->id,
				  GFP_ATOMIC | __GFP_NOWARN))
			return;
		kp->missed = true;
		break;
	case IOASID_EVENT_UNBIND:
		/* The end of a PASID comes behind, and it unbinds first. */
		kvm_pasid_clear(kp, event->private, event->id);
		if (!kp->walked)
			return;
		break;
	default:
		return;
	}
	ioasid_unsettled(event);
}

/*
 * The set has what was missed. It may have more, and less, than we were told of so far:
 * then that is still to be told of, and the table will be right after it.
 */
static void kvm_pasid_fill(struct kvm_pasid *kp, struct ioasid_set *set)
{
	struct ioasid_private entry = {};

	while (!ioasid_next_private(set, &entry)) {
		if (!entry.dev)
			kvm_pasid_set(kp, entry.private, entry.id,
				      GFP_KERNEL | __GFP_NOFAIL);
		entry.private++;
		cond_resched();
	}
	kp->missed = false;
}

/* No vCPU translates by what was cleared before. */
static void kvm_pasid_flush(struct kvm_pasid *kp)
{
	LIST_HEAD(pages);

	spin_lock_irq(&kp->lock);
	list_splice_init(&kp->emptied, &pages);
	spin_unlock_irq(&kp->lock);

	if (kp->walked)
		kvm_make_all_cpus_request(kp->kvm, KVM_REQ_OUTSIDE_GUEST_MODE);
	kvm_pasid_free_pages(&pages);
}

static void kvm_pasid_settle(struct ioasid_notifier *notifier,
			     struct ioasid_set *set)
{
	struct kvm_pasid *kp = container_of(notifier, struct kvm_pasid, notifier);

	if (kp->missed)
		kvm_pasid_fill(kp, set);
	kvm_pasid_flush(kp);
}

static int kvm_pasid_info_show(struct seq_file *m, void *unused)
{
	struct kvm_pasid *kp = m->private;
	unsigned int entries, tables;

	spin_lock_irq(&kp->lock);
	entries = kp->table.entries;
	tables = kp->table.tables;
	spin_unlock_irq(&kp->lock);

	seq_printf(m, "low %#llx\n", (u64)kvm_pasid_directory(kp->kvm, 0));
	seq_printf(m, "high %#llx\n", (u64)kvm_pasid_directory(kp->kvm, 1));
	seq_printf(m, "entries %u\n", entries);
	seq_printf(m, "tables %u\n", tables);
	seq_printf(m, "late %u\n", READ_ONCE(kp->late));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(kvm_pasid_info);

/* The position is a guest PASID. Returns what it stands for, or an error. */
static int kvm_pasid_from(struct kvm_pasid *kp, loff_t *pos)
{
	u32 guest = *pos;
	int id;

	do {
		cond_resched();
		spin_lock_irq(&kp->lock);
		id = kvm_pasid_table_next(&kp->table, &guest);
		spin_unlock_irq(&kp->lock);
	} while (id == -EAGAIN);
	*pos = guest;
	return id;
}

static void *kvm_pasid_list_start(struct seq_file *m, loff_t *pos)
{
	return kvm_pasid_from(m->private, pos) < 0 ? NULL : pos;
}

static void *kvm_pasid_list_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return kvm_pasid_list_start(m, pos);
}

static void kvm_pasid_list_stop(struct seq_file *m, void *v)
{
}

static int kvm_pasid_list_show(struct seq_file *m, void *v)
{
	loff_t *guest = v, pos = *guest;
	int id = kvm_pasid_from(m->private, &pos);

	/* It may have gone meanwhile. */
	if (id >= 0 && pos == *guest)
		seq_printf(m, "%u %d\n", (u32)pos, id);
	return 0;
}

static const struct seq_operations kvm_pasid_list_sops = {
	.start = kvm_pasid_list_start,
	.next = kvm_pasid_list_next,
	.stop = kvm_pasid_list_stop,
	.show = kvm_pasid_list_show,
};
DEFINE_SEQ_ATTRIBUTE(kvm_pasid_list);

static void kvm_pasid_delete(struct kvm_pasid *kp)
{
	unsigned int i;

	for (i = 0; i < KVM_PASID_DIRECTORIES; i++)
		if (kp->table.directory[i])
			kvm_pasid_free_page(virt_to_page(kp->table.directory[i]));
	kfree(kp);
}

static struct kvm_pasid *kvm_pasid_new(struct kvm *kvm)
{
	struct kvm_pasid *kp = kzalloc_obj(*kp, GFP_KERNEL_ACCOUNT);
	struct page *page;
	unsigned int i;

	if (!kp)
		return NULL;
	kp->kvm = kvm;
	spin_lock_init(&kp->lock);
	INIT_LIST_HEAD(&kp->emptied);
	kp->notifier.notify = kvm_pasid_notify;
	kp->notifier.settle = kvm_pasid_settle;
	kp->notifier.priority = IOASID_PRIORITY_CPU;
	for (i = 0; i < KVM_PASID_DIRECTORIES; i++) {
		page = kvm_pasid_alloc_page(kvm, GFP_KERNEL);
		if (!page) {
			kvm_pasid_delete(kp);
			return NULL;
		}
		kp->table.directory[i] = page_address(page);
	}
	return kp;
}

/**
 * kvm_pasid_open - make the table of a VM, or share it
 * @kvm: the VM
 * @walked: its vCPUs will walk the table from now on; only where it is made
 *
 * Context: Process context, kvm->lock held or the VM not known to anybody. May sleep.
 * Return: 0, to be followed by kvm_pasid_close(); or -ENOMEM.
 */
int kvm_pasid_open(struct kvm *kvm, bool walked)
{
	if (!kvm->pasid) {
		kvm->pasid = kvm_pasid_new(kvm);
		if (!kvm->pasid)
			return -ENOMEM;
		kvm->pasid->walked = walked;
	}
	kvm->pasid->users++;
	return 0;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_pasid_open);

/**
 * kvm_pasid_close - give up a share of the table
 * @kvm: the VM
 *
 * Context: As kvm_pasid_open(); nobody follows any more.
 */
void kvm_pasid_close(struct kvm *kvm)
{
	if (--kvm->pasid->users)
		return;
	kvm_pasid_delete(kvm->pasid);
	kvm->pasid = NULL;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_pasid_close);

/**
 * kvm_pasid_directory - where a walk begins
 * @kvm: the VM, which has a table
 * @nr: bit 19 of the guest PASIDs that it is for
 *
 * Context: Any context.
 * Return: The physical address, which stays as long as the table.
 */
phys_addr_t kvm_pasid_directory(struct kvm *kvm, unsigned int nr)
{
	return virt_to_phys(kvm->pasid->table.directory[nr]);
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_pasid_directory);

/* What the set has by now is in the table when this returns. */
static void kvm_pasid_sync(struct mm_struct *token)
{
	struct ioasid_set *set = ioasid_set_find(token);

	if (IS_ERR(set))
		return;
	ioasid_set_sync(set);
	ioasid_set_put(set);
}

/**
 * kvm_pasid_follow - keep the table as the PASID set of the VM's process is
 * @kvm: the VM, which has a table
 *
 * The set may be there already, or be made later, or change for another one.
 *
 * Context: Process context. May sleep.
 */
void kvm_pasid_follow(struct kvm *kvm)
{
	struct kvm_pasid *kp = kvm->pasid;

	kp->info = debugfs_create_file("pasid_info", 0400, kvm->debugfs_dentry,
				       kp, &kvm_pasid_info_fops);
	kp->list = debugfs_create_file("pasid_table", 0400, kvm->debugfs_dentry,
				       kp, &kvm_pasid_list_fops);
	spin_lock_irq(&kp->lock);
	kp->follows = true;
	spin_unlock_irq(&kp->lock);
	/* It has a token and a priority, and is not registered. */
	WARN_ON_ONCE(ioasid_register_notifier_mm(&kp->notifier, kvm->mm));
	kvm_pasid_sync(kvm->mm);
}

/**
 * kvm_pasid_unfollow - empty the table, and leave it so
 * @kvm: the VM, for which kvm_pasid_follow() was called
 *
 * Context: Process context. May sleep.
 */
void kvm_pasid_unfollow(struct kvm *kvm)
{
	struct kvm_pasid *kp = kvm->pasid;

	/* While it still is told: afterwards PASIDs go without asking for it. */
	spin_lock_irq(&kp->lock);
	kp->follows = false;
	kvm_pasid_table_empty(&kp->table, &kp->emptied);
	spin_unlock_irq(&kp->lock);
	kvm_pasid_flush(kp);

	ioasid_unregister_notifier(&kp->notifier);
	debugfs_remove(kp->info);
	debugfs_remove(kp->list);
}
