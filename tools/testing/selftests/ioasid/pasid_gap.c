// SPDX-License-Identifier: GPL-2.0-only
/*
 * While one process gives back 300 000 PASIDs, in one call or by being killed,
 * another one allocates and frees on another CPU. How long must it wait at worst?
 *
 * Catches: a lock, or interrupts off, held for as long as there are PASIDs to free.
 *
 * What else runs on the machine, and under an emulator what runs on the host, only
 * makes gaps longer. So the best of several rounds tells what the kernel does, and
 * a window of the same length without a free tells how noisy the machine is.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest.h"
#include "ioasid_utils.h"

#define NR_PASIDS	300000U
#define MIN_ROUNDS	5
#define MAX_ROUNDS	40
#define MAX_GAP_NS	10000000ULL
/* A kernel full of debugging has other gaps, and would take an hour. */
#define MAX_COST_NS	60000

/* What the owner of the many is told, and says. */
enum step { OWNER_FILLS, OWNER_IS_FULL, OWNER_FREES, OWNER_IS_EMPTY, OWNER_FAILED };

struct shared {
	enum step step;
	/* Odd while gaps count; every new window begins at 0. */
	unsigned int window;
	__u64 worst;
	__u64 loops;
};

static struct shared *shared;

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(KSFT_FAIL);
}

static pid_t start(void (*run)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		_exit(KSFT_FAIL);
	}
	return pid;
}

/*
 * So that a gap is one in which the kernel could not let the prober run, and not
 * one in which it ran the next task whose turn it was. Needs not succeed.
 */
static void be_first(void)
{
	struct sched_param param = { .sched_priority = 1 };

	sched_setscheduler(0, SCHED_FIFO, &param);
}

/* Allocates and frees, and never stops looking at the clock in a window. */
static void run_prober(void)
{
	unsigned int window = 0;
	__u64 last = 0, worst = 0, now;
	struct container c;
	__u32 pasid;

	pin(1);
	be_first();
	if (observer_open(&c, 2))
		return;
	for (;;) {
		if (!(window % 2))
			usleep(500);
		if (_test_alloc_pasid(c.fd, 0, UINT_MAX, &pasid) ||
		    _test_free_pasid(c.fd, pasid, pasid))
			return;
		now = now_ns();
		/* Windows are open while the number is odd. */
		if (window != load_shared(shared->window)) {
			window = load_shared(shared->window);
			worst = 0;
		} else if (now - last > worst) {
			worst = now - last;
		}
		last = now;
		store_shared(shared->worst, worst);
		store_shared(shared->loops, shared->loops + 1);
	}
}

static void run_owner(void)
{
	struct container c;
	int err;

	pin(0);
	if (observer_open(&c, 1) || alloc_pasids(c.fd, NR_PASIDS) < NR_PASIDS) {
		store_shared(shared->step, OWNER_FAILED);
		return;
	}
	store_shared(shared->step, OWNER_IS_FULL);
	while (load_shared(shared->step) != OWNER_FREES)
		usleep(1000);
	err = _test_free_pasid(c.fd, 0, UINT_MAX);
	store_shared(shared->step, err ? OWNER_FAILED : OWNER_IS_EMPTY);
	for (;;)
		pause();
}

static void await(enum step step)
{
	while (load_shared(shared->step) != step) {
		if (load_shared(shared->step) == OWNER_FAILED)
			ksft_exit_fail_msg("the owner of the many failed\n");
		sched_yield();
	}
}

/* The worst gap of a round, and how long the round took. */
struct round {
	__u64 worst;
	__u64 spent;
};

static void await_prober(void)
{
	__u64 loops = load_shared(shared->loops);

	/* It has come round since, and so seen the window's number. */
	if (!wait_until(load_shared(shared->loops) > loops + 1))
		ksft_exit_fail_msg("the prober does not run\n");
}

static void open_window(struct round *round)
{
	store_shared(shared->window, shared->window + 1);
	await_prober();
	round->spent = now_ns();
}

static void close_window(struct round *round)
{
	round->spent = now_ns() - round->spent;
	/* A gap that is still open counts when it ends. */
	await_prober();
	round->worst = load_shared(shared->worst);
	store_shared(shared->window, shared->window + 1);
	await_prober();
}

static void measure(struct round *round, struct round *quiet, bool by_kill)
{
	pid_t owner;

	shared->step = OWNER_FILLS;
	owner = start(run_owner);
	await(OWNER_IS_FULL);

	open_window(round);
	if (by_kill) {
		kill(owner, SIGKILL);
		waitpid(owner, NULL, 0);
	} else {
		store_shared(shared->step, OWNER_FREES);
		await(OWNER_IS_EMPTY);
	}
	close_window(round);

	if (!by_kill) {
		kill(owner, SIGKILL);
		waitpid(owner, NULL, 0);
	}
	open_window(quiet);
	usleep(round->spent / 1000);
	close_window(quiet);
}

static int compare_rounds(const void *a, const void *b)
{
	__u64 x = ((const struct round *)a)->worst;
	__u64 y = ((const struct round *)b)->worst;

	return (x > y) - (x < y);
}

/* Sorts the rounds, so that the first is the best one. */
static void print_rounds(const char *how, struct round *round, int nr)
{
	qsort(round, nr, sizeof(*round), compare_rounds);
	ksft_print_msg("%s: best %llu us, median %llu us, of %d\n", how,
		       round[0].worst / 1000, round[nr / 2].worst / 1000, nr);
}

/*
 * Where windows without a free are as bad, the machine cannot tell; except for a
 * gap that is most of the free, which no noise explains.
 */
static void judge(const char *how, struct round *round, struct round *quiet,
		  int nr)
{
	struct round *best = &round[0], *noise = &quiet[nr / 2];

	if (best->worst > MAX_GAP_NS && noise->worst > MAX_GAP_NS &&
	    best->worst < best->spent / 2)
		ksft_test_result_skip("%s: the machine itself stops for %llu us\n",
				      how, noise->worst / 1000);
	else
		ksft_test_result(best->worst <= MAX_GAP_NS,
				 "%s of %u PASIDs: worst gap of another process %llu us\n",
				 how, NR_PASIDS, best->worst / 1000);
}

/* On a noisy machine it takes more rounds to see one that nothing disturbed. */
static void run_rounds(const char *how, bool by_kill)
{
	struct round round[MAX_ROUNDS], quiet[MAX_ROUNDS];
	__u64 best = ~0ULL;
	int nr;

	for (nr = 0; nr < MAX_ROUNDS; nr++) {
		if (nr >= MIN_ROUNDS && best <= MAX_GAP_NS)
			break;
		measure(&round[nr], &quiet[nr], by_kill);
		best = round[nr].worst < best ? round[nr].worst : best;
		ksft_print_msg("round %d: worst gap %llu us, %s took %llu ms; %llu us without\n",
			       nr + 1, round[nr].worst / 1000, how,
			       round[nr].spent / 1000000,
			       quiet[nr].worst / 1000);
	}
	print_rounds("as long without a free", quiet, nr);
	print_rounds(how, round, nr);
	judge(how, round, quiet, nr);
}

int main(void)
{
	const char *why = missing(3);
	struct container observer;
	pid_t prober;
	__u64 cost;

	ksft_print_header();
	if (why)
		ksft_exit_skip("%s\n", why);
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		ksft_exit_skip("it takes two CPUs\n");
	if (observer_open(&observer, 0))
		ksft_exit_fail_msg("container: %s\n", strerror(errno));
	if (pasid_available(observer.fd) <= NR_PASIDS)
		ksft_exit_skip("the system has only %u PASIDs\n",
			       pasid_available(observer.fd));
	cost = ns_per_pasid(observer.fd);
	if (cost > MAX_COST_NS)
		ksft_exit_skip("%llu us for a PASID: this kernel is too slow\n",
			       cost / 1000);
	ksft_set_plan(2);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));

	pin(0);
	prober = start(run_prober);
	run_rounds("range free", false);
	run_rounds("kill", true);
	kill(prober, SIGKILL);
	waitpid(prober, NULL, 0);
	ksft_finished();
}
