/*
 * http.c: connections and requests of a section's pages.
 *
 * libmicrohttpd parses and answers; it has an epoll descriptor of its own, which our loop watches.
 * Connections are accepted here, so that `tcp-request connection` rules come first.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/net/listener.h"
#include "haftp/net/socket.h"
#include "haftp/rules/vars.h"
#include "haftp/state/track.h"
#include "haftp/stream/account.h"
#include "haftp/stream/rules.h"
#include "page_int.h"

#define MOST_CONNECTIONS 256u
#define MOST_SECONDS     30u /* that a connection may say nothing, unless `timeout client` is less */

struct page {
    struct page *next;
    struct hf_pages *pages;
    struct hf_proxy *proxy;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;
    struct hf_timer timer; /* libmicrohttpd's next timeout */
};

struct gate {
    struct gate *next;
    struct page *page;
    const struct hf_cfg_bind *bind;
    struct hf_listener listener;
};

struct hf_pages {
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct hf_engine *engine; /* main's own: for rules and counters; it has no sessions */
    struct page *list;
    struct gate *gates;
};

/* ---- a request --------------------------------------------------------------------------- */

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct page_request *request, struct page_answer *answer)
{
    static char nothing[] = "";
    char seconds[16];
    struct MHD_Response *response;

    if (answer->body.failed) {
        hf_text_free(&answer->body);
        return MHD_NO; /* out of memory: the connection is closed */
    }
    response = MHD_create_response_from_buffer(
        answer->body.n, answer->body.mem ? answer->body.mem : nothing,
        answer->body.mem ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response) {
        hf_text_free(&answer->body);
        return MHD_NO;
    }
    answer->body = (struct hf_text){0}; /* the response's */
    MHD_add_response_header(response, "Content-Type", answer->type);
    MHD_add_response_header(response, "Cache-Control", "no-cache");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'");
    if (answer->refresh_s) {
        snprintf(seconds, sizeof seconds, "%u", answer->refresh_s);
        MHD_add_response_header(response, "Refresh", seconds);
    }
    const char *realm = request->section->o.page.realm;
    enum MHD_Result sent = answer->asks_password
                               ? MHD_queue_basic_auth_fail_response(
                                     connection, realm ? realm : "HAProxy Statistics", response)
                               : MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return sent;
}

/* The url with its query, before libmicrohttpd takes it apart; on_over() frees it. */
static void *on_url(void *cls, const char *url, struct MHD_Connection *connection)
{
    (void)cls;
    (void)connection;
    return strdup(url);
}

static void on_over(void *cls, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

static struct hf_addr client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct hf_addr addr = {0};

    if (info && info->client_addr && info->client_addr->sa_family == AF_INET)
        memcpy(&addr.v4, info->client_addr, sizeof addr.v4);
    else if (info && info->client_addr && info->client_addr->sa_family == AF_INET6)
        memcpy(&addr.v6, info->client_addr, sizeof addr.v6);
    return addr;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_bytes, void **state)
{
    struct page *page = cls;
    struct page_answer answer = {0};
    const struct page_request request = {.runtime = page->pages->runtime,
                                         .section = page->proxy->cfg,
                                         .method = method,
                                         .url = *state ? *state : url,
                                         .client = client_of(connection)};
    char *password = NULL;
    (void)version;
    (void)upload;

    if (*upload_bytes) { /* nobody reads what is posted */
        *upload_bytes = 0;
        return MHD_YES;
    }
    char *user = MHD_basic_auth_get_username_password(connection, &password);
    page_answer(&request, user, password, &answer);
    enum MHD_Result sent = send_answer(connection, &request, &answer);
    MHD_free(user);
    MHD_free(password);
    return sent;
}

/* ---- the loop ---------------------------------------------------------------------------- */

static void on_due(struct hf_timer *timer);

static void run(struct page *page)
{
    MHD_UNSIGNED_LONG_LONG after_ms;

    MHD_run(page->daemon);
    if (MHD_get_timeout(page->daemon, &after_ms) == MHD_YES)
        hf_loop_timer(page->pages->loop, &page->timer, after_ms, on_due);
    else
        hf_loop_timer_cancel(page->pages->loop, &page->timer);
}

static void on_due(struct hf_timer *timer)
{
    run(HF_CONTAINER(timer, struct page, timer));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

/* ---- connections ------------------------------------------------------------------------- */

/* As at the gate of any section; header and bytes are no matter of these rules. */
static bool is_let_in(struct gate *gate, int fd, const struct hf_addr *peer)
{
    struct hf_engine *engine = gate->page->pages->engine;
    struct hf_session visit = {.engine = engine};
    const struct hf_cfg_proxy *section = gate->page->proxy->cfg;

    visit.facts.frontend = gate->page->proxy;
    visit.facts.bind = gate->bind;
    visit.facts.client = *peer;
    visit.facts.client_fd = fd;
    visit.facts.accepted_ms = hf_loop_now(engine->loop);
    hf_socket_local(fd, &visit.facts.local);
    bool let_in = hf_rules_at_entry(&visit, section, HF_RULES_CONNECTION, fd) == HF_RULING_PASS &&
                  hf_rules_at_entry(&visit, section, HF_RULES_SESSION, fd) == HF_RULING_PASS;
    hf_track_end(&visit.facts, hf_loop_now(engine->loop)); /* it was counted, and holds nothing */
    hf_vars_free(&visit.facts.vars);
    free(visit.facts.first);
    return let_in;
}

static bool on_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer)
{
    struct gate *gate = listener->owner;
    struct page *page = gate->page;
    struct hf_shard *shard = page->pages->engine->shard;

    hf_count(shard, page->proxy->front_at, HF_COUNT_CONNECTIONS, 1);
    if (!is_let_in(gate, fd, peer)) {
        close(fd);
        return true;
    }
    hf_count(shard, page->proxy->front_at, HF_COUNT_SESSIONS, 1);
    hf_rate_count_mt(&page->proxy->rate_front, hf_loop_now(page->pages->loop));
    /* Takes the descriptor, also when it fails. */
    if (MHD_add_connection(page->daemon, fd, &peer->sa, sizeof(struct sockaddr_in6)) == MHD_YES)
        run(page);
    return true;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct hf_proxy *proxy = ((struct page *)cls)->proxy;
    (void)connection;
    (void)context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        hf_note_most(&proxy->most_front, atomic_fetch_add(&proxy->sessions_front, 1) + 1);
    else
        atomic_fetch_sub(&proxy->sessions_front, 1);
}

/* ---- life -------------------------------------------------------------------------------- */

struct hf_pages *hf_pages_new(struct hf_loop *loop, struct hf_runtime *runtime, unsigned n_workers)
{
    struct hf_pages *pages = calloc(1, sizeof *pages);
    if (!pages)
        return NULL;
    pages->loop = loop;
    pages->runtime = runtime;
    pages->engine = hf_engine_new(loop, runtime, n_workers, n_workers);
    if (!pages->engine) {
        free(pages);
        return NULL;
    }
    return pages;
}

static bool start_daemon(struct page *page)
{
    unsigned most = page->proxy->cfg->o.maxconn, ms = page->proxy->cfg->o.timeout.client;
    unsigned seconds = ms && ms < MOST_SECONDS * 1000 ? (ms + 999) / 1000 : MOST_SECONDS;

    page->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, page,
        MHD_OPTION_CONNECTION_LIMIT, most && most < MOST_CONNECTIONS ? most : MOST_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, seconds, MHD_OPTION_URI_LOG_CALLBACK, on_url, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, on_over, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        page, MHD_OPTION_END);
    if (!page->daemon)
        return false;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(page->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    page->poll.data = page;
    if (info && uv_poll_init(hf_loop_uv(page->pages->loop), &page->poll, info->epoll_fd) == 0) {
        uv_poll_start(&page->poll, UV_READABLE, on_poll);
        return true;
    }
    MHD_stop_daemon(page->daemon);
    return false;
}

static struct page *page_of(struct hf_pages *pages, const struct hf_cfg_bind *bind)
{
    struct hf_proxy *proxy = hf_runtime_proxy(pages->runtime, bind->proxy);
    struct page *page;

    LL_FOREACH(pages->list, page)
    {
        if (page->proxy == proxy)
            return page;
    }
    page = calloc(1, sizeof *page);
    if (!page)
        return NULL;
    page->pages = pages;
    page->proxy = proxy;
    if (!start_daemon(page)) {
        free(page);
        return NULL;
    }
    LL_PREPEND(pages->list, page);
    return page;
}

enum hf_status hf_pages_serve(struct hf_pages *pages, const struct hf_cfg_bind *bind, int fd)
{
    struct gate *gate = calloc(1, sizeof *gate);
    struct page *page = page_of(pages, bind);
    enum hf_status status = HF_NOMEM;

    if (gate && page) {
        gate->page = page;
        gate->bind = bind;
        status = hf_listener_open(&gate->listener, pages->loop, fd, 0, on_accept, gate);
    }
    if (status != HF_OK) {
        close(fd);
        free(gate);
        return status;
    }
    LL_PREPEND(pages->gates, gate);
    return HF_OK;
}

void hf_pages_stop(struct hf_pages *pages)
{
    struct gate *gate;

    LL_FOREACH(pages->gates, gate)
    hf_listener_close(&gate->listener);
}

static void on_closed(uv_handle_t *poll)
{
    free(poll->data);
}

static void free_page(struct page *page)
{
    hf_loop_timer_cancel(page->pages->loop, &page->timer);
    uv_poll_stop(&page->poll);
    MHD_stop_daemon(page->daemon);
    uv_close((uv_handle_t *)&page->poll, on_closed); /* frees the page, in a turn of the loop */
}

void hf_pages_free(struct hf_pages *pages)
{
    struct page *page, *next_page;
    struct gate *gate, *next_gate;

    if (!pages)
        return;
    hf_pages_stop(pages);
    LL_FOREACH_SAFE(pages->gates, gate, next_gate)
    free(gate);
    LL_FOREACH_SAFE(pages->list, page, next_page)
    free_page(page);
    hf_engine_free(pages->engine);
    free(pages);
}
