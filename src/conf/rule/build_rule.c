/*
 * build_rule.c: lines that are rules: their action, their condition, their place.
 */
#include "build_rule.h"

#include <string.h>

#include "build_action.h"
#include "conf_int.h"
#include "expr/expr_build.h"
#include "expr/word.h"

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

static enum hf_rule_set set_of(const struct hf_keyword *row)
{
    for (unsigned set = 0; set < HF_N_RULE_SETS; set++) {
        if (strcmp(row->name, hf_rule_set_names[set]) == 0)
            return (enum hf_rule_set)set;
    }
    return HF_RULES_REQUEST;
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

void hf_build_warn_late(struct hf_build *b, const char *what, struct hf_loc loc, unsigned after)
{
    const char *later = NULL;

    for (unsigned set = after; set <= HF_RULES_REQUEST && !later; set++) {
        if (has_own(b->section->rules[set]))
            later = hf_rule_set_names[set];
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
    struct hf_place place = place_of(b, set);
    const struct hf_word *words = b->rule.words;
    unsigned used;

    if (set != HF_RULES_FTP && hf_build_in_anonymous_defaults(b, loc, row->name))
        return;
    if (b->rule.n_words == 0) {
        hf_build_error(b, loc, hf_action_examples(set), "'%s' needs an action", row->name);
        return;
    }
    struct hf_cfg_rule *rule = HF_NEW(arena_of(b), struct hf_cfg_rule);
    rule->loc = loc;
    if (!hf_build_action(b, set, place, rule, &used) || !hf_build_check_rest(b, used))
        return;
    rule->text = hf_words_text(arena_of(b), words, b->rule.n_words);
    rule->cond = hf_build_take_condition(b, &place);
    if (rule->action == HF_RULE_NONE)
        hf_conf_add_pending(b->config, rule->name, words->loc);
    if (set < HF_RULES_RESPONSE)
        hf_build_warn_late(b, row->name, loc, set + 1);
    HF_APPEND(b, b->section->rules[set], rule);
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
