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
#include "haftp/stream/dial.h"

#include "route_int.h"

#include <string.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/conf/load.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/rules/vars.h"
#include "haftp/state/connect.h"
#include "haftp/state/tls.h"
#include "haftp/stream/rules.h"

#define RETRY_PAUSE_MS 1000u
#define HF_SNI_BYTES   256u

static void choose(struct hf_dial *dial);

static struct hf_proxy *backend_of(const struct hf_session *session)
{
    return (struct hf_proxy *)session->facts.backend;
}

static const struct hf_cfg_timeouts *timeouts_of(const struct hf_session *session)
{
    return &session->facts.backend->cfg->o.timeout;
}

static void give_up(struct hf_dial *dial, enum hf_reason reason, enum hf_phase phase)
{
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

static void mark_tried(struct hf_pick *pick, const struct hf_server *server)
{
    if (pick->n_tried < HF_PICK_MAX_TRIED)
        pick->tried[pick->n_tried++] = server;
}

static void on_pause_over(struct hf_timer *timer)
{
    choose(HF_CONTAINER(timer, struct hf_dial, timer));
}

/* The same servers once more, after a moment. */
static void pause_then_choose(struct hf_dial *dial)
{
    unsigned pause = timeouts_of(dial->session)->connect;
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
           (!dial->pick.stuck && takes_turns(backend) && hf_proxy_usable_mt(backend, false) > 1);
}

static void drop_tls(struct hf_dial *dial)
{
    hf_tls_free(dial->tls);
    dial->tls = NULL;
    dial->session->facts.back_tls = NULL;
}

void hf_dial_again(struct hf_dial *dial, enum hf_reason reason)
{
    struct hf_session *session = dial->session;
    struct hf_server *failed = session->server;

    hf_loop_timer_cancel(session->engine->loop, &dial->timer);
    hf_watch_close(dial->watch);
    drop_tls(dial);
    atomic_fetch_add_explicit(&failed->failed_connects, 1, memory_order_relaxed);
    hf_server_observed_mt(failed, false);
    if (dial->tries_left-- <= 0) {
        give_up(dial, reason, HF_PHASE_CONNECT);
        return;
    }
    session->facts.retries++;
    drop_server(session);
    if ((dial->elsewhere && !dial->pick.forced) || may_redispatch(dial)) {
        mark_tried(&dial->pick, failed);
        session->facts.redispatched = true;
        choose(dial);
    } else {
        pause_then_choose(dial);
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

/* ---- TLS to the server ---- */

/* The name that the server's certificate is asked for by; NULL: none.  Valid as long as `eval`. */
static const char *name_of_server(const struct hf_session *session, struct hf_eval *eval,
                                  char name[HF_SNI_BYTES])
{
    const struct hf_expr *expr = session->server->cfg->o.sni_expr;
    struct hf_sample sample;

    hf_rules_prepare(eval, (struct hf_session *)session, session->facts.backend->cfg);
    if (!expr || hf_expr_eval(expr, eval, &sample) != HF_TRUE ||
        !hf_sample_cast(&sample, HF_TYPE_STR, eval) || sample.bytes.n == 0 ||
        sample.bytes.n >= HF_SNI_BYTES)
        return NULL;
    memcpy(name, sample.bytes.p, sample.bytes.n);
    name[sample.bytes.n] = '\0';
    return name;
}

enum hf_status hf_dial_new_tls(struct hf_session *session, bool for_data, struct hf_tls **out)
{
    const struct hf_cfg_server *cfg = session->server->cfg;
    struct hf_eval eval;
    char name[HF_SNI_BYTES];
    struct hf_tls_options options = {
        .name = name_of_server(session, &eval, name),
        .for_data = for_data,
    };

    if (hf_config_verifies(session->engine->runtime->config, &cfg->o))
        options.verify_name = options.name ? options.name : cfg->o.tls.verifyhost;
    return hf_tls_begin_mt(cfg->tls_site, &options, out);
}

static enum hf_status begin_tls(struct hf_dial *dial)
{
    enum hf_status status = hf_dial_new_tls(dial->session, false, &dial->tls);
    if (status == HF_OK) {
        hf_tls_use(dial->tls, dial->watch);
        dial->session->facts.back_tls = dial->tls;
    }
    return status;
}

static void tell_tls_failure(const struct hf_dial *dial)
{
    static struct hf_log_limit limit;
    const struct hf_server *server = dial->session->server;
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(server->proxy, HF_LEVEL_ERR,
                        "%s/%s: TLS handshake with the server failed: %s", server->proxy->cfg->name,
                        server->cfg->name, hf_tls_error(dial->tls));
}

/* True when bytes may be said to the server: its TLS stands, or it has none. */
static bool is_secure(struct hf_dial *dial)
{
    enum hf_status status = HF_OK;

    if (!dial->speaks_tls || !dial->session->server->cfg->o.tls.ssl)
        return true;
    if (!dial->tls)
        status = begin_tls(dial);
    if (status != HF_OK) {
        hf_dial_again(dial, HF_REASON_RESOURCE);
        return false;
    }
    status = hf_tls_handshake(dial->tls);
    if (status != HF_OK && status != HF_AGAIN) {
        tell_tls_failure(dial);
        hf_dial_again(dial, HF_REASON_TLS_SERVER);
    }
    return status == HF_OK;
}

struct hf_tls *hf_dial_take_tls(struct hf_dial *dial)
{
    struct hf_tls *tls = dial->tls;
    dial->tls = NULL;
    return tls;
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
    if (dial->connected || dial->watch->fd < 0 || !is_reached(dial) || !is_secure(dial))
        return;
    dial->connected = true;
    hf_socket_local(dial->watch->fd, &session->facts.server_local);
    hf_loop_timer_cancel(dial->engine->loop, &dial->timer);
    hf_server_observed_mt(session->server, true);
    session->facts.connect_ms = (int32_t)(hf_loop_now(dial->engine->loop) - dial->started_ms -
                                          (uint64_t)session->facts.queue_ms);
    dial->fn(session, true);
}

static void connect_to(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;
    const struct hf_cfg_server *cfg = session->server->cfg;
    struct hf_loop *loop = session->engine->loop;
    struct hf_addr to = cfg->addr;

    if (session->facts.queue_ms < 0)
        session->facts.queue_ms = (int32_t)(hf_loop_now(loop) - dial->started_ms);
    if (cfg->port_map != HF_PORT_FIXED)
        hf_addr_set_port(&to, (uint16_t)(hf_addr_port(&session->facts.local) + cfg->port_offset));

    dial->connected = dial->reached = false;
    int fd;
    enum hf_status status = hf_server_connect(cfg, &to, &session->facts.client, &fd);
    if (status == HF_OK) {
        status = hf_watch_open(dial->watch, loop, fd, 0, dial->on_ready);
        if (status != HF_OK)
            close(fd);
    }
    if (status != HF_OK) {
        hf_dial_again(dial, reason_of(status));
        return;
    }
    if (timeouts_of(session)->connect)
        hf_loop_timer(loop, &dial->timer, timeouts_of(session)->connect, on_connect_timeout);
}

static void stop_waiting(struct hf_dial *dial)
{
    if (dial->waiter)
        hf_waitlist_leave(dial->waiting_at, dial->waiter);
    dial->waiter = NULL;
}

/* Whether the slot that came free at `list` had its use: it is ours, or it is gone already.  Only
 * who has tried a server leaves a slot to others. */
static bool slot_was_used(const struct hf_dial *dial, const struct hf_waitlist *list)
{
    const struct hf_server *server = dial->session->server;
    if (dial->waiter)
        return dial->waiting_at == list && dial->pick.n_tried == 0;
    return server && (list == &server->waiting || list == &server->proxy->waiting);
}

static bool on_slot(struct hf_waiter *waiter)
{
    struct hf_engine *engine = waiter->context;
    struct hf_dial *dial = hf_pool_find(engine->dials, waiter->session);
    if (!dial || dial->finished)
        return false;
    dial->waiter = NULL;
    dial->woken = waiter;
    choose(dial);
    dial->woken = NULL;
    return slot_was_used(dial, waiter->list);
}

static void on_queue_timeout(struct hf_timer *timer)
{
    struct hf_dial *dial = HF_CONTAINER(timer, struct hf_dial, timer);
    stop_waiting(dial);
    give_up(dial, HF_REASON_QUEUE_TIMEOUT, HF_PHASE_QUEUE);
}

/* Has not waited at this list: whoever does comes first. */
static bool is_new_at(const struct hf_dial *dial, const struct hf_waitlist *list)
{
    return !dial->woken || dial->woken->list != list;
}

static struct hf_waiter *join(struct hf_dial *dial, struct hf_waitlist *list)
{
    struct hf_session *session = dial->session;
    unsigned ahead = 0;

    if (!is_new_at(dial, list))
        return hf_waitlist_rejoin_mt(dial->woken);
    struct hf_urgency urgency = {session->facts.priority_class, session->facts.priority_offset_ms};
    struct hf_waiter *waiter =
        hf_waitlist_join_mt(list, dial->engine->loop, dial->engine,
                            hf_pool_id(dial->engine->dials, dial), urgency, on_slot, &ahead);
    if (list == &backend_of(session)->waiting)
        session->facts.be_queue = ahead;
    else
        session->facts.srv_queue = ahead;
    return waiter;
}

static void arm_queue_timer(struct hf_dial *dial)
{
    const struct hf_cfg_timeouts *timeouts = timeouts_of(dial->session);
    unsigned limit = timeouts->queue ? timeouts->queue : timeouts->connect;
    if (limit && !hf_timer_is_set(&dial->timer))
        hf_loop_timer(dial->engine->loop, &dial->timer, limit, on_queue_timeout);
}

/* Waits at this list.  A slot that came free before we joined woke nobody, so somebody has to look
 * once more.  True: we, because it is our turn.  False: it was seen to. */
static bool queue_up(struct hf_dial *dial, struct hf_waitlist *list)
{
    if (dial->waiter && dial->waiting_at == list)
        return false;
    stop_waiting(dial);
    dial->waiting_at = list;
    dial->waiter = join(dial, list);
    if (!dial->waiter) {
        give_up(dial, HF_REASON_RESOURCE, HF_PHASE_QUEUE);
        return false;
    }
    arm_queue_timer(dial);
    if (!is_new_at(dial, list))
        return true;
    hf_waitlist_wake_mt(list); /* the first in line looks, which may be us */
    return false;
}

/* The server that a `use-server` rule named, as long as it is of use, else one by `balance`. */
static struct hf_server *pick_server(const struct hf_dial *dial, struct hf_pick *pick)
{
    struct hf_server *wanted = (struct hf_server *)dial->session->wanted;

    if (wanted && !hf_server_is_up_mt(wanted) && !backend_of(dial->session)->cfg->o.persist)
        wanted = NULL;
    for (unsigned i = 0; wanted && i < pick->n_tried; i++) {
        if (pick->tried[i] == wanted)
            wanted = NULL;
    }
    if (!wanted || pick->unstick)
        return hf_balance_pick_mt(backend_of(dial->session), pick);
    pick->bound = pick->stuck = true;
    return wanted;
}

/* As many wait at this list as may, and we are not among them. */
static bool queue_is_full(const struct hf_dial *dial, const struct hf_server *server)
{
    const struct hf_waitlist *list = &server->waiting;
    bool waits = dial->waiter && dial->waiting_at == list;

    return !waits && is_new_at(dial, list) && hf_server_queue_full_mt(server);
}

/* `option redispatch` lets a client leave the server that it is stuck to. */
static bool leave_it(const struct hf_dial *dial, struct hf_pick *pick)
{
    if (!pick->stuck || pick->forced || backend_of(dial->session)->cfg->o.redispatch != HF_YES)
        return false;
    pick->unstick = true;
    return true;
}

/* A usable server with a free slot, taken; or NULL, and where to wait for one (NULL: nowhere,
 * *queue_full says whether that is because too many wait). */
static struct hf_server *pick_with_slot(struct hf_dial *dial, struct hf_waitlist **wait_at,
                                        bool *queue_full)
{
    struct hf_proxy *backend = backend_of(dial->session);
    struct hf_pick pick = dial->pick; /* full servers count as tried for this look only */
    *wait_at = NULL;
    *queue_full = false;
    for (;;) {
        pick.now_ms = hf_loop_now(dial->engine->loop);
        struct hf_server *server = pick_server(dial, &pick);
        if (!server)
            return NULL;
        dial->pick.stuck = pick.stuck;
        struct hf_waitlist *list = pick.bound ? &server->waiting : &backend->waiting;
        bool others_first = is_new_at(dial, list) && hf_waitlist_is_busy_mt(list);
        if (!others_first && hf_server_take_mt(server))
            return server;
        if (pick.bound && queue_is_full(dial, server)) {
            if (leave_it(dial, &pick))
                continue;
            *queue_full = true;
            return NULL;
        }
        *wait_at = list;
        if (others_first || pick.bound || pick.n_tried == HF_PICK_MAX_TRIED)
            return NULL;
        mark_tried(&pick, server);
    }
}

static void choose(struct hf_dial *dial)
{
    struct hf_session *session = dial->session;
    struct hf_waitlist *wait_at;
    struct hf_server *server;
    bool queue_full;

    while (!(server = pick_with_slot(dial, &wait_at, &queue_full)) && wait_at) {
        if (!queue_up(dial, wait_at))
            return;
    }
    stop_waiting(dial);
    if (!server) {
        if (queue_full)
            give_up(dial, HF_REASON_QUEUE_FULL, HF_PHASE_QUEUE);
        else if (dial->pick.n_tried)
            pause_then_choose(dial);
        else
            give_up(dial, HF_REASON_NO_SERVER, HF_PHASE_CONNECT);
        return;
    }
    hf_loop_timer_cancel(session->engine->loop, &dial->timer);
    session->server = server;
    session->facts.server = server;
    hf_rate_count_mt(&server->session_rate, hf_loop_now(session->engine->loop));
    connect_to(dial);
}

struct hf_dial *hf_dial_new(struct hf_session *session, struct hf_watch *watch,
                            hf_watch_fn on_ready, bool elsewhere, hf_dial_fn fn)
{
    struct hf_dial *dial = hf_pool_get(session->engine->dials);
    if (!dial)
        return NULL;
    dial->engine = session->engine;
    dial->session = session;
    dial->fn = fn;
    dial->watch = watch;
    dial->on_ready = on_ready;
    dial->elsewhere = elsewhere;
    dial->pick.client = &session->facts.client;
    dial->started_ms = hf_loop_now(session->engine->loop);
    dial->tries_left = session->facts.backend ? session->facts.backend->cfg->o.retries : 0;
    return dial;
}

static void look_up(struct hf_dial *dial, struct hf_watch *front)
{
    struct hf_proxy *backend = backend_of(dial->session);
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
        choose(dial);
    } else {
        give_up(dial, HF_REASON_NO_SERVER, HF_PHASE_REQUEST);
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
    stop_waiting(dial);
    hf_balance_forget(&dial->pick);
    hf_loop_timer_cancel(dial->engine->loop, &dial->timer);
    if (!dial->connected)
        hf_watch_close(dial->watch);
    if (dial->tls)
        drop_tls(dial);
    hf_loop_reap(dial->engine->loop, &dial->reap, release);
}
