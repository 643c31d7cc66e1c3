/*
 * source.c: the same client address, the same server, as long as the servers stay the same.
 *
 * A full server is waited for: going elsewhere would break the promise.
 */
#include <stdlib.h>

#include "haftp/balance/hash_ring.h"
#include "haftp/balance/shares.h"

struct source {
    bool consistent;
    struct hf_shares shares;  /* hash-type map-based */
    struct hf_hash_ring ring; /* hash-type consistent */
};

static enum hf_status rebuild(const struct hf_proxy *backend,
                              const struct hf_candidates *candidates, void **state)
{
    struct source *source = *state;
    if (!source)
        source = *state = calloc(1, sizeof *source);
    if (!source)
        return HF_NOMEM;
    source->consistent = backend->cfg->o.hash_type == HF_HASH_CONSISTENT;
    return source->consistent ? hf_hash_ring_rebuild(&source->ring, backend, candidates)
                              : hf_shares_rebuild(&source->shares, candidates);
}

static void release(void *state)
{
    struct source *source = state;
    if (!source)
        return;
    hf_shares_fini(&source->shares);
    hf_hash_ring_fini(&source->ring);
    free(source);
}

/* As regular as the addresses are: the clients of a network, which count up, are dealt out evenly.
 */
static uint32_t plain_number(const struct hf_addr *client)
{
    struct hf_addr plain = *client;
    hf_addr_unmap(&plain);
    if (plain.sa.sa_family == AF_INET)
        return ntohl(plain.v4.sin_addr.s_addr);
    uint32_t words[4] = {0};
    if (plain.sa.sa_family == AF_INET6)
        memcpy(words, &plain.v6.sin6_addr, sizeof words);
    return ntohl(words[0] ^ words[1] ^ words[2] ^ words[3]);
}

static struct hf_server *pick_by_map(const struct source *source, const struct hf_choice *choice)
{
    const struct hf_candidates *from = choice->from;
    unsigned point = plain_number(choice->pick->client) % source->shares.total;
    unsigned owner = hf_shares_at(&source->shares, point);

    for (unsigned i = 0; i < from->n; i++) {
        struct hf_server *server = from->servers[(owner + i) % from->n];
        if (hf_choice_untried(choice, server))
            return server;
    }
    return NULL;
}

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    const struct source *source = state;
    if (source->consistent)
        return hf_hash_ring_find(&source->ring, hf_addr_hash_host(choice->pick->client), choice);
    return pick_by_map(source, choice);
}

const struct hf_balance_ops hf_balance_source = {
    .name = "source",
    .help = "by the client's address: the same client gets the same server",
    .binds = true,
    .rebuild = rebuild,
    .release = release,
    .pick = pick,
};
