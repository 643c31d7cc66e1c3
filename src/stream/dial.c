/*
 * dial.c: from a session without a server to a connected socket.
 *
 *   choose -> [wait for a slot] -> connect -> done
 *     ^            |timeout          |failed
 *     |            v                 v
 *     +---- pause (same server) <- retries left? -> give up
 *
 * HAProxy's retry rules: `retries` counts tries after the first; the same server is tried again
 * after a second, another one at once.
 */
#include "dial_int.h"

#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/rules/vars.h"
#include "haftp/state/connect.h"
#include "haftp/stream/account.h"

#include "route_int.h"

#define RETRY_PAUSE_MS 1000u

/* ---- when a try has failed ---- */

void hf_dial_give_up(struct hf_dial *dial, enum hf_reason reason, enum hf_phase phase)
{
    const struct hf_proxy *backend = dial->session->facts.backend;

    if (backend && reason == HF_REASON_QUEUE_TIMEOUT)
        hf_count(dial->engine->shard, backend->back_at, HF_COUNT_FAILED_CONNECTS, 1);
    hf_facts_end(&dial->session->facts, reason, phase);
    dial->finished = true;
    dial->fn(dial->session, false);
}

static void drop_server(struct hf_session *session)
{
    struct hf_server *server = session->server;
    session->server = NULL;
    if (server)
        hf_server_put_mt(server);
}

static void on_pause_over(struct hf_timer *timer)
{
    hf_dial_choose(HF_CONTAINER(timer, struct hf_dial, timer));
}

void hf_dial_pause(struct hf_dial *dial)
{
    unsigned pause = hf_dial_timeouts(dial->session)->connect;
    if (pause == 0 || pause > RETRY_PAUSE_MS)
        pause = RETRY_PAUSE_MS;
    dial->pick.n_tried = 0;
    hf_loop_timer(dial->engine->loop, &dial->timer, pause, on_pause_over);
}

static bool takes_turns(const struct hf_proxy *backend)
{
    const char *name = backend->cfg->o.balance;
    return strcmp(name, "roundrobin") == 0 || strcmp(name, "static-rr") == 0;
}

/* `option redispatch`: at the retries that its number says; and at each one where servers take
 * turns, unless the client belongs to this one. */
static bool may_redispatch(const struct hf_dial *dial)
{
    const struct hf_proxy *backend = dial->session->facts.backend;
    const struct hf_cfg_opts *opts = &backend->cfg->o;
    int every = opts->redispatch_every;

    if (opts->redispatch != HF_YES || dial->pick.forced)
        return false;
    if (every < 0)
        every += opts->retries + 1; /* counted from the last one */
    return (every > 0 && dial->session->facts.retries % every == 0) ||
           (!dial->pick.stuck && takes_turns(backend) && hf_proxy_usable_mt(backend) > 1);
}

void hf_dial_again(struct hf_dial *dial, enum hf_reason reason)
{
    struct hf_session *session = dial->session;
    struct hf_server *failed = session->server;

    hf_loop_timer_cancel(session->engine->loop, &dial->timer);
    hf_watch_close(dial->watch);
    hf_dial_drop_tls(dial);
    hf_server_observed_mt(failed, false);
    if (reason == HF_REASON_SERVER_GREETING)
        hf_account_server(dial->engine, failed, HF_COUNT_RESPONSE_ERRORS);
    if (dial->tries_left-- <= 0) {
        hf_account_server(dial->engine, failed, HF_COUNT_FAILED_CONNECTS);
        hf_dial_give_up(dial, reason, HF_PHASE_CONNECT);
        return;
    }
    session->facts.retries++;
    dial->failed = failed;
    drop_server(session);
    if ((dial->elsewhere && !dial->pick.forced) || may_redispatch(dial)) {
        hf_dial_mark_tried(&dial->pick, failed);
        session->facts.redispatched = true;
        hf_dial_choose(dial);
    } else {
        hf_dial_pause(dial);
    }
}

static enum hf_reason reason_of(enum hf_status status)
{
    switch (status) {
    case HF_REFUSED:
        return HF_REASON_SERVER_REFUSED;
    case HF_TIMEOUT:
        return HF_REASON_SERVER_TIMEOUT;
    case HF_NOMEM:
    case HF_NOFD:
    case HF_NOPORT:
    case HF_NOADDR:
    case HF_DENIED:
    case HF_INUSE:
        return HF_REASON_RESOURCE;
    default:
        return HF_REASON_SERVER_RESET;
    }
}

static void on_connect_timeout(struct hf_timer *timer)
{
    hf_dial_again(HF_CONTAINER(timer, struct hf_dial, timer), HF_REASON_SERVER_TIMEOUT);
}

/* ---- connecting ---- */

/* The connection stands, and the server knows for whom it is.  False also when it failed. */
static bool is_reached(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;

    if (dial->reached)
        return true;
    enum hf_status status = hf_watch_connected(dial->watch);
    if (status == HF_AGAIN)
        return false;
    if (status == HF_OK)
        status = hf_server_introduce(
            session->server->cfg, dial->watch->fd,
            &(struct hf_introduction){.from = session->facts.client,
                                      .to = session->facts.local,
                                      .authority = hf_facts_authority(&session->facts),
                                      .unique_id = session->facts.unique_id,
                                      .tls = session->facts.front_tls});
    dial->reached = status == HF_OK;
    if (!dial->reached)
        hf_dial_again(dial, reason_of(status));
    return dial->reached;
}

void hf_dial_progress(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;
    if (dial->connected || dial->watch->fd < 0 || !is_reached(dial) || !hf_dial_is_secure(dial))
        return;
    dial->connected = true;
    hf_socket_local(dial->watch->fd, &session->facts.server_local);
    hf_loop_timer_cancel(dial->engine->loop, &dial->timer);
    hf_server_observed_mt(session->server, true);
    session->facts.connect_ms = (int32_t)(hf_loop_now(dial->engine->loop) - dial->started_ms -
                                          (uint64_t)session->facts.queue_ms);
    dial->fn(session, true);
}

void hf_dial_connect(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;
    const struct hf_cfg_server *cfg = session->server->cfg;
    struct hf_loop *loop = session->engine->loop;
    struct hf_addr to;

    session->facts.server_at = hf_server_addr_mt(session->server);
    to = *session->facts.server_at;
    if (session->facts.queue_ms < 0)
        session->facts.queue_ms = (int32_t)(hf_loop_now(loop) - dial->started_ms);
    if (cfg->port_map != HF_PORT_FIXED)
        hf_addr_set_port(&to, (uint16_t)(hf_addr_port(&session->facts.local) + cfg->port_offset));

    dial->connected = dial->reached = false;
    int fd;
    hf_account_server(dial->engine, session->server, HF_COUNT_CONNECTS);
    enum hf_status status = hf_server_connect(cfg, &to, &session->facts.client, &fd);
    if (status == HF_OK)
        status = hf_watch_open_or_close(dial->watch, loop, fd, 0, dial->on_ready);
    if (status != HF_OK) {
        hf_dial_again(dial, reason_of(status));
        return;
    }
    if (hf_dial_timeouts(session)->connect)
        hf_loop_timer(loop, &dial->timer, hf_dial_timeouts(session)->connect, on_connect_timeout);
}

/* ---- life ---- */

struct hf_dial *hf_dial_new(struct hf_session *session, struct hf_watch *watch,
                            hf_watch_fn on_ready, hf_dial_fn fn)
{
    struct hf_dial *dial = hf_pool_get(session->engine->dials);
    if (!dial)
        return NULL;
    dial->engine = session->engine;
    dial->session = session;
    dial->fn = fn;
    dial->watch = watch;
    dial->on_ready = on_ready;
    dial->pick.client = &session->facts.client;
    dial->started_ms = hf_loop_now(session->engine->loop);
    dial->tries_left = session->facts.backend ? session->facts.backend->cfg->o.retries : 0;
    return dial;
}

static void look_up(struct hf_dial *dial, struct hf_watch *front)
{
    struct hf_proxy *backend = hf_dial_backend(dial->session);
    const struct hf_cfg_proxy *cfg = backend->cfg;
    struct hf_eval eval;

    if (!cfg->stick_rules && !cfg->persist_rules && !cfg->o.balance_expr)
        return;
    hf_route_know(&eval, dial->session, front, cfg);
    hf_balance_prepare_mt(backend, &dial->pick, &eval);
}

void hf_dial_begin(struct hf_dial *dial, struct hf_watch *front)
{
    if (dial->session->facts.backend) {
        look_up(dial, front);
        hf_dial_choose(dial);
    } else {
        hf_dial_give_up(dial, HF_REASON_NO_SERVER, HF_PHASE_REQUEST);
    }
}

bool hf_dial_client_left(const struct hf_session *session, const struct hf_watch *front)
{
    uint8_t signs = HF_READY_ERR;
    if (session->facts.backend && session->facts.backend->cfg->o.abortonclose)
        signs |= HF_READY_HUP;
    return front->ready & signs;
}

void hf_dial_succeeded(struct hf_dial *dial)
{
    dial->pick.now_ms = hf_loop_now(dial->engine->loop);
    hf_balance_learn_mt(&dial->pick, dial->session->server);
    /* The request is over: measured with HAProxy, whose log has no value for them either. */
    hf_vars_end_scope(&dial->session->facts.vars, HF_VAR_REQ);
}

static void release(struct hf_reap *reap)
{
    struct hf_dial *dial = HF_CONTAINER(reap, struct hf_dial, reap);
    hf_pool_put(dial->engine->dials, dial);
}

void hf_dial_free(struct hf_dial *dial)
{
    if (!dial)
        return;
    dial->finished = true;
    hf_dial_stop_waiting(dial);
    hf_balance_forget(&dial->pick);
    hf_loop_timer_cancel(dial->engine->loop, &dial->timer);
    if (!dial->connected)
        hf_watch_close(dial->watch);
    if (dial->tls) /* else it is the owner's by now, and the facts tell of it */
        hf_dial_drop_tls(dial);
    hf_loop_reap(dial->engine->loop, &dial->reap, release);
}
