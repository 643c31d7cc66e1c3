/*
 * xfer.c: one data connection: two sockets, a relay between them, and the truth about how it ended.
 *
 *   lease, or we connect to the client --+
 *                                        +--> both up, 1xx forwarded --> bytes flow
 *   we connect, or the server does ------+                      --> DELIVERED or BROKEN
 *
 * The server is dialled as soon as it announced its port, before the client comes: one round trip
 * less.  A transfer that fails on one side is reset on the other, and the end of a download is told
 * to the client only when the server has said that the transfer succeeded: a truncated file never
 * looks complete (RFC 959 3.4: end of file is the close).
 */
#include "tls/ftps.h"

#include <string.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/ftp/peer.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/state/connect.h"

#define GRACE_MS           1000u /* some servers never send a 1xx */
#define LATE_CLIENT_MS     2000u /* for a data connection behind the end of control: one lost SYN */
/* How often a slow client's queue is looked at: less and less while nothing leaves it. */
#define FLUSH_POLL_MS      5u
#define FLUSH_POLL_MOST_MS 250u

static struct hf_loop *loop_of(const struct ftp_xfer *x)
{
    return x->ftp->engine->loop;
}

static const struct hf_cfg_opts *front_opts(const struct ftp_xfer *x)
{
    return &x->session->session.facts.frontend->cfg->o;
}

static const struct hf_cfg_opts *back_opts(const struct ftp_xfer *x)
{
    return &x->session->session.facts.backend->cfg->o;
}

static void arm(struct ftp_xfer *x, uint64_t after_ms, hf_timer_fn fn)
{
    hf_loop_timer(loop_of(x), &x->timer, after_ms, fn);
}

/* ---- ending ---- */

/* The server's side and the bytes; what the client may still connect to stays. */
static void close_ends(struct ftp_xfer *x, unsigned reset_mask)
{
    hf_loop_timer_cancel(loop_of(x), &x->dial_timer);
    hf_listener_close(&x->back_listener);
    hf_relay_close(&x->relay, reset_mask);
}

static void close_door(struct ftp_xfer *x)
{
    hf_loop_timer_cancel(loop_of(x), &x->timer);
    hf_listener_close(&x->listener);
    hf_lease_release_mt(x->ftp->leases, &x->lease);
}

/* A client that was told its port and has not come yet keeps its lease: another session's client,
 * of the same address, would otherwise get the port, and the connection that is on its way the
 * other's file. */
void ftp_xfer_break(struct ftp_xfer *x, const char *why)
{
    if (x->state == FTP_XFER_BROKEN)
        return;
    close_ends(x, 1u << HF_FRONT | 1u << HF_BACK);
    if (x->client_came)
        close_door(x);
    x->state = FTP_XFER_BROKEN;
    x->why = why;
    ftp_session_kick(x->session);
}

void ftp_xfer_fail(struct ftp_xfer *x, enum hf_reason reason, const char *why)
{
    hf_facts_end(&x->facts, reason, x->begun ? HF_PHASE_DATA : HF_PHASE_CONNECT);
    ftp_xfer_break(x, why);
}

static void log_end(struct ftp_xfer *x)
{
    struct ftp_session *s = x->session;
    struct hf_facts *facts = &x->facts;

    facts->bytes_in = x->relay.end[HF_FRONT].bytes;
    facts->bytes_out = x->relay.end[HF_BACK].bytes;
    facts->total_ms = (int32_t)(hf_loop_now(loop_of(x)) - facts->accepted_ms);
    hf_facts_end(facts, HF_REASON_NONE, HF_PHASE_END);
    if (s->session.server) {
        atomic_fetch_add_explicit(&s->session.server->bytes_in, facts->bytes_in,
                                  memory_order_relaxed);
        atomic_fetch_add_explicit(&s->session.server->bytes_out, facts->bytes_out,
                                  memory_order_relaxed);
    }
    facts->vars = s->session.facts.vars; /* lent: the session outlives its transfers */
    facts->ftp = s->session.facts.ftp;
    ftps_tell_data(x, facts);
    ftp_record_close(x);
    hf_log_session_mt(facts);
    facts->vars = NULL;
    facts->ftp = NULL;
}

static void release(struct hf_reap *reap)
{
    struct ftp_xfer *x = HF_CONTAINER(reap, struct ftp_xfer, reap);
    hf_pool_put(x->ftp->xfers, x);
}

void ftp_xfer_free(struct ftp_xfer *x, bool reset)
{
    const struct hf_facts *control;
    if (!x)
        return;
    close_ends(x, reset ? 1u << HF_FRONT | 1u << HF_BACK : 0);
    close_door(x);
    if (reset) {
        control = &x->session->session.facts;
        hf_facts_end(&x->facts, control->reason ? control->reason : HF_REASON_SERVER_CLOSED,
                     HF_PHASE_DATA);
    }
    if (x->client_came || x->record)
        log_end(x);
    ftp_record_free(x);
    ftps_end_data(x);
    x->session->active_ms = hf_loop_now(loop_of(x));
    hf_loop_reap(loop_of(x), &x->reap, release);
}

/* ---- the server's side must come in time ---- */

static void server_failed(struct ftp_xfer *x)
{
    ftp_log_data_failure(x->session, "the server's data port did not answer");
    ftp_xfer_fail(x, HF_REASON_SERVER_REFUSED, "the server's data port did not answer");
}

static void on_dial_timeout(struct hf_timer *timer)
{
    server_failed(HF_CONTAINER(timer, struct ftp_xfer, dial_timer));
}

static void arm_back(struct ftp_xfer *x)
{
    if (back_opts(x)->timeout.connect)
        hf_loop_timer(loop_of(x), &x->dial_timer, back_opts(x)->timeout.connect, on_dial_timeout);
}

/* ---- moving bytes ---- */

static unsigned idle_limit(const struct ftp_xfer *x)
{
    const struct hf_cfg_timeouts *front = &front_opts(x)->timeout, *back = &back_opts(x)->timeout;
    return back->tunnel ? back->tunnel : hf_timeout_shorter(front->client, back->server);
}

static void on_idle(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    uint64_t due = x->active_ms + idle_limit(x), now = hf_loop_now(loop_of(x));
    if (now < due)
        arm(x, due - now, on_idle);
    else
        ftp_xfer_fail(x, x->from_server ? HF_REASON_SERVER_TIMEOUT : HF_REASON_CLIENT_TIMEOUT,
                      "no data moved for too long");
}

static void arm_idle(struct ftp_xfer *x)
{
    x->active_ms = hf_loop_now(loop_of(x));
    if (idle_limit(x))
        arm(x, idle_limit(x), on_idle);
    else
        hf_loop_timer_cancel(loop_of(x), &x->timer);
}

static void on_handshake_timeout(struct hf_timer *timer)
{
    ftps_data_late(HF_CONTAINER(timer, struct ftp_xfer, timer));
}

/* As for a client that does not connect, or a server; but many of either begin TLS only behind the
 * 1xx, which may be long in coming (tapes, scanners): until then it is silence like any other. */
static void arm_moving(struct ftp_xfer *x)
{
    unsigned limit =
        hf_timeout_shorter(back_opts(x)->timeout.connect, front_opts(x)->ftp_data_wait);

    if (x->accepted && ftps_is_shaking(x))
        arm(x, limit, on_handshake_timeout);
    else
        arm_idle(x);
}

static void on_secure(struct ftp_xfer *x, int end)
{
    ftps_data_ready(x, end);
    if (x->state == FTP_XFER_PENDING && !ftps_is_shaking(x))
        arm_idle(x);
}

/* Says that no more is sent to this end. */
static void end_writing(struct hf_relay_end *end)
{
    if (end->tls)
        (void)!hf_tls_shutdown(end->tls); /* what is broken is told by other ways */
    hf_socket_shutdown_write(end->watch.fd);
}

/* The server has the whole file and its end; nothing flows back. */
static void end_upload(struct ftp_xfer *x)
{
    end_writing(
        &x->relay.end[HF_FRONT]); /* many clients await close_notify before they await 226 */
    /* Tickets of the server may be on their way: a connection that is closed now would be reset for
     * them, and the reset could destroy the file's end. */
    if (!x->relay.end[HF_BACK].tls)
        hf_relay_close(&x->relay, 0);
}

/* Some servers wait for our FIN before they send 226; others have closed, and must not be told the
 * client's end as well: what is said to a closed connection fails. */
static void end_download(struct ftp_xfer *x)
{
    end_writing(&x->relay.end[HF_BACK]);
    x->relay.end[HF_FRONT].keep_end = true;
}

/* The sender's end of file, after everything before it was written to the receiver. */
static void on_source_end(struct ftp_xfer *x)
{
    x->state = FTP_XFER_DELIVERED;
    x->session->active_ms = hf_loop_now(loop_of(x)); /* from now on the server owes a reply */
    hf_loop_timer_cancel(loop_of(x), &x->timer);
    if (x->from_server)
        end_download(x);
    else
        end_upload(x);
    ftp_session_kick(x->session);
}

static void on_broken(struct ftp_xfer *x, int end, enum hf_status status)
{
    /* A client that has sent its file may leave; the server's end of it may still be under way, and
     * its reply tells whether it came. */
    if (x->state == FTP_XFER_DELIVERED && !x->from_server)
        return;
    if (ftps_data_broke(x, end, status))
        return;
    else if (end == HF_FRONT)
        ftp_xfer_fail(x, HF_REASON_CLIENT_RESET, "the client broke the data connection");
    else
        ftp_xfer_fail(x, HF_REASON_SERVER_RESET, "the server broke the data connection");
}

static void on_relay(struct hf_relay *relay, enum hf_relay_event event, int end,
                     enum hf_status status)
{
    struct ftp_xfer *x = HF_CONTAINER(relay, struct ftp_xfer, relay);
    switch (event) {
    case HF_RELAY_SECURE:
        on_secure(x, end);
        break;
    case HF_RELAY_MOVED:
        x->active_ms = hf_loop_now(loop_of(x));
        break;
    case HF_RELAY_EOF:
        if (x->state == FTP_XFER_PENDING && end == (x->from_server ? HF_BACK : HF_FRONT))
            on_source_end(x);
        break;
    case HF_RELAY_READABLE:
        break;          /* no end of ours is held */
    case HF_RELAY_DONE: /* cannot come before the source's end */
        hf_relay_close(&x->relay, 0);
        break;
    case HF_RELAY_BROKEN:
        on_broken(x, end, status);
        break;
    }
}

/* `send-proxy-data`: whose connection this is, and where it came to, once both are known. */
static void introduce(struct ftp_xfer *x)
{
    const struct hf_session *session = &x->session->session;
    struct hf_addr own, to = *hf_facts_here(&session->facts);

    if (x->introduced || !x->front_up || !x->back_up || !session->server ||
        !session->server->cfg->o.send_proxy_data)
        return;
    x->introduced = true;
    hf_socket_local(x->relay.end[HF_FRONT].watch.fd, &own);
    hf_addr_set_port(&to, hf_addr_port(&own));
    if (hf_server_introduce(session->server->cfg, x->relay.end[HF_BACK].watch.fd,
                            &(struct hf_introduction){.from = x->facts.client,
                                                      .to = to,
                                                      .unique_id = session->facts.unique_id,
                                                      .tls = session->facts.front_tls}) != HF_OK)
        server_failed(x);
}

static void start_if_ready(struct ftp_xfer *x)
{
    if (!x->begun || !x->front_up || !x->back_up || x->state != FTP_XFER_PENDING ||
        x->relay.started)
        return;
    x->relay.end[HF_BACK].hold_fin = x->from_server;
    if (!ftps_begin_data(x))
        return;
    /* Some clients say at once that they send nothing; to a server with TLS close_notify may be the
     * end of the whole connection. */
    x->relay.end[HF_FRONT].keep_end = x->from_server && x->relay.end[HF_BACK].tls;
    arm_moving(x);
    hf_relay_start(&x->relay);
}

bool ftp_xfer_is_timed(const struct ftp_xfer *x)
{
    return x->relay.started || hf_timer_is_set(&x->timer) || hf_timer_is_set(&x->dial_timer);
}

static void client_unreachable(struct ftp_xfer *x)
{
    x->session->command_held = false;
    ftp_xfer_fail(x, HF_REASON_CLIENT_RESET, "the client's data port did not answer");
}

/* The server has begun without the client.  In active mode that is an unknown command, of which
 * nobody could say before that it moves data. */
static void reach_client(struct ftp_xfer *x)
{
    if (hf_timer_is_set(&x->timer))
        return;
    if (!hf_addr_is_set(&x->client_port))
        ftp_xfer_await_client(x);
    else if (!ftp_xfer_dial_client(x))
        client_unreachable(x);
}

static void begin(struct ftp_xfer *x, bool from_server)
{
    x->begun = true;
    x->from_server = from_server;
    ftp_record_transfer(x->session, x, ftp_queue_head(&x->session->queue));
    x->active_ms = hf_loop_now(loop_of(x));
    if (!x->back_up)
        arm_back(x); /* a server that was to connect to us has said that it does */
    if (!x->front_up && x->state == FTP_XFER_PENDING)
        reach_client(x);
    start_if_ready(x);
}

void ftp_xfer_begin(struct ftp_xfer *x, bool from_server)
{
    bool begins_tls = x->relay.started && x->state == FTP_XFER_PENDING && ftps_is_shaking(x);

    if (x->accepted)
        return;
    x->accepted = true;
    if (!x->begun)
        begin(x, from_server);
    else if (begins_tls)
        arm_moving(x); /* the grace was over first */
}

static void on_grace_over(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    struct ftp_session *s = x->session;
    struct ftp_command *head = ftp_queue_head(&s->queue);
    if (s->next_xfer != x || !ftp_command_moves_data(head))
        return;
    ftp_xfer_free(s->xfer, true); /* of a command whose reply never ended it */
    s->next_xfer = NULL;
    s->xfer = x;
    begin(x, ftp_command_is_download(head));
}

/* The server has all that it needs for its 1xx as soon as it has the command and its own end of the
 * connection: a client that comes late waits for what is left of the time. */
void ftp_xfer_expect(struct ftp_xfer *x)
{
    uint64_t now = hf_loop_now(loop_of(x));

    if (!x->back_up || x->begun)
        return;
    if (!x->expected_ms)
        x->expected_ms = now;
    if (x->front_up && !hf_timer_is_set(&x->timer))
        arm(x, now < x->expected_ms + GRACE_MS ? x->expected_ms + GRACE_MS - now : 0,
            on_grace_over);
}

/* Both ends may have come together while a transfer command was waiting for its 1xx. */
static void expect_soon(struct ftp_xfer *x)
{
    if (x->session->next_xfer == x && ftp_command_moves_data(ftp_queue_head(&x->session->queue)))
        ftp_xfer_expect(x);
}

/* ---- settling ---- */

static void on_flush_poll(struct hf_timer *timer)
{
    ftp_session_kick(HF_CONTAINER(timer, struct ftp_xfer, timer)->session);
}

enum hf_status ftp_xfer_settle(struct ftp_xfer *x)
{
    if (x->state == FTP_XFER_PENDING) {
        x->relay.end[HF_BACK].fin_follows = true; /* nothing but bytes is missing */
        hf_relay_move(&x->relay);
    }
    if (x->state == FTP_XFER_BROKEN)
        return HF_FAILED;
    if (x->state == FTP_XFER_PENDING)
        return HF_AGAIN;
    if (!x->relay.closed && x->from_server) {
        size_t corked = x->relay.end[HF_BACK].corked;
        size_t unsent = hf_socket_unsent(x->relay.end[HF_FRONT].watch.fd);
        unsent = unsent > corked ? unsent - corked : 0;
        uint64_t now = hf_loop_now(loop_of(x));
        if (unsent) {
            if (idle_limit(x) && now > x->active_ms + idle_limit(x)) {
                ftp_xfer_fail(x, HF_REASON_CLIENT_TIMEOUT, "the client did not read the data");
                return HF_FAILED;
            }
            bool moves = unsent != x->unsent;
            if (moves)
                x->active_ms = now;
            x->unsent = unsent;
            x->flush_poll_ms = moves ? FLUSH_POLL_MS : x->flush_poll_ms * 2;
            if (x->flush_poll_ms > FLUSH_POLL_MOST_MS)
                x->flush_poll_ms = FLUSH_POLL_MOST_MS;
            arm(x, x->flush_poll_ms, on_flush_poll);
            return HF_AGAIN;
        }
    }
    hf_relay_close(&x->relay, 0);
    return HF_OK;
}

/* ---- the two ends ---- */

static struct hf_buffers clients_buffers(const struct ftp_xfer *x)
{
    const struct hf_cfg_global *global = &x->ftp->engine->runtime->config->global;
    return (struct hf_buffers){global->rcvbuf_client, global->sndbuf_client};
}

static struct hf_buffers servers_buffers(const struct ftp_xfer *x)
{
    const struct hf_cfg_global *global = &x->ftp->engine->runtime->config->global;
    return (struct hf_buffers){global->rcvbuf_server, global->sndbuf_server};
}

/* On any free port of this address, which *local then names. */
static enum hf_status listen_on(struct ftp_xfer *x, struct hf_listener *listener,
                                struct hf_addr *local, struct hf_buffers buffers, hf_accept_fn fn)
{
    struct hf_listen_opts opts = {.backlog = 4, .buffers = buffers};
    int fd;

    hf_addr_set_port(local, 0);
    enum hf_status status = hf_socket_listen(local, &opts, &fd);
    if (status != HF_OK)
        return status;
    hf_socket_local(fd, local);
    status = hf_listener_open(listener, loop_of(x), fd, 1, fn, x);
    if (status != HF_OK)
        close(fd);
    return status;
}

static void server_came(struct ftp_xfer *x)
{
    hf_loop_timer_cancel(loop_of(x), &x->dial_timer);
    x->back_up = true;
    if (x->client_came)
        x->facts.connect_ms = (int32_t)(hf_loop_now(loop_of(x)) - x->facts.accepted_ms);
    introduce(x);
    start_if_ready(x);
    expect_soon(x);
}

static void on_dialing(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct ftp_xfer *x = HF_CONTAINER(end - HF_BACK, struct ftp_xfer, relay.end);
    enum hf_status status = hf_watch_connected(watch);
    if (status == HF_AGAIN)
        return;
    if (status != HF_OK) {
        server_failed(x);
        return;
    }
    hf_relay_adopt(&x->relay, HF_BACK);
    server_came(x);
}

bool ftp_xfer_dial(struct ftp_xfer *x, const struct hf_addr *server)
{
    int fd;
    const struct hf_session *session = &x->session->session;
    if (hf_server_connect(session->server->cfg, server, &session->facts.client, &fd) != HF_OK)
        return false;
    if (hf_watch_open(&x->relay.end[HF_BACK].watch, loop_of(x), fd, 0, on_dialing) != HF_OK) {
        close(fd);
        return false;
    }
    arm_back(x);
    return true;
}

/* Only the server itself may be at the other end of its data connection. */
static bool on_server_port(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct ftp_xfer *x = HF_CONTAINER(listener, struct ftp_xfer, back_listener);
    const struct hf_facts *facts = &x->session->session.facts;
    struct hf_addr local;

    if (!hf_addr_same_host(peer, &facts->server->cfg->addr)) {
        hf_socket_local(fd, &local);
        ftp_refuse_stranger(x->ftp->engine, facts->backend->cfg, hf_addr_port(&local), fd, peer,
                            HF_NOTFOUND);
        return true;
    }
    hf_listener_close(listener);
    x->introduced = true; /* whoever connects introduces itself, and we know it */
    if (x->state == FTP_XFER_BROKEN || hf_relay_attach(&x->relay, HF_BACK, loop_of(x), fd) != HF_OK)
        close(fd);
    else
        server_came(x);
    return false;
}

enum hf_status ftp_xfer_listen_for_server(struct ftp_xfer *x, struct hf_addr *local)
{
    hf_socket_local(x->session->back.watch.fd, local);
    return listen_on(x, &x->back_listener, local, servers_buffers(x), on_server_port);
}

/* ---- active mode: we connect to the client ---- */

static void client_connected(struct ftp_xfer *x)
{
    hf_loop_timer_cancel(loop_of(x), &x->timer);
    x->front_up = x->client_came = true;
    x->facts.client = x->client_port;
    x->facts.accepted_us = hf_clock_wall_us();
    x->facts.accepted_ms = hf_loop_now(loop_of(x));
    if (x->back_up)
        x->facts.connect_ms = 0;
    hf_log_connect_mt(&x->facts);
    introduce(x);
}

static void on_client_timeout(struct hf_timer *timer)
{
    client_unreachable(HF_CONTAINER(timer, struct ftp_xfer, timer));
}

static void on_dialing_client(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct ftp_xfer *x = HF_CONTAINER(end - HF_FRONT, struct ftp_xfer, relay.end);
    enum hf_status status = hf_watch_connected(watch);

    if (status == HF_AGAIN)
        return;
    if (status != HF_OK) {
        client_unreachable(x);
        return;
    }
    hf_relay_adopt(&x->relay, HF_FRONT);
    client_connected(x);
    start_if_ready(x);
    x->session->command_held = false;
    ftp_session_kick(x->session);
}

/* From the address that the client came to, and the port below the control port, as RFC 959 3.2
 * wants it; where that may not be had, from any port; where the address is not ours (transparent
 * binds), from any address. */
static enum hf_status connect_to_client(const struct ftp_xfer *x, int *fd)
{
    struct hf_connect_opts opts = {.buffers = clients_buffers(x)};
    enum hf_status status = HF_FAILED;

    hf_socket_local(x->session->front.watch.fd, &opts.from);
    if (opts.from.sa.sa_family == x->client_port.sa.sa_family) {
        hf_addr_set_port(&opts.from, (uint16_t)(hf_addr_port(&opts.from) - 1));
        status = hf_socket_connect_with(&x->client_port, &opts, fd);
        hf_addr_set_port(&opts.from, 0);
        if (status != HF_OK)
            status = hf_socket_connect_with(&x->client_port, &opts, fd);
    }
    if (status == HF_OK)
        return HF_OK;
    opts.from = (struct hf_addr){0};
    return hf_socket_connect_with(&x->client_port, &opts, fd);
}

bool ftp_xfer_dial_client(struct ftp_xfer *x)
{
    unsigned limit =
        hf_timeout_shorter(back_opts(x)->timeout.connect, front_opts(x)->ftp_data_wait);
    int fd;

    if (connect_to_client(x, &fd) != HF_OK)
        return false;
    if (hf_watch_open(&x->relay.end[HF_FRONT].watch, loop_of(x), fd, 0, on_dialing_client) !=
        HF_OK) {
        close(fd);
        return false;
    }
    arm(x, limit, on_client_timeout);
    return true;
}

/* ---- passive mode: the client connects to us ---- */

static void on_lease_over(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    ftp_xfer_fail(x, HF_REASON_CLIENT_TIMEOUT,
                  "the client did not connect to the data port in time");
    close_door(x);
}

void ftp_xfer_await_client(struct ftp_xfer *x)
{
    arm(x, front_opts(x)->ftp_data_wait, on_lease_over);
}

/* It may have half-closed control and still come: a FIN on one connection overtakes the SYN of the
 * other, and that SYN may have to be sent twice.  But it can ask for nothing more, so it needs no
 * time to think. */
void ftp_xfer_hurry(struct ftp_xfer *x)
{
    bool awaited = x->lease.slot || x->listener.watch.fd >= 0;

    if (awaited && !x->client_came && !x->wants_port &&
        x->timer.due_ms > hf_loop_now(loop_of(x)) + LATE_CLIENT_MS)
        arm(x, LATE_CLIENT_MS, on_lease_over);
}

void ftp_xfer_client_arrived(struct ftp_xfer *x, int fd, const struct hf_addr *peer)
{
    if (x->state == FTP_XFER_BROKEN) { /* the server's side failed meanwhile */
        close_door(x);
        hf_socket_reset_on_close(fd);
        close(fd);
        return;
    }
    if (hf_relay_attach(&x->relay, HF_FRONT, loop_of(x), fd) != HF_OK) {
        close(fd);
        ftp_xfer_fail(x, HF_REASON_RESOURCE, "out of memory");
        return;
    }
    hf_loop_timer_cancel(loop_of(x), &x->timer);
    hf_listener_close(&x->listener);
    x->front_up = x->client_came = true;
    x->facts.client = *peer;
    x->facts.accepted_us = hf_clock_wall_us();
    x->facts.accepted_ms = hf_loop_now(loop_of(x));
    if (x->back_up)
        x->facts.connect_ms = 0;
    hf_log_connect_mt(&x->facts);
    introduce(x);
    start_if_ready(x);
    expect_soon(x);
}

/* A data port of this transfer's own: sections without a range. */
bool ftp_xfer_expects(const struct ftp_xfer *x, const struct hf_addr *peer)
{
    return hf_peer_is_same(peer, hf_facts_peer(&x->session->session.facts),
                           (enum hf_ftp_peer)front_opts(x)->ftp_peer);
}

uint16_t ftp_xfer_own_port(const struct ftp_xfer *x)
{
    struct hf_addr local = {0};
    if (x->listener.watch.fd >= 0)
        hf_socket_local(x->listener.watch.fd, &local);
    return hf_addr_port(&local);
}

/* True: go on listening. */
static bool on_own_port(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct ftp_xfer *x = HF_CONTAINER(listener, struct ftp_xfer, listener);
    ftp_own_port_visit(x->session, ftp_xfer_own_port(x), fd, peer);
    return listener->watch.fd >= 0;
}

enum hf_status ftp_xfer_listen(struct ftp_xfer *x, const struct hf_addr *local, uint16_t *port)
{
    struct hf_addr addr = *local;
    enum hf_status status = listen_on(x, &x->listener, &addr, clients_buffers(x), on_own_port);
    *port = hf_addr_port(&addr);
    return status;
}

struct ftp_xfer *ftp_xfer_new(struct ftp_session *s)
{
    struct ftp_xfer *x = hf_pool_get(ftp_of(s)->xfers);
    if (!x)
        return NULL;
    const struct hf_facts *control = &s->session.facts;
    x->ftp = ftp_of(s);
    x->session = s;
    x->listener.watch.fd = x->back_listener.watch.fd = -1;
    hf_relay_init(&x->relay, !s->session.engine->runtime->config->global.nosplice, on_relay);
    x->facts.frontend = control->frontend;
    x->facts.backend = control->backend;
    x->facts.server = control->server;
    x->facts.bind = control->bind;
    x->facts.client = control->client;
    x->facts.local = control->local;
    x->facts.client_fd = control->client_fd; /* its own is closed when its line is written */
    x->facts.worker = control->worker;
    x->facts.log_level = control->log_level;
    /* Lent: a transfer's line is written before its session ends. */
    x->facts.vars = control->vars;
    x->facts.first = control->first;
    x->facts.proxied = control->proxied;
    x->facts.unique_id = control->unique_id;
    x->facts.received_proxy = control->received_proxy;
    x->facts.is_transfer = true;
    x->facts.queue_ms = 0;
    x->facts.connect_ms = -1;
    return x;
}
