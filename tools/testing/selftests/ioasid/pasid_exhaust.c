// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three processes hand out every PASID of the system, each number once, and give
 * all of them back by being killed.
 *
 * Catches: a number given twice or never, a number beyond the capacity, books that
 * drift over a million allocations, PASIDs that a kill leaves behind.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "ioasid_utils.h"

#define NR_WORKERS	3
#define MAX_PASIDS	0x100000U
#define PROGRESS	0x20000U
/* A kernel full of debugging would take an hour. */
#define MAX_COST_NS	60000

struct worker {
	pid_t pid;
	__u32 count;
	__u64 spent;
	/* The errno that ended its allocations. */
	int error;
	bool done;
};

struct shared {
	bool start;
	__u32 total;
	__u32 twice;
	__u32 outside;
	struct worker worker[NR_WORKERS];
	__u8 seen[MAX_PASIDS / 8];
};

static struct shared *shared;

static void record(__u32 pasid)
{
	__u8 bit = 1 << pasid % 8;

	if (!pasid || pasid >= MAX_PASIDS)
		__atomic_fetch_add(&shared->outside, 1, __ATOMIC_RELAXED);
	else if (__atomic_fetch_or(&shared->seen[pasid / 8], bit,
				   __ATOMIC_RELAXED) & bit)
		__atomic_fetch_add(&shared->twice, 1, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&shared->total, 1, __ATOMIC_RELAXED) % PROGRESS == 0)
		ksft_print_msg("%u PASIDs\n", shared->total);
}

static void work(struct worker *worker, unsigned int dev)
{
	struct container c;
	__u64 start;
	__u32 pasid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (observer_open(&c, dev))
		_exit(KSFT_FAIL);
	while (!load_shared(shared->start))
		usleep(1000);

	start = now_ns();
	while (!_test_alloc_pasid(c.fd, 0, UINT_MAX, &pasid)) {
		record(pasid);
		worker->count++;
	}
	worker->error = errno;
	worker->spent = now_ns() - start;
	store_shared(worker->done, true);
	for (;;)
		pause();
}

static void start_workers(void)
{
	int i;

	fflush(stdout);
	for (i = 0; i < NR_WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			ksft_exit_fail_msg("fork: %s\n", strerror(errno));
		if (!pid)
			work(&shared->worker[i], i + 1);
		shared->worker[i].pid = pid;
	}
	store_shared(shared->start, true);
}

/* False if one of them died instead. */
static bool wait_for_workers(void)
{
	int done = 0, i;

	while (done < NR_WORKERS) {
		if (waitpid(-1, NULL, WNOHANG) > 0)
			return false;
		usleep(10000);
		for (done = 0, i = 0; i < NR_WORKERS; i++)
			done += load_shared(shared->worker[i].done);
	}
	return true;
}

static __u64 kill_workers(void)
{
	__u64 start = now_ns();
	int i;

	for (i = 0; i < NR_WORKERS; i++)
		kill(shared->worker[i].pid, SIGKILL);
	for (i = 0; i < NR_WORKERS; i++)
		waitpid(shared->worker[i].pid, NULL, 0);
	return now_ns() - start;
}

static void report(int i, __u32 *sum, bool *refused)
{
	struct worker *worker = &shared->worker[i];

	ksft_print_msg("process %d: %u PASIDs, %llu a second, then %s\n", i + 1,
		       worker->count,
		       worker->count * 1000000000ULL / (worker->spent ?: 1),
		       strerror(worker->error));
	*sum += worker->count;
	*refused &= worker->error == ENOSPC;
}

int main(void)
{
	const char *why = missing(NR_WORKERS + 1);
	struct container observer;
	bool refused = true, ended;
	__u32 free, sum = 0;
	__u64 spent, cost;
	int i;

	ksft_print_header();
	if (why)
		ksft_exit_skip("%s\n", why);
	if (observer_open(&observer, 0))
		ksft_exit_fail_msg("container: %s\n", strerror(errno));
	cost = ns_per_pasid(observer.fd);
	if (cost > MAX_COST_NS)
		ksft_exit_skip("%llu us for a PASID: this kernel is too slow\n",
			       cost / 1000);
	free = pasid_available(observer.fd);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));

	ksft_set_plan(4);
	ksft_print_msg("%u PASIDs are free\n", free);
	start_workers();
	ended = wait_for_workers();
	for (i = 0; i < NR_WORKERS; i++)
		report(i, &sum, &refused);
	ksft_test_result(ended && sum == free,
			 "all %u PASIDs were handed out\n", sum);
	ksft_test_result(!shared->twice && !shared->outside,
			 "each number once: %u twice, %u outside\n",
			 shared->twice, shared->outside);
	ksft_test_result(refused && !pasid_available(observer.fd),
			 "each process was refused one more with ENOSPC\n");

	spent = kill_workers();
	wait_until(pasid_available(observer.fd) == free);
	ksft_print_msg("killed and returned in %llu ms\n", spent / 1000000);
	ksft_test_result(pasid_available(observer.fd) == free,
			 "%u PASIDs are free after the kill\n",
			 pasid_available(observer.fd));
	ksft_finished();
}
