/*
 * servers.c: what servers are to each other: whose health they follow, their numbers, their limits.
 */
#include "conf_int.h"
#include "ends/ends.h"

#include <string.h>

#include <utlist.h>

#include "haftp/base/suggest.h"
#include "haftp/conf/load.h"

/* ---- numbers ----------------------------------------------------------------------------- */

static bool id_is_forced(const struct hf_names *ids, unsigned id)
{
    char text[16];

    snprintf(text, sizeof text, "%u", id);
    return hf_names_find(ids, text) != NULL;
}

/* `ids` has those of the servers before it. */
static void check_forced_id(const struct hf_config *config, struct hf_cfg_server *server,
                            struct hf_names *ids, struct hf_diag *diag)
{
    const char *id = hf_arena_printf(config->arena, "%u", server->o.forced_id);
    const struct hf_cfg_server *other = hf_names_find(ids, id);

    if (!other) {
        hf_names_add(ids, config->arena, id, server);
    } else if (!hf_conf_same_place(other->loc, server->loc)) {
        /* Those of one template have their number from one line, as in HAProxy. */
        hf_diag_add(diag, HF_DIAG_ERROR, server->loc,
                    hf_arena_printf(config->arena, "the other one is at %s:%d",
                                    other->loc.source->name, other->loc.line),
                    "servers '%s' and '%s' have the same id %u.", other->name, server->name,
                    server->o.forced_id);
    }
}

static void number_servers(const struct hf_config *config, struct hf_cfg_proxy *proxy,
                           struct hf_diag *diag)
{
    struct hf_cfg_server *server;
    struct hf_names ids = {0};
    unsigned next = 1;

    LL_FOREACH(proxy->servers, server)
    {
        if (server->o.forced_id)
            check_forced_id(config, server, &ids, diag);
    }
    LL_FOREACH(proxy->servers, server)
    {
        while (ids.n > 0 && !server->o.forced_id && id_is_forced(&ids, next))
            next++;
        server->id = server->o.forced_id ? server->o.forced_id : next++;
    }
}

/* ---- track ------------------------------------------------------------------------------- */

static struct hf_cfg_server *find_server(const struct hf_cfg_proxy *proxy, const char *name,
                                         const char **nearest)
{
    struct hf_cfg_server *server;
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    LL_FOREACH(proxy->servers, server)
    {
        if (strcmp(server->name, name) == 0)
            return server;
        hf_suggest_offer(&suggest, server->name);
    }
    *nearest = suggest.best;
    return NULL;
}

/* "server" of the same section, or "section/server". */
static struct hf_cfg_server *find_tracked(const struct hf_config *config,
                                          const struct hf_cfg_server *server, struct hf_diag *diag)
{
    const char *text = server->o.track, *slash = strchr(text, '/'), *nearest = NULL;
    const struct hf_cfg_proxy *section = server->proxy;

    if (slash) {
        const char *name = hf_arena_strndup(config->arena, text, (size_t)(slash - text));
        section = hf_conf_find_section(config, name, HF_CAP_BACKEND);
        if (!section) {
            hf_diag_add(diag, HF_DIAG_ERROR, server->o.track_loc,
                        hf_conf_nearest_section(config, name, HF_CAP_BACKEND),
                        "'track %s': no backend or listen section has the name '%s'.", text, name);
            return NULL;
        }
        text = slash + 1;
    }
    struct hf_cfg_server *found = find_server(section, text, &nearest);
    if (!found)
        hf_diag_add(diag, HF_DIAG_ERROR, server->o.track_loc,
                    nearest ? hf_arena_printf(config->arena, "did you mean '%s'?", nearest) : NULL,
                    "'track %s': '%s' has no server of that name.", server->o.track, section->name);
    return found;
}

/* Each server is looked at once those before it were, so the last of a circle is told. */
static bool leads_back(const struct hf_cfg_server *found, const struct hf_cfg_server *server)
{
    while (found && found != server)
        found = found->tracked;
    return found != NULL;
}

/* What the end of the chain lacks is told there, if it should track another. */
static void check_health(const struct hf_cfg_server *server, struct hf_diag *diag)
{
    const struct hf_cfg_server *end = server;

    while (end->tracked)
        end = end->tracked;
    if (end != server && !end->o.check && !end->o.track)
        hf_diag_add(diag, HF_DIAG_ERROR, server->o.track_loc,
                    "add 'check' to the server that is tracked",
                    "'track %s': server '%s' has no health to follow.", server->o.track, end->name);
}

static void resolve_track(const struct hf_config *config, struct hf_cfg_server *server,
                          struct hf_diag *diag)
{
    if (!server->o.track)
        return;
    if (server->o.check) {
        hf_diag_add(diag, HF_DIAG_ERROR, server->o.track_loc, "remove one of them",
                    "server '%s' cannot both be checked and track another.", server->name);
        return;
    }
    struct hf_cfg_server *found = find_tracked(config, server, diag);
    if (leads_back(found, server))
        hf_diag_add(diag, HF_DIAG_ERROR, server->o.track_loc,
                    "one server of the circle needs 'check' instead",
                    "'track %s' leads back to where it came from.", server->o.track);
    else
        server->tracked = found;
}

/* ---- limits, signs of bad health --------------------------------------------------------- */

static bool was_told(const struct hf_config *config, const struct hf_cfg_server *server)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_server *other;

    LL_FOREACH(config->proxies, proxy)
    {
        LL_FOREACH(proxy->servers, other)
        {
            if (other == server)
                return false;
            if (other->o.observe == server->o.observe &&
                hf_conf_same_place(other->o.observe_loc, server->o.observe_loc))
                return true;
        }
    }
    return false;
}

static void settle_options(const struct hf_config *config, struct hf_cfg_server *server,
                           struct hf_diag *diag)
{
    struct hf_cfg_server_opts *o = &server->o;

    /* A limit that cannot grow is a plain limit. */
    if (o->minconn > o->maxconn)
        o->maxconn = o->minconn;
    if (o->observe == HF_OBSERVE_LAYER7) {
        if (!was_told(config, server))
            hf_diag_add(diag, HF_DIAG_WARNING, o->observe_loc, "write: observe layer4",
                        "'observe layer7' has no effect in mode tcp.");
        o->observe = HF_OBSERVE_NONE;
    }
}

/* ---- checks ------------------------------------------------------------------------------ */

/* All servers of a template stand on one line, which is told once. */
static bool is_of_line(const struct hf_cfg_server *server, const struct hf_cfg_server *before)
{
    return before && hf_conf_same_place(before->loc, server->loc);
}

/* Every connection of the section's script says its port, so that the server needs none. */
static bool script_has_ports(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_check_script *script = proxy->o.check_script;
    const struct hf_cfg_check_step *step;

    if (!proxy->o.tcp_check || !script || !script->begins_apart)
        return false;
    LL_FOREACH(script->steps, step)
    {
        const struct hf_cfg_check_connect *connect = &step->connect;
        if (step->action == HF_CHECK_CONNECT && !connect->port && !hf_addr_port(&connect->addr))
            return false;
    }
    return true;
}

/* A server without an address stays down, and is not checked. */
static void check_check_port(const struct hf_cfg_server *server, const struct hf_cfg_server *before,
                             struct hf_diag *diag)
{
    const struct hf_cfg_server_opts *o = &server->o;

    if (!o->check || o->check_port || server->reach != HF_REACH_INET || server->unresolved ||
        server->port_map == HF_PORT_FIXED || script_has_ports(server->proxy))
        return;
    if (!is_of_line(server, before))
        hf_diag_add(diag, HF_DIAG_ERROR, server->loc,
                    "add 'port 21', or the server's own port, to the line",
                    "server '%s' has no port of its own, so 'check' needs one.", server->name);
}

static void check_tls_of_check(const struct hf_config *config, const struct hf_cfg_server *server,
                               const struct hf_cfg_server *before, struct hf_diag *diag)
{
    const struct hf_cfg_server_tls *tls = &server->o.tls;

    if (hf_check_script_has_tls(server->proxy->o.check_script) && !tls->ssl && !tls->ca_file &&
        hf_config_verifies(config, &server->o) && !is_of_line(server, before))
        hf_diag_add(diag, HF_DIAG_ERROR, server->loc,
                    "add 'ca-file FILE' ('@system-ca': the authorities that this system knows), or "
                    "'verify none' where the network can be trusted",
                    "'tcp-check connect ssl' verifies the certificate of server '%s', and no "
                    "'ca-file' is given.",
                    server->name);
}

/* Once the section's script is known, whose lines may stand below the server's. */
static void check_idle_tls(const struct hf_cfg_server *server, const struct hf_cfg_server *before,
                           struct hf_diag *diag)
{
    const struct hf_cfg_server_opts *o = &server->o;

    if (!is_of_line(server, before) && !hf_server_has_tls(o) && !o->tls.check_ssl &&
        !hf_check_script_has_tls(server->proxy->o.check_script))
        hf_ends_tell_idle_tls(diag, HF_OBJECT_SERVER, o, server->loc);
}

/* A check that goes elsewhere does not inherit `ssl`, as with HAProxy; but who wrote that word may
 * not expect to see the password on the wire. */
static void check_tls_of_ftp_check(const struct hf_cfg_server *server,
                                   const struct hf_cfg_server *before, struct hf_diag *diag)
{
    const struct hf_cfg_server_opts *o = &server->o;
    const struct hf_cfg_ftp_check *check = server->proxy->o.ftp_check;
    bool elsewhere = o->check_port || hf_addr_is_set(&o->check_addr);

    if (!check || !o->check || is_of_line(server, before))
        return;
    if (check->password && o->tls.ssl && elsewhere && !o->tls.check_ssl)
        hf_diag_add(
            diag, HF_DIAG_WARNING, server->loc, "add 'check-ssl'",
            "the health check of server '%s' logs in without TLS: 'ssl' does not hold where "
            "'port' or 'addr' sends it elsewhere.",
            server->name);
    if (o->tls.starttls && o->tls.check_ssl && !elsewhere)
        hf_diag_add(
            diag, HF_DIAG_WARNING, server->loc, "remove 'check-ssl': the check sends AUTH, too",
            "the health check of server '%s' begins TLS at once, where the server waits for "
            "AUTH: it will fail.",
            server->name);
}

void hf_conf_resolve_servers(struct hf_config *config, struct hf_diag *diag)
{
    struct hf_cfg_proxy *proxy;
    struct hf_cfg_server *server, *before;

    LL_FOREACH(config->proxies, proxy)
    {
        number_servers(config, proxy, diag);
        before = NULL;
        LL_FOREACH(proxy->servers, server)
        {
            settle_options(config, server, diag);
            check_check_port(server, before, diag);
            check_tls_of_check(config, server, before, diag);
            check_idle_tls(server, before, diag);
            check_tls_of_ftp_check(server, before, diag);
            resolve_track(config, server, diag);
            before = server;
        }
    }
    LL_FOREACH(config->proxies, proxy)
    {
        LL_FOREACH(proxy->servers, server)
        {
            check_health(server, diag);
        }
    }
}
