/*
 * admit.h: from an accepted connection to a session that may have a server: the rules of its
 * section, the choice of its backend, the rules of that.
 *
 * Most sessions pass at once.  One whose rules wait for bytes has a struct hf_admit until they are
 * decided; an established session carries nothing of it.
 */
#ifndef HAFTP_STREAM_ADMIT_H
#define HAFTP_STREAM_ADMIT_H

#include "haftp/stream/rules.h"

struct hf_admit;
/* The rules are decided: PASS or REJECT.  The owner frees the hf_admit in here or later. */
typedef void (*hf_admit_fn)(struct hf_session *session, enum hf_ruling ruling);

/* `front`: the client's watch.  WAIT: *waiting is set and `fn` will be called, never from within;
 * until then call hf_admit_progress() whenever the client may have sent more.  REJECT records why
 * in the facts (also when there is no memory to wait with).  `late`: only the rules of the section
 * that the client came to; the rest follows with hf_admit_choose(), once more is known. */
HF_MUST_USE enum hf_ruling hf_admit_begin(struct hf_session *session, struct hf_watch *front,
                                          bool late, hf_admit_fn fn, struct hf_admit **waiting);
/* The choice of the backend, its rules, `use-server`.  PASS without a backend: none is responsible.
 */
HF_MUST_USE enum hf_ruling hf_admit_choose(struct hf_session *session, struct hf_watch *front,
                                           hf_admit_fn fn, struct hf_admit **waiting);
/* Takes the choice back; the session must have given back its server. */
void hf_admit_undo(struct hf_session *session);
void hf_admit_progress(struct hf_admit *admit);
/* A header or a handshake is awaited, which says itself how a client broke off in it. */
bool hf_admit_is_approached(const struct hf_admit *admit);
void hf_admit_free(struct hf_admit *admit); /* NULL is fine */

#endif
