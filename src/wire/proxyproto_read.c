/*
 * proxyproto_read.c: reads PROXY headers, version 1 (a line of text) and 2 (binary).
 */
#include "haftp/wire/proxyproto.h"

#include <string.h>

#include "haftp/base/hash.h"

static void keep_own_addresses(struct hf_pp_header *out)
{
    out->from.sa.sa_family = out->to.sa.sa_family = AF_UNSPEC;
}

/* What a dual-stack listener of the sender reports as IPv6 is IPv4. */
static void unmap(struct hf_pp_header *out)
{
    struct hf_addr from = out->from, to = out->to;

    hf_addr_unmap(&from);
    hf_addr_unmap(&to);
    if (from.sa.sa_family == to.sa.sa_family) {
        out->from = from;
        out->to = to;
    }
}

/* ---- version 1 ------------------------------------------------------------------------------- */

#define V1_MOST 107u /* with its CRLF */

/* The next word of the line, up to a single space or the end. */
static struct hf_view cut_word(struct hf_view *line)
{
    const char *space = line->n ? memchr(line->p, ' ', line->n) : NULL;
    size_t n = space ? (size_t)(space - line->p) : line->n;
    struct hf_view word = hf_view(line->p, n);

    *line = hf_view(line->p + n + (space != NULL), line->n - n - (space != NULL));
    return word;
}

static bool parse_port(struct hf_view word, uint16_t *port)
{
    unsigned number = 0;

    if (word.n == 0 || word.n > 5 || (word.n > 1 && word.p[0] == '0'))
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] < '0' || word.p[i] > '9')
            return false;
        number = number * 10 + (unsigned)(word.p[i] - '0');
    }
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

static bool parse_address(struct hf_view word, int family, struct hf_addr *out)
{
    bool v6 = family == AF_INET6;

    /* No brackets, and no short ways to write "any". */
    if (word.n == 0 || memchr(word.p, '[', word.n) || memchr(word.p, '*', word.n) ||
        !memchr(word.p, v6 ? ':' : '.', word.n))
        return false;
    return hf_addr_parse_host(word, out) == HF_OK && out->sa.sa_family == family;
}

static bool parse_addresses(struct hf_view line, int family, struct hf_pp_header *out)
{
    struct hf_view from = cut_word(&line), to = cut_word(&line);
    struct hf_view from_port = cut_word(&line);
    uint16_t source, target;

    if (!parse_address(from, family, &out->from) || !parse_address(to, family, &out->to) ||
        !parse_port(from_port, &source) || !parse_port(line, &target))
        return false;
    hf_addr_set_port(&out->from, source);
    hf_addr_set_port(&out->to, target);
    return true;
}

static enum hf_pp_read read_v1(struct hf_view bytes, struct hf_pp_header *out)
{
    size_t look = bytes.n < V1_MOST ? bytes.n : V1_MOST;
    const char *end = memchr(bytes.p, '\n', look);

    if (!end)
        return bytes.n < V1_MOST ? HF_PP_MORE : HF_PP_BAD_HEADER;
    out->n = (size_t)(end - bytes.p) + 1;
    if (end[-1] != '\r')
        return HF_PP_BAD_HEADER;
    struct hf_view line = hf_view(bytes.p, out->n - 2);
    cut_word(&line); /* PROXY */
    struct hf_view protocol = cut_word(&line);
    if (hf_view_is(protocol, "UNKNOWN")) /* the rest of the line is to be ignored */
        return HF_PP_YES;
    bool v6 = hf_view_is(protocol, "TCP6");
    if (!v6 && !hf_view_is(protocol, "TCP4"))
        return HF_PP_BAD_PROTOCOL;
    if (!parse_addresses(line, v6 ? AF_INET6 : AF_INET, out)) {
        keep_own_addresses(out);
        return HF_PP_BAD_HEADER;
    }
    unmap(out);
    return HF_PP_YES;
}

/* ---- version 2 ------------------------------------------------------------------------------- */

enum { V2_START = 16, V2_LOCAL = 0, V2_PROXY = 1, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };
enum { FAMILY_NONE, FAMILY_INET, FAMILY_INET6, FAMILY_UNIX };

static unsigned number16(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

/* Bytes that the addresses of this family take. */
static size_t address_bytes(unsigned family)
{
    static const size_t bytes[] = {
        [FAMILY_NONE] = 0, [FAMILY_INET] = 12, [FAMILY_INET6] = 36, [FAMILY_UNIX] = 216};
    return family < sizeof bytes / sizeof bytes[0] ? bytes[family] : 0;
}

static void read_address(struct hf_addr *out, int family, const char *host, const char *port)
{
    *out = (struct hf_addr){.sa.sa_family = (sa_family_t)family};
    if (family == AF_INET)
        memcpy(&out->v4.sin_addr, host, 4);
    else
        memcpy(&out->v6.sin6_addr, host, 16);
    hf_addr_set_port(out, (uint16_t)number16(port));
}

static void read_addresses(const char *p, int family, struct hf_pp_header *out)
{
    size_t host = family == AF_INET ? 4 : 16;

    read_address(&out->from, family, p, p + 2 * host);
    read_address(&out->to, family, p + host, p + 2 * host + 2);
    unmap(out);
}

/* Over the whole header, its own four bytes taken for zero. */
static bool checksum_fits(struct hf_view header, const char *at)
{
    char copy[HF_PROXYPROTO_MOST];
    uint32_t told;

    memcpy(&told, at, sizeof told);
    memcpy(copy, header.p, header.n);
    memset(copy + (at - header.p), 0, sizeof told);
    return hf_hash_crc32c(hf_view(copy, header.n)) == ntohl(told);
}

static bool read_extension(struct hf_view header, unsigned type, struct hf_view value,
                           struct hf_pp_header *out)
{
    switch (type) {
    case HF_PP_CRC32C:
        return value.n == 4 && checksum_fits(header, value.p);
    case HF_PP_AUTHORITY:
        out->authority = value;
        return value.n <= HF_PP_AUTHORITY_MAX;
    case HF_PP_UNIQUE_ID:
        out->unique_id = value;
        return value.n <= HF_PP_UNIQUE_ID_MAX;
    default:
        return true;
    }
}

static bool read_extensions(struct hf_view header, size_t at, struct hf_pp_header *out)
{
    while (at < header.n) {
        if (header.n - at < 3)
            return false;
        unsigned type = (unsigned char)header.p[at], n = number16(header.p + at + 1);
        at += 3;
        if (header.n - at < n || !read_extension(header, type, hf_view(header.p + at, n), out))
            return false;
        at += n;
    }
    return true;
}

static bool read_connection(struct hf_view header, struct hf_pp_header *out)
{
    unsigned protocol = (unsigned char)header.p[13];
    size_t addresses = address_bytes(protocol >> 4);

    if (header.n < V2_START + addresses)
        return false;
    if (protocol == V2_TCP4)
        read_addresses(header.p + V2_START, AF_INET, out);
    else if (protocol == V2_TCP6)
        read_addresses(header.p + V2_START, AF_INET6, out);
    return read_extensions(header, V2_START + addresses, out);
}

static enum hf_pp_read read_v2(struct hf_view bytes, struct hf_pp_header *out)
{
    if (bytes.n < V2_START)
        return HF_PP_MORE;
    unsigned version = (unsigned char)bytes.p[12] >> 4, command = (unsigned char)bytes.p[12] & 15u;
    out->n = V2_START + number16(bytes.p + 14);
    if (version != 2 || command > V2_PROXY || out->n > HF_PROXYPROTO_MOST)
        return HF_PP_BAD_HEADER;
    if (bytes.n < out->n)
        return HF_PP_MORE;
    if (command == V2_LOCAL)
        return HF_PP_YES;
    return read_connection(hf_view(bytes.p, out->n), out) ? HF_PP_YES : HF_PP_BAD_HEADER;
}

/* ---- either ---------------------------------------------------------------------------------- */

/* The bytes begin with this text, or may yet. */
static bool may_begin(struct hf_view bytes, struct hf_view text)
{
    return memcmp(bytes.p, text.p, bytes.n < text.n ? bytes.n : text.n) == 0;
}

enum hf_pp_read hf_proxyproto_read(struct hf_view bytes, struct hf_pp_header *out)
{
    static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
    const struct hf_view v1 = hf_view("PROXY ", 6), v2 = hf_view(signature, 12);

    *out = (struct hf_pp_header){0};
    keep_own_addresses(out);
    if (bytes.n == 0)
        return HF_PP_MORE;
    if (may_begin(bytes, v1))
        return bytes.n < v1.n ? HF_PP_MORE : read_v1(bytes, out);
    if (may_begin(bytes, v2))
        return read_v2(bytes, out);
    return HF_PP_NO_HEADER;
}

/* ---- NetScaler's Client IP header -------------------------------------------------------------
 *
 * A number of the administrator's choice, a length, and the first bytes of the client's own IP and
 * TCP headers.  The standard form has four bytes more before those, the last two their length.
 */

enum { CIP_START = 8, CIP_STANDARD_START = 12 };

static uint32_t number32(const char *p)
{
    return (uint32_t)number16(p) << 16 | number16(p + 2);
}

/* The headers of IPv4 (RFC 791 3.1) or IPv6 (RFC 8200 3), then TCP's two ports. */
static enum hf_pp_read read_packet(struct hf_view packet, struct hf_pp_header *out)
{
    unsigned first = packet.n ? (unsigned char)packet.p[0] : 0;
    size_t ip = first >> 4 == 6 ? 40 : 4 * (size_t)(first & 15u);

    if (first >> 4 != 4 && first >> 4 != 6)
        return HF_PP_BAD_PROTOCOL;
    if (ip < 20 || packet.n < ip + 4)
        return HF_PP_BAD_HEADER;
    if (packet.p[first >> 4 == 6 ? 6 : 9] != IPPROTO_TCP)
        return HF_PP_BAD_PROTOCOL;
    int family = first >> 4 == 6 ? AF_INET6 : AF_INET;
    const char *hosts = packet.p + (family == AF_INET ? 12 : 8);
    read_address(&out->from, family, hosts, packet.p + ip);
    read_address(&out->to, family, hosts + (family == AF_INET ? 4 : 16), packet.p + ip + 2);
    unmap(out);
    return HF_PP_YES;
}

enum hf_pp_read hf_netscaler_read(struct hf_view bytes, uint32_t magic, struct hf_pp_header *out)
{
    *out = (struct hf_pp_header){0};
    keep_own_addresses(out);
    if (bytes.n < 4)
        return HF_PP_MORE;
    if (number32(bytes.p) != magic)
        return HF_PP_NO_HEADER;
    if (bytes.n < CIP_STANDARD_START)
        return HF_PP_MORE;
    bool standard = bytes.p[CIP_START] == 0;
    size_t start = standard ? CIP_STANDARD_START : CIP_START;
    size_t length = standard ? number16(bytes.p + 10) : number32(bytes.p + 4);
    if (length > HF_PROXYPROTO_MOST - start)
        return HF_PP_BAD_HEADER;
    out->n = start + length;
    if (bytes.n < out->n)
        return HF_PP_MORE;
    return read_packet(hf_view(bytes.p + start, length), out);
}
