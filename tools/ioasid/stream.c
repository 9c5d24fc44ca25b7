// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define VERSION		1
#define HEADER_SIZE	48
/* What every version begins with. */
#define START_SIZE	16
#define ENTRY_SIZE	8
#define CRC_SIZE	4

#define MAX_GUEST	(STREAM_MAX_ENTRIES - 1)
#define MAX_SHARED_MIN	0x100000

static const char magic[8] = "PASIDs\r\n";

/* Where the fields of the header are. */
enum {
	AT_VERSION = 8,
	AT_HEADER_SIZE = 12,
	AT_SIZE = 16,
	AT_SHARED_MIN = 24,
	AT_DEVICES = 28,
	AT_SHARED = 32,
	AT_LOCAL = 36,
	AT_RESERVED = 40,
	AT_CRC = 44,
};

#define refuse(why, error, ...) \
	migrate_fail(why, IOASID_MIGRATE_STREAM, error, __VA_ARGS__)

#define corrupt(why, ...) refuse(why, EBADMSG, __VA_ARGS__)

/* -------- bytes -------- */

static void put_le(unsigned char *to, unsigned int bytes, __u64 value)
{
	for (; bytes; bytes--, value >>= 8)
		*to++ = value;
}

static __u64 get_le(const unsigned char *from, unsigned int bytes)
{
	__u64 value = 0;

	while (bytes--)
		value = value << 8 | from[bytes];
	return value;
}

/* Begins with 0, and goes on with what it returned. */
static __u32 crc32(__u32 crc, const unsigned char *from, size_t size)
{
	int bit;

	crc = ~crc;
	while (size--) {
		crc ^= *from++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static int transport(struct ioasid_migrate_error *why, int error,
		     const char *what)
{
	return migrate_fail(why, IOASID_MIGRATE_TRANSPORT, error,
			    "the stream cannot be %s: %s", what,
			    strerror(error));
}

static int write_all(int to, const unsigned char *from, size_t size,
		     struct ioasid_migrate_error *why)
{
	size_t done = 0;
	ssize_t now;

	while (done < size) {
		now = write(to, from + done, size - done);
		if (now < 0 && errno == EINTR)
			continue;
		if (now <= 0)
			return transport(why, now ? errno : EIO, "written");
		done += now;
	}
	return 0;
}

/* Never more than @size bytes: what follows is not ours. */
static int read_all(int from, unsigned char *to, size_t size, const char *part,
		    struct ioasid_migrate_error *why)
{
	size_t done = 0;
	ssize_t now;

	while (done < size) {
		now = read(from, to + done, size - done);
		if (now < 0 && errno == EINTR)
			continue;
		if (now < 0)
			return transport(why, errno, "read");
		if (!now)
			return refuse(why, ENODATA,
				      "the stream ends in its %s, after %zu of %zu bytes",
				      part, done, size);
		done += now;
	}
	return 0;
}

/* -------- out -------- */

static size_t stream_size(__u32 entries)
{
	return HEADER_SIZE + (size_t)entries * ENTRY_SIZE + CRC_SIZE;
}

static void put_header(unsigned char *h, const struct stream *s)
{
	memcpy(h, magic, sizeof(magic));
	put_le(h + AT_VERSION, 4, VERSION);
	put_le(h + AT_HEADER_SIZE, 4, HEADER_SIZE);
	put_le(h + AT_SIZE, 8, stream_size(stream_nr(s)));
	put_le(h + AT_SHARED_MIN, 4, s->shared_min);
	put_le(h + AT_DEVICES, 4, s->nr_devices);
	put_le(h + AT_SHARED, 4, s->nr_shared);
	put_le(h + AT_LOCAL, 4, s->nr_local);
	put_le(h + AT_RESERVED, 4, 0);
	put_le(h + AT_CRC, 4, crc32(0, h, AT_CRC));
}

int stream_write(const struct stream *s, int to,
		 struct ioasid_migrate_error *why)
{
	size_t size = stream_size(stream_nr(s));
	unsigned char *all = malloc(size), *at;
	__u32 i;
	int err;

	if (!all)
		return migrate_fail(why, IOASID_MIGRATE_HOST, ENOMEM,
				    "no memory for a stream of %zu bytes", size);
	put_header(all, s);
	at = all + HEADER_SIZE;
	for (i = 0; i < stream_nr(s); i++, at += ENTRY_SIZE) {
		put_le(at, 4, s->entries[i].guest);
		put_le(at + 4, 2, s->entries[i].kind);
		put_le(at + 6, 2, s->entries[i].device);
	}
	put_le(at, CRC_SIZE, crc32(0, all, at - all));
	err = write_all(to, all, size, why);
	free(all);
	return err;
}

/* -------- in -------- */

/* What can be said of any version. */
static int read_start(unsigned char *h, int from,
		      struct ioasid_migrate_error *why)
{
	__u32 version;
	int err;

	err = read_all(from, h, START_SIZE, "header", why);
	if (err)
		return err;
	if (memcmp(h, magic, sizeof(magic)))
		return refuse(why, EPROTO, "this is no stream of PASIDs");
	version = get_le(h + AT_VERSION, 4);
	if (version != VERSION)
		return refuse(why, EPROTONOSUPPORT,
			      "the stream has version %u, known is %u",
			      version, VERSION);
	if (get_le(h + AT_HEADER_SIZE, 4) != HEADER_SIZE)
		return corrupt(why, "the header has %u bytes, not %u",
			       (__u32)get_le(h + AT_HEADER_SIZE, 4),
			       HEADER_SIZE);
	return 0;
}

/* No sum of these can overflow. */
static bool counts_fit(const struct stream *s)
{
	return s->nr_shared <= STREAM_MAX_ENTRIES &&
	       s->nr_local <= STREAM_MAX_ENTRIES - s->nr_shared;
}

static int read_header(struct stream *s, unsigned char *h, int from,
		       struct ioasid_migrate_error *why)
{
	int err = read_start(h, from, why);

	if (err)
		return err;
	err = read_all(from, h + START_SIZE, HEADER_SIZE - START_SIZE, "header",
		       why);
	if (err)
		return err;
	if (get_le(h + AT_CRC, 4) != crc32(0, h, AT_CRC))
		return corrupt(why, "the checksum of the header is wrong");

	s->shared_min = get_le(h + AT_SHARED_MIN, 4);
	s->nr_devices = get_le(h + AT_DEVICES, 4);
	s->nr_shared = get_le(h + AT_SHARED, 4);
	s->nr_local = get_le(h + AT_LOCAL, 4);
	if (!counts_fit(s))
		return corrupt(why, "%u shared and %u local PASIDs are too many",
			       s->nr_shared, s->nr_local);
	if (get_le(h + AT_SIZE, 8) != stream_size(stream_nr(s)))
		return corrupt(why, "%u entries are not what a stream of %llu bytes has",
			       stream_nr(s),
			       (unsigned long long)get_le(h + AT_SIZE, 8));
	if (!s->shared_min || s->shared_min > MAX_SHARED_MIN)
		return corrupt(why, "shared PASIDs cannot begin at %u",
			       s->shared_min);
	if (s->nr_devices > STREAM_MAX_DEVICES)
		return corrupt(why, "%u devices are too many", s->nr_devices);
	if (get_le(h + AT_RESERVED, 4))
		return corrupt(why, "the reserved field of the header is used");
	return 0;
}

static int check_entry(const struct stream *s, __u32 i,
		       struct ioasid_migrate_error *why)
{
	const struct stream_entry *e = &s->entries[i];

	if (e->guest > MAX_GUEST)
		return corrupt(why, "entry %u has guest PASID %#x, of more than 20 bits",
			       i, e->guest);
	if (i && e->guest <= s->entries[i - 1].guest)
		return corrupt(why, "guest PASID %u comes after %u", e->guest,
			       s->entries[i - 1].guest);
	if (e->kind != STREAM_SHARED && e->kind != STREAM_LOCAL)
		return corrupt(why, "guest PASID %u has the unknown kind %u",
			       e->guest, e->kind);
	if (e->kind == STREAM_SHARED && e->device)
		return corrupt(why, "guest PASID %u is shared and names a device",
			       e->guest);
	if (e->kind == STREAM_LOCAL && e->device >= s->nr_devices)
		return corrupt(why, "guest PASID %u is local to device %u of %u",
			       e->guest, e->device, s->nr_devices);
	return 0;
}

/* Of both kinds there are as many as was said, and as there can be. */
static int check_counts(const struct stream *s,
			struct ioasid_migrate_error *why)
{
	__u32 *locals = calloc(s->nr_devices + 1, sizeof(*locals));
	__u32 i, nr_local = 0;
	int err = 0;

	if (!locals)
		return migrate_fail(why, IOASID_MIGRATE_HOST, ENOMEM,
				    "no memory to count the PASIDs of %u devices",
				    s->nr_devices);
	for (i = 0; i < stream_nr(s) && !err; i++) {
		const struct stream_entry *e = &s->entries[i];

		if (e->kind == STREAM_SHARED)
			continue;
		nr_local++;
		if (++locals[e->device] >= s->shared_min)
			err = corrupt(why, "device %u has more than %u local PASIDs",
				      e->device, s->shared_min - 1);
	}
	free(locals);
	if (!err && nr_local != s->nr_local)
		err = corrupt(why, "%u PASIDs are local, the header says %u",
			      nr_local, s->nr_local);
	return err;
}

static int take_entries(struct stream *s, const unsigned char *from,
			struct ioasid_migrate_error *why)
{
	__u32 i;
	int err;

	for (i = 0; i < stream_nr(s); i++, from += ENTRY_SIZE) {
		s->entries[i] = (struct stream_entry) {
			.guest = get_le(from, 4),
			.kind = get_le(from + 4, 2),
			.device = get_le(from + 6, 2),
		};
		err = check_entry(s, i, why);
		if (err)
			return err;
	}
	return check_counts(s, why);
}

static int read_entries(struct stream *s, const unsigned char *header,
			unsigned char *body, int from,
			struct ioasid_migrate_error *why)
{
	size_t size = (size_t)stream_nr(s) * ENTRY_SIZE;
	__u32 crc;
	int err;

	err = read_all(from, body, size + CRC_SIZE, "entries", why);
	if (err)
		return err;
	crc = crc32(0, header, HEADER_SIZE);
	if (get_le(body + size, CRC_SIZE) != crc32(crc, body, size))
		return corrupt(why, "the checksum of the stream is wrong");
	return take_entries(s, body, why);
}

int stream_read(struct stream *s, int from, struct ioasid_migrate_error *why)
{
	unsigned char header[HEADER_SIZE], *body;
	int err;

	*s = (struct stream) {};
	err = read_header(s, header, from, why);
	if (err)
		return err;

	body = malloc((size_t)stream_nr(s) * ENTRY_SIZE + CRC_SIZE);
	s->entries = calloc(stream_nr(s) + 1, sizeof(*s->entries));
	if (body && s->entries)
		err = read_entries(s, header, body, from, why);
	else
		err = migrate_fail(why, IOASID_MIGRATE_HOST, ENOMEM,
				   "no memory for %u entries", stream_nr(s));
	free(body);
	if (err)
		stream_free(s);
	return err;
}

void stream_free(struct stream *s)
{
	free(s->entries);
	s->entries = NULL;
}
