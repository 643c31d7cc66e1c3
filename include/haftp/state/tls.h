/*
 * tls.h: the TLS contexts of a configuration's binds and servers.
 *
 * Made once, before the configuration is frozen and before privileges are dropped, since keys may
 * be readable by root only.
 */
#ifndef HAFTP_STATE_TLS_H
#define HAFTP_STATE_TLS_H

#include "haftp/conf/model.h"
#include "haftp/net/tls.h"

/* Loads what TLS words name, for every bind and server that uses TLS.  What is wrong goes to
 * `diag`, at its line. */
void hf_config_prepare_tls(struct hf_config *config, struct hf_diag *diag);
/* The counts that the configuration holds; connections keep their own. */
void hf_config_release_tls(struct hf_config *config);

/* NULL: it has no TLS.  Whoever keeps it takes a count. */
static inline struct hf_tls_ctx *hf_bind_tls(const struct hf_cfg_bind *bind)
{
    return bind->tls_ctx;
}
static inline struct hf_tls_ctx *hf_server_tls(const struct hf_cfg_server *server)
{
    return server->tls;
}

#endif
