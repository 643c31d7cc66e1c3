/*
 * data.c: TLS on data connections.
 *
 * Toward a client it is as its PROT says, and we are the TLS server in active mode, too (RFC 4217,
 * 7).  Toward a server it is as on the control connection, whose session is resumed: many servers
 * demand that, since it is how they know that both connections have the same client.  Hands are
 * shaken when the server has accepted the transfer: one that was refused leaves a client that may
 * never begin.  A server that is silent for long may be one that never sends a 1xx: hands are held
 * out, but nobody is late before a 1xx came.
 */
#include "ftps.h"

#include "haftp/log/log.h"

#include "data/xfer.h"
#include "tell/tell.h"

static const struct hf_facts *facts_of(const struct ftp_xfer *x)
{
    return &x->session->session.facts;
}

static const struct hf_relay_end *end_of(const struct ftp_xfer *x, int end)
{
    return &x->relay.end[end];
}

/* ---- failing -------------------------------------------------------------------------------- */

static void log_failure(const struct ftp_xfer *x, int end, const char *what, const char *why)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = facts_of(x);
    unsigned suppressed;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];

    if (!hf_log_allowed_mt(&limit, 5, &suppressed))
        return;
    hf_addr_host_text(&facts->client, client);
    hf_log_event_mt(facts->frontend, HF_LEVEL_WARNING, "%s: data connection %s %s: %s%s%s%s",
                    facts->frontend->cfg->name, end == HF_FRONT ? "of client" : "to server",
                    end == HF_FRONT ? client : facts->server->cfg->name, what, *why ? ": " : "",
                    why, ftp_more_text(suppressed, more));
}

/* RFC 4217: 522 is for TLS that could not be agreed upon with the client. */
static void fail_client(struct ftp_xfer *x, unsigned code, const char *what, const char *why)
{
    log_failure(x, HF_FRONT, what, why);
    x->code = (uint16_t)code;
    ftp_xfer_fail(x, HF_REASON_TLS_CLIENT, what);
}

static void fail_server(struct ftp_xfer *x, const char *what, const char *why)
{
    log_failure(x, HF_BACK, what, why);
    x->code = 426;
    ftp_xfer_fail(x, HF_REASON_TLS_SERVER, what);
}

/* ---- beginning ------------------------------------------------------------------------------ */

static bool secure(struct ftp_xfer *x, int end, const struct hf_tls *control, bool lenient)
{
    struct hf_tls *tls;

    if (hf_tls_new_data(control, &tls) != HF_OK)
        return false;
    x->relay.end[end].eof_lenient = lenient;
    x->relay.end[end].keep_tls = true; /* its line in the log tells of it */
    hf_relay_secure(&x->relay, end, tls);
    return true;
}

bool ftps_begin_data(struct ftp_xfer *x)
{
    const struct ftp_session *s = x->session;
    const struct hf_facts *facts = facts_of(x);
    bool done = true;

    /* The command was no transfer that we know of, or it would have been refused itself. */
    if (facts->bind->tls.data_tls_required && !s->private_data) {
        fail_client(x, 522, "the data connection must be protected: send PBSZ 0 and PROT P", "");
        return false;
    }
    if (s->private_data)
        done = secure(x, HF_FRONT, s->front.tls, facts->bind->tls.data_tls_eof_lenient);
    if (done && s->back.tls)
        done = secure(x, HF_BACK, s->back.tls, facts->server->cfg->o.tls.data_tls_eof_lenient);
    if (!done)
        ftp_xfer_fail(x, HF_REASON_RESOURCE, "out of memory");
    return done;
}

bool ftps_is_shaking(const struct ftp_xfer *x)
{
    const struct hf_relay_end *front = end_of(x, HF_FRONT), *back = end_of(x, HF_BACK);
    return (front->tls && !front->secure) || (back->tls && !back->secure);
}

void ftps_tell_data(const struct ftp_xfer *x, struct hf_facts *facts)
{
    const struct hf_relay_end *front = end_of(x, HF_FRONT), *back = end_of(x, HF_BACK);

    facts->front_tls = front->secure ? front->tls : NULL;
    facts->back_tls = back->secure ? back->tls : NULL;
}

void ftps_end_data(struct ftp_xfer *x)
{
    x->facts.front_tls = x->facts.back_tls = NULL;
    for (int end = HF_FRONT; end <= HF_BACK; end++) {
        hf_tls_free(x->relay.end[end].tls);
        x->relay.end[end].tls = NULL;
    }
}

/* ---- what comes of it ------------------------------------------------------------------------ */

void ftps_data_ready(struct ftp_xfer *x, int end)
{
    if (end != HF_FRONT)
        return;
    if (hf_tls_resumed(end_of(x, HF_FRONT)->tls)) {
        ftp_count(x->session, HF_COUNT_FTP_DATA_TLS_RESUMED, 1);
        hf_tls_give_ticket(x->session->front.tls); /* for the one that was used up */
    } else if (facts_of(x)->bind->tls.data_tls_reuse) {
        fail_client(x, 522, "the TLS session of the control connection was not resumed", "");
    }
}

void ftps_data_late(struct ftp_xfer *x)
{
    const struct hf_relay_end *front = end_of(x, HF_FRONT);

    if (front->tls && !front->secure)
        fail_client(x, 522, "the client did not begin TLS in time", "");
    else
        fail_server(x, "the server did not begin TLS in time", "");
}

bool ftps_data_broke(struct ftp_xfer *x, int end, enum hf_status status)
{
    const struct hf_relay_end *broken = end_of(x, end);

    if (!broken->tls)
        return false;
    if (!broken->secure && end == HF_FRONT)
        fail_client(x, 522, "the TLS handshake with the client failed", hf_tls_error(broken->tls));
    else if (!broken->secure)
        fail_server(x, "the TLS handshake with the server failed", hf_tls_error(broken->tls));
    else if (status == HF_TRUNCATED && end == HF_FRONT)
        fail_client(x, 426, "the client ended it without close_notify, the file may be cut off",
                    "");
    else if (status == HF_TRUNCATED && x->from_server)
        fail_server(x, "the server ended it without close_notify, the file may be cut off", "");
    else
        return false; /* of an upload, the server itself says what it did not like */
    return true;
}
