/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reference for the IOASID core: what each call does, said as plainly as possible.
 * No locks, no trees, nothing kept that can be counted: books are added up anew when
 * they are looked at, and numbers are searched one by one.
 *
 * It is about one thread. What is still in the queue of a set waits for ref_settle().
 *
 * Sets, tokens, devices and listeners are small numbers. Device 0 is none: a shared
 * PASID. Set 0 is the host set. Where a call takes a set, REF_NO_SET stands for NULL.
 */
#ifndef IOASID_REFERENCE_H
#define IOASID_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#define REF_SETS	8
#define REF_NO_SET	REF_SETS
#define REF_TOKENS	4	/* 0 is none */
#define REF_DEVS	4	/* 0 is none */
#define REF_LISTENERS	5
#define REF_PASIDS	4096
#define REF_IDS		0x100000u
#define REF_NONE	UINT32_MAX

/* As in enum ioasid_event_type. */
enum ref_event_type {
	REF_SET_ADD,
	REF_ALLOC,
	REF_BIND,
	REF_UNBIND,
	REF_FREE,
	REF_SET_DEL,
};

/* One listener was told of one event. */
struct ref_event {
	uint32_t listener;
	uint32_t set;
	uint32_t dev;
	uint32_t id;
	uint32_t type;
	uint32_t private;
	uint32_t data;
};

struct ref_info {
	uint32_t used;
	uint32_t pending;
	uint32_t local;
	uint32_t guarantee;
	uint32_t limit;
	uint32_t available;
};

struct ref_system {
	uint32_t capacity;
	uint32_t shared_min;
	uint32_t used;
	uint32_t reserved;
	uint32_t free;
};

/* Of a request; as IOASID_REQUEST_* and IOASID_ADJUST_*. */
#define REF_WITH_PRIVATE	1u
#define REF_WITH_GET		2u
#define REF_REQUEST_ALL		7u
#define REF_ADJUST_GUARANTEE	1u
#define REF_ADJUST_LIMIT	2u
#define REF_MAY_RAISE		4u

struct ref_request {
	uint32_t min;
	uint32_t max;
	uint32_t dev;
	uint32_t private;
	uint32_t flags;
	uint32_t data;
};

/* A PASID. It exists from ref_alloc() until it is freed and nobody uses it. */
struct ref_pasid {
	bool exists;
	bool freed;
	bool untold;		/* its end is not settled yet */
	uint32_t set;
	uint32_t dev;
	uint32_t id;
	uint32_t private;	/* REF_NONE for none */
	uint32_t users;
	uint32_t gets;		/* those of users who came by ref_get() */
	uint32_t data;
	uint32_t next, prev;	/* in the order of allocation; REF_PASIDS ends it */
};

struct ref_set {
	bool exists;		/* somebody may have a pointer to it */
	uint32_t owners;
	uint32_t refs;		/* ref_find_set() */
	uint32_t token;
	uint32_t guarantee;
	uint32_t limit;
	uint32_t used, shared, pending;
	uint32_t first, last;	/* PASIDs not freed */
	bool busy;		/* events wait, or somebody has to settle */
	bool unsettled;
};

enum ref_scope {
	REF_SCOPE_ALL,
	REF_SCOPE_SET,
	REF_SCOPE_TOKEN,
};

struct ref_listener {
	bool registered;
	enum ref_scope scope;
	uint32_t what;		/* set or token */
	uint32_t priority;
	uint32_t unsettles;	/* bit: type of event */
};

struct reference {
	uint32_t reported, cap, local;
	struct ref_set set[REF_SETS];
	struct ref_listener listener[REF_LISTENERS];
	struct ref_pasid pasid[REF_PASIDS];
	uint32_t pasids;	/* how many of these were ever used */
	uint16_t number[REF_DEVS][REF_IDS];	/* to pasid + 1 */
	uint32_t run;		/* how often there was a ref_init() */
	uint32_t had[REF_IDS];	/* the last run in which a set had this number */
	/* Events that wait, by PASID; and those that were told since last looked at. */
	struct ref_event waiting[2 * REF_PASIDS];
	uint32_t nr_waiting;
	struct ref_event told[8 * REF_PASIDS];
	uint32_t nr_told;
};

void ref_init(struct reference *ref, uint32_t cap, uint32_t local);
void ref_capacity(struct reference *ref, uint32_t nr);

int ref_create(struct reference *ref, uint32_t set, uint32_t token,
	       uint32_t guarantee, uint32_t limit);
int ref_join(struct reference *ref, uint32_t token);
int ref_find_set(struct reference *ref, uint32_t token);
void ref_put_set(struct reference *ref, uint32_t set);
void ref_free_set(struct reference *ref, uint32_t set);
bool ref_set_usable(const struct reference *ref, uint32_t set);
bool ref_set_vacant(const struct reference *ref, uint32_t set);
int ref_adjust(struct reference *ref, uint32_t set, uint32_t guarantee,
	       uint32_t limit, uint32_t flags);
void ref_get_info(const struct reference *ref, uint32_t set,
		  struct ref_info *info);
void ref_get_system(const struct reference *ref, struct ref_system *info);

/*
 * @id is the number that was given, and becomes the one that it ought to be. That is the
 * lowest; but sets may keep numbers a while that they had, and take these again.
 */
int ref_alloc(struct reference *ref, uint32_t set,
	      const struct ref_request *req, uint32_t *id);
int ref_free(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id);
int ref_free_range(struct reference *ref, uint32_t set, uint32_t dev,
		   uint32_t min, uint32_t max);
int ref_get(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id);
bool ref_may_put(struct reference *ref, uint32_t set, uint32_t dev,
		 uint32_t id);
void ref_put(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id);
/* Which PASID of ref->pasid was held, -errno; or 0 in @held if there is none. */
int ref_hold(struct reference *ref, uint32_t dev, uint32_t id,
	     uint32_t token, bool *held);
int ref_hold_private(struct reference *ref, uint32_t set, uint32_t private);
void ref_release(struct reference *ref, uint32_t pasid);
int ref_find(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id,
	     uint32_t *data);
int ref_replace(struct reference *ref, uint32_t set, uint32_t dev,
		uint32_t id, uint32_t data, uint32_t *old);

int ref_attach(struct reference *ref, uint32_t set, uint32_t dev, uint32_t id,
	       uint32_t private);
int ref_detach(struct reference *ref, uint32_t set, uint32_t private);
int ref_find_private(const struct reference *ref, uint32_t set,
		     uint32_t private);
int ref_next_private(const struct reference *ref, uint32_t set,
		     uint32_t *private, uint32_t *dev, uint32_t *id);

int ref_register(struct reference *ref, uint32_t listener,
		 const struct ref_listener *as);
void ref_unregister(struct reference *ref, uint32_t listener);
/* A call came to its end; and everything that was left to a worker is done. */
void ref_call_done(struct reference *ref);
void ref_settle(struct reference *ref);

#endif /* IOASID_REFERENCE_H */
