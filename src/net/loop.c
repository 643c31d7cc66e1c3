/*
 * loop.c: one thread's turn: descriptors, timers, mail, and last what waits for the reaper.
 *
 * The loop belongs to its worker, or to the main thread, and is used on that thread alone; only
 * mail (mailbox.c) comes from others.  The descriptors themselves are watch.c's; what they mean is
 * nobody's business here.
 */
#include "haftp/net/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "haftp/base/assert.h"
#include "loop_int.h"

/* ---- reaper ---- */

static void reap_all(struct hf_loop *loop)
{
    while (loop->reap) {
        struct hf_reap *reap = loop->reap;
        loop->reap = reap->next;
        reap->fn(reap);
    }
}

void hf_loop_reap(struct hf_loop *loop, struct hf_reap *reap, void (*fn)(struct hf_reap *reap))
{
    reap->fn = fn;
    reap->next = loop->reap;
    loop->reap = reap;
}

/* ---- clock and timers ---- */

static void on_wheel_due(uv_timer_t *handle);

static void arm(struct hf_loop *loop, uint64_t due_ms)
{
    loop->armed_ms = due_ms;
    uint64_t now_ms = hf_loop_now(loop);
    /* Fails only while closing, when no timer matters any more. */
    (void)uv_timer_start(&loop->wheel_timer, on_wheel_due, due_ms > now_ms ? due_ms - now_ms : 0,
                         0);
}

static void on_wheel_due(uv_timer_t *handle)
{
    struct hf_loop *loop = handle->data;
    loop->armed_ms = 0; /* timers set by the callbacks need not arm: we do it after them */
    hf_wheel_advance(loop->wheel, hf_loop_now(loop));
    loop->armed_ms = HF_WHEEL_NEVER;
    uint64_t next_ms = hf_wheel_next(loop->wheel);
    if (next_ms != HF_WHEEL_NEVER)
        arm(loop, next_ms);
}

uint64_t hf_loop_now(const struct hf_loop *loop)
{
    return uv_now(&loop->uv);
}

void hf_loop_timer(struct hf_loop *loop, struct hf_timer *timer, uint64_t after_ms, hf_timer_fn fn)
{
    uint64_t now_ms = hf_loop_now(loop);
    uint64_t due_ms = after_ms < HF_WHEEL_NEVER - now_ms ? now_ms + after_ms : HF_WHEEL_NEVER - 1;
    hf_wheel_set(loop->wheel, timer, due_ms, fn);
    if (due_ms < loop->armed_ms)
        arm(loop, due_ms);
}

void hf_loop_timer_cancel(struct hf_loop *loop, struct hf_timer *timer)
{
    hf_wheel_cancel(loop->wheel, timer); /* waking once for nothing is cheaper than re-arming */
}

/* ---- life ---- */

static enum hf_status setup_handles(struct hf_loop *loop)
{
    uv_timer_init(&loop->uv, &loop->wheel_timer); /* cannot fail */
    loop->wheel_timer.data = loop;
    loop->uv_due = true; /* new handles are registered by libuv's own turn */

    enum hf_status status = hf_watch_setup(loop);
    if (status)
        return status;
    return hf_mail_setup(loop);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void free_memory(struct hf_loop *loop)
{
    hf_wheel_free(loop->wheel);
    free(loop->scratch);
    free(loop->tls_batch);
    free(loop);
}

struct hf_loop *hf_loop_new(void)
{
    /* splice() has no MSG_NOSIGNAL: a peer that went away must be an error, not our death. */
    signal(SIGPIPE, SIG_IGN);

    struct hf_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->epoll_fd = -1;
    loop->armed_ms = HF_WHEEL_NEVER;
    loop->scratch = malloc(HF_SCRATCH_BYTES);
    if (!loop->scratch || uv_loop_init(&loop->uv) != 0) {
        free_memory(loop);
        return NULL;
    }
    loop->wheel = hf_wheel_new(hf_loop_now(loop));
    if (!loop->wheel || setup_handles(loop) != HF_OK) {
        hf_loop_free(loop);
        return NULL;
    }
    return loop;
}

void hf_loop_free(struct hf_loop *loop)
{
    if (!loop)
        return;
    reap_all(loop);
    uv_walk(&loop->uv, close_handle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    HF_ASSERT(uv_loop_close(&loop->uv) == 0);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    hf_pipe_pool_clear(&loop->pipes);
    free_memory(loop);
}

int hf_loop_patience_ms(const struct hf_loop *loop)
{
    bool busy = loop->again.first || loop->later.first || loop->stopped || loop->uv_due;
    return busy ? 0 : uv_backend_timeout(&loop->uv);
}

void hf_loop_turn(struct hf_loop *loop, bool may_sleep)
{
    hf_watch_wait(loop, may_sleep ? hf_loop_patience_ms(loop) : 0);
    if (loop->uv_due || uv_backend_timeout(&loop->uv) == 0) {
        loop->uv_due = false;
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    hf_watch_call_again(loop);
    hf_watch_call_later(loop);
    reap_all(loop); /* no event handler is on the stack now */
}

void hf_loop_run(struct hf_loop *loop)
{
    loop->uv_due = true; /* handles that were started since are registered by libuv's own turn */
    while (!loop->stopped)
        hf_loop_turn(loop, true);
    loop->stopped = false;
}

void hf_loop_settle(struct hf_loop *loop)
{
    do {
        reap_all(loop);
    } while (hf_mail_deliver(loop));
}

void hf_loop_stop(struct hf_loop *loop)
{
    loop->stopped = true;
}

uv_loop_t *hf_loop_uv(struct hf_loop *loop)
{
    return &loop->uv;
}

bool hf_loop_is_late(const struct hf_loop *loop)
{
    return loop->is_late;
}

char *hf_loop_scratch(struct hf_loop *loop)
{
    return loop->scratch;
}

char *hf_loop_tls_batch(struct hf_loop *loop)
{
    if (!loop->tls_batch)
        loop->tls_batch = malloc(HF_TLS_BATCH_BYTES);
    return loop->tls_batch;
}
