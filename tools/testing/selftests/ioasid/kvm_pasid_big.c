// SPDX-License-Identifier: GPL-2.0-only
/*
 * The largest tables: complete and right, made and taken down in a time that is
 * said, and no larger than they have to be.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../kselftest_harness.h"
#include "ioasid_kvm.h"
#include "ioasid_utils.h"

#define DENSE		65536
/* As many as there can be tables. */
#define SPREAD		1024
#define ENTRY_BYTES	4
#define PAGE_BYTES	4096
/* A kernel that checks everything takes half a millisecond for each. */
#define SECONDS		240

FIXTURE(big) {
	struct container c;
	struct vm vm;
	struct translation *all;
	__u64 memory;
};

FIXTURE_SETUP(big)
{
	const char *why = missing(1) ?: missing_kvm();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, container_open(&self->c, 0));
	test_pasid_limit(self->c.fd, PASID_LIMIT_NONE);
	if (pasid_available(self->c.fd) < DENSE)
		SKIP(return, "the system has fewer than %u PASIDs", DENSE);
	self->all = translations_alloc();
	ASSERT_NE(NULL, self->all);
	ASSERT_EQ(0, vm_open(&self->vm));
	self->memory = sec_page_tables();
	ASSERT_NE(0, self->memory);
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
}

FIXTURE_TEARDOWN(big)
{
	vm_drop_vfio(&self->vm);
	EXPECT_EQ(self->memory, sec_page_tables());
	vm_close(&self->vm);
	container_close(&self->c);
	free(self->all);
}

/* @nr guest PASIDs, @stride apart; how many it got. */
static __u32 bind_all(int fd, struct translation *all, __u32 nr, __u32 stride)
{
	__u32 i;

	for (i = 0; i < nr; i++) {
		all[i].guest = i * stride;
		if (_test_alloc_guest(fd, all[i].guest, &all[i].pasid))
			break;
	}
	return i;
}

static void say_time(const char *what, __u64 since)
{
	ksft_print_msg("%s: %llu ms\n", what, (now_ns() - since) / 1000000);
}

TEST_F_TIMEOUT(big, dense, SECONDS)
{
	__u64 start, taken, own = DENSE * ENTRY_BYTES;
	struct table_info info;

	start = now_ns();
	ASSERT_EQ(DENSE, bind_all(self->c.fd, self->all, DENSE, 1));
	say_time("65536 bindings made, allocation included", start);
	taken = sec_page_tables() - self->memory;
	ksft_print_msg("table: %llu bytes for %llu of entries\n", taken, own);
	EXPECT_GE(2 * own, taken);
	EXPECT_LE(own, taken);
	EXPECT_TRUE(vm_table_is(&self->vm, self->all, DENSE));
	EXPECT_TRUE(vm_table_is_list(&self->vm, self->c.fd));

	start = now_ns();
	vm_drop_vfio(&self->vm);
	say_time("table taken down with its device", start);
	EXPECT_EQ(self->memory, sec_page_tables());
	start = now_ns();
	ASSERT_EQ(0, vm_add_vfio(&self->vm));
	say_time("table made by a late device", start);
	EXPECT_TRUE(vm_table_is(&self->vm, self->all, DENSE));

	start = now_ns();
	test_free_pasid(self->c.fd, 0, UINT_MAX);
	say_time("65536 bindings freed in one call", start);
	EXPECT_TRUE(vm_table_is_empty(&self->vm));
	ASSERT_EQ(0, vm_table_info(&self->vm, &info));
	ksft_print_msg("entries that waited for memory: %u\n", info.late);
}

TEST_F_TIMEOUT(big, dense_is_unbound_one_by_one, SECONDS)
{
	__u64 start;
	__u32 i;

	ASSERT_EQ(DENSE, bind_all(self->c.fd, self->all, DENSE, 1));
	start = now_ns();
	for (i = 0; i < DENSE; i++)
		test_unbind_pasid(self->c.fd, i);
	say_time("65536 bindings unbound one by one", start);
	EXPECT_TRUE(vm_table_is_empty(&self->vm));
	EXPECT_EQ(DENSE, pasid_used(self->c.fd));
}

/* The worst that a guest can do to us: a page for each entry. */
TEST_F_TIMEOUT(big, spread_over_all_tables, SECONDS)
{
	__u64 before = sec_page_tables(), start = now_ns();
	struct table_info info;

	ASSERT_EQ(SPREAD, bind_all(self->c.fd, self->all, SPREAD,
				   TRANSLATIONS_PER_TABLE));
	say_time("1024 bindings in 1024 tables", start);
	ASSERT_EQ(0, vm_table_info(&self->vm, &info));
	EXPECT_EQ(SPREAD, info.tables);
	EXPECT_EQ(before + SPREAD * PAGE_BYTES, sec_page_tables());
	EXPECT_TRUE(vm_table_is(&self->vm, self->all, SPREAD));
	start = now_ns();
	test_free_pasid(self->c.fd, 0, UINT_MAX);
	say_time("1024 of them freed in one call", start);
	EXPECT_TRUE(vm_table_is_empty(&self->vm));
	EXPECT_EQ(before, sec_page_tables());
}

TEST_HARNESS_MAIN
