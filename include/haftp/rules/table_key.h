/*
 * table_key.h: samples as keys of stick tables.  Belongs to the session's worker; allocates
 * nothing.
 */
#ifndef HAFTP_RULES_TABLE_KEY_H
#define HAFTP_RULES_TABLE_KEY_H

#include "haftp/conf/model.h"
#include "haftp/rules/eval.h"

/* Strings and binary keys of a longer `len` are cut here. */
#define HF_TABLE_KEY_BYTES 1024u

struct hf_table_key {
    size_t n;
    char bytes[HF_TABLE_KEY_BYTES];
};

/* What identifies the sample in such a table, after the casts that HAProxy makes; spoils it.
 * False: it cannot be a key of that type. */
bool hf_table_key(const struct hf_cfg_stick_table *table, struct hf_sample *sample,
                  struct hf_eval *eval, struct hf_table_key *key);

#endif
