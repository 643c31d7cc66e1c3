/*
 * choose.c: what a request is for: `monitor-uri`, then metrics, then statistics.
 */
#include <stdlib.h>
#include <string.h>

#include "haftp/base/clock.h"
#include "haftp/rules/eval.h"
#include "page_int.h"
#include "stats/stats.h"

#define DEFAULT_URI "/haproxy?stats"

static void say(struct page_answer *answer, unsigned status, const char *text)
{
    answer->status = status;
    answer->type = "text/plain; charset=utf-8";
    hf_text_put(&answer->body, text);
}

/* ---- metrics ----------------------------------------------------------------------------- */

static bool holds(const struct page_request *request, const struct hf_cond *cond)
{
    struct hf_runtime *runtime = (struct hf_runtime *)request->runtime;
    const struct hf_facts facts = {.frontend = hf_runtime_proxy(runtime, request->section),
                                   .bind = request->section->binds,
                                   .client = request->client};
    const struct hf_eval_http http = {hf_view_cstr(request->method), hf_view_cstr(request->url)};
    static struct hf_eval eval; /* main's thread only; it is large */

    hf_eval_init(&eval, runtime, &facts);
    eval.section = request->section;
    eval.http = &http;
    eval.final = true;
    eval.now_ms = hf_clock_steady_ms();
    return hf_cond_eval(cond, &eval) == HF_TRUE;
}

static bool wants_metrics(const struct page_request *request)
{
    const struct hf_cfg_exporter *exporter = request->section->o.page.exporters;

    while (exporter && !holds(request, exporter->cond))
        exporter = exporter->next;
    return exporter != NULL;
}

static unsigned scope_of(const char *name, size_t n)
{
    static const struct {
        const char *name;
        unsigned scope;
    } scopes[] = {{"*", STAT_SCOPE_ALL},
                  {"global", STAT_SCOPE_PROCESS},
                  {"frontend", STAT_SCOPE_FRONTEND},
                  {"backend", STAT_SCOPE_BACKEND},
                  {"server", STAT_SCOPE_SERVER},
                  {"listener", STAT_SCOPE_LISTENER},
                  {"ftp", STAT_SCOPE_FTP}};
    for (unsigned i = 0; i < sizeof scopes / sizeof scopes[0]; i++) {
        if (strlen(scopes[i].name) == n && memcmp(scopes[i].name, name, n) == 0)
            return scopes[i].scope;
    }
    return 0;
}

/* "?scope=global&scope=server&no-maint".  False: there is no such scope. */
static bool read_query(const char *url, unsigned *scopes, bool *no_maint)
{
    const char *at = strchr(url, '?');
    bool chosen = false;

    *scopes = STAT_SCOPE_ALL;
    *no_maint = false;
    while (at && *++at) {
        size_t n = strcspn(at, "&");
        if (n >= 6 && memcmp(at, "scope=", 6) == 0) {
            unsigned scope = scope_of(at + 6, n - 6);
            if (!scope && n > 6)
                return false;
            *scopes = (chosen ? *scopes : 0) | scope;
            chosen = true;
        } else if (n == strlen("no-maint") && memcmp(at, "no-maint", n) == 0) {
            *no_maint = true;
        }
        at = at[n] ? at + n : NULL;
    }
    return true;
}

static void answer_metrics(const struct page_request *request, struct page_answer *answer)
{
    unsigned scopes;
    bool no_maint;

    if (!read_query(request->url, &scopes, &no_maint)) {
        say(answer, 400,
            "There is no such scope: global, frontend, listener, backend, server, ftp, *.\n");
        return;
    }
    answer->status = 200;
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
    stat_metrics(request->runtime, scopes, no_maint, &answer->body);
}

/* ---- statistics -------------------------------------------------------------------------- */

/* In a time that tells nothing of where they differ. */
static bool is_same(const char *given, const char *wanted, size_t n)
{
    size_t length = strlen(given);
    unsigned differ = length != n;

    for (size_t i = 0; i < n; i++)
        differ |=
            (unsigned)((unsigned char)wanted[i] ^ (unsigned char)(length ? given[i % length] : 0));
    return differ == 0;
}

static bool may_see(const struct hf_cfg_page *page, const char *user, const char *password)
{
    const struct hf_cfg_page_name *entry;
    bool found = false;

    if (!page->users)
        return true;
    if (!user || !password)
        return false;
    for (entry = page->users; entry; entry = entry->next) {
        size_t n = strcspn(entry->text, ":");
        const char *secret = entry->text[n] ? entry->text + n + 1 : "";
        bool name_fits = is_same(user, entry->text, n);
        found |= is_same(password, secret, strlen(secret)) & name_fits;
    }
    return found;
}

static bool is_in_scope(const struct hf_proxy *proxy, const void *arg)
{
    const struct hf_cfg_proxy *section = arg;
    const struct hf_cfg_page_name *entry = section->o.page.scope;

    for (; entry; entry = entry->next) {
        const char *name = strcmp(entry->text, ".") == 0 ? section->name : entry->text;
        if (strcmp(name, proxy->cfg->name) == 0)
            return true;
    }
    return section->o.page.scope == NULL;
}

static void write_rows(const struct page_request *request, enum stat_format format,
                       const struct stat_filter *filter, struct hf_text *out)
{
    static struct stat_row row; /* main's thread only */
    struct stat_cursor cursor = {0};
    bool first = true;

    stat_begin(out, format);
    for (; stat_next(request->runtime, filter, &cursor, &row); first = false)
        stat_write(out, format, false, first, &row);
    stat_end(out, format);
}

static void answer_stats(const struct page_request *request, const char *options,
                         struct page_answer *answer)
{
    const struct hf_cfg_page *page = &request->section->o.page;
    const struct stat_filter filter = {.types = -1,
                                       .sid = -1,
                                       .up = strstr(options, ";up"),
                                       .no_maint = strstr(options, ";no-maint"),
                                       .shows = is_in_scope,
                                       .arg = request->section};

    answer->status = 200;
    if (strstr(options, ";csv")) {
        answer->type = "text/plain; charset=utf-8";
        write_rows(request, STAT_CSV, &filter, &answer->body);
    } else if (strstr(options, ";typed")) {
        answer->type = "text/plain; charset=utf-8";
        write_rows(request, STAT_TYPED, &filter, &answer->body);
    } else if (strstr(options, ";json")) {
        answer->type = "application/json";
        write_rows(request, STAT_JSON, &filter, &answer->body);
    } else {
        answer->type = "text/html; charset=utf-8";
        answer->refresh_s = strstr(options, ";norefresh") ? 0 : page->refresh_s;
        page_html(request, &filter, &answer->body);
    }
}

/* ---- all --------------------------------------------------------------------------------- */

void page_answer(const struct page_request *request, const char *user, const char *password,
                 struct page_answer *answer)
{
    const struct hf_cfg_page *page = &request->section->o.page;
    const char *uri = page->uri ? page->uri : DEFAULT_URI;
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;

    if (page->monitor_uri && strcmp(request->url, page->monitor_uri) == 0) {
        answer->status = 200;
        answer->type = "text/html";
        hf_text_put(&answer->body, "<html><body><h1>200 OK</h1>\nService ready.\n</body></html>\n");
    } else if (!reads) {
        say(answer, 405, "Only GET and HEAD: this page changes nothing.\n");
    } else if (wants_metrics(request)) {
        answer_metrics(request, answer);
    } else if (!page->stats || strncmp(request->url, uri, strlen(uri)) != 0) {
        say(answer, 404, "Nothing is served at this address.\n");
    } else if (!may_see(page, user, password)) {
        say(answer, 401, "A name and a password are needed.\n");
        answer->asks_password = true;
    } else {
        answer_stats(request, request->url + strlen(uri), answer);
    }
}
