/*
 * heirlooms.c: listening sockets that processes before us have handed over, by their names.
 *
 * A name says all that cannot be changed any more once a socket is bound; so what has the name that
 * a line would give can be used for that line.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app_int.h"

bool app_heirlooms_add(struct app_heirlooms *heirlooms, const char *name, int fd)
{
    if (heirlooms->n == heirlooms->room) {
        unsigned room = heirlooms->room ? heirlooms->room * 2 : 64;
        struct app_heirloom *list = realloc(heirlooms->list, room * sizeof *list);
        if (!list)
            return false;
        heirlooms->list = list;
        heirlooms->room = room;
    }
    char *copy = strdup(name);
    if (!copy)
        return false;
    heirlooms->list[heirlooms->n++] = (struct app_heirloom){copy, fd};
    return true;
}

/* They are mostly asked for in the order in which they came. */
int app_heirlooms_take(struct app_heirlooms *heirlooms, const char *name)
{
    for (unsigned i = 0; i < heirlooms->n; i++) {
        unsigned at = (heirlooms->next + i) % heirlooms->n;
        struct app_heirloom *heirloom = &heirlooms->list[at];
        if (heirloom->fd < 0 || strcmp(heirloom->name, name) != 0)
            continue;
        int fd = heirloom->fd;
        heirloom->fd = -1;
        heirlooms->next = at + 1;
        return fd;
    }
    return -1;
}

void app_heirlooms_free(struct app_heirlooms *heirlooms)
{
    for (unsigned i = 0; i < heirlooms->n; i++) {
        if (heirlooms->list[i].fd >= 0)
            close(heirlooms->list[i].fd);
        free(heirlooms->list[i].name);
    }
    free(heirlooms->list);
    *heirlooms = (struct app_heirlooms){0};
}
