/*
 * endpoint.h: the parts that listeners and servers have in common: how they are reached, and from
 * where we connect.
 *
 * Plain data of a configuration, in its arena; see model.h.
 */
#ifndef HAFTP_CONF_ENDPOINT_H
#define HAFTP_CONF_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/addr.h"
#include "haftp/base/diag.h"

enum hf_reach {
    HF_REACH_INET, /* an address and a port */
    HF_REACH_UNIX, /* a socket at a path */
    HF_REACH_ABNS, /* a socket in Linux's abstract name space */
    HF_REACH_FD,   /* a socket that was open when we started (binds only) */
};

/* `usesrc`: an address that is not ours, which needs IP_TRANSPARENT. */
enum hf_usesrc {
    HF_USESRC_NONE,
    HF_USESRC_CLIENT,    /* the client's address and port */
    HF_USESRC_CLIENT_IP, /* the client's address, any port */
    HF_USESRC_ADDR,      /* `as` */
};

/* `source`: where connections to servers come from. */
struct hf_cfg_source {
    struct hf_loc loc;
    const char *text;          /* the address as written */
    struct hf_addr addr;       /* its port is 0 */
    uint16_t port_lo, port_hi; /* both 0: any port */
    enum hf_usesrc usesrc;
    const char *usesrc_text;
    struct hf_addr as;
    const char *interface; /* NULL: any */
};

#endif
