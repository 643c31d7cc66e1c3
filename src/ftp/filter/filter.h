/*
 * filter.h: lines of the control connection on their way.
 *
 *   commands.c      the client's: forwarded, rewritten, or answered
 *   replies.c       the server's: matched, rewritten, held, forwarded
 *   outstanding.c   commands that await their reply
 *   answers.c       what haftp answers itself; its words are in answers.def
 *   abort.c         ABOR, which overtakes what is held
 *   features.c      FEAT
 *   final_reply.c   the final reply of a transfer
 *   others.c        clients that do not speak FTP
 */
#ifndef HAFTP_FTP_FILTER_H
#define HAFTP_FTP_FILTER_H

#include "ftp_int.h"

/* commands.c, replies.c: return the bytes consumed, or -1 when the session was closed. */
long ftp_filter_client(struct ftp_session *s, const char *p, size_t n);
long ftp_filter_server(struct ftp_session *s, const char *p, size_t n);

/* commands.c */
/* There is room for its entry in the queue, a server that takes what we send, and nothing to wait
 * for. */
bool ftp_may_take_command(const struct ftp_session *s);
/* To the server as it is; its reply goes back as it is. */
HF_MUST_USE enum ftp_verdict ftp_forward(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                         struct hf_view line);

/* final_reply.c */
/* The server waits for a data connection that cannot be made, a minute or longer: the client is
 * told now, and what the server says of it later is for nobody.  False when the session was closed.
 */
HF_MUST_USE bool ftp_give_up_server_port(struct ftp_session *s);

/* answers.c */
/* Answers in the place of this command in the order of replies. */
HF_MUST_USE enum ftp_verdict ftp_answer(struct ftp_session *s, enum hf_ftp_cmd_id id,
                                        enum ftp_answer text);
/* The same for a command that is in the queue with its answer. */
HF_MUST_USE enum ftp_verdict ftp_answer_command(struct ftp_session *s, struct ftp_command *command);
/* Our own answers whose turn has come. */
HF_MUST_USE bool ftp_answer_due(struct ftp_session *s);
/* The reply, with CRLF. */
const char *ftp_answer_text(enum ftp_answer answer);
/* What the client reads has this code. */
void ftp_replied(struct ftp_session *s, unsigned code);

/* abort.c */
/* While a command is held: an ABOR among the bytes behind it comes into its own, and is taken out
 * of them if it went to the server.  Returns how many bytes are left, -1 when the session was
 * closed. */
long ftp_overtake(struct ftp_session *s, char *p, size_t n);
/* The ABOR at the head will have no reply of its own.  False when the session was closed. */
HF_MUST_USE bool ftp_abort_is_over(struct ftp_session *s);

#endif
