/*
 * regex.c: PCRE2 with its memory in an arena.
 */
#include "haftp/base/regex.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* An expression such as (a+)+$ would take years otherwise. */
#define MATCH_STEPS 100000u

struct hf_regex {
    pcre2_code *code;
    pcre2_match_context *limits;
};

static void *take(size_t bytes, void *arena)
{
    return hf_arena_alloc(arena, bytes);
}

static void leave(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

struct hf_regex *hf_regex_new(struct hf_arena *arena, const char *pattern, bool ignore_case,
                              char *error, size_t size)
{
    pcre2_general_context *memory = pcre2_general_context_create(take, leave, arena);
    pcre2_compile_context *compile = pcre2_compile_context_create(memory);
    struct hf_regex *regex = HF_NEW(arena, struct hf_regex);
    PCRE2_SIZE at;
    int code;

    regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                ignore_case ? PCRE2_CASELESS : 0, &code, &at, compile);
    if (!regex->code) {
        char text[128];
        pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
        snprintf(error, size, "%s, at character %zu", text, (size_t)at + 1);
        return NULL;
    }
    regex->limits = pcre2_match_context_create(memory);
    pcre2_set_match_limit(regex->limits, MATCH_STEPS);
    return regex;
}

bool hf_regex_match(const struct hf_regex *regex, struct hf_view text,
                    struct hf_view groups[HF_REGEX_GROUPS])
{
    return hf_regex_match_from(regex, text, 0, groups);
}

bool hf_regex_match_from(const struct hf_regex *regex, struct hf_view text, size_t start,
                         struct hf_view groups[HF_REGEX_GROUPS])
{
    pcre2_match_data *data = pcre2_match_data_create(HF_REGEX_GROUPS, NULL);
    if (!data)
        return false;
    int n = pcre2_match(regex->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, start, 0, data,
                        regex->limits);
    const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(data);
    unsigned found = n == 0 ? HF_REGEX_GROUPS : n > 0 ? (unsigned)n : 0;

    for (unsigned i = 0; groups && i < HF_REGEX_GROUPS; i++) {
        bool taken = i < found && ends[2 * i] != PCRE2_UNSET;
        groups[i] =
            taken ? hf_view(text.p + ends[2 * i], ends[2 * i + 1] - ends[2 * i]) : hf_view(NULL, 0);
    }
    pcre2_match_data_free(data);
    return n >= 0;
}
