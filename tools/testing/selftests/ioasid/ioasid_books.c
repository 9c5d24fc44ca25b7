// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everybody who counts PASIDs counts the same: the misc controller, debugfs, VFIO and
 * /dev/ioasid, for three users that are held to their limits by different means:
 *
 *   driver   a process with /dev/ioasid       its cgroup has a limit
 *   vm       a process with a VFIO container  its set has a limit
 *   other    a process with /dev/ioasid       both have one
 *   sva      processes that share their       its cgroup has a limit; the kernel's own
 *            address space with a device      set, to which they count, has none
 *
 * No emulated PCI function has the PASID capability that the last one takes, so it is a
 * mock device of the KUnit suites, and where host SVA is off there are three users.
 *
 * IOASID_READS in the environment is how often everything is read under load.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_cg.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define DEBUGFS		"/sys/kernel/debug/ioasid"
#define TOP		"ioasid_books"

enum {
	DRIVER,
	VM,
	OTHER,
	SVA,
	NR_USERS,
};

static const char *const cgroups[] = {
	[DRIVER] = TOP "/driver",
	[VM] = TOP "/vm",
	[OTHER] = TOP "/other",
	[SVA] = TOP "/sva",
};

#define SVA_NODE	"/dev/ioasid_test_sva"

/* Those that can be had here. */
static unsigned int nr_users = NR_USERS;

/* -------- who counts -------- */

static ssize_t read_text(const char *path, char *text, size_t size)
{
	ssize_t len, sum = 0;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	while ((len = read(fd, text + sum, size - 1 - sum)) > 0)
		sum += len;
	close(fd);
	text[sum] = '\0';
	return len ? -1 : sum;
}

static int debugfs_system(struct ioasid_query_system *info)
{
	char text[256];
	int nr;

	if (read_text(DEBUGFS "/system", text, sizeof(text)) < 0)
		return -1;
	nr = sscanf(text, "capacity %u shared_min %u used %u reserved %u free %u",
		    &info->capacity, &info->shared_min, &info->used,
		    &info->reserved, &info->free);
	return nr == 5 ? 0 : -1;
}

static int parse_set(const char *line, struct ioasid_set_entry *set)
{
	char limit[16];
	int nr;

	*set = (struct ioasid_set_entry) {};
	nr = sscanf(line,
		    "set %u pid %d used %u pending %u local %u guarantee %u limit %15s comm %15s",
		    &set->id, &set->pid, &set->used, &set->pending, &set->local,
		    &set->guarantee, limit, set->comm);
	if (nr != 8)
		return -1;
	/* As the node says it. */
	set->limit = strcmp(limit, "max") ? strtoul(limit, NULL, 10) :
		PASID_LIMIT_NONE;
	return 0;
}

#define MAX_SETS	64

/* How many there are, -1 if they cannot be read. */
static int debugfs_sets(struct ioasid_set_entry *sets)
{
	char text[8192], *line, *rest = text;
	int nr = 0;

	if (read_text(DEBUGFS "/sets", text, sizeof(text)) < 0)
		return -1;
	while (*(line = strsep(&rest, "\n")))
		if (nr == MAX_SETS || !rest || parse_set(line, &sets[nr++]))
			return -1;
	return nr;
}

static int node_sets(int fd, struct ioasid_set_entry *sets)
{
	__u32 id = 0, count = MAX_SETS;

	return node_list_sets(fd, &id, &count, sets) ? -1 : count;
}

static struct ioasid_set_entry entry_of(const struct ioasid_query_set *set)
{
	struct ioasid_set_entry entry = {
		.id = set->id,
		.pid = set->pid,
		.guarantee = set->guarantee,
		.limit = set->limit,
		.used = set->used,
		.pending = set->pending,
		.local = set->local,
	};

	memcpy(entry.comm, set->comm, sizeof(entry.comm));
	return entry;
}

static void print_set(const char *who, const struct ioasid_set_entry *set)
{
	printf("# %s: set %u pid %d used %u pending %u local %u guarantee %u limit %u comm %s\n",
	       who, set->id, set->pid, set->used, set->pending, set->local,
	       set->guarantee, set->limit, set->comm);
}

static void print_system(const char *who, const struct ioasid_query_system *info)
{
	printf("# %s: capacity %u shared_min %u used %u reserved %u free %u\n",
	       who, info->capacity, info->shared_min, info->used,
	       info->reserved, info->free);
}

/* -------- who has PASIDs -------- */

#define NR_WORKERS	9
#define MAX_HELD	64

/* How many of them are at work for each user. */
static const unsigned int nr_workers[] = {
	[DRIVER] = 3,
	[VM] = 3,
	[OTHER] = 2,
	[SVA] = 1,
};

struct worker {
	bool quiet;
	__u32 set;
	__u32 held;
	__u32 allocated;
	__u32 refused;
	/* The most that all workers of the user knew to have. */
	__u32 most;
	int wrong;
};

/* What they and who reads have in common. */
struct load {
	bool stop;
	bool leave;
	__u32 held[NR_USERS];
	struct worker worker[NR_WORKERS];
};

enum op {
	OP_ALLOC,
	OP_FREE,
	OP_ALLOC_LOCAL,
	OP_FREE_LOCAL,
	OP_ALLOC_WAIT,
	OP_ALLOC_GO_ON,
	OP_WORK,
};

struct order {
	enum op what;
	__u32 nr;
};

struct answer {
	int error;
	__u32 nr;
};

struct user {
	unsigned int who;
	pid_t pid;
	int to, from;
	/* A copy of its descriptor: the container, or the node. */
	int fd;
	__u32 set;
};

/* The user's own side. */
struct own {
	unsigned int who;
	struct container c;
	int fd;
	int device;
	struct load *load;
	/* PASIDs, or the processes that have one each. */
	__u32 held[MAX_HELD];
	__u32 nr;
	struct trap trap;
	struct call call;
};

/* A process that has its address space bound, and what it held until it is gone. */
static int sva_begin(__u32 *pid)
{
	int to[2], error = EIO;

	if (pipe2(to, O_CLOEXEC))
		return -1;
	*pid = fork();
	if (!*pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		error = open(SVA_NODE, O_RDONLY) < 0 ? errno : 0;
		if (write(to[1], &error, sizeof(error)) == sizeof(error))
			while (!error)
				pause();
		_exit(0);
	}
	close(to[1]);
	if (read(to[0], &error, sizeof(error)) != sizeof(error))
		error = EIO;
	close(to[0]);
	if (!error)
		return 0;
	waitpid(*pid, NULL, 0);
	errno = error;
	return -1;
}

static int sva_end(__u32 pid)
{
	return kill(pid, SIGKILL) || waitpid(pid, NULL, 0) != (pid_t)pid;
}

static int alloc_one(struct own *own)
{
	int err;

	if (own->nr == MAX_HELD) {
		errno = E2BIG;
		return -1;
	}
	if (own->who == SVA)
		err = sva_begin(&own->held[own->nr]);
	else if (own->who == VM)
		err = _test_alloc_pasid(own->fd, 0, UINT_MAX,
					&own->held[own->nr]);
	else
		err = node_alloc(own->fd, &own->held[own->nr]);
	if (!err)
		own->nr++;
	return err;
}

static int free_one(struct own *own)
{
	__u32 pasid = own->held[--own->nr];

	if (own->who == SVA)
		return sva_end(pasid);
	if (own->who == VM)
		return _test_free_pasid(own->fd, pasid, pasid);
	return node_free(own->fd, pasid, pasid);
}

static int free_all(struct own *own)
{
	while (own->nr)
		if (free_one(own))
			return -1;
	return 0;
}

/*
 * What they know to have is never more than what they have, because they know it later
 * and forget it sooner: so it is not above the limit either, however short.
 */
static void know(struct own *own, struct worker *w, int change)
{
	__u32 held = __atomic_add_fetch(&own->load->held[own->who], change,
					__ATOMIC_SEQ_CST);

	w->most = held > w->most ? held : w->most;
}

static void work(struct own *own, struct worker *w)
{
	unsigned int seed = getpid();

	while (!load_shared(own->load->stop)) {
		if (own->nr && !(rand_r(&seed) % 3)) {
			know(own, w, -1);
			if (free_one(own))
				w->wrong = errno;
		} else if (!alloc_one(own)) {
			know(own, w, 1);
			w->allocated++;
		} else if (errno == EBUSY || errno == EDQUOT) {
			w->refused++;
		} else {
			w->wrong = errno;
		}
	}
	w->held = own->nr;
	if (own->who == DRIVER || own->who == OTHER)
		w->set = node_number(own->fd, id);
	store_shared(w->quiet, true);
	wait_until(load_shared(own->load->leave));
	if (free_all(own))
		w->wrong = errno;
}

/*
 * The user and children of it, each at the place in the load that is its own. Those of
 * the driver have sets of their own, so that a cgroup has several; the others share
 * one, so that a set has several who want the last PASID.
 */
static int work_together(struct own *own)
{
	struct worker *w = own->load->worker;
	unsigned int i;

	for (i = 0; i < own->who; i++)
		w += nr_workers[i];
	for (i = 1; i < nr_workers[own->who]; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (own->who == DRIVER)
			own->fd = node_open();
		own->nr = 0;
		work(own, &w[i]);
		_exit(0);
	}
	work(own, &w[0]);
	while (wait(NULL) > 0)
		;
	return 0;
}

/* Waits in the call, with a PASID that the caller does not know yet. */
static int alloc_wait(struct own *own)
{
	__u32 req[8] = {
		[0] = own->who == VM ? sizeof(struct vfio_iommu_alloc_pasid) :
			sizeof(struct ioasid_alloc_pasid),
		[3] = UINT_MAX,
	};

	if (trap_open(&own->trap, TRAP_WRITE, req, sizeof(req)) ||
	    call_begin(&own->call, own->fd, own->who == VM ?
		       VFIO_IOMMU_ALLOC_PASID : IOASID_ALLOC, own->trap.page))
		return -1;
	return trap_is_entered(&own->trap) ? 0 : -1;
}

static int alloc_go_on(struct own *own)
{
	if (trap_refuse_write(&own->trap))
		return -1;
	if (!call_end(&own->call) || errno != EFAULT)
		return -1;
	trap_close(&own->trap);
	return 0;
}

static int obey_once(struct own *own, enum op what)
{
	__u32 pasid;

	switch (what) {
	case OP_ALLOC:
		return alloc_one(own);
	case OP_FREE:
		return free_one(own);
	case OP_ALLOC_LOCAL:
		return _test_alloc_local(own->fd, own->device, 0, UINT_MAX,
					 &pasid);
	case OP_FREE_LOCAL:
		return _test_free_local(own->fd, own->device, 0, UINT_MAX);
	case OP_ALLOC_WAIT:
		return alloc_wait(own);
	case OP_ALLOC_GO_ON:
		return alloc_go_on(own);
	case OP_WORK:
		return work_together(own);
	}
	return -1;
}

/* The first answer tells which descriptor is to be copied. */
static void serve(struct own *own, int from, int to)
{
	struct answer answer = { .nr = own->fd };
	struct order order;

	while (write(to, &answer, sizeof(answer)) == sizeof(answer) &&
	       read(from, &order, sizeof(order)) == sizeof(order)) {
		answer = (struct answer) {};
		for (; answer.nr < order.nr; answer.nr++) {
			if (!obey_once(own, order.what))
				continue;
			answer.error = errno;
			break;
		}
	}
	_exit(0);
}

static void be_user(unsigned int who, struct load *load, int from, int to)
{
	struct own own = { .who = who, .load = load, .device = -1 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cg_enter(cgroups[who]))
		_exit(1);
	if (who == VM) {
		if (container_open(&own.c, 0))
			_exit(2);
		own.fd = own.c.fd;
		own.device = device_open(&own.c, 0);
	} else {
		own.fd = node_open();
	}
	serve(&own, from, to);
}

static int user_begin(struct user *u, enum op what, __u32 nr)
{
	struct order order = { .what = what, .nr = nr };

	return write(u->to, &order, sizeof(order)) == sizeof(order) ? 0 : -1;
}

/* How many times it did so; with errno if it was not as often as wanted. */
static int user_end(struct user *u)
{
	struct answer answer;

	if (read(u->from, &answer, sizeof(answer)) != sizeof(answer))
		return -1;
	errno = answer.error;
	return answer.nr;
}

static int user_do(struct user *u, enum op what, __u32 nr)
{
	return user_begin(u, what, nr) ? -1 : user_end(u);
}

static int copy_fd(pid_t pid, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);

	close(pidfd);
	return copy;
}

static int user_start(struct user *u, unsigned int who, struct load *load)
{
	int to[2], from[2], theirs;

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -1;
	fflush(stdout);
	u->who = who;
	u->pid = fork();
	if (!u->pid) {
		close(to[1]);
		close(from[0]);
		be_user(who, load, to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	u->to = to[1];
	u->from = from[0];
	theirs = user_end(u);
	if (u->pid < 0 || theirs < 0)
		return -1;
	u->fd = copy_fd(u->pid, theirs);
	return u->fd < 0 ? -1 : 0;
}

static void user_stop(struct user *u)
{
	if (u->pid <= 0)
		return;
	kill(u->pid, SIGKILL);
	waitpid(u->pid, NULL, 0);
	close(u->to);
	close(u->from);
	close(u->fd);
	u->pid = 0;
}

/* -------- what the books have to say -------- */

/* The users' sets come first, then those of the driver's workers. */
struct account {
	unsigned int who;
	__u32 set;
	__u32 shared;
	__u32 local;
	__u32 pending;
	__u32 guarantee;
	__u32 limit;
	/* What others of the set had at first. */
	__u32 base;
};

struct books {
	int node;
	struct ioasid_query_system before;
	struct user user[NR_USERS];
	struct account account[NR_USERS + NR_WORKERS];
	unsigned int nr_accounts;
	struct load *load;
	__u32 keeper;
};

static unsigned int differs(const char *who, const char *what, __s64 want,
			    __s64 have)
{
	if (want == have)
		return 0;
	printf("# %s: %s is %lld and has to be %lld\n", who, what,
	       (long long)have, (long long)want);
	return 1;
}

static unsigned int sets_differ(const char *who,
				const struct ioasid_set_entry *set,
				const struct ioasid_set_entry *same)
{
	if (!memcmp(set, same, sizeof(*set)))
		return 0;
	print_set("/dev/ioasid", set);
	print_set(who, same);
	return 1;
}

/* All sets of the system, by whichever way they are asked for. */
static unsigned int all_sets_differ(int node, __u32 used)
{
	struct ioasid_set_entry sets[MAX_SETS], same[MAX_SETS], asked;
	struct ioasid_query_set query;
	unsigned int bad = 0;
	__u32 sum = 0;
	int i, nr;

	nr = node_sets(node, sets);
	if (nr <= 0 || differs("debugfs", "the number of sets", nr,
			       debugfs_sets(same)))
		return 1;
	for (i = 0; i < nr; i++) {
		bad += sets_differ("debugfs", &sets[i], &same[i]);
		bad += !!node_query_id(node, sets[i].id, &query);
		asked = entry_of(&query);
		bad += sets_differ("by its id", &sets[i], &asked);
		sum += sets[i].used - sets[i].local;
	}
	return bad + differs("all sets", "their sum of shared ones", used, sum);
}

static __u32 min3_u32(__u32 a, __u32 b, __u32 c)
{
	return min_u32(a, min_u32(b, c));
}

static __u32 rest_of_guarantee(const struct account *a)
{
	__u32 shared = a->shared + a->pending;

	return a->guarantee > shared ? a->guarantee - shared : 0;
}

static unsigned int account_differs(int node, const struct account *a,
				    const struct ioasid_query_system *system)
{
	__u32 used = a->base + a->shared + a->pending + a->local;
	struct ioasid_query_set set;
	unsigned int bad;

	if (node_query_id(node, a->set, &set))
		return differs("/dev/ioasid", "whether the set is there", 1, 0);
	bad = differs("set", "used", used, set.used);
	bad += differs("set", "pending", a->pending, set.pending);
	bad += differs("set", "local", a->local, set.local);
	bad += differs("set", "guarantee", a->guarantee, set.guarantee);
	bad += differs("set", "limit", a->limit, set.limit);
	return bad + differs("set", "available",
			     min3_u32(a->limit - used,
				      system->free + system->reserved,
				      system->free + rest_of_guarantee(a)),
			     set.available);
}

/* What the user itself is told; here by a copy of its descriptor. */
static unsigned int own_view_differs(int node, const struct user *u)
{
	struct ioasid_query_set set, own;
	struct pasid_info info;
	unsigned int bad;

	if (u->who == SVA)
		return 0;
	if (node_query_id(node, u->set, &set))
		return 1;
	if (u->who != VM) {
		if (node_query(u->fd, &own))
			return 1;
		own.flags = set.flags;
		return differs("own", "memcmp", 0,
			       memcmp(&set, &own, sizeof(set)));
	}
	if (_test_pasid_info(u->fd, &info))
		return 1;
	bad = differs("GET_INFO", "used", set.used, info.used);
	bad += differs("GET_INFO", "guarantee", set.guarantee, info.guarantee);
	bad += differs("GET_INFO", "limit", set.limit, info.limit);
	return bad + differs("GET_INFO", "available", set.available,
			     info.available);
}

static unsigned int cgroups_differ(const struct account *accounts,
				   unsigned int nr)
{
	unsigned int bad = 0, who, i, sum, all = 0;
	long events = 0;

	for (who = 0; who < nr_users; who++) {
		for (sum = 0, i = 0; i < nr; i++)
			if (accounts[i].who == who)
				sum += accounts[i].shared + accounts[i].local +
					accounts[i].pending;
		bad += differs(cgroups[who], "misc.current", sum,
			       cg_current(cgroups[who]));
		events += cg_number(cgroups[who], "misc.events", "ioasid.max");
		all += sum;
	}
	bad += differs(TOP, "misc.events", events,
		       cg_number(TOP, "misc.events", "ioasid.max"));
	return bad + differs(TOP, "misc.current", all, cg_current(TOP));
}

/*
 * A processor that was idle may keep the address space of a process, and with it the
 * PASID, a little longer than it lives.
 */
static bool sva_is_settled(const struct books *b)
{
	const struct account *a = &b->account[SVA];
	struct ioasid_query_set host;

	return cg_current(cgroups[SVA]) <= a->shared &&
		!node_query_id(b->node, 0, &host) &&
		host.used <= a->base + a->shared;
}

/* To be called while nobody changes anything. */
static unsigned int disagreements(struct books *b)
{
	struct ioasid_query_system system, same = {};
	__u32 used = 0, reserved = 0;
	unsigned int bad, i;

	if (nr_users > SVA)
		wait_until(sva_is_settled(b));

	for (i = 0; i < b->nr_accounts; i++) {
		used += b->account[i].shared + b->account[i].pending;
		reserved += rest_of_guarantee(&b->account[i]);
	}
	if (node_system(b->node, &system) || debugfs_system(&same))
		return 1;
	bad = differs("system", "used", b->before.used + used, system.used);
	bad += differs("system", "reserved", b->before.reserved + reserved,
		       system.reserved);
	bad += differs("system", "free",
		       b->before.free - used - reserved, system.free);
	bad += differs("debugfs", "capacity", system.capacity, same.capacity);
	bad += differs("debugfs", "shared_min", system.shared_min,
		       same.shared_min);
	bad += differs("debugfs", "used", system.used, same.used);
	bad += differs("debugfs", "reserved", system.reserved, same.reserved);
	bad += differs("debugfs", "free", system.free, same.free);

	bad += all_sets_differ(b->node, system.used);
	for (i = 0; i < b->nr_accounts; i++)
		bad += account_differs(b->node, &b->account[i], &system);
	for (i = 0; i < nr_users; i++)
		bad += own_view_differs(b->node, &b->user[i]);
	return bad + cgroups_differ(b->account, b->nr_accounts);
}

#define EXPECT_AGREEMENT()	EXPECT_EQ(0, disagreements(&self->b))

/* -------- step by step -------- */

#define DRIVER_MAX	20
#define VM_LIMIT	20
#define VM_GUARANTEE	8
#define OTHER_MAX	12
#define OTHER_LIMIT	16
#define SVA_MAX		3

static void remove_cgroups(void)
{
	int i;

	/* Dying processes leave them at last. */
	for (i = 0; i < NR_USERS; i++)
		wait_until(!cg_remove(cgroups[i]) || errno == ENOENT);
	wait_until(!cg_remove(TOP) || errno == ENOENT);
}

/* The set is there once it was used; the administrator gives it a quota. */
static int grant(int node, struct user *u, struct account *a, __u32 guarantee,
		 __u32 limit)
{
	struct ioasid_set_entry sets[MAX_SETS];
	int i, nr;

	if (user_do(u, OP_ALLOC, 1) != 1 || user_do(u, OP_FREE, 1) != 1)
		return -1;
	nr = node_sets(node, sets);
	for (i = 0; i < nr; i++)
		if (sets[i].pid == u->pid)
			break;
	if (i == nr)
		return -1;
	u->set = sets[i].id;
	*a = (struct account) {
		.who = u->who,
		.set = u->set,
		.guarantee = guarantee,
		.limit = limit,
	};
	return node_quota(node, IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
			  IOASID_QUOTA_LIMIT, u->set, guarantee, limit);
}

FIXTURE(books) {
	struct books b;
};

FIXTURE_SETUP(books)
{
	struct books *b = &self->b;
	const char *why = missing(1);
	struct ioasid_query_set host;
	int i;

	if (why)
		SKIP(return, "%s", why);
	if (cg_number("", "misc.capacity", "ioasid") < 0)
		SKIP(return, "no misc controller");
	remove_cgroups();
	ASSERT_EQ(0, cg_make(TOP, true));
	b->node = node_open();
	ASSERT_LE(0, b->node);
	/* With one process to whom it is bound, the mock device stays. */
	nr_users = sva_begin(&b->keeper) ? SVA : NR_USERS;
	ASSERT_EQ(0, node_system(b->node, &b->before));
	b->load = mmap(NULL, sizeof(*b->load), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, b->load);
	nr_devices();

	b->nr_accounts = nr_users;
	for (i = 0; i < nr_users; i++) {
		ASSERT_EQ(0, cg_make(cgroups[i], false));
		ASSERT_EQ(0, user_start(&b->user[i], i, b->load));
	}
	ASSERT_EQ(0, cg_max(cgroups[DRIVER], "20"));
	ASSERT_EQ(0, cg_max(cgroups[OTHER], "12"));
	ASSERT_EQ(0, grant(b->node, &b->user[DRIVER],
			   &b->account[DRIVER], 0, PASID_LIMIT_NONE));
	ASSERT_EQ(0, grant(b->node, &b->user[VM], &b->account[VM],
			   VM_GUARANTEE, VM_LIMIT));
	ASSERT_EQ(0, grant(b->node, &b->user[OTHER],
			   &b->account[OTHER], 0, OTHER_LIMIT));
	if (nr_users <= SVA)
		return;
	ASSERT_EQ(0, cg_max(cgroups[SVA], "3"));
	ASSERT_EQ(0, node_query_id(b->node, 0, &host));
	b->account[SVA] = (struct account) {
		.who = SVA,
		.limit = PASID_LIMIT_NONE,
		.base = host.used,
	};
}

FIXTURE_TEARDOWN(books)
{
	struct books *b = &self->b;
	struct ioasid_query_system after;
	int i;

	for (i = 0; i < nr_users; i++)
		user_stop(&b->user[i]);
	/* All is as it was before; no cgroup can be removed while it is charged. */
	EXPECT_TRUE(wait_until(!node_system(b->node, &after) &&
			       !memcmp(&b->before, &after, sizeof(after))));
	EXPECT_EQ(0, all_sets_differ(b->node, b->before.used));
	EXPECT_TRUE(wait_until(!cg_current(TOP)));
	for (i = 0; i < nr_users; i++)
		EXPECT_EQ(0, cg_current(cgroups[i]));
	if (nr_users > SVA) {
		b->account[SVA].shared = 0;
		b->account[SVA].base--;
		EXPECT_EQ(0, sva_end(b->keeper));
		EXPECT_TRUE(wait_until(sva_is_settled(b)));
	}
	remove_cgroups();
	close(b->node);
}

static bool alloc(struct books *b, unsigned int who, int nr)
{
	if (user_do(&b->user[who], OP_ALLOC, nr) != nr)
		return false;
	b->account[who].shared += nr;
	return !disagreements(b);
}

static bool release(struct books *b, unsigned int who, int nr)
{
	if (user_do(&b->user[who], OP_FREE, nr) != nr)
		return false;
	b->account[who].shared -= nr;
	return !disagreements(b);
}

static bool refused(struct books *b, unsigned int who, int error)
{
	if (user_do(&b->user[who], OP_ALLOC, 1) || errno != error)
		return false;
	return !disagreements(b);
}

#define ALLOC(who, nr)		ASSERT_TRUE(alloc(&self->b, who, nr))
#define FREE(who, nr)		ASSERT_TRUE(release(&self->b, who, nr))
#define REFUSED(who, error)	ASSERT_TRUE(refused(&self->b, who, error))

static long refusals(unsigned int who)
{
	return cg_number(cgroups[who], "misc.events.local", "ioasid.max");
}

TEST_F(books, agree_while_three_users_come_and_go)
{
	EXPECT_AGREEMENT();
	ALLOC(DRIVER, 1);
	ALLOC(VM, 5);
	ALLOC(OTHER, 12);
	FREE(VM, 2);
	ALLOC(DRIVER, 19);
	/* More than the guarantee, and again less. */
	ALLOC(VM, 15);
	FREE(VM, 14);
	FREE(OTHER, 12);
	FREE(DRIVER, 20);
	FREE(VM, 4);
}

TEST_F(books, agree_that_each_is_held_to_its_own_limit)
{
	ALLOC(DRIVER, DRIVER_MAX);
	REFUSED(DRIVER, EBUSY);
	EXPECT_EQ(1, refusals(DRIVER));
	ALLOC(VM, VM_LIMIT);
	REFUSED(VM, EDQUOT);
	EXPECT_EQ(0, refusals(VM));

	/* Of two limits the lower one counts. */
	ALLOC(OTHER, OTHER_MAX);
	REFUSED(OTHER, EBUSY);
	EXPECT_EQ(1, refusals(OTHER));
	ASSERT_EQ(0, cg_max(cgroups[OTHER], "30"));
	ALLOC(OTHER, OTHER_LIMIT - OTHER_MAX);
	REFUSED(OTHER, EDQUOT);
	EXPECT_EQ(1, refusals(OTHER));

	/* Room in one is no room in another. */
	FREE(VM, 1);
	REFUSED(DRIVER, EBUSY);
	REFUSED(OTHER, EDQUOT);
	ALLOC(VM, 1);
	REFUSED(VM, EDQUOT);
	EXPECT_EQ(2, refusals(DRIVER));
}

TEST_F(books, agree_about_host_sva)
{
	if (nr_users <= SVA)
		SKIP(return, "host SVA is off on this kernel, or there is no mock device");
	ALLOC(DRIVER, 5);
	ALLOC(VM, 5);
	ALLOC(SVA, 1);
	ALLOC(SVA, SVA_MAX - 1);
	REFUSED(SVA, EBUSY);
	EXPECT_EQ(1, refusals(SVA));
	EXPECT_EQ(0, refusals(DRIVER));
	ALLOC(DRIVER, 1);
	FREE(SVA, 2);
	ALLOC(SVA, 1);
	ALLOC(VM, 1);
}

TEST_F(books, agree_when_quotas_change)
{
	struct account *a = &self->b.account[VM];

	ALLOC(VM, 10);
	a->guarantee = 15;
	a->limit = 15;
	ASSERT_EQ(0, node_quota(self->b.node, IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
				IOASID_QUOTA_LIMIT, a->set, 15, 15));
	EXPECT_AGREEMENT();
	EXPECT_ERRNO(EBUSY, node_quota(self->b.node, IOASID_BY_ID |
				       IOASID_QUOTA_GUARANTEE |
				       IOASID_QUOTA_LIMIT, a->set, 0, 9));
	EXPECT_AGREEMENT();
	a->guarantee = 0;
	ASSERT_EQ(0, node_quota(self->b.node, IOASID_BY_ID |
				IOASID_QUOTA_GUARANTEE, a->set, 0, 0));
	EXPECT_AGREEMENT();
	a->limit = PASID_LIMIT_NONE;
	ASSERT_EQ(0, node_quota(self->b.node, IOASID_BY_ID | IOASID_QUOTA_LIMIT,
				a->set, 0, PASID_LIMIT_NONE));
	EXPECT_AGREEMENT();
}

/* It was freed during the call that made it, which has not told its number yet. */
TEST_F(books, agree_about_what_is_pending)
{
	int who;

	for (who = 0; who < SVA; who++) {
		struct user *u = &self->b.user[who];
		struct account *a = &self->b.account[who];

		ALLOC(who, 3);
		ASSERT_EQ(1, user_do(u, OP_ALLOC_WAIT, 1));
		a->shared++;
		EXPECT_AGREEMENT();
		ASSERT_EQ(0, who == VM ? _test_free_pasid(u->fd, 0, UINT_MAX) :
			  node_free(u->fd, 0, UINT_MAX));
		a->shared = 0;
		a->pending = 1;
		EXPECT_AGREEMENT();
		ASSERT_EQ(1, user_do(u, OP_ALLOC_GO_ON, 1));
		a->pending = 0;
		EXPECT_AGREEMENT();
	}
}

TEST_F(books, agree_that_local_ones_cost_the_system_nothing)
{
	struct user *u = &self->b.user[VM];

	ALLOC(VM, 2);
	if (self->b.before.shared_min == 1) {
		ASSERT_EQ(0, user_do(u, OP_ALLOC_LOCAL, 1));
		EXPECT_EQ(ENOSPC, errno);
		EXPECT_AGREEMENT();
		return;
	}
	ASSERT_EQ(3, user_do(u, OP_ALLOC_LOCAL, 3));
	self->b.account[VM].local = 3;
	EXPECT_AGREEMENT();
	FREE(VM, 2);
	ASSERT_EQ(1, user_do(u, OP_FREE_LOCAL, 1));
	self->b.account[VM].local = 0;
	EXPECT_AGREEMENT();
}

TEST_F(books, agree_when_users_are_killed)
{
	ALLOC(DRIVER, 7);
	ALLOC(VM, 7);
	ALLOC(OTHER, 7);
	/* The rest is told by the teardown: all is as it was. */
}

/* -------- under load -------- */

/* What one reading of one source, which is of one moment, can never say. */
static bool system_is_possible(const char *who,
			       const struct ioasid_query_system *info,
			       __u32 most)
{
	__u64 sum = (__u64)info->shared_min + info->used + info->reserved +
		info->free;

	if (sum == info->capacity && info->used <= most)
		return true;
	print_system(who, info);
	return false;
}

static bool set_is_possible(const char *who,
			    const struct ioasid_set_entry *set)
{
	if (set->used <= set->limit && set->pending <= set->used &&
	    set->local <= set->used && set->guarantee <= set->limit &&
	    !set->reserved)
		return true;
	print_set(who, set);
	return false;
}

static bool sets_are_possible(const char *who, struct ioasid_set_entry *sets,
			      int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		if (!set_is_possible(who, &sets[i]) ||
		    (i && sets[i].id <= sets[i - 1].id))
			return false;
	return nr >= (int)nr_users;
}

static bool system_is_sane(int node, __u32 most)
{
	struct ioasid_query_system info;

	if (debugfs_system(&info) || !system_is_possible("debugfs", &info, most))
		return false;
	return !node_system(node, &info) &&
		system_is_possible("/dev/ioasid", &info, most);
}

static bool sets_are_sane(int node)
{
	struct ioasid_set_entry sets[MAX_SETS];

	return sets_are_possible("debugfs", sets, debugfs_sets(sets)) &&
		sets_are_possible("/dev/ioasid", sets, node_sets(node, sets));
}

static bool set_is_sane(int node, const struct user *u, __u32 *used)
{
	struct ioasid_set_entry entry;
	struct ioasid_query_set set;
	struct pasid_info info;

	if (node_query_id(node, u->set, &set))
		return false;
	entry = entry_of(&set);
	if (!set_is_possible("by its id", &entry) ||
	    set.available > set.limit - set.used)
		return false;
	*used = set.used;
	if (u->who != VM)
		return !node_query(u->fd, &set) && set.used <= set.limit &&
			set.available <= set.limit - set.used;
	return !_test_pasid_info(u->fd, &info) && info.used <= info.limit &&
		info.available <= info.limit - info.used;
}

/*
 * The misc controller adds first and takes it back if that was too much, so that it
 * may tell of one more for each task that is just being refused. Its peak counts what
 * was granted; but what the set refuses may have been charged for a moment.
 */
static bool cgroup_is_sane(unsigned int who, long max, long *events)
{
	long current = cg_current(cgroups[who]);
	long peak = cg_number(cgroups[who], "misc.peak", "ioasid");
	long most = max + nr_workers[who], last = *events;

	*events = refusals(who);
	if (current >= 0 && current <= most && peak >= 0 &&
	    peak <= (who == VM ? most : max) && *events >= last)
		return true;
	printf("# %s: current %ld peak %ld max %ld events %ld, before %ld\n",
	       cgroups[who], current, peak, max, *events, last);
	return false;
}

static bool all_cgroups_are_sane(long max)
{
	long current = cg_current(TOP);

	if (current >= 0 && current <= max + NR_WORKERS)
		return true;
	printf("# " TOP ": current %ld of %ld\n", current, max);
	return false;
}

static unsigned int nr_reads(void)
{
	return setting("IOASID_READS", 1000);
}

static bool all_are_quiet(struct load *load)
{
	int i;

	for (i = 0; i < NR_WORKERS - (nr_users <= SVA); i++)
		if (!load_shared(load->worker[i].quiet))
			return false;
	return true;
}

/* Whom what a worker has belongs to: its user, or itself. */
static struct account *account_of(struct books *b,
				  unsigned int who, struct worker *w)
{
	struct account *a;

	if (who == VM || w->set == b->account[who].set)
		return &b->account[who];
	a = &b->account[b->nr_accounts++];
	*a = (struct account) { .who = who, .set = w->set };
	return a;
}

TEST_F_TIMEOUT(books, say_nothing_impossible_under_load, 600)
{
	static const long max[] = {
		[DRIVER] = DRIVER_MAX,
		[VM] = VM_LIMIT,
		[OTHER] = OTHER_MAX,
		[SVA] = SVA_MAX,
	};
	unsigned int reads = nr_reads(), i, k, changes = 0;
	const __u32 most = self->b.before.used + DRIVER_MAX + VM_LIMIT +
		OTHER_MAX + SVA_MAX;
	struct load *load = self->b.load;
	struct worker *w = load->worker;
	__u32 used[NR_USERS] = {}, last;
	__u64 sum = 0, start = now_ns();
	long events[NR_USERS] = {};

	/* So that each limit of the third may be the one that is reached. */
	ASSERT_EQ(0, node_quota(self->b.node, IOASID_BY_ID | IOASID_QUOTA_LIMIT,
				self->b.user[OTHER].set, 0, OTHER_MAX));
	self->b.account[OTHER].limit = OTHER_MAX;
	for (i = 0; i < nr_users; i++)
		ASSERT_EQ(0, user_begin(&self->b.user[i], OP_WORK, 1));

	for (k = 0; k < reads; k++) {
		ASSERT_TRUE(system_is_sane(self->b.node, most));
		ASSERT_TRUE(sets_are_sane(self->b.node));
		ASSERT_TRUE(all_cgroups_are_sane(most - self->b.before.used));
		for (i = 0; i < nr_users; i++) {
			last = used[i];
			ASSERT_TRUE(set_is_sane(self->b.node, &self->b.user[i],
						&used[i]));
			ASSERT_TRUE(cgroup_is_sane(i, max[i], &events[i]));
			changes += used[i] != last;
		}
	}
	store_shared(load->stop, true);
	EXPECT_TRUE(wait_until(all_are_quiet(load)));

	/* Now they agree with each other, and with what the processes have. */
	for (i = 0; i < nr_users; i++) {
		long refused = 0;

		for (k = 0; k < nr_workers[i]; k++, w++) {
			EXPECT_EQ(0, w->wrong);
			EXPECT_LT(0, w->allocated);
			EXPECT_GE(max[i], w->most);
			account_of(&self->b, i, w)->shared += w->held;
			refused += w->refused;
			sum += w->allocated;
		}
		EXPECT_LT(0, refused);
		if (i == DRIVER)
			EXPECT_LE(refused, refusals(i));
		if (i == VM)
			EXPECT_EQ(0, refusals(i));
	}
	for (i = nr_users; i < self->b.nr_accounts; i++) {
		struct ioasid_query_set set;

		ASSERT_EQ(0, node_query_id(self->b.node, self->b.account[i].set,
					   &set));
		self->b.account[i].limit = set.limit;
	}
	EXPECT_AGREEMENT();
	EXPECT_LT(nr_users, changes);
	printf("# %u readings, %u of them new, %llu allocations, %llu ms\n",
	       reads, changes, sum, (now_ns() - start) / 1000000);

	store_shared(load->leave, true);
	for (i = 0; i < nr_users; i++) {
		ASSERT_EQ(1, user_end(&self->b.user[i]));
		self->b.account[i].shared = 0;
	}
	self->b.nr_accounts = nr_users;
	EXPECT_AGREEMENT();
}

TEST_HARNESS_MAIN
