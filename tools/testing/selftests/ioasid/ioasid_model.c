// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of calls of /dev/ioasid by several processes, on the kernel and on
 * the reference: errno for errno, number for number. The first that differs is made as
 * short as possible and printed.
 *
 * IOASID_STEPS is how many, IOASID_SEED which ones.
 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "../kselftest_harness.h"
#include "ioasid_node.h"
#include "ioasid_steps.h"
#include "ioasid_utils.h"

#define QUOTA_PARAM	"/sys/module/ioasid/parameters/quota"
#define STEPS		100000
#define SEQUENCE	400
#define ENTRIES		64
#define SHRINK_SECONDS	60

/* A process that opened the node; its set is made by its first call. */
struct owner {
	pid_t pid;
	int fd;
	bool made;
};

static struct reference ref;
static struct owner owners[REF_SETS];
static struct ref_system first;
static __u32 quota;
static int watcher = -1;
static char why[200];
static bool called;

static void same(const char *what, long kernel, long reference)
{
	if (kernel != reference && !why[0])
		snprintf(why, sizeof(why),
			 "%s: the kernel says %ld, the reference %ld", what,
			 kernel, reference);
}

static int result(int ret)
{
	return ret ? -errno : 0;
}

/* Processes. */

/* Opens the node, of which its parent has the descriptor as well. */
static void owner_run(int sock)
{
	char stay;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = node_open();
	if (write(sock, &fd, sizeof(fd)) == sizeof(fd))
		while (read(sock, &stay, 1) < 0)
			;
	_exit(0);
}

static int steal_fd(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0), got = -1;

	if (pidfd >= 0) {
		got = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
		close(pidfd);
	}
	return got;
}

static void owner_begin(struct owner *owner)
{
	int sock[2], fd = -1;

	called = true;
	owner->fd = -1;
	owner->made = false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return;
	owner->pid = fork();
	if (!owner->pid)
		owner_run(sock[1]);
	close(sock[1]);
	if (owner->pid > 0 && read(sock[0], &fd, sizeof(fd)) == sizeof(fd) &&
	    fd >= 0)
		owner->fd = steal_fd(owner->pid, fd);
	/* The set outlives the process that it belongs to. */
	close(sock[0]);
	if (owner->pid > 0) {
		kill(owner->pid, SIGKILL);
		waitpid(owner->pid, NULL, 0);
	}
	same("opening the node", owner->fd >= 0, true);
}

static void owner_end(struct owner *owner)
{
	if (owner->fd >= 0)
		close(owner->fd);
	owner->fd = -1;
}

/* The first call makes the set, or none of them can succeed. */
static bool owner_has_set(__u32 set)
{
	if (!set || set >= REF_SETS || owners[set].fd < 0)
		return false;
	if (!owners[set].made)
		same("the first call", 0, ref_create(&ref, set, 0, 0, quota));
	owners[set].made = true;
	called = true;
	return true;
}

/* The steps; the ones that the node has not are left out. */

static void step_alloc(const uint32_t *a)
{
	const bool with_guest = a[5] & REF_WITH_PRIVATE;
	struct ref_request want = {
		.min = a[1], .max = a[2], .private = a[4],
		.flags = with_guest ? REF_WITH_PRIVATE : 0,
	};
	struct ioasid_alloc_pasid req = {
		.argsz = sizeof(req),
		.flags = with_guest ? IOASID_GUEST : 0,
		.min = a[1], .max = a[2],
		.guest = with_guest ? a[4] : 0,
	};
	uint32_t id;
	int err;

	if (!owner_has_set(a[0]))
		return;
	err = result(ioctl(owners[a[0]].fd, IOASID_ALLOC, &req));
	id = err ? 0 : req.pasid;
	same("alloc", err, ref_alloc(&ref, a[0], &want, &id));
	if (!err)
		same("number", req.pasid, id);
}

static void free_range(__u32 set, __u32 min, __u32 max)
{
	if (owner_has_set(set))
		same("free", result(node_free(owners[set].fd, min, max)),
		     ref_free_range(&ref, set, 0, min, max));
}

static void step_attach(const uint32_t *a)
{
	int err;

	if (!owner_has_set(a[0]))
		return;
	err = ref_attach(&ref, a[0], 0, a[2], a[3]);
	/* Nobody learns of the PASIDs of others. */
	same("bind", result(node_bind(owners[a[0]].fd, a[2], a[3])),
	     err == -EACCES ? -ENOENT : err);
}

static void step_detach(const uint32_t *a)
{
	if (!owner_has_set(a[0]))
		return;
	same("unbind", result(node_unbind(owners[a[0]].fd, a[1])),
	     a[1] >= REF_IDS ? -EINVAL : ref_detach(&ref, a[0], a[1]));
}

static void step_list(const uint32_t *a)
{
	struct ioasid_entry entries[ENTRIES];
	__u32 guest = a[1], count = ENTRIES, private = a[1], i, dev, id;

	if (!owner_has_set(a[0]))
		return;
	same("list", result(node_list(owners[a[0]].fd, &guest, &count, entries)),
	     0);
	for (i = 0; i < count && !why[0]; i++) {
		same("list goes on",
		     ref_next_private(&ref, a[0], &private, &dev, &id), 0);
		same("guest", entries[i].guest, private++);
		same("pasid", entries[i].pasid, id);
	}
	if (count < ENTRIES)
		same("list ends",
		     ref_next_private(&ref, a[0], &private, &dev, &id), -ENOENT);
}

static void step_adjust(const uint32_t *a)
{
	const bool by_guarantee = a[3] & REF_ADJUST_GUARANTEE;
	const bool by_limit = a[3] & REF_ADJUST_LIMIT;
	__u32 flags = (by_guarantee ? IOASID_QUOTA_GUARANTEE : 0) |
		      (by_limit ? IOASID_QUOTA_LIMIT : 0);
	__u32 guarantee = by_guarantee ? a[1] : 0, limit = by_limit ? a[2] : 0;

	/* The administrator, that is we, may raise. */
	if (owner_has_set(a[0]))
		same("quota",
		     result(node_quota(owners[a[0]].fd, flags, 0, guarantee, limit)),
		     ref_adjust(&ref, a[0], guarantee, limit,
				(a[3] & 3) | REF_MAY_RAISE));
}

static void step_create(const uint32_t *a)
{
	if (a[0] && owners[a[0]].fd < 0)
		owner_begin(&owners[a[0]]);
}

static void step_free_set(const uint32_t *a)
{
	if (!a[0] || a[0] >= REF_SETS || owners[a[0]].fd < 0)
		return;
	called = true;
	owner_end(&owners[a[0]]);
	if (owners[a[0]].made)
		ref_free_set(&ref, a[0]);
}

static void look_at_set(__u32 nr)
{
	struct ioasid_query_set set;
	struct ref_info want;

	same("query", result(node_query(owners[nr].fd, &set)), 0);
	ref_get_info(&ref, nr, &want);
	same("used", set.used, want.used);
	same("pending", set.pending, want.pending);
	same("local", set.local, want.local);
	same("guarantee", set.guarantee, want.guarantee);
	same("limit", set.limit, want.limit);
	same("available", set.available, want.available);
}

static void look_at_system(void)
{
	struct ioasid_query_system info;
	struct ref_system want;

	same("query of the system", result(node_system(watcher, &info)), 0);
	ref_get_system(&ref, &want);
	same("capacity", info.capacity, want.capacity);
	same("shared_min", info.shared_min, want.shared_min);
	same("used in the system", info.used, want.used);
	same("reserved", info.reserved, want.reserved);
	same("free", info.free, want.free);
}

static void do_step(const struct step *step)
{
	const uint32_t *a = step->arg;

	switch (step->kind) {
	case STEP_ALLOC:
		return step_alloc(a);
	case STEP_FREE:
		return free_range(a[0], a[2], a[2]);
	case STEP_FREE_RANGE:
		return free_range(a[0], a[2], a[3]);
	case STEP_ATTACH:
		return step_attach(a);
	case STEP_DETACH:
		return step_detach(a);
	case STEP_NEXT_PRIVATE:
	case STEP_FIND_PRIVATE:
		return step_list(a);
	case STEP_ADJUST:
		return step_adjust(a);
	case STEP_CREATE:
		return step_create(a);
	case STEP_FREE_SET:
		return step_free_set(a);
	default:
		return;
	}
}

/* With a look at the books. Returns whether there was something to call. */
static bool run_step(const struct step *step)
{
	__u32 set;

	called = false;
	do_step(step);
	ref.nr_told = 0;
	look_at_system();
	for (set = 1; set < REF_SETS; set++)
		if (owners[set].fd >= 0 && owners[set].made && set == step->arg[0])
			look_at_set(set);
	return called;
}

static void begin(void)
{
	const uint32_t some[] = { 1, 2, 3 };
	unsigned int i;

	why[0] = 0;
	ref_init(&ref, first.capacity, first.shared_min > 1 ? first.shared_min : 0);
	for (i = 0; i < REF_SETS; i++)
		owners[i].fd = -1;
	for (i = 0; i < ARRAY_SIZE(some); i++)
		step_create(&some[i]);
}

static void end(void)
{
	unsigned int i;

	for (i = 1; i < REF_SETS; i++)
		step_free_set(&i);
	ref.nr_told = 0;
	look_at_system();
}

static const char *replay(const struct sequence *seq)
{
	uint32_t i;

	begin();
	for (i = 0; i < seq->nr && !why[0]; i++)
		run_step(&seq->step[i]);
	end();
	return why[0] ? why : NULL;
}

/* Returns how many calls that were. */
static unsigned int run_random(struct sequence *seq, struct random *rnd)
{
	unsigned int calls = 0;
	struct step *step;

	begin();
	for (seq->nr = 0; seq->nr < SEQUENCE && !why[0];) {
		step = &seq->step[seq->nr++];
		step_random(step, rnd, &ref);
		step->fail_count = 0;
		calls += run_step(step);
	}
	end();
	return calls;
}

static __u32 read_quota(void)
{
	FILE *file = fopen(QUOTA_PARAM, "r");
	__u32 value = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%u", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

FIXTURE(model)
{
	unsigned long seed;
	unsigned long steps;
};

FIXTURE_SETUP(model)
{
	struct ioasid_query_system info;

	watcher = node_open();
	ASSERT_LE(0, watcher);
	ASSERT_EQ(0, node_system(watcher, &info));
	if (!info.capacity)
		SKIP(return, "the system has no PASIDs");
	ASSERT_EQ(0, info.used + info.reserved) {
		TH_LOG("somebody else has PASIDs");
	}
	first.capacity = info.capacity;
	first.shared_min = info.shared_min;
	quota = read_quota();
	self->seed = setting("IOASID_SEED", time(NULL));
	self->steps = setting("IOASID_STEPS", STEPS);
}

FIXTURE_TEARDOWN(model)
{
	close(watcher);
}

static struct sequence sequence;

TEST_F_TIMEOUT(model, node_does_what_the_reference_does, 600)
{
	struct random rnd = { .state = self->seed | 1 };
	unsigned long calls = 0;
	__u64 start = now_ns();

	while (calls < self->steps && !why[0])
		calls += run_random(&sequence, &rnd);
	TH_LOG("seed %lu, %lu calls, %llu s", self->seed, calls,
	       (now_ns() - start) / 1000000000ULL);
	if (!why[0])
		return;
	TH_LOG("%u steps: %s", sequence.nr, why);
	sequence_shrink(&sequence, replay, SHRINK_SECONDS);
	replay(&sequence);
	EXPECT_STREQ("", why);
	sequence_print(stdout, &sequence);
}

TEST_HARNESS_MAIN
