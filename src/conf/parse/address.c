/*
 * address.c: hosts, ports and ranges out of one word.
 */
#include "address.h"

#include <string.h>

#include <utlist.h>

#include "value.h"

/* The family that a prefix demands. */
struct prefix {
    const char *text;
    int family; /* AF_UNSPEC: any; -1: not supported yet */
};

static const struct prefix prefixes[] = {
    {"ipv4@", AF_INET}, {"ipv6@", AF_INET6}, {"ip@", AF_UNSPEC}, {"tcp@", AF_UNSPEC},
    {"tcp4@", AF_INET}, {"tcp6@", AF_INET6}, {"unix@", -1},      {"uxst@", -1},
    {"abns@", -1},      {"fd@", -1},         {"sockpair@", -1},  {"udp@", -1},
    {"udp4@", -1},      {"udp6@", -1},       {"quic4@", -1},     {"quic6@", -1},
};

static bool fail(struct hf_problem *problem, const char *text, const char *hint)
{
    *problem = (struct hf_problem){text, hint};
    return false;
}

static bool take_prefix(struct hf_arena *arena, const char **text, int *family,
                        struct hf_problem *problem)
{
    *family = AF_UNSPEC;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct prefix *p = &prefixes[i];
        if (strncmp(*text, p->text, strlen(p->text)) != 0)
            continue;
        *text += strlen(p->text);
        *family = p->family;
        if (p->family != -1)
            return true;
        return fail(problem,
                    hf_arena_printf(arena,
                                    "addresses with '%s' are not supported by this version "
                                    "of haftp yet",
                                    p->text),
                    NULL);
    }
    if (**text == '/')
        return fail(problem, "unix sockets are not supported here by this version of haftp yet",
                    NULL);
    return true;
}

static bool is_numeric_host(const char *text, size_t n)
{
    struct hf_addr addr;
    return hf_addr_parse_host(hf_view(text, n), &addr) == HF_OK;
}

/* Where the port begins: at the last colon; NULL when there is none.  In IPv6 without brackets the
 * last colon splits the port as well, unless only the whole reads as an address ("::1"). */
static const char *find_port(const char *text)
{
    const char *colon = strrchr(text, ':'), *bracket = strrchr(text, ']');

    if (!colon || (bracket && colon < bracket))
        return NULL;
    if (strchr(text, ':') != colon && !bracket && !is_numeric_host(text, (size_t)(colon - text)) &&
        is_numeric_host(text, strlen(text)))
        return NULL;
    return colon;
}

static bool resolve(struct hf_arena *arena, const char *host, size_t n, int family,
                    struct hf_addr *addr, struct hf_problem *problem)
{
    const char *name = hf_arena_strndup(arena, host, n);

    if (family == AF_INET6 && (n == 0 || strcmp(name, "*") == 0))
        name = "::";
    if (hf_addr_resolve(name, addr) != HF_OK)
        return fail(problem, hf_arena_printf(arena, "cannot find the address of '%s'", name),
                    "write an IP address, or a name that this host can look up");
    if (family != AF_UNSPEC && addr->sa.sa_family != family)
        return fail(problem,
                    hf_arena_printf(arena, "'%s' is not an %s address", name,
                                    family == AF_INET ? "IPv4" : "IPv6"),
                    NULL);
    return true;
}

static bool parse_bind(struct hf_arena *arena, const char *text, struct hf_bind_address *out,
                       struct hf_problem *problem)
{
    int family;

    out->text = text;
    if (!take_prefix(arena, &text, &family, problem))
        return false;
    const char *colon = find_port(text);
    if (!colon || colon[1] == '\0')
        return fail(problem, hf_arena_printf(arena, "'%s' has no port", out->text),
                    "write ADDRESS:PORT, for example *:21");
    switch (hf_value_port_range(colon + 1, &out->lo, &out->hi)) {
    case HF_OK:
        break;
    case HF_LIMIT:
        return fail(problem,
                    hf_arena_printf(arena, "'%s' is not a port or a range of ports", colon + 1),
                    "ports are 1 to 65535, and a range begins with the lower one");
    default:
        return fail(problem,
                    hf_arena_printf(arena, "'%s' is not a port or a range of ports", colon + 1),
                    "write ADDRESS:PORT or ADDRESS:LOW-HIGH");
    }
    if (!resolve(arena, text, (size_t)(colon - text), family, &out->addr, problem))
        return false;
    hf_addr_set_port(&out->addr, out->lo);
    return true;
}

bool hf_address_parse_binds(struct hf_arena *arena, const char *text, struct hf_bind_address **list,
                            struct hf_problem *problem)
{
    const char *comma;

    do {
        comma = strchr(text, ',');
        size_t n = comma ? (size_t)(comma - text) : strlen(text);
        struct hf_bind_address *address = HF_NEW(arena, struct hf_bind_address);
        if (!parse_bind(arena, hf_arena_strndup(arena, text, n), address, problem))
            return false;
        LL_APPEND(*list, address);
        text += n + 1;
    } while (comma);
    return true;
}

/* A port of a server: fixed, or counted from the port that the client came to. */
static bool parse_server_port(const char *text, struct hf_cfg_server *server)
{
    bool plus = *text == '+', minus = *text == '-';
    int64_t number;

    if (hf_value_number(text + (plus || minus), &number) != HF_OK || number > UINT16_MAX)
        return false;
    if (plus || minus) {
        server->port_map = HF_PORT_OFFSET;
        server->port_offset = minus ? -(int)number : (int)number;
    } else if (number > 0) {
        server->port_map = HF_PORT_FIXED;
        hf_addr_set_port(&server->addr, (uint16_t)number);
    }
    return true;
}

bool hf_address_parse_server(struct hf_arena *arena, const char *text, struct hf_cfg_server *server,
                             struct hf_problem *problem)
{
    int family;

    if (!take_prefix(arena, &text, &family, problem))
        return false;
    const char *colon = find_port(text);
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    if (!resolve(arena, text, n, family, &server->addr, problem))
        return false;
    server->port_map = HF_PORT_SAME;
    if (!colon || colon[1] == '\0' || parse_server_port(colon + 1, server))
        return true;
    if (strchr(colon + 1, '-'))
        return fail(problem,
                    hf_arena_printf(arena, "a server has no range of ports ('%s')", colon + 1),
                    "without a port, a server gets the port that the client connected to");
    return fail(problem, hf_arena_printf(arena, "'%s' is not a port", colon + 1),
                "write a port of 1 to 65535, +N or -N, or none for the port of the client");
}

bool hf_address_parse_host_port(struct hf_arena *arena, const char *text, uint16_t default_port,
                                struct hf_addr *addr, struct hf_problem *problem)
{
    const char *colon = find_port(text);
    uint16_t port = default_port, last;

    if (colon && (hf_value_port_range(colon + 1, &port, &last) != HF_OK || port != last))
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port", colon + 1),
                    "ports are 1 to 65535");
    size_t n = colon ? (size_t)(colon - text) : strlen(text);
    if (!resolve(arena, text, n, AF_UNSPEC, addr, problem))
        return false;
    hf_addr_set_port(addr, port);
    return true;
}

bool hf_address_parse_host(struct hf_arena *arena, const char *text, struct hf_addr *addr,
                           struct hf_problem *problem)
{
    return resolve(arena, text, strlen(text), AF_UNSPEC, addr, problem);
}
