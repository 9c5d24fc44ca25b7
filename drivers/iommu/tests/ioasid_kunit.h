/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the IOASID test suites share: a pool for each case, sets and tokens that
 * go away with the case whatever happens in it, and the two expectations in which
 * nearly every property of the allocator shows: the books of the pool and those
 * of a set.
 */
#ifndef __IOASID_KUNIT_H
#define __IOASID_KUNIT_H

#include <kunit/test.h>
#include <linux/mm_types.h>

#include "../ioasid-private.h"

/* Never handed out; shows that a failed allocation leaves its argument alone. */
#define NO_ID		((ioasid_t)0xdeadbeef)

int ioasid_test_init(struct kunit *test);

static inline struct ioasid_pool *test_pool(struct kunit *test)
{
	return test->priv;
}

/* Makes the numbers 1 to @nr - 1 available. */
static inline void test_capacity(struct kunit *test, u32 nr)
{
	ioasid_pool_install_capacity(test_pool(test), nr);
}

/* The system of a machine without PASIDs has some until the case ends. */
void lend_pasids(struct kunit *test);

/* A token that mmdrop() never frees. Fails the case if a pin of it is left. */
struct mm_struct *new_token(struct kunit *test);

/* A pin may be given back by a worker, where the last put could not do it. */
#define expect_pins(test, token, pins)	\
	__expect_pins(test, __LINE__, token, pins)
void __expect_pins(struct kunit *test, int line, struct mm_struct *token,
		   u32 pins);

/* A set of the case's pool, freed by free_set() or at the end of the case. */
struct ioasid_set *new_set(struct kunit *test, u32 guarantee, u32 limit);
struct ioasid_set *new_token_set(struct kunit *test, struct mm_struct *token);
struct ioasid_set *join_set(struct kunit *test, struct mm_struct *token);
void free_set(struct kunit *test, struct ioasid_set *set);

/* A reference to a set that outlives free_set(). */
struct ioasid_set *hold_set(struct kunit *test, struct ioasid_set *set);
void drop_set(struct kunit *test, struct ioasid_set *set);

/* Tries one allocation; checks what holds for any. The number or an errno. */
s64 try_alloc(struct kunit *test, struct ioasid_set *set, ioasid_t min,
	      ioasid_t max);
/* Must succeed, else the case ends. */
ioasid_t alloc_id(struct kunit *test, struct ioasid_set *set);
void alloc_ids(struct kunit *test, struct ioasid_set *set, u32 nr);
ioasid_t alloc_at(struct kunit *test, struct ioasid_set *set, ioasid_t id);

/* Any allocation; over the whole range unless @req says less. The number or errno. */
s64 try_request(struct ioasid_set *set, struct ioasid_request req);
#define try_private(set, private_id)					\
	try_request(set, (struct ioasid_request) {			\
		    .private = private_id, .flags = IOASID_REQUEST_PRIVATE })
#define try_local(set, device)						\
	try_request(set, (struct ioasid_request) { .dev = device })

/* A shared PASID with a private ID. */
ioasid_t alloc_private(struct kunit *test, struct ioasid_set *set, u32 private);
void attach_private(struct kunit *test, struct ioasid_set *set, ioasid_t id,
		    u32 private);

/* A reference to a PASID, given back by drop_id() or at the end of the case. */
struct held_id;

struct held_id *hold_id(struct kunit *test, struct ioasid_set *set,
			ioasid_t id);
void drop_id(struct kunit *test, struct held_id *held);

/* Over the whole range: the number, or the errno. */
#define expect_alloc(test, set, want)					\
	__expect_alloc(test, __LINE__, set, want)
void __expect_alloc(struct kunit *test, int line, struct ioasid_set *set,
		    s64 want);

#define expect_books(test, used, reserved, free)			\
	__expect_books(test, __LINE__, used, reserved, free)
void __expect_books(struct kunit *test, int line, u32 used, u32 reserved,
		    u32 free);

#define expect_set(test, set, used, pending, guarantee, limit, available) \
	__expect_set(test, __LINE__, set, &(struct ioasid_set_info) {	\
		     used, pending, 0, guarantee, limit, available })
void __expect_set(struct kunit *test, int line, struct ioasid_set *set,
		  const struct ioasid_set_info *want);

/* ioasid_find() as a caller outside of RCU would use it. */
void *find_data(struct ioasid_set *set, ioasid_t id);

/*
 * A notifier that writes down what it is told, as "add alloc:1 bind:1=101
 * unbind:1=101 free:1 del". @hook may do more.
 */
struct recorder {
	struct ioasid_notifier notifier;
	struct kunit *test;
	void (*hook)(struct recorder *rec, const struct ioasid_event *event);
	void *arg;
	struct ioasid_event last;
	unsigned int nr;
	size_t len;
	char text[4096];
};

struct recorder *new_recorder(struct kunit *test);
/*
 * To all sets of the case's pool or of the system, to one set, to a token; ended with
 * the case.
 */
void listen_to_pool(struct recorder *rec);
void listen_to_system(struct recorder *rec);
void listen_to_set(struct recorder *rec, struct ioasid_set *set);
void listen_to_token(struct recorder *rec, struct mm_struct *token);
void stop_listening(struct recorder *rec);

/* What @rec was told since it was last asked. */
#define expect_told(rec, want)	__expect_told(rec, __LINE__, want)
void __expect_told(struct recorder *rec, int line, const char *want);

#ifdef CONFIG_IOASID_CGROUP
struct misc_res;

/* PASIDs in the cgroup that the tests run in, usually that of kernel threads. */
struct misc_res *own_res(struct kunit *test);
#endif

#endif /* __IOASID_KUNIT_H */
