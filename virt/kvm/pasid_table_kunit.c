// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the table by which a processor translates the PASIDs of a guest, walked as a
 * processor would.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/prandom.h>

/* It needs no KVM, which not every architecture has that runs these tests. */
#include "pasid_table.c"

/* What a processor makes of a guest PASID: a number, or not. From the SDM alone. */
static s64 walk(struct kvm_pasid_table *table, u32 guest)
{
	const u64 *directory = table->directory[guest & 0x80000 ? 1 : 0];
	u64 link = directory[(guest & 0x7fc00) >> 10];
	const u32 *entries;
	u32 entry;

	if (!(link & 1))
		return link ? -EIO : -ENOENT;
	if (link & 0xffe)
		return -EIO;
	entries = phys_to_virt(link - 1);
	entry = entries[guest & 0x3ff];
	if (!(entry & 0x80000000))
		return entry ? -EIO : -ENOENT;
	if (entry & 0x7ff00000)
		return -EIO;
	return entry & 0xfffff;
}

static void free_pages_of_test(void *data)
{
	struct kvm_pasid_table *table = data;
	struct page *page, *next;
	LIST_HEAD(pages);
	int i;

	kvm_pasid_table_empty(table, &pages);
	list_for_each_entry_safe(page, next, &pages, lru)
		__free_page(page);
	for (i = 0; i < KVM_PASID_DIRECTORIES; i++)
		free_page((unsigned long)table->directory[i]);
}

static int table_init(struct kunit *test)
{
	struct kvm_pasid_table *table = kunit_kzalloc(test, sizeof(*table),
						      GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, table);
	for (i = 0; i < KVM_PASID_DIRECTORIES; i++)
		table->directory[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
	test->priv = table;
	return kunit_add_action_or_reset(test, free_pages_of_test, table);
}

static void set(struct kunit *test, u32 guest, u32 pasid)
{
	struct page *spare = NULL;

	if (!kvm_pasid_table_set(test->priv, guest, pasid, &spare)) {
		spare = alloc_page(GFP_KERNEL | __GFP_ZERO);
		KUNIT_ASSERT_NOT_NULL(test, spare);
		KUNIT_ASSERT_TRUE(test, kvm_pasid_table_set(test->priv, guest,
							    pasid, &spare));
	}
	KUNIT_ASSERT_NULL(test, spare);
}

/* Returns whether a table went with it. */
static bool clear(struct kunit *test, u32 guest, u32 pasid)
{
	struct page *page = kvm_pasid_table_clear(test->priv, guest, pasid);

	if (page)
		__free_page(page);
	return page;
}

static void expect_counts(struct kunit *test, unsigned int entries,
			  unsigned int tables)
{
	struct kvm_pasid_table *table = test->priv;

	KUNIT_EXPECT_EQ(test, table->entries, entries);
	KUNIT_EXPECT_EQ(test, table->tables, tables);
}

static void empty_table_translates_nothing(struct kunit *test)
{
	u32 guest = 0;

	KUNIT_EXPECT_EQ(test, walk(test->priv, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, walk(test->priv, 0xfffff), -ENOENT);
	while (kvm_pasid_table_next(test->priv, &guest) == -EAGAIN)
		;
	KUNIT_EXPECT_EQ(test, guest, BIT(KVM_PASID_BITS));
	KUNIT_EXPECT_EQ(test, kvm_pasid_table_next(test->priv, &guest), -ENOENT);
	expect_counts(test, 0, 0);
}

static const u32 edges[] = {
	0, 1, 1023, 1024, 1025, 0x7fbff, 0x7fc00, 0x7ffff,
	0x80000, 0x803ff, 0x80400, 0xffbff, 0xfffff,
};

static void every_edge_of_the_layout_is_translated(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		set(test, edges[i], 0xfffff - i);
	for (i = 0; i < ARRAY_SIZE(edges); i++)
		KUNIT_EXPECT_EQ_MSG(test, walk(test->priv, edges[i]),
				    0xfffff - i, "guest %#x", edges[i]);
	KUNIT_EXPECT_EQ(test, walk(test->priv, 2), -ENOENT);
	KUNIT_EXPECT_EQ(test, walk(test->priv, 2048), -ENOENT);
	expect_counts(test, ARRAY_SIZE(edges), 8);
}

static void table_comes_with_the_first_and_goes_with_the_last(struct kunit *test)
{
	struct page *spare = NULL;

	KUNIT_EXPECT_FALSE(test, kvm_pasid_table_set(test->priv, 7, 1, &spare));
	expect_counts(test, 0, 0);
	set(test, 7, 1);
	KUNIT_EXPECT_TRUE(test, kvm_pasid_table_set(test->priv, 8, 2, &spare));
	expect_counts(test, 2, 1);
	KUNIT_EXPECT_FALSE(test, clear(test, 7, 1));
	expect_counts(test, 1, 1);
	KUNIT_EXPECT_TRUE(test, clear(test, 8, 2));
	expect_counts(test, 0, 0);
	KUNIT_EXPECT_EQ(test, walk(test->priv, 7), -ENOENT);
	KUNIT_EXPECT_FALSE(test, kvm_pasid_table_set(test->priv, 7, 1, &spare));
}

/* The caller got a page while somebody else did as well. */
static void page_that_is_not_needed_is_left(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO), *spare = page;

	KUNIT_ASSERT_NOT_NULL(test, page);
	set(test, 7, 1);
	KUNIT_EXPECT_TRUE(test, kvm_pasid_table_set(test->priv, 8, 2, &spare));
	KUNIT_EXPECT_PTR_EQ(test, spare, page);
	__free_page(page);
}

static void second_value_takes_the_place_of_the_first(struct kunit *test)
{
	set(test, 7, 1);
	set(test, 7, 2);
	KUNIT_EXPECT_EQ(test, walk(test->priv, 7), 2);
	expect_counts(test, 1, 1);
	/* What is said of the first one comes too late. */
	KUNIT_EXPECT_FALSE(test, clear(test, 7, 1));
	KUNIT_EXPECT_EQ(test, walk(test->priv, 7), 2);
	expect_counts(test, 1, 1);
	KUNIT_EXPECT_TRUE(test, clear(test, 7, 2));
}

static void clearing_what_is_not_there_does_nothing(struct kunit *test)
{
	KUNIT_EXPECT_FALSE(test, clear(test, 7, 1));
	set(test, 7, 0);
	KUNIT_EXPECT_FALSE(test, clear(test, 6, 0));
	KUNIT_EXPECT_EQ(test, walk(test->priv, 7), 0);
	expect_counts(test, 1, 1);
}

static void emptying_gives_all_pages(struct kunit *test)
{
	struct page *page, *next;
	unsigned int nr = 0;
	LIST_HEAD(pages);
	u32 i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		set(test, edges[i], i);
	kvm_pasid_table_empty(test->priv, &pages);
	expect_counts(test, 0, 0);
	for (i = 0; i < ARRAY_SIZE(edges); i++)
		KUNIT_EXPECT_EQ(test, walk(test->priv, edges[i]), -ENOENT);
	list_for_each_entry_safe(page, next, &pages, lru) {
		KUNIT_EXPECT_EQ(test, page_private(page), 0);
		__free_page(page);
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, 8);
}

/* What next finds from @guest on, over all tables. */
static int find(struct kunit *test, u32 *guest)
{
	int pasid;

	do {
		pasid = kvm_pasid_table_next(test->priv, guest);
	} while (pasid == -EAGAIN);
	return pasid;
}

static void list_is_in_order_and_complete(struct kunit *test)
{
	u32 guest = 0;
	unsigned int i;

	for (i = ARRAY_SIZE(edges); i--;)
		set(test, edges[i], i + 100);
	for (i = 0; i < ARRAY_SIZE(edges); i++, guest++) {
		KUNIT_EXPECT_EQ(test, find(test, &guest), i + 100);
		KUNIT_EXPECT_EQ(test, guest, edges[i]);
	}
	KUNIT_EXPECT_EQ(test, find(test, &guest), -ENOENT);
}

/* Against a plain array. */
#define MODEL_GUESTS	4096

static void random_steps_are_as_in_a_model(struct kunit *test)
{
	s32 *model = kunit_kmalloc_array(test, MODEL_GUESTS, sizeof(*model),
					 GFP_KERNEL);
	unsigned int entries = 0;
	struct rnd_state rnd;
	u32 i, guest, pasid;

	KUNIT_ASSERT_NOT_NULL(test, model);
	memset(model, 0xff, MODEL_GUESTS * sizeof(*model));
	prandom_seed_state(&rnd, 3);
	for (i = 0; i < 50000; i++) {
		guest = prandom_u32_state(&rnd) % MODEL_GUESTS;
		pasid = prandom_u32_state(&rnd) & 0xfffff;
		if (model[guest] >= 0) {
			clear(test, guest * 256, model[guest]);
			model[guest] = -1;
			entries--;
		} else {
			set(test, guest * 256, pasid);
			model[guest] = pasid;
			entries++;
		}
	}
	for (i = 0; i < MODEL_GUESTS; i++)
		if (walk(test->priv, i * 256) !=
		    (model[i] < 0 ? -ENOENT : model[i]))
			break;
	KUNIT_EXPECT_EQ(test, i, MODEL_GUESTS);
	KUNIT_EXPECT_EQ(test, ((struct kvm_pasid_table *)test->priv)->entries,
			entries);
}

static struct kunit_case pasid_table_cases[] = {
	KUNIT_CASE(empty_table_translates_nothing),
	KUNIT_CASE(every_edge_of_the_layout_is_translated),
	KUNIT_CASE(table_comes_with_the_first_and_goes_with_the_last),
	KUNIT_CASE(page_that_is_not_needed_is_left),
	KUNIT_CASE(second_value_takes_the_place_of_the_first),
	KUNIT_CASE(clearing_what_is_not_there_does_nothing),
	KUNIT_CASE(emptying_gives_all_pages),
	KUNIT_CASE(list_is_in_order_and_complete),
	KUNIT_CASE(random_steps_are_as_in_a_model),
	{}
};

static struct kunit_suite pasid_table_suite = {
	.name = "kvm-pasid-table",
	.init = table_init,
	.test_cases = pasid_table_cases,
};

kunit_test_suite(pasid_table_suite);
