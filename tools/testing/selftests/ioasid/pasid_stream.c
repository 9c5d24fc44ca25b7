// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams of PASIDs that are not what they should be: each is refused whole, for
 * the right reason, and nothing of it is restored.
 *
 * IOASID_SEED repeats a run of the random ones.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "../kselftest_harness.h"
#include "ioasid_move.h"

#define ROOM	4096

/*
 * A descriptor that takes seven bytes at most, and every other time none, because
 * of a signal: the library's calls of write() come by here.
 */
static struct {
	int fd;
	unsigned int calls;
} slow = { .fd = -1 };

ssize_t write(int fd, const void *from, size_t size)
{
	if (fd >= 0 && fd == slow.fd) {
		if (++slow.calls % 2) {
			errno = EINTR;
			return -1;
		}
		size = size < 7 ? size : 7;
	}
	return syscall(SYS_write, fd, from, size);
}

struct trial {
	struct vmm to;
	struct books before;
	struct ioasid_migrate_error why;
};

FIXTURE(stream) {
	struct vmm from;
	struct trial t;
	/* What was saved on the one. */
	unsigned char bytes[ROOM];
	size_t size;
};

/* Both kinds, where the system has both. */
static int bind_some(struct vmm *vmm)
{
	static const __u32 guests[] = { 3, 5, 64, 70, 0xfffff };
	bool local = pasid_shared_min(vmm->fd) >= 8;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(guests); i++) {
		if (local && (i == 1 || i == 2) &&
		    vmm_bind_local(vmm, i - 1, guests[i]))
			return -1;
		else if ((!local || (i != 1 && i != 2)) &&
			 vmm_bind(vmm, guests[i]))
			return -1;
	}
	return 0;
}

FIXTURE_SETUP(stream)
{
	const char *why = missing(2 * VMM_DEVICES);
	int file;

	if (why)
		SKIP(return, "%s", why);
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, vmm_open(&self->from, 0));
	ASSERT_EQ(0, vmm_open(&self->t.to, VMM_DEVICES));
	ASSERT_EQ(0, bind_some(&self->from));
	file = save_to_file(&self->from);
	ASSERT_LE(0, file);
	self->size = file_size(file);
	ASSERT_GE(ROOM, self->size);
	ASSERT_EQ(0, file_read(file, self->bytes, self->size));
	close(file);
	/* The destination is no blank sheet. */
	ASSERT_EQ(0, vmm_bind(&self->t.to, 4));
	ASSERT_EQ(0, books_read(&self->t.before, &self->t.to));
}

FIXTURE_TEARDOWN(stream)
{
	books_free(&self->t.before);
	vmm_close(&self->from);
	vmm_close(&self->t.to);
}

static int restore_bytes(struct trial *t, const void *bytes,
			 size_t size)
{
	int file = stream_file(bytes, size), ret;

	t->why = (struct ioasid_migrate_error) {};
	if (file < 0)
		return -EIO;
	ret = restore_from_file(&t->to, file, &t->why);
	close(file);
	return ret;
}

static bool nothing_changed(struct trial *t)
{
	struct books now;
	bool same;

	same = !books_read(&now, &t->to) &&
	       books_equal(&t->before, &now);
	books_free(&now);
	return same;
}

/* Refused as a stream, with a sentence, and nothing has happened. */
static bool refused(struct trial *t, int ret)
{
	return ret < 0 && ret == -t->why.error &&
	       t->why.cause == IOASID_MIGRATE_STREAM && t->why.text[0] &&
	       nothing_changed(t);
}

/* -------- the format -------- */

static size_t put_entry(unsigned char *bytes, size_t at, __u32 guest, int kind,
			int device)
{
	stream_put(bytes, at, 4, guest);
	stream_put(bytes, at + 4, 2, kind);
	stream_put(bytes, at + 6, 2, device);
	return at + STREAM_ENTRY;
}

/* Guest PASIDs 3, 5, 64, 70, 0xfffff as bind_some() makes them; its size. */
static size_t by_hand(unsigned char *bytes, __u32 shared_min)
{
	int local = shared_min >= 8;
	size_t at = STREAM_HEADER;

	memcpy(bytes, "PASIDs\r\n", 8);
	stream_put(bytes, 8, 4, 1);
	stream_put(bytes, 12, 4, 48);
	stream_put(bytes, 16, 8, 48 + 5 * 8 + 4);
	stream_put(bytes, 24, 4, shared_min);
	stream_put(bytes, 28, 4, 2);
	stream_put(bytes, 32, 4, local ? 3 : 5);
	stream_put(bytes, 36, 4, local ? 2 : 0);
	stream_put(bytes, 40, 4, 0);
	at = put_entry(bytes, at, 3, 0, 0);
	at = put_entry(bytes, at, 5, local, 0);
	at = put_entry(bytes, at, 64, local, local);
	at = put_entry(bytes, at, 70, 0, 0);
	at = put_entry(bytes, at, 0xfffff, 0, 0) + 4;
	stream_sign(bytes, at);
	return at;
}

TEST_F(stream, stream_is_as_documented)
{
	unsigned char bytes[ROOM];
	size_t size = by_hand(bytes, pasid_shared_min(self->from.fd));

	ASSERT_EQ(size, self->size);
	EXPECT_EQ(0, memcmp(bytes, self->bytes, size));
	EXPECT_TRUE(stream_is_valid(bytes, size));
	ASSERT_EQ(0, restore_bytes(&self->t, bytes, size));
}

TEST_F(stream, checksum_is_that_of_zlib)
{
	unsigned char bytes[ROOM];
	size_t size = by_hand(bytes, 256);

	EXPECT_EQ(0x674e9f2e, stream_u32(bytes, STREAM_HEADER - 4));
	EXPECT_EQ(0xbc502206, stream_u32(bytes, size - 4));
}

/* -------- damage -------- */

TEST_F(stream, each_truncation_is_refused)
{
	size_t size;
	int ret;

	for (size = 0; size < self->size; size++) {
		ret = restore_bytes(&self->t, self->bytes, size);
		ASSERT_TRUE(refused(&self->t, ret))
			TH_LOG("%zu bytes: %s", size, self->t.why.text);
		ASSERT_EQ(ENODATA, self->t.why.error);
	}
	EXPECT_EQ(0, restore_bytes(&self->t, self->bytes, self->size));
}

TEST_F(stream, each_flipped_bit_is_refused)
{
	size_t bit;
	int ret;

	for (bit = 0; bit < 8 * self->size; bit++) {
		self->bytes[bit / 8] ^= 1 << bit % 8;
		ret = restore_bytes(&self->t, self->bytes, self->size);
		ASSERT_TRUE(refused(&self->t, ret))
			TH_LOG("bit %zu: %s", bit, self->t.why.text);
		ASSERT_TRUE(self->t.why.error == EBADMSG ||
			    (self->t.why.error == EPROTO && bit < 8 * 8) ||
			    (self->t.why.error == EPROTONOSUPPORT &&
			     bit >= 8 * 8 && bit < 12 * 8));
		self->bytes[bit / 8] ^= 1 << bit % 8;
	}
	EXPECT_EQ(0, restore_bytes(&self->t, self->bytes, self->size));
}

/* What the header says is not believed, and nothing waited for, before. */
TEST_F(stream, header_is_checked_before_it_is_believed)
{
	__u32 nr = stream_u32(self->bytes, 32);
	int file;

	/* All would fit, if so much came. */
	stream_put(self->bytes, 16, 8, self->size + 1000 * STREAM_ENTRY);
	stream_put(self->bytes, 32, 4, nr + 1000);
	file = stream_file(self->bytes, self->size);
	ASSERT_LE(0, file);
	EXPECT_EQ(-EBADMSG, restore_from_file(&self->t.to, file, &self->t.why));
	EXPECT_STREQ("the checksum of the header is wrong", self->t.why.text);
	EXPECT_EQ(STREAM_HEADER, lseek(file, 0, SEEK_CUR));
	close(file);
}

TEST_F(stream, each_lost_or_changed_byte_is_refused)
{
	unsigned char bytes[ROOM];
	size_t at;
	int ret;

	for (at = 0; at < self->size; at++) {
		memcpy(bytes, self->bytes, self->size);
		bytes[at] = ~bytes[at];
		ret = restore_bytes(&self->t, bytes, self->size);
		ASSERT_TRUE(refused(&self->t, ret))
			TH_LOG("byte %zu changed: %s", at, self->t.why.text);
		memcpy(bytes, self->bytes, self->size);
		memmove(bytes + at, bytes + at + 1, self->size - at - 1);
		/* Something else follows, so it does not just end. */
		bytes[self->size - 1] = 0x5a;
		ret = restore_bytes(&self->t, bytes, self->size);
		ASSERT_TRUE(refused(&self->t, ret))
			TH_LOG("byte %zu lost: %s", at, self->t.why.text);
	}
}

TEST_F(stream, newer_version_is_refused)
{
	static const __u32 versions[] = { 0, 2, 3, 256, 0xffffffff };
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		stream_put(self->bytes, 8, 4, versions[i]);
		/* It may have a longer header. */
		stream_put(self->bytes, 12, 4, i % 2 ? 48 : 64);
		stream_sign(self->bytes, self->size);
		ret = restore_bytes(&self->t, self->bytes, self->size);
		ASSERT_TRUE(refused(&self->t, ret));
		EXPECT_EQ(EPROTONOSUPPORT, self->t.why.error);
	}
	EXPECT_STREQ("the stream has version 4294967295, known is 1",
		     self->t.why.text);
}

TEST_F(stream, foreign_stream_is_refused)
{
	static const char *const others[] = {
		"QEVM and what comes behind it, whatever it may be",
		"PASIDs\n\0and so on, as text mode would have left it",
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		ASSERT_TRUE(refused(&self->t, restore_bytes(&self->t, others[i], 28)));
		EXPECT_EQ(EPROTO, self->t.why.error);
	}
}

/* -------- lies: the checksums are right -------- */

struct lie {
	/* What the reason has to say. */
	const char *says;
	struct {
		size_t at;
		unsigned int width;
		__u64 value;
	} put[3];
};

#define ENTRY(nr)	(STREAM_HEADER + (nr) * STREAM_ENTRY)
#define SIZE		(ENTRY(5) + 4)

/* On what by_hand() makes for a shared_min of 256. */
static const struct lie lies[] = {
	{ "the header has 40 bytes", { { 12, 4, 40 } } },
	{ "the header has 4294967295 bytes", { { 12, 4, 0xffffffff } } },
	{ "5 entries are not", { { 16, 8, SIZE + 1 } } },
	{ "5 entries are not", { { 16, 8, SIZE - 8 } } },
	{ "5 entries are not", { { 16, 8, SIZE + (1ULL << 32) } } },
	{ "5 entries are not", { { 16, 8, 0 } } },
	{ "5 entries are not", { { 16, 8, ~0ULL } } },
	{ "6 entries are not", { { 32, 4, 4 } } },
	{ "3 entries are not", { { 36, 4, 0 } } },
	{ "1048577 shared and 2 local PASIDs are too many",
	  { { 32, 4, 0x100001 } } },
	{ "1048575 shared and 2 local", { { 32, 4, 0xfffff } } },
	/* Together they are 5 again, in 32 bits. */
	{ "4294967295 shared and 6 local",
	  { { 32, 4, 0xffffffff }, { 36, 4, 6 } } },
	{ "shared PASIDs cannot begin at 0", { { 24, 4, 0 } } },
	{ "shared PASIDs cannot begin at 1048577", { { 24, 4, 0x100001 } } },
	{ "65537 devices", { { 28, 4, 65537 } } },
	{ "reserved field", { { 40, 4, 1 } } },
	{ "reserved field", { { 43, 1, 0x80 } } },
	{ "guest PASID 0x100000, of more", { { ENTRY(4), 4, 0x100000 } } },
	{ "guest PASID 0x80000003, of more", { { ENTRY(0), 4, 0x80000003 } } },
	{ "guest PASID 3 comes after 3", { { ENTRY(1), 4, 3 } } },
	{ "guest PASID 2 comes after 3", { { ENTRY(1), 4, 2 } } },
	{ "guest PASID 70 comes after 70", { { ENTRY(4), 4, 70 } } },
	{ "guest PASID 3 has the unknown kind 2", { { ENTRY(0) + 4, 2, 2 } } },
	{ "guest PASID 5 has the unknown kind 65535",
	  { { ENTRY(1) + 4, 2, 0xffff } } },
	{ "guest PASID 3 is shared and names a device",
	  { { ENTRY(0) + 6, 2, 1 } } },
	{ "guest PASID 64 is local to device 2 of 2",
	  { { ENTRY(2) + 6, 2, 2 } } },
	{ "guest PASID 5 is local to device 0 of 0", { { 28, 4, 0 } } },
	{ "device 0 has more than 1 local PASIDs",
	  { { 24, 4, 2 }, { ENTRY(2) + 6, 2, 0 } } },
	{ "device 0 has more than 0 local PASIDs", { { 24, 4, 1 } } },
	{ "2 PASIDs are local, the header says 1",
	  { { 32, 4, 4 }, { 36, 4, 1 } } },
	{ "3 PASIDs are local, the header says 2", { { ENTRY(0) + 4, 2, 1 } } },
};

TEST_F(stream, each_lie_is_found)
{
	unsigned char bytes[ROOM] = {};
	unsigned int i, j;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(lies); i++) {
		size = by_hand(bytes, 256);
		ASSERT_EQ(SIZE, size);
		for (j = 0; j < ARRAY_SIZE(lies[i].put); j++)
			stream_put(bytes, lies[i].put[j].at,
				   lies[i].put[j].width, lies[i].put[j].value);
		stream_sign(bytes, size);
		/* There is more to read than it should want to. */
		ASSERT_TRUE(refused(&self->t, restore_bytes(&self->t, bytes, ROOM)));
		EXPECT_EQ(EBADMSG, self->t.why.error);
		EXPECT_NE(NULL, strstr(self->t.why.text, lies[i].says))
			TH_LOG("wanted \"%s\", got \"%s\"", lies[i].says,
			       self->t.why.text);
	}
}

/* The bytes are there, and the size counts them. */
TEST_F(stream, garbage_inside_is_refused)
{
	size_t more = self->size + STREAM_ENTRY;

	memset(self->bytes + self->size, 0, STREAM_ENTRY);
	stream_put(self->bytes, 16, 8, more);
	stream_sign(self->bytes, more);
	EXPECT_TRUE(refused(&self->t, restore_bytes(&self->t, self->bytes, more)));
	EXPECT_EQ(EBADMSG, self->t.why.error);
}

/* -------- descriptors -------- */

TEST_F(stream, bytes_behind_it_are_left)
{
	int file;

	memcpy(self->bytes + self->size, "the rest", 8);
	file = stream_file(self->bytes, self->size + 8);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, restore_from_file(&self->t.to, file, &self->t.why));
	EXPECT_EQ(self->size, lseek(file, 0, SEEK_CUR));
	close(file);
}

TEST_F(stream, refused_header_leaves_the_rest)
{
	int file;

	stream_put(self->bytes, 8, 4, 2);
	file = stream_file(self->bytes, self->size);
	ASSERT_LE(0, file);
	EXPECT_EQ(-EPROTONOSUPPORT,
		  restore_from_file(&self->t.to, file, &self->t.why));
	EXPECT_EQ(16, lseek(file, 0, SEEK_CUR));
	close(file);
}

TEST_F(stream, two_streams_follow_each_other)
{
	int file = stream_file(self->bytes, self->size);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ioasid_save(self->t.to.fd, self->t.to.devices, VMM_DEVICES,
				 file, NULL));
	ASSERT_EQ(0, restore_from_file(&self->t.to, file, &self->t.why));
	/* The second one is of the destination itself, which has all of it. */
	EXPECT_EQ(-EEXIST, ioasid_restore(self->t.to.fd, self->t.to.devices,
					  VMM_DEVICES, file, &self->t.why));
	EXPECT_EQ(file_size(file), lseek(file, 0, SEEK_CUR));
	close(file);
}

static void nothing(int nr)
{
}

struct feeder {
	pthread_t reader;
	const unsigned char *bytes;
	size_t size;
	int to;
};

/* One byte after the other, with a signal to the reader before each. */
static void *feed(void *arg)
{
	struct feeder *feeder = arg;
	size_t i;

	for (i = 0; i < feeder->size; i++) {
		pthread_kill(feeder->reader, SIGUSR1);
		usleep(500);
		if (write(feeder->to, feeder->bytes + i, 1) != 1)
			break;
	}
	close(feeder->to);
	return NULL;
}

static int open_feeder(struct feeder *feeder, pthread_t *thread, int *from)
{
	/* No SA_RESTART: read() and write() end with EINTR. */
	struct sigaction action = { .sa_handler = nothing };
	int ends[2];

	sigaction(SIGUSR1, &action, NULL);
	if (pipe(ends))
		return -1;
	feeder->reader = pthread_self();
	feeder->to = ends[1];
	*from = ends[0];
	return pthread_create(thread, NULL, feed, feeder);
}

TEST_F(stream, stream_may_come_in_pieces_and_between_signals)
{
	struct feeder feeder = { .bytes = self->bytes, .size = self->size };
	pthread_t thread;
	int from;

	ASSERT_EQ(0, open_feeder(&feeder, &thread, &from));
	EXPECT_EQ(0, ioasid_restore(self->t.to.fd, self->t.to.devices, VMM_DEVICES,
				    from, &self->t.why))
		TH_LOG("%s", self->t.why.text);
	pthread_join(thread, NULL);
	EXPECT_FALSE(nothing_changed(&self->t));
}

TEST_F(stream, end_of_a_pipe_is_a_truncation)
{
	struct feeder feeder = { .bytes = self->bytes,
				 .size = self->size - 1 };
	pthread_t thread;
	int from, ret;

	ASSERT_EQ(0, open_feeder(&feeder, &thread, &from));
	ret = ioasid_restore(self->t.to.fd, self->t.to.devices, VMM_DEVICES, from,
			     &self->t.why);
	pthread_join(thread, NULL);
	EXPECT_TRUE(refused(&self->t, ret));
	EXPECT_EQ(ENODATA, self->t.why.error);
}

TEST_F(stream, save_goes_on_after_signals_and_short_writes)
{
	int file = stream_file(NULL, 0);
	unsigned char bytes[ROOM];

	slow.fd = file;
	EXPECT_EQ(0, ioasid_save(self->from.fd, self->from.devices, VMM_DEVICES,
				 file, &self->t.why))
		TH_LOG("%s", self->t.why.text);
	slow.fd = -1;
	EXPECT_LE(2 * self->size / 7, slow.calls);
	ASSERT_EQ(self->size, file_size(file));
	ASSERT_EQ(0, file_read(file, bytes, self->size));
	EXPECT_EQ(0, memcmp(bytes, self->bytes, self->size));
	close(file);
}

static bool transport_failed(struct trial *t, int ret, int error)
{
	return ret == -error && t->why.error == error &&
	       t->why.cause == IOASID_MIGRATE_TRANSPORT &&
	       t->why.text[0] && nothing_changed(t);
}

TEST_F(stream, descriptor_that_fails_is_no_bad_stream)
{
	struct timeval patience = { .tv_usec = 10000 };
	struct vmm *from = &self->from, *to = &self->t.to;
	int pair[2], ends[2];

	EXPECT_TRUE(transport_failed(&self->t,
				     ioasid_restore(to->fd, to->devices,
						    VMM_DEVICES, -1, &self->t.why),
				     EBADF));
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ASSERT_EQ(0, setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience,
				sizeof(patience)));
	ASSERT_EQ(20, write(pair[1], self->bytes, 20));
	EXPECT_TRUE(transport_failed(&self->t,
				     ioasid_restore(to->fd, to->devices,
						    VMM_DEVICES, pair[0],
						    &self->t.why),
				     EAGAIN));
	ASSERT_EQ(0, pipe(ends));
	close(ends[0]);
	EXPECT_TRUE(transport_failed(&self->t,
				     ioasid_save(from->fd, from->devices,
						 VMM_DEVICES, ends[1],
						 &self->t.why),
				     EPIPE));
	/* Who wants no reason gets none. */
	EXPECT_EQ(-EBADF, ioasid_restore(to->fd, to->devices, VMM_DEVICES, -1,
					 NULL));
}

/* -------- at random -------- */

#define RANDOM_NS	8000000000ULL	/* or longer, until there are so many: */
#define MIN_REFUSALS	100
#define MIN_PASSED	10
#define RANDOM_ROUNDS	4000

static __u32 a_number(unsigned int *rnd)
{
	static const __u32 some[] = { 0, 1, 2, 4, 5, 48, 92, 0xff, 0xffff,
				      0x10000, 0xfffff, 0x100000, 0xffffffff };

	if (rand_r(rnd) % 2)
		return some[rand_r(rnd) % ARRAY_SIZE(some)];
	return rand_r(rnd);
}

/* Changes the stream somehow; its size may be another one then. */
static size_t mutate(unsigned char *bytes, size_t size, unsigned int *rnd)
{
	__u32 entries = (size - STREAM_HEADER - 4) / STREAM_ENTRY;
	size_t at = rand_r(rnd) % size;
	unsigned char entry[STREAM_ENTRY];

	switch (rand_r(rnd) % 7) {
	case 0:
		bytes[at] = rand_r(rnd);
		return size;
	case 1:
		stream_put(bytes, at / 4 * 4, 4, a_number(rnd));
		return size;
	case 2:
		stream_put(bytes, ENTRY(rand_r(rnd) % (entries + 1)), 4,
			   a_number(rnd) % 100);
		return size;
	case 3:
		return 52 + rand_r(rnd) % (size - 51);
	case 4:
		return size + rand_r(rnd) % 20;
	case 5:
		at = ENTRY(rand_r(rnd) % (entries + 1));
		memcpy(entry, bytes + at, STREAM_ENTRY);
		memcpy(bytes + ENTRY(rand_r(rnd) % (entries + 1)), entry,
		       STREAM_ENTRY);
		return size;
	default:
		/* An entry less, said as it should be. */
		if (!entries || !stream_u32(bytes, 32))
			return size;
		memmove(bytes + ENTRY(0), bytes + ENTRY(1), size - ENTRY(1));
		stream_put(bytes, 16, 8, size - STREAM_ENTRY);
		stream_put(bytes, 32, 4, stream_u32(bytes, 32) - 1);
		return size - STREAM_ENTRY;
	}
}

/* What it is a stream of, by its own words; 0 if there is less. */
static size_t said_size(const unsigned char *bytes, size_t size)
{
	__u32 said = stream_u32(bytes, 16);

	return !stream_u32(bytes, 20) && said >= 52 && said <= size ? said : 0;
}

/* Only what is valid, and what this host can have, may be restored. */
static bool may_pass(struct trial *t, const unsigned char *bytes,
		     size_t size)
{
	size_t said = said_size(bytes, size), at;

	if (!said || !stream_is_valid(bytes, said) ||
	    stream_u32(bytes, 24) != t->before.info.shared_min)
		return false;
	for (at = ENTRY(0); at < said - 4; at += STREAM_ENTRY)
		if (stream_u32(bytes, at) == t->before.list[0].guest ||
		    (bytes[at + 4] && (bytes[at + 6] >= VMM_DEVICES ||
				       bytes[at + 7])))
			return false;
	return true;
}

/* All of it is there, and what was there before. */
static bool all_came(struct trial *t, const unsigned char *bytes,
		     size_t size)
{
	__u32 nr = (said_size(bytes, size) - ENTRY(0) - 4) / STREAM_ENTRY, i, j;
	struct books now;
	bool good;

	good = !books_read(&now, &t->to) && now.nr == nr + 1;
	for (i = 0, j = 0; good && i < now.nr; i++) {
		if (now.list[i].guest == t->before.list[0].guest)
			continue;
		good = now.list[i].guest == stream_u32(bytes, ENTRY(j)) &&
		       now.list[i].flags == bytes[ENTRY(j) + 4];
		j++;
	}
	books_free(&now);
	return good;
}

/* Frees what has come, but not what was there. */
static void free_what_came(struct trial *t)
{
	struct books now;
	__u32 i, d;

	books_read(&now, &t->to);
	for (i = 0; i < now.nr; i++)
		if (now.list[i].guest != t->before.list[0].guest)
			_test_free_pasid(t->to.fd, now.list[i].pasid,
					 now.list[i].pasid);
	for (d = 0; d < VMM_DEVICES; d++)
		_test_free_local(t->to.c[d].fd, t->to.devices[d].device,
				 0, UINT_MAX);
	books_free(&now);
}

TEST_F_TIMEOUT(stream, random_changes_are_refused_or_harmless, 400)
{
	unsigned int rnd = setting("IOASID_SEED", now_ns() >> 10);
	__u32 rounds, passed = 0, refusals = 0, changes;
	__u64 end = now_ns() + RANDOM_NS;
	unsigned char bytes[ROOM];
	size_t size;
	bool good;
	int ret;

	TH_LOG("IOASID_SEED=%u", rnd);
	for (rounds = 0; rounds < RANDOM_ROUNDS; rounds++) {
		if (now_ns() > end && refusals >= MIN_REFUSALS &&
		    passed >= MIN_PASSED)
			break;
		memset(bytes, 0, sizeof(bytes));
		memcpy(bytes, self->bytes, self->size);
		size = self->size;
		for (changes = 1 + rand_r(&rnd) % 3; changes; changes--)
			size = mutate(bytes, size, &rnd);
		if (rand_r(&rnd) % 8)
			stream_sign(bytes, said_size(bytes, size) ?: size);
		good = may_pass(&self->t, bytes, size);
		ret = restore_bytes(&self->t, bytes, size);
		if (!good) {
			refusals++;
			ASSERT_GT(0, ret);
			ASSERT_TRUE(nothing_changed(&self->t));
			continue;
		}
		passed++;
		ASSERT_EQ(0, ret) TH_LOG("%s", self->t.why.text);
		ASSERT_TRUE(all_came(&self->t, bytes, size));
		free_what_came(&self->t);
		ASSERT_TRUE(nothing_changed(&self->t));
	}
	TH_LOG("%u refused, %u restored", refusals, passed);
	EXPECT_LE(MIN_PASSED, passed);
	EXPECT_LE(MIN_REFUSALS, refusals);
}

TEST_HARNESS_MAIN
