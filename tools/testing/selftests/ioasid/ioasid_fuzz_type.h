/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the calls with a structure are, as their headers have them.
 */
#ifndef __SELFTEST_IOASID_FUZZ_TYPE_H
#define __SELFTEST_IOASID_FUZZ_TYPE_H

#include <linux/vfio.h>
#include <string.h>

#include "ioasid_fuzz.h"

enum field_kind {
	F_MIN,
	F_MAX,
	F_GUEST,
	/* A guest PASID to go on from, which may be any number. */
	F_CURSOR,
	F_PASID,
	F_DEVICE,
	F_RESERVED,
	F_COUNT,
	F_ENTRIES,
	F_ID,
	F_GUARANTEE,
	F_LIMIT,
	NR_FIELDS,
};

/* Behind argsz and flags. 0 is where argsz is, so it means that there is none. */
struct call_type {
	const char *name;
	enum file_kind what;
	unsigned int nr;
	__u32 size;
	__u32 flags;
	/* Flags that give a field its meaning; without, the field is 0. */
	__u32 flag_guest;
	__u32 flag_id;
	__u32 flag_guarantee;
	__u32 flag_limit;
	__u8 at[NR_FIELDS];
	/* What the kernel writes. */
	__u8 out, out_size;
	__u8 out2, out2_size;
	__u8 entry_size;
	int errnos[12];
};

extern const struct call_type call_types[NR_CALLS];

#define MAX_SIZE	64

/* How much of the argument is memory, and of what kind. */
enum place {
	PLACE_GOOD,
	PLACE_NULL,
	PLACE_KERNEL,
	PLACE_UNMAPPED,
	PLACE_HALF,
	PLACE_BEHIND_END,
	PLACE_READONLY,
	PLACE_MOVING,
};

/* Above all guest PASIDs that there can be. */
#define GUEST_END	0x100000U
/* What entries are not made of. */
#define ENTRY_PATTERN	0xa5
#define FLAG_LOCAL	VFIO_PASID_LOCAL

/* One call, from the draft of its argument to what became of it. */
struct request {
	enum call_kind kind;
	const struct call_type *type;
	/* What the structure says, and which bytes behind it are not zero. */
	__u8 arg[MAX_SIZE];
	__u32 tail;
	bool steady;
	int fd;
	enum place place;
	__u8 *at;
	/* Bytes that can be read from there on. */
	__u32 readable;
	bool good_entries;
	int ret;
	int error;
};

static inline __u32 u32_at(const void *p, __u32 at)
{
	__u32 value;

	memcpy(&value, (const __u8 *)p + at, sizeof(value));
	return value;
}

static inline void put_u32(void *p, __u32 at, __u32 value)
{
	memcpy((__u8 *)p + at, &value, sizeof(value));
}

static inline bool has(const struct request *rq, enum field_kind field)
{
	return rq->type->at[field];
}

/* 0 if the structure has no such field. */
static inline __u32 get(const struct request *rq, enum field_kind field)
{
	return has(rq, field) ? u32_at(rq->arg, rq->type->at[field]) : 0;
}

static inline void set(struct request *rq, enum field_kind field, __u32 value)
{
	if (has(rq, field))
		put_u32(rq->arg, rq->type->at[field], value);
}

static inline __u32 argsz_of(const struct request *rq)
{
	return u32_at(rq->arg, 0);
}

static inline __u32 flags_of(const struct request *rq)
{
	return u32_at(rq->arg, 4);
}

/* What the argument was answered with; is it what the header promises? */
void judge_error(struct thread *t, const struct request *rq);
void judge_success(struct thread *t, const struct request *rq);
void judge_bytes(struct thread *t, struct request *rq);
void judge_answer(struct thread *t, struct request *rq);
/* What VFIO_IOMMU_GET_INFO wrote, with room for @argsz bytes. */
void judge_info(struct thread *t, __u8 *at, __u32 argsz);
/* Of an allocation that succeeded: takes it into the books. */
void judge_pasid(struct thread *t, struct request *rq);

#endif /* __SELFTEST_IOASID_FUZZ_TYPE_H */
