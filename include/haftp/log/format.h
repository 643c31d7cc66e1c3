/*
 * format.h: log formats (`log-format`, `option tcplog`): compiled once, run for every session.
 *
 * Variables are rows in src/log/vars.c.  A compiled format is immutable: any thread may run it.
 */
#ifndef HAFTP_LOG_FORMAT_H
#define HAFTP_LOG_FORMAT_H

#include <stddef.h>

#include "haftp/base/status.h"
#include "haftp/state/facts.h"

/* What `option tcplog` means. */
#define HF_LOG_TCPLOG "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"

struct hf_log_format;

/* HF_INVALID: `error` says in one sentence what is wrong with the text.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_log_format_compile(const char *text, char *error, size_t error_size,
                                                 struct hf_log_format **out);
void hf_log_format_free(struct hf_log_format *format); /* NULL is fine */
/* Writes the line and a NUL; returns its length.  What does not fit is cut off.  `line_number` is
 * for %lc. */
size_t hf_log_format_run(const struct hf_log_format *format, const struct hf_facts *facts,
                         unsigned line_number, char *line, size_t size);

#endif
