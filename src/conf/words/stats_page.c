/*
 * stats_page.c: `stats ...`, `monitor-uri` and `http-request use-service prometheus-exporter` of
 * sections in mode http.
 *
 * Any word of statistics turns the page on, as with HAProxy.
 */
#include "stats_page.h"

#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/base/arena.h"
#include "parse/value.h"
#include "rule/dump_rules.h"

static bool is(const struct hf_keyword *row, const char *name)
{
    return strcmp(row->name, name) == 0;
}

static const char *keep(struct hf_build *b, const char *text)
{
    return hf_arena_printf(b->config->arena, "%s", text);
}

/* "a b c", as the words of a line; "" without any. */
static const char *join(struct hf_build *b, const struct hf_word *words, unsigned n)
{
    const char *text = "";
    for (unsigned i = 0; i < n; i++)
        text = hf_arena_printf(b->config->arena, "%s%s%s", text, i ? " " : "", words[i].text);
    return text;
}

/* In front: the lists of defaults are shared with the sections that inherit them. */
static void add_name(struct hf_build *b, struct hf_cfg_page_name **list, const char *text)
{
    struct hf_cfg_page_name *name = HF_NEW(b->config->arena, struct hf_cfg_page_name);
    name->text = keep(b, text);
    LL_PREPEND(*list, name);
}

static void read_refresh(struct hf_build *b, struct hf_cfg_page *page, const struct hf_word *word)
{
    const char *rest;
    int64_t ms;

    if (hf_value_time(word->text, 1000000, &ms, &rest) == HF_OK && *rest == '\0')
        page->refresh_s = (unsigned)(ms / 1000);
    else
        hf_build_error(b, word->loc, "for example 10s", "'%s' is not a time", word->text);
}

void hf_page_word(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *words,
                  unsigned n)
{
    if (row->fate != HF_FATE_HTTP_PAGE || !b->section)
        return;
    struct hf_cfg_page *page = &b->section->o.page;

    if (is(row, "monitor-uri")) {
        if (n)
            page->monitor_uri = keep(b, words[0].text);
        return;
    }
    page->stats = true;
    if (is(row, "stats uri") && n)
        page->uri = keep(b, words[0].text);
    else if (is(row, "stats realm") && n)
        page->realm = keep(b, words[0].text);
    else if (is(row, "stats auth") && n)
        add_name(b, &page->users, words[0].text);
    else if (is(row, "stats scope") && n)
        add_name(b, &page->scope, words[0].text);
    else if (is(row, "stats refresh") && n)
        read_refresh(b, page, &words[0]);
    else if (is(row, "stats hide-version"))
        page->hides_version = true;
    else if (is(row, "stats show-legends"))
        page->shows_legends = true;
    else if (is(row, "stats show-node"))
        page->node = n ? keep(b, words[0].text) : "";
    else if (is(row, "stats show-desc"))
        page->description = join(b, words, n);
}

void hf_page_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                  const struct hf_cond *cond)
{
    struct hf_cfg_page *page = &b->section->o.page;

    if (is(row, "http-request use-service")) {
        struct hf_cfg_exporter *exporter = HF_NEW(b->config->arena, struct hf_cfg_exporter);
        exporter->cond = cond;
        exporter->next = page->exporters;
        page->exporters = exporter;
    } else if (!is(row, "stats admin")) {
        page->other_rule = row->name;
        page->other_loc = loc;
    } else {
        page->stats = true;
    }
}

bool hf_page_acts_on(const struct hf_keyword *row)
{
    return row->fate == HF_FATE_HTTP_PAGE && !is(row, "stats admin") &&
           !is(row, "stats http-request") && !is(row, "stats show-modules");
}

/* ---- what cannot be served --------------------------------------------------------------- */

static bool is_unknown(const struct hf_expr *expr)
{
    static const char *const names[] = {"path", "pathq", "url", "query", "method"};

    if (expr->fetch.row->id >= 0)
        return false;
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(expr->fetch.row->name, names[i]) == 0)
            return false;
    }
    return true;
}

const char *hf_page_hindrance(const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_page *page = &proxy->o.page;
    const struct hf_cfg_exporter *exporter;
    const struct hf_cfg_bind *bind;

    if (page->other_rule)
        return page->other_rule;
    if (proxy->rules[HF_RULES_REQUEST])
        return "tcp-request content";
    for (exporter = page->exporters; exporter; exporter = exporter->next) {
        const struct hf_acl_test *test = hf_cond_find(exporter->cond, is_unknown);
        if (test)
            return test->text;
    }
    for (bind = proxy->binds; bind; bind = bind->next) {
        if (bind->reach != HF_REACH_INET || bind->accept_proxy || bind->accept_netscaler_cip)
            return bind->text;
    }
    return NULL;
}

/* ---- printed ----------------------------------------------------------------------------- */

static void print_line(FILE *out, const char *words, const char *text)
{
    if (!text)
        return;
    fprintf(out, "    %s", words);
    if (*text) {
        putc(' ', out);
        hf_value_print_word(out, text);
    }
    putc('\n', out);
}

/* The first line of the file is the last of the list. */
static void print_names(FILE *out, const char *words, const struct hf_cfg_page_name *name)
{
    if (!name)
        return;
    print_names(out, words, name->next);
    print_line(out, words, name->text);
}

static void print_exporters(FILE *out, const struct hf_cfg_exporter *exporter)
{
    if (!exporter)
        return;
    print_exporters(out, exporter->next);
    fputs("    http-request use-service prometheus-exporter", out);
    hf_dump_condition(out, exporter->cond);
    putc('\n', out);
}

void hf_page_dump(FILE *out, const struct hf_cfg_page *page)
{
    print_line(out, "monitor-uri", page->monitor_uri);
    print_exporters(out, page->exporters);
    if (!page->stats)
        return;
    print_line(out, "stats enable", "");
    print_line(out, "stats uri", page->uri);
    print_line(out, "stats realm", page->realm);
    print_names(out, "stats auth", page->users);
    print_names(out, "stats scope", page->scope);
    if (page->refresh_s)
        fprintf(out, "    stats refresh %us\n", page->refresh_s);
    print_line(out, "stats hide-version", page->hides_version ? "" : NULL);
    print_line(out, "stats show-legends", page->shows_legends ? "" : NULL);
    print_line(out, "stats show-node", page->node);
    print_line(out, "stats show-desc", page->description);
}
