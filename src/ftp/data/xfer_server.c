/*
 * xfer_server.c: the server's end of a data connection: we connect to it as soon as it announced
 * its port, or it comes to us.
 */
#include "xfer_int.h"

#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "haftp/state/connect.h"

#include "arrival/arrival.h"
#include "tell/tell.h"

static struct hf_buffers servers_buffers(const struct ftp_xfer *x)
{
    const struct hf_cfg_global *global = &x->ftp->engine->runtime->config->global;
    return (struct hf_buffers){global->rcvbuf_server, global->sndbuf_server};
}

/* ---- it must come in time ---- */

static void fail(struct ftp_xfer *x, enum hf_reason reason, const char *why)
{
    ftp_log_data_failure(x->session, why);
    ftp_xfer_fail(x, reason, why);
}

void ftp_xfer_server_failed(struct ftp_xfer *x)
{
    fail(x, HF_REASON_SERVER_REFUSED, "the server's data port refused the connection");
}

static void on_dial_timeout(struct hf_timer *timer)
{
    fail(HF_CONTAINER(timer, struct ftp_xfer, dial_timer), HF_REASON_SERVER_TIMEOUT,
         "the server's data port did not answer");
}

bool ftp_xfer_lacks_server(const struct ftp_xfer *x)
{
    return x->state == FTP_XFER_BROKEN && !x->back_up &&
           x->facts.reason == HF_REASON_SERVER_TIMEOUT;
}

void ftp_xfer_limit_server(struct ftp_xfer *x)
{
    if (ftp_xfer_back_opts(x)->timeout.connect)
        hf_loop_timer(ftp_xfer_loop(x), &x->dial_timer, ftp_xfer_back_opts(x)->timeout.connect,
                      on_dial_timeout);
}

/* ---- we connect ---- */

static void on_dialing(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct ftp_xfer *x = HF_CONTAINER(end - HF_BACK, struct ftp_xfer, relay.end);
    enum hf_status status = hf_watch_connected(watch);
    if (status == HF_AGAIN)
        return;
    if (status != HF_OK) {
        ftp_xfer_server_failed(x);
        return;
    }
    hf_relay_adopt(&x->relay, HF_BACK);
    ftp_xfer_server_is_there(x);
}

bool ftp_xfer_dial(struct ftp_xfer *x, const struct hf_addr *server)
{
    int fd;
    const struct hf_session *session = &x->session->session;

    if (hf_server_connect(session->server->cfg, server, &session->facts.client, &fd) != HF_OK ||
        hf_watch_open_or_close(&x->relay.end[HF_BACK].watch, ftp_xfer_loop(x), fd, 0, on_dialing) !=
            HF_OK)
        return false;
    ftp_xfer_limit_server(x);
    return true;
}

/* ---- it connects ---- */

/* Only the server itself may be at the other end of its data connection. */
static bool on_server_port(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct ftp_xfer *x = HF_CONTAINER(listener, struct ftp_xfer, back_listener);
    const struct hf_facts *facts = &x->session->session.facts;
    struct hf_addr local;

    if (!hf_addr_same_host(peer, hf_facts_server_host(facts))) {
        hf_socket_local(fd, &local);
        ftp_refuse_stranger(x->ftp->engine, facts->backend->cfg, hf_addr_port(&local), fd, peer,
                            HF_NOTFOUND);
        return true;
    }
    hf_listener_close(listener);
    x->introduced = true; /* whoever connects introduces itself, and we know it */
    if (x->state == FTP_XFER_BROKEN ||
        hf_relay_attach(&x->relay, HF_BACK, ftp_xfer_loop(x), fd) != HF_OK)
        close(fd);
    else
        ftp_xfer_server_is_there(x);
    return false;
}

enum hf_status ftp_xfer_listen_for_server(struct ftp_xfer *x, struct hf_addr *local)
{
    hf_socket_local(x->session->back.watch.fd, local);
    return ftp_xfer_open_port(x, &x->back_listener, local, servers_buffers(x), on_server_port);
}
