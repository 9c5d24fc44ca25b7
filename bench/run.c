// SPDX-License-Identifier: GPL-2.0-only
/*
 * See run.h. One function a step: it does the same to the core and to the reference,
 * and says through same() what came out of both.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ioasid.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <shim.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioasid-private.h"
#include "run.h"

#define LOG_MAX		(8 * REF_PASIDS)
#define DATA_STRIDE	8
#define TREE_HEIGHT	11
#define LOOK_SELDOM	7

struct listener {
	struct ioasid_notifier notifier;
	u32 nr;
	u32 priority;
	u32 unsettles;
	bool knows[REF_SETS];
	bool owes[REF_SETS];
};

static struct reference ref;
static struct ioasid_set *sets[REF_SETS];
static struct mm_struct mms[REF_TOKENS];
static struct device devs[REF_DEVS];
static struct listener listeners[REF_LISTENERS];
static struct {
	struct ioasid *pasid;
	u32 nr;
} holds[HOLDS];
/* The set that is being made, and has told of itself perhaps. */
static u32 making = REF_NO_SET;
static struct ref_event heard[LOG_MAX];
static u32 nr_heard;
static long objects;
static bool create_failed;
static char why[400];
static unsigned int steps_done, look_every;

const struct reference *run_reference(void)
{
	return &ref;
}

/* What came of the step: the first thing that was compared says so. */
static enum run_outcome outcome;
unsigned long long run_counts[STEP_NR][RUN_OUTCOMES];

static void came_to(long result)
{
	if (outcome == RUN_LEFT_OUT)
		outcome = result < 0 ? RUN_REFUSED : RUN_DONE;
}

/* The first difference is the one that counts. */
static void __printf(1, 2) differs(const char *format, ...)
{
	va_list args;

	if (why[0])
		return;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
}

static void same(const char *what, long core, long reference)
{
	came_to(core);
	if (core != reference)
		differs("%s: the core says %ld, the reference %ld", what, core,
			reference);
}

static struct mm_struct *mm_of(u32 token)
{
	return token ? &mms[token] : NULL;
}

static struct device *dev_of(u32 dev)
{
	return dev ? &devs[dev] : NULL;
}

static void *data_of(u32 data)
{
	return (void *)(unsigned long)(data * DATA_STRIDE);
}

static struct ioasid_set *set_of(u32 set)
{
	return set == REF_NO_SET ? NULL : sets[set];
}

static bool usable(u32 set)
{
	return set == REF_NO_SET || ref_set_usable(&ref, set);
}

static gfp_t gfp_of(u32 flags)
{
	return flags & STEP_ATOMIC ? GFP_ATOMIC : GFP_KERNEL;
}

/* Listening. */

static u32 set_nr(struct ioasid_set *set)
{
	u32 nr;

	for (nr = 0; nr < REF_SETS; nr++)
		if (sets[nr] == set)
			return nr;
	if (making == REF_NO_SET) {
		differs("an event has a set that is not there");
		return 0;
	}
	sets[making] = set;
	return making;
}

static u32 dev_nr(struct device *dev)
{
	return dev ? dev - devs : 0;
}

static bool same_event(const struct ref_event *a, const struct ref_event *b)
{
	return a->set == b->set && a->dev == b->dev && a->id == b->id &&
	       a->type == b->type && a->private == b->private;
}

/* A set begins with its own event and ends with one. */
static void check_order(struct listener *listener, const struct ref_event *event)
{
	const struct ref_event *last = event - 1;
	const bool begins = event->type == REF_SET_ADD;

	if (listener->knows[event->set] == begins)
		differs("listener %u is told of event %u, and %s set %u",
			listener->nr, event->type,
			begins ? "knows" : "does not know",
			event->set);
	listener->knows[event->set] = event->type != REF_SET_DEL;
	if (nr_heard > 1 && same_event(last, event) &&
	    listeners[last->listener].priority > listener->priority)
		differs("listener %u is told before listener %u",
			last->listener, listener->nr);
}

static void notify(struct ioasid_notifier *notifier,
		   const struct ioasid_event *event)
{
	struct listener *listener = container_of(notifier, struct listener,
						 notifier);
	struct ref_event *to = &heard[nr_heard++];

	SHIM_FAIL_IF(nr_heard == LOG_MAX, "tells without end");
	*to = (struct ref_event) {
		.listener = listener->nr,
		.set = set_nr(event->set),
		.dev = dev_nr(event->dev),
		.id = event->id,
		.type = event->type,
		.private = event->private,
		.data = (unsigned long)event->data / DATA_STRIDE,
	};
	if (event->token != event->set->token)
		differs("an event has a wrong token");
	check_order(listener, to);
	if (listener->unsettles & 1 << event->type) {
		listener->owes[to->set] = true;
		ioasid_unsettled(event);
	}
}

static void settle(struct ioasid_notifier *notifier, struct ioasid_set *set)
{
	struct listener *listener = container_of(notifier, struct listener,
						 notifier);

	shim_might_sleep();
	listener->owes[set_nr(set)] = false;
}

/* PASIDs have no order among each other, so each listener and PASID counts alone. */
static int compare_events(const void *left, const void *right)
{
	const struct ref_event *a = *(const struct ref_event *const *)left;
	const struct ref_event *b = *(const struct ref_event *const *)right;
	int d = (int)a->listener - (int)b->listener;

	d = d ?: (int)a->set - (int)b->set;
	d = d ?: (int)(a->id == REF_NONE ? a->type : 1) -
		 (int)(b->id == REF_NONE ? b->type : 1);
	d = d ?: (int)a->dev - (int)b->dev;
	d = d ?: (a->id > b->id) - (a->id < b->id);
	return d ?: (a > b) - (a < b);
}

static void sort_events(const struct ref_event **to,
			const struct ref_event *from, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		to[i] = &from[i];
	qsort(to, nr, sizeof(*to), compare_events);
}

static void event_name(char *to, size_t size, const struct ref_event *event)
{
	static const char *const types[] = {
		"SET_ADD", "ALLOC", "BIND", "UNBIND", "FREE", "SET_DEL",
	};

	snprintf(to, size, "listener %u: %s set %u dev %u id %d private %d data %u",
		 event->listener, types[event->type], event->set, event->dev,
		 (int)event->id, (int)event->private, event->data);
}

static void compare_heard(void)
{
	static const struct ref_event *core[LOG_MAX], *reference[LOG_MAX];
	u32 i, nr = min(nr_heard, ref.nr_told);
	char a[120] = "nothing", b[120] = "nothing";

	sort_events(core, heard, nr_heard);
	sort_events(reference, ref.told, ref.nr_told);
	for (i = 0; i < nr; i++)
		if (memcmp(core[i], reference[i], sizeof(*core[i])))
			break;
	if (i < nr_heard)
		event_name(a, sizeof(a), core[i]);
	if (i < ref.nr_told)
		event_name(b, sizeof(b), reference[i]);
	if (i < nr_heard || i < ref.nr_told)
		differs("events: the core tells %s; the reference %s", a, b);
}

static void check_heard(void)
{
	if (nr_heard != ref.nr_told ||
	    memcmp(heard, ref.told, nr_heard * sizeof(heard[0])))
		compare_heard();
	nr_heard = 0;
	ref.nr_told = 0;
}

/* Everything that was left to a worker, here and there. */
static void work(void)
{
	u32 i, set;

	shim_run_work();
	ref_settle(&ref);
	for (i = 0; i < REF_LISTENERS; i++)
		for (set = 0; set < REF_SETS; set++)
			if (listeners[i].owes[set])
				differs("listener %u was not asked to settle set %u",
					i, set);
}

/* What a call without memory may say; then nothing may have changed. */
static bool no_memory(long result)
{
	if (result == -ENOMEM && shim_failed)
		outcome = RUN_NO_MEMORY;
	if (result == -ENOMEM && !shim_failed)
		differs("-ENOMEM, and there was memory");
	return result == -ENOMEM && shim_failed;
}

/* The steps. */

static void step_alloc(const u32 *a)
{
	struct ref_request want = {
		.min = a[1], .max = a[2], .dev = a[3], .private = a[4],
		.flags = a[5] & ~STEP_ATOMIC, .data = a[6],
	};
	struct ioasid_request req = {
		.min = a[1], .max = a[2], .dev = dev_of(a[3]), .private = a[4],
		.flags = a[5] & ~STEP_ATOMIC, .data = data_of(a[6]),
	};
	u32 id = 0, ref_id;
	int err;

	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	err = ioasid_alloc_request(sets[a[0]], &req, gfp_of(a[5]), &id);
	if (no_memory(err))
		return;
	ref_id = id;
	same("alloc", err, ref_alloc(&ref, a[0], &want, &ref_id));
	same("number", id, ref_id);
}

static void step_free(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	same("free", ioasid_free(sets[a[0]], dev_of(a[1]), a[2]),
	     ref_free(&ref, a[0], a[1], a[2]));
}

static void step_free_range(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	same("free_range",
	     ioasid_free_range(sets[a[0]], dev_of(a[1]), a[2], a[3]),
	     ref_free_range(&ref, a[0], a[1], a[2], a[3]));
	work();
}

static void step_get(const u32 *a)
{
	if (!usable(a[0]))
		return;
	same("get", ioasid_get(set_of(a[0]), dev_of(a[1]), a[2]),
	     ref_get(&ref, a[0], a[1], a[2]));
}

static void step_put(const u32 *a)
{
	if (!usable(a[0]) || !ref_may_put(&ref, a[0], a[1], a[2]))
		return;
	ioasid_put(set_of(a[0]), dev_of(a[1]), a[2]);
	came_to(0);
	ref_put(&ref, a[0], a[1], a[2]);
}

static void step_hold(const u32 *a)
{
	struct ioasid *pasid;
	bool held;
	int nr;

	if (holds[a[0]].pasid)
		return;
	current->mm = mm_of(a[3]);
	pasid = ioasid_hold(dev_of(a[1]), a[2], false);
	nr = ref_hold(&ref, a[1], a[2], a[3], &held);
	same("hold, error", PTR_ERR_OR_ZERO(pasid), nr < 0 ? nr : 0);
	same("hold, held", !IS_ERR_OR_NULL(pasid), held);
	if (IS_ERR_OR_NULL(pasid))
		return;
	same("hold, number", pasid->id, ref.pasid[nr].id);
	holds[a[0]].pasid = pasid;
	holds[a[0]].nr = nr;
}

static void step_hold_private(const u32 *a)
{
	struct ioasid *pasid;
	ioasid_t id = 0;
	int nr;

	if (holds[a[0]].pasid || a[1] == REF_NO_SET || !usable(a[1]))
		return;
	pasid = ioasid_hold_private(sets[a[1]], a[2], &id);
	nr = ref_hold_private(&ref, a[1], a[2]);
	same("hold_private", PTR_ERR_OR_ZERO(pasid), nr < 0 ? nr : 0);
	if (IS_ERR(pasid) || nr < 0)
		return;
	same("hold_private, number", id, ref.pasid[nr].id);
	holds[a[0]].pasid = pasid;
	holds[a[0]].nr = nr;
}

static void step_release(const u32 *a)
{
	if (!holds[a[0]].pasid)
		return;
	ioasid_release(holds[a[0]].pasid);
	came_to(0);
	ref_release(&ref, holds[a[0]].nr);
	holds[a[0]].pasid = NULL;
}

static void step_find(const u32 *a)
{
	u32 data = 0;
	void *found;
	int err;

	if (!usable(a[0]))
		return;
	rcu_read_lock();
	found = ioasid_find(set_of(a[0]), dev_of(a[1]), a[2]);
	rcu_read_unlock();
	err = ref_find(&ref, a[0], a[1], a[2], &data);
	same("find", (long)found, err ? err : (long)data_of(data));
}

static void step_replace(const u32 *a)
{
	u32 old = 0;
	void *found;
	int err;

	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	found = ioasid_replace_data(sets[a[0]], dev_of(a[1]), a[2],
				    data_of(a[3]));
	err = ref_replace(&ref, a[0], a[1], a[2], a[3], &old);
	same("replace_data", (long)found, err ? err : (long)data_of(old));
}

static void step_attach(const u32 *a)
{
	int err;

	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	err = ioasid_attach_private(sets[a[0]], dev_of(a[1]), a[2], a[3],
				    gfp_of(a[4]));
	if (!no_memory(err))
		same("attach_private", err,
		     ref_attach(&ref, a[0], a[1], a[2], a[3]));
}

static void step_detach(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	same("detach_private", ioasid_detach_private(sets[a[0]], a[1]),
	     ref_detach(&ref, a[0], a[1]));
}

static void step_find_private(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	same("find_private", ioasid_find_private(sets[a[0]], a[1]),
	     ref_find_private(&ref, a[0], a[1]));
}

static int next_private(u32 set, u32 *private)
{
	struct ioasid_private entry = { .private = *private };
	u32 dev, id;
	int err;

	err = ioasid_next_private(sets[set], &entry);
	same("next_private", err,
	     ref_next_private(&ref, set, private, &dev, &id));
	if (err || why[0])
		return err;
	same("the next private ID", entry.private, *private);
	same("number of the next private ID", entry.id, id);
	same("device of the next private ID", dev_nr((struct device *)entry.dev), dev);
	return 0;
}

static void step_next_private(const u32 *a)
{
	u32 private = a[1];

	if (a[0] != REF_NO_SET && usable(a[0]))
		next_private(a[0], &private);
}

/* The memory of a set that is gone may be that of the next. */
static void forget_sets(void)
{
	u32 set;

	for (set = 1; set < REF_SETS; set++)
		if (ref_set_vacant(&ref, set))
			sets[set] = NULL;
}

static void step_create(const u32 *a)
{
	struct ioasid_set *set;
	int err;

	if (!a[0] || !ref_set_vacant(&ref, a[0]))
		return;
	forget_sets();
	making = a[0];
	set = ioasid_set_create(mm_of(a[1]), a[2], a[3]);
	making = REF_NO_SET;
	err = PTR_ERR_OR_ZERO(set);
	create_failed |= shim_failed;
	if (no_memory(err))
		return;
	same("create", err, ref_create(&ref, a[0], a[1], a[2], a[3]));
	if (err)
		return;
	if (sets[a[0]] && sets[a[0]] != set)
		differs("the event of a new set names another one");
	sets[a[0]] = set;
}

static void same_set(const char *what, struct ioasid_set *set, int nr)
{
	same(what, PTR_ERR_OR_ZERO(set), nr < 0 ? nr : 0);
	if (nr >= 0 && set != sets[nr])
		differs("%s: this is not set %d", what, nr);
}

static void step_join(const u32 *a)
{
	if (a[0])
		same_set("join", ioasid_set_join(mm_of(a[0])),
			 ref_join(&ref, a[0]));
}

static void step_free_set(const u32 *a)
{
	if (!a[0] || a[0] == REF_NO_SET || !ref.set[a[0]].owners)
		return;
	ioasid_set_free(sets[a[0]]);
	came_to(0);
	ref_free_set(&ref, a[0]);
	work();
}

static void step_find_set(const u32 *a)
{
	if (a[0])
		same_set("find_set", ioasid_set_find(mm_of(a[0])),
			 ref_find_set(&ref, a[0]));
}

static void step_put_set(const u32 *a)
{
	if (a[0] == REF_NO_SET || !ref.set[a[0]].refs)
		return;
	ioasid_set_put(sets[a[0]]);
	came_to(0);
	ref_put_set(&ref, a[0]);
}

static void step_adjust(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	same("adjust", ioasid_set_adjust(sets[a[0]], a[1], a[2], a[3]),
	     ref_adjust(&ref, a[0], a[1], a[2], a[3]));
}

static void prepare_listener(struct listener *listener, const u32 *a)
{
	memset(listener, 0, sizeof(*listener));
	listener->nr = a[0];
	listener->priority = a[3];
	listener->unsettles = a[4];
	listener->notifier.notify = notify;
	listener->notifier.settle = settle;
	listener->notifier.priority = a[3];
}

static void step_register(const u32 *a)
{
	struct listener *listener = &listeners[a[0]];
	struct ref_listener as = {
		.scope = a[1], .what = a[2], .priority = a[3], .unsettles = a[4],
	};
	int err;

	if (as.scope == REF_SCOPE_SET &&
	    (as.what == REF_NO_SET || !usable(as.what)))
		return;
	if (!ref.listener[a[0]].registered)
		prepare_listener(listener, a);
	if (as.scope == REF_SCOPE_TOKEN)
		err = ioasid_register_notifier_mm(&listener->notifier,
						  mm_of(as.what));
	else
		err = ioasid_register_notifier(&listener->notifier,
					       as.scope == REF_SCOPE_SET ?
					       sets[as.what] : NULL);
	same("register", err, ref_register(&ref, a[0], &as));
	work();
}

static void step_unregister(const u32 *a)
{
	struct listener *listener = &listeners[a[0]];

	ioasid_unregister_notifier(&listener->notifier);
	came_to(0);
	ref_unregister(&ref, a[0]);
	memset(listener->knows, 0, sizeof(listener->knows));
	memset(listener->owes, 0, sizeof(listener->owes));
}

static void step_capacity(const u32 *a)
{
	ioasid_install_capacity(a[0]);
	came_to(0);
	ref_capacity(&ref, a[0]);
}

static void step_sync(const u32 *a)
{
	if (a[0] == REF_NO_SET || !usable(a[0]))
		return;
	ioasid_set_sync(sets[a[0]]);
	came_to(0);
	work();
}

static void step_work(const u32 *a)
{
	came_to(0);
	work();
}

/* Looking at everything. */

static void look_at_books(u32 set)
{
	struct ref_info want;
	struct ioasid_set_info info;

	ioasid_set_get_info(sets[set], &info);
	ref_get_info(&ref, set, &want);
	same("used", info.used, want.used);
	same("pending", info.pending, want.pending);
	same("local", info.local, want.local);
	same("guarantee", info.guarantee, want.guarantee);
	same("limit", info.limit, want.limit);
	same("available", info.available, want.available);
}

static void look_at_system(void)
{
	struct ioasid_system_info info;
	struct ref_system want;

	ioasid_get_system_info(&info);
	ref_get_system(&ref, &want);
	same("capacity", info.capacity, want.capacity);
	same("shared_min", info.shared_min, want.shared_min);
	same("used in the system", info.used, want.used);
	same("reserved", info.reserved, want.reserved);
	same("free", info.free, want.free);
}

/* All sets that somebody owns, in the order of their ids. */
static void look_at_sets(void)
{
	u32 nr, owned = 0, found = 0, id = 0;
	struct ioasid_set *set;

	for (nr = 0; nr < REF_SETS; nr++)
		owned += !!ref.set[nr].owners;
	while ((set = ioasid_set_from(id))) {
		nr = set_nr(set);
		if (set->id < id || !ref.set[nr].owners || !id == !!nr)
			differs("set_from(%u): it is set %u", id, nr);
		id = set->id + 1;
		found++;
		ioasid_set_put(set);
	}
	same("sets", found, owned);
}

static void look_at_privates(u32 set)
{
	u32 private = 0;

	while (!next_private(set, &private) && !why[0])
		private++;
}

static void look_at_numbers(void)
{
	u32 i, dev, name[3];

	for (i = 0; i < ref.pasids; i++) {
		if (!ref.pasid[i].exists)
			continue;
		name[0] = REF_NO_SET;
		name[1] = ref.pasid[i].dev;
		name[2] = ref.pasid[i].id;
		step_find(name);
	}
	for (dev = 0; dev < REF_DEVS; dev++) {
		for (i = 0; i < 70; i++) {
			u32 probe[] = { REF_NO_SET, dev, i };

			step_find(probe);
		}
	}
}

static void step_look(const u32 *a)
{
	u32 set;

	for (set = 0; set < REF_SETS; set++) {
		if (!ref_set_usable(&ref, set))
			continue;
		look_at_books(set);
		look_at_privates(set);
	}
	look_at_sets();
	look_at_numbers();
}

static void do_step(const struct step *step)
{
	static void (*const steps[])(const u32 *a) = {
		[STEP_ALLOC] = step_alloc,
		[STEP_FREE] = step_free,
		[STEP_FREE_RANGE] = step_free_range,
		[STEP_GET] = step_get,
		[STEP_PUT] = step_put,
		[STEP_HOLD] = step_hold,
		[STEP_HOLD_PRIVATE] = step_hold_private,
		[STEP_RELEASE] = step_release,
		[STEP_FIND] = step_find,
		[STEP_REPLACE] = step_replace,
		[STEP_ATTACH] = step_attach,
		[STEP_DETACH] = step_detach,
		[STEP_FIND_PRIVATE] = step_find_private,
		[STEP_NEXT_PRIVATE] = step_next_private,
		[STEP_CREATE] = step_create,
		[STEP_JOIN] = step_join,
		[STEP_FREE_SET] = step_free_set,
		[STEP_FIND_SET] = step_find_set,
		[STEP_PUT_SET] = step_put_set,
		[STEP_ADJUST] = step_adjust,
		[STEP_REGISTER] = step_register,
		[STEP_UNREGISTER] = step_unregister,
		[STEP_CAPACITY] = step_capacity,
		[STEP_SYNC] = step_sync,
		[STEP_WORK] = step_work,
		[STEP_LOOK] = step_look,
	};

	outcome = RUN_LEFT_OUT;
	shim_fail_after(step->fail_skip, step->fail_count);
	steps[step->kind](step->arg);
	ref_call_done(&ref);
	shim_fail_after(0, 0);
	run_counts[step->kind][outcome]++;
}

const char *run_step(const struct step *step)
{
	u32 set = steps_done++ % REF_SETS;

	do_step(step);
	if (shim_is_atomic())
		differs("a call returned with a lock");
	check_heard();
	if (steps_done % look_every)
		return why[0] ? why : NULL;
	look_at_system();
	if (ref_set_usable(&ref, set))
		look_at_books(set);
	return why[0] ? why : NULL;
}

void run_init(void)
{
	radix_tree_init();
	shim_core_initcall();
	sets[0] = ioasid_host_set();
	objects = shim_objects;
}

void run_begin(const struct sequence *seq)
{
	why[0] = 0;
	steps_done = 0;
	/* Who looks makes the sets give back what they keep. So one half looks seldom. */
	look_every = seq->cap & 1 ? LOOK_SELDOM : 1;
	create_failed = false;
	ioasid_system_pool.reported = seq->reported;
	ioasid_system_pool.cap = seq->cap;
	ioasid_system_pool.local = seq->local;
	ioasid_system_pool.pressed = 0;
	ref_init(&ref, seq->cap, seq->local);
	ref.reported = seq->reported;
}

static void step_now(u8 kind, u32 a, u32 b, u32 c,
		     u32 d)
{
	const struct step step = { .kind = kind, .arg = { a, b, c, d } };

	run_step(&step);
}

static void give_back_users(void)
{
	u32 i;

	for (i = 0; i < HOLDS; i++)
		step_now(STEP_RELEASE, i, 0, 0, 0);
	for (i = 0; i < ref.pasids; i++)
		while (ref.pasid[i].exists && ref.pasid[i].gets && !why[0])
			step_now(STEP_PUT, REF_NO_SET, ref.pasid[i].dev,
				 ref.pasid[i].id, 0);
}

static void give_back_sets(void)
{
	u32 i;

	for (i = 0; i < REF_DEVS; i++)
		step_now(STEP_FREE_RANGE, 0, i, 0, UINT32_MAX);
	for (i = 1; i < REF_SETS; i++)
		while (ref.set[i].owners)
			step_now(STEP_FREE_SET, i, 0, 0, 0);
	step_now(STEP_ADJUST, 0, 0, UINT32_MAX, REF_ADJUST_GUARANTEE |
		 REF_ADJUST_LIMIT | REF_MAY_RAISE);
	for (i = 0; i < REF_LISTENERS; i++)
		step_now(STEP_UNREGISTER, i, 0, 0, 0);
	for (i = 0; i < REF_SETS; i++)
		while (ref.set[i].refs)
			step_now(STEP_PUT_SET, i, 0, 0, 0);
}

/*
 * Who had not enough memory for all of the nodes that a tree needs leaves those that
 * it got. That is all right where the tree stays: that of the sets, and these two.
 */
static void check_memory(void)
{
	long more;

	xa_destroy(&ioasid_system_pool.xa);
	xa_destroy(&sets[0]->privates);
	more = shim_objects - objects;
	if (create_failed && more > 0 && more < TREE_HEIGHT)
		more = 0;
	if (more > 0)
		differs("%ld objects remain at the end", more);
	objects = shim_objects;
}

const char *run_end(void)
{
	u32 i;

	step_now(STEP_WORK, 0, 0, 0, 0);
	step_now(STEP_LOOK, 0, 0, 0, 0);
	give_back_sets();
	give_back_users();
	step_now(STEP_WORK, 0, 0, 0, 0);
	if (why[0])
		return why;
	ioasid_pool_press(&ioasid_system_pool);
	same("used at the end", ioasid_system_pool.used, 0);
	same("claimed at the end", ioasid_system_pool.claimed, 0);
	check_memory();
	for (i = 1; i < REF_TOKENS; i++)
		same("pins of an mm at the end", mms[i].pins, 0);
	for (i = 1; i < REF_DEVS; i++)
		same("references to a device at the end", devs[i].refs, 0);
	same("references to a process at the end", current->pid->refs, 0);
	return why[0] ? why : NULL;
}
