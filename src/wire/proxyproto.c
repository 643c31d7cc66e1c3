/*
 * proxyproto.c: writes PROXY headers, version 1 (a line of text) and 2 (binary).
 */
#include "haftp/wire/proxyproto.h"

#include <stdio.h>
#include <string.h>

#include "haftp/base/hash.h"

static bool is_telling(const struct hf_addr *from, const struct hf_addr *to)
{
    return from->sa.sa_family == to->sa.sa_family &&
           (from->sa.sa_family == AF_INET || from->sa.sa_family == AF_INET6);
}

size_t hf_proxyproto_v1(char *out, const struct hf_addr *from, const struct hf_addr *to)
{
    char source[HF_ADDR_TEXT_SIZE], target[HF_ADDR_TEXT_SIZE];
    int n;

    if (!is_telling(from, to))
        n = snprintf(out, HF_PROXYPROTO_MAX, "PROXY UNKNOWN\r\n");
    else
        n = snprintf(out, HF_PROXYPROTO_MAX, "PROXY %s %s %s %u %u\r\n",
                     from->sa.sa_family == AF_INET ? "TCP4" : "TCP6",
                     hf_addr_host_text(from, source), hf_addr_host_text(to, target),
                     hf_addr_port(from), hf_addr_port(to));
    return (size_t)n;
}

/* ---- version 2 ------------------------------------------------------------------------------- */

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_UNSPEC = 0x00, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

static char *put(char *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

static char *put_u16(char *at, unsigned number)
{
    *at++ = (char)(number >> 8);
    *at++ = (char)number;
    return at;
}

static char *put_start(char *at, int command, int family, size_t addresses)
{
    static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

    at = put(at, signature, sizeof signature);
    *at++ = (char)command;
    *at++ = (char)family;
    return put_u16(at, (unsigned)addresses);
}

size_t hf_proxyproto_v2(char *out, const struct hf_addr *from, const struct hf_addr *to)
{
    char *at;

    if (!is_telling(from, to))
        return (size_t)(put_start(out, V2_LOCAL, V2_UNSPEC, 0) - out);
    if (from->sa.sa_family == AF_INET) {
        at = put_start(out, V2_PROXY, V2_TCP4, 12);
        at = put(at, &from->v4.sin_addr, 4);
        at = put(at, &to->v4.sin_addr, 4);
    } else {
        at = put_start(out, V2_PROXY, V2_TCP6, 36);
        at = put(at, &from->v6.sin6_addr, 16);
        at = put(at, &to->v6.sin6_addr, 16);
    }
    at = put_u16(at, hf_addr_port(from));
    at = put_u16(at, hf_addr_port(to));
    return (size_t)(at - out);
}

/* ---- extensions of version 2 ----------------------------------------------------------------- */

enum { V2_LENGTH_AT = 14, V2_START = 16, TLV_START = 3, CHECKSUM_BYTES = 4 };

static char *put_tlv(char *at, unsigned type, struct hf_view value)
{
    *at++ = (char)type;
    at = put_u16(at, (unsigned)value.n);
    return put(at, value.p, value.n);
}

/* Over the whole header, as it is with zeros in place of the sum. */
static size_t put_checksum(char *out, size_t n)
{
    uint32_t sum = 0;
    char *at = put_tlv(out + n, HF_PP_CRC32C, hf_view((const char *)&sum, sizeof sum));

    n = (size_t)(at - out);
    put_u16(out + V2_LENGTH_AT, (unsigned)(n - V2_START));
    sum = htonl(hf_hash_crc32c(hf_view(out, n)));
    memcpy(at - sizeof sum, &sum, sizeof sum);
    return n;
}

size_t hf_proxyproto_extend(char *out, size_t n, size_t room, const struct hf_pp_tlv *tlvs,
                            unsigned n_tlvs, bool checksum)
{
    size_t kept = checksum ? TLV_START + CHECKSUM_BYTES : 0;

    for (unsigned i = 0; i < n_tlvs; i++) {
        if (n + TLV_START + tlvs[i].value.n + kept <= room)
            n = (size_t)(put_tlv(out + n, tlvs[i].type, tlvs[i].value) - out);
    }
    if (checksum && n + kept <= room)
        return put_checksum(out, n);
    put_u16(out + V2_LENGTH_AT, (unsigned)(n - V2_START));
    return n;
}
