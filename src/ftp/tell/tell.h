/*
 * tell.h: what logs are told of a session, its transfers, and of what was refused.
 */
#ifndef HAFTP_FTP_TELL_H
#define HAFTP_FTP_TELL_H

#include "ftp_int.h"

/* refusals.c: events that a stranger or a server can cause, each kind at a limited rate. */
void ftp_log_answer(const struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer answer);
/* PORT or EPRT named an address that is not the client's. */
void ftp_log_bounce(const struct ftp_session *s, enum hf_ftp_cmd_id id,
                    const struct hf_addr *target);
/* The session is closed with these last words (NULL: none). */
void ftp_log_close(const struct ftp_session *s, enum hf_reason reason, const char *last_words);
/* The server greeted with these bytes, which are no 220, or answered a replayed USER so. */
void ftp_log_unwelcome(const struct ftp_session *s, struct hf_view said);
/* The client was told this data port and did not come. */
void ftp_log_absence(const struct ftp_session *s, unsigned port, unsigned seconds);
/* The server's side of a data connection cannot be had. */
void ftp_log_data_failure(const struct ftp_session *s, const char *why);

/* " (N more like this were not logged)", or nothing when there are none. */
#define FTP_MORE_SIZE 64u
const char *ftp_more_text(unsigned suppressed, char *buf);

/* count.c: for the session's section, and for its server where the row says so */
void ftp_count(const struct ftp_session *s, enum hf_count what, uint64_t n);
/* Of the control connection: what was said to the server, and to the client. */
void ftp_count_bytes(struct ftp_session *s, uint64_t in, uint64_t out);
/* The client has got a reply, of s->last_code. */
void ftp_count_reply(const struct ftp_session *s);
void ftp_count_data(struct ftp_xfer *x);           /* bytes that moved since it was called last */
void ftp_count_transfer(const struct ftp_xfer *x); /* it is over */

/* look.c: for hf_session_ops */
void ftp_session_look(const struct hf_session *session, struct hf_session_look *out);

/* record.c: what is kept for lines of the log; nothing is where nobody reads them. */
void ftp_record_begin(struct ftp_session *s);
void ftp_record_end(struct ftp_session *s);
/* A command was put into the queue. */
void ftp_record_command(struct ftp_session *s, struct ftp_command *command, struct hf_view arg);
/* The first line of the reply to it. */
void ftp_record_reply(struct ftp_session *s, struct ftp_command *command, unsigned code,
                      struct hf_view line);
/* This data connection is that command's; idempotent. */
void ftp_record_transfer(struct ftp_session *s, struct ftp_xfer *x, struct ftp_command *command);
/* The same for a command that is not in the queue, since it is refused here. */
void ftp_record_transfer_of(struct ftp_session *s, struct ftp_xfer *x, enum hf_ftp_cmd_id id,
                            struct hf_view arg);
/* What is being transferred; NULL: nobody keeps it. */
const char *ftp_record_path(const struct ftp_xfer *x);
/* The code of the transfer's final reply, as the client reads it. */
void ftp_record_verdict(struct ftp_xfer *x, unsigned code);
/* Puts all that is known of the transfer into its facts, for its line; then frees it. */
void ftp_record_close(struct ftp_xfer *x);
void ftp_record_free(struct ftp_xfer *x);

#endif
