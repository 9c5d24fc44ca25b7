// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/ioasid: the PASIDs of a process without VFIO, and what the administrator
 * sees and changes.
 */
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioasid_layout.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

#define QUOTA_PARAM	"/sys/module/ioasid/parameters/quota"

static bool has_pasids(int fd)
{
	struct ioasid_query_system info;

	return !node_system(fd, &info) && info.capacity;
}

static __u32 quota_param(void)
{
	__u32 value = 0;
	FILE *file = fopen(QUOTA_PARAM, "r");

	if (!file)
		return 0;
	if (fscanf(file, "%u", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* -------- what programs were compiled with -------- */

#define EXPECT_LAYOUT(type, last, at, size)                    \
	do {                                                   \
		EXPECT_EQ(at, offsetof(struct type, last));    \
		EXPECT_EQ(size, sizeof(struct type));          \
	} while (0)

TEST(layout_is_for_ever)
{
	EXPECT_LAYOUT(ioasid_alloc_pasid, pasid, 20, 24);
	EXPECT_LAYOUT(ioasid_free_pasid, max, 12, 16);
	EXPECT_LAYOUT(ioasid_bind_pasid, guest, 12, 16);
	EXPECT_LAYOUT(ioasid_unbind_pasid, guest, 8, 16);
	EXPECT_LAYOUT(ioasid_entry, flags, 8, 16);
	EXPECT_LAYOUT(ioasid_list, entries, 16, 24);
	EXPECT_LAYOUT(ioasid_query_set, comm, 40, 56);
	EXPECT_LAYOUT(ioasid_quota, limit, 16, 24);
	EXPECT_LAYOUT(ioasid_set_entry, comm, 32, 48);
	EXPECT_LAYOUT(ioasid_list_sets, entries, 16, 24);
	EXPECT_LAYOUT(ioasid_query_system, free, 24, 32);
}

TEST(numbers_are_for_ever)
{
	EXPECT_EQ(_IO(0xbb, 0), IOASID_ALLOC);
	EXPECT_EQ(_IO(0xbb, 1), IOASID_FREE);
	EXPECT_EQ(_IO(0xbb, 2), IOASID_BIND);
	EXPECT_EQ(_IO(0xbb, 3), IOASID_UNBIND);
	EXPECT_EQ(_IO(0xbb, 4), IOASID_LIST);
	EXPECT_EQ(_IO(0xbb, 5), IOASID_QUERY_SET);
	EXPECT_EQ(_IO(0xbb, 6), IOASID_SET_QUOTA);
	EXPECT_EQ(_IO(0xbb, 7), IOASID_LIST_SETS);
	EXPECT_EQ(_IO(0xbb, 8), IOASID_QUERY_SYSTEM);
}

TEST(node_is_for_root)
{
	struct stat st;
	int status;
	pid_t pid;

	ASSERT_EQ(0, stat(NODE, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		if (drop_privilege(DROP_UID))
			_exit(2);
		_exit(node_open() >= 0 || errno != EACCES);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* -------- arguments -------- */

union request {
	struct ioasid_alloc_pasid alloc;
	struct ioasid_free_pasid free;
	struct ioasid_bind_pasid bind;
	struct ioasid_unbind_pasid unbind;
	struct ioasid_list list;
	struct ioasid_query_set query_set;
	struct ioasid_quota quota;
	struct ioasid_list_sets list_sets;
	struct ioasid_query_system system;
	__u32 word[14];
	__u8 byte[8192];
};

#define WORD(type, field) (offsetof(struct type, field) / sizeof(__u32))

/* Where lists go. */
static struct ioasid_entry entries[4];
static struct ioasid_set_entry set_entries[4];

FIXTURE(call) {
	int fd;
	union request *good;
	__u32 used;
};

FIXTURE_VARIANT(call) {
	unsigned int nr;
	__u32 size;
	__u32 known_flags;
	/* Words that have to be 0: reserved, or without their flag. */
	__u32 zero[2];
	bool answers;
};

FIXTURE_VARIANT_ADD(call, alloc) {
	.nr = IOASID_ALLOC,
	.size = sizeof(struct ioasid_alloc_pasid),
	.known_flags = IOASID_GUEST,
	.zero = { WORD(ioasid_alloc_pasid, guest) },
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, free) {
	.nr = IOASID_FREE,
	.size = sizeof(struct ioasid_free_pasid),
};

FIXTURE_VARIANT_ADD(call, bind) {
	.nr = IOASID_BIND,
	.size = sizeof(struct ioasid_bind_pasid),
};

FIXTURE_VARIANT_ADD(call, unbind) {
	.nr = IOASID_UNBIND,
	.size = sizeof(struct ioasid_unbind_pasid),
	.zero = { WORD(ioasid_unbind_pasid, reserved) },
};

FIXTURE_VARIANT_ADD(call, list) {
	.nr = IOASID_LIST,
	.size = sizeof(struct ioasid_list),
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, query_set) {
	.nr = IOASID_QUERY_SET,
	.size = sizeof(struct ioasid_query_set),
	.known_flags = IOASID_BY_ID,
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, quota) {
	.nr = IOASID_SET_QUOTA,
	.size = sizeof(struct ioasid_quota),
	.known_flags = IOASID_BY_ID | IOASID_QUOTA_GUARANTEE |
		       IOASID_QUOTA_LIMIT,
	.zero = { WORD(ioasid_quota, id), WORD(ioasid_quota, reserved) },
};

FIXTURE_VARIANT_ADD(call, list_sets) {
	.nr = IOASID_LIST_SETS,
	.size = sizeof(struct ioasid_list_sets),
	.answers = true,
};

FIXTURE_VARIANT_ADD(call, query_system) {
	.nr = IOASID_QUERY_SYSTEM,
	.size = sizeof(struct ioasid_query_system),
	.answers = true,
};

/* A request that passes, if nothing is wrong with it. */
static int make_good(union request *req, unsigned int nr, __u32 size, int fd)
{
	__u32 pasid;

	memset(req, 0, sizeof(*req));
	req->word[0] = size;
	switch (nr) {
	case IOASID_ALLOC:
		req->alloc.max = UINT_MAX;
		return 0;
	case IOASID_FREE:
		if (node_alloc(fd, &pasid))
			return -1;
		req->free.min = pasid;
		req->free.max = pasid;
		return 0;
	case IOASID_BIND:
		if (node_alloc(fd, &pasid))
			return -1;
		req->bind.pasid = pasid;
		req->bind.guest = 77;
		return 0;
	case IOASID_UNBIND:
		req->unbind.guest = 77;
		return node_alloc_guest(fd, 77, &pasid);
	case IOASID_LIST:
		req->list.count = ARRAY_SIZE(entries);
		req->list.entries = (uintptr_t)entries;
		return 0;
	case IOASID_SET_QUOTA:
		req->quota.flags = IOASID_QUOTA_LIMIT;
		req->quota.limit = 100;
		return 0;
	case IOASID_LIST_SETS:
		req->list_sets.count = ARRAY_SIZE(set_entries);
		req->list_sets.entries = (uintptr_t)set_entries;
		return 0;
	default:
		return 0;
	}
}

FIXTURE_SETUP(call)
{
	self->fd = node_open();
	ASSERT_LE(0, self->fd);
	if (!has_pasids(self->fd))
		SKIP(return, "the system has no PASIDs");
	/* At the end of two pages, the second of which is not there. */
	self->good = mmap(NULL, sizeof(*self->good), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->good);
	ASSERT_EQ(0, make_good(self->good, variant->nr, variant->size,
			       self->fd));
	self->used = node_number(self->fd, used);
}

FIXTURE_TEARDOWN(call)
{
	close(self->fd);
}

/* Refused, and nothing is changed. */
#define EXPECT_REFUSED(error, arg)                                          \
	do {                                                                \
		EXPECT_ERRNO(error, ioctl(self->fd, variant->nr, arg));     \
		EXPECT_EQ(self->used, node_number(self->fd, used));         \
	} while (0)

TEST_F(call, good_one_passes)
{
	EXPECT_EQ(0, ioctl(self->fd, variant->nr, self->good));
}

TEST_F(call, argsz_that_is_short_is_refused)
{
	__u32 argsz;

	for (argsz = 0; argsz < variant->size; argsz++) {
		self->good->word[0] = argsz;
		EXPECT_REFUSED(EINVAL, self->good);
	}
}

TEST_F(call, longer_one_is_fine_while_the_rest_is_zero)
{
	self->good->word[0] = 4096;
	self->good->byte[4095] = 1;
	EXPECT_REFUSED(EINVAL, self->good);
	self->good->byte[4095] = 0;
	self->good->byte[variant->size] = 1;
	EXPECT_REFUSED(EINVAL, self->good);
	self->good->byte[variant->size] = 0;
	EXPECT_EQ(0, ioctl(self->fd, variant->nr, self->good));
}

TEST_F(call, argsz_that_is_long_is_refused)
{
	self->good->word[0] = 4097;
	EXPECT_REFUSED(EINVAL, self->good);
	self->good->word[0] = UINT_MAX;
	EXPECT_REFUSED(EINVAL, self->good);
}

TEST_F(call, unknown_flags_are_refused)
{
	__u32 flags = self->good->word[1];
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->known_flags & 1U << bit)
			continue;
		self->good->word[1] = flags | 1U << bit;
		EXPECT_REFUSED(EINVAL, self->good);
	}
}

TEST_F(call, what_must_be_zero_is_looked_at)
{
	int i;

	for (i = 0; i < 2 && variant->zero[i]; i++) {
		self->good->word[variant->zero[i]] = 1;
		EXPECT_REFUSED(EINVAL, self->good);
		self->good->word[variant->zero[i]] = 0;
	}
	EXPECT_EQ(0, ioctl(self->fd, variant->nr, self->good));
}

TEST_F(call, memory_that_is_not_there_is_refused)
{
	EXPECT_REFUSED(EFAULT, NULL);
	EXPECT_REFUSED(EFAULT, (void *)-4096L);
	/* All but the last word of it is there. */
	memcpy(&self->good->byte[4096 - variant->size + 4], self->good,
	       variant->size - 4);
	ASSERT_EQ(0, munmap(&self->good->byte[4096], 4096));
	EXPECT_REFUSED(EFAULT, &self->good->byte[4096 - variant->size + 4]);
}

TEST_F(call, answer_that_cannot_be_written_undoes_the_call)
{
	ASSERT_EQ(0, mprotect(self->good, sizeof(*self->good), PROT_READ));
	if (!variant->answers)
		EXPECT_EQ(0, ioctl(self->fd, variant->nr, self->good));
	if (variant->answers)
		EXPECT_REFUSED(EFAULT, self->good);
}

TEST(unknown_call_is_none)
{
	int nr, fd = node_open();

	ASSERT_LE(0, fd);
	for (nr = 9; nr < 256; nr++)
		EXPECT_ERRNO(ENOTTY, ioctl(fd, _IO(IOASID_TYPE, nr), NULL));
	EXPECT_ERRNO(ENOTTY, ioctl(fd, VFIO_IOMMU_ALLOC_PASID, NULL));
	close(fd);
}

/* -------- the own set -------- */

FIXTURE(own) {
	int fd;
};

FIXTURE_SETUP(own)
{
	self->fd = node_open();
	ASSERT_LE(0, self->fd);
	if (!has_pasids(self->fd))
		SKIP(return, "the system has no PASIDs");
}

FIXTURE_TEARDOWN(own)
{
	close(self->fd);
}

TEST_F(own, set_is_made_by_the_first_call)
{
	struct ioasid_query_set set;
	__u32 pasid;

	ASSERT_EQ(0, node_query(self->fd, &set));
	EXPECT_EQ(0, set.id);
	EXPECT_EQ(0, set.pid);
	EXPECT_EQ(0, set.used);
	EXPECT_EQ(quota_param(), set.limit);
	EXPECT_EQ(min_u32(quota_param(), set.available), set.available);
	EXPECT_STREQ("", set.comm);

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_query(self->fd, &set));
	EXPECT_NE(0, set.id);
	EXPECT_EQ(getpid(), set.pid);
	EXPECT_EQ(1, set.used);
	EXPECT_EQ(quota_param(), set.limit);
	EXPECT_EQ(0, strncmp(set.comm, "ioasid_dev", 10));
}

/* What was answered is no question. */
TEST_F(own, answer_can_be_sent_again)
{
	struct ioasid_query_set set;
	__u32 pasid, id;

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_EQ(0, node_query(self->fd, &set));
	id = set.id;
	EXPECT_NE(0, id);
	EXPECT_EQ(0, ioctl(self->fd, IOASID_QUERY_SET, &set));
	EXPECT_EQ(id, set.id);
	set.id = id + 1;
	EXPECT_EQ(0, ioctl(self->fd, IOASID_QUERY_SET, &set));
	EXPECT_EQ(id, set.id);
}

static void *alloc_one(void *fd)
{
	static __u32 pasid;

	return node_alloc(*(int *)fd, &pasid) ? NULL : &pasid;
}

TEST_F(own, thread_makes_the_set_of_its_process)
{
	pthread_t thread;
	void *pasid;

	ASSERT_EQ(0, pthread_create(&thread, NULL, alloc_one, &self->fd));
	ASSERT_EQ(0, pthread_join(thread, &pasid));
	EXPECT_NE(NULL, pasid);
	EXPECT_EQ(getpid(), node_number(self->fd, pid));
}

TEST_F(own, pasids_come_and_go)
{
	__u32 a, b;

	ASSERT_EQ(0, node_alloc(self->fd, &a));
	ASSERT_EQ(0, node_alloc(self->fd, &b));
	EXPECT_NE(0, a);
	EXPECT_NE(a, b);
	ASSERT_EQ(0, node_free(self->fd, a, a));
	EXPECT_ERRNO(ENOENT, node_free(self->fd, a, a));
	EXPECT_EQ(1, node_number(self->fd, used));
	ASSERT_EQ(0, node_free(self->fd, 0, UINT_MAX));
	EXPECT_EQ(0, node_number(self->fd, used));
	EXPECT_ERRNO(EINVAL, node_free(self->fd, 2, 1));
	EXPECT_ERRNO(EINVAL, node_alloc_from(self->fd, 2, 1, &a));
	EXPECT_ERRNO(ENOSPC, node_alloc_from(self->fd, 0, 0, &a));
}

TEST_F(own, guest_pasids_are_bound_listed_and_unbound)
{
	struct ioasid_entry list[2];
	__u32 a, b, from = 0, count = 2;

	ASSERT_EQ(0, node_alloc_guest(self->fd, 7, &a));
	ASSERT_EQ(0, node_alloc(self->fd, &b));
	EXPECT_ERRNO(EEXIST, node_bind(self->fd, b, 7));
	EXPECT_ERRNO(EEXIST, node_bind(self->fd, a, 8));
	EXPECT_ERRNO(EINVAL, node_bind(self->fd, b, 0x100000));
	ASSERT_EQ(0, node_bind(self->fd, b, 3));

	ASSERT_EQ(0, node_list(self->fd, &from, &count, list));
	ASSERT_EQ(2, count);
	EXPECT_EQ(3, list[0].guest);
	EXPECT_EQ(b, list[0].pasid);
	EXPECT_EQ(0, list[0].flags);
	EXPECT_EQ(7, list[1].guest);
	EXPECT_EQ(a, list[1].pasid);

	ASSERT_EQ(0, node_list(self->fd, &from, &count, list));
	EXPECT_EQ(0, count);
	ASSERT_EQ(0, node_unbind(self->fd, 3));
	EXPECT_ERRNO(ENOENT, node_unbind(self->fd, 3));
	count = 0;
	EXPECT_ERRNO(EINVAL, node_list(self->fd, &from, &count, list));
}

TEST_F(own, list_that_cannot_be_written_is_refused)
{
	__u32 pasid, from = 0, count = 1;

	ASSERT_EQ(0, node_alloc_guest(self->fd, 5, &pasid));
	EXPECT_ERRNO(EFAULT, node_list(self->fd, &from, &count, NULL));
	EXPECT_ERRNO(EFAULT, node_list_sets(self->fd, &from, &count, NULL));
	EXPECT_EQ(0, from);
	EXPECT_EQ(1, count);
}

TEST_F(own, limit_is_kept_and_may_be_lowered)
{
	__u32 pasid;

	ASSERT_EQ(0, node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0, 1));
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	EXPECT_ERRNO(EDQUOT, node_alloc(self->fd, &pasid));
	EXPECT_ERRNO(EBUSY, node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0, 0));
	EXPECT_ERRNO(EINVAL, node_quota(self->fd, IOASID_QUOTA_GUARANTEE |
					IOASID_QUOTA_LIMIT, 0, 3, 2));
	EXPECT_ERRNO(EINVAL, node_quota(self->fd, 0, 0, 0, 0));
	EXPECT_EQ(0, node_number(self->fd, available));
}

TEST_F(own, vfio_containers_share_it)
{
	struct container c;
	__u32 a, b;

	if (missing(1))
		SKIP(return, "%s", missing(1));
	ASSERT_EQ(0, container_open(&c, 0));
	ASSERT_EQ(0, node_alloc(self->fd, &a));
	test_alloc_pasid(c.fd, 0, UINT_MAX, &b);
	EXPECT_EQ(2, node_number(self->fd, used));
	EXPECT_EQ(2, pasid_used(c.fd));
	test_free_pasid(c.fd, a, a);
	EXPECT_EQ(0, node_free(self->fd, b, b));
	EXPECT_EQ(0, pasid_used(c.fd));

	/* What one of them has is kept by the other. */
	ASSERT_EQ(0, node_alloc(self->fd, &a));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(1, pasid_used(c.fd));
	self->fd = node_open();
	EXPECT_EQ(1, node_number(self->fd, used));
	container_close(&c);
	EXPECT_EQ(1, node_number(self->fd, used));
}

/* In another process, which says by its status whether all is well. */
#define IN_CHILD(...)                                     \
	({                                                \
		int __status;                             \
		pid_t __pid = fork();                     \
							  \
		ASSERT_LE(0, __pid);                      \
		if (!__pid) {                             \
			__VA_ARGS__                       \
			_exit(0);                         \
		}                                         \
		ASSERT_EQ(__pid, waitpid(__pid, &__status, 0)); \
		__status;                                 \
	})

#define CHILD_WANTS(cond)                \
	do {                             \
		if (!(cond))             \
			_exit(__COUNTER__ % 254 + 1); \
	} while (0)

TEST_F(own, descriptor_keeps_its_set)
{
	__u32 pasid, id;

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	id = node_number(self->fd, id);
	EXPECT_EQ(0, IN_CHILD({
		int fd = node_open();
		__u32 own;

		CHILD_WANTS(node_number(self->fd, id) == id);
		CHILD_WANTS(node_free(self->fd, pasid, pasid) == 0);
		CHILD_WANTS(node_alloc(fd, &own) == 0);
		CHILD_WANTS(node_number(fd, id) != id);
		/* Nobody else's. */
		CHILD_WANTS(node_free(self->fd, own, own) == -1 &&
			    errno == ENOENT);
	}));
	EXPECT_EQ(0, node_number(self->fd, used));
}

TEST_F(own, killed_process_gives_everything_back)
{
	struct ioasid_query_system before, after;

	ASSERT_EQ(0, node_system(self->fd, &before));
	EXPECT_EQ(SIGKILL, IN_CHILD({
		int i, fd = node_open();
		__u32 pasid;

		for (i = 0; i < 100; i++)
			CHILD_WANTS(node_alloc(fd, &pasid) == 0);
		kill(getpid(), SIGKILL);
	}));
	EXPECT_TRUE(wait_until(!node_system(self->fd, &after) &&
			       after.free == before.free));
	EXPECT_EQ(before.used, after.used);
}

static __u32 number_behind(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoul(at + strlen(key), NULL, 10) : UINT_MAX;
}

TEST_F(own, fdinfo_tells_whose_set_it_is)
{
	char path[64], text[1024];
	__u32 pasid;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	fd = open(path, O_RDONLY);
	ASSERT_LE(0, fd);
	len = pread(fd, text, sizeof(text) - 1, 0);
	ASSERT_LT(0, len);
	text[len] = '\0';
	EXPECT_NE(NULL, strstr(text, "ioasid-set:\tnone\n"));

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	close(fd);
	fd = open(path, O_RDONLY);
	len = pread(fd, text, sizeof(text) - 1, 0);
	ASSERT_LT(0, len);
	text[len] = '\0';
	close(fd);
	EXPECT_EQ(node_number(self->fd, id), number_behind(text, "ioasid-set:"));
	EXPECT_EQ(1, number_behind(text, "ioasid-used:"));
	EXPECT_EQ(0, number_behind(text, "ioasid-pending:"));
	EXPECT_EQ(0, number_behind(text, "ioasid-guarantee:"));
	EXPECT_EQ(node_number(self->fd, limit),
		  number_behind(text, "ioasid-limit:"));
}

/* -------- the administrator -------- */

TEST_F(own, administrator_sees_and_changes_any_set)
{
	struct ioasid_query_set set;
	__u32 pasid, id;
	int to[2], from[2], status;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(to));
	ASSERT_EQ(0, pipe(from));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = node_open();

		CHILD_WANTS(node_alloc(fd, &pasid) == 0);
		id = node_number(fd, id);
		CHILD_WANTS(write(from[1], &id, sizeof(id)) == sizeof(id));
		CHILD_WANTS(read(to[0], &c, 1) == 1);
		CHILD_WANTS(node_number(fd, limit) == 5);
		CHILD_WANTS(node_number(fd, guarantee) == 4);
		_exit(0);
	}
	ASSERT_EQ(sizeof(id), read(from[0], &id, sizeof(id)));
	ASSERT_EQ(0, node_query_id(self->fd, id, &set));
	EXPECT_EQ(id, set.id);
	EXPECT_EQ(pid, set.pid);
	EXPECT_EQ(1, set.used);
	EXPECT_EQ(0, strncmp(set.comm, "ioasid_dev", 10));
	EXPECT_EQ(0, node_quota(self->fd, IOASID_BY_ID | IOASID_QUOTA_LIMIT |
				IOASID_QUOTA_GUARANTEE, id, 4, 5));
	EXPECT_ERRNO(EBUSY, node_quota(self->fd, IOASID_BY_ID |
				       IOASID_QUOTA_LIMIT |
				       IOASID_QUOTA_GUARANTEE, id, 0, 0));
	ASSERT_EQ(1, write(to[1], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* It is gone with its process, and its id with it: the next is another. */
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	ASSERT_LT(id, node_number(self->fd, id));
	EXPECT_TRUE(wait_until(node_query_id(self->fd, id, &set) == -1 &&
			       errno == ENOENT));
	EXPECT_ERRNO(ENOENT, node_quota(self->fd, IOASID_BY_ID |
					IOASID_QUOTA_LIMIT, id, 0, 5));
}

/* In a PID namespace, out of which nobody is seen. */
static int ask_from_inside(int fd, __u32 id)
{
	struct ioasid_query_set set;
	int own = node_open();
	__u32 pasid;

	if (getpid() != 1 || node_alloc(own, &pasid) || node_query(own, &set))
		return 3;
	if (set.pid != 1)
		return 4;
	return node_query_id(fd, id, &set) || set.pid;
}

TEST_F(own, pid_is_that_in_the_callers_namespace)
{
	__u32 pasid, id;
	int status;

	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	id = node_number(self->fd, id);
	status = IN_CHILD({
		int inner;
		pid_t pid;

		if (unshare(CLONE_NEWPID))
			_exit(99);
		pid = fork();
		if (!pid)
			_exit(ask_from_inside(self->fd, id));
		CHILD_WANTS(pid > 0 && waitpid(pid, &inner, 0) == pid);
		_exit(WEXITSTATUS(inner));
	});
	if (WEXITSTATUS(status) == 99)
		SKIP(return, "no PID namespaces in this kernel");
	EXPECT_EQ(0, status);
}

TEST_F(own, host_set_has_id_0)
{
	struct ioasid_query_set set;

	ASSERT_EQ(0, node_query_id(self->fd, 0, &set));
	EXPECT_EQ(0, set.pid);
	EXPECT_EQ(PASID_LIMIT_NONE, set.limit);
	EXPECT_STREQ("kernel", set.comm);
}

#define NR_SETS	20

TEST_F(own, sets_are_listed_in_order_each_once)
{
	struct ioasid_set_entry list[3];
	__u32 id = 0, count, last = 0, i, found = 0, nr = 0;
	int hold[2], ready[2];
	pid_t pids[NR_SETS];
	__u32 pasid;
	char c;

	ASSERT_EQ(0, pipe(hold));
	ASSERT_EQ(0, pipe(ready));
	for (i = 0; i < NR_SETS; i++) {
		pids[i] = fork();
		ASSERT_LE(0, pids[i]);
		if (!pids[i]) {
			int fd = node_open();

			close(hold[1]);
			CHILD_WANTS(node_alloc(fd, &pasid) == 0);
			CHILD_WANTS(write(ready[1], "x", 1) == 1);
			_exit(read(hold[0], &c, 1));
		}
		ASSERT_EQ(1, read(ready[0], &c, 1));
	}

	do {
		count = ARRAY_SIZE(list);
		ASSERT_EQ(0, node_list_sets(self->fd, &id, &count, list));
		for (i = 0; i < count; i++) {
			EXPECT_TRUE(nr++ ? list[i].id > last : !list[i].id);
			last = list[i].id;
			EXPECT_EQ(0, list[i].reserved);
			/* They were made in this order. */
			if (found < NR_SETS && list[i].pid == pids[found]) {
				EXPECT_EQ(1, list[i].used);
				found++;
			}
		}
		EXPECT_EQ(last + 1, id);
	} while (count == ARRAY_SIZE(list));
	EXPECT_EQ(NR_SETS, found);

	close(hold[1]);
	for (i = 0; i < NR_SETS; i++)
		waitpid(pids[i], NULL, 0);
}

TEST_F(own, numbers_of_the_system_add_up)
{
	struct ioasid_query_system a, b;
	__u32 pasid;

	ASSERT_EQ(0, node_system(self->fd, &a));
	EXPECT_EQ(a.capacity, a.shared_min + a.used + a.reserved + a.free);
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
	EXPECT_LE(a.shared_min, pasid);
	ASSERT_EQ(0, node_quota(self->fd, IOASID_QUOTA_GUARANTEE, 0, 11, 0));
	ASSERT_EQ(0, node_system(self->fd, &b));
	EXPECT_EQ(a.used + 1, b.used);
	EXPECT_EQ(a.reserved + 10, b.reserved);
	EXPECT_EQ(a.free - 11, b.free);
	EXPECT_EQ(0, b.pad);
}

/* -------- who is no administrator -------- */

FIXTURE(nobody) {
	int fd;
};

FIXTURE_VARIANT(nobody) {
	enum drop how;
};

FIXTURE_VARIANT_ADD(nobody, another_user) {
	.how = DROP_UID,
};

FIXTURE_VARIANT_ADD(nobody, without_the_capability) {
	.how = DROP_CAPABILITY,
};

FIXTURE_VARIANT_ADD(nobody, root_of_a_user_namespace) {
	.how = DROP_USER_NS,
};

FIXTURE_SETUP(nobody)
{
	__u32 pasid;

	self->fd = node_open();
	ASSERT_LE(0, self->fd);
	if (!has_pasids(self->fd))
		SKIP(return, "the system has no PASIDs");
	ASSERT_EQ(0, node_alloc(self->fd, &pasid));
}

FIXTURE_TEARDOWN(nobody)
{
	close(self->fd);
}

/* Not even about the own set by its id. */
TEST_F(nobody, can_do_nothing_with_other_sets)
{
	__u32 ids[] = { 0, node_number(self->fd, id), 1000000 };

	EXPECT_EQ(0, IN_CHILD({
		struct ioasid_set_entry entry;
		struct ioasid_query_set set;
		__u32 id = 0, count = 1, i;

		CHILD_WANTS(drop_privilege(variant->how) == 0);
		CHILD_WANTS(node_list_sets(self->fd, &id, &count, &entry) &&
			    errno == EPERM);
		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			CHILD_WANTS(node_query_id(self->fd, ids[i], &set) &&
				    errno == EPERM);
			CHILD_WANTS(node_quota(self->fd, IOASID_BY_ID |
					       IOASID_QUOTA_LIMIT, ids[i], 0,
					       500) && errno == EPERM);
		}
	}));
}

TEST_F(nobody, can_use_the_own_set_and_not_raise_its_quota)
{
	__u32 limit = node_number(self->fd, limit);

	EXPECT_EQ(0, IN_CHILD({
		__u32 pasid;

		CHILD_WANTS(drop_privilege(variant->how) == 0);
		CHILD_WANTS(node_alloc(self->fd, &pasid) == 0);
		CHILD_WANTS(node_bind(self->fd, pasid, 1) == 0);
		CHILD_WANTS(node_unbind(self->fd, 1) == 0);
		CHILD_WANTS(node_free(self->fd, pasid, pasid) == 0);
		CHILD_WANTS(node_number(self->fd, used) == 1);
		CHILD_WANTS(node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0,
				       limit + 1) && errno == EPERM);
		CHILD_WANTS(node_quota(self->fd, IOASID_QUOTA_GUARANTEE, 0, 1,
				       0) && errno == EPERM);
		CHILD_WANTS(node_quota(self->fd, IOASID_QUOTA_LIMIT, 0, 0,
				       limit - 1) == 0);
	}));
	EXPECT_EQ(limit - 1, node_number(self->fd, limit));
}

/* -------- a system without PASIDs -------- */

TEST(system_without_pasids_says_so)
{
	struct ioasid_query_system info;
	struct ioasid_query_set set;
	int fd = node_open();
	__u32 pasid;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, node_system(fd, &info));
	if (info.capacity)
		SKIP(return, "this system has PASIDs");
	EXPECT_ERRNO(EOPNOTSUPP, node_alloc(fd, &pasid));
	EXPECT_ERRNO(EOPNOTSUPP, node_free(fd, 0, UINT_MAX));
	EXPECT_ERRNO(EOPNOTSUPP, node_query(fd, &set));
	EXPECT_EQ(0, info.free);
	close(fd);
}

TEST_HARNESS_MAIN
