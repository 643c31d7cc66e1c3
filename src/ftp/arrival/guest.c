/*
 * guest.c: a data connection that begins with a PROXY header: until that was read nobody knows
 * whom it is for.
 */
#include "guest_int.h"

#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/base/clock.h"
#include "haftp/net/socket.h"
#include "haftp/rules/vars.h"
#include "haftp/stream/header.h"

#include "arrival/arrival.h"

/* Of a worker, at a time.  A client that was told its port sends its header at once, so whoever
 * has waited longest is given up first. */
#define MOST_GUESTS 1024u

struct ftp_guest {
    struct ftp_visit visit;
    struct hf_watch watch;
    struct hf_timer timer;
    struct hf_reap reap;
    struct ftp_guest *next, *prev;
};

/* ---- a visit ------------------------------------------------------------------------------ */

void ftp_visit_begin(struct ftp_visit *visit, struct hf_engine *engine,
                     const struct hf_cfg_bind *bind, int fd, const struct hf_addr *peer)
{
    struct hf_facts *facts = &visit->session.facts;

    *visit = (struct ftp_visit){
        .session = {.engine = engine, .uncounted = true}, .fd = fd, .let_in = true};
    visit->session.headers = hf_header_of_bind(bind);
    facts->frontend = hf_runtime_proxy(engine->runtime, bind->proxy);
    facts->bind = bind;
    facts->client = *peer;
    facts->client_fd = fd;
    facts->worker = (uint16_t)engine->index;
    facts->accepted_us = hf_clock_wall_us();
    facts->accepted_ms = hf_loop_now(engine->loop);
    hf_socket_local(fd, &facts->local);
}

void ftp_visit_end(struct ftp_visit *visit)
{
    hf_vars_free(&visit->session.facts.vars);
    free(visit->session.facts.proxied);
    free(visit->session.facts.first);
    visit->session.facts.proxied = NULL;
    visit->session.facts.first = NULL;
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void release(struct hf_reap *reap)
{
    free(HF_CONTAINER(reap, struct ftp_guest, reap));
}

/* Its descriptor, if it still has it, is closed. */
static void forget(struct ftp_guest *guest)
{
    struct hf_engine *engine = guest->visit.session.engine;
    struct hf_ftp *ftp = engine->ftp;

    DL_DELETE(ftp->guests, guest);
    ftp->n_guests--;
    hf_loop_timer_cancel(engine->loop, &guest->timer);
    hf_watch_close(&guest->watch);
    ftp_visit_end(&guest->visit);
    hf_loop_reap(engine->loop, &guest->reap, release);
}

static void on_ready(struct hf_watch *watch)
{
    struct ftp_guest *guest = HF_CONTAINER(watch, struct ftp_guest, watch);
    bool ended = watch->ready & (HF_READY_HUP | HF_READY_ERR);

    switch (hf_header_read(&guest->visit.session, watch->fd, ended)) {
    case HF_HEADER_MORE:
        return;
    case HF_HEADER_DONE:
        hf_watch_take(watch); /* the visit has it */
        guest->visit.on_known(&guest->visit);
        break;
    case HF_HEADER_FAILED:
        break;
    }
    forget(guest);
}

static void give_up(struct ftp_guest *guest)
{
    hf_header_timed_out(&guest->visit.session);
    forget(guest);
}

static void on_overdue(struct hf_timer *timer)
{
    give_up(HF_CONTAINER(timer, struct ftp_guest, timer));
}

/* `timeout client`, and never longer than a lease lives. */
static unsigned patience(const struct ftp_visit *visit)
{
    const struct hf_cfg_opts *o = &visit->session.facts.frontend->cfg->o;
    return hf_timeout_shorter(o->timeout.client, o->ftp_data_wait);
}

static void await(struct ftp_visit *visit)
{
    struct hf_engine *engine = visit->session.engine;
    struct hf_ftp *ftp = engine->ftp;
    struct ftp_guest *guest = calloc(1, sizeof *guest);

    if (!guest ||
        hf_watch_open(&guest->watch, engine->loop, visit->fd, HF_READY_OUT, on_ready) != HF_OK) {
        free(guest);
        close(visit->fd);
        ftp_visit_end(visit);
        return;
    }
    guest->visit = *visit;
    DL_APPEND(ftp->guests, guest);
    hf_loop_timer(engine->loop, &guest->timer, patience(visit), on_overdue);
    if (++ftp->n_guests > MOST_GUESTS)
        give_up(ftp->guests);
}

void ftp_visit_identify(struct ftp_visit *visit)
{
    switch (hf_header_read(&visit->session, visit->fd, false)) {
    case HF_HEADER_MORE:
        await(visit);
        return;
    case HF_HEADER_DONE:
        visit->on_known(visit);
        break;
    case HF_HEADER_FAILED:
        close(visit->fd);
        break;
    }
    ftp_visit_end(visit);
}

void ftp_guests_forget(struct hf_ftp *ftp)
{
    while (ftp->guests)
        forget(ftp->guests);
}
