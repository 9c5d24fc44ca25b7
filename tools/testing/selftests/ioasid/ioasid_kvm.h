/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMs, and the table by which KVM translates PASIDs of the guest: as debugfs
 * shows it, and as a processor would read it.
 */
#ifndef __SELFTEST_IOASID_KVM_H
#define __SELFTEST_IOASID_KVM_H

#include <linux/elf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <sys/types.h>

/* A VM with, perhaps, a kvm-vfio device. */
struct vm {
	int kvm;
	int vm;
	int device;
	/* Where debugfs has it. */
	char folder[64];
};

#define NO_VM ((struct vm) { .kvm = -1, .vm = -1, .device = -1 })

/* All guest PASIDs that there can be. */
#define MAX_TRANSLATIONS	0x100000U
/* What one page of the table translates. */
#define TRANSLATIONS_PER_TABLE	1024U

struct translation {
	__u32 guest;
	__u32 pasid;
};

/* What pasid_info says. */
struct table_info {
	__u64 low;
	__u64 high;
	__u32 entries;
	__u32 tables;
	__u32 late;
};

/* NULL, or a sentence about what a program that wants a VM misses here. */
const char *missing_kvm(void);

int vm_open(struct vm *vm);
int vm_add_vfio(struct vm *vm);
/* Tells the device of a group, or of a VFIO device; and that it is gone. */
int vm_add_file(struct vm *vm, int file);
int vm_del_file(struct vm *vm, int file);
void vm_drop_vfio(struct vm *vm);
void vm_close(struct vm *vm);
/* Somebody else's, only to be looked at: file descriptor @fd of thread @tid. */
void vm_look(struct vm *vm, pid_t tid, int fd);
/* Its folder in debugfs, and whether it has a file of that name. */
bool vm_has_folder(struct vm *vm);
bool vm_has_file(struct vm *vm, const char *name);

int vm_table_info(struct vm *vm, struct table_info *info);
/* Room for the whole table, to be given back with free(); NULL if there is none. */
struct translation *translations_alloc(void);
/*
 * The whole table, by guest PASID, into @all, which has room for it: how many, or
 * UINT_MAX if it cannot be read. Both say what they do not like.
 */
__u32 vm_table_file(struct vm *vm, struct translation *all);
/*
 * From physical memory, with the layout of Intel SDM vol. 3C, "PASID Translation",
 * and nothing of the kernel's: @tables counts the second level. Nothing may
 * change meanwhile.
 */
__u32 vm_table_walk(struct vm *vm, struct translation *all, __u32 *tables);

#define PHYSMEM_SEGMENTS	128

struct physmem {
	int fd;
	/* Of /proc/kcore; none is /dev/mem. */
	__u32 nr_segments;
	struct elf64_phdr segment[PHYSMEM_SEGMENTS];
};

/*
 * One guest PASID at a time, by memory as well: others may change meanwhile, but
 * none that share a page of the table with it. Good until the device is closed.
 */
struct table_reader {
	struct physmem mem;
	__u64 directory[2];
};

int reader_open(struct table_reader *reader, struct vm *vm);
/* What @guest stands for, 0 for nothing; UINT_MAX for what cannot be. */
__u32 reader_find(struct table_reader *reader, __u32 guest);
void reader_close(struct table_reader *reader);

/* Both ways show @expected, which is in order, and nothing but it. */
bool vm_table_is(struct vm *vm, const struct translation *expected, __u32 nr);
/* The same with the shared ones of the list of the container. */
bool vm_table_is_list(struct vm *vm, int container);
bool vm_table_is_empty(struct vm *vm);

/* What the system has in second-level page tables, in bytes; 0 if unknown. */
__u64 sec_page_tables(void);

#endif /* __SELFTEST_IOASID_KVM_H */
