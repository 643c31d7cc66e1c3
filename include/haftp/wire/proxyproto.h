/*
 * proxyproto.h: the PROXY header, which tells a server whom a connection comes from.
 *
 * Document: "The PROXY protocol, versions 1 & 2" (haproxy.org, proxy-protocol.txt).  It is the very
 * first thing on the connection, before the server's greeting.  Pure functions.
 */
#ifndef HAFTP_WIRE_PROXYPROTO_H
#define HAFTP_WIRE_PROXYPROTO_H

#include <stddef.h>

#include "haftp/base/addr.h"

/* The longest header that we write, of either version: a v1 line for IPv6. */
#define HF_PROXYPROTO_MAX 108u

/* The header for a connection from `from` to `to`, into HF_PROXYPROTO_MAX bytes; returns its
 * length.  Addresses of different families, or unset ones, are told as unknown (v1) or as a
 * connection of our own (v2), as the document asks. */
size_t hf_proxyproto_v1(char *out, const struct hf_addr *from, const struct hf_addr *to);
size_t hf_proxyproto_v2(char *out, const struct hf_addr *from, const struct hf_addr *to);

#endif
