/*
 * peer.h: whom `ftp-data peer` takes for the same client: an address, its network, or anybody.
 *
 * The only place that knows how much of an address is meant.  Threads: no state, any of them.
 */
#ifndef HAFTP_FTP_PEER_H
#define HAFTP_FTP_PEER_H

#include "haftp/base/addr.h"
#include "haftp/conf/model.h"

/* To be hashed and compared as bytes: every one of them is set. */
struct hf_peer_key {
    uint32_t scope; /* the interface of a link-local address, which is another host's elsewhere */
    uint8_t rule;   /* enum hf_ftp_peer: clients under different rules are never the same */
    uint8_t family; /* 0: anybody */
    uint8_t host[16];
    uint8_t pad[2];
};

/* `client` is unmapped (hf_addr_unmap()), as all addresses of connections are. */
struct hf_peer_key hf_peer_key_of(const struct hf_addr *client, enum hf_ftp_peer rule);
/* An address that has this key under the same rule; not set: anybody has. */
struct hf_addr hf_peer_key_address(const struct hf_peer_key *key);
bool hf_peer_is_same(const struct hf_addr *a, const struct hf_addr *b, enum hf_ftp_peer rule);

#endif
