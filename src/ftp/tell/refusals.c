/*
 * refusals.c: what was refused, and whose session was ended, as events in the log.
 *
 * Strangers can cause all of these as often as they like, so each kind has its allowance.
 */
#include "tell.h"

#include <stdio.h>
#include <string.h>

#include "haftp/log/log.h"

#include "filter/filter.h"

#define PER_SECOND 5u

const char *ftp_more_text(unsigned suppressed, char *buf)
{
    buf[0] = 0;
    if (suppressed)
        snprintf(buf, FTP_MORE_SIZE, " (%u more like this were not logged)", suppressed);
    return buf;
}

/* Ordinary questions with an ordinary "no": they tell an administrator nothing.  A denial by a rule
 * is what the file wanted (`ftp-request log` tells it); of a foreign address more is told by
 * ftp_log_bounce(). */
static bool is_ordinary(enum ftp_answer answer)
{
    switch (answer) {
    case FTP_ANSWER_NONE:
    case FTP_ANSWER_EMPTY:
    case FTP_ANSWER_NO_ACTIVE:
    case FTP_ANSWER_NO_DATA_PORT:
    case FTP_ANSWER_NO_LONG:
    case FTP_ANSWER_BAD_ADDRESS:
    case FTP_ANSWER_FOREIGN_ADDRESS:
    case FTP_ANSWER_EPSV_ALL:
    case FTP_ANSWER_EPSV_NET_4:
    case FTP_ANSWER_EPSV_NET_6:
    case FTP_ANSWER_EPSV_BAD:
    case FTP_ANSWER_NO_TLS:
    case FTP_ANSWER_ONLY_TLS:
    case FTP_ANSWER_NO_CCC:
    case FTP_ANSWER_NO_TLS_PROT:
    case FTP_ANSWER_DENIED:
    case FTP_ANSWER_LATE_HOST:
    case FTP_ANSWER_ABORTED:
        return true;
    default:
        return *ftp_answer_text(answer) < '4'; /* it was done, by haftp itself */
    }
}

static const char *server_name(const struct hf_facts *facts)
{
    return facts->server ? facts->server->cfg->name : "<NOSRV>";
}

/* A reply line without its end. */
static int length_of(const char *line)
{
    return (int)strcspn(line, "\r\n");
}

void ftp_log_answer(const struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer answer)
{
    static struct hf_log_limit limits[FTP_ANSWER_COUNT];
    const struct hf_facts *facts = &s->session.facts;
    const char *text = ftp_answer_text(answer);
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (is_ordinary(answer) || !hf_log_allowed_mt(&limits[answer], PER_SECOND, &suppressed))
        return;
    hf_log_event_mt(facts->frontend, HF_LEVEL_NOTICE,
                    "%s: %s of client %s (server %s) refused: %.*s%s", facts->frontend->cfg->name,
                    id == HF_CMD_OTHER ? "a command" : hf_ftp_cmd_name(id),
                    hf_addr_text(&facts->client, client), server_name(facts), length_of(text), text,
                    ftp_more_text(suppressed, more));
}

void ftp_log_bounce(const struct ftp_session *s, enum hf_ftp_cmd_id id,
                    const struct hf_addr *target)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    char client[HF_ADDR_TEXT_SIZE], named[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, PER_SECOND, &suppressed))
        hf_log_event_mt(
            facts->frontend, HF_LEVEL_WARNING,
            "%s: %s of client %s names %s, which is not its own address or a port below "
            "1024: refused%s",
            facts->frontend->cfg->name, hf_ftp_cmd_name(id), hf_addr_text(&facts->client, client),
            hf_addr_text(target, named), ftp_more_text(suppressed, more));
}

/* The reasons that leave a question, with what the client was told; all others are the peers' own
 * doing. */
void ftp_log_close(const struct ftp_session *s, enum hf_reason reason, const char *last_words)
{
    static struct hf_log_limit limits[5];
    const struct hf_facts *facts = &s->session.facts;
    bool serious = reason == HF_REASON_PROTOCOL_SERVER || reason == HF_REASON_INJECTED;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed, kind;

    switch (reason) {
    case HF_REASON_LOGIN_TIMEOUT:
        kind = 0;
        break;
    case HF_REASON_PROTOCOL_SERVER:
        kind = 1;
        break;
    case HF_REASON_RESOURCE:
        kind = 2;
        break;
    case HF_REASON_PROTOCOL_CLIENT:
        kind = 3;
        break;
    case HF_REASON_INJECTED:
        kind = 4;
        break;
    default:
        return;
    }
    if (hf_log_allowed_mt(&limits[kind], PER_SECOND, &suppressed))
        hf_log_event_mt(facts->frontend, serious ? HF_LEVEL_WARNING : HF_LEVEL_NOTICE,
                        "%s: session of client %s (server %s) closed: %.*s%s",
                        facts->frontend->cfg->name, hf_addr_text(&facts->client, client),
                        server_name(facts), last_words ? length_of(last_words) : 0,
                        last_words ? last_words : "", ftp_more_text(suppressed, more));
}

void ftp_log_data_failure(const struct ftp_session *s, const char *why)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, PER_SECOND, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_WARNING,
                        "%s: no data connection to server %s for client %s: %s%s",
                        facts->frontend->cfg->name, server_name(facts),
                        hf_addr_text(&facts->client, client), why, ftp_more_text(suppressed, more));
}

#define MOST_QUOTED 100u

void ftp_log_unwelcome(const struct ftp_session *s, struct hf_view said)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    char line[MOST_QUOTED + 1] = "", more[FTP_MORE_SIZE];
    unsigned suppressed;

    memcpy(line, said.p, said.n < MOST_QUOTED ? said.n : MOST_QUOTED);
    if (hf_log_allowed_mt(&limit, PER_SECOND, &suppressed))
        hf_log_event_mt(facts->backend, HF_LEVEL_WARNING,
                        "%s: server %s is not used for this session: it said \"%.*s\"%s",
                        facts->backend->cfg->name, server_name(facts), length_of(line), line,
                        ftp_more_text(suppressed, more));
}

void ftp_log_absence(const struct ftp_session *s, unsigned port, unsigned seconds)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, PER_SECOND, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_NOTICE,
                        "%s: client %s did not come to data port %u in %u s: is the port open in "
                        "firewalls, and was the client told an address that leads here (ftp-data "
                        "advertise)?%s",
                        facts->frontend->cfg->name, hf_addr_text(&facts->client, client), port,
                        seconds, ftp_more_text(suppressed, more));
}
