/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long spinlocks are held. An operation is repeated, and each of its holds keeps
 * the shortest time: what interrupted one of them did not come at the same place again.
 */
#ifndef SPEED_HOLDS_H
#define SPEED_HOLDS_H

#include <shim.h>

#define SHIM_HOLDS_MAX	(4 << 20)

struct shim_holds {
	struct shim_self *who;		/* whose are noted; NULL for nobody's */
	unsigned int nr;		/* since who was set */
	unsigned int ns[SHIM_HOLDS_MAX];	/* the shortest of each; ~0 at first */
};

extern struct shim_holds shim_holds;

#endif /* SPEED_HOLDS_H */
