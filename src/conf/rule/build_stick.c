/*
 * build_stick.c: stick lines.
 */
#include "parse/build.h"

#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "expr/expr_build.h"

/* "table NAME" at words[*at]; false: told. */
static bool read_table(struct hf_build *b, struct hf_cfg_stick_rule *rule, unsigned *at)
{
    const struct hf_word *words = b->rule.words;

    if (*at == b->rule.n_words || strcmp(words[*at].text, "table") != 0)
        return true;
    if (*at + 1 == b->rule.n_words) {
        hf_build_error(b, words[*at].loc, "for example: table ftp_control",
                       "'table' needs the name of a section");
        return false;
    }
    rule->table_name = words[*at + 1].text;
    rule->table_name_loc = words[*at + 1].loc;
    *at += 2;
    return true;
}

void hf_build_stick(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    struct hf_cfg_stick_rule *rule = HF_NEW(b->config->arena, struct hf_cfg_stick_rule);
    unsigned used;

    if (b->rule.n_words == 0) {
        hf_build_error(b, loc, "for example: stick on src", "'%s' needs a sample", row->name);
        return;
    }
    rule->loc = b->rule.words[0].loc;
    rule->match = strcmp(row->name, "stick on") == 0 || strcmp(row->name, "stick match") == 0;
    rule->store = strcmp(row->name, "stick match") != 0;
    rule->response = strcmp(row->name, "stick store-response") == 0;

    const struct hf_place *place = rule->response ? &hf_place_response : &hf_place_backend;
    rule->expr = hf_expr_parse(b, b->rule.words, b->rule.n_words, &used, place);
    if (!rule->expr || !read_table(b, rule, &used) || !hf_build_check_rest(b, used))
        return;
    if (rule->response && (rule->expr->fetch.row->known & HF_KNOWN_RESPONSE))
        hf_conf_add_pending(b->config, "stick store-response", rule->loc);
    if (strcmp(rule->expr->text, "src") == 0)
        rule->expr = NULL;
    rule->cond = hf_build_take_condition(b, place);
    HF_APPEND(b, b->section->stick_rules, rule);
}
