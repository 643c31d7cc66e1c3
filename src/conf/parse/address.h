/*
 * address.h: hosts and ports as `bind`, `server` and `log` write them.
 *
 * Names are looked up here, at start only.  On failure the reason is a sentence for the user.
 */
#ifndef HAFTP_CONF_ADDRESS_H
#define HAFTP_CONF_ADDRESS_H

#include <stdbool.h>

#include "env.h"
#include "haftp/conf/model.h"

struct hf_problem {
    const char *text, *hint; /* hint NULL: none */
};

struct hf_bind_address {
    struct hf_bind_address *next;
    const char *text;
    struct hf_addr addr; /* port is lo */
    uint16_t lo, hi;
};

/* "ADDR:PORT[-PORT]" with commas between; appends to *list.  False: nothing of the rest was added.
 */
bool hf_address_parse_binds(struct hf_arena *arena, const char *text, struct hf_bind_address **list,
                            struct hf_problem *problem);
/* "HOST[:PORT]" with PORT n, +n or -n: fills addr, port_map and port_offset. */
bool hf_address_parse_server(struct hf_arena *arena, const char *text, struct hf_cfg_server *server,
                             struct hf_problem *problem);
/* "HOST[:PORT]". */
bool hf_address_parse_host_port(struct hf_arena *arena, const char *text, uint16_t default_port,
                                struct hf_addr *addr, struct hf_problem *problem);
/* "HOST" alone. */
bool hf_address_parse_host(struct hf_arena *arena, const char *text, struct hf_addr *addr,
                           struct hf_problem *problem);

#endif
