/*
 * ftp_facts.h: what an FTP conversation has told so far: who logs in, the last command, the last
 * reply.
 *
 * A session has one only where its configuration asks for it (hf_config.ftp_samples, choices by
 * login); it belongs to the session's worker and lives as long as the session's facts.  All lengths
 * are bounded: what a stranger sends is kept up to these sizes.
 */
#ifndef HAFTP_STATE_FTP_FACTS_H
#define HAFTP_STATE_FTP_FACTS_H

#include "haftp/base/status.h"
#include "haftp/base/str.h"
#include "haftp/state/facts.h"

#define HF_FTP_NAME_MAX 255u /* bytes of a user's and of a host's name */
#define HF_FTP_VERB_MAX 31u  /* bytes of a command's verb; a longer one is cut */
#define HF_FTP_ARG_MAX  255u /* bytes of an argument once its command was dealt with */

struct hf_ftp_facts {
    char *user; /* of the last USER that was not refused; NULL: none */
    char *host; /* of the last HOST that was not refused, in lower case; NULL: none */
    char *said; /* the name in a USER or HOST whose fate is open; NULL: none */
    bool said_host;
    char verb[HF_FTP_VERB_MAX + 1]; /* of the last command, in capitals; "": none yet */
    /* Its argument: all of it while the command is dealt with, then up to HF_FTP_ARG_MAX bytes of
     * it, where samples ask for it.  p NULL: none, or a secret (PASS, ACCT). */
    struct hf_view arg;
    char *kept_arg;         /* the memory of `arg`, NULL while it points into the line */
    uint16_t code;          /* of the last reply to the client; 0: none yet */
    struct hf_ftp_log *log; /* NULL: no line tells more (ftp_log.h) */
};

/* The session's, made on demand; NULL: out of memory. */
struct hf_ftp_facts *hf_ftp_facts_make(struct hf_facts *facts);
void hf_ftp_facts_free(struct hf_facts *facts); /* sets facts->ftp to NULL */

/* A command is dealt with from now on; `arg` points into its line. p NULL: it is not to be known.
 */
void hf_ftp_facts_begin(struct hf_ftp_facts *ftp, struct hf_view verb, struct hf_view arg);
/* It was dealt with: the line goes.  `keep`: its argument is wanted later on. */
void hf_ftp_facts_end(struct hf_ftp_facts *ftp, bool keep);

/* A USER or HOST with this name goes to the server.  HF_LIMIT: it is too long; HF_NOMEM. */
HF_MUST_USE enum hf_status hf_ftp_facts_say(struct hf_ftp_facts *ftp, bool host,
                                            struct hf_view name);
/* The server took it, or refused it; without an open name nothing happens. */
void hf_ftp_facts_settle(struct hf_ftp_facts *ftp, bool accepted);
/* The host's, or the user's. */
void hf_ftp_facts_forget_name(struct hf_ftp_facts *ftp, bool host);
/* REIN: nobody has logged in. */
void hf_ftp_facts_forget_login(struct hf_ftp_facts *ftp);

#endif
