/*
 * old.c: processes before us that the command line names (-sf, -st, -x), and what they offer.
 *
 * A master, and a process that has none, listens at an abstract name that is made of its id, where
 * root and its own user can have a line to it, or to its workers (takeover.c): so `-sf` needs
 * nothing in the configuration. With `-x` the line comes through the runtime API.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app_int.h"
#include "haftp/net/line.h"
#include "haftp/net/listener.h"
#include "haftp/net/socket.h"
#include "haftp/net/unix.h"

#define NAME_BYTES  32u
#define PATIENCE_MS 5000
#define GETSOCKS    "_getsocks\n" /* HAProxy's command */

static struct {
    struct app_serving *serving;
    struct hf_listener listener;
    int fd;     /* until it is served */
    uid_t user; /* who may have a line, beside root */
} offer = {.fd = -1};

static const char *name_of(pid_t pid, char out[NAME_BYTES])
{
    snprintf(out, NAME_BYTES, "haftp-%d", (int)pid);
    return out;
}

/* ---- what we offer ------------------------------------------------------------------------- */

/* Before the user changes: a successor must see that the name is root's, or its own user's. */
void app_offer_open(void)
{
    const struct hf_unix_opts opts = {.abstract = true, .mode = -1, .uid = -1, .gid = -1};
    char name[NAME_BYTES];

    offer.user = geteuid();
    if (hf_unix_listen(name_of(getpid(), name), &opts, &offer.fd) != HF_OK) {
        offer.fd = -1;
        hf_diag_line(stderr, HF_DIAG_NOTICE,
                     "The abstract name '%s' cannot be had: a process that follows by '-sf' will "
                     "not find this one.",
                     name);
    }
}

static bool is_trusted(int fd, uid_t user)
{
    struct ucred who;
    socklen_t n = sizeof who;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
           (who.uid == 0 || who.uid == user);
}

bool app_offer_line(int to)
{
    int ends[2], lines[APP_MOST_FOREBEARS + 1];

    if (!offer.serving || hf_line_open(ends) != HF_OK)
        return false;
    /* It needs those before us as well, for when we have ended. */
    lines[0] = ends[1];
    unsigned n = 1 + app_takeover_lines(lines + 1);
    n = n < HF_LINE_FDS ? n : HF_LINE_FDS;
    enum hf_status status = hf_line_send_mt(to, "line", 4, lines, n);
    close(ends[1]);
    if (status == HF_OK)
        return app_handover_serve(offer.serving, ends[0]);
    close(ends[0]);
    return false;
}

/* A master's: its workers' lines. */
void app_offer_answer(const int *lines, unsigned n)
{
    int fd;
    struct hf_addr nobody;

    while (offer.fd >= 0 && hf_socket_accept(offer.fd, &fd, &nobody) == HF_OK) {
        if (n && is_trusted(fd, offer.user))
            (void)!hf_line_send_mt(fd, "line", 4, lines, n < HF_LINE_FDS ? n : HF_LINE_FDS);
        close(fd);
    }
}

int app_offer_fd(void)
{
    return offer.fd;
}

static bool on_successor(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    (void)listener;
    (void)peer;
    if (is_trusted(fd, offer.user))
        (void)!app_offer_line(fd);
    close(fd);
    return true;
}

void app_offer_serve(struct app_serving *serving)
{
    offer.serving = serving;
    if (offer.fd >= 0 &&
        hf_listener_open(&offer.listener, serving->loop, offer.fd, 0, on_successor, NULL) == HF_OK)
        offer.fd = -1;
}

void app_offer_end(void)
{
    hf_listener_close(&offer.listener);
    if (offer.fd >= 0)
        close(offer.fd);
    offer.fd = -1;
    offer.serving = NULL;
}

/* ---- what we are offered ------------------------------------------------------------------- */

/* The lines that come over this connection. */
static bool receive_lines(int fd)
{
    static struct hf_line_message message; /* large; once per start */
    enum hf_status status = hf_line_await(fd, PATIENCE_MS);

    if (status == HF_OK)
        status = hf_line_receive(fd, &message);
    if (status != HF_OK)
        return false;
    if (strcmp(message.text, "line") != 0 || !message.n_fds) {
        hf_line_drop_fds(&message, 0);
        return false;
    }
    app_takeover_from(message.fds, message.n_fds);
    return true;
}

static void ask_processes(const struct hf_pids *pids)
{
    for (unsigned i = 0; i < pids->n; i++) {
        char name[NAME_BYTES];
        int fd;
        if (hf_unix_connect(name_of(pids->list[i], name), true, &fd) != HF_OK) {
            if (kill(pids->list[i], 0) == 0)
                hf_diag_line(stderr, HF_DIAG_NOTICE,
                             "Process %d hands nothing over: it is a worker, or no "
                             "haftp. New sockets are opened beside its own.",
                             (int)pids->list[i]);
            continue;
        }
        if (!is_trusted(fd, geteuid()) || !receive_lines(fd))
            hf_diag_line(stderr, HF_DIAG_WARNING,
                         "Process %d does not answer: it hands nothing over.", (int)pids->list[i]);
        close(fd);
    }
}

static bool ask_socket(const char *path)
{
    bool abstract = strncmp(path, "abns@", 5) == 0, ok = false;
    enum hf_status status;
    int fd;

    if (abstract || strncmp(path, "unix@", 5) == 0)
        path += 5;
    status = hf_unix_connect(path, abstract, &fd);
    if (status == HF_OK) {
        ok = write(fd, GETSOCKS, sizeof GETSOCKS - 1) == sizeof GETSOCKS - 1 && receive_lines(fd);
        close(fd);
    }
    if (!ok)
        hf_diag_line(stderr, HF_DIAG_ERROR,
                     "Failed to get the sockets from the old process: '%s' %s.", path,
                     status == HF_OK ? "gives none: its 'stats socket' line needs 'expose-fd "
                                       "listeners'"
                                     : hf_status_text(status));
    return ok;
}

bool app_ask_old_processes(const struct hf_args *args)
{
    ask_processes(&args->old_pids);
    ask_processes(&args->terminated_pids);
    return !args->takeover_socket || ask_socket(args->takeover_socket);
}

static void tell(const struct hf_pids *pids, int number)
{
    for (unsigned i = 0; i < pids->n; i++)
        (void)!kill(pids->list[i], number); /* one that has ended needs no signal */
}

void app_tell_old_processes(const struct hf_args *args)
{
    tell(&args->old_pids, SIGUSR1);
    tell(&args->terminated_pids, SIGTERM);
}
