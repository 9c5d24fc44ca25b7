// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioasid_kvm.h"
#include "ioasid_utils.h"

#define KVM_NODE	"/dev/kvm"
#define MEM_NODE	"/dev/mem"
#define KCORE_NODE	"/proc/kcore"
#define KVM_FOLDER	"/sys/kernel/debug/kvm"

/* -------- VMs -------- */

const char *missing_kvm(void)
{
	if (access(KVM_NODE, R_OK | W_OK))
		return KVM_NODE " cannot be opened; run as root, on a processor with SVM or VMX";
	if (access(MEM_NODE, R_OK) && access(KCORE_NODE, R_OK))
		return "neither " MEM_NODE " nor " KCORE_NODE " can be read; run as root";
	if (access(KVM_FOLDER, R_OK | X_OK))
		return KVM_FOLDER " is not there; mount debugfs, and run as root";
	return NULL;
}

/* The folder has the name of the thread that made the VM. */
void vm_look(struct vm *vm, pid_t tid, int fd)
{
	snprintf(vm->folder, sizeof(vm->folder), KVM_FOLDER "/%d-%d", tid, fd);
}

int vm_open(struct vm *vm)
{
	int err;

	*vm = NO_VM;
	vm->kvm = open(KVM_NODE, O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		return -1;
	vm->vm = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->vm >= 0) {
		vm_look(vm, gettid(), vm->vm);
		return 0;
	}
	err = errno;
	vm_close(vm);
	errno = err;
	return -1;
}

int vm_add_vfio(struct vm *vm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };

	if (ioctl(vm->vm, KVM_CREATE_DEVICE, &create))
		return -1;
	vm->device = create.fd;
	return 0;
}

static int vm_set_file(struct vm *vm, __u64 what, int file)
{
	__s32 fd = file;
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = what,
		.addr = (uintptr_t)&fd,
	};

	return ioctl(vm->device, KVM_SET_DEVICE_ATTR, &attr);
}

int vm_add_file(struct vm *vm, int file)
{
	return vm_set_file(vm, KVM_DEV_VFIO_FILE_ADD, file);
}

int vm_del_file(struct vm *vm, int file)
{
	return vm_set_file(vm, KVM_DEV_VFIO_FILE_DEL, file);
}

void vm_drop_vfio(struct vm *vm)
{
	if (vm->device >= 0)
		close(vm->device);
	vm->device = -1;
}

void vm_close(struct vm *vm)
{
	vm_drop_vfio(vm);
	if (vm->vm >= 0)
		close(vm->vm);
	if (vm->kvm >= 0)
		close(vm->kvm);
	vm->vm = -1;
	vm->kvm = -1;
}

bool vm_has_folder(struct vm *vm)
{
	return !access(vm->folder, F_OK);
}

bool vm_has_file(struct vm *vm, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", vm->folder, name);
	return !access(path, F_OK);
}

/* -------- what debugfs shows -------- */

static FILE *vm_file(struct vm *vm, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", vm->folder, name);
	return fopen(path, "r");
}

int vm_table_info(struct vm *vm, struct table_info *info)
{
	FILE *file = vm_file(vm, "pasid_info");
	int nr;

	if (!file)
		return -1;
	nr = fscanf(file, "low %llx\nhigh %llx\nentries %u\ntables %u\nlate %u\n",
		    &info->low, &info->high, &info->entries, &info->tables,
		    &info->late);
	fclose(file);
	if (nr == 5)
		return 0;
	printf("# pasid_info is not what it should be\n");
	errno = EPROTO;
	return -1;
}

struct translation *translations_alloc(void)
{
	return calloc(MAX_TRANSLATIONS, sizeof(struct translation));
}

__u32 vm_table_file(struct vm *vm, struct translation *all)
{
	FILE *file = vm_file(vm, "pasid_table");
	__u32 nr = 0;
	int got = 2;

	if (!file)
		return UINT_MAX;
	while (nr < MAX_TRANSLATIONS && got == 2) {
		got = fscanf(file, "%u %u\n", &all[nr].guest, &all[nr].pasid);
		nr += got == 2;
	}
	if (got != EOF || ferror(file)) {
		printf("# pasid_table: line %u is not what it should be\n", nr);
		nr = UINT_MAX;
	}
	fclose(file);
	return nr;
}

/* -------- physical memory -------- */

/*
 * /dev/mem is nothing else. Where STRICT_DEVMEM keeps it from what the kernel uses,
 * as distributions have it, /proc/kcore shows the kernel's map of it, in segments
 * that say where they are in memory.
 */
static int kcore_open(struct physmem *mem)
{
	struct elf64_hdr header;

	mem->fd = open(KCORE_NODE, O_RDONLY | O_CLOEXEC);
	if (mem->fd < 0)
		return -1;
	if (pread(mem->fd, &header, sizeof(header), 0) == sizeof(header) &&
	    header.e_phnum <= PHYSMEM_SEGMENTS &&
	    pread(mem->fd, mem->segment, header.e_phnum * sizeof(*mem->segment),
		  header.e_phoff) == header.e_phnum * (ssize_t)sizeof(*mem->segment)) {
		mem->nr_segments = header.e_phnum;
		return 0;
	}
	printf("# " KCORE_NODE " is not what it should be\n");
	close(mem->fd);
	errno = EPROTO;
	return -1;
}

/* To read at @address, among others. */
static int physmem_open(struct physmem *mem, __u64 address)
{
	char byte;

	mem->nr_segments = 0;
	mem->fd = open(MEM_NODE, O_RDONLY | O_CLOEXEC);
	if (mem->fd >= 0 && pread(mem->fd, &byte, 1, address) == 1)
		return 0;
	if (mem->fd >= 0)
		close(mem->fd);
	return kcore_open(mem);
}

static bool physmem_read(struct physmem *mem, __u64 address, void *to, size_t size)
{
	__u64 at = mem->nr_segments ? 0 : address;
	__u32 i;

	for (i = 0; i < mem->nr_segments; i++) {
		struct elf64_phdr *segment = &mem->segment[i];

		if (segment->p_type == PT_LOAD && segment->p_paddr <= address &&
		    address - segment->p_paddr < segment->p_memsz)
			at = segment->p_offset + address - segment->p_paddr;
	}
	if (at && pread(mem->fd, to, size, at) == (ssize_t)size)
		return true;
	printf("# memory at %#llx cannot be read: %s\n", address,
	       at ? strerror(errno) : "no segment of " KCORE_NODE " has it");
	return false;
}

/* -------- what a processor would read -------- */

/*
 * The guest PASID has bit 19 for one of two directories, bits 18:10 for the entry
 * in it, which is a table, and bits 9:0 for the entry in that.
 */
#define DIRECTORY_ENTRIES	512
#define DIRECTORY_PRESENT	0x0000000000000001ULL
#define DIRECTORY_ADDRESS	0x000ffffffffff000ULL
#define ENTRY_VALID		0x80000000U
#define ENTRY_PASID		0x000fffffU
#define TABLE_BYTES		4096

struct walk {
	struct physmem mem;
	struct translation *all;
	__u32 nr;
	__u32 tables;
	/* Something was not as it should be, and was said. */
	bool wrong;
};

static void read_page(struct walk *walk, __u64 address, void *page)
{
	if (physmem_read(&walk->mem, address, page, TABLE_BYTES))
		return;
	memset(page, 0, TABLE_BYTES);
	walk->wrong = true;
}

/* What the entry translates to, or 0. */
static __u32 entry_pasid(__u32 entry, __u32 guest, bool *wrong)
{
	__u32 pasid = entry & ENTRY_PASID;

	if (!entry)
		return 0;
	if ((entry & ~ENTRY_PASID) == ENTRY_VALID && pasid)
		return pasid;
	printf("# entry of guest PASID %u is %#x\n", guest, entry);
	*wrong = true;
	return 0;
}

/* @first is the guest PASID that the table begins with. */
static void walk_table(struct walk *walk, __u32 first, __u64 address)
{
	__u32 table[TRANSLATIONS_PER_TABLE], i, before = walk->nr;

	read_page(walk, address, table);
	for (i = 0; i < TRANSLATIONS_PER_TABLE; i++) {
		__u32 pasid = entry_pasid(table[i], first + i, &walk->wrong);

		if (pasid)
			walk->all[walk->nr++] = (struct translation) {
				first + i, pasid };
	}
	walk->tables++;
	if (walk->nr > before)
		return;
	printf("# table of guest PASID %u and above is empty\n", first);
	walk->wrong = true;
}

/* The table that is there, or 0. */
static __u64 table_address(__u64 entry, __u32 guest, bool *wrong)
{
	__u64 table = entry & DIRECTORY_ADDRESS;

	if (!entry)
		return 0;
	if (entry == (table | DIRECTORY_PRESENT) && table)
		return table;
	printf("# directory entry of guest PASID %u is %#llx\n", guest, entry);
	*wrong = true;
	return 0;
}

static void walk_directory(struct walk *walk, __u32 first, __u64 address)
{
	__u64 directory[DIRECTORY_ENTRIES];
	__u32 i;

	read_page(walk, address, directory);
	for (i = 0; i < DIRECTORY_ENTRIES; i++) {
		__u32 guest = first + i * TRANSLATIONS_PER_TABLE;
		__u64 table = table_address(directory[i], guest, &walk->wrong);

		if (table)
			walk_table(walk, guest, table);
	}
}

__u32 vm_table_walk(struct vm *vm, struct translation *all, __u32 *tables)
{
	struct walk walk = { .all = all };
	struct table_info info;

	if (vm_table_info(vm, &info))
		return UINT_MAX;
	if (!info.low || !info.high || info.low == info.high ||
	    (info.low | info.high) % TABLE_BYTES) {
		printf("# directories at %#llx and %#llx\n", info.low,
		       info.high);
		return UINT_MAX;
	}
	if (physmem_open(&walk.mem, info.low))
		return UINT_MAX;
	walk_directory(&walk, 0, info.low);
	walk_directory(&walk, DIRECTORY_ENTRIES * TRANSLATIONS_PER_TABLE,
		       info.high);
	close(walk.mem.fd);
	*tables = walk.tables;
	return walk.wrong ? UINT_MAX : walk.nr;
}

int reader_open(struct table_reader *reader, struct vm *vm)
{
	struct table_info info;

	if (vm_table_info(vm, &info))
		return -1;
	reader->directory[0] = info.low;
	reader->directory[1] = info.high;
	return physmem_open(&reader->mem, info.low);
}

__u32 reader_find(struct table_reader *reader, __u32 guest)
{
	__u32 at = guest / TRANSLATIONS_PER_TABLE, entry, pasid;
	__u64 directory, table;
	bool wrong = false;

	table = reader->directory[at / DIRECTORY_ENTRIES];
	if (!physmem_read(&reader->mem, table + at % DIRECTORY_ENTRIES *
			 sizeof(directory), &directory, sizeof(directory)))
		return UINT_MAX;
	table = table_address(directory, guest, &wrong);
	if (!table)
		return wrong ? UINT_MAX : 0;
	if (!physmem_read(&reader->mem, table + guest % TRANSLATIONS_PER_TABLE *
			 sizeof(entry), &entry, sizeof(entry)))
		return UINT_MAX;
	pasid = entry_pasid(entry, guest, &wrong);
	return wrong ? UINT_MAX : pasid;
}

void reader_close(struct table_reader *reader)
{
	close(reader->mem.fd);
}

/* -------- comparing -------- */

static bool is_same(const char *who, const struct translation *all, __u32 nr,
		    const struct translation *expected, __u32 nr_expected)
{
	__u32 i;

	if (nr == UINT_MAX) {
		printf("# %s: cannot be read\n", who);
		return false;
	}
	for (i = 0; i < nr && i < nr_expected; i++) {
		if (all[i].guest == expected[i].guest &&
		    all[i].pasid == expected[i].pasid)
			continue;
		printf("# %s: %u is %u where %u is %u\n", who, all[i].guest,
		       all[i].pasid, expected[i].guest, expected[i].pasid);
		return false;
	}
	if (nr == nr_expected)
		return true;
	printf("# %s: %u entries, and not %u\n", who, nr, nr_expected);
	return false;
}

static __u32 count_tables(const struct translation *all, __u32 nr)
{
	__u32 i, tables = 0, last = UINT_MAX;

	for (i = 0; i < nr; i++) {
		if (all[i].guest / TRANSLATIONS_PER_TABLE == last)
			continue;
		last = all[i].guest / TRANSLATIONS_PER_TABLE;
		tables++;
	}
	return tables;
}

static bool is_info(struct vm *vm, __u32 entries, __u32 tables)
{
	struct table_info info;

	if (vm_table_info(vm, &info))
		return false;
	if (info.entries == entries && info.tables == tables)
		return true;
	printf("# pasid_info: %u entries in %u tables, and not %u in %u\n",
	       info.entries, info.tables, entries, tables);
	return false;
}

bool vm_table_is(struct vm *vm, const struct translation *expected, __u32 nr)
{
	__u32 tables = count_tables(expected, nr), walked = 0, count;
	struct translation *all = translations_alloc();
	bool ok = false;

	if (!all)
		return false;
	count = vm_table_walk(vm, all, &walked);
	if (!is_same("memory", all, count, expected, nr))
		goto out_free;
	if (walked != tables) {
		printf("# memory: %u tables, and not %u\n", walked, tables);
		goto out_free;
	}
	count = vm_table_file(vm, all);
	ok = is_same("pasid_table", all, count, expected, nr) &&
	     is_info(vm, nr, tables);
out_free:
	free(all);
	return ok;
}

/* More than a few at a time, as there may be very many. */
#define LIST_ROOM	1024

static __u32 read_translations(int container, struct translation *all)
{
	struct vfio_iommu_pasid_entry entries[LIST_ROOM];
	__u32 guest = 0, nr = 0, count, i;

	do {
		count = LIST_ROOM;
		if (_test_list_pasids(container, &guest, &count, entries))
			return UINT_MAX;
		for (i = 0; i < count; i++) {
			if (entries[i].flags & VFIO_PASID_LOCAL)
				continue;
			all[nr++] = (struct translation) {
				entries[i].guest, entries[i].pasid };
		}
	} while (count == LIST_ROOM);
	return nr;
}

bool vm_table_is_list(struct vm *vm, int container)
{
	struct translation *all = translations_alloc();
	__u32 nr;
	bool ok;

	if (!all)
		return false;
	nr = read_translations(container, all);
	ok = nr != UINT_MAX && vm_table_is(vm, all, nr);
	free(all);
	return ok;
}

bool vm_table_is_empty(struct vm *vm)
{
	return vm_table_is(vm, NULL, 0);
}

/* -------- memory -------- */

__u64 sec_page_tables(void)
{
	char line[128];
	__u64 kb = 0;
	FILE *file;

	/* Each processor counts for itself; reading this adds it all up. */
	file = fopen("/proc/sys/vm/stat_refresh", "r");
	if (file) {
		fgetc(file);
		fclose(file);
	}
	file = fopen("/proc/meminfo", "r");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "SecPageTables: %llu kB", &kb) == 1)
			break;
	fclose(file);
	return kb * 1024;
}
