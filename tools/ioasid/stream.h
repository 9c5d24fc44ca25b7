/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PASID streams as bytes; migrate.h says what they are like.
 */
#ifndef __IOASID_STREAM_H
#define __IOASID_STREAM_H

#include <linux/types.h>
#include <stdio.h>

#include "migrate.h"

/* All guest PASIDs that there are. */
#define STREAM_MAX_ENTRIES	0x100000
#define STREAM_MAX_DEVICES	0x10000

enum stream_kind {
	STREAM_SHARED,
	STREAM_LOCAL,
};

struct stream_entry {
	__u32 guest;
	__u16 kind;
	__u16 device;
};

/* What a stream says. */
struct stream {
	__u32 shared_min;
	__u32 nr_devices;
	__u32 nr_shared;
	__u32 nr_local;
	struct stream_entry *entries;
};

static inline __u32 stream_nr(const struct stream *s)
{
	return s->nr_shared + s->nr_local;
}

/* All return 0 or, with the reason in @why, a negative errno. */
int stream_write(const struct stream *s, int to,
		 struct ioasid_migrate_error *why);
/* What it has read is for stream_free(), if it did not fail. */
int stream_read(struct stream *s, int from, struct ioasid_migrate_error *why);
void stream_free(struct stream *s);

/* Fills in the reason, unless NULL is given for it. The value is -(_error). */
#define migrate_fail(_why, _cause, _error, ...)                             \
	({                                                                  \
		struct ioasid_migrate_error *__why = (_why);                \
		int __error = (_error);                                     \
									    \
		if (__why) {                                                \
			__why->cause = (_cause);                            \
			__why->error = __error;                             \
			snprintf(__why->text, sizeof(__why->text),          \
				 __VA_ARGS__);                              \
		}                                                           \
		-__error;                                                   \
	})

#endif /* __IOASID_STREAM_H */
