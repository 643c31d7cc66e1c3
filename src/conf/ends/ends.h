/*
 * ends.h: what `bind` and `server` lines share while they are built.  Private to src/conf.
 */
#ifndef HAFTP_CONF_ENDS_H
#define HAFTP_CONF_ENDS_H

#include "parse/build.h"

/* The section is one that carries connections: not peers, ring and the like, which do nothing yet.
 */
bool hf_ends_are_used(const struct hf_build *b);

/* "'x' is not supported by this version of haftp yet"; once for what a default-server handed down.
 */
void hf_ends_refuse(struct hf_build *b, struct hf_loc loc, const char *name, const char *hint);
/* Tells of TLS words without `ssl` (the fields of the rows in *_tls.def). */
void hf_ends_tell_idle_tls(struct hf_diag *diag, enum hf_object object, const void *fields,
                           struct hf_loc loc);
/* The line that was read, at one of its addresses. */
void hf_ends_stand_at(struct hf_cfg_bind *bind, const struct hf_bind_address *at);

/* ftps.c: `starttls`, data-tls-* and `ssl` of the line that was read. */
void hf_ends_check_bind_ftps(struct hf_build *b);
void hf_ends_check_server_ftps(struct hf_build *b, const struct hf_cfg_server *server);

#endif
