/*
 * tls.h: the TLS contexts of a configuration's binds and servers.
 *
 * Each line with TLS has a site: its context, and what was counted there.  Contexts are made before
 * privileges are dropped, since keys may be readable by root only, and may be made anew later: a
 * connection keeps the one that it began with, and so do its data connections.
 */
#ifndef HAFTP_STATE_TLS_H
#define HAFTP_STATE_TLS_H

#include "haftp/conf/model.h"
#include "haftp/net/loop.h"
#include "haftp/net/tls.h"

struct hf_tls_recipe; /* private */

struct hf_tls_site {
    struct hf_tls_site *next;             /* in the order of the files */
    const struct hf_cfg_bind *bind;       /* the first address of its line; NULL: a server's site */
    const struct hf_cfg_server *server;   /* NULL: a bind's site */
    struct hf_tls_ctx *ctx;               /* changed by main's thread only; others take it by */
                                          /* hf_tls_begin_mt() */
    struct hf_tls_ctx *renewed;           /* made anew, and not in use so far; NULL: none */
    struct hf_tls_recipe *recipe;         /* what `ctx` was made from; main's thread */
    struct hf_tls_recipe *renewed_recipe; /* and `renewed`; NULL: as `ctx` */
    struct hf_tls_counts counts;          /* of all contexts that it had */
};

/* Loads what TLS words name, for every bind and server that uses TLS.  What is wrong goes to
 * `diag`, at its line, and so does what will soon be: certificates that end. */
void hf_config_prepare_tls(struct hf_config *config, struct hf_diag *diag);
/* The counts that the configuration holds; connections keep their own. */
void hf_config_release_tls(struct hf_config *config);

/* ---- anew; main's thread ---- */

/* Reads all files again, into `renewed` of each site.  False: some cannot be used, as `diag` says;
 * nothing has changed then. */
HF_MUST_USE bool hf_config_renew_tls(const struct hf_config *config, struct hf_diag *diag);
/* All connections that begin from now on, on whatever thread, use what was renewed. */
void hf_config_adopt_tls(const struct hf_config *config);

/* ---- one certificate; main's thread ---- */

/* What is in use of a certificate's file, with its key if that is there: not for people's eyes.
 * p NULL: no line uses it.  Lasts until it changes. */
struct hf_view hf_config_tls_pem(const struct hf_config *config, const char *file);
/* As if `pem` were in that file, for all lines that use it and all connections that begin from now
 * on; files are not read.  False: `why` says for people why it cannot be; nothing has changed. */
HF_MUST_USE bool hf_config_replace_tls(const struct hf_config *config, const char *file,
                                       struct hf_view pem, char why[HF_TLS_WHY_BYTES]);

/* ---- connections; any thread ---- */

/* hf_tls_new() with the site's context of now. */
HF_MUST_USE enum hf_status hf_tls_begin_mt(struct hf_tls_site *site,
                                           const struct hf_tls_options *options,
                                           struct hf_tls **out);

/* ---- when certificates end ---- */

#define HF_TLS_EXPIRY_DAYS 14
#define HF_TLS_TIME_BYTES  32u
/* "2027-01-31 12:00:00 UTC" */
const char *hf_tls_time_text(int64_t seconds, char out[HF_TLS_TIME_BYTES]);
#define HF_TLS_EXPIRY_BYTES 1024u
/* A sentence when it is not good at `now`, or will not be for HF_TLS_EXPIRY_DAYS more; false: it
 * is. */
bool hf_tls_expiry_text(const struct hf_tls_cert_info *info, int64_t now,
                        char out[HF_TLS_EXPIRY_BYTES]);

/* Files of which that can be said; each once, however many lines name it. */
#define HF_TLS_MOST_ENDINGS 20u
struct hf_tls_endings {
    struct hf_tls_ending {
        const struct hf_tls_site *site; /* the first of its lines */
        const struct hf_tls_cert_info *cert;
    } of[HF_TLS_MOST_ENDINGS];
    unsigned n, n_more; /* n_more: not in `of`, counted at each of their lines */
};
/* Main's thread. */
void hf_config_tls_endings(const struct hf_config *config, int64_t now,
                           struct hf_tls_endings *endings);

/* Tells of them again and again, so that whoever forgets to renew one reads of it.  One loop. */
struct hf_tls_reminder {
    const struct hf_config *config;
    void (*tell)(const char *text); /* a sentence without its dot, for each */
    unsigned every_ms;
    struct hf_loop *loop;
    struct hf_timer timer;
};
/* All but the timer is set by the owner.  The first time is an interval from now; never where no
 * line has TLS. */
void hf_tls_remind(struct hf_tls_reminder *reminder);
/* Now, and then an interval later: nobody reads the same twice in one. */
void hf_tls_remind_now(struct hf_tls_reminder *reminder);
void hf_tls_remind_stop(struct hf_tls_reminder *reminder);

#endif
