/*
 * build_action.h: the words of a rule that say what it does.  Private to src/conf.
 */
#ifndef HAFTP_CONF_BUILD_ACTION_H
#define HAFTP_CONF_BUILD_ACTION_H

#include "parse/build.h"

/* By enum hf_rule_set: the words that a rule of it begins with. */
extern const char *const hf_rule_set_names[];

/* Reads the action that stands in b->rule.words, of which there is one at least; `used`: how many
 * of them it took.  False: told. */
bool hf_build_action(struct hf_build *b, enum hf_rule_set set, struct hf_place place,
                     struct hf_cfg_rule *rule, unsigned *used);
/* A hint for who does not know what to write. */
const char *hf_action_examples(enum hf_rule_set set);

#endif
