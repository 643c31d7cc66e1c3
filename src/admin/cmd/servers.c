/*
 * servers.c: how servers stand: their states, as a file that `server-state-file` reads, their
 * sessions, their weights.
 */
#include "haftp/admin/command.h"
#include "haftp/base/clock.h"

typedef void (*print_fn)(struct hf_text *out, const struct hf_server *server);

/* All servers of the section that was named, or of all; at[0] and at[1] are the next ones. */
static enum hf_call_result list_servers(struct hf_call *call, const char *title, print_fn print)
{
    const struct hf_runtime *runtime = call->runtime;
    const char *name = hf_call_arg(call, 0);
    const struct hf_proxy *only = *name ? hf_call_proxy(call, name, HF_CAP_BACKEND) : NULL;

    if (*name && !only)
        return hf_call_error(call, "Can't find backend.");
    if (call->step == 0)
        hf_text_put(&call->out, title);
    for (; call->at[0] < runtime->n_proxies; call->at[0]++, call->at[1] = 0) {
        const struct hf_proxy *proxy = runtime->proxies[call->at[0]];
        if (!(proxy->cfg->caps & HF_CAP_BACKEND) || (only && proxy != only))
            continue;
        while (call->at[1] < proxy->n_servers) {
            if (call->out.n >= HF_CALL_ENOUGH)
                return HF_CALL_MORE;
            print(&call->out, proxy->servers[call->at[1]++]);
        }
    }
    return HF_CALL_DONE;
}

static const char *host_text(const struct hf_server *server, char text[HF_ADDR_TEXT_SIZE])
{
    const struct hf_addr *addr = hf_server_addr_mt(server);
    return server->cfg->reach == HF_REACH_INET && hf_addr_is_set(addr)
               ? hf_addr_host_text(addr, text)
               : "-";
}

static unsigned port_of(const struct hf_server *server)
{
    const struct hf_addr *addr = hf_server_addr_mt(server);
    if (server->cfg->port_map != HF_PORT_FIXED)
        return 0;
    return hf_addr_is_set(addr) ? hf_addr_port(addr) : server->cfg->port;
}

/* ---- show servers state: numbers are those of HAProxy 2.6's format 1 ---------------------- */

enum { OP_STOPPED, OP_STARTING, OP_RUNNING, OP_STOPPING };

static int op_state(const struct hf_server *server)
{
    if (!hf_server_is_up_mt(server))
        return OP_STOPPED;
    if (atomic_load(&server->stopping))
        return OP_STOPPING;
    return atomic_load(&server->warmth) < 100 ? OP_STARTING : OP_RUNNING;
}

struct check_numbers {
    unsigned status, result, health, state;
};

enum { CHECK_CONFIGURED = 2, CHECK_ENABLED = 4, CHECK_PAUSED = 8, CHECK_IS_AGENT = 16 };
enum { RESULT_UNKNOWN, RESULT_NEUTRAL, RESULT_FAILED, RESULT_PASSED, RESULT_CONDITIONALLY };

static struct check_numbers check_of(const struct hf_server *server)
{
    static const struct {
        const char *status;
        unsigned number, result;
    } rows[] = {
        {"SOCKERR", 5, RESULT_UNKNOWN},      {"L4OK", 6, RESULT_PASSED},
        {"L4TOUT", 7, RESULT_FAILED},        {"L4CON", 8, RESULT_FAILED},
        {"L6OK", 9, RESULT_PASSED},          {"L6TOUT", 10, RESULT_FAILED},
        {"L6RSP", 11, RESULT_FAILED},        {"L7TOUT", 12, RESULT_FAILED},
        {"L7RSP", 13, RESULT_FAILED},        {"L7OK", 15, RESULT_PASSED},
        {"L7OKC", 16, RESULT_CONDITIONALLY}, {"L7STS", 17, RESULT_FAILED},
    };
    bool maint = atomic_load(&server->off) & HF_OFF_ANY_MAINT;
    bool up = atomic_load(&server->up) && !maint;
    struct check_numbers numbers = {.status = 1, .health = up ? server->cfg->o.rise : 0};

    if (!server->check)
        return numbers;
    numbers.health = maint ? 0 : server->checked.health;
    numbers.state =
        CHECK_CONFIGURED | (server->unchecked ? 0u : CHECK_ENABLED) | (maint ? CHECK_PAUSED : 0u);
    for (unsigned i = 0; server->checked.status && i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].status, server->checked.status) == 0) {
            numbers.status = rows[i].number;
            numbers.result = rows[i].result;
        }
    }
    return numbers;
}

static unsigned agent_state(const struct hf_server *server)
{
    if (!server->agent)
        return 0;
    return CHECK_IS_AGENT | CHECK_CONFIGURED | (server->agent_unasked ? 0u : CHECK_ENABLED);
}

static void print_state(struct hf_text *out, const struct hf_server *server)
{
    const struct hf_cfg_server *cfg = server->cfg;
    const struct check_numbers check = check_of(server);
    char host[HF_ADDR_TEXT_SIZE], asked[HF_ADDR_TEXT_SIZE], told[HF_ADDR_TEXT_SIZE];
    uint64_t since_ms = hf_clock_steady_ms() - server->history.since_ms;

    hf_text_printf(
        out, "%u %s %u %s %s %d %u %u %u %llu %u %u %u %u %u %d %d %s %u - %d %u %s %s %u\n",
        server->proxy->number, server->proxy->cfg->name, cfg->id, cfg->name,
        host_text(server, host), op_state(server), atomic_load(&server->off),
        atomic_load(&server->weight), cfg->o.weight, (unsigned long long)since_ms / 1000,
        check.status, check.result, check.health, check.state, agent_state(server),
        server->proxy->cfg->o.forced_id != 0, cfg->o.forced_id != 0, cfg->host ? cfg->host : "-",
        port_of(server), cfg->o.tls.ssl, cfg->o.check_port,
        hf_addr_is_set(&cfg->o.check_addr) ? hf_addr_host_text(&cfg->o.check_addr, asked) : "-",
        hf_addr_is_set(&cfg->o.agent_to) ? hf_addr_host_text(&cfg->o.agent_to, told) : "-",
        (unsigned)cfg->o.agent_port);
}

static enum hf_call_result show_state(struct hf_call *call)
{
    return list_servers(
        call,
        "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
        "srv_iweight srv_time_since_last_change srv_check_status srv_check_result "
        "srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn "
        "srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr "
        "srv_agent_port\n",
        print_state);
}

/* ---- show servers conn: there are no idle connections to reuse, so all of that is 0 ------- */

static void print_conn(struct hf_text *out, const struct hf_server *server)
{
    char host[HF_ADDR_TEXT_SIZE];
    unsigned now = atomic_load(&server->sessions), most = atomic_load(&server->sessions_most);

    hf_text_printf(out, "%s/%s %u/%u %s %u - 0 %u %u %u 0 0 0 0\n", server->proxy->cfg->name,
                   server->cfg->name, server->proxy->number, server->cfg->id,
                   host_text(server, host), port_of(server), now, most, now);
}

static enum hf_call_result show_conn(struct hf_call *call)
{
    return list_servers(call,
                        "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max "
                        "need_est unsafe_nb safe_nb idle_lim idle_cur\n",
                        print_conn);
}

/* ---- sections and weights ----------------------------------------------------------------- */

static enum hf_call_result show_backend(struct hf_call *call)
{
    hf_text_put(&call->out, "# name\n");
    for (unsigned i = 0; i < call->runtime->n_proxies; i++) {
        const struct hf_cfg_proxy *cfg = call->runtime->proxies[i]->cfg;
        if (cfg->caps & HF_CAP_BACKEND)
            hf_text_printf(&call->out, "%s\n", cfg->name);
    }
    return HF_CALL_DONE;
}

static enum hf_call_result get_weight(struct hf_call *call)
{
    const struct hf_server *server = hf_call_server(call, hf_call_arg(call, 0));
    if (server)
        hf_text_printf(&call->out, "%u (initial %u)\n", atomic_load(&server->weight),
                       server->cfg->o.weight);
    return HF_CALL_DONE;
}

static const struct hf_command commands[] = {
    {"show servers state", "[<backend>]",
     "dump volatile server information (all or for a single backend)", HF_ADMIN_USER, show_state},
    {"show servers conn", "[<backend>]",
     "dump server connections status (all or for a single backend)", HF_ADMIN_USER, show_conn},
    {"show backend", "", "list backends in the current running config", HF_ADMIN_USER,
     show_backend},
    {"get weight", "<bk>/<srv>", "report a server's current weight", HF_ADMIN_USER, get_weight},
};
HF_COMMANDS(servers, commands)
