/*
 * net_index.c: networks as sorted segments of the line of all addresses.
 *
 * Networks with a common prefix length lie side by side or one inside the other, so sweeping over
 * their ends with a stack gives segments, each with the innermost network that covers it.  Masks
 * that are not prefixes (255.0.255.0) are legal and rare: they are tried one by one.
 */
#include <stdlib.h>

#include "haftp/base/assert.h"
#include "pattern_index_int.h"

typedef unsigned __int128 address;

struct segments { /* from starts[i] to starts[i + 1]: in nets[owners[i]], or in none (-1) */
    address *starts;
    int *owners;
    unsigned n;
};

struct hf_net_index {
    const struct hf_net *nets;
    struct segments v4, v6;
    unsigned *odd; /* whose masks are no prefixes */
    unsigned n_odd;
};

struct span { /* a network as a piece of the line */
    address lo, hi;
    unsigned net;
};

static address read_bytes(const void *bytes, unsigned n)
{
    const unsigned char *p = bytes;
    address value = 0;
    for (unsigned i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

static address value_of(const struct hf_addr *addr)
{
    return addr->sa.sa_family == AF_INET6 ? read_bytes(&addr->v6.sin6_addr, 16)
                                          : read_bytes(&addr->v4.sin_addr, 4);
}

static address all_ones(int family)
{
    return family == AF_INET6 ? ~(address)0 : (address)UINT32_MAX;
}

static bool is_prefix(address mask, address ones)
{
    address host = ~mask & ones;
    return (host & (host + 1)) == 0;
}

/* ---- making it --------------------------------------------------------------------------- */

/* Outer networks before those inside them; of equal ones the first in the file is the last, so that
 * it is the innermost. */
static int by_place(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->lo != y->lo)
        return x->lo < y->lo ? -1 : 1;
    if (x->hi != y->hi)
        return x->hi > y->hi ? -1 : 1;
    return x->net > y->net ? -1 : 1;
}

static void add_segment(struct segments *s, address start, int owner)
{
    if (s->n > 0 && s->starts[s->n - 1] == start)
        s->n--; /* the piece before it was empty */
    s->starts[s->n] = start;
    s->owners[s->n] = owner;
    s->n++;
}

/* Ends the innermost open network: what follows belongs to the one around it. */
static unsigned close_span(struct segments *s, const struct span *spans, const unsigned *open,
                           unsigned depth, address ones)
{
    const struct span *inner = &spans[open[depth - 1]];
    if (inner->hi != ones)
        add_segment(s, inner->hi + 1, depth > 1 ? (int)spans[open[depth - 2]].net : -1);
    return depth - 1;
}

static void sweep(struct segments *s, const struct span *spans, unsigned n, unsigned *open,
                  address ones)
{
    unsigned depth = 0;
    add_segment(s, 0, -1);
    for (unsigned i = 0; i < n; i++) {
        while (depth > 0 && spans[open[depth - 1]].hi < spans[i].lo)
            depth = close_span(s, spans, open, depth, ones);
        add_segment(s, spans[i].lo, (int)spans[i].net);
        open[depth++] = i;
    }
    while (depth > 0)
        depth = close_span(s, spans, open, depth, ones);
}

static void build(struct hf_net_index *index, struct hf_arena *arena, int family, unsigned n,
                  struct segments *s)
{
    struct span *spans = malloc((n + 1) * sizeof *spans);
    unsigned *open = malloc((n + 1) * sizeof *open);
    address ones = all_ones(family);
    unsigned count = 0;

    HF_ASSERT(spans && open); /* as an arena: while a configuration is loaded */
    for (unsigned i = 0; i < n; i++) {
        const struct hf_net *net = &index->nets[i];
        if (net->addr.sa.sa_family != family)
            continue;
        address mask = value_of(&net->mask), lo = value_of(&net->addr) & mask;
        if (is_prefix(mask, ones))
            spans[count++] = (struct span){lo, lo | (~mask & ones), i};
        else
            index->odd[index->n_odd++] = i;
    }
    qsort(spans, count, sizeof *spans, by_place);
    s->starts = hf_arena_alloc(arena, (2 * count + 1) * sizeof *s->starts);
    s->owners = hf_arena_alloc(arena, (2 * count + 1) * sizeof *s->owners);
    sweep(s, spans, count, open, ones);
    free(open);
    free(spans);
}

const struct hf_net_index *hf_net_index_new(struct hf_arena *arena, const struct hf_net *nets,
                                            unsigned n)
{
    struct hf_net_index *index = HF_NEW(arena, struct hf_net_index);
    index->nets = nets;
    index->odd = hf_arena_alloc(arena, (n + 1) * sizeof *index->odd);
    build(index, arena, AF_INET, n, &index->v4);
    build(index, arena, AF_INET6, n, &index->v6);
    return index;
}

/* ---- using it ---------------------------------------------------------------------------- */

static int find_segment(const struct segments *s, address value)
{
    unsigned lo = 0, hi = s->n; /* the first segment begins at 0 */
    while (hi - lo > 1) {
        unsigned middle = lo + (hi - lo) / 2;
        if (s->starts[middle] <= value)
            lo = middle;
        else
            hi = middle;
    }
    return s->owners[lo];
}

static int find_odd(const struct hf_net_index *index, int family, address value)
{
    for (unsigned i = 0; i < index->n_odd; i++) {
        const struct hf_net *net = &index->nets[index->odd[i]];
        if (net->addr.sa.sa_family == family &&
            ((value ^ value_of(&net->addr)) & value_of(&net->mask)) == 0)
            return (int)index->odd[i];
    }
    return -1;
}

static int find_in(const struct hf_net_index *index, int family, address value)
{
    int found = find_segment(family == AF_INET6 ? &index->v6 : &index->v4, value);
    return found >= 0 ? found : find_odd(index, family, value);
}

/* Is it an IPv4 address in the clothes of an IPv6 one? */
static bool as_v4(address value, address *v4)
{
    address upper = value >> 32;
    if (upper == 0 || upper == 0xffff)
        *v4 = value & UINT32_MAX;
    else if (value >> 112 == 0x2002)
        *v4 = value >> 80 & UINT32_MAX;
    else
        return false;
    return true;
}

int hf_net_index_find(const struct hf_net_index *index, const struct hf_addr *addr)
{
    address value = value_of(addr), v4 = value;
    if (addr->sa.sa_family == AF_INET) {
        int found = find_in(index, AF_INET, value);
        return found >= 0 ? found : find_in(index, AF_INET6, (address)0xffff << 32 | value);
    }
    if (addr->sa.sa_family != AF_INET6)
        return -1;
    int found = find_in(index, AF_INET6, value);
    return found < 0 && as_v4(value, &v4) ? find_in(index, AF_INET, v4) : found;
}
