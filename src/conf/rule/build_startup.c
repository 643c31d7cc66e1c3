/*
 * build_startup.c: variables that the 'global' section sets: set-var, set-var-fmt.
 */
#include <string.h>

#include <utlist.h>

#include "expr/expr_build.h"
#include "expr/format_build.h"
#include "expr/word.h"
#include "parse/build.h"

static bool read_name(struct hf_build *b, const struct hf_word *word, struct hf_cfg_rule *rule)
{
    rule->var = hf_var_parse(b, word, 0, strlen(word->text));
    if (!rule->var || rule->var->scope == HF_VAR_PROC)
        return rule->var;
    hf_build_error(b, word->loc, "write proc.NAME",
                   "'%s' belongs to sessions: 'global' sets variables of the process", word->text);
    return false;
}

/* *used gets how many words it took. */
static bool read_value(struct hf_build *b, const struct hf_word *words, unsigned n,
                       struct hf_cfg_rule *rule, unsigned *used)
{
    if (rule->action == HF_RULE_SET_VAR) {
        rule->expr = hf_expr_parse(b, words, n, used, &hf_place_startup);
        return rule->expr;
    }
    *used = 1;
    rule->format = hf_format_parse(b, words, &hf_place_startup);
    return rule->format;
}

void hf_build_startup_var(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    const struct hf_word *words = b->rule.words;
    unsigned n = b->rule.n_words, used;
    struct hf_cfg_rule *rule = HF_NEW(b->config->arena, struct hf_cfg_rule);

    rule->loc = loc;
    rule->name = row->name;
    rule->action = strcmp(row->name, "set-var") == 0 ? HF_RULE_SET_VAR : HF_RULE_SET_VAR_FMT;
    if (n < 2) {
        hf_build_error(b, loc, NULL, "'%s' needs a variable and a %s", row->name,
                       rule->action == HF_RULE_SET_VAR ? "sample" : "format");
        return;
    }
    if (!read_name(b, &words[0], rule) || !read_value(b, words + 1, n - 1, rule, &used))
        return;
    if (used < n - 1)
        hf_diag_add(b->diag, HF_DIAG_WARNING, hf_words_place(words + 1 + used, n - 1 - used),
                    "remove it", "what follows the value is not read.");
    rule->text = hf_words_text(b->config->arena, words, 1 + used);
    HF_APPEND(b, b->config->global.startup_vars, rule);
}
