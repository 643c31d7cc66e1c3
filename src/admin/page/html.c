/*
 * html.c: statistics for people: a table for each section.
 */
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "haftp/base/clock.h"
#include "page_int.h"
#include "stats/stats.h"

static const char style[] =
    ":root{color-scheme:light dark;--ink:#1c1c1e;--paper:#fff;--line:#d5d5da;--head:#eef0f4;"
    "--up:#d8f0da;--down:#f8d2d0;--maint:#f5e3c2;--plain:#f6f6f8;--dim:#77777d}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e6ea;--paper:#17181b;--line:#3a3b40;"
    "--head:#24262b;--up:#173a1d;--down:#5a1c1a;--maint:#4d3a14;--plain:#1f2024;--dim:#96969c}}"
    "body{font:13px/1.4 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:16px}"
    "h1{font-size:19px;margin:0}h2{font-size:15px;margin:22px 0 6px}p{margin:4px 0}"
    ".wide{overflow-x:auto}table{border-collapse:collapse}"
    "th,td{border:1px solid var(--line);padding:2px 6px;text-align:right;white-space:nowrap}"
    "th{background:var(--head);text-align:center;font-weight:600}"
    "td:first-child{text-align:left;font-weight:600}td.t{text-align:left}"
    "tr{background:var(--plain)}tr.up{background:var(--up)}tr.down{background:var(--down)}"
    "tr.maint{background:var(--maint)}a{color:inherit}.dim{color:var(--dim)}"
    "ul{list-style:none;padding:0;display:flex;gap:14px;flex-wrap:wrap;margin:8px 0}";

static void put(struct hf_text *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            hf_text_put(out, "&amp;");
            break;
        case '<':
            hf_text_put(out, "&lt;");
            break;
        case '>':
            hf_text_put(out, "&gt;");
            break;
        case '"':
            hf_text_put(out, "&quot;");
            break;
        default:
            hf_text_add(out, text, 1);
            break;
        }
    }
}

/* ---- columns ----------------------------------------------------------------------------- */

/* Of a group: those of HAProxy's page, then FTP's. */
enum how { AS_IT_IS, AS_TIME, AS_BYTES };
static const struct {
    const char *group, *title;
    enum stat_column column;
    enum how how;
} columns[] = {
    {"Queue", "Cur", STAT_QCUR, AS_IT_IS},
    {"Queue", "Max", STAT_QMAX, AS_IT_IS},
    {"Queue", "Limit", STAT_QLIMIT, AS_IT_IS},
    {"Session rate", "Cur", STAT_RATE, AS_IT_IS},
    {"Session rate", "Max", STAT_RATE_MAX, AS_IT_IS},
    {"Session rate", "Limit", STAT_RATE_LIM, AS_IT_IS},
    {"Sessions", "Cur", STAT_SCUR, AS_IT_IS},
    {"Sessions", "Max", STAT_SMAX, AS_IT_IS},
    {"Sessions", "Limit", STAT_SLIM, AS_IT_IS},
    {"Sessions", "Total", STAT_STOT, AS_IT_IS},
    {"Sessions", "LbTot", STAT_LBTOT, AS_IT_IS},
    {"Sessions", "Last", STAT_LASTSESS, AS_TIME},
    {"Bytes", "In", STAT_BIN, AS_BYTES},
    {"Bytes", "Out", STAT_BOUT, AS_BYTES},
    {"Denied", "Conn", STAT_DCON, AS_IT_IS},
    {"Denied", "Req", STAT_DREQ, AS_IT_IS},
    {"Denied", "Resp", STAT_DRESP, AS_IT_IS},
    {"Errors", "Req", STAT_EREQ, AS_IT_IS},
    {"Errors", "Conn", STAT_ECON, AS_IT_IS},
    {"Errors", "Resp", STAT_ERESP, AS_IT_IS},
    {"Warnings", "Retr", STAT_WRETR, AS_IT_IS},
    {"Warnings", "Redis", STAT_WREDIS, AS_IT_IS},
    {"Server", "Status", STAT_STATUS, AS_IT_IS},
    {"Server", "Since", STAT_LASTCHG, AS_TIME},
    {"Server", "Last check", STAT_CHECK_STATUS, AS_IT_IS},
    {"Server", "Wght", STAT_WEIGHT, AS_IT_IS},
    {"Server", "Act", STAT_ACT, AS_IT_IS},
    {"Server", "Bck", STAT_BCK, AS_IT_IS},
    {"Server", "Chk", STAT_CHKFAIL, AS_IT_IS},
    {"Server", "Dwn", STAT_CHKDOWN, AS_IT_IS},
    {"Server", "Downtime", STAT_DOWNTIME, AS_TIME},
    {"Server", "Thrtle", STAT_THROTTLE, AS_IT_IS},
    {"FTP", "Logins", STAT_FTP_LOGINS, AS_IT_IS},
    {"FTP", "Failed", STAT_FTP_FAILED_LOGINS, AS_IT_IS},
    {"FTP", "Commands", STAT_FTP_COMMANDS, AS_IT_IS},
    {"Downloads", "Done", STAT_FTP_DOWNLOADS, AS_IT_IS},
    {"Downloads", "Aborted", STAT_FTP_DOWNLOADS_ABORTED, AS_IT_IS},
    {"Downloads", "Broken", STAT_FTP_DOWNLOADS_BROKEN, AS_IT_IS},
    {"Uploads", "Done", STAT_FTP_UPLOADS, AS_IT_IS},
    {"Uploads", "Aborted", STAT_FTP_UPLOADS_ABORTED, AS_IT_IS},
    {"Uploads", "Broken", STAT_FTP_UPLOADS_BROKEN, AS_IT_IS},
    {"Data bytes", "In", STAT_FTP_DATA_IN, AS_BYTES},
    {"Data bytes", "Out", STAT_FTP_DATA_OUT, AS_BYTES},
    {"Data ports", "Awaited", STAT_FTP_LEASES_CUR, AS_IT_IS},
    {"Data ports", "Told", STAT_FTP_LEASES, AS_IT_IS},
    {"Data ports", "Expired", STAT_FTP_LEASES_EXPIRED, AS_IT_IS},
    {"Data ports", "None free", STAT_FTP_PORTS_EXHAUSTED, AS_IT_IS},
    {"Data ports", "Strangers", STAT_FTP_STRANGERS, AS_IT_IS},
    {"TLS", "All", STAT_SSL_SESS, AS_IT_IS},
    {"TLS", "Resumed", STAT_SSL_REUSED, AS_IT_IS},
    {"TLS", "Failed", STAT_SSL_FAILED, AS_IT_IS},
};
#define N_COLUMNS (sizeof columns / sizeof columns[0])

static void put_head(struct hf_text *out)
{
    hf_text_put(out, "<tr><th rowspan=2></th>");
    for (size_t i = 0, n; i < N_COLUMNS; i += n) {
        for (n = 1; i + n < N_COLUMNS && strcmp(columns[i + n].group, columns[i].group) == 0; n++)
            continue;
        hf_text_printf(out, "<th colspan=%zu>%s</th>", n, columns[i].group);
    }
    hf_text_put(out, "</tr>\n<tr>");
    for (size_t i = 0; i < N_COLUMNS; i++)
        hf_text_printf(out, "<th title=\"%s\">%s</th>", stat_column_row(columns[i].column)->help,
                       columns[i].title);
    hf_text_put(out, "</tr>\n");
}

/* "3d 4h", "4h 5m", "5m 6s", "6s" */
static void put_time(struct hf_text *out, int64_t seconds)
{
    if (seconds < 0)
        hf_text_put(out, "never");
    else if (seconds >= 86400)
        hf_text_printf(out, "%" PRId64 "d %" PRId64 "h", seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        hf_text_printf(out, "%" PRId64 "h %" PRId64 "m", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        hf_text_printf(out, "%" PRId64 "m %" PRId64 "s", seconds / 60, seconds % 60);
    else
        hf_text_printf(out, "%" PRId64 "s", seconds);
}

static void put_bytes(struct hf_text *out, int64_t bytes)
{
    static const char *const units[] = {"", " kB", " MB", " GB", " TB", " PB"};
    double value = (double)bytes;
    unsigned unit = 0;

    for (; value >= 10000 && unit < 5; unit++)
        value /= 1000;
    hf_text_printf(out, "<span title=%" PRId64 ">%.0f%s</span>", bytes, value, units[unit]);
}

static void put_cell(struct hf_text *out, const struct stat_row *row, size_t i)
{
    const struct stat_value *value = &row->value[columns[i].column];
    const struct stat_value *last = &row->value[STAT_LAST_CHK];

    if (value->text && columns[i].column == STAT_CHECK_STATUS) {
        hf_text_put(out, "<td class=t title=\"");
        put(out, last->set ? last->text : "");
        hf_text_put(out, "\">");
    } else {
        hf_text_put(out, value->text ? "<td class=t>" : "<td>");
    }
    if (value->text)
        put(out, value->text);
    else if (value->set && columns[i].how == AS_TIME)
        put_time(out, value->number);
    else if (value->set && columns[i].how == AS_BYTES)
        put_bytes(out, value->number);
    else if (value->set)
        hf_text_printf(out, "%" PRId64, value->number);
    hf_text_put(out, "</td>");
}

static const char *class_of(const struct stat_row *row)
{
    if (row->object != STAT_SERVER)
        return "";
    switch (stat_server_state(row->server)) {
    case STAT_UP:
        return "up";
    case STAT_DOWN:
        return "down";
    default:
        return "maint";
    }
}

static void put_row(struct hf_text *out, const struct page_request *request,
                    const struct stat_row *row)
{
    hf_text_printf(out, "<tr class=\"%s\"><td", class_of(row));
    if (request->section->o.page.shows_legends && row->value[STAT_ADDR].set) {
        hf_text_put(out, " title=\"");
        put(out, row->value[STAT_ADDR].text);
        hf_text_put(out, "\"");
    }
    hf_text_put(out, ">");
    put(out, row->value[STAT_SVNAME].text);
    hf_text_put(out, "</td>");
    for (size_t i = 0; i < N_COLUMNS; i++)
        put_cell(out, row, i);
    hf_text_put(out, "</tr>\n");
}

/* ---- the page ---------------------------------------------------------------------------- */

static void put_title(struct hf_text *out, const struct page_request *request)
{
    const struct hf_cfg_page *page = &request->section->o.page;
    const struct hf_cfg_global *global = &request->runtime->config->global;
    char host[128] = "";
    const char *node = page->node && !*page->node ? global->node : page->node;
    const char *about =
        page->description && !*page->description ? global->description : page->description;

    if (page->node && !node && gethostname(host, sizeof host - 1) == 0)
        node = host;
    hf_text_put(out, "<h1>haftp");
    if (!page->hides_version)
        hf_text_put(out, " " HAFTP_VERSION);
    if (node) {
        hf_text_put(out, " on ");
        put(out, node);
    }
    hf_text_put(out, "</h1>\n");
    if (about) {
        hf_text_put(out, "<p>");
        put(out, about);
        hf_text_put(out, "</p>\n");
    }
}

static void put_process(struct hf_text *out, const struct hf_runtime *runtime)
{
    hf_text_printf(out, "<p>pid %d, %u worker%s, up ", (int)getpid(), runtime->n_workers,
                   runtime->n_workers == 1 ? "" : "s");
    put_time(out, (int64_t)((hf_clock_steady_ms() - runtime->started_ms) / 1000));
    hf_text_printf(out, "; sessions: %u of %u, %u per second%s</p>\n",
                   atomic_load_explicit(&runtime->sessions, memory_order_relaxed), runtime->maxconn,
                   hf_rate_read_mt(&runtime->session_rate, hf_clock_steady_ms()),
                   atomic_load_explicit(&runtime->stopping, memory_order_relaxed)
                       ? "; <b>it stops when they have ended</b>"
                       : "");
}

static void put_links(struct hf_text *out, const struct page_request *request)
{
    static const struct {
        const char *option, *title;
    } links[] = {{"", "All"},
                 {";up", "Only servers that are up"},
                 {";norefresh", "Do not refresh"},
                 {";csv", "CSV"},
                 {";json", "JSON"}};
    const char *uri = request->section->o.page.uri;

    hf_text_put(out, "<ul>");
    for (unsigned i = 0; i < sizeof links / sizeof links[0]; i++) {
        hf_text_put(out, "<li><a href=\"");
        put(out, uri ? uri : "/haproxy?stats");
        hf_text_printf(out, "%s\">%s</a></li>", links[i].option, links[i].title);
    }
    hf_text_put(out, "</ul>\n");
}

static void put_section(struct hf_text *out, const struct hf_proxy *proxy)
{
    hf_text_put(out, "<h2>");
    put(out, proxy->cfg->name);
    if (proxy->cfg->description) {
        hf_text_put(out, " <span class=dim>");
        put(out, proxy->cfg->description);
        hf_text_put(out, "</span>");
    }
    hf_text_put(out, "</h2>\n<div class=wide><table>\n");
    put_head(out);
}

void page_html(const struct page_request *request, const struct stat_filter *filter,
               struct hf_text *out)
{
    static struct stat_row row; /* main's thread only */
    const struct hf_proxy *proxy = NULL;
    struct stat_cursor cursor = {0};

    hf_text_put(out, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>"
                     "<meta name=viewport content=\"width=device-width\">"
                     "<title>haftp: statistics</title><style>");
    hf_text_put(out, style);
    hf_text_put(out, "</style></head><body>\n");
    put_title(out, request);
    put_process(out, request->runtime);
    put_links(out, request);
    while (stat_next(request->runtime, filter, &cursor, &row)) {
        if (row.proxy != proxy) {
            hf_text_put(out, proxy ? "</table></div>\n" : "");
            put_section(out, row.proxy);
        }
        proxy = row.proxy;
        put_row(out, request, &row);
    }
    hf_text_put(out, proxy ? "</table></div>\n</body></html>\n" : "</body></html>\n");
}
