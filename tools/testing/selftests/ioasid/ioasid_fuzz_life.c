// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that calls at random, from its beginning to one of its ends.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "ioasid_cg.h"
#include "ioasid_fuzz.h"
#include "ioasid_utils.h"

struct shared *shared;
int shared_fd;
int mailbox[2];
struct life life;

/* How often, in careful lives and in wild ones; whether it can both be and fail. */
const struct kind_type kinds[NR_KINDS] = {
	[NODE_ALLOC] = { "IOASID_ALLOC", 100, 100, true },
	[NODE_FREE] = { "IOASID_FREE", 40, 40, true },
	[NODE_BIND] = { "IOASID_BIND", 80, 80, true },
	[NODE_UNBIND] = { "IOASID_UNBIND", 60, 60, true },
	[NODE_LIST] = { "IOASID_LIST", 30, 30, true },
	[NODE_QUERY_SET] = { "IOASID_QUERY_SET", 30, 30, true },
	[NODE_SET_QUOTA] = { "IOASID_SET_QUOTA", 30, 30, true },
	[NODE_LIST_SETS] = { "IOASID_LIST_SETS", 15, 15, true },
	[NODE_QUERY_SYSTEM] = { "IOASID_QUERY_SYSTEM", 15, 15, true },
	[VFIO_ALLOC] = { "VFIO_IOMMU_ALLOC_PASID", 120, 120, true },
	[VFIO_FREE] = { "VFIO_IOMMU_FREE_PASID", 45, 45, true },
	[VFIO_BIND] = { "VFIO_IOMMU_BIND_PASID", 90, 90, true },
	[VFIO_UNBIND] = { "VFIO_IOMMU_UNBIND_PASID", 60, 60, true },
	[VFIO_QUOTA] = { "VFIO_IOMMU_SET_PASID_QUOTA", 30, 30, true },
	[VFIO_LIST] = { "VFIO_IOMMU_LIST_PASIDS", 40, 40, true },
	[VFIO_INFO] = { "VFIO_IOMMU_GET_INFO", 20, 20, true },
	[OTHER_NUMBER] = { "a call that does not exist", 20, 20, false },
	[KVM_ATTR] = { "KVM_SET_DEVICE_ATTR", 15, 20, true },
	[KVM_DEVICE] = { "KVM_CREATE_DEVICE", 3, 5, true },
	[KVM_VM] = { "KVM_CREATE_VM", 0, 1, false },
	[FILE_OP] = { "read, mmap and the like", 15, 20, true },
	[LOOK] = { "debugfs, sysfs and proc", 8, 8, true },
	[REOPEN] = { "open, dup and close", 15, 30, true },
	[PASS] = { "pass a descriptor", 0, 10, false },
	[TAKE] = { "take a descriptor", 0, 12, false },
	[FORK] = { "fork", 0, 2, false },
	[GROUP] = { "leave and join a group", 0, 3, true },
	[SLOW] = { "a call that waits", 0, 8, true },
	[CGROUP] = { "move to a cgroup", 1, 2, false },
	[LIMITS] = { "change a limit", 0, 1, false },
	[VERIFY] = { "compare with the books", 10, 0, false },
};

/* -------- chance -------- */

__u64 next_random(__u64 *state)
{
	__u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

__u32 some(struct thread *t, __u32 n)
{
	return next_random(&t->rnd) % n;
}

bool one_in(struct thread *t, __u32 n)
{
	return !some(t, n);
}

__u32 some_edge(struct thread *t)
{
	static const __u32 edges[] = {
		0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 255, 256, 257, 1000, 1001,
		4095, 4096, 4097, 65535, 65536, NR_PASIDS / 2 - 1,
		NR_PASIDS / 2, NR_PASIDS - 1, NR_PASIDS, NR_PASIDS + 1,
		INT_MAX, 1U << 31, (1U << 31) + 1, UINT_MAX - 1, UINT_MAX,
	};

	if (one_in(t, 4))
		return some(t, UINT_MAX);
	return edges[some(t, ARRAY_SIZE(edges))];
}

/* One that the life had, or somebody; or one near the bottom, where all look first. */
__u32 some_number(struct thread *t)
{
	if (one_in(t, 16))
		return some_edge(t);
	if (!one_in(t, 6))
		return load_shared(life.recent[some(t, NR_NUMBERS)]);
	if (one_in(t, 2))
		return load_shared(shared->numbers[some(t, NR_NUMBERS)]);
	return (one_in(t, 4) ? 0 : shared->shared_min) + some(t, 256);
}

/* -------- what is known of all -------- */

void count(enum call_kind kind, int ret, int error)
{
	struct tally *tally = &shared->tally[kind];

	if (ret >= 0)
		__atomic_add_fetch(&tally->ok, 1, __ATOMIC_RELAXED);
	else
		__atomic_add_fetch(&tally->failed[(__u32)error % NR_ERRNOS], 1,
				   __ATOMIC_RELAXED);
}

void wrong(struct thread *t, const char *format, ...)
{
	char text[400];
	va_list args;

	store_shared(shared->stop, 1);
	if (__atomic_exchange_n(&shared->is_wrong, 1, __ATOMIC_ACQ_REL))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(shared->wrong, sizeof(shared->wrong),
		 "life %u in slot %u, %s, thread %u, call %u: %s", life.nr,
		 life.slot, life.guest ? "child" : life.careful ? "careful" :
		 "wild", t->index, t->at, text);
}

/* -------- a life -------- */

static bool has_to_stop(void)
{
	return load_shared(shared->stop) ||
	       __atomic_sub_fetch(&shared->left, 1, __ATOMIC_RELAXED) < 0;
}

static enum call_kind some_kind(struct thread *t)
{
	__u32 all = 0, i;

	for (i = 0; i < NR_KINDS; i++)
		all += life.careful ? kinds[i].careful : kinds[i].wild;
	all = some(t, all);
	for (i = 0;; i++) {
		__u32 weight = life.careful ? kinds[i].careful : kinds[i].wild;

		if (all < weight)
			return i;
		all -= weight;
	}
}

/*
 * What a child of a process with threads can do, where any lock may be held for ever;
 * and what does not make it too many.
 */
static bool is_for_children(enum call_kind kind)
{
	return kind != FORK && kind != SLOW && kind != VERIFY &&
	       kind != GROUP && kind != VFIO_INFO;
}

static void one_call(struct thread *t)
{
	enum call_kind kind = some_kind(t);

	/* What ends its set more often, and nothing that keeps it. */
	if (life.bare && kind < VFIO_ALLOC)
		kind = one_in(t, 40) ? SLOW : one_in(t, 40) ? GROUP :
			VFIO_ALLOC + kind % (NR_CALLS - VFIO_ALLOC);
	if (life.guest && !is_for_children(kind))
		kind = VFIO_LIST;
	if (kind < NR_CALLS)
		make_call(t, kind);
	else
		make_other(t, kind);
}

void run_calls(struct thread *t, __u32 calls)
{
	for (t->at = 0; t->at < calls && !has_to_stop(); t->at++)
		one_call(t);
}

bool prepare_thread(struct thread *t, unsigned int index, __u64 seed)
{
	memset(t, 0, sizeof(*t));
	t->index = index;
	t->rnd = seed + index;
	next_random(&t->rnd);
	t->rnd ^= (__u64)index << 32;
	if (memory_open(&t->memory))
		return true;
	/* A child may have no descriptor left for it. */
	if (!life.guest)
		wrong(t, "no memory: %s", strerror(errno));
	return false;
}

/* Others may go on as if it still lived, until they hear that it does not. */
static void end_in_the_middle(struct thread *t)
{
	if (life.careful)
		store_shared(shared->careful[life.slot], 0);
	if (life.end == END_EXEC)
		become_again(t);
	kill(getpid(), SIGKILL);
}

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	bool first = !t->index;

	run_calls(t, first && life.end <= END_EXEC ? some(t, life.calls) :
		  life.calls);
	if (first && life.end <= END_EXEC)
		end_in_the_middle(t);
	if (first && life.end == END_CLOSE && !life.careful)
		close_files(t);
	return NULL;
}

static void *run_mover(void *arg)
{
	struct thread *t;
	__u32 how = 0;

	while (!sem_wait(&life.move) || errno == EINTR) {
		t = load_shared(life.moving);
		if (!t)
			break;
		memory_move(t, how++);
	}
	return NULL;
}

static void run_threads(struct thread *threads)
{
	pthread_t mover;
	unsigned int i;

	if (sem_init(&life.move, 0, 0) ||
	    pthread_create(&mover, NULL, run_mover, NULL)) {
		wrong(threads, "no thread");
		return;
	}
	for (i = 1; i < NR_THREADS; i++)
		if (pthread_create(&threads[i].id, NULL, run_thread,
				   &threads[i]))
			wrong(threads, "no thread");
	run_thread(&threads[0]);
	for (i = 1; i < NR_THREADS; i++)
		pthread_join(threads[i].id, NULL);
	store_shared(life.moving, NULL);
	sem_post(&life.move);
	pthread_join(mover, NULL);
}

/* After it has opened what it needs: not everybody may. */
static bool lose_privilege(struct thread *t)
{
	enum drop how = some(t, 3);

	if (!one_in(t, 3))
		return true;
	life.may_raise = false;
	/* Who is somebody else forgets whom he should not outlive. */
	return !drop_privilege(how) && !prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void live(unsigned int slot, __u32 nr, __u64 seed)
{
	static struct thread threads[NR_THREADS];
	struct thread *t = &threads[0];
	unsigned int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* With all its children, for who has to end them. */
	setpgid(0, 0);
	life.slot = slot;
	life.nr = nr;
	life.may_raise = true;
	pthread_rwlock_init(&life.books, NULL);
	pthread_rwlock_init(&life.group, NULL);
	pthread_mutex_init(&life.list, NULL);
	for (i = 0; i < NR_THREADS; i++)
		if (!prepare_thread(&threads[i], i, seed))
			_exit(KSFT_FAIL);
	life.careful = one_in(t, 2);
	life.bare = !life.careful && one_in(t, 2);
	life.end = some(t, NR_ENDS);
	if (life.careful && life.end == END_EXEC)
		life.end = END_EXIT;
	life.calls = 100 + some(t, 2000);
	if (cg_enter(one_in(t, 2) ? "ioasid_fuzz/few" : "ioasid_fuzz/many") ||
	    !open_files(t) || !lose_privilege(t)) {
		wrong(t, "set up: %s", strerror(errno));
		_exit(KSFT_FAIL);
	}
	if (life.careful)
		store_shared(shared->careful[slot], nr);
	run_threads(threads);
	if (life.careful) {
		verify(t);
		store_shared(shared->careful[slot], 0);
	}
	if (life.end == END_CLOSE)
		close_files(t);
	_exit(0);
}

/* -------- another program with the same descriptors -------- */

struct shared *map_shared(int fd)
{
	return mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
}

void become_again(struct thread *t)
{
	char numbers[AGAIN_ARGS][16], *argv[3 + AGAIN_ARGS];
	__u32 value[AGAIN_ARGS] = {
		shared_fd, mailbox[0], mailbox[1], life.slot, life.nr,
		some(t, UINT_MAX),
	};
	unsigned int i;

	for (i = 0; i < NR_STEADY; i++)
		value[6 + i] = load_shared(life.files[i]);
	argv[0] = "ioasid_fuzz";
	argv[1] = AGAIN;
	for (i = 0; i < ARRAY_SIZE(value); i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%u", value[i]);
		argv[2 + i] = numbers[i];
	}
	argv[2 + i] = NULL;
	execv("/proc/self/exe", argv);
}

int live_again(char **argv)
{
	static struct thread thread;
	__u32 value[AGAIN_ARGS];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = strtoul(argv[2 + i], NULL, 10);
	shared_fd = value[0];
	shared = map_shared(shared_fd);
	if (shared == MAP_FAILED)
		return KSFT_FAIL;
	mailbox[0] = value[1];
	mailbox[1] = value[2];
	life.slot = value[3];
	life.nr = value[4];
	life.guest = true;
	life.end = END_EXIT;
	for (i = 0; i < NR_FILES; i++)
		life.files[i] = i < NR_STEADY ? (int)value[6 + i] : -1;
	/* Those that went with the program before can be anybody's now. */
	if (prepare_thread(&thread, 0, value[5]))
		run_calls(&thread, 100);
	return 0;
}
