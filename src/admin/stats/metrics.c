/*
 * metrics.c: statistics in Prometheus' text format 0.0.4, under HAProxy's names.
 *
 * All samples of a metric stand together, so each row adds to the texts of all metrics, and these
 * are put together at the end: the rows are made once, however many there are.
 */
#include <inttypes.h>
#include <string.h>

#include "haftp/state/tls.h"

#include "stats.h"

struct family {
    enum stat_object object;
    const char *prefix, *own_prefix; /* HAProxy's, haftp's */
    const char *label;               /* of the second name; NULL: there is none */
    unsigned scope;
};
static const struct family families[] = {
    {STAT_FRONTEND, "haproxy_frontend_", "haftp_frontend_", NULL, STAT_SCOPE_FRONTEND},
    {STAT_LISTENER, "haproxy_listener_", "haftp_listener_", "listener", STAT_SCOPE_LISTENER},
    {STAT_BACKEND, "haproxy_backend_", "haftp_backend_", NULL, STAT_SCOPE_BACKEND},
    {STAT_SERVER, "haproxy_server_", "haftp_server_", "server", STAT_SCOPE_SERVER},
};

/* Those that HAProxy's metrics have. */
static const char *const check_words[] = {
    "HANA",   "SOCKERR", "L4OK", "L4TOUT", "L4CON", "L6OK",    "L6TOUT",   "L6RSP",
    "L7TOUT", "L7RSP",   "L7OK", "L7OKC",  "L7STS", "PROCERR", "PROCTOUT", "PROCOK"};
#define N_CHECK_WORDS (sizeof check_words / sizeof check_words[0])

/* ---- samples ----------------------------------------------------------------------------- */

static void put_label(struct hf_text *out, const char *name, const char *value)
{
    hf_text_printf(out, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            hf_text_put(out, "\\n");
        else
            hf_text_printf(out, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
    }
    hf_text_put(out, "\"");
}

static bool is_ftp(const struct stat_column_row *column)
{
    return column->kind == STAT_KIND_FTP_GAUGE || column->kind == STAT_KIND_FTP_COUNTER;
}

static void put_name(struct hf_text *out, const struct family *family,
                     const struct stat_column_row *column)
{
    if (is_ftp(column))
        hf_text_printf(out, "haftp_ftp_%s%s", family->object == STAT_SERVER ? "server_" : "",
                       column->metric);
    else if (*column->metric == '=')
        hf_text_printf(out, "%s%s", family->own_prefix, column->metric + 1);
    else
        hf_text_printf(out, "%s%s", family->prefix, column->metric);
}

static void put_head(struct hf_text *out, const struct family *family, const struct stat_row *row,
                     const struct stat_column_row *column, const char *state)
{
    put_name(out, family, column);
    hf_text_put(out, "{");
    put_label(out, "proxy", row->value[STAT_PXNAME].text);
    if (family->label) {
        hf_text_put(out, ",");
        put_label(out, family->label, row->value[STAT_SVNAME].text);
    }
    if (state) {
        hf_text_put(out, ",");
        put_label(out, "state", state);
    }
    hf_text_put(out, "} ");
}

static void put_state(struct hf_text *out, const struct family *family, const struct stat_row *row,
                      const struct stat_column_row *column, const char *state, unsigned n)
{
    put_head(out, family, row, column, state);
    hf_text_printf(out, "%u\n", n);
}

/* One sample for each state that there can be: 1 for the one that is. */
static void put_states(struct hf_text *out, const struct family *family, const struct stat_row *row,
                       const struct stat_column_row *column, const char *const *states, unsigned n,
                       const char *now)
{
    for (unsigned i = 0; i < n; i++)
        put_state(out, family, row, column, states[i], strcmp(states[i], now) == 0);
}

static void put_status(struct hf_text *out, const struct family *family, const struct stat_row *row,
                       const struct stat_column_row *column)
{
    static const char *const listener[] = {"WAITING", "OPEN", "FULL"};
    const char *status = row->value[STAT_STATUS].text;

    switch (row->object) {
    case STAT_SERVER:
        put_states(out, family, row, column, stat_state_names, STAT_N_STATES,
                   stat_state_names[stat_server_state(row->server)]);
        break;
    case STAT_LISTENER:
        put_states(out, family, row, column, listener, 3, status);
        break;
    default:
        put_states(out, family, row, column, stat_state_names, 2,
                   strcmp(status, "OPEN") == 0 ? "UP" : status);
        break;
    }
}

static void put_server_states(struct hf_text *out, const struct family *family,
                              const struct stat_row *row, const struct stat_column_row *column)
{
    unsigned n[STAT_N_STATES] = {0};

    for (unsigned i = 0; i < row->proxy->n_servers; i++)
        n[stat_server_state(row->proxy->servers[i])]++;
    for (unsigned state = 0; state < STAT_N_STATES; state++)
        put_state(out, family, row, column, stat_state_names[state], n[state]);
}

static void put_server_checks(struct hf_text *out, const struct family *family,
                              const struct stat_row *row, const struct stat_column_row *column)
{
    for (unsigned k = 0; k < N_CHECK_WORDS; k++) {
        unsigned n = 0;
        for (unsigned i = 0; i < row->proxy->n_servers; i++) {
            const char *word = row->proxy->servers[i]->checked.status;
            n += word && strcmp(word, check_words[k]) == 0;
        }
        put_state(out, family, row, column, check_words[k], n);
    }
}

static void put_sample(struct hf_text *out, const struct family *family, const struct stat_row *row,
                       enum stat_column at)
{
    const struct stat_column_row *column = stat_column_row(at);
    const struct stat_value *value = &row->value[at];

    switch (at) {
    case STAT_STATUS:
        put_status(out, family, row, column);
        return;
    case STAT_CHECK_STATUS:
        put_states(out, family, row, column, check_words, N_CHECK_WORDS, value->text);
        return;
    case STAT_AGG_SERVER_STATUS:
        put_server_states(out, family, row, column);
        return;
    case STAT_AGG_CHECK_STATUS:
        put_server_checks(out, family, row, column);
        return;
    default:
        break;
    }
    put_head(out, family, row, column, NULL);
    if (column->kind == STAT_KIND_SECONDS)
        hf_text_printf(out, "%" PRId64 ".%03" PRId64 "\n", value->number / 1000,
                       value->number % 1000);
    else
        hf_text_printf(out, "%" PRId64 "\n", value->number);
}

/* ---- metrics ----------------------------------------------------------------------------- */

static void put_help(struct hf_text *out, const char *name, const char *help, bool counter)
{
    hf_text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                   counter ? "counter" : "gauge");
}

static bool is_counter(enum stat_kind kind)
{
    return kind == STAT_KIND_COUNTER || kind == STAT_KIND_FTP_COUNTER;
}

static bool is_wanted(const struct family *family, const struct stat_column_row *column,
                      unsigned scopes)
{
    return column->metric && scopes & (is_ftp(column) ? STAT_SCOPE_FTP : family->scope);
}

static void put_family(struct hf_text *out, const struct family *family,
                       const struct hf_runtime *runtime, unsigned scopes, bool no_maint)
{
    static struct stat_row row; /* main's thread only */
    struct hf_text part[N_STATS] = {{0}};
    struct stat_filter filter = {.types = 1 << family->object, .sid = -1, .no_maint = no_maint};
    struct stat_cursor cursor = {0};

    while (stat_next(runtime, &filter, &cursor, &row)) {
        for (unsigned i = 0; i < N_STATS; i++) {
            if (row.value[i].set && is_wanted(family, stat_column_row((enum stat_column)i), scopes))
                put_sample(&part[i], family, &row, (enum stat_column)i);
        }
    }
    for (unsigned i = 0; i < N_STATS; i++) {
        const struct stat_column_row *column = stat_column_row((enum stat_column)i);
        struct hf_text name = {0};
        if (part[i].n) {
            put_name(&name, family, column);
            put_help(out, name.mem ? name.mem : "", column->help, is_counter(column->kind));
            hf_text_add(out, part[i].mem, part[i].n);
        }
        out->failed |= part[i].failed || name.failed;
        hf_text_free(&name);
        hf_text_free(&part[i]);
    }
}

static void put_process(struct hf_text *out, const struct hf_runtime *runtime)
{
    struct stat_info table[STAT_MOST_INFO];
    char text[4][128], name[96];
    unsigned n = stat_info(runtime, table, text);

    for (unsigned i = 0; i < n; i++) {
        if (!table[i].metric)
            continue;
        snprintf(name, sizeof name, "haproxy_process_%s", table[i].metric);
        put_help(out, name, table[i].help, is_counter(table[i].kind));
        hf_text_printf(out, "%s %" PRId64 "\n", name, table[i].value.number);
    }
    put_help(out, "haproxy_process_build_info", "1; the label says the version.", false);
    hf_text_put(out, "haproxy_process_build_info{version=\"" HAFTP_VERSION "\"} 1\n");
}

/* A certificate may stand at several lines: each has its sample. */
static void put_certificates(struct hf_text *out, const struct hf_runtime *runtime)
{
    static const char name[] = "haftp_certificate_expiry_time_seconds";
    const struct hf_tls_site *site = runtime->config->tls_sites;

    if (site)
        put_help(out, name, "When a certificate ends, in seconds since 1970.", false);
    for (; site; site = site->next) {
        unsigned n = 0;
        const struct hf_tls_cert_info *certs = site->ctx ? hf_tls_ctx_certs(site->ctx, &n) : NULL;
        for (unsigned i = 0; i < n; i++) {
            hf_text_printf(out, "%s{", name);
            put_label(out, "proxy",
                      site->bind ? site->bind->proxy->name : site->server->proxy->name);
            hf_text_put(out, ",");
            put_label(out, site->bind ? "bind" : "server",
                      site->bind ? site->bind->text : site->server->name);
            hf_text_put(out, ",");
            put_label(out, "file", certs[i].file);
            hf_text_put(out, ",");
            put_label(out, "name", certs[i].name);
            hf_text_printf(out, ",number=\"%u\"} %" PRId64 "\n", i + 1, certs[i].until);
        }
    }
}

void stat_metrics(const struct hf_runtime *runtime, unsigned scopes, bool no_maint,
                  struct hf_text *out)
{
    if (scopes & STAT_SCOPE_PROCESS) {
        put_process(out, runtime);
        put_certificates(out, runtime);
    }
    for (unsigned i = 0; i < sizeof families / sizeof families[0]; i++)
        put_family(out, &families[i], runtime, scopes, no_maint);
}
