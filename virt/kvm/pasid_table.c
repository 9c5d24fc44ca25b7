// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table by which a processor translates the PASIDs of a guest.
 *
 * The layout is that of PASID translation in Intel's VMX (SDM volume 3, chapter on
 * VMX non-root operation, "PASID translation"): 2 directories of 512 entries, tables
 * of 1024. It takes 4 bytes for a PASID where guest PASIDs are dense, and at most
 * 4 MB and 8 KB.
 *
 * How many valid entries a table has is kept in the private word of its page.
 *
 * None of this allocates or frees, because it runs under a spinlock: the caller
 * brings pages, and takes them.
 */
#include <linux/bitfield.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/mm.h>

#include "pasid_table.h"

static u64 *kvm_pasid_directory_entry(struct kvm_pasid_table *table, u32 guest)
{
	u64 *directory = table->directory[guest >> (KVM_PASID_BITS - 1)];

	return &directory[guest / KVM_PASID_TABLE_ENTRIES %
			  KVM_PASID_DIRECTORY_ENTRIES];
}

/* The table that a directory entry leads to, or NULL. */
static u32 *kvm_pasid_entries(u64 *entry)
{
	u64 value = READ_ONCE(*entry);

	if (!(value & KVM_PASID_DIRECTORY_PRESENT))
		return NULL;
	return phys_to_virt(value & ~KVM_PASID_DIRECTORY_PRESENT);
}

static void kvm_pasid_link(struct kvm_pasid_table *table, u64 *entry,
			   struct page *page)
{
	set_page_private(page, 0);
	/* Nothing that a processor reads there may be older than the entry. */
	smp_store_release(entry, page_to_phys(page) | KVM_PASID_DIRECTORY_PRESENT);
	table->tables++;
}

static struct page *kvm_pasid_unlink(struct kvm_pasid_table *table, u64 *entry)
{
	struct page *page = virt_to_page(kvm_pasid_entries(entry));

	WRITE_ONCE(*entry, 0);
	table->tables--;
	table->entries -= page_private(page);
	set_page_private(page, 0);
	return page;
}

/**
 * kvm_pasid_table_set - let a guest PASID stand for a PASID
 * @table: the table
 * @guest: the guest PASID, of 20 bits; it may stand for another PASID already
 * @pasid: the PASID, likewise
 * @spare: a page of zeroes, or NULL; set to NULL if it was taken
 *
 * Return: True; or false if it takes a page and there is none.
 */
bool kvm_pasid_table_set(struct kvm_pasid_table *table, u32 guest, u32 pasid,
			 struct page **spare)
{
	u64 *link = kvm_pasid_directory_entry(table, guest);
	u32 *entry = kvm_pasid_entries(link);

	if (!entry) {
		if (!*spare)
			return false;
		kvm_pasid_link(table, link, *spare);
		entry = page_address(*spare);
		*spare = NULL;
	}

	entry += guest % KVM_PASID_TABLE_ENTRIES;
	if (!*entry) {
		struct page *page = virt_to_page(entry);

		set_page_private(page, page_private(page) + 1);
		table->entries++;
	}
	WRITE_ONCE(*entry, pasid | KVM_PASID_ENTRY_VALID);
	return true;
}

/**
 * kvm_pasid_table_clear - let a guest PASID stand for nothing
 * @table: the table
 * @guest: the guest PASID
 * @pasid: the PASID that it stands for; nothing happens if it is another one
 *
 * Return: A page that is no part of the table any more, which a processor may still be
 * reading; or NULL.
 */
struct page *kvm_pasid_table_clear(struct kvm_pasid_table *table, u32 guest,
				   u32 pasid)
{
	u64 *link = kvm_pasid_directory_entry(table, guest);
	u32 *entry = kvm_pasid_entries(link);
	struct page *page;

	if (!entry)
		return NULL;
	entry += guest % KVM_PASID_TABLE_ENTRIES;
	if (*entry != (pasid | KVM_PASID_ENTRY_VALID))
		return NULL;

	WRITE_ONCE(*entry, 0);
	table->entries--;
	page = virt_to_page(entry);
	set_page_private(page, page_private(page) - 1);
	return page_private(page) ? NULL : kvm_pasid_unlink(table, link);
}

/**
 * kvm_pasid_table_empty - let all guest PASIDs stand for nothing
 * @table: the table
 * @pages: gets the pages that are no part of it any more, as from
 *         kvm_pasid_table_clear()
 */
void kvm_pasid_table_empty(struct kvm_pasid_table *table,
			   struct list_head *pages)
{
	u32 guest;
	u64 *link;

	for (guest = 0; guest < BIT(KVM_PASID_BITS);
	     guest += KVM_PASID_TABLE_ENTRIES) {
		link = kvm_pasid_directory_entry(table, guest);
		if (kvm_pasid_entries(link))
			list_add(&kvm_pasid_unlink(table, link)->lru, pages);
	}
}

/**
 * kvm_pasid_table_next - the next guest PASID that stands for something
 * @table: the table
 * @guest: the lowest one to look for; on success the one that was found
 *
 * Looks at one table at most; it is for people, who have time.
 *
 * Return: The PASID; -EAGAIN if @guest is the first one of the next table, to be looked
 * at in another call; -ENOENT if there is none.
 */
int kvm_pasid_table_next(struct kvm_pasid_table *table, u32 *guest)
{
	u32 last = *guest | (KVM_PASID_TABLE_ENTRIES - 1);
	u32 *entries;

	if (*guest >= BIT(KVM_PASID_BITS))
		return -ENOENT;

	entries = kvm_pasid_entries(kvm_pasid_directory_entry(table, *guest));
	for (; entries && *guest <= last; ++*guest) {
		u32 entry = entries[*guest % KVM_PASID_TABLE_ENTRIES];

		if (entry)
			return FIELD_GET(KVM_PASID_ENTRY_PASID, entry);
	}
	*guest = last + 1;
	return -EAGAIN;
}
