/*
 * build_choice.c: lines that choose by a condition: a backend, a server, whether to persist.
 */

#include "build_rule.h"

#include "expr/format_build.h"
#include <string.h>

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

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
        hf_build_warn_late(b, "use_backend", loc, HF_N_RULE_SETS);
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
