/*
 * server.c: `server`, `server-template` and `default-server` lines.
 *
 * A name is looked up when its line ends, since `init-addr` and `resolve-prefer` say how.
 */
#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "ends.h"
#include "expr/expr_build.h"
#include "haftp/conf/load.h"
#include "parse/value.h"
#include "vet.h"

#define MOST_ADDRESSES 64u
#define MOST_SERVERS   65536

static struct hf_arena *arena_of(const struct hf_build *b)
{
    return b->config->arena;
}

/* ---- beginning --------------------------------------------------------------------------- */

static void begin_server(struct hf_build *b, const struct hf_word *name,
                         const struct hf_word *address)
{
    struct hf_cfg_server *server = HF_NEW(arena_of(b), struct hf_cfg_server);
    struct hf_problem problem;

    server->loc = name->loc;
    server->name = name->text;
    server->proxy = b->section;
    server->o = b->section->o.server;
    b->at[HF_OBJECT_SERVER] = &server->o;
    b->server = server;
    b->server_place = address->loc;
    b->template_first = b->template_last = -1;
    if (!hf_address_parse_server(arena_of(b), hf_env_expand(b->env, arena_of(b), address->text),
                                 server, &b->lookup, &problem))
        hf_build_error(b, address->loc, problem.hint, "%s", problem.text);
    else if (problem.warning)
        hf_diag_add(b->diag, HF_DIAG_WARNING, address->loc, NULL, "%s.", problem.warning);
}

void hf_build_server(struct hf_build *b, const struct hf_word *name, const struct hf_word *address)
{
    hf_build_check_name(b, name, "server");
    begin_server(b, name, address);
}

/* "N" or "LOW-HIGH": which numbers the servers get. */
static bool parse_count(const char *text, int64_t *first, int64_t *last)
{
    const char *rest, *dash = strchr(text, '-');

    *first = 1;
    *last = hf_value_loose_number(text, &rest);
    if (dash && rest == dash && rest > text) {
        *first = *last;
        *last = hf_value_loose_number(dash + 1, &rest);
        if (rest == dash + 1)
            return false;
    }
    return *last >= 1 && *first >= 0 && *first <= *last && *last - *first < MOST_SERVERS;
}

void hf_build_server_template(struct hf_build *b, const struct hf_word *prefix,
                              const struct hf_word *count, const struct hf_word *address)
{
    int64_t first, last;

    hf_build_check_name(b, prefix, "server");
    begin_server(b, prefix, address);
    if (!parse_count(count->text, &first, &last)) {
        hf_build_error(b, count->loc, "write a number, for example 5, or a range such as 1-5",
                       "'%s' is not a number of servers", count->text);
        b->server = NULL;
        return;
    }
    b->template_first = (int)first;
    b->template_last = (int)last;
}

void hf_build_default_server(struct hf_build *b)
{
    b->at[HF_OBJECT_SERVER] = &b->section->o.server;
}

void hf_build_nameless_server(struct hf_build *b)
{
    struct hf_cfg_server *server = HF_NEW(arena_of(b), struct hf_cfg_server);

    server->o = b->section->o.server;
    b->at[HF_OBJECT_SERVER] = &server->o;
}

/* ---- names ------------------------------------------------------------------------------- */

/* The addresses of the server's name, those of the preferred family first. */
static unsigned look_up(const struct hf_build *b, const struct hf_cfg_server *server,
                        struct hf_addr *list)
{
    static const int families[] = {AF_INET, AF_INET6};
    int prefer = server->o.resolve_prefer;
    unsigned n = 0;

    if (prefer >= 0 && b->lookup.family == AF_UNSPEC &&
        hf_addr_lookup(server->host, families[prefer], list, MOST_ADDRESSES, &n) == HF_OK)
        return n;
    if (hf_addr_lookup(server->host, b->lookup.family, list, MOST_ADDRESSES, &n) != HF_OK)
        return 0;
    return n;
}

/* The first address that `init-addr` gives; *permits_none when it is right to have none. */
static unsigned find_addresses(const struct hf_build *b, const struct hf_cfg_server *server,
                               struct hf_addr *list, bool *asked, bool *permits_none)
{
    const char *methods = server->o.init_addr;
    unsigned n;

    *asked = *permits_none = false;
    if (!methods || !*methods)
        methods = "last,libc";
    for (; *methods; methods += strcspn(methods, ","), methods += *methods == ',') {
        size_t length = strcspn(methods, ",");
        struct hf_view method = hf_view(methods, length);
        if (hf_view_is(method, "libc")) {
            *asked = true;
            /* A service record has no address itself. */
            n = server->host[0] == '_' ? 0 : look_up(b, server, list);
            if (n)
                return n;
        } else if (hf_view_is(method, "none")) {
            *permits_none = true;
            return 0;
        } else if (length && !hf_view_is(method, "last") &&
                   hf_addr_parse_host(method, list) == HF_OK) {
            return 1;
        }
    }
    return 0;
}

static void tell_missing_address(struct hf_build *b, const struct hf_cfg_server *server, bool asked,
                                 bool permits_none)
{
    bool is_template = b->template_first >= 0;

    if (!permits_none && !b->names_may_fail)
        hf_build_error(b, b->server_place,
                       "write an IP address, a name that this host can look up, or 'init-addr "
                       "libc,none' to start without it",
                       asked ? "cannot find the address of '%s'"
                             : "'init-addr' has no method that finds the address of '%s'",
                       server->host);
    else
        hf_diag_add(b->diag, asked ? HF_DIAG_WARNING : HF_DIAG_NOTICE, b->server_place,
                    "names are looked up at start only in this version: restart when it has one",
                    "'%s' has no address: %s '%s' stay%s down.", server->host,
                    is_template ? "the servers of template" : "server", server->name,
                    is_template ? "" : "s");
}

/* ---- adding ------------------------------------------------------------------------------ */

static void check_duplicate(struct hf_build *b, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server *other;

    if (b->at[HF_OBJECT_PEERS]) /* HAProxy does not mind there */
        return;
    other = hf_build_find_server(b, server->name);
    if (other)
        hf_build_error(b, server->loc,
                       hf_arena_printf(arena_of(b), "the other one is at %s:%d",
                                       other->loc.source->name, other->loc.line),
                       "'%s' has a server named '%s' already", b->section->name, server->name);
}

static void add_server(struct hf_build *b, struct hf_cfg_server *server,
                       const struct hf_addr *address)
{
    server->port = b->lookup.port;
    if (address) {
        server->addr = *address;
        hf_addr_set_port(&server->addr, server->port);
    } else {
        server->unresolved = server->host != NULL;
    }
    check_duplicate(b, server);
    hf_build_append_server(b, server);
}

/* Without resolvers each server of a template gets the same address, as in HAProxy.  With them each
 * would be given one of its own, so each is. */
static void add_template(struct hf_build *b, const struct hf_addr *list, unsigned n)
{
    const struct hf_cfg_server *first = b->server;
    bool one_each = first->o.resolvers != NULL;

    for (int i = 0; i <= b->template_last - b->template_first; i++) {
        struct hf_cfg_server *server = HF_NEW(arena_of(b), struct hf_cfg_server);
        const struct hf_addr *address = one_each ? list + i : list;
        *server = *first;
        server->name = hf_arena_printf(arena_of(b), "%s%d", first->name, b->template_first + i);
        if (!first->host)
            address = &first->addr;
        else if (n == 0 || (one_each && (unsigned)i >= n))
            address = NULL;
        add_server(b, server, address);
    }
}

/* ---- options that belong together -------------------------------------------------------- */

static void check_options(struct hf_build *b, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_opts *o = &server->o;

    if (o->agent_check && !o->agent_port)
        hf_build_error(b, server->loc, "add 'agent-port N'", "'agent-check' needs 'agent-port'");
    hf_ends_check_server_ftps(b, server);
    if ((hf_server_has_tls(o) || o->tls.check_ssl) && hf_config_verifies(b->config, o) &&
        !o->tls.ca_file)
        hf_build_error(
            b, hf_server_has_tls(o) ? hf_server_tls_loc(o) : o->tls.check_ssl_loc,
            "add 'ca-file FILE' ('@system-ca': the authorities that this system knows), or "
            "'verify none' where the network can be trusted",
            "'%s' verifies the server's certificate, and no 'ca-file' is given",
            o->tls.starttls ? "starttls" : "ssl");
    if (hf_server_has_tls(o) && o->tls.crt && hf_build_is_sound(b)) {
        const struct hf_word word = {.text = o->tls.crt, .loc = o->tls.crt_loc};
        (void)hf_vet_certificate(b, NULL, &word);
    }
}

/* A server behind another proxy must not be reached around it. */
static void refuse_what_we_cannot(struct hf_build *b, const struct hf_cfg_server_opts *o)
{
    if (o->socks4)
        hf_ends_refuse(b, o->socks4_loc, "socks4", "let haftp reach the server itself");
    else if (o->netns)
        hf_ends_refuse(b, o->netns_loc, "namespace",
                       "start haftp in the namespace, with `ip netns exec`");
}

static void tell_idle_proxy_words(struct hf_build *b, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_opts *o = &server->o;
    if (o->proxy_v2_options && !hf_server_sends_proxy_v2(o))
        hf_diag_add(b->diag, HF_DIAG_NOTICE, o->proxy_v2_options_loc, NULL,
                    "'proxy-v2-options' has no effect without 'send-proxy-v2'.");
    if (o->send_proxy_data && !hf_server_sends_proxy(o))
        hf_diag_add(b->diag, HF_DIAG_WARNING, server->loc, "add 'send-proxy' or 'send-proxy-v2'",
                    "'send-proxy-data' has no effect without the word that says which version.");
}

static void tell_idle_options(struct hf_build *b, const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_opts *o = &server->o;

    if (o->resolvers)
        hf_conf_add_pending(b->config, "resolvers", o->resolvers_loc);
    tell_idle_proxy_words(b, server);
    if (o->check_via_socks4)
        hf_diag_add(b->diag, HF_DIAG_NOTICE, server->loc, NULL,
                    "'check-via-socks4' has no effect without 'socks4'.");
}

/* The expression of `sni`, for when a connection is made. */
HF_VET(sni)
{
    struct hf_cfg_server_opts *o = b->at[row->object];
    unsigned used;

    o->sni_expr = hf_expr_parse(b, word, 1, &used, &hf_place_backend);
    return o->sni_expr != NULL;
}

/* ---- the end of the line ----------------------------------------------------------------- */

void hf_build_server_end(struct hf_build *b)
{
    struct hf_cfg_server *server = b->server;
    struct hf_addr list[MOST_ADDRESSES];
    bool asked, permits_none;
    unsigned n = 0;

    b->server = NULL;
    if (!server)
        return;
    if (hf_build_is_sound(b))
        check_options(b, server);
    if (hf_build_is_sound(b) && server->host) {
        n = find_addresses(b, server, list, &asked, &permits_none);
        if (!n)
            tell_missing_address(b, server, asked, permits_none);
    }
    if (hf_build_is_sound(b) && hf_ends_are_used(b))
        refuse_what_we_cannot(b, &server->o);
    if (hf_build_is_sound(b))
        tell_idle_options(b, server);
    if (b->template_first >= 0) {
        b->server = server;
        add_template(b, list, n);
        b->server = NULL;
    } else {
        add_server(b, server, n ? list : server->host ? NULL : &server->addr);
    }
}
