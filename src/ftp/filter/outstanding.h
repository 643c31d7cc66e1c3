/*
 * outstanding.h: the commands of a session that await their reply, and what haftp answers itself.
 */
#ifndef HAFTP_FTP_OUTSTANDING_H
#define HAFTP_FTP_OUTSTANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/wire/ftp.h"

/* What haftp answers itself, by the rows of answers.def. */
enum ftp_answer {
#define X(name, text) FTP_ANSWER_##name,
#include "answers.def"
#undef X
    FTP_ANSWER_COUNT
};

struct ftp_command {
    uint8_t id;        /* enum hf_ftp_cmd_id */
    uint8_t asked;     /* of PASV, EPSV, PORT, EPRT: which of them the server got in its place */
    uint8_t answer;    /* enum ftp_answer; NONE: the server answers */
    bool begun : 1;    /* a 1xx reply came */
    bool epsv_all : 1; /* EPSV ALL: binds the client once the server agreed */
    bool forgets : 1;  /* the server got REST 0 in its place, whose reply is for nobody */
    bool own : 1;      /* ours: its reply is for nobody */
    bool noted : 1;    /* record.c keeps its argument */
    bool doubtful : 1; /* an ABOR that may have been answered together with its transfer */
    uint16_t denial;   /* DENIED: index of the rule in the configuration */
};

#define FTP_QUEUE_MAX 16u

/* Replies come in the order of the commands (RFC 959 5.4).  A pipelining client is read only as
 * long as this has room. */
struct ftp_queue {
    struct ftp_command command[FTP_QUEUE_MAX];
    uint8_t head, count;
    bool late_abort; /* the reply to an ABOR that was given up may still come, before any other */
    bool late_setup; /* if it did, a PASV or EPSV took it, and its own is for nobody */
};

bool ftp_queue_full(const struct ftp_queue *queue);
struct ftp_command *ftp_queue_head(struct ftp_queue *queue); /* NULL: empty */
/* A transfer has succeeded.  Some servers (Pure-FTPd) have one reply for it and an ABOR behind it,
 * where RFC 959 5.4 has two: the ABOR is in doubt from now on. */
void ftp_queue_doubt_abort(struct ftp_queue *queue);
/* The server may owe nothing to the head. */
bool ftp_queue_abort_in_doubt(struct ftp_queue *queue);
/* The reply with this code shows it: it is none that an ABOR has, and others wait. */
bool ftp_queue_abort_is_over(struct ftp_queue *queue, unsigned code);
/* The ABOR at the head has no reply of its own, it seems: nothing came for too long. */
void ftp_queue_give_up_abort(struct ftp_queue *queue);
/* Is it the reply to a PASV or EPSV that took another one for its own?  It is for nobody. */
bool ftp_queue_setup_is_late(struct ftp_queue *queue, unsigned code);
/* A reply is complete; `command` is whom it answered, NULL: nobody. */
void ftp_queue_answered(struct ftp_queue *queue, const struct ftp_command *command, unsigned code);
/* The command at a position that ftp_queue_match() found; NULL for -1. */
struct ftp_command *ftp_queue_at(struct ftp_queue *queue, int position);
struct ftp_command *ftp_queue_push(struct ftp_queue *queue, enum hf_ftp_cmd_id id,
                                   enum ftp_answer answer);
/* Removes the n-th, 0 being the head. */
void ftp_queue_remove(struct ftp_queue *queue, unsigned n);
/* The position of the command that a reply with this code answers; -1: none, it came unasked. */
int ftp_queue_match(struct ftp_queue *queue, unsigned code);
/* Is there a command with one of these flags (HF_CMDF_*) that the server has not answered? */
bool ftp_queue_awaits(struct ftp_queue *queue, unsigned flags);
/* Is there a PORT or EPRT of ours that the server has not answered? */
bool ftp_queue_invites_server(struct ftp_queue *queue);
bool ftp_command_moves_data(const struct ftp_command *command);
/* Is there a command that moves data, and that the server has not answered? */
bool ftp_queue_transfers(struct ftp_queue *queue);
/* Of a command that moves data: from the server to the client? */
bool ftp_command_is_download(const struct ftp_command *command);

#endif
