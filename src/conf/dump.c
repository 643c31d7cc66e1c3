/*
 * dump.c: a configuration as canonical text, which parses to the same configuration.
 *
 * Everything that was inherited is written out where it is used, so no defaults section is left.
 */
#include "haftp/conf/load.h"

#include <string.h>

#include <utlist.h>

#include "dump_int.h"
#include "parse/build.h"
#include "parse/log_target.h"
#include "parse/value.h"
#include "rule/dump_rules.h"

#include "haftp_parser.h"
#include "words/stats_page.h"

/* ---- fields that rows describe ----------------------------------------------------------- */

static int64_t load_number(const char *at, const struct hf_keyword *row)
{
    if (row->min < 0 || row->dflt < 0)
        return *(const int32_t *)(const void *)at;
    switch (row->bytes) {
    case sizeof(uint8_t):
        return *(const uint8_t *)at;
    case sizeof(uint16_t):
        return *(const uint16_t *)(const void *)at;
    default:
        return *(const uint32_t *)(const void *)at;
    }
}

static void print_choice(FILE *out, const char *choices, int64_t index)
{
    while (index-- > 0)
        choices = strchr(choices, '|') + 1;
    fprintf(out, "%.*s", (int)strcspn(choices, "|"), choices);
}

static void print_number_row(FILE *out, const struct hf_keyword *row, int64_t value)
{
    if (row->token == T_FLAG) {
        fprintf(out, "%s%s", row->tristate && value == HF_NO ? "no " : "", row->name);
        return;
    }
    fprintf(out, "%s ", row->name);
    if (row->token == T_CHOICE)
        print_choice(out, row->choices, value);
    else if (row->token == T_TIME)
        hf_value_print_time(out, (uint64_t)value);
    else
        fprintf(out, "%lld", (long long)value);
}

static void print_list(FILE *out, const struct hf_cfg_text *list, const char *before,
                       const char *after)
{
    const struct hf_cfg_text *text;

    LL_FOREACH(list, text)
    {
        fprintf(out, "%s%s ", before, text->name);
        hf_value_print_word(out, text->text);
        fputs(after, out);
    }
}

/* The row's words, when its field is not what it would be anyway; `before` and `after` go around.
 */
static void print_row(FILE *out, const struct hf_keyword *row, const void *object,
                      const char *before, const char *after)
{
    const char *at = (const char *)object + row->offset;

    if (row->listed) {
        print_list(out, *(const struct hf_cfg_text *const *)(const void *)at, before, after);
        return;
    }
    if (row->token == T_TEXT) {
        if (!*(const char *const *)(const void *)at)
            return;
        fprintf(out, "%s%s ", before, row->name);
        hf_value_print_word(out, *(const char *const *)(const void *)at);
    } else {
        int64_t value = load_number(at, row);
        if (value == row->dflt)
            return;
        fputs(before, out);
        print_number_row(out, row, value);
    }
    fputs(after, out);
}

void hf_dump_rows(FILE *out, enum hf_object kind, uint64_t where, const void *object,
                  const char *before, const char *after)
{
    const struct hf_keyword *row;

    HF_FOR_KEYWORDS(row)
    {
        if (row->object == kind && !row->alias && !row->high && (row->where & where))
            print_row(out, row, object, before, after);
    }
}

/* ---- lines with a shape of their own ----------------------------------------------------- */

static void print_log(FILE *out, const struct hf_cfg_log *log)
{
    char text[HF_ADDR_TEXT_SIZE];

    fputs("    log ", out);
    if (log->kind == HF_LOG_UNIX) {
        fputs(log->abstract ? "abns@" : log->path[0] == '/' ? "" : "unix@", out);
        hf_value_print_word(out, log->path);
    } else if (log->kind == HF_LOG_UDP)
        fputs(hf_addr_text(&log->addr, text), out);
    else
        fprintf(out, "fd@%d", log->fd);
    hf_dump_rows(out, HF_OBJECT_LOG, HF_ON_LOG, log, " ", "");
    fprintf(out, " %s", hf_log_facility_name(log->facility));
    if (log->max_level != 7 || log->min_level != 0)
        fprintf(out, " %s", hf_log_level_name(log->max_level));
    if (log->min_level != 0)
        fprintf(out, " %s", hf_log_level_name(log->min_level));
    putc('\n', out);
}

void hf_dump_logs(FILE *out, const struct hf_cfg_log *logs)
{
    const struct hf_cfg_log *log;

    LL_FOREACH(logs, log)
    {
        print_log(out, log);
    }
}

static void print_text(FILE *out, const char *keyword, const char *text)
{
    if (!text)
        return;
    fprintf(out, "    %s ", keyword);
    hf_value_print_word(out, text);
    putc('\n', out);
}

static bool has_unix_bind(const struct hf_cfg_global *g)
{
    return g->unix_prefix || g->unix_mode || g->unix_user || g->unix_group || g->unix_uid ||
           g->unix_gid;
}

static void print_tls_options(FILE *out, const char *keyword,
                              const struct hf_cfg_tls_options *options)
{
    struct hf_cfg_tls_options none = {0};

    hf_build_row_defaults(&none, HF_OBJECT_TLS_OPTIONS);
    if (memcmp(&none, options, sizeof none) == 0)
        return;
    fprintf(out, "    %s", keyword);
    hf_dump_rows(out, HF_OBJECT_TLS_OPTIONS, HF_ON_TLS_OPTIONS | HF_ON_TLS_BIND, options, " ", "");
    putc('\n', out);
}

static void print_path(FILE *out, enum hf_reach reach, const char *path)
{
    fputs(reach == HF_REACH_ABNS ? "abns@" : path[0] == '/' ? "" : "unix@", out);
    if (*path)
        hf_value_print_word(out, path);
}

static void print_bind(FILE *out, const char *keyword, const struct hf_cfg_bind *bind)
{
    char text[HF_ADDR_TEXT_SIZE];

    fprintf(out, "    %s ", keyword);
    if (bind->reach == HF_REACH_FD)
        fprintf(out, "fd@%d", bind->fd);
    else if (bind->reach == HF_REACH_INET)
        fputs(hf_addr_text(&bind->addr, text), out);
    else
        print_path(out, bind->reach, bind->path);
    if (bind->is_range)
        fprintf(out, "-%u", bind->port_hi);
    hf_dump_rows(out, HF_OBJECT_BIND, HF_ON_BIND, bind, " ", "");
    putc('\n', out);
}

void hf_dump_bind(FILE *out, const struct hf_cfg_bind *bind)
{
    if (!bind->derived) /* made from `ftp-data ports`, which is printed */
        print_bind(out, "bind", bind);
}

static void print_global(FILE *out, const struct hf_cfg_global *global)
{
    const struct hf_cfg_bind *socket;

    fputs("global\n", out);
    hf_dump_rows(out, HF_OBJECT_GLOBAL, HF_IN_GLOBAL, global, "    ", "\n");
    print_tls_options(out, "ssl-default-bind-options", &global->tls_bind);
    print_tls_options(out, "ssl-default-server-options", &global->tls_server);
    print_text(out, "node", global->node);
    print_text(out, "description", global->description);
    if (has_unix_bind(global)) {
        fputs("    unix-bind", out);
        hf_dump_rows(out, HF_OBJECT_GLOBAL, HF_ON_UNIX_BIND, global, " ", "");
        putc('\n', out);
    }
    if (global->set_uid && !global->user) /* signed, as it is read */
        fprintf(out, "    uid %d\n", (int)global->uid);
    if (global->set_gid && !global->group)
        fprintf(out, "    gid %d\n", (int)global->gid);
    if (global->log_hostname) {
        fputs("    log-send-hostname ", out);
        hf_value_print_word(out, global->log_hostname);
        putc('\n', out);
    }
    LL_FOREACH(global->stats_sockets, socket)
    {
        print_bind(out, "stats socket", socket);
    }
    hf_dump_logs(out, global->logs);
    hf_dump_startup_vars(out, global);
}

static void print_source(FILE *out, const struct hf_cfg_source *source)
{
    fputs("source ", out);
    hf_value_print_word(out, source->text);
    if (source->usesrc_text) {
        fputs(" usesrc ", out);
        hf_value_print_word(out, source->usesrc_text);
    }
    if (source->interface) {
        fputs(" interface ", out);
        hf_value_print_word(out, source->interface);
    }
}

/* A name is kept: it is looked up anew wherever this text is read. */
static void print_server_address(FILE *out, const struct hf_cfg_server *server)
{
    char text[HF_ADDR_TEXT_SIZE];

    if (server->reach != HF_REACH_INET) {
        print_path(out, server->reach, server->path);
        return;
    }
    if (server->host) {
        fputs(server->host, out);
        if (server->port_map == HF_PORT_FIXED)
            fprintf(out, ":%u", server->port);
    } else if (server->port_map == HF_PORT_FIXED) {
        fputs(hf_addr_text(&server->addr, text), out);
    } else if (server->addr.sa.sa_family == AF_INET6) {
        fprintf(out, "[%s]", hf_addr_host_text(&server->addr, text));
    } else {
        fputs(hf_addr_host_text(&server->addr, text), out);
    }
    if (server->port_map == HF_PORT_OFFSET)
        fprintf(out, ":%+d", server->port_offset);
}

void hf_dump_server(FILE *out, const char *keyword, const struct hf_cfg_server *server)
{
    fprintf(out, "    %s %s ", keyword, server->name);
    print_server_address(out, server);
    hf_dump_rows(out, HF_OBJECT_SERVER, HF_ON_SERVER, &server->o, " ", "");
    if (server->o.source) {
        putc(' ', out);
        print_source(out, server->o.source);
    }
    putc('\n', out);
}

void hf_dump_stored(FILE *out, const struct hf_cfg_stick_table *table)
{
    const char *before = " store ";

    for (unsigned i = 0; i < HF_N_STICK_DATA; i++) {
        const struct hf_stick_row *row = &hf_stick_rows[i];
        const struct hf_cfg_stick_stored *stored = &table->stores[i];
        if (!stored->n)
            continue;
        fprintf(out, "%s%s", before, row->name);
        before = ",";
        bool has_length = row->argument == HF_STICK_LENGTH || row->argument == HF_STICK_RATES;
        if (row->argument != HF_STICK_NONE)
            putc('(', out);
        if (has_length)
            fprintf(out, "%u", stored->n);
        if (row->argument == HF_STICK_RATES)
            putc(',', out);
        if (hf_stick_is_rate((enum hf_stick_data)i))
            hf_value_print_time(out, stored->period_ms);
        if (row->argument != HF_STICK_NONE)
            putc(')', out);
    }
}

static void print_stick(FILE *out, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_stick_rule *rule;

    if (proxy->stick_table) {
        fputs("    stick-table", out);
        hf_dump_rows(out, HF_OBJECT_TABLE, HF_ON_TABLE, proxy->stick_table, " ", "");
        hf_dump_stored(out, proxy->stick_table);
        putc('\n', out);
    }
    LL_FOREACH(proxy->stick_rules, rule)
    {
        const char *what = rule->response ? "store-response"
                           : !rule->store ? "match"
                           : rule->match  ? "on"
                                          : "store-request";
        fprintf(out, "    stick %s ", what);
        hf_value_print_word(out, rule->expr ? rule->expr->text : "src");
        if (rule->table_name)
            fprintf(out, " table %s", rule->table_name);
        hf_dump_condition(out, rule->cond);
        putc('\n', out);
    }
}

static void print_data_refs(FILE *out, const struct hf_cfg_data_ref *refs)
{
    const struct hf_cfg_data_ref *ref;

    LL_FOREACH(refs, ref)
    {
        if (ref->section)
            fprintf(out, "    ftp-data section %s\n", ref->section);
        else
            fprintf(out, "    ftp-data ports %u-%u\n", ref->lo, ref->hi);
    }
}

static void print_data_rules(FILE *out, const char *name, const struct hf_cfg_data_rule *rule)
{
    for (; rule; rule = rule->next) {
        fprintf(out, "    ftp-data %s", name);
        if (rule->host) {
            putc(' ', out);
            hf_value_print_word(out, rule->host);
        }
        hf_dump_condition(out, rule->cond);
        putc('\n', out);
    }
}

/* Written out in full, unless it is what is used without such a line. */
static void print_hash_type(FILE *out, const struct hf_cfg_opts *o)
{
    bool consistent = o->hash_type == HF_HASH_CONSISTENT;

    if (!consistent && o->hash_function == HF_HASH_SDBM && !o->hash_avalanche)
        return;
    fprintf(out, "    hash-type %s", consistent ? "consistent" : "map-based");
    if (!consistent || o->hash_function != HF_HASH_SDBM || !o->hash_avalanche)
        fprintf(out, " %s%s", hf_hash_function_name(o->hash_function),
                o->hash_avalanche ? " avalanche" : "");
    putc('\n', out);
}

/* The password is nobody's business: what comes out is for reading. */
static void print_ftp_check(FILE *out, const struct hf_cfg_ftp_check *check)
{
    if (!check)
        return;
    fputs("    option ftp-check", out);
    if (check->user) {
        fputs(" user ", out);
        hf_value_print_word(out, check->user);
    }
    if (check->password)
        fputs(" password *****", out);
    putc('\n', out);
}

static void print_script(FILE *out, const struct hf_cfg_check_script *script)
{
    const struct hf_cfg_check_step *step;

    if (!script)
        return;
    LL_FOREACH(script->steps, step)
    {
        fprintf(out, "    tcp-check %s\n", step->text);
    }
}

static void print_balance(FILE *out, const struct hf_cfg_opts *o)
{
    if (strcmp(o->balance, "random") == 0 && o->balance_draws)
        fprintf(out, "    balance random(%u)\n", o->balance_draws);
    else if (o->balance_expr)
        fprintf(out, "    balance hash %s\n", o->balance_expr->text);
    else
        fprintf(out, "    balance %s\n", o->balance);
    print_hash_type(out, o);
    if (o->hash_balance_factor)
        fprintf(out, "    hash-balance-factor %u\n", o->hash_balance_factor);
    if (o->redispatch == HF_NO)
        fputs("    no option redispatch\n", out);
    else if (o->redispatch == HF_YES && o->redispatch_every != -1)
        fprintf(out, "    option redispatch %d\n", o->redispatch_every);
    else if (o->redispatch == HF_YES)
        fputs("    option redispatch\n", out);
    print_ftp_check(out, o->ftp_check);
    print_script(out, o->check_script);
    if (o->cookie_name) {
        fputs("    cookie ", out);
        hf_value_print_word(out, o->cookie_name);
        putc('\n', out);
    }
}

static uint64_t section_of(const struct hf_cfg_proxy *proxy)
{
    if (proxy->caps == HF_CAP_FRONTEND)
        return HF_IN_FRONTEND;
    return proxy->caps == HF_CAP_BACKEND ? HF_IN_BACKEND : HF_IN_LISTEN;
}

/* A section that serves a page carries no sessions, and is no less there for it. */
static void print_options(FILE *out, const struct hf_cfg_proxy *proxy, uint64_t section)
{
    struct hf_cfg_opts o = proxy->o;

    o.disabled = o.disabled && !proxy->serves_page;
    hf_dump_rows(out, HF_OBJECT_OPTS, section, &o, "    ", "\n");
    if (proxy->serves_page)
        hf_page_dump(out, &o.page);
}

static void print_proxy(FILE *out, const struct hf_cfg_proxy *proxy)
{
    const struct hf_cfg_bind *bind;
    const struct hf_cfg_server *server;
    uint64_t section = section_of(proxy);

    fprintf(out, "\n%s %s\n", hf_section_name(section), proxy->name);
    LL_FOREACH(proxy->binds, bind)
    {
        hf_dump_bind(out, bind);
    }
    print_text(out, "description", proxy->description);
    print_options(out, proxy, section);
    if (proxy->o.source && (proxy->caps & HF_CAP_BACKEND)) {
        fputs("    ", out);
        print_source(out, proxy->o.source);
        putc('\n', out);
    }
    if (proxy->o.log_global)
        fputs("    log global\n", out);
    hf_dump_logs(out, proxy->o.logs);
    if (proxy->caps & HF_CAP_FRONTEND)
        hf_dump_formats(out, &proxy->o);
    hf_dump_rules(out, proxy);
    if (proxy->caps & HF_CAP_FRONTEND) {
        print_data_refs(out, proxy->data_refs);
        print_data_rules(out, "advertise", proxy->advertise);
        print_data_rules(out, "direct", proxy->direct);
    }
    if (proxy->caps & HF_CAP_BACKEND)
        print_balance(out, &proxy->o);
    print_stick(out, proxy);
    LL_FOREACH(proxy->servers, server)
    {
        hf_dump_server(out, "server", server);
    }
}

void hf_config_dump(const struct hf_config *config, FILE *out)
{
    const struct hf_cfg_proxy *proxy;

    print_global(out, &config->global);
    hf_dump_sections(out, config);
    LL_FOREACH(config->proxies, proxy)
    {
        print_proxy(out, proxy);
    }
}
