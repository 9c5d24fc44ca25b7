// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID bindings: the private ID under which a set knows a PASID.
 *
 * A VM's guest has its own numbers, and two guests may use the same one. So each
 * set maps private IDs to PASIDs. One private ID stands for one PASID, one PASID has
 * at most one private ID, and neither is known to any other set.
 *
 * Developer's notes: the map holds numbers, not objects, because looking up a
 * private ID is what is done for each PASID that a guest sends on its way. Who needs
 * more takes a reference, and that touches the object anyway. Only a local PASID,
 * whose number says nothing without its device, is there as an object.
 */
#include <linux/export.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "ioasid-private.h"
#include "ioasid-trace.h"

static struct kmem_cache *ioasid_binding_cache __ro_after_init;

void __init ioasid_binding_init(void)
{
	ioasid_binding_cache = KMEM_CACHE(ioasid_binding, SLAB_PANIC);
}

struct ioasid_binding *ioasid_binding_new(gfp_t gfp)
{
	return kmem_cache_alloc(ioasid_binding_cache, gfp);
}

void ioasid_binding_free(struct ioasid_binding *binding)
{
	kmem_cache_free(ioasid_binding_cache, binding);
}

/* How a PASID is kept in the map, and back. */
static void *ioasid_to_entry(struct ioasid *pasid)
{
	return pasid->local ? pasid : xa_mk_value(pasid->id);
}

static ioasid_t ioasid_entry_id(void *entry)
{
	if (xa_is_value(entry))
		return xa_to_value(entry);
	return ((struct ioasid *)entry)->id;
}

static const struct device *ioasid_entry_dev(void *entry)
{
	return xa_is_value(entry) ? NULL : ((struct ioasid *)entry)->local->dev;
}

/* The caller is under RCU, which keeps the result. */
static struct ioasid *ioasid_entry_pasid(struct ioasid_set *set, void *entry)
{
	if (xa_is_value(entry))
		return xa_load(&set->pool->xa, xa_to_value(entry));
	return entry;
}

/*
 * Makes room for a private ID, which nobody sees before ioasid_bind_locked() fills
 * it. After that nothing can fail.
 */
int ioasid_reserve_private_locked(struct xa_state *xas, u32 private)
{
	xas_set(xas, private);
	if (xas_load(xas))
		return -EEXIST;
	if (ioasid_should_fail())
		return -ENOMEM;
	xas_store(xas, XA_ZERO_ENTRY);
	return xas_error(xas);
}

void ioasid_cancel_private_locked(struct xa_state *xas)
{
	xas_store(xas, NULL);
}

/* Returns true if the caller has to call ioasid_tell(), after unlocking. */
bool ioasid_bind_locked(struct xa_state *xas, struct ioasid_binding *binding,
			struct ioasid *pasid)
{
	struct ioasid_set *set = pasid->set;

	binding->pasid = pasid;
	binding->private = xas->xa_index;
	pasid->binding = binding;
	xas_store(xas, ioasid_to_entry(pasid));
	ioasid_trace_pasid(bind, pasid, binding->private);
	if (!ioasid_telling_locked(set))
		return false;
	return ioasid_note_locked(set, &binding->bound, IOASID_EVENT_BIND);
}

/* Takes the private ID from a PASID that has one; as ioasid_bind_locked(). */
bool ioasid_unbind_locked(struct ioasid *pasid)
{
	struct ioasid_binding *binding = pasid->binding;
	struct ioasid_set *set = pasid->set;

	lockdep_assert_held(&set->privates.xa_lock);

	ioasid_trace_pasid(unbind, pasid, binding->private);
	__xa_erase(&set->privates, binding->private);
	pasid->binding = NULL;
	if (ioasid_telling_locked(set))
		return ioasid_note_locked(set, &binding->unbound,
					  IOASID_EVENT_UNBIND);
	ioasid_binding_free(binding);
	return false;
}

static int ioasid_attach_locked(struct xa_state *xas,
				struct ioasid_binding *binding,
				struct ioasid *pasid, u32 private, bool *tell)
{
	int err;

	if (ioasid_freed(pasid))
		return -ENOENT;
	if (pasid->binding)
		return -EEXIST;
	err = ioasid_reserve_private_locked(xas, private);
	if (!err)
		*tell = ioasid_bind_locked(xas, binding, pasid);
	return err;
}

/* Returns -ENOMEM, with @xas saying so, if another try may have success. */
static int ioasid_try_attach(struct xa_state *xas,
			     struct ioasid_binding *binding,
			     struct ioasid_set *set, struct device *dev,
			     ioasid_t id, u32 private)
{
	struct ioasid *pasid;
	unsigned long flags;
	bool tell = false;
	int err;

	rcu_read_lock();
	pasid = ioasid_lookup(set, dev, id);
	err = PTR_ERR_OR_ZERO(pasid);
	if (err)
		goto out_unlock;

	ioasid_set_lock(set, &flags);
	err = ioasid_attach_locked(xas, binding, pasid, private, &tell);
	ioasid_set_unlock(set, flags);
	if (tell)
		ioasid_tell(set);
out_unlock:
	rcu_read_unlock();
	return err;
}

/**
 * ioasid_attach_private - give a PASID a private ID
 * @set: the set that owns it
 * @dev: the device that it is local to, NULL for a shared one
 * @id: its number
 * @private: the private ID, 0 to %IOASID_CAPACITY_MAX - 1
 * @gfp: memory allocation flags
 *
 * Context: Any context that @gfp allows. Takes and releases the set's lock. May
 * sleep if the @gfp flags permit.
 * Return: 0, or an error with nothing changed:
 *
 * * -EINVAL: @private is out of range
 * * -EEXIST: the PASID has a private ID, or @private stands for another PASID
 * * -ENOENT: there is no such PASID, or it was freed
 * * -EACCES: another set owns it
 * * -ENOMEM: no memory
 */
int ioasid_attach_private(struct ioasid_set *set, struct device *dev,
			  ioasid_t id, u32 private, gfp_t gfp)
{
	XA_STATE(xas, &set->privates, 0);
	struct ioasid_binding *binding;
	int err;

	if (private >= IOASID_CAPACITY_MAX)
		return -EINVAL;

	binding = ioasid_binding_new(gfp);
	if (!binding)
		return -ENOMEM;
	do {
		err = ioasid_try_attach(&xas, binding, set, dev, id, private);
	} while (xas_nomem(&xas, gfp));
	if (err) {
		ioasid_trace(bind, set, id, private, !!dev, err);
		ioasid_binding_free(binding);
	}
	return err;
}

/**
 * ioasid_detach_private - end a private ID
 * @set: the set
 * @private: the private ID
 *
 * The PASID itself stays. It may get another private ID at once, and so may the
 * private ID stand for another PASID.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the set's lock.
 * Return: 0, or -ENOENT if @private stands for nothing.
 */
int ioasid_detach_private(struct ioasid_set *set, u32 private)
{
	struct ioasid *pasid;
	unsigned long flags;
	bool tell = false;
	void *entry;

	rcu_read_lock();
	ioasid_set_lock(set, &flags);
	entry = xa_load(&set->privates, private);
	if (entry) {
		/* A bound PASID is not freed, and the lock keeps it so. */
		pasid = ioasid_entry_pasid(set, entry);
		tell = ioasid_unbind_locked(pasid);
	}
	ioasid_set_unlock(set, flags);
	if (tell)
		ioasid_tell(set);
	rcu_read_unlock();
	if (!entry)
		ioasid_trace(unbind, set, IOMMU_PASID_INVALID, private, false,
			     -ENOENT);
	return entry ? 0 : -ENOENT;
}
EXPORT_SYMBOL_GPL(ioasid_detach_private);

/* What is no number: nothing, or a local PASID. */
static int ioasid_find_private_slow(struct ioasid_set *set, u32 private)
{
	void *entry;
	int id;

	rcu_read_lock();
	entry = xa_load(&set->privates, private);
	id = entry ? ioasid_entry_id(entry) : -ENOENT;
	rcu_read_unlock();
	return id;
}

/**
 * ioasid_find_private - look up the PASID behind a private ID
 * @set: the set
 * @private: the private ID
 *
 * Nothing keeps the answer from being out of date when it comes; a caller who acts
 * on the PASID takes a reference, see ioasid_hold_private().
 *
 * Context: Any context. Takes no lock.
 * Return: The number of the PASID, or -ENOENT if @private stands for nothing.
 */
int ioasid_find_private(struct ioasid_set *set, u32 private)
{
	void *entry = xa_load(&set->privates, private);

	/* A number that was read needs no protection. */
	if (likely(xa_is_value(entry)))
		return xa_to_value(entry);
	return ioasid_find_private_slow(set, private);
}

/**
 * ioasid_hold_private - keep the PASID behind a private ID from being recycled
 * @set: the set
 * @private: the private ID
 * @id: where the number goes, on success only
 *
 * Context: Any context. Takes no lock.
 * Return: A reference, to be given back with ioasid_release(); or ERR_PTR(-ENOENT)
 * if @private stands for nothing.
 */
struct ioasid *ioasid_hold_private(struct ioasid_set *set, u32 private,
				   ioasid_t *id)
{
	struct ioasid *pasid = NULL;
	void *entry;

	rcu_read_lock();
	/*
	 * A PASID loses its private ID before it is freed. So who comes too late
	 * for it, or held what took its number, finds the map changed.
	 */
	while ((entry = xa_load(&set->privates, private))) {
		pasid = ioasid_entry_pasid(set, entry);
		if (!pasid || ioasid_hold_pasid(pasid))
			continue;
		if (xa_load(&set->privates, private) == entry)
			break;
		ioasid_release(pasid);
	}
	rcu_read_unlock();

	if (!entry)
		return ERR_PTR(-ENOENT);
	*id = pasid->id;
	return pasid;
}

/**
 * ioasid_next_private - list private IDs in their order
 * @set: the set
 * @entry: &ioasid_private.private is the lowest private ID to look for; on success
 *         the next one that stands for something, and for what
 *
 * The set may change between two calls. Whatever is attached all the while is
 * listed, and nothing is listed twice.
 *
 * Context: Any context. Takes no lock.
 * Return: 0, or -ENOENT if there is none.
 */
int ioasid_next_private(struct ioasid_set *set, struct ioasid_private *entry)
{
	unsigned long index = entry->private;
	int err = -ENOENT;
	void *found;

	rcu_read_lock();
	found = xa_find(&set->privates, &index, IOASID_CAPACITY_MAX - 1,
			XA_PRESENT);
	if (found) {
		entry->private = index;
		entry->id = ioasid_entry_id(found);
		entry->dev = ioasid_entry_dev(found);
		err = 0;
	}
	rcu_read_unlock();
	return err;
}
EXPORT_SYMBOL_GPL(ioasid_next_private);
