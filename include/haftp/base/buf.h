/*
 * buf.h: bytes that wait for a slow peer, or for the rest of their line.
 *
 * Empty means no memory: an idle session has no buffers.  Grows by doubling up to the limit given
 * by the caller.  One thread.
 */
#ifndef HAFTP_BASE_BUF_H
#define HAFTP_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "haftp/base/status.h"
#include "haftp/base/str.h"

struct hf_buf {
    char *mem;              /* NULL when empty */
    uint32_t at, end, size; /* unread bytes are [at, end) */
};

static inline size_t hf_buf_size(const struct hf_buf *b)
{
    return b->end - b->at;
}
static inline struct hf_view hf_buf_view(const struct hf_buf *b)
{
    return b->mem ? hf_view(b->mem + b->at, b->end - b->at) : hf_view("", 0);
}
/* HF_LIMIT when it would hold more than `limit` bytes, HF_NOMEM: nothing was added. */
HF_MUST_USE enum hf_status hf_buf_add(struct hf_buf *b, const char *p, size_t n, size_t limit);
void hf_buf_drop(struct hf_buf *b, size_t n); /* the first n bytes; frees when empty */
void hf_buf_clear(struct hf_buf *b);

#endif
