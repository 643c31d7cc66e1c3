/*
 * pool.c: slabs of equal objects; a slot and a generation tell a live object from a dead one.
 *
 * A pool belongs to one worker and is used on its thread alone.  It never gives a slab back before
 * it is freed itself, and does not know what its objects own.
 */
#include "haftp/base/pool.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(WITH_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define ALIGNMENT _Alignof(max_align_t)

/* Stands before every object.  The generation grows when the object is taken and when it is put
 * back, so it is odd while the object lives and an old id never matches again. */
struct header {
    struct header *next_free;
    uint32_t slot, generation;
};
_Static_assert(sizeof(struct header) % ALIGNMENT == 0, "objects would lose their alignment");

struct hf_pool {
    size_t object_bytes, stride;
    unsigned per_slab, n_slabs, used;
    char **slabs;
    struct header *free;
};

static void *object_of(struct header *header)
{
    return header + 1;
}

static struct header *header_at(const struct hf_pool *pool, uint32_t slot)
{
    char *slab = pool->slabs[slot / pool->per_slab];
    return (struct header *)(void *)(slab + (slot % pool->per_slab) * pool->stride);
}

static struct header *header_of(const struct hf_pool *pool, const void *object)
{
    struct header *header = (struct header *)(uintptr_t)object - 1;
    HF_ASSERT(header->slot / pool->per_slab < pool->n_slabs &&
              header_at(pool, header->slot) == header && header->generation % 2 == 1);
    return header;
}

static bool add_slab(struct hf_pool *pool)
{
    char **slabs = realloc(pool->slabs, (pool->n_slabs + 1) * sizeof *slabs);
    if (!slabs)
        return false;
    pool->slabs = slabs;
    char *slab = malloc(pool->per_slab * pool->stride);
    if (!slab)
        return false;
    pool->slabs[pool->n_slabs] = slab;
    uint32_t first = pool->n_slabs * pool->per_slab;
    pool->n_slabs++;
    /* From the last to the first, so that objects are handed out in order of address. */
    for (uint32_t i = pool->per_slab; i-- > 0;) {
        struct header *header = header_at(pool, first + i);
        *header = (struct header){.next_free = pool->free, .slot = first + i};
        pool->free = header;
        ASAN_POISON_MEMORY_REGION(object_of(header), pool->object_bytes);
    }
    return true;
}

struct hf_pool *hf_pool_new(size_t object_bytes, unsigned per_slab)
{
    HF_ASSERT(object_bytes > 0 && per_slab > 0);
    struct hf_pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return NULL;
    pool->object_bytes = (object_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    pool->stride = sizeof(struct header) + pool->object_bytes;
    pool->per_slab = per_slab;
    return pool;
}

void hf_pool_free(struct hf_pool *pool)
{
    if (!pool)
        return;
    HF_ASSERT(pool->used == 0);
    for (unsigned i = 0; i < pool->n_slabs; i++) {
        ASAN_UNPOISON_MEMORY_REGION(pool->slabs[i], pool->per_slab * pool->stride);
        free(pool->slabs[i]);
    }
    free(pool->slabs);
    free(pool);
}

void *hf_pool_get(struct hf_pool *pool)
{
    if (!pool->free && !add_slab(pool))
        return NULL;
    struct header *header = pool->free;
    pool->free = header->next_free;
    header->generation++;
    pool->used++;
    ASAN_UNPOISON_MEMORY_REGION(object_of(header), pool->object_bytes);
    return memset(object_of(header), 0, pool->object_bytes);
}

void hf_pool_put(struct hf_pool *pool, void *object)
{
    struct header *header = header_of(pool, object);
    header->generation++;
    header->next_free = pool->free;
    pool->free = header;
    pool->used--;
    ASAN_POISON_MEMORY_REGION(object, pool->object_bytes);
}

hf_id hf_pool_id(const struct hf_pool *pool, const void *object)
{
    const struct header *header = header_of(pool, object);
    return (hf_id)header->generation << 32 | header->slot;
}

void *hf_pool_find(const struct hf_pool *pool, hf_id id)
{
    uint32_t slot = (uint32_t)id, generation = (uint32_t)(id >> 32);
    if (generation % 2 == 0 || slot / pool->per_slab >= pool->n_slabs)
        return NULL;
    struct header *header = header_at(pool, slot);
    return header->generation == generation ? object_of(header) : NULL;
}

unsigned hf_pool_used(const struct hf_pool *pool)
{
    return pool->used;
}
