/*
 * desk.h: what is known of who comes: the front desk, and the rules for commands.
 */
#ifndef HAFTP_FTP_DESK_H
#define HAFTP_FTP_DESK_H

#include "ftp_int.h"

/* front_desk.c */
bool ftp_has_desk(const struct ftp_session *s); /* its section chooses servers by login */
/* Greets the client; it is its turn. */
void ftp_desk_open(struct ftp_session *s);
void ftp_desk_free(struct ftp_session *s); /* idempotent */
/* A command while there is no server (FTP_DESK). HOLD: it decides. */
HF_MUST_USE enum ftp_verdict ftp_desk_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                              struct hf_view line);
/* The same while there is one (FTP_READY): *taken when the client goes back to the desk by it, or
 * may not. */
HF_MUST_USE enum ftp_verdict ftp_desk_again(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                            struct hf_view line, bool *taken);
/* It is such a command. */
bool ftp_desk_leads_away(const struct ftp_session *s, const struct hf_ftp_cmd *cmd);
bool ftp_desk_is_due(const struct ftp_session *s); /* the choice can be made now */
void ftp_desk_leave(struct ftp_session *s);        /* and it is: hf_admit_choose() follows */
void ftp_desk_unknown(struct ftp_session *s);      /* no backend was found */
/* AUTH: what was said so far is forgotten, and the server that was chosen by it is left.  The queue
 * is empty. */
void ftp_desk_forget(struct ftp_session *s);
/* What a server that has greeted must hear: one line after the other; NULL: that was all. */
void ftp_desk_begin_replay(struct ftp_session *s);
const char *ftp_desk_next_replay(struct ftp_session *s);
/* The greeting, or the reply to such a line (-1: not FTP), is no reason to try another server. */
bool ftp_desk_takes_reply(const struct ftp_session *s, int code);

/* request_rules.c */
#define FTP_JUDGED_FRONT 1u
#define FTP_JUDGED_BACK  2u
/* The session's FTP facts.  False: there is no memory for them, and the session was closed; true
 * with *out NULL: nobody asks for them. */
HF_MUST_USE bool ftp_facts_of(struct ftp_session *s, struct hf_ftp_facts **out);
/* Before anything is done with a command: its rules.  HOLD: not before the fate of an earlier USER
 * or HOST is known.  *answered: it was, and the server shall not hear of it. */
HF_MUST_USE enum ftp_verdict ftp_judge(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                       bool *answered);
/* What a denied command reads, with CRLF; its length. */
#define FTP_DENIAL_LINE 512u
size_t ftp_denial_line(const struct ftp_session *s, const struct ftp_command *command,
                       char line[FTP_DENIAL_LINE]);
/* The command's bytes are about to go; `used`: it was dealt with, and another one will come. */
void ftp_command_over(struct ftp_session *s, bool used);
/* A USER or HOST is to be forwarded: its name is noted.  Otherwise: what it is answered. */
enum ftp_answer ftp_note_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd);
/* A USER or HOST whose name is well noted is not answered (NONE); others are. */
enum ftp_answer ftp_answer_to_name(enum hf_status noted);
/* And the server's final reply to it. */
void ftp_name_answered(struct ftp_session *s, enum hf_ftp_cmd_id id, unsigned code);

/* reply_rules.c */
/* The server's reply to this command (NULL: to none) was said to the client: rules that ask for
 * ftp.code.  False: one closed the session. */
HF_MUST_USE bool ftp_judge_reply(struct ftp_session *s, const struct ftp_command *command,
                                 unsigned code);

#endif
