// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress [--seconds N] [--seed N] [--threads N]: threads that do everything with the
 * same few sets, numbers and listeners at the same time, for the sanitizers.
 *
 * What can be known in spite of the races is checked as well: who has a reference to
 * a number finds it used by nobody else; each listener hears of each PASID in order
 * and once; and what the listeners know at the end is what there is.
 *
 * Whatever a listener writes is written plainly: that it runs once at a time for a
 * set, and no more when it is unregistered, is for ThreadSanitizer to see.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ioasid.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <sched.h>
#include <shim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ioasid-private.h"
#include "../tools/testing/selftests/ioasid/ioasid_steps.h"

#define TOKENS		4	/* 0 stands for the host set */
#define DEVS		3	/* 0 is none */
#define NUMBERS		128
#define LOCAL		40
#define PRIVATES	48
#define LISTENERS	6
#define THREADS_MAX	16
#define HANG_SECONDS	60

#define ABSENT		0xfffffffe
#define MAGIC		0x10a51d

struct data {
	unsigned int magic;
	struct rcu_head rcu;
	struct data *next;
};

/*
 * Data of PASIDs that were freed: ioasid_find() finds them as long as somebody has a
 * reference, and nobody is told when the last one goes.
 */
static struct data *buried;

/* What a listener knows of the set of a token. */
struct view {
	bool there;
	bool unsettled;
	u32 private[DEVS][NUMBERS];
	bool held[DEVS][NUMBERS];
};

struct listener {
	struct ioasid_notifier notifier;
	pthread_mutex_t mutex;		/* who registers and unregisters */
	bool registered;
	u32 token;			/* TOKENS: all sets */
	bool holds;
	bool buries;
	struct view view[TOKENS];
};

struct thread {
	pthread_t thread;
	struct random rnd;
	unsigned long ops;
	unsigned long done;
};

static struct mm_struct mms[TOKENS];
static struct device devs[DEVS];
static struct listener listeners[LISTENERS];
static struct thread threads[THREADS_MAX];
/* Who was given a number with a reference, and has it. */
static struct thread *users[DEVS][NUMBERS];
static double end;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static u32 below(struct thread *me, u32 n)
{
	return random_below(&me->rnd, n);
}

/* Most often one of a few, for which there is a race. */
static u32 a_number(struct thread *me)
{
	switch (below(me, 3)) {
	case 0:
		return below(me, NUMBERS);
	case 1:
		return LOCAL + below(me, 6);
	default:
		return 1 + below(me, 4);
	}
}

static struct device *dev_of(u32 dev)
{
	return dev ? &devs[dev] : NULL;
}

/* Listening. */

static struct view *view_of(struct listener *listener, struct mm_struct *token)
{
	return &listener->view[token ? token - mms : 0];
}

static void forget(struct view *view)
{
	memset(view, 0, sizeof(*view));
	memset(view->private, 0xff, sizeof(view->private));
	for (u32 dev = 0; dev < DEVS; dev++)
		for (u32 id = 0; id < NUMBERS; id++)
			view->private[dev][id] = ABSENT;
}

static u32 nr_known(const struct view *view)
{
	u32 dev, id, known = 0;

	for (dev = 0; dev < DEVS; dev++)
		for (id = 0; id < NUMBERS; id++)
			known += view->private[dev][id] != ABSENT;
	return known;
}

static void heard(struct view *view, u32 *private,
		  const struct ioasid_event *event)
{
	SHIM_FAIL_IF(view->there == (event->type == IOASID_EVENT_SET_ADD),
		     "tells of a set before its beginning or after its end");
	switch (event->type) {
	case IOASID_EVENT_SET_ADD:
		view->there = true;
		break;
	case IOASID_EVENT_SET_DEL:
		view->there = false;
		SHIM_FAIL_IF(nr_known(view), "ends a set that has PASIDs");
		break;
	case IOASID_EVENT_ALLOC:
		SHIM_FAIL_IF(*private != ABSENT, "allocates twice");
		*private = IOASID_PRIVATE_NONE;
		break;
	case IOASID_EVENT_BIND:
		SHIM_FAIL_IF(*private != IOASID_PRIVATE_NONE, "binds wrongly");
		*private = event->private;
		break;
	case IOASID_EVENT_UNBIND:
		SHIM_FAIL_IF(*private != event->private, "unbinds wrongly");
		*private = IOASID_PRIVATE_NONE;
		break;
	case IOASID_EVENT_FREE:
		SHIM_FAIL_IF(*private != IOASID_PRIVATE_NONE, "frees wrongly");
		*private = ABSENT;
		break;
	}
}

static void bury(struct data *data)
{
	data->next = __atomic_load_n(&buried, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&buried, &data->next, data, true,
					    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

static void free_buried(void)
{
	struct data *next;

	for (; buried; buried = next) {
		next = buried->next;
		kfree(buried);
	}
}

/* As the driver of an IOMMU: it uses the number until it hears of the end. */
static void use(struct view *view, u32 dev, const struct ioasid_event *event)
{
	bool *held = &view->held[dev][event->id];

	if (event->type == IOASID_EVENT_ALLOC)
		*held = !ioasid_get(event->set, event->dev, event->id);
	if (event->type == IOASID_EVENT_FREE && *held) {
		*held = false;
		ioasid_put(event->set, event->dev, event->id);
	}
}

static void notify(struct ioasid_notifier *notifier,
		   const struct ioasid_event *event)
{
	struct listener *listener = container_of(notifier, struct listener,
						 notifier);
	struct view *view = view_of(listener, event->token);
	u32 dev = event->dev ? event->dev - devs : 0;
	struct data *data = event->data;
	u32 none = 0;

	if (event->id == IOMMU_PASID_INVALID) {
		heard(view, &none, event);
	} else {
		SHIM_FAIL_IF(event->id >= NUMBERS, "tells of a wrong number");
		SHIM_FAIL_IF(data && data->magic != MAGIC, "tells wrong data");
		heard(view, &view->private[dev][event->id], event);
		if (listener->holds)
			use(view, dev, event);
		if (listener->buries && event->type == IOASID_EVENT_FREE && data)
			bury(data);
	}
	if (notifier->settle && !(event->id & 7)) {
		view->unsettled = true;
		ioasid_unsettled(event);
	}
}

static void settle(struct ioasid_notifier *notifier, struct ioasid_set *set)
{
	struct listener *listener = container_of(notifier, struct listener,
						 notifier);

	sched_yield();
	view_of(listener, set->token)->unsettled = false;
}

static void listen_to(struct listener *listener, u32 nr, struct thread *me)
{
	u32 token;

	memset(&listener->notifier, 0, sizeof(listener->notifier));
	listener->notifier.notify = notify;
	listener->notifier.settle = nr & 1 ? settle : NULL;
	listener->notifier.priority = nr % 3;
	/* The first listens to all from the beginning to the end. */
	listener->token = nr && me ? 1 + below(me, TOKENS) : TOKENS;
	listener->holds = nr == 2 || nr == 3;
	listener->buries = !nr;
	for (token = 0; token < TOKENS; token++)
		forget(&listener->view[token]);
	listener->registered = true;
	if (listener->token == TOKENS)
		WARN_ON(ioasid_register_notifier(&listener->notifier, NULL));
	else
		WARN_ON(ioasid_register_notifier_mm(&listener->notifier,
						    &mms[listener->token]));
}

/* What it still holds it does not hear the end of. */
static void put_held(struct listener *listener, u32 token)
{
	struct view *view = &listener->view[token];
	u32 dev, id;

	for (dev = 0; dev < DEVS; dev++)
		for (id = 0; id < NUMBERS; id++)
			if (view->held[dev][id])
				ioasid_put(NULL, dev_of(dev), id);
}

static void listen_no_more(struct listener *listener)
{
	u32 token;

	ioasid_unregister_notifier(&listener->notifier);
	listener->registered = false;
	for (token = 0; token < TOKENS; token++)
		put_held(listener, token);
}

/* What the threads do. Each returns true if there was something to do. */

static bool op_alloc(struct thread *me, struct ioasid_set *set)
{
	struct ioasid_request req = {
		.min = below(me, 4) ? 0 : below(me, NUMBERS),
		.max = U32_MAX,
		.private = below(me, PRIVATES),
		.flags = below(me, 8),
	};
	u32 dev = below(me, 2) ? 0 : below(me, DEVS);
	ioasid_t id;

	req.dev = dev_of(dev);
	if (ioasid_alloc_request(set, &req, below(me, 2) ? GFP_KERNEL :
				 GFP_ATOMIC, &id))
		return false;
	if (!(req.flags & IOASID_REQUEST_GET))
		return true;

	SHIM_FAIL_IF(__atomic_exchange_n(&users[dev][id], me, __ATOMIC_RELAXED),
		     "hands out a number that is in use");
	if (below(me, 2))
		ioasid_free(set, req.dev, id);
	if (!below(me, 4))
		sched_yield();
	__atomic_store_n(&users[dev][id], NULL, __ATOMIC_RELAXED);
	ioasid_put(set, req.dev, id);
	return true;
}

static bool op_free(struct thread *me, struct ioasid_set *set)
{
	return !ioasid_free(set, dev_of(below(me, DEVS)), a_number(me));
}

static bool op_free_range(struct thread *me, struct ioasid_set *set)
{
	u32 min = below(me, NUMBERS);

	return !ioasid_free_range(set, dev_of(below(me, DEVS)), min,
				  min + below(me, 2 * NUMBERS));
}

static bool op_attach(struct thread *me, struct ioasid_set *set)
{
	return !ioasid_attach_private(set, dev_of(below(me, DEVS)),
				      a_number(me), below(me, PRIVATES),
				      GFP_KERNEL);
}

static bool op_detach(struct thread *me, struct ioasid_set *set)
{
	return !ioasid_detach_private(set, below(me, PRIVATES));
}

static bool op_get(struct thread *me, struct ioasid_set *set)
{
	struct device *dev = dev_of(below(me, DEVS));
	u32 id = a_number(me);

	if (ioasid_get(set, dev, id))
		return false;
	if (!below(me, 4))
		ioasid_free(set, dev, id);
	ioasid_put(below(me, 2) ? set : NULL, dev, id);
	return true;
}

static bool op_hold(struct thread *me, struct ioasid_set *set)
{
	struct ioasid *pasid;

	current->mm = set->token;
	pasid = ioasid_hold(dev_of(below(me, DEVS)), a_number(me), false);
	if (IS_ERR_OR_NULL(pasid))
		return false;
	SHIM_FAIL_IF(pasid->set->token && pasid->set->token != set->token,
		     "gives away the PASID of another process");
	ioasid_release(pasid);
	return true;
}

/* The one that is held has the private ID, or had it a moment ago. */
static bool hold_private(struct ioasid_set *set, u32 private)
{
	struct ioasid *pasid;
	ioasid_t id;

	pasid = ioasid_hold_private(set, private, &id);
	if (IS_ERR(pasid))
		return false;
	SHIM_FAIL_IF(pasid->set != set || pasid->id != id,
		     "holds the PASID of another set");
	ioasid_release(pasid);
	return true;
}

static bool op_hold_private(struct thread *me, struct ioasid_set *set)
{
	return hold_private(set, below(me, PRIVATES));
}

/* Numbers go from set to set, while their private IDs are held. */
static bool op_churn(struct thread *me, struct ioasid_set *set)
{
	struct ioasid_request req = {
		.max = U32_MAX,
		.private = below(me, 3),
		.flags = IOASID_REQUEST_PRIVATE,
	};
	bool done = false;
	ioasid_t id;
	int i;

	for (i = 0; i < 20; i++) {
		if (ioasid_alloc_request(set, &req, GFP_KERNEL, &id))
			continue;
		ioasid_free(set, NULL, id);
		done = true;
	}
	return done;
}

static bool op_hold_churned(struct thread *me, struct ioasid_set *set)
{
	bool done = false;
	int i;

	for (i = 0; i < 20; i++)
		done |= hold_private(set, below(me, 3));
	return done;
}

static bool op_find(struct thread *me, struct ioasid_set *set)
{
	struct data *data;

	rcu_read_lock();
	data = ioasid_find(set, dev_of(below(me, DEVS)), a_number(me));
	SHIM_FAIL_IF(!IS_ERR_OR_NULL(data) && data->magic != MAGIC,
		     "finds wrong data");
	rcu_read_unlock();
	return !IS_ERR(data);
}

static bool op_replace(struct thread *me, struct ioasid_set *set)
{
	struct data *new = kmalloc(sizeof(*new), GFP_KERNEL), *old;

	new->magic = MAGIC;
	old = ioasid_replace_data(set, dev_of(below(me, DEVS)),
				  a_number(me), new);
	if (IS_ERR(old)) {
		kfree(new);
		return false;
	}
	if (old)
		kfree_rcu(old, rcu);
	return true;
}

static bool op_find_private(struct thread *me, struct ioasid_set *set)
{
	int id = ioasid_find_private(set, below(me, PRIVATES));

	SHIM_FAIL_IF(id >= NUMBERS, "finds a number that there is not");
	return id > 0;
}

static bool op_list(struct thread *me, struct ioasid_set *set)
{
	struct ioasid_private entry = { .private = 0 };
	u32 last = 0;

	while (!ioasid_next_private(set, &entry)) {
		SHIM_FAIL_IF(entry.private < last || entry.private >= PRIVATES,
			     "lists private IDs in a wrong order");
		last = ++entry.private;
	}
	return last;
}

static bool op_adjust(struct thread *me, struct ioasid_set *set)
{
	return !ioasid_set_adjust(set, below(me, 30), 30 + below(me, 100),
				  1 + below(me, 7));
}

static bool op_look(struct thread *me, struct ioasid_set *set)
{
	struct ioasid_system_info system;
	struct ioasid_set_info info;
	struct ioasid_set *found;
	u32 id = 0;

	ioasid_set_get_info(set, &info);
	SHIM_FAIL_IF(info.pending > info.used || info.local > info.used,
		     "has wrong books");
	ioasid_get_system_info(&system);
	SHIM_FAIL_IF(system.used + system.free > system.capacity,
		     "has wrong books of the system");
	while ((found = ioasid_set_from(id))) {
		id = found->id + 1;
		ioasid_set_put(found);
	}
	return true;
}

static bool op_sync(struct thread *me, struct ioasid_set *set)
{
	unsigned long flags;
	u64 queued;

	ioasid_set_lock(set, &flags);
	queued = set->queued;
	ioasid_set_unlock(set, flags);
	ioasid_set_sync(set);
	ioasid_set_lock(set, &flags);
	SHIM_FAIL_IF(set->settled < queued, "does not tell of an event");
	ioasid_set_unlock(set, flags);
	return true;
}

static bool (*const ops[])(struct thread *me, struct ioasid_set *set) = {
	op_alloc, op_alloc, op_alloc, op_alloc, op_alloc, op_alloc,
	op_free, op_free, op_free, op_attach, op_attach, op_attach,
	op_detach, op_detach, op_get, op_get, op_hold, op_hold_private,
	op_hold_private, op_find, op_find, op_replace, op_find_private,
	op_list, op_adjust, op_look, op_free_range, op_sync, op_churn,
	op_churn, op_hold_churned, op_hold_churned,
};

static bool op_listener(struct thread *me)
{
	u32 nr = 1 + below(me, LISTENERS - 1);
	struct listener *listener = &listeners[nr];

	if (pthread_mutex_trylock(&listener->mutex))
		return false;
	if (listener->registered)
		listen_no_more(listener);
	else
		listen_to(listener, nr, me);
	pthread_mutex_unlock(&listener->mutex);
	return true;
}

/* As an owner, who ends it perhaps; or with a reference. */
static void with_set(struct thread *me, u32 token)
{
	struct mm_struct *mm = &mms[token];
	struct ioasid_set *set;
	bool owner = below(me, 2);
	int i;

	if (!token) {
		set = ioasid_host_set();
	} else if (owner) {
		set = ioasid_set_join(mm);
		if (IS_ERR(set))
			set = ioasid_set_create(mm, below(me, 10), 60);
	} else {
		set = ioasid_set_find(mm);
	}
	if (IS_ERR(set))
		return;
	for (i = 1 + below(me, 60); i; i--) {
		me->done += ops[below(me, ARRAY_SIZE(ops))](me, set);
		me->ops++;
	}
	if (token && owner)
		ioasid_set_free(set);
	else if (token)
		ioasid_set_put(set);
}

static void *run(void *arg)
{
	struct thread *me = arg;

	while (now() < end) {
		with_set(me, below(me, TOKENS));
		if (!below(me, 4)) {
			me->done += op_listener(me);
			me->ops++;
		}
	}
	return NULL;
}

/* What a listener knows is what there is. */
static void compare_view(const struct view *view, struct ioasid_set *set)
{
	struct ioasid *pasid;
	u32 dev, there = 0;

	list_for_each_entry(pasid, &set->pasids, node) {
		dev = pasid->local ? pasid->local->dev - devs : 0;
		there++;
		SHIM_FAIL_IF(view->private[dev][pasid->id] !=
			     (pasid->binding ? pasid->binding->private :
			     IOASID_PRIVATE_NONE), "told a listener wrongly");
	}
	SHIM_FAIL_IF(nr_known(view) != there, "told a listener of too much");
	SHIM_FAIL_IF(view->unsettled, "did not let a listener settle");
}

static void compare(struct ioasid_set *set, u32 token)
{
	u32 nr;

	ioasid_set_sync(set);
	for (nr = 0; nr < LISTENERS; nr++)
		if (listeners[nr].registered &&
		    (listeners[nr].token == TOKENS ||
		     listeners[nr].token == token))
			compare_view(&listeners[nr].view[token], set);
}

static void finish(void)
{
	u32 nr, token;

	for (token = 1; token < TOKENS; token++) {
		struct ioasid_set *set = ioasid_set_find(&mms[token]);

		SHIM_FAIL_IF(!IS_ERR(set), "keeps a set that nobody owns");
	}
	/* For ever: what a set keeps is in its list, and in the pool. */
	ioasid_pool_press(&ioasid_system_pool);
	compare(ioasid_host_set(), 0);
	for (nr = 0; nr < DEVS; nr++)
		ioasid_free_range(ioasid_host_set(), dev_of(nr), 0, U32_MAX);
	ioasid_set_sync(ioasid_host_set());
	for (nr = 0; nr < LISTENERS; nr++)
		if (listeners[nr].registered)
			listen_no_more(&listeners[nr]);
}

static void check_nothing_left(long objects)
{
	u32 i;

	SHIM_FAIL_IF(ioasid_system_pool.used || ioasid_host_set()->used,
		     "keeps a PASID");
	SHIM_FAIL_IF(ioasid_system_pool.claimed !=
		     ioasid_host_set()->guarantee, "keeps a guarantee");
	SHIM_FAIL_IF(shim_objects != objects, "keeps memory");
	for (i = 1; i < TOKENS; i++)
		SHIM_FAIL_IF(mms[i].pins, "keeps an mm");
	for (i = 1; i < DEVS; i++)
		SHIM_FAIL_IF(devs[i].refs, "keeps a device");
}

static void start(unsigned int nr_threads, u64 seed)
{
	unsigned int i;

	for (i = 0; i < LISTENERS; i++)
		pthread_mutex_init(&listeners[i].mutex, NULL);
	shim_start_threads(2);
	listen_to(&listeners[0], 0, NULL);
	for (i = 0; i < nr_threads; i++) {
		threads[i].rnd.state = (seed + i) * 0x9E3779B97F4A7C15ULL | 1;
		pthread_create(&threads[i].thread, NULL, run, &threads[i]);
	}
}

int main(int argc, char **argv)
{
	unsigned int i, nr_threads = 4;
	unsigned long ops = 0, done = 0;
	u64 seed = time(NULL);
	double seconds = 10;
	long objects;

	for (i = 1; i + 1 < (unsigned int)argc; i += 2) {
		if (!strcmp(argv[i], "--seconds"))
			seconds = atof(argv[i + 1]);
		else if (!strcmp(argv[i], "--seed"))
			seed = strtoull(argv[i + 1], NULL, 0);
		else if (!strcmp(argv[i], "--threads"))
			nr_threads = min(atoi(argv[i + 1]), THREADS_MAX);
	}
	ioasid_system_pool.cap = NUMBERS;
	ioasid_system_pool.local = LOCAL;
	shim_spin_is_rcu = true;
	radix_tree_init();
	shim_core_initcall();
	objects = shim_objects;

	alarm(seconds + HANG_SECONDS);
	end = now() + seconds;
	start(nr_threads, seed);
	for (i = 0; i < nr_threads; i++) {
		pthread_join(threads[i].thread, NULL);
		ops += threads[i].ops;
		done += threads[i].done;
	}
	finish();
	shim_stop_threads();
	free_buried();
	check_nothing_left(objects);
	printf("stress: %s, seed %llu, %u threads, %.0f s, ", VARIANT,
	       (unsigned long long)seed, nr_threads, seconds);
	printf("%lu calls, %lu of them did something: clean\n", ops, done);
	return 0;
}
