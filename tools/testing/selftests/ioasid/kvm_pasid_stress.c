// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads bind, unbind, allocate and free at random, and make the kvm-vfio devices of
 * their VMs again, each on its own part of the numbers and with a model of what it
 * did. After each step the table is as the model says, by memory; at the end all the
 * tables and the list are.
 *
 * Catches: an entry that is late, lost or stale when calls overlap, one that a late
 * device misses or has twice, tables that are freed too early or never.
 *
 * IOASID_STEPS says how many, otherwise it is 100000; IOASID_SEED repeats a run.
 * IOASID_FAIL says how many in 100 pages are refused to those who cannot sleep.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kselftest.h"
#include "ioasid_fail.h"
#include "ioasid_kvm.h"
#include "ioasid_utils.h"

#define THREADS		4
#define DEFAULT_STEPS	100000

/*
 * What each thread has for itself: the PASIDs from @first on; and guest PASIDs, some
 * in each of many pages of the table, half of them in each directory. A page has so
 * few that it comes and goes all the time, and it is one thread's alone.
 */
#define PASIDS		256
#define TABLES		64
#define GUESTS		64
#define GUEST_HIGH	0x80000

#define NONE		UINT_MAX

struct worker {
	pthread_t thread;
	unsigned int rnd;
	__u32 steps;
	int container;
	__u32 first;
	__u32 part;
	/* Its own VM, whose device comes and goes; and the one that stays. */
	struct vm vm;
	struct table_reader reader;
	struct table_reader *steady;
	/* Of PASID first + i: is it allocated, and bound to which guest PASID? */
	bool used[PASIDS];
	__u32 guest[PASIDS];
	__u32 done[8];
	/* What went wrong, or NULL. */
	const char *wrong;
	__u32 at;
};

static __u32 some_guest(struct worker *w)
{
	__u32 table = w->part * TABLES + rand_r(&w->rnd) % TABLES;
	/* The first ones of a page and the last ones. */
	__u32 guest = rand_r(&w->rnd) % GUESTS - GUESTS / 2;

	return (rand_r(&w->rnd) % 2 ? GUEST_HIGH : 0) +
		table * TRANSLATIONS_PER_TABLE +
		guest % TRANSLATIONS_PER_TABLE;
}

/* The PASID that is bound to @guest, as an index. */
static __u32 owner_of(struct worker *w, __u32 guest)
{
	__u32 i;

	for (i = 0; i < PASIDS; i++)
		if (w->used[i] && w->guest[i] == guest)
			return i;
	return NONE;
}

static __u32 pasid_behind(struct worker *w, __u32 guest)
{
	__u32 i = owner_of(w, guest);

	return i == NONE ? 0 : w->first + i;
}

/* A call did as the model says it has to. */
static void expect(struct worker *w, const char *what, int ret, int error)
{
	if (error ? ret == -1 && errno == error : !ret)
		return;
	if (!w->wrong)
		printf("# %s: %d, errno %d, and not %d\n", what, ret, errno,
		       error);
	w->wrong = what;
}

static void look(struct worker *w, struct table_reader *reader, __u32 guest)
{
	__u32 pasid = reader_find(reader, guest);

	if (pasid == pasid_behind(w, guest))
		return;
	if (!w->wrong)
		printf("# guest PASID %u is %u, and not %u\n", guest, pasid,
		       pasid_behind(w, guest));
	w->wrong = "table differs after a call";
}

/* -------- steps; each returns a guest PASID to look at -------- */

static __u32 step_alloc(struct worker *w, __u32 i)
{
	int error = w->used[i] ? ENOSPC : 0;
	__u32 pasid, number = w->first + i;

	expect(w, "alloc", _test_alloc_pasid(w->container, number, number,
					     &pasid), error);
	if (!error) {
		w->used[i] = true;
		w->guest[i] = NONE;
	}
	return some_guest(w);
}

static __u32 step_alloc_guest(struct worker *w, __u32 i)
{
	__u32 guest = some_guest(w), number = w->first + i, pasid;
	bool taken = owner_of(w, guest) != NONE;

	/* If both are taken, either one may be the reason. */
	if (w->used[i] && taken)
		return guest;
	expect(w, "alloc with guest",
	       _test_alloc_guest_in(w->container, number, number, guest,
				    &pasid),
	       w->used[i] ? ENOSPC : taken ? EEXIST : 0);
	if (!w->used[i] && !taken) {
		w->used[i] = true;
		w->guest[i] = guest;
	}
	return guest;
}

static __u32 step_bind(struct worker *w, __u32 i)
{
	__u32 guest = some_guest(w);
	int error = 0;

	if (!w->used[i])
		error = ENOENT;
	else if (w->guest[i] != NONE || owner_of(w, guest) != NONE)
		error = EEXIST;
	/* If both are so, either one may be the reason. */
	if (error == ENOENT && owner_of(w, guest) != NONE)
		return guest;
	expect(w, "bind", _test_bind_pasid(w->container, w->first + i, guest),
	       error);
	if (!error)
		w->guest[i] = guest;
	return guest;
}

static __u32 step_unbind(struct worker *w, __u32 i)
{
	bool bound = w->used[i] && w->guest[i] != NONE;
	__u32 guest = bound ? w->guest[i] : some_guest(w);

	if (!bound && owner_of(w, guest) != NONE)
		return guest;
	expect(w, "unbind", _test_unbind_pasid(w->container, guest),
	       bound ? 0 : ENOENT);
	if (bound)
		w->guest[i] = NONE;
	return guest;
}

static __u32 step_free(struct worker *w, __u32 i)
{
	__u32 last = i + rand_r(&w->rnd) % 4, guest = some_guest(w), had = 0;
	__u32 low = w->first + i;

	if (last >= PASIDS)
		last = PASIDS - 1;
	for (; i <= last; i++) {
		if (!w->used[i])
			continue;
		had++;
		if (w->guest[i] != NONE)
			guest = w->guest[i];
		w->used[i] = false;
		w->guest[i] = NONE;
	}
	expect(w, "free", _test_free_pasid(w->container, low, w->first + last),
	       had ? 0 : ENOENT);
	return guest;
}

static __u32 step_device(struct worker *w, __u32 i)
{
	reader_close(&w->reader);
	vm_drop_vfio(&w->vm);
	expect(w, "device", vm_add_vfio(&w->vm), 0);
	expect(w, "reader", reader_open(&w->reader, &w->vm), 0);
	return w->used[i] && w->guest[i] != NONE ? w->guest[i] : some_guest(w);
}

static const struct {
	const char *name;
	__u32 (*run)(struct worker *w, __u32 i);
	unsigned int weight;
} steps[] = {
	{ "alloc", step_alloc, 100 },
	{ "alloc with guest", step_alloc_guest, 200 },
	{ "bind", step_bind, 250 },
	{ "unbind", step_unbind, 250 },
	{ "free", step_free, 95 },
	{ "late device", step_device, 5 },
};

static unsigned int some_step(struct worker *w)
{
	unsigned int all = 0, i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		all += steps[i].weight;
	all = rand_r(&w->rnd) % all;
	for (i = 0; all >= steps[i].weight; i++)
		all -= steps[i].weight;
	return i;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	__u32 guest;

	if (setting("IOASID_FAIL", 0))
		expect(w, "make-it-fail", fail_thread(true), 0);
	for (w->at = 0; w->at < w->steps && !w->wrong; w->at++) {
		unsigned int step = some_step(w);

		guest = steps[step].run(w, rand_r(&w->rnd) % PASIDS);
		w->done[step]++;
		look(w, &w->reader, guest);
		look(w, w->steady, guest);
	}
	return NULL;
}

/* -------- around it -------- */

static int compare_guests(const void *a, const void *b)
{
	const struct translation *one = a, *other = b;

	return one->guest < other->guest ? -1 : 1;
}

/* All of it, in the order of the guest PASIDs. */
static __u32 model(struct worker *w, struct translation *all)
{
	__u32 i, t, nr = 0;

	for (t = 0; t < THREADS; t++) {
		for (i = 0; i < PASIDS; i++) {
			if (!w[t].used[i] || w[t].guest[i] == NONE)
				continue;
			all[nr].guest = w[t].guest[i];
			all[nr++].pasid = w[t].first + i;
		}
	}
	qsort(all, nr, sizeof(*all), compare_guests);
	return nr;
}

static bool is_as_the_model(struct worker *w, struct vm *steady, int container)
{
	struct translation *all = translations_alloc();
	__u32 nr, i;
	bool ok;

	if (!all)
		return false;
	nr = model(w, all);
	ksft_print_msg("%u are bound in the end\n", nr);
	ok = vm_table_is(steady, all, nr) &&
	     vm_table_is_list(steady, container);
	for (i = 0; i < THREADS; i++)
		ok = vm_table_is(&w[i].vm, all, nr) && ok;
	free(all);
	return ok;
}

static void say_steps(struct worker *w, __u64 start, __u32 late)
{
	__u32 i, t, nr;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		for (nr = 0, t = 0; t < THREADS; t++)
			nr += w[t].done[i];
		ksft_print_msg("%s: %u times\n", steps[i].name, nr);
	}
	ksft_print_msg("%llu ms, %u entries waited for memory\n",
		       (now_ns() - start) / 1000000, late);
}

static struct container container;
static struct vm steady;
static struct table_reader reader;
static struct worker workers[THREADS];

static bool set_up(unsigned int seed)
{
	__u32 shared_min, i, j;

	if (container_open(&container, 0) || vm_open(&steady) ||
	    vm_add_vfio(&steady) || reader_open(&reader, &steady) ||
	    _test_pasid_quota(container.fd, VFIO_PASID_QUOTA_LIMIT, 0,
			      PASID_LIMIT_NONE))
		return false;
	shared_min = pasid_shared_min(container.fd);
	for (i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		w->rnd = seed + i;
		w->steps = setting("IOASID_STEPS", DEFAULT_STEPS) / THREADS;
		w->container = container.fd;
		w->first = shared_min + i * PASIDS;
		w->part = i;
		w->steady = &reader;
		for (j = 0; j < PASIDS; j++)
			w->guest[j] = NONE;
		if (vm_open(&w->vm) || vm_add_vfio(&w->vm) ||
		    reader_open(&w->reader, &w->vm))
			return false;
	}
	return true;
}

static bool tear_down(__u64 memory)
{
	int i;

	for (i = 0; i < THREADS; i++) {
		reader_close(&workers[i].reader);
		vm_close(&workers[i].vm);
	}
	reader_close(&reader);
	_test_free_pasid(container.fd, 0, UINT_MAX);
	if (!vm_table_is_empty(&steady) || pasid_used(container.fd))
		return false;
	vm_close(&steady);
	container_close(&container);
	return wait_until(sec_page_tables() == memory);
}

static bool run_workers(void)
{
	struct table_info info = {};
	__u64 start = now_ns();
	bool ok = true;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			ksft_exit_fail_msg("no thread\n");
	for (i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		if (!workers[i].wrong)
			continue;
		ksft_print_msg("thread %d, step %u: %s\n", i, workers[i].at,
			       workers[i].wrong);
		ok = false;
	}
	vm_table_info(&steady, &info);
	say_steps(workers, start, info.late);
	return ok;
}

int main(void)
{
	unsigned int seed = setting("IOASID_SEED", time(NULL));
	const char *why = missing(1) ?: missing_kvm();
	__u32 fail = setting("IOASID_FAIL", 0);
	__u64 memory = sec_page_tables();

	ksft_print_header();
	ksft_set_plan(3);
	if (why)
		ksft_exit_skip("%s\n", why);
	ksft_print_msg("IOASID_SEED=%u\n", seed);
	if (!set_up(seed))
		ksft_exit_fail_msg("set up: %s\n", strerror(errno));
	if (fail && fail_pages(fail))
		ksft_exit_fail_msg("%s: %s\n", FAIL_FOLDER, strerror(errno));

	ksft_test_result(run_workers(), "table_follows_each_step\n");
	if (fail)
		fail_pages(0);
	ksft_test_result(is_as_the_model(workers, &steady, container.fd),
			 "table_and_list_are_as_the_model\n");
	ksft_test_result(tear_down(memory), "nothing_is_left\n");
	ksft_finished();
}
