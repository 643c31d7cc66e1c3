/*
 * ending.c: the ways for a control session to end.
 *
 * Closed: its client reads last words, then LINGER until it closes, too.  Cut, or its client broke:
 * gone at once.  The server is given back before either.
 */
#include "session_int.h"

#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/stream/gate.h"

#include "data/setup.h"
#include "data/xfer.h"
#include "desk/desk.h"
#include "filter/filter.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

#define LINGER_MS 2000u /* for the client to read our last words */

/* ---- the server --------------------------------------------------------------------------- */

/* At once, not when the client has read our last words: others may wait for the slot. */
static void give_server_back(struct ftp_session *s)
{
    struct hf_server *server = s->session.server;

    s->session.server = NULL;
    if (server)
        hf_server_put_mt(server);
}

void ftp_drop_server(struct ftp_session *s)
{
    ftp_passive_stop_waiting(s);
    ftp_xfer_reset(s->next_xfer);
    ftp_xfer_reset(s->xfer);
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

/* ---- the client --------------------------------------------------------------------------- */

void ftp_session_vanish(struct ftp_session *s)
{
    drop_last_server(s);
    ftp_desk_free(s);
    ftp_of(s)->to_front.n = ftp_of(s)->to_back.n =
        0; /* the next session's step begins with nothing to say */
    hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    hf_session_report(&s->session);
    ftp_record_end(s);
    s->session.facts.front_tls = s->session.facts.back_tls = NULL;
    hf_tls_free(s->past_tls);
    hf_leg_close(&s->front, s->session.facts.frontend->cfg->o.nolinger);
    hf_session_end(&s->session);
}

static void on_linger_over(struct hf_timer *timer)
{
    ftp_session_vanish(HF_CONTAINER(timer, struct ftp_session, timer));
}

/* A close with unread input would be a reset, which can destroy our last words on their way: so
 * FIN, then read and discard until the client closes too. */
static void linger(struct ftp_session *s)
{
    s->state = FTP_LINGER;
    hf_session_leave_tls(&s->session);
    s->front.watch.ready |= HF_READY_IN;
    hf_loop_timer(ftp_loop_of(s), &s->timer, LINGER_MS, on_linger_over);
    struct ftp_stage said = ftp_take_stage(s, &s->front);
    if (hf_leg_send_last(&s->front, said.mem, said.n) != HF_OK)
        ftp_session_vanish(s);
    else
        ftp_session_kick(s);
}

void ftp_session_drain(struct ftp_session *s)
{
    for (int reads = 0; reads < FTP_READS_PER_STEP; reads++) {
        size_t n;
        enum hf_status said = hf_leg_flush(&s->front), status = said;
        if (said == HF_OK || said == HF_AGAIN)
            status = hf_leg_read(&s->front, ftp_of(s)->input, ftp_of(s)->input_bytes, &n);
        if (status == HF_AGAIN || (status == HF_EOF && said == HF_AGAIN))
            return;
        if (status != HF_OK) {
            ftp_session_vanish(s);
            return;
        }
    }
    hf_watch_again(&s->front.watch);
}

/* ---- for all sorts of reasons ------------------------------------------------------------- */

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
    if (last_words) {
        ftp_replied(s, (unsigned)strtoul(last_words, NULL, 10));
        ftp_count_reply(s);
    }
    if (last_words && !ftp_add(s, &s->front, last_words, strlen(last_words)))
        ftp_session_vanish(s);
    else
        linger(s);
}

void ftp_session_cut(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase)
{
    hf_facts_end(&s->session.facts, reason, phase);
    ftp_session_vanish(s);
}

void ftp_session_reset(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase)
{
    hf_facts_end(&s->session.facts, reason, phase);
    hf_session_report(&s->session); /* while the client's connection can still be asked */
    s->session.facts.front_tls = s->session.facts.back_tls = NULL;
    hf_leg_close(&s->back, true);
    hf_leg_close(&s->front, true);
    ftp_session_vanish(s);
}

static const char *last_words(enum hf_reason reason)
{
    switch (reason) {
    case HF_REASON_KILLED:
        return "421 The administrator has ended this session; try again later.\r\n";
    case HF_REASON_SERVER_DOWN:
        return "421 Your server has gone out of service; connect again for another one.\r\n";
    case HF_REASON_SERVER_UP:
        return "421 The main server is back; connect again to reach it.\r\n";
    default:
        return "421 Service is shutting down; try again later.\r\n";
    }
}

void ftp_session_kill(struct hf_session *session, enum hf_reason reason)
{
    struct ftp_session *s = ftp_session_of(session);
    if (s->state == FTP_LINGER)
        ftp_session_vanish(s);
    else
        ftp_session_close(s, reason, HF_PHASE_DATA, last_words(reason));
}

enum hf_phase ftp_phase_of(const struct ftp_session *s)
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
void ftp_client_broke(struct ftp_session *s, enum hf_reason reason)
{
    hf_facts_end(&s->session.facts, reason, ftp_phase_of(s));
    keep_server_tls(s);
    hf_leg_close(&s->back, true);
    ftp_session_vanish(s);
}

void ftp_server_broke(struct ftp_session *s, enum hf_reason reason)
{
    static const char words[] = "421 The server closed the connection.\r\n";
    /* After its own 221 or 421 the server has every right to leave. */
    bool said_goodbye = s->last_code == 221 || s->last_code == 421 || s->front.eof;
    ftp_session_close(s, said_goodbye ? HF_REASON_NONE : reason,
                      said_goodbye ? HF_PHASE_END : HF_PHASE_DATA, said_goodbye ? NULL : words);
}

void ftp_leg_broke(struct ftp_session *s, const struct hf_leg *leg)
{
    if (leg == &s->front)
        ftp_client_broke(s, HF_REASON_CLIENT_RESET);
    else
        ftp_server_broke(s, HF_REASON_SERVER_RESET);
}
