/*
 * ftps.h: TLS on control and data connections (RFC 4217), on either side.  Private to src/ftp.
 *
 *   client.c   AUTH, PBSZ, PROT and CCC are answered here, whatever the server behind does
 *   server.c   the server is brought to TLS before the client reads its greeting
 *   data.c     data connections, protected as their control connections ask for it
 *
 * A side without TLS has none of this: no memory, no work per command.
 */
#ifndef HAFTP_FTPS_H
#define HAFTP_FTPS_H

#include "ftp_int.h"

/* ---- the client's side; all of it works before a server is known, too ---------------------- */

/* AUTH, ADAT, PBSZ, PROT and CCC on a bind that ends TLS.  HOLD: earlier commands come first. */
enum ftp_verdict ftps_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd);
/* This session's bind ends TLS, implicit or explicit. */
bool ftps_is_offered(const struct ftp_session *s);
/* Why a command must not pass as long as things are as they are; NONE: it may. */
enum ftp_answer ftps_refusal(const struct ftp_session *s, const struct hf_ftp_cmd *cmd);
/* The lines of FEAT that are about this side, each with its CRLF; "" where it has no TLS. */
const char *ftps_features(const struct ftp_session *s);

/* A bind with `ssl`: TLS from the first byte, whose handshake hf_admit_begin() sees to.  False: no
 * memory. */
HF_MUST_USE bool ftps_begin_implicit(struct ftp_session *s);
void ftps_admitted(struct ftp_session *s); /* and it has let the client in */
/* AUTH was answered: TLS from now on.  False: not done yet, or the session was closed. */
HF_MUST_USE bool ftps_begin_client(struct ftp_session *s);
/* Goes on with that. */
HF_MUST_USE bool ftps_shake_client(struct ftp_session *s);
/* REIN: PROT is C again (RFC 2228 3); TLS itself stays. */
void ftps_forget(struct ftp_session *s);

/* ---- the server's side ---------------------------------------------------------------------- */

/* Connected: a server with `ssl` begins TLS.  False: it cannot, the next one is tried. */
HF_MUST_USE bool ftps_connected(struct ftp_session *s);
/* The handshake goes on.  False: not done yet, or the next server is tried. */
HF_MUST_USE bool ftps_shake_server(struct ftp_session *s);
/* The greeting has come: must this server be brought to TLS, or to PROT P, before it is shown? */
bool ftps_must_prepare(const struct ftp_session *s);
/* Begins that; the greeting is kept for the client.  `behind`: bytes that follow it.  Ends with
 * ftp_greeted(), or at the next server. */
void ftps_prepare(struct ftp_session *s, const char *greeting, size_t n, size_t behind);
/* A reply of the server to what ftps_prepare() asks. */
void ftps_on_reply(struct ftp_session *s, unsigned code, size_t behind);
/* The login has succeeded: a server that took no PROT before is asked again.  Commands
 * that have to do with data wait for that, so that no file goes before PROT. */
void ftps_logged_in(struct ftp_session *s);
/* The command must wait for that: a login that may succeed is under way. */
bool ftps_must_wait(const struct ftp_session *s, const struct hf_ftp_cmd *cmd);
void ftps_on_late_prot(struct ftp_session *s, unsigned code); /* its reply */
void ftps_stop_preparing(struct ftp_session *s);              /* idempotent */

/* ---- data connections ----------------------------------------------------------------------- */

/* Bytes may flow: TLS where a control connection asks for it.  False: the transfer is broken. */
HF_MUST_USE bool ftps_begin_data(struct ftp_xfer *x);
/* Some end still shakes hands. */
bool ftps_is_shaking(const struct ftp_xfer *x);
/* The hands of `end` are shaken; the transfer may be broken in here. */
void ftps_data_ready(struct ftp_xfer *x, int end);
/* The handshakes took too long. */
void ftps_data_late(struct ftp_xfer *x);
/* `end` is broken: true when TLS is why, and the transfer was broken in here. */
bool ftps_data_broke(struct ftp_xfer *x, int end, enum hf_status status);
/* The transfer's line is about to be written: `facts` are told of its own TLS, which was kept for
 * that. */
void ftps_tell_data(const struct ftp_xfer *x, struct hf_facts *facts);
void ftps_end_data(struct ftp_xfer *x); /* and it was written; the relay is closed */

#endif
