/*
 * pool.h: fixed-size objects of one worker, and ids that outlive them.
 *
 * An id is (slot, generation): whoever is not the owner of an object keeps its id, never a pointer,
 * and looks it up; a dead object is simply not found.  Freed objects are poisoned in sanitizer
 * builds.  Slabs are kept for reuse and given back with the pool.  One thread.
 */
#ifndef HAFTP_BASE_POOL_H
#define HAFTP_BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t hf_id; /* 0 is nobody */

struct hf_pool;

/* NULL: no memory. */
struct hf_pool *hf_pool_new(size_t object_bytes, unsigned per_slab);
void hf_pool_free(struct hf_pool *pool); /* all objects must have been put back */

void *hf_pool_get(struct hf_pool *pool); /* zeroed; NULL when out of memory */
/* The object is gone for whoever looks it up; its memory is poisoned, and given out again. */
void hf_pool_put(struct hf_pool *pool, void *object);
/* Lasts as long as the object; the next one in the same place has another. */
hf_id hf_pool_id(const struct hf_pool *pool, const void *object);
void *hf_pool_find(const struct hf_pool *pool, hf_id id); /* NULL: not there any more */
unsigned hf_pool_used(const struct hf_pool *pool);

#endif
