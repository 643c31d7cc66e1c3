/*
 * server_side.c: the server's half of a data connection, whatever the client's half is.
 *
 *   client: PASV, EPSV, PORT, EPRT --> server: PASV or EPSV, and we connect to it,
 *                                      or PORT or EPRT, and it connects to us
 *
 * Each command of the client is one command to the server, so replies keep their order.  The
 * server's address is taken from the control connection unless `ftp-data server-address announced`
 * says otherwise, so a wrong, private or zero address in a 227 is harmless (RFC 2577, and the
 * reason why HAProxy users had to make every server advertise the balancer's address).
 */
#include "setup.h"

#include <stdio.h>

#include "haftp/conf/load.h"

#include "data/xfer.h"
#include "filter/filter.h"
#include "tell/tell.h"

#define LOWEST_PORT 1024u /* RFC 2577 3: nothing below is ever a data port */

static bool server_is_ipv6(const struct ftp_session *s)
{
    return hf_facts_server_host(&s->session.facts)->sa.sa_family == AF_INET6;
}

/* PASV cannot name an IPv6 address, PORT neither. */
static enum hf_ftp_cmd_id command_for(const struct ftp_session *s, enum hf_ftp_cmd_id client)
{
    bool v6 = server_is_ipv6(s);

    switch (s->session.facts.backend->cfg->o.ftp_server_mode) {
    case HF_FTP_SERVER_EPSV:
        return HF_CMD_EPSV;
    case HF_FTP_SERVER_PORT:
        return v6 ? HF_CMD_EPRT : HF_CMD_PORT;
    case HF_FTP_SERVER_EPRT:
        return HF_CMD_EPRT;
    case HF_FTP_SERVER_AUTO:
        if (client == HF_CMD_EPSV && !s->server_lacks_epsv)
            return HF_CMD_EPSV;
        break;
    case HF_FTP_SERVER_PASV:
        break;
    }
    return v6 ? HF_CMD_EPSV : HF_CMD_PASV;
}

bool ftp_asks_by_epsv(const struct ftp_session *s)
{
    return command_for(s, HF_CMD_EPSV) == HF_CMD_EPSV;
}

void ftp_forget_next_xfer(struct ftp_session *s)
{
    ftp_passive_stop_waiting(s);
    ftp_xfer_close(s->next_xfer);
    s->next_xfer = NULL;
}

/* ---- asking ------------------------------------------------------------------------------- */

/* The server will connect to us: it is told where before it can know. */
static enum ftp_verdict ask_to_connect(struct ftp_session *s, enum hf_ftp_cmd_id id,
                                       enum hf_ftp_cmd_id asked)
{
    char line[HF_FTP_ADDR_LINE];
    struct hf_addr addr;

    /* The data connection that is prepared here must not be taken for an earlier transfer's. */
    if (ftp_queue_head(&s->queue))
        return FTP_HOLD;
    ftp_xfer_close(s->next_xfer);
    s->next_xfer = ftp_xfer_new(s);
    s->needs_port = false;
    if (!s->next_xfer || ftp_xfer_listen_for_server(s->next_xfer, &addr) != HF_OK)
        return ftp_answer(s, id, FTP_ANSWER_NO_LISTENER);
    ftp_queue_push(&s->queue, id, FTP_ANSWER_NONE)->asked = (uint8_t)asked;
    size_t n =
        asked == HF_CMD_PORT ? hf_ftp_format_port(&addr, line) : hf_ftp_format_eprt(&addr, line);
    return ftp_say(s, &s->back, line, n) ? FTP_DONE : FTP_CLOSED;
}

static bool ask_to_listen(struct ftp_session *s, enum hf_ftp_cmd_id asked)
{
    return ftp_say_line(s, &s->back, hf_view_cstr(asked == HF_CMD_EPSV ? "EPSV" : "PASV"));
}

enum ftp_verdict ftp_ask_server(struct ftp_session *s, enum hf_ftp_cmd_id id)
{
    enum hf_ftp_cmd_id asked = command_for(s, id);

    s->direct = false;
    if (asked == HF_CMD_PORT || asked == HF_CMD_EPRT)
        return ask_to_connect(s, id, asked);
    ftp_queue_push(&s->queue, id, FTP_ANSWER_NONE)->asked = (uint8_t)asked;
    return ask_to_listen(s, asked) ? FTP_DONE : FTP_CLOSED;
}

/* ---- its answer ---------------------------------------------------------------------------- */

/* EPSV is from 1998, and there are older servers.  With other commands on their way it is too late
 * to ask again: the replies would change places. */
static bool may_ask_again(const struct ftp_session *s, const struct ftp_command *command,
                          unsigned code)
{
    return command->asked == HF_CMD_EPSV && !command->epsv_all && !server_is_ipv6(s) &&
           s->session.facts.backend->cfg->o.ftp_server_mode == HF_FTP_SERVER_AUTO &&
           s->queue.count == 1 && (code == 500 || code == 501 || code == 502 || code == 522);
}

/* The client must ask for a data connection again. */
static void drop_prepared(struct ftp_session *s)
{
    ftp_forget_next_xfer(s);
    s->needs_port = true;
}

enum ftp_reply_mode ftp_setup_mode(struct ftp_session *s, const struct ftp_command *command,
                                   unsigned code)
{
    s->passive_addr = (struct hf_addr){0};
    switch (command->asked) {
    case HF_CMD_PASV:
    case HF_CMD_EPSV:
        if (code == 227 || code == 229)
            return FTP_REPLY_SETUP;
        return may_ask_again(s, command, code) ? FTP_REPLY_RETRY : FTP_REPLY_RELAY;
    case HF_CMD_PORT:
    case HF_CMD_EPRT:
        if (code < 300)
            return FTP_REPLY_SETUP;
        drop_prepared(s); /* nobody was told of it but the server, which will not come */
        return FTP_REPLY_RELAY;
    default:
        return FTP_REPLY_RELAY;
    }
}

bool ftp_ask_again(struct ftp_session *s, struct ftp_command *command)
{
    s->server_lacks_epsv = true;
    command->asked = HF_CMD_PASV;
    return ask_to_listen(s, HF_CMD_PASV);
}

enum ftp_verdict ftp_setup_refused(struct ftp_session *s, const char *why)
{
    char line[160];
    int n = snprintf(line, sizeof line, "425 %s\r\n", why);

    drop_prepared(s);
    ftp_replied(s, 425);
    return ftp_say(s, &s->front, line, (size_t)n) ? FTP_DONE : FTP_CLOSED;
}

/* ---- connecting to it ---------------------------------------------------------------------- */

/* A 229 names a port without an address: then the family is unset, and the port stands where IPv4
 * has it. */
static uint16_t port_of(const struct hf_addr *announced)
{
    return ntohs(announced->v4.sin_port);
}

/* Where the server listens for the data connection. */
static struct hf_addr server_data_address(const struct ftp_session *s,
                                          const struct hf_addr *announced)
{
    if (s->session.facts.backend->cfg->o.ftp_server_announced && hf_addr_is_set(announced) &&
        !hf_addr_is_any(announced))
        return *announced;
    struct hf_addr addr = *hf_facts_server_host(&s->session.facts);
    hf_addr_set_port(&addr, port_of(announced));
    return addr;
}

/* Dialled before the client comes: one round trip less.  NULL, or why the client gets a 425. */
static const char *connect_to_server(struct ftp_session *s, const struct hf_addr *announced)
{
    ftp_xfer_close(s->next_xfer);
    s->next_xfer = NULL;
    if (port_of(announced) == 0)
        return "The server's reply names no usable data port.";
    if (port_of(announced) < LOWEST_PORT)
        return "The server's data port is below 1024 and not allowed.";
    s->next_xfer = ftp_xfer_new(s);
    s->needs_port = false;
    if (!s->next_xfer)
        return "Out of memory; please try again.";
    struct hf_addr server = server_data_address(s, announced);
    return ftp_xfer_dial(s->next_xfer, &server) ? NULL
                                                : "The server's data port cannot be reached.";
}

/* Do no harm: what the server announced is a port of ours already, which a plain section of the
 * file leads to this very server.  It is told on as it is. */
static bool is_mapped(const struct ftp_session *s, const struct ftp_command *command,
                      const struct hf_addr *announced)
{
    const struct hf_facts *facts = &s->session.facts;
    const struct hf_addr *host = announced;

    /* Whoever stands before us and sends PROXY headers leads on to our own address. */
    if (!hf_addr_is_set(host) || hf_addr_same_host(host, hf_facts_here(facts)))
        host = hf_facts_socket_here(facts);

    /* Whoever goes past us gets no TLS from us, and needs none from the server. */
    return !s->front.tls && !s->back.tls &&
           (command->id == HF_CMD_PASV || command->id == HF_CMD_EPSV) &&
           command->id == command->asked &&
           hf_config_maps_port(facts->frontend->cfg, facts->server->cfg, host, port_of(announced));
}

static enum ftp_verdict tell_on(struct ftp_session *s, enum hf_ftp_cmd_id id,
                                const struct hf_addr *announced)
{
    char line[HF_FTP_ADDR_LINE];
    size_t n = id == HF_CMD_EPSV ? hf_ftp_format_229(port_of(announced), line)
                                 : hf_ftp_format_227(announced, line);

    ftp_xfer_close(s->next_xfer);
    s->next_xfer = NULL;
    s->needs_port = false;
    ftp_replied(s, id == HF_CMD_EPSV ? 229 : 227);
    return ftp_say(s, &s->front, line, n) ? FTP_DONE : FTP_CLOSED;
}

enum ftp_verdict ftp_server_ready(struct ftp_session *s, const struct ftp_command *command,
                                  const struct hf_addr *announced)
{
    enum hf_ftp_cmd_id id = (enum hf_ftp_cmd_id)command->id;
    bool second_look = s->next_xfer && s->next_xfer->wants_port; /* at the same reply */
    const char *failure = NULL;

    if (is_mapped(s, command, announced))
        return tell_on(s, id, announced);
    if (!second_look && (command->asked == HF_CMD_PASV || command->asked == HF_CMD_EPSV))
        failure = connect_to_server(s, announced);
    else if (!s->next_xfer)
        failure = "The data connection was given up."; /* REIN came between */
    if (failure) {
        ftp_log_data_failure(s, failure);
        return ftp_setup_refused(s, failure);
    }
    if (id == HF_CMD_PORT || id == HF_CMD_EPRT)
        return ftp_active_accept(s, id);
    return ftp_passive_offer(s, id);
}
