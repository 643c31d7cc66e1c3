/*
 * log_target.c: the address of a `log` line; names of facilities and levels.
 */
#include "log_target.h"

#include <string.h>
#include <sys/un.h>

#include "haftp/base/suggest.h"

#include "value.h"

#define SYSLOG_PORT 514

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

static bool parse_path(const char *text, struct hf_cfg_log *log, struct hf_problem *problem)
{
    log->kind = HF_LOG_UNIX;
    log->path = text;
    if (strlen(text) < sizeof((struct sockaddr_un *)0)->sun_path)
        return true;
    problem->text = "the path of the socket is too long";
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
    if (starts_with(text, "unix@", &rest) || text[0] == '/')
        return parse_path(text[0] == '/' ? text : rest, log, problem);
    if (starts_with(text, "ring@", &rest) || starts_with(text, "tcp@", &rest)) {
        problem->text = hf_arena_printf(arena,
                                        "log target '%s' is not supported by this version "
                                        "of haftp yet",
                                        text);
        problem->hint = "use a socket path, HOST[:PORT], stdout or stderr";
        return false;
    }
    log->kind = HF_LOG_UDP;
    return hf_address_parse_host_port(arena, starts_with(text, "udp@", &rest) ? rest : text,
                                      SYSLOG_PORT, &log->addr, problem);
}
