/*
 * xferlog.c: transfers in the format of xferlog(5).
 *
 *   Mon Nov 23 00:24:36 2026 1 192.0.2.7 1048576 /pub/file b _ o r alice ftp 0 * c
 *   when                     s client    bytes   path      |   | | user  |   | | complete
 *                                                          |   | real  service | no second name
 *                                               ASCII or binary  out, in      no identd
 *
 * Blanks end a column, so that in names they are "_", as the servers write them.
 */
#include "xferlog_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "escape_int.h"
#include "haftp/base/addr.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/state/ftp_log.h"
#include "stamp_int.h"

/* Names are cut, so that the columns behind them are there in a target with the usual `len`. */
#define PATH_SIZE 768u
#define USER_SIZE 128u

static const struct hf_ftp_transfer *transfer_of(const struct hf_facts *facts)
{
    return facts->ftp && facts->ftp->log ? facts->ftp->log->transfer : NULL;
}

bool hf_xferlog_tells(const struct hf_facts *facts)
{
    const struct hf_ftp_transfer *transfer = transfer_of(facts);
    if (!transfer || !(transfer->begun || transfer->complete))
        return false;
    switch (transfer->cmd) {
    case HF_CMD_RETR:
    case HF_CMD_STOR:
    case HF_CMD_STOU:
    case HF_CMD_APPE:
        return true;
    default:
        return false;
    }
}

static const char *name(const char *text, char *out, size_t size)
{
    size_t n = text ? hf_log_escape(out, size - 1, text, strlen(text), NULL) : 0;
    out[n] = '\0';
    for (char *blank = out; (blank = strchr(blank, ' '));)
        *blank = '_';
    return n ? out : "-";
}

static bool is_anonymous(const char *user)
{
    return user && (strcasecmp(user, "anonymous") == 0 || strcasecmp(user, "ftp") == 0);
}

size_t hf_xferlog_line(const struct hf_facts *facts, time_t now, char line[HF_XFERLOG_LINE])
{
    const struct hf_ftp_transfer *transfer = transfer_of(facts);
    char host[HF_ADDR_TEXT_SIZE], path[PATH_SIZE], user[USER_SIZE];
    uint32_t seconds = (transfer->took_ms + 500) / 1000;

    int n = snprintf(
        line, HF_XFERLOG_LINE, "%s %" PRIu32 " %s %" PRIu64 " %s %c _ %c %c %s ftp 0 * %c",
        hf_stamp(HF_STAMP_C, now), seconds ? seconds : 1, hf_addr_host_text(&facts->client, host),
        transfer->bytes, name(transfer->path, path, sizeof path), transfer->type == 'A' ? 'a' : 'b',
        transfer->from_server ? 'o' : 'i', is_anonymous(facts->ftp->user) ? 'a' : 'r',
        name(facts->ftp->user, user, sizeof user), transfer->complete ? 'c' : 'i');
    return (size_t)n;
}
