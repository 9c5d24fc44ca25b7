/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shim of bench/shim where time counts: the checks of who sleeps where, and the
 * places at which others get a turn, cost more than what is measured.
 */
#ifndef SPEED_SHIM_H
#define SPEED_SHIM_H

#include_next <shim.h>

#define shim_perturb()		do { } while (0)
#define shim_is_atomic()	false
#undef shim_might_sleep
#define shim_might_sleep()	do { } while (0)

extern struct shim_self shim_selves[SHIM_THREADS_MAX];

/* Stands for the CPU, where the kernel has something for each of them. */
static inline unsigned int shim_cpu(void)
{
	return shim_self() - shim_selves;
}

/* Bytes of all objects that are allocated; what waits for RCU counts. */
long shim_slab_bytes(void);
/* Has that much memory ready, so that no page is faulted in while time counts. */
void shim_slab_populate(size_t bytes);

#endif /* SPEED_SHIM_H */
