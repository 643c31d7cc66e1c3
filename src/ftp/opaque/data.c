/*
 * data.c: data connections of opaque sessions: passed on as they are.
 *
 * The server announced its port in words that we could not read, so it is the port that the client
 * came to, plus the offset of the data section's server line: the servers' ranges are the data
 * range, as everybody has them who uses HAProxy for this.  Such a connection belongs to no session
 * of ours: it lives on the worker that accepted it, and ends by itself.
 */
#include "opaque.h"

#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/state/connect.h"

#define LOWEST_PORT 1024 /* RFC 2577 3: nothing below is ever a data port */

static struct ftp_opaque_data *data_of(struct hf_session *session)
{
    return HF_CONTAINER(session, struct ftp_opaque_data, session);
}

static struct hf_loop *loop_of(const struct ftp_opaque_data *data)
{
    return data->session.engine->loop;
}

static void account(struct ftp_opaque_data *data)
{
    struct hf_engine *engine = data->session.engine;
    const struct hf_facts *facts = &data->session.facts;
    const struct hf_relay_end *end = data->relay.end;
    struct hf_accounted before = data->accounted;

    if (!hf_account_relay(engine, facts, end[HF_FRONT].bytes, end[HF_BACK].bytes, &data->accounted))
        return;
    uint64_t in = data->accounted.in - before.in, out = data->accounted.out - before.out;
    hf_count(engine->shard, facts->frontend->front_at, HF_COUNT_FTP_DATA_IN, in);
    hf_count(engine->shard, facts->frontend->front_at, HF_COUNT_FTP_DATA_OUT, out);
    hf_count(engine->shard, facts->server->counts_at, HF_COUNT_FTP_DATA_IN, in);
    hf_count(engine->shard, facts->server->counts_at, HF_COUNT_FTP_DATA_OUT, out);
}

static void finish(struct ftp_opaque_data *data, enum hf_reason reason, enum hf_phase phase,
                   unsigned reset_mask)
{
    struct hf_facts *facts = &data->session.facts;
    struct hf_ftp *ftp = data->session.engine->ftp;

    hf_facts_end(facts, reason, phase);
    hf_loop_timer_cancel(loop_of(data), &data->timer);
    facts->bytes_in = data->relay.end[HF_FRONT].bytes;
    facts->bytes_out = data->relay.end[HF_BACK].bytes;
    account(data);
    hf_session_report(&data->session);
    hf_relay_close(&data->relay, reset_mask);
    hf_tie_transfer_ended_mt(ftp->ties, data->tie, hf_loop_now(loop_of(data)));
    hf_session_end(&data->session);
}

static void kill_data(struct hf_session *session, enum hf_reason reason)
{
    finish(data_of(session), reason, HF_PHASE_DATA, 1u << HF_FRONT | 1u << HF_BACK);
}

/* ---- silence ---- */

static unsigned silence_limit(const struct ftp_opaque_data *data)
{
    const struct hf_cfg_timeouts *front = &data->session.facts.frontend->cfg->o.timeout;
    const struct hf_cfg_timeouts *back = &data->session.facts.backend->cfg->o.timeout;
    return back->tunnel ? back->tunnel : hf_timeout_shorter(front->client, back->server);
}

static void on_silence(struct hf_timer *timer)
{
    struct ftp_opaque_data *data = HF_CONTAINER(timer, struct ftp_opaque_data, timer);
    uint64_t due = data->active_ms + silence_limit(data), now = hf_loop_now(loop_of(data));

    if (now < due)
        hf_loop_timer(loop_of(data), &data->timer, due - now, on_silence);
    else
        finish(data, HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA, 1u << HF_FRONT | 1u << HF_BACK);
}

/* ---- bytes ---- */

static void on_relay(struct hf_relay *relay, enum hf_relay_event event, int end,
                     enum hf_status status)
{
    struct ftp_opaque_data *data = HF_CONTAINER(relay, struct ftp_opaque_data, relay);
    (void)status;
    switch (event) {
    case HF_RELAY_MOVED:
        account(data);
        data->active_ms = hf_loop_now(loop_of(data));
        break;
    case HF_RELAY_EOF:
        data->active_ms = hf_loop_now(loop_of(data));
        break;
    case HF_RELAY_READABLE: /* no end is held, */
    case HF_RELAY_SECURE:   /* and no TLS is ours */
        break;
    case HF_RELAY_DONE:
        finish(data, HF_REASON_NONE, HF_PHASE_END, 0);
        break;
    case HF_RELAY_BROKEN:
        finish(data, end == HF_FRONT ? HF_REASON_CLIENT_RESET : HF_REASON_SERVER_RESET,
               HF_PHASE_DATA, 1u << (1 - end));
        break;
    }
}

/* ---- the server ---- */

static void server_failed(struct ftp_opaque_data *data, enum hf_reason reason)
{
    finish(data, reason, HF_PHASE_CONNECT, 1u << HF_FRONT);
}

static void on_connect_timeout(struct hf_timer *timer)
{
    server_failed(HF_CONTAINER(timer, struct ftp_opaque_data, timer), HF_REASON_SERVER_TIMEOUT);
}

/* `send-proxy-data`: whose connection this is. */
static enum hf_status introduce(struct ftp_opaque_data *data)
{
    const struct hf_facts *facts = &data->session.facts;
    const struct hf_introduction client = {.from = facts->client, .to = facts->local};

    if (!facts->server->cfg->o.send_proxy_data)
        return HF_OK;
    return hf_server_introduce(facts->server->cfg, data->relay.end[HF_BACK].watch.fd, &client);
}

static void on_connecting(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct ftp_opaque_data *data = HF_CONTAINER(end - HF_BACK, struct ftp_opaque_data, relay.end);
    struct hf_facts *facts = &data->session.facts;
    enum hf_status status = hf_watch_connected(watch);

    if (status == HF_AGAIN)
        return;
    if (status != HF_OK || introduce(data) != HF_OK) {
        server_failed(data, HF_REASON_SERVER_REFUSED);
        return;
    }
    data->active_ms = hf_loop_now(loop_of(data));
    facts->connect_ms = (int32_t)(data->active_ms - facts->accepted_ms);
    hf_relay_adopt(&data->relay, HF_BACK);
    if (silence_limit(data))
        hf_loop_timer(loop_of(data), &data->timer, silence_limit(data), on_silence);
    else
        hf_loop_timer_cancel(loop_of(data), &data->timer);
    hf_relay_start(&data->relay);
}

static int port_offset(const struct hf_cfg_data_range *range, const struct hf_cfg_server *server)
{
    const struct hf_cfg_proxy *section = range->section;

    for (unsigned i = 0; i < section->n_reach; i++) {
        const struct hf_cfg_server *line = section->reach[i];
        if (line->port_map == HF_PORT_OFFSET && hf_addr_same_host(&line->addr, &server->addr))
            return line->port_offset;
    }
    return 0;
}

/* False: there is no such port. */
static bool server_address(const struct hf_tie *tie, const struct hf_lease_slot *slot,
                           struct hf_addr *out)
{
    const struct hf_cfg_server *server = tie->server->cfg;
    int port = slot->port + port_offset(hf_data_range_on(tie->control, slot->bind), server);

    const struct hf_addr *addr = hf_server_addr_mt(tie->server);
    if (!hf_addr_is_set(addr) || port < LOWEST_PORT || port > UINT16_MAX)
        return false;
    *out = *addr;
    hf_addr_set_port(out, (uint16_t)port);
    return true;
}

/* False: it is over. */
static bool connect_to_server(struct ftp_opaque_data *data, const struct hf_lease_slot *slot)
{
    const struct hf_facts *facts = &data->session.facts;
    struct hf_watch *watch = &data->relay.end[HF_BACK].watch;
    struct hf_addr to;
    int fd;

    if (!server_address(data->tie, slot, &to) ||
        hf_server_connect(facts->server->cfg, &to, &facts->client, &fd) != HF_OK ||
        hf_watch_open_or_close(watch, loop_of(data), fd, 0, on_connecting) != HF_OK)
        return false;
    if (facts->backend->cfg->o.timeout.connect)
        hf_loop_timer(loop_of(data), &data->timer, facts->backend->cfg->o.timeout.connect,
                      on_connect_timeout);
    return true;
}

/* ---- the client ---- */

static void look_at_data(const struct hf_session *session, struct hf_session_look *out)
{
    const struct ftp_opaque_data *data = HF_CONTAINER(session, struct ftp_opaque_data, session);
    uint64_t since = data->active_ms ? data->active_ms : session->facts.accepted_ms;

    out->kind = "data";
    out->doing = "relays";
    out->idle_ms = hf_loop_now(loop_of(data)) - since;
    out->bytes_in = data->relay.end[HF_FRONT].bytes;
    out->bytes_out = data->relay.end[HF_BACK].bytes;
}

static const struct hf_session_ops ops = {.kill = kill_data, .look = look_at_data};

static void begin(struct ftp_opaque_data *data, struct hf_engine *engine,
                  const struct hf_lease_slot *slot, int fd, const struct hf_addr *peer)
{
    struct hf_ftp *ftp = engine->ftp;
    struct hf_facts *facts = &data->session.facts;

    hf_session_begin(&data->session, engine, ftp->opaque_data, &ops, slot->bind, fd, peer);
    data->session.uncounted = true;
    data->session.tls_places = 0;
    data->session.server = data->tie->server;
    facts->frontend = hf_runtime_proxy(engine->runtime, data->tie->control);
    facts->backend = data->tie->server->proxy;
    facts->server = data->tie->server;
    facts->is_transfer = true;
    facts->queue_ms = 0;
    hf_log_connect_mt(facts);
    if (!connect_to_server(data, slot))
        server_failed(data, HF_REASON_SERVER_REFUSED);
}

bool ftp_opaque_data_begin(struct hf_engine *engine, struct hf_tie *tie,
                           const struct hf_lease_slot *slot, int fd, const struct hf_addr *peer)
{
    struct hf_ftp *ftp = engine->ftp;
    struct ftp_opaque_data *data = hf_pool_get(ftp->opaque_data);

    if (!data)
        return false;
    data->tie = tie;
    hf_relay_init(&data->relay, !engine->runtime->config->global.nosplice, on_relay);
    if (hf_relay_attach(&data->relay, HF_FRONT, engine->loop, fd) != HF_OK) {
        hf_pool_put(ftp->opaque_data, data);
        return false;
    }
    begin(data, engine, slot, fd, peer);
    return true;
}
