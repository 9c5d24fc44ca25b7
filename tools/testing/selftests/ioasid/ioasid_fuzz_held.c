// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a careful life holds, and whether that is what the kernel says.
 *
 * A claim on a number is made when the kernel gave it and taken back before the
 * kernel is asked to free it, so two claims of lives that still live are two owners of
 * one number. A life says that it is about to end before it does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ioasid_fuzz.h"
#include "ioasid_node.h"
#include "ioasid_utils.h"

static __u32 my_claim(void)
{
	return life.nr * NR_SLOTS + life.slot;
}

/* Does who made that claim still hold what he claimed? */
static bool is_of_the_living(__u32 claim)
{
	__u32 nr = claim / NR_SLOTS;

	return nr && load_shared(shared->careful[claim % NR_SLOTS]) == nr;
}

static bool i_live(void)
{
	return load_shared(shared->careful[life.slot]) == life.nr;
}

static void claim_shared(struct thread *t, __u32 pasid)
{
	__u32 other = __atomic_exchange_n(&shared->claims[pasid], my_claim(),
					  __ATOMIC_ACQ_REL);

	if (is_of_the_living(other) && i_live())
		wrong(t, "PASID %u was handed out while life %u has it", pasid,
		      other / NR_SLOTS);
	pthread_mutex_lock(&life.list);
	if (life.nr_held < ARRAY_SIZE(life.held))
		life.held[life.nr_held++] = pasid;
	else
		wrong(t, "holds more than this test can count");
	pthread_mutex_unlock(&life.list);
}

static void claim_local(struct thread *t, __u32 pasid)
{
	pthread_mutex_lock(&life.list);
	if (pasid >= ARRAY_SIZE(life.local) || life.local[pasid])
		wrong(t, "local PASID %u was handed out twice", pasid);
	else
		life.local[pasid] = true;
	life.nr_local++;
	pthread_mutex_unlock(&life.list);
}

void alloc_begin(void)
{
	if (life.careful)
		pthread_rwlock_rdlock(&life.books);
}

void alloc_failed(void)
{
	if (life.careful)
		pthread_rwlock_unlock(&life.books);
}

void alloc_end(struct thread *t, bool local, __u32 pasid)
{
	store_shared(shared->numbers[some(t, NR_NUMBERS)], pasid);
	store_shared(life.recent[some(t, NR_NUMBERS)], pasid);
	if (!life.careful)
		return;
	if (local)
		claim_local(t, pasid);
	else
		claim_shared(t, pasid);
	pthread_rwlock_unlock(&life.books);
}

/* What free_begin() took away, for the call that fails and has changed nothing. */
static struct {
	bool local;
	__u32 nr;
	__u32 pasid[ARRAY_SIZE(life.held)];
} aside;

static void unclaim_local(__u32 min, __u32 max)
{
	__u32 i;

	for (i = min; i < ARRAY_SIZE(life.local) && i <= max; i++) {
		if (!life.local[i])
			continue;
		life.local[i] = false;
		life.nr_local--;
		aside.pasid[aside.nr++] = i;
	}
}

static void unclaim_shared(__u32 min, __u32 max)
{
	__u32 i, kept = 0;

	for (i = 0; i < life.nr_held; i++) {
		__u32 pasid = life.held[i], claim = my_claim();

		if (pasid < min || pasid > max) {
			life.held[kept++] = pasid;
			continue;
		}
		__atomic_compare_exchange_n(&shared->claims[pasid], &claim, 0,
					    false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE);
		aside.pasid[aside.nr++] = pasid;
	}
	life.nr_held = kept;
}

void free_begin(bool local, __u32 min, __u32 max)
{
	if (!life.careful)
		return;
	pthread_rwlock_wrlock(&life.books);
	aside.local = local;
	aside.nr = 0;
	if (local)
		unclaim_local(min, max);
	else
		unclaim_shared(min, max);
}

void free_end(struct thread *t, bool freed)
{
	__u32 i;

	if (!life.careful)
		return;
	if (freed && !aside.nr)
		wrong(t, "freed something in a range where nothing was");
	for (i = 0; !freed && i < aside.nr; i++) {
		if (aside.local)
			claim_local(t, aside.pasid[i]);
		else
			claim_shared(t, aside.pasid[i]);
	}
	pthread_rwlock_unlock(&life.books);
}

/* For who shares the lock, or has it. */
bool is_held(bool local, __u32 pasid)
{
	if (local)
		return pasid < ARRAY_SIZE(life.local) && life.local[pasid];
	return pasid < NR_PASIDS &&
	       load_shared(shared->claims[pasid]) == my_claim();
}

void verify(struct thread *t)
{
	struct ioasid_query_set set;
	int ret;

	pthread_rwlock_wrlock(&life.books);
	ret = node_query(life.files[NODE_FILE], &set);
	count(VERIFY, ret, errno);
	if (ret)
		wrong(t, "own set: %s", strerror(errno));
	else if (set.used != life.nr_held + life.nr_local || set.pending ||
		 set.local != life.nr_local)
		wrong(t, "used %u, pending %u, local %u, and not %u, 0, %u",
		      set.used, set.pending, set.local,
		      life.nr_held + life.nr_local, life.nr_local);
	pthread_rwlock_unlock(&life.books);
}
