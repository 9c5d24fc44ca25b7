// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID pool: how many PASIDs there are, and how many of them are spoken for.
 */
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>

#include "ioasid-private.h"
#include "ioasid-trace.h"

struct ioasid_pool ioasid_system_pool = {
	.xa = XARRAY_INIT(ioasid_system_pool.xa, IOASID_NUMBERS_FLAGS),
	.keepers = LIST_HEAD_INIT(ioasid_system_pool.keepers),
};

/* A space of one number holds no PASID at all: 0 is not one. */
static int ioasid_param_set_capacity(const char *val,
				     const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 2, IOASID_CAPACITY_MAX);
}

static const struct kernel_param_ops ioasid_param_capacity_ops = {
	.set = ioasid_param_set_capacity,
	.get = param_get_uint,
};

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "ioasid."
module_param_cb(capacity, &ioasid_param_capacity_ops, &ioasid_system_pool.cap,
		0444);
MODULE_PARM_DESC(capacity,
		 "Size of the PASID space, 2 to 1048576: caps what the IOMMUs report, and is taken where none reports any.");

static int ioasid_param_set_local(const char *val,
				  const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, IOASID_CAPACITY_MAX);
}

static const struct kernel_param_ops ioasid_param_local_ops = {
	.set = ioasid_param_set_local,
	.get = param_get_uint,
};

module_param_cb(local, &ioasid_param_local_ops, &ioasid_system_pool.local,
		0444);
MODULE_PARM_DESC(local,
		 "PASIDs below this number, 0 to 1048576, are local to a device each, the others are shared by the system (0: all are shared).");

/**
 * ioasid_pool_init - make an empty pool
 * @pool: the pool
 * @cap: as "ioasid.capacity=" for the system: 0 for none
 * @local: as "ioasid.local=" for the system: 0 for none
 */
void ioasid_pool_init(struct ioasid_pool *pool, u32 cap, u32 local)
{
	*pool = (struct ioasid_pool) { .cap = cap, .local = local };
	xa_init_flags(&pool->xa, IOASID_NUMBERS_FLAGS);
	INIT_LIST_HEAD(&pool->keepers);
}

/**
 * ioasid_pool_destroy - give back what an empty pool holds
 * @pool: the pool; all of its sets are gone
 */
void ioasid_pool_destroy(struct ioasid_pool *pool)
{
	WARN_ON(pool->used || pool->claimed);
	xa_destroy(&pool->xa);
}

u32 ioasid_pool_capacity_locked(struct ioasid_pool *pool)
{
	lockdep_assert_held(&pool->xa.xa_lock);

	return min_not_zero(pool->reported, pool->cap);
}

/* The lowest number of a shared PASID: 0 is none, and local ones come before. */
u32 ioasid_pool_shared_min(struct ioasid_pool *pool)
{
	return max(pool->local, IOMMU_FIRST_GLOBAL_PASID);
}

/*
 * How many PASIDs the pool can hold beside the ones that are @spoken for. These
 * may be more than it holds, once an IOMMU that came late has shrunk it: numbers
 * above the new end live on and count, which errs on the side of too few.
 */
static u32 ioasid_pool_beside_locked(struct ioasid_pool *pool, u32 spoken)
{
	u32 capacity = ioasid_pool_capacity_locked(pool);
	u32 total = capacity - min(capacity, ioasid_pool_shared_min(pool));

	return total - min(total, spoken);
}

/* How many numbers are not taken. */
u32 ioasid_pool_left_locked(struct ioasid_pool *pool)
{
	return ioasid_pool_beside_locked(pool, pool->used);
}

/* How many of them are free for everybody, because no guarantee keeps them. */
u32 ioasid_pool_free_locked(struct ioasid_pool *pool)
{
	return ioasid_pool_beside_locked(pool, pool->claimed);
}

/* What there is not enough of may be somebody's spare: then -EAGAIN, under pressure. */
int ioasid_pool_refuse_locked(struct ioasid_pool *pool)
{
	lockdep_assert_held(&pool->xa.xa_lock);

	return pool->nr_keepers ? -EAGAIN : -ENOSPC;
}

void ioasid_pool_install_capacity(struct ioasid_pool *pool, u32 nr)
{
	unsigned long flags;
	bool shrunk;
	u32 old;

	if (nr < 2)
		return;

	ioasid_pool_press(pool);
	xa_lock_irqsave(&pool->xa, flags);
	old = ioasid_pool_capacity_locked(pool);
	pool->reported = min_not_zero(pool->reported,
				      min(nr, IOASID_CAPACITY_MAX));
	shrunk = ioasid_pool_capacity_locked(pool) < old && pool->used;
	xa_unlock_irqrestore(&pool->xa, flags);

	/* Else for ever: a PASID above the new end must not be kept when it is freed. */
	if (!shrunk)
		ioasid_pool_relax(pool);
}

u32 ioasid_pool_capacity(struct ioasid_pool *pool)
{
	unsigned long flags;
	u32 capacity;

	xa_lock_irqsave(&pool->xa, flags);
	capacity = ioasid_pool_capacity_locked(pool);
	xa_unlock_irqrestore(&pool->xa, flags);
	return capacity;
}

void ioasid_pool_info(struct ioasid_pool *pool, struct ioasid_system_info *info)
{
	unsigned long flags;

	ioasid_pool_press(pool);
	xa_lock_irqsave(&pool->xa, flags);
	*info = (struct ioasid_system_info) {
		.capacity = ioasid_pool_capacity_locked(pool),
		.shared_min = ioasid_pool_shared_min(pool),
		.used = pool->used,
		.reserved = pool->claimed - pool->used,
		.free = ioasid_pool_free_locked(pool),
	};
	xa_unlock_irqrestore(&pool->xa, flags);
	ioasid_pool_relax(pool);
}

/**
 * ioasid_install_capacity - report how large a PASID space an IOMMU has
 * @nr: numbers in the space, PASID 0 included, as in &iommu_device.max_pasids.
 *      VT-d derives it from ECAP.PSS, AMD from EFR.PASmax, SMMUv3 from
 *      IDR1.SSIDSIZE. 0 and 1 mean that this IOMMU reports none.
 *
 * The smallest report counts, because a PASID must be valid on every IOMMU. A
 * smaller one that comes late lowers the capacity for future allocations and
 * leaves every PASID alone that was handed out before.
 *
 * Context: Any that may take a spinlock_t. Takes and releases the pool's lock, and
 * those of sets.
 */
void ioasid_install_capacity(u32 nr)
{
	ioasid_pool_install_capacity(&ioasid_system_pool, nr);
	ioasid_local_capacity_changed();
	trace_ioasid_capacity(ioasid_capacity(),
			      ioasid_pool_shared_min(&ioasid_system_pool));
}

/**
 * ioasid_capacity - size of the system's PASID space
 *
 * Context: Any that may take a spinlock_t. Takes and releases the pool's lock.
 * Return: The numbers in the space, 2 to %IOASID_CAPACITY_MAX, of which PASID 0
 * is not handed out; 0 where the system has no PASIDs.
 */
u32 ioasid_capacity(void)
{
	return ioasid_pool_capacity(&ioasid_system_pool);
}
EXPORT_SYMBOL_GPL(ioasid_capacity);

/**
 * ioasid_get_system_info - look at the books of the system
 * @info: filled in, all fields of the same moment
 *
 * Context: Any that may take a spinlock_t. Takes and releases the pool's lock, and
 * those of sets.
 */
void ioasid_get_system_info(struct ioasid_system_info *info)
{
	ioasid_pool_info(&ioasid_system_pool, info);
}
EXPORT_SYMBOL_GPL(ioasid_get_system_info);
