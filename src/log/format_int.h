/*
 * format_int.h: what format.c and vars.c share: the output, and a function per alias.
 */
#ifndef HAFTP_LOG_FORMAT_INT_H
#define HAFTP_LOG_FORMAT_INT_H

#include <stdint.h>

#include "haftp/base/str.h"
#include "haftp/conf/expr.h"
#include "haftp/state/facts.h"

struct hf_log_out {
    char *line;
    size_t n, size;       /* one byte is kept for the NUL */
    unsigned flags;       /* HF_FORMAT_* of the variable that is being written */
    unsigned line_number; /* for %lc */
    bool plain;           /* not a log: nothing stands in for what is not there, or is harmful */
};

void hf_log_put(struct hf_log_out *out, const char *bytes, size_t n); /* as they are */
void hf_log_put_text(struct hf_log_out *out, const char *text);       /* flags; made harmless */
void hf_log_put_view(struct hf_log_out *out, struct hf_view text);    /* the same */
__attribute__((format(printf, 2, 3))) void hf_log_printf(struct hf_log_out *out, const char *format,
                                                         ...);

/* By enum hf_alias_id. */
typedef void hf_log_alias_fn(struct hf_log_out *out, const struct hf_facts *facts);
extern hf_log_alias_fn *const hf_log_aliases[];

#endif
