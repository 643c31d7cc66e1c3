/*
 * fuzz_reply.c: the reader of replies is always in a state that it tells.
 */
#include "fuzz.h"

#include "haftp/wire/ftp.h"

#define LINE_MAX_BYTES 8192u

static void check_step(struct hf_ftp_reply before, struct hf_view line)
{
    struct hf_ftp_reply after = before;
    enum hf_ftp_reply_line result = hf_ftp_reply_next(&after, line);
    HF_ASSERT(after.multi == (result == HF_FTP_REPLY_MORE));
    HF_ASSERT((after.code == 0) == (result == HF_FTP_REPLY_BAD));
    HF_ASSERT(after.code == 0 || (after.code >= 100 && after.code <= 599));
    /* Inside a reply nothing is bad, and its code stays. */
    HF_ASSERT(!before.multi || (result != HF_FTP_REPLY_BAD && after.code == before.code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_ftp_reply state = {0};
    const char *p = (const char *)data;
    struct hf_view line;
    size_t used;
    while (hf_ftp_line_cut(p, size, LINE_MAX_BYTES, &line, &used), used > 0) {
        check_step(state, line);
        (void)hf_ftp_reply_next(&state, line);
        p += used;
        size -= used;
    }
    return 0;
}
