/*
 * setup.h: how client and server are brought to a data connection.
 *
 * The client asks by PASV, EPSV, PORT or EPRT; the server is asked first, and when it is ready the
 * client gets its answer.
 *
 *   server_side.c   how the server is asked for a data connection, and what it answered
 *   passive.c       the client connects to us: a lease and a rewritten 227 or 229
 *   active.c        we connect to the client: PORT and EPRT
 *   terms.c         which address the client is told; whether data goes past us
 */
#ifndef HAFTP_FTP_SETUP_H
#define HAFTP_FTP_SETUP_H

#include "ftp_int.h"

/* server_side.c */
/* Asks the server for the data connection that the client asked for by `id`.  HOLD: not now. */
enum ftp_verdict ftp_ask_server(struct ftp_session *s, enum hf_ftp_cmd_id id);
/* The server is asked by EPSV, too, when the client asks by it. */
bool ftp_asks_by_epsv(const struct ftp_session *s);
/* The first line of the server's answer: what is done with its lines. */
enum ftp_reply_mode ftp_setup_mode(struct ftp_session *s, const struct ftp_command *command,
                                   unsigned code);
/* The server does not know EPSV: ask once more, by PASV.  False when the session was closed. */
HF_MUST_USE bool ftp_ask_again(struct ftp_session *s, struct ftp_command *command);
/* The server is ready.  `announced`: where, unset when its reply named nothing usable.  The client
 * gets its answer; HOLD: no port is free yet. */
enum ftp_verdict ftp_server_ready(struct ftp_session *s, const struct ftp_command *command,
                                  const struct hf_addr *announced);
/* What was prepared for a transfer that will not come goes. */
void ftp_forget_next_xfer(struct ftp_session *s);
/* A 425 in place of what the client asked for; what was prepared is dropped. */
enum ftp_verdict ftp_setup_refused(struct ftp_session *s, const char *why);

/* passive.c */
/* A port of ours for the client, and the reply that names it.  HOLD: none is free yet. */
enum ftp_verdict ftp_passive_offer(struct ftp_session *s, enum hf_ftp_cmd_id asked);
void ftp_passive_stop_waiting(struct ftp_session *s);
/* The address that this session's client is told; false: none that PASV could carry. */
bool ftp_passive_address(struct ftp_session *s, struct hf_addr *out);

/* active.c */
/* The client sent PORT or EPRT. */
enum ftp_verdict ftp_active_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                    struct hf_view line);
/* The server's side is prepared: the client's PORT or EPRT gets its 200. */
enum ftp_verdict ftp_active_accept(struct ftp_session *s, enum hf_ftp_cmd_id asked);
/* Before a command that moves data goes to the server: the client must be reached.  HOLD: it is
 * being connected to.  *refusal other than NONE: one side cannot be reached (next_xfer->why), and
 * the server shall not hear of the command. */
enum ftp_verdict ftp_active_connect(struct ftp_session *s, enum ftp_answer *refusal);

/* terms.c */
/* What a client that asks now is told in 227, whatever its family. */
struct hf_addr ftp_told_address(struct ftp_session *s);
/* `ftp-data direct` holds for the command that the client sent now. */
bool ftp_is_direct(struct ftp_session *s);
/* Such a command goes on to the server: nothing of ours is prepared any more. */
void ftp_go_direct(struct ftp_session *s);
/* A transfer runs that we do not see. */
bool ftp_transfers_directly(struct ftp_session *s);

#endif
