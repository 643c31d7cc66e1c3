/*
 * stream.c: life of a plain TCP session: admit, dial, relay, end.
 */
#include "haftp/stream/stream.h"

#include <stdlib.h>

#include "haftp/base/assert.h"
#include "haftp/net/relay.h"
#include "haftp/net/socket.h"
#include "haftp/state/tls.h"
#include "haftp/state/track.h"
#include "haftp/stream/account.h"
#include "haftp/stream/admit.h"
#include "haftp/stream/dial.h"

struct hf_stream {
    struct hf_session session; /* first: the engine knows us by it */
    struct hf_relay relay;
    struct hf_admit *admit;      /* until its rules are decided */
    struct hf_dial *dial;        /* until connected */
    struct hf_inspect *response; /* until the rules on the server's first bytes are decided */
    struct hf_timer timer;
    uint64_t active_ms;
    struct hf_accounted accounted;
};

size_t hf_stream_size(void)
{
    return sizeof(struct hf_stream);
}

static struct hf_stream *stream_of(struct hf_session *session)
{
    HF_CHECK(session, HF_SESSION_MAGIC);
    return HF_CONTAINER(session, struct hf_stream, session);
}

static void end_response_rules(struct hf_stream *stream)
{
    if (stream->response)
        hf_inspect_stop(stream->response);
    free(stream->response);
    stream->response = NULL;
}

/* `option nolinger`: a reset instead of the usual end, even where that may cost bytes. */
static void stop_lingering(struct hf_stream *stream)
{
    const struct hf_facts *facts = &stream->session.facts;
    const struct hf_relay_end *end = stream->relay.end;

    if (facts->frontend->cfg->o.nolinger && end[HF_FRONT].watch.fd >= 0)
        hf_socket_reset_on_close(end[HF_FRONT].watch.fd);
    if (facts->backend && facts->backend->cfg->o.nolinger && end[HF_BACK].watch.fd >= 0)
        hf_socket_reset_on_close(end[HF_BACK].watch.fd);
}

static void account(struct hf_stream *stream)
{
    (void)hf_account_relay(stream->session.engine, &stream->session.facts,
                           stream->relay.end[HF_FRONT].bytes, stream->relay.end[HF_BACK].bytes,
                           &stream->accounted);
}

static void finish(struct hf_stream *stream, enum hf_reason reason, enum hf_phase phase,
                   unsigned reset_mask)
{
    struct hf_session *session = &stream->session;

    hf_facts_end(&session->facts, reason, phase);
    hf_admit_free(stream->admit);
    hf_dial_free(stream->dial);
    stream->admit = NULL;
    stream->dial = NULL;
    end_response_rules(stream);
    hf_loop_timer_cancel(session->engine->loop, &stream->timer);
    session->facts.bytes_in = stream->relay.end[HF_FRONT].bytes;
    session->facts.bytes_out = stream->relay.end[HF_BACK].bytes;
    account(stream);
    stop_lingering(stream);
    hf_session_report(session);
    session->facts.front_tls = session->facts.back_tls = NULL;
    hf_relay_close(&stream->relay, reset_mask);
    hf_session_end(session);
}

/* ---- timeouts ---- */

/* How long nothing may move, as things stand; 0: for ever.  Traffic one way keeps the other way
 * alive, as in HAProxy without `option independent-streams`. */
static unsigned idle_limit(const struct hf_stream *stream)
{
    const struct hf_cfg_timeouts *front = &stream->session.facts.frontend->cfg->o.timeout;
    const struct hf_cfg_timeouts *back = &stream->session.facts.backend->cfg->o.timeout;
    const struct hf_relay_end *end = stream->relay.end;

    if (end[HF_FRONT].eof && front->client_fin)
        return front->client_fin;
    if (end[HF_BACK].eof && back->server_fin)
        return back->server_fin;
    if (back->tunnel && end[HF_FRONT].bytes && end[HF_BACK].bytes)
        return back->tunnel;
    return hf_timeout_shorter(front->client, back->server);
}

static void on_idle(struct hf_timer *timer);

static void arm(struct hf_stream *stream)
{
    struct hf_loop *loop = stream->session.engine->loop;
    unsigned limit = idle_limit(stream);
    uint64_t now = hf_loop_now(loop), due = stream->active_ms + limit;
    if (limit)
        hf_loop_timer(loop, &stream->timer, due > now ? due - now : 0, on_idle);
    else
        hf_loop_timer_cancel(loop, &stream->timer);
}

/* Activity only notes the time; the timer looks at it when it fires. */
static void on_idle(struct hf_timer *timer)
{
    struct hf_stream *stream = HF_CONTAINER(timer, struct hf_stream, timer);
    unsigned limit = idle_limit(stream);
    if (!limit || hf_loop_now(stream->session.engine->loop) < stream->active_ms + limit) {
        arm(stream);
        return;
    }
    bool client = limit == stream->session.facts.frontend->cfg->o.timeout.client;
    finish(stream, client ? HF_REASON_CLIENT_TIMEOUT : HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA, 0);
}

/* ---- tcp-response content: before the client gets the server's first byte ---- */

static void decide_response(struct hf_stream *stream)
{
    struct hf_relay_end *back = &stream->relay.end[HF_BACK];
    switch (hf_inspect_run(stream->response)) {
    case HF_RULING_WAIT:
        break;
    case HF_RULING_REJECT:
        finish(stream, HF_REASON_PROXY_REFUSED, HF_PHASE_DATA, 0);
        break;
    case HF_RULING_PASS:
        end_response_rules(stream);
        back->hold = false;
        hf_watch_again(&back->watch);
        break;
    }
}

static void on_response_due(struct hf_inspect *inspect)
{
    struct hf_stream *stream = stream_of(inspect->session);
    decide_response(stream);
}

/* What the client says flows meanwhile: the server may wait for it. */
static bool hold_response(struct hf_stream *stream)
{
    struct hf_relay_end *back = &stream->relay.end[HF_BACK];
    const struct hf_cfg_proxy *section = stream->session.facts.backend->cfg;

    if (!section->rules[HF_RULES_RESPONSE])
        return true;
    stream->response = malloc(sizeof *stream->response);
    if (!stream->response)
        return false;
    hf_inspect_begin(stream->response, &stream->session, &back->watch, section, HF_RULES_RESPONSE,
                     on_response_due);
    back->hold = true;
    hf_watch_again(&back->watch);
    if (stream->response->final) /* without a delay, the rules see what there is now: as HAProxy */
        decide_response(stream);
    return true;
}

/* ---- relay ---- */

static void note_moved(struct hf_stream *stream)
{
    struct hf_tracked *tracked = stream->session.facts.tracked;
    const struct hf_relay_end *end = stream->relay.end;

    stream->active_ms = hf_loop_now(stream->session.engine->loop);
    if (tracked)
        hf_track_bytes(tracked, &tracked->flow, end[HF_FRONT].bytes, end[HF_BACK].bytes, false,
                       stream->active_ms);
}

static void on_relay(struct hf_relay *relay, enum hf_relay_event event, int end,
                     enum hf_status status)
{
    struct hf_stream *stream = HF_CONTAINER(relay, struct hf_stream, relay);
    (void)status;
    switch (event) {
    case HF_RELAY_READABLE:
        decide_response(stream);
        break;
    case HF_RELAY_SECURE:
        break;
    case HF_RELAY_MOVED:
        note_moved(stream);
        account(stream);
        break;
    case HF_RELAY_EOF:
        stream->active_ms = hf_loop_now(stream->session.engine->loop);
        arm(stream); /* client-fin, server-fin may be shorter */
        break;
    case HF_RELAY_DONE:
        finish(stream, HF_REASON_NONE, HF_PHASE_END, 0);
        break;
    case HF_RELAY_BROKEN:
        finish(stream, end == HF_FRONT ? HF_REASON_CLIENT_RESET : HF_REASON_SERVER_RESET,
               HF_PHASE_DATA, 1u << (1 - end));
        break;
    }
}

static void on_connecting(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    hf_dial_progress(HF_CONTAINER(end - HF_BACK, struct hf_stream, relay.end)->dial);
}

/* The client's watch until the relay has it: what the client sends meanwhile waits in its socket.
 */
static void on_client_waiting(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct hf_stream *stream = HF_CONTAINER(end - HF_FRONT, struct hf_stream, relay.end);
    if (stream->admit) {
        if (watch->ready & HF_READY_ERR && !hf_admit_is_approached(stream->admit))
            finish(stream, HF_REASON_CLIENT_RESET, HF_PHASE_REQUEST, 0);
        else
            hf_admit_progress(stream->admit);
        return;
    }
    if (hf_dial_client_left(&stream->session, watch))
        finish(stream, HF_REASON_CLIENT_RESET,
               stream->dial->waiter ? HF_PHASE_QUEUE : HF_PHASE_CONNECT, 0);
}

static void on_dialed(struct hf_session *session, bool connected)
{
    struct hf_stream *stream = stream_of(session);
    int fd = stream->relay.end[HF_BACK].watch.fd;
    if (!connected) {
        finish(stream, HF_REASON_INTERNAL, HF_PHASE_CONNECT, 0); /* the dial recorded the reason */
        return;
    }
    hf_dial_succeeded(stream->dial);
    hf_session_established(session);
    struct hf_tls *tls = hf_dial_take_tls(stream->dial);
    if (tls)
        hf_relay_secure(&stream->relay, HF_BACK, tls);
    hf_dial_free(stream->dial);
    stream->dial = NULL;
    hf_session_tune_server(session, fd);
    hf_relay_adopt(&stream->relay, HF_FRONT);
    hf_relay_adopt(&stream->relay, HF_BACK);
    stream->active_ms = hf_loop_now(session->engine->loop);
    arm(stream);
    hf_relay_start(&stream->relay);
    if (!hold_response(stream))
        finish(stream, HF_REASON_RESOURCE, HF_PHASE_DATA, 0);
}

/* ---- beginning ---- */

static void kill_stream(struct hf_session *session, enum hf_reason reason)
{
    finish(stream_of(session), reason, HF_PHASE_DATA, 0);
}

static void on_admitted(struct hf_session *session, enum hf_ruling ruling)
{
    struct hf_stream *stream = stream_of(session);

    hf_admit_free(stream->admit);
    stream->admit = NULL;
    if (ruling == HF_RULING_REJECT) {
        finish(stream, HF_REASON_PROXY_REFUSED, HF_PHASE_REQUEST, 0);
        return;
    }
    stream->dial =
        hf_dial_new(session, &stream->relay.end[HF_BACK].watch, on_connecting, on_dialed);
    if (!stream->dial) {
        finish(stream, HF_REASON_RESOURCE, HF_PHASE_CONNECT, 0);
        return;
    }
    stream->dial->speaks_tls = true;
    hf_dial_begin(stream->dial, &stream->relay.end[HF_FRONT].watch);
}

static void look_at_stream(const struct hf_session *session, struct hf_session_look *out)
{
    const struct hf_stream *stream = HF_CONTAINER(session, struct hf_stream, session);
    uint64_t since = stream->active_ms ? stream->active_ms : session->facts.accepted_ms;

    out->kind = "tcp";
    out->doing = stream->admit ? "waits for rules" : stream->dial ? "waits for a server" : "relays";
    out->idle_ms = hf_loop_now(session->engine->loop) - since;
    out->bytes_in = stream->relay.end[HF_FRONT].bytes;
    out->bytes_out = stream->relay.end[HF_BACK].bytes;
}

static const struct hf_session_ops stream_ops = {.kill = kill_stream, .look = look_at_stream};

/* Where the bind ends TLS, the relay's front has it from the beginning; whoever admits the session
 * sees to the handshake. */
static bool secure_front(struct hf_stream *stream, const struct hf_cfg_bind *bind)
{
    struct hf_tls *tls;

    if (!bind->tls_site)
        return true;
    if (hf_tls_begin_mt(bind->tls_site, NULL, &tls) != HF_OK)
        return false;
    hf_relay_secure(&stream->relay, HF_FRONT, tls);
    return true;
}

bool hf_stream_accept(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                      const struct hf_addr *peer)
{
    struct hf_stream *stream = hf_pool_get(engine->streams);
    if (!stream)
        return false;
    hf_relay_init(&stream->relay, !engine->runtime->config->global.nosplice, on_relay);
    /* Most protocols know where they end, and many peers just close. */
    stream->relay.end[HF_FRONT].eof_lenient = stream->relay.end[HF_BACK].eof_lenient = true;
    if (hf_relay_attach(&stream->relay, HF_FRONT, engine->loop, fd) != HF_OK) {
        hf_pool_put(engine->streams, stream);
        return false;
    }
    if (!secure_front(stream, bind)) {
        (void)hf_watch_take(&stream->relay.end[HF_FRONT].watch);
        hf_pool_put(engine->streams, stream);
        return false;
    }
    stream->relay.end[HF_FRONT].watch.fn = on_client_waiting;
    hf_session_tune_client(engine, bind, fd);
    hf_session_begin(&stream->session, engine, engine->streams, &stream_ops, bind, fd, peer);
    stream->session.facts.front_tls = stream->relay.end[HF_FRONT].tls;
    enum hf_ruling ruling = hf_admit_begin(&stream->session, &stream->relay.end[HF_FRONT].watch,
                                           false, on_admitted, &stream->admit);
    if (ruling != HF_RULING_WAIT)
        on_admitted(&stream->session, ruling);
    return true;
}
