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

/* ---- its end ----------------------------------------------------------------------------- */

void hf_check_close(struct hf_check_run *run)
{
    hf_loop_timer_cancel(run->checks->loop, &run->timer);
    if (run->watch.fd >= 0)
        hf_socket_reset_on_close(run->watch.fd); /* no TIME_WAIT per check on either host */
    hf_watch_close(&run->watch);
    hf_tls_free(run->tls);
    run->tls = NULL;
    if (run->state && run->ops->on_end)
        run->ops->on_end(run->state);
    free(run->state);
    run->state = NULL;
    run->awaits = NULL;
    run->connected = run->secure = run->upgrades = false;
}

/* For statistics: HAProxy's columns of the last check. */
static void record(struct hf_check_run *run, bool passed, const char *reason, const char *info,
                   uint64_t took_ms)
{
    struct hf_checked *checked = &run->server->checked;

    checked->status = hf_checked_word(reason);
    snprintf(checked->what, sizeof checked->what, "%s", reason);
    snprintf(checked->info, sizeof checked->info, "%s", info ? info : "");
    checked->took_ms = (unsigned)took_ms;
    if (!passed && hf_server_is_up_mt(run->server))
        checked->failures++;
}

static void conclude(struct hf_check_run *run, bool passed, const char *reason, const char *info)
{
    char why[256];
    uint64_t took_ms = hf_loop_now(run->checks->loop) - run->began_ms;

    hf_check_close(run);
    run->hindered = false;
    record(run, passed, reason, info, took_ms);
    snprintf(why, sizeof why, "reason: %s%s%s%s, check duration: %llums", reason,
             info ? ", info: \"" : "", info ? info : "", info ? "\"" : "",
             (unsigned long long)took_ms);
    hf_check_count(run, passed, why);
    hf_check_schedule(run);
}

void hf_check_pass(struct hf_check_run *run, const char *reason)
{
    conclude(run, true, reason, NULL);
}

void hf_check_fail(struct hf_check_run *run, const char *reason, const char *info)
{
    conclude(run, false, reason, info);
}

static void connection_failed(struct hf_check_run *run, enum hf_status status)
{
    char info[64];
    snprintf(info, sizeof info, "%s", hf_status_text(status));
    info[0] = (char)toupper((unsigned char)info[0]);
    if (status == HF_TIMEOUT)
        hf_check_fail(run, "Layer4 timeout", NULL);
    else
        hf_check_fail(run, "Layer4 connection problem", info);
}

/* Our own shortage says nothing about the server: it keeps its state, and we try again. */
static void could_not_try(struct hf_check_run *run, enum hf_status status)
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
    char info[128];

    if (!run->awaits) {
        hf_check_fail(run,
                      in_handshake     ? "Layer6 timeout"
                      : run->connected ? "Layer7 timeout"
                                       : "Layer4 timeout",
                      NULL);
        return;
    }
    snprintf(info, sizeof info, "waiting for %s", run->awaits);
    hf_check_fail(run, "Layer7 timeout", info);
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

enum hf_status hf_check_send(struct hf_check_run *run, const char *p, size_t n)
{
    size_t sent = 0;
    enum hf_status status =
        run->tls ? hf_tls_send(run->tls, p, n, &sent) : hf_socket_send(run->watch.fd, p, n, &sent);
    return status == HF_OK && sent < n ? HF_FAILED : status; /* an empty socket takes it whole */
}

void hf_check_awaits(struct hf_check_run *run, const char *what)
{
    run->awaits = what;
}

bool hf_check_is_secure(const struct hf_check_run *run)
{
    return run->secure;
}

/* ---- TLS --------------------------------------------------------------------------------- */

/* A check that goes elsewhere speaks TLS only when it is told to. */
static bool wants_tls(const struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);
    return run->upgrades || o->tls.check_ssl ||
           (o->tls.ssl && !o->check_port && !hf_addr_is_set(&o->check_addr));
}

/* Whoever resumes a session is shown no certificate, and would not see that it has expired. */
static enum hf_status begin_tls(struct hf_check_run *run)
{
    const struct hf_cfg_server_tls *words = &hf_check_opts(run)->tls;
    struct hf_tls_options options = {
        .name = words->check_sni, .alpn = words->check_alpn, .fresh = true};
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
        could_not_try(run, status);
        return false;
    }
    status = hf_tls_handshake(run->tls);
    if (status != HF_OK && status != HF_AGAIN) {
        char info[160];
        snprintf(info, sizeof info, "SSL handshake failure (%s)", hf_tls_error(run->tls));
        hf_check_fail(run, "Layer6 invalid response", info);
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
    unsigned limit = run->server->proxy->cfg->o.timeout.check, inter = hf_check_opts(run)->inter_ms;
    uint64_t took = hf_loop_now(run->checks->loop) - run->began_ms;

    return limit ? limit : took < inter ? inter - (unsigned)took : 0;
}

static void on_event(struct hf_watch *watch)
{
    struct hf_check_run *run = HF_CONTAINER(watch, struct hf_check_run, watch);
    if (!run->connected) {
        enum hf_status status = hf_socket_connected(watch->fd);
        if (status == HF_AGAIN)
            return;
        if (status == HF_OK)
            status = hf_server_introduce(run->server->cfg, watch->fd, NULL);
        if (status != HF_OK) {
            connection_failed(run, status);
            return;
        }
        run->connected = true;
        if (run->ops->state_bytes && !(run->state = calloc(1, run->ops->state_bytes))) {
            could_not_try(run, HF_NOMEM);
            return;
        }
        hf_loop_timer(run->checks->loop, &run->timer, talk_limit(run), on_timeout);
    }
    if (is_secure(run))
        run->ops->on_ready(run, run->state);
}

/* Never longer than the interval, so that checks of one server do not overlap. */
static unsigned connect_limit(const struct hf_check_run *run)
{
    unsigned connect = run->server->proxy->cfg->o.timeout.connect;
    unsigned inter = hf_check_opts(run)->inter_ms;
    return connect && connect < inter ? connect : inter;
}

void hf_check_begin(struct hf_check_run *run)
{
    struct hf_loop *loop = run->checks->loop;
    int fd = -1;

    run->began_ms = hf_loop_now(loop);
    enum hf_status status = hf_server_connect(run->server->cfg, &run->to, NULL, &fd);
    if (status == HF_OK)
        status = hf_watch_open_or_close(&run->watch, loop, fd, 0, on_event);
    if (status == HF_OK)
        hf_loop_timer(loop, &run->timer, connect_limit(run), on_timeout);
    else if (is_our_shortage(status))
        could_not_try(run, status);
    else
        connection_failed(run, status);
}
