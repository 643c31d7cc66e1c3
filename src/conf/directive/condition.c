/*
 * condition.c: reads a condition by recursive descent, and evaluates it on the way.
 */
#include "condition.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/suggest.h"
#include "haftp/conf/feature.h"
#include "haftp/conf/model.h"

#define DEEPEST   1024u /* parentheses and '!' within each other, as HAProxy */
#define MOST_ARGS 2u

struct reader {
    const struct hf_condition_context *context;
    const char *text, *at;
    unsigned depth;
    struct hf_condition_fault *fault; /* text is NULL until something is wrong */
    const char **warning;
};

struct predicate {
    const char *name;
    unsigned n_args;
    bool (*holds)(struct reader *r, const char *const *args);
};

__attribute__((format(printf, 5, 6))) static bool refuse(struct reader *r, const char *from,
                                                         const char *to, const char *hint,
                                                         const char *format, ...)
{
    struct hf_condition_fault *fault = r->fault;
    char *text;
    va_list list;

    if (fault->text)
        return false;
    va_start(list, format);
    int n = vasprintf(&text, format, list);
    va_end(list);
    fault->text = n < 0 ? "out of memory" : hf_arena_strdup(r->context->arena, text);
    if (n >= 0)
        free(text);
    fault->hint = hint;
    fault->from = (size_t)(from - r->text);
    fault->to = (size_t)(to - r->text);
    return false;
}

static bool is_wrong(const struct reader *r)
{
    return r->fault->text != NULL;
}

static void skip_blanks(struct reader *r)
{
    while (isspace((unsigned char)*r->at))
        r->at++;
}

/* ---- predicates -------------------------------------------------------------------------- */

static bool defined(struct reader *r, const char *const *args)
{
    return hf_env_get(r->context->env, hf_view_cstr(args[0])) != NULL;
}

static bool has_feature(struct reader *r, const char *const *args)
{
    (void)r;
    return hf_build_has_feature(args[0]);
}

static bool are_equal(struct reader *r, const char *const *args)
{
    (void)r;
    return strcmp(args[0], args[1]) == 0;
}

static bool are_different(struct reader *r, const char *const *args)
{
    return !are_equal(r, args);
}

static bool contains(struct reader *r, const char *const *args)
{
    (void)r;
    return strstr(args[0], args[1]) != NULL;
}

/* HAProxy 3's names of what can be switched off. */
static bool is_enabled(struct reader *r, const char *const *args)
{
    const struct hf_config *config = r->context->config;

    if (strcmp(args[0], "EPOLL") == 0 || strcmp(args[0], "GETADDRINFO") == 0 ||
        strcmp(args[0], "REUSEPORT") == 0)
        return true;
    return strcmp(args[0], "SPLICE") == 0 && (!config || !config->global.nosplice);
}

/* "2.6.12", "2.7-dev4", "2.6-rc1", "2.6.1-5" as numbers of which the first that differs decides. */
struct version {
    unsigned long part[5]; /* major, minor, patch, kind of release, its number */
};
enum { DEVELOPMENT, CANDIDATE, RELEASE };

static struct version read_version(const char *text, const char **rest)
{
    struct version v = {.part[3] = RELEASE};
    char *end = (char *)text;

    for (unsigned i = 0; i < 3 && isdigit((unsigned char)*text); i++) {
        v.part[i] = strtoul(text, &end, 10);
        text = *end == '.' ? end + 1 : end;
    }
    if (*end == '-') {
        end++;
        if (strncmp(end, "dev", 3) == 0)
            v.part[3] = DEVELOPMENT;
        else if (strncmp(end, "rc", 2) == 0)
            v.part[3] = CANDIDATE;
        end += strcspn(end, "0123456789");
        v.part[4] = strtoul(end, &end, 10);
    }
    *rest = end;
    return v;
}

static bool version_atleast(struct reader *r, const char *const *args)
{
    const char *rest;
    struct version own = read_version(HF_SPOKEN_VERSION, &rest);
    struct version asked = read_version(args[0], &rest);

    if (*rest || !args[0][0])
        *r->warning =
            hf_arena_printf(r->context->arena,
                            "'%s' is not a version: what can be read of it is compared", args[0]);
    for (unsigned i = 0; i < 5; i++) {
        if (own.part[i] != asked.part[i])
            return own.part[i] > asked.part[i];
    }
    return true;
}

static bool version_before(struct reader *r, const char *const *args)
{
    return !version_atleast(r, args);
}

static const struct predicate predicates[] = {
#define HF_PREDICATE(word, n_args, holds, args, help) {word, n_args, holds},
#include "../../../grammar/rows/samples/directive.def"
};
#define PREDICATES                                                                                 \
    "there are defined, feature, streq, strneq, strstr, enabled, version_atleast and "             \
    "version_before"

static const struct predicate *find_predicate(struct hf_view name)
{
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++) {
        if (hf_view_is(name, predicates[i].name))
            return &predicates[i];
    }
    return NULL;
}

static const char *nearest_predicate(struct hf_arena *arena, struct hf_view name)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, hf_arena_strndup(arena, name.p, name.n));
    for (size_t i = 0; i < sizeof predicates / sizeof predicates[0]; i++)
        hf_suggest_offer(&suggest, predicates[i].name);
    if (!suggest.best)
        return PREDICATES;
    return hf_arena_printf(arena, "did you mean '%s'?", suggest.best);
}

/* ---- arguments --------------------------------------------------------------------------- */

/* The character that an escape stands for; *at moves over it.  Others keep their backslash. */
static char escaped(const char **at)
{
    const char *p = *at + 1;

    switch (*p) {
    case 'n':
        *at += 2;
        return '\n';
    case 'r':
        *at += 2;
        return '\r';
    case 't':
        *at += 2;
        return '\t';
    case ' ':
    case '\\':
    case '#':
    case '\'':
    case '"':
        *at += 2;
        return *p;
    default:
        *at += 1;
        return '\\';
    }
}

/* One argument, up to a ',' or ')' outside of quotes. */
static const char *read_arg(struct reader *r)
{
    char *arg = hf_arena_alloc(r->context->arena, strlen(r->at) + 1), *out = arg;
    const char *from = r->at;
    char quote = '\0';

    while (*r->at && (quote || (*r->at != ',' && *r->at != ')'))) {
        if (quote ? *r->at == quote : (*r->at == '\'' || *r->at == '"')) {
            quote = quote ? '\0' : *r->at;
            r->at++;
        } else if (*r->at == '\\' && quote != '\'') {
            *out++ = escaped(&r->at);
        } else {
            *out++ = *r->at++;
        }
    }
    if (quote)
        refuse(r, from, r->at, "quotes of quotes are written \"'text'\"",
               "a quote in the arguments is not closed");
    return arg;
}

static unsigned read_args(struct reader *r, const struct predicate *predicate, const char **args)
{
    const char *opening = r->at;
    unsigned n = 0;

    if (*r->at != '(')
        return 0;
    do {
        r->at++;
        if (n == predicate->n_args) {
            refuse(r, r->at - 1, r->at, NULL, "'%s' takes %u argument%s", predicate->name,
                   predicate->n_args, predicate->n_args > 1 ? "s" : "");
            return n;
        }
        args[n++] = read_arg(r);
    } while (*r->at == ',' && !is_wrong(r));
    if (*r->at == ')')
        r->at++;
    else
        refuse(r, opening, opening + 1, NULL, "this parenthesis is not closed");
    return n == 1 && !args[0][0] ? 0 : n;
}

static bool read_predicate(struct reader *r)
{
    const char *from = r->at, *args[MOST_ARGS] = {"", ""};

    while (isalnum((unsigned char)*r->at) || *r->at == '_')
        r->at++;
    struct hf_view name = hf_view(from, (size_t)(r->at - from));
    if (name.n == 0)
        return refuse(r, from, from + (*from != '\0'), PREDICATES,
                      *from ? "a condition cannot begin with '%c'" : "a condition is missing here",
                      *from);
    const struct predicate *predicate = find_predicate(name);
    if (!predicate)
        return refuse(r, from, r->at, nearest_predicate(r->context->arena, name),
                      "there is no predicate '%.*s'", (int)name.n, name.p);
    unsigned n = read_args(r, predicate, args);
    if (!is_wrong(r) && predicate->n_args == 2 && n < 2)
        return refuse(r, from, r->at, NULL, "'%s' needs two arguments", predicate->name);
    return !is_wrong(r) && predicate->holds(r, args);
}

/* ---- terms and operators ----------------------------------------------------------------- */

static bool read_expression(struct reader *r);

static bool read_number(struct reader *r)
{
    char *end;
    long number = strtol(r->at, &end, 0);

    r->at = end;
    return number != 0;
}

static bool begins_number(const char *p)
{
    return isdigit((unsigned char)p[0]) ||
           ((p[0] == '-' || p[0] == '+') && isdigit((unsigned char)p[1]));
}

static bool read_term(struct reader *r)
{
    const char *from;
    bool holds;

    skip_blanks(r);
    from = r->at;
    if (*from != '!' && *from != '(')
        return begins_number(from) ? read_number(r) : read_predicate(r);
    if (r->depth == DEEPEST)
        return refuse(r, from, from + 1, NULL, "more than %u levels of parentheses", DEEPEST);
    r->depth++;
    r->at++;
    if (*from == '!') {
        holds = !read_term(r);
    } else {
        holds = read_expression(r);
        if (*r->at == ')')
            r->at++;
        else
            refuse(r, from, from + 1, NULL, "this parenthesis is not closed");
    }
    r->depth--;
    return holds;
}

static bool takes(struct reader *r, const char *sign)
{
    skip_blanks(r);
    if (is_wrong(r) || strncmp(r->at, sign, 2) != 0)
        return false;
    r->at += 2;
    return true;
}

static bool read_all_of(struct reader *r)
{
    bool holds = read_term(r);

    while (takes(r, "&&"))
        holds &= read_term(r);
    return holds;
}

static bool read_expression(struct reader *r)
{
    bool holds = read_all_of(r);

    while (takes(r, "||"))
        holds |= read_all_of(r);
    return holds;
}

enum hf_status hf_condition_eval(const struct hf_condition_context *context, const char *text,
                                 bool *holds, struct hf_condition_fault *fault,
                                 const char **warning)
{
    struct reader r = {
        .context = context, .text = text, .at = text, .fault = fault, .warning = warning};

    *holds = false;
    *warning = NULL;
    *fault = (struct hf_condition_fault){0};
    skip_blanks(&r);
    if (*r.at == '\0')
        return HF_OK;
    bool result = read_expression(&r);
    if (!is_wrong(&r) && *r.at)
        refuse(&r, r.at, r.at + strlen(r.at), "combine conditions with && and ||",
               "this stands behind the end of the condition");
    if (is_wrong(&r))
        return HF_INVALID;
    *holds = result;
    return HF_OK;
}
