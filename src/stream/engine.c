/*
 * engine.c: the list of a worker's sessions; how a session begins and ends.
 *
 * What happens in between is the business of stream.c and of the FTP floor.
 */
#include "haftp/stream/engine.h"

#include <stdlib.h>
#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/rules/vars.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/state/track.h"
#include "haftp/stream/account.h"
#include "haftp/stream/dial.h"
#include "haftp/stream/gate.h"
#include "haftp/stream/header.h"
#include "haftp/stream/stream.h"

struct hf_engine *hf_engine_new(struct hf_loop *loop, struct hf_runtime *runtime, unsigned index,
                                unsigned n_workers)
{
    struct hf_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        return NULL;
    engine->loop = loop;
    engine->runtime = runtime;
    engine->shard = hf_tally_shard(&runtime->tally);
    engine->index = index;
    engine->n_workers = runtime->n_workers = n_workers;
    engine->streams = hf_pool_new(hf_stream_size(), 64);
    engine->dials = hf_pool_new(sizeof(struct hf_dial), 64);
    if (!engine->shard || !engine->streams || !engine->dials) {
        hf_engine_free(engine);
        return NULL;
    }
    return engine;
}

void hf_engine_free(struct hf_engine *engine)
{
    if (!engine)
        return;
    HF_ASSERT(engine->n_sessions == 0);
    if (engine->streams)
        hf_pool_free(engine->streams);
    if (engine->dials)
        hf_pool_free(engine->dials);
    free(engine);
}

/* ---- sockets ---- */

/* A time that is not a whole number of seconds is not made shorter than it is. */
static unsigned seconds(unsigned ms)
{
    return ms / 1000 + (ms % 1000 != 0);
}

void hf_session_tune_client(const struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd)
{
    const struct hf_cfg_global *global = &engine->runtime->config->global;
    const struct hf_cfg_opts *o = &bind->proxy->o;

    hf_socket_nodelay(fd);
    if (bind->reach != HF_REACH_INET) /* others inherit them from the socket they came to */
        hf_socket_buffers(fd, &(struct hf_buffers){global->rcvbuf_client, global->sndbuf_client});
    if (o->tcpka_client)
        hf_socket_keepalive(fd, &(struct hf_keepalive){.probes = (unsigned)o->clitcpka_cnt,
                                                       .idle_s = seconds(o->clitcpka_idle),
                                                       .interval_s = seconds(o->clitcpka_intvl)});
}

void hf_session_tune_server(const struct hf_session *session, int fd)
{
    const struct hf_cfg_opts *o = &session->facts.backend->cfg->o;

    hf_socket_nodelay(fd);
    if (o->tcpka_server)
        hf_socket_keepalive(fd, &(struct hf_keepalive){.probes = (unsigned)o->srvtcpka_cnt,
                                                       .idle_s = seconds(o->srvtcpka_idle),
                                                       .interval_s = seconds(o->srvtcpka_intvl)});
}

void hf_session_begin(struct hf_session *session, struct hf_engine *engine, struct hf_pool *pool,
                      const struct hf_session_ops *ops, const struct hf_cfg_bind *bind, int fd,
                      const struct hf_addr *peer)
{
    struct hf_facts *facts = &session->facts;

    session->magic = HF_SESSION_MAGIC;
    session->engine = engine;
    session->pool = pool;
    session->ops = ops;
    facts->bind = bind;
    facts->frontend = hf_runtime_proxy(engine->runtime, bind->proxy);
    facts->worker = (uint16_t)engine->index;
    session->tls_places = (uint8_t)hf_gate_tls_places(facts->frontend, bind);
    facts->client_fd = fd;
    session->headers = hf_header_of_bind(bind);
    facts->client = *peer;
    hf_socket_local(fd, &facts->local);
    facts->accepted_us = hf_clock_wall_us();
    facts->accepted_ms = hf_loop_now(engine->loop);
    facts->queue_ms = facts->connect_ms = -1;
    DL_APPEND(engine->sessions, session);
    engine->n_sessions++;
}

static void release(struct hf_reap *reap)
{
    struct hf_session *session = HF_CONTAINER(reap, struct hf_session, reap);
    session->magic = 0;
    hf_pool_put(session->pool, session);
}

void hf_session_established(struct hf_session *session)
{
    struct hf_facts *facts = &session->facts;
    if (!facts->frontend->cfg->o.logasap)
        return;
    facts->total_ms = (int32_t)(hf_loop_now(session->engine->loop) - facts->accepted_ms);
    hf_log_session_mt(facts);
    session->logged = true;
}

void hf_session_report(struct hf_session *session)
{
    struct hf_facts *facts = &session->facts;

    if (session->logged)
        return;
    facts->total_ms = (int32_t)(hf_loop_now(session->engine->loop) - facts->accepted_ms);
    hf_facts_end(facts, HF_REASON_NONE, HF_PHASE_END);
    hf_log_session_mt(facts);
    session->logged = true;
}

void hf_session_leave_tls(struct hf_session *session)
{
    hf_gate_leave_tls_mt(session->engine->runtime, session->tls_places);
    session->tls_places = 0;
}

static void track_to_the_end(struct hf_facts *facts, uint64_t now_ms)
{
    if (!facts->tracked)
        return;
    hf_track_bytes(facts->tracked, &facts->tracked->flow, facts->bytes_in, facts->bytes_out, true,
                   now_ms);
    hf_track_end(facts, now_ms);
}

void hf_session_end(struct hf_session *session)
{
    struct hf_engine *engine = session->engine;
    struct hf_facts *facts = &session->facts;

    HF_CHECK(session, HF_SESSION_MAGIC);
    facts->client_fd = -1; /* its owner has closed it */
    hf_session_report(session);
    hf_account_end(session);
    track_to_the_end(facts, hf_loop_now(engine->loop));
    hf_vars_free(&facts->vars);
    hf_ftp_facts_free(facts);
    free(facts->first);
    free(facts->proxied);
    free(facts->unique_id);

    struct hf_proxy *backend = (struct hf_proxy *)facts->backend;
    if (backend && !session->uncounted)
        atomic_fetch_sub_explicit(&backend->sessions_back, 1, memory_order_relaxed);
    if (session->server) {
        struct hf_server *server = session->server;
        session->server = NULL;
        if (!session->uncounted)
            hf_server_put_mt(server);
    }
    if (!session->uncounted) {
        hf_session_leave_tls(session);
        hf_gate_leave_mt((struct hf_proxy *)facts->frontend, facts->bind);
    }

    DL_DELETE(engine->sessions, session);
    engine->n_sessions--;
    hf_loop_reap(engine->loop, &session->reap, release);
    if (engine->draining && engine->n_sessions == 0 && engine->on_drained)
        engine->on_drained(engine);
}

void hf_engine_kill_all(struct hf_engine *engine, enum hf_reason reason)
{
    struct hf_session *session, *next;
    DL_FOREACH_SAFE(engine->sessions, session, next)
    session->ops->kill(session, reason);
}

void hf_engine_kill_of(struct hf_engine *engine, const struct hf_server *server,
                       enum hf_reason reason)
{
    struct hf_session *session, *next;
    DL_FOREACH_SAFE(engine->sessions, session, next)
    {
        if (session->server == server)
            session->ops->kill(session, reason);
    }
}

bool hf_engine_kill_at(struct hf_engine *engine, uint64_t address, enum hf_reason reason)
{
    struct hf_session *session = engine->sessions;

    while (session && (uint64_t)(uintptr_t)session != address)
        session = session->next;
    if (session)
        session->ops->kill(session, reason);
    return session != NULL;
}

void hf_engine_drain(struct hf_engine *engine, void (*on_drained)(struct hf_engine *engine))
{
    engine->draining = true;
    engine->on_drained = on_drained;
    if (engine->n_sessions == 0)
        on_drained(engine);
}
