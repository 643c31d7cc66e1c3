/*
 * format.h: log formats (`log-format`, `option tcplog`), run for every session.
 *
 * The parser reads them (haftp/conf/expr.h); the function of each variable is in src/log/vars.c.
 * A format is immutable: any thread may run it.
 */
#ifndef HAFTP_LOG_FORMAT_H
#define HAFTP_LOG_FORMAT_H

#include <stddef.h>

#include "haftp/conf/expr.h"
#include "haftp/rules/eval.h"
#include "haftp/state/facts.h"

/* What `option tcplog` means. */
#define HF_LOG_TCPLOG "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq"

/* What `option ftplog` means: the same, then a word that says which line it is, and as many columns
 * behind it in both: mode, TLS, reply, bytes, rate or number of transfers; user, reason, path.  The
 * path is last, since a line that is too long for its target loses its end. */
#define HF_LOG_FTP_SESSION                                                                         \
    HF_LOG_TCPLOG " session - %sslv %[ftp.code] %[ftp.bytes] %[ftp.transfers] "                    \
                  "%{+Q,+E}[ftp.user] %{+Q,+E}[ftp.why] %{+Q,+E}[ftp.path]"
#define HF_LOG_FTP_TRANSFER                                                                        \
    HF_LOG_TCPLOG " %[ftp.cmd] %[ftp.direction]/%[ftp.mode]/%[ftp.type] %[ftp.data_tls] "          \
                  "%[ftp.code] %[ftp.bytes] %[ftp.rate] "                                          \
                  "%{+Q,+E}[ftp.user] %{+Q,+E}[ftp.why] %{+Q,+E}[ftp.path]"

/* Writes the line and a NUL; returns its length.  What does not fit is cut off.  Samples are made
 * harmless, "-" where they are not there.  `line_number` is for %lc. */
size_t hf_log_format_run(const struct hf_format *format, const struct hf_facts *facts,
                         unsigned line_number, char *line, size_t size);
/* The same outside of a log (a backend's name, a variable's value): samples and texts as they are,
 * and nothing where a sample is not there. */
size_t hf_log_format_text(const struct hf_format *format, struct hf_eval *eval, char *text,
                          size_t size);
/* What `set-var` and `set-var-fmt` of global say, once, before sessions begin. */
void hf_log_startup_vars(struct hf_runtime *runtime);

#endif
