/*
 * silence.c: whose turn it is to speak, and for how long that may take.
 */
#include "session_int.h"

#include "haftp/base/assert.h"

#include "data/setup.h"
#include "data/xfer.h"
#include "filter/filter.h"

#define ABORT_DOUBT_MS 1000u /* for the second reply to a transfer and an ABOR, if there is one */

/* A transfer has timeouts of its own, until all of it was delivered: then it is the server's turn
 * to say 226.  Where that came early, it waits for a client that reads. */
static bool is_transferring(struct ftp_session *s)
{
    const struct ftp_xfer *x = s->xfer;

    if (x && (x->state == FTP_XFER_PENDING ? ftp_xfer_is_timed(x) : s->held))
        return true;
    return (s->held && s->next_xfer && s->next_xfer->wants_port) || ftp_transfers_directly(s);
}

/* What it was told, it has not read: whatever the server may be waiting for, it is not the server
 * that is silent. */
static bool client_reads_nothing(const struct ftp_session *s)
{
    return s->begin_after_flush || hf_buf_size(&s->front.out) > 0;
}

/* Whose turn is it to speak, and for how long may it be silent?  0: for ever. */
static unsigned silence_limit(struct ftp_session *s, bool *client)
{
    const struct hf_cfg_timeouts *front = &s->session.facts.frontend->cfg->o.timeout;
    *client = ftp_queue_head(&s->queue) == NULL || client_reads_nothing(s);
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

static void on_timer(struct hf_timer *timer);

void ftp_watch_silence(struct ftp_session *s)
{
    bool client;
    uint64_t now = hf_loop_now(ftp_loop_of(s)), due = login_deadline(s);
    unsigned limit = silence_limit(s, &client);
    if (limit && s->active_ms + limit < due)
        due = s->active_ms + limit;
    if (due == UINT64_MAX)
        hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    else if (!hf_timer_is_set(&s->timer) || due < s->timer.due_ms)
        hf_loop_timer(ftp_loop_of(s), &s->timer, due > now ? due - now : 0, on_timer);
}

static void on_timer(struct hf_timer *timer)
{
    struct ftp_session *s = HF_CONTAINER(timer, struct ftp_session, timer);
    uint64_t now = hf_loop_now(ftp_loop_of(s));
    bool client;
    unsigned limit = silence_limit(s, &client);

    if (now >= login_deadline(s)) {
        ftp_session_close(s, HF_REASON_LOGIN_TIMEOUT, ftp_phase_of(s),
                          "421 Login took too long.\r\n");
        return;
    }
    if (is_transferring(s))
        s->active_ms = now;
    if (!limit || now < s->active_ms + limit) {
        ftp_watch_silence(s);
        return;
    }
    if (!client && ftp_queue_abort_in_doubt(&s->queue)) {
        ftp_queue_give_up_abort(&s->queue);
        if (ftp_abort_is_over(s))
            ftp_session_kick(s);
        return;
    }
    if (client)
        ftp_session_close(s, HF_REASON_CLIENT_TIMEOUT, ftp_phase_of(s),
                          client_reads_nothing(s)
                              ? "421 Timeout: replies were not read for too long.\r\n"
                              : "421 Timeout: no command for too long.\r\n");
    else
        ftp_session_close(s, HF_REASON_SERVER_TIMEOUT, HF_PHASE_DATA,
                          "421 Timeout: the server did not answer.\r\n");
}
