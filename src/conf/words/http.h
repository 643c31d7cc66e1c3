/*
 * http.h: words that are for HTTP only.
 *
 * What they mean depends on the section's mode, which may be told below them: they are kept until
 * the section ends.
 */
#ifndef HAFTP_CONF_WORDS_HTTP_H
#define HAFTP_CONF_WORDS_HTTP_H

#include "parse/build.h"

struct hf_http_word {
    struct hf_http_word *next;
    const struct hf_keyword *row;
    struct hf_loc loc;
};

void hf_http_note(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
/* Tells what becomes of the current section's. */
void hf_http_tell(struct hf_build *b);

#endif
