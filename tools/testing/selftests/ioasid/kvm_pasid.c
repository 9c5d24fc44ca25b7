// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table by which KVM translates PASIDs of a guest follows the PASID set of the
 * VM's process, whichever of VM, container and binding comes first.
 *
 * Catches: a binding that is not in the table when the call returns, one that is
 * still there afterwards, one of another VM, memory that is not given back.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_fail.h"
#include "ioasid_kvm.h"
#include "ioasid_node.h"
#include "ioasid_peer.h"

#define PAGE_BYTES	4096
/* What a VM has before anything is bound. */
#define DIRECTORY_BYTES	(2 * PAGE_BYTES)

/* The table has these entries, in order, and no other. */
#define EXPECT_TABLE(vm, ...)                                              \
	do {                                                               \
		const struct translation __all[] = { __VA_ARGS__ };        \
									   \
		EXPECT_TRUE(vm_table_is(vm, __all, ARRAY_SIZE(__all)));    \
	} while (0)
#define EXPECT_NO_TRANSLATION(vm)	EXPECT_TRUE(vm_table_is_empty(vm))

static const char *missing_for(unsigned int devices)
{
	return missing(devices) ?: missing_kvm();
}

static __u32 tables_of(struct vm *vm)
{
	struct table_info info;

	return vm_table_info(vm, &info) ? UINT_MAX : info.tables;
}

/* -------- one VM and one container of one process -------- */

FIXTURE(follow) {
	struct container c;
	struct vm vm;
	int fd;
	int kmsg;
	/* What stands behind the guest PASID that is there from the start. */
	__u32 first;
};

/* The VM has its device before this is there. */
enum comes_after {
	AFTER_NOTHING,
	AFTER_CONTAINER,
	AFTER_SET,
	AFTER_BINDING,
};

FIXTURE_VARIANT(follow) {
	enum comes_after device;
};

FIXTURE_VARIANT_ADD(follow, device_first) {
	.device = AFTER_NOTHING,
};

FIXTURE_VARIANT_ADD(follow, container_first) {
	.device = AFTER_CONTAINER,
};

FIXTURE_VARIANT_ADD(follow, set_first) {
	.device = AFTER_SET,
};

FIXTURE_VARIANT_ADD(follow, binding_first) {
	.device = AFTER_BINDING,
};

#define FIRST	7

FIXTURE_SETUP(follow)
{
	const char *why = missing_for(1);
	__u32 pasid;

	if (why)
		SKIP(return, "%s", why);
	self->kmsg = kmsg_open();
	self->c = NO_CONTAINER;
	ASSERT_EQ(0, vm_open(&self->vm));
	if (variant->device == AFTER_NOTHING)
		ASSERT_EQ(0, vm_add_vfio(&self->vm));
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
	if (variant->device == AFTER_CONTAINER)
		ASSERT_EQ(0, vm_add_vfio(&self->vm));
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_free_pasid(self->fd, pasid, pasid);
	if (variant->device == AFTER_SET)
		ASSERT_EQ(0, vm_add_vfio(&self->vm));
	test_alloc_guest(self->fd, FIRST, &self->first);
	if (variant->device == AFTER_BINDING)
		ASSERT_EQ(0, vm_add_vfio(&self->vm));
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

FIXTURE_TEARDOWN(follow)
{
	container_close(&self->c);
	vm_close(&self->vm);
	EXPECT_FALSE(kmsg_about_pasids(self->kmsg));
	close(self->kmsg);
}

TEST_F(follow, allocation_with_a_guest_pasid)
{
	__u32 a, b;

	test_alloc_guest(self->fd, 3, &a);
	EXPECT_TABLE(&self->vm, { 3, a }, { FIRST, self->first });
	test_alloc_guest(self->fd, 8, &b);
	EXPECT_TABLE(&self->vm, { 3, a }, { FIRST, self->first }, { 8, b });
}

TEST_F(follow, allocation_without_one_changes_nothing)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
	test_free_pasid(self->fd, pasid, pasid);
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

TEST_F(follow, bind_and_unbind)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_bind_pasid(self->fd, pasid, 5000);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 5000, pasid });
	test_unbind_pasid(self->fd, FIRST);
	EXPECT_TABLE(&self->vm, { 5000, pasid });
	test_unbind_pasid(self->fd, 5000);
	EXPECT_NO_TRANSLATION(&self->vm);
	/* What is behind it is not lost, and may get another number. */
	test_bind_pasid(self->fd, pasid, 6);
	EXPECT_TABLE(&self->vm, { 6, pasid });
}

TEST_F(follow, guest_pasid_stands_for_another)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_unbind_pasid(self->fd, FIRST);
	test_bind_pasid(self->fd, pasid, FIRST);
	EXPECT_TABLE(&self->vm, { FIRST, pasid });
}

TEST_F(follow, free_of_one)
{
	__u32 a, b, again;

	test_alloc_guest(self->fd, 8, &a);
	test_free_pasid(self->fd, self->first, self->first);
	EXPECT_TABLE(&self->vm, { 8, a });
	/* The number is another guest PASID's now, and only that one's. */
	test_alloc_pasid(self->fd, self->first, self->first, &again);
	EXPECT_TABLE(&self->vm, { 8, a });
	test_bind_pasid(self->fd, again, 9);
	EXPECT_TABLE(&self->vm, { 8, a }, { 9, self->first });
	test_alloc_guest(self->fd, FIRST, &b);
	EXPECT_TABLE(&self->vm, { FIRST, b }, { 8, a }, { 9, self->first });
}

TEST_F(follow, free_of_a_range)
{
	__u32 pasid[8], low = self->first + 100, i;

	for (i = 0; i < 8; i++) {
		test_alloc_pasid(self->fd, low + i, low + i, &pasid[i]);
		test_bind_pasid(self->fd, pasid[i], 2000 - 1000 * (i % 2) + i);
	}
	test_free_pasid(self->fd, low + 1, low + 6);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 1007, low + 7 },
		     { 2000, low });
	test_free_pasid(self->fd, 0, UINT_MAX);
	EXPECT_NO_TRANSLATION(&self->vm);
}

TEST_F(follow, what_is_refused_changes_nothing)
{
	__u32 pasid;

	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	test_err_bind_pasid(EEXIST, self->fd, pasid, FIRST);
	test_err_bind_pasid(EEXIST, self->fd, self->first, 8);
	test_err_bind_pasid(ENOENT, self->fd, pasid + 1, 8);
	test_err_bind_pasid(EINVAL, self->fd, pasid, 0x100000);
	test_err_unbind_pasid(ENOENT, self->fd, 8);
	test_err_alloc_guest(EEXIST, self->fd, FIRST);
	test_pasid_limit(self->fd, 2);
	test_err_alloc_guest(EDQUOT, self->fd, 8);
	test_pasid_limit(self->fd, PASID_LIMIT_NONE);
	test_err_free_pasid(ENOENT, self->fd, pasid + 1, UINT_MAX);
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

TEST_F(follow, device_is_made_again)
{
	__u32 pasid;

	test_alloc_guest(self->fd, 3000, &pasid);
	vm_drop_vfio(&self->vm);
	EXPECT_FALSE(vm_has_file(&self->vm, "pasid_info"));
	EXPECT_FALSE(vm_has_file(&self->vm, "pasid_table"));
	EXPECT_TRUE(vm_has_folder(&self->vm));
	test_unbind_pasid(self->fd, FIRST);
	test_bind_pasid(self->fd, self->first, 1);
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	EXPECT_TABLE(&self->vm, { 1, self->first }, { 3000, pasid });
	test_free_pasid(self->fd, pasid, pasid);
	EXPECT_TABLE(&self->vm, { 1, self->first });
}

TEST_F(follow, vm_is_closed_and_the_container_stays)
{
	vm_close(&self->vm);
	EXPECT_TRUE(wait_until(!vm_has_folder(&self->vm)));
	EXPECT_EQ(self->first, pasid_of_guest(self->fd, FIRST));
	test_free_pasid(self->fd, self->first, self->first);
	EXPECT_EQ(0, pasid_used(self->fd));
	test_alloc_guest(self->fd, 8, &self->first);
	ASSERT_EQ(0, vm_open(&self->vm));
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	EXPECT_TABLE(&self->vm, { 8, self->first });
}

TEST_F(follow, container_is_closed_and_another_opened)
{
	int round;
	__u32 pasid;

	for (round = 0; round < 3; round++) {
		container_close(&self->c);
		EXPECT_NO_TRANSLATION(&self->vm);
		ASSERT_EQ(0, container_open(&self->c, 0));
		EXPECT_NO_TRANSLATION(&self->vm);
		test_alloc_guest(self->c.fd, 8 + round, &pasid);
		EXPECT_TABLE(&self->vm, { 8 + round, pasid });
	}
}

TEST_F(follow, second_vm_of_the_process_has_it_too)
{
	struct vm second;
	__u32 pasid;

	ASSERT_EQ(0, vm_open(&second));
	ASSERT_EQ(0, vm_add_vfio(&second));
	test_alloc_guest(self->fd, 8, &pasid);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 8, pasid });
	EXPECT_TABLE(&second, { FIRST, self->first }, { 8, pasid });
	vm_drop_vfio(&self->vm);
	test_unbind_pasid(self->fd, FIRST);
	EXPECT_TABLE(&second, { 8, pasid });
	vm_close(&second);
}

/* -------- what does not depend on the order -------- */

FIXTURE(one) {
	struct container c;
	struct vm vm;
	int fd;
	int kmsg;
	__u32 first;
};

FIXTURE_SETUP(one)
{
	const char *why = missing_for(1);

	if (why)
		SKIP(return, "%s", why);
	self->kmsg = kmsg_open();
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->fd = self->c.fd;
	ASSERT_EQ(0, vm_open(&self->vm));
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	test_alloc_guest(self->fd, FIRST, &self->first);
}

FIXTURE_TEARDOWN(one)
{
	container_close(&self->c);
	vm_close(&self->vm);
	EXPECT_FALSE(kmsg_about_pasids(self->kmsg));
	close(self->kmsg);
}

TEST_F(one, guest_pasids_at_the_edges)
{
	static const __u32 edge[] = {
		0, 1023, 1024, 0x7ffff, 0x80000, 0xfffff,
	};
	struct translation all[ARRAY_SIZE(edge)];
	int i;

	test_unbind_pasid(self->fd, FIRST);
	for (i = ARRAY_SIZE(edge) - 1; i >= 0; i--) {
		all[i].guest = edge[i];
		test_alloc_guest(self->fd, edge[i], &all[i].pasid);
	}
	EXPECT_TRUE(vm_table_is(&self->vm, all, ARRAY_SIZE(edge)));
	EXPECT_EQ(5, tables_of(&self->vm));
	for (i = ARRAY_SIZE(edge) - 1; i >= 0; i--) {
		test_unbind_pasid(self->fd, edge[i]);
		EXPECT_TRUE(vm_table_is(&self->vm, all, i));
	}
	EXPECT_EQ(0, tables_of(&self->vm));
}

/* The highest number that a PASID can have has all its bits. */
TEST_F(one, host_pasids_at_the_edges)
{
	__u32 top = highest_pasid(self->fd), high, low;

	test_alloc_pasid(self->fd, top, top, &high);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &low);
	test_bind_pasid(self->fd, high, 0);
	test_bind_pasid(self->fd, low, 0xfffff);
	EXPECT_TABLE(&self->vm, { 0, high }, { FIRST, self->first },
		     { 0xfffff, low });
}

TEST_F(one, device_outlives_the_descriptor_of_the_vm)
{
	__u32 pasid;

	close(self->vm.vm);
	self->vm.vm = -1;
	test_alloc_guest(self->fd, 8, &pasid);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 8, pasid });
}

TEST_F(one, vm_has_one_device)
{
	struct vm again = self->vm;

	EXPECT_ERRNO(EBUSY, vm_add_vfio(&again));
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

/* The list is what the VMM asks for, the table what the guest gets. */
TEST_F(one, groups_come_and_go)
{
	ASSERT_EQ(0, vm_add_file(&self->vm, self->c.group));
	EXPECT_TRUE(vm_table_is_list(&self->vm, self->fd));
	ASSERT_EQ(0, vm_del_file(&self->vm, self->c.group));
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

/* Only the last one to leave takes the set with it. */
TEST_F(one, group_of_two_leaves)
{
	struct container second;
	__u32 pasid;

	if (nr_devices() < 2)
		SKIP(return, "a second device is needed");
	ASSERT_EQ(0, container_open(&second, 1));
	test_alloc_guest(second.fd, 8, &pasid);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 8, pasid });
	container_close(&self->c);
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 8, pasid });
	container_close(&second);
	EXPECT_NO_TRANSLATION(&self->vm);
}

/* -------- /dev/ioasid -------- */

TEST_F(one, bindings_of_the_node)
{
	int node = node_open();
	__u32 a, b;

	ASSERT_LE(0, node);
	ASSERT_EQ(0, node_alloc_guest(node, 8, &a));
	EXPECT_TABLE(&self->vm, { FIRST, self->first }, { 8, a });
	ASSERT_EQ(0, node_alloc(node, &b));
	ASSERT_EQ(0, node_bind(node, b, 6));
	ASSERT_EQ(0, node_unbind(node, FIRST));
	EXPECT_TABLE(&self->vm, { 6, b }, { 8, a });
	ASSERT_EQ(0, node_free(node, a, a));
	EXPECT_TABLE(&self->vm, { 6, b });
	container_close(&self->c);
	EXPECT_TABLE(&self->vm, { 6, b });
	close(node);
	EXPECT_NO_TRANSLATION(&self->vm);
}

TEST_F(one, node_without_a_container)
{
	__u32 pasid;
	int node;

	container_close(&self->c);
	node = node_open();
	ASSERT_LE(0, node);
	ASSERT_EQ(0, node_alloc_guest(node, 8, &pasid));
	EXPECT_TABLE(&self->vm, { 8, pasid });
	close(node);
	EXPECT_NO_TRANSLATION(&self->vm);
}

/* -------- its files and its memory -------- */

static bool is_for_root(struct vm *vm, const char *name)
{
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", vm->folder, name);
	if (stat(path, &st))
		return false;
	return st.st_mode == (S_IFREG | 0400) && !st.st_uid;
}

TEST_F(one, files_are_for_root)
{
	int status;
	pid_t pid;

	EXPECT_TRUE(is_for_root(&self->vm, "pasid_info"));
	EXPECT_TRUE(is_for_root(&self->vm, "pasid_table"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		struct table_info info;

		if (drop_privilege(DROP_UID))
			_exit(2);
		_exit(!vm_table_info(&self->vm, &info) || errno != EACCES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_F(one, open_file_does_not_keep_the_table)
{
	char path[128], byte;
	int file;

	snprintf(path, sizeof(path), "%s/pasid_table", self->vm.folder);
	file = open(path, O_RDONLY);
	ASSERT_LE(0, file);
	ASSERT_EQ(1, read(file, &byte, 1));
	vm_drop_vfio(&self->vm);
	EXPECT_ERRNO(EIO, pread(file, &byte, 1, 1));
	close(file);
}

TEST_F(one, memory_is_given_back)
{
	__u64 before;
	__u32 pasid;

	test_unbind_pasid(self->fd, FIRST);
	vm_drop_vfio(&self->vm);
	before = sec_page_tables();
	ASSERT_NE(0, before);
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	before += DIRECTORY_BYTES;
	EXPECT_EQ(before, sec_page_tables());
	test_bind_pasid(self->fd, self->first, 0);
	EXPECT_EQ(1, tables_of(&self->vm));
	EXPECT_EQ(before + PAGE_BYTES, sec_page_tables());
	test_alloc_guest(self->fd, 1, &pasid);
	EXPECT_EQ(before + PAGE_BYTES, sec_page_tables());
	test_alloc_guest(self->fd, 1024, &pasid);
	EXPECT_EQ(before + 2 * PAGE_BYTES, sec_page_tables());
	test_unbind_pasid(self->fd, 0);
	EXPECT_EQ(2, tables_of(&self->vm));
	test_unbind_pasid(self->fd, 1);
	EXPECT_EQ(1, tables_of(&self->vm));
	EXPECT_EQ(before + PAGE_BYTES, sec_page_tables());
	test_free_pasid(self->fd, 0, UINT_MAX);
	EXPECT_EQ(0, tables_of(&self->vm));
	EXPECT_EQ(before, sec_page_tables());
	test_alloc_guest(self->fd, 0, &pasid);
	vm_drop_vfio(&self->vm);
	EXPECT_EQ(before - DIRECTORY_BYTES, sec_page_tables());
}

/* -------- other processes -------- */

FIXTURE(others) {
	struct container observer;
	struct peer a;
	struct peer b;
	struct vm view;
	struct vm own;
	__u64 memory;
	__u32 free;
	int kmsg;
};

FIXTURE_SETUP(others)
{
	const char *why = missing_for(3);

	if (why)
		SKIP(return, "%s", why);
	self->kmsg = kmsg_open();
	self->own = NO_VM;
	self->b = (struct peer) { .pid = -1, .sock = -1 };
	ASSERT_EQ(0, observer_open(&self->observer, 0));
	self->free = pasid_available(self->observer.fd);
	self->memory = sec_page_tables();
	ASSERT_EQ(0, peer_start(&self->a));
	ASSERT_EQ(0, peer_open(&self->a, 1));
	ASSERT_EQ(0, peer_vm_open(&self->a, &self->view));
}

/* Whatever happened: nothing is left of the others. */
FIXTURE_TEARDOWN(others)
{
	peer_end(&self->b);
	peer_end(&self->a);
	vm_close(&self->own);
	EXPECT_TRUE(wait_until(!vm_has_folder(&self->view)));
	EXPECT_TRUE(wait_until(pasid_available(self->observer.fd) ==
			       self->free));
	EXPECT_TRUE(wait_until(sec_page_tables() == self->memory));
	container_close(&self->observer);
	EXPECT_FALSE(kmsg_about_pasids(self->kmsg));
	close(self->kmsg);
}

TEST_F(others, same_guest_pasids_in_two_vms)
{
	struct translation a[10], b[10];
	struct vm view;
	int i;

	ASSERT_EQ(0, peer_start(&self->b));
	ASSERT_EQ(0, peer_open(&self->b, 2));
	ASSERT_EQ(0, peer_vm_open(&self->b, &view));
	for (i = 0; i < 10; i++) {
		a[i].guest = 1020 + i;
		b[i].guest = 1020 + i;
		ASSERT_EQ(0, peer_alloc_guest(&self->a, a[i].guest,
					      &a[i].pasid));
		ASSERT_EQ(0, peer_alloc_guest(&self->b, b[i].guest,
					      &b[i].pasid));
		EXPECT_NE(a[i].pasid, b[i].pasid);
	}
	EXPECT_TRUE(vm_table_is(&self->view, a, 10));
	EXPECT_TRUE(vm_table_is(&view, b, 10));
	ASSERT_EQ(0, peer_unbind(&self->a, 1020));
	ASSERT_EQ(0, peer_free(&self->a, 0, UINT_MAX));
	EXPECT_NO_TRANSLATION(&self->view);
	EXPECT_TRUE(vm_table_is(&view, b, 10));
	peer_kill(&self->a);
	EXPECT_TRUE(vm_table_is(&view, b, 10));
}

TEST_F(others, vm_of_another_process_has_nothing)
{
	int fd = peer_give(&self->a);
	__u32 a, b;

	ASSERT_EQ(0, vm_open(&self->own));
	ASSERT_EQ(0, vm_add_vfio(&self->own));
	ASSERT_EQ(0, peer_alloc_guest(&self->a, 8, &a));
	EXPECT_NO_TRANSLATION(&self->own);
	/* Whoever has the container acts for the one who opened it. */
	ASSERT_LE(0, fd);
	test_alloc_guest(fd, 9, &b);
	EXPECT_NO_TRANSLATION(&self->own);
	EXPECT_TABLE(&self->view, { 8, a }, { 9, b });
	close(fd);
	/* What we bind in our own is not theirs. */
	test_alloc_guest(self->observer.fd, 8, &b);
	EXPECT_TABLE(&self->own, { 8, b });
	EXPECT_TRUE(vm_has_folder(&self->view));
	test_free_pasid(self->observer.fd, 0, UINT_MAX);
}

TEST_F(others, forked_child_acts_for_the_parents_vm)
{
	__u32 a, b;

	ASSERT_EQ(0, peer_alloc_guest(&self->a, 8, &a));
	ASSERT_EQ(0, peer_fork(&self->a, &self->b));
	ASSERT_EQ(0, peer_alloc_guest(&self->b, 9, &b));
	EXPECT_TABLE(&self->view, { 8, a }, { 9, b });
	ASSERT_EQ(0, peer_unbind(&self->b, 8));
	EXPECT_TABLE(&self->view, { 9, b });
}

TEST_F(others, forked_child_has_a_vm_of_its_own)
{
	struct vm view;
	__u32 a, b;

	ASSERT_EQ(0, peer_alloc_guest(&self->a, 8, &a));
	ASSERT_EQ(0, peer_fork(&self->a, &self->b));
	ASSERT_EQ(0, peer_vm_open(&self->b, &view));
	EXPECT_NO_TRANSLATION(&view);
	self->b.slot = 1;
	ASSERT_EQ(0, peer_open(&self->b, 2));
	ASSERT_EQ(0, peer_alloc_guest(&self->b, 8, &b));
	EXPECT_TABLE(&view, { 8, b });
	EXPECT_TABLE(&self->view, { 8, a });
}

/* The child has the descriptors, so the parent's death is not the VM's. */
TEST_F(others, vm_outlives_the_parent)
{
	__u32 a, b;

	ASSERT_EQ(0, peer_alloc_guest(&self->a, 8, &a));
	ASSERT_EQ(0, peer_fork(&self->a, &self->b));
	peer_kill(&self->a);
	EXPECT_TABLE(&self->view, { 8, a });
	ASSERT_EQ(0, peer_alloc_guest(&self->b, 9, &b));
	EXPECT_TABLE(&self->view, { 8, a }, { 9, b });
}

/* A VM does not last over exec, as its descriptors do not. */
TEST_F(others, exec_ends_the_vm_and_not_the_bindings)
{
	struct vm view;
	__u32 a;

	ASSERT_EQ(0, peer_alloc_guest(&self->a, 8, &a));
	ASSERT_EQ(0, peer_exec(&self->a));
	EXPECT_TRUE(wait_until(!vm_has_folder(&self->view)));
	EXPECT_EQ(a, peer_pasid_of_guest(&self->a, 8));
	/* The container stays with who the process was. */
	ASSERT_EQ(0, peer_vm_open(&self->a, &view));
	EXPECT_NO_TRANSLATION(&view);
}

TEST_F(others, kill_leaves_nothing)
{
	__u32 pasid, i;

	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, peer_alloc_guest(&self->a, i * 4000, &pasid));
	EXPECT_EQ(50, tables_of(&self->view));
	EXPECT_LE(self->memory + DIRECTORY_BYTES + 50 * PAGE_BYTES,
		  sec_page_tables());
	peer_kill(&self->a);
	EXPECT_TRUE(wait_until(!vm_has_folder(&self->view)));
}

/* -------- a number that goes from one VM to another -------- */

#define REUSED_GUEST	77

/* What the other process says of itself. */
struct other {
	int vm;
	bool ready;
	__u32 done;
};

/* Has the number, and has it not, as fast as it can. */
static void other_run(struct other *other, __u32 number)
{
	struct container c;
	struct vm vm;
	__u32 pasid;

	if (container_open(&c, 1) || vm_open(&vm) || vm_add_vfio(&vm))
		_exit(1);
	other->vm = vm.vm;
	store_shared(other->ready, true);
	for (;;) {
		if (_test_alloc_guest_in(c.fd, number, number, REUSED_GUEST,
					 &pasid))
			continue;
		store_shared(other->done, other->done + 1);
		_test_free_pasid(c.fd, number, number);
	}
}

TEST_F_TIMEOUT(one, number_is_never_in_two_tables, 180)
{
	struct table_reader reader;
	struct other *other;
	__u32 number, nr = 0, wrong = 0;
	struct vm view;
	pid_t pid;

	if (nr_devices() < 2)
		SKIP(return, "a second device is needed");
	other = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, other);
	number = highest_pasid(self->fd);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		other_run(other, number);
	ASSERT_TRUE(wait_until(load_shared(other->ready)));
	vm_look(&view, pid, other->vm);
	ASSERT_EQ(0, reader_open(&reader, &view));
	/* Each has to get it 200 times from the other, on a machine with other work. */
	EXPECT_TRUE(wait_for(12 * WAIT_SECONDS, ({
		__u32 pasid;

		if (!_test_alloc_guest_in(self->fd, number, number, 5,
					  &pasid)) {
			nr++;
			wrong += reader_find(&reader, REUSED_GUEST) != 0;
			test_free_pasid(self->fd, number, number);
		}
		nr >= 200 && load_shared(other->done) >= 200;
	})));
	EXPECT_EQ(0, wrong);
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, NULL, 0));
	reader_close(&reader);
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
}

/* -------- PASIDs that are local to a device -------- */

FIXTURE(local) {
	struct container c;
	struct vm vm;
	int device;
};

FIXTURE_SETUP(local)
{
	const char *why = missing_for(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	if (pasid_shared_min(self->c.fd) < 8)
		SKIP(return, "no PASIDs are local; boot with ioasid.local=256");
	self->device = device_open(&self->c, 0);
	ASSERT_LE(0, self->device);
	ASSERT_EQ(0, vm_open(&self->vm));
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
}

FIXTURE_TEARDOWN(local)
{
	vm_close(&self->vm);
	close(self->device);
	container_close(&self->c);
}

TEST_F(local, local_ones_are_not_translated)
{
	__u32 pasid, shared;

	test_alloc_local_guest(self->c.fd, self->device, 3, &pasid);
	EXPECT_NO_TRANSLATION(&self->vm);
	test_alloc_guest(self->c.fd, 4, &shared);
	test_alloc_local(self->c.fd, self->device, 5, 5, &pasid);
	test_bind_local(self->c.fd, self->device, 5, 300000);
	EXPECT_TABLE(&self->vm, { 4, shared });
	EXPECT_TRUE(vm_table_is_list(&self->vm, self->c.fd));
	test_unbind_pasid(self->c.fd, 300000);
	test_free_local(self->c.fd, self->device, 0, UINT_MAX);
	EXPECT_TABLE(&self->vm, { 4, shared });
}

TEST_F(local, local_ones_are_not_translated_when_the_device_comes_late)
{
	__u32 pasid, shared;

	test_alloc_local_guest(self->c.fd, self->device, 3, &pasid);
	test_alloc_guest(self->c.fd, 4, &shared);
	vm_drop_vfio(&self->vm);
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	EXPECT_TABLE(&self->vm, { 4, shared });
}

TEST_F(local, guest_pasid_changes_its_kind)
{
	__u32 pasid, shared;

	test_alloc_local_guest(self->c.fd, self->device, 3, &pasid);
	test_unbind_pasid(self->c.fd, 3);
	test_alloc_guest(self->c.fd, 3, &shared);
	EXPECT_TABLE(&self->vm, { 3, shared });
	test_unbind_pasid(self->c.fd, 3);
	test_bind_local(self->c.fd, self->device, pasid, 3);
	EXPECT_NO_TRANSLATION(&self->vm);
}

/* -------- memory that cannot be had at once -------- */

/* From now on, of this thread. */
static int refuse_pages(bool refuse)
{
	if (fail_thread(refuse))
		return -1;
	return fail_pages(refuse ? 100 : 0);
}

FIXTURE(memory) {
	struct container c;
	struct vm vm;
	int kmsg;
};

FIXTURE_SETUP(memory)
{
	const char *why = missing_for(1);

	if (why)
		SKIP(return, "%s", why);
	if (!fail_is_possible())
		SKIP(return, "pages cannot be made to run out; FAIL_PAGE_ALLOC=y is needed");
	self->kmsg = kmsg_open();
	ASSERT_EQ(0, container_open(&self->c, 0));
	ASSERT_EQ(0, vm_open(&self->vm));
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
}

FIXTURE_TEARDOWN(memory)
{
	refuse_pages(false);
	vm_close(&self->vm);
	container_close(&self->c);
	EXPECT_FALSE(kmsg_about_pasids(self->kmsg));
	close(self->kmsg);
}

static __u32 late(struct vm *vm)
{
	struct table_info info;

	return vm_table_info(vm, &info) ? UINT_MAX : info.late;
}

/* Bindings, each of which takes a page of the table. */
#define SOME	20

/*
 * Most of them waited. Now and then a worker is still about to end what the call
 * before began, tells of the next binding, and is refused nothing.
 */
#define EXPECT_MOST_LATE(vm)                       \
	do {                                       \
		__u32 __late = late(vm);           \
						   \
		EXPECT_LE(SOME / 2, __late);       \
		EXPECT_GE(SOME, __late);           \
	} while (0)

static bool bind_some(int fd, struct translation *all)
{
	__u32 i;

	for (i = 0; i < SOME; i++) {
		all[i].guest = i * 50000;
		if (_test_alloc_guest(fd, all[i].guest, &all[i].pasid))
			return false;
	}
	return true;
}

TEST_F(memory, binding_is_there_when_the_call_returns)
{
	struct translation all[SOME];
	__u32 i;

	for (i = 0; i < SOME; i++) {
		all[i].guest = i * 50000;
		test_alloc_pasid(self->c.fd, 0, UINT_MAX, &all[i].pasid);
	}
	EXPECT_EQ(0, late(&self->vm));
	for (i = 0; i < SOME; i++) {
		ASSERT_EQ(0, refuse_pages(true));
		test_bind_pasid(self->c.fd, all[i].pasid, all[i].guest);
		ASSERT_EQ(0, refuse_pages(false));
		EXPECT_TRUE(vm_table_is(&self->vm, all, i + 1));
	}
	EXPECT_MOST_LATE(&self->vm);
}

TEST_F(memory, allocation_is_there_when_the_call_returns)
{
	struct translation all[SOME];

	ASSERT_EQ(0, refuse_pages(true));
	EXPECT_TRUE(bind_some(self->c.fd, all));
	ASSERT_EQ(0, refuse_pages(false));
	EXPECT_LE(1, late(&self->vm));
	EXPECT_TRUE(vm_table_is(&self->vm, all, SOME));
	test_free_pasid(self->c.fd, 0, UINT_MAX);
	EXPECT_NO_TRANSLATION(&self->vm);
}

TEST_F(memory, table_is_there_when_the_device_is)
{
	struct translation all[SOME];

	vm_drop_vfio(&self->vm);
	ASSERT_TRUE(bind_some(self->c.fd, all));
	ASSERT_EQ(0, refuse_pages(true));
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	ASSERT_EQ(0, refuse_pages(false));
	EXPECT_MOST_LATE(&self->vm);
	EXPECT_TRUE(vm_table_is(&self->vm, all, SOME));
}

/* -------- a VM that runs -------- */

#define CODE_ADDRESS	0x1000
#define CODE_PORT	0x10

/* again: inc %ax; out %al, $CODE_PORT; jmp again */
static const __u8 code[] = { 0x40, 0xe6, CODE_PORT, 0xeb, 0xfb };

struct vcpu {
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool stop;
	/* How often it has left the guest, and whether not as it should. */
	__u64 exits;
	bool wrong;
};

static int vm_add_code(struct vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = CODE_ADDRESS,
		.memory_size = PAGE_BYTES,
	};
	void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return -1;
	memcpy(page, code, sizeof(code));
	region.userspace_addr = (uintptr_t)page;
	return ioctl(vm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

static int vcpu_reset(struct vcpu *vcpu)
{
	struct kvm_regs regs = { .rip = CODE_ADDRESS, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs))
		return -1;
	return ioctl(vcpu->fd, KVM_SET_REGS, &regs);
}

static int vcpu_open(struct vm *vm, struct vcpu *vcpu)
{
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	*vcpu = (struct vcpu) { .fd = ioctl(vm->vm, KVM_CREATE_VCPU, 0) };
	if (size < 0 || vcpu->fd < 0 || vm_add_code(vm))
		return -1;
	vcpu->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return -1;
	return vcpu_reset(vcpu);
}

static void *vcpu_run(void *arg)
{
	struct vcpu *vcpu = arg;

	while (!load_shared(vcpu->stop)) {
		if (ioctl(vcpu->fd, KVM_RUN, 0) ||
		    vcpu->run->exit_reason != KVM_EXIT_IO ||
		    vcpu->run->io.port != CODE_PORT) {
			store_shared(vcpu->wrong, true);
			break;
		}
		store_shared(vcpu->exits, vcpu->exits + 1);
	}
	return NULL;
}

TEST_F(one, vm_runs_while_bindings_change)
{
	__u32 pasid, round;
	struct vcpu vcpu;
	__u64 before;

	ASSERT_EQ(0, vcpu_open(&self->vm, &vcpu));
	ASSERT_EQ(0, pthread_create(&vcpu.thread, NULL, vcpu_run, &vcpu));
	EXPECT_TRUE(wait_until(load_shared(vcpu.exits)));
	test_alloc_pasid(self->fd, 0, UINT_MAX, &pasid);
	for (round = 0; round < 50; round++) {
		test_bind_pasid(self->fd, pasid, round * 20000);
		EXPECT_TRUE(vm_table_is_list(&self->vm, self->fd));
		test_unbind_pasid(self->fd, round * 20000);
		if (round % 10 == 9) {
			vm_drop_vfio(&self->vm);
			ASSERT_EQ(0, vm_add_vfio(&self->vm));
		}
	}
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
	before = load_shared(vcpu.exits);
	EXPECT_TRUE(wait_until(load_shared(vcpu.exits) > before));
	store_shared(vcpu.stop, true);
	pthread_join(vcpu.thread, NULL);
	EXPECT_FALSE(vcpu.wrong);
	close(vcpu.fd);
}

/* -------- a reader while bindings change -------- */

struct change {
	pthread_t thread;
	int fd;
	__u32 pasid;
	bool stop;
	__u32 done;
	bool wrong;
};

#define CHANGING	100000

static void *change_run(void *arg)
{
	struct change *change = arg;

	while (!load_shared(change->stop)) {
		if (_test_bind_pasid(change->fd, change->pasid, CHANGING) ||
		    _test_unbind_pasid(change->fd, CHANGING))
			store_shared(change->wrong, true);
		store_shared(change->done, change->done + 1);
	}
	return NULL;
}

TEST_F(one, reader_sees_what_was_bound_at_some_time)
{
	struct translation *all = translations_alloc();
	struct change change = { .fd = self->fd };
	__u32 nr, with = 0, without = 0;

	ASSERT_NE(NULL, all);
	test_alloc_pasid(self->fd, 0, UINT_MAX, &change.pasid);
	ASSERT_EQ(0, pthread_create(&change.thread, NULL, change_run, &change));
	/* Until both were seen. */
	EXPECT_TRUE(wait_until(({
		nr = vm_table_file(&self->vm, all);
		ASSERT_LE(1, nr);
		ASSERT_GE(2, nr);
		EXPECT_EQ(FIRST, all[0].guest);
		EXPECT_EQ(self->first, all[0].pasid);
		if (nr == 2) {
			EXPECT_EQ(CHANGING, all[1].guest);
			EXPECT_EQ(change.pasid, all[1].pasid);
		}
		with += nr == 2;
		without += nr == 1;
		with && without;
	})));
	store_shared(change.stop, true);
	pthread_join(change.thread, NULL);
	EXPECT_FALSE(change.wrong);
	EXPECT_LT(0, change.done);
	EXPECT_TABLE(&self->vm, { FIRST, self->first });
	free(all);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], PEER_ARG))
		peer_main(argc, argv);
	return test_harness_run(argc, argv);
}
