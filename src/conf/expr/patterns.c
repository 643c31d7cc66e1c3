/*
 * patterns.c: what samples are compared to: texts, numbers, networks, regular expressions.
 */
#include "expr_build.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- methods ----------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum hf_type type;
} methods[] = {
#define HF_ACL_METHOD(match, word, type, help) [HF_MATCH_##match] = {word, HF_TYPE_##type},
#include "../../../grammar/rows/samples/acl.def"
};

enum hf_type hf_match_type(enum hf_match match)
{
    return methods[match].type;
}

const char *hf_match_name(enum hf_match match)
{
    return methods[match].name;
}

bool hf_match_find(const char *name, enum hf_match *match)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(name, methods[i].name) != 0)
            continue;
        *match = (enum hf_match)i;
        return true;
    }
    return false;
}

/* ---- room ---------------------------------------------------------------------------------*/

static void *grow(struct hf_arena *arena, void *old, unsigned n, unsigned room, size_t size)
{
    void *new = hf_arena_alloc(arena, room * size);

    if (n)
        memcpy(new, old, n * size);
    return new;
}

#define ADD(list, array, value)                                                                    \
    do {                                                                                           \
        struct hf_patterns *patterns_ = (list)->patterns;                                          \
        if (patterns_->n == (list)->room) {                                                        \
            (list)->room = (list)->room ? 2 * (list)->room : 4;                                    \
            patterns_->array = grow((list)->arena, patterns_->array, patterns_->n, (list)->room,   \
                                    sizeof *patterns_->array);                                     \
        }                                                                                          \
        patterns_->array[patterns_->n++] = (value);                                                \
    } while (0)

static const char *copy(struct hf_pattern_list *list, struct hf_view text)
{
    return hf_arena_strndup(list->arena, text.p, text.n);
}

/* ---- numbers ----------------------------------------------------------------------------- */

/* "443", "-1", or a version such as "3.1", which is 3 * 65536 + 1. */
static bool read_number(const char **text, int64_t *number, bool versions)
{
    char *end;

    errno = 0;
    *number = strtoll(*text, &end, 10);
    if (end == *text || isspace((unsigned char)**text) || **text == '+' || errno != 0)
        return false;
    if (versions && *end == '.' && isdigit((unsigned char)end[1]))
        *number = *number * 65536 + strtoll(end + 1, &end, 10);
    *text = end;
    return true;
}

static bool read_range(const char *text, struct hf_int_range *range, bool versions)
{
    range->lo = INT64_MIN;
    range->hi = INT64_MAX;
    if (*text != ':') {
        if (!read_number(&text, &range->lo, versions))
            return false;
        if (*text == '\0') {
            range->hi = range->lo;
            return true;
        }
    }
    if (*text != ':' && *text != '-')
        return false;
    text++;
    if (*text == '\0')
        return range->lo != INT64_MIN;
    return read_number(&text, &range->hi, versions) && *text == '\0';
}

/* HAProxy takes "ne" for "eq". */
static bool is_operator(const char *text)
{
    static const char *const operators[] = {"eq", "ge", "gt", "le", "lt", "ne"};

    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        if (strcmp(text, operators[i]) == 0)
            return true;
    }
    return false;
}

/* An operator in front of numbers holds for all that follow. */
static void apply_operator(const char *op, struct hf_int_range *range)
{
    if (op[0] == 'g') {
        range->hi = INT64_MAX;
        if (op[1] == 't' && range->lo < INT64_MAX)
            range->lo++;
    } else if (op[0] == 'l') {
        range->hi = range->lo;
        range->lo = INT64_MIN;
        if (op[1] == 't' && range->hi > INT64_MIN)
            range->hi--;
    }
}

static const char *add_number(struct hf_pattern_list *list, struct hf_view view)
{
    const char *text = copy(list, view);
    struct hf_int_range range;

    if (is_operator(text)) {
        memcpy(list->op, text, sizeof list->op);
        return NULL;
    }
    if (!read_range(text, &range, list->versions))
        return "a number or a range such as 1:10";
    if (range.lo > range.hi)
        return "a range: its first number is larger than its last";
    apply_operator(list->op, &range);
    ADD(list, ranges, range);
    return NULL;
}

/* ---- networks ---------------------------------------------------------------------------- */

static bool mask_of_bits(unsigned bits, int family, struct hf_addr *mask)
{
    uint8_t *bytes;

    *mask = (struct hf_addr){0};
    mask->sa.sa_family = (sa_family_t)family;
    bytes = family == AF_INET ? (uint8_t *)&mask->v4.sin_addr : (uint8_t *)&mask->v6.sin6_addr;
    if (bits > (family == AF_INET ? 32u : 128u))
        return false;
    for (unsigned i = 0; i < bits; i++)
        bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    return true;
}

static bool read_mask(const char *text, int family, struct hf_addr *mask)
{
    char *end;
    unsigned long bits = strtoul(text, &end, 10);

    if (isdigit((unsigned char)*text) && *end == '\0')
        return bits <= 128 && mask_of_bits((unsigned)bits, family, mask);
    return *text && hf_addr_parse_host(hf_view_cstr(text), mask) == HF_OK &&
           mask->sa.sa_family == family;
}

static const char *add_network(struct hf_pattern_list *list, struct hf_view view)
{
    const char *text = copy(list, view), *slash = strchr(text, '/');
    const char *host = slash ? hf_arena_strndup(list->arena, text, (size_t)(slash - text)) : text;
    struct hf_net net;
    unsigned found;

    if (!*host || *host == '[' || strcmp(host, "*") == 0)
        return "an address or a network";
    if (hf_addr_parse_host(hf_view_cstr(host), &net.addr) != HF_OK &&
        (!list->resolve || hf_addr_lookup(host, AF_UNSPEC, &net.addr, 1, &found) != HF_OK))
        return list->resolve ? "an address, a network or a name that can be resolved"
                             : "an address or a network";
    int family = net.addr.sa.sa_family;
    if (!(slash ? read_mask(slash + 1, family, &net.mask)
                : mask_of_bits(family == AF_INET ? 32 : 128, family, &net.mask)))
        return "a network: behind the '/' is no mask";
    ADD(list, nets, net);
    return NULL;
}

/* ---- texts ------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *add_bytes(struct hf_pattern_list *list, struct hf_view view)
{
    char *bytes = hf_arena_alloc(list->arena, view.n / 2 + 1);

    if (view.n % 2)
        return "an even number of hexadecimal digits";
    for (size_t i = 0; i < view.n; i += 2) {
        int high = hex_digit(view.p[i]), low = hex_digit(view.p[i + 1]);
        if (high < 0 || low < 0)
            return "made of hexadecimal digits";
        bytes[i / 2] = (char)(high * 16 + low);
    }
    ADD(list, texts, hf_view(bytes, view.n / 2));
    return NULL;
}

static const char *add_regex(struct hf_pattern_list *list, struct hf_view view)
{
    char error[128];
    struct hf_regex *regex = hf_regex_new(list->arena, copy(list, view),
                                          list->patterns->ignore_case, error, sizeof error);

    if (!regex)
        return hf_arena_printf(list->arena, "a regular expression: %s", error);
    ADD(list, regexes, regex);
    return NULL;
}

const char *hf_pattern_add(struct hf_pattern_list *list, struct hf_view text)
{
    switch (list->patterns->match) {
    case HF_MATCH_FOUND:
    case HF_MATCH_BOOL:
        return NULL;
    case HF_MATCH_INT:
    case HF_MATCH_LEN:
        return add_number(list, text);
    case HF_MATCH_IP:
        return add_network(list, text);
    case HF_MATCH_BIN:
        return add_bytes(list, text);
    case HF_MATCH_REG:
        return add_regex(list, text);
    default:
        ADD(list, texts, hf_view(copy(list, text), text.n));
        return NULL;
    }
}
