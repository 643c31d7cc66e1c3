/*
 * abort.c: ABOR, which is for now, whatever it stands behind (RFC 959 4.1.3).
 *
 * A command that is held holds all behind it, and an ABOR would come when there is nothing left to
 * abort: so it is looked for in what waits, and comes into its own before.
 */
#include "filter_int.h"

#include <string.h>

#include "data/xfer.h"
#include "desk/desk.h"

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

bool ftp_abort_what_runs(struct ftp_session *s)
{
    if (s->held && s->xfer) /* all that is missing is a client that reads */
        ftp_xfer_break(s->xfer, "aborted by the client");
    if (s->held && s->next_xfer && s->next_xfer->wants_port) { /* or a data port */
        s->next_xfer->port_wait_over = true;
        ftp_session_kick(s);
    }
    return !s->urgent || send_synch(s);
}

bool ftp_abort_is_over(struct ftp_session *s)
{
    ftp_queue_remove(&s->queue, 0);
    s->command_held = false; /* it may have waited for this */
    return ftp_answer_due(s);
}

/* ---- behind a command that is held ---- */

/* Before others that wait. */
static enum ftp_verdict command_now(struct ftp_session *s, struct hf_view line)
{
    uint8_t judged = s->judged; /* of the command that is overtaken */

    s->judged = 0;
    enum ftp_verdict verdict = ftp_take_command(s, line);
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
