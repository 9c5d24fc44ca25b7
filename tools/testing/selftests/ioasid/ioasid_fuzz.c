// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls at random, of /dev/ioasid, of VFIO containers and of kvm-vfio devices, with
 * arguments, memory and descriptors that are right or wrong in all ways that there
 * are, by several processes with several threads, which are killed or become another
 * program in the middle of it.
 *
 * Each answer is judged by what the headers promise; the rest is for the checkers of
 * the kernel to find. At the end nothing is left of it all.
 *
 * IOASID_CALLS says how many, otherwise it is 40000; IOASID_SEED repeats a run as far
 * as threads can be repeated; IOASID_SECONDS ends it earlier, for a slow kernel.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "ioasid_cg.h"
#include "ioasid_fuzz.h"
#include "ioasid_kvm.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define DEFAULT_CALLS	40000
/* A process that makes no call for so long hangs. */
#define HANG_NS		90000000000ULL
/* Of a kind of which there were so many, some succeed and some fail. */
#define ENOUGH		1000

/* -------- all of them -------- */

struct slot {
	pid_t pid;
	__u64 rnd;
	__u32 ended[2];
};

static struct slot slots[NR_SLOTS];
static unsigned int nr_slots;

static void begin(unsigned int slot)
{
	__u64 seed = next_random(&slots[slot].rnd);
	__u32 nr = ++shared->lives;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (!pid)
		live(slot, nr, seed);
	slots[slot].pid = pid;
}

/* Only what its life could do to it; whatever is left of one's children as well. */
static void judge_end(pid_t pid, int status)
{
	unsigned int i;

	for (i = 0; i < nr_slots; i++) {
		if (slots[i].pid != pid)
			continue;
		slots[i].pid = 0;
		store_shared(shared->careful[i], 0);
		slots[i].ended[WIFSIGNALED(status)]++;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return;
	store_shared(shared->stop, 1);
	if (!__atomic_exchange_n(&shared->is_wrong, 1, __ATOMIC_ACQ_REL))
		snprintf(shared->wrong, sizeof(shared->wrong),
			 "a process ended with status %#x", status);
}

/* Returns whether there is any process. */
static bool reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		judge_end(pid, status);
	return !pid;
}

static void say_progress(void)
{
	static __s64 last;
	__s64 left = load_shared(shared->left);

	if (!last)
		last = left;
	if (last - left < 100000)
		return;
	last = left;
	ksft_print_msg("%lld calls are left, after %u lives\n", left,
		       shared->lives);
	fflush(stdout);
}

/* Where they are, for who wants to know why. */
static void show_stacks(void)
{
	static const char script[] =
		"cd /proc\n"
		"for t in [0-9]*/task/*; do\n"
		"  grep -qx ioasid_fuzz $t/comm || continue\n"
		"  echo \"# $t\"; head -n 8 $t/stack | sed 's/^/# /'\n"
		"done";

	fflush(stdout);
	if (system(script))
		ksft_print_msg("stacks cannot be shown\n");
}

static bool hangs(void)
{
	static __u64 since;
	static __s64 last = -1;
	__s64 left = load_shared(shared->left);

	if (left != last || !since) {
		last = left;
		since = now_ns();
	}
	return now_ns() - since > HANG_NS;
}

static void kill_all(void)
{
	unsigned int i;

	show_stacks();
	for (i = 0; i < nr_slots; i++)
		if (slots[i].pid)
			kill(-slots[i].pid, SIGKILL);
}

static bool run_all(__u64 end)
{
	unsigned int i;
	bool stop;

	for (;;) {
		stop = load_shared(shared->stop) || shared->left <= 0;
		if (!reap() && stop)
			return true;
		for (i = 0; i < nr_slots && !stop; i++)
			if (!slots[i].pid)
				begin(i);
		if (now_ns() > end)
			store_shared(shared->stop, 1);
		if (hangs()) {
			kill_all();
			ksft_print_msg("no call for %llu s\n",
				       HANG_NS / 1000000000);
			return false;
		}
		say_progress();
		usleep(2000);
	}
}

/* -------- what there was before, and has to be again -------- */

struct books {
	struct ioasid_query_system system;
	struct ioasid_query_set host;
	struct ioasid_set_entry sets[64];
	__u32 nr_sets;
	long charged;
	__u32 folders;
};

static __u32 count_folders(void)
{
	DIR *dir = opendir("/sys/kernel/debug/kvm");
	struct dirent *entry;
	__u32 nr = 0;

	while (dir && (entry = readdir(dir)))
		nr += !!strchr(entry->d_name, '-');
	if (dir)
		closedir(dir);
	return nr;
}

static bool read_books(int node, struct books *books)
{
	__u32 id = 0;

	memset(books, 0, sizeof(*books));
	books->nr_sets = ARRAY_SIZE(books->sets);
	books->charged = cg_current("");
	books->folders = count_folders();
	return !node_system(node, &books->system) &&
	       !node_query_id(node, 0, &books->host) &&
	       !node_list_sets(node, &id, &books->nr_sets, books->sets);
}

static bool are_same(int node, const struct books *before, struct books *now)
{
	return read_books(node, now) && !memcmp(before, now, sizeof(*now)) &&
	       access("/sys/kernel/debug/pasid_info", F_OK) &&
	       cg_current("ioasid_fuzz") <= 0;
}

static bool nothing_is_left(int node, const struct books *before)
{
	struct books now;

	close(mailbox[0]);
	close(mailbox[1]);
	node_quota(node, IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
		   IOASID_QUOTA_LIMIT, 0, before->host.guarantee,
		   before->host.limit);
	if (wait_until(are_same(node, before, &now)))
		return true;
	ksft_print_msg("used %u, reserved %u, sets %u, charged %ld, VMs %u; in the cgroup %ld\n",
		       now.system.used, now.system.reserved, now.nr_sets,
		       now.charged, now.folders, cg_current("ioasid_fuzz"));
	ksft_print_msg("before: used %u, reserved %u, sets %u, charged %ld, VMs %u\n",
		       before->system.used, before->system.reserved,
		       before->nr_sets, before->charged, before->folders);
	return false;
}

/* -------- figures -------- */

static __u64 sum_failed(const struct tally *tally)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < NR_ERRNOS; i++)
		sum += tally->failed[i];
	return sum;
}

static void say_kind(enum call_kind kind)
{
	const struct tally *tally = &shared->tally[kind];
	char text[512];
	int i, at = 0;

	text[0] = '\0';
	for (i = 0; i < NR_ERRNOS; i++) {
		const char *name = strerrorname_np(i);

		if (!tally->failed[i] || at > sizeof(text) - 40)
			continue;
		at += snprintf(text + at, sizeof(text) - at, " %s %llu",
			       i ? name ?: "?" : "nothing",
			       tally->failed[i]);
	}
	ksft_print_msg("%s: %llu did, %llu did not:%s\n", kinds[kind].name,
		       tally->ok, sum_failed(tally), text);
}

/* What is only refused, or only done, tests less than it seems. */
static bool each_kind_is_both(void)
{
	bool ok = true;
	int i;

	for (i = 0; i < NR_KINDS; i++) {
		const struct tally *tally = &shared->tally[i];
		__u64 failed = sum_failed(tally);

		say_kind(i);
		if (!kinds[i].both || tally->ok + failed < ENOUGH ||
		    (tally->ok && failed))
			continue;
		ksft_print_msg("%s: all the same\n", kinds[i].name);
		ok = false;
	}
	return ok;
}

static void say_figures(__u64 start)
{
	__u64 calls = 0;
	__u32 killed = 0;
	int i;

	for (i = 0; i < NR_KINDS; i++)
		calls += shared->tally[i].ok + sum_failed(&shared->tally[i]);
	for (i = 0; i < nr_slots; i++)
		killed += slots[i].ended[1];
	ksft_print_msg("%llu calls in %u lives, of which %u were killed, in %llu s\n",
		       calls, shared->lives, killed,
		       (now_ns() - start) / 1000000000);
}

static bool set_up(__u32 seed)
{
	__u64 rnd = seed;
	unsigned int i;

	/* Both stay when a process becomes another program. */
	shared_fd = syscall(SYS_memfd_create, "fuzz", 0);
	if (shared_fd < 0 || ftruncate(shared_fd, sizeof(*shared)))
		return false;
	shared = map_shared(shared_fd);
	if (shared == MAP_FAILED)
		return false;
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, mailbox))
		return false;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	nr_slots = min_u32(nr_devices(), NR_SLOTS);
	for (i = 0; i < nr_slots; i++)
		slots[i].rnd = next_random(&rnd);
	shared->left = setting("IOASID_CALLS", DEFAULT_CALLS);
	return !cg_make("ioasid_fuzz", true) &&
	       !cg_make("ioasid_fuzz/few", false) &&
	       !cg_make("ioasid_fuzz/many", false) &&
	       !cg_max("ioasid_fuzz/few", "150");
}

static bool remove_cgroups(void)
{
	return !cg_remove("ioasid_fuzz/few") &&
	       !cg_remove("ioasid_fuzz/many") && !cg_remove("ioasid_fuzz");
}

int main(int argc, char **argv)
{
	unsigned int seed = setting("IOASID_SEED", time(NULL));
	__u32 seconds = setting("IOASID_SECONDS", UINT_MAX);
	__u64 start = now_ns();
	struct books before;
	int kmsg, node;
	bool moved;

	if (argc == 2 + AGAIN_ARGS && !strcmp(argv[1], AGAIN))
		return live_again(argv);
	ksft_print_header();
	ksft_set_plan(5);
	if (missing(1) ?: missing_kvm())
		ksft_exit_skip("%s\n", missing(1) ?: missing_kvm());
	ksft_print_msg("IOASID_SEED=%u\n", seed);
	kmsg = kmsg_open();
	node = node_open();
	if (!set_up(seed) || node < 0 || !read_books(node, &before))
		ksft_exit_fail_msg("set up: %s\n", strerror(errno));
	shared->shared_min = before.system.shared_min;

	moved = run_all(start + seconds * 1000000000ULL);
	say_figures(start);
	if (shared->is_wrong)
		ksft_print_msg("%s\n", shared->wrong);
	ksft_test_result(!shared->is_wrong, "each_call_does_as_documented\n");
	ksft_test_result(moved, "nobody_hangs\n");
	ksft_test_result(nothing_is_left(node, &before) && remove_cgroups(),
			 "nothing_is_left\n");
	ksft_test_result(each_kind_is_both(), "each_kind_succeeds_and_fails\n");
	ksft_test_result(!kmsg_about_pasids(kmsg), "kernel_says_nothing\n");
	ksft_finished();
}
