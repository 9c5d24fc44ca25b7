/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LINUX_SLAB_H
#define BENCH_LINUX_SLAB_H

#include_next <linux/slab.h>
#include <linux/rcupdate.h>

#define KMEM_CACHE(name, flags)	\
	kmem_cache_create(#name, sizeof(struct name), 0, flags, NULL)

#define kzalloc_obj(obj, gfp)	\
	((typeof(obj) *)kzalloc(sizeof(obj), gfp))

#endif /* BENCH_LINUX_SLAB_H */
