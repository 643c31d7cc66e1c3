/*
 * opaque.h: control sessions whose TLS passes through, and their data connections.
 */
#ifndef HAFTP_FTP_OPAQUE_H
#define HAFTP_FTP_OPAQUE_H

#include "ftp_int.h"
#include "haftp/ftp/tie.h"
#include "haftp/net/relay.h"
#include "haftp/stream/account.h"

/* What a session has from AUTH on, or from the start on port 990. */
struct ftp_opaque {
    struct hf_bond bond;
    bool moved; /* to the server where the client's other encrypted sessions are */
};

/* A data connection of such a session: two sockets and the bytes between them. */
struct ftp_opaque_data {
    struct hf_session session; /* first: the engine knows us by it */
    struct hf_relay relay;
    struct hf_timer timer; /* connect, then idle */
    struct hf_tie *tie;
    uint64_t active_ms;
    struct hf_accounted accounted;
};

/* opaque.c */
/* TLS between this session's client and its server may pass through. */
bool ftp_tls_passes(const struct ftp_session *s);
/* The server that this client's session should have, as others of it are there; NULL: any. */
const struct hf_server *ftp_opaque_home(const struct ftp_session *s);
/* The client sent AUTH. */
enum ftp_verdict ftp_opaque_ask(struct ftp_session *s, struct hf_view mechanism,
                                struct hf_view line);
/* The server answers AUTH, with this first line.  False: the session was closed. */
HF_MUST_USE bool ftp_opaque_may_begin(struct ftp_session *s, unsigned code);
/* The answer is with the client. */
void ftp_opaque_decide(struct ftp_session *s, unsigned code);
/* AUTH is with the server, and nobody knows yet whether more lines follow. */
bool ftp_opaque_awaited(const struct ftp_session *s);
/* A bind that is opaque from the start: the server is connected. */
void ftp_opaque_connected(struct ftp_session *s);
void ftp_opaque_begin(struct ftp_session *s); /* from now on, bytes */
void ftp_opaque_step(struct ftp_session *s);
void ftp_opaque_leave(struct ftp_session *s); /* idempotent */

/* data.c */
/* A data connection of this tie's sessions begins, and holds the tie.  False: no memory; `fd` and
 * tie are still the caller's. */
HF_MUST_USE bool ftp_opaque_data_begin(struct hf_engine *engine, struct hf_tie *tie,
                                       const struct hf_lease_slot *slot, int fd,
                                       const struct hf_addr *peer);

#endif
