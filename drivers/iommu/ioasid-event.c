// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID events: who is told what happens to sets and PASIDs.
 *
 * Rules:
 *
 * - What happens to a set or its PASIDs is appended to the set's queue under the
 *   set's lock, so the queue has the order in which things happened.
 * - One at a time takes events from the queue and calls the notifiers, without a
 *   lock: whoever came upon a queue that nobody was telling. So each notifier is
 *   told of each event of a set once, and in order, on whichever CPU.
 * - A PASID is not reclaimed before its IOASID_EVENT_FREE was told.
 * - Telling starts where the event happened, which may be in atomic context, and is
 *   left to a worker when it takes long.
 * - Whoever has to tell something first, because it is for one notifier only, takes
 *   over at the next event or when what was told is settled: nobody waits for an end of
 *   the queue, which users can put off.
 * - A notifier that has to sleep for what it was told says that it is not settled.
 *   Then the worker lets it settle, and until that is done whatever the events keep
 *   (PASIDs that were freed, who waits for them to be told) is kept.
 *
 * A notifier that comes late is introduced to each set: told of all that it has,
 * with nothing new in between (see ioasid_introduce()).
 *
 * Developer's notes: a notifier chain called under the allocator's lock was what
 * the first designs had. Then no notifier could so much as put a PASID, and each
 * left its work to a queue of its own, in an order that nobody knew. Events that
 * are merged ("now bound to 5") would need no queue, but lose transitions. Notifiers
 * that may sleep at any time would make each bind wait for a worker, to spare the one
 * in a thousand that needs a page.
 */
#include <linux/export.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/srcu.h>

#include "ioasid-private.h"

/* Events told in atomic context, before the rest is left to a worker. */
#define IOASID_TELL_MAX		(4 * IOASID_BATCH)

/* PASIDs that a new notifier is told of between two looks at the queue. */
#define IOASID_REPLAY_BATCH	16

/*
 * Notifiers by what they listen to: a pool, the token of a set, or a set that has
 * no token. Changed under ioasid_sets_mutex, read under RCU.
 */
static DEFINE_HASHTABLE(ioasid_notifiers, IOASID_NOTIFIER_BITS);

/* What keeps a notifier while it settles. */
DEFINE_STATIC_SRCU(ioasid_settlers);

/* Counts registrations; under ioasid_sets_mutex. */
static u64 ioasid_joined;

/**
 * struct ioasid_replay - how far a new notifier knows a set
 * @notifier: the notifier
 * @side:     PASIDs change to this side when it knows them; new ones begin there. At
 *            the end all that are not freed are there, and the next one makes them
 *            change back.
 */
struct ioasid_replay {
	struct ioasid_notifier *notifier;
	bool side;
};

static const void *ioasid_set_key(struct ioasid_set *set)
{
	return set->token ?: (const void *)set;
}

/* Whether what happens to a set has to be queued at all. */
bool ioasid_telling_locked(struct ioasid_set *set)
{
	lockdep_assert_held(&set->privates.xa_lock);

	/* An event that waits keeps its PASID only if all that follow do. */
	return set->listeners || set->settled != set->queued;
}

/* Returns true if the caller has to call ioasid_tell(), after unlocking. */
static bool ioasid_claim_locked(struct ioasid_set *set)
{
	if (set->telling)
		return false;
	set->telling = true;
	refcount_inc(&set->refs);
	return true;
}

static void ioasid_push_note(struct ioasid_notes *notes,
			     struct ioasid_note *note)
{
	note->next = NULL;
	*notes->tail = note;
	notes->tail = &note->next;
}

static struct ioasid_note *ioasid_pop_note(struct ioasid_notes *notes)
{
	struct ioasid_note *note = notes->first;

	if (!note)
		return NULL;
	notes->first = note->next;
	if (!notes->first)
		notes->tail = &notes->first;
	return note;
}

static void ioasid_notes_init(struct ioasid_notes *notes)
{
	notes->first = NULL;
	notes->tail = &notes->first;
}

/* As ioasid_claim_locked(). The note is in use until it is settled. */
bool ioasid_note_locked(struct ioasid_set *set, struct ioasid_note *note,
			enum ioasid_event_type type)
{
	lockdep_assert_held(&set->privates.xa_lock);

	note->type = type;
	ioasid_push_note(&set->notes, note);
	set->queued++;
	return ioasid_claim_locked(set);
}

static void ioasid_event_of_pasid(struct ioasid_event *event,
				  struct ioasid *pasid)
{
	event->id = pasid->id;
	event->dev = pasid->local ? pasid->local->dev : NULL;
	event->data = rcu_dereference(pasid->data);
}

/* The PASID of a note, or NULL if it is about the set. */
static struct ioasid *ioasid_note_pasid(struct ioasid_note *note)
{
	switch (note->type) {
	case IOASID_EVENT_ALLOC:
		return container_of(note, struct ioasid, made);
	case IOASID_EVENT_BIND:
		return container_of(note, struct ioasid_binding, bound)->pasid;
	case IOASID_EVENT_UNBIND:
		return container_of(note, struct ioasid_binding, unbound)->pasid;
	case IOASID_EVENT_FREE:
		return container_of(note, struct ioasid, freed);
	default:
		return NULL;
	}
}

static u32 ioasid_note_private(struct ioasid_note *note)
{
	switch (note->type) {
	case IOASID_EVENT_BIND:
		return container_of(note, struct ioasid_binding, bound)->private;
	case IOASID_EVENT_UNBIND:
		return container_of(note, struct ioasid_binding, unbound)->private;
	default:
		return IOASID_PRIVATE_NONE;
	}
}

/* What the event kept until everybody was told, and settled. */
static void ioasid_note_done(struct ioasid_set *set, struct ioasid_note *note)
{
	switch (note->type) {
	case IOASID_EVENT_UNBIND:
		ioasid_binding_free(container_of(note, struct ioasid_binding,
						 unbound));
		break;
	case IOASID_EVENT_FREE:
		ioasid_release(container_of(note, struct ioasid, freed));
		break;
	default:
		break;
	}
}

/*
 * Does @notifier know the set well enough to be told of this event? One that is
 * just being introduced knows some of the PASIDs, and will learn of the others as
 * they are by then.
 */
static bool ioasid_knows(struct ioasid_notifier *notifier,
			 struct ioasid_set *set, struct ioasid *pasid)
{
	struct ioasid_replay *replay = set->replay;

	if (notifier->set && notifier->set != set)
		return false;
	if (notifier->joined <= set->joined)
		return true;
	return replay && replay->notifier == notifier && pasid &&
	       pasid->made.side == replay->side;
}

static void ioasid_call(const void *key, enum ioasid_priority priority,
			const struct ioasid_event *event, struct ioasid *pasid)
{
	struct ioasid_notifier *pos;

	hash_for_each_possible_rcu(ioasid_notifiers, pos, node,
				   (unsigned long)key)
		if (pos->key == key && pos->priority == priority &&
		    ioasid_knows(pos, event->set, pasid))
			pos->notify(pos, event);
}

/* Tells everybody of one event. */
static void ioasid_deliver(struct ioasid_set *set, struct ioasid_note *note)
{
	struct ioasid *pasid = ioasid_note_pasid(note);
	struct ioasid_event event = {
		.type = note->type,
		.set = set,
		.token = set->token,
		.id = IOMMU_PASID_INVALID,
		.private = ioasid_note_private(note),
	};
	enum ioasid_priority priority;

	rcu_read_lock();
	if (pasid)
		ioasid_event_of_pasid(&event, pasid);
	for (priority = IOASID_PRIORITY_CPU;
	     priority <= IOASID_PRIORITY_DEVICE; priority++) {
		ioasid_call(set->pool, priority, &event, pasid);
		ioasid_call(ioasid_set_key(set), priority, &event, pasid);
	}
	rcu_read_unlock();
}

/**
 * ioasid_unsettled - tell that a notifier has to sleep for what it is being told
 * @event: what it is being told
 *
 * Soon after the notifier has returned, &ioasid_notifier.settle of each notifier of
 * the set is called where it may sleep. Before that is done no PASID is reclaimed
 * whose end was told with or after this event, and ioasid_set_sync() does not return.
 *
 * Context: In a notifier. Takes no lock.
 */
void ioasid_unsettled(const struct ioasid_event *event)
{
	/* Only who tells looks at it. */
	event->set->unsettled = true;
}
EXPORT_SYMBOL_GPL(ioasid_unsettled);

/* One event more was told. */
static void ioasid_told_locked(struct ioasid_set *set)
{
	set->told++;
	if (!set->unsettled)
		set->settled = set->told;
}

/* Takes the next event, tells of it and returns true; or there is none. */
static bool ioasid_tell_next(struct ioasid_set *set)
{
	struct ioasid_note *note;
	unsigned long flags;

	ioasid_set_lock(set, &flags);
	note = ioasid_pop_note(&set->notes);
	ioasid_set_unlock(set, flags);
	if (!note)
		return false;

	ioasid_deliver(set, note);
	if (set->unsettled)
		ioasid_push_note(&set->heard, note);
	else
		ioasid_note_done(set, note);

	/* Not earlier: who waits for it wants what was freed to be back. */
	ioasid_set_lock(set, &flags);
	ioasid_told_locked(set);
	ioasid_set_unlock(set, flags);
	return true;
}

static void ioasid_wake_idle(struct ioasid_set *set)
{
	if (wq_has_sleeper(&set->idle))
		wake_up_all(&set->idle);
}

/*
 * Lets the heir tell, if there is one; or nobody, if all is told and settled. Returns
 * true if it is not for the caller any more.
 */
static bool ioasid_stop_telling_locked(struct ioasid_set *set)
{
	if (set->heir) {
		WRITE_ONCE(set->heir, false);
		refcount_inc(&set->refs);
		return true;
	}
	set->telling = set->notes.first || set->unsettled;
	return !set->telling;
}

/*
 * Tells of events until the queue is empty, or @max of them, or somebody takes over.
 * The caller is the one who tells. Returns true if that has ended.
 */
static bool ioasid_tell_some(struct ioasid_set *set, u64 max)
{
	unsigned long flags;
	bool stopped;

	while (max-- && !READ_ONCE(set->heir) && ioasid_tell_next(set))
		;
	ioasid_set_lock(set, &flags);
	stopped = ioasid_stop_telling_locked(set);
	ioasid_set_unlock(set, flags);
	ioasid_wake_idle(set);
	return stopped;
}

/* Who settles may look at the set, so it has to know all of it. */
static bool ioasid_settles(struct ioasid_notifier *notifier,
			   struct ioasid_set *set)
{
	if (!notifier->settle || (notifier->set && notifier->set != set))
		return false;
	return notifier->joined <= set->joined;
}

static void ioasid_call_settle(const void *key, struct ioasid_set *set)
{
	struct ioasid_notifier *pos;
	struct hlist_head *head;

	head = &ioasid_notifiers[hash_min((unsigned long)key,
					  IOASID_NOTIFIER_BITS)];
	hlist_for_each_entry_srcu(pos, head, node,
				  srcu_read_lock_held(&ioasid_settlers))
		if (pos->key == key && ioasid_settles(pos, set))
			pos->settle(pos, set);
}

/* Lets everybody settle, if somebody has to. The caller is the one who tells. */
static void ioasid_settle(struct ioasid_set *set)
{
	struct ioasid_note *note;
	unsigned long flags;
	int idx;

	if (!set->unsettled)
		return;

	idx = srcu_read_lock(&ioasid_settlers);
	ioasid_call_settle(set->pool, set);
	ioasid_call_settle(ioasid_set_key(set), set);
	srcu_read_unlock(&ioasid_settlers, idx);

	/* In their order: the last one of a PASID gives all of them back. */
	while ((note = ioasid_pop_note(&set->heard)))
		ioasid_note_done(set, note);

	set->unsettled = false;
	ioasid_set_lock(set, &flags);
	set->settled = set->told;
	ioasid_set_unlock(set, flags);
	ioasid_wake_idle(set);
}

/**
 * ioasid_tell - tell of all events in the queue
 * @set: the set; the caller just claimed it
 *
 * Context: Any that may take a spinlock_t.
 */
void ioasid_tell(struct ioasid_set *set)
{
	if (ioasid_tell_some(set, IOASID_TELL_MAX))
		ioasid_set_put(set);
	else
		queue_work(system_dfl_wq, &set->teller);
}

static void ioasid_teller(struct work_struct *work)
{
	struct ioasid_set *set = container_of(work, struct ioasid_set, teller);

	do {
		ioasid_settle(set);
		cond_resched();
	} while (!ioasid_tell_some(set, IOASID_TELL_MAX));
	ioasid_set_put(set);
}

/* Prepares the queue of a new set. */
void ioasid_events_init_set(struct ioasid_set *set)
{
	ioasid_notes_init(&set->notes);
	ioasid_notes_init(&set->heard);
	init_waitqueue_head(&set->idle);
	INIT_WORK(&set->teller, ioasid_teller);
}

static bool ioasid_set_settled(struct ioasid_set *set, u64 nr)
{
	unsigned long flags;
	bool told;

	ioasid_set_lock(set, &flags);
	told = set->settled >= nr || !set->telling;
	ioasid_set_unlock(set, flags);
	return told;
}

/**
 * ioasid_set_sync - wait until everybody was told
 * @set: the set
 *
 * Returns when no notifier whose registration has returned is still to be told of
 * anything that the caller did, or saw, before, or has to settle it. The PASIDs that
 * were freed until then are reclaimed unless somebody has a reference.
 *
 * Context: Process context, not in a notifier. May sleep.
 */
void ioasid_set_sync(struct ioasid_set *set)
{
	unsigned long flags;
	u64 nr;

	might_sleep();
	ioasid_set_lock(set, &flags);
	nr = set->queued;
	ioasid_set_unlock(set, flags);
	wait_event(set->idle, ioasid_set_settled(set, nr));
}
EXPORT_SYMBOL_GPL(ioasid_set_sync);

static bool ioasid_inherited(struct ioasid_set *set)
{
	unsigned long flags;
	bool inherited;

	ioasid_set_lock(set, &flags);
	inherited = !set->heir;
	ioasid_set_unlock(set, flags);
	return inherited;
}

/* Makes the caller the one who tells, as soon as one event is told, or all is settled. */
static void ioasid_take_over(struct ioasid_set *set)
{
	unsigned long flags;

	/* There is one heir at a time. */
	lockdep_assert_held(&ioasid_sets_mutex);

	ioasid_set_lock(set, &flags);
	WRITE_ONCE(set->heir, !ioasid_claim_locked(set));
	ioasid_set_unlock(set, flags);
	wait_event(set->idle, ioasid_inherited(set));
}

/* One PASID as it was when a replay came by. */
struct ioasid_snapshot {
	struct ioasid *pasid;
	u32 private;
};

/*
 * Takes what follows the marker in the list, up to the first that is newer than the
 * replay. The PASIDs stay: if one is freed meanwhile, the event of it waits for us, who
 * tell. Returns how many.
 */
static int ioasid_replay_batch_locked(struct ioasid_set *set,
				      struct ioasid *marker,
				      struct ioasid_snapshot *batch)
{
	struct ioasid *pasid = marker;
	int nr = 0;

	list_for_each_entry_continue(pasid, &set->pasids, node) {
		if (!pasid->id)
			continue;
		if (nr == IOASID_REPLAY_BATCH ||
		    pasid->made.side == set->side)
			break;
		batch[nr].pasid = pasid;
		batch[nr++].private = pasid->binding ? pasid->binding->private :
						       IOASID_PRIVATE_NONE;
	}
	/* Behind the last one that was taken. */
	list_move_tail(&marker->node, &pasid->node);
	return nr;
}

static void ioasid_replay_one(struct ioasid_notifier *notifier,
			      struct ioasid_set *set,
			      struct ioasid_snapshot *snapshot)
{
	struct ioasid_event event = {
		.type = IOASID_EVENT_ALLOC,
		.set = set,
		.token = set->token,
		.private = IOASID_PRIVATE_NONE,
	};

	rcu_read_lock();
	ioasid_event_of_pasid(&event, snapshot->pasid);
	notifier->notify(notifier, &event);
	if (snapshot->private != IOASID_PRIVATE_NONE) {
		event.type = IOASID_EVENT_BIND;
		event.private = snapshot->private;
		notifier->notify(notifier, &event);
	}
	rcu_read_unlock();
}

/* Tells the others of what was queued when a batch was taken, and no more. */
static void ioasid_catch_up(struct ioasid_set *set, u64 queued)
{
	/* Only who tells changes it. */
	while (set->told != queued) {
		ioasid_tell_next(set);
		cond_resched();
	}
}

/*
 * Tells of one more batch. The snapshot is of the moment when the lock was held:
 * it has the effect of all events that were queued by then. So of those the
 * notifier hears only what is about PASIDs it knew before; and of the ones to
 * come, also what is about PASIDs of this batch.
 */
static bool ioasid_replay_some(struct ioasid_set *set, struct ioasid *marker)
{
	struct ioasid_snapshot batch[IOASID_REPLAY_BATCH];
	struct ioasid_replay *replay = set->replay;
	unsigned long flags;
	u64 queued;
	int i, nr;

	ioasid_set_lock(set, &flags);
	nr = ioasid_replay_batch_locked(set, marker, batch);
	queued = set->queued;
	ioasid_set_unlock(set, flags);

	for (i = 0; i < nr; i++)
		ioasid_replay_one(replay->notifier, set, &batch[i]);
	ioasid_catch_up(set, queued);
	/* They are still there: of those freed meanwhile nobody was told of it yet. */
	for (i = 0; i < nr; i++)
		batch[i].pasid->made.side = replay->side;
	return nr;
}

static void ioasid_replay_set(struct ioasid_notifier *notifier,
			      struct ioasid_set *set)
{
	const struct ioasid_event event = {
		.type = IOASID_EVENT_SET_ADD,
		.set = set,
		.token = set->token,
		.id = IOMMU_PASID_INVALID,
		.private = IOASID_PRIVATE_NONE,
	};

	rcu_read_lock();
	notifier->notify(notifier, &event);
	rcu_read_unlock();
}

/*
 * Makes @notifier know a set that is older than it: tells it of all PASIDs and
 * private IDs, while other notifiers go on to be told what happens.
 */
static void ioasid_introduce(struct ioasid_notifier *notifier,
			     struct ioasid_set *set)
{
	struct ioasid_replay replay = { .notifier = notifier };
	struct ioasid marker = { .id = 0 };
	unsigned long flags;
	u64 queued;

	ioasid_take_over(set);

	ioasid_forbid_spares(set);
	ioasid_set_lock(set, &flags);
	set->listeners++;
	/* Whatever is allocated from now on will not be replayed. */
	set->side = !set->side;
	replay.side = set->side;
	list_add(&marker.node, &set->pasids);
	queued = set->queued;
	ioasid_set_unlock(set, flags);

	/* What happened before is for those who were there before. */
	ioasid_catch_up(set, queued);
	set->replay = &replay;
	ioasid_replay_set(notifier, set);
	while (ioasid_replay_some(set, &marker))
		cond_resched();
	set->joined = notifier->joined;
	set->replay = NULL;

	/*
	 * Who syncs waits until it is settled, as what is in the queue will be no
	 * earlier. If nothing is there it counts as an event itself.
	 */
	ioasid_set_lock(set, &flags);
	list_del(&marker.node);
	if (!set->notes.first) {
		set->queued++;
		ioasid_told_locked(set);
	}
	ioasid_set_unlock(set, flags);
	ioasid_allow_spares(set);
	ioasid_tell(set);
}

static bool ioasid_listens(struct ioasid_notifier *notifier,
			   struct ioasid_set *set)
{
	if (notifier->set)
		return notifier->set == set;
	return notifier->key == set->pool || notifier->key == set->token;
}

static unsigned int ioasid_count_listeners(struct ioasid_set *set,
					   const void *key)
{
	struct ioasid_notifier *pos;
	unsigned int nr = 0;

	hash_for_each_possible(ioasid_notifiers, pos, node, (unsigned long)key)
		nr += pos->key == key && ioasid_listens(pos, set);
	return nr;
}

/*
 * A new set is known to whoever is registered by now. Returns true if the caller has
 * to call ioasid_tell(), after unlocking.
 */
bool ioasid_events_add_set_locked(struct ioasid_set *set)
{
	unsigned long flags;
	bool tell = false;

	lockdep_assert_held(&ioasid_sets_mutex);

	ioasid_set_lock(set, &flags);
	set->joined = ioasid_joined;
	set->listeners = ioasid_count_listeners(set, set->pool) +
			 ioasid_count_listeners(set, ioasid_set_key(set));
	if (ioasid_telling_locked(set))
		tell = ioasid_note_locked(set, &set->added, IOASID_EVENT_SET_ADD);
	ioasid_set_unlock(set, flags);
	return tell;
}

/* The end of a set, all PASIDs of which are freed. Returns when it was told. */
void ioasid_events_del_set(struct ioasid_set *set)
{
	unsigned long flags;
	bool tell = false;

	ioasid_set_lock(set, &flags);
	if (ioasid_telling_locked(set))
		tell = ioasid_note_locked(set, &set->gone, IOASID_EVENT_SET_DEL);
	ioasid_set_unlock(set, flags);
	if (tell)
		ioasid_tell(set);
	ioasid_set_sync(set);
}

/* The notifier says what it listens to; each set of that kind gets to know it. */
static int ioasid_register_locked(struct ioasid_notifier *notifier)
{
	struct ioasid_set *set = NULL;

	lockdep_assert_held(&ioasid_sets_mutex);

	if (notifier->priority > IOASID_PRIORITY_DEVICE)
		return -EINVAL;
	if (notifier->set && !notifier->set->owners)
		return -ENOENT;

	notifier->joined = ++ioasid_joined;
	hash_add_rcu(ioasid_notifiers, &notifier->node,
		     (unsigned long)notifier->key);
	while ((set = ioasid_sets_next_locked(set)))
		if (ioasid_listens(notifier, set))
			ioasid_introduce(notifier, set);
	return 0;
}

static int ioasid_register(struct ioasid_notifier *notifier, const void *key,
			   struct ioasid_set *set, struct mm_struct *token)
{
	int err = -EEXIST;

	mutex_lock(&ioasid_sets_mutex);
	if (hash_hashed(&notifier->node))
		goto out_unlock;

	notifier->key = key;
	notifier->set = set;
	notifier->token = token;
	err = ioasid_register_locked(notifier);
	if (err)
		goto out_unlock;
	if (set)
		ioasid_set_get(set);
	if (token)
		mmgrab(token);
out_unlock:
	mutex_unlock(&ioasid_sets_mutex);
	return err;
}

int ioasid_pool_register_notifier(struct ioasid_pool *pool,
				  struct ioasid_notifier *notifier)
{
	return ioasid_register(notifier, pool, NULL, NULL);
}

/**
 * ioasid_register_notifier - be told of events
 * @notifier: who is to be told
 * @set: the set whose events are wanted, of which the caller has a reference; NULL
 *       for all sets of the system
 *
 * If the set has PASIDs already, the notifier is told of them as if they were
 * allocated and bound now, before this function returns. It settles for them soon
 * after, for which ioasid_set_sync() waits.
 *
 * Context: Process context. May sleep. Takes and releases ioasid_sets_mutex.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL: the priority is none
 * * -EEXIST: @notifier is registered already
 * * -ENOENT: @set was freed
 */
int ioasid_register_notifier(struct ioasid_notifier *notifier,
			     struct ioasid_set *set)
{
	const void *key = &ioasid_system_pool;

	if (set)
		key = ioasid_set_key(set);
	return ioasid_register(notifier, key, set, NULL);
}

/**
 * ioasid_register_notifier_mm - be told of the events of whatever set has a token
 * @notifier: who is to be told
 * @token: the mm, pinned until the notifier is unregistered
 *
 * The set need not exist yet, and another one may take its place later: the
 * notifier is told of one after the other, and of what exists as by
 * ioasid_register_notifier(). Of a set that is being freed it is told nothing.
 *
 * Context: Process context. May sleep. Takes and releases ioasid_sets_mutex.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL: there is no token, or the priority is none
 * * -EEXIST: @notifier is registered already
 */
int ioasid_register_notifier_mm(struct ioasid_notifier *notifier,
				struct mm_struct *token)
{
	if (!token)
		return -EINVAL;
	return ioasid_register(notifier, token, NULL, token);
}
EXPORT_SYMBOL_GPL(ioasid_register_notifier_mm);

/**
 * ioasid_unregister_notifier - be told no more
 * @notifier: who was registered; nothing happens if it is not
 *
 * When it returns the notifier neither runs nor settles any more, and never will.
 *
 * Context: Process context, not in a notifier. May sleep. Takes and releases
 * ioasid_sets_mutex.
 */
void ioasid_unregister_notifier(struct ioasid_notifier *notifier)
{
	struct ioasid_set *set = NULL;
	unsigned long flags;

	mutex_lock(&ioasid_sets_mutex);
	if (!hash_hashed(&notifier->node)) {
		mutex_unlock(&ioasid_sets_mutex);
		return;
	}
	hash_del_rcu(&notifier->node);
	while ((set = ioasid_sets_next_locked(set))) {
		if (!ioasid_listens(notifier, set))
			continue;
		ioasid_set_lock(set, &flags);
		set->listeners--;
		ioasid_set_unlock(set, flags);
	}
	mutex_unlock(&ioasid_sets_mutex);

	synchronize_rcu();
	synchronize_srcu(&ioasid_settlers);
	if (notifier->set)
		ioasid_set_put(notifier->set);
	if (notifier->token)
		mmdrop(notifier->token);
}
EXPORT_SYMBOL_GPL(ioasid_unregister_notifier);
