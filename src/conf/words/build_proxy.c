/*
 * build_proxy.c: lines of proxies that are checked in full, although they do little here.
 */
#include <string.h>

#include <utlist.h>

#include "parse/build.h"

#include "conf_int.h"
#include "expr/format_build.h"
#include "parse/value.h"
#include "syntax.h"

/* ---- cookie ------------------------------------------------------------------------------ */

void hf_build_cookie(struct hf_build *b, const struct hf_word *name)
{
    b->cookie = (struct hf_cookie_words){0};
    b->at[HF_OBJECT_COOKIE] = &b->cookie;
    b->section->o.cookie_name = name->text;
    b->section->o.cookie_loc = name->loc;
    hf_diag_add(b->diag, HF_DIAG_NOTICE, name->loc, NULL,
                "cookie '%s' touches no byte in mode tcp: it pairs this section with the one whose "
                "control or data ports use the same name, and 'cookie VALUE' on a server names "
                "that server in logs.",
                name->text);
}

void hf_build_end_cookie(struct hf_build *b, struct hf_loc loc)
{
    const struct hf_cookie_words *cookie = &b->cookie;

    if (cookie->rewrite + cookie->insert + cookie->prefix > 1)
        hf_build_error(b, loc, "choose one of rewrite, insert and prefix",
                       "'rewrite', 'insert' and 'prefix' do not go together");
    if (cookie->preserve && !cookie->insert && !cookie->indirect)
        hf_build_error(b, loc, "add 'insert' or 'indirect'",
                       "'preserve' needs a cookie that is inserted");
    if (cookie->attr && strpbrk(cookie->attr, ";\r\n"))
        hf_build_error(b, cookie->attr_loc, NULL, "an attribute cannot have a ';' in it");
}

/* ---- lines that name a section ----------------------------------------------------------- */

/* Later ones stand first, so that what a defaults section names can be shared by its heirs. */
void hf_build_names_section(struct hf_build *b, const char *kind, const struct hf_word *name)
{
    struct hf_cfg_named *named = HF_NEW(b->config->arena, struct hf_cfg_named);

    named->loc = name->loc;
    named->kind = kind;
    named->name = name->text;
    LL_PREPEND(b->section->o.named, named);
}

/* ---- dispatch ---------------------------------------------------------------------------- */

void hf_build_dispatch(struct hf_build *b, const struct hf_word *address)
{
    struct hf_bind_address parsed = {0};
    struct hf_problem problem;
    const char *text = hf_env_expand(b->env, b->config->arena, address->text);

    hf_conf_add_pending(b->config, "dispatch", address->loc);
    if (text[0] == '/')
        return;
    if (!hf_address_parse_bind(b->config->arena, text, &parsed, &problem))
        hf_build_error(b, address->loc, problem.hint, "%s", problem.text);
    else if (parsed.lo != parsed.hi)
        hf_build_error(b, address->loc, "give one address and one port",
                       "'%s' is more than one address", address->text);
}

/* ---- options that their line speaks for ----------------------------------------------------- */

void hf_build_part(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)
{
    bool is_port = strcmp(row->syntax, "PORT") == 0;
    int64_t number;
    unsigned used;

    if (row->where & (HF_ON_CHECK_CONNECT | HF_ON_CHECK_SEND | HF_ON_CHECK_EXPECT)) {
        hf_build_check_part(b, row, word);
        return;
    }
    if (!word)
        return;
    if (row->where & HF_ON_FILTER_FILE)
        hf_build_filter_part(b, row, word);
    else if (strcmp(row->syntax, "FORMAT") == 0)
        hf_format_parse_here(b, word, &hf_place_check);
    else if (strcmp(row->syntax, "EXPRESSION") == 0 ||
             (is_port && hf_value_number(word->text, &number) != HF_OK))
        hf_expr_parse(b, word, 1, &used, &hf_place_check);
}
