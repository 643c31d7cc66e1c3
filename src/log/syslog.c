/*
 * syslog.c: RFC 3164, RFC 5424, and HAProxy's shorter forms.
 */
#include "syslog_int.h"

#include <stdio.h>
#include <string.h>

#include "stamp_int.h"

/* 2026-11-23T00:24:36.908123+01:00: the second's stamp with its microseconds put in. */
static const char *precise_stamp(const struct timespec *now, char out[64])
{
    const char *stamp = hf_stamp(HF_STAMP_RFC5424, now->tv_sec);
    int seconds_end = (int)strlen("2026-11-23T00:24:36");

    snprintf(out, 64, "%.*s.%06ld%s", seconds_end, stamp, now->tv_nsec / 1000, stamp + seconds_end);
    return out;
}

/* What rfc3164 has before the message. */
static int write_rfc3164(const struct hf_syslog_header *h, const char *hostname, char *out,
                         size_t size)
{
    return snprintf(out, size, "<%d>%s %s%s%s[%d]: ", h->facility * 8 + h->level,
                    hf_stamp(HF_STAMP_RFC3164, h->now.tv_sec), hostname ? hostname : "",
                    hostname ? " " : "", h->tag, h->pid);
}

size_t hf_syslog_header(const struct hf_syslog_header *h, char *out, size_t size)
{
    int priority = h->facility * 8 + h->level;
    char stamp[64];
    int n = 0;

    switch (h->wire) {
    case HF_LOG_RFC3164:
        n = write_rfc3164(h, h->hostname ? h->hostname : "localhost", out, size);
        break;
    case HF_LOG_LOCAL:
        n = write_rfc3164(h, NULL, out, size);
        break;
    case HF_LOG_USUAL:
        n = write_rfc3164(h, h->hostname, out, size);
        break;
    case HF_LOG_RFC5424:
        n = snprintf(out, size, "<%d>1 %s %s %s %d - - ", priority, precise_stamp(&h->now, stamp),
                     h->hostname ? h->hostname : "-", h->tag, h->pid);
        break;
    case HF_LOG_PRIORITY:
        n = snprintf(out, size, "<%d>", priority);
        break;
    case HF_LOG_TIMED:
        n = snprintf(out, size, "<%d>%s ", h->level, precise_stamp(&h->now, stamp));
        break;
    case HF_LOG_ISO:
        n = snprintf(out, size, "%s ", precise_stamp(&h->now, stamp));
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
