// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory. Each object is an allocation of its own, for the address sanitizer. It is
 * garbage at first unless it has to be zero, and becomes garbage when freed.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/slab.h>
#include <shim.h>

#define GARBAGE_NEW	0x5a
#define GARBAGE_FREED	0x6b

struct kmem_cache {
	unsigned int size;
	void (*ctor)(void *obj);
};

/* In front of each object, and as aligned as it has to be. */
struct object {
	size_t size;
	size_t unused;
};

long shim_objects;
/* Of the tree's shim, where it prints. */
int kmalloc_verbose;
unsigned int shim_failed;
static unsigned int fail_skip, fail_count;

void shim_fail_after(unsigned int skip, unsigned int count)
{
	fail_skip = skip;
	fail_count = count;
	shim_failed = 0;
}

/* Only with one thread, so that it can be repeated. */
static bool should_fail(void)
{
	if (!fail_count)
		return false;
	if (fail_skip) {
		fail_skip--;
		return false;
	}
	fail_count--;
	shim_failed++;
	return true;
}

static void *alloc(size_t size, gfp_t gfp)
{
	struct object *object;

	if (gfp & __GFP_DIRECT_RECLAIM)
		shim_might_sleep();
	if (should_fail())
		return NULL;
	object = malloc(sizeof(*object) + size);
	if (!object)
		abort();
	object->size = size;
	memset(object + 1, gfp & __GFP_ZERO ? 0 : GARBAGE_NEW, size);
	__atomic_fetch_add(&shim_objects, 1, __ATOMIC_RELAXED);
	return object + 1;
}

void kfree(void *obj)
{
	struct object *object = obj;

	if (!obj)
		return;
	object--;
	memset(obj, GARBAGE_FREED, object->size);
	__atomic_fetch_sub(&shim_objects, 1, __ATOMIC_RELAXED);
	free(object);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return alloc(size, gfp);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *obj))
{
	struct kmem_cache *cache = malloc(sizeof(*cache));

	if (!cache)
		abort();
	cache->size = size;
	cache->ctor = ctor;
	return cache;
}

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   int gfp)
{
	void *obj = alloc(cache->size, gfp);

	if (obj && cache->ctor)
		cache->ctor(obj);
	return obj;
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	kfree(obj);
}
