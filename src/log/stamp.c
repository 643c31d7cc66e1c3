/*
 * stamp.c: times as text, cached per thread: a busy second formats each kind once.
 */
#include "stamp_int.h"

#include <stdbool.h>
#include <string.h>

static const char *const patterns[HF_STAMP_COUNT] = {
    [HF_STAMP_RFC3164] = "%b %e %H:%M:%S",      [HF_STAMP_RFC5424] = "%Y-%m-%dT%H:%M:%S%z",
    [HF_STAMP_LOCAL] = "%d/%b/%Y:%H:%M:%S",     [HF_STAMP_ZONED] = "%d/%b/%Y:%H:%M:%S %z",
    [HF_STAMP_GMT] = "%d/%b/%Y:%H:%M:%S +0000", [HF_STAMP_C] = "%a %b %e %H:%M:%S %Y",
};

struct stamp {
    bool made;
    time_t second;
    char text[48];
};

static _Thread_local struct stamp stamps[HF_STAMP_COUNT];

/* RFC 3339 wants "+01:00" where strftime() gives "+0100". */
static void add_colon(char *text)
{
    size_t n = strlen(text);
    memmove(text + n - 1, text + n - 2, 3);
    text[n - 2] = ':';
}

const char *hf_stamp(enum hf_stamp kind, time_t second)
{
    struct stamp *stamp = &stamps[kind];
    if (stamp->made && stamp->second == second)
        return stamp->text;

    struct tm tm;
    if (kind == HF_STAMP_GMT)
        gmtime_r(&second, &tm);
    else
        localtime_r(&second, &tm);
    strftime(stamp->text, sizeof stamp->text, patterns[kind], &tm);
    if (kind == HF_STAMP_RFC5424)
        add_colon(stamp->text);
    stamp->second = second;
    stamp->made = true;
    return stamp->text;
}
