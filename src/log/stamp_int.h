/*
 * stamp_int.h: times as text, made once per second and thread.
 */
#ifndef HAFTP_LOG_STAMP_INT_H
#define HAFTP_LOG_STAMP_INT_H

#include <time.h>

enum hf_stamp {
    HF_STAMP_RFC3164, /* Nov 23 00:24:36 */
    HF_STAMP_RFC5424, /* 2026-11-23T00:24:36+01:00 */
    HF_STAMP_LOCAL,   /* 23/Nov/2026:00:24:36 */
    HF_STAMP_ZONED,   /* 23/Nov/2026:00:24:36 +0100 */
    HF_STAMP_GMT,     /* 22/Nov/2026:23:24:36 +0000 */
    HF_STAMP_C,       /* Mon Nov 23 00:24:36 2026 */
    HF_STAMP_COUNT
};

/* Valid until the thread's next call with the same kind. */
const char *hf_stamp(enum hf_stamp kind, time_t second);

#endif
