/*
 * address.c: hosts, ports, ranges, paths and descriptors out of one word.
 */
#include "address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <utlist.h>

#include "value.h"

/* HAProxy leaves room for the suffix of the name that a socket is bound under at first. */
#define PATH_MAX_LENGTH (sizeof((struct sockaddr_un *)0)->sun_path - 1 - 10)
#define ABNS_MAX_LENGTH (sizeof((struct sockaddr_un *)0)->sun_path - 1)

enum kind { INET, UNIX, ABNS, FD, SOCKPAIR, DATAGRAM, QUIC };

static const struct prefix {
    const char *text;
    enum kind kind;
    int family; /* that it demands; AF_UNSPEC: any */
} prefixes[] = {
    {"ipv4@", INET, AF_INET},           {"ipv6@", INET, AF_INET6},
    {"ip@", INET, AF_UNSPEC},           {"tcp@", INET, AF_UNSPEC},
    {"tcp4@", INET, AF_INET},           {"tcp6@", INET, AF_INET6},
    {"unix@", UNIX, AF_UNSPEC},         {"uxst@", UNIX, AF_UNSPEC},
    {"abns@", ABNS, AF_UNSPEC},         {"fd@", FD, AF_UNSPEC},
    {"sockpair@", SOCKPAIR, AF_UNSPEC}, {"udp@", DATAGRAM, AF_UNSPEC},
    {"udp4@", DATAGRAM, AF_INET},       {"udp6@", DATAGRAM, AF_INET6},
    {"uxdg@", DATAGRAM, AF_UNSPEC},     {"dgram+", DATAGRAM, AF_UNSPEC},
    {"quic4@", QUIC, AF_INET},          {"quic6@", QUIC, AF_INET6},
};

/* A word, taken apart. */
struct parts {
    enum kind kind;
    int family;
    const char *host; /* INET: without its port; else all behind the prefix */
    const char *port; /* INET: what stands behind the colon; "": nothing */
};

static bool fail(struct hf_problem *problem, const char *text, const char *hint)
{
    *problem = (struct hf_problem){.text = text, .hint = hint};
    return false;
}

static bool starts_with(const char *text, const char *prefix, const char **rest)
{
    size_t n = strlen(prefix);

    if (strncmp(text, prefix, n) != 0)
        return false;
    *rest = text + n;
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

static struct parts take_apart(struct hf_arena *arena, const char *text)
{
    struct parts parts = {.kind = INET, .family = AF_UNSPEC, .port = ""};

    (void)starts_with(text, "stream+", &text);
    if (*text == '/')
        parts.kind = UNIX;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (starts_with(text, prefixes[i].text, &text)) {
            parts.kind = prefixes[i].kind;
            parts.family = prefixes[i].family;
            break;
        }
    }
    parts.host = text;
    const char *colon = parts.kind == INET ? find_port(text) : NULL;
    if (colon) {
        parts.host = hf_arena_strndup(arena, text, (size_t)(colon - text));
        parts.port = colon + 1;
    }
    /* Brackets may stand around IPv4 as well. */
    size_t n = strlen(parts.host);
    if (n > 2 && parts.host[0] == '[' && parts.host[n - 1] == ']' && !strchr(parts.host, ':'))
        parts.host = hf_arena_strndup(arena, parts.host + 1, n - 2);
    return parts;
}

/* ---- hosts ------------------------------------------------------------------------------- */

static bool resolve(struct hf_arena *arena, const char *host, int family, struct hf_addr *addr,
                    struct hf_problem *problem)
{
    size_t n = strlen(host);
    unsigned found = 0;

    if (family == AF_INET6 && (n == 0 || strcmp(host, "*") == 0))
        host = "::";
    if (hf_addr_lookup(host, family, addr, 1, &found) == HF_OK && found)
        return true;
    if (family != AF_UNSPEC && is_numeric_host(host, strlen(host)))
        return fail(problem,
                    hf_arena_printf(arena, "'%s' is not an %s address", host,
                                    family == AF_INET ? "IPv4" : "IPv6"),
                    NULL);
    return fail(problem, hf_arena_printf(arena, "cannot find the address of '%s'", host),
                "write an IP address, or a name that this host can look up");
}

/* ---- ports ------------------------------------------------------------------------------- */

static void warn_of_rest(struct hf_arena *arena, const char *rest, const char *text,
                         struct hf_problem *problem)
{
    if (*rest)
        problem->warning = hf_arena_printf(
            arena, "'%s' at the end of port '%s' is not read, as HAProxy does", rest, text);
}

/* "N" or "LO-HI" of 1..65535; 0 where `zero` allows it. */
static bool parse_ports(struct hf_arena *arena, const char *text, bool zero, uint16_t *lo,
                        uint16_t *hi, struct hf_problem *problem)
{
    const int64_t least = zero ? 0 : 1;
    const char *rest, *second;
    int64_t first = hf_value_loose_number(text, &rest), last = first;
    bool sound = rest > text && *text != '-' && *text != '+';

    if (sound && *rest == '-') {
        second = rest + 1;
        last = hf_value_loose_number(second, &rest);
        sound = rest > second && *second != '-' && *second != '+';
    }
    if (!sound)
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port or a range of ports", text),
                    "write ADDRESS:PORT or ADDRESS:LOW-HIGH");
    if (first < least || first > last || last > UINT16_MAX)
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port or a range of ports", text),
                    "ports are 1 to 65535, and a range begins with the lower one");
    warn_of_rest(arena, rest, text, problem);
    *lo = (uint16_t)first;
    *hi = (uint16_t)last;
    return true;
}

/* ---- paths, names, descriptors ----------------------------------------------------------- */

static bool parse_path(struct hf_arena *arena, const struct parts *parts, const char **path,
                       struct hf_problem *problem)
{
    size_t longest = parts->kind == ABNS ? ABNS_MAX_LENGTH : PATH_MAX_LENGTH;

    if (strlen(parts->host) > longest)
        return fail(problem,
                    hf_arena_printf(arena, "the path of the socket is too long: %zu bytes of %zu",
                                    strlen(parts->host), longest),
                    "choose a shorter one");
    if (!*parts->host)
        problem->warning = "a socket without a name cannot be used";
    *path = parts->host;
    return true;
}

static bool parse_descriptor(struct hf_arena *arena, const char *text, struct hf_bind_address *out,
                             struct hf_problem *problem)
{
    union {
        struct sockaddr sa;
        struct hf_addr inet;
        struct sockaddr_storage any;
    } name;
    socklen_t size = sizeof name;
    int64_t number;

    if (hf_value_number(text, &number) != HF_OK || number > INT32_MAX)
        return fail(problem, hf_arena_printf(arena, "'%s' is not the number of a descriptor", text),
                    "write fd@N, with the number of a socket that is open when haftp starts");
    if (getsockname((int)number, &name.sa, &size) != 0)
        return fail(problem,
                    hf_arena_printf(arena, "descriptor %s cannot be used: %s", text,
                                    errno == EBADF ? "it is not open" : "it is not a socket"),
                    "whoever starts haftp must hand the open socket down");
    out->fd = (int)number;
    if (name.sa.sa_family == AF_INET || name.sa.sa_family == AF_INET6) {
        out->addr = name.inet;
        out->lo = out->hi = hf_addr_port(&out->addr);
    }
    return true;
}

static bool refuse_kind(struct hf_arena *arena, const char *text, enum kind kind,
                        struct hf_problem *problem)
{
    switch (kind) {
    case DATAGRAM:
        return fail(problem, hf_arena_printf(arena, "'%s' is for datagrams", text),
                    "FTP and plain TCP need a stream: write ADDRESS:PORT or a path");
    case QUIC:
        return fail(problem, hf_arena_printf(arena, "'%s' is for QUIC, which is HTTP", text),
                    "write ADDRESS:PORT");
    case SOCKPAIR:
        return fail(problem, "addresses with 'sockpair@' are not supported by haftp",
                    "haftp refuses what it cannot do, rather than do something else");
    default:
        return fail(problem, "a descriptor cannot be used here", "write ADDRESS[:PORT] or a path");
    }
}

/* ---- whole words ------------------------------------------------------------------------- */

bool hf_address_parse_bind(struct hf_arena *arena, const char *text, struct hf_bind_address *out,
                           struct hf_problem *problem)
{
    struct parts parts = take_apart(arena, text);

    *problem = (struct hf_problem){0};
    out->text = text;
    switch (parts.kind) {
    case INET:
        out->reach = HF_REACH_INET;
        if (!*parts.port)
            return fail(problem, hf_arena_printf(arena, "'%s' has no port", text),
                        "write ADDRESS:PORT, for example *:21");
        if (!parse_ports(arena, parts.port, false, &out->lo, &out->hi, problem) ||
            !resolve(arena, parts.host, parts.family, &out->addr, problem))
            return false;
        hf_addr_set_port(&out->addr, out->lo);
        out->is_range = strchr(parts.port, '-') != NULL;
        return true;
    case UNIX:
    case ABNS:
        out->reach = parts.kind == UNIX ? HF_REACH_UNIX : HF_REACH_ABNS;
        return parse_path(arena, &parts, &out->path, problem);
    case FD:
        out->reach = HF_REACH_FD;
        return parse_descriptor(arena, parts.host, out, problem);
    case SOCKPAIR:
        return parse_descriptor(arena, parts.host, out, problem) &&
               refuse_kind(arena, text, parts.kind, problem);
    default:
        return refuse_kind(arena, text, parts.kind, problem);
    }
}

bool hf_address_parse_datagram(struct hf_arena *arena, const char *text,
                               struct hf_bind_address *out, struct hf_problem *problem)
{
    /* Each reads like its twin for streams. */
    static const char *const twins[][2] = {{"udp@", "ip@"},
                                           {"udp4@", "ipv4@"},
                                           {"udp6@", "ipv6@"},
                                           {"uxdg@", "unix@"},
                                           {"dgram+", ""}};
    const char *rest;

    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        if (starts_with(text, twins[i][0], &rest)) {
            text = hf_arena_printf(arena, "%s%s", twins[i][1], rest);
            break;
        }
    }
    return hf_address_parse_bind(arena, text, out, problem);
}

/* A port of a server: fixed, or counted from the port that the client came to. */
static bool parse_server_port(struct hf_arena *arena, const char *text,
                              struct hf_cfg_server *server, uint16_t *fixed,
                              struct hf_problem *problem)
{
    bool offset = *text == '+' || *text == '-';
    const char *rest;
    int64_t number = hf_value_loose_number(text, &rest);

    if (!offset && rest == text)
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port", text),
                    "write a port of 1 to 65535, +N or -N, or none for the port of the client");
    if (!offset && *rest == '-')
        return fail(problem, hf_arena_printf(arena, "a server has no range of ports ('%s')", text),
                    "without a port, a server gets the port that the client connected to");
    if (!offset && number > UINT16_MAX)
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port", text),
                    "write a port of 1 to 65535, +N or -N, or none for the port of the client");
    warn_of_rest(arena, offset && rest == text ? text + 1 : rest, text, problem);
    if (offset) {
        server->port_map = HF_PORT_OFFSET;
        server->port_offset = (int)(number % (UINT16_MAX + 1));
    } else if (number > 0) {
        server->port_map = HF_PORT_FIXED;
        *fixed = (uint16_t)number;
    }
    return true;
}

bool hf_address_parse_server(struct hf_arena *arena, const char *text, struct hf_cfg_server *server,
                             struct hf_lookup *lookup, struct hf_problem *problem)
{
    struct parts parts = take_apart(arena, text);

    *problem = (struct hf_problem){0};
    *lookup = (struct hf_lookup){.family = parts.family};
    server->port_map = HF_PORT_SAME;
    switch (parts.kind) {
    case INET:
        break;
    case UNIX:
    case ABNS:
        server->reach = parts.kind == UNIX ? HF_REACH_UNIX : HF_REACH_ABNS;
        server->port_map = HF_PORT_FIXED; /* none, and none of the client's */
        return parse_path(arena, &parts, &server->path, problem);
    default:
        return refuse_kind(arena, text, parts.kind, problem);
    }
    if (*parts.port && !parse_server_port(arena, parts.port, server, &lookup->port, problem))
        return false;
    if (!is_numeric_host(parts.host, strlen(parts.host))) {
        server->host = parts.host;
        return true;
    }
    if (!resolve(arena, parts.host, parts.family, &server->addr, problem))
        return false;
    hf_addr_set_port(&server->addr, lookup->port);
    return true;
}

bool hf_address_parse_source(struct hf_arena *arena, const char *text, bool range,
                             struct hf_addr *addr, uint16_t *lo, uint16_t *hi,
                             struct hf_problem *problem)
{
    struct parts parts = take_apart(arena, text);

    *problem = (struct hf_problem){0};
    *lo = *hi = 0;
    if (parts.kind != INET)
        return fail(problem, hf_arena_printf(arena, "'%s' is not an Internet address", text),
                    "connections to servers come from an IP address of this host");
    if (*parts.port && !parse_ports(arena, parts.port, true, lo, hi, problem))
        return false;
    if (!range && *lo != *hi)
        return fail(
            problem,
            hf_arena_printf(arena, "a range of ports cannot be used here ('%s')", parts.port),
            "write ADDRESS or ADDRESS:PORT");
    return resolve(arena, parts.host, parts.family, addr, problem);
}

bool hf_address_parse_host_port(struct hf_arena *arena, const char *text, uint16_t default_port,
                                struct hf_addr *addr, struct hf_problem *problem)
{
    const char *colon = find_port(text), *host = text;
    uint16_t port = default_port, last;

    *problem = (struct hf_problem){0};
    if (colon && (hf_value_port_range(colon + 1, &port, &last) != HF_OK || port != last))
        return fail(problem, hf_arena_printf(arena, "'%s' is not a port", colon + 1),
                    "ports are 1 to 65535");
    if (colon)
        host = hf_arena_strndup(arena, text, (size_t)(colon - text));
    if (!resolve(arena, host, AF_UNSPEC, addr, problem))
        return false;
    hf_addr_set_port(addr, port);
    return true;
}

bool hf_address_parse_host(struct hf_arena *arena, const char *text, struct hf_addr *addr,
                           struct hf_problem *problem)
{
    *problem = (struct hf_problem){0};
    return resolve(arena, text, AF_UNSPEC, addr, problem);
}
