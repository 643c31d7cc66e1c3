/*
 * address.h: where something is, as `bind`, `server`, `source` and `log` write it.
 *
 * "[PREFIX@]HOST[:PORT]", a path, an abstract name or a descriptor.  Names are looked up here, at
 * start only.  On failure the reason is a sentence for the user.  Numbers are read as HAProxy's
 * atoi() does: what follows the digits is told in a warning.
 */
#ifndef HAFTP_CONF_ADDRESS_H
#define HAFTP_CONF_ADDRESS_H

#include <stdbool.h>

#include "env.h"
#include "haftp/conf/model.h"

struct hf_problem {
    const char *text, *hint; /* hint NULL: none */
    const char *warning;     /* of a word that is right all the same; NULL: none */
};

struct hf_bind_address {
    struct hf_bind_address *next;
    const char *text;
    enum hf_reach reach;
    const char *path;
    int fd;
    struct hf_addr addr; /* port is lo */
    uint16_t lo, hi;     /* 0: without ports */
    bool is_range;       /* written as LO-HI */
};

/* Of a server's name: the family its prefix demands (AF_UNSPEC: any), and the port to add. */
struct hf_lookup {
    int family;
    uint16_t port;
};

/* "ADDR:PORT[-PORT]", a path, abns@NAME or fd@N. */
bool hf_address_parse_bind(struct hf_arena *arena, const char *text, struct hf_bind_address *out,
                           struct hf_problem *problem);
/* The same for datagrams, with or without a prefix that says so. */
bool hf_address_parse_datagram(struct hf_arena *arena, const char *text,
                               struct hf_bind_address *out, struct hf_problem *problem);
/* "HOST[:PORT]" with PORT n, +n or -n, a path, or abns@NAME: fills all that is said of a server's
 * address.  A name is not looked up: `host` has it, and *lookup what is needed for that. */
bool hf_address_parse_server(struct hf_arena *arena, const char *text, struct hf_cfg_server *server,
                             struct hf_lookup *lookup, struct hf_problem *problem);
/* "HOST[:PORT[-PORT]]", the range only where `range` allows it. */
bool hf_address_parse_source(struct hf_arena *arena, const char *text, bool range,
                             struct hf_addr *addr, uint16_t *lo, uint16_t *hi,
                             struct hf_problem *problem);
/* "HOST[:PORT]". */
bool hf_address_parse_host_port(struct hf_arena *arena, const char *text, uint16_t default_port,
                                struct hf_addr *addr, struct hf_problem *problem);
/* "HOST" alone. */
bool hf_address_parse_host(struct hf_arena *arena, const char *text, struct hf_addr *addr,
                           struct hf_problem *problem);

#endif
