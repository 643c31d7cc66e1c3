/*
 * syslog.c: RFC 3164, RFC 5424 and the short and raw forms.
 */
#include "syslog_int.h"

#include <stdio.h>

#include "stamp_int.h"

size_t hf_syslog_header(const struct hf_syslog_header *h, char *out, size_t size)
{
    int priority = h->facility * 8 + h->level;
    int n = 0;

    switch (h->wire) {
    case HF_LOG_RFC3164:
        n = snprintf(out, size, "<%d>%s %s%s%s[%d]: ", priority, hf_stamp(HF_STAMP_RFC3164, h->now),
                     h->hostname ? h->hostname : "", h->hostname ? " " : "", h->tag, h->pid);
        break;
    case HF_LOG_RFC5424:
        n = snprintf(out, size, "<%d>1 %s %s %s %d - - ", priority,
                     hf_stamp(HF_STAMP_RFC5424, h->now), h->hostname ? h->hostname : "-", h->tag,
                     h->pid);
        break;
    case HF_LOG_SHORT:
        n = snprintf(out, size, "<%d>", h->level);
        break;
    case HF_LOG_RAW:
        break;
    }
    if (n < 0)
        return 0;
    return (size_t)n < size ? (size_t)n : size - 1;
}
