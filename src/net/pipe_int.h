/*
 * pipe_int.h: a loop's spare pipes for splice().
 *
 * A pipe is bound to a transfer only while bytes are in it, so a few serve very many.  One loop per
 * pool; only the count of all pipes is the process's.
 */
#ifndef HAFTP_NET_PIPE_INT_H
#define HAFTP_NET_PIPE_INT_H

#include <stdint.h>

struct hf_pipe {
    int read_fd, write_fd;
    struct hf_pipe *next;
};

struct hf_pipe_pool {
    struct hf_pipe *spare;
    unsigned n_spare;
    uint64_t refused_until_ms; /* the kernel had none: do not ask again before */
};

/* An empty pipe, or NULL when none can be had (then copy). */
struct hf_pipe *hf_pipe_get(struct hf_pipe_pool *pool, uint64_t now_ms);
void hf_pipe_put(struct hf_pipe_pool *pool, struct hf_pipe *pipe); /* must be empty */
void hf_pipe_discard(struct hf_pipe *pipe);                        /* bytes may be in it */
void hf_pipe_pool_clear(struct hf_pipe_pool *pool);

void hf_pipe_configure(unsigned pipe_bytes, unsigned max_pipes);

#endif
