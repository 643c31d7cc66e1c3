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

/* ---- tcp-check --------------------------------------------------------------------------- */

static void begin_steps(struct hf_build *b, enum hf_check_steps step, struct hf_loc loc)
{
    if (b->section->check_steps)
        return;
    b->section->check_steps = step;
    b->section->check_loc = loc;
}

/* What the line's options said was noted when they were read. */
void hf_build_check_connect(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_proxy *section = b->section;

    hf_conf_add_pending(b->config, "tcp-check connect", loc);
    if (!section->check_steps)
        section->check_port = (uint16_t)b->check_port;
    begin_steps(b, HF_CHECK_CONNECTS, loc);
    if (section->check_steps == HF_CHECK_TALKS)
        hf_build_error(b, loc, "put a 'tcp-check connect' above all 'send' and 'expect'",
                       "'tcp-check connect' must be the first step, if it is used at all");
    section->check_lacks_port |= b->check_port == 0;
    section->check_is_tls |= b->check_ssl;
    b->check_port = 0;
    b->check_ssl = false;
}

void hf_build_check_step(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    hf_conf_add_pending(b->config, row->name, loc);
    begin_steps(b, HF_CHECK_TALKS, loc);
}

void hf_build_check_send(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *what)
{
    hf_build_check_step(b, row, what->loc);
    if (strstr(row->name, "-lf"))
        hf_format_parse_here(b, what, &hf_place_check);
    if (strcmp(row->name, "tcp-check send-binary") == 0)
        hf_syntax_check_hex(b->diag, row, what);
}

/* "port 990", "addr 192.168.1.1:990", "ssl" */
static void note_check_option(struct hf_build *b, const struct hf_keyword *row,
                              const struct hf_word *word)
{
    struct hf_problem problem;
    struct hf_addr addr;
    int64_t port;

    if (strcmp(row->name, "ssl") == 0)
        b->check_ssl = true;
    else if (!word)
        return;
    else if (strcmp(row->name, "port") == 0 && hf_value_number(word->text, &port) == HF_OK)
        b->check_port = (int)port;
    else if (strcmp(row->name, "addr") == 0 && !b->check_port &&
             hf_address_parse_host_port(b->config->arena, word->text, 0, &addr, &problem))
        b->check_port = hf_addr_port(&addr);
}

void hf_build_part(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)
{
    bool is_port = strcmp(row->syntax, "PORT") == 0;
    int64_t number;
    unsigned used;

    if (row->where & HF_ON_CHECK_CONNECT)
        note_check_option(b, row, word);
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
