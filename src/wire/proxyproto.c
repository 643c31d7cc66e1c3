/*
 * proxyproto.c: writes PROXY headers, version 1 (a line of text) and 2 (binary).
 */
#include "haftp/wire/proxyproto.h"

#include <stdio.h>
#include <string.h>

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
