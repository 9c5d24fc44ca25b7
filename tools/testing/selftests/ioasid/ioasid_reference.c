// SPDX-License-Identifier: GPL-2.0-only
/*
 * See ioasid_reference.h. The order in which a call looks for errors is that of
 * Documentation/driver-api/ioasid.rst and of include/linux/ioasid.h.
 */
#include <errno.h>
#include <string.h>

#include "ioasid_reference.h"

#define END	REF_PASIDS

static uint32_t min_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t max_of(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t minus(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

/* The books. */

static uint32_t capacity(const struct reference *ref)
{
	if (!ref->cap)
		return ref->reported;
	return ref->reported ? min_of(ref->reported, ref->cap) : ref->cap;
}

static uint32_t shared_min(const struct reference *ref)
{
	return max_of(ref->local, 1);
}

/* How many numbers are there for shared PASIDs? */
static uint32_t total(const struct reference *ref)
{
	return minus(capacity(ref), shared_min(ref));
}

static uint32_t all_used(const struct reference *ref)
{
	uint32_t set, used = 0;

	for (set = 0; set < REF_SETS; set++)
		used += ref->set[set].shared;
	return used;
}

/* Each set claims what it has, or its guarantee. */
static uint32_t all_claimed(const struct reference *ref)
{
	uint32_t set, claimed = 0;

	for (set = 0; set < REF_SETS; set++)
		claimed += max_of(ref->set[set].shared,
				  ref->set[set].guarantee);
	return claimed;
}

static uint32_t free_for_all(const struct reference *ref)
{
	return minus(total(ref), all_claimed(ref));
}

void ref_get_system(const struct reference *ref, struct ref_system *info)
{
	info->capacity = capacity(ref);
	info->shared_min = shared_min(ref);
	info->used = all_used(ref);
	info->reserved = all_claimed(ref) - all_used(ref);
	info->free = free_for_all(ref);
}

void ref_get_info(const struct reference *ref, uint32_t set,
		  struct ref_info *info)
{
	const struct ref_set *s = &ref->set[set];
	uint32_t room = free_for_all(ref) + minus(s->guarantee, s->shared);

	info->used = s->used;
	info->pending = s->pending;
	info->local = s->used - s->shared;
	info->guarantee = s->guarantee;
	info->limit = s->limit;
	room = min_of(room, minus(total(ref), all_used(ref)));
	info->available = min_of(room, minus(s->limit, s->used));
}

void ref_init(struct reference *ref, uint32_t cap, uint32_t local)
{
	uint32_t i;

	/* Only what was used; the whole would take too long. */
	for (i = 0; i < ref->pasids; i++)
		ref->number[ref->pasid[i].dev][ref->pasid[i].id] = 0;
	memset(ref->set, 0, sizeof(ref->set));
	memset(ref->listener, 0, sizeof(ref->listener));
	memset(ref->pasid, 0, ref->pasids * sizeof(ref->pasid[0]));
	ref->pasids = 0;
	ref->nr_waiting = 0;
	ref->nr_told = 0;
	ref->run++;
	ref->reported = 0;
	ref->cap = cap;
	ref->local = local;
	ref->set[0] = (struct ref_set) {
		.exists = true, .owners = 1, .limit = UINT32_MAX,
		.first = END, .last = END,
	};
}

void ref_capacity(struct reference *ref, uint32_t nr)
{
	if (nr < 2)
		return;
	nr = min_of(nr, REF_IDS);
	ref->reported = ref->reported ? min_of(ref->reported, nr) : nr;
}

/* Events. */

static bool listens(const struct reference *ref, uint32_t listener,
		    uint32_t set)
{
	const struct ref_listener *l = &ref->listener[listener];

	if (!l->registered)
		return false;
	switch (l->scope) {
	case REF_SCOPE_ALL:
		return true;
	case REF_SCOPE_SET:
		return l->what == set;
	default:
		return l->what == ref->set[set].token;
	}
}

static void tell_one(struct reference *ref, uint32_t listener,
		     const struct ref_event *event)
{
	struct ref_event *told = &ref->told[ref->nr_told++];

	*told = *event;
	told->listener = listener;
	if (ref->listener[listener].unsettles & 1u << event->type)
		ref->set[event->set].unsettled = true;
}

static void tell(struct reference *ref, const struct ref_event *event)
{
	uint32_t listener, priority;

	for (priority = 0; priority < 3; priority++)
		for (listener = 0; listener < REF_LISTENERS; listener++)
			if (ref->listener[listener].priority == priority &&
			    listens(ref, listener, event->set))
				tell_one(ref, listener, event);
}

/* @pasid is NULL for an event of the set itself. */
static void happens(struct reference *ref, uint32_t set,
		    enum ref_event_type type, const struct ref_pasid *pasid)
{
	struct ref_event event = {
		.set = set, .type = type, .id = REF_NONE, .private = REF_NONE,
	};

	if (pasid) {
		event.dev = pasid->dev;
		event.id = pasid->id;
		event.data = pasid->data;
		if (type == REF_BIND || type == REF_UNBIND)
			event.private = pasid->private;
	}
	if (ref->set[set].busy)
		ref->waiting[ref->nr_waiting++] = event;
	else
		tell(ref, &event);
}

void ref_call_done(struct reference *ref)
{
	uint32_t set;

	for (set = 0; set < REF_SETS; set++)
		ref->set[set].busy |= ref->set[set].unsettled;
}

/* A number comes back when nobody uses it any more, and everybody knows. */
static void reclaim_if_unused(struct reference *ref, struct ref_pasid *pasid)
{
	struct ref_set *set = &ref->set[pasid->set];

	if (!pasid->freed || pasid->users || pasid->untold)
		return;
	pasid->exists = false;
	ref->number[pasid->dev][pasid->id] = 0;
	set->used--;
	set->shared -= !pasid->dev;
	set->pending--;
}

static struct ref_pasid *at(struct reference *ref, uint32_t dev, uint32_t id)
{
	if (id >= REF_IDS || !ref->number[dev][id])
		return NULL;
	return &ref->pasid[ref->number[dev][id] - 1];
}

void ref_settle(struct reference *ref)
{
	uint32_t i;

	ref_call_done(ref);
	for (i = 0; i < ref->nr_waiting; i++) {
		struct ref_event *event = &ref->waiting[i];

		/* Data are those of the moment when it is told. */
		if (event->id != REF_NONE)
			event->data = at(ref, event->dev, event->id)->data;
		tell(ref, event);
	}
	ref->nr_waiting = 0;
	for (i = 0; i < REF_SETS; i++) {
		ref->set[i].busy = false;
		ref->set[i].unsettled = false;
	}
	for (i = 0; i < ref->pasids; i++) {
		if (!ref->pasid[i].exists || !ref->pasid[i].untold)
			continue;
		ref->pasid[i].untold = false;
		reclaim_if_unused(ref, &ref->pasid[i]);
	}
}

/* Tells a new listener of what there is. */
static void introduce(struct reference *ref, uint32_t listener, uint32_t set)
{
	struct ref_event event = {
		.set = set, .type = REF_SET_ADD, .id = REF_NONE,
		.private = REF_NONE,
	};
	uint32_t i;

	tell_one(ref, listener, &event);
	for (i = ref->set[set].first; i != END; i = ref->pasid[i].next) {
		const struct ref_pasid *pasid = &ref->pasid[i];

		event.type = REF_ALLOC;
		event.dev = pasid->dev;
		event.id = pasid->id;
		event.data = pasid->data;
		event.private = REF_NONE;
		tell_one(ref, listener, &event);
		if (pasid->private == REF_NONE)
			continue;
		event.type = REF_BIND;
		event.private = pasid->private;
		tell_one(ref, listener, &event);
	}
}

int ref_register(struct reference *ref, uint32_t listener,
		 const struct ref_listener *as)
{
	uint32_t set;

	if (as->scope == REF_SCOPE_TOKEN && !as->what)
		return -EINVAL;
	if (ref->listener[listener].registered)
		return -EEXIST;
	if (as->priority > 2)
		return -EINVAL;
	if (as->scope == REF_SCOPE_SET && !ref->set[as->what].owners)
		return -ENOENT;
	ref_settle(ref);
	ref->listener[listener] = *as;
	ref->listener[listener].registered = true;
	for (set = 0; set < REF_SETS; set++)
		if (ref->set[set].owners && listens(ref, listener, set))
			introduce(ref, listener, set);
	ref_settle(ref);
	return 0;
}

void ref_unregister(struct reference *ref, uint32_t listener)
{
	ref->listener[listener].registered = false;
}

/* Sets. */

/* May somebody call with a pointer to it? */
bool ref_set_usable(const struct reference *ref, uint32_t set)
{
	return ref->set[set].owners || ref->set[set].refs;
}

/* Is there nothing left of the one that was here? */
bool ref_set_vacant(const struct reference *ref, uint32_t set)
{
	uint32_t i;

	for (i = 0; i < REF_LISTENERS; i++)
		if (ref->listener[i].registered && ref->listener[i].what == set &&
		    ref->listener[i].scope == REF_SCOPE_SET)
			return false;
	return !ref_set_usable(ref, set) && !ref->set[set].used;
}

static uint32_t set_of_token(const struct reference *ref, uint32_t token)
{
	uint32_t set;

	for (set = 0; set < REF_SETS; set++)
		if (token && ref->set[set].owners &&
		    ref->set[set].token == token)
			return set;
	return REF_NO_SET;
}

/* More claims have to fit; fewer always do. */
static int check_guarantee(const struct reference *ref, uint32_t set,
			   uint32_t guarantee)
{
	const struct ref_set *s = &ref->set[set];
	uint32_t old = max_of(s->shared, s->guarantee);
	uint32_t new = max_of(s->shared, guarantee);

	if (new <= old)
		return 0;
	if (!capacity(ref))
		return -EOPNOTSUPP;
	return new - old > free_for_all(ref) ? -ENOSPC : 0;
}

int ref_create(struct reference *ref, uint32_t set, uint32_t token,
	       uint32_t guarantee, uint32_t limit)
{
	int err;

	if (guarantee > limit)
		return -EINVAL;
	if (set_of_token(ref, token) != REF_NO_SET)
		return -EEXIST;
	ref->set[set] = (struct ref_set) { .first = END, .last = END };
	err = check_guarantee(ref, set, guarantee);
	if (err)
		return err;
	ref->set[set].exists = true;
	ref->set[set].owners = 1;
	ref->set[set].token = token;
	ref->set[set].guarantee = guarantee;
	ref->set[set].limit = limit;
	happens(ref, set, REF_SET_ADD, NULL);
	return 0;
}

int ref_join(struct reference *ref, uint32_t token)
{
	uint32_t set = set_of_token(ref, token);

	if (set == REF_NO_SET)
		return -ENOENT;
	ref->set[set].owners++;
	return set;
}

int ref_find_set(struct reference *ref, uint32_t token)
{
	uint32_t set = set_of_token(ref, token);

	if (set == REF_NO_SET)
		return -ENOENT;
	ref->set[set].refs++;
	return set;
}

void ref_put_set(struct reference *ref, uint32_t set)
{
	ref->set[set].refs--;
}

static void end_pasid(struct reference *ref, uint32_t nr);

void ref_free_set(struct reference *ref, uint32_t set)
{
	struct ref_set *s = &ref->set[set];

	if (--s->owners)
		return;
	s->limit = 0;
	s->guarantee = 0;
	while (s->first != END)
		end_pasid(ref, s->first);
	happens(ref, set, REF_SET_DEL, NULL);
	ref_settle(ref);
}

int ref_adjust(struct reference *ref, uint32_t set, uint32_t guarantee,
	       uint32_t limit, uint32_t flags)
{
	struct ref_set *s = &ref->set[set];
	int err;

	if (!(flags & (REF_ADJUST_GUARANTEE | REF_ADJUST_LIMIT)) ||
	    flags & ~(REF_ADJUST_GUARANTEE | REF_ADJUST_LIMIT | REF_MAY_RAISE))
		return -EINVAL;
	if (!(flags & REF_ADJUST_GUARANTEE))
		guarantee = s->guarantee;
	if (!(flags & REF_ADJUST_LIMIT))
		limit = s->limit;
	if (!s->owners)
		return -ENOENT;
	if (guarantee > limit)
		return -EINVAL;
	if ((guarantee > s->guarantee || limit > s->limit) &&
	    !(flags & REF_MAY_RAISE))
		return -EPERM;
	if (limit < s->used)
		return -EBUSY;
	err = check_guarantee(ref, set, guarantee);
	if (err)
		return err;
	s->guarantee = guarantee;
	s->limit = limit;
	return 0;
}

/* PASIDs. */

static struct ref_pasid *bound_to(struct reference *ref, uint32_t set,
				  uint32_t private)
{
	uint32_t i;

	for (i = ref->set[set].first; i != END; i = ref->pasid[i].next)
		if (ref->pasid[i].private == private)
			return &ref->pasid[i];
	return NULL;
}

/* Somebody had it, and may keep it for the next time. */
static bool may_be_kept(const struct reference *ref, uint32_t id)
{
	return id < REF_IDS && ref->had[id] == ref->run;
}

/*
 * The lowest number that nobody has, or none. It may be @given, if that or all that
 * are lower may be kept.
 */
static uint32_t find_number(const struct reference *ref,
			    const struct ref_request *req, uint32_t given)
{
	uint32_t low = req->dev ? 1 : shared_min(ref), number = REF_NONE;
	uint64_t high = capacity(ref), id;

	if (req->dev)
		high = min_of(high, shared_min(ref));
	for (id = max_of(req->min, low); id <= req->max && id < high; id++) {
		if (ref->number[req->dev][id])
			continue;
		if (id == given || req->dev)
			return id;
		if (number == REF_NONE)
			number = id;
		if (!may_be_kept(ref, id) && !may_be_kept(ref, given))
			break;
	}
	return number;
}

static struct ref_pasid *add_pasid(struct reference *ref, uint32_t set,
				   uint32_t dev, uint32_t id)
{
	struct ref_set *s = &ref->set[set];
	struct ref_pasid *pasid;
	uint32_t nr = 0;

	while (ref->pasid[nr].exists)
		nr++;
	ref->pasids = max_of(ref->pasids, nr + 1);
	pasid = &ref->pasid[nr];
	*pasid = (struct ref_pasid) {
		.exists = true, .set = set, .dev = dev, .id = id,
		.private = REF_NONE, .prev = s->last, .next = END,
	};
	if (s->last == END)
		s->first = nr;
	else
		ref->pasid[s->last].next = nr;
	s->last = nr;
	ref->number[dev][id] = nr + 1;
	if (!dev)
		ref->had[id] = ref->run;
	s->used++;
	s->shared += !dev;
	return pasid;
}

int ref_alloc(struct reference *ref, uint32_t set,
	      const struct ref_request *req, uint32_t *id)
{
	const struct ref_set *s = &ref->set[set];
	struct ref_pasid *pasid;
	uint32_t number;

	if (req->flags & ~REF_REQUEST_ALL || req->min > req->max)
		return -EINVAL;
	if (req->flags & REF_WITH_PRIVATE && req->private >= REF_IDS)
		return -EINVAL;
	if (!s->owners)
		return -ENOENT;
	if (!capacity(ref))
		return -EOPNOTSUPP;
	if (s->used >= s->limit)
		return -EDQUOT;
	if (!req->dev && s->shared >= s->guarantee && !free_for_all(ref))
		return -ENOSPC;
	if (req->flags & REF_WITH_PRIVATE && bound_to(ref, set, req->private))
		return -EEXIST;
	number = find_number(ref, req, *id);
	if (number == REF_NONE)
		return -ENOSPC;

	pasid = add_pasid(ref, set, req->dev, number);
	pasid->data = req->data;
	pasid->gets = !!(req->flags & REF_WITH_GET);
	pasid->users = pasid->gets;
	happens(ref, set, REF_ALLOC, pasid);
	if (req->flags & REF_WITH_PRIVATE) {
		pasid->private = req->private;
		happens(ref, set, REF_BIND, pasid);
	}
	*id = number;
	return 0;
}

/* Finds a PASID of @set, which may be freed and in use. */
static int look_up(struct reference *ref, uint32_t set, uint32_t dev,
		   uint32_t id, struct ref_pasid **pasid)
{
	*pasid = at(ref, dev, id);
	if (!*pasid)
		return -ENOENT;
	return set != REF_NO_SET && (*pasid)->set != set ? -EACCES : 0;
}

static int look_up_live(struct reference *ref, uint32_t set, uint32_t dev,
			uint32_t id, struct ref_pasid **pasid)
{
	int err = look_up(ref, set, dev, id, pasid);

	return !err && (*pasid)->freed ? -ENOENT : err;
}

static void unbind(struct reference *ref, struct ref_pasid *pasid)
{
	happens(ref, pasid->set, REF_UNBIND, pasid);
	pasid->private = REF_NONE;
}

static void end_pasid(struct reference *ref, uint32_t nr)
{
	struct ref_pasid *pasid = &ref->pasid[nr];
	struct ref_set *set = &ref->set[pasid->set];

	if (pasid->private != REF_NONE)
		unbind(ref, pasid);
	happens(ref, pasid->set, REF_FREE, pasid);

	if (pasid->prev == END)
		set->first = pasid->next;
	else
		ref->pasid[pasid->prev].next = pasid->next;
	if (pasid->next == END)
		set->last = pasid->prev;
	else
		ref->pasid[pasid->next].prev = pasid->prev;

	pasid->freed = true;
	set->pending++;
	pasid->untold = set->busy || set->unsettled;
	reclaim_if_unused(ref, pasid);
}

int ref_free(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id)
{
	struct ref_pasid *pasid;
	int err = look_up_live(ref, set, dev, id, &pasid);

	if (!err)
		end_pasid(ref, pasid - ref->pasid);
	return err;
}

int ref_free_range(struct reference *ref, uint32_t set, uint32_t dev,
		   uint32_t min, uint32_t max)
{
	uint32_t i, next;
	int err = -ENOENT;

	if (min > max)
		return -EINVAL;
	for (i = ref->set[set].first; i != END; i = next) {
		const struct ref_pasid *pasid = &ref->pasid[i];

		next = pasid->next;
		if (pasid->dev != dev || pasid->id < min || pasid->id > max)
			continue;
		end_pasid(ref, i);
		err = 0;
	}
	return err;
}

static int hold_pasid(struct ref_pasid *pasid)
{
	if (pasid->freed)
		return -ENOENT;
	pasid->users++;
	return 0;
}

void ref_release(struct reference *ref, uint32_t pasid)
{
	ref->pasid[pasid].users--;
	reclaim_if_unused(ref, &ref->pasid[pasid]);
}

int ref_get(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id)
{
	struct ref_pasid *pasid;
	int err = look_up(ref, set, dev, id, &pasid);

	if (!err)
		err = hold_pasid(pasid);
	if (!err)
		pasid->gets++;
	return err;
}

bool ref_may_put(struct reference *ref, uint32_t set, uint32_t dev,
		 uint32_t id)
{
	struct ref_pasid *pasid;

	return !look_up(ref, set, dev, id, &pasid) && pasid->gets;
}

void ref_put(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id)
{
	struct ref_pasid *pasid;

	if (look_up(ref, set, dev, id, &pasid))
		return;
	pasid->gets--;
	ref_release(ref, pasid - ref->pasid);
}

int ref_hold(struct reference *ref, uint32_t dev, uint32_t id,
	     uint32_t token, bool *held)
{
	struct ref_pasid *pasid = at(ref, id < shared_min(ref) ? dev : 0, id);
	uint32_t owner = pasid ? ref->set[pasid->set].token : 0;
	int err;

	*held = false;
	if (!pasid || (owner && owner != token))
		return 0;
	err = hold_pasid(pasid);
	*held = !err;
	return err ? err : pasid - ref->pasid;
}

int ref_hold_private(struct reference *ref, uint32_t set, uint32_t private)
{
	struct ref_pasid *pasid = bound_to(ref, set, private);

	if (!pasid || private == REF_NONE)
		return -ENOENT;
	pasid->users++;
	return pasid - ref->pasid;
}

int ref_find(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id,
	     uint32_t *data)
{
	struct ref_pasid *pasid;
	int err = look_up(ref, set, dev, id, &pasid);

	if (!err)
		*data = pasid->data;
	return err;
}

int ref_replace(struct reference *ref, uint32_t set, uint32_t dev,
		uint32_t id, uint32_t data, uint32_t *old)
{
	struct ref_pasid *pasid;
	int err = look_up_live(ref, set, dev, id, &pasid);

	if (!err) {
		*old = pasid->data;
		pasid->data = data;
	}
	return err;
}

/* Private IDs. */

int ref_attach(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id,
	       uint32_t private)
{
	struct ref_pasid *pasid;
	int err;

	if (private >= REF_IDS)
		return -EINVAL;
	err = look_up_live(ref, set, dev, id, &pasid);
	if (err)
		return err;
	if (pasid->private != REF_NONE || bound_to(ref, set, private))
		return -EEXIST;
	pasid->private = private;
	happens(ref, set, REF_BIND, pasid);
	return 0;
}

int ref_detach(struct reference *ref, uint32_t set, uint32_t private)
{
	struct ref_pasid *pasid = bound_to(ref, set, private);

	if (!pasid || private == REF_NONE)
		return -ENOENT;
	unbind(ref, pasid);
	return 0;
}

int ref_find_private(const struct reference *ref, uint32_t set,
		     uint32_t private)
{
	uint32_t i;

	for (i = ref->set[set].first; i != END; i = ref->pasid[i].next)
		if (private != REF_NONE && ref->pasid[i].private == private)
			return ref->pasid[i].id;
	return -ENOENT;
}

int ref_next_private(const struct reference *ref, uint32_t set,
		     uint32_t *private, uint32_t *dev, uint32_t *id)
{
	uint32_t i, found = END;

	for (i = ref->set[set].first; i != END; i = ref->pasid[i].next) {
		uint32_t own = ref->pasid[i].private;

		if (own == REF_NONE || own < *private)
			continue;
		if (found == END || own < ref->pasid[found].private)
			found = i;
	}
	if (found == END)
		return -ENOENT;
	*private = ref->pasid[found].private;
	*dev = ref->pasid[found].dev;
	*id = ref->pasid[found].id;
	return 0;
}
