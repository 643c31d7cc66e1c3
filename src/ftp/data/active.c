/*
 * active.c: the client's half of a data connection in active mode: we connect to where PORT or EPRT
 * said that it listens.
 *
 * The client is connected to when it sends the command that moves data, and before the server hears
 * of that command: a client that cannot be reached leaves nothing behind at the server.
 */
#include "setup.h"

#include <string.h>

#include "data/xfer.h"
#include "filter/filter.h"
#include "tell/tell.h"

#define LOWEST_PORT 1024u /* RFC 2577 3: services listen below */

/* RFC 2577 3, the bounce attack: nobody but the client itself is ever connected to. */
static bool is_own_address(const struct ftp_session *s, const struct hf_addr *addr)
{
    return hf_addr_same_host(addr, hf_facts_peer(&s->session.facts)) &&
           hf_addr_port(addr) >= LOWEST_PORT;
}

static bool is_denied(const struct ftp_session *s)
{
    return s->session.facts.frontend->cfg->o.ftp_active_denied;
}

static enum ftp_answer refusal(const struct ftp_session *s, enum hf_status parsed,
                               const struct hf_addr *addr)
{
    bool v6 = hf_facts_here(&s->session.facts)->sa.sa_family == AF_INET6;

    if (parsed == HF_UNSUPPORTED)
        return v6 ? FTP_ANSWER_EPSV_NET_6 : FTP_ANSWER_EPSV_NET_4;
    if (parsed != HF_OK)
        return FTP_ANSWER_BAD_ADDRESS;
    return is_own_address(s, addr) ? FTP_ANSWER_NONE : FTP_ANSWER_FOREIGN_ADDRESS;
}

enum ftp_verdict ftp_active_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                    struct hf_view line)
{
    struct hf_addr addr;

    if (s->epsv_all)
        return ftp_answer(s, cmd->id, FTP_ANSWER_EPSV_ALL);
    if (is_denied(s))
        return ftp_answer(s, cmd->id, FTP_ANSWER_NO_ACTIVE);
    enum hf_status parsed = cmd->id == HF_CMD_PORT ? hf_ftp_parse_port(cmd->arg, &addr)
                                                   : hf_ftp_parse_eprt(cmd->arg, &addr);
    enum ftp_answer wrong = refusal(s, parsed, &addr);
    if (wrong == FTP_ANSWER_FOREIGN_ADDRESS)
        ftp_log_bounce(s, cmd->id, &addr);
    if (wrong != FTP_ANSWER_NONE)
        return ftp_answer(s, cmd->id, wrong);
    if (ftp_is_direct(s)) {
        ftp_go_direct(s);
        return ftp_forward(s, cmd, line);
    }
    if (ftp_queue_awaits(&s->queue, HF_CMDF_ACTIVE))
        return FTP_HOLD; /* one address at a time is remembered */
    s->active_addr = addr;
    return ftp_ask_server(s, cmd->id);
}

enum ftp_verdict ftp_active_accept(struct ftp_session *s, enum hf_ftp_cmd_id asked)
{
    static const char port[] = "200 PORT command successful.\r\n";
    static const char eprt[] = "200 EPRT command successful.\r\n";

    s->next_xfer->client_port = s->active_addr;
    ftp_replied(s, 200);
    const char *line = asked == HF_CMD_PORT ? port : eprt;
    return ftp_say(s, &s->front, line, strlen(line)) ? FTP_DONE : FTP_CLOSED;
}

enum ftp_verdict ftp_active_connect(struct ftp_session *s, enum ftp_answer *refusal)
{
    struct ftp_xfer *x = s->next_xfer;

    *refusal = FTP_ANSWER_NONE;
    if (ftp_queue_awaits(&s->queue, HF_CMDF_ACTIVE))
        return FTP_HOLD;
    if (!x || !hf_addr_is_set(&x->client_port) || (x->front_up && x->state != FTP_XFER_BROKEN))
        return FTP_DONE;
    if (ftp_queue_awaits(&s->queue, HF_CMDF_PASSIVE))
        return FTP_HOLD; /* if the server agrees, that one replaces this one */
    bool dialling = x->relay.end[HF_FRONT].watch.fd >= 0 && x->relay.end[HF_FRONT].watch.loop;
    if (x->state != FTP_XFER_BROKEN && (dialling || ftp_xfer_dial_client(x)))
        return FTP_HOLD;
    ftp_xfer_break(x, "the client's data port cannot be reached");
    *refusal = x->aborted                                    ? FTP_ANSWER_ABORTED
               : x->facts.reason == HF_REASON_SERVER_REFUSED ? FTP_ANSWER_NO_SERVER_PORT
               : x->facts.reason == HF_REASON_SERVER_TIMEOUT ? FTP_ANSWER_NO_SERVER_PORT
                                                             : FTP_ANSWER_NO_CLIENT;
    return FTP_DONE;
}
