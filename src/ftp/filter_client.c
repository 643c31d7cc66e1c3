/*
 * filter_client.c: commands on their way from the client to the server.
 *
 * Each complete line becomes one entry in the queue of outstanding commands: forwarded, rewritten,
 * or answered here in its place in the order of replies.
 */
#include "ftp_int.h"

/* Room for its entry in the queue, and a server that takes what we send. */
bool ftp_may_take_command(const struct ftp_session *s)
{
    return s->state == FTP_READY && !ftp_queue_full(&s->queue) && !s->back.eof &&
           hf_buf_size(&s->back.out) < HF_LEG_OUT_MAX / 4;
}

static bool answer(struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer text)
{
    ftp_queue_push(&s->queue, id, text);
    return ftp_answer_due(s);
}

static bool forward(struct ftp_session *s, enum hf_ftp_cmd_id id, struct hf_view line)
{
    ftp_queue_push(&s->queue, id, FTP_ANSWER_NONE);
    return ftp_say_line(s, &s->back, line);
}

static bool server_is_ipv6(const struct ftp_session *s)
{
    return s->session.server->cfg->addr.sa.sa_family == AF_INET6;
}

/* PASV cannot name an IPv6 address: of ours (425, RFC 2428 asks for EPSV), nor of the server's (so
 * it gets EPSV). */
static bool on_pasv(struct ftp_session *s)
{
    struct hf_addr addr;
    if (s->epsv_all)
        return answer(s, HF_CMD_PASV, FTP_ANSWER_EPSV_ALL);
    if (!ftp_passive_address(s, &addr))
        return answer(s, HF_CMD_PASV, FTP_ANSWER_PASV_ON_IPV6);
    return forward(s, HF_CMD_PASV, hf_view_cstr(server_is_ipv6(s) ? "EPSV" : "PASV"));
}

/* The protocol asked for is the client's side's (RFC 2428 3); the server may live in the other
 * family. */
static bool on_epsv(struct ftp_session *s, struct hf_view line, struct hf_view arg)
{
    bool v6 = s->session.facts.local.sa.sa_family == AF_INET6;
    switch (hf_ftp_parse_epsv_arg(arg)) {
    case HF_EPSV_ALL:
        ftp_queue_push(&s->queue, HF_CMD_EPSV, FTP_ANSWER_NONE)->epsv_all = true;
        return ftp_say_line(s, &s->back, line);
    case HF_EPSV_V4:
        if (v6)
            return answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_NET_6);
        break;
    case HF_EPSV_V6:
        if (!v6)
            return answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_NET_4);
        break;
    case HF_EPSV_OTHER:
        return answer(s, HF_CMD_EPSV, v6 ? FTP_ANSWER_EPSV_NET_6 : FTP_ANSWER_EPSV_NET_4);
    case HF_EPSV_BAD:
        return answer(s, HF_CMD_EPSV, FTP_ANSWER_EPSV_BAD);
    case HF_EPSV_NONE:
        break;
    }
    return forward(s, HF_CMD_EPSV, hf_view_cstr("EPSV"));
}

static bool on_command(struct ftp_session *s, struct hf_view line)
{
    struct hf_ftp_cmd cmd;
    if (!hf_ftp_cmd_parse(line, &cmd))
        return answer(s, HF_CMD_OTHER, FTP_ANSWER_EMPTY);
    /* A server that takes Telnet commands out of any place in a line would see another verb. */
    if (cmd.odd_verb)
        return answer(s, HF_CMD_OTHER, FTP_ANSWER_ODD_VERB);
    /* Telnet commands before the verb (RFC 959 4.1.3, ABOR) have done their work: not every server
     * skips them. */
    struct hf_view clean = hf_view(cmd.verb.p, (size_t)(line.p + line.n - cmd.verb.p));
    switch (cmd.id) {
    case HF_CMD_PASV:
        return on_pasv(s);
    case HF_CMD_EPSV:
        return on_epsv(s, clean, cmd.arg);
    case HF_CMD_PORT:
    case HF_CMD_EPRT:
    case HF_CMD_LPRT:
        return answer(s, cmd.id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_ACTIVE);
    case HF_CMD_LPSV:
        return answer(s, cmd.id, s->epsv_all ? FTP_ANSWER_EPSV_ALL : FTP_ANSWER_NO_LONG);
    case HF_CMD_AUTH:
        return answer(s, cmd.id, FTP_ANSWER_NO_TLS);
    case HF_CMD_CCC:
        return answer(s, cmd.id, FTP_ANSWER_NO_CCC);
    case HF_CMD_ADAT:
    case HF_CMD_PBSZ:
    case HF_CMD_PROT:
        return answer(s, cmd.id, FTP_ANSWER_NO_TLS_PROT);
    case HF_CMD_ABOR:
        if (s->held && s->xfer) /* all that is missing is a client that reads */
            ftp_xfer_break(s->xfer, "aborted by the client");
        return forward(s, cmd.id, clean);
    default:
        return forward(s, cmd.id, clean);
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

long ftp_filter_client(struct ftp_session *s, const char *p, size_t n)
{
    size_t done = 0;
    while (done < n && ftp_may_take_command(s)) {
        struct hf_view line;
        size_t used;
        bool alive = true;

        if (s->skipping) {
            done += skip_rest(s, p + done, n - done);
            continue;
        }
        switch (hf_ftp_line_cut(p + done, n - done, HF_FTP_LINE_MAX, &line, &used)) {
        case HF_FTP_LINE_MORE:
            return (long)done;
        case HF_FTP_LINE_TOO_LONG:
            s->skipping = true;
            used = 0;
            alive = answer(s, HF_CMD_OTHER, FTP_ANSWER_TOO_LONG);
            break;
        case HF_FTP_LINE_NUL:
            alive = answer(s, HF_CMD_OTHER, FTP_ANSWER_NUL);
            break;
        case HF_FTP_LINE_OK:
            alive = on_command(s, line);
            break;
        }
        if (!alive)
            return -1;
        done += used;
    }
    return (long)done;
}
