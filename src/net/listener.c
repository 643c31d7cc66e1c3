/*
 * listener.c: accepts in batches, and puts accepting off while descriptors or memory are short.
 *
 * It does not open sockets, and does not judge who may connect: that is on_accept's.  A listener
 * is embedded in its owner and lives on one loop.
 */
#include "haftp/net/listener.h"

#include "haftp/base/assert.h"
#include "haftp/net/socket.h"

#define DEFAULT_BATCH 64u
#define BACKOFF_MS    100u

static struct hf_listener *of_watch(struct hf_watch *watch)
{
    return HF_CONTAINER(watch, struct hf_listener, watch);
}

static void on_backoff_over(struct hf_timer *timer)
{
    struct hf_listener *listener = HF_CONTAINER(timer, struct hf_listener, backoff);
    hf_watch_again(&listener->watch);
}

static bool may_accept(const struct hf_listener *listener)
{
    return listener->watch.fd >= 0 && !listener->paused && !listener->held &&
           !hf_timer_is_set(&listener->backoff);
}

/* No descriptor or no memory: the connection waits in the kernel's queue, and so do we. */
static void back_off(struct hf_listener *listener, enum hf_status why)
{
    hf_loop_timer(listener->watch.loop, &listener->backoff, BACKOFF_MS, on_backoff_over);
    if (listener->on_nofd)
        listener->on_nofd(listener, why);
}

/* Until the queue is empty or the batch is full.  Most wake-ups are for one connection, and to ask
 * for a second one is expensive where there is none: the kernel makes the socket before it looks.
 */
static void on_ready(struct hf_watch *watch)
{
    struct hf_listener *listener = of_watch(watch);
    for (unsigned i = 0; i < listener->batch; i++) {
        if (i > 0 && !hf_socket_has_input(watch->fd))
            watch->ready &= (uint8_t)~HF_READY_IN;
        if (!may_accept(listener) || !(watch->ready & HF_READY_IN))
            return;
        int fd;
        struct hf_addr peer;
        enum hf_status status = hf_socket_accept(watch->fd, &fd, &peer);
        if (status == HF_OK) {
            if (!listener->on_accept(listener, fd, &peer))
                hf_listener_pause(listener);
        } else if (status == HF_AGAIN) {
            watch->ready &= (uint8_t)~HF_READY_IN;
        } else {
            back_off(listener, status);
        }
    }
    if (may_accept(listener))
        hf_watch_again(watch);
}

enum hf_status hf_listener_open(struct hf_listener *listener, struct hf_loop *loop, int fd,
                                unsigned batch, hf_accept_fn on_accept, void *owner)
{
    listener->batch = batch ? batch : DEFAULT_BATCH;
    listener->on_accept = on_accept;
    listener->owner = owner;
    listener->paused = false;
    listener->held = false;
    listener->backoff = (struct hf_timer){0};
    return hf_watch_open(&listener->watch, loop, fd, 0, on_ready);
}

void hf_listener_pause(struct hf_listener *listener)
{
    listener->paused = true;
}

void hf_listener_resume(struct hf_listener *listener)
{
    if (!listener->paused)
        return;
    listener->paused = false;
    /* Not at once: whoever calls may be deep in closing a session. */
    hf_watch_again(&listener->watch);
}

void hf_listener_hold(struct hf_listener *listener, bool held)
{
    listener->held = held;
    if (!held && listener->watch.fd >= 0)
        hf_watch_again(&listener->watch);
}

void hf_listener_close(struct hf_listener *listener)
{
    if (listener->watch.loop)
        hf_loop_timer_cancel(listener->watch.loop, &listener->backoff);
    hf_watch_close(&listener->watch);
}
