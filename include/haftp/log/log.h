/*
 * log.h: lines to the `log` targets of global and of each section.
 *
 * Sending never blocks: a target that cannot take a line loses it, and the loss is counted. Formats
 * are compiled when the logger is made.  Any thread after hf_log_init().
 */
#ifndef HAFTP_LOG_LOG_H
#define HAFTP_LOG_LOG_H

#include <stdbool.h>

#include "haftp/base/diag.h"
#include "haftp/state/facts.h"
#include "haftp/state/runtime.h"

enum hf_level {
    HF_LEVEL_EMERG,
    HF_LEVEL_ALERT,
    HF_LEVEL_CRIT,
    HF_LEVEL_ERR,
    HF_LEVEL_WARNING,
    HF_LEVEL_NOTICE,
    HF_LEVEL_INFO,
    HF_LEVEL_DEBUG
};

/* Opens the targets (before chroot and setuid) and listens to the servers' changes of state.  With
 * `foreground`, a unix socket that does not exist is replaced by stderr, with one warning, and
 * changes of state are printed on stderr as well.  Call once per process. */
HF_MUST_USE enum hf_status hf_log_init(const struct hf_runtime *runtime, bool foreground);
void hf_log_fini(void);

/* HAProxy's "Connect from ..." line, for sections without tcplog or log-format. */
void hf_log_connect_mt(const struct hf_facts *facts);
/* The session's line at its end (tcplog, log-format); nothing for sections that log at connect. */
void hf_log_session_mt(const struct hf_facts *facts);
/* An event of a section (NULL: of the process, to the global targets).  Control characters in the
 * text become #XX. */
__attribute__((format(printf, 3, 4))) void
hf_log_event_mt(const struct hf_proxy *proxy, enum hf_level level, const char *format, ...);
/* An event that is printed on stderr as well in the foreground, where whoever just started us
 * looks; once, even where stderr stands in for the log. */
__attribute__((format(printf, 3, 4))) void
hf_log_announce_mt(const struct hf_proxy *proxy, enum hf_level level, const char *format, ...);
/* Lines that no target took, since the start. */
uint64_t hf_log_dropped_mt(void);

/* An allowance for events a stranger can cause: true when this one may be logged.  After a pause
 * *suppressed tells how many were not.  Per call site: keep a static struct. */
struct hf_log_limit {
    _Atomic uint64_t second_and_count;
    _Atomic unsigned suppressed;
};
bool hf_log_allowed_mt(struct hf_log_limit *limit, unsigned per_second, unsigned *suppressed);
/* The same with the time given: `second` of any clock that does not go back. */
bool hf_log_allowed_at_mt(struct hf_log_limit *limit, uint64_t second, unsigned per_second,
                          unsigned *suppressed);

#endif
