// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the headers promise of a call: which error it may have and which it must, what
 * it writes, and what the answer can be.
 */
#include <errno.h>
#include <stdio.h>

#include "ioasid_fuzz_type.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

enum verdict {
	MAY_BE,
	IS_WRONG,
	IS_RIGHT,
};

static bool is_wrong_quota(const struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags = flags_of(rq);
	__u32 both = type->flag_guarantee | type->flag_limit;

	if (!(flags & both))
		return true;
	if (get(rq, F_GUARANTEE) && !(flags & type->flag_guarantee))
		return true;
	if (get(rq, F_LIMIT) && !(flags & type->flag_limit))
		return true;
	return (flags & both) == both && get(rq, F_GUARANTEE) > get(rq, F_LIMIT);
}

static bool is_wrong_number(const struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags = flags_of(rq);

	if (get(rq, F_MIN) > get(rq, F_MAX))
		return true;
	if (get(rq, F_GUEST) >= GUEST_END)
		return true;
	if (type->flag_guest && get(rq, F_GUEST) && !(flags & type->flag_guest))
		return true;
	/* What a call writes may hold anything before. */
	if (has(rq, F_ID) && type->at[F_ID] != type->out &&
	    get(rq, F_ID) && !(flags & type->flag_id))
		return true;
	return has(rq, F_COUNT) && !get(rq, F_COUNT);
}

/* Do the rules of the header forbid it, whatever the kernel has in its books? */
static enum verdict judge_form(const struct request *rq)
{
	const struct call_type *type = rq->type;
	__u32 flags = flags_of(rq), argsz = argsz_of(rq);

	if (argsz < type->size || argsz > PAGE || rq->tail)
		return IS_WRONG;
	if (flags & ~type->flags || get(rq, F_RESERVED))
		return IS_WRONG;
	if (is_wrong_number(rq))
		return IS_WRONG;
	if (has(rq, F_LIMIT) && is_wrong_quota(rq))
		return IS_WRONG;
	if (has(rq, F_DEVICE) && get(rq, F_DEVICE) && !(flags & FLAG_LOCAL))
		return IS_WRONG;
	/* It depends on the device, or on what the other number is now. */
	if (has(rq, F_DEVICE) && flags & FLAG_LOCAL)
		return MAY_BE;
	if (has(rq, F_LIMIT) && !(get(rq, F_LIMIT) && get(rq, F_GUARANTEE)))
		return MAY_BE;
	return IS_RIGHT;
}

static bool can_be_read(const struct request *rq)
{
	__u32 argsz = argsz_of(rq);

	if (rq->place == PLACE_GOOD || rq->place == PLACE_MOVING)
		return true;
	if (rq->place == PLACE_NULL || rq->place == PLACE_KERNEL ||
	    rq->place == PLACE_UNMAPPED)
		return false;
	/* A wrong argsz says more than what is behind it. */
	if (argsz < rq->type->size || argsz > PAGE)
		return rq->readable >= sizeof(argsz);
	return rq->readable >= argsz;
}

static bool can_be_written(const struct request *rq)
{
	return rq->place != PLACE_READONLY && rq->place != PLACE_BEHIND_END;
}

static bool is_documented(const struct call_type *type, int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(type->errnos); i++)
		if (type->errnos[i] == error)
			return true;
	return false;
}

static void complain(struct thread *t, const struct request *rq,
		     const char *what)
{
	__u32 i, at = 0;
	char text[160];

	for (i = 0; i < rq->type->size; i += 4)
		at += snprintf(text + at, sizeof(text) - at, " %x",
			       u32_at(rq->arg, i));
	wrong(t, "%s: %s; returned %d, errno %d; place %d, %u readable, tail %u:%s",
	      rq->type->name, what, rq->ret, rq->ret ? rq->error : 0,
	      rq->place, rq->readable, rq->tail, text);
}

/* An error that comes before, or instead of, that of a wrong form. */
static bool may_come_first(const struct request *rq)
{
	__u32 flags = flags_of(rq);

	switch (rq->error) {
	case EBADF:
		return has(rq, F_DEVICE) && flags & FLAG_LOCAL;
	case EPERM:
	case ENOENT:
		return has(rq, F_ID) && flags & rq->type->flag_id;
	}
	return false;
}

/* More than an administrator gave: that takes the right to, where nobody helps. */
static bool is_above_all(const struct request *rq)
{
	return !life.may_raise && life.careful && has(rq, F_LIMIT) &&
	       (get(rq, F_LIMIT) > QUOTA_CEILING ||
		get(rq, F_GUARANTEE) > QUOTA_CEILING);
}

/* Is about another set, or all. */
static bool is_for_the_administrator(const struct request *rq)
{
	return rq->kind == NODE_LIST_SETS ||
	       (has(rq, F_ID) && flags_of(rq) & rq->type->flag_id);
}

void judge_error(struct thread *t, const struct request *rq)
{
	enum verdict form = judge_form(rq);
	bool moving = rq->place == PLACE_MOVING;

	if (!is_documented(rq->type, rq->error))
		complain(t, rq, "this error is not in the header");
	/* A byte that is not zero may come before one that cannot be read. */
	else if (!can_be_read(rq) && rq->error != EFAULT && !rq->tail)
		complain(t, rq, "cannot be read and has another error");
	else if (can_be_read(rq) && !moving && form == IS_WRONG &&
		 rq->error != EINVAL && !may_come_first(rq))
		complain(t, rq, "breaks a rule and has another error");
	else if (form == IS_RIGHT && rq->error == EINVAL)
		complain(t, rq, "breaks no rule and is refused");
	else if (rq->error == EPERM && life.may_raise)
		complain(t, rq, "is refused to who has the right to");
	else if (rq->error == EFAULT && rq->place == PLACE_GOOD &&
		 (!has(rq, F_ENTRIES) || rq->good_entries) &&
		 get(rq, F_COUNT) <= 100)
		complain(t, rq, "fails with memory that is good");
}

void judge_success(struct thread *t, const struct request *rq)
{
	if (!can_be_read(rq))
		complain(t, rq, "succeeds without an argument");
	else if (judge_form(rq) == IS_WRONG)
		complain(t, rq, "succeeds though it breaks a rule");
	else if (rq->type->out && !can_be_written(rq))
		complain(t, rq, "succeeds though its answer cannot be written");
	else if (is_above_all(rq) || (is_for_the_administrator(rq) &&
				      !life.may_raise))
		complain(t, rq, "succeeds without the right to");
}

/* Only what the header says is written, and nothing if it fails. */
void judge_bytes(struct thread *t, struct request *rq)
{
	const struct call_type *type = rq->type;
	struct memory *m = &t->memory;
	__u8 *copy = m->before + (rq->at - m->good);

	if (!rq->ret) {
		memcpy(copy + type->out, rq->at + type->out, type->out_size);
		memcpy(copy + type->out2, rq->at + type->out2, type->out2_size);
	}
	if (memcmp(m->good, m->before, GOOD_BYTES))
		complain(t, rq, "wrote what it should not");
}

/* -------- answers -------- */

/* What fills a fixed length says nothing but what it says. */
static bool is_name(const char *comm)
{
	size_t i, len = strnlen(comm, 16);

	for (i = len; i < 16; i++)
		if (comm[i])
			return false;
	return len < 16;
}

void judge_pasid(struct thread *t, struct request *rq)
{
	bool local = rq->type->what == CONTAINER_FILE &&
		     flags_of(rq) & FLAG_LOCAL;
	__u32 pasid = u32_at(rq->at, rq->type->out);
	bool is_local = pasid < shared->shared_min;

	if (!pasid || pasid >= NR_PASIDS || pasid < get(rq, F_MIN) ||
	    pasid > get(rq, F_MAX) || is_local != local) {
		complain(t, rq, "gives a number that is not in the range");
		alloc_failed();
		return;
	}
	alloc_end(t, local, pasid);
}

/* An entry is two numbers, and what says more about the second. */
static bool is_entry(const struct request *rq, const __u8 *entry)
{
	const struct ioasid_entry *e = (const void *)entry;
	bool local = e->flags & IOASID_ENTRY_LOCAL;

	if (e->guest < get(rq, F_CURSOR) || e->guest >= GUEST_END ||
	    e->flags & ~IOASID_ENTRY_LOCAL || e->reserved || !e->pasid)
		return false;
	if (!local && (has(rq, F_DEVICE) && flags_of(rq) & FLAG_LOCAL))
		return false;
	return !life.careful || life.guest || is_held(local, e->pasid);
}

static bool is_set_entry(struct thread *t, const __u8 *entry)
{
	const struct ioasid_set_entry *e = (const void *)entry;

	store_shared(shared->ids[some(t, NR_NUMBERS)], e->id);
	return !e->reserved && is_name(e->comm) && e->pending <= e->used &&
	       e->local <= e->used && e->guarantee <= e->limit;
}

static void judge_entries(struct thread *t, struct request *rq)
{
	__u32 size = rq->type->entry_size, i, last = 0;
	__u32 count = u32_at(rq->at, rq->type->out2);
	const __u8 *entries = t->memory.entries;

	if (count > get(rq, F_COUNT) || count * size > GOOD_BYTES) {
		complain(t, rq, "lists more than there is room for");
		return;
	}
	for (i = 0; i < count; i++, entries += size) {
		if ((i && u32_at(entries, 0) <= last) ||
		    !(size == sizeof(struct ioasid_entry) ?
		      is_entry(rq, entries) : is_set_entry(t, entries))) {
			complain(t, rq, "lists an entry that cannot be");
			return;
		}
		last = u32_at(entries, 0);
	}
	for (i = count * size; i < GOOD_BYTES; i++, entries++) {
		if (*entries == ENTRY_PATTERN)
			continue;
		complain(t, rq, "wrote behind the last entry");
		return;
	}
	if (count && u32_at(rq->at, rq->type->out) <= last)
		complain(t, rq, "says to go on where it has been");
}

void judge_answer(struct thread *t, struct request *rq)
{
	struct ioasid_query_system system;
	struct ioasid_query_set q;

	switch (rq->kind) {
	case NODE_LIST:
	case VFIO_LIST:
	case NODE_LIST_SETS:
		if (rq->good_entries)
			judge_entries(t, rq);
		break;
	case NODE_QUERY_SET:
		memcpy(&q, rq->at, sizeof(q));
		store_shared(shared->ids[some(t, NR_NUMBERS)], q.id);
		if (!is_name(q.comm) || q.pending > q.used ||
		    q.local > q.used || q.guarantee > q.limit)
			complain(t, rq, "says what cannot be");
		break;
	case NODE_QUERY_SYSTEM:
		memcpy(&system, rq->at, sizeof(system));
		if (system.pad || system.capacity > NR_PASIDS ||
		    system.shared_min != shared->shared_min ||
		    system.used + system.reserved + system.free >
		    system.capacity - shared->shared_min)
			complain(t, rq, "says what cannot be");
		break;
	default:
		break;
	}
}

/* -------- the capability -------- */

static bool is_capability(const struct vfio_iommu_type1_info_cap_pasid *cap)
{
	return cap->header.version == 1 && !cap->flags && !cap->reserved &&
	       cap->pasid_bits && cap->pasid_bits <= 20 &&
	       cap->shared_min == shared->shared_min && cap->guarantee <= cap->limit &&
	       cap->available <= NR_PASIDS;
}

void judge_info(struct thread *t, __u8 *at, __u32 argsz)
{
	struct vfio_iommu_type1_info *info = (void *)at;
	struct vfio_info_cap_header *cap;

	/* Says how much it would be, and what there was room for. */
	if (info->argsz > argsz)
		return;
	cap = find_cap(info, VFIO_IOMMU_TYPE1_INFO_CAP_PASID);
	if (!cap || !is_capability((void *)cap))
		wrong(t, "VFIO_IOMMU_GET_INFO: %s", cap ?
		      "the capability is not as it should be" :
		      "there is no capability of PASIDs");
}
