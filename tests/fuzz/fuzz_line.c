/*
 * fuzz_line.c: lines are within their limits, and do not depend on how the bytes arrived.
 *
 * The first byte of an input is the limit of a line.
 */
#include "fuzz.h"

#include "haftp/wire/ftp.h"

static void check_line(const char *p, size_t n, size_t max, enum hf_ftp_line result,
                       struct hf_view line, size_t used)
{
    bool whole = result == HF_FTP_LINE_OK || result == HF_FTP_LINE_NUL;
    HF_ASSERT(whole == (used > 0));
    HF_ASSERT(used <= n && line.n <= max && line.n <= used);
    if (!whole)
        return;
    HF_ASSERT(line.p == p && p[used - 1] == '\n');
    HF_ASSERT(!memchr(line.p, '\n', line.n));
    HF_ASSERT((memchr(line.p, '\0', line.n) != NULL) == (result == HF_FTP_LINE_NUL));
    HF_ASSERT(line.n == 0 || p[line.n - 1] != '\r');
    for (size_t i = line.n; i < used - 1; i++)
        HF_ASSERT(p[i] == '\r');
}

/* Until its last byte is there, a line is neither given out nor refused. */
static void check_prefixes(const char *p, size_t size, size_t max)
{
    for (size_t n = 0; n < size; n++) {
        struct hf_view line;
        size_t used;
        HF_ASSERT(hf_ftp_line_cut(p, n, max, &line, &used) == HF_FTP_LINE_MORE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t max = data[0];
    const char *p = (const char *)data + 1;
    for (size_t left = size - 1;;) {
        struct hf_view line;
        size_t used;
        enum hf_ftp_line result = hf_ftp_line_cut(p, left, max, &line, &used);
        check_line(p, left, max, result, line, used);
        if (used == 0)
            return 0;
        check_prefixes(p, used, max);
        p += used;
        left -= used;
    }
}
