/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_DEVICE_H
#define BENCH_LINUX_DEVICE_H

#include <linux/kernel.h>
#include <shim.h>

static inline struct device *get_device(struct device *dev)
{
	__atomic_fetch_add(&dev->refs, 1, __ATOMIC_RELAXED);
	return dev;
}

/* May sleep, as the last one does. */
static inline void put_device(struct device *dev)
{
	int refs = __atomic_fetch_sub(&dev->refs, 1, __ATOMIC_RELEASE);

	shim_might_sleep();
	SHIM_FAIL_IF(refs <= 0, "puts a device that it had not got");
}

#endif /* BENCH_LINUX_DEVICE_H */
