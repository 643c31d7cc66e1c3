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
/* Small reads per direction and event, so that one talker does not starve its neighbours. */
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

static bool is_bulk(const struct hf_relay *relay)
{
    return relay->end[HF_FRONT].bulk || relay->end[HF_BACK].bulk;
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

/* Gives the other end what it takes; `last`: the FIN follows. */
static enum hf_status put(struct hf_relay_end *to, const char *p, size_t size, bool last, size_t *n)
{
    if (to->tls)
        return hf_tls_send(to->tls, p, size, n);
    return last ? hf_socket_send_last(to->watch.fd, p, size, n)
                : hf_socket_send(to->watch.fd, p, size, n);
}

static enum hf_status write_some(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    size_t n = 0;
    enum hf_status status = HF_OK;
    if (from->pipe) {
        status = splice_out(from, to->watch.fd, &n);
        if (status == HF_INVALID) {
            relay->splice = false;
            return unpipe(from);
        }
    } else {
        status = put(to, from->spill + from->spill_at, from->held, false, &n);
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
        enum hf_status status = write_some(relay, from);
        if (status == HF_AGAIN) {
            to->watch.ready &= (uint8_t)~HF_READY_OUT;
        } else if (status) {
            fail(relay, to, status);
            return false;
        }
    }
    drop_in_flight(from);
    enum hf_status status = to->tls ? hf_tls_flush(to->tls) : HF_OK;
    if (status && status != HF_AGAIN)
        fail(relay, to, status);
    return status == HF_OK;
}

/* ---- reading ---- */

/* A read gave nothing.  True when that is the end of the stream. */
static bool read_ended(struct hf_relay *relay, struct hf_relay_end *from, enum hf_status status)
{
    /* Who only receives has nothing to cut off. */
    bool no_harm = from->eof_lenient || other(relay, from)->hold_fin;
    if (status == HF_EOF || (status == HF_TRUNCATED && no_harm)) {
        from->eof = true;
        return true;
    }
    if (status == HF_AGAIN && !from->tls)
        from->watch.ready &= (uint8_t)~HF_READY_IN;
    else if (status != HF_AGAIN)
        fail(relay, from, status);
    return false;
}

/* As many records as there are; what ends the stream behind them is told by the next call. */
static enum hf_status get_secure(struct hf_relay_end *from, char *scratch, size_t *got)
{
    enum hf_status status = HF_OK;
    *got = 0;
    while (!status && *got < HF_SCRATCH_BYTES) {
        size_t n;
        status = hf_tls_recv(from->tls, scratch + *got, HF_SCRATCH_BYTES - *got, &n);
        *got += n;
    }
    return *got ? HF_OK : status;
}

static enum hf_status get(struct hf_relay_end *from, char *scratch, size_t *got)
{
    if (from->tls)
        return get_secure(from, scratch, got);
    size_t room = from->bulk ? HF_SCRATCH_BYTES : SMALL_BYTES;
    enum hf_status status = hf_socket_recv(from->watch.fd, scratch, room, got);
    if (*got && *got < room) {
        from->eof = hf_ready_ended(from->watch.ready);
        if (hf_ready_emptied(from->watch.ready))
            from->watch.ready &= (uint8_t)~HF_READY_IN;
    }
    return status;
}

static bool fetch_by_copy(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    char *scratch = hf_loop_scratch(from->watch.loop);
    size_t got, sent;
    enum hf_status status = get(from, scratch, &got);
    if (status)
        return read_ended(relay, from, status);
    from->bulk = got >= SMALL_BYTES;
    bool last = from->eof && (!from->hold_fin || from->fin_follows) && !to->tls;
    status = put(to, scratch, got, last, &sent);
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

static bool is_secret(const struct hf_relay *relay)
{
    return relay->end[HF_FRONT].tls || relay->end[HF_BACK].tls;
}

/* Reads once; nothing is in flight.  True when another step makes sense. */
static bool fetch(struct hf_relay *relay, struct hf_relay_end *from)
{
    /* splice() stops for good at urgent data, recv() goes past it. */
    if (from->bulk && relay->splice && !is_secret(relay) && !(from->watch.ready & HF_READY_PRI)) {
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
    if (from->keep_end) {
        from->shut = true;
        relay->fn(relay, HF_RELAY_EOF, from->side, HF_OK);
        return;
    }
    enum hf_status status = to->tls ? hf_tls_shutdown(to->tls) : HF_OK;
    if (status == HF_AGAIN)
        return;
    if (status) {
        fail(relay, to, status);
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

static bool can_read(const struct hf_relay_end *from)
{
    return from->tls ? hf_tls_can_recv(from->tls) : from->watch.ready & HF_READY_IN;
}

/* Large steps, each one into the pipe and out of it, wait until the turn's commands were served. */
static void call_soon(struct hf_relay *relay, struct hf_relay_end *from)
{
    if (from->bulk)
        hf_watch_later(&relay->end[HF_FRONT].watch);
    else
        hf_watch_again(&from->watch);
}

/* Moves bytes from this end to the other until either would block. */
static void pump(struct hf_relay *relay, struct hf_relay_end *from)
{
    struct hf_relay_end *to = other(relay, from);
    if (from->hold) {
        if (can_read(from) || from->watch.ready & (HF_READY_HUP | HF_READY_ERR))
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
        if (!can_read(from) || !(to->watch.ready & HF_READY_OUT))
            return;
        if (!fetch(relay, from))
            return;
        if (from->bulk)
            break;
    }
    if (flush(relay, from))
        call_soon(relay, from);
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

/* True when bytes may flow through this end. */
static bool shake_hands(struct hf_relay *relay, struct hf_relay_end *end)
{
    if (!end->tls || end->secure)
        return true;
    enum hf_status status = hf_tls_handshake(end->tls);
    if (status == HF_OK) {
        end->secure = true;
        relay->fn(relay, HF_RELAY_SECURE, end->side, HF_OK);
    } else if (status != HF_AGAIN) {
        fail(relay, end, status);
    }
    return end->secure;
}

static void on_ready(struct hf_watch *watch)
{
    struct hf_relay_end *end = HF_CONTAINER(watch, struct hf_relay_end, watch);
    struct hf_relay *relay = HF_CONTAINER(end - end->side, struct hf_relay, end);
    if (!is_flowing(relay))
        return;
    if (is_bulk(relay) && !hf_loop_is_late(watch->loop)) {
        hf_watch_later(&relay->end[HF_FRONT].watch);
        return;
    }
    bool secure = shake_hands(relay, end);
    if (!is_flowing(relay) || !shake_hands(relay, other(relay, end)) || !secure ||
        !is_flowing(relay))
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

void hf_relay_secure(struct hf_relay *relay, int end, struct hf_tls *tls)
{
    HF_ASSERT(!relay->closed && !relay->end[end].tls);
    relay->end[end].tls = tls;
    hf_tls_use(tls, &relay->end[end].watch);
}

void hf_relay_start(struct hf_relay *relay)
{
    HF_ASSERT(!relay->closed);
    relay->started = true;
    if (is_flowing(relay))
        hf_watch_again(&relay->end[HF_FRONT].watch);
}

void hf_relay_move(struct hf_relay *relay)
{
    on_ready(&relay->end[HF_FRONT].watch);
}

/* What this end had to say has all been taken: who closes now does not cut it off. */
static bool got_everything(const struct hf_relay_end *from)
{
    return from->eof && from->held == 0;
}

static void free_tls(struct hf_relay_end *end)
{
    hf_tls_free(end->tls);
    end->tls = NULL;
}

/* close_notify says that a file is whole, so it is sent only behind all of it.  A socket that is
 * full takes no more of it, and then the end is lost with what waits before it: that peer sees FIN
 * alone, which is a broken connection to it, as it must be.  DONE comes behind a close_notify that
 * was sent: this is about sessions that are ended before (killed, timed out). */
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
        else if (end->tls && is_attached(end) && got_everything(other(relay, end)))
            (void)!hf_tls_shutdown(end->tls); /* nobody waits for it any more */
        hf_watch_close(&end->watch);
        if (!end->keep_tls)
            free_tls(end);
    }
    drop_in_flight(&relay->end[HF_FRONT]);
    drop_in_flight(&relay->end[HF_BACK]);
}

void hf_relay_configure(unsigned pipe_bytes, unsigned max_pipes, bool allow_splice)
{
    hf_pipe_configure(pipe_bytes, max_pipes);
    splice_allowed = allow_splice;
}
