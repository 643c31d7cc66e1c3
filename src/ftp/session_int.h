/*
 * session_int.h: what the files of a session's life have among themselves: session.c, say.c,
 * ending.c, silence.c.
 */
#ifndef HAFTP_FTP_SESSION_INT_H
#define HAFTP_FTP_SESSION_INT_H

#include "ftp_int.h"
#include "haftp/base/assert.h"

/* say.c */
/* Everything this step has to say.  False: the session is over. */
HF_MUST_USE bool ftp_speak(struct ftp_session *s);
/* What was gathered for a leg, to be sent now; counted as sent. */
struct ftp_stage ftp_take_stage(struct ftp_session *s, const struct hf_leg *leg);
/* Appends to what this step sends.  False: that side broke (the session was NOT closed). */
HF_MUST_USE bool ftp_add(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n);

/* ending.c */
/* The whole session goes, as it is. */
void ftp_session_vanish(struct ftp_session *s);
/* The client is gone: nobody is left to speak to. */
void ftp_client_broke(struct ftp_session *s, enum hf_reason reason);
void ftp_server_broke(struct ftp_session *s, enum hf_reason reason);
void ftp_leg_broke(struct ftp_session *s, const struct hf_leg *leg); /* either, in a write */
void ftp_session_kill(struct hf_session *session, enum hf_reason reason);
/* A step of LINGER. */
void ftp_session_drain(struct ftp_session *s);
enum hf_phase ftp_phase_of(const struct ftp_session *s);

/* silence.c */
/* Whoever's turn it is now has so much time for it. */
void ftp_watch_silence(struct ftp_session *s);

static inline struct ftp_session *ftp_session_of(struct hf_session *session)
{
    HF_CHECK(session, HF_SESSION_MAGIC);
    return HF_CONTAINER(session, struct ftp_session, session);
}

#endif
