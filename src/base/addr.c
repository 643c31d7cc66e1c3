/*
 * addr.c: Internet addresses with a port.
 */
#include "haftp/base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

socklen_t hf_addr_len(const struct hf_addr *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

uint16_t hf_addr_port(const struct hf_addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return ntohs(a->v4.sin_port);
    case AF_INET6:
        return ntohs(a->v6.sin6_port);
    default:
        return 0;
    }
}

void hf_addr_set_port(struct hf_addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET6)
        a->v6.sin6_port = htons(port);
    else if (a->sa.sa_family == AF_INET)
        a->v4.sin_port = htons(port);
}

bool hf_addr_is_any(const struct hf_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
    return a->sa.sa_family == AF_INET && a->v4.sin_addr.s_addr == htonl(INADDR_ANY);
}

/* ---- text to address --------------------------------------------------------------------- */

/* A link-local address needs its interface, by name or by number. */
static enum hf_status parse_scope(const char *text, uint32_t *scope)
{
    char *end;
    unsigned long number;

    *scope = if_nametoindex(text);
    if (*scope)
        return HF_OK;
    if (*text < '0' || *text > '9')
        return HF_INVALID;
    errno = 0;
    number = strtoul(text, &end, 10);
    if (*end || errno || number == 0 || number > UINT32_MAX)
        return HF_INVALID;
    *scope = (uint32_t)number;
    return HF_OK;
}

static enum hf_status parse_v6(char *text, struct hf_addr *out)
{
    char *percent = strchr(text, '%');

    if (percent) {
        *percent = '\0';
        if (parse_scope(percent + 1, &out->v6.sin6_scope_id) != HF_OK)
            return HF_INVALID;
    }
    if (inet_pton(AF_INET6, text, &out->v6.sin6_addr) != 1)
        return HF_INVALID;
    out->v6.sin6_family = AF_INET6;
    return HF_OK;
}

static enum hf_status parse_v4(const char *text, struct hf_addr *out)
{
    if (inet_pton(AF_INET, text, &out->v4.sin_addr) != 1)
        return HF_INVALID;
    out->v4.sin_family = AF_INET;
    return HF_OK;
}

enum hf_status hf_addr_parse_host(struct hf_view host, struct hf_addr *out)
{
    char text[HF_ADDR_TEXT_SIZE];
    enum hf_status status;
    bool brackets = host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';

    memset(out, 0, sizeof *out);
    if (host.n == 0 || hf_view_is(host, "*")) {
        out->v4.sin_family = AF_INET;
        return HF_OK;
    }
    if (brackets)
        host = hf_view(host.p + 1, host.n - 2);
    if (host.n >= sizeof text || (host.n && memchr(host.p, '\0', host.n)))
        return HF_INVALID;
    memcpy(text, host.p, host.n);
    text[host.n] = '\0';

    status = brackets || strchr(text, ':') ? parse_v6(text, out) : parse_v4(text, out);
    if (status != HF_OK)
        memset(out, 0, sizeof *out);
    return status;
}

static bool is_listed(const struct hf_addr *list, unsigned n, const struct hf_addr *addr)
{
    for (unsigned i = 0; i < n; i++) {
        if (hf_addr_same_host(&list[i], addr))
            return true;
    }
    return false;
}

enum hf_status hf_addr_lookup(const char *host, int family, struct hf_addr *list, unsigned room,
                              unsigned *n)
{
    const struct addrinfo wanted = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct hf_addr addr;

    *n = 0;
    if (hf_addr_parse_host(hf_view_cstr(host), &addr) == HF_OK) {
        if (family != AF_UNSPEC && addr.sa.sa_family != family)
            return HF_NOTFOUND;
        list[(*n)++] = addr;
        return HF_OK;
    }
    int error = getaddrinfo(host, NULL, &wanted, &found);
    if (error)
        return error == EAI_MEMORY ? HF_NOMEM : HF_NOTFOUND;
    for (const struct addrinfo *i = found; i && *n < room; i = i->ai_next) {
        if (i->ai_family != AF_INET && i->ai_family != AF_INET6)
            continue;
        addr = (struct hf_addr){0};
        memcpy(&addr, i->ai_addr, i->ai_addrlen);
        if (!is_listed(list, *n, &addr))
            list[(*n)++] = addr;
    }
    freeaddrinfo(found);
    return *n ? HF_OK : HF_NOTFOUND;
}

/* ---- comparing --------------------------------------------------------------------------- */

void hf_addr_unmap(struct hf_addr *a)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};

    if (a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
        return;
    v4.sin_port = a->v6.sin6_port;
    memcpy(&v4.sin_addr, a->v6.sin6_addr.s6_addr + 12, sizeof v4.sin_addr);
    memset(a, 0, sizeof *a);
    a->v4 = v4;
}

static struct hf_addr unmapped(const struct hf_addr *a)
{
    struct hf_addr copy = *a;

    hf_addr_unmap(&copy);
    return copy;
}

/* The bytes of the host part, in network order. */
static struct hf_view host_bytes(const struct hf_addr *a)
{
    switch (a->sa.sa_family) {
    case AF_INET:
        return hf_view((const char *)&a->v4.sin_addr, sizeof a->v4.sin_addr);
    case AF_INET6:
        return hf_view((const char *)&a->v6.sin6_addr, sizeof a->v6.sin6_addr);
    default:
        return hf_view("", 0);
    }
}

bool hf_addr_same_host(const struct hf_addr *a, const struct hf_addr *b)
{
    struct hf_addr x = unmapped(a), y = unmapped(b);

    if (!hf_addr_is_set(&x) || x.sa.sa_family != y.sa.sa_family)
        return false;
    /* The same link-local address on two interfaces is two hosts. */
    if (x.sa.sa_family == AF_INET6 && x.v6.sin6_scope_id != y.v6.sin6_scope_id)
        return false;
    return hf_view_eq(host_bytes(&x), host_bytes(&y));
}

bool hf_addr_equal(const struct hf_addr *a, const struct hf_addr *b)
{
    return hf_addr_port(a) == hf_addr_port(b) && hf_addr_same_host(a, b);
}

/* Not seeded: `balance source` must choose the same server in every process. */
uint32_t hf_addr_hash_host(const struct hf_addr *a)
{
    struct hf_addr x = unmapped(a);
    struct hf_view bytes = host_bytes(&x);
    uint64_t h = 0x9e3779b97f4a7c15u + bytes.n;

    for (size_t i = 0; i < bytes.n; i++) {
        h ^= (unsigned char)bytes.p[i];
        h *= 0x100000001b3u;
    }
    /* Neighbouring addresses must not land in neighbouring slots. */
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    return (uint32_t)h;
}

/* ---- address to text --------------------------------------------------------------------- */

static void add_scope(uint32_t scope, char *buf)
{
    char name[IF_NAMESIZE];
    size_t used = strlen(buf);

    if (if_indextoname(scope, name))
        snprintf(buf + used, HF_ADDR_TEXT_SIZE - used, "%%%s", name);
    else
        snprintf(buf + used, HF_ADDR_TEXT_SIZE - used, "%%%u", (unsigned)scope);
}

const char *hf_addr_host_text(const struct hf_addr *a, char *buf)
{
    buf[0] = '-'; /* what an address that is not set reads like */
    buf[1] = '\0';
    if (a->sa.sa_family == AF_INET)
        inet_ntop(AF_INET, &a->v4.sin_addr, buf, HF_ADDR_TEXT_SIZE);
    if (a->sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->v6.sin6_addr, buf, HF_ADDR_TEXT_SIZE);
        if (a->v6.sin6_scope_id)
            add_scope(a->v6.sin6_scope_id, buf);
    }
    return buf;
}

const char *hf_addr_text(const struct hf_addr *a, char *buf)
{
    char host[HF_ADDR_TEXT_SIZE];
    const char *format = a->sa.sa_family == AF_INET6 ? "[%.55s]:%u" : "%.55s:%u";

    hf_addr_host_text(a, host);
    if (!hf_addr_is_set(a))
        return strcpy(buf, host);
    snprintf(buf, HF_ADDR_TEXT_SIZE, format, host, (unsigned)hf_addr_port(a));
    return buf;
}
