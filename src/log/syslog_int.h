/*
 * syslog_int.h: what stands before the message, in each wire format.
 */
#ifndef HAFTP_LOG_SYSLOG_INT_H
#define HAFTP_LOG_SYSLOG_INT_H

#include <stddef.h>
#include <time.h>

#include "haftp/conf/model.h"

struct hf_syslog_header {
    enum hf_log_wire wire;
    int facility, level;
    struct timespec now;
    const char *hostname; /* NULL: not in rfc3164; "-" in rfc5424 */
    const char *tag;
    int pid;
};

/* Returns the length, at most size - 1. */
size_t hf_syslog_header(const struct hf_syslog_header *header, char *out, size_t size);

#endif
