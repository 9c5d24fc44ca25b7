// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that allocate and free at random are killed at random, one after the
 * other and several at once; at the end no PASID is missing.
 *
 * Catches: a PASID, a binding or a guarantee that is lost between two steps of a
 * call, a set that outlives its process, a use after free on the way out (with KASAN).
 *
 * IOASID_KILLS says how many, otherwise it is 1000 or what a slow kernel gets done
 * in a minute; IOASID_SEED repeats a run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "../kselftest.h"
#include "ioasid_utils.h"

#define MAX_SLOTS	4
#define DEFAULT_KILLS	1000
#define DEFAULT_NS	60000000000ULL
/* How long a process lives once it has a container, at most. */
#define LIFE_NS		6000000

struct slot {
	pid_t pid;
	__u64 deadline;
	/* Kill it while it still opens its container. */
	bool early;
	bool ready;
	/* What the process did, for the one who kills it. */
	__u32 held;
	__u64 calls;
};

static struct slot *slots;
static unsigned int seed;

static void one_call(int fd, int device, unsigned int *rnd, struct slot *slot)
{
	__u32 low = rand_r(rnd) % 2000, pasid;
	struct vfio_iommu_pasid_entry entry;

	switch (rand_r(rnd) % 20) {
	case 0:
		_test_free_pasid(fd, low, low + rand_r(rnd) % 100);
		break;
	case 1:
		_test_free_pasid(fd, 0, UINT_MAX);
		break;
	case 2:
		_test_pasid_quota(fd, VFIO_PASID_QUOTA_GUARANTEE,
				  rand_r(rnd) % 500, 0);
		break;
	case 3:
		store_shared(slot->held, pasid_used(fd));
		break;
	case 4:
	case 5:
	case 6:
		_test_alloc_guest(fd, low, &pasid);
		break;
	case 7:
		_test_unbind_pasid(fd, low);
		break;
	case 8:
		_test_list_pasids(fd, &low, &(__u32){ 1 }, &entry);
		break;
	case 9:
	case 10:
		_test_alloc_local_guest(fd, device, low, &pasid);
		break;
	case 11:
		_test_free_local(fd, device, 0, low);
		break;
	default:
		_test_alloc_pasid(fd, low, UINT_MAX, &pasid);
		break;
	}
	slot->calls++;
}

static void run(unsigned int dev, unsigned int rnd, struct slot *slot)
{
	struct container c;
	int device;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (container_open(&c, dev))
		_exit(KSFT_FAIL);
	store_shared(slot->ready, true);
	device = device_open(&c, dev);
	for (;;)
		one_call(c.fd, device, &rnd, slot);
}

static void start(unsigned int dev)
{
	struct slot *slot = &slots[dev];
	unsigned int rnd = rand_r(&seed);
	pid_t pid;

	slot->ready = false;
	slot->held = 0;
	slot->early = rand_r(&seed) % 8 == 0;
	slot->deadline = slot->early ? now_ns() + rand_r(&seed) % LIFE_NS : 0;
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (!pid)
		run(dev, rnd, slot);
	slot->pid = pid;
}

/* Whether its time has come; that begins when its container is there. */
static bool is_due(struct slot *slot)
{
	if (load_shared(slot->ready) && !slot->early && !slot->deadline)
		slot->deadline = now_ns() + rand_r(&seed) % LIFE_NS;
	return slot->deadline && now_ns() >= slot->deadline;
}

/* Returns whether the process had PASIDs when it was last seen. */
static bool end(struct slot *slot)
{
	int status;

	kill(slot->pid, SIGKILL);
	if (waitpid(slot->pid, &status, 0) != slot->pid || !WIFSIGNALED(status))
		ksft_exit_fail_msg("a process ended by itself, status %#x\n",
				   status);
	slot->pid = 0;
	return load_shared(slot->held);
}

struct tally {
	__u32 wanted;
	__u32 started;
	__u32 killed;
	__u32 holders;
};

static bool turn(unsigned int dev, struct tally *tally)
{
	struct slot *slot = &slots[dev];

	if (!slot->pid && tally->started < tally->wanted) {
		start(dev);
		tally->started++;
		return true;
	}
	if (!slot->pid || !is_due(slot))
		return false;
	tally->holders += end(slot);
	if (++tally->killed % 100 == 0)
		ksft_print_msg("%u killed\n", tally->killed);
	return true;
}

static void kill_all(unsigned int nr_slots, __u64 end, struct tally *tally)
{
	__u64 last = now_ns();
	unsigned int i;
	bool moved;

	fflush(stdout);
	while (tally->killed < tally->wanted) {
		if (now_ns() > end)
			tally->wanted = tally->started;
		for (moved = false, i = 0; i < nr_slots; i++)
			moved |= turn(i, tally);
		if (moved)
			last = now_ns();
		else if (now_ns() - last > WAIT_SECONDS * 1000000000ULL)
			ksft_exit_fail_msg("nothing moves any more\n");
		else
			usleep(200);
	}
}

static __u32 count_free(void)
{
	struct container c;
	__u32 free;

	if (observer_open(&c, 0))
		ksft_exit_fail_msg("container: %s\n", strerror(errno));
	free = pasid_available(c.fd);
	container_close(&c);
	return free;
}

int main(void)
{
	unsigned int nr_slots = min_u32(nr_devices(), MAX_SLOTS), i;
	struct tally tally = { .wanted = setting("IOASID_KILLS", 0) };
	__u64 end = tally.wanted ? ~0ULL : now_ns() + DEFAULT_NS, calls = 0;
	const char *why = missing(1);
	__u32 before;

	ksft_print_header();
	if (why)
		ksft_exit_skip("%s\n", why);
	ksft_set_plan(2);
	tally.wanted = tally.wanted ?: DEFAULT_KILLS;
	seed = setting("IOASID_SEED", time(NULL) ^ getpid());
	slots = mmap(NULL, MAX_SLOTS * sizeof(*slots), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));

	before = count_free();
	ksft_print_msg("IOASID_SEED=%u, %u processes, %u at a time, %u PASIDs\n",
		       seed, tally.wanted, nr_slots, before);
	kill_all(nr_slots, end, &tally);
	for (i = 0; i < nr_slots; i++)
		calls += slots[i].calls;
	ksft_print_msg("%u killed, %u of them with PASIDs, after %llu calls\n",
		       tally.killed, tally.holders, calls);
	/* Else the kills came too early to mean anything. */
	ksft_test_result(tally.holders && tally.holders >= tally.killed / 10,
			 "%u of %u processes had PASIDs when killed\n",
			 tally.holders, tally.killed);
	wait_until(count_free() == before);
	ksft_test_result(count_free() == before,
			 "%u of %u PASIDs are free at the end\n", count_free(),
			 before);
	ksft_finished();
}
