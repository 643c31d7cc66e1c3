/*
 * argument.c: one argument of a fetch or converter, checked by its letter in the signature.
 */
#include "argument.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "check_args.h"
#include "haftp/base/assert.h"

/* ---- numbers and addresses --------------------------------------------------------------- */

static bool to_number(const char *text, int64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoll(text, &end, 10);
    return end > text && *end == '\0' && errno == 0 && !isspace((unsigned char)*text);
}

static bool to_mask(const char *text, int family, struct hf_addr *mask)
{
    unsigned bits = family == AF_INET ? 32 : 128;
    uint8_t *bytes;
    int64_t length;

    if (!to_number(text, &length))
        return hf_addr_parse_host(hf_view_cstr(text), mask) == HF_OK && *text &&
               mask->sa.sa_family == family;
    if (length < 0 || length > (int64_t)bits)
        return false;
    *mask = (struct hf_addr){0};
    mask->sa.sa_family = (sa_family_t)family;
    bytes = family == AF_INET ? (uint8_t *)&mask->v4.sin_addr : (uint8_t *)&mask->v6.sin6_addr;
    for (unsigned i = 0; i < (unsigned)length; i++)
        bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    return true;
}

static bool to_addr(const char *text, int family, struct hf_addr *addr)
{
    return *text && hf_addr_parse_host(hf_view_cstr(text), addr) == HF_OK &&
           addr->sa.sa_family == family;
}

/* ---- one kind each ----------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static bool refuse(struct hf_arg_reader *a, const char *hint,
                                                         const char *format, ...)
{
    va_list args;
    char what[160];

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return hf_reader_fail(a->r, a->raw->from, a->raw->to, hint, "'%s' of '%s' is not %s",
                          a->raw->text, a->row->name, what);
}

static bool number_between(struct hf_arg_reader *a, int64_t low, int64_t high, const char *what)
{
    if (!to_number(a->raw->text, &a->arg->number) || a->arg->number < low || a->arg->number > high)
        return refuse(a, NULL, "%s", what);
    a->arg->kind = HF_ARG_INT;
    return true;
}

/* Of what is counted from either end. */
static bool index_number(struct hf_arg_reader *a)
{
    return number_between(a, INT64_MIN, INT64_MAX, "a number") &&
           (a->arg->number != 0 || refuse(a, "the first one is 1, the last one -1", "an index"));
}

/* One of the words "a b c"; its position becomes the number. */
static bool one_of(struct hf_arg_reader *a, const char *words)
{
    size_t n = strlen(a->raw->text);

    a->arg->kind = HF_ARG_TEXT;
    for (const char *p = words; *p; p += strcspn(p, " "), p += *p == ' ') {
        if (strcspn(p, " ") == n && memcmp(p, a->raw->text, n) == 0)
            return true;
        a->arg->number++;
    }
    return refuse(a, NULL, "one of %s", words);
}

static bool truth(struct hf_arg_reader *a)
{
    if (!one_of(a, "false true 0 1"))
        return false;
    a->arg->number %= 2;
    return true;
}

static bool only_letters(struct hf_arg_reader *a, const char *letters, const char *what)
{
    a->arg->kind = HF_ARG_TEXT;
    return a->raw->text[strspn(a->raw->text, letters)] == '\0' || refuse(a, NULL, "%s", what);
}

static bool hex_bytes(struct hf_arg_reader *a)
{
    size_t n = strlen(a->raw->text);

    if (n % 2)
        return refuse(a, "two digits make a byte", "an even number of hexadecimal digits");
    return only_letters(a, "0123456789abcdefABCDEF", "made of hexadecimal digits");
}

/* The text keeps its sign, which makes the offset relative. */
static bool offset(struct hf_arg_reader *a)
{
    if (!to_number(a->raw->text, &a->arg->number))
        return refuse(a, "a sign makes it relative to the end of the length", "an offset");
    a->arg->kind = HF_ARG_INT;
    return true;
}

static bool variable(struct hf_arg_reader *a)
{
    size_t base = (size_t)(a->raw->from - a->r->word->text);

    /* With quotes around it the name is not where the argument begins. */
    struct hf_word word = {a->raw->text, hf_reader_place(a->r, a->raw->from, a->raw->to)};
    bool plain = strlen(a->raw->text) == (size_t)(a->raw->to - a->raw->from);
    a->arg->kind = HF_ARG_VAR;
    a->arg->var = plain ? hf_var_parse(a->r->b, a->r->word, base, base + strlen(a->raw->text))
                        : hf_var_parse(a->r->b, &word, 0, strlen(a->raw->text));
    return a->arg->var != NULL;
}

static bool number_or_variable(struct hf_arg_reader *a)
{
    if (to_number(a->raw->text, &a->arg->number)) {
        a->arg->kind = HF_ARG_INT;
        return true;
    }
    if (!strchr(a->raw->text, '.'))
        return refuse(a, "write 5, or txn.name", "a number or a variable");
    return variable(a);
}

static bool address(struct hf_arg_reader *a, int family, const char *what)
{
    a->arg->kind = HF_ARG_ADDR;
    return to_addr(a->raw->text, family, &a->arg->addr) || refuse(a, NULL, "%s", what);
}

static bool mask(struct hf_arg_reader *a, int family, const char *what)
{
    a->arg->kind = HF_ARG_ADDR;
    return to_mask(a->raw->text, family, &a->arg->addr) || refuse(a, NULL, "%s", what);
}

static bool unused(struct hf_arg_reader *a)
{
    a->arg->kind = HF_ARG_TEXT;
    hf_diag_add(a->r->b->diag, HF_DIAG_WARNING, hf_reader_place(a->r, a->raw->from, a->raw->to),
                "remove it", "'%s' takes no argument; this one is not read.", a->row->name);
    return true;
}

bool hf_arg_refers(struct hf_arg_reader *a, char letter)
{
    struct hf_config *config = a->r->b->config;
    struct hf_arg_ref *ref = HF_NEW(config->arena, struct hf_arg_ref);

    a->arg->kind = letter == 'S'   ? HF_ARG_SERVER
                   : letter == 'u' ? HF_ARG_USERLIST
                   : letter == 't' ? HF_ARG_TABLE
                                   : HF_ARG_PROXY;
    *ref = (struct hf_arg_ref){.arg = a->arg,
                               .letter = letter,
                               .row = a->row,
                               .section = a->r->b->in_defaults ? NULL : a->r->b->section};
    LL_PREPEND(config->arg_refs, ref);
    return true;
}

static bool pattern_file(struct hf_arg_reader *a)
{
    a->arg->kind = HF_ARG_MAP;
    a->arg->map =
        hf_map_load(a->r->b, a->row, a->raw->text, hf_reader_place(a->r, a->raw->from, a->raw->to));
    return a->arg->map != NULL;
}

/* What is known by a list. */
static bool text_of(struct hf_arg_reader *a, char letter)
{
    const char *wrong = hf_arg_wrong(letter, a->raw->text);

    if (wrong)
        return refuse(a, NULL, "%s", wrong);
    if (strchr("Gw", letter) && hf_arg_is_variable(a->raw->text))
        return variable(a);
    a->arg->kind = HF_ARG_TEXT;
    return true;
}

/* ---- by their letters -------------------------------------------------------------------- */

static const struct {
    char letter;
    int64_t low, high;
    const char *what;
} numbers[] = {
    {'i', INT64_MIN, INT64_MAX, "a number"},
    {'L', 1, INT32_MAX, "a number above 0"},
    {'c', 1, 8, "a number from 1 to 8"},
    {'4', 4, 4, "a version of UUIDs that can be made; only 4 is"},
};

static const struct {
    char letter;
    const char *words;
} lists[] = {
    {'T', "us ms"},
    {'D', "s ms us"},
    {'C', "ifexists ifnotexists ifempty ifnotempty ifset ifnotset ifgt iflt"},
    {'K', "stdout stderr buf0"},
    {'j', "ascii utf8 utf8s utf8p utf8ps"},
    {'q', "query"},
};

/* What is of no kind below. */
static bool check_other(struct hf_arg_reader *a, char letter)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].letter == letter)
            return number_between(a, numbers[i].low, numbers[i].high, numbers[i].what);
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (lists[i].letter == letter)
            return one_of(a, lists[i].words);
    }
    if (strchr("fbtSu", letter))
        return hf_arg_refers(a, letter);
    HF_ASSERT(strchr("heHGPOFNJWw", letter) || !"a letter that no argument has");
    return text_of(a, letter);
}

bool hf_arg_check(struct hf_arg_reader *a, char letter)
{
    a->arg->loc = hf_reader_place(a->r, a->raw->from, a->raw->to);
    a->arg->text = a->raw->text;
    switch (letter) {
    case 'I':
        return index_number(a);
    case 's':
    case 'r': /* compiled when its flags are known */
        a->arg->kind = HF_ARG_TEXT;
        return true;
    case 'd':
        a->arg->kind = HF_ARG_TEXT;
        return *a->raw->text || refuse(a, NULL, "a list of delimiters");
    case 'o':
        return offset(a);
    case 'k':
        return hex_bytes(a);
    case 'V':
        return !*a->raw->text || variable(a);
    case 'v':
        return variable(a);
    case 'n':
        return number_or_variable(a);
    case 'a':
        return address(a, AF_INET, "an IPv4 address");
    case 'A':
        return address(a, AF_INET6, "an IPv6 address");
    case 'm':
        return mask(a, AF_INET, "an IPv4 mask, such as 24 or 255.255.255.0");
    case 'M':
        return mask(a, AF_INET6, "an IPv6 mask, such as 64");
    case 'p':
        return pattern_file(a);
    case 'B':
        return truth(a);
    case 'g':
        return only_letters(a, "gi", "made of the flags g (all) and i (either case)");
    case 'x':
        return unused(a);
    default:
        return check_other(a, letter);
    }
}

const char *hf_arg_kind(char letter)
{
    static const struct {
        const char *letters, *name;
    } names[] = {
        {"iILc4ohe", "a number"},
        {"sPdKjqgTDCHGOFNJWw", "a text"},
        {"vV", "a variable"},
        {"n", "a number or variable"},
        {"mM", "a mask"},
        {"aA", "an address"},
        {"r", "a regular expression"},
        {"p", "a file"},
        {"k", "hexadecimal digits"},
        {"B", "true or false"},
        {"S", "a server"},
        {"u", "a userlist"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strchr(names[i].letters, letter))
            return names[i].name;
    }
    return "the name of a section";
}
