/*
 * bind_index.h: all binds of a configuration by host and port, so that a file of thousands of
 * sections is not compared bind by bind.  Private to src/conf.
 */
#ifndef HAFTP_CONF_BIND_INDEX_H
#define HAFTP_CONF_BIND_INDEX_H

#include "haftp/conf/model.h"

struct hf_bind_at {
    struct hf_cfg_bind *bind;
    uint32_t host;    /* hf_addr_hash_host(): different hosts may share it */
    uint16_t most_hi; /* the largest port_hi of this host's binds up to this one */
    unsigned place;   /* in the order of the files, from 0 */
};

/* Sorted by host, first port and place.  Unix sockets and the like are left out. */
struct hf_bind_index {
    const struct hf_bind_at *at;
    unsigned n;       /* that are in `at` */
    unsigned n_binds; /* of the configuration */
};

struct hf_bind_index hf_bind_index_new(const struct hf_config *config);

/* How many entries stand before those of `host` whose first port is above `port`. */
unsigned hf_bind_index_after(const struct hf_bind_index *index, uint32_t host, uint16_t port);

/* Each entry of `host` whose ports may meet those from `lo` to `hi`; `i` is its number plus one. */
#define HF_FOR_BINDS_AT(index, host_, lo, hi, i)                                                   \
    for ((i) = hf_bind_index_after(index, host_, hi);                                              \
         (i) > 0 && (index)->at[(i)-1].host == (host_) && (index)->at[(i)-1].most_hi >= (lo);      \
         (i)--)

#endif
