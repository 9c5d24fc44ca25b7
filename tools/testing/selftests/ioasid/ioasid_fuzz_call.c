// SPDX-License-Identifier: GPL-2.0-only
/*
 * The calls that have a structure: filled in at random, in memory that is as it
 * should be or not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ioasid_fuzz_type.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

/* -------- what is asked for -------- */

static __u32 some_guest(struct thread *t)
{
	__u32 guest = some(t, 100);

	if (one_in(t, 16))
		return some_edge(t);
	return one_in(t, 4) ? GUEST_END - 1 - guest : guest;
}

static void some_range(struct thread *t, struct request *rq)
{
	bool frees = rq->kind == NODE_FREE || rq->kind == VFIO_FREE;
	__u32 low = some_number(t);

	/* All of it: rarely to free, so that there is something. */
	if (one_in(t, frees ? 150 : 2)) {
		set(rq, F_MAX, UINT_MAX);
		return;
	}
	set(rq, F_MIN, low);
	set(rq, F_MAX, low + some(t, frees ? 6 : 300));
}

/* Of another set no more than a bound that all know; of the own, anything. */
static void some_quota(struct thread *t, struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags = flags_of(rq), limit, guarantee;
	bool own = !(flags & type->flag_id);

	limit = some(t, QUOTA_CEILING);
	guarantee = some(t, one_in(t, 4) ? limit + 1 : 20);
	if (own && one_in(t, 8))
		limit = some_edge(t);
	if (own && one_in(t, 24))
		guarantee = some_edge(t);
	set(rq, F_LIMIT, flags & type->flag_limit ? limit : 0);
	set(rq, F_GUARANTEE, flags & type->flag_guarantee ? guarantee : 0);
}

static void some_flags(struct thread *t, struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags = (some(t, 256) | some(t, 256)) & type->flags;

	/* An allocation that is local to a device is possible only with one. */
	if (has(rq, F_DEVICE) && one_in(t, 2))
		flags &= ~FLAG_LOCAL;
	if (type->flag_id && one_in(t, 2))
		flags &= ~type->flag_id;
	/* So that there are some to be bound later. */
	if (type->flag_guest && one_in(t, 2))
		flags &= ~type->flag_guest;
	put_u32(rq->arg, 4, flags);
}

/* As the header wants it. */
static void fill_well(struct thread *t, struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags;
	bool steady;

	memset(rq->arg, 0, sizeof(rq->arg));
	put_u32(rq->arg, 0, type->size);
	some_flags(t, rq);
	flags = flags_of(rq);
	if (has(rq, F_MIN))
		some_range(t, rq);
	if (!type->flag_guest || flags & type->flag_guest)
		set(rq, F_GUEST, some_guest(t));
	set(rq, F_CURSOR, one_in(t, 2) ? 0 : some_guest(t));
	set(rq, F_PASID, some_number(t));
	set(rq, F_COUNT, 1 + some(t, one_in(t, 2) ? 4 : 100));
	if (has(rq, F_DEVICE) && flags & FLAG_LOCAL)
		set(rq, F_DEVICE, some_file(t, DEVICE_FILE, &steady));
	if (flags & type->flag_id)
		set(rq, F_ID, load_shared(shared->ids[some(t, NR_NUMBERS)]));
	if (has(rq, F_LIMIT))
		some_quota(t, rq);
}

static __u32 some_argsz(struct thread *t, __u32 size)
{
	switch (some(t, 8)) {
	case 0:
		return size - 1;
	case 1:
		return size + 8 * (1 + some(t, 8));
	case 2:
		return PAGE;
	case 3:
		return PAGE + 1;
	case 4:
		return some(t, size);
	case 5:
		return size + some(t, PAGE - size);
	default:
		return some_edge(t);
	}
}

/* No quota of another set beyond what all know; that is what this test needs. */
static bool is_beyond_the_ceiling(const struct request *rq)
{
	return flags_of(rq) & rq->type->flag_id &&
	       (get(rq, F_LIMIT) > QUOTA_CEILING ||
		get(rq, F_GUARANTEE) > QUOTA_CEILING);
}

static void fill_badly(struct thread *t, struct request *rq)
{
	struct request well = *rq;
	enum field_kind field = some(t, NR_FIELDS);

	switch (some(t, 4)) {
	case 0:
		put_u32(rq->arg, 0, some_argsz(t, rq->type->size));
		if (one_in(t, 3))
			rq->tail = 1 + some(t, PAGE - rq->type->size);
		break;
	case 1:
		put_u32(rq->arg, 4, one_in(t, 2) ? 1U << some(t, 32) :
			some_edge(t));
		break;
	default:
		if (field != F_ENTRIES)
			set(rq, field, some_edge(t));
	}
	if (has(rq, F_LIMIT) && is_beyond_the_ceiling(rq))
		*rq = well;
}

/* -------- where it is -------- */

/* Zeros up to where argsz says that it ends, but for one byte perhaps. */
static void write_arg(struct request *rq, __u8 *to, __u32 room)
{
	__u32 size = rq->type->size, argsz = argsz_of(rq);

	memcpy(to, rq->arg, size < room ? size : room);
	if (argsz > PAGE)
		argsz = PAGE;
	if (argsz > room)
		argsz = room;
	if (argsz > size)
		memset(to + size, 0, argsz - size);
	if (rq->tail && size + rq->tail <= argsz)
		to[size + rq->tail - 1] = 0x40;
	else
		rq->tail = 0;
}

static enum place some_place(struct thread *t)
{
	if (!one_in(t, 4))
		return PLACE_GOOD;
	return some(t, PLACE_MOVING + 1);
}

static void put_in_good(struct thread *t, struct request *rq)
{
	struct memory *m = &t->memory;
	__u32 at = some(t, PAGE);

	if (!one_in(t, 16))
		at &= ~7U;
	rq->at = m->good + at;
	rq->readable = GOOD_BYTES - at;
	memset(m->good, some(t, 256) | 1, GOOD_BYTES);
	write_arg(rq, rq->at, GOOD_BYTES - at);
}

static void put_at_edge(struct thread *t, struct request *rq, __u8 *end)
{
	__u32 readable = some(t, rq->type->size + 16);

	rq->readable = readable;
	rq->at = end - readable;
}

static void put(struct thread *t, struct request *rq)
{
	struct memory *m = &t->memory;

	rq->place = some_place(t);
	/* A careful life has to read what it got. */
	if (rq->place == PLACE_MOVING && life.careful &&
	    (rq->kind == NODE_ALLOC || rq->kind == VFIO_ALLOC))
		rq->place = PLACE_GOOD;
	switch (rq->place) {
	case PLACE_GOOD:
		put_in_good(t, rq);
		break;
	case PLACE_NULL:
		rq->at = NULL;
		break;
	case PLACE_KERNEL:
		rq->at = some_bad_address(t);
		break;
	case PLACE_UNMAPPED:
		rq->at = m->good + GOOD_BYTES + some(t, PAGE - MAX_SIZE);
		break;
	case PLACE_HALF:
		put_at_edge(t, rq, m->good + GOOD_BYTES);
		write_arg(rq, rq->at, rq->readable);
		break;
	case PLACE_BEHIND_END:
		put_at_edge(t, rq, m->readonly + PAGE);
		write_arg(rq, m->source + PAGE - rq->readable, rq->readable);
		break;
	case PLACE_READONLY:
		rq->at = m->readonly + 8 * some(t, PAGE / 16);
		rq->readable = m->readonly + PAGE - rq->at;
		write_arg(rq, m->source + (rq->at - m->readonly), rq->readable);
		break;
	case PLACE_MOVING:
		rq->at = m->moving + 8 * some(t, PAGE / 16);
		rq->readable = m->moving + PAGE - rq->at;
		write_arg(rq, m->moving_source + (rq->at - m->moving),
			  rq->readable);
		store_shared(life.moving, t);
		sem_post(&life.move);
		break;
	}
}

static void put_entries(struct thread *t, struct request *rq)
{
	struct memory *m = &t->memory;
	__u8 *at = m->entries;
	__u64 address;

	rq->good_entries = !one_in(t, 6);
	if (!rq->good_entries)
		at = one_in(t, 2) ? some_bad_address(t) :
			at + GOOD_BYTES - some(t, 2 * rq->type->entry_size);
	address = (uintptr_t)at;
	memcpy(rq->arg + rq->type->at[F_ENTRIES], &address, sizeof(address));
	memset(m->entries, ENTRY_PATTERN, GOOD_BYTES);
}

/* -------- the call -------- */

static bool is_alloc(enum call_kind kind)
{
	return kind == NODE_ALLOC || kind == VFIO_ALLOC;
}

static bool is_free(enum call_kind kind)
{
	return kind == NODE_FREE || kind == VFIO_FREE;
}

static bool is_list(enum call_kind kind)
{
	return kind == NODE_LIST || kind == VFIO_LIST;
}

static void call(struct request *rq)
{
	rq->ret = ioctl(rq->fd, rq->type->nr, rq->at);
	rq->error = errno;
	count(rq->kind, rq->ret, rq->error);
}

/* The call, and what a careful life writes down of it. */
static void call_by_the_books(struct thread *t, struct request *rq)
{
	__u32 flags = flags_of(rq);
	bool local = rq->type->what == CONTAINER_FILE && flags & FLAG_LOCAL;

	if (is_alloc(rq->kind)) {
		alloc_begin();
		call(rq);
		/* Only what can be read: in good memory, or half in none. */
		if (!rq->ret && rq->place != PLACE_MOVING)
			judge_pasid(t, rq);
		else
			alloc_failed();
	} else if (is_free(rq->kind)) {
		free_begin(local, get(rq, F_MIN), get(rq, F_MAX));
		call(rq);
		free_end(t, !rq->ret);
	} else if (is_list(rq->kind) && life.careful) {
		pthread_rwlock_wrlock(&life.books);
		call(rq);
		if (!rq->ret && rq->place == PLACE_GOOD)
			judge_answer(t, rq);
		pthread_rwlock_unlock(&life.books);
	} else {
		call(rq);
		if (!rq->ret && rq->place == PLACE_GOOD)
			judge_answer(t, rq);
	}
}

unsigned int some_request(struct thread *t, enum call_kind kind, void *arg)
{
	struct request rq = { .kind = kind, .type = &call_types[kind] };

	fill_well(t, &rq);
	if (has(&rq, F_ENTRIES))
		put_entries(t, &rq);
	memcpy(arg, rq.arg, rq.type->size);
	return rq.type->nr;
}

void make_call(struct thread *t, enum call_kind kind)
{
	struct request rq = { .kind = kind, .type = &call_types[kind] };

	fill_well(t, &rq);
	if (one_in(t, 3))
		fill_badly(t, &rq);
	if (has(&rq, F_ENTRIES))
		put_entries(t, &rq);
	rq.fd = some_file(t, rq.type->what, &rq.steady);
	put(t, &rq);
	if (rq.place == PLACE_GOOD)
		memcpy(t->memory.before, t->memory.good, GOOD_BYTES);
	call_by_the_books(t, &rq);
	if (rq.place == PLACE_GOOD)
		judge_bytes(t, &rq);
	/* What another thread may have closed says nothing. */
	if (!rq.steady)
		return;
	if (rq.ret)
		judge_error(t, &rq);
	else
		judge_success(t, &rq);
}

/* Not one that came from somebody else, whose group may leave any time. */
static int call_info(void *arg)
{
	int ret, error;

	pthread_rwlock_rdlock(&life.group);
	ret = ioctl(load_shared(life.files[CONTAINER_FILE]), VFIO_IOMMU_GET_INFO,
		    arg);
	error = errno;
	pthread_rwlock_unlock(&life.group);
	errno = error;
	return ret;
}

void make_info_call(struct thread *t)
{
	__u32 argsz = one_in(t, 2) ? some(t, PAGE) : some_argsz(t, 24);
	struct memory *m = &t->memory;
	__u8 *at = m->good + 8 * some(t, PAGE / 16);
	bool good = !one_in(t, 4);
	__u32 room = argsz < PAGE ? argsz : PAGE;
	int ret;

	memset(m->good, 0x5a, GOOD_BYTES);
	put_u32(at, 0, argsz);
	memcpy(m->before, m->good, GOOD_BYTES);
	ret = call_info(good ? at : some_bad_address(t));
	count(VFIO_INFO, ret, errno);
	if (ret)
		return;
	if (!good) {
		wrong(t, "VFIO_IOMMU_GET_INFO answers to nowhere");
		return;
	}
	if (argsz < PAGE)
		judge_info(t, at, argsz);
	memcpy(m->before + (at - m->good), at, room);
	if (memcmp(m->before, m->good, GOOD_BYTES))
		wrong(t, "VFIO_IOMMU_GET_INFO wrote behind its %u bytes", argsz);
}
