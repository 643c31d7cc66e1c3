/*
 * server.c: the server is brought to TLS, and to PROT P, before the client reads its greeting.
 *
 *   ssl        connected --> handshake --> 220 ------------------------+
 *   starttls   connected --> 220 --> AUTH TLS --> 234 --> handshake ---+--> PBSZ 0, PROT P -->
 * greeting
 *
 * The client has seen nothing yet, so a server that cannot do this, or whose certificate is not
 * good, is left for the next one, as one that is down.  Nothing of a client's ever goes to a server
 * in the clear that should have had TLS.
 */
#include "ftps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/log/log.h"

#include "tell/tell.h"

enum stage { STAGE_AUTH, STAGE_PBSZ, STAGE_PROT };

struct ftps_preparing {
    uint8_t stage; /* enum stage: whose reply is awaited */
    size_t n;
    char greeting[]; /* for the client */
};

static const struct hf_cfg_server_tls *words(const struct ftp_session *s)
{
    return &s->session.server->cfg->o.tls;
}

void ftps_stop_preparing(struct ftp_session *s)
{
    free(s->preparing);
    s->preparing = NULL;
    s->server_prepared = s->prot_owed = false;
}

/* ---- failing -------------------------------------------------------------------------------- */

static void log_failure(const struct ftp_session *s, const char *what, const char *why)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    unsigned suppressed;
    char more[FTP_MORE_SIZE];

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(facts->backend, HF_LEVEL_WARNING, "%s: server %s: %s%s%s%s",
                        facts->backend->cfg->name, s->session.server->cfg->name, what,
                        *why ? ": " : "", why, ftp_more_text(suppressed, more));
}

/* False, for the caller to pass on. */
static bool leave(struct ftp_session *s, const char *what, const char *why)
{
    log_failure(s, what, why);
    ftp_try_next_server(s, HF_REASON_TLS_SERVER);
    return false;
}

static void leave_for_reply(struct ftp_session *s, const char *command, unsigned code,
                            const char *advice)
{
    char what[64];
    snprintf(what, sizeof what, "%s was answered with %u", command, code);
    log_failure(s, what, advice);
    ftp_try_next_server(s, HF_REASON_TLS_REFUSED);
}

/* In the clear, somebody between us may have written it; in TLS, nobody asked for it. */
static void leave_for_more(struct ftp_session *s)
{
    leave(s, "it said more than it was asked for before TLS", "");
}

/* ---- the way -------------------------------------------------------------------------------- */

static bool ask(struct ftp_session *s, enum stage stage, const char *line)
{
    s->preparing->stage = (uint8_t)stage;
    if (hf_leg_send(&s->back, line, strlen(line)) == HF_OK)
        return true;
    ftp_try_next_server(s, HF_REASON_SERVER_RESET);
    return false;
}

static bool begin_tls(struct ftp_session *s)
{
    struct hf_tls *tls;

    if (hf_dial_new_tls(&s->session, true, &tls) != HF_OK)
        return leave(s, "TLS cannot begin", "out of memory");
    switch (hf_leg_start_tls(&s->back, tls)) {
    case HF_OK:
        s->session.facts.back_tls = tls;
        return ftps_shake_server(s);
    case HF_DENIED:
        return leave(s, "bytes behind its answer to AUTH in the clear", "");
    default:
        return leave(s, "TLS cannot begin", "out of memory");
    }
}

bool ftps_connected(struct ftp_session *s)
{
    return !words(s)->ssl || begin_tls(s) || s->back.handshaking;
}

bool ftps_shake_server(struct ftp_session *s)
{
    switch (hf_leg_handshake(&s->back)) {
    case HF_OK:
        return !s->preparing || ask(s, STAGE_PBSZ, "PBSZ 0\r\n");
    case HF_AGAIN:
        return false;
    default:
        return leave(s, "the TLS handshake failed", hf_tls_error(s->back.tls));
    }
}

bool ftps_must_prepare(const struct ftp_session *s)
{
    return !s->server_prepared && hf_server_has_tls(&s->session.server->cfg->o);
}

void ftps_prepare(struct ftp_session *s, const char *greeting, size_t n, size_t behind)
{
    if (behind) {
        leave_for_more(s);
        return;
    }
    s->preparing = malloc(sizeof *s->preparing + n);
    if (!s->preparing) {
        leave(s, "TLS cannot begin", "out of memory");
        return;
    }
    s->preparing->n = n;
    memcpy(s->preparing->greeting, greeting, n);
    if (words(s)->ssl)
        (void)!ask(s, STAGE_PBSZ, "PBSZ 0\r\n");
    else
        (void)!ask(s, STAGE_AUTH, "AUTH TLS\r\n");
}

static void finish(struct ftp_session *s)
{
    struct ftps_preparing *preparing = s->preparing;

    s->preparing = NULL;
    s->server_prepared = true;
    ftp_greeted(s, preparing->greeting, preparing->n, preparing->n);
    free(preparing);
}

void ftps_on_reply(struct ftp_session *s, unsigned code, size_t behind)
{
    if (behind) {
        leave_for_more(s);
        return;
    }
    switch ((enum stage)s->preparing->stage) {
    case STAGE_AUTH:
        if (code != 234)
            leave_for_reply(s, "AUTH TLS", code,
                            "turn on TLS there, or remove 'starttls' from its line");
        else
            (void)!begin_tls(s);
        break;
    case STAGE_PBSZ: /* whatever it says: PROT decides */
        (void)!ask(s, STAGE_PROT, "PROT P\r\n");
        break;
    case STAGE_PROT:
        s->prot_owed = code == 503 || code == 530;
        if ((code < 200 || code > 299) && !s->prot_owed)
            leave_for_reply(s, "PROT P", code, "");
        else
            finish(s);
        break;
    }
}

/* ---- servers that take it behind the login only ------------------------------------------------
 */

/* What the client reads when it cannot be: no file may go without TLS. */
static void refuse_data(struct ftp_session *s, const char *what, const char *why)
{
    log_failure(s, what, why);
    ftp_session_close(s, HF_REASON_TLS_SERVER, HF_PHASE_DATA,
                      "421 The server does not protect data connections.\r\n");
}

void ftps_logged_in(struct ftp_session *s)
{
    static const char commands[] = "PBSZ 0\r\nPROT P\r\n";

    if (!s->prot_owed)
        return;
    s->prot_owed = false;
    if (s->queue.count + 2u > FTP_QUEUE_MAX) {
        refuse_data(s, "PROT P has no room", "the client has sent too many commands at once");
        return;
    }
    ftp_queue_push(&s->queue, HF_CMD_PBSZ, FTP_ANSWER_NONE)->own = true;
    ftp_queue_push(&s->queue, HF_CMD_PROT, FTP_ANSWER_NONE)->own = true;
    if (!ftp_say(s, &s->back, commands, sizeof commands - 1))
        refuse_data(s, "PROT P cannot be sent", "");
}

bool ftps_must_wait(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    const unsigned about_data = HF_CMDF_DATA | HF_CMDF_PASSIVE | HF_CMDF_ACTIVE;

    return s->prot_owed && cmd->flags & about_data && s->queue.count > 0;
}

void ftps_on_late_prot(struct ftp_session *s, unsigned code)
{
    char what[64];

    if (code <= 299)
        return;
    snprintf(what, sizeof what, "PROT P behind the login was answered with %u", code);
    refuse_data(s, what, "");
}
