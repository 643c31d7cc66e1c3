/*
 * admin.c: the sockets of the runtime API, and how many clients they may have.
 *
 * As many clients as `stats maxconn` permits are accepted; others wait in the kernel's queue.
 */
#include <stdlib.h>

#include <utlist.h>

#include "admin_int.h"
#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "haftp/net/unix.h"

enum hf_status hf_admin_listen(const struct hf_cfg_bind *bind, uint16_t port, int *fd_out)
{
    if (bind->reach == HF_REACH_INET) {
        struct hf_listen_opts opts = {.v6only = bind->v6only,
                                      .v4v6 = bind->v4v6,
                                      .transparent = bind->transparent,
                                      .interface = bind->interface,
                                      .backlog = bind->backlog};
        struct hf_addr addr = bind->addr;
        hf_addr_set_port(&addr, port);
        return hf_socket_listen(&addr, &opts, fd_out);
    }
    struct hf_unix_opts opts = {
        .abstract = bind->reach == HF_REACH_ABNS,
        .mode = bind->mode ? (int)strtol(bind->mode, NULL, 8) : -1,
        .uid = bind->uid,
        .gid = bind->gid,
        .backlog = bind->backlog,
    };
    return hf_unix_listen(bind->path, &opts, fd_out);
}

struct hf_admin *hf_admin_new(const struct hf_admin_host *host)
{
    struct hf_admin *admin = calloc(1, sizeof *admin);
    if (!admin)
        return NULL;
    admin->host = *host;
    admin->most_clients = host->runtime->config->global.stats_maxconn;
    return admin;
}

static bool has_room(const struct hf_admin *admin)
{
    return admin->n_clients < admin->most_clients;
}

/* The last one that there is room for pauses its listener; at the others one more may come in,
 * which waits until somebody leaves, like those in the kernel's queue. */
static bool on_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct admin_socket *socket = listener->owner;
    struct hf_admin *admin = socket->admin;
    (void)peer;

    if (admin_client_new(admin, socket->bind, fd))
        admin->n_clients++;
    if (has_room(admin))
        return true;
    struct admin_socket *other;
    LL_FOREACH(admin->sockets, other)
    {
        hf_listener_pause(&other->listener);
    }
    return false;
}

void admin_client_gone(struct hf_admin_client *client)
{
    struct hf_admin *admin = client->admin;
    struct admin_socket *socket;

    DL_DELETE(admin->clients, client);
    admin->n_clients--;
    LL_FOREACH(admin->sockets, socket)
    {
        if (has_room(admin) && socket->listener.watch.fd >= 0)
            hf_listener_resume(&socket->listener);
    }
}

enum hf_status hf_admin_serve(struct hf_admin *admin, const struct hf_cfg_bind *bind, int fd)
{
    struct admin_socket *socket = calloc(1, sizeof *socket);
    enum hf_status status = HF_NOMEM;
    if (socket) {
        socket->admin = admin;
        socket->bind = bind;
        status = hf_listener_open(&socket->listener, admin->host.loop, fd, 1, on_accept, socket);
    }
    if (status) {
        close(fd);
        free(socket);
        return status;
    }
    LL_PREPEND(admin->sockets, socket);
    return HF_OK;
}

void hf_admin_stop(struct hf_admin *admin)
{
    struct admin_socket *socket;
    LL_FOREACH(admin->sockets, socket)
    {
        hf_listener_close(&socket->listener);
    }
}

void hf_admin_free(struct hf_admin *admin)
{
    struct admin_socket *socket, *next;
    struct hf_loop *loop;

    if (!admin)
        return;
    loop = admin->host.loop;
    hf_admin_stop(admin);
    while (admin->clients)
        admin_client_close(admin->clients);
    hf_loop_settle(loop); /* the last answers */
    HF_ASSERT(admin->n_asks == 0);
    LL_FOREACH_SAFE(admin->sockets, socket, next)
    {
        free(socket);
    }
    admin_cert_change_end(&admin->cert_change);
    free(admin);
}
