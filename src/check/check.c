/*
 * check.c: which servers are checked, and when.
 *
 * What a check does is in run.c and kind/, what comes of it in health.c.
 */
#include <stdlib.h>
#include <string.h>

#include "haftp/base/rand.h"

#include "check_int.h"
#include "check_list.inc"

/* ---- schedule ---------------------------------------------------------------------------- */

unsigned hf_check_interval(const struct hf_check_run *run)
{
    return run->is_agent ? hf_check_opts(run)->agent_inter_ms : hf_check_opts(run)->inter_ms;
}

static unsigned next_interval(const struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);
    bool settled_up = run->health == run->rise + run->fall - 1;
    bool settled_down = run->health == 0;
    unsigned ms = settled_up ? o->inter_ms : settled_down ? o->downinter_ms : o->fastinter_ms;
    return ms && !run->is_agent ? ms : hf_check_interval(run);
}

static void on_turn(struct hf_timer *timer)
{
    struct hf_check_run *run = HF_CONTAINER(timer, struct hf_check_run, timer);
    if (hf_check_is_paused(run))
        hf_check_schedule(run);
    else
        hf_check_begin(run);
}

void hf_check_schedule(struct hf_check_run *run)
{
    unsigned ms = next_interval(run);
    unsigned spread = (unsigned)((uint64_t)ms * run->checks->spread_percent / 100);
    if (spread)
        ms = ms - spread + hf_rand_below(2 * spread + 1);
    hf_loop_timer(run->checks->loop, &run->timer, ms, on_turn);
}

void hf_check_soon(struct hf_check_run *run)
{
    struct hf_loop *loop = run->checks->loop;
    unsigned soon = hf_check_opts(run)->fastinter_ms;

    if (soon && !run->running && run->timer.due_ms > hf_loop_now(loop) + soon)
        hf_loop_timer(loop, &run->timer, soon, on_turn);
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
    const struct hf_cfg_opts *o = &cfg->proxy->o;

    if (o->tcp_check && o->check_script)
        return "script";
    return o->ftp_check || (cfg->o.tls.starttls && !elsewhere) ? "ftp" : "tcp";
}

static bool wants_check(const struct hf_server *server)
{
    return server->cfg->o.check && !server->cfg->unresolved && !server->proxy->cfg->o.disabled;
}

static bool wants_agent(const struct hf_server *server)
{
    return server->cfg->o.agent_check && server->cfg->o.agent_port && !server->cfg->unresolved &&
           !server->proxy->cfg->o.disabled;
}

typedef void (*server_fn)(struct hf_server *server, bool agent, void *arg);

static void for_each_checked(struct hf_runtime *runtime, server_fn fn, void *arg)
{
    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        struct hf_proxy *proxy = runtime->proxies[i];
        for (unsigned k = 0; k < proxy->n_servers; k++) {
            if (wants_check(proxy->servers[k]))
                fn(proxy->servers[k], false, arg);
            if (wants_agent(proxy->servers[k]))
                fn(proxy->servers[k], true, arg);
        }
    }
}

static void count_run(struct hf_server *server, bool agent, void *arg)
{
    (void)server;
    (void)agent;
    ++*(unsigned *)arg;
}

/* One bad answer of an agent is enough, as is one good one. */
static void add_run(struct hf_server *server, bool agent, void *arg)
{
    const struct hf_cfg_server_opts *o = &server->cfg->o;
    struct hf_checks *checks = arg;
    struct hf_check_run *run = &checks->runs[checks->n++];

    run->checks = checks;
    run->server = server;
    run->is_agent = agent;
    run->question = agent ? o->agent_send : NULL;
    run->ops = find_kind(agent ? "agent" : kind_of(server->cfg));
    run->watch.fd = -1;
    run->rise = agent ? 1 : o->rise;
    run->fall = agent ? 1 : o->fall;
    run->health = run->rise;
    run->last = HF_CHECK_INI;
    *(agent ? &server->agent : &server->check) = run;
    HF_ASSERT(run->ops);
    hf_check_show(run);
}

/* The first checks come one after the other, within the shortest interval of all. */
static void spread_first_checks(struct hf_checks *checks)
{
    unsigned shortest = UINT32_MAX;
    for (unsigned i = 0; i < checks->n; i++) {
        unsigned inter = hf_check_interval(&checks->runs[i]);
        shortest = inter < shortest ? inter : shortest;
    }
    for (unsigned i = 0; i < checks->n; i++)
        hf_loop_timer(checks->loop, &checks->runs[i].timer, (uint64_t)shortest * i / checks->n,
                      on_turn);
}

struct hf_checks *hf_checks_start(struct hf_runtime *runtime, struct hf_loop *loop)
{
    unsigned n = 0;
    for_each_checked(runtime, count_run, &n);

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
        hf_check_close(&checks->runs[i]);
        /* Mail about it may still come. */
        checks->runs[i].server->check = checks->runs[i].server->agent = NULL;
    }
    hf_loop_reap(checks->loop, &checks->reap, release);
}

/* ---- commands of an administrator -------------------------------------------------------- */

void hf_checks_warm(struct hf_checks *checks)
{
    hf_warmup_begin(&checks->warmup);
}

void hf_check_move(struct hf_server *server, const struct hf_addr *to)
{
    server->check->given = *to;
}

bool hf_check_address(const struct hf_server *server, struct hf_addr *out)
{
    if (server->check)
        *out = hf_check_own_way(server->check).to;
    return server->check != NULL;
}

void hf_check_settle(struct hf_server *server, bool up)
{
    struct hf_check_run *run = server->check;
    if (!run)
        return;
    run->health = up ? run->rise + run->fall - 1 : 0;
    hf_check_show(run);
}
