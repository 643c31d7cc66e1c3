/*
 * format_int.h: what format.c and vars.c share: the output and the rows.
 */
#ifndef HAFTP_LOG_FORMAT_INT_H
#define HAFTP_LOG_FORMAT_INT_H

#include <stdint.h>

#include "haftp/base/str.h"
#include "haftp/state/facts.h"

/* %{+Q}x and so on. */
enum { HF_LOG_QUOTE = 1, HF_LOG_HEX = 2, HF_LOG_ESCAPE = 4 };

struct hf_log_out {
    char *line;
    size_t n, size;       /* one byte is kept for the NUL */
    unsigned flags;       /* of the variable that is being written */
    unsigned line_number; /* for %lc */
};

void hf_log_put(struct hf_log_out *out, const char *bytes, size_t n); /* as they are */
void hf_log_put_text(struct hf_log_out *out, const char *text);       /* flags; made harmless */
__attribute__((format(printf, 2, 3))) void hf_log_printf(struct hf_log_out *out, const char *format,
                                                         ...);

struct hf_log_var {
    const char *name;
    void (*put)(struct hf_log_out *out, const struct hf_facts *facts);
    const char *help;
};

/* NULL: no such variable. */
const struct hf_log_var *hf_log_var_find(struct hf_view name);
/* HAProxy knows it, but only for HTTP. */
bool hf_log_var_is_http(struct hf_view name);

#endif
