// SPDX-License-Identifier: GPL-2.0-only
/*
 * A VM moves from one process to another, with the library for VMMs: what comes,
 * what is refused and why, and that a refusal changes nothing. What the bytes in
 * between may be is for pasid_stream.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "ioasid_cg.h"
#include "ioasid_move.h"

#define CGROUP		"pasid_migrate"
#define ANY		UINT_MAX
#define GUEST_MAX	0xfffff
/* For a kernel full of debugging, some do. */
#define MAX_COST_NS	60000

/*
 * What happens between two calls of the library, whose calls of ioctl() come by
 * here: before allocation number @before, the first being 1.
 */
static struct {
	unsigned int before;
	unsigned int allocations;
	int (*act)(void *arg);
	void *arg;
	int ret;
} meanwhile;

int ioctl(int fd, unsigned long request, ...)
{
	int (*act)(void *arg) = meanwhile.act;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (act && request == VFIO_IOMMU_ALLOC_PASID &&
	    ++meanwhile.allocations == meanwhile.before) {
		meanwhile.act = NULL;
		meanwhile.ret = act(meanwhile.arg);
	}
	return syscall(SYS_ioctl, fd, request, arg);
}

struct move {
	struct vmm from;
	struct vmm to;
	/* Both as they were. */
	struct books source;
	struct books before;
	struct ioasid_migrate_error why;
};

FIXTURE(move) {
	struct move m;
	bool local;
};

FIXTURE_SETUP(move)
{
	const char *why = missing(2 * VMM_DEVICES);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, vmm_open(&self->m.from, 0));
	ASSERT_EQ(0, vmm_open(&self->m.to, VMM_DEVICES));
	test_pasid_limit(self->m.from.fd, PASID_LIMIT_NONE);
	self->local = pasid_shared_min(self->m.from.fd) >= 8;
}

FIXTURE_TEARDOWN(move)
{
	books_free(&self->m.source);
	books_free(&self->m.before);
	vmm_close(&self->m.from);
	vmm_close(&self->m.to);
	cg_enter("");
	cg_remove(CGROUP);
}

/* @nr guest PASIDs, @step apart; every fourth is local if any can be. */
static int bind_many(struct move *m, __u32 nr, __u32 step)
{
	__u32 i, local = 0, max = pasid_shared_min(m->from.fd) - 1;
	int ret = 0;

	for (i = 0; i < nr && !ret; i++) {
		if (i % 4 == 1 && local < max) {
			ret = vmm_bind_local(&m->from, i / 4 % VMM_DEVICES,
					     i * step);
			local++;
		} else {
			ret = vmm_bind(&m->from, i * step);
		}
	}
	return ret;
}

/* 0 or a negative errno, of the restore; anything else has gone wrong first. */
static int run_move(struct move *m)
{
	int file, ret;

	books_free(&m->source);
	books_free(&m->before);
	if (books_read(&m->source, &m->from) ||
	    books_read(&m->before, &m->to))
		return 1;
	file = save_to_file(&m->from);
	if (file < 0)
		return 2;
	m->why = (struct ioasid_migrate_error) {};
	ret = restore_from_file(&m->to, file, &m->why);
	close(file);
	return ret;
}

static bool is_as(struct vmm *vmm, const struct books *then)
{
	struct books now;
	bool same;

	same = !books_read(&now, vmm) && books_equal(then, &now);
	books_free(&now);
	return same;
}

/* All of the source, and nothing of its numbers; the source is what it was. */
static bool has_come(struct move *m)
{
	struct books now;
	bool good;

	good = !books_read(&now, &m->to) &&
	       now.info.used == m->before.info.used + m->source.nr &&
	       books_same_guests(&m->source, &now) &&
	       books_share_nothing(&m->source, &now);
	books_free(&now);
	return good && is_as(&m->from, &m->source);
}

/* Refused by the host for this reason, and neither of the two has changed. */
static bool was_refused(struct move *m, int ret, int error,
			const char *says)
{
	if (ret == -error && m->why.error == error &&
	    m->why.cause == IOASID_MIGRATE_HOST &&
	    strstr(m->why.text, says) && is_as(&m->to, &m->before) &&
	    is_as(&m->from, &m->source))
		return true;
	ksft_print_msg("%d, \"%s\" and not \"%s\"\n", ret, m->why.text,
		       says);
	return false;
}

/* -------- what comes -------- */

TEST_F(move, shared_ones_come)
{
	static const __u32 guests[] = { 0, 1, 101, 0x80000, GUEST_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(guests); i++)
		ASSERT_EQ(0, vmm_bind(&self->m.from, guests[i]));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
}

TEST_F(move, local_ones_come_to_their_device)
{
	if (!self->local)
		SKIP(return, "no PASIDs are local; boot with ioasid.local=256");
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 0, 7));
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 1, 6));
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 1, GUEST_MAX));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
	EXPECT_EQ(1, self->m.source.nr_local[0]);
	EXPECT_EQ(2, self->m.source.nr_local[1]);
}

TEST_F(move, both_kinds_come)
{
	ASSERT_EQ(0, bind_many(&self->m, 300, 7));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
}

TEST_F(move, nothing_comes_from_nothing)
{
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
	EXPECT_EQ(0, self->m.source.nr);
}

TEST_F(move, pasid_without_guest_pasid_stays)
{
	__u32 pasid;

	test_alloc_pasid(self->m.from.fd, 0, ANY, &pasid);
	ASSERT_EQ(0, vmm_bind(&self->m.from, 7));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
	EXPECT_EQ(1, pasid_used(self->m.to.fd));
}

TEST_F(move, destination_keeps_what_it_had)
{
	__u32 first, second, pasid;

	test_alloc_pasid(self->m.to.fd, 0, ANY, &pasid);
	test_alloc_guest(self->m.to.fd, 6, &first);
	test_alloc_guest(self->m.to.fd, GUEST_MAX, &second);
	ASSERT_EQ(0, vmm_bind(&self->m.from, 7));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_EQ(first, pasid_of_guest(self->m.to.fd, 6));
	EXPECT_EQ(second, pasid_of_guest(self->m.to.fd, GUEST_MAX));
	EXPECT_NE(0, pasid_of_guest(self->m.to.fd, 7));
	EXPECT_EQ(4, pasid_used(self->m.to.fd));
}

TEST_F_TIMEOUT(move, ten_thousand_come, 600)
{
	__u32 nr = ns_per_pasid(self->m.from.fd) > MAX_COST_NS ? 1000 : 10000;
	__u64 start, saved, restored;
	int file;

	test_pasid_limit(self->m.to.fd, PASID_LIMIT_NONE);
	if (pasid_available(self->m.from.fd) < 2 * nr)
		SKIP(return, "the system has fewer than %u PASIDs", 2 * nr);
	ASSERT_EQ(0, bind_many(&self->m, nr, 100));
	ASSERT_EQ(0, books_read(&self->m.source, &self->m.from));
	ASSERT_EQ(0, books_read(&self->m.before, &self->m.to));
	start = now_ns();
	file = save_to_file(&self->m.from);
	saved = now_ns();
	ASSERT_LE(0, file);
	ASSERT_EQ(0, restore_from_file(&self->m.to, file, &self->m.why))
		TH_LOG("%s", self->m.why.text);
	restored = now_ns();
	EXPECT_TRUE(has_come(&self->m));
	EXPECT_EQ(nr, self->m.source.nr);
	TH_LOG("%u PASIDs, %zu bytes: saved in %llu us, restored in %llu us",
	       nr, file_size(file), (saved - start) / 1000,
	       (restored - saved) / 1000);
	close(file);
}

TEST_F(move, vm_moves_on)
{
	struct vmm third;

	ASSERT_EQ(0, bind_many(&self->m, 40, 3));
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	vmm_close(&self->m.from);
	ASSERT_EQ(0, vmm_open(&third, 0));
	/* What was the destination is the source now. */
	self->m.from = self->m.to;
	self->m.to = third;
	ASSERT_EQ(0, run_move(&self->m)) TH_LOG("%s", self->m.why.text);
	EXPECT_TRUE(has_come(&self->m));
}

/* -------- what changes meanwhile -------- */

struct churn {
	struct vmm *vmm;
	bool stop;
};

/* Odd guest PASIDs come and go, and change their kind. */
static void *churn_odd(void *arg)
{
	struct churn *churn = arg;
	struct vmm *vmm = churn->vmm;
	__u32 guest = 1, pasid, round = 0;

	while (!load_shared(churn->stop)) {
		unsigned int place = ++round / 64 % 3;

		if (place == VMM_DEVICES || vmm_bind_local(vmm, place, guest))
			vmm_bind(vmm, guest);
		guest = (guest + 2) % 256;
		pasid = pasid_of_guest(vmm->fd, guest);
		if (pasid < pasid_shared_min(vmm->fd))
			_test_free_local(vmm->c[place % 2].fd,
					 vmm->devices[place % 2].device, pasid,
					 pasid);
		else
			_test_free_pasid(vmm->fd, pasid, pasid);
		_test_unbind_pasid(vmm->fd, guest);
	}
	return NULL;
}

/* Each even one once, in a stream that is good. */
static bool has_even_ones(int file, __u32 nr)
{
	size_t size = file_size(file), at;
	unsigned char *bytes = malloc(size);
	__u32 even = 0;
	bool good;

	good = bytes && !file_read(file, bytes, size) &&
	       stream_is_valid(bytes, size);
	for (at = STREAM_HEADER; good && at < size - 4; at += STREAM_ENTRY)
		even += stream_u32(bytes, at) % 2 == 0;
	free(bytes);
	return good && even == nr;
}

TEST_F_TIMEOUT(move, what_stays_comes_while_others_come_and_go, 300)
{
	struct churn churn = { .vmm = &self->m.from };
	__u32 nr = 600, i, round;
	pthread_t thread;
	int file;

	for (i = 0; i < nr; i++)
		ASSERT_EQ(0, vmm_bind(&self->m.from, 2 * i));
	ASSERT_EQ(0, pthread_create(&thread, NULL, churn_odd, &churn));
	for (round = 0; round < 50; round++) {
		file = save_to_file(&self->m.from);
		ASSERT_LE(0, file);
		ASSERT_TRUE(has_even_ones(file, nr));
		if (round < 49)
			close(file);
	}
	store_shared(churn.stop, true);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, restore_from_file(&self->m.to, file, &self->m.why))
		TH_LOG("%s", self->m.why.text);
	close(file);
}

/* -------- what a source refuses -------- */

TEST_F(move, device_that_is_not_given_cannot_be_saved)
{
	int file = stream_file(NULL, 0);

	if (!self->local)
		SKIP(return, "no PASIDs are local; boot with ioasid.local=256");
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 0, 7));
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 1, 8));
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 0, 9));
	EXPECT_EQ(-ENODEV, ioasid_save(self->m.from.fd, self->m.from.devices, 1,
				       file, &self->m.why));
	EXPECT_STREQ("guest PASID 8 is local to none of the 1 devices given",
		     self->m.why.text);
	EXPECT_EQ(IOASID_MIGRATE_HOST, self->m.why.cause);
	EXPECT_EQ(0, file_size(file));
	/* It is of this VM, but not in the container that it is said to be in. */
	self->m.from.devices[1].container = self->m.from.fd;
	EXPECT_EQ(-EINVAL, ioasid_save(self->m.from.fd, self->m.from.devices, 2,
				       file, &self->m.why));
	EXPECT_EQ(0, file_size(file));
	close(file);
}

TEST_F(move, what_is_no_container_cannot_be_saved)
{
	int file = stream_file(NULL, 0);

	EXPECT_EQ(-EBADF, ioasid_save(-1, NULL, 0, file, &self->m.why));
	EXPECT_EQ(IOASID_MIGRATE_HOST, self->m.why.cause);
	EXPECT_EQ(-ENOTTY, ioasid_save(file, NULL, 0, file, &self->m.why));
	EXPECT_EQ(0, file_size(file));
	close(file);
}

/* -------- what a destination refuses before it begins -------- */

TEST_F(move, quota_that_is_too_low_refuses)
{
	ASSERT_EQ(0, bind_many(&self->m, 10, 3));
	ASSERT_EQ(0, vmm_bind(&self->m.to, 500));
	test_pasid_limit(self->m.to.fd, 10);
	EXPECT_TRUE(was_refused(&self->m, run_move(&self->m), EDQUOT,
				"leaves 9 PASIDs (1 used, the limit is 10), the stream has 10"));
	test_pasid_limit(self->m.to.fd, 11);
	EXPECT_EQ(0, run_move(&self->m));
	EXPECT_EQ(11, pasid_used(self->m.to.fd));
}

TEST_F(move, system_that_is_too_small_refuses)
{
	__u32 left;

	ASSERT_EQ(0, bind_many(&self->m, 10, 3));
	ASSERT_EQ(0, books_read(&self->m.source, &self->m.from));
	left = 10 - self->m.source.nr_local[0] - self->m.source.nr_local[1];
	test_pasid_limit(self->m.to.fd, PASID_LIMIT_NONE);
	/* The source may have what it has, and all of the rest but one less. */
	test_pasid_guarantee(self->m.from.fd, pasid_available(self->m.to.fd) + 1);
	ASSERT_EQ(left - 1, pasid_available(self->m.to.fd));
	EXPECT_TRUE(was_refused(&self->m, run_move(&self->m), ENOSPC,
				"shared PASIDs can be had on this host"));
	/* Those that are local need none of them. */
	test_pasid_guarantee(self->m.from.fd, left);
	test_pasid_guarantee(self->m.from.fd, pasid_available(self->m.to.fd));
	ASSERT_EQ(left, pasid_available(self->m.to.fd));
	EXPECT_EQ(0, run_move(&self->m));
}

TEST_F(move, cgroup_that_is_too_small_refuses)
{
	ASSERT_EQ(0, bind_many(&self->m, 20, 3));
	ASSERT_EQ(0, cg_make(CGROUP, false));
	ASSERT_EQ(0, cg_max(CGROUP, "10"));
	ASSERT_EQ(0, cg_enter(CGROUP));
	EXPECT_TRUE(was_refused(&self->m, run_move(&self->m), ENOSPC,
				"10 shared PASIDs can be had on this host"));
	EXPECT_EQ(0, cg_current(CGROUP));
	ASSERT_EQ(0, cg_max(CGROUP, "20"));
	EXPECT_EQ(0, run_move(&self->m));
	EXPECT_EQ(20, cg_current(CGROUP));
}

TEST_F(move, guest_pasid_that_is_taken_refuses)
{
	char says[100];

	ASSERT_EQ(0, bind_many(&self->m, 10, 3));
	ASSERT_EQ(0, vmm_bind(&self->m.to, 2));
	ASSERT_EQ(0, vmm_bind(&self->m.to, 27));
	snprintf(says, sizeof(says), "guest PASID 27 stands for PASID %u here",
		 pasid_of_guest(self->m.to.fd, 27));
	EXPECT_TRUE(was_refused(&self->m, run_move(&self->m), EEXIST, says));
	test_unbind_pasid(self->m.to.fd, 27);
	EXPECT_EQ(0, run_move(&self->m));
}

/* A stream that is saved here, but for this one field of its header. */
static int move_forged(struct move *m, size_t at, __u32 value)
{
	unsigned char bytes[4096];
	int file, ret;
	size_t size;

	if (books_read(&m->source, &m->from) ||
	    books_read(&m->before, &m->to))
		return 1;
	file = save_to_file(&m->from);
	size = file_size(file);
	if (size > sizeof(bytes) || file_read(file, bytes, size))
		return 2;
	close(file);
	stream_put(bytes, at, 4, value);
	stream_sign(bytes, size);
	file = stream_file(bytes, size);
	ret = restore_from_file(&m->to, file, &m->why);
	close(file);
	return ret;
}

TEST_F(move, other_local_range_refuses)
{
	__u32 shared_min = pasid_shared_min(self->m.to.fd);
	char says[100];

	ASSERT_EQ(0, bind_many(&self->m, 10, 3));
	snprintf(says, sizeof(says), "begin at %u here and at 512 where",
		 shared_min);
	EXPECT_TRUE(was_refused(&self->m, move_forged(&self->m, 24, 512), ERANGE,
				says));
}

TEST_F(move, other_local_range_refuses_nothing_as_well)
{
	EXPECT_TRUE(was_refused(&self->m, move_forged(&self->m, 24, 512), ERANGE,
				"begin at"));
}

TEST_F(move, device_that_is_missing_refuses)
{
	int file, ret;

	if (!self->local)
		SKIP(return, "no PASIDs are local; boot with ioasid.local=256");
	ASSERT_EQ(0, vmm_bind(&self->m.from, 5));
	ASSERT_EQ(0, vmm_bind_local(&self->m.from, 1, 7));
	ASSERT_EQ(0, books_read(&self->m.source, &self->m.from));
	ASSERT_EQ(0, books_read(&self->m.before, &self->m.to));
	file = save_to_file(&self->m.from);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	ret = ioasid_restore(self->m.to.fd, self->m.to.devices, 1, file,
			     &self->m.why);
	EXPECT_TRUE(was_refused(&self->m, ret, ENODEV,
				"guest PASID 7 is local to device 1, and 1 were given"));
	close(file);
}

TEST_F(move, what_is_no_container_refuses)
{
	int file = save_to_file(&self->m.from);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, lseek(file, 0, SEEK_SET));
	EXPECT_EQ(-ENOTTY, ioasid_restore(file, NULL, 0, file, &self->m.why));
	EXPECT_EQ(IOASID_MIGRATE_HOST, self->m.why.cause);
	close(file);
}

/* -------- others are faster: it fails in the middle -------- */

static int take_guest_pasid(void *arg)
{
	struct move *m = arg;

	return vmm_bind(&m->to, m->source.list[m->source.nr - 1].guest);
}

static int lower_limit(void *arg)
{
	struct move *m = arg;

	return _test_pasid_quota(m->to.fd, VFIO_PASID_QUOTA_LIMIT, 0,
				 pasid_used(m->to.fd) + 1);
}

static int guarantee_the_rest(void *arg)
{
	struct move *m = arg;
	__u32 used = m->source.nr - m->source.nr_local[0] - m->source.nr_local[1];

	return _test_pasid_quota(m->from.fd, VFIO_PASID_QUOTA_GUARANTEE,
				 pasid_available(m->from.fd) + used, 0);
}

static int lower_cgroup(void *arg)
{
	char max[24];

	snprintf(max, sizeof(max), "%ld", cg_current(CGROUP) + 1);
	return cg_max(CGROUP, max);
}

FIXTURE(race) {
	struct move m;
};

FIXTURE_VARIANT(race) {
	int (*act)(void *arg);
	int error;
	/* How many PASIDs the rival has then. */
	__u32 rival;
};

FIXTURE_VARIANT_ADD(race, guest_pasid_is_taken) {
	.act = take_guest_pasid,
	.error = EEXIST,
	.rival = 1,
};

FIXTURE_VARIANT_ADD(race, limit_is_lowered) {
	.act = lower_limit,
	.error = EDQUOT,
};

FIXTURE_VARIANT_ADD(race, cgroup_is_lowered) {
	.act = lower_cgroup,
	.error = EBUSY,
};

FIXTURE_VARIANT_ADD(race, system_is_guaranteed_to_others) {
	.act = guarantee_the_rest,
	.error = ENOSPC,
};

FIXTURE_SETUP(race)
{
	struct move *m = &self->m;
	const char *why = missing(2 * VMM_DEVICES);

	if (why)
		SKIP(return, "%s", why);
	ASSERT_EQ(0, cg_make(CGROUP, false));
	ASSERT_EQ(0, cg_enter(CGROUP));
	ASSERT_EQ(0, vmm_open(&m->from, 0));
	ASSERT_EQ(0, vmm_open(&m->to, VMM_DEVICES));
	test_pasid_limit(m->from.fd, PASID_LIMIT_NONE);
}

FIXTURE_TEARDOWN(race)
{
	struct move *m = &self->m;

	books_free(&m->source);
	books_free(&m->before);
	vmm_close(&m->from);
	vmm_close(&m->to);
	cg_enter("");
	cg_remove(CGROUP);
}

/* Whatever the rival did is undone, but for his quota. */
static int again(struct move *m)
{
	_test_free_pasid(m->to.fd, 0, ANY);
	return _test_pasid_quota(m->from.fd, VFIO_PASID_QUOTA_GUARANTEE, 0,
				 0) ||
	       _test_pasid_quota(m->to.fd, VFIO_PASID_QUOTA_LIMIT, 0, 1000) ||
	       cg_max(CGROUP, "max");
}

/* How many were made in vain. */
static __u32 freed_again(const char *text)
{
	const char *made = strstr(text, "; the ");
	__u32 nr = 0;

	if (!made || sscanf(made, "; the %u made before were freed", &nr) != 1)
		return 0;
	return nr;
}

TEST_F(race, failure_in_the_middle_leaves_nothing)
{
	static const unsigned int steps[] = { 2, 3, 17, 50, 98 };
	struct move *m = &self->m;
	struct books now;
	unsigned int i;

	ASSERT_EQ(0, bind_many(m, 100, 3));
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ASSERT_EQ(0, again(m));
		meanwhile.before = steps[i];
		meanwhile.allocations = 0;
		meanwhile.arg = m;
		meanwhile.act = variant->act;
		ASSERT_EQ(-variant->error, run_move(m));
		ASSERT_EQ(0, meanwhile.ret);
		EXPECT_EQ(variant->error, m->why.error);
		EXPECT_EQ(IOASID_MIGRATE_HOST, m->why.cause);
		EXPECT_LE(steps[i] - 1, freed_again(m->why.text))
			TH_LOG("%s", m->why.text);
		ASSERT_EQ(0, books_read(&now, &m->to));
		EXPECT_EQ(variant->rival, now.nr);
		EXPECT_EQ(variant->rival, now.info.used);
		books_free(&now);
	}
	ASSERT_EQ(0, again(m));
	EXPECT_EQ(0, run_move(m)) TH_LOG("%s", m->why.text);
}

/* -------- no PASIDs at all -------- */

TEST(system_without_pasids_says_so)
{
	struct ioasid_migrate_error why;
	struct container c;
	int file;

	if (system_has_pasids())
		SKIP(return, "this system has PASIDs");
	ASSERT_LE(1, nr_devices());
	ASSERT_EQ(0, container_open(&c, 0));
	file = stream_file(NULL, 0);
	EXPECT_EQ(-EOPNOTSUPP, ioasid_save(c.fd, NULL, 0, file, &why));
	EXPECT_EQ(IOASID_MIGRATE_HOST, why.cause);
	EXPECT_EQ(0, file_size(file));
	container_close(&c);
	close(file);
}

TEST_HARNESS_MAIN
