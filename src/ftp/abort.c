/*
 * abort.c: ABOR is for now, whatever it stands behind (RFC 959 4.1.3).
 *
 * A command that is held, because its client is being connected to or an earlier reply is missing,
 * holds all behind it; an ABOR would come when there is nothing left to abort.  So the bytes behind
 * a held command are looked through for one.  Where the client sent it with the Telnet Synch, as
 * urgent data, the server gets it so, too: BSD's and vsftpd read nothing else during a transfer.
 */
#include "ftp_int.h"

#include <string.h>

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

bool ftp_abort(struct ftp_session *s)
{
    if (s->held && s->xfer) /* all that is missing is a client that reads */
        ftp_xfer_break(s->xfer, "aborted by the client");
    if (s->held && s->next_xfer && s->next_xfer->wants_port) { /* or a data port */
        s->next_xfer->port_wait_over = true;
        ftp_session_kick(s);
    }
    return !s->urgent || send_synch(s);
}

/* The first complete line behind the held one that is an ABOR; empty: there is none. */
static struct hf_view find_abort(const char *p, size_t n)
{
    const char *end = memchr(p, '\n', n);
    while (end) {
        size_t start = (size_t)(end + 1 - p), used;
        struct hf_view line;
        struct hf_ftp_cmd cmd;

        end = memchr(p + start, '\n', n - start);
        if (end &&
            hf_ftp_line_cut(p + start, n - start, HF_FTP_LINE_MAX, &line, &used) ==
                HF_FTP_LINE_OK &&
            hf_ftp_cmd_parse(line, &cmd) && cmd.id == HF_CMD_ABOR && !cmd.odd_verb)
            return hf_view(p + start, used);
    }
    return hf_view(NULL, 0);
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
    struct hf_view found = find_abort(p, n), line;
    size_t used, behind;

    if (!found.n || awaits_name(s))
        return (long)n;
    if (is_dialling(s)) { /* the server has not heard of it: answered here, and then the ABOR */
        s->next_xfer->aborted = true;
        s->command_held = false;
        ftp_xfer_break(s->next_xfer, "aborted by the client");
        return (long)n;
    }
    if (ftp_queue_full(&s->queue) ||
        hf_ftp_line_cut(found.p, found.n, HF_FTP_LINE_MAX, &line, &used) != HF_FTP_LINE_OK)
        return (long)n;
    switch (ftp_command_now(s, line)) {
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
