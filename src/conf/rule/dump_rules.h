/*
 * dump_rules.h: what dump.c prints of ACLs, rules and formats.  Private to src/conf.
 */
#ifndef HAFTP_CONF_DUMP_RULES_H
#define HAFTP_CONF_DUMP_RULES_H

#include <stdio.h>

#include "haftp/conf/model.h"

void hf_dump_rules(FILE *out, const struct hf_cfg_proxy *proxy);
void hf_dump_formats(FILE *out, const struct hf_cfg_opts *o);
/* " if a !b or c"; nothing without a condition. */
void hf_dump_condition(FILE *out, const struct hf_cond *cond);

void hf_dump_startup_vars(FILE *out, const struct hf_cfg_global *global);

#endif
