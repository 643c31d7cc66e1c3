/*
 * run.c: one check: connect, TLS where it is wanted, then what its kind says, in the time it has.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "haftp/conf/load.h"
#include "haftp/net/socket.h"
#include "haftp/state/connect.h"
#include "haftp/state/tls.h"

#include "check_int.h"

static hf_check_format_fn format_fn;

void hf_checks_format_with(hf_check_format_fn fn)
{
    format_fn = fn;
}

size_t hf_check_format(const struct hf_format *format, struct hf_eval *eval, char *text,
                       size_t size)
{
    HF_ASSERT(format_fn);
    return format_fn(format, eval, text, size);
}

/* ---- its end ----------------------------------------------------------------------------- */

static void hang_up(struct hf_check_run *run)
{
    hf_loop_timer_cancel(run->checks->loop, &run->timer);
    if (run->watch.fd >= 0 && !run->way.linger)
        hf_socket_reset_on_close(run->watch.fd); /* no TIME_WAIT per check on either host */
    hf_watch_close(&run->watch);
    hf_tls_free(run->tls);
    run->tls = NULL;
    run->connected = run->secure = run->upgrades = false;
}

void hf_check_close(struct hf_check_run *run)
{
    hang_up(run);
    if (run->state && run->ops->on_end)
        run->ops->on_end(run->state);
    free(run->state);
    run->state = NULL;
    run->running = false;
}

void hf_check_conclude(struct hf_check_run *run, enum hf_check_status status, unsigned code,
                       const char *info)
{
    char kept[HF_CHECKED_TEXT]; /* it may be the kind's */
    uint64_t took_ms = hf_loop_now(run->checks->loop) - run->began_ms;

    snprintf(kept, sizeof kept, "%.*s", (int)sizeof kept - 1, info ? info : "");
    hf_check_close(run);
    run->hindered = false;
    hf_check_count(run, status, code, kept, (unsigned)took_ms);
    hf_check_schedule(run);
}

/* `what` went wrong, and where. */
static void conclude_there(struct hf_check_run *run, enum hf_check_status status, const char *what)
{
    char info[HF_CHECKED_TEXT * 2];
    int n = snprintf(info, sizeof info, "%.127s", what);

    if (run->ops->where)
        run->ops->where(run, run->state, info + n, sizeof info - (size_t)n);
    hf_check_conclude(run, status, 0, info);
}

void hf_check_broke(struct hf_check_run *run, enum hf_status status)
{
    char what[64];

    snprintf(what, sizeof what, "%s", hf_status_text(status));
    what[0] = (char)toupper((unsigned char)what[0]);
    if (run->connected)
        conclude_there(run, HF_CHECK_SOCKERR, what);
    else if (status == HF_TIMEOUT)
        conclude_there(run, HF_CHECK_L4TOUT, "");
    else
        conclude_there(run, HF_CHECK_L4CON, what);
}

/* Our own shortage says nothing about the server: it keeps its state, and we try again. */
void hf_check_hindered(struct hf_check_run *run, enum hf_status status)
{
    hf_check_close(run);
    if (!run->hindered) {
        char text[256];
        snprintf(text, sizeof text,
                 "Cannot check server %s/%s: %s; its state stays as it is until this ends (more "
                 "descriptors: ulimit-n)",
                 run->server->proxy->cfg->name, run->server->cfg->name, hf_status_text(status));
        hf_server_note_mt(run->server, text);
    }
    run->hindered = true;
    hf_check_schedule(run);
}

static bool is_our_shortage(enum hf_status status)
{
    return status == HF_NOFD || status == HF_NOMEM || status == HF_NOPORT || status == HF_LIMIT;
}

static void on_timeout(struct hf_timer *timer)
{
    struct hf_check_run *run = HF_CONTAINER(timer, struct hf_check_run, timer);
    bool in_handshake = run->connected && run->tls && !run->secure;

    if (in_handshake && !run->upgrades)
        conclude_there(run, HF_CHECK_L6TOUT, "");
    else if (!run->connected)
        conclude_there(run, HF_CHECK_L4TOUT, "");
    else if (run->ops->on_silence)
        run->ops->on_silence(run, run->state);
    else
        conclude_there(run, HF_CHECK_L7TOUT, "");
}

/* ---- for kinds of checks ----------------------------------------------------------------- */

const struct hf_cfg_server *hf_check_server(const struct hf_check_run *run)
{
    return run->server->cfg;
}

const struct hf_cfg_global *hf_check_global(const struct hf_check_run *run)
{
    return &run->server->proxy->runtime->config->global;
}

enum hf_status hf_check_recv(struct hf_check_run *run, char *room, size_t size, size_t *n)
{
    return run->tls ? hf_tls_recv(run->tls, room, size, n)
                    : hf_socket_recv(run->watch.fd, room, size, n);
}

enum hf_status hf_check_send(struct hf_check_run *run, const char *p, size_t size, size_t *n)
{
    return run->tls ? hf_tls_send(run->tls, p, size, n) : hf_socket_send(run->watch.fd, p, size, n);
}

bool hf_check_is_secure(const struct hf_check_run *run)
{
    return run->secure;
}

/* ---- TLS --------------------------------------------------------------------------------- */

static bool wants_tls(const struct hf_check_run *run)
{
    return run->upgrades || run->way.tls;
}

/* Whoever resumes a session is shown no certificate, and would not see that it has expired. */
static enum hf_status begin_tls(struct hf_check_run *run)
{
    const struct hf_cfg_server_tls *words = &hf_check_opts(run)->tls;
    struct hf_tls_options options = {.name = run->way.sni, .alpn = run->way.alpn, .fresh = true};
    const struct hf_config *config = run->server->proxy->runtime->config;

    if (hf_config_verifies(config, hf_check_opts(run)))
        options.verify_name = options.name ? options.name : words->verifyhost;
    enum hf_status status = hf_tls_begin_mt(run->server->cfg->tls_site, &options, &run->tls);
    if (status == HF_OK)
        hf_tls_use(run->tls, &run->watch);
    return status;
}

/* False also when the check has failed. */
static bool is_secure(struct hf_check_run *run)
{
    enum hf_status status = HF_OK;

    if (run->secure || !wants_tls(run))
        return true;
    if (!run->tls)
        status = begin_tls(run);
    if (status != HF_OK) {
        hf_check_hindered(run, status);
        return false;
    }
    status = hf_tls_handshake(run->tls);
    if (status != HF_OK && status != HF_AGAIN) {
        char info[160];
        snprintf(info, sizeof info, "SSL handshake failure (%s)", hf_tls_error(run->tls));
        conclude_there(run, HF_CHECK_L6RSP, info);
        return false;
    }
    run->secure = status == HF_OK;
    return run->secure;
}

void hf_check_start_tls(struct hf_check_run *run)
{
    run->upgrades = true;
    if (is_secure(run))
        run->ops->on_ready(run, run->state);
}

/* ---- its beginning ----------------------------------------------------------------------- */

/* `timeout check`; without, what is left of the interval, as HAProxy does it. */
static unsigned talk_limit(const struct hf_check_run *run)
{
    unsigned limit = run->server->proxy->cfg->o.timeout.check, inter = hf_check_interval(run);
    uint64_t took = hf_loop_now(run->checks->loop) - run->began_ms;

    return limit ? limit : took < inter ? inter - (unsigned)took : 0;
}

/* False: the run has ended, or waits. */
static bool is_connected(struct hf_check_run *run)
{
    if (run->connected)
        return true;
    enum hf_status status = hf_socket_connected(run->watch.fd);
    if (status == HF_AGAIN)
        return false;
    if (status == HF_OK && run->way.proxy)
        status = hf_server_introduce_check(run->server->cfg, run->watch.fd);
    if (status != HF_OK) {
        hf_check_broke(run, status);
        return false;
    }
    run->connected = true;
    hf_loop_timer(run->checks->loop, &run->timer, talk_limit(run), on_timeout);
    return true;
}

static void on_event(struct hf_watch *watch)
{
    struct hf_check_run *run = HF_CONTAINER(watch, struct hf_check_run, watch);

    if (is_connected(run) && is_secure(run))
        run->ops->on_ready(run, run->state);
}

/* Never longer than the interval, so that checks of one server do not overlap. */
static unsigned connect_limit(const struct hf_check_run *run)
{
    unsigned connect = run->server->proxy->cfg->o.timeout.connect;
    unsigned inter = hf_check_interval(run);
    return connect && connect < inter ? connect : inter;
}

static struct hf_check_way way_to_agent(const struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);
    struct hf_check_way way = {
        .to = hf_addr_is_set(&o->agent_to) ? o->agent_to : *hf_server_addr_mt(run->server),
    };
    hf_addr_set_port(&way.to, (uint16_t)o->agent_port);
    return way;
}

/* A check that goes elsewhere speaks TLS only when it is told to. */
struct hf_check_way hf_check_own_way(const struct hf_check_run *run)
{
    const struct hf_cfg_server *cfg = run->server->cfg;
    const struct hf_cfg_server_opts *o = &cfg->o;
    const struct hf_addr *at = hf_server_addr_mt(run->server);
    bool elsewhere = o->check_port || hf_addr_is_set(&o->check_addr);
    if (run->is_agent)
        return way_to_agent(run);
    struct hf_check_way way = {
        .to = hf_addr_is_set(&o->check_addr) ? o->check_addr : *at,
        .tls = o->tls.check_ssl || (o->tls.ssl && !elsewhere),
        .proxy = hf_server_wants_checks_introduced(cfg),
        .sni = o->tls.check_sni,
        .alpn = o->tls.check_alpn,
    };
    hf_addr_set_port(&way.to, o->check_port ? o->check_port : hf_addr_port(at));
    if (hf_addr_is_set(&run->given))
        way.to = run->given;
    return way;
}

void hf_check_connect(struct hf_check_run *run, const struct hf_check_way *way)
{
    struct hf_loop *loop = run->checks->loop;
    int fd = -1;

    hang_up(run);
    run->way = *way;
    enum hf_status status = hf_server_connect(run->server->cfg, &run->way.to, NULL, &fd);
    if (status == HF_OK)
        status = hf_watch_open_or_close(&run->watch, loop, fd, 0, on_event);
    if (status == HF_OK)
        hf_loop_timer(loop, &run->timer, connect_limit(run), on_timeout);
    else if (is_our_shortage(status))
        hf_check_hindered(run, status);
    else
        hf_check_broke(run, status);
}

void hf_check_begin(struct hf_check_run *run)
{
    run->began_ms = hf_loop_now(run->checks->loop);
    run->running = true;
    if (run->ops->state_bytes && !(run->state = calloc(1, run->ops->state_bytes))) {
        hf_check_hindered(run, HF_NOMEM);
        return;
    }
    hf_check_show(run);
    if (run->ops->on_begin) {
        run->ops->on_begin(run, run->state);
    } else {
        struct hf_check_way way = hf_check_own_way(run);
        hf_check_connect(run, &way);
    }
}
