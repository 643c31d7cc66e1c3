/*
 * build_rule.h: what lines with conditions have in common.  Private to src/conf/rule.
 */
#ifndef HAFTP_CONF_BUILD_RULE_H
#define HAFTP_CONF_BUILD_RULE_H

#include "parse/build.h"

/* A warning when rules that are looked at later than `what` stand before it: sets from `after` on,
 * choices of a backend or server.  The order of evaluation is HAProxy's, whatever the order of the
 * lines. */
void hf_build_warn_late(struct hf_build *b, const char *what, struct hf_loc loc, unsigned after);

#endif
