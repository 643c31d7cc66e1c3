/*
 * log_target.h: where a `log` line sends to, and syslog's names.
 */
#ifndef HAFTP_CONF_LOG_TARGET_H
#define HAFTP_CONF_LOG_TARGET_H

#include "address.h"

/* Targets that lines are not sent to yet: their name for the notice, else NULL. */
const char *hf_log_target_is_later(const char *text);
/* A socket's path, HOST[:PORT], stdout, stderr, fd@N; with prefixes of the address, as unix@, abns@
 * or udp4@. */
bool hf_log_target_parse(struct hf_arena *arena, const char *text, struct hf_cfg_log *log,
                         struct hf_problem *problem);
/* "1,3-4:10": fills sample_ranges and sample_size. */
bool hf_log_sample_parse(struct hf_arena *arena, const char *text, struct hf_cfg_log *log,
                         struct hf_problem *problem);
/* -1: unknown; *nearest then gets a close name or NULL. */
int hf_log_facility(const char *name, const char **nearest);
int hf_log_level(const char *name, const char **nearest);
const char *hf_log_facility_name(int facility);
const char *hf_log_level_name(int level);

#endif
