/*
 * handover.c: answers to the processes after us (see takeover.c), on main's loop.
 *
 * A successor that dies between "hold" and "running" is waited for no longer than HOLD_MS; then we
 * accept again, and nobody was refused.
 */
#include "app_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/base/hex.h"
#include "haftp/log/log.h"
#include "haftp/net/line.h"

#define RETRY_MS 2u
#define HOLD_MS  10000u

/* What a successor gets goes through a queue: its end may be full. */
struct parcel {
    struct parcel *next, *prev;
    size_t n;
    unsigned n_fds;
    int fds[HF_LINE_FDS]; /* the sockets' own */
    char text[];
};

struct successor {
    struct hf_watch watch;
    struct hf_timer retry;
    struct parcel *queue;
    struct hf_reap reap;
    struct successor *next, *prev;
};

static struct {
    struct app_serving *serving;
    struct successor *list;
    struct successor *holder;  /* who waits for "held"; then NULL */
    struct successor *held_by; /* whose end would be the end of that */
    char holder_id[32];
    unsigned n_held;
    struct hf_timer hold_over;
    bool held;
} handover;

/* ---- sending ------------------------------------------------------------------------------- */

static void on_retry(struct hf_timer *timer);

static void flush(struct successor *to)
{
    while (to->queue) {
        struct parcel *parcel = to->queue;
        enum hf_status status =
            hf_line_send_mt(to->watch.fd, parcel->text, parcel->n, parcel->fds, parcel->n_fds);
        if (status == HF_AGAIN) {
            hf_loop_timer(handover.serving->loop, &to->retry, RETRY_MS, on_retry);
            return;
        }
        DL_DELETE(to->queue, parcel);
        free(parcel);
    }
}

static void on_retry(struct hf_timer *timer)
{
    flush(HF_CONTAINER(timer, struct successor, retry));
}

static void post(struct successor *to, const char *text, size_t n, const int *fds, unsigned n_fds)
{
    struct parcel *parcel = malloc(sizeof *parcel + n);

    if (!parcel)
        return; /* it will tire of waiting, and start without */
    parcel->n = n;
    parcel->n_fds = n_fds;
    if (n_fds)
        memcpy(parcel->fds, fds, n_fds * sizeof *fds);
    memcpy(parcel->text, text, n);
    DL_APPEND(to->queue, parcel);
    flush(to);
}

/* Rows that share messages: "WORD ID\nROW\nROW". */
struct batch {
    struct successor *to;
    const char *word, *id;
    char text[HF_LINE_BYTES];
    size_t n;
    int fds[HF_LINE_FDS];
    unsigned n_fds;
};

static void send_batch(struct batch *batch)
{
    if (batch->n)
        post(batch->to, batch->text, batch->n, batch->fds, batch->n_fds);
    batch->n = 0;
    batch->n_fds = 0;
}

static void add_row(struct batch *batch, const char *row, int fd)
{
    if (batch->n + strlen(row) + 2 > sizeof batch->text || batch->n_fds == HF_LINE_FDS)
        send_batch(batch);
    if (!batch->n)
        batch->n =
            (size_t)snprintf(batch->text, sizeof batch->text, "%s %s\n", batch->word, batch->id);
    batch->n +=
        (size_t)snprintf(batch->text + batch->n, sizeof batch->text - batch->n, "%s\n", row);
    if (fd >= 0)
        batch->fds[batch->n_fds++] = fd;
}

static void send_sockets(struct successor *to, const char *id)
{
    const struct app_sockets *sockets = handover.serving->sockets;
    struct batch batch = {.to = to, .word = "socket", .id = id};
    char end[64];

    for (unsigned i = 0; i < sockets->n; i++) {
        const struct app_socket *socket = &sockets->list[i];
        if (socket->name && socket->shown >= 0)
            add_row(&batch, socket->name, socket->shown);
    }
    send_batch(&batch);
    int n = snprintf(end, sizeof end, "sockets-end %s %u %ld %u", id, app_takeover_generation(),
                     (long)getpid(), app_takeover_part());
    post(to, end, (size_t)n, NULL, 0);
}

/* ---- hold ---------------------------------------------------------------------------------- */

static void add_lease(const struct hf_addr *at, const struct hf_peer_key *peer, void *arg)
{
    char row[2 * (sizeof *at + sizeof *peer) + 2];

    hf_hex_text(at, sizeof *at, row);
    row[2 * sizeof *at] = ' ';
    hf_hex_text(peer, sizeof *peer, row + 2 * sizeof *at + 1);
    add_row(arg, row, -1);
}

static void add_tie(const struct hf_tie *tie, const struct hf_addr *client, void *arg)
{
    char row[1024], address[2 * sizeof *client + 1];

    snprintf(row, sizeof row, "%s %s %s %s", hf_hex_text(client, sizeof *client, address),
             tie->control->name, tie->server->proxy->cfg->name, tie->server->cfg->name);
    add_row(arg, row, -1);
}

static void say_held(struct successor *to, const char *id)
{
    struct batch batch = {.to = to, .word = "lease", .id = id};
    char end[64];

    /* From now on our leases are of our own part; those that are told may be of any. */
    app_takeover_succeeded(true);
    hf_lease_each_mt(handover.serving->leases, add_lease, &batch);
    send_batch(&batch);
    batch.word = "tie";
    hf_tie_each_mt(handover.serving->ties, add_tie, &batch);
    send_batch(&batch);
    int n = snprintf(end, sizeof end, "held %s", id);
    post(to, end, (size_t)n, NULL, 0);
}

static void on_worker_held(struct hf_mail *mail)
{
    free(mail);
    if (++handover.n_held < handover.serving->n_workers || !handover.holder)
        return;
    say_held(handover.holder, handover.holder_id);
    handover.holder = NULL;
}

static void hold_all(bool held)
{
    handover.n_held = 0;
    handover.held = held;
    for (unsigned i = 0; i < handover.serving->n_workers; i++)
        app_worker_hold(&handover.serving->workers[i], held, held ? on_worker_held : NULL);
}

static void resume(void)
{
    if (!handover.held)
        return;
    hf_loop_timer_cancel(handover.serving->loop, &handover.hold_over);
    handover.holder = handover.held_by = NULL;
    app_takeover_succeeded(false);
    hold_all(false);
}

static void on_hold_over(struct hf_timer *timer)
{
    (void)timer;
    resume();
    hf_log_event_mt(NULL, HF_LEVEL_WARNING,
                    "The process that was to follow has not started; this one goes on");
}

/* A successor tells anew what it has no use for, whatever one before it said. */
static void keep_nothing(void)
{
    for (unsigned i = 0; i < handover.serving->sockets->n; i++)
        handover.serving->sockets->list[i].kept = false;
}

static void hold(struct successor *from, const char *id)
{
    keep_nothing();
    handover.holder = handover.held_by = from;
    snprintf(handover.holder_id, sizeof handover.holder_id, "%s", id);
    hf_loop_timer(handover.serving->loop, &handover.hold_over, HOLD_MS, on_hold_over);
    hold_all(true);
}

/* ---- the end of our time ------------------------------------------------------------------- */

static void keep(const char *name)
{
    struct app_sockets *sockets = handover.serving->sockets;

    for (unsigned i = 0; i < sockets->n; i++) {
        struct app_socket *socket = &sockets->list[i];
        if (socket->slot && socket->name && strcmp(socket->name, name) == 0)
            socket->kept = true;
    }
}

static void keep_all(char *names)
{
    char *name;
    while ((name = strsep(&names, "\n")))
        keep(name);
}

static void release(void)
{
    struct app_sockets *sockets = handover.serving->sockets;

    hf_loop_timer_cancel(handover.serving->loop, &handover.hold_over);
    handover.held = false;
    handover.holder = handover.held_by = NULL;
    app_takeover_succeeded(true);
    for (unsigned i = 0; i < sockets->n; i++) {
        sockets->list[i].stays = sockets->list[i].kept;
        if (!sockets->list[i].kept)
            sockets->list[i].shown = -1;
    }
    for (unsigned i = 0; i < handover.serving->n_workers; i++)
        app_worker_release(&handover.serving->workers[i]);
    handover.serving->stop_softly(handover.serving);
}

/* ---- receiving ----------------------------------------------------------------------------- */

static void take_stray(struct hf_line_message *message)
{
    struct hf_ftp_stray stray = {.fd = -1};
    int known, refused, at = 0;

    if (message->n_fds != 1 || sscanf(message->text, "stray %d %d %n", &known, &refused, &at) < 2 ||
        !at || !hf_hex_bytes(message->text + at, &stray.client, sizeof stray.client))
        return;
    stray.known = known;
    stray.refused = refused;
    stray.fd = message->fds[0];
    message->n_fds = 0;
    /* Any worker can take it: the session is found by its lease. */
    unsigned worker = hf_addr_port(&stray.client) % handover.serving->n_workers;
    hf_ftp_take_stray_mt(handover.serving->workers[worker].engine, &stray);
}

static bool begins(const char *text, const char *word, const char **rest)
{
    size_t n = strlen(word);

    if (strncmp(text, word, n) != 0)
        return false;
    *rest = text + n;
    return true;
}

/* A process's, of which we make answers. */
static bool is_id(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 20 && !text[n];
}

static void obey(struct successor *from, struct hf_line_message *message)
{
    const char *rest;

    if (begins(message->text, "sockets ", &rest) && is_id(rest))
        send_sockets(from, rest);
    else if (begins(message->text, "hold ", &rest) && is_id(rest))
        hold(from, rest);
    else if (begins(message->text, "keep ", &rest) && (rest = strchr(rest, '\n')))
        keep_all((char *)rest + 1);
    else if (begins(message->text, "running ", &rest))
        release();
    else if (begins(message->text, "resume", &rest))
        resume();
    else if (begins(message->text, "log ", &rest))
        hf_log_event_mt(NULL, HF_LEVEL_ERR, "%s", rest);
    else if (begins(message->text, "stray ", &rest))
        take_stray(message);
}

static void release_memory(struct hf_reap *reap)
{
    free(HF_CONTAINER(reap, struct successor, reap));
}

static void hang_up(struct successor *successor)
{
    struct parcel *parcel, *next;

    if (handover.held_by == successor)
        resume(); /* it was to follow, and is gone */
    DL_FOREACH_SAFE(successor->queue, parcel, next)
    {
        free(parcel);
    }
    hf_loop_timer_cancel(handover.serving->loop, &successor->retry);
    hf_watch_close(&successor->watch);
    DL_DELETE(handover.list, successor);
    hf_loop_reap(handover.serving->loop, &successor->reap, release_memory);
}

static enum hf_status read_line(struct successor *successor)
{
    static struct hf_line_message message; /* large; only main's thread comes here */
    enum hf_status status;

    while ((status = hf_line_receive(successor->watch.fd, &message)) == HF_OK) {
        obey(successor, &message);
        hf_line_drop_fds(&message, 0);
    }
    return status;
}

static void on_message(struct hf_watch *watch)
{
    struct successor *successor = HF_CONTAINER(watch, struct successor, watch);

    watch->ready &= (uint8_t)~HF_READY_IN;
    if (read_line(successor) != HF_AGAIN)
        hang_up(successor);
}

bool app_handover_serve(struct app_serving *serving, int line)
{
    struct successor *successor = calloc(1, sizeof *successor);

    handover.serving = serving;
    if (!successor ||
        hf_watch_open(&successor->watch, serving->loop, line, HF_READY_OUT, on_message) != HF_OK) {
        free(successor);
        close(line);
        return false;
    }
    DL_APPEND(handover.list, successor);
    return true;
}

void app_handover_last_look(void)
{
    struct successor *successor;

    DL_FOREACH(handover.list, successor)
    {
        hf_line_refuse(successor->watch.fd);
        (void)!read_line(successor);
    }
}

void app_handover_end(void)
{
    while (handover.list)
        hang_up(handover.list);
    if (handover.serving)
        hf_loop_timer_cancel(handover.serving->loop, &handover.hold_over);
}
