/*
 * watch.c: the loop's epoll set: every session descriptor, edge-triggered, and libuv's own one.
 *
 * libuv is embedded as its manual describes (uv_backend_fd): a wake-up for a session costs one
 * system call, not one of libuv's and one of ours.
 */
#include <errno.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "loop_int.h"

/* What bulk data may take of a turn, beginning no step after that.  A step is a megabyte or less,
 * 0.1 to 0.3 ms, so a command waits for less than a millisecond. */
#define LATER_SLICE_NS (500u * 1000u)

static uint8_t ready_bits(uint32_t events)
{
    uint8_t ready = 0;
    if (events & EPOLLIN)
        ready |= HF_READY_IN;
    if (events & EPOLLOUT)
        ready |= HF_READY_OUT;
    if (events & EPOLLPRI)
        ready |= HF_READY_PRI;
    if (events & EPOLLRDHUP)
        ready |= HF_READY_HUP | HF_READY_IN;
    if (events & EPOLLHUP)
        ready |= HF_READY_HUP | HF_READY_IN | HF_READY_OUT;
    if (events & EPOLLERR)
        ready |= HF_READY_ERR | HF_READY_HUP | HF_READY_IN | HF_READY_OUT;
    return ready;
}

/* ---- calls without an event ---- */

static void enqueue(struct hf_watch_queue *queue, struct hf_watch *watch)
{
    watch->queued = true;
    watch->queue_next = NULL;
    if (queue->first)
        queue->last->queue_next = watch;
    else
        queue->first = watch;
    queue->last = watch;
}

static struct hf_watch *dequeue(struct hf_watch_queue *queue)
{
    struct hf_watch *watch = queue->first;
    if (watch) {
        queue->first = watch->queue_next;
        watch->queued = false;
    }
    return watch;
}

/* False: it is not in this queue. */
static bool dequeue_this(struct hf_watch_queue *queue, struct hf_watch *watch)
{
    struct hf_watch *before = NULL;
    for (struct hf_watch *at = queue->first; at; before = at, at = at->queue_next) {
        if (at != watch)
            continue;
        if (before)
            before->queue_next = watch->queue_next;
        else
            queue->first = watch->queue_next;
        if (queue->last == watch)
            queue->last = before;
        watch->queued = false;
        return true;
    }
    return false;
}

static bool is_open(const struct hf_watch *watch)
{
    return watch->loop && watch->fd >= 0; /* all zero is closed, too */
}

void hf_watch_again(struct hf_watch *watch)
{
    if (is_open(watch) && !watch->queued)
        enqueue(&watch->loop->again, watch);
}

void hf_watch_later(struct hf_watch *watch)
{
    if (is_open(watch) && !watch->queued)
        enqueue(&watch->loop->later, watch);
}

/* Those who ask again meanwhile wait for the next turn. */
void hf_watch_call_again(struct hf_loop *loop)
{
    struct hf_watch *watch;
    loop->calling = loop->again;
    loop->again.first = NULL;
    while ((watch = dequeue(&loop->calling)))
        watch->fn(watch);
}

void hf_watch_call_later(struct hf_loop *loop)
{
    if (!loop->later.first)
        return;
    uint64_t until_ns = uv_hrtime() + LATER_SLICE_NS;
    struct hf_watch *watch;
    loop->is_late = true;
    while ((watch = dequeue(&loop->later))) {
        watch->fn(watch);
        if (uv_hrtime() >= until_ns)
            break;
    }
    loop->is_late = false;
}

/* ---- events ---- */

static void note(struct hf_loop *loop, struct epoll_event *event)
{
    struct hf_watch *watch = event->data.ptr;

    if (event->data.ptr == &loop->uv) {
        loop->uv_due = true;
        event->data.ptr = NULL;
    } else {
        watch->ready |= ready_bits(event->events);
    }
}

/* All events are noted before anybody is called: whoever is called first, for a reply, sees that
 * the data connection that it speaks of has ended, too. */
void hf_watch_wait(struct hf_loop *loop, int timeout_ms)
{
    loop->batch_end = epoll_wait(loop->epoll_fd, loop->batch, HF_EPOLL_BATCH, timeout_ms);
    uv_update_time(&loop->uv);
    for (int i = 0; i < loop->batch_end; i++)
        note(loop, &loop->batch[i]);
    for (loop->batch_at = 0; loop->batch_at < loop->batch_end;) {
        struct hf_watch *watch = loop->batch[loop->batch_at++].data.ptr;
        if (watch) /* else it was closed by an event before its own */
            watch->fn(watch);
    }
    loop->batch_at = loop->batch_end = 0;
}

enum hf_status hf_watch_setup(struct hf_loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &loop->uv};
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, uv_backend_fd(&loop->uv), &event) != 0)
        return hf_status_from_errno(errno);
    return HF_OK;
}

enum hf_status hf_watch_open(struct hf_watch *watch, struct hf_loop *loop, int fd, uint8_t ready,
                             hf_watch_fn fn)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET,
        .data.ptr = watch,
    };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return errno == ENOSPC ? HF_LIMIT : hf_status_from_errno(errno);
    *watch = (struct hf_watch){.fd = fd, .ready = ready, .fn = fn, .loop = loop};
    return HF_OK;
}

enum hf_status hf_watch_open_or_close(struct hf_watch *watch, struct hf_loop *loop, int fd,
                                      uint8_t ready, hf_watch_fn fn)
{
    enum hf_status status = hf_watch_open(watch, loop, fd, ready, fn);
    if (status != HF_OK)
        close(fd);
    return status;
}

enum hf_status hf_watch_connected(const struct hf_watch *watch)
{
    if (watch->ready & HF_READY_ERR) {
        enum hf_status status = hf_socket_error(watch->fd);
        return status == HF_OK ? HF_RESET : status;
    }
    return watch->ready & HF_READY_OUT ? HF_OK : HF_AGAIN;
}

static void forget_calls(struct hf_watch *watch)
{
    struct hf_loop *loop = watch->loop;
    bool found = dequeue_this(&loop->again, watch) || dequeue_this(&loop->calling, watch) ||
                 dequeue_this(&loop->later, watch);
    HF_ASSERT(found);
}

static void forget_events(const struct hf_watch *watch)
{
    struct hf_loop *loop = watch->loop;
    for (int i = loop->batch_at; i < loop->batch_end; i++)
        if (loop->batch[i].data.ptr == watch)
            loop->batch[i].data.ptr = NULL;
}

int hf_watch_take(struct hf_watch *watch)
{
    if (!is_open(watch))
        return -1;
    int fd = watch->fd;
    /* close() alone would do unless a forked child or another process holds the same socket: then
     * the set would go on reporting it, with a pointer to freed memory. */
    HF_ASSERT(epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL) == 0);
    if (watch->queued)
        forget_calls(watch);
    forget_events(watch);
    watch->fd = -1;
    return fd;
}

void hf_watch_close(struct hf_watch *watch)
{
    int fd = hf_watch_take(watch);
    if (fd >= 0)
        close(fd);
}
