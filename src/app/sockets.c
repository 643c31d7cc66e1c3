/*
 * sockets.c: opens every listening socket of a configuration.
 *
 * Control and plain binds get one SO_REUSEPORT socket per worker; a data port belongs to one worker
 * alone, so that its connections meet their session's thread without a lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "app_int.h"
#include "haftp/net/unix.h"

#define SOCKET_NAME_BYTES 256u
#define NO_WORKER         UINT_MAX

static const char *advice(enum hf_status status, unsigned port)
{
    switch (status) {
    case HF_INUSE:
        return "a program listens there, or an outgoing connection happens to use the port: find "
               "it with `ss -atnp`; keep data ports out of net.ipv4.ip_local_port_range, or list "
               "them in "
               "net.ipv4.ip_local_reserved_ports";
    case HF_DENIED:
        return port < 1024 ? "ports below 1024 need root, CAP_NET_BIND_SERVICE, or a lower "
                             "net.ipv4.ip_unprivileged_port_start"
                           : "the system does not allow it: look at the process's capabilities";
    case HF_NOADDR:
        return "no interface of this host has this address: add it (`ip addr add`), or set "
               "net.ipv4.ip_nonlocal_bind=1";
    case HF_NOFD:
        return "raise the limit with `ulimit -n` or `ulimit-n`";
    default:
        return "look at the address and at the system's log";
    }
}

#define NAMED_PORTS 3u

static void report_others(struct app_sockets *sockets)
{
    const struct hf_cfg_bind *bind = sockets->failing;
    if (sockets->n_failing > NAMED_PORTS)
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "Binding [%s:%d] for proxy %s: nor for %u more ports of this line",
                     bind->loc.source ? bind->loc.source->name : "?", bind->loc.line,
                     bind->proxy->name, sockets->n_failing - NAMED_PORTS);
    sockets->n_failing = 0;
}

/* The first ports of a line that fail for one reason are named, with advice; of a range that cannot
 * be had at all, the number of the others is enough. */
static void report(struct app_sockets *sockets, const struct hf_cfg_bind *bind, unsigned port,
                   enum hf_status status)
{
    char text[HF_ADDR_TEXT_SIZE];
    struct hf_addr addr = bind->addr;

    if (sockets->failing != bind || sockets->failing_for != status)
        report_others(sockets);
    sockets->failing = bind;
    sockets->failing_for = status;
    if (sockets->n_failing++ >= NAMED_PORTS)
        return;
    hf_addr_set_port(&addr, (uint16_t)port);
    hf_diag_line(stderr, HF_DIAG_ERROR,
                 "Binding [%s:%d] for proxy %s: cannot bind socket (%s) for [%s]",
                 bind->loc.source ? bind->loc.source->name : "?", bind->loc.line, bind->proxy->name,
                 hf_status_text(status), hf_addr_text(&addr, text));
    if (sockets->n_failing == 1)
        hf_diag_hint(stderr, advice(status, port));
}

/* The same for what has no port. */
static void report_socket(const struct hf_cfg_bind *bind, enum hf_status status)
{
    hf_diag_line(stderr, HF_DIAG_ERROR,
                 "Binding [%s:%d] for proxy %s: cannot bind socket (%s) for [%s]",
                 bind->loc.source ? bind->loc.source->name : "?", bind->loc.line, bind->proxy->name,
                 hf_status_text(status), bind->text);
    hf_diag_hint(stderr,
                 bind->reach == HF_REACH_FD
                     ? "it must be a stream socket that is bound to an address"
                     : "look at the folder of the socket, its rights, and who may write there");
}

static bool append(struct app_sockets *sockets, const struct app_socket *socket)
{
    if (sockets->n == sockets->room) {
        unsigned room = sockets->room ? sockets->room * 2 : 64;
        struct app_socket *list = realloc(sockets->list, room * sizeof *list);
        if (!list)
            return false;
        sockets->list = list;
        sockets->room = room;
    }
    sockets->list[sockets->n++] = *socket;
    return true;
}

/* An outgoing connection of anybody may sit on a data port for a moment, so a taken port is tried
 * again: for a second in all, not for each. */
static enum hf_status listen_patiently(struct app_sockets *sockets, const struct hf_addr *addr,
                                       const struct hf_listen_opts *opts, int *fd)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    enum hf_status status;
    while ((status = hf_socket_listen(addr, opts, fd)) == HF_INUSE && sockets->pauses < 50) {
        sockets->pauses++;
        nanosleep(&pause, NULL);
    }
    return status;
}

/* What FTP needs goes before what a line asks for: its servers speak first, so that waiting for the
 * client's first byte would be waiting for ever. */
static void add_bind_options(struct hf_listen_opts *opts, const struct hf_cfg_bind *bind)
{
    opts->user_timeout_ms = bind->tcp_ut_ms;
    opts->mss = bind->mss;
    opts->fastopen = bind->tfo;
    opts->defer_accept = bind->defer_accept && bind->role == HF_BIND_PLAIN;
}

/* All of a socket that cannot be changed any more. */
static void name_socket(const struct hf_cfg_bind *bind, const struct hf_addr *addr,
                        char out[SOCKET_NAME_BYTES])
{
    char text[HF_ADDR_TEXT_SIZE];

    snprintf(out, SOCKET_NAME_BYTES, "%s%s%s%s%s%s", hf_addr_text(addr, text),
             bind->v6only ? ",v6only" : "", bind->v4v6 ? ",v4v6" : "",
             bind->transparent ? ",transparent" : "", bind->interface ? ",interface=" : "",
             bind->interface ? bind->interface : "");
}

/* Takes the descriptor. */
static bool add_socket(struct app_sockets *sockets, const struct app_socket *like, const char *name,
                       int fd)
{
    struct app_socket socket = *like;

    socket.fd = socket.shown = fd;
    socket.name = *name ? strdup(name) : NULL;
    if ((socket.name || !*name) && append(sockets, &socket))
        return true;
    free(socket.name);
    close(fd);
    return false;
}

/* One that was handed over is used, or else a new one is opened. */
static bool open_one(struct app_sockets *sockets, const struct hf_cfg_bind *bind, unsigned port,
                     struct hf_lease_slot *slot, unsigned worker, bool handed_over_only)
{
    struct hf_listen_opts opts = {
        .reuseport = slot == NULL || sockets->beside_others,
        .v6only = bind->v6only,
        .v4v6 = bind->v4v6,
        .transparent = bind->transparent,
        .interface = bind->interface,
        .backlog = bind->backlog ? bind->backlog : (int)bind->proxy->o.backlog,
        .buffers = sockets->buffers,
    };
    struct app_socket socket = {.bind = bind, .slot = slot, .port = port, .worker = worker};
    struct hf_addr addr = bind->addr;
    char name[SOCKET_NAME_BYTES];

    add_bind_options(&opts, bind);
    hf_addr_set_port(&addr, (uint16_t)port);
    name_socket(bind, &addr, name);
    int fd = app_heirlooms_take(&sockets->heirlooms, name);
    if (fd >= 0) {
        hf_socket_listen_again(fd, &opts);
        return add_socket(sockets, &socket, name, fd);
    }
    if (handed_over_only)
        return false;
    enum hf_status status =
        slot ? listen_patiently(sockets, &addr, &opts, &fd) : hf_socket_listen(&addr, &opts, &fd);
    if (status != HF_OK) {
        report(sockets, bind, port, status);
        return false;
    }
    return add_socket(sockets, &socket, name, fd);
}

/* A bind of ours has the port: the check of the configuration has let the two share it. */
static bool is_ours(const struct app_sockets *sockets, unsigned port)
{
    for (unsigned i = 0; i < sockets->n; i++)
        if (sockets->list[i].port == port)
            return true;
    return false;
}

/* SO_REUSEPORT would let us share a port with a stranger's process of the same user, which would
 * then take a part of the connections: so the first socket of a port is tried without it. */
static bool is_taken(struct app_sockets *sockets, const struct hf_cfg_bind *bind, unsigned port)
{
    struct hf_listen_opts opts = {.only_bound = true,
                                  .v6only = bind->v6only,
                                  .v4v6 = bind->v4v6,
                                  .transparent = bind->transparent,
                                  .interface = bind->interface};
    struct hf_addr addr = bind->addr;
    int fd;

    hf_addr_set_port(&addr, (uint16_t)port);
    enum hf_status status = hf_socket_listen(&addr, &opts, &fd);
    if (status == HF_OK)
        close(fd);
    else
        report(sockets, bind, port, status);
    return status != HF_OK;
}

/* ---- sockets without a port of ours ------------------------------------------------------ */

static int id_or(const char *text, int otherwise)
{
    return text ? atoi(text) : otherwise;
}

/* What the bind does not say, `unix-bind` says. */
static struct hf_unix_opts unix_options(const struct hf_cfg_bind *bind,
                                        const struct hf_cfg_global *global)
{
    const struct passwd *user = global->unix_user ? getpwnam(global->unix_user) : NULL;
    const struct group *group = global->unix_group ? getgrnam(global->unix_group) : NULL;
    const char *mode = bind->mode ? bind->mode : global->unix_mode;
    struct hf_unix_opts opts = {
        .abstract = bind->reach == HF_REACH_ABNS,
        .mode = mode ? (int)strtol(mode, NULL, 8) : -1,
        .uid = bind->uid != -1 ? bind->uid : id_or(global->unix_uid, -1),
        .gid = bind->gid != -1 ? bind->gid : id_or(global->unix_gid, -1),
        .backlog = bind->backlog ? bind->backlog : (int)bind->proxy->o.backlog,
    };
    if (opts.uid == -1 && user)
        opts.uid = (int)user->pw_uid;
    if (opts.gid == -1 && group)
        opts.gid = (int)group->gr_gid;
    return opts;
}

static enum hf_status listen_on_unix(struct app_sockets *sockets, const struct hf_cfg_bind *bind,
                                     const struct hf_cfg_global *global,
                                     char name[SOCKET_NAME_BYTES], int *fd)
{
    const struct hf_unix_opts opts = unix_options(bind, global);
    const char *prefix =
        bind->reach == HF_REACH_UNIX && global->unix_prefix ? global->unix_prefix : "";
    const char *kind = opts.abstract ? "abns@" : "unix@";

    if ((size_t)snprintf(name, SOCKET_NAME_BYTES, "%s%s%s", kind, prefix, bind->path) >=
        SOCKET_NAME_BYTES)
        return HF_INVALID;
    *fd = app_heirlooms_take(&sockets->heirlooms, name);
    return *fd >= 0 ? HF_OK : hf_unix_listen(name + strlen(kind), &opts, fd);
}

/* The kernel spreads no connections over several such sockets: workers share one. */
static enum hf_status share(int fd, int *copy)
{
    *copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return *copy < 0 ? hf_status_from_errno(errno) : HF_OK;
}

static enum hf_status listen_on_descriptor(const struct hf_cfg_bind *bind, int *fd)
{
    enum hf_status status = share(bind->fd, fd);
    int flags = status ? -1 : fcntl(*fd, F_GETFL);

    if (status)
        return status;
    if (flags >= 0 && fcntl(*fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
        listen(*fd, bind->backlog > 0 ? bind->backlog : SOMAXCONN) == 0)
        return HF_OK;
    status = hf_status_from_errno(errno);
    close(*fd);
    return status;
}

static bool open_shared_bind(struct app_sockets *sockets, const struct hf_cfg_bind *bind,
                             const struct hf_cfg_global *global, unsigned n_workers)
{
    struct app_socket socket = {.bind = bind, .port = bind->port_lo};
    char name[SOCKET_NAME_BYTES] = "";
    int first, fd;
    enum hf_status status = bind->reach == HF_REACH_FD
                                ? listen_on_descriptor(bind, &first)
                                : listen_on_unix(sockets, bind, global, name, &first);
    if (status == HF_OK && !add_socket(sockets, &socket, name, first))
        status = HF_NOMEM;
    /* One is handed over: the others are copies. */
    while (!status && ++socket.worker < n_workers) {
        status = share(first, &fd);
        if (!status && !add_socket(sockets, &socket, "", fd))
            status = HF_NOMEM;
    }
    if (status)
        report_socket(bind, status);
    return status == HF_OK;
}

/* All sockets of the port that were handed over are used, even if that is more than one for a
 * worker: connections may wait in each. */
static bool open_front_bind(struct app_sockets *sockets, const struct hf_cfg_bind *bind,
                            unsigned n_workers)
{
    bool ok = true;
    for (unsigned port = bind->port_lo; port <= bind->port_hi; port++) {
        unsigned n = 0;
        while (open_one(sockets, bind, port, NULL, n % n_workers, true))
            n++;
        if (!n && !sockets->beside_others && !is_ours(sockets, port) &&
            is_taken(sockets, bind, port)) {
            ok = false;
            continue;
        }
        for (; n < n_workers; n++)
            ok = open_one(sockets, bind, port, NULL, n, false) && ok;
    }
    return ok;
}

bool app_sockets_open(struct app_sockets *sockets, const struct hf_config *config,
                      struct hf_lease_table *leases, unsigned n_workers)
{
    bool ok = true;
    sockets->buffers =
        (struct hf_buffers){config->global.rcvbuf_client, config->global.sndbuf_client};
    for (const struct hf_cfg_proxy *proxy = config->proxies; proxy; proxy = proxy->next)
        for (const struct hf_cfg_bind *bind = proxy->binds; bind; bind = bind->next)
            if (!proxy->o.disabled && bind->role != HF_BIND_DATA)
                ok = (bind->reach == HF_REACH_INET
                          ? open_front_bind(sockets, bind, n_workers)
                          : open_shared_bind(sockets, bind, &config->global, n_workers)) &&
                     ok;
    for (unsigned i = 0; i < hf_lease_slot_count(leases); i++) {
        struct hf_lease_slot *slot = hf_lease_slot_at(leases, i);
        ok = open_one(sockets, slot->bind, slot->port, slot, slot->worker, false) && ok;
    }
    report_others(sockets);
    return ok;
}

bool app_sockets_show(struct app_sockets *sockets, const char *name, int fd)
{
    const struct app_socket socket = {
        .name = strdup(name), .shown = fd, .fd = -1, .worker = NO_WORKER};

    if (socket.name && append(sockets, &socket))
        return true;
    free(socket.name);
    return false;
}

void app_sockets_close(struct app_sockets *sockets)
{
    for (unsigned i = 0; i < sockets->n; i++) {
        if (sockets->list[i].fd >= 0)
            close(sockets->list[i].fd);
        free(sockets->list[i].name);
    }
    free(sockets->list);
    app_heirlooms_free(&sockets->heirlooms);
    *sockets = (struct app_sockets){0};
}
