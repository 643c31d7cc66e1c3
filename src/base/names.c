/*
 * names.c: open addressing, never more than half full.
 */
#include "haftp/base/names.h"

#include <stdint.h>
#include <string.h>

struct hf_names_slot {
    const char *name; /* NULL: free */
    void *thing;
};

/* FNV-1a. */
static uint32_t hash_of(const char *name)
{
    uint32_t hash = 2166136261u;

    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash ^ hash >> 16;
}

/* The slot that has the name, or the free one where it would be. */
static struct hf_names_slot *slot_of(const struct hf_names *names, const char *name)
{
    unsigned i = hash_of(name) & (names->room - 1);

    while (names->slots[i].name && strcmp(names->slots[i].name, name) != 0)
        i = (i + 1) & (names->room - 1);
    return &names->slots[i];
}

void *hf_names_find(const struct hf_names *names, const char *name)
{
    return names->room ? slot_of(names, name)->thing : NULL;
}

static void grow(struct hf_names *names, struct hf_arena *arena)
{
    const struct hf_names before = *names;

    names->room = before.room ? before.room * 2 : 16;
    names->slots = hf_arena_alloc(arena, names->room * sizeof *names->slots);
    for (unsigned i = 0; i < before.room; i++) {
        if (before.slots[i].name)
            *slot_of(names, before.slots[i].name) = before.slots[i];
    }
}

void hf_names_add(struct hf_names *names, struct hf_arena *arena, const char *name, void *thing)
{
    if (2 * (names->n + 1) > names->room)
        grow(names, arena);
    struct hf_names_slot *slot = slot_of(names, name);
    if (slot->name)
        return;
    *slot = (struct hf_names_slot){name, thing};
    names->n++;
}
