/*
 * filter_client.c: commands on their way from the client to the server.
 *
 * Each complete line becomes one entry in the queue of outstanding commands: forwarded, rewritten,
 * or answered here in its place in the order of replies.
 */
#include "filter.h"

#include <ctype.h>
#include <string.h>

#include "data/setup.h"
#include "data/xfer.h"
#include "desk/desk.h"
#include "opaque/opaque.h"
#include "tell/tell.h"
#include "tls/ftps.h"

#define LONGEST_VERB 8u

/* Room for its entry in the queue, a server that takes what we send, and nothing to wait for. */
bool ftp_may_take_command(const struct ftp_session *s)
{
    return (s->state == FTP_READY || s->state == FTP_DESK) && !s->command_held && !s->tls_begins &&
           !s->front.handshaking && !ftp_queue_full(&s->queue) && !ftp_opaque_awaited(s) &&
           !s->back.eof && hf_buf_size(&s->back.out) < HF_LEG_OUT_MAX / 4;
}

/* REST is for the next transfer (RFC 3659 5.3): a server that does not hear of that one would begin
 * another file at its offset. */
static bool forget_offset(struct ftp_session *s, struct ftp_command *command)
{
    bool moves_data = hf_ftp_cmd_flags((enum hf_ftp_cmd_id)command->id) & HF_CMDF_DATA;

    if (!moves_data || !s->offset_set)
        return true;
    s->offset_set = false;
    command->forgets = true;
    return ftp_say_line(s, &s->back, hf_view_cstr("REST 0"));
}

enum ftp_verdict ftp_answer_command(struct ftp_session *s, struct ftp_command *command)
{
    return forget_offset(s, command) && ftp_answer_due(s) ? FTP_DONE : FTP_CLOSED;
}

enum ftp_verdict ftp_answer(struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer text)
{
    ftp_log_answer(s, id, text);
    return ftp_answer_command(s, ftp_queue_push(&s->queue, id, text));
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

static enum ftp_verdict on_transfer(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                    struct hf_view line)
{
    enum ftp_answer refusal;
    if (lacks_data_port(s))
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_DATA_PORT);
    enum ftp_verdict verdict = ftp_active_connect(s, &refusal);

    if (verdict != FTP_DONE)
        return verdict;
    if (refusal == FTP_ANSWER_NONE)
        return ftp_forward(s, cmd, line);
    ftp_record_transfer_of(s, s->next_xfer, cmd->id, cmd->arg);
    ftp_record_verdict(s->next_xfer, 425);
    ftp_xfer_free(s->next_xfer, false);
    s->next_xfer = NULL;
    s->needs_port = true;
    return ftp_answer(s, cmd->id, refusal);
}

/* HOST and USER tell who comes: what a rule or a choice goes by must be what the server took. */
static enum ftp_verdict on_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                struct hf_view line)
{
    enum ftp_answer refusal = ftp_note_name(s, cmd);
    return refusal == FTP_ANSWER_NONE ? ftp_forward(s, cmd, line) : ftp_answer(s, cmd->id, refusal);
}

/* ---- ABOR, which is for now, whatever it stands behind (RFC 959 4.1.3) ---- */

/* IAC IP, and IAC DM whose IAC is urgent: the mark stands where vsftpd and BSD's ftpd look for it.
 */
static bool send_synch(struct ftp_session *s)
{
    static const char before[] = "\xff\xf4\xff", mark[] = "\xf2";

    s->urgent = false;
    if (!ftp_speak_now(s, &s->back))
        return false;
    if (hf_leg_send_urgent(&s->back, before, strlen(before)) != HF_OK)
        return true; /* the next send tells how it broke */
    return ftp_say(s, &s->back, mark, strlen(mark));
}

static bool abort_what_runs(struct ftp_session *s)
{
    if (s->held && s->xfer) /* all that is missing is a client that reads */
        ftp_xfer_break(s->xfer, "aborted by the client");
    if (s->held && s->next_xfer && s->next_xfer->wants_port) { /* or a data port */
        s->next_xfer->port_wait_over = true;
        ftp_session_kick(s);
    }
    return !s->urgent || send_synch(s);
}

/* ---- command by command ---- */

/* These are answered by whoever ends the encryption, with or without a server. */
static bool is_about_protection(enum hf_ftp_cmd_id id)
{
    return id == HF_CMD_AUTH || id == HF_CMD_ADAT || id == HF_CMD_PBSZ || id == HF_CMD_PROT ||
           id == HF_CMD_CCC;
}

/* "GET / HTTP/1.1", "INVITE sip:x SIP/2.0": a browser or a scanner; or a page that makes a browser
 * talk to us, with commands of its own choice in what follows. */
static bool is_of_another_protocol(const struct hf_ftp_cmd *cmd)
{
    struct hf_view arg = cmd->arg;

    if (cmd->id != HF_CMD_OTHER || arg.n < 5 || arg.p[arg.n - 2] != '.' || arg.p[arg.n - 4] != '/')
        return false;
    size_t name = arg.n - 4;
    while (name > 0 && arg.p[name - 1] >= 'A' && arg.p[name - 1] <= 'Z')
        name--;
    bool numbered =
        isdigit((unsigned char)arg.p[arg.n - 3]) && isdigit((unsigned char)arg.p[arg.n - 1]);
    return numbered && name < arg.n - 4 && name > 0 && arg.p[name - 1] == ' ';
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

/* A TLS record that begins a handshake (RFC 8446, 5.1). */
static bool is_tls_hello(struct hf_view bytes)
{
    return bytes.n > 0 && bytes.p[0] == 0x16 && (bytes.n == 1 || bytes.p[1] == 0x03);
}

static enum ftp_verdict close_to_others(struct ftp_session *s, struct hf_view bytes)
{
    /* Such a client shows nobody the reply, but the log does. */
    ftp_session_close(s, HF_REASON_PROTOCOL_CLIENT, HF_PHASE_DATA,
                      is_tls_hello(bytes)
                          ? "421 Implicit TLS on a port without it: the client needs explicit "
                            "FTPS (AUTH TLS) here, or the bind 'ssl'.\r\n"
                          : "421 This is FTP, and nothing else.\r\n");
    return FTP_CLOSED;
}

/* The client's first bytes, a line or what is there of it, are none that an FTP client begins with:
 * a TLS hello, "SSH-2.0-OpenSSH".  No command has a longer name than XSHA256. */
static bool begins_as_another(struct hf_view bytes)
{
    struct hf_ftp_cmd cmd;

    if (memchr(bytes.p, '\0', bytes.n))
        return true;
    if (!hf_ftp_cmd_parse(bytes, &cmd))
        return false;
    for (size_t i = 0; i < cmd.verb.n; i++) {
        if (!isalnum((unsigned char)cmd.verb.p[i]))
            return true;
    }
    return cmd.verb.n > LONGEST_VERB;
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

static enum ftp_verdict on_command(struct ftp_session *s, struct hf_view line)
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
    if (is_of_another_protocol(&cmd))
        return close_to_others(s, line);
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
    s->told = s->told || !(cmd.flags & HF_CMDF_QUERY);
    switch (cmd.id) {
    case HF_CMD_USER:
    case HF_CMD_HOST:
        return on_name(s, &cmd, clean);
    case HF_CMD_PASV:
        return on_pasv(s, &cmd, clean);
    case HF_CMD_EPSV:
        return on_epsv(s, &cmd, clean);
    case HF_CMD_PORT:
    case HF_CMD_EPRT:
        return ftp_active_command(s, &cmd, clean);
    case HF_CMD_LPRT:
        return ftp_answer(s, cmd.id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_ACTIVE);
    case HF_CMD_LPSV:
        return ftp_answer(s, cmd.id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_LONG);
    case HF_CMD_AUTH:
        return ftp_opaque_ask(s, cmd.arg, clean);
    case HF_CMD_CCC:
        return ftp_tls_passes(s) ? ftp_forward(s, &cmd, clean)
                                 : ftp_answer(s, cmd.id, FTP_ANSWER_NO_CCC);
    case HF_CMD_ADAT:
        return ftp_answer(s, cmd.id, FTP_ANSWER_NO_TLS_PROT);
    case HF_CMD_PBSZ:
    case HF_CMD_PROT:
        return ftp_tls_passes(s) ? ftp_forward(s, &cmd, clean)
                                 : ftp_answer(s, cmd.id, FTP_ANSWER_NO_TLS_PROT);
    case HF_CMD_REIN: /* servers end TLS with it, or do not (RFC 4217 leaves it open) */
        return s->back.tls ? ftp_answer(s, cmd.id, FTP_ANSWER_NO_REIN)
                           : ftp_forward(s, &cmd, clean);
    case HF_CMD_ABOR:
        return abort_what_runs(s) ? ftp_forward(s, &cmd, clean) : FTP_CLOSED;
    default:
        return cmd.flags & HF_CMDF_DATA ? on_transfer(s, &cmd, clean) : ftp_forward(s, &cmd, clean);
    }
}

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

/* Who begins with something else is heard no further.  False: he is not, and the session is closed.
 */
static bool is_heard(struct ftp_session *s, enum hf_ftp_line cut, struct hf_view line,
                     struct hf_view all)
{
    bool whole = cut == HF_FTP_LINE_OK || cut == HF_FTP_LINE_NUL;

    if (s->spoke_ftp)
        return true;
    if (begins_as_another(whole ? line : all))
        return close_to_others(s, all) == FTP_DONE;
    s->spoke_ftp = cut != HF_FTP_LINE_MORE;
    return true;
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
        if (!is_heard(s, cut, line, hf_view(p + done, n - done)))
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
            verdict = on_command(s, line);
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

/* ---- behind a command that is held ----
 *
 * It holds all behind it, and an ABOR would come when there is nothing left to abort.
 */

/* Before others that wait. */
static enum ftp_verdict command_now(struct ftp_session *s, struct hf_view line)
{
    uint8_t judged = s->judged; /* of the command that is overtaken */

    s->judged = 0;
    enum ftp_verdict verdict = on_command(s, line);
    ftp_command_over(s, false);
    s->judged = judged;
    return verdict;
}

/* The first complete line behind the held one that is an ABOR; empty: there is none. */
static struct hf_view find_abort(const struct ftp_session *s, const char *p, size_t n)
{
    const char *end = memchr(p, '\n', n);
    while (end) {
        size_t start = (size_t)(end + 1 - p), used;
        struct hf_view line;
        struct hf_ftp_cmd cmd;

        end = memchr(p + start, '\n', n - start);
        if (end &&
            hf_ftp_line_cut(p + start, n - start, ftp_of(s)->limits->ftp_max_command, &line,
                            &used) == HF_FTP_LINE_OK &&
            hf_ftp_cmd_parse(line, &cmd) && cmd.id == HF_CMD_ABOR && !cmd.odd_verb)
            return hf_view(p + start, used);
    }
    return hf_view(NULL, 0);
}

/* AUTH changes what every byte behind it means. */
static bool holds_security(const struct ftp_session *s, const char *p, size_t n)
{
    struct hf_view line;
    struct hf_ftp_cmd cmd;
    size_t used;

    return hf_ftp_line_cut(p, n, ftp_of(s)->limits->ftp_max_command, &line, &used) ==
               HF_FTP_LINE_OK &&
           hf_ftp_cmd_parse(line, &cmd) && (cmd.flags & HF_CMDF_SECURITY);
}

/* The held command is a transfer, and its client is being connected to. */
static bool is_dialling(const struct ftp_session *s)
{
    const struct ftp_xfer *x = s->next_xfer;
    return x && hf_addr_is_set(&x->client_port) && !x->front_up && x->state == FTP_XFER_PENDING &&
           hf_timer_is_set(&x->timer);
}

/* The name or the user of an earlier command is open, which rules may ask for: not for long. */
static bool awaits_name(const struct ftp_session *s)
{
    return s->session.facts.ftp && s->session.facts.ftp->said;
}

long ftp_overtake(struct ftp_session *s, char *p, size_t n)
{
    struct hf_view found = find_abort(s, p, n), line;
    size_t used, behind;

    if (!found.n || awaits_name(s) || s->state != FTP_READY || holds_security(s, p, n))
        return (long)n;
    if (is_dialling(s)) { /* the server has not heard of it: answered here, and then the ABOR */
        s->next_xfer->aborted = true;
        s->command_held = false;
        ftp_xfer_break(s->next_xfer, "aborted by the client");
        return (long)n;
    }
    if (ftp_queue_full(&s->queue) ||
        hf_ftp_line_cut(found.p, found.n, ftp_of(s)->limits->ftp_max_command, &line, &used) !=
            HF_FTP_LINE_OK)
        return (long)n;
    switch (command_now(s, line)) {
    case FTP_CLOSED:
        return -1;
    case FTP_HOLD:
        return (long)n;
    case FTP_DONE:
        break;
    }
    behind = (size_t)(p + n - found.p) - found.n;
    memmove(p + n - behind - found.n, found.p + found.n, behind);
    return (long)(n - found.n);
}
