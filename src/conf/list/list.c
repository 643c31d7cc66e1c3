/*
 * list.c: the words of the language with their help, from the rows; documentation is made of it.
 */
#include <string.h>

#include "haftp/base/str.h"
#include "haftp/conf/load.h"
#include "list_int.h"
#include "parse/keywords.h"
#include "parse/value.h"

static void print_default(FILE *out, const struct hf_keyword *row)
{
    if (row->alias || row->dflt == 0 || row->choices)
        return;
    fputs("      Default: ", out);
    if (row->unit)
        hf_value_print_time(out, (uint64_t)row->dflt);
    else
        fprintf(out, "%lld", (long long)row->dflt);
    fputs(".\n", out);
}

static void list_group(FILE *out, const char *title, uint64_t where)
{
    const struct hf_keyword *row;
    char places[96], usage[256];

    fprintf(out, "\n%s\n", title);
    HF_FOR_KEYWORDS(row)
    {
        if (!(row->where & where))
            continue;
        fprintf(out, "  %s\n      %s\n", hf_keyword_usage(row, usage, sizeof usage), row->help);
        print_default(out, row);
        if (row->where & HF_IN_PROXIES)
            fprintf(out, "      In %s.\n", hf_keyword_places(row->where, places, sizeof places));
    }
}

static void list_configuration(FILE *out)
{
    static const struct {
        const char *title;
        uint64_t where;
    } groups[] = {
        {"Sections", HF_ON_TOP},
        {"Options of a section's first line", HF_ON_HEADER},
        {"Keywords of 'global'", HF_IN_GLOBAL},
        {"Keywords of 'defaults', 'frontend', 'listen' and 'backend'",
         HF_IN_DEFAULTS | HF_IN_PROXIES},
        {"Keywords of the sections that are no proxies", HF_IN_OTHERS},
        {"Options of 'bind'", HF_ON_BIND},
        {"Options of 'server' and 'default-server'", HF_ON_SERVER | HF_ON_DEFAULT_SERVER},
        {"Options of 'stick-table'", HF_ON_TABLE},
        {"Options of 'log'", HF_ON_LOG},
        {"Options of 'cookie'", HF_ON_COOKIE},
        {"Options of 'unix-bind'", HF_ON_UNIX_BIND},
        {"Options of 'ssl-default-bind-options' and 'ssl-default-server-options'",
         HF_ON_TLS_OPTIONS | HF_ON_TLS_BIND},
        {"Options of 'master-worker'", HF_ON_MASTER},
        {"Options of 'tcp-check connect'", HF_ON_CHECK_CONNECT},
        {"Options of 'tcp-check send'", HF_ON_CHECK_SEND},
        {"Options and patterns of 'tcp-check expect'", HF_ON_CHECK_EXPECT},
        {"Options of 'option httplog'", HF_ON_HTTPLOG},
        {"Options of 'option forwardfor' and 'option originalto'", HF_ON_FORWARD},
        {"Options of 'user' and 'group' in a user list", HF_ON_USER | HF_ON_GROUP},
        {"Options of 'dgram-bind'", HF_ON_DGRAM_BIND},
    };

    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        list_group(out, groups[i].title, groups[i].where);
}

/* ---- classes ----------------------------------------------------------------------------- */

static void list_none(FILE *out)
{
    (void)out;
}

static void list_classes(FILE *out);

/* HAProxy's classes, in some of which haftp has no words, and three of its own. */
static const struct {
    const char *name;
    void (*list)(FILE *out);
    const char *help;
} classes[] = {
    {"cfg", list_configuration, "keywords of the configuration"},
    {"dir", hf_list_directives, "directives and their conditions"},
    {"act", hf_list_actions, "actions of rules"},
    {"smp", hf_list_fetches, "sample fetches"},
    {"cnv", hf_list_converters, "converters of samples"},
    {"acl", hf_list_acls, "methods, flags and names that ACLs know"},
    {"log", hf_list_aliases, "variables of log formats"},
    {"flt", list_none, "filters: none"},
    {"svc", list_none, "services: none"},
    {"cli", list_none, "commands of the runtime socket: none"},
    {"help", list_classes, "these classes"},
};
#define N_CLASSES (sizeof classes / sizeof classes[0])

static void list_classes(FILE *out)
{
    fputs("Classes of words, for -dKCLASS[,CLASS...]:\n  all   all words\n", out);
    for (size_t i = 0; i < N_CLASSES; i++)
        fprintf(out, "  %-5s %s\n", classes[i].name, classes[i].help);
}

static bool list_class(FILE *out, struct hf_view name)
{
    bool all = hf_view_is(name, "all"), found = all;

    for (size_t i = 0; i < N_CLASSES; i++) {
        bool named = hf_view_is(name, classes[i].name);
        if (named || (all && classes[i].list != list_classes))
            classes[i].list(out);
        found |= named;
    }
    return found;
}

bool hf_config_list_keywords(FILE *out, const char *names)
{
    bool known = true, wants_words = strcmp(names, "help") != 0;

    if (wants_words)
        fputs("Words of the configuration language, from grammar/rows.\n", out);
    for (const char *p = names; *p; p += *p == ',') {
        struct hf_view name = hf_view(p, strcspn(p, ","));
        known &= name.n == 0 || list_class(out, name);
        p += name.n;
    }
    return known;
}
