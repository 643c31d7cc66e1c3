/*
 * session.c: life of a control session.
 *
 *   ADMITTING --rules passed--> DIALING
 *      |                           ^
 *      +--> DESK --login known-----+   (only where the choice depends on the login: front_desk.c)
 *
 *   DIALING --connected--> GREETING --220--> READY --QUIT, end, error, timeout--> LINGER --> gone
 *      ^                      |
 *      +---- next server <----+  (refused, silent, 421: the client has seen nothing yet)
 *
 * Whatever happens, a step does all that can be done now: read the client, read the server, send
 * what there is to say. The filters decide what is said; this file decides when. Whoever begins
 * what follows sets the state (the desk, greeting.c, opaque.c), and work goes on by it.
 */
#include "tls/ftps.h"

#include <stdlib.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"
#include "haftp/net/socket.h"
#include "haftp/stream/gate.h"

#define LINGER_MS      2000u /* for the client to read our last words */
#define ABORT_DOUBT_MS 1000u /* for the second reply to a transfer and an ABOR, if there is one */
#define READS_PER_STEP 16    /* then other sessions have a turn */

static struct ftp_session *session_of(struct hf_session *session)
{
    HF_CHECK(session, HF_SESSION_MAGIC);
    return HF_CONTAINER(session, struct ftp_session, session);
}

static struct hf_loop *loop_of(const struct ftp_session *s)
{
    return s->session.engine->loop;
}

struct hf_lease_owner ftp_owner(const struct ftp_session *s)
{
    return (struct hf_lease_owner){.engine = s->session.engine,
                                   .session = hf_pool_id(ftp_of(s)->sessions, s)};
}

/* ---- ending ------------------------------------------------------------------------------- */

/* At once, not when the client has read our last words: others may wait for the slot. */
static void give_server_back(struct ftp_session *s)
{
    struct hf_server *server = s->session.server;
    const struct hf_facts *facts = &s->session.facts;

    s->session.server = NULL;
    if (!server)
        return;
    uint64_t in_before = facts->ftp ? facts->ftp->credited_in : 0;
    uint64_t out_before = facts->ftp ? facts->ftp->credited_out : 0;
    atomic_fetch_add_explicit(&server->bytes_in, facts->bytes_in - in_before, memory_order_relaxed);
    atomic_fetch_add_explicit(&server->bytes_out, facts->bytes_out - out_before,
                              memory_order_relaxed);
    hf_server_put_mt(server);
}

void ftp_drop_server(struct ftp_session *s)
{
    ftp_passive_stop_waiting(s);
    ftp_xfer_free(s->next_xfer, true);
    ftp_xfer_free(s->xfer, true);
    s->next_xfer = s->xfer = NULL;
    hf_admit_free(s->admit);
    s->admit = NULL;
    hf_dial_free(s->dial);
    s->dial = NULL;
    ftps_stop_preparing(s);
    ftp_end_response_rules(s);
    ftp_opaque_leave(s);
    const struct hf_proxy *backend = s->session.facts.backend;
    ftp_of(s)->to_back.n = 0;
    s->session.facts.back_tls = NULL;
    hf_leg_close(&s->back, backend && backend->cfg->o.nolinger);
    give_server_back(s);
}

/* The session's line may tell of the server's TLS, and is written when the client is gone. */
static void keep_server_tls(struct ftp_session *s)
{
    if (!s->past_tls)
        s->past_tls = hf_leg_retire_tls(&s->back);
}

static void drop_last_server(struct ftp_session *s)
{
    keep_server_tls(s);
    ftp_drop_server(s);
    s->session.facts.back_tls = s->past_tls;
}

/* The same for who may have TLS: a client that has heard our last words may come again at once. */
static void give_tls_place_back(struct ftp_session *s)
{
    if (s->tls_counted)
        hf_gate_leave_tls_mt(s->session.engine->runtime);
    s->tls_counted = false;
}

static void vanish(struct ftp_session *s)
{
    drop_last_server(s);
    ftp_desk_free(s);
    ftp_of(s)->to_front.n = ftp_of(s)->to_back.n =
        0; /* the next session's step begins with nothing to say */
    hf_loop_timer_cancel(loop_of(s), &s->timer);
    hf_session_report(&s->session);
    ftp_record_end(s);
    s->session.facts.front_tls = s->session.facts.back_tls = NULL;
    hf_tls_free(s->past_tls);
    hf_leg_close(&s->front, s->session.facts.frontend->cfg->o.nolinger);
    give_tls_place_back(s);
    hf_session_end(&s->session);
}

static void on_linger_over(struct hf_timer *timer)
{
    vanish(HF_CONTAINER(timer, struct ftp_session, timer));
}

static struct ftp_stage take_stage(struct ftp_session *s, const struct hf_leg *leg);
static bool add(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n);

/* A close with unread input would be a reset, which can destroy our last words on their way: so
 * FIN, then read and discard until the client closes too. */
static void linger(struct ftp_session *s)
{
    s->state = FTP_LINGER;
    give_tls_place_back(s);
    s->front.watch.ready |= HF_READY_IN;
    hf_loop_timer(loop_of(s), &s->timer, LINGER_MS, on_linger_over);
    struct ftp_stage said = take_stage(s, &s->front);
    if (hf_leg_send_last(&s->front, said.mem, said.n) != HF_OK)
        vanish(s);
    else
        ftp_session_kick(s);
}

/* Words in the clear would be no TLS to the client. */
static bool is_encrypted(const struct ftp_session *s)
{
    return s->state == FTP_OPAQUE || s->session.facts.bind->opaque;
}

void ftp_session_close(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase,
                       const char *last_words)
{
    if (s->state == FTP_LINGER)
        return;
    if (is_encrypted(s))
        last_words = NULL;
    s->state = FTP_LINGER; /* before anything that could bring us here again */
    hf_facts_end(&s->session.facts, reason, phase);
    ftp_log_close(s, reason, last_words);
    drop_last_server(s);
    ftp_of(s)->to_back.n = 0;
    if (last_words)
        ftp_replied(s, (unsigned)strtoul(last_words, NULL, 10));
    if (last_words && !add(s, &s->front, last_words, strlen(last_words)))
        vanish(s);
    else
        linger(s);
}

void ftp_session_cut(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase, bool reset)
{
    hf_facts_end(&s->session.facts, reason, phase);
    if (reset) {
        hf_session_report(&s->session); /* while the client's connection can still be asked */
        s->session.facts.front_tls = s->session.facts.back_tls = NULL;
        hf_leg_close(&s->back, true);
        hf_leg_close(&s->front, true);
    }
    vanish(s);
}

static void kill_session(struct hf_session *session, enum hf_reason reason)
{
    struct ftp_session *s = session_of(session);
    if (s->state == FTP_LINGER)
        vanish(s);
    else
        ftp_session_close(s, reason, HF_PHASE_DATA, "421 Service is shutting down.\r\n");
}

static enum hf_phase phase_of(const struct ftp_session *s)
{
    switch ((enum ftp_state)s->state) {
    case FTP_READY:
    case FTP_LINGER:
        return HF_PHASE_DATA;
    case FTP_DESK:
        return HF_PHASE_REQUEST;
    default:
        return HF_PHASE_CONNECT;
    }
}

/* The client is gone: nobody is left to speak to. */
static void client_broke(struct ftp_session *s, enum hf_reason reason)
{
    hf_facts_end(&s->session.facts, reason, phase_of(s));
    keep_server_tls(s);
    hf_leg_close(&s->back, true);
    vanish(s);
}

static void server_broke(struct ftp_session *s, enum hf_reason reason)
{
    static const char words[] = "421 The server closed the connection.\r\n";
    /* After its own 221 or 421 the server has every right to leave. */
    bool said_goodbye = s->last_code == 221 || s->last_code == 421 || s->front.eof;
    ftp_session_close(s, said_goodbye ? HF_REASON_NONE : reason,
                      said_goodbye ? HF_PHASE_END : HF_PHASE_DATA, said_goodbye ? NULL : words);
}

/* ---- saying ------------------------------------------------------------------------------- */

static struct ftp_stage *stage_of(struct ftp_session *s, const struct hf_leg *leg)
{
    return leg == &s->front ? &ftp_of(s)->to_front : &ftp_of(s)->to_back;
}

/* What was gathered for a leg, to be sent now; counted as sent. */
static struct ftp_stage take_stage(struct ftp_session *s, const struct hf_leg *leg)
{
    struct ftp_stage *stage = stage_of(s, leg), taken = *stage;
    stage->n = 0;
    if (leg == &s->front)
        s->session.facts.bytes_out += taken.n;
    else
        s->session.facts.bytes_in += taken.n;
    return taken;
}

/* Sends what was gathered for a leg in one write.  False: that side broke (the session was NOT
 * closed). */
static bool flush_stage(struct ftp_session *s, struct hf_leg *leg)
{
    struct ftp_stage stage = take_stage(s, leg);
    return stage.n == 0 || hf_leg_send(leg, stage.mem, stage.n) == HF_OK;
}

/* False: a full stage could not be sent. */
static bool add(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n)
{
    struct ftp_stage *stage = stage_of(s, leg);
    HF_ASSERT(n <= FTP_STAGE_BYTES);
    if (stage->n + n > FTP_STAGE_BYTES && !flush_stage(s, leg))
        return false;
    memcpy(stage->mem + stage->n, p, n);
    stage->n += n;
    return true;
}

static void leg_broke(struct ftp_session *s, const struct hf_leg *leg)
{
    if (leg == &s->front)
        client_broke(s, HF_REASON_CLIENT_RESET);
    else
        server_broke(s, HF_REASON_SERVER_RESET);
}

bool ftp_say(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n)
{
    if (add(s, leg, p, n))
        return true;
    leg_broke(s, leg);
    return false;
}

bool ftp_speak_now(struct ftp_session *s, struct hf_leg *leg)
{
    if (flush_stage(s, leg))
        return true;
    leg_broke(s, leg);
    return false;
}

bool ftp_say_line(struct ftp_session *s, struct hf_leg *leg, struct hf_view line)
{
    return ftp_say(s, leg, line.p, line.n) && ftp_say(s, leg, "\r\n", 2);
}

/* The same, and what waited from before. */
static bool send_all(struct ftp_session *s, struct hf_leg *leg)
{
    if (!flush_stage(s, leg))
        return false;
    enum hf_status status = hf_leg_flush(leg);
    return status == HF_OK || status == HF_AGAIN;
}

/* Everything this step has to say.  False: the session is over. */
static bool speak(struct ftp_session *s)
{
    if (!send_all(s, &s->front)) {
        client_broke(s, HF_REASON_CLIENT_RESET);
        return false;
    }
    if (!send_all(s, &s->back)) {
        server_broke(s, HF_REASON_SERVER_RESET);
        return false;
    }
    return true;
}

/* ---- listening ---------------------------------------------------------------------------- */

bool ftp_has_room(const struct hf_leg *leg)
{
    return hf_buf_size(&leg->out) < HF_LEG_OUT_MAX / 4;
}

bool ftp_keep(struct ftp_session *s, struct hf_leg *leg, const char *rest, size_t n)
{
    if (hf_leg_keep(leg, rest, n) == HF_OK)
        return true;
    ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_DATA, "421 Out of memory.\r\n");
    return false;
}

/* What a client may have sent ahead is kept while a command waits: that much, and no more. */
static size_t client_room(const struct hf_ftp *ftp)
{
    return 2 * ftp->limits->ftp_max_command;
}

/* Behind a command that waits only an ABOR is of interest.  False: the session is over. */
static bool look_ahead(struct ftp_session *s)
{
    struct hf_ftp *ftp = ftp_of(s);
    enum hf_status status;

    do {
        size_t n;
        s->urgent = s->urgent || (s->front.watch.ready & HF_READY_PRI);
        status = hf_leg_read(&s->front, ftp->input, client_room(ftp), &n);
        if (status != HF_OK && status != HF_AGAIN && status != HF_EOF) {
            client_broke(s, HF_REASON_CLIENT_RESET);
            return false;
        }
        long left = n ? ftp_overtake(s, ftp->input, n) : 0;
        if (left < 0 || !ftp_keep(s, &s->front, ftp->input, (size_t)left))
            return false;
    } while (status == HF_OK && s->command_held);
    return true;
}

/* Commands, as long as there are any and room for them.  False: the session is over. */
static bool take_commands(struct ftp_session *s)
{
    struct hf_ftp *ftp = ftp_of(s);
    for (int reads = 0; ftp_may_take_command(s); reads++) {
        size_t n;
        if (reads == READS_PER_STEP) {
            hf_watch_again(&s->front.watch);
            return true;
        }
        s->urgent = s->urgent || (s->front.watch.ready & HF_READY_PRI);
        enum hf_status status = hf_leg_read(&s->front, ftp->input, client_room(ftp), &n);
        if (status != HF_OK && status != HF_AGAIN && status != HF_EOF) {
            client_broke(s, HF_REASON_CLIENT_RESET);
            return false;
        }
        if (status == HF_OK)
            s->active_ms = hf_loop_now(loop_of(s));
        long used = n ? ftp_filter_client(s, ftp->input, n) : 0;
        if (used < 0)
            return false;
        if (!ftp_keep(s, &s->front, ftp->input + used, n - (size_t)used))
            return false;
        if (status == HF_EOF && ftp_may_take_command(s) && s->state == FTP_DESK) {
            ftp_session_close(s, HF_REASON_NONE, HF_PHASE_END, NULL);
            return false;
        }
        if (status == HF_EOF && ftp_may_take_command(s) && !s->back.shut) {
            /* The client may only have ended its own direction: the server hears it and decides. */
            hf_facts_end(&s->session.facts, HF_REASON_NONE, HF_PHASE_END);
            s->back.shut = true;
        }
        if (status != HF_OK)
            return true;
    }
    s->more = s->more || !ftp_has_room(&s->back); /* a full queue of commands is no want of room */
    return true;
}

static bool hear_client(struct ftp_session *s)
{
    if (!take_commands(s))
        return false;
    bool holds = s->state == FTP_READY && s->command_held; /* not on the way to another server */
    return !holds || look_ahead(s);
}

/* Replies, unless one must wait.  False: the session is over. */
static bool hear_server(struct ftp_session *s)
{
    struct hf_ftp *ftp = ftp_of(s);
    for (int reads = 0; ftp_has_room(&s->front); reads++) {
        size_t n;
        if (reads == READS_PER_STEP) {
            hf_watch_again(&s->back.watch);
            return true;
        }
        enum hf_status status = hf_leg_read(&s->back, ftp->input, ftp->input_bytes, &n);
        if (status == HF_OK)
            s->active_ms = hf_loop_now(loop_of(s));
        long used = n ? ftp_filter_server(s, ftp->input, n) : 0;
        if (used < 0)
            return false;
        /* A complete line that was left must wait for its transfer, or for a port; the end waits
         * with it. */
        s->held = s->state == FTP_READY && n > (size_t)used &&
                  memchr(ftp->input + used, '\n', n - (size_t)used);
        if (!ftp_keep(s, &s->back, ftp->input + used, n - (size_t)used))
            return false;
        if (s->held || s->state != FTP_READY)
            return true;
        if (status == HF_EOF || (status != HF_OK && status != HF_AGAIN)) {
            server_broke(s, status == HF_EOF ? HF_REASON_SERVER_CLOSED : HF_REASON_SERVER_RESET);
            return false;
        }
        if (status == HF_AGAIN)
            return true;
    }
    s->more = true;
    return true;
}

/* ---- timeouts ----------------------------------------------------------------------------- */

static void on_timer(struct hf_timer *timer);

/* A transfer has timeouts of its own, until all of it was delivered: then it is the server's turn
 * to say 226.  Where that came early, it waits for a client that reads. */
static bool is_transferring(struct ftp_session *s)
{
    const struct ftp_xfer *x = s->xfer;

    if (x && (x->state == FTP_XFER_PENDING ? ftp_xfer_is_timed(x) : s->held))
        return true;
    return (s->held && s->next_xfer && s->next_xfer->wants_port) || ftp_transfers_directly(s);
}

/* Whose turn is it to speak, and for how long may it be silent?  0: for ever. */
static unsigned silence_limit(struct ftp_session *s, bool *client)
{
    const struct hf_cfg_timeouts *front = &s->session.facts.frontend->cfg->o.timeout;
    *client = ftp_queue_head(&s->queue) == NULL;
    if (!*client) {
        unsigned limit = s->session.facts.backend->cfg->o.timeout.server;
        return ftp_queue_abort_in_doubt(&s->queue) ? hf_timeout_shorter(limit, ABORT_DOUBT_MS)
                                                   : limit;
    }
    if (s->front.eof && front->client_fin)
        return front->client_fin;
    return front->client;
}

static uint64_t login_deadline(const struct ftp_session *s)
{
    unsigned limit = s->session.facts.frontend->cfg->o.timeout.ftp_login;
    return s->logged_in || !limit ? UINT64_MAX : s->login_from_ms + limit;
}

static void arm(struct ftp_session *s)
{
    bool client;
    uint64_t now = hf_loop_now(loop_of(s)), due = login_deadline(s);
    unsigned limit = silence_limit(s, &client);
    if (limit && s->active_ms + limit < due)
        due = s->active_ms + limit;
    if (due == UINT64_MAX)
        hf_loop_timer_cancel(loop_of(s), &s->timer);
    else if (!hf_timer_is_set(&s->timer) || due < s->timer.due_ms)
        hf_loop_timer(loop_of(s), &s->timer, due > now ? due - now : 0, on_timer);
}

static void on_timer(struct hf_timer *timer)
{
    struct ftp_session *s = HF_CONTAINER(timer, struct ftp_session, timer);
    uint64_t now = hf_loop_now(loop_of(s));
    bool client;
    unsigned limit = silence_limit(s, &client);

    if (now >= login_deadline(s)) {
        ftp_session_close(s, HF_REASON_LOGIN_TIMEOUT, phase_of(s), "421 Login took too long.\r\n");
        return;
    }
    if (is_transferring(s))
        s->active_ms = now;
    if (!limit || now < s->active_ms + limit) {
        arm(s);
        return;
    }
    if (!client && ftp_queue_abort_in_doubt(&s->queue)) {
        ftp_queue_give_up_abort(&s->queue);
        if (ftp_abort_is_over(s))
            ftp_session_kick(s);
        return;
    }
    if (client)
        ftp_session_close(s, HF_REASON_CLIENT_TIMEOUT, phase_of(s),
                          "421 Timeout: no command for too long.\r\n");
    else
        ftp_session_close(s, HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA,
                          "421 Timeout: the server did not answer.\r\n");
}

/* ---- the step ----------------------------------------------------------------------------- */

static void drain_lingering(struct ftp_session *s)
{
    for (int reads = 0; reads < READS_PER_STEP; reads++) {
        size_t n;
        enum hf_status status = hf_leg_flush(&s->front);
        if (status == HF_OK || status == HF_AGAIN)
            status = hf_leg_read(&s->front, ftp_of(s)->input, ftp_of(s)->input_bytes, &n);
        if (status == HF_AGAIN || (status == HF_EOF && hf_buf_size(&s->front.out)))
            return;
        if (status != HF_OK) {
            vanish(s);
            return;
        }
    }
    hf_watch_again(&s->front.watch);
}

static void choose_server(struct ftp_session *s);

static void hurry_absent_client(struct ftp_session *s)
{
    if (s->next_xfer)
        ftp_xfer_hurry(s->next_xfer);
    if (s->xfer)
        ftp_xfer_hurry(s->xfer);
}

static void work(struct ftp_session *s)
{
    s->more = false;
    bool has_server = s->state == FTP_READY;
    if (s->front.handshaking && !ftps_shake_client(s))
        return;
    if (!speak(s) || (has_server && !hear_server(s)) || !hear_client(s) || !speak(s))
        return;
    if (ftp_desk_is_due(s)) {
        choose_server(s);
        return;
    }
    if (s->tls_begins)
        (void)!ftps_begin_client(s); /* its handshake goes on by events */
    if (s->state != FTP_READY && s->state != FTP_DESK)
        return; /* it became opaque, goes to another server, or is over */
    /* Reading stopped because too much was waiting to be sent; if that has left in the meantime, no
     * event will call us again. */
    if (s->more && ftp_has_room(&s->front) && ftp_has_room(&s->back))
        hf_watch_again(&s->front.watch);
    if (s->begin_after_flush && hf_buf_size(&s->front.out) == 0) {
        s->begin_after_flush = false;
        if (s->xfer)
            ftp_xfer_begin(s->xfer, s->xfer_from_server);
    }
    if (s->next_xfer && ftp_command_moves_data(ftp_queue_head(&s->queue)))
        ftp_xfer_expect(s->next_xfer);
    if (s->front.eof)
        hurry_absent_client(s);
    arm(s);
}

/* A client that breaks off before it has a server must not keep a place in the queue. */
static bool client_left_early(const struct ftp_session *s)
{
    if (s->state == FTP_ADMITTING)
        return s->front.watch.ready & HF_READY_ERR && !hf_admit_is_approached(s->admit);
    return (s->state == FTP_DIALING || s->state == FTP_GREETING) &&
           hf_dial_client_left(&s->session, &s->front.watch);
}

void ftp_session_step(struct ftp_session *s)
{
    if (client_left_early(s)) {
        client_broke(s, HF_REASON_CLIENT_RESET);
        return;
    }
    switch ((enum ftp_state)s->state) {
    case FTP_ADMITTING:
        hf_admit_progress(s->admit);
        break;
    case FTP_DIALING: /* what the client sends now waits in its socket */
        hf_dial_progress(s->dial);
        break;
    case FTP_GREETING:
        ftp_await_greeting(s);
        break;
    case FTP_DESK:
    case FTP_READY:
        work(s);
        break;
    case FTP_OPAQUE:
        ftp_opaque_step(s);
        break;
    case FTP_LINGER:
        drain_lingering(s);
        break;
    }
}

void ftp_session_kick(struct ftp_session *s)
{
    hf_watch_again(&s->front.watch);
}

static void on_front(struct hf_watch *watch)
{
    ftp_session_step(HF_CONTAINER(watch, struct ftp_session, front.watch));
}

static void on_back(struct hf_watch *watch)
{
    ftp_session_step(HF_CONTAINER(watch, struct ftp_session, back.watch));
}

/* ---- beginning ---------------------------------------------------------------------------- */

/* Which server it will be is decided by the rules and by what is known. */
static void on_admitted(struct hf_session *session, enum hf_ruling ruling)
{
    struct ftp_session *s = session_of(session);

    hf_admit_free(s->admit);
    s->admit = NULL;
    s->state = FTP_DIALING;
    ftps_admitted(s);
    if (ruling == HF_RULING_REJECT)
        vanish(s);
    else if (s->desk && !session->facts.backend)
        ftp_desk_unknown(s);
    else if (!ftp_dial(s, on_back))
        ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_CONNECT, "421 Out of memory.\r\n");
}

/* At the front desk: the client has said what decides. */
static void choose_server(struct ftp_session *s)
{
    ftp_desk_leave(s);
    enum hf_ruling ruling = hf_admit_choose(&s->session, &s->front.watch, on_admitted, &s->admit);
    if (ruling != HF_RULING_WAIT)
        on_admitted(&s->session, ruling);
}

/* The choice of a server depends on the login: the client speaks first. */
static void on_let_in(struct hf_session *session, enum hf_ruling ruling)
{
    struct ftp_session *s = session_of(session);

    hf_admit_free(s->admit);
    s->admit = NULL;
    ftps_admitted(s);
    if (ruling == HF_RULING_REJECT)
        vanish(s);
    else
        ftp_desk_open(s);
}

static const struct hf_session_ops ftp_session_ops = {.kill = kill_session};

bool hf_ftp_accept(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                   const struct hf_addr *peer)
{
    struct hf_ftp *ftp = engine->ftp;
    struct ftp_session *s = hf_pool_get(ftp->sessions);
    if (!s)
        return false;
    hf_leg_init(&s->back);
    if (hf_leg_open(&s->front, engine->loop, fd, HF_READY_OUT, on_front) != HF_OK) {
        hf_pool_put(ftp->sessions, s);
        return false;
    }
    hf_session_tune_client(engine, bind, fd);
    hf_session_begin(&s->session, engine, ftp->sessions, &ftp_session_ops, bind, fd, peer);
    s->session.unread = &s->front.in; /* at the front desk rules look at commands that wait there */
    s->login_from_ms = s->session.facts.accepted_ms;
    ftp_record_begin(s);
    if (!ftps_begin_implicit(s)) {
        ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_REQUEST, NULL);
        return true;
    }
    bool late = ftp_has_desk(s);
    hf_admit_fn fn = late ? on_let_in : on_admitted;
    enum hf_ruling ruling = hf_admit_begin(&s->session, &s->front.watch, late, fn, &s->admit);
    if (ruling != HF_RULING_WAIT)
        fn(&s->session, ruling);
    return true;
}
