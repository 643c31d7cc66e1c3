/*
 * format_build.h: a word becomes a format.  Private to src/conf.
 */
#ifndef HAFTP_CONF_FORMAT_BUILD_H
#define HAFTP_CONF_FORMAT_BUILD_H

#include "expr_build.h"

/* NULL: told.  Variables of HTTP are noted in the format: whether they may be there depends on the
 * mode of the section, which is known at its end (resolve_args.c). */
struct hf_format *hf_format_parse(struct hf_build *b, const struct hf_word *word,
                                  const struct hf_place *place);
/* For a place where the section's mode is known: variables of HTTP are told in mode tcp. */
struct hf_format *hf_format_parse_here(struct hf_build *b, const struct hf_word *word,
                                       const struct hf_place *place);
/* Nothing but text. */
bool hf_format_is_plain(const struct hf_format *format);

#endif
