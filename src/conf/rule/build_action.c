/*
 * build_action.c: the action of a rule, with its arguments.
 */
#include "build_action.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "expr/format_build.h"
#include "expr/word.h"
#include "haftp/base/suggest.h"
#include "parse/log_target.h"
#include "parse/value.h"

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

/* ---- the words of an action -------------------------------------------------------------- */

struct action {
    const char *name, *sets;
    enum hf_rule_action action;
    char args;
};

static const struct action actions[] = {
#define HF_ACTION(action, word, sets, args, help) {word, sets, HF_RULE_##action, args[0]},
#include "../../../grammar/rows/samples/action.def"
};
#define N_ACTIONS (sizeof actions / sizeof actions[0])

/* By enum hf_rule_set: its letter in the rows, its name. */
static const char set_letters[] = "CSQRF";
const char *const hf_rule_set_names[] = {"tcp-request connection", "tcp-request session",
                                         "tcp-request content", "tcp-response content",
                                         "ftp-request"};

/* An action while its words are read. */
struct rule_reader {
    struct hf_build *b;
    enum hf_rule_set set;
    struct hf_place place;
    const struct hf_word *words;
    unsigned n, at;
    struct hf_cfg_rule *rule;
    const char *open, *close; /* of the parentheses behind the action's name; NULL: none */
};

/* "track-sc5": the number of the counter belongs to the word. */
static bool is_track(struct hf_view name, const char *word)
{
    size_t n = strlen(word);

    if (strcmp(word, "track-sc") != 0 || name.n < n || memcmp(name.p, word, n) != 0)
        return false;
    return strspn(name.p + n, "0123456789") >= name.n - n;
}

static const struct action *find_action(struct hf_view name)
{
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (hf_view_is(name, actions[i].name) || is_track(name, actions[i].name))
            return &actions[i];
    }
    return NULL;
}

const char *hf_action_examples(enum hf_rule_set set)
{
    return set == HF_RULES_FTP ? "allow, deny, log, track-sc0 or sc-inc-gpc0"
                               : "for example accept, reject or set-var(txn.name)";
}

static const char *nearest_action(struct rule_reader *r, const char *name)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (strchr(actions[i].sets, set_letters[r->set]))
            hf_suggest_offer(&suggest, actions[i].name);
    }
    return suggest.best ? hf_arena_printf(arena_of(r->b), "did you mean '%s'?", suggest.best)
                        : hf_action_examples(r->set);
}

static bool lacks(struct rule_reader *r, const char *what)
{
    hf_build_error(r->b, r->words[r->n - 1].loc, NULL, "'%s' needs %s", r->rule->name, what);
    return false;
}

/* ---- arguments --------------------------------------------------------------------------- */

static bool read_expr(struct rule_reader *r)
{
    unsigned used;

    if (r->at == r->n)
        return lacks(r, "a sample fetch");
    r->rule->expr = hf_expr_parse(r->b, r->words + r->at, r->n - r->at, &used, &r->place);
    r->at += used;
    return r->rule->expr != NULL;
}

static bool read_format(struct rule_reader *r)
{
    static const char nothing[] = "";
    struct hf_word empty = {nothing, r->words[0].loc};

    /* Without one, HAProxy sets the variable to nothing. */
    r->rule->format =
        hf_format_parse_here(r->b, r->at < r->n ? &r->words[r->at++] : &empty, &r->place);
    return r->rule->format != NULL;
}

/* One of the words behind the variable's name. */
static bool read_when(struct rule_reader *r, const char *from, const char *to)
{
    static const char *const names[] = {"ifexists", "ifnotexists", "ifempty", "ifnotempty",
                                        "ifset",    "ifnotset",    "ifgt",    "iflt"};
    struct hf_view word = hf_view(from, (size_t)(to - from));

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!hf_view_is(word, names[i]))
            continue;
        r->rule->when |= 1u << i;
        return true;
    }
    hf_build_error(
        r->b,
        hf_word_part(r->words, (size_t)(from - r->words->text), (size_t)(to - r->words->text)),
        "one of ifexists, ifnotexists, ifempty, ifnotempty, ifset, ifnotset, ifgt, iflt",
        "'%.*s' is not a condition of '%s'", (int)word.n, word.p, r->rule->name);
    return false;
}

/* "(txn.name)" or "(txn.name,ifnotset)" */
static bool read_variable(struct rule_reader *r)
{
    const char *text = r->words->text, *end;

    if (!r->open)
        return lacks(r, "a variable in parentheses: (txn.name)");
    end = r->open + 1 + strcspn(r->open + 1, ",)");
    r->rule->var = hf_var_parse(r->b, r->words, (size_t)(r->open + 1 - text), (size_t)(end - text));
    if (!r->rule->var)
        return false;
    while (end < r->close) {
        const char *from = end + 1;
        end = from + strcspn(from, ",)");
        if (!read_when(r, from, end))
            return false;
    }
    return true;
}

static bool read_number(struct rule_reader *r)
{
    char *end;

    if (r->at == r->n)
        return lacks(r, "a number");
    const struct hf_word *word = &r->words[r->at++];
    r->rule->number = (int64_t)strtoul(word->text, &end, 0);
    if (end > word->text && *end == '\0')
        return true;
    hf_build_error(r->b, word->loc, "decimal, or hexadecimal with 0x", "'%s' is not a number",
                   word->text);
    return false;
}

static bool read_level(struct rule_reader *r)
{
    const char *nearest = NULL;

    if (r->at == r->n)
        return lacks(r, "a log level, or 'silent'");
    const struct hf_word *word = &r->words[r->at++];
    if (strcmp(word->text, "silent") == 0) {
        r->rule->number = -1;
        return true;
    }
    r->rule->number = hf_log_level(word->text, &nearest);
    if (r->rule->number >= 0)
        return true;
    hf_build_error(r->b, word->loc,
                   "one of emerg, alert, crit, err, warning, notice, info, debug, silent",
                   "unknown log level '%s'", word->text);
    return false;
}

/* A word that can only be one. */
static bool read_fixed(struct rule_reader *r, const char *wanted)
{
    if (r->at == r->n)
        return lacks(r, hf_arena_printf(arena_of(r->b), "'%s'", wanted));
    const struct hf_word *word = &r->words[r->at++];
    if (strcmp(word->text, wanted) == 0)
        return true;
    hf_build_error(r->b, word->loc, hf_arena_printf(arena_of(r->b), "write '%s'", wanted),
                   "'%s' cannot be '%s'", r->rule->name, word->text);
    return false;
}

static bool read_any(struct rule_reader *r, const char *what)
{
    if (r->at == r->n)
        return lacks(r, what);
    r->at++;
    return true;
}

static const char *counters_hint(struct rule_reader *r)
{
    return hf_arena_printf(arena_of(r->b),
                           "a session has %u counters, from 0 on, and 'tune.stick-counters' in "
                           "'global' gives more",
                           r->b->config->global.stick_counters);
}

/* The digits behind "track-sc". */
static bool read_tracker(struct rule_reader *r)
{
    const char *digits = r->words->text + strlen("track-sc");
    int64_t number = 0;

    if (!*digits)
        return true;
    if (hf_value_number(digits, &number) == HF_OK && number < r->b->config->global.stick_counters) {
        r->rule->counter = (unsigned)number;
        return true;
    }
    hf_build_error(r->b, r->words->loc, counters_hint(r), "there is no counter for '%s'",
                   r->words->text);
    return false;
}

/* "src" or "src table NAME": resolved as an argument of a table would be. */
static bool read_key(struct rule_reader *r)
{
    struct hf_arg *arg = HF_NEW(arena_of(r->b), struct hf_arg);
    struct hf_arg_ref *ref = HF_NEW(arena_of(r->b), struct hf_arg_ref);

    if (!read_tracker(r) || !read_expr(r))
        return false;
    arg->kind = HF_ARG_TABLE;
    arg->text = "";
    arg->loc = r->words[0].loc;
    if (r->at < r->n && strcmp(r->words[r->at].text, "table") == 0) {
        r->at++;
        if (!read_any(r, "the name of a section behind 'table'"))
            return false;
        arg->text = r->words[r->at - 1].text;
        arg->loc = r->words[r->at - 1].loc;
    }
    *ref = (struct hf_arg_ref){.arg = arg,
                               .letter = 't',
                               .section = r->b->in_defaults ? NULL : r->b->section,
                               .key = r->rule->expr};
    LL_PREPEND(r->b->config->arg_refs, ref);
    r->rule->table = arg;
    return true;
}

/* The number that begins behind `before`, up to the next comma or parenthesis; then *before is
 * there. */
static bool read_inside(struct rule_reader *r, const char **before, unsigned limit,
                        const char *what, const char *hint, unsigned *out)
{
    const char *text = r->words->text, *from = *before + 1, *to = from + strcspn(from, ",)");
    const char *digits = hf_arena_strndup(arena_of(r->b), from, (size_t)(to - from));
    int64_t number = 0;

    *before = to;
    if (hf_value_number(digits, &number) == HF_OK && number < limit) {
        *out = (unsigned)number;
        return true;
    }
    hf_build_error(r->b, hf_word_part(r->words, (size_t)(from - text), (size_t)(to - text)), hint,
                   "'%s' is not %s", digits, what);
    return false;
}

/* "(0)": which counter; without parentheses the first, as in HAProxy. */
static bool read_counter(struct rule_reader *r)
{
    const char *at = r->open;

    return !at || read_inside(r, &at, r->b->config->global.stick_counters, "a counter",
                              counters_hint(r), &r->rule->counter);
}

/* "(1,0)": which of an array's, of which counter. */
static bool read_index_and_counter(struct rule_reader *r)
{
    const char *at = r->open;

    if (!at)
        return true;
    if (!read_inside(r, &at, HF_STICK_ARRAY_MAX, "an index", "arrays have 100 numbers at most",
                     &r->rule->index))
        return false;
    return *at == ')' || read_inside(r, &at, r->b->config->global.stick_counters, "a counter",
                                     counters_hint(r), &r->rule->counter);
}

static bool read_value(struct rule_reader *r)
{
    int64_t number;

    if (r->at == r->n) /* HAProxy reads nothing as 0 */
        return true;
    if (hf_value_number(r->words[r->at].text, &number) != HF_OK)
        return read_expr(r);
    r->rule->number = number;
    r->at++;
    return true;
}

static bool read_capture(struct rule_reader *r)
{
    int64_t length;

    if (!read_expr(r) || !read_fixed(r, "len") || !read_any(r, "a number behind 'len'"))
        return false;
    const struct hf_word *word = &r->words[r->at - 1];
    if (hf_value_number(word->text, &length) == HF_OK && length > 0)
        return true;
    hf_build_error(r->b, word->loc, NULL, "'%s' is not a length", word->text);
    return false;
}

/* "(txn.name,resolvers[,ipv4|ipv6])" */
static bool read_resolve(struct rule_reader *r)
{
    const char *text = r->words->text, *comma = r->open ? strchr(r->open, ',') : NULL;

    if (!comma || comma > r->close)
        return lacks(r, "a variable and a resolvers section: (txn.name,resolvers)");
    r->rule->var =
        hf_var_parse(r->b, r->words, (size_t)(r->open + 1 - text), (size_t)(comma - text));
    const char *name = comma + 1, *end = name + strcspn(name, ",)");
    struct hf_view family = hf_view(end + 1, *end == ',' ? (size_t)(r->close - end - 1) : 0);
    if (family.n && !hf_view_is(family, "ipv4") && !hf_view_is(family, "ipv6")) {
        hf_build_error(r->b,
                       hf_word_part(r->words, (size_t)(family.p - text), (size_t)(r->close - text)),
                       NULL, "'%.*s' is neither 'ipv4' nor 'ipv6'", (int)family.n, family.p);
        return false;
    }
    const struct hf_word section = {
        .text = hf_arena_strndup(arena_of(r->b), name, (size_t)(end - name)),
        .loc = hf_word_part(r->words, (size_t)(name - text), (size_t)(end - text))};
    hf_build_names_section(r->b, "resolvers", &section);
    return r->rule->var && read_expr(r);
}

/* Which filter has that engine is looked for once the section is whole. */
static bool read_agent_group(struct rule_reader *r)
{
    if (!read_any(r, "the name of an engine") || !read_any(r, "the name of a group"))
        return false;
    hf_build_spoe_group(r->b, &r->words[r->at - 2], &r->words[r->at - 1]);
    return true;
}

static bool read_mode(struct rule_reader *r)
{
    if (!r->b->in_defaults && !(r->b->section->caps & HF_CAP_FRONTEND)) {
        hf_build_error(r->b, r->words->loc, "choose the mode in the frontend",
                       "'switch-mode' is for sections that clients connect to");
        return false;
    }
    if (!read_fixed(r, "http"))
        return false;
    if (r->at == r->n || strcmp(r->words[r->at].text, "proto") != 0)
        return true;
    r->at++;
    return read_any(r, "a protocol behind 'proto'");
}

static bool no_service(struct rule_reader *r)
{
    if (!read_any(r, "the name of a service"))
        return false;
    hf_build_error(r->b, r->words[r->at - 1].loc, NULL, "there is no service '%s' in mode tcp",
                   r->words[r->at - 1].text);
    return false;
}

/* The word behind `name`, where that is next; false: it is missing (told). */
static bool read_option(struct rule_reader *r, const char *name, const struct hf_word **value)
{
    *value = NULL;
    if (r->at == r->n || strcmp(r->words[r->at].text, name) != 0)
        return true;
    r->at++;
    if (!read_any(r, hf_arena_printf(arena_of(r->b), "a value behind '%s'", name)))
        return false;
    *value = &r->words[r->at - 1];
    return true;
}

static bool read_rst_ttl(struct rule_reader *r)
{
    const struct hf_word *ttl;

    if (!read_option(r, "rst-ttl", &ttl))
        return false;
    if (!ttl || (hf_value_number(ttl->text, &r->rule->number) == HF_OK && r->rule->number >= 1 &&
                 r->rule->number <= 255))
        return true;
    hf_build_error(r->b, ttl->loc, "how many routers the reset passes", "'%s' is not 1 to 255",
                   ttl->text);
    return false;
}

static bool read_bandwidth(struct rule_reader *r)
{
    const struct hf_word *value;

    return read_any(r, "the name of a filter") && read_option(r, "limit", &value) &&
           read_option(r, "period", &value) && read_option(r, "limit", &value);
}

static bool read_attached(struct rule_reader *r)
{
    if (!read_any(r, "BACKEND/SERVER"))
        return false;
    if (r->at == r->n || strcmp(r->words[r->at].text, "name") != 0)
        return true;
    r->at++;
    return read_expr(r);
}

static bool read_number_or_sample(struct rule_reader *r)
{
    bool is_number = r->at < r->n && isdigit((unsigned char)r->words[r->at].text[0]);

    return is_number ? read_number(r) : read_expr(r);
}

static bool read_args(struct rule_reader *r, char args)
{
    switch (args) {
    case 'y':
        return read_rst_ttl(r);
    case 'b':
        return read_bandwidth(r);
    case 'a':
        return read_attached(r);
    case 'x':
        return read_number_or_sample(r);
    case 'e':
        return read_expr(r);
    case 'v':
        return read_variable(r) && read_expr(r);
    case 'f':
        return read_variable(r) && read_format(r);
    case 'u':
        return read_variable(r);
    case '#':
        return read_number(r);
    case '4':
        return read_fixed(r, "layer4");
    case 'l':
        return read_level(r);
    case 'w':
        return read_any(r, "a number");
    case 'k':
        return read_key(r);
    case 'n':
        return read_counter(r);
    case 'o':
        return read_counter(r) && read_value(r);
    case 'i':
        return read_index_and_counter(r);
    case 'j':
        return read_index_and_counter(r) && read_value(r);
    case 'c':
        return read_capture(r);
    case 'r':
        return read_resolve(r);
    case 'm':
        return read_mode(r);
    case 's':
        return no_service(r);
    case 'd':
        return hf_build_denial(r->b, r->rule, r->words, r->n, &r->at);
    case 'g':
        return read_agent_group(r);
    default:
        return true;
    }
}

/* ---- the whole action -------------------------------------------------------------------- */

static bool read_parentheses(struct rule_reader *r, const struct action *action)
{
    const char *text = r->words->text;

    r->open = strchr(text, '(');
    if (!r->open)
        return true;
    r->close = strchr(r->open, ')');
    if (!r->close || r->close[1]) {
        hf_build_error(r->b, r->words->loc, NULL, "'%s' does not end in its ')'", text);
        return false;
    }
    if (strchr("vfunoijr", action->args))
        return true;
    hf_build_error(r->b, r->words->loc, NULL, "'%s' takes nothing in parentheses", action->name);
    return false;
}

static bool read_action(struct rule_reader *r)
{
    struct hf_view name = hf_view(r->words->text, strcspn(r->words->text, "("));
    const struct action *action = find_action(name);

    if (!action) {
        hf_build_error(r->b, r->words->loc, nearest_action(r, r->words->text),
                       "'%s' is not an action of '%s'", r->words->text, hf_rule_set_names[r->set]);
        return false;
    }
    r->rule->name = action->action == HF_RULE_TRACK ? r->words->text : action->name;
    r->rule->set = r->set;
    r->rule->action = action->action;
    if (!strchr(action->sets, set_letters[r->set])) {
        hf_build_error(
            r->b, r->words->loc,
            r->set == HF_RULES_FTP
                ? hf_action_examples(r->set)
                : hf_arena_printf(
                      arena_of(r->b), "it belongs into '%s'",
                      hf_rule_set_names[strchr(set_letters, action->sets[0]) - set_letters]),
            "'%s' cannot be done by '%s'", action->name, hf_rule_set_names[r->set]);
        return false;
    }
    return read_parentheses(r, action) && read_args(r, action->args);
}

bool hf_build_action(struct hf_build *b, enum hf_rule_set set, struct hf_place place,
                     struct hf_cfg_rule *rule, unsigned *used)
{
    struct rule_reader r = {.b = b,
                            .set = set,
                            .place = place,
                            .words = b->rule.words,
                            .n = b->rule.n_words,
                            .at = 1,
                            .rule = rule};

    bool good = read_action(&r);
    *used = r.at;
    return good;
}
