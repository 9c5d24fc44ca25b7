// SPDX-License-Identifier: GPL-2.0-only
/*
 * PEER MODE N [threads=N] [owners=N] [ms=N] [loops=N]: measures one peer in one mode
 * and prints a line "OPERATION VALUE" for each thing it can do, in ns per call as one
 * thread sees it; or bytes per number, or us.
 *
 *	population N	allocate, free and look up while N numbers are taken
 *	private N	look one of N private numbers up
 *	owners N	look one of N owners up; make and close one; adjust one
 *	listeners N	allocate and free while N listen
 *	close N		an owner of N numbers, at once: ns per number
 *	memory N	bytes for each of N numbers; with owners=, N for each of these
 *	holds N		the longest time for which interrupts would be off, in us, while
 *			an owner of N is made, listened to and closed. A build of its own
 *
 * Each operation is run for some milliseconds, several times; the median counts.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <linux/rcupdate.h>
#include <shim.h>

#ifdef SHIM_HOLDS
#include "shim/holds.h"
#endif
#include "speed.h"

#define THREADS_MAX	2
#define LOOPS_MAX	31
#define TRIES		3	/* for each loop, until nobody gets in between */
#define CHUNK		64	/* calls between two looks at the clock */
#define MS		1000000UL

/* A number of the largest population takes as much, all in all, with room to spare. */
#define BYTES_PER_NUMBER	200
#define BYTES_ALWAYS		(48UL << 20)

struct thread {
	unsigned int owner;
	u32 min, max;		/* its part of the population */
	u64 rnd;
	unsigned long calls, ns, switches;
	unsigned long sink;
} __attribute__((aligned(128)));	/* the next line is fetched along */

/* @waits: for others, so that time counts in which the thread does not run */
struct operation {
	const char *name;
	bool (*has)(void);
	void (*run)(struct thread *me, unsigned int calls);
	bool waits;
};

struct result {
	double ns;
	unsigned long switches;
};

static const struct speed_peer *const peer = &speed_peer;
static unsigned int nr_threads = 1, nr_owners, ms = 20, nr_loops = 5;
static u32 population;
static struct thread threads[THREADS_MAX];
static pthread_barrier_t barrier;
static const struct operation *running;
static cpu_set_t cpus;

void speed_die(const char *why)
{
	fprintf(stderr, "error: %s: %s\n", peer->name, why);
	exit(2);
}

static unsigned long clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000UL + ts.tv_nsec;
}

static unsigned long now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* How often somebody else had the CPU though this thread could go on. */
static unsigned long nr_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

/* xorshift: a nanosecond, and the same numbers in each run. */
static u32 below(struct thread *me, u32 n)
{
	me->rnd ^= me->rnd << 13;
	me->rnd ^= me->rnd >> 7;
	me->rnd ^= me->rnd << 17;
	return (me->rnd >> 32) * n >> 32;
}

static u32 any_of_mine(struct thread *me)
{
	return me->min + below(me, me->max - me->min + 1);
}

static u32 must_alloc(unsigned int owner, u32 min, u32 max)
{
	u32 id = peer->alloc(owner, min, max);

	if (id < min || id > max)
		speed_die("no number where there has to be one");
	return id;
}

/* What is measured. */

static void run_pair(struct thread *me, unsigned int calls)
{
	while (calls--)
		peer->free(me->owner, must_alloc(me->owner, 1, NUMBERS - 1));
}

/* All numbers are taken, so the one that was freed has to be found again. */
static void run_pair_rand(struct thread *me, unsigned int calls)
{
	while (calls--) {
		peer->free(me->owner, any_of_mine(me));
		must_alloc(me->owner, me->min, me->max);
	}
}

static void run_find(struct thread *me, unsigned int calls)
{
	while (calls--)
		me->sink += peer->find(me->owner, any_of_mine(me));
}

static void run_find_hold(struct thread *me, unsigned int calls)
{
	while (calls--)
		me->sink += peer->find_hold(me->owner, any_of_mine(me));
}

static void run_find_ref(struct thread *me, unsigned int calls)
{
	while (calls--)
		me->sink += peer->find_ref(me->owner, any_of_mine(me));
}

static void run_find_private(struct thread *me, unsigned int calls)
{
	while (calls--)
		me->sink += peer->find_private(below(me, population));
}

static void run_find_owner(struct thread *me, unsigned int calls)
{
	while (calls--)
		me->sink += peer->find_owner(below(me, nr_owners));
}

static void run_make_owner(struct thread *me, unsigned int calls)
{
	while (calls--)
		peer->make_owner();
}

static void run_adjust(struct thread *me, unsigned int calls)
{
	while (calls--)
		peer->adjust(0, NUMBERS / 2 + (calls & 1));
}

static bool always(void) { return true; }
static bool has_find(void) { return peer->find; }
static bool has_find_hold(void) { return peer->find_hold; }
static bool has_find_ref(void) { return peer->find_ref; }
static bool has_find_private(void) { return peer->find_private; }
static bool has_owners(void) { return peer->owners; }

static const struct operation of_population[] = {
	{ "pair", always, run_pair },
	{ "pair_rand", always, run_pair_rand },
	{ "find", has_find, run_find },
	{ "find_hold", has_find_hold, run_find_hold },
	{ "find_ref", has_find_ref, run_find_ref },
	{}
};

static const struct operation of_private[] = {
	{ "find_private", has_find_private, run_find_private },
	{}
};

static const struct operation of_owners[] = {
	{ "find_token", has_owners, run_find_owner },
	{ "set_create_free", has_owners, run_make_owner, .waits = true },
	{ "adjust", has_owners, run_adjust },
	{}
};

static const struct operation of_listeners[] = {
	{ "pair_notify", has_owners, run_pair },
	{}
};

/* Running it. */

/* The thread that looks after RCU may be anywhere, these may not. */
static void pin(unsigned int nr)
{
	cpu_set_t one;
	int cpu;

	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &cpus) && !nr--)
			break;
	if (cpu == CPU_SETSIZE)
		speed_die("this machine has too few CPUs");
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

/* The time that the thread ran: a machine that does other things as well is no slower. */
static void run_for_a_while(struct thread *me)
{
	clockid_t clock = running->waits ? CLOCK_MONOTONIC :
					   CLOCK_THREAD_CPUTIME_ID;
	unsigned long end, start;

	me->calls = 0;
	pthread_barrier_wait(&barrier);
	me->switches = nr_switches();
	end = now() + ms * MS;
	start = clock_ns(clock);
	do {
		running->run(me, CHUNK);
		me->calls += CHUNK;
	} while (now() < end);
	me->ns = clock_ns(clock) - start;
	me->switches = nr_switches() - me->switches;
	pthread_barrier_wait(&barrier);
}

static void *thread_loop(void *arg)
{
	struct thread *me = arg;

	pin(me - threads);
	for (;;) {
		pthread_barrier_wait(&barrier);
		run_for_a_while(me);
	}
	return NULL;
}

static struct result run_once(void)
{
	struct result result = {};
	double rate = 0;
	unsigned int i;

	pthread_barrier_wait(&barrier);
	run_for_a_while(&threads[0]);
	for (i = 0; i < nr_threads; i++) {
		rate += (double)threads[i].calls / threads[i].ns;
		result.switches += threads[i].switches;
	}
	result.ns = nr_threads / rate;
	return result;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int compare_switches(const void *a, const void *b)
{
	const struct result *x = a, *y = b;

	return x->switches < y->switches ? -1 : x->switches > y->switches;
}

static double median(double *value, unsigned int nr)
{
	qsort(value, nr, sizeof(*value), compare);
	return (value[nr / 2] + value[(nr - 1) / 2]) / 2;
}

/*
 * Who waits for a thread that somebody else took off its CPU waits for as long as that
 * one likes. So the loops count in which that did not happen, or happened least.
 */
static double measure_one(void)
{
	struct result result[LOOPS_MAX * TRIES];
	unsigned int i, clean = 0, tries = 0;
	double value[LOOPS_MAX];

	while (clean < nr_loops && tries < nr_loops * TRIES) {
		result[tries] = run_once();
		clean += !result[tries++].switches;
	}
	qsort(result, tries, sizeof(*result), compare_switches);
	for (i = 0; i < nr_loops; i++)
		value[i] = result[i].ns;
	return median(value, nr_loops);
}

static void measure(const struct operation *operation)
{
	for (; operation->name; operation++) {
		if (!operation->has())
			continue;
		running = operation;
		printf("%s %.3f\n", operation->name, measure_one());
		fflush(stdout);
	}
}

/* Each thread has a part of the numbers; its owner, too, if there is one for each. */
static void divide(u32 nr)
{
	unsigned int i;

	for (i = 0; i < nr_threads; i++) {
		threads[i].owner = nr_owners >= nr_threads ? i : 0;
		threads[i].min = 1 + (u64)nr * i / nr_threads;
		threads[i].max = (u64)nr * (i + 1) / nr_threads;
		threads[i].rnd = 88172645463325252UL + i;
	}
}

static void start_threads(void)
{
	static pthread_t helpers[THREADS_MAX];
	unsigned int i;

	pthread_barrier_init(&barrier, NULL, nr_threads);
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		speed_die("nobody knows on which CPUs it may run");
	pin(0);
	for (i = 1; i < nr_threads; i++)
		pthread_create(&helpers[i], NULL, thread_loop, &threads[i]);
}

static void populate(void)
{
	unsigned int i;
	u32 id;

	for (i = 0; i < nr_threads; i++)
		for (id = threads[i].min; id <= threads[i].max; id++)
			must_alloc(threads[i].owner, id, threads[i].max);
}

/* The modes. */

static void mode_population(u32 nr)
{
	peer->open(nr_owners);
	divide(nr);
	populate();
	measure(of_population);
}

static void mode_private(u32 nr)
{
	u32 id;

	if (!peer->find_private)
		return;
	peer->open(1);
	divide(nr);
	populate();
	for (id = 1; id <= nr; id++)
		peer->bind(id, id - 1);
	population = nr;
	measure(of_private);
}

static void mode_owners(u32 nr)
{
	nr_owners = nr;
	peer->open(nr);
	divide(0);
	measure(of_owners);
}

static void mode_listeners(u32 nr)
{
	if (!peer->listen)
		return;
	peer->open(1);
	divide(1000);
	populate();
	peer->listen(nr);
	measure(of_listeners);
}

static void mode_close(u32 nr)
{
	double value[LOOPS_MAX];
	unsigned long start;
	unsigned int i;

	if (!peer->close)
		return;
	for (i = 0; i < nr_loops; i++) {
		peer->open(1);
		divide(nr);
		populate();
		rcu_barrier();
		start = now();
		peer->close(0);
		value[i] = (double)(now() - start) / nr;
		rcu_barrier();
	}
	printf("free_set %.3f\n", median(value, nr_loops));
}

/* Owners take turns, so that their numbers interleave. */
static void mode_memory(u32 nr)
{
	u64 i, all = (u64)nr * nr_owners;
	long before;

	peer->open(nr_owners);
	rcu_barrier();
	before = shim_slab_bytes();
	for (i = 0; i < all; i++)
		must_alloc(i % nr_owners, 1, NUMBERS - 1);
	rcu_barrier();
	printf("memory %.3f\n", (double)(shim_slab_bytes() - before) / all);
}

#ifdef SHIM_HOLDS
#define HOLDS_REPEATS	3

static void holds_begin(void)
{
	shim_holds.nr = 0;
	shim_holds.who = shim_self();
}

static void holds_end(void)
{
	shim_holds.who = NULL;
}

static void holds_forget(void)
{
	memset(shim_holds.ns, 0xff, sizeof(shim_holds.ns));
}

static void holds_print(const char *what)
{
	unsigned int i, longest = 0;

	for (i = 0; i < shim_holds.nr && i < SHIM_HOLDS_MAX; i++)
		if (shim_holds.ns[i] != ~0U && shim_holds.ns[i] > longest)
			longest = shim_holds.ns[i];
	printf("%s %.3f\n", what, longest / 1e3);
	holds_forget();
}

static void holds_populate(u32 nr)
{
	peer->open(1);
	divide(nr);
	populate();
	rcu_barrier();
}

static void holds_of_close(u32 nr)
{
	int i;

	for (i = 0; i < HOLDS_REPEATS; i++) {
		holds_populate(nr);
		holds_begin();
		peer->close(0);
		holds_end();
		rcu_barrier();
	}
	holds_print("hold_free_set");
}

static void holds_of_alloc(u32 nr)
{
	int i;

	for (i = 0; i < HOLDS_REPEATS; i++) {
		holds_begin();
		holds_populate(nr);
		holds_end();
		peer->close(0);
		rcu_barrier();
	}
	holds_print("hold_alloc");
}

static void holds_of_free_range(u32 nr)
{
	int i;

	for (i = 0; i < HOLDS_REPEATS; i++) {
		holds_populate(nr);
		holds_begin();
		peer->free_range(1, nr);
		holds_end();
		peer->close(0);
		rcu_barrier();
	}
	holds_print("hold_free_range");
}

/* The one who comes late is told of all that there is. */
static void holds_of_listen(u32 nr)
{
	int i;

	holds_populate(nr);
	for (i = 0; i < HOLDS_REPEATS; i++) {
		holds_begin();
		peer->listen(1);
		holds_end();
		peer->listen(0);
	}
	peer->close(0);
	holds_print("hold_listen");
}

static void mode_holds(u32 nr)
{
	holds_forget();
	holds_of_alloc(nr);
	holds_of_close(nr);
	if (peer->free_range)
		holds_of_free_range(nr);
	if (peer->listen)
		holds_of_listen(nr);
}
#endif

static const struct {
	const char *name;
	void (*run)(u32 nr);
} modes[] = {
	{ "population", mode_population },
	{ "private", mode_private },
	{ "owners", mode_owners },
	{ "listeners", mode_listeners },
	{ "close", mode_close },
	{ "memory", mode_memory },
#ifdef SHIM_HOLDS
	{ "holds", mode_holds },
#endif
};

static void option(const char *arg)
{
	if (sscanf(arg, "threads=%u", &nr_threads) == 1 ||
	    sscanf(arg, "owners=%u", &nr_owners) == 1 ||
	    sscanf(arg, "ms=%u", &ms) == 1 ||
	    sscanf(arg, "loops=%u", &nr_loops) == 1)
		return;
	speed_die("there is no such option");
}

static void run_mode(const char *name, u32 nr)
{
	unsigned int i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(name, modes[i].name))
			continue;
		start_threads();
		modes[i].run(nr);
		return;
	}
	speed_die("there is no such mode");
}

int main(int argc, char **argv)
{
	u32 nr;
	int i;

	if (argc < 3)
		speed_die("say which mode, and N");
	for (i = 3; i < argc; i++)
		option(argv[i]);
	if (!nr_owners)
		nr_owners = nr_threads;
	if (!nr_threads || nr_threads > THREADS_MAX || nr_loops > LOOPS_MAX ||
	    !nr_loops || nr_owners > OWNERS_MAX)
		speed_die("not so many");

	/* Before there are threads. Who may not is disturbed more often. */
	setpriority(PRIO_PROCESS, 0, -20);
	nr = strtoul(argv[2], NULL, 0);
	shim_slab_populate(BYTES_ALWAYS + (size_t)nr * BYTES_PER_NUMBER);
	radix_tree_init();
	shim_start_threads(1);
	peer->init();
	run_mode(argv[1], nr);
	/* Whatever there is goes with the process. */
	fflush(stdout);
	_exit(0);
}
