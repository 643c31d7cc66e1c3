/*
 * addr.h: Internet addresses with a port: parse, print, compare.
 *
 * An hf_addr is small (28 bytes) because every session and lease holds several.  Unix socket
 * paths are strings in the configuration, not addresses.  No function here asks a resolver but
 * hf_addr_lookup(), which blocks and belongs to start-up only.  Any thread.
 */
#ifndef HAFTP_BASE_ADDR_H
#define HAFTP_BASE_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/status.h"
#include "haftp/base/str.h"

struct hf_addr {
    union {
        struct sockaddr sa; /* sa_family is AF_UNSPEC when the address is not set */
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};

/* "[ffff:...%]:65535" and a NUL. */
#define HF_ADDR_TEXT_SIZE 64

static inline bool hf_addr_is_set(const struct hf_addr *a)
{
    return a->sa.sa_family != AF_UNSPEC;
}

socklen_t hf_addr_len(const struct hf_addr *a);
uint16_t hf_addr_port(const struct hf_addr *a);          /* host order, 0 if unset */
void hf_addr_set_port(struct hf_addr *a, uint16_t port); /* host order */
bool hf_addr_is_any(const struct hf_addr *a);            /* 0.0.0.0 or :: */

/* A numeric host ("10.0.0.1", "::1", "[::1]", "*" and "" for 0.0.0.0); the port is kept at 0.
 * HF_INVALID when it is not numeric. */
HF_MUST_USE enum hf_status hf_addr_parse_host(struct hf_view host, struct hf_addr *out);
/* The same, then the system's resolver for names: up to `room` addresses of that family (AF_UNSPEC:
 * any), in the resolver's order, each once.  Blocks.  HF_NOTFOUND if unknown: *n is 0. */
HF_MUST_USE enum hf_status hf_addr_lookup(const char *host, int family, struct hf_addr *list,
                                          unsigned room, unsigned *n);

/* An IPv4-mapped IPv6 address (::ffff:a.b.c.d, what a dual-stack listener reports) becomes plain
 * IPv4, so that addresses of one host compare equal.  Keeps the port. */
void hf_addr_unmap(struct hf_addr *a);
/* Same host, whatever the ports; IPv4-mapped addresses equal their IPv4 form. */
bool hf_addr_same_host(const struct hf_addr *a, const struct hf_addr *b);
bool hf_addr_equal(const struct hf_addr *a, const struct hf_addr *b); /* host and port */
uint32_t hf_addr_hash_host(const struct hf_addr *a);

/* "1.2.3.4", "::1": into HF_ADDR_TEXT_SIZE bytes; returns buf. */
const char *hf_addr_host_text(const struct hf_addr *a, char *buf);
/* "1.2.3.4:21", "[::1]:21". */
const char *hf_addr_text(const struct hf_addr *a, char *buf);

#endif
