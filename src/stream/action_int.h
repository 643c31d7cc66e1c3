/*
 * action_int.h: what one rule does.  Private to src/stream.
 */
#ifndef HAFTP_STREAM_ACTION_INT_H
#define HAFTP_STREAM_ACTION_INT_H

#include "haftp/rules/eval.h"
#include "haftp/stream/engine.h"

enum hf_acted {
    HF_ACTED,      /* done; the next rule is looked at */
    HF_ACTED_LAST, /* done; the rest of the set is not looked at */
    HF_ACTED_WAIT, /* its expression needs more bytes: try again */
    HF_ACTED_REJECT
};

/* The rule's condition holds.  `fd`: the peer whose connection the rule is about. */
enum hf_acted hf_action_run(const struct hf_cfg_rule *rule, struct hf_session *session, int fd,
                            struct hf_eval *eval);

#endif
