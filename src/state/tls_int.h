/*
 * tls_int.h: what the files about TLS contexts in this folder share.
 */
#ifndef HAFTP_STATE_TLS_INT_H
#define HAFTP_STATE_TLS_INT_H

#include "haftp/base/arena.h"
#include "haftp/state/tls.h"

/* The last three of a file's keys; the first one says how long all are. */
#define HF_TLS_KEPT_KEYS 3u
struct hf_tls_ticket_keys {
    uint8_t key[HF_TLS_KEPT_KEYS][HF_TLS_TICKET_KEY_MAX];
    unsigned n, bytes;
};

/* What a site's context was made from, so that it can be made again with another certificate,
 * though its files may not be read any more. */
struct hf_tls_recipe {
    struct hf_arena *arena; /* of the settings */
    struct hf_tls_settings settings;
    struct hf_tls_ticket_keys keys;
};

/* tls.c: reads the files that the words of a site name, into `recipe`; NULL: `diag` says at which
 * line it failed. */
struct hf_tls_ctx *hf_tls_site_make(const struct hf_config *config, struct hf_tls_site *site,
                                    struct hf_tls_recipe *recipe, struct hf_diag *diag);
struct hf_tls_recipe *hf_tls_recipe_new(void);         /* NULL: out of memory */
void hf_tls_recipe_free(struct hf_tls_recipe *recipe); /* NULL is fine */

/* tls_certs.c: the certificates that `crt` and `crt-list` name, in `arena`; NULL and *n 0 when
 * there are none.  With `why` not "": *loc and `why` say what is wrong. */
struct hf_tls_cert *hf_tls_certs_of(const struct hf_config *config, struct hf_arena *arena,
                                    const struct hf_cfg_text *words, unsigned *n,
                                    struct hf_loc *loc, char why[HF_TLS_WHY_BYTES]);

/* tls_versions.c: which versions are spoken */
struct hf_tls_version_words {
    int min, max; /* as the rows count: 0 SSLv3 .. 4 TLSv1.3; -1: not given */
    bool refused[5];
};
enum hf_tls_versions {
    HF_TLS_VERSIONS_FINE,
    HF_TLS_VERSIONS_REFUSALS_IGNORED, /* a range is given, so `no` words within it have no effect */
    HF_TLS_VERSIONS_NONE              /* none is left */
};
enum hf_tls_versions hf_tls_versions_of(const struct hf_tls_version_words *own,
                                        const struct hf_cfg_tls_options *usual,
                                        struct hf_tls_settings *settings);

#endif
