/*
 * bind_index.c: binds, sorted by host and port.
 */
#include "bind_index.h"

#include <stdlib.h>

static int compare(const void *one, const void *two)
{
    const struct hf_bind_at *a = one, *b = two;

    if (a->host != b->host)
        return a->host < b->host ? -1 : 1;
    if (a->bind->port_lo != b->bind->port_lo)
        return a->bind->port_lo < b->bind->port_lo ? -1 : 1;
    return a->place < b->place ? -1 : a->place > b->place;
}

static void fill_most_hi(struct hf_bind_at *at, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        at[i].most_hi = at[i].bind->port_hi;
        if (i > 0 && at[i - 1].host == at[i].host && at[i - 1].most_hi > at[i].most_hi)
            at[i].most_hi = at[i - 1].most_hi;
    }
}

static unsigned count_binds(const struct hf_config *config)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;
    unsigned n = 0;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next)
            n++;
    }
    return n;
}

struct hf_bind_index hf_bind_index_new(const struct hf_config *config)
{
    struct hf_bind_index index = {.n_binds = count_binds(config)};
    struct hf_bind_at *at = hf_arena_alloc(config->arena, index.n_binds * sizeof *at);
    const struct hf_cfg_proxy *proxy;
    struct hf_cfg_bind *bind;
    unsigned place = 0;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next, place++) {
            if (hf_addr_is_set(&bind->addr))
                at[index.n++] = (struct hf_bind_at){
                    .bind = bind, .host = hf_addr_hash_host(&bind->addr), .place = place};
        }
    }
    if (index.n > 0)
        qsort(at, index.n, sizeof *at, compare);
    fill_most_hi(at, index.n);
    index.at = at;
    return index;
}

unsigned hf_bind_index_after(const struct hf_bind_index *index, uint32_t host, uint16_t port)
{
    unsigned low = 0, high = index->n;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        const struct hf_bind_at *at = &index->at[middle];
        if (at->host < host || (at->host == host && at->bind->port_lo <= port))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
