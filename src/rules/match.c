/*
 * match.c: samples compared to patterns, one function per method.
 *
 * Equality is a binary search, networks are an index made when the file was read; the other methods
 * try one pattern after the other.
 */
#include "haftp/conf/pattern_index.h"
#include "rules_int.h"

#define NOT_FOUND (-1)

typedef bool text_matches_fn(struct hf_view text, struct hf_view pattern, bool ignore_case);

static bool same_bytes(const char *a, const char *b, size_t n, bool ignore_case)
{
    if (!ignore_case)
        return n == 0 || memcmp(a, b, n) == 0;
    for (size_t i = 0; i < n; i++) {
        if (hf_fold(a[i]) != hf_fold(b[i]))
            return false;
    }
    return true;
}

static bool begins_with(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    return pattern.n <= text.n && same_bytes(text.p, pattern.p, pattern.n, ignore_case);
}

static bool ends_with(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    return pattern.n <= text.n &&
           same_bytes(text.p + text.n - pattern.n, pattern.p, pattern.n, ignore_case);
}

static bool has_in_it(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    if (!ignore_case)
        return pattern.n == 0 || memmem(text.p, text.n, pattern.p, pattern.n);
    for (size_t at = 0; at + pattern.n <= text.n; at++) {
        if (same_bytes(text.p + at, pattern.p, pattern.n, true))
            return true;
    }
    return false;
}

static bool is_one_of(char c, const char *characters)
{
    return c && strchr(characters, c);
}

/* The pattern without delimiters at its ends, between delimiters or ends of the text. */
static bool has_between(struct hf_view text, struct hf_view pattern, const char *delimiters,
                        bool ignore_case)
{
    while (pattern.n > 0 && is_one_of(pattern.p[0], delimiters))
        pattern = hf_view(pattern.p + 1, pattern.n - 1);
    while (pattern.n > 0 && is_one_of(pattern.p[pattern.n - 1], delimiters))
        pattern.n--;
    for (size_t at = 0; at + pattern.n <= text.n; at++) {
        size_t end = at + pattern.n;
        bool starts = at == 0 || is_one_of(text.p[at - 1], delimiters);
        bool stops = end == text.n || is_one_of(text.p[end], delimiters);
        if (starts && stops && same_bytes(text.p + at, pattern.p, pattern.n, ignore_case))
            return true;
    }
    return false;
}

static bool has_directory(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    return has_between(text, pattern, "/?", ignore_case);
}

static bool has_domain(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    return has_between(text, pattern, "/?.:", ignore_case);
}

static bool equals(struct hf_view text, struct hf_view pattern, bool ignore_case)
{
    return text.n == pattern.n && same_bytes(text.p, pattern.p, text.n, ignore_case);
}

/* ---- trying one after the other ---------------------------------------------------------- */

static int find_text(const struct hf_patterns *patterns, struct hf_view text,
                     text_matches_fn *matches)
{
    for (unsigned i = 0; i < patterns->n; i++) {
        if (matches(text, patterns->texts[i], patterns->ignore_case))
            return (int)i;
    }
    return NOT_FOUND;
}

static int find_longest_beginning(const struct hf_patterns *patterns, struct hf_view text)
{
    int best = NOT_FOUND;
    for (unsigned i = 0; i < patterns->n; i++) {
        bool longer = best < 0 || patterns->texts[i].n > patterns->texts[best].n;
        if (longer && begins_with(text, patterns->texts[i], patterns->ignore_case))
            best = (int)i;
    }
    return best;
}

static int find_range(const struct hf_patterns *patterns, int64_t number)
{
    for (unsigned i = 0; i < patterns->n; i++) {
        if (patterns->ranges[i].lo <= number && number <= patterns->ranges[i].hi)
            return (int)i;
    }
    return NOT_FOUND;
}

static int find_regex(const struct hf_patterns *patterns, struct hf_view text)
{
    for (unsigned i = 0; i < patterns->n; i++) {
        if (hf_regex_match(patterns->regexes[i], text, NULL))
            return (int)i;
    }
    return NOT_FOUND;
}

/* ---- methods ----------------------------------------------------------------------------- */

static enum hf_type needed_type(enum hf_match match)
{
    switch (match) {
    case HF_MATCH_FOUND:
        return HF_TYPE_ANY;
    case HF_MATCH_BOOL:
    case HF_MATCH_INT:
        return HF_TYPE_INT;
    case HF_MATCH_IP:
        return HF_TYPE_ADDR;
    case HF_MATCH_BIN:
        return HF_TYPE_BIN;
    default:
        return HF_TYPE_STR;
    }
}

int hf_patterns_find(const struct hf_patterns *patterns, struct hf_sample *sample,
                     struct hf_eval *eval)
{
    if (!hf_sample_cast(sample, needed_type(patterns->match), eval))
        return NOT_FOUND;
    switch (patterns->match) {
    case HF_MATCH_FOUND:
        return 0;
    case HF_MATCH_BOOL:
        return sample->number ? 0 : NOT_FOUND;
    case HF_MATCH_INT:
        return find_range(patterns, sample->number);
    case HF_MATCH_LEN:
        return find_range(patterns, (int64_t)sample->bytes.n);
    case HF_MATCH_IP:
        return hf_net_index_find(patterns->net_index, &sample->addr);
    case HF_MATCH_STR:
        if (patterns->text_index)
            return hf_text_index_find(patterns->text_index, sample->bytes);
        return find_text(patterns, sample->bytes, equals);
    case HF_MATCH_BIN:
        return find_text(patterns, sample->bytes, equals);
    case HF_MATCH_BEG:
        return find_longest_beginning(patterns, sample->bytes);
    case HF_MATCH_END:
        return find_text(patterns, sample->bytes, ends_with);
    case HF_MATCH_SUB:
        return find_text(patterns, sample->bytes, has_in_it);
    case HF_MATCH_DIR:
        return find_text(patterns, sample->bytes, has_directory);
    case HF_MATCH_DOM:
        return find_text(patterns, sample->bytes, has_domain);
    case HF_MATCH_REG:
        return find_regex(patterns, sample->bytes);
    }
    return NOT_FOUND;
}
