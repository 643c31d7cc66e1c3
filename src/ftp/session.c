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
#include "session_int.h"

#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/state/track.h"

#include "data/xfer.h"
#include "desk/desk.h"
#include "filter/filter.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

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
            ftp_client_broke(s, HF_REASON_CLIENT_RESET);
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
        if (reads == FTP_READS_PER_STEP) {
            hf_watch_again(&s->front.watch);
            return true;
        }
        s->urgent = s->urgent || (s->front.watch.ready & HF_READY_PRI);
        enum hf_status status = hf_leg_read(&s->front, ftp->input, client_room(ftp), &n);
        if (status != HF_OK && status != HF_AGAIN && status != HF_EOF) {
            ftp_client_broke(s, HF_REASON_CLIENT_RESET);
            return false;
        }
        if (status == HF_OK)
            s->active_ms = hf_loop_now(ftp_loop_of(s));
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
        if (reads == FTP_READS_PER_STEP) {
            hf_watch_again(&s->back.watch);
            return true;
        }
        enum hf_status status = hf_leg_read(&s->back, ftp->input, ftp->input_bytes, &n);
        if (status == HF_OK)
            s->active_ms = hf_loop_now(ftp_loop_of(s));
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
            ftp_server_broke(s,
                             status == HF_EOF ? HF_REASON_SERVER_CLOSED : HF_REASON_SERVER_RESET);
            return false;
        }
        if (status == HF_AGAIN)
            return true;
    }
    s->more = true;
    return true;
}

/* ---- the step ----------------------------------------------------------------------------- */

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
    if (!ftp_speak(s) || (has_server && !hear_server(s)) || !ftp_give_up_server_port(s) ||
        !hear_client(s) || !ftp_speak(s))
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
    if (s->begin_after_flush && hf_leg_flush(&s->front) == HF_OK) {
        s->begin_after_flush = false;
        if (s->xfer)
            ftp_xfer_begin(s->xfer, s->xfer_from_server);
    }
    if (s->next_xfer && ftp_command_moves_data(ftp_queue_head(&s->queue)))
        ftp_xfer_expect(s->next_xfer);
    if (s->front.eof)
        hurry_absent_client(s);
    ftp_watch_silence(s);
}

/* A client that breaks off before it has a server must not keep a place in the queue. */
static bool client_left_early(const struct ftp_session *s)
{
    if (s->state == FTP_ADMITTING)
        return s->front.watch.ready & HF_READY_ERR && !hf_admit_is_approached(s->admit);
    return (s->state == FTP_DIALING || s->state == FTP_GREETING) &&
           hf_dial_client_left(&s->session, &s->front.watch);
}

/* What is said on the control connection counts as well; its end is counted by the engine. */
static void count_bytes(struct ftp_session *s)
{
    const struct hf_facts *facts = &s->session.facts;

    if (facts->tracked)
        hf_track_bytes(facts->tracked, &facts->tracked->flow, facts->bytes_in, facts->bytes_out,
                       false, hf_loop_now(ftp_loop_of(s)));
}

void ftp_session_step(struct ftp_session *s)
{
    count_bytes(s);
    if (client_left_early(s)) {
        ftp_client_broke(s, HF_REASON_CLIENT_RESET);
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
        ftp_session_drain(s);
        break;
    }
}

void ftp_session_kick(struct ftp_session *s)
{
    hf_watch_again(&s->front.watch);
}

/* ---- beginning ---------------------------------------------------------------------------- */

static void on_front(struct hf_watch *watch)
{
    ftp_session_step(HF_CONTAINER(watch, struct ftp_session, front.watch));
}

static void on_back(struct hf_watch *watch)
{
    ftp_session_step(HF_CONTAINER(watch, struct ftp_session, back.watch));
}

/* Which server it will be is decided by the rules and by what is known. */
static void on_admitted(struct hf_session *session, enum hf_ruling ruling)
{
    struct ftp_session *s = ftp_session_of(session);

    hf_admit_free(s->admit);
    s->admit = NULL;
    s->state = FTP_DIALING;
    ftps_admitted(s);
    if (ruling == HF_RULING_REJECT)
        ftp_session_vanish(s);
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
    struct ftp_session *s = ftp_session_of(session);

    hf_admit_free(s->admit);
    s->admit = NULL;
    ftps_admitted(s);
    if (ruling == HF_RULING_REJECT)
        ftp_session_vanish(s);
    else
        ftp_desk_open(s);
}

static const struct hf_session_ops ftp_session_ops = {.kill = ftp_session_kill,
                                                      .look = ftp_session_look};

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
    ftp_count(s, HF_COUNT_FTP_SESSIONS, 1);
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

struct hf_lease_owner ftp_owner(const struct ftp_session *s)
{
    return (struct hf_lease_owner){.engine = s->session.engine,
                                   .session = hf_pool_id(ftp_of(s)->sessions, s)};
}
