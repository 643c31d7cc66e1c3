/*
 * buf.c: grows and empties a buffer of bytes that wait.
 *
 * Embedded in its owner; one thread.  It reads and sends nothing, and its limit is the caller's.
 */
#include "haftp/base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"

#define FIRST_BYTES 256u

/* Memory for `need` bytes, with the unread ones moved to its beginning. */
static enum hf_status make_room(struct hf_buf *b, size_t need)
{
    size_t unread = hf_buf_size(b);
    if (need <= b->size) {
        memmove(b->mem, b->mem + b->at, unread);
    } else {
        uint64_t size = b->size ? b->size : FIRST_BYTES;
        while (size < need)
            size *= 2;
        if (size > UINT32_MAX)
            return HF_LIMIT;
        char *mem = malloc(size);
        if (!mem)
            return HF_NOMEM;
        if (unread)
            memcpy(mem, b->mem + b->at, unread);
        free(b->mem);
        b->mem = mem;
        b->size = (uint32_t)size;
    }
    b->at = 0;
    b->end = (uint32_t)unread;
    return HF_OK;
}

enum hf_status hf_buf_add(struct hf_buf *b, const char *p, size_t n, size_t limit)
{
    if (n == 0)
        return HF_OK;
    if (n > limit || hf_buf_size(b) > limit - n)
        return HF_LIMIT;
    if (n > b->size - b->end) {
        enum hf_status status = make_room(b, hf_buf_size(b) + n);
        if (status)
            return status;
    }
    memcpy(b->mem + b->end, p, n);
    b->end += (uint32_t)n;
    return HF_OK;
}

void hf_buf_drop(struct hf_buf *b, size_t n)
{
    HF_ASSERT(n <= hf_buf_size(b));
    b->at += (uint32_t)n;
    if (b->at == b->end)
        hf_buf_clear(b);
}

void hf_buf_clear(struct hf_buf *b)
{
    free(b->mem);
    *b = (struct hf_buf){0};
}
