/*
 * xfer_client.c: the client's end of a data connection: it comes to us, or we connect to it.
 */
#include "xfer_int.h"

#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/ftp/peer.h"
#include "haftp/net/socket.h"

#include "arrival/arrival.h"
#include "tell/tell.h"

#define LATE_CLIENT_MS 2000u /* for a data connection behind the end of control: one lost SYN */
#define ABSENT_MS      5000u /* who has not come until then did not get through */

static struct hf_buffers clients_buffers(const struct ftp_xfer *x)
{
    const struct hf_cfg_global *global = &x->ftp->engine->runtime->config->global;
    return (struct hf_buffers){global->rcvbuf_client, global->sndbuf_client};
}

/* ---- active mode: we connect to the client ---- */

static void client_unreachable(struct ftp_xfer *x)
{
    x->session->command_held = false;
    ftp_xfer_fail(x, HF_REASON_CLIENT_RESET, "the client's data port did not answer");
}

static void on_client_timeout(struct hf_timer *timer)
{
    client_unreachable(HF_CONTAINER(timer, struct ftp_xfer, timer));
}

static void on_dialing_client(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct ftp_xfer *x = HF_CONTAINER(end - HF_FRONT, struct ftp_xfer, relay.end);
    enum hf_status status = hf_watch_connected(watch);

    if (status == HF_AGAIN)
        return;
    if (status != HF_OK) {
        client_unreachable(x);
        return;
    }
    hf_relay_adopt(&x->relay, HF_FRONT);
    ftp_xfer_client_is_there(x, &x->client_port);
    x->session->command_held = false;
    ftp_session_kick(x->session);
}

/* From the address that the client came to, and the port below the control port, as RFC 959 3.2
 * wants it; where that may not be had, from any port; where the address is not ours (transparent
 * binds), from any address. */
static enum hf_status connect_to_client(const struct ftp_xfer *x, int *fd)
{
    struct hf_connect_opts opts = {.buffers = clients_buffers(x)};
    enum hf_status status = HF_FAILED;

    hf_socket_local(x->session->front.watch.fd, &opts.from);
    if (opts.from.sa.sa_family == x->client_port.sa.sa_family) {
        hf_addr_set_port(&opts.from, (uint16_t)(hf_addr_port(&opts.from) - 1));
        status = hf_socket_connect_with(&x->client_port, &opts, fd);
        hf_addr_set_port(&opts.from, 0);
        if (status != HF_OK)
            status = hf_socket_connect_with(&x->client_port, &opts, fd);
    }
    if (status == HF_OK)
        return HF_OK;
    opts.from = (struct hf_addr){0};
    return hf_socket_connect_with(&x->client_port, &opts, fd);
}

bool ftp_xfer_dial_client(struct ftp_xfer *x)
{
    unsigned limit = hf_timeout_shorter(ftp_xfer_back_opts(x)->timeout.connect,
                                        ftp_xfer_front_opts(x)->ftp_data_wait);
    int fd;

    if (connect_to_client(x, &fd) != HF_OK ||
        hf_watch_open_or_close(&x->relay.end[HF_FRONT].watch, ftp_xfer_loop(x), fd, 0,
                               on_dialing_client) != HF_OK)
        return false;
    ftp_xfer_arm(x, limit, on_client_timeout);
    return true;
}

/* The server has begun without the client.  In active mode that is an unknown command, of which
 * nobody could say before that it moves data. */
void ftp_xfer_reach_client(struct ftp_xfer *x)
{
    if (hf_timer_is_set(&x->timer))
        return;
    if (!hf_addr_is_set(&x->client_port))
        ftp_xfer_await_client(x);
    else if (!ftp_xfer_dial_client(x))
        client_unreachable(x);
}

/* ---- passive mode: the client connects to us ---- */

/* Nobody knows here why: mostly a firewall before the data ports, or an address that is not ours.
 * Clients that ask for a port and think better of it do so at once. */
static void tell_of_absence(const struct ftp_xfer *x)
{
    bool listened = x->lease.slot || x->listener.watch.fd >= 0;
    uint64_t waited = hf_loop_now(ftp_xfer_loop(x)) - x->active_ms;

    if (!listened || x->client_came || x->wants_port || x->state == FTP_XFER_BROKEN ||
        waited < hf_timeout_shorter(ftp_xfer_front_opts(x)->ftp_data_wait, ABSENT_MS))
        return;
    ftp_log_absence(x->session, x->lease.slot ? x->lease.slot->port : ftp_xfer_own_port(x),
                    (unsigned)((waited + 500) / 1000));
}

void ftp_xfer_close_door(struct ftp_xfer *x)
{
    tell_of_absence(x);
    hf_loop_timer_cancel(ftp_xfer_loop(x), &x->timer);
    hf_listener_close(&x->listener);
    if (x->lease.slot)
        ftp_count(x->session, HF_COUNT_FTP_LEASES_OVER, 1);
    hf_lease_release_mt(x->ftp->leases, &x->lease);
}

static void on_lease_over(struct hf_timer *timer)
{
    struct ftp_xfer *x = HF_CONTAINER(timer, struct ftp_xfer, timer);
    if (x->lease.slot)
        ftp_count(x->session, HF_COUNT_FTP_LEASES_EXPIRED, 1);
    ftp_xfer_close_door(x);
    ftp_xfer_fail(x, HF_REASON_CLIENT_TIMEOUT,
                  "the client did not connect to the data port in time");
}

void ftp_xfer_await_client(struct ftp_xfer *x)
{
    x->active_ms = hf_loop_now(ftp_xfer_loop(x));
    ftp_xfer_arm(x, ftp_xfer_front_opts(x)->ftp_data_wait, on_lease_over);
}

/* It may have half-closed control and still come: a FIN on one connection overtakes the SYN of the
 * other, and that SYN may have to be sent twice.  But it can ask for nothing more, so it needs no
 * time to think. */
void ftp_xfer_hurry(struct ftp_xfer *x)
{
    bool awaited = x->lease.slot || x->listener.watch.fd >= 0;

    if (awaited && !x->client_came && !x->wants_port &&
        x->timer.due_ms > hf_loop_now(ftp_xfer_loop(x)) + LATE_CLIENT_MS)
        ftp_xfer_arm(x, LATE_CLIENT_MS, on_lease_over);
}

void ftp_xfer_client_arrived(struct ftp_xfer *x, int fd, const struct hf_addr *peer)
{
    if (x->state == FTP_XFER_BROKEN) { /* the server's side failed meanwhile */
        ftp_xfer_close_door(x);
        hf_socket_reset_on_close(fd);
        close(fd);
        return;
    }
    if (hf_relay_attach(&x->relay, HF_FRONT, ftp_xfer_loop(x), fd) != HF_OK) {
        close(fd);
        ftp_xfer_fail(x, HF_REASON_RESOURCE, "out of memory");
        return;
    }
    hf_listener_close(&x->listener);
    ftp_xfer_client_is_there(x, peer);
}

bool ftp_xfer_may_be_client(const struct ftp_xfer *x, const struct hf_addr *peer)
{
    return hf_peer_is_same(peer, hf_facts_peer(&x->session->session.facts),
                           (enum hf_ftp_peer)ftp_xfer_front_opts(x)->ftp_peer);
}

uint16_t ftp_xfer_own_port(const struct ftp_xfer *x)
{
    struct hf_addr local = {0};
    if (x->listener.watch.fd >= 0)
        hf_socket_local(x->listener.watch.fd, &local);
    return hf_addr_port(&local);
}

/* True: go on listening. */
static bool on_own_port(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct ftp_xfer *x = HF_CONTAINER(listener, struct ftp_xfer, listener);
    ftp_own_port_visit(x->session, ftp_xfer_own_port(x), fd, peer);
    return listener->watch.fd >= 0;
}

enum hf_status ftp_xfer_listen(struct ftp_xfer *x, const struct hf_addr *local, uint16_t *port)
{
    struct hf_addr addr = *local;
    enum hf_status status =
        ftp_xfer_open_port(x, &x->listener, &addr, clients_buffers(x), on_own_port);
    *port = hf_addr_port(&addr);
    return status;
}
