/*
 * value.c: numbers, times, sizes and words, read and printed.
 */
#include "value.h"

#include <ctype.h>
#include <string.h>

#define LARGEST_TIME_MS INT32_MAX /* 24.8 days, as HAProxy */

static const struct unit {
    const char *name;
    int64_t us;
} units[] = {
    /* "ms" is tried before "m". */
    {"us", 1},
    {"ms", 1000},
    {"s", 1000000},
    {"m", 60 * (int64_t)1000000},
    {"h", 3600 * (int64_t)1000000},
    {"d", 86400 * (int64_t)1000000},
};
#define N_UNITS (sizeof units / sizeof units[0])

/* The digits at the start of `text`; *end is behind them.  False when there are none. */
static bool leading_digits(const char *text, int64_t *out, const char **end)
{
    int64_t number = 0;
    bool overflow = false;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        overflow |= __builtin_mul_overflow(number, (int64_t)10, &number);
        overflow |= __builtin_add_overflow(number, (int64_t)(*p - '0'), &number);
    }
    *out = overflow ? INT64_MAX : number;
    *end = p;
    return p > text;
}

enum hf_status hf_value_number(const char *text, int64_t *out)
{
    const char *end;
    return leading_digits(text, out, &end) && *end == '\0' ? HF_OK : HF_INVALID;
}

int64_t hf_value_loose_number(const char *text, const char **rest)
{
    bool minus = *text == '-', sign = minus || *text == '+';
    int64_t number;

    if (!leading_digits(text + sign, &number, rest)) {
        *rest = text;
        return 0;
    }
    if (number > INT32_MAX)
        number = INT32_MAX;
    return minus ? -number : number;
}

enum hf_status hf_value_time(const char *text, unsigned unit_us, int64_t *ms, const char **rest)
{
    int64_t number, unit = unit_us, us;

    if (!leading_digits(text, &number, rest))
        return HF_INVALID;
    if (**rest) {
        const struct unit *u = units;
        while (u < units + N_UNITS && strncmp(*rest, u->name, strlen(u->name)) != 0)
            u++;
        if (u == units + N_UNITS)
            return HF_INVALID;
        unit = u->us;
        *rest += strlen(u->name);
    }
    if (__builtin_mul_overflow(number, unit, &us))
        return HF_LIMIT;
    *ms = us / 1000 + (us % 1000 != 0);
    return *ms > LARGEST_TIME_MS ? HF_LIMIT : HF_OK;
}

enum hf_status hf_value_size(const char *text, int64_t *out)
{
    const char *end;
    int64_t number;
    unsigned shift = 0;

    if (!leading_digits(text, &number, &end))
        return HF_INVALID;
    switch (tolower((unsigned char)*end)) {
    case 'k':
        shift = 10;
        break;
    case 'm':
        shift = 20;
        break;
    case 'g':
        shift = 30;
        break;
    default:
        break;
    }
    if (end[shift ? 1 : 0] != '\0')
        return HF_INVALID;
    if (__builtin_mul_overflow(number, (int64_t)1 << shift, out))
        *out = INT64_MAX;
    return HF_OK;
}

enum hf_status hf_value_port_range(const char *text, uint16_t *lo, uint16_t *hi)
{
    const char *end;
    int64_t first, last;

    if (!leading_digits(text, &first, &end))
        return HF_INVALID;
    last = first;
    if (*end == '-' && !leading_digits(end + 1, &last, &end))
        return HF_INVALID;
    if (*end != '\0')
        return HF_INVALID;
    if (first < 1 || first > last || last > UINT16_MAX)
        return HF_LIMIT;
    *lo = (uint16_t)first;
    *hi = (uint16_t)last;
    return HF_OK;
}

void hf_value_print_time(FILE *out, uint64_t ms)
{
    const struct unit *unit = &units[N_UNITS - 1];

    while (unit->us > 1000 && (ms == 0 || ms % (uint64_t)(unit->us / 1000) != 0))
        unit--;
    fprintf(out, "%llu%s", (unsigned long long)(ms / (uint64_t)(unit->us / 1000)), unit->name);
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("-_.:/@+*,%=()[]|~^&;<>?!{}", c));
}

void hf_value_print_word(FILE *out, const char *text)
{
    const char *p = text;

    while (is_plain(*p))
        p++;
    if (*p == '\0' && p > text) {
        fputs(text, out);
        return;
    }
    putc('\'', out);
    for (p = text; *p; p++) {
        /* Inside '...' nothing is special; what cannot stand there leaves the quotes. */
        if (*p == '\'' || (unsigned char)*p < ' ')
            fprintf(out, "'\\x%02x'", (unsigned char)*p);
        else
            putc(*p, out);
    }
    putc('\'', out);
}
