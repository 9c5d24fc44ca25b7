// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOASID charges: a PASID counts in the cgroup of the task that asked for it.
 *
 * The resource is "ioasid" of the misc controller. A PASID keeps the cgroup that was
 * charged, and whoever reclaims it returns the charge to just that one, wherever
 * the task has gone since and whether the cgroup was removed.
 *
 * A charge comes before the PASID and goes after it, so that what a cgroup is
 * charged for is never less than what it has.
 */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/misc_cgroup.h>

#include "ioasid-private.h"

/* What the misc controller was told, which it does not tell. */
static u64 ioasid_misc_capacity;

static u32 ioasid_misc_room(struct misc_cg *cg)
{
	struct misc_res *res = &cg->res[MISC_CG_RES_IOASID];
	u64 max = READ_ONCE(res->max);
	u64 usage = atomic64_read(&res->usage);

	return min_t(u64, max - min(max, usage), U32_MAX);
}

/* The least that @cg and those that it is in have. */
static u32 ioasid_misc_least_room(struct misc_cg *cg)
{
	u32 room = U32_MAX;

	for (; cg; cg = css_misc(cg->css.parent))
		room = min(room, ioasid_misc_room(cg));
	return room;
}

/**
 * ioasid_charge_room - how many more PASIDs could current's cgroup be charged for?
 *
 * Context: Process context.
 * Return: The number, %U32_MAX if there is no limit.
 */
u32 ioasid_charge_room(void)
{
	struct misc_cg *cg = get_current_misc_cg();
	u32 room = ioasid_misc_least_room(cg);

	put_misc_cg(cg);
	return room;
}

/*
 * The misc controller would refuse for lack of capacity, and count that as an event of
 * a cgroup that is nowhere near its limit. It is right if the limit is reached as well.
 * Two who take the last charge at once may still be counted as one such event.
 */
static bool ioasid_charges_are_ahead(struct misc_cg *cg)
{
	u64 capacity = READ_ONCE(ioasid_misc_capacity);
	struct misc_cg *root = cg;

	while (css_misc(root->css.parent))
		root = css_misc(root->css.parent);
	return atomic64_read(&root->res[MISC_CG_RES_IOASID].usage) >= capacity &&
		(!capacity || ioasid_misc_least_room(cg));
}

/**
 * ioasid_charge - charge the cgroup of current for a PASID
 * @charged: where the cgroup goes, on success only; with a reference
 *
 * Context: Process context.
 * Return: 0; -EBUSY if the cgroup, or one that it is in, has reached its limit; or
 * -EAGAIN if there is a charge for each PASID that the system has, though one of them
 * may be free.
 */
int ioasid_charge(struct misc_cg **charged)
{
	struct misc_cg *cg = get_current_misc_cg();
	int err = -EAGAIN;

	if (!ioasid_charges_are_ahead(cg))
		err = misc_cg_try_charge(MISC_CG_RES_IOASID, cg, 1);
	if (err) {
		put_misc_cg(cg);
		return err;
	}
	*charged = cg;
	return 0;
}

/**
 * ioasid_uncharge - return the charge for a PASID
 * @cg: the cgroup that was charged; nothing happens for NULL
 *
 * Nobody knows the PASID any more.
 *
 * Context: Any context.
 */
void ioasid_uncharge(struct misc_cg *cg)
{
	if (!cg)
		return;
	misc_cg_uncharge(MISC_CG_RES_IOASID, cg, 1);
	put_misc_cg(cg);
}

/**
 * ioasid_set_charge_capacity - say how many PASIDs there may be
 * @nr: shared ones, and for each device the local ones
 *
 * Context: Any context.
 */
void ioasid_set_charge_capacity(u64 nr)
{
	WRITE_ONCE(ioasid_misc_capacity, nr);
	misc_cg_set_capacity(MISC_CG_RES_IOASID, nr);
}
