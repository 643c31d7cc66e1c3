/*
 * tls_int.h: what the files about TLS contexts in this folder share.
 */
#ifndef HAFTP_STATE_TLS_INT_H
#define HAFTP_STATE_TLS_INT_H

#include "haftp/state/tls.h"

/* tls.c: reads the files that the words of a site name; NULL: `diag` says at which line it failed.
 * `arena` is needed meanwhile. */
struct hf_tls_ctx *hf_tls_site_make(const struct hf_config *config, struct hf_tls_site *site,
                                    struct hf_arena *arena, struct hf_diag *diag);

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
