/*
 * log_target.c: the address of a `log` line; names of facilities and levels.
 */
#include "log_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "haftp/base/suggest.h"

#include "value.h"

#define SYSLOG_PORT  514
#define LONGEST_PATH 97u /* as HAProxy, whose bind paths get a suffix */

static const char *const facilities[] = {
    "kern",   "user",   "mail",   "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "auth2",  "ftp",    "ntp",    "audit",  "alert",  "cron2",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
};
static const char *const levels[] = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
};
#define N_FACILITIES ((int)(sizeof facilities / sizeof facilities[0]))
#define N_LEVELS     ((int)(sizeof levels / sizeof levels[0]))

static int find(const char *name, const char *const *names, int n, const char **nearest)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (int i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0)
            return i;
        hf_suggest_offer(&suggest, names[i]);
    }
    *nearest = suggest.best;
    return -1;
}

int hf_log_facility(const char *name, const char **nearest)
{
    return find(name, facilities, N_FACILITIES, nearest);
}

int hf_log_level(const char *name, const char **nearest)
{
    return find(name, levels, N_LEVELS, nearest);
}

const char *hf_log_facility_name(int facility)
{
    return facilities[facility];
}

const char *hf_log_level_name(int level)
{
    return levels[level];
}

static bool starts_with(const char *text, const char *prefix, const char **rest)
{
    size_t n = strlen(prefix);

    *rest = text + n;
    return strncmp(text, prefix, n) == 0;
}

static bool parse_descriptor(struct hf_arena *arena, const char *text, struct hf_cfg_log *log,
                             struct hf_problem *problem)
{
    int64_t fd;

    if (hf_value_number(text, &fd) != HF_OK || fd > INT32_MAX) {
        problem->text = hf_arena_printf(arena, "'%s' is not the number of a descriptor", text);
        problem->hint = "write stdout, stderr or fd@N";
        return false;
    }
    log->kind = HF_LOG_FD;
    log->fd = (int)fd;
    return true;
}

/* What may stand before an address, and what it makes of it. */
struct prefix {
    const char *text;
    int family; /* AF_UNIX, or what an address has to be; AF_UNSPEC: either */
    bool abstract;
};

static const struct prefix prefixes[] = {
    {"unix@", AF_UNIX, false},       {"uxdg@", AF_UNIX, false},
    {"dgram+unix@", AF_UNIX, false}, {"abns@", AF_UNIX, true},
    {"dgram+abns@", AF_UNIX, true},  {"udp@", AF_UNSPEC, false},
    {"udp4@", AF_INET, false},       {"udp6@", AF_INET6, false},
    {"ip@", AF_UNSPEC, false},       {"ipv4@", AF_INET, false},
    {"ipv6@", AF_INET6, false},      {"dgram+ip@", AF_UNSPEC, false},
    {"dgram+ipv4@", AF_INET, false}, {"dgram+ipv6@", AF_INET6, false},
};

/* Streams would need lines to wait; rings are in memory. */
static const char *const later[] = {
    "ring@",      "tcp@",         "tcp4@",        "tcp6@",        "uxst@",
    "stream+ip@", "stream+ipv4@", "stream+ipv6@", "stream+unix@", "stream+abns@",
};

const char *hf_log_target_is_later(const char *text)
{
    const char *rest;

    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        if (starts_with(text, later[i], &rest))
            return i == 0 ? "log ring@" : "log to a stream";
    }
    return NULL;
}

static bool parse_path(struct hf_arena *arena, const char *text, bool abstract,
                       struct hf_cfg_log *log, struct hf_problem *problem)
{
    log->kind = HF_LOG_UNIX;
    log->path = text;
    log->abstract = abstract;
    if (strlen(text) <= LONGEST_PATH)
        return true;
    problem->text = hf_arena_printf(arena, "the path of the socket is longer than %u bytes",
                                    (unsigned)LONGEST_PATH);
    return false;
}

/* Port 0 is the default port. */
static const char *without_port_zero(struct hf_arena *arena, const char *text)
{
    const char *colon = strrchr(text, ':');

    if (!colon || strcmp(colon, ":0") != 0)
        return text;
    return hf_arena_strndup(arena, text, (size_t)(colon - text));
}

static bool parse_internet(struct hf_arena *arena, const char *text, int family,
                           struct hf_cfg_log *log, struct hf_problem *problem)
{
    log->kind = HF_LOG_UDP;
    if (!hf_address_parse_host_port(arena, without_port_zero(arena, text), SYSLOG_PORT, &log->addr,
                                    problem))
        return false;
    if (family == AF_UNSPEC || log->addr.sa.sa_family == family)
        return true;
    problem->text = hf_arena_printf(arena, "'%s' is not an %s address", text,
                                    family == AF_INET ? "IPv4" : "IPv6");
    return false;
}

bool hf_log_target_parse(struct hf_arena *arena, const char *text, struct hf_cfg_log *log,
                         struct hf_problem *problem)
{
    const char *rest;

    *problem = (struct hf_problem){0};
    if (strcmp(text, "stdout") == 0)
        return parse_descriptor(arena, "1", log, problem);
    if (strcmp(text, "stderr") == 0)
        return parse_descriptor(arena, "2", log, problem);
    if (starts_with(text, "fd@", &rest))
        return parse_descriptor(arena, rest, log, problem);
    if (text[0] == '/')
        return parse_path(arena, text, false, log, problem);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const struct prefix *p = &prefixes[i];
        if (starts_with(text, p->text, &rest))
            return p->family == AF_UNIX ? parse_path(arena, rest, p->abstract, log, problem)
                                        : parse_internet(arena, rest, p->family, log, problem);
    }
    return parse_internet(arena, text, AF_UNSPEC, log, problem);
}

/* ---- samples ----------------------------------------------------------------------------- */

static int by_low_end(const void *a, const void *b)
{
    const struct hf_cfg_sample_range *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

/* "3" or "3-4", up to a comma or the colon. */
static bool parse_range(const char *text, size_t n, struct hf_cfg_sample_range *range)
{
    char digits[24];
    int used = 0;

    if (n == 0 || n >= sizeof digits || text[0] < '0' || text[0] > '9')
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (sscanf(digits, "%9u%n", &range->lo, &used) != 1)
        return false;
    range->hi = range->lo;
    if (digits[used] == '-' && digits[used + 1] >= '0' && digits[used + 1] <= '9') {
        int more = 0;
        if (sscanf(digits + used + 1, "%9u%n", &range->hi, &more) != 1)
            return false;
        used += 1 + more;
    }
    return digits[used] == '\0' && range->lo >= 1 && range->lo <= range->hi;
}

static bool overlap(const struct hf_cfg_log *log)
{
    for (unsigned i = 1; i < log->n_sample_ranges; i++) {
        if (log->sample_ranges[i].lo <= log->sample_ranges[i - 1].hi)
            return true;
    }
    return false;
}

bool hf_log_sample_parse(struct hf_arena *arena, const char *text, struct hf_cfg_log *log,
                         struct hf_problem *problem)
{
    const char *colon = strrchr(text, ':');
    int64_t size = 0;

    *problem = (struct hf_problem){.hint = "write RANGES:SIZE, for example 1:10 or 1,3-4:10"};
    if (!colon || hf_value_number(colon + 1, &size) != HF_OK || size < 1 || size > INT32_MAX) {
        problem->text = hf_arena_printf(arena, "'%s' has no size of the sample", text);
        return false;
    }
    log->sample_ranges =
        hf_arena_alloc(arena, (strlen(text) + 1) / 2 * sizeof(struct hf_cfg_sample_range));
    for (const char *p = text; p <= colon; p += strcspn(p, ",:") + 1) {
        if (!parse_range(p, strcspn(p, ",:"), &log->sample_ranges[log->n_sample_ranges++])) {
            problem->text =
                hf_arena_printf(arena, "'%.*s' is not a range of lines", (int)strcspn(p, ",:"), p);
            return false;
        }
    }
    qsort(log->sample_ranges, log->n_sample_ranges, sizeof log->sample_ranges[0], by_low_end);
    log->sample_size = (unsigned)size;
    if (overlap(log))
        problem->text = "the ranges of the sample overlap";
    else if (log->sample_ranges[log->n_sample_ranges - 1].hi > log->sample_size)
        problem->text = hf_arena_printf(arena, "a range ends behind the sample, which has %u lines",
                                        log->sample_size);
    return !problem->text;
}
