// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resource "ioasid" of the misc cgroup controller: who is charged for a PASID,
 * how limits nest, and that a charge comes back whatever happened meanwhile.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_cg.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

/* -------- a process in a cgroup that does as it is told -------- */

enum op {
	OP_OPEN,
	OP_ALLOC,
	OP_FREE,
	OP_ENTER,
	OP_LIMIT,
	OP_ROOM,
	OP_UNWRITABLE,
};

struct order {
	enum op what;
	__u32 arg;
	const char *cg;
};

struct answer {
	int error;
	__u32 value;
};

struct member {
	pid_t pid;
	int to, from;
};

static int obey(int *fd, const struct order *order, __u32 *value)
{
	switch (order->what) {
	case OP_OPEN:
		*fd = node_open();
		return *fd < 0 ? -1 : 0;
	case OP_ALLOC:
		return node_alloc(*fd, value);
	case OP_FREE:
		return node_free(*fd, order->arg, order->arg);
	case OP_ENTER:
		return cg_enter(order->cg);
	case OP_LIMIT:
		return node_quota(*fd, IOASID_QUOTA_LIMIT, 0, 0, order->arg);
	case OP_ROOM:
		*value = node_number(*fd, available);
		return 0;
	case OP_UNWRITABLE: {
		struct ioasid_alloc_pasid *req;

		req = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (req == MAP_FAILED)
			return -1;
		req->argsz = sizeof(*req);
		req->max = UINT32_MAX;
		mprotect(req, 4096, PROT_READ);
		return ioctl(*fd, IOASID_ALLOC, req);
	}
	}
	return -1;
}

static void serve(int from, int to)
{
	struct answer answer;
	struct order order;
	int fd = -1;

	while (read(from, &order, sizeof(order)) == sizeof(order)) {
		answer = (struct answer) {};
		if (obey(&fd, &order, &answer.value))
			answer.error = errno;
		if (write(to, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

/* Error, 0 if there was none. */
static int ask(struct member *m, enum op what, __u32 arg, const char *cg,
	       __u32 *value)
{
	struct order order = { .what = what, .arg = arg, .cg = cg };
	struct answer answer;

	if (write(m->to, &order, sizeof(order)) != sizeof(order) ||
	    read(m->from, &answer, sizeof(answer)) != sizeof(answer))
		return -1;
	if (value)
		*value = answer.value;
	return answer.error;
}

/* A process in @cg with /dev/ioasid open. */
static int member_start(struct member *m, const char *cg)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -1;
	m->pid = fork();
	if (m->pid < 0)
		return -1;
	if (!m->pid) {
		close(to[1]);
		close(from[0]);
		serve(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	m->to = to[1];
	m->from = from[0];
	return ask(m, OP_ENTER, 0, cg, NULL) ?: ask(m, OP_OPEN, 0, NULL, NULL);
}

static void member_kill(struct member *m)
{
	if (m->pid <= 0)
		return;
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
	close(m->to);
	close(m->from);
	m->pid = 0;
}

#define member_alloc(m, value)	ask(m, OP_ALLOC, 0, NULL, value)
#define member_free(m, pasid)	ask(m, OP_FREE, pasid, NULL, NULL)

/* -------- two cgroups in one -------- */

#define TOP	"ioasid_test"
#define A	TOP "/a"
#define B	TOP "/b"

FIXTURE(charge) {
	struct member a, b;
};

static void remove_all(void)
{
	/* Dying processes leave it at last. */
	wait_until(!cg_remove(A) || errno == ENOENT);
	wait_until(!cg_remove(B) || errno == ENOENT);
	wait_until(!cg_remove(TOP) || errno == ENOENT);
}

FIXTURE_SETUP(charge)
{
	struct ioasid_query_system info;
	int fd = node_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, node_system(fd, &info));
	close(fd);
	if (!info.capacity)
		SKIP(return, "the system has no PASIDs");
	if (cg_number("", "misc.capacity", "ioasid") < 0)
		SKIP(return, "no misc controller");
	remove_all();
	ASSERT_EQ(0, cg_make(TOP, true));
	ASSERT_EQ(0, cg_make(A, false));
	ASSERT_EQ(0, cg_make(B, false));
	ASSERT_EQ(0, member_start(&self->a, A));
	ASSERT_EQ(0, member_start(&self->b, B));
}

FIXTURE_TEARDOWN(charge)
{
	member_kill(&self->a);
	member_kill(&self->b);
	EXPECT_TRUE(wait_until(cg_current(TOP) <= 0));
	remove_all();
}

TEST_F(charge, capacity_is_that_of_the_system)
{
	struct ioasid_query_system info;
	int fd = node_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, node_system(fd, &info));
	/* No device has local PASIDs just now. */
	EXPECT_EQ(info.capacity - info.shared_min,
		  cg_number("", "misc.capacity", "ioasid"));
	close(fd);
}

TEST_F(charge, pasid_counts_where_the_task_is)
{
	__u32 pasid;

	ASSERT_EQ(0, member_alloc(&self->a, &pasid));
	EXPECT_EQ(1, cg_current(A));
	EXPECT_EQ(0, cg_current(B));
	EXPECT_EQ(1, cg_current(TOP));
	EXPECT_EQ(1, cg_number(A, "misc.peak", "ioasid"));
	ASSERT_EQ(0, member_free(&self->a, pasid));
	EXPECT_EQ(0, cg_current(A));
	EXPECT_EQ(0, cg_current(TOP));
	EXPECT_EQ(1, cg_number(A, "misc.peak", "ioasid"));
}

TEST_F(charge, limits_nest)
{
	__u32 i, pasid = 0;

	ASSERT_EQ(0, cg_max(TOP, "5"));
	ASSERT_EQ(0, cg_max(A, "3"));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, member_alloc(&self->a, &pasid));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, member_alloc(&self->b, NULL));
	EXPECT_EQ(EBUSY, member_alloc(&self->b, NULL));
	EXPECT_EQ(3, cg_current(A));
	EXPECT_EQ(2, cg_current(B));
	EXPECT_EQ(5, cg_current(TOP));

	/* Room for one is room for either. */
	ASSERT_EQ(0, member_free(&self->a, pasid));
	ASSERT_EQ(0, member_alloc(&self->b, NULL));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
}

TEST_F(charge, refusals_are_counted_where_the_limit_is)
{
	ASSERT_EQ(0, cg_max(A, "0"));
	ASSERT_EQ(0, cg_max(TOP, "1"));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
	EXPECT_EQ(1, cg_number(A, "misc.events.local", "ioasid.max"));
	EXPECT_EQ(0, cg_number(TOP, "misc.events.local", "ioasid.max"));

	ASSERT_EQ(0, member_alloc(&self->b, NULL));
	EXPECT_EQ(EBUSY, member_alloc(&self->b, NULL));
	EXPECT_EQ(0, cg_number(B, "misc.events.local", "ioasid.max"));
	EXPECT_EQ(1, cg_number(TOP, "misc.events.local", "ioasid.max"));
	EXPECT_EQ(2, cg_number(TOP, "misc.events", "ioasid.max"));
}

TEST_F(charge, refusal_for_another_reason_is_no_event)
{
	__u32 i;

	ASSERT_EQ(0, member_alloc(&self->a, NULL));
	ASSERT_EQ(0, ask(&self->a, OP_LIMIT, 1, NULL, NULL));
	ASSERT_EQ(0, cg_max(A, "1"));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(EDQUOT, member_alloc(&self->a, NULL));
	EXPECT_EQ(0, cg_number(A, "misc.events.local", "ioasid.max"));
	EXPECT_EQ(1, cg_number(A, "misc.peak", "ioasid"));
}

TEST_F(charge, error_paths_return_it)
{
	__u32 i;

	for (i = 0; i < 10; i++)
		EXPECT_EQ(EFAULT, ask(&self->a, OP_UNWRITABLE, 0, NULL, NULL));
	EXPECT_EQ(0, cg_current(A));
	/* It was one for a moment, and could have been refused. */
	EXPECT_EQ(1, cg_number(A, "misc.peak", "ioasid"));
}

TEST_F(charge, what_is_available_considers_it)
{
	__u32 room;

	ASSERT_EQ(0, ask(&self->a, OP_ROOM, 0, NULL, &room));
	EXPECT_LT(4, room);
	ASSERT_EQ(0, cg_max(TOP, "4"));
	ASSERT_EQ(0, ask(&self->a, OP_ROOM, 0, NULL, &room));
	EXPECT_EQ(4, room);
	ASSERT_EQ(0, member_alloc(&self->b, NULL));
	ASSERT_EQ(0, ask(&self->a, OP_ROOM, 0, NULL, &room));
	EXPECT_EQ(3, room);
	ASSERT_EQ(0, cg_max(A, "2"));
	ASSERT_EQ(0, ask(&self->a, OP_ROOM, 0, NULL, &room));
	EXPECT_EQ(2, room);
	/* And it is true. */
	ASSERT_EQ(0, member_alloc(&self->a, NULL));
	ASSERT_EQ(0, member_alloc(&self->a, NULL));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
}

TEST_F(charge, migration_does_not_move_it)
{
	__u32 first, second;

	ASSERT_EQ(0, member_alloc(&self->a, &first));
	ASSERT_EQ(0, ask(&self->a, OP_ENTER, 0, B, NULL));
	EXPECT_EQ(1, cg_current(A));
	EXPECT_EQ(0, cg_current(B));
	ASSERT_EQ(0, member_alloc(&self->a, &second));
	EXPECT_EQ(1, cg_current(A));
	EXPECT_EQ(1, cg_current(B));
	ASSERT_EQ(0, member_free(&self->a, first));
	EXPECT_EQ(0, cg_current(A));
	EXPECT_EQ(1, cg_current(B));
}

TEST_F(charge, cgroup_that_is_gone_gets_it_back)
{
	__u32 pasid;

	ASSERT_EQ(0, member_alloc(&self->a, &pasid));
	ASSERT_EQ(0, ask(&self->a, OP_ENTER, 0, B, NULL));
	ASSERT_EQ(0, cg_remove(A));
	EXPECT_EQ(1, cg_current(TOP));
	EXPECT_EQ(0, cg_current(B));
	/* One of the same name is another one. */
	ASSERT_EQ(0, cg_make(A, false));
	EXPECT_EQ(0, cg_current(A));
	ASSERT_EQ(0, member_free(&self->a, pasid));
	EXPECT_EQ(0, cg_current(A));
	EXPECT_EQ(0, cg_current(TOP));
}

static long cg_dying(const char *cg)
{
	return cg_number(cg, "cgroup.stat", "nr_dying_descendants");
}

/* Neither by what it was charged for, nor by what it refused. */
TEST_F(charge, cgroup_without_pasids_goes_for_good)
{
	__u32 pasid;

	ASSERT_EQ(0, cg_dying(TOP));
	ASSERT_EQ(0, cg_max(A, "1"));
	ASSERT_EQ(0, member_alloc(&self->a, &pasid));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
	ASSERT_EQ(0, ask(&self->a, OP_ROOM, 0, NULL, NULL));
	ASSERT_EQ(0, ask(&self->a, OP_ENTER, 0, B, NULL));
	ASSERT_EQ(0, cg_remove(A));
	EXPECT_EQ(1, cg_dying(TOP));
	ASSERT_EQ(0, member_free(&self->a, pasid));
	EXPECT_TRUE(wait_until(!cg_dying(TOP)));
}

TEST_F(charge, limit_below_what_is_used_takes_nothing_away)
{
	__u32 pasid[3], i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, member_alloc(&self->a, &pasid[i]));
	ASSERT_EQ(0, cg_max(A, "1"));
	EXPECT_EQ(3, cg_current(A));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
	ASSERT_EQ(0, member_free(&self->a, pasid[0]));
	ASSERT_EQ(0, member_free(&self->a, pasid[1]));
	EXPECT_EQ(EBUSY, member_alloc(&self->a, NULL));
	ASSERT_EQ(0, member_free(&self->a, pasid[2]));
	EXPECT_EQ(0, member_alloc(&self->a, NULL));
}

/* Whoever asks is charged, whosesoever set it is. */
TEST_F(charge, vfio_charges_who_asks)
{
	struct container c;
	int device, status;
	__u32 pasid;
	pid_t pid;

	if (missing(1))
		SKIP(return, "%s", missing(1));
	ASSERT_EQ(0, container_open(&c, 0));
	device = device_open(&c, 0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (cg_enter(A) || _test_alloc_pasid(c.fd, 0, UINT_MAX, &pasid))
			_exit(1);
		if (pasid_shared_min(c.fd) > 1 &&
		    _test_alloc_local(c.fd, device, 0, UINT_MAX, &pasid))
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(pasid_used(c.fd), cg_current(A));
	EXPECT_LE(1, cg_current(A));
	close(device);
	container_close(&c);
	EXPECT_EQ(0, cg_current(A));
}

TEST_F(charge, local_pasids_add_to_the_capacity)
{
	long capacity = cg_number("", "misc.capacity", "ioasid");
	__u32 shared_min, pasid;
	struct container c;
	int device;

	if (missing(1))
		SKIP(return, "%s", missing(1));
	ASSERT_EQ(0, container_open(&c, 0));
	shared_min = pasid_shared_min(c.fd);
	if (shared_min < 3)
		SKIP(return, "there are no local PASIDs");
	device = device_open(&c, 0);
	ASSERT_EQ(0, _test_alloc_local(c.fd, device, 0, UINT_MAX, &pasid));
	EXPECT_EQ(capacity + shared_min - 1,
		  cg_number("", "misc.capacity", "ioasid"));
	close(device);
	container_close(&c);
	EXPECT_EQ(capacity, cg_number("", "misc.capacity", "ioasid"));
}

/* -------- many, and killed -------- */

#define NR_CGROUPS	50
#define NR_KILLED	500	/* IOASID_KILLS may say less */

static void many_name(char *name, size_t size, int i)
{
	snprintf(name, size, TOP "/many%d", i);
}

static void allocate_and_free(unsigned int seed)
{
	int fd = node_open();
	__u32 pasid = 0;

	for (;;) {
		if (rand_r(&seed) % 3)
			node_alloc(fd, &pasid);
		else
			node_free(fd, pasid, pasid + rand_r(&seed) % 4);
	}
}

TEST_F_TIMEOUT(charge, killed_processes_return_it, 900)
{
	const int nr = min_u32(setting("IOASID_KILLS", NR_KILLED), NR_KILLED);
	static pid_t pids[NR_KILLED];
	char name[64];
	int i, c;

	for (c = 0; c < NR_CGROUPS; c++) {
		many_name(name, sizeof(name), c);
		ASSERT_EQ(0, cg_make(name, false));
		ASSERT_EQ(0, cg_max(name, "20"));
	}
	/* Always ten of them at work, in cgroups that follow each other. */
	for (i = 0; i < nr + 10; i++) {
		if (i >= 10) {
			kill(pids[i - 10], SIGKILL);
			waitpid(pids[i - 10], NULL, 0);
		}
		if (i >= nr)
			continue;
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			many_name(name, sizeof(name), i % NR_CGROUPS);
			if (cg_enter(name))
				_exit(1);
			allocate_and_free(i);
		}
		usleep(2000);
	}
	for (c = 0; c < NR_CGROUPS; c++) {
		many_name(name, sizeof(name), c);
		EXPECT_TRUE(wait_until(!cg_current(name)));
		EXPECT_GE(20, cg_number(name, "misc.peak", "ioasid"));
		EXPECT_LE(1, cg_number(name, "misc.peak", "ioasid"));
		EXPECT_TRUE(wait_until(!cg_remove(name)));
	}
	EXPECT_TRUE(wait_until(!cg_current(TOP)));
}

TEST_HARNESS_MAIN
