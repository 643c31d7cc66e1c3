/*
 * ftp_log.h: what log lines, and `show ftp`, tell of an FTP session besides its facts: where it is,
 * and each transfer.
 *
 * A session has one only where somebody may read it (hf_ftp_log_wanted()); it belongs to the
 * session's worker.  Paths come from strangers: they are bounded, and may hold any byte but NUL.
 */
#ifndef HAFTP_STATE_FTP_LOG_H
#define HAFTP_STATE_FTP_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/conf/model.h"
#include "haftp/wire/ftp.h"

#define HF_FTP_PATH_MAX 1024u /* bytes of a path */

/* One transfer: a command that moves data, from its first reply to its end. */
struct hf_ftp_transfer {
    enum hf_ftp_cmd_id cmd;
    bool active; /* PORT or EPRT: we connected to the client */
    bool from_server;
    bool begun;     /* bytes could flow */
    bool complete;  /* and all of them arrived: the client read a 2xx */
    char type;      /* 'A' or 'I' (RFC 959 3.1.1); also 'E', 'L' as they were asked for */
    uint16_t code;  /* final reply as the client read it; 0: none */
    uint64_t bytes; /* in its direction */
    uint32_t took_ms;
    const char *why; /* how it ended: a constant text */
    const char *path;
};

struct hf_ftp_log {
    const char *cwd; /* absolute, or "~" and what is below the login directory; NULL: not known */
    char type;       /* of the next transfer */
    uint32_t transfers;
    uint64_t transfer_bytes;
    const struct hf_ftp_transfer *transfer; /* while its line is written; NULL: the session's is */
};

/* Some line of this section's sessions may tell it, or an administrator may ask (`show ftp`). */
static inline bool hf_ftp_log_wanted(const struct hf_config *config,
                                     const struct hf_cfg_proxy *frontend)
{
    return frontend->o.ftplog || frontend->o.xferlog || config->global.stats_sockets ||
           (frontend->o.log_format && config->ftp_samples);
}

#endif
