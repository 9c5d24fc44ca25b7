// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the life of a PASID, from allocation to the last reference.
 */
#include <linux/irq_work.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "ioasid_kunit.h"

/* A space of one PASID: whether that is taken shows in the next allocation. */
static struct ioasid_set *tiny_set(struct kunit *test)
{
	test_capacity(test, 2);
	return new_set(test, 0, IOASID_LIMIT_NONE);
}

static void idle_number_returns_when_freed(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);

	expect_alloc(test, set, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 1);
	expect_alloc(test, set, 1);
}

static void number_that_was_used_returns_when_freed(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);

	expect_alloc(test, set, 1);
	drop_id(test, hold_id(test, set, 1));
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 0);
	expect_alloc(test, set, -ENOSPC);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	expect_alloc(test, set, 1);
}

static void number_in_use_returns_at_the_last_put(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	struct held_id *a, *b, *c;

	expect_alloc(test, set, 1);
	a = hold_id(test, set, 1);
	b = hold_id(test, set, 1);
	c = hold_id(test, set, 1);
	drop_id(test, a);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	expect_alloc(test, set, -ENOSPC);
	drop_id(test, b);
	expect_alloc(test, set, -ENOSPC);
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 0);
	drop_id(test, c);
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 1);
	expect_alloc(test, set, 1);
}

static void pending_number_is_given_to_nobody(struct kunit *test)
{
	struct ioasid_set *set, *other;
	struct held_id *held;

	test_capacity(test, 8);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, set, 3);
	held = hold_id(test, set, 2);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 2), 0);

	KUNIT_EXPECT_EQ(test, try_alloc(test, other, 2, 2), -ENOSPC);
	KUNIT_EXPECT_EQ(test, try_alloc(test, set, 2, 2), -ENOSPC);
	alloc_ids(test, other, 4);
	expect_alloc(test, other, -ENOSPC);
	drop_id(test, held);
	expect_alloc(test, other, 2);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 2), -EACCES);
}

static void reclaimed_number_starts_afresh(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	struct held_id *held;
	int i;

	for (i = 0; i < 5; i++) {
		expect_alloc(test, set, 1);
		held = hold_id(test, set, 1);
		KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
		KUNIT_EXPECT_EQ(test, ioasid_get(set, NULL, 1), -ENOENT);
		drop_id(test, held);
		KUNIT_EXPECT_EQ(test, ioasid_get(set, NULL, 1), -ENOENT);
	}
	expect_books(test, 0, 0, 1);
}

static void second_free_says_so(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	struct held_id *held;

	expect_alloc(test, set, 1);
	held = hold_id(test, set, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), -ENOENT);
	expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 0);
	drop_id(test, held);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), -ENOENT);
	expect_books(test, 0, 0, 1);
}

static const ioasid_t unknown_ids[] = { 0, 1, 7, 8, 100, 1U << 20, UINT_MAX };

static void unknown_number_is_no_pasid(struct kunit *test)
{
	struct ioasid_set *set;
	int i;

	test_capacity(test, 8);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_at(test, set, 3);
	for (i = 0; i < ARRAY_SIZE(unknown_ids); i++) {
		ioasid_t id = unknown_ids[i];

		KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, id), -ENOENT);
		KUNIT_EXPECT_EQ(test, ioasid_get(set, NULL, id), -ENOENT);
		KUNIT_EXPECT_PTR_EQ(test, find_data(set, id), ERR_PTR(-ENOENT));
		KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, id, set),
				    ERR_PTR(-ENOENT));
	}
	expect_books(test, 1, 0, 6);
}

static void foreign_pasid_is_out_of_reach(struct kunit *test)
{
	struct ioasid_set *set, *other;

	test_capacity(test, 8);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_at(test, set, 3);

	KUNIT_EXPECT_EQ(test, ioasid_free(other, NULL, 3), -EACCES);
	KUNIT_EXPECT_EQ(test, ioasid_get(other, NULL, 3), -EACCES);
	KUNIT_EXPECT_PTR_EQ(test, find_data(other, 3), ERR_PTR(-EACCES));
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(other, NULL, 3, NULL),
			    ERR_PTR(-EACCES));
	KUNIT_EXPECT_EQ(test, ioasid_free_range(other, NULL, 3, 3), -ENOENT);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(other, NULL, 0, UINT_MAX), -ENOENT);

	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 3), (void *)set);
	expect_set(test, set, 1, 0, 0, IOASID_LIMIT_NONE, 6);
	expect_set(test, other, 0, 0, 0, IOASID_LIMIT_NONE, 6);
}

static void no_set_means_the_system_only(struct kunit *test)
{
	struct ioasid_set *set;
	ioasid_t id = 0xfffff;

	test_capacity(test, IOASID_CAPACITY_MAX);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_at(test, set, id);
	KUNIT_EXPECT_EQ(test, ioasid_get(NULL, NULL, id), -ENOENT);
	KUNIT_EXPECT_PTR_EQ(test, find_data(NULL, id), ERR_PTR(-ENOENT));
}

static void many_references_count(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	int i;

	expect_alloc(test, set, 1);
	for (i = 0; i < 1000; i++)
		KUNIT_ASSERT_EQ(test, ioasid_get(set, NULL, 1), 0);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	for (i = 0; i < 1000; i++) {
		expect_set(test, set, 1, 1, 0, IOASID_LIMIT_NONE, 0);
		ioasid_put(set, NULL, 1);
	}
	expect_set(test, set, 0, 0, 0, IOASID_LIMIT_NONE, 1);
}

/* Under RCU the memory is not given to the next one, which would show in it. */
static void a_freed_pasid_outlives_its_readers(struct kunit *test)
{
	struct ioasid_set *set;
	struct ioasid *pasid;
	ioasid_t id;

	test_capacity(test, 8);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_at(test, set, 5);
	/* Else it would be kept, and not freed. */
	ioasid_pool_press(test_pool(test));

	rcu_read_lock();
	pasid = xa_load(&test_pool(test)->xa, 5);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 5), 0);
	KUNIT_EXPECT_EQ(test, ioasid_alloc(set, 3, 3, set, GFP_ATOMIC, &id), 0);
	KUNIT_EXPECT_EQ(test, pasid->id, 5);
	KUNIT_EXPECT_PTR_EQ(test, pasid->set, set);
	rcu_read_unlock();
	ioasid_pool_relax(test_pool(test));
}

static void a_freed_set_outlives_its_readers(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, 3);

	hold_set(test, set);
	free_set(test, set);
	rcu_read_lock();
	drop_set(test, set);
	KUNIT_EXPECT_PTR_EQ(test, READ_ONCE(set->pool), test_pool(test));
	KUNIT_EXPECT_TRUE(test, list_empty(&set->pasids));
	rcu_read_unlock();
}

/* Private data */

static void data_are_found_and_replaced(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	int data;

	expect_alloc(test, set, 1);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)set);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, 1, &data),
			    (void *)set);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)&data);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, 1, NULL),
			    (void *)&data);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), NULL);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, 1, set), NULL);
}

static void no_data_is_not_no_pasid(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	ioasid_t id;

	KUNIT_ASSERT_EQ(test, ioasid_alloc(set, 0, UINT_MAX, NULL, GFP_KERNEL, &id),
			0);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, id), NULL);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, id), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, id), ERR_PTR(-ENOENT));
}

static void each_pasid_has_its_own_data(struct kunit *test)
{
	struct ioasid_set *set;
	int i, data[7];

	test_capacity(test, 8);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	for (i = 0; i < 7; i++) {
		ioasid_replace_data(set, NULL, alloc_id(test, set), &data[i]);
		KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)data);
	}
	for (i = 0; i < 7; i++)
		KUNIT_EXPECT_PTR_EQ(test, find_data(set, i + 1),
				    (void *)&data[i]);
}

static void users_find_the_data_of_a_freed_pasid(struct kunit *test)
{
	struct ioasid_set *set = tiny_set(test);
	struct held_id *held;

	expect_alloc(test, set, 1);
	held = hold_id(test, set, 1);
	KUNIT_EXPECT_EQ(test, ioasid_free(set, NULL, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)set);
	KUNIT_EXPECT_PTR_EQ(test, ioasid_replace_data(set, NULL, 1, NULL),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), (void *)set);
	drop_id(test, held);
	KUNIT_EXPECT_PTR_EQ(test, find_data(set, 1), ERR_PTR(-ENOENT));
}

/*
 * Free a range. The set has 10, 20 and 30, each followed by one of another set.
 */
struct free_rule {
	const char *name;
	u32 min;
	u32 max;
	int err;
	u32 freed;
};

static const struct free_rule free_rules[] = {
	{ "min_above_max", 20, 19, -EINVAL, 0 },
	{ "min_above_max_at_the_top", UINT_MAX, 0, -EINVAL, 0 },
	{ "all", 0, UINT_MAX, 0, 3 },
	{ "all_but_pasid_0", 1, UINT_MAX, 0, 3 },
	{ "exactly", 10, 30, 0, 3 },
	{ "above_the_first", 11, 30, 0, 2 },
	{ "below_the_last", 10, 29, 0, 2 },
	{ "the_middle", 11, 29, 0, 1 },
	{ "one_number", 20, 20, 0, 1 },
	{ "two_numbers_first", 20, 21, 0, 1 },
	{ "two_numbers_second", 19, 20, 0, 1 },
	{ "three_numbers", 19, 21, 0, 1 },
	{ "four_numbers", 9, 12, 0, 1 },
	{ "from_the_bottom", 0, 10, 0, 1 },
	{ "up_to_the_top", 30, UINT_MAX, 0, 1 },
	{ "below_all", 0, 9, -ENOENT, 0 },
	{ "above_all", 31, UINT_MAX, -ENOENT, 0 },
	{ "between", 12, 19, -ENOENT, 0 },
	{ "zero", 0, 0, -ENOENT, 0 },
	{ "highest_number", UINT_MAX, UINT_MAX, -ENOENT, 0 },
	{ "one_foreign_number", 21, 21, -ENOENT, 0 },
	{ "only_foreign_numbers", 31, 100, -ENOENT, 0 },
};

KUNIT_ARRAY_PARAM_DESC(free, free_rules, name);

static void free_range_frees_the_sets_own(struct kunit *test)
{
	const struct free_rule *rule = test->param_value;
	struct ioasid_set *set, *other;
	bool gone;
	int id;

	test_capacity(test, 64);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	other = new_set(test, 0, IOASID_LIMIT_NONE);
	for (id = 10; id <= 30; id += 10) {
		alloc_at(test, set, id);
		alloc_at(test, other, id + 1);
	}
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, rule->min, rule->max),
			rule->err);
	for (id = 10; id <= 30; id += 10) {
		gone = !rule->err && id >= rule->min && id <= rule->max;
		KUNIT_EXPECT_PTR_EQ(test, find_data(set, id),
				    gone ? ERR_PTR(-ENOENT) : (void *)set);
	}
	expect_set(test, other, 3, 0, 0, IOASID_LIMIT_NONE, 57 + rule->freed);
	expect_books(test, 6 - rule->freed, 0, 57 + rule->freed);
}

static const int batch_sizes[] = {
	1, IOASID_BATCH - 1, IOASID_BATCH, IOASID_BATCH + 1,
	2 * IOASID_BATCH - 1, 2 * IOASID_BATCH, 2 * IOASID_BATCH + 1, 1000,
};

static void describe_batch(const int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d", *nr);
}

KUNIT_ARRAY_PARAM(batch, batch_sizes, describe_batch);

/* Every third is outside, so that the walk skips in each batch. */
static void free_range_works_across_batches(struct kunit *test)
{
	const int nr = *(const int *)test->param_value;
	struct ioasid_set *set;
	int i;

	test_capacity(test, 8000);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	for (i = 0; i < nr; i++) {
		alloc_at(test, set, 2000 + i);
		if (i % 2)
			alloc_at(test, set, 5000 + i);
	}
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 2000, 4999), 0);
	expect_books(test, nr / 2, 0, 7999 - nr / 2);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 2000, 4999), -ENOENT);
	if (nr > 1)
		KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
	expect_books(test, 0, 0, 7999);
}

/* As somebody else leaves it who walks the list, too. */
static void marker_in_the_list_is_no_pasid(struct kunit *test)
{
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct ioasid marker = { .id = 0 };
	unsigned long flags;

	test_capacity(test, 64);
	alloc_ids(test, set, 2);
	ioasid_set_lock(set, &flags);
	list_add(&marker.node, &set->pasids);
	ioasid_set_unlock(set, flags);

	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX),
			-ENOENT);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&set->pasids));

	ioasid_set_lock(set, &flags);
	list_del_init(&marker.node);
	ioasid_set_unlock(set, flags);
	KUNIT_EXPECT_TRUE(test, list_empty(&set->pasids));
}

static void free_range_by_number_and_by_list_agree(struct kunit *test)
{
	struct ioasid_set *set;
	int width, i, used = 300;

	test_capacity(test, 1024);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, set, used);
	/* Widths below, at and above what is left, where the method changes. */
	for (i = 1; used; i += width) {
		width = min(used, 147);
		KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, i, i + width - 1),
				0);
		used -= width;
		expect_books(test, used, 0, 1023 - used);
	}
	KUNIT_EXPECT_EQ(test, i, 301);
}

static void free_range_finds_sparse_numbers(struct kunit *test)
{
	static const u32 ids[] = {
		1, 63, 64, 65, 4095, 4096, 65535, 65536, 262144,
		IOASID_CAPACITY_MAX - 1
	};
	struct ioasid_set *set;
	int i;

	test_capacity(test, IOASID_CAPACITY_MAX);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		alloc_at(test, set, ids[i]);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 64, 65535), 0);
	expect_books(test, 5, 0, IOASID_CAPACITY_MAX - 6);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
	expect_books(test, 0, 0, IOASID_CAPACITY_MAX - 1);
}

static void free_range_leaves_users_their_numbers(struct kunit *test)
{
	struct held_id *held[3];
	struct ioasid_set *set;
	int i;

	test_capacity(test, 16);
	set = new_set(test, 0, IOASID_LIMIT_NONE);
	alloc_ids(test, set, 10);
	for (i = 0; i < 3; i++)
		held[i] = hold_id(test, set, 3 * i + 1);

	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 2, 9), 0);
	expect_set(test, set, 4, 2, 0, IOASID_LIMIT_NONE, 11);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 2, 9), -ENOENT);
	for (i = 0; i < 3; i++)
		drop_id(test, held[i]);
	expect_set(test, set, 2, 0, 0, IOASID_LIMIT_NONE, 13);
	KUNIT_EXPECT_EQ(test, ioasid_free_range(set, NULL, 0, UINT_MAX), 0);
}

/* Contexts that must not sleep */

struct atomic_work {
	void (*fn)(struct atomic_work *work);
	struct ioasid_set *set;
	ioasid_t id;
	int errors;
	struct rcu_head rcu;
	struct irq_work irq;
};

/* All that __mmdrop() may come to, and what events will call. */
static void do_atomic_work(struct atomic_work *work)
{
	struct ioasid_set *set = work->set;
	struct ioasid_set_info info;
	ioasid_t id;

	work->errors += ioasid_alloc(set, 0, UINT_MAX, set, GFP_ATOMIC, &id) != 0;
	work->errors += ioasid_get(set, NULL, work->id) != 0;
	work->errors += find_data(set, work->id) != set;
	work->errors += ioasid_replace_data(set, NULL, work->id, work) != set;
	work->errors += ioasid_free(set, NULL, work->id) != 0;
	work->errors += ioasid_get(set, NULL, work->id) != -ENOENT;
	ioasid_put(set, NULL, work->id);
	work->errors += ioasid_free(set, NULL, id) != 0;
	work->errors += ioasid_set_adjust(set, 0, 5, IOASID_ADJUST_LIMIT) != 0;
	ioasid_set_put(ioasid_set_get(set));
	ioasid_set_get_info(set, &info);
	work->errors += info.used != 0;
}

static void run_preempt_disabled(struct atomic_work *work)
{
	preempt_disable();
	work->fn(work);
	preempt_enable();
}

static void run_spinlock(struct atomic_work *work)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	work->fn(work);
	spin_unlock(&lock);
}

static void run_irqs_off(struct atomic_work *work)
{
	unsigned long flags;

	local_irq_save(flags);
	work->fn(work);
	WARN_ON(!irqs_disabled());
	local_irq_restore(flags);
}

static void run_rcu_reader(struct atomic_work *work)
{
	rcu_read_lock();
	work->fn(work);
	rcu_read_unlock();
}

static void atomic_rcu_fn(struct rcu_head *rcu)
{
	struct atomic_work *work = container_of(rcu, struct atomic_work, rcu);

	work->fn(work);
}

/* A softirq on most kernels; where PREEMPT_RT drops an mm. */
static void run_rcu_callback(struct atomic_work *work)
{
	call_rcu(&work->rcu, atomic_rcu_fn);
	rcu_barrier();
}

static void atomic_irq_fn(struct irq_work *irq)
{
	struct atomic_work *work = container_of(irq, struct atomic_work, irq);

	work->fn(work);
}

/* Not IRQ_WORK_INIT_HARD(): that is a place for raw spinlocks on any kernel. */
static void run_hardirq(struct atomic_work *work)
{
	work->irq = IRQ_WORK_INIT(atomic_irq_fn);
	irq_work_queue(&work->irq);
	irq_work_sync(&work->irq);
}

struct atomic_context {
	const char *name;
	void (*run)(struct atomic_work *work);
	bool raw;	/* no place for a spinlock_t on PREEMPT_RT */
};

static const struct atomic_context atomic_contexts[] = {
	{ "preempt_disabled", run_preempt_disabled, .raw = true },
	{ "spinlock", run_spinlock },
	{ "irqs_off", run_irqs_off, .raw = true },
	{ "rcu_reader", run_rcu_reader },
	{ "rcu_callback", run_rcu_callback },
	{ "hardirq", run_hardirq, .raw = true },
};

KUNIT_ARRAY_PARAM_DESC(atomic, atomic_contexts, name);

static void nothing_sleeps(struct kunit *test)
{
	const struct atomic_context *context = test->param_value;
	struct atomic_work *work = kunit_kzalloc(test, sizeof(*work),
						 GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, work);
	if (IS_ENABLED(CONFIG_PREEMPT_RT) && context->raw)
		kunit_skip(test, "a spinlock_t may sleep on PREEMPT_RT");
	test_capacity(test, 8);
	work->fn = do_atomic_work;
	work->set = new_set(test, 2, 6);
	work->id = alloc_id(test, work->set);
	context->run(work);
	KUNIT_EXPECT_EQ(test, work->errors, 0);
	expect_set(test, work->set, 0, 0, 2, 5, 5);
	expect_books(test, 0, 2, 5);
}

static void put_id(struct atomic_work *work)
{
	ioasid_put(work->set, NULL, work->id);
}

/* The mm is a real one, and nobody else has it: so it goes as well. */
static void the_last_put_ends_the_set_anywhere(struct kunit *test)
{
	const struct atomic_context *context = test->param_value;
	struct atomic_work *work = kunit_kzalloc(test, sizeof(*work),
						 GFP_KERNEL);
	struct mm_struct *mm = mm_alloc();

	KUNIT_ASSERT_NOT_NULL(test, work);
	KUNIT_ASSERT_NOT_NULL(test, mm);
	test_capacity(test, 8);
	work->fn = put_id;
	work->set = new_token_set(test, mm);
	mmput(mm);
	work->id = alloc_id(test, work->set);
	KUNIT_ASSERT_EQ(test, ioasid_get(work->set, NULL, work->id), 0);
	free_set(test, work->set);
	expect_books(test, 1, 0, 6);
	context->run(work);
	expect_books(test, 0, 0, 7);
}

static struct kunit_case ioasid_life_cases[] = {
	KUNIT_CASE(idle_number_returns_when_freed),
	KUNIT_CASE(number_that_was_used_returns_when_freed),
	KUNIT_CASE(number_in_use_returns_at_the_last_put),
	KUNIT_CASE(pending_number_is_given_to_nobody),
	KUNIT_CASE(reclaimed_number_starts_afresh),
	KUNIT_CASE(second_free_says_so),
	KUNIT_CASE(unknown_number_is_no_pasid),
	KUNIT_CASE(foreign_pasid_is_out_of_reach),
	KUNIT_CASE(no_set_means_the_system_only),
	KUNIT_CASE(many_references_count),
	KUNIT_CASE(a_freed_pasid_outlives_its_readers),
	KUNIT_CASE(a_freed_set_outlives_its_readers),
	KUNIT_CASE(data_are_found_and_replaced),
	KUNIT_CASE(no_data_is_not_no_pasid),
	KUNIT_CASE(each_pasid_has_its_own_data),
	KUNIT_CASE(users_find_the_data_of_a_freed_pasid),
	{}
};

static struct kunit_suite ioasid_life_suite = {
	.name = "ioasid-life",
	.init = ioasid_test_init,
	.test_cases = ioasid_life_cases,
};

static struct kunit_case ioasid_range_cases[] = {
	KUNIT_CASE_PARAM(free_range_frees_the_sets_own, free_gen_params),
	KUNIT_CASE_PARAM(free_range_works_across_batches, batch_gen_params),
	KUNIT_CASE(marker_in_the_list_is_no_pasid),
	KUNIT_CASE(free_range_by_number_and_by_list_agree),
	KUNIT_CASE(free_range_finds_sparse_numbers),
	KUNIT_CASE(free_range_leaves_users_their_numbers),
	{}
};

static struct kunit_suite ioasid_range_suite = {
	.name = "ioasid-range",
	.init = ioasid_test_init,
	.test_cases = ioasid_range_cases,
};

static struct kunit_case ioasid_atomic_cases[] = {
	KUNIT_CASE_PARAM(nothing_sleeps, atomic_gen_params),
	KUNIT_CASE_PARAM(the_last_put_ends_the_set_anywhere, atomic_gen_params),
	{}
};

static struct kunit_suite ioasid_atomic_suite = {
	.name = "ioasid-atomic",
	.init = ioasid_test_init,
	.test_cases = ioasid_atomic_cases,
};

kunit_test_suites(&ioasid_life_suite, &ioasid_range_suite,
		  &ioasid_atomic_suite);
