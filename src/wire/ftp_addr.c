/*
 * ftp_addr.c: the addresses inside PORT, EPRT, 227 and 229, both ways.
 *
 * What clients send must be exact, since it tells us where to connect.  Replies are searched:
 * servers word them freely (RFC 1123 4.1.2.6).  Either way a number out of its range is refused,
 * never wrapped into another one.
 */
#include "haftp/wire/ftp.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#include "haftp/base/assert.h"

#define PORT_MAX 65535u

/* ---- reading from the front of a view ------------------------------------------------------ */

static void skip(struct hf_view *in, size_t n)
{
    in->p += n;
    in->n -= n;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct hf_view *in)
{
    while (in->n > 0 && is_blank(*in->p))
        skip(in, 1);
}

static bool take_char(struct hf_view *in, char c)
{
    if (in->n == 0 || *in->p != c)
        return false;
    skip(in, 1);
    return true;
}

/* False when there is no digit.  A number too large for a port stays too large, however long. */
static bool take_number(struct hf_view *in, unsigned *number)
{
    struct hf_view before = *in;
    *number = 0;
    while (in->n > 0 && is_digit(*in->p)) {
        if (*number <= PORT_MAX)
            *number = *number * 10 + (unsigned)(*in->p - '0');
        skip(in, 1);
    }
    return in->n < before.n;
}

static bool only_blanks_left(struct hf_view in)
{
    skip_blanks(&in);
    return in.n == 0;
}

/* ---- six numbers: h1,h2,h3,h4,p1,p2 -------------------------------------------------------- */

static enum hf_status six_to_addr(const unsigned six[6], struct hf_addr *out)
{
    for (unsigned i = 0; i < 6; i++) {
        if (six[i] > 255)
            return HF_INVALID;
    }
    uint16_t port = (uint16_t)(six[4] << 8 | six[5]);
    if (port == 0)
        return HF_INVALID;
    *out = (struct hf_addr){
        .v4 = {
            .sin_family = AF_INET,
            .sin_port = htons(port),
            .sin_addr.s_addr = htonl(six[0] << 24 | six[1] << 16 | six[2] << 8 | six[3]),
        }};
    return HF_OK;
}

/* Takes the longest list of numbers with commas between them.  Returns how many; the first six are
 * kept.  Taking all of them keeps the tail of a longer list from being read as an address. */
static unsigned take_list(struct hf_view *in, unsigned six[6])
{
    unsigned count = 0, number;
    struct hf_view ahead = *in;
    while (take_number(&ahead, &number)) {
        if (count < 6)
            six[count] = number;
        count++;
        *in = ahead;
        skip_blanks(&ahead);
        if (!take_char(&ahead, ','))
            break;
        skip_blanks(&ahead);
    }
    return count;
}

static enum hf_status find_six(struct hf_view text, struct hf_addr *out)
{
    unsigned six[6];
    while (text.n > 0) {
        if (!is_digit(*text.p))
            skip(&text, 1);
        else if (take_list(&text, six) == 6)
            return six_to_addr(six, out);
    }
    return HF_NOTFOUND;
}

/* ---- RFC 2428: <d>protocol<d>address<d>port<d> --------------------------------------------- */

struct extended {
    struct hf_view protocol, host, port;
};

static bool take_until(struct hf_view *in, char delimiter, struct hf_view *field)
{
    const char *end = in->n > 0 ? memchr(in->p, delimiter, in->n) : NULL;
    if (!end)
        return false;
    *field = hf_view(in->p, (size_t)(end - in->p));
    skip(in, field->n + 1);
    return true;
}

/* Any printable character may be the delimiter; a digit would be lost in the numbers. */
static bool take_extended(struct hf_view *in, struct extended *out)
{
    if (in->n == 0 || *in->p < 33 || *in->p > 126 || is_digit(*in->p))
        return false;
    char delimiter = *in->p;
    skip(in, 1);
    return take_until(in, delimiter, &out->protocol) && take_until(in, delimiter, &out->host) &&
           take_until(in, delimiter, &out->port);
}

static bool is_number(struct hf_view text, unsigned *number)
{
    return take_number(&text, number) && text.n == 0;
}

/* AF_UNSPEC: whichever family it is written in. */
static enum hf_status parse_host(struct hf_view host, int family, struct hf_addr *out)
{
    char text[INET6_ADDRSTRLEN];
    struct hf_addr addr = {.sa = {.sa_family = AF_UNSPEC}};
    if (host.n >= sizeof text || memchr(host.p, '\0', host.n))
        return HF_INVALID;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';
    if (family != AF_INET6 && inet_pton(AF_INET, text, &addr.v4.sin_addr) == 1)
        addr.sa.sa_family = AF_INET;
    else if (family != AF_INET && inet_pton(AF_INET6, text, &addr.v6.sin6_addr) == 1)
        addr.sa.sa_family = AF_INET6;
    else
        return HF_INVALID;
    *out = addr;
    return HF_OK;
}

/* sin_port and sin6_port are the same two bytes, so this also serves an address without a host. */
static enum hf_status set_port(struct hf_addr *addr, unsigned port)
{
    if (port == 0 || port > PORT_MAX)
        return HF_INVALID;
    addr->v4.sin_port = htons((uint16_t)port);
    return HF_OK;
}

static enum hf_status extended_reply_to_addr(const struct extended *fields, unsigned port,
                                             struct hf_addr *out)
{
    struct hf_addr addr = {.sa = {.sa_family = AF_UNSPEC}};
    if (fields->host.n > 0 && parse_host(fields->host, AF_UNSPEC, &addr) != HF_OK)
        return HF_INVALID;
    if (set_port(&addr, port) != HF_OK)
        return HF_INVALID;
    *out = addr;
    return HF_OK;
}

/* Parentheses may hold any delimiter; without them only the usual "|" is searched for, since
 * punctuation of the text could look like another one. */
static enum hf_status find_extended(struct hf_view text, struct hf_addr *out)
{
    for (; text.n > 0; skip(&text, 1)) {
        struct extended fields;
        struct hf_view ahead = text;
        unsigned number, port;
        if (take_char(&ahead, '('))
            skip_blanks(&ahead);
        else if (*ahead.p != '|')
            continue;
        if (!take_extended(&ahead, &fields))
            continue;
        if (fields.protocol.n > 0 && !is_number(fields.protocol, &number))
            continue;
        if (is_number(fields.port, &port))
            return extended_reply_to_addr(&fields, port, out);
    }
    return HF_NOTFOUND;
}

/* ---- replies ------------------------------------------------------------------------------- */

enum hf_status hf_ftp_parse_pasv_reply(struct hf_view text, struct hf_addr *out)
{
    enum hf_status status = find_six(text, out);
    return status == HF_NOTFOUND ? find_extended(text, out) : status;
}

enum hf_status hf_ftp_parse_epsv_reply(struct hf_view text, struct hf_addr *out)
{
    enum hf_status status = find_extended(text, out);
    return status == HF_NOTFOUND ? find_six(text, out) : status;
}

/* ---- arguments ----------------------------------------------------------------------------- */

enum hf_status hf_ftp_parse_port(struct hf_view arg, struct hf_addr *out)
{
    unsigned six[6];
    for (unsigned i = 0; i < 6; i++) {
        if ((i > 0 && !take_char(&arg, ',')) || !take_number(&arg, &six[i]))
            return HF_INVALID;
    }
    return only_blanks_left(arg) ? six_to_addr(six, out) : HF_INVALID;
}

enum hf_status hf_ftp_parse_eprt(struct hf_view arg, struct hf_addr *out)
{
    struct extended fields;
    struct hf_addr addr;
    unsigned protocol, port;
    if (!take_extended(&arg, &fields) || !only_blanks_left(arg) ||
        !is_number(fields.protocol, &protocol) || !is_number(fields.port, &port))
        return HF_INVALID;
    if (protocol != 1 && protocol != 2)
        return HF_UNSUPPORTED;
    if (parse_host(fields.host, protocol == 1 ? AF_INET : AF_INET6, &addr) != HF_OK ||
        set_port(&addr, port) != HF_OK)
        return HF_INVALID;
    *out = addr;
    return HF_OK;
}

enum hf_epsv_arg hf_ftp_parse_epsv_arg(struct hf_view arg)
{
    unsigned protocol;
    while (arg.n > 0 && is_blank(arg.p[arg.n - 1]))
        arg.n--;
    if (arg.n == 0)
        return HF_EPSV_NONE;
    if (arg.n == 3 && strncasecmp(arg.p, "ALL", 3) == 0)
        return HF_EPSV_ALL;
    if (!is_number(arg, &protocol))
        return HF_EPSV_BAD;
    return protocol == 1 ? HF_EPSV_V4 : protocol == 2 ? HF_EPSV_V6 : HF_EPSV_OTHER;
}

/* ---- writing ------------------------------------------------------------------------------- */

static size_t format_six(const struct hf_addr *addr, const char *before, const char *after,
                         char *buf)
{
    HF_ASSERT(addr->sa.sa_family == AF_INET);
    unsigned host = ntohl(addr->v4.sin_addr.s_addr), port = ntohs(addr->v4.sin_port);
    return (size_t)snprintf(buf, HF_FTP_ADDR_LINE, "%s%u,%u,%u,%u,%u,%u%s\r\n", before, host >> 24,
                            host >> 16 & 255, host >> 8 & 255, host & 255, port >> 8, port & 255,
                            after);
}

size_t hf_ftp_format_227(const struct hf_addr *addr, char *buf)
{
    return format_six(addr, "227 Entering Passive Mode (", ").", buf);
}

size_t hf_ftp_format_port(const struct hf_addr *addr, char *buf)
{
    return format_six(addr, "PORT ", "", buf);
}

size_t hf_ftp_format_229(uint16_t port, char *buf)
{
    return (size_t)snprintf(buf, HF_FTP_ADDR_LINE,
                            "229 Entering Extended Passive Mode (|||%u|)\r\n", (unsigned)port);
}

size_t hf_ftp_format_eprt(const struct hf_addr *addr, char *buf)
{
    char host[INET6_ADDRSTRLEN];
    bool v4 = addr->sa.sa_family == AF_INET;
    const void *bytes = v4 ? (const void *)&addr->v4.sin_addr : (const void *)&addr->v6.sin6_addr;
    HF_ASSERT(v4 || addr->sa.sa_family == AF_INET6);
    HF_ASSERT(inet_ntop(addr->sa.sa_family, bytes, host, sizeof host));
    return (size_t)snprintf(buf, HF_FTP_ADDR_LINE, "EPRT |%d|%s|%u|\r\n", v4 ? 1 : 2, host,
                            (unsigned)ntohs(addr->v4.sin_port));
}
