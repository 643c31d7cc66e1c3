/*
 * regex.h: regular expressions, by PCRE2.
 *
 * Matching is bounded: an expression that backtracks without end does not match.  A compiled
 * expression is immutable and lives in its arena; any thread may match.
 */
#ifndef HAFTP_BASE_REGEX_H
#define HAFTP_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "haftp/base/arena.h"
#include "haftp/base/str.h"

struct hf_regex;

#define HF_REGEX_GROUPS 10u

/* NULL: not an expression; `error` (of `size` bytes) tells why. */
struct hf_regex *hf_regex_new(struct hf_arena *arena, const char *pattern, bool ignore_case,
                              char *error, size_t size);
/* Matches anywhere in the text.  `groups` may be NULL; groups[0] is the whole match, the others
 * what the parentheses took (p NULL: nothing). */
bool hf_regex_match(const struct hf_regex *regex, struct hf_view text,
                    struct hf_view groups[HF_REGEX_GROUPS]);

/* The same, in the part of the text from `start` on; ^ still is the start of the whole text. */
bool hf_regex_match_from(const struct hf_regex *regex, struct hf_view text, size_t start,
                         struct hf_view groups[HF_REGEX_GROUPS]);

#endif
