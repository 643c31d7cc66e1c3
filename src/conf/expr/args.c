/*
 * args.c: the arguments of a fetch or converter, read and checked by its signature.
 */
#include "reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "check_args.h"
#include "haftp/base/assert.h"
#include "parse/env.h"

/* One argument as written. */
struct raw {
    const char *from, *to; /* in the word */
    const char *text;      /* without quotes and escapes */
};

/* ---- cutting at commas ------------------------------------------------------------------- */

/* What stands for an escaped character; 0: the backslash stays. */
static char unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '\\':
    case '\'':
    case '"':
    case ' ':
        return c;
    default:
        return '\0';
    }
}

/* One argument, up to the comma or parenthesis that ends it. */
static bool read_raw(struct hf_reader *r, const char *open, struct raw *raw)
{
    char *out = hf_arena_alloc(r->b->config->arena, strlen(r->at) + 1), quote = '\0';
    const char *quoted = NULL;

    raw->from = r->at;
    raw->text = out;
    for (; *r->at && (quote || !strchr(",)", *r->at)); r->at++) {
        char c = *r->at;
        if ((c == '"' || c == '\'') && (!quote || quote == c)) {
            quote = quote ? '\0' : c;
            quoted = r->at;
        } else if (c == '\\' && quote != '\'' && r->at[1] && unescape(r->at[1])) {
            *out++ = unescape(*++r->at);
        } else {
            *out++ = c;
        }
    }
    raw->to = r->at;
    if (*r->at)
        return true;
    if (quote)
        return hf_reader_fail(r, quoted, quoted + 1, "put the other quote behind the argument",
                              "this quote is not closed");
    return hf_reader_fail(r, open, open + 1, "put the word into quotes if it has blanks in it",
                          "'(' without its ')'");
}

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

/* ---- one letter of a signature each ------------------------------------------------------- */

struct argument {
    struct hf_reader *r;
    const struct hf_sample_row *row;
    const struct raw *raw;
    struct hf_arg *arg;
};

__attribute__((format(printf, 3, 4))) static bool refuse(struct argument *a, const char *hint,
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

static bool number_between(struct argument *a, int64_t low, int64_t high, const char *what)
{
    if (!to_number(a->raw->text, &a->arg->number) || a->arg->number < low || a->arg->number > high)
        return refuse(a, NULL, "%s", what);
    a->arg->kind = HF_ARG_INT;
    return true;
}

/* One of the words "a b c"; its position becomes the number. */
static bool one_of(struct argument *a, const char *words)
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

static bool truth(struct argument *a)
{
    if (!one_of(a, "false true 0 1"))
        return false;
    a->arg->number %= 2;
    return true;
}

static bool only_letters(struct argument *a, const char *letters, const char *what)
{
    a->arg->kind = HF_ARG_TEXT;
    return a->raw->text[strspn(a->raw->text, letters)] == '\0' || refuse(a, NULL, "%s", what);
}

static bool hex_bytes(struct argument *a)
{
    size_t n = strlen(a->raw->text);

    if (n % 2)
        return refuse(a, "two digits make a byte", "an even number of hexadecimal digits");
    return only_letters(a, "0123456789abcdefABCDEF", "made of hexadecimal digits");
}

/* The text keeps its sign, which makes the offset relative. */
static bool offset(struct argument *a)
{
    if (!to_number(a->raw->text, &a->arg->number))
        return refuse(a, "a sign makes it relative to the end of the length", "an offset");
    a->arg->kind = HF_ARG_INT;
    return true;
}

static bool variable(struct argument *a)
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

static bool number_or_variable(struct argument *a)
{
    if (to_number(a->raw->text, &a->arg->number)) {
        a->arg->kind = HF_ARG_INT;
        return true;
    }
    if (!strchr(a->raw->text, '.'))
        return refuse(a, "write 5, or txn.name", "a number or a variable");
    return variable(a);
}

static bool address(struct argument *a, int family, const char *what)
{
    a->arg->kind = HF_ARG_ADDR;
    return to_addr(a->raw->text, family, &a->arg->addr) || refuse(a, NULL, "%s", what);
}

static bool mask(struct argument *a, int family, const char *what)
{
    a->arg->kind = HF_ARG_ADDR;
    return to_mask(a->raw->text, family, &a->arg->addr) || refuse(a, NULL, "%s", what);
}

static bool unused(struct argument *a)
{
    a->arg->kind = HF_ARG_TEXT;
    hf_diag_add(a->r->b->diag, HF_DIAG_WARNING, hf_reader_place(a->r, a->raw->from, a->raw->to),
                "remove it", "'%s' takes no argument; this one is not read.", a->row->name);
    return true;
}

/* A name that becomes a pointer when all files were read. */
static bool reference(struct argument *a, char letter)
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

static bool pattern_file(struct argument *a)
{
    a->arg->kind = HF_ARG_MAP;
    a->arg->map =
        hf_map_load(a->r->b, a->row, a->raw->text, hf_reader_place(a->r, a->raw->from, a->raw->to));
    return a->arg->map != NULL;
}

/* What is known by a list. */
static bool text_of(struct argument *a, char letter)
{
    const char *wrong = hf_arg_wrong(letter, a->raw->text);

    if (wrong)
        return refuse(a, NULL, "%s", wrong);
    if (strchr("Gw", letter) && hf_arg_is_variable(a->raw->text))
        return variable(a);
    a->arg->kind = HF_ARG_TEXT;
    return true;
}

static bool check(struct argument *a, char letter)
{
    a->arg->loc = hf_reader_place(a->r, a->raw->from, a->raw->to);
    a->arg->text = a->raw->text;
    switch (letter) {
    case 'i':
        return number_between(a, INT64_MIN, INT64_MAX, "a number");
    case 'I':
        return number_between(a, INT64_MIN, INT64_MAX, "a number") &&
               (a->arg->number != 0 ||
                refuse(a, "the first one is 1, the last one -1", "an index"));
    case 'L':
        return number_between(a, 1, INT32_MAX, "a number above 0");
    case 'c':
        return number_between(a, 1, 8, "a number from 1 to 8");
    case '4':
        return number_between(a, 4, 4, "a version of UUIDs that can be made; only 4 is");
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
    case 'T':
        return one_of(a, "us ms");
    case 'D':
        return one_of(a, "s ms us");
    case 'C':
        return one_of(a, "ifexists ifnotexists ifempty ifnotempty ifset ifnotset ifgt iflt");
    case 'K':
        return one_of(a, "stdout stderr buf0");
    case 'j':
        return one_of(a, "ascii utf8 utf8s utf8p utf8ps");
    case 'q':
        return one_of(a, "query");
    case 'g':
        return only_letters(a, "gi", "made of the flags g (all) and i (either case)");
    case 'x':
        return unused(a);
    case 'h':
    case 'e':
    case 'H':
    case 'G':
    case 'P':
    case 'O':
    case 'F':
    case 'N':
    case 'J':
    case 'W':
    case 'w':
        return text_of(a, letter);
    case 'f':
    case 'b':
    case 't':
    case 'S':
    case 'u':
        return reference(a, letter);
    default:
        HF_ASSERT(!"a letter that no argument has");
        return false;
    }
}

/* ---- all of them ------------------------------------------------------------------------- */

/* "a number": what an argument that is missing would be. */
static const char *letter_name(char letter)
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

/* Without an argument: this section, an empty text; else it is missing. */
static bool leave_out(struct argument *a, char letter, bool only_one, const char *name_end)
{
    static const struct raw nothing = {"", "", ""};

    if (strchr("fbt", letter) || (only_one && a->arg->text == NULL && strchr("sn", letter))) {
        struct argument own = {a->r, a->row, &nothing, a->arg};
        a->arg->text = "";
        a->arg->loc = hf_reader_place(a->r, a->r->name, name_end);
        if (letter == 's')
            a->arg->kind = HF_ARG_TEXT;
        else if (letter == 'n') /* HAProxy reads nothing as 0 */
            a->arg->kind = HF_ARG_INT;
        return strchr("sn", letter) || reference(&own, letter);
    }
    return hf_reader_fail(a->r, a->r->name, name_end, NULL, "'%s' lacks an argument: %s",
                          a->row->name, letter_name(letter));
}

/* regsub(PATTERN,TEXT,FLAGS) */
static bool compile_regex(struct hf_reader *r, struct hf_conv *out)
{
    char error[128];

    for (unsigned i = 0; i < out->n_args; i++) {
        struct hf_arg *arg = &out->args[i];
        const char *flags = i + 2 < out->n_args ? out->args[i + 2].text : NULL;
        if (out->row->signature[i] != 'r')
            continue;
        arg->kind = HF_ARG_REGEX;
        arg->regex = hf_regex_new(r->b->config->arena, arg->text, flags && strchr(flags, 'i'),
                                  error, sizeof error);
        if (arg->regex)
            continue;
        hf_build_error(r->b, arg->loc, NULL, "'%s' is not a regular expression: %s", arg->text,
                       error);
        return false;
    }
    return true;
}

/* env(NAME) is what the variable is now: a second argument. */
static void look_up_variable(struct hf_reader *r, struct hf_conv *out)
{
    const char *value = hf_env_get(r->b->env, hf_view_cstr(out->args[0].text));

    if (value)
        out->args[out->n_args++] = (struct hf_arg){.kind = HF_ARG_TEXT, .text = value};
}

/* Texts may be empty, and some of them are then as good as left out. */
#define TEXTS          "sdkjqgTDCKVBoxHGPOFNJWw"
#define MAY_BE_NOTHING "sdkjqgVBox"

/* An argument that is no text and left empty ends the list. */
static bool ends_list(struct hf_reader *r, const struct hf_sample_row *row, const struct raw *raw)
{
    if (*r->at == ')')
        return true;
    return hf_reader_fail(r, raw->from, r->at + 1, "give all arguments up to the last one",
                          "'%s' has an argument behind one that is left out", row->name);
}

static bool read_given(struct hf_reader *r, const struct hf_sample_row *row, const char *letters,
                       struct hf_conv *out)
{
    const char *open = r->at++;
    struct raw raw;

    if (*r->at == ')' && (!letters[0] || !strchr("TDCKW", letters[0]))) {
        r->at++;
        return true;
    }
    for (;; r->at++) {
        if (!read_raw(r, open, &raw))
            return false;
        if (!letters[out->n_args])
            return hf_reader_fail(r, raw.from, raw.to, NULL, "'%s' takes %s", row->name,
                                  !letters[0] ? "no argument" : "fewer arguments");
        struct argument a = {r, row, &raw, &out->args[out->n_args]};
        char letter = letters[out->n_args];
        bool is_optional = out->n_args >= strcspn(row->signature, "|");
        if (*raw.text || (!is_optional && !strchr("fbt", letter)) ||
            (is_optional && strchr(TEXTS, letter) && !strchr(MAY_BE_NOTHING, letter))) {
            if (!check(&a, letter))
                return false;
        } else if (is_optional && !strchr(TEXTS, letter) && !ends_list(r, row, &raw)) {
            return false;
        }
        a.arg->text = raw.text;
        out->n_args++;
        if (*r->at++ == ')')
            return true;
        r->at--;
    }
}

static bool check_together(struct hf_reader *r, const struct hf_conv *out, const char *name_end)
{
    unsigned index;
    const char *wrong = hf_args_wrong_together(out, &index);

    if (!wrong)
        return true;
    struct hf_loc loc = out->n_args > index ? out->args[index].loc : (struct hf_loc){0};
    hf_build_error(r->b, loc.source ? loc : hf_reader_place(r, r->name, name_end), NULL, "'%s': %s",
                   out->row->name, wrong);
    return false;
}

bool hf_reader_args(struct hf_reader *r, const struct hf_sample_row *row, struct hf_conv *out)
{
    const char *name_end = r->at;
    char letters[16];
    unsigned least = (unsigned)strcspn(row->signature, "|"), n = 0;

    for (const char *p = row->signature; *p; p++) {
        if (*p != '|')
            letters[n++] = *p;
    }
    letters[n] = '\0';
    out->row = row;
    out->args = hf_arena_alloc(r->b->config->arena, (n + 1) * sizeof *out->args);
    out->n_args = 0;
    if (*r->at == '(' && !read_given(r, row, letters, out))
        return false;
    for (unsigned given = out->n_args, i = 0; i < least; i++) {
        struct argument a = {r, row, NULL, &out->args[i]};
        if ((i >= given || (!*out->args[i].text && strchr("fbt", letters[i]))) &&
            !leave_out(&a, letters[i], given == 0 && i == 0, name_end))
            return false;
        if (i >= out->n_args)
            out->n_args = i + 1;
    }
    if (strcmp(row->name, "env") == 0)
        look_up_variable(r, out);
    return check_together(r, out, name_end) && compile_regex(r, out);
}
