/*
 * names.h: from names to things, for lists that may be long.
 *
 * Memory is an arena's, so there is nothing to free; zeroed is empty.  One thread at a time.
 */
#ifndef HAFTP_BASE_NAMES_H
#define HAFTP_BASE_NAMES_H

#include "haftp/base/arena.h"

struct hf_names {
    struct hf_names_slot *slots;
    unsigned n, room; /* room is a power of two, or 0 */
};

/* NULL: nothing has this name. */
void *hf_names_find(const struct hf_names *names, const char *name);
/* The name is not copied.  Where it is taken, the first thing keeps it. */
void hf_names_add(struct hf_names *names, struct hf_arena *arena, const char *name, void *thing);

#endif
