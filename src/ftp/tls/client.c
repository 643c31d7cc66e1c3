/*
 * client.c: TLS toward the client: AUTH, PBSZ, PROT, CCC (RFC 2228, RFC 4217).
 *
 * They are about the connection to us, so the server never hears of them.  Each waits for its turn:
 * what came before it in the clear is answered in the clear, and a PROT changes no transfer that
 * was asked for earlier.
 */
#include "ftps.h"

#include <string.h>
#include <strings.h>

#include "haftp/log/log.h"
#include "haftp/state/tls.h"
#include "haftp/stream/gate.h"

#include "desk/desk.h"
#include "filter/filter.h"
#include "tell/tell.h"

static const struct hf_cfg_bind_tls *words(const struct ftp_session *s)
{
    return &s->session.facts.bind->tls;
}

bool ftps_is_offered(const struct ftp_session *s)
{
    return words(s)->ssl || words(s)->starttls;
}

static bool is_on(const struct ftp_session *s)
{
    return s->front.tls != NULL;
}

/* ---- what commands ask for ------------------------------------------------------------------ */

static bool is_word(struct hf_view arg, const char *word)
{
    return arg.n == strlen(word) && strncasecmp(arg.p, word, arg.n) == 0;
}

/* Nothing that was said in the clear may count later: who stands between us could have said it. */
static enum ftp_verdict on_auth(struct ftp_session *s, struct hf_view arg)
{
    /* Old names that mean PROT P as well (RFC 4217, 17). */
    bool with_data = is_word(arg, "SSL") || is_word(arg, "TLS-P");

    if (is_on(s))
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_TLS_IS_ON);
    if (!with_data && !is_word(arg, "TLS") && !is_word(arg, "TLS-C"))
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_AUTH_UNKNOWN);
    if (s->named)
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_AUTH_LATE);
    if (!hf_gate_enter_tls_mt(s->session.engine->runtime, hf_loop_now(s->session.engine->loop)))
        return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_TLS_IS_FULL);
    ftp_desk_forget(s);
    s->session.tls_places++;
    s->tls_begins = true;
    s->pbsz = s->private_data = with_data;
    return ftp_answer(s, HF_CMD_AUTH, FTP_ANSWER_TLS_BEGINS);
}

static enum ftp_answer pbsz(struct ftp_session *s, struct hf_view arg)
{
    if (arg.n == 0)
        return FTP_ANSWER_PBSZ_BAD;
    for (size_t i = 0; i < arg.n; i++) {
        if (arg.p[i] < '0' || arg.p[i] > '9')
            return FTP_ANSWER_PBSZ_BAD;
    }
    s->pbsz = true;
    return FTP_ANSWER_PBSZ;
}

static enum ftp_answer prot(struct ftp_session *s, struct hf_view arg)
{
    if (!s->pbsz && !words(s)->ssl) /* implicit FTPS was never written down; many skip PBSZ there */
        return FTP_ANSWER_PROT_EARLY;
    if (is_word(arg, "S") || is_word(arg, "E"))
        return FTP_ANSWER_PROT_UNSUPPORTED;
    if (is_word(arg, "C") && words(s)->data_tls_required)
        return FTP_ANSWER_PROT_C_REFUSED;
    if (!is_word(arg, "C") && !is_word(arg, "P"))
        return FTP_ANSWER_PROT_BAD;
    s->private_data = is_word(arg, "P");
    return s->private_data ? FTP_ANSWER_PROT_P : FTP_ANSWER_PROT_C;
}

enum ftp_verdict ftps_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    if (ftp_queue_head(&s->queue))
        return FTP_HOLD;
    if (cmd->id == HF_CMD_AUTH)
        return on_auth(s, cmd->arg);
    if (!is_on(s))
        return ftp_answer(s, cmd->id, FTP_ANSWER_AUTH_FIRST);
    switch (cmd->id) {
    case HF_CMD_PBSZ:
        return ftp_answer(s, cmd->id, pbsz(s, cmd->arg));
    case HF_CMD_PROT:
        return ftp_answer(s, cmd->id, prot(s, cmd->arg));
    case HF_CMD_CCC:
        return ftp_answer(s, cmd->id, FTP_ANSWER_CCC_REFUSED);
    default:
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_ADAT);
    }
}

enum ftp_answer ftps_refusal(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    if (!ftps_is_offered(s))
        return FTP_ANSWER_NONE;
    if ((cmd->flags & HF_CMDF_LOGIN) && words(s)->starttls_required && !is_on(s))
        return FTP_ANSWER_TLS_REQUIRED;
    if ((cmd->flags & HF_CMDF_DATA) && words(s)->data_tls_required && !s->private_data)
        return FTP_ANSWER_DATA_IN_CLEAR;
    return FTP_ANSWER_NONE;
}

const char *ftps_features(const struct ftp_session *s)
{
    if (words(s)->ssl)
        return " PBSZ\r\n PROT\r\n";
    return words(s)->starttls ? " AUTH TLS\r\n PBSZ\r\n PROT\r\n" : "";
}

void ftps_forget(struct ftp_session *s)
{
    s->named = s->pbsz = s->private_data = false;
}

/* ---- the handshake -------------------------------------------------------------------------- */

static void log_failure(const struct ftp_session *s, const char *what, const char *why)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    unsigned suppressed;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_NOTICE, "%s: client %s: %s%s%s%s",
                        facts->frontend->cfg->name, hf_addr_host_text(&facts->client, client), what,
                        *why ? ": " : "", why, ftp_more_text(suppressed, more));
}

/* False, for the caller to pass on. */
static bool give_up(struct ftp_session *s, const char *what, const char *why)
{
    log_failure(s, what, why);
    ftp_session_close(s, HF_REASON_TLS_CLIENT, HF_PHASE_REQUEST, NULL);
    return false;
}

/* Nobody is left to read an alert. */
static bool client_left(struct ftp_session *s, enum hf_status how)
{
    log_failure(s, "the TLS handshake failed", hf_tls_error(s->front.tls));
    s->state = FTP_LINGER; /* over: whoever called us does nothing with it any more */
    ftp_session_cut(s, how == HF_RESET ? HF_REASON_CLIENT_RESET : HF_REASON_CLIENT_CLOSED,
                    HF_PHASE_REQUEST);
    return false;
}

static enum hf_status start_tls(struct ftp_session *s)
{
    const struct hf_tls_options options = {.for_data = true};
    struct hf_tls *tls;

    enum hf_status status = hf_tls_begin_mt(s->session.facts.bind->tls_site, &options, &tls);
    if (status == HF_OK)
        status = hf_leg_start_tls(&s->front, tls);
    if (status == HF_OK)
        s->session.facts.front_tls = tls;
    return status;
}

bool ftps_begin_client(struct ftp_session *s)
{
    s->tls_begins = false;
    switch (start_tls(s)) {
    case HF_OK:
        return ftps_shake_client(s);
    case HF_DENIED:
        return give_up(s, "bytes behind AUTH in the clear, closed", "");
    default:
        return give_up(s, "TLS cannot begin", "out of memory");
    }
}

bool ftps_begin_implicit(struct ftp_session *s)
{
    return !words(s)->ssl || start_tls(s) == HF_OK;
}

void ftps_admitted(struct ftp_session *s)
{
    if (s->front.handshaking && hf_tls_is_ready(s->front.tls))
        (void)!ftps_shake_client(s); /* it is done; the leg hears of it */
}

bool ftps_shake_client(struct ftp_session *s)
{
    enum hf_status status = hf_leg_handshake(&s->front);
    switch (status) {
    case HF_OK:
        s->session.facts.client_tls = true;
        return true;
    case HF_AGAIN:
        return false;
    case HF_EOF:
    case HF_RESET:
        return client_left(s, status);
    default:
        return give_up(s, "the TLS handshake failed", hf_tls_error(s->front.tls));
    }
}
