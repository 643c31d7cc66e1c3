/*
 * replies.c: replies on their way from the server to the client.
 *
 * Lines are forwarded as they are, but for four: the answer to PASV and EPSV is rewritten, FEAT is
 * cut to what works through us (features.c), the final reply of a transfer waits until its data is
 * through, and becomes a 426 where the server's 226 would be a lie (final_reply.c).
 */
#include "filter_int.h"

#include <stdio.h>
#include <string.h>

#include "data/setup.h"
#include "desk/desk.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

/* REIN: as if the client had just come (RFC 959 4.1.1).  Who never logged in gets no more time for
 * it. */
static void forget_login(struct ftp_session *s)
{
    if (s->logged_in)
        s->login_from_ms = hf_loop_now(s->session.engine->loop);
    s->logged_in = s->user_proven = s->epsv_all = s->user_given = false;
    if (s->session.facts.ftp)
        hf_ftp_facts_forget_login(s->session.facts.ftp);
    ftps_forget(s);
    ftp_forget_next_xfer(s);
    s->needs_port = s->direct = false;
}

/* Where we choose by the host, the client got what it asked for, even from a server that has no
 * virtual hosts of its own. */
static void on_host_reply(struct ftp_session *s, unsigned code)
{
    bool unknown_there = code == 500 || code == 502;

    if (s->desk && unknown_there) {
        code = 220;
        s->reply_mode = FTP_REPLY_REPLACE;
        ftp_replied(s, code);
        snprintf(s->replacement, sizeof s->replacement, "220 Host noted.\r\n");
    }
    s->named = s->named || (!s->desk && code < 300); /* another server can be chosen at a desk */
    ftp_name_answered(s, HF_CMD_HOST, code);
}

/* ---- reply by reply ---- */

static bool lets_in(const struct ftp_command *command, unsigned code)
{
    return (command->id == HF_CMD_USER || command->id == HF_CMD_PASS ||
            command->id == HF_CMD_ACCT) &&
           (code == 230 || code == 232);
}

/* To USER, PASS or ACCT. */
static void on_login_reply(struct ftp_session *s, const struct ftp_command *command, unsigned code)
{
    if (command->id == HF_CMD_USER)
        ftp_name_answered(s, HF_CMD_USER, code);
    if (lets_in(command, code)) {
        s->logged_in = s->user_proven = true;
        ftp_count(s, HF_COUNT_FTP_LOGINS, 1);
        return;
    }
    if (code >= 400)
        ftp_count(s, HF_COUNT_FTP_FAILED_LOGINS, 1);
    if (command->id == HF_CMD_USER && code < 400)
        s->user_proven = false;
}

/* The first line of a final reply: what it changes, and what is done with its lines. */
static void on_final_reply(struct ftp_session *s, struct ftp_command *command, unsigned code)
{
    switch (command->id) {
    case HF_CMD_PASV:
    case HF_CMD_EPSV:
    case HF_CMD_PORT:
    case HF_CMD_EPRT:
        s->epsv_all = s->epsv_all || (command->epsv_all && code < 300);
        s->reply_mode = ftp_setup_mode(s, command, code);
        break;
    case HF_CMD_QUIT: /* pyftpdlib stays as long as its data connection does */
        if (code < 300)
            ftp_forget_next_xfer(s);
        break;
    case HF_CMD_REIN:
        if (code < 300)
            forget_login(s);
        break;
    case HF_CMD_FEAT:
        if (code == 211)
            s->reply_mode = FTP_REPLY_FEAT;
        else if (*ftps_features(s) && (code == 500 || code == 502))
            s->reply_mode = FTP_REPLY_OWN_FEAT;
        break;
    case HF_CMD_HOST:
        on_host_reply(s, code);
        break;
    case HF_CMD_USER:
    case HF_CMD_PASS:
    case HF_CMD_ACCT:
        on_login_reply(s, command, code);
        break;
    default:
        break;
    }
}

/* Looks at the first line of a reply.  HOLD: it must wait. */
static enum ftp_verdict begin_reply(struct ftp_session *s, struct ftp_command *command,
                                    unsigned code)
{
    bool swallow =
        command ? command->forgets || command->own : ftp_queue_setup_is_late(&s->queue, code);
    s->reply_mode = swallow ? FTP_REPLY_SWALLOW : FTP_REPLY_RELAY;
    if (s->reply_mode == FTP_REPLY_SWALLOW)
        return FTP_DONE;
    ftp_replied(s, code);
    if (!command)
        return FTP_DONE;
    if (code < 200) {
        command->begun = command->begun || code == 125 || code == 150;
        return FTP_DONE;
    }
    if (ftp_command_moves_data(command)) {
        if (code < 300)
            return ftp_transfer_succeeded(s, command, code);
        /* 3xx asks for more, which no transfer does: it ends it. */
        ftp_transfer_failed(s, command, code);
        return FTP_DONE;
    }
    on_final_reply(s, command, code);
    return FTP_DONE;
}

/* ---- line by line ---- */

/* The address may stand on any line of a multi-line 227.  "227" itself is no part of it. */
static void find_address(struct ftp_session *s, struct hf_view line)
{
    struct hf_addr addr;
    if (line.n >= 3 && line.p[0] == '2' && line.p[1] == '2') {
        line.p += 3;
        line.n -= 3;
    }
    if (hf_ftp_parse_epsv_reply(line, &addr) == HF_OK ||
        hf_ftp_parse_pasv_reply(line, &addr) == HF_OK)
        s->passive_addr = addr;
}

/* One line of the reply in its mode. */
static enum ftp_verdict relay_line(struct ftp_session *s, struct ftp_command *command,
                                   struct hf_view line, bool last)
{
    bool said = true;
    switch ((enum ftp_reply_mode)s->reply_mode) {
    case FTP_REPLY_RELAY:
        said = ftp_say_line(s, &s->front, line);
        break;
    case FTP_REPLY_FEAT:
        if (last && s->reply_bytes > 0)
            said = ftp_say_features(s, line);
        else if (last && *ftps_features(s))
            said = ftp_say_own_features(s);
        else if (last || s->reply_bytes == 0 || !ftp_feature_is_hidden(s, line))
            said = ftp_say_line(s, &s->front, line);
        break;
    case FTP_REPLY_OWN_FEAT:
        if (last)
            said = ftp_say_own_features(s);
        break;
    case FTP_REPLY_SETUP:
        find_address(s, line);
        if (last)
            return ftp_server_ready(s, command, &s->passive_addr);
        break;
    case FTP_REPLY_RETRY:
        if (last)
            said = ftp_ask_again(s, command);
        break;
    case FTP_REPLY_SWALLOW:
        break;
    case FTP_REPLY_REPLACE:
        if (last)
            said = ftp_say(s, &s->front, s->replacement, strlen(s->replacement));
        break;
    }
    return said ? FTP_DONE : FTP_CLOSED;
}

/* ---- what ends with a reply ---- */

/* The reply to a command of our own. */
static void end_own(struct ftp_session *s, unsigned position, unsigned code)
{
    enum hf_ftp_cmd_id id = (enum hf_ftp_cmd_id)ftp_queue_at(&s->queue, (int)position)->id;

    if (code < 200)
        return;
    ftp_queue_remove(&s->queue, position);
    if (id == HF_CMD_PROT)
        ftps_on_late_prot(s, code);
}

/* The reply is complete: whose was it, and what begins or ends with it. */
static void end_reply(struct ftp_session *s, int position, unsigned code)
{
    s->reply_bytes = 0;
    s->command_held = false; /* it may have waited for this */
    if (s->reply_mode != FTP_REPLY_SWALLOW && s->reply_mode != FTP_REPLY_RETRY)
        ftp_count_reply(s);
    ftp_queue_answered(&s->queue, ftp_queue_at(&s->queue, position), code);
    if (position < 0 || s->reply_mode == FTP_REPLY_RETRY)
        return;
    struct ftp_command *command = ftp_queue_at(&s->queue, position);
    if (command->own) {
        end_own(s, (unsigned)position, code);
        return;
    }
    if (s->reply_mode == FTP_REPLY_SWALLOW) {
        command->forgets = code < 200;
        return;
    }
    if (code >= 200) {
        bool decides_auth = ftp_opaque_awaited(s);
        bool succeeded = code < 300 && ftp_command_moves_data(command);
        bool let_in = lets_in(command, code);
        ftp_queue_remove(&s->queue, (unsigned)position);
        if (succeeded)
            ftp_queue_doubt_abort(&s->queue);
        if (decides_auth)
            ftp_opaque_decide(s, code);
        if (let_in)
            ftps_logged_in(s);
        return;
    }
    command = ftp_queue_head(&s->queue);
    if (ftp_command_moves_data(command) && ftp_adopt_xfer(s, command, code)) {
        s->xfer_from_server = ftp_command_is_download(command);
        s->begin_after_flush = true;
    }
}

static enum ftp_verdict on_line(struct ftp_session *s, struct hf_view line, size_t used)
{
    struct hf_ftp_reply next = s->reply;
    bool first = s->reply.code == 0;
    enum hf_ftp_reply_line kind = hf_ftp_reply_next(&next, line);
    static const char broken[] = "421 The server sent something that is not FTP.\r\n";

    if (kind == HF_FTP_REPLY_BAD || s->reply_bytes + used > ftp_of(s)->limits->ftp_max_reply) {
        ftp_session_close(s, HF_REASON_PROTOCOL_SERVER, HF_PHASE_DATA, broken);
        return FTP_CLOSED;
    }
    unsigned code = next.code ? next.code : s->reply.code;
    while (first && ftp_queue_abort_is_over(&s->queue, code)) {
        if (!ftp_abort_is_over(s))
            return FTP_CLOSED;
    }
    int position = ftp_queue_match(&s->queue, code);
    struct ftp_command *command = ftp_queue_at(&s->queue, position);

    if (first && ftp_opaque_awaited(s) && command && !ftp_opaque_may_begin(s, code))
        return FTP_CLOSED;
    enum ftp_verdict verdict = first ? begin_reply(s, command, code) : FTP_DONE;
    if (verdict != FTP_DONE)
        return verdict;
    if (first && command && !command->own)
        ftp_record_reply(s, command, s->last_code, line);
    verdict = relay_line(s, command, line, kind == HF_FTP_REPLY_LAST);
    if (verdict != FTP_DONE)
        return verdict;
    s->reply = next;
    s->reply_bytes += (uint32_t)used;
    if (kind == HF_FTP_REPLY_LAST) {
        s->reply = (struct hf_ftp_reply){0};
        if (!ftp_judge_reply(s, ftp_queue_at(&s->queue, position), code))
            return FTP_CLOSED;
        end_reply(s, position, code);
        if (s->state == FTP_LINGER || !ftp_answer_due(s))
            return FTP_CLOSED;
    }
    return FTP_DONE;
}

long ftp_filter_server(struct ftp_session *s, const char *p, size_t n)
{
    static const char nul[] = "421 The server sent a line with a NUL byte.\r\n";
    static const char too_long[] = "421 The server sent a line that is too long.\r\n";
    size_t done = 0;
    while (done < n && s->state == FTP_READY) { /* behind the reply to AUTH, there are no lines */
        struct hf_view line;
        size_t used;
        enum ftp_verdict verdict;

        switch (hf_ftp_line_cut(p + done, n - done, ftp_of(s)->limits->ftp_max_reply_line, &line,
                                &used)) {
        case HF_FTP_LINE_MORE:
            return (long)done;
        case HF_FTP_LINE_TOO_LONG:
            ftp_session_close(s, HF_REASON_PROTOCOL_SERVER, HF_PHASE_DATA, too_long);
            return -1;
        case HF_FTP_LINE_NUL:
            ftp_session_close(s, HF_REASON_PROTOCOL_SERVER, HF_PHASE_DATA, nul);
            return -1;
        case HF_FTP_LINE_OK:
            verdict = on_line(s, line, used);
            if (verdict == FTP_HOLD)
                return (long)done;
            if (verdict == FTP_CLOSED)
                return -1;
            break;
        }
        done += used;
    }
    return (long)done;
}
