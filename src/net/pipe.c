/*
 * pipe.c: makes, keeps and limits the pipes that splice() goes through.
 *
 * A pool is its loop's and used on that thread; the count of open pipes is shared by all of them,
 * and the sizes are set once before threads start.  It moves no bytes: relay.c does.
 */
#include "pipe_int.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_BYTES (1u << 20)
#define STEP_BYTES    (1u << 18) /* when the wanted size is refused */
#define LEAST_BYTES   (1 << 16)  /* below this, copying is faster, unless less was asked for */
#define DEFAULT_MAX   256u
#define SPARE_MAX     32u
#define REFUSED_MS    1000u

static unsigned wanted_bytes = DEFAULT_BYTES, max_pipes = DEFAULT_MAX;
static _Atomic unsigned open_pipes;

void hf_pipe_configure(unsigned pipe_bytes, unsigned max)
{
    wanted_bytes = pipe_bytes ? pipe_bytes : DEFAULT_BYTES;
    max_pipes = max ? max : DEFAULT_MAX;
}

/* A user without privileges may hold 16384 pages of pipes; past that, sizes are refused and new
 * pipes shrink to a page or two. */
static bool resize(int fd)
{
    int least = wanted_bytes < LEAST_BYTES ? (int)wanted_bytes : LEAST_BYTES;
    int bytes = fcntl(fd, F_SETPIPE_SZ, wanted_bytes);
    if (bytes < 0 && wanted_bytes > STEP_BYTES)
        bytes = fcntl(fd, F_SETPIPE_SZ, STEP_BYTES);
    if (bytes < 0)
        bytes = fcntl(fd, F_GETPIPE_SZ);
    return bytes >= least;
}

static struct hf_pipe *make_pipe(void)
{
    int fd[2];
    struct hf_pipe *pipe = malloc(sizeof *pipe);
    if (!pipe)
        return NULL;
    if (pipe2(fd, O_NONBLOCK | O_CLOEXEC) != 0) {
        free(pipe);
        return NULL;
    }
    atomic_fetch_add(&open_pipes, 1);
    *pipe = (struct hf_pipe){.read_fd = fd[0], .write_fd = fd[1]};
    if (!resize(fd[1])) {
        hf_pipe_discard(pipe);
        return NULL;
    }
    return pipe;
}

struct hf_pipe *hf_pipe_get(struct hf_pipe_pool *pool, uint64_t now_ms)
{
    struct hf_pipe *pipe = pool->spare;
    if (pipe) {
        pool->spare = pipe->next;
        pool->n_spare--;
        return pipe;
    }
    if (now_ms < pool->refused_until_ms)
        return NULL;
    if (atomic_load(&open_pipes) < max_pipes)
        pipe = make_pipe();
    if (!pipe)
        pool->refused_until_ms = now_ms + REFUSED_MS;
    return pipe;
}

void hf_pipe_put(struct hf_pipe_pool *pool, struct hf_pipe *pipe)
{
    if (pool->n_spare >= SPARE_MAX) {
        hf_pipe_discard(pipe);
        return;
    }
    pipe->next = pool->spare;
    pool->spare = pipe;
    pool->n_spare++;
}

void hf_pipe_discard(struct hf_pipe *pipe)
{
    close(pipe->read_fd);
    close(pipe->write_fd);
    free(pipe);
    atomic_fetch_sub(&open_pipes, 1);
}

void hf_pipe_pool_clear(struct hf_pipe_pool *pool)
{
    while (pool->spare) {
        struct hf_pipe *pipe = pool->spare;
        pool->spare = pipe->next;
        hf_pipe_discard(pipe);
    }
    pool->n_spare = 0;
}
