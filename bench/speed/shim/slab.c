// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory at about the price of the kernel's: objects of one size lie side by side, each
 * thread has two magazines of free ones of each size, and full magazines wait in a
 * depot. kmalloc() rounds up to the kernel's sizes, a cache to 8 bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/slab.h>
#include <shim.h>

#define ARENA_SIZE	(2UL << 30)
#define SLAB_SIZE	(64UL << 10)
#define SLAB_HEAD	64
#define HUGE_SIZE	(2UL << 20)
#define MAGAZINE	62
#define CACHES_MAX	48
#define KMALLOC_MAX	8192

struct magazine {
	struct magazine *next;
	unsigned long nr;
	void *obj[MAGAZINE];
};

struct kmem_cache {
	unsigned int nr;
	unsigned int size;
	void (*ctor)(void *obj);
	unsigned char locked;		/* the rest */
	struct magazine *full;
	struct magazine *empty;
	char *fresh;			/* of the slab that is not yet used up */
	char *end;
} __attribute__((aligned(64)));

/* In front of the objects of a slab, or of a large one that has no cache. */
struct slab {
	struct kmem_cache *cache;
	size_t size;
};

struct stock {
	struct magazine *now;
	struct magazine *other;
	long live;
};

long shim_objects;
/* Of the tree's shim, where it prints. */
int kmalloc_verbose;
unsigned int shim_failed;

static struct kmem_cache caches[CACHES_MAX];
static unsigned int nr_caches;
static struct stock stocks[SHIM_THREADS_MAX][CACHES_MAX]
	__attribute__((aligned(64)));
static long large_bytes;

static const unsigned int sizes[] = {
	8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, KMALLOC_MAX,
};

static struct kmem_cache *kmalloc_caches[KMALLOC_MAX / 8 + 1];
static char *arena, *arena_end;

void shim_fail_after(unsigned int skip, unsigned int count)
{
}

static void *must(void *memory)
{
	if (!memory || memory == MAP_FAILED) {
		perror("memory");
		exit(2);
	}
	return memory;
}

/* Large pages, as those in which the kernel sees its memory. */
static void arena_init(void)
{
	uintptr_t start;

	start = (uintptr_t)must(mmap(NULL, ARENA_SIZE + HUGE_SIZE,
				     PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				     -1, 0));
	start = (start + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1);
	arena = (char *)start;
	arena_end = arena + ARENA_SIZE;
	madvise(arena, ARENA_SIZE, MADV_HUGEPAGE);
}

static struct kmem_cache *cache_new(unsigned int size, void (*ctor)(void *obj))
{
	struct kmem_cache *cache = &caches[nr_caches];

	if (nr_caches == CACHES_MAX)
		abort();
	cache->nr = nr_caches++;
	cache->size = (size + 7) & ~7U;
	cache->ctor = ctor;
	return cache;
}

static void __attribute__((constructor)) slab_init(void)
{
	unsigned int i, units = 0;

	arena_init();
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct kmem_cache *cache = cache_new(sizes[i], NULL);

		while (units <= sizes[i] / 8)
			kmalloc_caches[units++] = cache;
	}
}

void shim_slab_populate(size_t bytes)
{
	memset(arena, 0, bytes);
}

static char *arena_take(size_t bytes)
{
	char *from = __atomic_fetch_add(&arena, bytes, __ATOMIC_RELAXED);

	if (from + bytes > arena_end) {
		fprintf(stderr, "the arena is too small\n");
		exit(2);
	}
	return from;
}

static void cache_lock(struct kmem_cache *cache)
{
	while (__atomic_exchange_n(&cache->locked, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static void cache_unlock(struct kmem_cache *cache)
{
	__atomic_store_n(&cache->locked, 0, __ATOMIC_RELEASE);
}

static void slab_new(struct kmem_cache *cache)
{
	char *slab = arena_take(SLAB_SIZE);

	((struct slab *)slab)->cache = cache;
	cache->fresh = slab + SLAB_HEAD;
	cache->end = slab + SLAB_SIZE;
}

/* As in the kernel the constructor runs once, and who frees leaves it that way. */
static void magazine_fill(struct kmem_cache *cache, struct magazine *magazine)
{
	unsigned int i;
	void *obj;

	for (i = MAGAZINE; i--;) {
		if (cache->end - cache->fresh < cache->size)
			slab_new(cache);
		obj = cache->fresh;
		cache->fresh += cache->size;
		if (cache->ctor)
			cache->ctor(obj);
		magazine->obj[i] = obj;
	}
	magazine->nr = MAGAZINE;
}

static struct magazine *magazine_pop(struct magazine **from)
{
	struct magazine *magazine = *from;

	if (magazine)
		*from = magazine->next;
	return magazine;
}

static void magazine_push(struct magazine **to, struct magazine *magazine)
{
	magazine->next = *to;
	*to = magazine;
}

static struct magazine *magazine_new(struct kmem_cache *cache)
{
	struct magazine *magazine = magazine_pop(&cache->empty);

	return magazine ?: must(calloc(1, sizeof(*magazine)));
}

static struct magazine *stock_more(struct kmem_cache *cache, struct stock *stock)
{
	struct magazine *got = stock->other;

	stock->other = stock->now;
	stock->now = got;
	if (got && got->nr)
		return got;

	cache_lock(cache);
	if (got)
		magazine_push(&cache->empty, got);
	got = magazine_pop(&cache->full);
	if (!got) {
		got = magazine_new(cache);
		magazine_fill(cache, got);
	}
	cache_unlock(cache);
	stock->now = got;
	return got;
}

static struct magazine *stock_less(struct kmem_cache *cache, struct stock *stock)
{
	struct magazine *got = stock->other;

	stock->other = stock->now;
	stock->now = got;
	if (got && got->nr < MAGAZINE)
		return got;

	cache_lock(cache);
	if (got)
		magazine_push(&cache->full, got);
	got = magazine_new(cache);
	cache_unlock(cache);
	stock->now = got;
	return got;
}

static void *cache_alloc(struct kmem_cache *cache)
{
	struct stock *stock = &stocks[shim_cpu()][cache->nr];
	struct magazine *magazine = stock->now;

	if (!magazine || !magazine->nr)
		magazine = stock_more(cache, stock);
	stock->live++;
	return magazine->obj[--magazine->nr];
}

static void cache_free(struct kmem_cache *cache, void *obj)
{
	struct stock *stock = &stocks[shim_cpu()][cache->nr];
	struct magazine *magazine = stock->now;

	if (!magazine || magazine->nr == MAGAZINE)
		magazine = stock_less(cache, stock);
	stock->live--;
	magazine->obj[magazine->nr++] = obj;
}

/* Whoever asks sees to it that nobody allocates meanwhile. */
long shim_slab_bytes(void)
{
	unsigned int cpu, nr;
	long bytes = large_bytes;

	for (cpu = 0; cpu < SHIM_THREADS_MAX; cpu++)
		for (nr = 0; nr < nr_caches; nr++)
			bytes += stocks[cpu][nr].live * (long)caches[nr].size;
	return bytes;
}

static struct slab *slab_of(const void *obj)
{
	return (struct slab *)((uintptr_t)obj & ~(SLAB_SIZE - 1));
}

/* Tables. Nobody makes so many of them that what is freed has to be used again. */
static void *large_alloc(size_t size)
{
	struct slab *slab;

	size = (size + 4095) & ~4095UL;
	slab = (struct slab *)arena_take((SLAB_HEAD + size + SLAB_SIZE - 1) &
					 ~(SLAB_SIZE - 1));
	slab->size = size;
	__atomic_fetch_add(&large_bytes, size, __ATOMIC_RELAXED);
	return (char *)slab + SLAB_HEAD;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	void *obj;

	obj = size > KMALLOC_MAX ? large_alloc(size) :
				   cache_alloc(kmalloc_caches[(size + 7) / 8]);
	if (gfp & __GFP_ZERO)
		memset(obj, 0, size);
	return obj;
}

void kfree(void *obj)
{
	struct slab *slab = slab_of(obj);

	if (!obj)
		return;
	if (slab->cache)
		cache_free(slab->cache, obj);
	else
		__atomic_fetch_sub(&large_bytes, slab->size, __ATOMIC_RELAXED);
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, unsigned int flags,
				     void (*ctor)(void *obj))
{
	return cache_new(size, ctor);
}

void *kmem_cache_alloc_lru(struct kmem_cache *cache, struct list_lru *lru,
			   int gfp)
{
	void *obj = cache_alloc(cache);

	if (gfp & __GFP_ZERO)
		memset(obj, 0, cache->size);
	return obj;
}

void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	cache_free(cache, obj);
}
