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
#include "xfer_int.h"

#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/state/connect.h"

#include "tell/tell.h"
#include "tls/ftps.h"

#define GRACE_MS           1000u /* some servers never send a 1xx */
/* How often a slow client's queue is looked at: less and less while nothing leaves it. */
#define FLUSH_POLL_MS      5u
#define FLUSH_POLL_MOST_MS 250u

/* ---- ending ---- */

/* The server's side and the bytes; what the client may still connect to stays. */
static void close_ends(struct ftp_xfer *x, unsigned reset_mask)
{
    hf_loop_timer_cancel(ftp_xfer_loop(x), &x->dial_timer);
    hf_listener_close(&x->back_listener);
    hf_relay_close(&x->relay, reset_mask);
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
        ftp_xfer_close_door(x);
    x->state = FTP_XFER_BROKEN;
    x->why = why;
    ftp_session_kick(x->session);
}

void ftp_xfer_fail(struct ftp_xfer *x, enum hf_reason reason, const char *why)
{
    hf_facts_end(&x->facts, reason, x->begun ? HF_PHASE_DATA : HF_PHASE_CONNECT);
    ftp_xfer_break(x, why);
}

/* Its bytes are its session's; `final`: no more will come. */
static void count_bytes(struct ftp_xfer *x, bool final)
{
    const struct hf_relay_end *end = x->relay.end;

    hf_track_bytes(x->session->session.facts.tracked, &x->counted, end[HF_FRONT].bytes,
                   end[HF_BACK].bytes, final, hf_loop_now(ftp_xfer_loop(x)));
}

static void log_end(struct ftp_xfer *x)
{
    struct ftp_session *s = x->session;
    struct hf_facts *facts = &x->facts;

    facts->bytes_in = x->relay.end[HF_FRONT].bytes;
    facts->bytes_out = x->relay.end[HF_BACK].bytes;
    facts->total_ms = (int32_t)(hf_loop_now(ftp_xfer_loop(x)) - facts->accepted_ms);
    hf_facts_end(facts, HF_REASON_NONE, HF_PHASE_END);
    facts->vars = s->session.facts.vars; /* lent: the session outlives its transfers */
    facts->tracked = s->session.facts.tracked;
    facts->ftp = s->session.facts.ftp;
    ftps_tell_data(x, facts);
    ftp_record_close(x);
    hf_log_session_mt(facts);
    facts->vars = NULL;
    facts->tracked = NULL;
    facts->ftp = NULL;
}

static void release(struct hf_reap *reap)
{
    struct ftp_xfer *x = HF_CONTAINER(reap, struct ftp_xfer, reap);
    hf_pool_put(x->ftp->xfers, x);
}

/* Everything is closed. */
static void finish(struct ftp_xfer *x)
{
    ftp_count_data(x);
    ftp_count_transfer(x);
    count_bytes(x, true);
    if (x->client_came || x->record)
        log_end(x);
    ftp_record_free(x);
    ftps_end_data(x);
    x->session->active_ms = hf_loop_now(ftp_xfer_loop(x));
    hf_loop_reap(ftp_xfer_loop(x), &x->reap, release);
}

void ftp_xfer_close(struct ftp_xfer *x)
{
    if (!x)
        return;
    close_ends(x, 0);
    ftp_xfer_close_door(x);
    finish(x);
}

void ftp_xfer_reset(struct ftp_xfer *x)
{
    if (!x)
        return;
    const struct hf_facts *control = &x->session->session.facts;
    close_ends(x, 1u << HF_FRONT | 1u << HF_BACK);
    ftp_xfer_close_door(x);
    hf_facts_end(&x->facts, control->reason ? control->reason : HF_REASON_SERVER_CLOSED,
                 HF_PHASE_DATA);
    finish(x);
}

/* ---- moving bytes ---- */

static unsigned idle_limit(const struct ftp_xfer *x)
{
    const struct hf_cfg_timeouts *front = &ftp_xfer_front_opts(x)->timeout,
                                 *back = &ftp_xfer_back_opts(x)->timeout;
    return back->tunnel ? back->tunnel : hf_timeout_shorter(front->client, back->server);
}

static void on_idle(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    uint64_t due = x->active_ms + idle_limit(x), now = hf_loop_now(ftp_xfer_loop(x));
    if (now < due)
        ftp_xfer_arm(x, due - now, on_idle);
    else
        ftp_xfer_fail(x, x->from_server ? HF_REASON_SERVER_TIMEOUT : HF_REASON_CLIENT_TIMEOUT,
                      "no data moved for too long");
}

static void arm_idle(struct ftp_xfer *x)
{
    x->active_ms = hf_loop_now(ftp_xfer_loop(x));
    if (idle_limit(x))
        ftp_xfer_arm(x, idle_limit(x), on_idle);
    else
        hf_loop_timer_cancel(ftp_xfer_loop(x), &x->timer);
}

static void on_handshake_timeout(struct hf_timer *timer)
{
    ftps_data_late(HF_CONTAINER(timer, struct ftp_xfer, timer));
}

/* As for a client that does not connect, or a server; but many of either begin TLS only behind the
 * 1xx, which may be long in coming (tapes, scanners): until then it is silence like any other. */
static void arm_moving(struct ftp_xfer *x)
{
    unsigned limit = hf_timeout_shorter(ftp_xfer_back_opts(x)->timeout.connect,
                                        ftp_xfer_front_opts(x)->ftp_data_wait);

    if (x->accepted && ftps_is_shaking(x))
        ftp_xfer_arm(x, limit, on_handshake_timeout);
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

/* Some servers wait for our FIN before they send 226, and to those that have sent it the close says
 * it.  Others have closed, and must not be told the client's end as well: what is said to a closed
 * connection fails. */
static void end_download(struct ftp_xfer *x)
{
    struct hf_relay_end *back = &x->relay.end[HF_BACK];

    if (!back->fin_follows || back->tls)
        end_writing(back);
    x->relay.end[HF_FRONT].keep_end = true;
}

/* Of a command that we do not know (XSTO), the direction was a guess: a client that ends behind
 * bytes of its own has sent a file, whose end a server with TLS would else never hear of. */
static bool turns_upload(struct ftp_xfer *x, int end)
{
    const struct ftp_command *head = ftp_queue_head(&x->session->queue);

    return end == HF_FRONT && x->from_server && head && head->id == HF_CMD_OTHER &&
           x->relay.end[HF_FRONT].bytes && !x->relay.end[HF_BACK].bytes;
}

/* The sender's end of file, after everything before it was written to the receiver. */
static void on_source_end(struct ftp_xfer *x)
{
    x->state = FTP_XFER_DELIVERED;
    x->session->active_ms = hf_loop_now(ftp_xfer_loop(x)); /* from now on the server owes a reply */
    hf_loop_timer_cancel(ftp_xfer_loop(x), &x->timer);
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
        x->active_ms = hf_loop_now(ftp_xfer_loop(x));
        ftp_count_data(x);
        count_bytes(x, false);
        break;
    case HF_RELAY_EOF:
        if (x->state == FTP_XFER_PENDING && turns_upload(x, end)) {
            x->from_server = false;
            end_writing(&x->relay.end[HF_BACK]);
        }
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
        ftp_xfer_server_failed(x);
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

/* ---- the bytes may flow ---- */

static void begin(struct ftp_xfer *x, bool from_server)
{
    x->begun = true;
    x->from_server = from_server;
    ftp_record_transfer(x->session, x, ftp_queue_head(&x->session->queue));
    x->active_ms = hf_loop_now(ftp_xfer_loop(x));
    if (!x->back_up)
        ftp_xfer_limit_server(x); /* a server that was to connect to us has said that it does */
    if (!x->front_up && x->state == FTP_XFER_PENDING)
        ftp_xfer_reach_client(x);
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
    ftp_xfer_reset(s->xfer); /* of a command whose reply never ended it */
    s->next_xfer = NULL;
    s->xfer = x;
    begin(x, ftp_command_is_download(head));
}

/* The server has all that it needs for its 1xx as soon as it has the command and its own end of the
 * connection: a client that comes late waits for what is left of the time. */
void ftp_xfer_expect(struct ftp_xfer *x)
{
    uint64_t now = hf_loop_now(ftp_xfer_loop(x));

    if (!x->back_up || x->begun)
        return;
    if (!x->expected_ms)
        x->expected_ms = now;
    if (x->front_up && !hf_timer_is_set(&x->timer))
        ftp_xfer_arm(x, now < x->expected_ms + GRACE_MS ? x->expected_ms + GRACE_MS - now : 0,
                     on_grace_over);
}

/* Both ends may have come together while a transfer command was waiting for its 1xx. */
static void expect_soon(struct ftp_xfer *x)
{
    if (x->session->next_xfer == x && ftp_command_moves_data(ftp_queue_head(&x->session->queue)))
        ftp_xfer_expect(x);
}

/* ---- the two ends ---- */

void ftp_xfer_client_is_there(struct ftp_xfer *x, const struct hf_addr *client)
{
    hf_loop_timer_cancel(ftp_xfer_loop(x), &x->timer);
    x->front_up = x->client_came = true;
    x->facts.client = *client;
    x->facts.accepted_us = hf_clock_wall_us();
    x->facts.accepted_ms = hf_loop_now(ftp_xfer_loop(x));
    if (x->back_up)
        x->facts.connect_ms = 0;
    hf_log_connect_mt(&x->facts);
    introduce(x);
    start_if_ready(x);
    expect_soon(x);
}

void ftp_xfer_server_is_there(struct ftp_xfer *x)
{
    hf_loop_timer_cancel(ftp_xfer_loop(x), &x->dial_timer);
    x->back_up = true;
    if (x->client_came)
        x->facts.connect_ms = (int32_t)(hf_loop_now(ftp_xfer_loop(x)) - x->facts.accepted_ms);
    introduce(x);
    start_if_ready(x);
    expect_soon(x);
}

enum hf_status ftp_xfer_open_port(struct ftp_xfer *x, struct hf_listener *listener,
                                  struct hf_addr *local, struct hf_buffers buffers, hf_accept_fn fn)
{
    struct hf_listen_opts opts = {.backlog = 4, .buffers = buffers};
    int fd;

    hf_addr_set_port(local, 0);
    enum hf_status status = hf_socket_listen(local, &opts, &fd);
    if (status != HF_OK)
        return status;
    hf_socket_local(fd, local);
    status = hf_listener_open(listener, ftp_xfer_loop(x), fd, 1, fn, x);
    if (status != HF_OK)
        close(fd);
    return status;
}

/* ---- settling ---- */

static void on_flush_poll(struct hf_timer *timer)
{
    ftp_session_kick(HF_CONTAINER(timer, struct ftp_xfer, timer)->session);
}

/* What the client has not taken yet; what we keep back ourselves is none of it, and in a small file
 * there is nothing else. */
static size_t unsent_to_client(const struct ftp_xfer *x)
{
    size_t corked = x->relay.end[HF_BACK].corked;

    if (x->relay.end[HF_BACK].bytes == corked)
        return 0;
    size_t unsent = hf_socket_unsent(x->relay.end[HF_FRONT].watch.fd);
    return unsent > corked ? unsent - corked : 0;
}

/* Looks again in a moment, unless the client has taken nothing for too long. */
static enum hf_status await_reader(struct ftp_xfer *x, size_t unsent)
{
    uint64_t now = hf_loop_now(ftp_xfer_loop(x));
    bool moves = unsent != x->unsent;

    if (idle_limit(x) && now > x->active_ms + idle_limit(x)) {
        ftp_xfer_fail(x, HF_REASON_CLIENT_TIMEOUT, "the client did not read the data");
        return HF_FAILED;
    }
    if (moves)
        x->active_ms = now;
    x->unsent = unsent;
    x->flush_poll_ms = moves ? FLUSH_POLL_MS : x->flush_poll_ms * 2;
    if (x->flush_poll_ms > FLUSH_POLL_MOST_MS)
        x->flush_poll_ms = FLUSH_POLL_MOST_MS;
    ftp_xfer_arm(x, x->flush_poll_ms, on_flush_poll);
    return HF_AGAIN;
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
    size_t unsent = !x->relay.closed && x->from_server ? unsent_to_client(x) : 0;
    if (unsent)
        return await_reader(x, unsent);
    hf_relay_close(&x->relay, 0);
    return HF_OK;
}

/* ---- making ---- */

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
