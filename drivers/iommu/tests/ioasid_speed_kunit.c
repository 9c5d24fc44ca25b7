// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: what a guest waits for. Looking up a private ID is compared with loading
 * the same index from a bare xarray of the same population, in turns, so that what
 * the machine does besides hits both.
 */
#include <linux/ktime.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/xarray.h>

#include "ioasid_kunit.h"

#define SPEED_ROUNDS	31
#define SPEED_LOOKUPS	16384	/* a power of two, in each round */

/*
 * UML runs on the processor itself. Under an emulator a call costs as much as the
 * whole lookup, and a kernel that checks everything checks what it likes.
 */
#define SPEED_COUNTS	(IS_ENABLED(CONFIG_UML) && !IS_ENABLED(CONFIG_KASAN) && \
			 !IS_ENABLED(CONFIG_PROVE_LOCKING))

/* In hundredths: the goal is 1.5. */
#define SPEED_LIMIT	150

struct speed {
	struct xarray bare;
	u32 index[SPEED_LOOKUPS];
	u64 bare_ns[SPEED_ROUNDS];
	u64 find_ns[SPEED_ROUNDS];
};

static int speed_init(struct kunit *test)
{
	int err = ioasid_test_init(test);

	if (!err)
		test_capacity(test, IOASID_CAPACITY_MAX);
	return err;
}

static u64 bare_round(struct speed *speed)
{
	u64 start = ktime_get_ns();
	unsigned long sum = 0;
	int i;

	for (i = 0; i < SPEED_LOOKUPS; i++)
		sum += xa_to_value(xa_load(&speed->bare, speed->index[i]));
	OPTIMIZER_HIDE_VAR(sum);
	return ktime_get_ns() - start;
}

static u64 find_round(struct speed *speed, struct ioasid_set *set)
{
	u64 start = ktime_get_ns();
	unsigned long sum = 0;
	int i;

	for (i = 0; i < SPEED_LOOKUPS; i++)
		sum += ioasid_find_private(set, speed->index[i]);
	OPTIMIZER_HIDE_VAR(sum);
	return ktime_get_ns() - start;
}

static int compare_ns(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static u64 median(u64 *ns)
{
	sort(ns, SPEED_ROUNDS, sizeof(*ns), compare_ns, NULL);
	return ns[SPEED_ROUNDS / 2];
}

static void destroy_bare(void *speed)
{
	xa_destroy(&((struct speed *)speed)->bare);
}

static struct speed *new_speed(struct kunit *test, struct ioasid_set *set, u32 nr)
{
	struct speed *speed = kunit_kzalloc(test, sizeof(*speed), GFP_KERNEL);
	struct rnd_state rnd;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, speed);
	xa_init(&speed->bare);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, destroy_bare, speed));
	for (i = 0; i < nr; i++) {
		ioasid_t id = alloc_private(test, set, i);

		KUNIT_ASSERT_FALSE(test, xa_err(xa_store(&speed->bare, i,
							 xa_mk_value(id),
							 GFP_KERNEL)));
	}
	prandom_seed_state(&rnd, nr);
	for (i = 0; i < SPEED_LOOKUPS; i++)
		speed->index[i] = prandom_u32_state(&rnd) % nr;
	return speed;
}

static const u32 populations[] = { 16, 1024, 65536 };

static void population_desc(const u32 *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(population, populations, population_desc);

static void private_id_is_found_nearly_as_fast_as_an_index(struct kunit *test)
{
	const u32 nr = *(const u32 *)test->param_value;
	struct ioasid_set *set = new_set(test, 0, IOASID_LIMIT_NONE);
	struct speed *speed = new_speed(test, set, nr);
	u64 bare, find;
	u32 ratio;
	int i;

	for (i = 0; i < SPEED_ROUNDS; i++) {
		speed->bare_ns[i] = bare_round(speed);
		speed->find_ns[i] = find_round(speed, set);
	}
	bare = median(speed->bare_ns);
	find = median(speed->find_ns);
	ratio = div64_u64(find * 100, max(bare, 1ULL));
	kunit_info(test, "%u entries: xa_load %llu ps, find %llu ps, x%u.%02u%s", nr,
		   div_u64(bare * 1000, SPEED_LOOKUPS), div_u64(find * 1000, SPEED_LOOKUPS),
		   ratio / 100, ratio % 100, SPEED_COUNTS ? "" : " (not judged here)");
	if (SPEED_COUNTS)
		KUNIT_EXPECT_LE(test, ratio, SPEED_LIMIT);
}

static struct kunit_case ioasid_speed_cases[] = {
	KUNIT_CASE_PARAM_ATTR(private_id_is_found_nearly_as_fast_as_an_index,
			      population_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite ioasid_speed_suite = {
	.name = "ioasid-speed",
	.init = speed_init,
	.test_cases = ioasid_speed_cases,
};

kunit_test_suite(ioasid_speed_suite);
