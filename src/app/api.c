/*
 * api.c: the sockets of the runtime API are opened with all others, and served on main's loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app_int.h"

static const char *hint_of(const struct hf_cfg_bind *bind, enum hf_status status)
{
    if (bind->reach == HF_REACH_INET)
        return "look who listens there (`ss -ltnp`), and whether this host has the address";
    if (status != HF_INUSE)
        return "look at the folder of the socket, its rights, and who may write there";
    return bind->reach == HF_REACH_ABNS
               ? "another process has the name (`ss -lxp`)"
               : "a file of this name is there, and no socket: name another, or remove it";
}

static void report(const struct hf_cfg_bind *bind, enum hf_status status)
{
    app_refuse(bind->loc, hint_of(bind, status), "stats socket: cannot listen on '%s' (%s).",
               bind->text, hf_status_text(status));
}

static bool append(struct app_api *api, const struct hf_cfg_bind *bind, int fd)
{
    struct app_api_socket *list = realloc(api->list, (api->n + 1) * sizeof *list);
    if (!list)
        return false;
    api->list = list;
    list[api->n++] = (struct app_api_socket){.bind = bind, .fd = fd};
    return true;
}

/* A path of the file system is made anew, and the old socket gives way; an address is handed over.
 */
static enum hf_status obtain(struct app_sockets *sockets, const struct hf_cfg_bind *bind,
                             uint16_t port, int *fd)
{
    char name[300];
    bool handed_over = bind->reach == HF_REACH_INET || bind->reach == HF_REACH_ABNS;
    enum hf_status status = HF_OK;

    snprintf(name, sizeof name, "stats socket %s %u", bind->text, port);
    *fd = handed_over ? app_heirlooms_take(&sockets->heirlooms, name) : -1;
    if (*fd < 0)
        status = hf_admin_listen(bind, port, fd);
    if (!status && handed_over && !app_sockets_show(sockets, name, *fd)) {
        close(*fd);
        status = HF_NOMEM;
    }
    return status;
}

static bool open_one(struct app_api *api, struct app_sockets *sockets,
                     const struct hf_cfg_bind *bind, uint16_t port)
{
    int fd;
    enum hf_status status = obtain(sockets, bind, port, &fd);
    if (!status && append(api, bind, fd))
        return true;
    if (!status) {
        close(fd);
        status = HF_NOMEM;
    }
    report(bind, status);
    return false;
}

bool app_api_open(struct app_api *api, struct app_sockets *sockets, const struct hf_config *config)
{
    const struct hf_cfg_bind *bind = config->global.stats_sockets;
    bool ok = app_pages_open(&api->pages, config);

    for (; bind; bind = bind->next)
        for (unsigned port = bind->port_lo; port <= bind->port_hi; port++)
            ok = open_one(api, sockets, bind, (uint16_t)port) && ok;
    return ok;
}

bool app_api_serve(struct app_api *api, const struct app_serving *serving, struct hf_loop *loop,
                   struct hf_checks *checks)
{
    if (!app_pages_serve(&api->pages, loop, serving->runtime, serving->n_workers))
        return false;
    if (api->n == 0)
        return true;
    api->engines = calloc(serving->n_workers, sizeof *api->engines);
    if (!api->engines)
        return false;
    for (unsigned i = 0; i < serving->n_workers; i++)
        api->engines[i] = serving->workers[i].engine;
    api->admin = hf_admin_new(&(struct hf_admin_host){.loop = loop,
                                                      .runtime = serving->runtime,
                                                      .leases = serving->leases,
                                                      .checks = checks,
                                                      .engines = api->engines,
                                                      .n_engines = serving->n_workers,
                                                      .offer = app_offer_line});
    for (unsigned i = 0; api->admin && i < api->n; i++) {
        int fd = api->list[i].fd;
        api->list[i].fd = -1;
        if (hf_admin_serve(api->admin, api->list[i].bind, fd) != HF_OK)
            return false;
    }
    return api->admin != NULL;
}

void app_api_stop(struct app_api *api)
{
    app_pages_stop(&api->pages);
    if (api->admin)
        hf_admin_stop(api->admin);
}

void app_api_end(struct app_api *api)
{
    app_pages_end(&api->pages);
    hf_admin_free(api->admin);
    api->admin = NULL;
    free(api->engines);
    api->engines = NULL;
}

void app_api_close(struct app_api *api)
{
    app_pages_close(&api->pages);
    for (unsigned i = 0; i < api->n; i++)
        if (api->list[i].fd >= 0)
            close(api->list[i].fd);
    free(api->list);
    *api = (struct app_api){0};
}
