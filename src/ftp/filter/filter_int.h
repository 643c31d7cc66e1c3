/*
 * filter_int.h: what the filters have among themselves.  Private to src/ftp/filter.
 */
#ifndef HAFTP_FTP_FILTER_INT_H
#define HAFTP_FTP_FILTER_INT_H

#include "filter.h"

/* commands.c */
/* One command of the client, without its end of line. */
HF_MUST_USE enum ftp_verdict ftp_take_command(struct ftp_session *s, struct hf_view line);

/* others.c */
/* The command is one of a browser or a scanner. */
bool ftp_is_of_another_protocol(const struct hf_ftp_cmd *cmd);
/* Ends the session; `bytes`: what it said.  Always FTP_CLOSED. */
enum ftp_verdict ftp_close_to_others(struct ftp_session *s, struct hf_view bytes);
/* Of the first bytes of a session, cut to a line or not (`all`): may an FTP client begin with them?
 * False: no, and the session is closed. */
HF_MUST_USE bool ftp_is_heard(struct ftp_session *s, enum hf_ftp_line cut, struct hf_view line,
                              struct hf_view all);

/* abort.c */
/* An ABOR goes to the server now: what only waits here is over.  False: the session is, too. */
HF_MUST_USE bool ftp_abort_what_runs(struct ftp_session *s);

/* features.c */
/* Of a line of FEAT: a client would be misled by it. */
bool ftp_feature_is_hidden(const struct ftp_session *s, struct hf_view line);
/* What we do ourselves, and then the last line. */
HF_MUST_USE bool ftp_say_features(struct ftp_session *s, struct hf_view last_line);
/* The same for a server that tells of none. */
HF_MUST_USE bool ftp_say_own_features(struct ftp_session *s);

/* final_reply.c */
/* The data connection of this command, which is the running one, or the one that is ready for it;
 * NULL: it has none. */
struct ftp_xfer *ftp_adopt_xfer(struct ftp_session *s, const struct ftp_command *command,
                                unsigned code);
/* The server says that it worked.  DONE: the reply may be passed on, as it is or replaced. */
HF_MUST_USE enum ftp_verdict ftp_transfer_succeeded(struct ftp_session *s,
                                                    struct ftp_command *command, unsigned code);
/* The server refused or gave up. */
void ftp_transfer_failed(struct ftp_session *s, struct ftp_command *command, unsigned code);

#endif
