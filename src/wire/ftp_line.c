/*
 * ftp_line.c: where the first line of a stretch of bytes ends.
 */
#include "haftp/wire/ftp.h"

/* The line is as long as it may get, and a CR behind it still promises an LF. */
static bool may_still_fit(const char *p, size_t n, size_t max)
{
    return n <= max || (n == max + 1 && p[max] == '\r');
}

enum hf_ftp_line hf_ftp_line_cut(const char *p, size_t n, size_t max, struct hf_view *line,
                                 size_t *used)
{
    *line = hf_view(p, 0);
    *used = 0;
    if (n == 0)
        return HF_FTP_LINE_MORE;

    /* Only so far as a line that fits can reach: a flood without an end of line costs nothing. */
    size_t reach = n < max + 2 ? n : max + 2;
    const char *lf = memchr(p, '\n', reach);
    if (!lf)
        return may_still_fit(p, n, max) ? HF_FTP_LINE_MORE : HF_FTP_LINE_TOO_LONG;

    size_t size = (size_t)(lf - p);
    while (size > 0 && p[size - 1] == '\r')
        size--;
    if (size > max)
        return HF_FTP_LINE_TOO_LONG;
    *line = hf_view(p, size);
    *used = (size_t)(lf - p) + 1;
    return memchr(p, '\0', size) ? HF_FTP_LINE_NUL : HF_FTP_LINE_OK;
}
