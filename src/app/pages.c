/*
 * pages.c: sections that serve pages of HTTP: their sockets are opened with all others, and served
 * on main's loop.
 */
#include <stdlib.h>
#include <unistd.h>

#include "app_int.h"

static bool append(struct app_pages *pages, const struct hf_cfg_bind *bind, int fd)
{
    struct app_api_socket *list = realloc(pages->list, (pages->n + 1) * sizeof *list);
    if (!list)
        return false;
    pages->list = list;
    list[pages->n++] = (struct app_api_socket){.bind = bind, .fd = fd};
    return true;
}

static bool open_one(struct app_pages *pages, const struct hf_cfg_bind *bind, unsigned port)
{
    struct hf_listen_opts opts = {.reuseport = true, .v6only = bind->v6only, .v4v6 = bind->v4v6};
    struct hf_addr addr = bind->addr;
    int fd;

    hf_addr_set_port(&addr, (uint16_t)port);
    enum hf_status status = hf_socket_listen(&addr, &opts, &fd);
    if (status == HF_OK && append(pages, bind, fd))
        return true;
    if (status == HF_OK) {
        close(fd);
        status = HF_NOMEM;
    }
    app_refuse(bind->loc,
               "look who listens there (`ss -ltnp`), and whether this host has the address",
               "cannot listen on '%s' for the page of '%s' (%s).", bind->text, bind->proxy->name,
               hf_status_text(status));
    return false;
}

bool app_pages_open(struct app_pages *pages, const struct hf_config *config)
{
    bool ok = true;

    for (const struct hf_cfg_proxy *proxy = config->proxies; proxy; proxy = proxy->next) {
        if (!proxy->serves_page)
            continue;
        for (const struct hf_cfg_bind *bind = proxy->binds; bind; bind = bind->next)
            for (unsigned port = bind->port_lo; port <= bind->port_hi; port++)
                ok = open_one(pages, bind, port) && ok;
    }
    return ok;
}

bool app_pages_serve(struct app_pages *pages, struct hf_loop *loop, struct hf_runtime *runtime,
                     unsigned n_workers)
{
    if (pages->n == 0)
        return true;
    pages->pages = hf_pages_new(loop, runtime, n_workers);
    for (unsigned i = 0; pages->pages && i < pages->n; i++) {
        int fd = pages->list[i].fd;
        pages->list[i].fd = -1;
        if (hf_pages_serve(pages->pages, pages->list[i].bind, fd) != HF_OK)
            return false;
    }
    return pages->pages != NULL;
}

void app_pages_stop(struct app_pages *pages)
{
    if (pages->pages)
        hf_pages_stop(pages->pages);
}

void app_pages_end(struct app_pages *pages)
{
    hf_pages_free(pages->pages);
    pages->pages = NULL;
}

void app_pages_close(struct app_pages *pages)
{
    for (unsigned i = 0; i < pages->n; i++)
        if (pages->list[i].fd >= 0)
            close(pages->list[i].fd);
    free(pages->list);
    *pages = (struct app_pages){0};
}
