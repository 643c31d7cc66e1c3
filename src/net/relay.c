/*
 * relay.c: moves bytes both ways between two watched sockets, by copying or by splice().
 *
 * It neither accepts nor connects, keeps no time limits and does not look into the bytes; what to
 * do when a direction or the whole relay has ended is its owner's decision (hf_relay_fn).  The
 * relay is embedded in a session or transfer; everything runs on that owner's loop.
 */
#include "haftp/net/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "haftp/net/socket.h"
#include "loop_int.h"

/* Commands and small files are copied; a read that fills this much means bulk. */
#define SMALL_BYTES     (16u * 1024u)
/* The length asked of splice(): what fits is the pipe's business. */
#define SPLICE_BYTES    (1u << 30)
/* Reads per direction and event, so that one fast transfer does not starve its neighbours. */
#define STEPS_PER_EVENT 4

static bool splice_allowed = true;

static struct hf_relay_end *other(struct hf_relay *relay, const struct hf_relay_end *end)
{
    return &relay->end[!end->side];
}

static bool is_attached(const struct hf_relay_end *end)
{
    return end->watch.loop && end->watch.fd >= 0;
}

static bool is_flowing(const struct hf_relay *relay)
{
    return relay->started && is_attached(&relay->end[HF_FRONT]) &&
           is_attached(&relay->end[HF_BACK]);
}

static void fail(struct hf_relay *relay, const struct hf_relay_end *end, enum hf_status status)
{
    relay->started = false;
    relay->fn(relay, HF_RELAY_BROKEN, end->side, status);
}

static ssize_t do_splice(int from_fd, int to_fd, size_t bytes)
{
    ssize_t n;
    do {
        n = splice(from_fd, NULL, to_fd, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* ---- bytes in flight: in a pipe, or spilled to the heap ---- */

/* One read's rest; nothing else is in flight, and no more is read until it is out. */
static enum hf_status spill(struct hf_relay_end *from, const char *p, size_t n)
{
    HF_ASSERT(from->held == 0 && !from->spill);
    from->spill = malloc(n);
    if (!from->spill)
        return HF_NOMEM;
    memcpy(from->spill, p, n);
    from->held = (uint32_t)n;
    return HF_OK;
}

static void drop_in_flight(struct hf_relay_end *from)
{
    if (from->pipe && from->held == 0)
        hf_pipe_put(&from->watch.loop->pipes, from->pipe);
    else if (from->pipe)
        hf_pipe_discard(from->pipe);
    from->pipe = NULL;
    free(from->spill);
    from->spill = NULL;
    from->spill_at = from->held = 0;
}

/* The other end takes no spliced bytes: out of the pipe they come, and are copied from now on. */
static enum hf_status unpipe(struct hf_relay_end *from)
{
    char *mem = malloc(from->held);
    if (!mem)
        return HF_NOMEM;
    for (size_t done = 0; done < from->held;) {
        ssize_t n = read(from->pipe->read_fd, mem + done, from->held - done);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            free(mem);
            return HF_FAILED;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    hf_pipe_put(&from->watch.loop->pipes, from->pipe);
    from->pipe = NULL;
    from->spill = mem;
    return HF_OK;
}

/* ---- writing ---- */

static enum hf_status splice_out(struct hf_relay_end *from, int to_fd, size_t *n)
{
    ssize_t sent = do_splice(from->pipe->read_fd, to_fd, from->held);
    *n = sent > 0 ? (size_t)sent : 0;
    if (sent > 0)
        return HF_OK;
    return sent < 0 ? hf_status_from_errno(errno) : HF_FAILED;
}

static enum hf_status write_some(struct hf_relay *relay, struct hf_relay_end *from, int to_fd)
{
    size_t n = 0;
    enum hf_status status = HF_OK;
    if (from->pipe) {
        status = splice_out(from, to_fd, &n);
        if (status == HF_INVALID) {
            relay->splice = false;
            return unpipe(from);
        }
    } else {
        status = hf_socket_send(to_fd, from->spill + from->spill_at, from->held, &n);
        from->spill_at += (uint32_t)n;
    }
    from->held -= (uint32_t)n;
    from->bytes += n;
    return status;
}

/* Writes what is in flight.  True when nothing is any more. */
static bool flush(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    while (from->held > 0) {
        if (!(to->watch.ready & HF_READY_OUT))
            return false;
        enum hf_status status = write_some(relay, from, to->watch.fd);
        if (status == HF_AGAIN) {
            to->watch.ready &= (uint8_t)~HF_READY_OUT;
        } else if (status) {
            fail(relay, to, status);
            return false;
        }
    }
    drop_in_flight(from);
    return true;
}

/* ---- reading ---- */

/* A read gave nothing.  True when that is the end of the stream. */
static bool read_ended(struct hf_relay *relay, struct hf_relay_end *from, enum hf_status status)
{
    if (status == HF_EOF) {
        from->eof = true;
        return true;
    }
    if (status == HF_AGAIN)
        from->watch.ready &= (uint8_t)~HF_READY_IN;
    else
        fail(relay, from, status);
    return false;
}

static bool fetch_by_copy(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    char *scratch = hf_loop_scratch(from->watch.loop);
    size_t room = from->bulk ? HF_SCRATCH_BYTES : SMALL_BYTES, got, sent;
    enum hf_status status = hf_socket_recv(from->watch.fd, scratch, room, &got);
    if (status)
        return read_ended(relay, from, status);
    from->bulk = got >= SMALL_BYTES;
    if (got < room) {
        from->eof = hf_ready_ended(from->watch.ready);
        if (hf_ready_emptied(from->watch.ready))
            from->watch.ready &= (uint8_t)~HF_READY_IN;
    }
    bool last = from->eof && (!from->hold_fin || from->fin_follows);
    status = last ? hf_socket_send_last(to->watch.fd, scratch, got, &sent)
                  : hf_socket_send(to->watch.fd, scratch, got, &sent);
    from->corked = last ? (uint32_t)sent : 0;
    if (status && status != HF_AGAIN) {
        fail(relay, to, status);
        return false;
    }
    from->bytes += sent;
    if (sent == got)
        return true;
    to->watch.ready &= (uint8_t)~HF_READY_OUT;
    status = spill(from, scratch + sent, got - sent);
    if (status)
        fail(relay, from, status);
    return false;
}

static bool fetch_by_splice(struct hf_relay *relay, struct hf_relay_end *from, struct hf_pipe *pipe)
{
    ssize_t got = do_splice(from->watch.fd, pipe->write_fd, SPLICE_BYTES);
    if (got > 0) {
        from->pipe = pipe;
        from->held = (uint32_t)got;
        from->bulk = got >= (ssize_t)SMALL_BYTES;
        return true;
    }
    enum hf_status status = got < 0 ? hf_status_from_errno(errno) : HF_EOF;
    hf_pipe_put(&from->watch.loop->pipes, pipe);
    if (status == HF_INVALID) {
        relay->splice = false;
        return true; /* the next step copies */
    }
    return read_ended(relay, from, status);
}

/* Reads once; nothing is in flight.  True when another step makes sense. */
static bool fetch(struct hf_relay *relay, struct hf_relay_end *from)
{
    /* splice() stops for good at urgent data, recv() goes past it. */
    if (from->bulk && relay->splice && !(from->watch.ready & HF_READY_PRI)) {
        struct hf_loop *loop = from->watch.loop;
        struct hf_pipe *pipe = hf_pipe_get(&loop->pipes, hf_loop_now(loop));
        if (pipe)
            return fetch_by_splice(relay, from, pipe);
    }
    return fetch_by_copy(relay, from);
}

/* ---- one direction, and both ---- */

static void finish(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    if (from->hold_fin) {
        from->held_eof = true;
        relay->fn(relay, HF_RELAY_EOF, from->side, HF_OK);
        return;
    }
    if (shutdown(to->watch.fd, SHUT_WR) != 0) {
        fail(relay, to, HF_RESET); /* it was reset, so it may lack some of our bytes */
        return;
    }
    from->shut = true;
    relay->fn(relay, HF_RELAY_EOF, from->side, HF_OK);
    if (to->shut && is_flowing(relay)) {
        relay->started = false;
        relay->fn(relay, HF_RELAY_DONE, from->side, HF_OK);
    }
}

/* Moves bytes from this end to the other until either would block. */
static void pump(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    if (from->hold) {
        if (from->watch.ready & (HF_READY_IN | HF_READY_HUP | HF_READY_ERR))
            relay->fn(relay, HF_RELAY_READABLE, from->side, HF_OK);
        return;
    }
    for (int step = 0; step < STEPS_PER_EVENT; step++) {
        if (from->shut || from->held_eof || !flush(relay, from))
            return;
        if (from->eof) {
            finish(relay, from);
            return;
        }
        /* Nothing is read that could not be written at once: that is the back-pressure. */
        if (!(from->watch.ready & HF_READY_IN) || !(to->watch.ready & HF_READY_OUT))
            return;
        if (!fetch(relay, from))
            return;
    }
    hf_watch_again(&from->watch);
}

/* An end that has nothing more to read learns of a reset from nobody but the loop. */
static void check_reset(struct hf_relay *relay, const struct hf_relay_end *end)
{
    if (!end->shut || !(end->watch.ready & HF_READY_ERR))
        return;
    enum hf_status status = hf_socket_error(end->watch.fd);
    fail(relay, end, status ? status : HF_RESET);
}

static void tell_moved(struct hf_relay *relay, const struct hf_relay_end *end)
{
    uint64_t now_ms = hf_loop_now(end->watch.loop);
    if (relay->moved_ms == now_ms)
        return;
    relay->moved_ms = now_ms;
    relay->fn(relay, HF_RELAY_MOVED, end->side, HF_OK);
}

static uint64_t total_bytes(const struct hf_relay *relay)
{
    return relay->end[HF_FRONT].bytes + relay->end[HF_BACK].bytes;
}

static void on_ready(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct hf_relay *relay = HF_CONTAINER(end - end->side, struct hf_relay, end);
    if (!is_flowing(relay))
        return;
    uint64_t before = total_bytes(relay);
    pump(relay, end);
    if (is_flowing(relay))
        pump(relay, other(relay, end));
    if (is_flowing(relay))
        check_reset(relay, end);
    if (is_flowing(relay))
        check_reset(relay, other(relay, end));
    if (is_flowing(relay) && total_bytes(relay) != before)
        tell_moved(relay, end);
}

/* ---- life ---- */

void hf_relay_init(struct hf_relay *relay, bool allow_splice, hf_relay_fn fn)
{
    *relay = (struct hf_relay){.fn = fn, .splice = allow_splice && splice_allowed};
    relay->end[HF_FRONT].side = HF_FRONT;
    relay->end[HF_BACK].side = HF_BACK;
}

enum hf_status hf_relay_attach(struct hf_relay *relay, int end, struct hf_loop *loop, int fd)
{
    HF_ASSERT(!relay->closed && !is_attached(&relay->end[end]));
    enum hf_status status = hf_watch_open(&relay->end[end].watch, loop, fd, HF_READY_OUT, on_ready);
    if (!status && is_flowing(relay))
        hf_watch_again(&relay->end[end].watch);
    return status;
}

void hf_relay_adopt(struct hf_relay *relay, int end)
{
    HF_ASSERT(!relay->closed && is_attached(&relay->end[end]));
    relay->end[end].watch.fn = on_ready;
    if (is_flowing(relay))
        hf_watch_again(&relay->end[end].watch);
}

void hf_relay_start(struct hf_relay *relay)
{
    HF_ASSERT(!relay->closed);
    relay->started = true;
    if (is_flowing(relay))
        hf_watch_again(&relay->end[HF_FRONT].watch);
}

void hf_relay_close(struct hf_relay *relay, unsigned reset_mask)
{
    if (relay->closed)
        return;
    relay->closed = true;
    relay->started = false;
    for (int side = HF_FRONT; side <= HF_BACK; side++) {
        struct hf_relay_end *end = &relay->end[side];
        if ((reset_mask & 1u << side) && is_attached(end) && !other(relay, end)->shut)
            hf_socket_reset_on_close(end->watch.fd);
        hf_watch_close(&end->watch);
        drop_in_flight(end);
    }
}

void hf_relay_configure(unsigned pipe_bytes, unsigned max_pipes, bool allow_splice)
{
    hf_pipe_configure(pipe_bytes, max_pipes);
    splice_allowed = allow_splice;
}
