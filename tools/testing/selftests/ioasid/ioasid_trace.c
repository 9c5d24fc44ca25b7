// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints "ioasid:*": each transition that user space can cause is told, with
 * its set and its numbers, whether it happened or was refused.
 *
 * What no program can cause: a set that could not be made, for which memory has to be
 * short; and another capacity, which is told once for each IOMMU while it boots. The
 * latter is looked for in the system's own buffer, where "trace_event=" on the kernel
 * command line put it.
 */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_cg.h"
#include "ioasid_mock.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define TRACING		"/sys/kernel/tracing"
#define INSTANCE	TRACING "/instances/ioasid_selftest"
#define CGROUP		"ioasid_trace"

/* -------- a buffer of our own -------- */

struct event {
	char name[24];
	__u32 set;
	char token[32];
	/* PASID and private ID; or guarantee and limit. */
	long long value[2];
	char kind[8];
	int result;
};

struct tracing {
	char *buffer;
	struct event *events;
	unsigned int nr;
	/* How the set is named in all of its events, once known. */
	char token[32];
};

#define ABOUT(_name, a, b, _kind, _result)	\
	((struct event) {			\
		.name = #_name,			\
		.value = { a, b },		\
		.kind = _kind,			\
		.result = _result,		\
	})
#define SET(name, guarantee, limit, result)	\
	ABOUT(set_##name, guarantee, limit, "", result)
#define SHARED(name, pasid, private, result)	\
	ABOUT(name, pasid, private, "shared", result)
#define LOCAL(name, pasid, private, result)	\
	ABOUT(name, pasid, private, "local", result)

static int tracing_write(const char *file, const char *text)
{
	char path[256];
	int fd, ret;

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	fd = open(path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

/* With a clock that tells what came first, on whichever processors. */
static int tracing_open(struct tracing *t)
{
	*t = (struct tracing) {};
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0755) || tracing_write("trace_clock", "counter") ||
	    tracing_write("buffer_size_kb", "4096"))
		return -1;
	return tracing_write("events/ioasid/enable", "1");
}

static int tracing_close(struct tracing *t)
{
	free(t->events);
	free(t->buffer);
	tracing_write("events/ioasid/enable", "0");
	return rmdir(INSTANCE);
}

static char *read_all(const char *path)
{
	size_t size = 0, room = 1 << 20;
	char *text = malloc(room);
	ssize_t len = 0;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || !text)
		return NULL;
	while ((len = read(fd, text + size, room - size - 1)) > 0) {
		size += len;
		if (room - size > 1 << 16)
			continue;
		room *= 2;
		text = realloc(text, room);
		if (!text)
			return NULL;
	}
	close(fd);
	text[size] = '\0';
	return len ? NULL : text;
}

static bool parse_event(const char *line, struct event *e)
{
	const char *at = strstr(line, ": ioasid_");
	int skip = 0;

	*e = (struct event) {};
	if (!at || sscanf(at, ": ioasid_%23[a-z_]: set=%u token=%31s %n",
			  e->name, &e->set, e->token, &skip) != 3)
		return false;
	at += skip;
	if (sscanf(at, "pasid=%lld private=%lld %7s result=%d", &e->value[0],
		   &e->value[1], e->kind, &e->result) == 4)
		return true;
	return sscanf(at, "guarantee=%lld limit=%lld result=%d", &e->value[0],
		      &e->value[1], &e->result) == 3;
}

/* What was told since the last time; -1 if some of it cannot be read, or was lost. */
static int tracing_read(struct tracing *t)
{
	unsigned int lines = 0, kept, written, lost = 1;
	char *line, *rest;

	free(t->buffer);
	free(t->events);
	t->nr = 0;
	t->events = NULL;
	t->buffer = read_all(INSTANCE "/trace");
	if (!t->buffer || tracing_write("trace", ""))
		return -1;

	for (line = t->buffer; *line; line++)
		lines += *line == '\n';
	t->events = calloc(lines + 1, sizeof(*t->events));
	if (!t->events)
		return -1;

	rest = t->buffer;
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "# entries-in-buffer/entries-written: %u/%u",
			   &kept, &written) == 2)
			lost = written - kept;
		if (!*line || *line == '#')
			continue;
		if (!parse_event(line, &t->events[t->nr])) {
			printf("# what is this: %s\n", line);
			return -1;
		}
		t->nr++;
	}
	return lost ? -1 : 0;
}

static void print_event(const char *what, const struct event *e)
{
	printf("# %s %s %lld %lld %s result %d\n", what, e->name, e->value[0],
	       e->value[1], e->kind, e->result);
}

static bool is_same(const struct event *a, const struct event *b)
{
	return !strcmp(a->name, b->name) && a->value[0] == b->value[0] &&
	       a->value[1] == b->value[1] && !strcmp(a->kind, b->kind) &&
	       a->result == b->result;
}

static bool is_reference(const struct event *e)
{
	return !strcmp(e->name, "get") || !strcmp(e->name, "put");
}

/* A set has one token, and a process' set has one that is not null. */
static bool is_token(struct tracing *t, const char *token)
{
	if (!t->token[0])
		snprintf(t->token, sizeof(t->token), "%s", token);
	return !strcmp(t->token, token) && strcmp(token, "(null)") &&
	       strspn(token, "0") != strlen(token);
}

/*
 * Is just this what was told of the set since the last time, in this order? Who takes
 * a reference while a call lasts is the kernel's business unless @references.
 */
static bool seen(struct tracing *t, __u32 set, bool references,
		 const struct event *want, unsigned int nr)
{
	unsigned int i, at = 0;
	bool good;

	good = !tracing_read(t);
	for (i = 0; i < t->nr; i++) {
		struct event *e = &t->events[i];

		if (e->set != set || (!references && is_reference(e)))
			continue;
		good &= is_token(t, e->token) && at < nr &&
			is_same(e, &want[at]);
		at++;
	}
	if (good && at == nr)
		return true;

	for (i = 0; i < nr; i++)
		print_event("wanted", &want[i]);
	for (i = 0; i < t->nr; i++)
		if (t->events[i].set == set)
			print_event("told", &t->events[i]);
	return false;
}

#define EXPECT_TOLD_OF(set, references, ...)				\
	do {								\
		const struct event __want[] = { __VA_ARGS__ };		\
									\
		EXPECT_TRUE(seen(&self->t, set, references, __want,	\
				 ARRAY_SIZE(__want)));			\
	} while (0)
#define EXPECT_TOLD(...)	EXPECT_TOLD_OF(self->set, false, __VA_ARGS__)

static __u32 own_set(void)
{
	int fd = node_open();
	__u32 id = node_number(fd, id);

	close(fd);
	return id;
}

/* -------- a process with one PASID, by either way to it -------- */

FIXTURE(trace) {
	struct tracing t;
	struct container c;
	int fd;
	__u32 set;
	__u32 limit;
	__u32 pasid;
};

FIXTURE_VARIANT(trace) {
	bool vfio;
	unsigned int alloc_nr;
	__u32 alloc_size;
	int (*alloc)(int fd, __u32 min, __u32 max, __u32 *pasid);
	int (*alloc_guest)(int fd, __u32 guest, __u32 *pasid);
	int (*free)(int fd, __u32 min, __u32 max);
	int (*bind)(int fd, __u32 pasid, __u32 guest);
	int (*unbind)(int fd, __u32 guest);
	int (*quota)(int fd, __u32 guarantee, __u32 limit);
};

static int node_both_quotas(int fd, __u32 guarantee, __u32 limit)
{
	return node_quota(fd, IOASID_QUOTA_GUARANTEE | IOASID_QUOTA_LIMIT, 0,
			  guarantee, limit);
}

static int vfio_both_quotas(int fd, __u32 guarantee, __u32 limit)
{
	return _test_pasid_quota(fd, VFIO_PASID_QUOTA_GUARANTEE |
				 VFIO_PASID_QUOTA_LIMIT, guarantee, limit);
}

FIXTURE_VARIANT_ADD(trace, node) {
	.alloc_nr = IOASID_ALLOC,
	.alloc_size = sizeof(struct ioasid_alloc_pasid),
	.alloc = node_alloc_from,
	.alloc_guest = node_alloc_guest,
	.free = node_free,
	.bind = node_bind,
	.unbind = node_unbind,
	.quota = node_both_quotas,
};

FIXTURE_VARIANT_ADD(trace, vfio) {
	.vfio = true,
	.alloc_nr = VFIO_IOMMU_ALLOC_PASID,
	.alloc_size = sizeof(struct vfio_iommu_alloc_pasid),
	.alloc = _test_alloc_pasid,
	.alloc_guest = _test_alloc_guest,
	.free = _test_free_pasid,
	.bind = _test_bind_pasid,
	.unbind = _test_unbind_pasid,
	.quota = vfio_both_quotas,
};

static int user_open(struct container *c, bool vfio)
{
	if (vfio)
		return container_open(c, 0) ? -1 : c->fd;
	*c = NO_CONTAINER;
	return node_open();
}

static void user_close(struct container *c, int *fd)
{
	if (c->fd < 0 && *fd >= 0)
		close(*fd);
	container_close(c);
	*fd = -1;
}

FIXTURE_SETUP(trace)
{
	const char *why = missing(1);
	int node;

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, tracing_open(&self->t));
	self->fd = user_open(&self->c, variant->vfio);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &self->pasid));
	node = node_open();
	self->set = node_number(node, id);
	self->limit = node_number(node, limit);
	close(node);
	ASSERT_EQ(0, tracing_read(&self->t));
}

FIXTURE_TEARDOWN(trace)
{
	user_close(&self->c, &self->fd);
	EXPECT_EQ(0, tracing_close(&self->t));
}

TEST_F(trace, set_is_made_by_the_first_call)
{
	__u32 pasid;

	user_close(&self->c, &self->fd);
	self->fd = user_open(&self->c, variant->vfio);
	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &pasid));
	EXPECT_NE(self->set, own_set());
	EXPECT_TOLD_OF(own_set(), false, SET(add, 0, self->limit, 0),
		       SHARED(alloc, pasid, -1, 0));
}

TEST_F(trace, set_is_given_up_with_what_it_has)
{
	ASSERT_EQ(0, variant->quota(self->fd, 0, 10));
	ASSERT_EQ(0, variant->bind(self->fd, self->pasid, 9));
	ASSERT_EQ(0, tracing_read(&self->t));
	user_close(&self->c, &self->fd);
	EXPECT_TOLD(SET(free, 0, 10, 0),
		    SHARED(unbind, self->pasid, 9, 0),
		    SHARED(free, self->pasid, -1, 0),
		    SHARED(reclaim, self->pasid, -1, 0));
}

TEST_F(trace, allocation_and_its_refusals_are_told)
{
	__u32 a, b, dummy;

	ASSERT_EQ(0, variant->alloc(self->fd, self->pasid, UINT_MAX, &a));
	EXPECT_TOLD(SHARED(alloc, a, -1, 0));
	ASSERT_EQ(0, variant->alloc_guest(self->fd, 7, &b));
	EXPECT_TOLD(SHARED(alloc, b, -1, 0), SHARED(bind, b, 7, 0));

	EXPECT_ERRNO(EEXIST, variant->alloc_guest(self->fd, 7, &dummy));
	EXPECT_TOLD(SHARED(alloc, -1, 7, -EEXIST));
	EXPECT_ERRNO(ENOSPC, variant->alloc(self->fd, a, a, &dummy));
	EXPECT_TOLD(SHARED(alloc, -1, -1, -ENOSPC));
	EXPECT_ERRNO(EINVAL, variant->alloc(self->fd, 2, 1, &dummy));
	EXPECT_TOLD(SHARED(alloc, -1, -1, -EINVAL));

	ASSERT_EQ(0, variant->quota(self->fd, 0, 3));
	ASSERT_EQ(0, tracing_read(&self->t));
	EXPECT_ERRNO(EDQUOT, variant->alloc_guest(self->fd, 8, &dummy));
	EXPECT_TOLD(SHARED(alloc, -1, 8, -EDQUOT));
}

TEST_F(trace, refusal_of_the_cgroup_is_told)
{
	int status;
	pid_t pid;

	if (cg_number("", "misc.capacity", "ioasid") < 0)
		SKIP(return, "no misc controller");
	ASSERT_EQ(0, cg_make(CGROUP, false));
	ASSERT_EQ(0, cg_max(CGROUP, "0"));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (cg_enter(CGROUP))
			_exit(1);
		if (variant->alloc(self->fd, 0, UINT_MAX, &self->pasid) != -1)
			_exit(2);
		_exit(errno != EBUSY);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TOLD(SHARED(alloc, -1, -1, -EBUSY));
	EXPECT_TRUE(wait_until(!cg_remove(CGROUP)));
}

TEST_F(trace, binding_and_its_refusals_are_told)
{
	__u32 a = self->pasid, b;

	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &b));
	ASSERT_EQ(0, tracing_read(&self->t));
	ASSERT_EQ(0, variant->bind(self->fd, a, 0));
	EXPECT_TOLD(SHARED(bind, a, 0, 0));
	EXPECT_ERRNO(EEXIST, variant->bind(self->fd, a, 5));
	EXPECT_TOLD(SHARED(bind, a, 5, -EEXIST));
	EXPECT_ERRNO(EEXIST, variant->bind(self->fd, b, 0));
	EXPECT_TOLD(SHARED(bind, b, 0, -EEXIST));
	EXPECT_ERRNO(ENOENT, variant->bind(self->fd, 0, 5));
	EXPECT_TOLD(SHARED(bind, 0, 5, -ENOENT));

	ASSERT_EQ(0, variant->unbind(self->fd, 0));
	EXPECT_TOLD(SHARED(unbind, a, 0, 0));
	EXPECT_ERRNO(ENOENT, variant->unbind(self->fd, 0));
	EXPECT_TOLD(SHARED(unbind, -1, 0, -ENOENT));
}

TEST_F(trace, freeing_and_its_refusal_are_told)
{
	__u32 a = self->pasid, b, c;

	ASSERT_EQ(0, variant->alloc_guest(self->fd, 3, &b));
	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &c));
	ASSERT_EQ(0, tracing_read(&self->t));
	ASSERT_EQ(0, variant->free(self->fd, c, c));
	EXPECT_TOLD(SHARED(free, c, -1, 0), SHARED(reclaim, c, -1, 0));
	EXPECT_ERRNO(ENOENT, variant->free(self->fd, c, c));
	EXPECT_TOLD(SHARED(free, c, -1, -ENOENT));
	ASSERT_EQ(0, variant->free(self->fd, 0, UINT_MAX));
	EXPECT_TOLD(SHARED(free, a, -1, 0), SHARED(reclaim, a, -1, 0),
		    SHARED(unbind, b, 3, 0), SHARED(free, b, -1, 0),
		    SHARED(reclaim, b, -1, 0));
}

static int administrator_quota(__u32 set, __u32 guarantee, __u32 limit)
{
	int fd = node_open();
	int ret = node_quota(fd, IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
			     IOASID_QUOTA_LIMIT, set, guarantee, limit);
	int err = errno;

	close(fd);
	errno = err;
	return ret;
}

TEST_F(trace, quota_and_its_refusals_are_told)
{
	struct ioasid_query_system info;
	int status, node = node_open();
	pid_t pid;

	ASSERT_EQ(0, node_system(node, &info));
	close(node);
	ASSERT_EQ(0, variant->quota(self->fd, 0, 5));
	EXPECT_TOLD(SET(adjust, 0, 5, 0));
	EXPECT_ERRNO(EBUSY, variant->quota(self->fd, 0, 0));
	EXPECT_TOLD(SET(adjust, 0, 0, -EBUSY));
	EXPECT_ERRNO(EINVAL, variant->quota(self->fd, 3, 2));
	EXPECT_TOLD(SET(adjust, 3, 2, -EINVAL));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (drop_privilege(DROP_CAPABILITY))
			_exit(1);
		if (variant->quota(self->fd, 4, 6) != -1)
			_exit(2);
		_exit(errno != EPERM);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TOLD(SET(adjust, 4, 6, -EPERM));

	ASSERT_EQ(0, administrator_quota(self->set, 2, PASID_LIMIT_NONE));
	EXPECT_TOLD(SET(adjust, 2, PASID_LIMIT_NONE, 0));
	EXPECT_ERRNO(ENOSPC, administrator_quota(self->set, info.capacity,
						 PASID_LIMIT_NONE));
	EXPECT_TOLD(SET(adjust, info.capacity, PASID_LIMIT_NONE, -ENOSPC));
}

/* Whoever asks hears that there is no such PASID, the administrator why. */
TEST_F(trace, another_sets_pasid_is_told_to_the_administrator_only)
{
	int to[2], from[2], status;
	__u32 theirs, id, i;
	pid_t pid;

	ASSERT_EQ(0, pipe(to));
	ASSERT_EQ(0, pipe(from));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = node_open();
		__u32 mine[2];

		close(to[1]);
		if (node_alloc(fd, &mine[0]))
			_exit(1);
		mine[1] = node_number(fd, id);
		if (write(from[1], mine, sizeof(mine)) != sizeof(mine))
			_exit(2);
		_exit(read(to[0], &id, 1));
	}
	ASSERT_EQ(sizeof(theirs), read(from[0], &theirs, sizeof(theirs)));
	ASSERT_EQ(sizeof(id), read(from[0], &id, sizeof(id)));
	EXPECT_ERRNO(ENOENT, variant->bind(self->fd, theirs, 5));
	EXPECT_ERRNO(ENOENT, variant->free(self->fd, theirs, theirs));
	EXPECT_TOLD(SHARED(bind, theirs, 5, -EACCES),
		    SHARED(free, theirs, -1, -EACCES));

	/* All that was told of the other one has another token. */
	for (i = 0; i < self->t.nr; i++)
		if (self->t.events[i].set == id)
			EXPECT_STRNE(self->t.token, self->t.events[i].token);
	close(to[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TOLD();
}

/* Who cannot be told the number does not have it: it comes and goes. */
TEST_F(trace, answer_that_cannot_be_written_is_told_as_a_free)
{
	__u32 *req = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 pasid;

	ASSERT_NE(MAP_FAILED, req);
	/* It will be the number that is free now. */
	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &pasid));
	ASSERT_EQ(0, variant->free(self->fd, pasid, pasid));
	ASSERT_EQ(0, tracing_read(&self->t));
	req[0] = variant->alloc_size;
	req[2] = pasid;
	req[3] = pasid;
	ASSERT_EQ(0, mprotect(req, 4096, PROT_READ));
	EXPECT_ERRNO(EFAULT, ioctl(self->fd, variant->alloc_nr, req));
	EXPECT_TOLD(SHARED(alloc, pasid, -1, 0), SHARED(free, pasid, -1, 0),
		    SHARED(reclaim, pasid, -1, 0));
}

/*
 * A call keeps its PASID until the caller has the number. While it waits for the
 * caller's memory, another one frees the PASID, which is reclaimed at the last put.
 */
TEST_F(trace, pasid_in_use_is_reclaimed_when_it_is_put)
{
	__u32 req[8] = { variant->alloc_size }, pasid;
	struct trap trap;
	struct call call;

	ASSERT_EQ(0, variant->alloc(self->fd, 0, UINT_MAX, &pasid));
	ASSERT_EQ(0, variant->free(self->fd, pasid, pasid));
	req[2] = pasid;
	req[3] = pasid;
	if (trap_open(&trap, TRAP_WRITE, req, sizeof(req)))
		SKIP(return, "no userfaultfd that can write-protect");
	ASSERT_EQ(0, tracing_read(&self->t));
	ASSERT_EQ(0, call_begin(&call, self->fd, variant->alloc_nr, trap.page));
	ASSERT_TRUE(trap_is_entered(&trap));
	EXPECT_TOLD(SHARED(alloc, pasid, -1, 0));

	ASSERT_EQ(0, variant->free(self->fd, pasid, pasid));
	EXPECT_TOLD_OF(self->set, true, SHARED(free, pasid, -1, 0));
	ASSERT_EQ(0, trap_refuse_write(&trap));
	EXPECT_ERRNO(EFAULT, call_end(&call));
	/* It wanted to free it itself. */
	EXPECT_TOLD_OF(self->set, true, SHARED(free, pasid, -1, -ENOENT),
		       SHARED(put, pasid, -1, 0),
		       SHARED(reclaim, pasid, -1, 0));
	trap_close(&trap);
}

/* -------- local to a device -------- */

FIXTURE(local) {
	struct tracing t;
	struct container c;
	int device;
	__u32 set;
};

FIXTURE_SETUP(local)
{
	const char *why = missing(1);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, tracing_open(&self->t));
	ASSERT_EQ(0, container_open(&self->c, 0));
	self->device = device_open(&self->c, 0);
	ASSERT_LE(0, self->device);
	if (pasid_shared_min(self->c.fd) < 3)
		SKIP(return, "no PASIDs are local; boot with ioasid.local=256");
	test_pasid_limit(self->c.fd, 1);
	self->set = own_set();
	ASSERT_EQ(0, tracing_read(&self->t));
}

FIXTURE_TEARDOWN(local)
{
	close(self->device);
	container_close(&self->c);
	EXPECT_EQ(0, tracing_close(&self->t));
}

TEST_F(local, one_is_told_apart_all_its_life)
{
	int fd = self->c.fd;
	__u32 a;

	test_alloc_local_guest(fd, self->device, 0, &a);
	EXPECT_TOLD(LOCAL(alloc, a, -1, 0), LOCAL(bind, a, 0, 0));
	test_unbind_pasid(fd, 0);
	EXPECT_TOLD(LOCAL(unbind, a, 0, 0));
	test_bind_local(fd, self->device, a, 6);
	EXPECT_TOLD(LOCAL(bind, a, 6, 0));
	test_free_local(fd, self->device, a, a);
	EXPECT_TOLD(LOCAL(unbind, a, 6, 0), LOCAL(free, a, -1, 0),
		    LOCAL(reclaim, a, -1, 0));
}

TEST_F(local, refusals_are_told)
{
	int fd = self->c.fd;
	__u32 a;

	test_alloc_local(fd, self->device, 0, UINT_MAX, &a);
	ASSERT_EQ(0, tracing_read(&self->t));
	test_err_alloc_local_guest(EDQUOT, fd, self->device, 4);
	EXPECT_TOLD(LOCAL(alloc, -1, 4, -EDQUOT));
	test_err_bind_local(ENOENT, fd, self->device, a + 1, 4);
	EXPECT_TOLD(LOCAL(bind, a + 1, 4, -ENOENT));
	test_err_free_local(ENOENT, fd, self->device, a + 1, a + 1);
	EXPECT_TOLD(LOCAL(free, a + 1, -1, -ENOENT));
}

/* -------- in the table of a device -------- */

FIXTURE(mock) {
	struct tracing t;
	struct container c;
	int iommufd;
	__u32 dev[2];
	__u32 table[2];
	__u32 set;
	__u32 pasid;
};

FIXTURE_SETUP(mock)
{
	const char *why = missing(1);

	self->iommufd = open("/dev/iommu", O_RDWR);
	why = why ?: no_mock(self->iommufd);
	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, tracing_open(&self->t));
	ASSERT_EQ(0, container_open(&self->c, 0));
	ASSERT_EQ(0, make_mocks(self->iommufd, self->dev, self->table));
	test_alloc_pasid(self->c.fd, 0, UINT_MAX, &self->pasid);
	self->set = own_set();
	ASSERT_EQ(0, tracing_read(&self->t));
}

FIXTURE_TEARDOWN(mock)
{
	container_close(&self->c);
	close(self->iommufd);
	EXPECT_EQ(0, tracing_close(&self->t));
}

TEST_F(mock, attached_pasid_is_got_and_put)
{
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], self->pasid,
				 self->table[0]));
	EXPECT_TOLD_OF(self->set, true, SHARED(get, self->pasid, -1, 0));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], self->pasid));
	EXPECT_TOLD_OF(self->set, true, SHARED(put, self->pasid, -1, 0));
}

TEST_F(mock, freed_pasid_is_reclaimed_when_it_is_put)
{
	ASSERT_EQ(0, mock_attach(self->iommufd, self->dev[0], self->pasid,
				 self->table[0]));
	ASSERT_EQ(0, tracing_read(&self->t));
	test_free_pasid(self->c.fd, self->pasid, self->pasid);
	EXPECT_TOLD_OF(self->set, true, SHARED(free, self->pasid, -1, 0));
	ASSERT_EQ(0, mock_detach(self->iommufd, self->dev[0], self->pasid));
	EXPECT_TOLD_OF(self->set, true, SHARED(put, self->pasid, -1, 0),
		       SHARED(reclaim, self->pasid, -1, 0));
}

/* -------- the order, whoever else is at work -------- */

#define NR_WORKERS	4
#define NR_ROUNDS	300

static void work(int fd, unsigned int seed)
{
	__u32 pasid = 0, guest = 0, i;

	for (i = 0; i < NR_ROUNDS; i++) {
		switch (rand_r(&seed) % 5) {
		case 0:
			node_alloc_guest(fd, guest++ % 20, &pasid);
			break;
		case 1:
			node_bind(fd, pasid, rand_r(&seed) % 20);
			break;
		case 2:
			node_unbind(fd, rand_r(&seed) % 20);
			break;
		case 3:
			node_free(fd, pasid, pasid + rand_r(&seed) % 4);
			break;
		case 4:
			node_alloc(fd, &pasid);
			break;
		}
	}
}

struct life {
	bool there;
	bool freed;
	unsigned int users;
	__u32 set;
	long long private;
};

/* NULL, or what is wrong about this coming next. */
static const char *live_on(struct life *life, const struct event *e)
{
	if (!strcmp(e->name, "alloc")) {
		if (life->there)
			return "allocated before it was reclaimed";
		*life = (struct life) {
			.there = true,
			.set = e->set,
			.private = -1,
		};
		return NULL;
	}
	if (!life->there)
		return "used before it was allocated";
	if (life->set != e->set)
		return "another set's";
	if (!strcmp(e->name, "put"))
		return life->users-- ? NULL : "put before it was got";
	if (!strcmp(e->name, "reclaim")) {
		life->there = false;
		if (life->users)
			return "reclaimed before it was put";
		return life->freed ? NULL : "reclaimed before it was freed";
	}
	if (life->freed)
		return "freed before";
	if (!strcmp(e->name, "get")) {
		life->users++;
	} else if (!strcmp(e->name, "bind")) {
		if (life->private != -1)
			return "bound before it was unbound";
		life->private = e->value[1];
	} else if (!strcmp(e->name, "unbind")) {
		if (life->private != e->value[1])
			return "unbound and not bound to this";
		life->private = -1;
	} else if (!strcmp(e->name, "free")) {
		if (life->private != -1)
			return "freed before it was unbound";
		life->freed = true;
	}
	return NULL;
}

FIXTURE(order) {
	struct tracing t;
	struct life *lives;
	__u32 capacity;
};

FIXTURE_SETUP(order)
{
	struct ioasid_query_system info;
	int fd = node_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, node_system(fd, &info));
	close(fd);
	if (!info.capacity)
		SKIP(return, "the system has no PASIDs");
	self->capacity = info.capacity;
	self->lives = calloc(self->capacity, sizeof(*self->lives));
	ASSERT_NE(NULL, self->lives);
	ASSERT_EQ(0, tracing_open(&self->t));
}

FIXTURE_TEARDOWN(order)
{
	EXPECT_EQ(0, tracing_close(&self->t));
}

/* Half of them share a set; what they still have is freed when they end. */
TEST_F_TIMEOUT(order, each_pasid_lives_one_life_after_the_other, 400)
{
	int common = node_open(), status, i;
	unsigned int told = 0, there = 0;
	pid_t pids[NR_WORKERS];

	for (i = 0; i < NR_WORKERS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			work(i % 2 ? common : node_open(), i);
			_exit(0);
		}
	}
	for (i = 0; i < NR_WORKERS; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	close(common);

	ASSERT_EQ(0, tracing_read(&self->t));
	for (i = 0; i < self->t.nr; i++) {
		struct event *e = &self->t.events[i];
		const char *wrong;

		if (e->result || !strncmp(e->name, "set_", 4))
			continue;
		ASSERT_LT(0, e->value[0]);
		ASSERT_GT(self->capacity, e->value[0]);
		wrong = live_on(&self->lives[e->value[0]], e);
		if (wrong)
			print_event(wrong, e);
		ASSERT_EQ(NULL, wrong);
		told++;
	}
	EXPECT_LT(NR_WORKERS * NR_ROUNDS / 2, told);
	for (i = 0; i < self->capacity; i++)
		there += self->lives[i].there;
	EXPECT_EQ(0, there);
}

/* -------- all of them -------- */

/* One more event wants one more test here. */
TEST(there_are_no_other_events)
{
	static const char *const known[] = {
		"alloc", "bind", "capacity", "free", "get", "put", "reclaim",
		"set_add", "set_adjust", "set_free", "unbind",
	};
	struct dirent *entry;
	int i, nr = 0;
	DIR *dir;

	dir = opendir(TRACING "/events/ioasid");
	ASSERT_NE(NULL, dir);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "ioasid_", 7))
			continue;
		for (i = 0; i < ARRAY_SIZE(known); i++)
			if (!strcmp(entry->d_name + 7, known[i]))
				break;
		EXPECT_GT(ARRAY_SIZE(known), i)
			TH_LOG("there is also %s", entry->d_name);
		nr++;
	}
	closedir(dir);
	EXPECT_EQ(ARRAY_SIZE(known), nr);
}

TEST(capacity_is_told_while_booting)
{
	__u32 capacity = 0, shared_min = 0;
	struct ioasid_query_system info;
	char *text, *at;
	int fd, nr = 0;

	text = read_all(TRACING "/events/ioasid/ioasid_capacity/enable");
	ASSERT_NE(NULL, text);
	if (*text != '1')
		SKIP(return, "nobody listened; boot with trace_event=ioasid:ioasid_capacity");
	text = read_all(TRACING "/trace");
	ASSERT_NE(NULL, text);
	for (at = text; (at = strstr(at, "ioasid_capacity: ")); at++)
		nr = sscanf(at, "ioasid_capacity: capacity=%u shared_min=%u",
			    &capacity, &shared_min);
	EXPECT_EQ(2, nr);
	fd = node_open();
	ASSERT_EQ(0, node_system(fd, &info));
	close(fd);
	EXPECT_EQ(info.capacity, capacity);
	EXPECT_EQ(info.shared_min, shared_min);
}

TEST_HARNESS_MAIN
