/*
 * dump_rules.c: ACLs, rules and formats as canonical text.
 */
#include <utlist.h>

#include "dump_rules.h"
#include "parse/value.h"

static void print_term(FILE *out, const struct hf_cond_term *term)
{
    if (term->negated)
        putc('!', out);
    if (term->acl->name)
        fputs(term->acl->name, out);
    else
        fprintf(out, "{ %s }", term->acl->tests->text);
}

void hf_dump_condition(FILE *out, const struct hf_cond *cond)
{
    const struct hf_cond_all *all;
    const struct hf_cond_term *term;

    if (!cond)
        return;
    fputs(cond->unless ? " unless" : " if", out);
    LL_FOREACH(cond->any, all)
    {
        if (all != cond->any)
            fputs(" or", out);
        LL_FOREACH(all->terms, term)
        {
            putc(' ', out);
            print_term(out, term);
        }
    }
}

static void print_acls(FILE *out, const struct hf_acl *acls)
{
    const struct hf_acl *acl;
    const struct hf_acl_test *test;

    LL_FOREACH(acls, acl)
    {
        LL_FOREACH(acl->tests, test)
        {
            fprintf(out, "    acl %s %s\n", acl->name, test->text);
        }
    }
}

static void print_rules(FILE *out, const char *name, const struct hf_cfg_rule *rules)
{
    const struct hf_cfg_rule *rule;

    LL_FOREACH(rules, rule)
    {
        fprintf(out, "    %s %s", name, rule->text);
        hf_dump_condition(out, rule->cond);
        putc('\n', out);
    }
}

static void print_delay(FILE *out, const char *name, unsigned ms)
{
    if (!ms)
        return;
    fprintf(out, "    %s inspect-delay ", name);
    hf_value_print_time(out, ms);
    putc('\n', out);
}

static void print_choice(FILE *out, const char *keyword, const char *name,
                         const struct hf_cond *cond)
{
    fprintf(out, "    %s ", keyword);
    hf_value_print_word(out, name);
    hf_dump_condition(out, cond);
    putc('\n', out);
}

static void print_choices(FILE *out, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_switch *choice;
    const struct hf_cfg_use_server *use;
    const struct hf_cfg_persist *persist;

    LL_FOREACH(proxy->switches, choice)
    {
        print_choice(out, "use_backend", choice->name, choice->cond);
    }
    LL_FOREACH(proxy->use_servers, use)
    {
        print_choice(out, "use-server", use->name, use->cond);
    }
    LL_FOREACH(proxy->persist_rules, persist)
    {
        fprintf(out, "    %s", persist->ignore ? "ignore-persist" : "force-persist");
        hf_dump_condition(out, persist->cond);
        putc('\n', out);
    }
}

/* A backend has no connections to judge and a frontend no answers, whatever was inherited. */
void hf_dump_rules(FILE *out, const struct hf_cfg_proxy *proxy)
{
    bool accepts = proxy->caps & HF_CAP_FRONTEND, connects = proxy->caps & HF_CAP_BACKEND;

    print_acls(out, proxy->acls);
    print_delay(out, "tcp-request", proxy->inspect_delay_ms);
    if (connects)
        print_delay(out, "tcp-response", proxy->inspect_response_ms);
    if (accepts) {
        print_rules(out, "tcp-request connection", proxy->rules[HF_RULES_CONNECTION]);
        print_rules(out, "tcp-request session", proxy->rules[HF_RULES_SESSION]);
    }
    print_rules(out, "tcp-request content", proxy->rules[HF_RULES_REQUEST]);
    if (connects)
        print_rules(out, "tcp-response content", proxy->rules[HF_RULES_RESPONSE]);
    print_rules(out, "ftp-request", proxy->rules[HF_RULES_FTP]);
    print_choices(out, proxy);
}

void hf_dump_startup_vars(FILE *out, const struct hf_cfg_global *global)
{
    const struct hf_cfg_rule *rule;

    LL_FOREACH(global->startup_vars, rule)
    {
        fprintf(out, "    %s %s\n", rule->name, rule->text);
    }
}

static void print_format(FILE *out, const char *keyword, const struct hf_format *format)
{
    if (!format)
        return;
    fprintf(out, "    %s ", keyword);
    hf_value_print_word(out, format->text);
    putc('\n', out);
}

void hf_dump_formats(FILE *out, const struct hf_cfg_opts *o)
{
    print_format(out, "log-format", o->log_format);
    print_format(out, "log-format-sd", o->log_format_sd);
    print_format(out, "error-log-format", o->error_log_format);
    print_format(out, "unique-id-format", o->unique_id_format);
}
