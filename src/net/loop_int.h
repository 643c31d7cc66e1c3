/*
 * loop_int.h: the inside of a loop, shared by the files of this folder.
 */
#ifndef HAFTP_NET_LOOP_INT_H
#define HAFTP_NET_LOOP_INT_H

#include <stdatomic.h>
#include <sys/epoll.h>

#include "haftp/net/loop.h"
#include "pipe_int.h"

#define HF_EPOLL_BATCH 256

struct hf_watch_queue {
    struct hf_watch *first, *last;
};

struct hf_loop {
    uv_loop_t uv;
    uv_timer_t wheel_timer;
    uv_async_t mail_bell;
    bool uv_due; /* libuv has an event or a timer for its next turn */
    bool stopped;

    struct hf_wheel *wheel;
    uint64_t armed_ms; /* when wheel_timer fires */

    int epoll_fd;
    struct hf_watch_queue again;   /* to be called in the next turn */
    struct hf_watch_queue calling; /* this turn's, not yet called */
    struct hf_watch_queue later;   /* at the end of turns, as many as fit in */
    bool is_late;                  /* `later` is being called */
    /* The batch being handled: [batch_at, batch_end) is still to come. */
    struct epoll_event batch[HF_EPOLL_BATCH];
    int batch_at, batch_end;

    struct hf_reap *reap;
    _Atomic(struct hf_mail *) mail; /* newest first */
    struct hf_pipe_pool pipes;
    char *scratch;
    /* Records that tls.c is putting together; NULL as long as there is no TLS. */
    char *tls_batch;
    uint32_t tls_batch_bytes;
};

/* loop.c */
/* One round of everything: libuv's part if it is due, those called again, the reaper, then events.
 */
void hf_loop_turn(struct hf_loop *loop, bool may_sleep);
/* For how long the next turn may sleep; -1: for ever. */
int hf_loop_patience_ms(const struct hf_loop *loop);

/* What the scratch holds, as records: what was read at once is sent at once.  NULL: no memory. */
#define HF_TLS_BATCH_BYTES (HF_SCRATCH_BYTES + 16u * 1024u)
char *hf_loop_tls_batch(struct hf_loop *loop);

/* watch.c */
HF_MUST_USE enum hf_status hf_watch_setup(struct hf_loop *loop);
/* Waits for events (-1: for ever), calls the watches that have some, and notes libuv's. */
void hf_watch_wait(struct hf_loop *loop, int timeout_ms);
/* Calls whoever asked to be called again, once. */
void hf_watch_call_again(struct hf_loop *loop);
/* Calls whoever asked to be called later, until a slice of time is used up. */
void hf_watch_call_later(struct hf_loop *loop);

/* mailbox.c */
HF_MUST_USE enum hf_status hf_mail_setup(struct hf_loop *loop);
/* Calls the waiting mail; false when there was none. */
bool hf_mail_deliver(struct hf_loop *loop);

#endif
