/*
 * text.h: a text that grows while it is written: answers, pages, reports.
 *
 * Zeroed is empty.  Running out of memory is remembered, so that who writes need not look each
 * time: `failed` is looked at once, when the text is used.  One thread.
 */
#ifndef HAFTP_BASE_TEXT_H
#define HAFTP_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "haftp/base/str.h"

struct hf_text {
    char *mem; /* NULL when empty; else a NUL stands behind the last byte */
    size_t n, room;
    bool failed; /* out of memory: what was to be added is not there */
};

void hf_text_add(struct hf_text *text, const char *p, size_t n);
void hf_text_put(struct hf_text *text, const char *cstr);
__attribute__((format(printf, 2, 3))) void hf_text_printf(struct hf_text *text, const char *format,
                                                          ...);
__attribute__((format(printf, 2, 0))) void hf_text_vprintf(struct hf_text *text, const char *format,
                                                           va_list args);
/* A string of JSON, with its quotes; bytes that are no UTF-8 become U+FFFD. */
void hf_text_json(struct hf_text *text, struct hf_view string);
void hf_text_free(struct hf_text *text); /* empty again */

#endif
