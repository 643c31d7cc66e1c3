/*
 * proxyproto.h: the PROXY header, which tells a server whom a connection comes from.
 *
 * Document: "The PROXY protocol, versions 1 & 2" (haproxy.org, proxy-protocol.txt).  It is the very
 * first thing on the connection, before the server's greeting.  NetScaler's Client IP header, which
 * does the same, is read here, too.  Pure functions; any thread.
 */
#ifndef HAFTP_WIRE_PROXYPROTO_H
#define HAFTP_WIRE_PROXYPROTO_H

#include <stddef.h>

#include "haftp/base/addr.h"

/* ---- writing ----------------------------------------------------------------------------- */

/* The longest header without extensions, of either version: a v1 line for IPv6. */
#define HF_PROXYPROTO_MAX 108u

enum hf_pp_type { /* of extensions (TLV), section 2.2 of the document */
                  HF_PP_ALPN = 0x01,
                  HF_PP_AUTHORITY = 0x02,
                  HF_PP_CRC32C = 0x03,
                  HF_PP_NOOP = 0x04,
                  HF_PP_UNIQUE_ID = 0x05,
                  HF_PP_SSL = 0x20,
                  HF_PP_NETNS = 0x30,
};

struct hf_pp_tlv {
    enum hf_pp_type type;
    struct hf_view value;
};

/* The header for a connection from `from` to `to`, into HF_PROXYPROTO_MAX bytes; returns its
 * length.  Addresses of different families, or unset ones, are told as unknown (v1) or as a
 * connection of our own (v2), as the document asks. */
size_t hf_proxyproto_v1(char *out, const struct hf_addr *from, const struct hf_addr *to);
size_t hf_proxyproto_v2(char *out, const struct hf_addr *from, const struct hf_addr *to);
/* Extensions behind a header of version 2 that is `n` bytes long in a buffer of `room` bytes, and
 * with `checksum` a CRC-32C over all of it as the last one; returns the new length.  An extension
 * that does not fit is left out. */
size_t hf_proxyproto_extend(char *out, size_t n, size_t room, const struct hf_pp_tlv *tlvs,
                            unsigned n_tlvs, bool checksum);

/* ---- reading ----------------------------------------------------------------------------- */

/* Longer headers are refused: HAProxy's buffer holds no more either. */
#define HF_PROXYPROTO_MOST  16384u
#define HF_PP_AUTHORITY_MAX 255u
#define HF_PP_UNIQUE_ID_MAX 128u

enum hf_pp_read {
    HF_PP_MORE, /* more bytes are needed */
    HF_PP_YES,
    HF_PP_NO_HEADER, /* something else is being said */
    HF_PP_BAD_HEADER,
    HF_PP_BAD_PROTOCOL /* version 1 of neither TCP4, TCP6 nor UNKNOWN */
};

struct hf_pp_header {
    size_t n; /* its bytes */
    /* Both unset for LOCAL, UNKNOWN and families that are no TCP: the connection's own count.
     * IPv4-mapped addresses are unmapped when both are. */
    struct hf_addr from, to;
    struct hf_view authority, unique_id; /* into the bytes; p NULL: none */
};

/* A PROXY header of either version at the beginning of what has come so far.  Checks a CRC-32C. */
enum hf_pp_read hf_proxyproto_read(struct hf_view bytes, struct hf_pp_header *out);
/* The same for NetScaler's header, legacy and standard, that begins with this number. */
enum hf_pp_read hf_netscaler_read(struct hf_view bytes, uint32_t magic, struct hf_pp_header *out);

#endif
