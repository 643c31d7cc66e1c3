/*
 * socket.c: the one place where sockets are made, asked and changed; errno becomes hf_status here.
 *
 * Nothing is kept between calls: descriptors are the caller's, who also closes them.  No call
 * blocks.  Any thread.
 */
#include "haftp/net/socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static enum hf_status set_option(int fd, int level, int name, int value)
{
    if (setsockopt(fd, level, name, &value, sizeof value) != 0)
        return hf_status_from_errno(errno);
    return HF_OK;
}

static enum hf_status bind_to_interface(int fd, const char *name)
{
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name)) == 0)
        return HF_OK;
    return errno == ENODEV ? HF_NOTFOUND : hf_status_from_errno(errno);
}

static enum hf_status set_transparent(int fd, bool is_v6)
{
    return is_v6 ? set_option(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
                 : set_option(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
}

static enum hf_status new_stream(const struct hf_addr *addr, int *fd_out)
{
    *fd_out = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return *fd_out < 0 ? hf_status_from_errno(errno) : HF_OK;
}

void hf_socket_buffers(int fd, const struct hf_buffers *buffers)
{
    if (buffers->receive)
        (void)!set_option(fd, SOL_SOCKET, SO_RCVBUF, (int)buffers->receive);
    if (buffers->send)
        (void)!set_option(fd, SOL_SOCKET, SO_SNDBUF, (int)buffers->send);
}

/* ---- listening ---- */

/* How long the kernel waits for first bytes before it hands the connection over without them. */
#define DEFER_ACCEPT_S 60

static enum hf_status set_listen_options(int fd, bool is_v6, const struct hf_listen_opts *opts)
{
    enum hf_status status = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    /* Inherited by accepted sockets: the urgent byte of an ABOR (Telnet data mark) stays in its
     * place among the others instead of vanishing. */
    if (!status)
        status = set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1);
    if (!status && opts->reuseport)
        status = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (!status && is_v6 && (opts->v6only || opts->v4v6))
        status = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, opts->v6only);
    if (!status && opts->transparent)
        status = set_transparent(fd, is_v6);
    if (!status && opts->interface)
        status = bind_to_interface(fd, opts->interface);
    if (!status && opts->user_timeout_ms)
        status = set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)opts->user_timeout_ms);
    if (!status && opts->mss > 0)
        status = set_option(fd, IPPROTO_TCP, TCP_MAXSEG, opts->mss);
    if (!status && opts->fastopen)
        status = set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, SOMAXCONN);
    if (!status && opts->defer_accept)
        status = set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, DEFER_ACCEPT_S);
    hf_socket_buffers(fd, &opts->buffers);
    return status;
}

enum hf_status hf_socket_listen(const struct hf_addr *addr, const struct hf_listen_opts *opts,
                                int *fd_out)
{
    static const struct hf_listen_opts no_opts;
    if (!opts)
        opts = &no_opts;
    int fd;
    enum hf_status status = new_stream(addr, &fd);
    if (status)
        return status;
    status = set_listen_options(fd, addr->sa.sa_family == AF_INET6, opts);
    int backlog = opts->backlog > 0 ? opts->backlog : SOMAXCONN;
    if (!status && (bind(fd, &addr->sa, hf_addr_len(addr)) != 0 ||
                    (!opts->only_bound && listen(fd, backlog) != 0)))
        status = hf_status_from_errno(errno);
    if (status) {
        close(fd);
        return status;
    }
    *fd_out = fd;
    return HF_OK;
}

void hf_socket_listen_again(int fd, const struct hf_listen_opts *opts)
{
    (void)!set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)opts->user_timeout_ms);
    if (opts->mss > 0)
        (void)!set_option(fd, IPPROTO_TCP, TCP_MAXSEG, opts->mss);
    (void)!set_option(fd, IPPROTO_TCP, TCP_FASTOPEN, opts->fastopen ? SOMAXCONN : 0);
    (void)!set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, opts->defer_accept ? DEFER_ACCEPT_S : 0);
    hf_socket_buffers(fd, &opts->buffers);
    (void)!listen(fd, opts->backlog > 0 ? opts->backlog : SOMAXCONN);
}

/* The connection failed before we took it, or the firewall forbade it: the next one may be fine. */
static bool is_peer_fault(int err)
{
    switch (err) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
        return true;
    default:
        return false;
    }
}

enum hf_status hf_socket_accept(int listen_fd, int *fd_out, struct hf_addr *peer)
{
    for (;;) {
        *peer = (struct hf_addr){0};
        socklen_t len = sizeof *peer;
        int fd = accept4(listen_fd, &peer->sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (peer->sa.sa_family != AF_INET && peer->sa.sa_family != AF_INET6)
                *peer = (struct hf_addr){0};
            hf_addr_unmap(peer);
            *fd_out = fd;
            return HF_OK;
        }
        if (!is_peer_fault(errno))
            return hf_status_from_errno(errno);
    }
}

/* ---- connecting ---- */

static enum hf_status bind_source(int fd, const struct hf_addr *from)
{
    /* A fixed port (20 in active mode) is shared by many connections to different peers.  Without
     * one, the port is chosen when the peer is known, so that it may be shared as well. */
    enum hf_status status = hf_addr_port(from)
                                ? set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)
                                : set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (!status && bind(fd, &from->sa, hf_addr_len(from)) != 0)
        status = hf_status_from_errno(errno);
    return status;
}

static enum hf_status start_connect(int fd, const struct hf_addr *to)
{
    if (connect(fd, &to->sa, hf_addr_len(to)) == 0 || errno == EINPROGRESS)
        return HF_OK;
    /* What connect() calls "address not available" is that all local ports are taken. */
    return errno == EADDRNOTAVAIL || errno == EAGAIN ? HF_NOPORT : hf_status_from_errno(errno);
}

/* An address that stands for all of them needs no bind, and then fits servers of both families. */
static bool needs_bind(const struct hf_addr *from)
{
    return hf_addr_is_set(from) && (!hf_addr_is_any(from) || hf_addr_port(from));
}

enum hf_status hf_socket_connect_with(const struct hf_addr *to, const struct hf_connect_opts *opts,
                                      int *fd_out)
{
    int fd;
    enum hf_status status = new_stream(to, &fd);
    if (status)
        return status;
    if (opts->interface)
        status = bind_to_interface(fd, opts->interface);
    if (!status && opts->user_timeout_ms)
        status = set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)opts->user_timeout_ms);
    if (!status && opts->transparent)
        status = set_transparent(fd, to->sa.sa_family == AF_INET6);
    hf_socket_buffers(fd, &opts->buffers);
    if (!status && needs_bind(&opts->from))
        status = bind_source(fd, &opts->from);
    if (!status)
        status = start_connect(fd, to);
    if (status) {
        close(fd);
        return status;
    }
    *fd_out = fd;
    return HF_OK;
}

enum hf_status hf_socket_connect(const struct hf_addr *to, const struct hf_addr *from, int *fd_out)
{
    struct hf_connect_opts opts = {0};
    if (from)
        opts.from = *from;
    return hf_socket_connect_with(to, &opts, fd_out);
}

enum hf_status hf_socket_error(int fd)
{
    int err = 0;
    socklen_t len = sizeof err;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
        err = errno;
    return hf_status_from_errno(err);
}

enum hf_status hf_socket_connected(int fd)
{
    enum hf_status status = hf_socket_error(fd);
    if (status)
        return status;
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
        return errno == ENOTCONN ? HF_AGAIN : hf_status_from_errno(errno);
    return HF_OK;
}

/* ---- bytes ---- */

static enum hf_status receive(int fd, void *buf, size_t room, int flags, size_t *n)
{
    ssize_t got;
    do {
        got = recv(fd, buf, room, flags);
    } while (got < 0 && errno == EINTR);
    *n = got > 0 ? (size_t)got : 0;
    if (got < 0)
        return hf_status_from_errno(errno);
    return got == 0 ? HF_EOF : HF_OK;
}

enum hf_status hf_socket_recv(int fd, void *buf, size_t room, size_t *n)
{
    return receive(fd, buf, room, 0, n);
}

enum hf_status hf_socket_peek(int fd, void *buf, size_t room, size_t *n)
{
    return receive(fd, buf, room, MSG_PEEK, n);
}

static enum hf_status send_with(int fd, const void *buf, size_t size, int flags, size_t *n)
{
    ssize_t sent;
    do {
        sent = send(fd, buf, size, MSG_NOSIGNAL | flags);
    } while (sent < 0 && errno == EINTR);
    *n = sent > 0 ? (size_t)sent : 0;
    return sent < 0 ? hf_status_from_errno(errno) : HF_OK;
}

enum hf_status hf_socket_send(int fd, const void *buf, size_t size, size_t *n)
{
    return send_with(fd, buf, size, 0, n);
}

enum hf_status hf_socket_send_last(int fd, const void *buf, size_t size, size_t *n)
{
    return send_with(fd, buf, size, MSG_MORE, n);
}

enum hf_status hf_socket_send_urgent(int fd, const void *buf, size_t size, size_t *n)
{
    return send_with(fd, buf, size, MSG_OOB, n);
}

bool hf_socket_has_input(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLIN};
    return poll(&ask, 1, 0) > 0;
}

/* ---- what a socket is, and small switches ---- */

void hf_socket_local(int fd, struct hf_addr *out)
{
    *out = (struct hf_addr){0};
    socklen_t len = sizeof *out;
    if (getsockname(fd, &out->sa, &len) == 0 &&
        (out->sa.sa_family == AF_INET || out->sa.sa_family == AF_INET6))
        hf_addr_unmap(out);
    else
        *out = (struct hf_addr){0};
}

/* Nothing below fails on a TCP socket, and where it does nothing is lost but speed. */

void hf_socket_nodelay(int fd)
{
    (void)!set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

void hf_socket_keepalive(int fd, const struct hf_keepalive *how)
{
    (void)!set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (how->probes)
        (void)!set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, (int)how->probes);
    if (how->idle_s)
        (void)!set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)how->idle_s);
    if (how->interval_s)
        (void)!set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, (int)how->interval_s);
}

void hf_socket_shutdown_write(int fd)
{
    shutdown(fd, SHUT_WR);
}

size_t hf_socket_unsent(int fd)
{
    int bytes = 0;
    return ioctl(fd, SIOCOUTQNSD, &bytes) == 0 && bytes > 0 ? (size_t)bytes : 0;
}

void hf_socket_reset_on_close(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void hf_socket_reset_near_on_close(int fd, unsigned hops)
{
    hf_socket_reset_on_close(fd);
    (void)!set_option(fd, IPPROTO_IP, IP_TTL, (int)hops);
    (void)!set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, (int)hops);
}

void hf_socket_vanish_on_close(int fd)
{
    /* A socket in repair mode goes without a packet.  Where that is not allowed, its last packet
     * gets no further than the first router. */
    if (setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &(int){1}, sizeof(int)) == 0)
        return;
    hf_socket_reset_near_on_close(fd, 1);
}

void hf_socket_mark(int fd, unsigned mark)
{
    (void)!set_option(fd, SOL_SOCKET, SO_MARK, (int)mark);
}

void hf_socket_tos(int fd, unsigned tos)
{
    (void)!set_option(fd, IPPROTO_IP, IP_TOS, (int)tos);
    (void)!set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, (int)tos);
}
