/*
 * source.c: the same client address, the same server, as long as the servers stay the same.
 *
 * A full server is waited for: going elsewhere would break the promise.
 */
#include "haftp/balance/spread.h"

/* As regular as the addresses are: the clients of a network, which count up, are dealt out evenly.
 * `hash-type` may spread this further, but names no function for it. */
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

static struct hf_server *pick(void *state, const struct hf_choice *choice)
{
    return hf_spread_find(state, plain_number(choice->pick->client), choice);
}

const struct hf_balance_ops hf_balance_source = {
    .name = "source",
    .help = "by the client's address: the same client gets the same server",
    .binds = true,
    .rebuild = hf_spread_rebuild,
    .release = hf_spread_release,
    .pick = pick,
};
