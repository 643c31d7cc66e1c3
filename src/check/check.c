/*
 * check.c: when each server is checked, and what the results make of it.
 *
 * `health` counts as HAProxy's does: 0 .. rise+fall-1, up from `rise` on.  A server starts at
 * `rise`: up, but the first failure takes it down, since nothing good is known of it yet.
 */
#include "haftp/check/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/base/rand.h"
#include "haftp/conf/load.h"
#include "haftp/net/socket.h"
#include "haftp/state/connect.h"
#include "haftp/state/tls.h"

#include "check_int.h"
#include "check_list.inc"

struct hf_check_run {
    struct hf_checks *checks;
    struct hf_server *server;
    const struct hf_check_ops *ops;
    struct hf_addr to;
    struct hf_watch watch;
    struct hf_tls *tls;    /* NULL: plain text, or not connected */
    struct hf_timer timer; /* the next check, or the end of this one's patience */
    uint64_t began_ms;
    unsigned health;
    void *state;        /* of the kind; NULL: no check runs, or it keeps none */
    const char *awaits; /* what the kind waits for; NULL: it did not say */
    bool connected;
    bool secure;   /* TLS stands, or is not spoken */
    bool upgrades; /* it begins in the middle of the conversation */
    bool hindered; /* we could not even try, and have said so */
};

struct hf_checks {
    struct hf_loop *loop;
    struct hf_reap reap;
    struct hf_warmup warmup;
    unsigned spread_percent;
    unsigned n;
    struct hf_check_run runs[];
};

static const struct hf_cfg_server_opts *opts_of(const struct hf_check_run *run)
{
    return &run->server->cfg->o;
}

/* ---- schedule ---------------------------------------------------------------------------- */

static unsigned interval_of(const struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = opts_of(run);
    bool settled_up = run->health == o->rise + o->fall - 1;
    bool settled_down = run->health == 0;
    unsigned ms = settled_up ? o->inter_ms : settled_down ? o->downinter_ms : o->fastinter_ms;
    return ms ? ms : o->inter_ms;
}

static void on_turn(struct hf_timer *timer);

static void schedule_next(struct hf_check_run *run)
{
    unsigned ms = interval_of(run);
    unsigned spread = (unsigned)((uint64_t)ms * run->checks->spread_percent / 100);
    if (spread)
        ms = ms - spread + hf_rand_below(2 * spread + 1);
    hf_loop_timer(run->checks->loop, &run->timer, ms, on_turn);
}

/* ---- results ----------------------------------------------------------------------------- */

static void adjust_health(struct hf_check_run *run, bool passed)
{
    const struct hf_cfg_server_opts *o = opts_of(run);
    unsigned best = o->rise + o->fall - 1;

    if (!passed)
        run->health = run->health > o->rise ? run->health - 1 : 0;
    else if (run->health < best)
        run->health = run->health + 1 >= o->rise ? best : run->health + 1;
}

/* For `option log-health-checks`: also results that changed no state yet. */
static void note(const struct hf_check_run *run, bool passed, const char *why)
{
    const struct hf_cfg_server_opts *o = opts_of(run);
    bool up = run->health >= o->rise;
    char text[512];

    snprintf(text, sizeof text, "Health check for %sserver %s/%s %s, %s, status: %u/%u %s.",
             o->backup ? "backup " : "", run->server->proxy->cfg->name, run->server->cfg->name,
             passed ? "succeeded" : "failed", why, up ? run->health - o->rise + 1 : run->health,
             up ? o->fall : o->rise, up ? "UP" : "DOWN");
    hf_server_note_mt(run->server, text);
}

static void close_connection(struct hf_check_run *run)
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

/* Servers that just came up, those that track this one too, may start slowly. */
static void publish(struct hf_check_run *run, const char *why)
{
    bool was_up = hf_server_is_up_mt(run->server), is_up = run->health >= opts_of(run)->rise;

    hf_server_set_up_mt(run->server, is_up, why);
    if (is_up && !was_up)
        hf_warmup_begin(&run->checks->warmup);
}

static void conclude(struct hf_check_run *run, bool passed, const char *reason, const char *info)
{
    char why[256];
    unsigned before = run->health;
    uint64_t took_ms = hf_loop_now(run->checks->loop) - run->began_ms;

    close_connection(run);
    run->hindered = false;
    adjust_health(run, passed);
    snprintf(why, sizeof why, "reason: %s%s%s%s, check duration: %llums", reason,
             info ? ", info: \"" : "", info ? info : "", info ? "\"" : "",
             (unsigned long long)took_ms);
    if (run->health != before && run->server->proxy->cfg->o.log_health_checks)
        note(run, passed, why);
    publish(run, why);
    schedule_next(run);
}

bool hf_check_is_secure(const struct hf_check_run *run)
{
    return run->secure;
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
    close_connection(run);
    if (!run->hindered) {
        char text[256];
        snprintf(text, sizeof text,
                 "Cannot check server %s/%s: %s; its state stays as it is until this ends (more "
                 "descriptors: ulimit-n)",
                 run->server->proxy->cfg->name, run->server->cfg->name, hf_status_text(status));
        hf_server_note_mt(run->server, text);
    }
    run->hindered = true;
    schedule_next(run);
}

static bool is_our_shortage(enum hf_status status)
{
    return status == HF_NOFD || status == HF_NOMEM || status == HF_NOPORT || status == HF_LIMIT;
}

/* ---- signs of bad health from sessions --------------------------------------------------- */

/* What `on-error` makes of it, besides checking soon. */
static void count_against(struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = opts_of(run);

    if (o->on_error == HF_ON_ERROR_SUDDEN_DEATH && run->health > o->rise)
        run->health = o->rise + 1; /* the next bad check is the last */
    else if (o->on_error == HF_ON_ERROR_MARK_DOWN && run->health > o->rise)
        run->health = o->rise;
    if (o->on_error != HF_ON_ERROR_FASTINTER)
        adjust_health(run, false);
}

static void check_soon(struct hf_check_run *run)
{
    struct hf_loop *loop = run->checks->loop;
    unsigned soon = opts_of(run)->fastinter_ms;
    bool checking = run->watch.fd >= 0;

    if (soon && !checking && run->timer.due_ms > hf_loop_now(loop) + soon)
        hf_loop_timer(loop, &run->timer, soon, on_turn);
}

void hf_check_suffer(struct hf_check_run *run)
{
    char why[256];
    unsigned before = run->health;

    count_against(run);
    snprintf(why, sizeof why,
             "reason: Health analyze, info: \"Detected %u consecutive errors, last one was: L4 "
             "unsuccessful connection\"",
             opts_of(run)->error_limit);
    if (run->health != before && run->server->proxy->cfg->o.log_health_checks)
        note(run, false, why);
    publish(run, why);
    check_soon(run);
}

/* ---- one check --------------------------------------------------------------------------- */

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

/* ---- for kinds of checks ---- */

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

/* ---- TLS --------------------------------------------------------------------------------- */

/* A check that goes elsewhere speaks TLS only when it is told to. */
static bool wants_tls(const struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = opts_of(run);
    return run->upgrades || o->tls.check_ssl ||
           (o->tls.ssl && !o->check_port && !hf_addr_is_set(&o->check_addr));
}

static enum hf_status begin_tls(struct hf_check_run *run)
{
    const struct hf_cfg_server_tls *words = &opts_of(run)->tls;
    struct hf_tls_options options = {.name = words->check_sni, .alpn = words->check_alpn};
    const struct hf_config *config = run->server->proxy->runtime->config;

    if (hf_config_verifies(config, opts_of(run)))
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

/* `timeout check`; without, what is left of the interval, as HAProxy does it. */
static unsigned talk_limit(const struct hf_check_run *run)
{
    unsigned limit = run->server->proxy->cfg->o.timeout.check, inter = opts_of(run)->inter_ms;
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
    unsigned inter = opts_of(run)->inter_ms;
    return connect && connect < inter ? connect : inter;
}

static void begin_check(struct hf_check_run *run)
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

static void on_turn(struct hf_timer *timer)
{
    struct hf_check_run *run = HF_CONTAINER(timer, struct hf_check_run, timer);
    if (atomic_load_explicit(&run->server->maint, memory_order_relaxed))
        schedule_next(run);
    else
        begin_check(run);
}

/* ---- all checks -------------------------------------------------------------------------- */

static const struct hf_check_ops *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof hf_check_list / sizeof hf_check_list[0]; i++) {
        if (strcmp(hf_check_list[i]->name, name) == 0)
            return hf_check_list[i];
    }
    return NULL;
}

/* A port that only speaks TLS is asked by TLS; one that begins in the clear, by FTP's way to it,
 * since a connection alone would not tell that sessions will fail.  As with TLS, not where another
 * address or port is asked. */
static const char *kind_of(const struct hf_cfg_server *cfg)
{
    bool elsewhere = cfg->o.check_port || hf_addr_is_set(&cfg->o.check_addr);
    return cfg->proxy->o.ftp_check || (cfg->o.tls.starttls && !elsewhere) ? "ftp" : "tcp";
}

static struct hf_addr address_to_check(const struct hf_cfg_server *cfg)
{
    struct hf_addr to = hf_addr_is_set(&cfg->o.check_addr) ? cfg->o.check_addr : cfg->addr;
    hf_addr_set_port(&to, cfg->o.check_port ? cfg->o.check_port : hf_addr_port(&cfg->addr));
    return to;
}

static bool wants_check(const struct hf_server *server)
{
    return server->cfg->o.check && !server->cfg->unresolved && !server->proxy->cfg->o.disabled;
}

typedef void (*server_fn)(struct hf_server *server, void *arg);

static void for_each_checked(struct hf_runtime *runtime, server_fn fn, void *arg)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        for (unsigned k = 0; k < proxy->n_servers; k++) {
            if (wants_check(proxy->servers[k]))
                fn(proxy->servers[k], arg);
        }
    }
}

static void count_server(struct hf_server *server, void *arg)
{
    (void)server;
    ++*(unsigned *)arg;
}

static void add_run(struct hf_server *server, void *arg)
{
    struct hf_checks *checks = arg;
    struct hf_check_run *run = &checks->runs[checks->n++];
    run->checks = checks;
    run->server = server;
    run->ops = find_kind(kind_of(server->cfg));
    run->to = address_to_check(server->cfg);
    run->watch.fd = -1;
    run->health = server->cfg->o.rise;
    server->check = run;
    HF_ASSERT(run->ops);
}

/* The first checks come one after the other, within the shortest interval of all. */
static void spread_first_checks(struct hf_checks *checks)
{
    unsigned shortest = UINT32_MAX;
    for (unsigned i = 0; i < checks->n; i++) {
        unsigned inter = opts_of(&checks->runs[i])->inter_ms;
        shortest = inter < shortest ? inter : shortest;
    }
    for (unsigned i = 0; i < checks->n; i++)
        hf_loop_timer(checks->loop, &checks->runs[i].timer, (uint64_t)shortest * i / checks->n,
                      on_turn);
}

struct hf_checks *hf_checks_start(struct hf_runtime *runtime, struct hf_loop *loop)
{
    unsigned n = 0;
    for_each_checked(runtime, count_server, &n);

    struct hf_checks *checks = calloc(1, sizeof *checks + n * sizeof checks->runs[0]);
    if (!checks)
        return NULL;
    checks->loop = loop;
    checks->spread_percent = runtime->config->global.spread_checks;
    for_each_checked(runtime, add_run, checks);
    hf_warmup_init(&checks->warmup, runtime, loop);
    hf_observe_begin(loop);
    spread_first_checks(checks);
    return checks;
}

static void release(struct hf_reap *reap)
{
    free(HF_CONTAINER(reap, struct hf_checks, reap));
}

void hf_checks_stop(struct hf_checks *checks)
{
    if (!checks)
        return;
    hf_observe_end();
    hf_warmup_end(&checks->warmup);
    for (unsigned i = 0; i < checks->n; i++) {
        close_connection(&checks->runs[i]);
        checks->runs[i].server->check = NULL; /* mail about it may still come */
    }
    hf_loop_reap(checks->loop, &checks->reap, release);
}
