// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a PASID costs that comes and goes through /dev/ioasid, and whether two processes
 * on two CPUs wait for each other. Each has a set of its own.
 *
 * Catches: a lock that all sets share on the way of an allocation or a free.
 *
 * What else runs on the machine, and under an emulator what runs on the host, only makes
 * things slower. So the best of several rounds tells what the kernel does, and calls that
 * do nothing tell what the machine gives two processes.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define PAIRS		2000
#define MIN_ROUNDS	5
#define MAX_ROUNDS	60
/* In hundredths of what two do that share nothing: 1.6 where these do 2.0. */
#define MIN_GAIN	80
/* A kernel full of debugging has other locks, and shows nothing. */
#define MAX_COST_NS	40000

struct shared {
	int ready;
	__u64 ns[2];
};

static int pair_cpus(int *cpu)
{
	cpu_set_t set;
	int i, nr = 0;

	sched_getaffinity(0, sizeof(set), &set);
	for (i = 0; i < CPU_SETSIZE && nr < 2; i++)
		if (CPU_ISSET(i, &set))
			cpu[nr++] = i;
	return nr;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
}

enum what { NOTHING, PASIDS, WHATS };

/* Two calls that do nothing, or one PASID; nanoseconds for all, 0 if one failed. */
static __u64 pairs(int fd, enum what what)
{
	__u64 start = now_ns();
	__u32 pasid;
	int i;

	for (i = 0; i < PAIRS; i++) {
		if (what == NOTHING) {
			ioctl(fd, _IO(0xff, 0xff));
			ioctl(fd, _IO(0xff, 0xff));
		} else if (node_alloc(fd, &pasid) ||
			   node_free(fd, pasid, pasid)) {
			return 0;
		}
	}
	return now_ns() - start;
}

/* All begin at once. */
static void run_process(struct shared *shared, enum what what, int me,
			int cpu)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	fd = node_open();
	__atomic_sub_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (load_shared(shared->ready))
		sched_yield();
	store_shared(shared->ns[me], fd < 0 ? 0 : pairs(fd, what));
	_exit(0);
}

FIXTURE(pair)
{
	struct shared *shared;
	int cpu[2];
	int cpus;
	int fd;
};

FIXTURE_SETUP(pair)
{
	struct ioasid_query_system info;

	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->shared);
	self->fd = node_open();
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, node_system(self->fd, &info));
	if (!info.capacity)
		SKIP(return, "the system has no PASIDs");
	self->cpus = pair_cpus(self->cpu);
}

FIXTURE_TEARDOWN(pair)
{
	close(self->fd);
	munmap(self->shared, sizeof(*self->shared));
}

/* The slower one of @nr processes; 0 if one of them failed. */
static __u64 round_of(struct shared *shared, enum what what, const int *cpu,
		      int nr)
{
	pid_t pid[2];
	__u64 ns = 0;
	int i;

	shared->ready = nr;
	for (i = 0; i < nr; i++) {
		shared->ns[i] = 0;
		pid[i] = fork();
		if (!pid[i])
			run_process(shared, what, i, cpu[i]);
	}
	for (i = 0; i < nr; i++) {
		/* Who waits for one that there is not would wait for ever. */
		if (pid[i] < 0)
			__atomic_sub_fetch(&shared->ready, 1, __ATOMIC_SEQ_CST);
		else
			waitpid(pid[i], NULL, 0);
	}
	for (i = 0; i < nr; i++) {
		if (!shared->ns[i])
			return 0;
		ns = shared->ns[i] > ns ? shared->ns[i] : ns;
	}
	return ns;
}

/* The best so far, of one process and of two. */
struct best {
	__u64 alone;
	__u64 together;
};

static bool one_round(struct shared *shared, const int *cpu, enum what what,
		      struct best *best)
{
	__u64 alone = round_of(shared, what, cpu, 1);
	__u64 together = round_of(shared, what, cpu, 2);

	if (!best->alone || alone < best->alone)
		best->alone = alone;
	if (!best->together || together < best->together)
		best->together = together;
	return alone && together;
}

/* In hundredths: what two do, of what one does. */
static __u64 gain(const struct best *best)
{
	return best->alone * 200 / best->together;
}

TEST_F_TIMEOUT(pair, two_sets_do_not_get_in_their_way, 300)
{
	struct best best[WHATS] = { };
	__u64 each;
	int round, what;

	if (self->cpus < 2)
		SKIP(return, "needs a second CPU");

	for (round = 0; round < MAX_ROUNDS; round++) {
		for (what = 0; what < WHATS; what++)
			ASSERT_TRUE(one_round(self->shared, self->cpu, what,
					      &best[what]));
		if (round >= MIN_ROUNDS &&
		    gain(&best[PASIDS]) * 100 >= gain(&best[NOTHING]) * MIN_GAIN)
			break;
	}
	each = best[PASIDS].alone / PAIRS;
	TH_LOG("a pair of calls %llu ns, two that do nothing %llu ns",
	       each, best[NOTHING].alone / PAIRS);
	TH_LOG("two processes do x%llu.%02llu of what one does; of nothing x%llu.%02llu",
	       gain(&best[PASIDS]) / 100, gain(&best[PASIDS]) % 100,
	       gain(&best[NOTHING]) / 100, gain(&best[NOTHING]) % 100);
	if (each > MAX_COST_NS)
		SKIP(return, "a PASID costs %llu ns here: a kernel that is full of checks", each);
	EXPECT_GE(gain(&best[PASIDS]) * 100, gain(&best[NOTHING]) * MIN_GAIN);
}

TEST_HARNESS_MAIN
