// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID allocation: how a PASID comes to be.
 *
 * Rules:
 *
 * - An allocation happens as a whole under the locks of the set and the pool, or
 *   not at all: quota, number, lookup and the set's list change in one step.
 * - Nothing sleeps under the locks: what a PASID needs is had before them, nodes of a
 *   tree between two tries.
 * - A spare of the set is taken first, under the set's lock alone.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "ioasid-private.h"
#include "ioasid-trace.h"

static struct kmem_cache *ioasid_cache __ro_after_init;

/**
 * struct ioasid_parts - what a PASID needs beside a number
 * @local:   see struct ioasid
 * @binding: likewise
 * @cg:      likewise
 *
 * Had before any lock is taken.
 */
struct ioasid_parts {
	struct ioasid_local *local;
	struct ioasid_binding *binding;
	struct misc_cg *cg;
};

/*
 * Puts @pasid at the lowest free number in [min, max], which may be empty. The
 * caller has the lock of the numbers.
 */
static int ioasid_store_locked(struct xa_state *xas, struct ioasid *pasid,
			       ioasid_t min, ioasid_t max)
{
	xas_set(xas, min);
	xas_find_marked(xas, max, XA_FREE_MARK);
	/* So the xarray says that it went past max: every number is taken. */
	if (xas->xa_node == XAS_RESTART)
		return -ENOSPC;
	if (ioasid_should_fail())
		return -ENOMEM;

	pasid->id = xas->xa_index;
	xas_store(xas, pasid);
	xas_clear_mark(xas, XA_FREE_MARK);
	return xas_error(xas);
}

/* PASID 0 marks DMA without PASID. There is a capacity by now. */
static int ioasid_number_locked(struct xa_state *xas, struct ioasid *pasid,
				ioasid_t min, ioasid_t max)
{
	struct ioasid_pool *pool = pasid->set->pool;
	u32 shared_min = ioasid_pool_shared_min(pool);
	u32 capacity = ioasid_pool_capacity_locked(pool);
	int err;

	if (!pasid->local) {
		err = ioasid_store_locked(xas, pasid, max(min, shared_min),
					  min(max, capacity - 1));
		return err == -ENOSPC ? ioasid_pool_refuse_locked(pool) : err;
	}

	xa_lock(&pasid->local->xa);
	err = ioasid_store_locked(xas, pasid,
				  max(min, IOMMU_FIRST_GLOBAL_PASID),
				  min3(max, shared_min - 1, capacity - 1));
	xa_unlock(&pasid->local->xa);
	return err;
}

/* All at once: from here on others find the PASID. Nothing can fail. */
static bool ioasid_publish_locked(struct xa_state *privates,
				  struct ioasid *pasid,
				  const struct ioasid_request *req,
				  const struct ioasid_parts *parts)
{
	int users = req->flags & IOASID_REQUEST_GET ? 1 : 0;
	struct ioasid_set *set = pasid->set;
	bool tell = false;

	pasid->cg = parts->cg;
	pasid->made.side = set->side;
	rcu_assign_pointer(pasid->data, req->data);
	/* Who finds it alive finds its data. */
	atomic_set_release(&pasid->life, users);
	ioasid_list_locked(pasid);
	ioasid_set_use_locked(set);
	ioasid_trace_pasid(alloc, pasid, IOASID_PRIVATE_NONE);
	if (users)
		ioasid_trace_pasid(get, pasid, IOASID_PRIVATE_NONE);
	if (ioasid_telling_locked(set))
		tell = ioasid_note_locked(set, &pasid->made, IOASID_EVENT_ALLOC);
	if (parts->binding)
		tell |= ioasid_bind_locked(privates, parts->binding, pasid);
	return tell;
}

static int ioasid_insert_locked(struct xa_state *numbers,
				struct xa_state *privates, struct ioasid *pasid,
				const struct ioasid_request *req,
				const struct ioasid_parts *parts)
{
	int err;

	err = ioasid_set_may_alloc_locked(pasid->set, !parts->local);
	if (err)
		return err;

	if (parts->binding) {
		err = ioasid_reserve_private_locked(privates, req->private);
		if (err)
			return err;
	}

	err = ioasid_number_locked(numbers, pasid, req->min, req->max);
	if (err && parts->binding)
		ioasid_cancel_private_locked(privates);
	if (!err && !parts->local)
		ioasid_set_take_locked(pasid->set);
	return err;
}

/* -EAGAIN if the pool has to be pressed first. */
static int ioasid_try_insert(struct ioasid *pasid,
			     const struct ioasid_request *req,
			     const struct ioasid_parts *parts, gfp_t gfp,
			     ioasid_t *id)
{
	struct ioasid_set *set = pasid->set;
	XA_STATE(numbers, &set->pool->xa, 0);
	XA_STATE(privates, &set->privates, 0);
	unsigned long flags;
	bool tell = false;
	int err;

	if (parts->local)
		numbers.xa = &parts->local->xa;
	do {
		ioasid_books_lock(set, &flags);
		err = ioasid_insert_locked(&numbers, &privates, pasid, req,
					   parts);
		if (!err) {
			*id = pasid->id;
			tell = ioasid_publish_locked(&privates, pasid, req,
						     parts);
		}
		ioasid_books_unlock(set, flags);
	} while (xas_nomem(&numbers, gfp) || xas_nomem(&privates, gfp));
	if (tell)
		ioasid_tell(set);
	return err;
}

/* A PASID that did not exist. It is FREE, so that nobody finds it too early. */
static int ioasid_make(struct ioasid_set *set, const struct ioasid_request *req,
		       const struct ioasid_parts *parts, gfp_t gfp,
		       ioasid_t *id)
{
	struct ioasid *pasid = kmem_cache_alloc(ioasid_cache, gfp);
	int err;

	if (!pasid)
		return -ENOMEM;
	pasid->set = set;
	pasid->local = parts->local;
	pasid->binding = NULL;
	pasid->made.listed = false;
	RCU_INIT_POINTER(pasid->data, NULL);
	atomic_set(&pasid->life, IOASID_FREED);

	err = ioasid_try_insert(pasid, req, parts, gfp, id);
	if (err == -EAGAIN) {
		ioasid_pool_press(set->pool);
		err = ioasid_try_insert(pasid, req, parts, gfp, id);
		ioasid_pool_relax(set->pool);
	}
	if (err)
		kmem_cache_free(ioasid_cache, pasid);
	return err;
}

/*
 * A spare that will do, with the private ID reserved if one is wanted; or NULL. The
 * limit of a set that was freed is 0.
 */
static struct ioasid *ioasid_spare_locked(struct ioasid_set *set,
					  struct xa_state *privates,
					  const struct ioasid_request *req,
					  const struct ioasid_parts *parts)
{
	struct ioasid *pasid;

	if (parts->local || set->used >= set->limit)
		return NULL;
	pasid = ioasid_take_spare_locked(set, req->min, req->max);
	if (!pasid || !parts->binding ||
	    !ioasid_reserve_private_locked(privates, req->private))
		return pasid;
	ioasid_put_spare_locked(pasid);
	return NULL;
}

/* Returns false, with nothing changed, if there is no spare or anything is amiss. */
static bool ioasid_reuse(struct ioasid_set *set, const struct ioasid_request *req,
			 const struct ioasid_parts *parts, ioasid_t *id)
{
	XA_STATE(privates, &set->privates, 0);
	struct ioasid *pasid;
	unsigned long flags;
	bool tell = false;

	ioasid_set_lock(set, &flags);
	pasid = ioasid_spare_locked(set, &privates, req, parts);
	if (pasid) {
		*id = pasid->id;
		tell = ioasid_publish_locked(&privates, pasid, req, parts);
	}
	ioasid_set_unlock(set, flags);
	if (tell)
		ioasid_tell(set);
	return pasid;
}

static int ioasid_check_request(const struct ioasid_request *req)
{
	if (req->flags & ~(IOASID_REQUEST_PRIVATE | IOASID_REQUEST_GET |
			   IOASID_REQUEST_CHARGE))
		return -EINVAL;
	if (req->min > req->max)
		return -EINVAL;
	if (req->flags & IOASID_REQUEST_PRIVATE &&
	    req->private >= IOASID_CAPACITY_MAX)
		return -EINVAL;
	return 0;
}

static int ioasid_try_may_alloc(struct ioasid_set *set, bool shared)
{
	unsigned long flags;
	int err;

	ioasid_books_lock(set, &flags);
	err = ioasid_set_may_alloc_locked(set, shared);
	ioasid_books_unlock(set, flags);
	return err;
}

static int ioasid_may_alloc(struct ioasid_set *set, bool shared)
{
	int err = ioasid_try_may_alloc(set, shared);

	if (err == -EAGAIN) {
		ioasid_pool_press(set->pool);
		err = ioasid_try_may_alloc(set, shared);
		ioasid_pool_relax(set->pool);
	}
	return err;
}

/* So many looks at it take a moment, which is more than whoever changes it needs. */
#define IOASID_CHARGE_TRIES	1000

/*
 * Charges are no part of the books: they come before a PASID and go after it. So the
 * misc controller may find its capacity used up for a moment while there is a number,
 * and its refusal is a limit of a cgroup only if one is reached.
 *
 * A cgroup shall not see what is refused for other reasons, so these come first.
 */
static int ioasid_try_charge(struct ioasid_set *set, struct ioasid_parts *parts,
			     gfp_t gfp)
{
	int err, tries = IOASID_CHARGE_TRIES;

	while (tries--) {
		err = ioasid_may_alloc(set, !parts->local);
		if (!err)
			err = ioasid_charge(&parts->cg);
		if (err != -EAGAIN && (err != -EBUSY || !ioasid_charge_room()))
			return err;
		if (gfpflags_allow_blocking(gfp))
			cond_resched();
		else
			cpu_relax();
	}
	return -ENOSPC;
}

static int ioasid_get_parts(struct ioasid_set *set,
			    const struct ioasid_request *req, gfp_t gfp,
			    struct ioasid_parts *parts)
{
	if (req->dev) {
		parts->local = ioasid_local_get(req->dev, gfp);
		if (!parts->local)
			return -ENOMEM;
	}
	if (req->flags & IOASID_REQUEST_PRIVATE) {
		parts->binding = ioasid_binding_new(gfp);
		if (!parts->binding)
			return -ENOMEM;
	}
	if (req->flags & IOASID_REQUEST_CHARGE)
		return ioasid_try_charge(set, parts, gfp);
	return 0;
}

static void ioasid_put_parts(struct ioasid_parts *parts)
{
	if (parts->binding)
		ioasid_binding_free(parts->binding);
	ioasid_uncharge(parts->cg);
	ioasid_local_put(parts->local);
}

static int ioasid_try_request(struct ioasid_set *set,
			      const struct ioasid_request *req,
			      gfp_t gfp, ioasid_t *id)
{
	struct ioasid_parts parts = { };
	int err;

	err = ioasid_check_request(req);
	if (err)
		return err;

	err = ioasid_get_parts(set, req, gfp, &parts);
	if (!err && !ioasid_reuse(set, req, &parts, id))
		err = ioasid_make(set, req, &parts, gfp, id);
	if (err)
		ioasid_put_parts(&parts);
	return err;
}

/**
 * ioasid_alloc_request - allocate a PASID into a set
 * @set: the set
 * @req: what is wanted
 * @gfp: memory allocation flags
 * @id: where the number goes, on success only. The PASID can be found, and freed,
 *      by others from the moment it exists; with %IOASID_REQUEST_GET its number is
 *      not given to another PASID before the caller's ioasid_put().
 *
 * PASID 0 is never handed out. The numbers below "ioasid.local=" are for local
 * PASIDs only, the others for shared ones.
 *
 * Context: Any context that @gfp allows. Takes and releases the locks of the set
 * and its pool. May sleep if the @gfp flags permit.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL:     the range is upside down, flags are unknown, or the private ID is
 *                not below %IOASID_CAPACITY_MAX
 * * -EOPNOTSUPP: the system has no PASIDs
 * * -EDQUOT:     the limit of the set is reached
 * * -EEXIST:     the private ID stands for another PASID
 * * -ENOSPC:     no number of the range is free, or all that is free is kept for
 *                the guarantees of other sets
 * * -EBUSY:      a limit of the cgroup of current is reached
 * * -ENOMEM:     no memory
 * * -ENOENT:     the set was freed
 */
int ioasid_alloc_request(struct ioasid_set *set,
			 const struct ioasid_request *req,
			 gfp_t gfp, ioasid_t *id)
{
	int err = ioasid_try_request(set, req, gfp, id);

	if (err)
		ioasid_trace(alloc, set, IOMMU_PASID_INVALID,
			     req->flags & IOASID_REQUEST_PRIVATE ?
				     req->private : IOASID_PRIVATE_NONE,
			     !!req->dev, err);
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_alloc_request);

/**
 * ioasid_alloc - allocate a shared PASID into a set
 * @set: the set
 * @min: the lowest number that will do; 0 is never handed out
 * @max: the highest number that will do; may be beyond the capacity
 * @data: private data that ioasid_find() returns; may be NULL
 * @gfp: memory allocation flags
 * @id: where the number goes, on success only. The PASID can be found, and freed,
 *      by others from the moment it exists.
 *
 * Context: Any context that @gfp allows. Takes and releases the locks of the set
 * and its pool. May sleep if the @gfp flags permit.
 * Return: 0, or as ioasid_alloc_request() with nothing changed: -EINVAL, -EOPNOTSUPP,
 * -EDQUOT, -ENOSPC, -ENOMEM, -ENOENT.
 */
int ioasid_alloc(struct ioasid_set *set, ioasid_t min, ioasid_t max,
		 void *data, gfp_t gfp, ioasid_t *id)
{
	const struct ioasid_request req = {
		.min = min,
		.max = max,
		.data = data,
	};

	return ioasid_alloc_request(set, &req, gfp, id);
}

void __init ioasid_alloc_init(void)
{
	ioasid_cache = KMEM_CACHE(ioasid, SLAB_PANIC);
}
