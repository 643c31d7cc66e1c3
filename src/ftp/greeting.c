/*
 * greeting.c: a server is chosen, connected, and has greeted: only then does the client read its
 * first byte.
 *
 * Until that moment another server may be tried, so one that refuses, hangs or greets with 421 is
 * never seen.
 */
#include "ftp_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/log/log.h"

#include "desk/desk.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

/* ---- tcp-response content: rules on the greeting --------------------------------------------- */

void ftp_end_response_rules(struct ftp_session *s)
{
    if (s->response)
        hf_inspect_stop(s->response);
    free(s->response);
    s->response = NULL;
}

static void on_response_due(struct hf_inspect *inspect)
{
    ftp_session_step(HF_CONTAINER(inspect->session, struct ftp_session, session));
}

/* False: no memory. */
static bool begin_response_rules(struct ftp_session *s)
{
    const struct hf_cfg_proxy *section = s->session.facts.backend->cfg;

    if (!section->rules[HF_RULES_RESPONSE])
        return true;
    s->response = malloc(sizeof *s->response);
    if (!s->response)
        return false;
    hf_inspect_begin(s->response, &s->session, &s->back.watch, section, HF_RULES_RESPONSE,
                     on_response_due);
    return true;
}

bool ftp_passes_response_rules(struct ftp_session *s)
{
    if (!s->response)
        return true;
    switch (hf_inspect_run(s->response)) {
    case HF_RULING_WAIT:
        return false;
    case HF_RULING_REJECT:
        ftp_session_close(s, HF_REASON_PROXY_REFUSED, HF_PHASE_DATA, NULL);
        return false;
    case HF_RULING_PASS:
        break;
    }
    ftp_end_response_rules(s);
    return true;
}

/* ---- servers, one after the other ------------------------------------------------------------ */

void ftp_try_next_server(struct ftp_session *s, enum hf_reason reason)
{
    ftp_end_response_rules(s);
    ftps_stop_preparing(s);
    hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    s->session.facts.back_tls = NULL;
    hf_leg_close(&s->back, false);
    s->state = FTP_DIALING;
    hf_dial_again(s->dial, reason);
}

/* A server that was silent for so long is not asked twice: the client has waited enough. */
static void on_greeting_timeout(struct hf_timer *timer)
{
    struct ftp_session *s = HF_CONTAINER(timer, struct ftp_session, timer);
    if (s->dial->pick.n_tried + 1 >= s->session.facts.backend->n_servers)
        s->dial->tries_left = 0;
    ftp_try_next_server(s, HF_REASON_SERVER_TIMEOUT);
}

/* The first complete reply that is not a 1xx: its code and where it begins and ends; code 0: not
 * there yet, -1: not FTP.  A 120 ("ready in n minutes") is not passed on: another server may still
 * be tried. */
static int find_greeting(const struct hf_cfg_global *limits, const char *p, size_t n, size_t *begin,
                         size_t *end)
{
    struct hf_ftp_reply reply = {0};
    size_t at = 0, line_end;
    struct hf_view line;
    size_t used;

    *begin = *end = 0;
    for (;;) {
        switch (hf_ftp_line_cut(p + at, n - at, limits->ftp_max_reply_line, &line, &used)) {
        case HF_FTP_LINE_MORE:
            return n >= limits->ftp_max_reply ? -1 : 0;
        case HF_FTP_LINE_OK:
            break;
        default:
            return -1;
        }
        line_end = at + used;
        switch (hf_ftp_reply_next(&reply, line)) {
        case HF_FTP_REPLY_BAD:
            return -1;
        case HF_FTP_REPLY_MORE:
            break;
        case HF_FTP_REPLY_LAST:
            if (reply.code >= 200) {
                *end = line_end;
                return reply.code;
            }
            reply = (struct hf_ftp_reply){0};
            *begin = line_end;
            break;
        }
        at = line_end;
    }
}

/* The client was greeted by us, and the server has to hear what it said meanwhile. One line after
 * the other: old servers drop what comes too early.  False: there is more to hear of it first, or
 * the next server is tried. */
static bool is_briefed(struct ftp_session *s, const char *rest, size_t n)
{
    const char *line = ftp_desk_next_replay(s);

    if (!line)
        return true;
    if (hf_leg_send(&s->back, line, strlen(line)) != HF_OK ||
        hf_leg_send(&s->back, "\r\n", 2) != HF_OK)
        ftp_try_next_server(s, HF_REASON_SERVER_RESET);
    else
        ftp_keep(s, &s->back, rest, n);
    return false;
}

/* A client that was moved here has read its greeting elsewhere. */
static bool was_greeted(const struct ftp_session *s)
{
    return s->opaque && s->opaque->moved;
}

/* The greeting ends at `end`; 0: it was dealt with. */
static void greet(struct ftp_session *s, const char *p, size_t n, size_t end)
{
    hf_loop_timer_cancel(ftp_loop_of(s), &s->timer);
    hf_dial_succeeded(s->dial);
    hf_dial_free(s->dial);
    s->dial = NULL;
    s->state = FTP_READY;
    s->command_held = false; /* what decided on this server */
    s->active_ms = hf_loop_now(ftp_loop_of(s));
    if (was_greeted(s)) {
        p += end;
        n -= end;
    } else {
        hf_session_established(&s->session);
    }
    /* From here on the greeting is a reply like any other, one that nobody asked for. */
    if (ftp_keep(s, &s->back, p, n))
        ftp_session_step(s);
}

void ftp_greeted(struct ftp_session *s, const char *p, size_t n, size_t end)
{
    if (!s->desk)
        greet(s, p, n, end);
    else if (is_briefed(s, p + end, n - end))
        greet(s, p + end, n - end, 0);
}

/* A server that is being brought to TLS may have more to say in what was read. */
static void prepare_on(struct ftp_session *s, unsigned code, size_t behind)
{
    ftps_on_reply(s, code, behind);
    if (s->state == FTP_GREETING)
        hf_watch_again(&s->back.watch);
}

/* It said something, and that is no greeting. */
static void leave_unwelcome(struct ftp_session *s, const char *p, size_t n)
{
    ftp_log_unwelcome(s, hf_view(p, n));
    ftp_try_next_server(s, HF_REASON_SERVER_GREETING);
}

void ftp_await_greeting(struct ftp_session *s)
{
    struct hf_ftp *ftp = ftp_of(s);
    size_t n = 0, begin, end;

    if (s->back.handshaking && !ftps_shake_server(s))
        return;
    if (!ftp_passes_response_rules(s))
        return;
    enum hf_status status = hf_leg_flush(&s->back);
    if (status == HF_OK || status == HF_AGAIN)
        status = hf_leg_read(&s->back, ftp->input, ftp->input_bytes, &n);
    int code = find_greeting(ftp->limits, ftp->input, n, &begin, &end);

    if (code > 0 && s->preparing)
        prepare_on(s, (unsigned)code, n - end);
    else if (code == 220 && ftps_must_prepare(s))
        ftps_prepare(s, ftp->input + begin, n - begin, n - end);
    else if (code > 0 && (s->desk ? ftp_desk_takes_reply(s, code) : code == 220))
        ftp_greeted(s, ftp->input + begin, n - begin, end - begin);
    else if (code != 0)
        leave_unwelcome(s, ftp->input + begin, n - begin);
    else if (status == HF_EOF)
        ftp_try_next_server(s, HF_REASON_SERVER_CLOSED);
    else if (status != HF_OK && status != HF_AGAIN)
        ftp_try_next_server(s, HF_REASON_SERVER_RESET);
    else
        ftp_keep(s, &s->back, ftp->input, n);
}

/* `timeout ftp-greeting`, never more than `timeout server`; 0: for ever. */
static unsigned greeting_limit(const struct ftp_session *s)
{
    const struct hf_cfg_timeouts *t = &s->session.facts.backend->cfg->o.timeout;
    return hf_timeout_shorter(t->server, t->ftp_greeting);
}

static void log_no_server(const struct ftp_session *s)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    unsigned suppressed;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_WARNING, "%s: 421 for client %s: %s%s%s%s",
                        facts->frontend->cfg->name, hf_addr_host_text(&facts->client, client),
                        facts->server ? facts->server->cfg->name : "", facts->server ? ": " : "",
                        hf_reason_text((enum hf_reason)facts->reason),
                        ftp_more_text(suppressed, more));
}

static void refuse_without_server(struct ftp_session *s)
{
    enum hf_reason reason = (enum hf_reason)s->session.facts.reason;
    char words[160];
    log_no_server(s);
    if (reason == HF_REASON_NO_SERVER)
        snprintf(words, sizeof words, "421 No server is available; please try again later.\r\n");
    else
        snprintf(words, sizeof words,
                 "421 No server is available (%s); please try again later.\r\n",
                 hf_reason_text(reason));
    ftp_session_close(s, HF_REASON_NO_SERVER, HF_PHASE_CONNECT, words);
}

static void on_dialed(struct hf_session *session, bool connected)
{
    struct ftp_session *s = HF_CONTAINER(session, struct ftp_session, session);
    if (!connected) {
        refuse_without_server(s);
        return;
    }
    hf_session_tune_server(session, s->back.watch.fd);
    s->state = FTP_GREETING;
    if (s->desk)
        ftp_desk_begin_replay(s);
    if (!begin_response_rules(s)) {
        ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_CONNECT, "421 Out of memory.\r\n");
        return;
    }
    if (s->session.facts.bind->opaque) {
        ftp_opaque_connected(s);
        return;
    }
    if (greeting_limit(s))
        hf_loop_timer(ftp_loop_of(s), &s->timer, greeting_limit(s), on_greeting_timeout);
    if (ftps_connected(s))
        ftp_await_greeting(s); /* it may have come in the same event */
}

bool ftp_dial(struct ftp_session *s, hf_watch_fn on_back)
{
    if (!s->session.wanted)
        s->session.wanted = ftp_opaque_home(s);
    s->dial = hf_dial_new(&s->session, &s->back.watch, on_back, on_dialed);
    if (!s->dial)
        return false;
    s->dial->elsewhere = true;
    hf_dial_begin(s->dial, &s->front.watch);
    return true;
}
