/*
 * rules.h: runs a section's tcp-request and tcp-response rules for a session.
 *
 * Rules that look at bytes look at them where they are: what a peer sent stays in its socket, for
 * whoever reads it afterwards.  Belongs to the session's worker.
 */
#ifndef HAFTP_STREAM_RULES_H
#define HAFTP_STREAM_RULES_H

#include "haftp/rules/eval.h"
#include "haftp/stream/engine.h"

enum hf_ruling {
    HF_RULING_PASS,   /* accepted, or no rule had anything against it */
    HF_RULING_REJECT, /* close without a word; a silent drop was prepared on the socket */
    HF_RULING_WAIT    /* a rule needs more bytes */
};

/* What an evaluation may know of this session; no bytes yet. */
void hf_rules_prepare(struct hf_eval *eval, struct hf_session *session,
                      const struct hf_cfg_proxy *section);
/* `tcp-request connection` or `tcp-request session` (`set`) of a section, for a connection that was
 * just accepted. */
HF_MUST_USE enum hf_ruling hf_rules_at_entry(struct hf_session *session,
                                             const struct hf_cfg_proxy *section,
                                             enum hf_rule_set set, int fd);

/* Does what a rule of `ftp-request` says that is not FTP's own.  False: no later rule of its set is
 * looked at. */
HF_MUST_USE bool hf_rules_go_on(const struct hf_cfg_rule *rule, struct hf_session *session,
                                struct hf_eval *eval);
/* The rules of `tcp-response content` that ask for ftp.code, when the server has replied. */
HF_MUST_USE enum hf_ruling hf_rules_at_reply(struct hf_session *session,
                                             const struct hf_cfg_proxy *section);

/* As much as HAProxy's buffer holds: beyond it, no more bytes are waited for. */
#define HF_INSPECT_BYTES (16u * 1024u)

/* What the client sent and nobody consumed, below its TLS, in the loop's scratch buffer: what was
 * read and kept (session->unread), then what its socket has.  True: no more will come. */
bool hf_rules_peek_client(const struct hf_session *session, const struct hf_watch *front,
                          struct hf_view *bytes);

/* ---- rules that may wait for bytes -------------------------------------------------------- */

/* One rule set of one section over what has come on one watch. Embedded in its owner. */
struct hf_inspect {
    struct hf_session *session;
    struct hf_watch *watch; /* of the peer whose bytes are looked at */
    const struct hf_cfg_proxy *section;
    enum hf_rule_set set;
    const struct hf_cfg_rule *at; /* the rule that waits, or is next */
    struct hf_timer timer;
    bool final; /* the delay is over: what is missing now stays missing */
    void (*on_due)(struct hf_inspect *inspect);
};

/* Begins; the delay runs from now.  `on_due`: called when the delay is over; calls
 * hf_inspect_run(). */
void hf_inspect_begin(struct hf_inspect *inspect, struct hf_session *session,
                      struct hf_watch *watch, const struct hf_cfg_proxy *section,
                      enum hf_rule_set set, void (*on_due)(struct hf_inspect *inspect));
/* At the beginning, and whenever more may have come.  WAIT: call again. */
HF_MUST_USE enum hf_ruling hf_inspect_run(struct hf_inspect *inspect);
void hf_inspect_stop(struct hf_inspect *inspect); /* idempotent; a zeroed one is stopped */

#endif
