/*
 * build_rule.c: rules and their actions.
 */
#include "parse/build.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "ends/ends.h"
#include "expr/expr_build.h"
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
static const char *const set_names[] = {"tcp-request connection", "tcp-request session",
                                        "tcp-request content", "tcp-response content",
                                        "ftp-request"};

/* A rule while its words are read. */
struct rule_reader {
    struct hf_build *b;
    enum hf_rule_set set;
    struct hf_place place;
    const struct hf_word *words;
    unsigned n, at;
    struct hf_cfg_rule *rule;
    const char *open, *close; /* of the parentheses behind the action's name; NULL: none */
};

static const struct action *find_action(struct hf_view name)
{
    for (size_t i = 0; i < N_ACTIONS; i++) {
        if (hf_view_is(name, actions[i].name))
            return &actions[i];
    }
    return NULL;
}

static const char *examples(enum hf_rule_set set)
{
    return set == HF_RULES_FTP ? "allow, deny or log"
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
                        : examples(r->set);
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

/* "src" or "src table NAME": resolved as an argument of a table would be. */
static bool read_key(struct rule_reader *r)
{
    struct hf_arg *arg = HF_NEW(arena_of(r->b), struct hf_arg);
    struct hf_arg_ref *ref = HF_NEW(arena_of(r->b), struct hf_arg_ref);

    if (!read_expr(r))
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
    return true;
}

/* "(0)", "(0,1)": which counter. */
static bool read_index(struct rule_reader *r)
{
    int64_t index = 0;
    const char *digits;

    if (!r->open)
        return true;
    digits = hf_arena_strndup(arena_of(r->b), r->open + 1, strcspn(r->open + 1, ",)"));
    if (hf_value_number(digits, &index) == HF_OK && index <= 2)
        return true;
    hf_build_error(r->b,
                   hf_word_part(r->words, (size_t)(r->open + 1 - r->words->text),
                                (size_t)(r->close - r->words->text)),
                   "the counters are 0, 1 and 2", "'%s' is not a counter", digits);
    return false;
}

static bool read_index_and_value(struct rule_reader *r)
{
    int64_t number;

    if (!read_index(r))
        return false;
    if (r->at == r->n) /* HAProxy reads nothing as 0 */
        return true;
    if (hf_value_number(r->words[r->at].text, &number) != HF_OK)
        return read_expr(r);
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
    case 'i':
        return read_index(r);
    case 'j':
        return read_index_and_value(r);
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

/* ---- the whole rule ---------------------------------------------------------------------- */

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
    if (strchr("vfuijr", action->args))
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
                       "'%s' is not an action of '%s'", r->words->text, set_names[r->set]);
        return false;
    }
    r->rule->name = action->name;
    r->rule->action = action->action;
    if (!strchr(action->sets, set_letters[r->set])) {
        hf_build_error(
            r->b, r->words->loc,
            r->set == HF_RULES_FTP
                ? examples(r->set)
                : hf_arena_printf(arena_of(r->b), "it belongs into '%s'",
                                  set_names[strchr(set_letters, action->sets[0]) - set_letters]),
            "'%s' cannot be done by '%s'", action->name, set_names[r->set]);
        return false;
    }
    return read_parentheses(r, action) && read_args(r, action->args);
}

static enum hf_rule_set set_of(const struct hf_keyword *row)
{
    for (unsigned set = 0; set < HF_N_RULE_SETS; set++) {
        if (strcmp(row->name, set_names[set]) == 0)
            return (enum hf_rule_set)set;
    }
    return HF_RULES_REQUEST;
}

/* The variable is in the line's own last word, which is the first of `words`. */
void hf_build_check_var(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    struct rule_reader r = {.b = b,
                            .set = HF_RULES_CONNECTION,
                            .place = hf_place_check,
                            .words = b->rule.words,
                            .n = b->rule.n_words,
                            .at = 1};

    r.rule = HF_NEW(arena_of(b), struct hf_cfg_rule);
    if (read_action(&r))
        hf_conf_add_pending(b->config, row->name, loc);
}

static struct hf_place place_of(struct hf_build *b, enum hf_rule_set set)
{
    switch (set) {
    case HF_RULES_CONNECTION:
        return hf_place_connection;
    case HF_RULES_SESSION:
        return hf_place_session;
    case HF_RULES_REQUEST:
        return hf_place_request(b);
    case HF_RULES_FTP:
        return hf_place_ftp_request;
    default:
        return hf_place_response;
    }
}

static bool has_own(const struct hf_cfg_rule *rules)
{
    while (rules && rules->inherited)
        rules = rules->next;
    return rules != NULL;
}

/* HAProxy's order of evaluation, whatever the order of the lines. */
static void warn_late(struct hf_build *b, const char *what, struct hf_loc loc, unsigned after)
{
    const char *later = NULL;

    for (unsigned set = after; set <= HF_RULES_REQUEST && !later; set++) {
        if (has_own(b->section->rules[set]))
            later = set_names[set];
    }
    if (!later && b->section->switches)
        later = "use_backend";
    if (!later && b->section->use_servers)
        later = "use-server";
    if (later)
        hf_diag_add(b->diag, HF_DIAG_WARNING, loc, "write the lines in the order they are used in",
                    "a '%s' rule behind a '%s' rule is still looked at before it.", what, later);
}

bool hf_build_check_rest(struct hf_build *b, unsigned used)
{
    if (used >= b->rule.n_words)
        return true;
    hf_build_error(b, b->rule.words[used].loc, "only 'if' or 'unless' and a condition may follow",
                   "unexpected '%s'", b->rule.words[used].text);
    return false;
}

/* HAProxy reads `if` without anything as never, and so `unless` as always.  What is left of a
 * faulty condition is never used: the file is refused. */
struct hf_cond *hf_build_take_condition(struct hf_build *b, const struct hf_place *place)
{
    struct hf_cond *cond = b->rule.cond;

    if (!cond)
        return NULL;
    if (!cond->any && !b->rule.faulty)
        hf_diag_add(b->diag, HF_DIAG_WARNING, cond->loc, "name the ACL behind it",
                    "a condition without any ACL is never met, so this rule %s used.",
                    cond->unless ? "is always" : "is never");
    if (b->rule.negated)
        hf_diag_add(b->diag, HF_DIAG_WARNING, b->rule.negation, NULL,
                    "nothing stands behind this '!'.");
    if (b->rule.dangling_or.source && !b->rule.alternative)
        hf_diag_add(b->diag, HF_DIAG_WARNING, b->rule.dangling_or, "remove it, or name the ACL",
                    "nothing stands behind this 'or'.");
    hf_cond_check_place(b, cond, place);
    return cond;
}

void hf_build_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    enum hf_rule_set set = set_of(row);
    struct rule_reader r = {.b = b,
                            .set = set,
                            .place = place_of(b, set),
                            .words = b->rule.words,
                            .n = b->rule.n_words,
                            .at = 1};

    if (set != HF_RULES_FTP && hf_build_in_anonymous_defaults(b, loc, row->name))
        return;
    if (r.n == 0) {
        hf_build_error(b, loc, examples(set), "'%s' needs an action", row->name);
        return;
    }
    r.rule = HF_NEW(arena_of(b), struct hf_cfg_rule);
    r.rule->loc = loc;
    if (!read_action(&r) || !hf_build_check_rest(b, r.at))
        return;
    r.rule->text = hf_words_text(arena_of(b), r.words, r.n);
    r.rule->cond = hf_build_take_condition(b, &r.place);
    if (r.rule->action == HF_RULE_NONE)
        hf_conf_add_pending(b->config, r.rule->name, r.words->loc);
    if (set < HF_RULES_RESPONSE)
        warn_late(b, row->name, loc, set + 1);
    HF_APPEND(b, b->section->rules[set], r.rule);
}

void hf_build_inspect_delay(struct hf_build *b, const struct hf_keyword *row, int64_t ms,
                            struct hf_loc loc)
{
    if (hf_build_in_anonymous_defaults(b, loc, row->name))
        return;
    if (ms > INT32_MAX)
        hf_build_error(b, loc, "the longest time is 2147483647 ms, about 24.8 days",
                       "the time of '%s' is too long", row->name);
    else if (strcmp(row->name, "tcp-request inspect-delay") == 0)
        b->section->inspect_delay_ms = (unsigned)ms;
    else
        b->section->inspect_response_ms = (unsigned)ms;
}

/* ---- choices ----------------------------------------------------------------------------- */

/* The name, or the format that makes it; false: told. */
static bool read_target(struct hf_build *b, struct hf_loc loc, const char *what,
                        const struct hf_place *place, struct hf_format **format)
{
    const struct hf_word *word = b->rule.words;

    *format = NULL;
    if (b->rule.n_words == 0) {
        hf_build_error(b, loc, NULL, "the name of %s is missing", what);
        return false;
    }
    if (!hf_build_check_rest(b, 1))
        return false;
    if (!strchr(word->text, '%'))
        return true;
    *format = hf_format_parse_here(b, word, place);
    if (!*format)
        return false;
    if (hf_format_is_plain(*format)) /* a name after all, with its percent signs */
        *format = NULL;
    return true;
}

static bool need_condition(struct hf_build *b, struct hf_loc loc, const char *what)
{
    if (b->rule.cond)
        return true;
    hf_build_error(b, loc, "add 'if' and a condition", "'%s' needs a condition", what);
    return false;
}

void hf_build_use_backend(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_switch *choice = HF_NEW(arena_of(b), struct hf_cfg_switch);

    if (!read_target(b, loc, "a backend", &hf_place_use_backend, &choice->format))
        return;
    choice->loc = b->rule.words[0].loc;
    choice->name = b->rule.words[0].text;
    choice->cond = hf_build_take_condition(b, &hf_place_use_backend);
    if (b->section->use_servers)
        warn_late(b, "use_backend", loc, HF_N_RULE_SETS);
    HF_APPEND(b, b->section->switches, choice);
}

void hf_build_use_server(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_use_server *choice = HF_NEW(arena_of(b), struct hf_cfg_use_server);

    if (!read_target(b, loc, "a server", &hf_place_use_server, &choice->format) ||
        !need_condition(b, loc, "use-server"))
        return;
    choice->loc = b->rule.words[0].loc;
    choice->name = b->rule.words[0].text;
    choice->cond = hf_build_take_condition(b, &hf_place_backend);
    HF_APPEND(b, b->section->use_servers, choice);
}

void hf_build_persist(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    struct hf_cfg_persist *rule = HF_NEW(arena_of(b), struct hf_cfg_persist);

    if (!hf_build_check_rest(b, 0) || !need_condition(b, loc, row->name))
        return;
    rule->loc = loc;
    rule->ignore = strcmp(row->name, "ignore-persist") == 0;
    rule->cond = hf_build_take_condition(b, &hf_place_backend);
    HF_APPEND(b, b->section->persist_rules, rule);
}

void hf_build_monitor(struct hf_build *b, struct hf_loc loc)
{
    if (!hf_build_check_rest(b, 0) || !need_condition(b, loc, "monitor fail"))
        return;
    hf_build_take_condition(b, &hf_place_use_backend);
    if (b->section->o.mode == HF_MODE_TCP)
        hf_diag_add(b->diag, HF_DIAG_WARNING, loc, "it is for HTTP only; the line can be removed",
                    "'monitor fail' has no effect in mode tcp.");
}

/* ---- inheritance ------------------------------------------------------------------------- */

static struct hf_acl *copy_acls(struct hf_arena *arena, const struct hf_acl *from)
{
    struct hf_acl *list = NULL, **end = &list;

    for (; from; from = from->next) {
        struct hf_acl *copy = HF_NEW(arena, struct hf_acl);
        *copy = *from;
        *end = copy;
        end = &copy->next;
    }
    *end = NULL;
    return list;
}

static struct hf_cfg_rule *copy_rules(struct hf_arena *arena, const struct hf_cfg_rule *from)
{
    struct hf_cfg_rule *list = NULL, **end = &list;

    for (; from; from = from->next) {
        struct hf_cfg_rule *copy = HF_NEW(arena, struct hf_cfg_rule);
        *copy = *from;
        copy->inherited = true;
        *end = copy;
        end = &copy->next;
    }
    *end = NULL;
    return list;
}

void hf_build_inherit_rules(struct hf_build *b, struct hf_cfg_proxy *to,
                            const struct hf_cfg_proxy *from)
{
    to->acls = copy_acls(arena_of(b), from->acls);
    for (unsigned set = 0; set < HF_N_RULE_SETS; set++)
        to->rules[set] = copy_rules(arena_of(b), from->rules[set]);
    to->inspect_delay_ms = from->inspect_delay_ms;
    to->inspect_response_ms = from->inspect_response_ms;
}
