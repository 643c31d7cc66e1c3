/*
 * server_set.c: what an administrator changes of a server: its state, its weight, its limit, its
 * address, its checks.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "haftp/admin/command.h"
#include "haftp/check/check.h"
#include "haftp/state/server_admin.h"

#define USAGE                                                                                      \
    "usage: set server <backend>/<server> addr | agent | agent-addr | agent-port | agent-send | "  \
    "check-addr | check-port | fqdn | health | ssl | state | weight"

static bool is_one_of(const char *word, const char *const *names, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(word, names[i]) == 0)
            return true;
    return false;
}

/* ---- state ------------------------------------------------------------------------------- */

/* A slow start begins where maintenance ends. */
static void leave_maint(struct hf_call *call, struct hf_server *server)
{
    hf_server_set_maint(server, false);
    hf_checks_warm(call->host->checks);
}

static enum hf_call_result set_state(struct hf_call *call, struct hf_server *server,
                                     const char *state)
{
    if (strcmp(state, "ready") == 0) {
        hf_server_set_drain(server, false);
        leave_maint(call, server);
    } else if (strcmp(state, "drain") == 0) {
        hf_server_set_drain(server, true);
        leave_maint(call, server);
    } else if (strcmp(state, "maint") == 0) {
        hf_server_set_maint(server, true);
        hf_server_set_drain(server, false);
    } else {
        return hf_call_error(call,
                             "'set server <srv> state' expects 'ready', 'drain' and 'maint'.");
    }
    return HF_CALL_DONE;
}

static enum hf_call_result disable_server(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server)
        hf_server_set_maint(server, true);
    return HF_CALL_DONE;
}

static enum hf_call_result enable_server(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server) {
        hf_server_set_drain(server, false);
        leave_maint(call, server);
    }
    return HF_CALL_DONE;
}

/* ---- health ------------------------------------------------------------------------------ */

static enum hf_call_result set_health(struct hf_call *call, struct hf_server *server,
                                      const char *health)
{
    static const char *const names[] = {"up", "stopping", "down"};
    bool in_maint = atomic_load(&server->off) & HF_OFF_ANY_MAINT;

    if (server->tracked)
        return hf_call_error(call, "cannot change health on a tracking server.");
    if (!is_one_of(health, names, 3))
        return hf_call_error(call,
                             "'set server <srv> health' expects 'up', 'stopping', or 'down'.");
    bool down = strcmp(health, "down") == 0;
    hf_check_settle(server, !down);
    if (in_maint)
        return HF_CALL_DONE;
    if (strcmp(health, "stopping") == 0)
        hf_server_set_stopping(server, "changed from CLI");
    else
        hf_server_set_up_mt(server, !down, "changed from CLI");
    hf_checks_warm(call->host->checks);
    return HF_CALL_DONE;
}

static enum hf_call_result disable_health(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server)
        server->unchecked = true;
    return HF_CALL_DONE;
}

static enum hf_call_result enable_health(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server && !server->check)
        return hf_call_error(call,
                             "Health check was not configured on this server, cannot enable.");
    if (server)
        server->unchecked = false;
    return HF_CALL_DONE;
}

/* ---- weight ------------------------------------------------------------------------------ */

static enum hf_call_result done_or(struct hf_call *call, const char *problem)
{
    return problem ? hf_call_error(call, "%s", problem) : HF_CALL_DONE;
}

static enum hf_call_result set_weight_word(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    return server ? done_or(call, hf_server_take_weight(server, hf_call_arg(call, 1)))
                  : HF_CALL_DONE;
}

static enum hf_call_result set_maxconn(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    return server ? done_or(call, hf_server_take_maxconn(server, hf_call_arg(call, 1)))
                  : HF_CALL_DONE;
}

/* ---- address ----------------------------------------------------------------------------- */

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long number = isdigit((unsigned char)text[0]) ? strtoul(text, &end, 10) : 0;
    if (number < 1 || number > UINT16_MAX || *end)
        return false;
    *port = (uint16_t)number;
    return true;
}

static enum hf_call_result move(struct hf_call *call, struct hf_server *server,
                                const struct hf_addr *to, bool other_host, bool says_port)
{
    const struct hf_addr *now = hf_server_addr_mt(server);
    char before[HF_ADDR_TEXT_SIZE], after[HF_ADDR_TEXT_SIZE], what[256];
    unsigned old_port = hf_addr_port(now), new_port = hf_addr_port(to);

    if (other_host)
        snprintf(what, sizeof what, "IP changed from '%s' to '%s'", hf_addr_host_text(now, before),
                 hf_addr_host_text(to, after));
    else
        snprintf(what, sizeof what, "no need to change the addr");
    size_t n = strlen(what);
    if (old_port != new_port)
        snprintf(what + n, sizeof what - n, ", port changed from '%u' to '%u'", old_port, new_port);
    else if (says_port)
        snprintf(what + n, sizeof what - n, ", no need to change the port");
    if (hf_server_set_addr(server, to) != HF_OK)
        return hf_call_error(call, "Out of memory.");
    return hf_call_notice(call, "%s by 'stats socket command'", what);
}

/* addr ADDRESS [port PORT] */
static enum hf_call_result set_addr(struct hf_call *call, struct hf_server *server)
{
    const char *host = hf_call_arg(call, 2), *port = hf_call_arg(call, 4);
    bool says_port = hf_call_arg_is(call, 3, "port");
    const struct hf_addr *now = hf_server_addr_mt(server);
    uint16_t number = hf_addr_port(now);
    struct hf_addr to;

    if (!*host)
        return hf_call_error(call,
                             "set server <b>/<s> addr requires an address and optionally a port.");
    if (server->cfg->reach != HF_REACH_INET)
        return hf_call_error(call, "Update for the current server address family is only supported "
                                   "through configuration file by 'stats socket command'");
    if (!strpbrk(host, ".:") || hf_addr_parse_host(hf_view_cstr(host), &to) != HF_OK)
        return hf_call_error(call, "Invalid addr '%s' by 'stats socket command'", host);
    if (says_port && server->cfg->port_map != HF_PORT_FIXED)
        return hf_call_error(call, "the server's port follows the client's: it cannot be given by "
                                   "'stats socket command'");
    if (says_port && !read_port(port, &number))
        return hf_call_error(call,
                             "provided port is not a number from 1 to 65535: '%s' by 'stats "
                             "socket command'",
                             port);
    bool other_host = !hf_addr_same_host(now, &to);
    hf_addr_set_port(&to, number);
    if (!other_host && number == hf_addr_port(now)) {
        return hf_call_notice(call, "no need to change the addr%s by 'stats socket command'",
                              says_port ? ", no need to change the port" : "");
    }
    return move(call, server, &to, other_host, says_port);
}

/* check-addr ADDRESS [port PORT], check-port PORT */
static enum hf_call_result set_check(struct hf_call *call, struct hf_server *server)
{
    bool is_port = hf_call_arg_is(call, 1, "check-port");
    bool says_port = is_port || hf_call_arg_is(call, 3, "port");
    const char *port = hf_call_arg(call, is_port ? 2 : 4);
    struct hf_addr to;
    uint16_t number;

    if (!hf_check_address(server, &to))
        return hf_call_error(call, "health checks are not enabled on this server");
    if (!*hf_call_arg(call, 2))
        return hf_call_error(call, "set server <b>/<s> %s requires %s.", hf_call_arg(call, 1),
                             is_port ? "a port" : "an address and optionally a port");
    number = hf_addr_port(&to);
    if (!is_port && hf_addr_parse_host(hf_view_cstr(hf_call_arg(call, 2)), &to) != HF_OK)
        return hf_call_error(call, "invalid addr '%s'", hf_call_arg(call, 2));
    if (says_port && !read_port(port, &number))
        return hf_call_error(call, "provided port is not an integer");
    hf_addr_set_port(&to, number);
    hf_check_move(server, &to);
    return HF_CALL_DONE;
}

/* ---- agents ------------------------------------------------------------------------------ */

/* As if its agent had said it. */
static enum hf_call_result set_agent(struct hf_call *call, struct hf_server *server,
                                     const char *word)
{
    bool up = strcmp(word, "up") == 0;

    if (!server->agent)
        return hf_call_error(call, "agent checks are not enabled on this server.");
    if (!up && strcmp(word, "down") != 0)
        return hf_call_error(call, "'set server <srv> agent' expects 'up' or 'down'.");
    hf_agent_settle(server, up);
    return HF_CALL_DONE;
}

static enum hf_call_result disable_agent(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server)
        server->agent_unasked = true;
    return HF_CALL_DONE;
}

static enum hf_call_result enable_agent(struct hf_call *call)
{
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server && !server->agent)
        return hf_call_error(call, "Agent was not configured on this server, cannot enable.");
    if (server)
        server->agent_unasked = false;
    return HF_CALL_DONE;
}

/* ---- set server -------------------------------------------------------------------------- */

static enum hf_call_result set_server(struct hf_call *call)
{
    static const char *const refused[] = {"fqdn", "ssl", "agent-addr", "agent-port", "agent-send"};
    struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    const char *what = hf_call_arg(call, 1), *value = hf_call_arg(call, 2);

    if (!server)
        return HF_CALL_DONE;
    if (strcmp(what, "weight") == 0)
        return done_or(call, hf_server_take_weight(server, value));
    if (strcmp(what, "state") == 0)
        return set_state(call, server, value);
    if (strcmp(what, "health") == 0)
        return set_health(call, server, value);
    if (strcmp(what, "addr") == 0)
        return set_addr(call, server);
    if (strcmp(what, "check-addr") == 0 || strcmp(what, "check-port") == 0)
        return set_check(call, server);
    if (strcmp(what, "agent") == 0)
        return set_agent(call, server, value);
    if (is_one_of(what, refused, 5))
        return hf_call_error(call,
                             "'set server <srv> %s' is not supported by this version of "
                             "haftp: change the file and reload.",
                             what);
    return hf_call_error(call, USAGE);
}

static const struct hf_command commands[] = {
    {"set server", "<bk>/<srv> [opts]", "change a server's state, weight or address",
     HF_ADMIN_ADMIN, set_server},
    {"disable server", "<bk>/<srv>", "disable a server for maintenance (use 'set server' instead)",
     HF_ADMIN_ADMIN, disable_server},
    {"enable server", "<bk>/<srv>", "enable a disabled server (use 'set server' instead)",
     HF_ADMIN_ADMIN, enable_server},
    {"disable health", "<bk>/<srv>", "disable health checks", HF_ADMIN_ADMIN, disable_health},
    {"enable health", "<bk>/<srv>", "enable health checks", HF_ADMIN_ADMIN, enable_health},
    {"disable agent", "<bk>/<srv>", "disable agent checks", HF_ADMIN_ADMIN, disable_agent},
    {"enable agent", "<bk>/<srv>", "enable agent checks", HF_ADMIN_ADMIN, enable_agent},
    {"set weight", "<bk>/<srv> <weight>", "change a server's weight (use 'set server' instead)",
     HF_ADMIN_ADMIN, set_weight_word},
    {"set maxconn server", "<bk>/<srv> <value>", "change a server's maxconn setting",
     HF_ADMIN_ADMIN, set_maxconn},
};
HF_COMMANDS(server_set, commands)
