/*
 * log.c: which line goes where.
 *
 * Everything is made by hf_log_init() and only read afterwards, but for counters: no lock anywhere.
 */
#include "haftp/log/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "escape_int.h"
#include "haftp/log/format.h"
#include "haftp/log/sink.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/state/ftp_log.h"
#include "server_state_int.h"
#include "syslog_int.h"
#include "xferlog_int.h"

/* The longest message we make; `len` may cut it further. */
#define TEXT_MAX 16384

struct target {
    struct hf_sink *sink;
    const struct hf_cfg_log *cfg;
    enum hf_log_wire wire;
    int max_level;
    bool stand_in;         /* stderr in place of a socket that does not exist */
    _Atomic unsigned line; /* counts lines, for `sample` */
};

/* The targets of one section, or of the process. */
struct outlet {
    struct target *targets;
    unsigned n;
    const char *tag;
    /* At the end of a session, of a control session, of a transfer.  NULL: no line. */
    const struct hf_format *plain, *control, *transfer;
    bool xferlog;
    bool at_connect; /* "Connect from" lines, and none at the end */
    _Atomic unsigned lines;
};

struct logger {
    const struct hf_runtime *runtime;
    bool foreground;
    const char *hostname;   /* log-send-hostname, or NULL */
    char own_hostname[256]; /* for rfc5424 */
    struct hf_sink **sinks;
    unsigned n_sinks;
    struct hf_cfg_log stderr_cfg; /* of the stand-in */
    struct hf_sink *stand_in;     /* NULL: not needed */
    struct hf_config own;         /* holds the formats below, nothing else */
    const struct hf_format *tcplog, *ftplog_session, *ftplog_transfer;
    struct outlet process;
    struct outlet *proxies; /* by id - 1 */
};

static struct logger *logger;

/* ---- sending ----------------------------------------------------------------------------- */

static const char *hostname_for(enum hf_log_wire wire)
{
    if (logger->hostname)
        return logger->hostname;
    return wire == HF_LOG_RFC5424 ? logger->own_hostname : NULL;
}

static void send_to(const struct target *target, const char *tag, enum hf_level level,
                    const char *text, size_t n)
{
    char header[512];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int sent_as = (int)level < target->cfg->min_level ? target->cfg->min_level : (int)level;
    struct hf_syslog_header h = {
        .wire = target->wire,
        .facility = target->cfg->facility,
        .level = sent_as,
        .now = now,
        .hostname = hostname_for(target->wire),
        .tag = tag,
        .pid = (int)getpid(),
    };
    size_t header_size = hf_syslog_header(&h, header, sizeof header);
    hf_sink_send_mt(target->sink, header, header_size, text, n, target->cfg->len);
}

/* Whether this line's number is among those that `sample` lets through. */
static bool is_sampled(struct target *target)
{
    const struct hf_cfg_log *cfg = target->cfg;
    if (!cfg->sample_size)
        return true;
    unsigned line = atomic_fetch_add_explicit(&target->line, 1, memory_order_relaxed);
    unsigned number = line % cfg->sample_size + 1;
    for (unsigned i = 0; i < cfg->n_sample_ranges; i++) {
        if (number >= cfg->sample_ranges[i].lo && number <= cfg->sample_ranges[i].hi)
            return true;
    }
    return false;
}

/* `printed`: this is on stderr already, so a stand-in that is stderr does not get it again. */
static void send_line(const struct outlet *outlet, enum hf_level level, const char *text, size_t n,
                      bool printed)
{
    for (unsigned i = 0; i < outlet->n; i++) {
        struct target *target = &outlet->targets[i];
        if ((int)level > target->max_level || (printed && target->stand_in) || !is_sampled(target))
            continue;
        send_to(target, outlet->tag, level, text, n);
    }
}

static struct outlet *outlet_of(const struct hf_proxy *proxy)
{
    return proxy ? &logger->proxies[proxy->cfg->id - 1] : &logger->process;
}

/* The text of an event, harmless; returns its length. */
__attribute__((format(printf, 2, 0))) static size_t write_event(char line[TEXT_MAX],
                                                                const char *format, va_list args)
{
    char text[TEXT_MAX];
    vsnprintf(text, sizeof text, format, args);
    size_t n = hf_log_escape(line, TEXT_MAX - 1, text, strlen(text), NULL);
    line[n] = '\0';
    return n;
}

void hf_log_event_mt(const struct hf_proxy *proxy, enum hf_level level, const char *format, ...)
{
    char line[TEXT_MAX];
    if (!logger || outlet_of(proxy)->n == 0)
        return;
    va_list args;
    va_start(args, format);
    size_t n = write_event(line, format, args);
    va_end(args);
    send_line(outlet_of(proxy), level, line, n, false);
}

static enum hf_severity severity_of(enum hf_level level)
{
    if (level == HF_LEVEL_EMERG)
        return HF_DIAG_ERROR;
    return level <= HF_LEVEL_WARNING ? HF_DIAG_WARNING : HF_DIAG_NOTICE;
}

void hf_log_announce_mt(const struct hf_proxy *proxy, enum hf_level level, const char *format, ...)
{
    char line[TEXT_MAX];
    if (!logger)
        return;
    va_list args;
    va_start(args, format);
    size_t n = write_event(line, format, args);
    va_end(args);
    if (logger->foreground)
        hf_diag_line(stderr, severity_of(level), "%s", line);
    send_line(outlet_of(proxy), level, line, n, logger->foreground);
}

/* ---- sessions ---------------------------------------------------------------------------- */

void hf_log_connect_mt(const struct hf_facts *facts)
{
    const struct hf_proxy *frontend = facts->frontend;
    char client[HF_ADDR_TEXT_SIZE], local[HF_ADDR_TEXT_SIZE];
    if (!logger || !outlet_of(frontend)->at_connect || outlet_of(frontend)->n == 0)
        return;
    hf_log_event_mt(frontend, HF_LEVEL_INFO, "Connect from %s to %s (%s/TCP)",
                    hf_addr_text(&facts->client, client), hf_addr_text(&facts->local, local),
                    frontend->cfg->name);
}

/* What `dontlog-normal` keeps and `log-separate-errors` marks, by HAProxy's rule. */
static bool went_wrong(const struct hf_facts *facts)
{
    return facts->reason != HF_REASON_NONE || facts->redispatched || facts->retries > 0;
}

/* `option dontlognull`, `option dontlog-normal`.  A client that said nothing is a probe, even if it
 * was greeted. */
static bool is_wanted(const struct hf_facts *facts)
{
    const struct hf_cfg_opts *o = &facts->frontend->cfg->o;
    bool asked_for = facts->ftp && facts->ftp->log && facts->ftp->log->transfer;
    bool null = facts->bytes_in == 0 && !(facts->is_transfer && facts->bytes_out > 0) && !asked_for;
    return !(o->dontlognull && null) && !(o->dontlog_normal && !went_wrong(facts));
}

/* A rule's word counts more than `option log-separate-errors`. */
static enum hf_level level_of(const struct hf_facts *facts)
{
    if (facts->log_level)
        return (enum hf_level)(facts->log_level - HF_LOG_AS_LEVEL);
    return facts->frontend->cfg->o.log_separate_errors && went_wrong(facts) ? HF_LEVEL_ERR
                                                                            : HF_LEVEL_INFO;
}

static const struct hf_format *format_for(const struct outlet *outlet, const struct hf_facts *facts)
{
    if (facts->is_transfer)
        return outlet->transfer;
    return facts->bind && facts->bind->role == HF_BIND_CONTROL ? outlet->control : outlet->plain;
}

void hf_log_session_mt(const struct hf_facts *facts)
{
    char line[TEXT_MAX];
    if (!logger)
        return;
    struct outlet *outlet = outlet_of(facts->frontend);
    const struct hf_format *format = format_for(outlet, facts);
    if (outlet->n == 0 || !is_wanted(facts) || facts->log_level == HF_LOG_SILENT)
        return;
    if (format) {
        unsigned number = atomic_fetch_add_explicit(&outlet->lines, 1, memory_order_relaxed);
        size_t n = hf_log_format_run(format, facts, number, line, sizeof line);
        send_line(outlet, level_of(facts), line, n, false);
    }
    if (outlet->xferlog && hf_xferlog_tells(facts))
        send_line(outlet, level_of(facts), line, hf_xferlog_line(facts, time(NULL), line), false);
}

uint64_t hf_log_dropped_mt(void)
{
    uint64_t dropped = 0;
    for (unsigned i = 0; logger && i < logger->n_sinks; i++)
        dropped += hf_sink_dropped_mt(logger->sinks[i]);
    return dropped;
}

/* ---- changes of state -------------------------------------------------------------------- */

static void tell_if_none_is_left(const struct hf_proxy *proxy)
{
    if (proxy->lost_last)
        hf_log_announce_mt(proxy, HF_LEVEL_EMERG, "%s %s has no server available!",
                           proxy->cfg->caps & HF_CAP_FRONTEND ? "proxy" : "backend",
                           proxy->cfg->name);
}

static void on_state(const struct hf_server *server, bool up, const char *why)
{
    const struct hf_proxy *proxy = server->proxy;
    char text[1024];
    hf_server_state_text(server, up, why, text, sizeof text);
    hf_log_announce_mt(proxy, up ? HF_LEVEL_NOTICE : HF_LEVEL_ALERT, "%s", text);
    if (!up)
        tell_if_none_is_left(proxy);
}

static void on_admin(const struct hf_server *server, const struct hf_server_news *news)
{
    char text[1024];
    hf_server_news_text(server, news, text, sizeof text);
    hf_log_announce_mt(server->proxy, news->alarms ? HF_LEVEL_ALERT : HF_LEVEL_NOTICE, "%s", text);
    if (news->counts)
        tell_if_none_is_left(server->proxy);
}

static void on_note(const struct hf_server *server, const char *text)
{
    hf_log_announce_mt(server->proxy, HF_LEVEL_NOTICE, "%s", text);
}

/* A sample that passed the converter `debug`. */
static void on_debug(const struct hf_facts *facts, struct hf_view prefix, struct hf_view text)
{
    if (prefix.n == 0)
        prefix = hf_view_cstr("debug");
    hf_log_event_mt(facts ? facts->frontend : NULL, HF_LEVEL_DEBUG, "[%.*s] %.*s", (int)prefix.n,
                    prefix.p, (int)text.n, text.n ? text.p : "");
}

/* ---- life -------------------------------------------------------------------------------- */

/* `log-format` says it for all lines, then `option ftplog` for FTP's, then `option tcplog`. */
static void choose_formats(struct outlet *outlet, const struct hf_cfg_proxy *cfg)
{
    const struct hf_cfg_opts *o = &cfg->o;

    if (!(cfg->caps & HF_CAP_FRONTEND))
        return;
    bool tcplog = o->tcplog || o->ftplog;
    outlet->plain = outlet->control = outlet->transfer = o->log_format ? o->log_format
                                                         : tcplog      ? logger->tcplog
                                                                       : NULL;
    if (o->ftplog && !o->log_format) {
        outlet->control = logger->ftplog_session;
        outlet->transfer = logger->ftplog_transfer;
    }
    outlet->xferlog = o->xferlog;
    outlet->at_connect = !outlet->plain && !outlet->xferlog;
}

static struct hf_sink *find_sink(const struct hf_cfg_log *cfg)
{
    for (unsigned i = 0; i < logger->n_sinks; i++) {
        if (hf_sink_serves(logger->sinks[i], cfg))
            return logger->sinks[i];
    }
    return NULL;
}

static enum hf_status keep_sink(struct hf_sink *sink)
{
    struct hf_sink **sinks =
        realloc(logger->sinks, (logger->n_sinks + 1) * sizeof(struct hf_sink *));
    if (!sinks) {
        hf_sink_close(sink);
        return HF_NOMEM;
    }
    logger->sinks = sinks;
    sinks[logger->n_sinks++] = sink;
    return HF_OK;
}

static enum hf_status stand_in_for(const struct hf_cfg_log *missing)
{
    hf_diag_line(
        stderr, HF_DIAG_WARNING,
        "log %s does not exist (no log daemon?): its lines go to standard error while in the "
        "foreground; 'log stdout format raw local0' says so in the file",
        missing->path);
    if (logger->stand_in)
        return HF_OK;
    logger->stderr_cfg = (struct hf_cfg_log){.kind = HF_LOG_FD, .fd = STDERR_FILENO};
    enum hf_status status = hf_sink_open(&logger->stderr_cfg, &logger->stand_in);
    return status == HF_OK ? keep_sink(logger->stand_in) : status;
}

static enum hf_status open_sinks(const struct hf_cfg_log *logs)
{
    for (const struct hf_cfg_log *cfg = logs; cfg; cfg = cfg->next) {
        struct hf_sink *sink;
        if (find_sink(cfg))
            continue;
        enum hf_status status = hf_sink_open(cfg, &sink);
        if (status == HF_OK)
            status = keep_sink(sink);
        if (status == HF_OK && logger->foreground && hf_sink_is_missing(sink))
            status = stand_in_for(cfg);
        if (status != HF_OK)
            return status;
    }
    return HF_OK;
}

/* Two missing sockets are one stderr, and none at all where lines can be read on a descriptor
 * already. */
static void add_stand_in(struct outlet *outlet, const struct hf_cfg_log *cfg)
{
    for (unsigned i = 0; i < outlet->n; i++) {
        struct target *target = &outlet->targets[i];
        if (!hf_sink_is_fd(target->sink))
            continue;
        if (target->stand_in && target->max_level < cfg->max_level)
            target->max_level = cfg->max_level;
        return;
    }
    outlet->targets[outlet->n++] =
        (struct target){logger->stand_in, cfg, HF_LOG_RAW, cfg->max_level, true, 0};
}

static enum hf_status open_outlet(struct outlet *outlet, const struct hf_cfg_log *logs,
                                  const char *tag)
{
    unsigned n = 0;
    enum hf_status status = open_sinks(logs);
    if (status != HF_OK)
        return status;
    for (const struct hf_cfg_log *cfg = logs; cfg; cfg = cfg->next)
        n++;
    outlet->tag = tag;
    outlet->targets = calloc(n ? n : 1, sizeof *outlet->targets);
    if (!outlet->targets)
        return HF_NOMEM;
    for (const struct hf_cfg_log *cfg = logs; cfg; cfg = cfg->next) {
        struct hf_sink *sink = find_sink(cfg);
        if (!logger->foreground || !hf_sink_is_missing(sink))
            outlet->targets[outlet->n++] =
                (struct target){sink, cfg, cfg->wire, cfg->max_level, false, 0};
    }
    for (const struct hf_cfg_log *cfg = logs; cfg; cfg = cfg->next) {
        if (logger->foreground && hf_sink_is_missing(find_sink(cfg)))
            add_stand_in(outlet, cfg);
    }
    return HF_OK;
}

static enum hf_status open_proxy(const struct hf_cfg_proxy *cfg, const char *global_tag)
{
    struct outlet *outlet = &logger->proxies[cfg->id - 1];
    const char *tag = cfg->o.log_tag ? cfg->o.log_tag : global_tag;

    choose_formats(outlet, cfg);
    return open_outlet(outlet, cfg->logs_all, tag);
}

static void make_formats(void)
{
    struct hf_diag *diag = hf_diag_new();

    logger->own.arena = hf_arena_new();
    logger->tcplog = hf_format_new(&logger->own, diag, HF_LOG_TCPLOG);
    logger->ftplog_session = hf_format_new(&logger->own, diag, HF_LOG_FTP_SESSION);
    logger->ftplog_transfer = hf_format_new(&logger->own, diag, HF_LOG_FTP_TRANSFER);
    hf_diag_free(diag);
}

static enum hf_status open_all(void)
{
    const struct hf_config *config = logger->runtime->config;
    const char *tag = config->global.log_tag ? config->global.log_tag : "haftp";

    make_formats();
    enum hf_status status = open_outlet(&logger->process, config->global.logs, tag);
    for (const struct hf_cfg_proxy *p = config->proxies; p && status == HF_OK; p = p->next)
        status = open_proxy(p, tag);
    return status;
}

enum hf_status hf_log_init(const struct hf_runtime *runtime, bool foreground)
{
    static const struct hf_server_listener listener = {on_state, on_note, on_admin};
    unsigned n = runtime->n_proxies;

    tzset(); /* reads the zone now, since it cannot be read after chroot */
    logger = calloc(1, sizeof *logger);
    if (!logger)
        return HF_NOMEM;
    logger->runtime = runtime;
    logger->foreground = foreground;
    logger->hostname = runtime->config->global.log_hostname;
    if (gethostname(logger->own_hostname, sizeof logger->own_hostname - 1) != 0)
        snprintf(logger->own_hostname, sizeof logger->own_hostname, "-");
    logger->proxies = calloc(n ? n : 1, sizeof *logger->proxies);
    enum hf_status status = logger->proxies ? open_all() : HF_NOMEM;
    if (status != HF_OK) {
        hf_log_fini();
        return status;
    }
    hf_server_listen(&listener);
    hf_eval_on_debug(on_debug);
    return HF_OK;
}

static void close_outlet(struct outlet *outlet)
{
    free(outlet->targets);
}

/* What is lost while the targets are busy must not be lost in silence. */
static void tell_losses(void)
{
    uint64_t lost = hf_log_dropped_mt();

    if (lost > 0)
        hf_log_announce_mt(NULL, HF_LEVEL_WARNING,
                           "%" PRIu64 " log lines were lost: their targets did not take them",
                           lost);
}

void hf_log_fini(void)
{
    if (!logger)
        return;
    tell_losses();
    hf_server_listen(NULL);
    hf_eval_on_debug(NULL);
    close_outlet(&logger->process);
    for (unsigned i = 0; logger->proxies && i < logger->runtime->n_proxies; i++)
        close_outlet(&logger->proxies[i]);
    for (unsigned i = 0; i < logger->n_sinks; i++)
        hf_sink_close(logger->sinks[i]);
    hf_arena_free(logger->own.arena);
    free(logger->proxies);
    free(logger->sinks);
    free(logger);
    logger = NULL;
}
