/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table by which a processor translates the PASIDs of a guest.
 */
#ifndef __KVM_PASID_TABLE_H
#define __KVM_PASID_TABLE_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/types.h>

struct page;

/* Guest PASIDs have 20 bits: one for the directory, nine and ten for the rest. */
#define KVM_PASID_BITS			20
#define KVM_PASID_DIRECTORIES		2
#define KVM_PASID_DIRECTORY_ENTRIES	512
#define KVM_PASID_TABLE_ENTRIES		1024

#define KVM_PASID_DIRECTORY_PRESENT	BIT_ULL(0)
#define KVM_PASID_ENTRY_VALID		BIT(31)
#define KVM_PASID_ENTRY_PASID		GENMASK(KVM_PASID_BITS - 1, 0)

/**
 * struct kvm_pasid_table - what the PASIDs of a guest stand for
 * @directory: bits 18:10 of a guest PASID choose the entry, bit 19 the directory. An
 *             entry has the physical address of a table of 4-byte entries, chosen by
 *             bits 9:0
 * @entries:   valid ones in all tables
 * @tables:    how many there are; one without a valid entry does not stay
 *
 * A processor may walk it at any time, so each step leaves it whole.
 */
struct kvm_pasid_table {
	u64 *directory[KVM_PASID_DIRECTORIES];
	unsigned int entries;
	unsigned int tables;
};

bool kvm_pasid_table_set(struct kvm_pasid_table *table, u32 guest, u32 pasid,
			 struct page **spare);
struct page *kvm_pasid_table_clear(struct kvm_pasid_table *table, u32 guest,
				   u32 pasid);
void kvm_pasid_table_empty(struct kvm_pasid_table *table,
			   struct list_head *pages);
int kvm_pasid_table_next(struct kvm_pasid_table *table, u32 *guest);

#endif /* __KVM_PASID_TABLE_H */
