/*
 * front_desk.c: the client says who it is before it has a server.
 *
 *   greeting of our own --> commands answered here --> USER (or HOST, when only that decides)
 *         ^                                               |
 *         |                                               v
 *         |   nobody is responsible: 530         backend, server, connection, its greeting
 *         |<------------------------------------    swallowed, HOST, OPTS, CLNT replayed,
 *         |                                         the command itself, and on as any session
 *         |   REIN; another name before the login was complete
 *         +<----------------------------------------------'
 *
 * Only where the choice of the server depends on the login (hf_cfg_proxy.ftp_chooses_by).  The
 * deciding command stays unread in the leg's buffer meanwhile, and whatever the client pipelined
 * stays behind it.
 */
#include "desk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "haftp/log/log.h"

#include "filter/filter.h"
#include "tell/tell.h"
#include "tls/ftps.h"

#define MOST_UNKNOWN 3u /* names that no backend is responsible for */
#define MOST_REPLAYS 4u

/* Of a session whose section chooses by login, as long as the session lives. */
struct ftp_desk {
    bool due;        /* the command that is held decides */
    bool refused;    /* it did not: it is answered when it is read again */
    uint8_t unknown; /* names that led nowhere */
    /* What a server must be told before the deciding command, each one line without its end; in
     * the order of the first of its kind. */
    uint8_t n_replays, replayed;
    struct replay {
        enum hf_ftp_cmd_id id;
        char *line;
    } replays[MOST_REPLAYS];
};

static unsigned chooses_by(const struct ftp_session *s)
{
    return s->session.facts.frontend->cfg->ftp_chooses_by;
}

bool ftp_has_desk(const struct ftp_session *s)
{
    return chooses_by(s) != 0 && !s->session.facts.bind->opaque;
}

/* ---- what the server will have to hear ----------------------------------------------------- */

static void forget_replays(struct ftp_desk *desk)
{
    for (unsigned i = 0; i < desk->n_replays; i++)
        free(desk->replays[i].line);
    desk->n_replays = 0;
}

/* Without memory, or when there are too many, the server does not hear of it: as if the client had
 * come without. */
static void note_replay(struct ftp_desk *desk, enum hf_ftp_cmd_id id, struct hf_view line)
{
    char *copy = line.n <= HF_FTP_NAME_MAX + 8 ? strndup(line.p, line.n) : NULL;
    unsigned i = 0;

    while (i < desk->n_replays && desk->replays[i].id != id)
        i++;
    if (!copy || i == MOST_REPLAYS) {
        free(copy);
        return;
    }
    if (i == desk->n_replays)
        desk->replays[desk->n_replays++].line = NULL;
    free(desk->replays[i].line);
    desk->replays[i] = (struct replay){id, copy};
}

const char *ftp_desk_next_replay(struct ftp_session *s)
{
    struct ftp_desk *desk = s->desk;
    return desk->replayed < desk->n_replays ? desk->replays[desk->replayed++].line : NULL;
}

/* Whatever the server makes of OPTS, CLNT or HOST: the login goes on. */
bool ftp_desk_takes_reply(const struct ftp_session *s, int code)
{
    return s->desk->replayed ? code > 0 && code != 421 : code == 220;
}

void ftp_desk_begin_replay(struct ftp_session *s)
{
    s->desk->replayed = 0;
}

/* ---- opening and closing ------------------------------------------------------------------- */

/* "220-one\r\n220 two\r\n" of the lines that `ftp-greeting` gives. */
static bool say_greeting(struct ftp_session *s)
{
    const char *text = s->session.facts.frontend->cfg->o.ftp_greeting;
    const char *end;

    if (!text)
        text = "FTP service ready.";
    while ((end = strchr(text, '\n'))) {
        if (!ftp_say(s, &s->front, "220-", 4) ||
            !ftp_say_line(s, &s->front, hf_view(text, (size_t)(end - text))))
            return false;
        text = end + 1;
    }
    return ftp_say(s, &s->front, "220 ", 4) && ftp_say_line(s, &s->front, hf_view_cstr(text));
}

void ftp_desk_open(struct ftp_session *s)
{
    struct hf_ftp_facts *ftp;

    s->desk = calloc(1, sizeof *s->desk);
    if (!s->desk) {
        ftp_session_close(s, HF_REASON_RESOURCE, HF_PHASE_REQUEST, "421 Out of memory.\r\n");
        return;
    }
    if (!ftp_facts_of(s, &ftp))
        return;
    s->state = FTP_DESK;
    s->active_ms = hf_loop_now(s->session.engine->loop);
    ftp_replied(s, 220);
    if (say_greeting(s))
        ftp_session_step(s);
}

void ftp_desk_free(struct ftp_session *s)
{
    if (!s->desk)
        return;
    forget_replays(s->desk);
    free(s->desk);
    s->desk = NULL;
}

/* ---- commands before there is a server ----------------------------------------------------- */

/* What is true whatever server will be behind: we translate EPSV and EPRT for the oldest one, and
 * HOST is ours.  UTF8, MLST, SIZE and the like are not promised in its name; after the login the
 * client may ask again, and reads the server's own list.  RFC 2389 3.2. */
static enum ftp_verdict tell_features(struct ftp_session *s)
{
    static const char first[] = "211-Features:\r\n";
    static const char eprt[] = " EPRT\r\n";
    static const char rest[] = " EPSV\r\n HOST\r\n";
    static const char last[] = "211 End\r\n";
    const char *tls = ftps_features(s);
    bool active = !s->session.facts.frontend->cfg->o.ftp_active_denied;

    ftp_replied(s, 211);
    return ftp_say(s, &s->front, first, sizeof first - 1) &&
                   (!active || ftp_say(s, &s->front, eprt, sizeof eprt - 1)) &&
                   ftp_say(s, &s->front, rest, sizeof rest - 1) &&
                   ftp_say(s, &s->front, tls, strlen(tls)) &&
                   ftp_say(s, &s->front, last, sizeof last - 1)
               ? FTP_DONE
               : FTP_CLOSED;
}

static bool is_utf8_option(struct hf_view arg)
{
    static const char *const spellings[] = {"UTF8", "UTF8 ON", "UTF-8", "UTF-8 ON"};

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        if (arg.n == strlen(spellings[i]) && strncasecmp(arg.p, spellings[i], arg.n) == 0)
            return true;
    }
    return false;
}

static bool is_clnt(const struct hf_ftp_cmd *cmd)
{
    return cmd->verb.n == 4 && strncasecmp(cmd->verb.p, "CLNT", 4) == 0;
}

/* The name becomes the session's, and the choice is made by it once this step has read enough. */
static enum ftp_verdict decide_by(struct ftp_session *s)
{
    s->desk->due = true;
    return FTP_HOLD;
}

/* A name that cannot be one, or that nobody is responsible for; NONE: it may be looked at. */
static enum ftp_answer bad_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    struct hf_ftp_facts *ftp = s->session.facts.ftp;
    bool host = cmd->id == HF_CMD_HOST;

    if (s->desk->refused) {
        s->desk->refused = false;
        return host ? FTP_ANSWER_UNKNOWN_HOST : FTP_ANSWER_UNKNOWN_USER;
    }
    if (cmd->arg.n == 0)
        return FTP_ANSWER_NO_NAME;
    if (memchr(cmd->arg.p, 0xff, cmd->arg.n))
        return FTP_ANSWER_ODD_ARG;
    enum ftp_answer refusal = ftp_answer_to_name(hf_ftp_facts_say(ftp, host, cmd->arg));
    hf_ftp_facts_settle(ftp, true); /* without a name there is nothing to settle */
    return refusal;
}

static enum ftp_verdict on_host(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    enum ftp_answer refusal = bad_name(s, cmd);

    if (refusal != FTP_ANSWER_NONE)
        return ftp_answer(s, cmd->id, refusal);
    if (chooses_by(s) == HF_FTP_SAMPLE_HOST)
        return decide_by(s);
    note_replay(s->desk, HF_CMD_HOST, line);
    return ftp_answer(s, cmd->id, FTP_ANSWER_HOST_NOTED);
}

static enum ftp_verdict on_user(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    enum ftp_answer refusal = bad_name(s, cmd);
    return refusal == FTP_ANSWER_NONE ? decide_by(s) : ftp_answer(s, cmd->id, refusal);
}

/* REIN: the client has said nothing yet (RFC 7151 3.4: no HOST either). */
static enum ftp_verdict start_again(struct ftp_session *s)
{
    forget_replays(s->desk);
    hf_ftp_facts_forget_login(s->session.facts.ftp);
    ftps_forget(s);
    return ftp_answer(s, HF_CMD_REIN, FTP_ANSWER_REIN_DONE);
}

static enum ftp_verdict leave(struct ftp_session *s)
{
    ftp_session_close(s, HF_REASON_NONE, HF_PHASE_END, "221 Goodbye.\r\n");
    return FTP_CLOSED;
}

enum ftp_verdict ftp_desk_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                  struct hf_view line)
{
    switch (cmd->id) {
    case HF_CMD_USER:
        return on_user(s, cmd);
    case HF_CMD_HOST:
        return on_host(s, cmd, line);
    case HF_CMD_PASS:
    case HF_CMD_ACCT:
        return ftp_answer(s, cmd->id, FTP_ANSWER_USER_FIRST);
    case HF_CMD_REIN:
        return start_again(s);
    case HF_CMD_QUIT:
        return leave(s);
    case HF_CMD_FEAT:
        return tell_features(s);
    case HF_CMD_NOOP:
        return ftp_answer(s, cmd->id, FTP_ANSWER_NOTHING_DONE);
    case HF_CMD_ABOR:
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_TRANSFER);
    case HF_CMD_HELP:
        return ftp_answer(s, cmd->id, FTP_ANSWER_DESK_HELP);
    case HF_CMD_OPTS:
        if (!is_utf8_option(cmd->arg))
            return ftp_answer(s, cmd->id, FTP_ANSWER_LOG_IN_FIRST);
        note_replay(s->desk, cmd->id, line);
        return ftp_answer(s, cmd->id, FTP_ANSWER_NOTED);
    default:
        if (!is_clnt(cmd))
            return ftp_answer(s, cmd->id, FTP_ANSWER_LOG_IN_FIRST);
        note_replay(s->desk, cmd->id, line);
        return ftp_answer(s, cmd->id, FTP_ANSWER_NOTED);
    }
}

/* ---- the choice ---------------------------------------------------------------------------- */

bool ftp_desk_is_due(const struct ftp_session *s)
{
    return s->state == FTP_DESK && s->desk->due;
}

void ftp_desk_leave(struct ftp_session *s)
{
    s->desk->due = false;
    s->state = FTP_ADMITTING;
    hf_loop_timer_cancel(s->session.engine->loop, &s->timer);
}

static void log_unknown(const struct ftp_session *s)
{
    static struct hf_log_limit limit;
    const struct hf_facts *facts = &s->session.facts;
    const char *user = facts->ftp->user, *host = facts->ftp->host;
    char client[HF_ADDR_TEXT_SIZE], more[FTP_MORE_SIZE];
    unsigned suppressed;

    if (hf_log_allowed_mt(&limit, 5, &suppressed))
        hf_log_event_mt(facts->frontend, HF_LEVEL_WARNING,
                        "%s: no backend for %s '%s' of client %s%s", facts->frontend->cfg->name,
                        user ? "user" : "host",
                        user   ? user
                        : host ? host
                               : "",
                        hf_addr_host_text(&facts->client, client), ftp_more_text(suppressed, more));
}

void ftp_desk_unknown(struct ftp_session *s)
{
    static const char words[] = "421 None of these names is known here.\r\n";
    struct hf_ftp_facts *ftp = s->session.facts.ftp;

    log_unknown(s);
    if (++s->desk->unknown >= MOST_UNKNOWN) {
        ftp_session_close(s, HF_REASON_UNKNOWN_NAME, HF_PHASE_REQUEST, words);
        return;
    }
    hf_ftp_facts_forget_name(ftp, ftp->user == NULL);
    s->desk->refused = true;
    s->state = FTP_DESK;
    s->command_held = false;
    ftp_session_kick(s);
}

/* ---- coming back --------------------------------------------------------------------------- */

static void come_back(struct ftp_session *s)
{
    ftp_drop_server(s);
    hf_admit_undo(&s->session);
    s->user_given = s->server_lacks_epsv = s->held = s->begin_after_flush = false;
    s->needs_port = s->offset_set = s->told = s->direct = false;
    s->judged &= FTP_JUDGED_FRONT;
    s->state = FTP_DESK;
}

void ftp_desk_forget(struct ftp_session *s)
{
    if (!s->desk)
        return;
    if (s->state == FTP_READY)
        come_back(s);
    forget_replays(s->desk);
    hf_ftp_facts_forget_login(s->session.facts.ftp);
}

/* The server is had by another name than this. */
static bool is_another(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    bool host = cmd->id == HF_CMD_HOST;
    const struct hf_ftp_facts *ftp = s->session.facts.ftp;
    const char *name = host ? ftp->host : ftp->user;

    if (!name)
        return true;
    return cmd->arg.n != strlen(name) || (host ? strncasecmp(name, cmd->arg.p, cmd->arg.n)
                                               : memcmp(name, cmd->arg.p, cmd->arg.n)) != 0;
}

static bool decides(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    unsigned by = cmd->id == HF_CMD_USER   ? HF_FTP_SAMPLE_USER
                  : cmd->id == HF_CMD_HOST ? HF_FTP_SAMPLE_HOST
                                           : 0;
    return (chooses_by(s) & by) && is_another(s, cmd);
}

bool ftp_desk_leads_away(const struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    return s->desk && s->state == FTP_READY && (cmd->id == HF_CMD_REIN || decides(s, cmd));
}

static enum ftp_verdict rein(struct ftp_session *s)
{
    if (s->logged_in) /* who never logged in gets no more time for it */
        s->login_from_ms = hf_loop_now(s->session.engine->loop);
    s->logged_in = s->user_proven = s->epsv_all = false;
    come_back(s);
    return start_again(s);
}

enum ftp_verdict ftp_desk_again(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line, bool *taken)
{
    *taken = ftp_desk_leads_away(s, cmd);
    if (!*taken) {
        if (!s->logged_in && (is_clnt(cmd) || (cmd->id == HF_CMD_OPTS && is_utf8_option(cmd->arg))))
            note_replay(s->desk, cmd->id, line);
        return FTP_DONE;
    }
    if (ftp_queue_head(&s->queue)) /* the server owes replies */
        return FTP_HOLD;
    if (cmd->id == HF_CMD_REIN)
        return rein(s);
    if (s->user_given && cmd->id == HF_CMD_HOST)
        return ftp_answer(s, cmd->id, FTP_ANSWER_LATE_HOST);
    if (s->logged_in)
        return ftp_answer(s, cmd->id, FTP_ANSWER_REIN_FIRST);
    come_back(s);
    return ftp_desk_command(s, cmd, line);
}
