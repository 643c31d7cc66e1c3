/*
 * commands.c: commands on their way from the client to the server.
 *
 * Each complete line becomes one entry in the queue of outstanding commands: forwarded, rewritten,
 * or answered here in its place in the order of replies.
 */
#include "filter_int.h"

#include <string.h>

#include "data/setup.h"
#include "data/xfer.h"
#include "desk/desk.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

bool ftp_may_take_command(const struct ftp_session *s)
{
    return (s->state == FTP_READY || s->state == FTP_DESK) && !s->command_held && !s->tls_begins &&
           !s->front.handshaking && !ftp_queue_full(&s->queue) && !ftp_opaque_awaited(s) &&
           !s->back.eof && hf_buf_size(&s->back.out) < HF_LEG_OUT_MAX / 4;
}

enum ftp_verdict ftp_forward(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                             struct hf_view line)
{
    ftp_record_command(s, ftp_queue_push(&s->queue, cmd->id, FTP_ANSWER_NONE), cmd->arg);
    if (cmd->id == HF_CMD_REST)
        s->offset_set = true;
    else if (cmd->flags & HF_CMDF_DATA)
        s->offset_set = false;
    s->named = s->named || (cmd->flags & HF_CMDF_LOGIN);
    return ftp_say_line(s, &s->back, line) ? FTP_DONE : FTP_CLOSED;
}

/* ---- data connections -------------------------------------------------------------------- */

/* The server's own answer is the client's. */
static enum ftp_verdict pass_on(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    ftp_go_direct(s);
    return ftp_forward(s, cmd, line);
}

/* PASV cannot name an IPv6 address of ours: RFC 2428 asks for EPSV. */
static enum ftp_verdict on_pasv(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    struct hf_addr addr;
    if (s->epsv_all)
        return ftp_answer(s, HF_CMD_PASV, FTP_ANSWER_EPSV_ALL);
    if (ftp_is_direct(s))
        return pass_on(s, cmd, line);
    if (!ftp_passive_address(s, &addr))
        return ftp_answer(s, HF_CMD_PASV, FTP_ANSWER_PASV_ON_IPV6);
    return ftp_ask_server(s, HF_CMD_PASV);
}

/* It binds the client from the server's reply on.  A server that we ask by PASV or PORT must not
 * hear of it: it would refuse those. */
static enum ftp_verdict on_epsv_all(struct ftp_session *s, struct hf_view line)
{
    if (!ftp_is_direct(s) && !ftp_asks_by_epsv(s)) {
        s->epsv_all = true;
        return ftp_answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_ALL_NOTED);
    }
    ftp_queue_push(&s->queue, HF_CMD_EPSV, FTP_ANSWER_NONE)->epsv_all = true;
    return ftp_say_line(s, &s->back, line) ? FTP_DONE : FTP_CLOSED;
}

/* The protocol asked for is the client's side's (RFC 2428 3); the server may live in the other
 * family. */
static enum ftp_verdict on_epsv(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    bool v6 = hf_facts_here(&s->session.facts)->sa.sa_family == AF_INET6;
    switch (hf_ftp_parse_epsv_arg(cmd->arg)) {
    case HF_EPSV_ALL:
        return on_epsv_all(s, line);
    case HF_EPSV_V4:
        if (v6)
            return ftp_answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_NET_6);
        break;
    case HF_EPSV_V6:
        if (!v6)
            return ftp_answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_NET_4);
        break;
    case HF_EPSV_OTHER:
        return ftp_answer(s, HF_CMD_EPSV, v6 ? FTP_ANSWER_EPSV_NET_6 : FTP_ANSWER_EPSV_NET_4);
    case HF_EPSV_BAD:
        return ftp_answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_BAD);
    case HF_EPSV_NONE:
        break;
    }
    return ftp_is_direct(s) ? pass_on(s, cmd, line) : ftp_ask_server(s, HF_CMD_EPSV);
}

/* A server whose data connection lost its client would say 150 and 226 all the same, for a file
 * that nobody got. */
static bool lacks_data_port(struct ftp_session *s)
{
    return s->needs_port && !s->direct && !s->next_xfer &&
           !ftp_queue_awaits(&s->queue, HF_CMDF_ACTIVE | HF_CMDF_PASSIVE);
}

/* The server would wait for a connection that cannot be made. */
static bool is_unreachable(struct ftp_session *s)
{
    return s->next_xfer && ftp_xfer_lacks_server(s->next_xfer) &&
           !ftp_queue_awaits(&s->queue, HF_CMDF_ACTIVE | HF_CMDF_PASSIVE);
}

static enum ftp_verdict on_transfer(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                    struct hf_view line)
{
    enum ftp_answer refusal;
    if (lacks_data_port(s))
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_DATA_PORT);
    enum ftp_verdict verdict = ftp_active_connect(s, &refusal);

    if (verdict != FTP_DONE)
        return verdict;
    if (refusal == FTP_ANSWER_NONE && is_unreachable(s))
        refusal = FTP_ANSWER_NO_SERVER_PORT;
    if (refusal == FTP_ANSWER_NONE)
        return ftp_forward(s, cmd, line);
    ftp_record_transfer_of(s, s->next_xfer, cmd->id, cmd->arg);
    ftp_record_verdict(s->next_xfer, 425);
    ftp_xfer_close(s->next_xfer);
    s->next_xfer = NULL;
    s->needs_port = true;
    return ftp_answer(s, cmd->id, refusal);
}

/* ---- command by command ------------------------------------------------------------------ */

/* HOST and USER tell who comes: what a rule or a choice goes by must be what the server took. */
static enum ftp_verdict on_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    enum ftp_answer refusal = ftp_note_name(s, cmd);
    return refusal == FTP_ANSWER_NONE ? ftp_forward(s, cmd, line) : ftp_answer(s, cmd->id, refusal);
}

/* These are answered by whoever ends the encryption, with or without a server. */
static bool is_about_protection(enum hf_ftp_cmd_id id)
{
    return id == HF_CMD_AUTH || id == HF_CMD_ADAT || id == HF_CMD_PBSZ || id == HF_CMD_PROT ||
           id == HF_CMD_CCC;
}

/* Some servers answer what comes behind a transfer while it runs, and what comes behind a PORT
 * before they have connected: then nobody could tell whose a reply is.  And were the first of two
 * transfers refused, its data connection would go, and the server might send the second file into
 * what is left of it.  RFC 959 6: a user process waits for the reply. */
static bool must_wait(struct ftp_session *s, const struct hf_ftp_cmd *cmd)
{
    return ftp_queue_invites_server(&s->queue) ||
           (!(cmd->flags & HF_CMDF_URGENT) && ftp_queue_transfers(&s->queue));
}

/* REIN in the queue: until its reply it is open whether what follows is said by somebody new, and a
 * reply that forgets the login must not forget what was said behind it. */
static bool awaits_rein(struct ftp_session *s)
{
    for (int n = 0; n < s->queue.count; n++) {
        const struct ftp_command *command = ftp_queue_at(&s->queue, n);
        if (command->id == HF_CMD_REIN && command->answer == FTP_ANSWER_NONE)
            return true;
    }
    return false;
}

/* Servers do not agree on what such a line says. */
static enum ftp_answer doubt(const struct hf_ftp_cmd *cmd, struct hf_view line)
{
    /* A server that takes Telnet commands out of any place in a line would see another verb. */
    if (cmd->odd_verb)
        return FTP_ANSWER_ODD_VERB;
    /* ProFTPD stops reading there, others go on. */
    return memchr(line.p, '\r', line.n) ? FTP_ANSWER_CR : FTP_ANSWER_NONE;
}

/* The server is there, and nothing stands against the command. */
static enum ftp_verdict send_on(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    s->told = s->told || !(cmd->flags & HF_CMDF_QUERY);
    switch (cmd->id) {
    case HF_CMD_USER:
    case HF_CMD_HOST:
        return on_name(s, cmd, line);
    case HF_CMD_PASV:
        return on_pasv(s, cmd, line);
    case HF_CMD_EPSV:
        return on_epsv(s, cmd, line);
    case HF_CMD_PORT:
    case HF_CMD_EPRT:
        return ftp_active_command(s, cmd, line);
    case HF_CMD_LPRT:
        return ftp_answer(s, cmd->id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_ACTIVE);
    case HF_CMD_LPSV:
        return ftp_answer(s, cmd->id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_LONG);
    case HF_CMD_AUTH:
        return ftp_opaque_ask(s, cmd->arg, line);
    case HF_CMD_CCC:
        return ftp_tls_passes(s) ? ftp_forward(s, cmd, line)
                                 : ftp_answer(s, cmd->id, FTP_ANSWER_NO_CCC);
    case HF_CMD_ADAT:
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_TLS_PROT);
    case HF_CMD_PBSZ:
    case HF_CMD_PROT:
        return ftp_tls_passes(s) ? ftp_forward(s, cmd, line)
                                 : ftp_answer(s, cmd->id, FTP_ANSWER_NO_TLS_PROT);
    case HF_CMD_REIN: /* servers end TLS with it, or do not (RFC 4217 leaves it open) */
        return s->back.tls ? ftp_answer(s, cmd->id, FTP_ANSWER_NO_REIN) : ftp_forward(s, cmd, line);
    case HF_CMD_ABOR:
        return ftp_abort_what_runs(s) ? ftp_forward(s, cmd, line) : FTP_CLOSED;
    default:
        return cmd->flags & HF_CMDF_DATA ? on_transfer(s, cmd, line) : ftp_forward(s, cmd, line);
    }
}

enum ftp_verdict ftp_take_command(struct ftp_session *s, struct hf_view line)
{
    struct hf_ftp_cmd cmd;
    bool answered = false;
    if (awaits_rein(s))
        return FTP_HOLD;
    if (!hf_ftp_cmd_parse(line, &cmd))
        return ftp_answer(s, HF_CMD_OTHER, FTP_ANSWER_EMPTY);
    enum ftp_answer refusal = doubt(&cmd, line);
    if (refusal != FTP_ANSWER_NONE)
        return ftp_answer(s, HF_CMD_OTHER, refusal);
    if (ftp_is_of_another_protocol(&cmd))
        return ftp_close_to_others(s, line);
    if (must_wait(s, &cmd))
        return FTP_HOLD;
    /* Telnet commands before the verb (RFC 959 4.1.3, ABOR) have done their work: not every server
     * skips them. */
    struct hf_view clean = hf_view(cmd.verb.p, (size_t)(line.p + line.n - cmd.verb.p));
    enum ftp_verdict verdict = ftp_judge(s, &cmd, &answered);
    if (verdict != FTP_DONE || answered)
        return verdict;
    refusal = ftps_refusal(s, &cmd);
    if (refusal != FTP_ANSWER_NONE)
        return ftp_answer(s, cmd.id, refusal);
    if ((cmd.flags & HF_CMDF_SECURITY) && ftps_is_offered(s))
        return ftps_command(s, &cmd);
    if (s->state == FTP_DESK && !is_about_protection(cmd.id))
        return ftp_desk_command(s, &cmd, clean);
    if (s->desk) {
        verdict = ftp_desk_again(s, &cmd, clean, &answered);
        if (verdict != FTP_DONE || answered)
            return verdict;
    }
    if (ftps_must_wait(s, &cmd))
        return FTP_HOLD;
    return send_on(s, &cmd, clean);
}

/* ---- line by line ------------------------------------------------------------------------ */

/* The rest of a command that was refused for its length, up to its end of line.  Returns what it
 * used. */
static size_t skip_rest(struct ftp_session *s, const char *p, size_t n)
{
    const char *end = memchr(p, '\n', n);
    if (!end)
        return n;
    s->skipping = false;
    return (size_t)(end - p) + 1;
}

long ftp_filter_client(struct ftp_session *s, const char *p, size_t n)
{
    const size_t max = ftp_of(s)->limits->ftp_max_command;
    size_t done = 0;
    while (done < n && ftp_may_take_command(s)) {
        struct hf_view line;
        size_t used;
        enum ftp_verdict verdict = FTP_DONE;

        if (s->skipping) {
            done += skip_rest(s, p + done, n - done);
            continue;
        }
        enum hf_ftp_line cut = hf_ftp_line_cut(p + done, n - done, max, &line, &used);
        if (!ftp_is_heard(s, cut, line, hf_view(p + done, n - done)))
            return -1;
        switch (cut) {
        case HF_FTP_LINE_MORE:
            return (long)done;
        case HF_FTP_LINE_TOO_LONG:
            s->skipping = true;
            used = 0;
            verdict = ftp_answer(s, HF_CMD_OTHER, FTP_ANSWER_TOO_LONG);
            break;
        case HF_FTP_LINE_NUL:
            verdict = ftp_answer(s, HF_CMD_OTHER, FTP_ANSWER_NUL);
            break;
        case HF_FTP_LINE_OK:
            verdict = ftp_take_command(s, line);
            if (verdict != FTP_HOLD)
                ftp_count(s, HF_COUNT_FTP_COMMANDS, 1);
            ftp_command_over(s, verdict == FTP_DONE);
            s->urgent = s->urgent && verdict == FTP_HOLD;
            break;
        }
        if (verdict == FTP_CLOSED)
            return -1;
        if (verdict == FTP_HOLD) {
            s->command_held = true;
            return (long)done;
        }
        done += used;
    }
    return (long)done;
}
