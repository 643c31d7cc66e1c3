/*
 * peer.c: how much of a client's address counts.
 */
#include "haftp/ftp/peer.h"

#include <string.h>

_Static_assert(sizeof(struct hf_peer_key) == 24, "padding would be hashed");

struct hf_peer_key hf_peer_key_of(const struct hf_addr *client, enum hf_ftp_peer rule)
{
    struct hf_peer_key key = {.rule = (uint8_t)rule};
    bool network = rule == HF_FTP_PEER_NETWORK;

    if (rule == HF_FTP_PEER_ANY)
        return key;
    key.family = (uint8_t)client->sa.sa_family;
    if (key.family == AF_INET) {
        memcpy(key.host, &client->v4.sin_addr, network ? 3 : 4); /* /24 */
    } else {
        memcpy(key.host, &client->v6.sin6_addr, network ? 8 : 16); /* /64 */
        key.scope = client->v6.sin6_scope_id;
    }
    return key;
}

bool hf_peer_is_same(const struct hf_addr *a, const struct hf_addr *b, enum hf_ftp_peer rule)
{
    struct hf_peer_key left = hf_peer_key_of(a, rule), right = hf_peer_key_of(b, rule);
    return memcmp(&left, &right, sizeof left) == 0;
}

struct hf_addr hf_peer_key_address(const struct hf_peer_key *key)
{
    struct hf_addr addr = {.sa.sa_family = key->family};

    if (key->family == AF_INET) {
        memcpy(&addr.v4.sin_addr, key->host, 4);
    } else if (key->family == AF_INET6) {
        memcpy(&addr.v6.sin6_addr, key->host, 16);
        addr.v6.sin6_scope_id = key->scope;
    }
    return addr;
}
