/*
 * str.h: a piece of text that somebody else owns.
 *
 * A view is valid only as long as the buffer behind it: never store one past the call that
 * handed it over unless the buffer is an arena's.  It need not end in NUL.
 */
#ifndef HAFTP_BASE_STR_H
#define HAFTP_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct hf_view {
    const char *p;
    size_t n;
};

static inline struct hf_view hf_view(const char *p, size_t n)
{
    return (struct hf_view){p, n};
}

static inline struct hf_view hf_view_cstr(const char *text)
{
    return (struct hf_view){text, strlen(text)};
}

static inline bool hf_view_eq(struct hf_view a, struct hf_view b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A capital letter becomes a small one; only ASCII's, whatever the locale. */
static inline char hf_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool hf_view_is(struct hf_view a, const char *text)
{
    return hf_view_eq(a, hf_view_cstr(text));
}

#endif
