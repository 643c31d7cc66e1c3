/*
 * sink.c: descriptors for log lines, shared by all that log to the same place.
 *
 * A unix socket is connected, so that chroot does not matter, and connected again when its daemon
 * was restarted: at most once a second, by whichever thread comes first.
 */
#include "haftp/log/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "haftp/base/diag.h"

struct hf_sink {
    const struct hf_cfg_log *cfg;
    int fd;
    bool missing;             /* at the start */
    _Atomic bool connected;   /* unix sockets only */
    _Atomic uint64_t tried_s; /* when we last tried to connect */
    _Atomic bool complained;
    _Atomic uint64_t dropped;
};

static uint64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec + 1; /* never 0: 0 means never tried */
}

/* ---- opening ----------------------------------------------------------------------------- */

/* HF_OK, or why there is nobody at the other end. */
static enum hf_status connect_unix(struct hf_sink *sink)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t n = strlen(sink->cfg->path);
    size_t at = sink->cfg->abstract; /* such a name begins with a NUL */
    if (at + n >= sizeof addr.sun_path)
        return HF_INVALID;
    memcpy(addr.sun_path + at, sink->cfg->path, n);
    if (connect(sink->fd, (const struct sockaddr *)&addr, sizeof addr) != 0)
        return hf_status_from_errno(errno);
    atomic_store_explicit(&sink->connected, true, memory_order_release);
    return HF_OK;
}

static enum hf_status open_socket(struct hf_sink *sink, int family)
{
    sink->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return sink->fd < 0 ? hf_status_from_errno(errno) : HF_OK;
}

enum hf_status hf_sink_open(const struct hf_cfg_log *cfg, struct hf_sink **out)
{
    enum hf_status status = HF_OK;
    struct hf_sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return HF_NOMEM;
    sink->cfg = cfg;
    sink->fd = -1;
    switch (cfg->kind) {
    case HF_LOG_UNIX:
        status = open_socket(sink, AF_UNIX);
        if (status == HF_OK)
            sink->missing = connect_unix(sink) == HF_NOTFOUND;
        break;
    case HF_LOG_UDP:
        status = open_socket(sink, cfg->addr.sa.sa_family);
        break;
    case HF_LOG_FD:
        sink->fd = cfg->fd; /* not ours to close */
        break;
    }
    if (status != HF_OK) {
        free(sink);
        return status;
    }
    *out = sink;
    return HF_OK;
}

void hf_sink_close(struct hf_sink *sink)
{
    if (sink->cfg->kind != HF_LOG_FD)
        close(sink->fd);
    free(sink);
}

bool hf_sink_serves(const struct hf_sink *sink, const struct hf_cfg_log *cfg)
{
    if (sink->cfg->kind != cfg->kind)
        return false;
    switch (cfg->kind) {
    case HF_LOG_UNIX:
        return sink->cfg->abstract == cfg->abstract && strcmp(sink->cfg->path, cfg->path) == 0;
    case HF_LOG_UDP:
        return hf_addr_equal(&sink->cfg->addr, &cfg->addr);
    case HF_LOG_FD:
        return sink->cfg->fd == cfg->fd;
    }
    return false;
}

bool hf_sink_is_missing(const struct hf_sink *sink)
{
    return sink->missing;
}

bool hf_sink_is_fd(const struct hf_sink *sink)
{
    return sink->cfg->kind == HF_LOG_FD;
}

uint64_t hf_sink_dropped_mt(const struct hf_sink *sink)
{
    return atomic_load_explicit(&sink->dropped, memory_order_relaxed);
}

/* ---- sending ----------------------------------------------------------------------------- */

static const char *place(const struct hf_sink *sink, char *text)
{
    switch (sink->cfg->kind) {
    case HF_LOG_UNIX:
        return sink->cfg->path;
    case HF_LOG_UDP:
        return hf_addr_text(&sink->cfg->addr, text);
    case HF_LOG_FD:
        break;
    }
    return sink->cfg->fd == STDOUT_FILENO ? "stdout" : "stderr";
}

/* Said once: a log that is down must not fill another one. */
static void complain(struct hf_sink *sink, int error)
{
    char text[HF_ADDR_TEXT_SIZE];
    if (atomic_exchange(&sink->complained, true))
        return;
    hf_diag_line(stderr, HF_DIAG_ERROR,
                 "cannot log to %s: %s; lines for it are lost until it takes them%s",
                 place(sink, text), strerror(error),
                 sink->cfg->kind == HF_LOG_FD
                     ? ""
                     : " (is the log daemon running?  Without one, 'log stdout format raw local0' "
                       "logs to standard output)");
}

static bool may_try(struct hf_sink *sink)
{
    uint64_t now = now_s();
    uint64_t last = atomic_load_explicit(&sink->tried_s, memory_order_relaxed);
    return last != now && atomic_compare_exchange_strong(&sink->tried_s, &last, now);
}

/* HF_AGAIN: too early to try, or being tried by another thread. */
static enum hf_status reconnect(struct hf_sink *sink)
{
    return may_try(sink) ? connect_unix(sink) : HF_AGAIN;
}

static enum hf_status send_datagram(struct hf_sink *sink, struct iovec *iov, size_t n)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = n};
    if (sink->cfg->kind == HF_LOG_UDP) {
        message.msg_name = (void *)&sink->cfg->addr.sa;
        message.msg_namelen = hf_addr_len(&sink->cfg->addr);
    }
    if (sendmsg(sink->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return HF_OK;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return HF_AGAIN; /* the daemon is there, and slow */
    return hf_status_from_errno(errno);
}

static enum hf_status send_unix(struct hf_sink *sink, struct iovec *iov, size_t n)
{
    enum hf_status status = HF_OK;
    if (atomic_load_explicit(&sink->connected, memory_order_acquire)) {
        status = send_datagram(sink, iov, n);
        if (status == HF_OK || status == HF_AGAIN)
            return status;
        atomic_store_explicit(&sink->connected, false, memory_order_release);
    }
    status = reconnect(sink);
    return status == HF_OK ? send_datagram(sink, iov, n) : status;
}

/* A pipe that polls writable takes up to PIPE_BUF bytes without blocking, and in one piece. */
static enum hf_status write_fd(struct hf_sink *sink, struct iovec *iov, int n)
{
    struct pollfd poll_fd = {.fd = sink->fd, .events = POLLOUT};
    if (poll(&poll_fd, 1, 0) == 0)
        return HF_AGAIN;
    if (writev(sink->fd, iov, n) >= 0)
        return HF_OK;
    return hf_status_from_errno(errno);
}

static enum hf_status send_once(struct hf_sink *sink, struct iovec *iov, size_t n)
{
    switch (sink->cfg->kind) {
    case HF_LOG_UNIX:
        return send_unix(sink, iov, n);
    case HF_LOG_UDP:
        return send_datagram(sink, iov, n);
    case HF_LOG_FD:
        break;
    }
    return write_fd(sink, iov, (int)n);
}

void hf_sink_send_mt(struct hf_sink *sink, const char *header, size_t header_size, const char *text,
                     size_t size, size_t limit)
{
    bool needs_end = hf_sink_is_fd(sink);
    if (needs_end && limit > PIPE_BUF - 1)
        limit = PIPE_BUF - 1;
    if (header_size > limit)
        header_size = limit;
    if (size > limit - header_size)
        size = limit - header_size;

    struct iovec iov[3] = {{(void *)header, header_size}, {(void *)text, size}, {(void *)"\n", 1}};
    enum hf_status status = send_once(sink, iov, needs_end ? 3 : 2);
    int error = errno;
    if (status == HF_OK)
        return;
    atomic_fetch_add_explicit(&sink->dropped, 1, memory_order_relaxed);
    if (status != HF_AGAIN)
        complain(sink, error);
}
