/*
 * dump_int.h: what dump.c and section/dump.c share.  Private to src/conf.
 */
#ifndef HAFTP_CONF_DUMP_INT_H
#define HAFTP_CONF_DUMP_INT_H

#include <stdio.h>

#include "haftp/conf/sections.h"
#include "parse/keywords.h"

/* The rows of `object` that are not what they would be anyway; `before` and `after` go around each.
 */
void hf_dump_rows(FILE *out, enum hf_object kind, uint64_t where, const void *object,
                  const char *before, const char *after);
void hf_dump_bind(FILE *out, const struct hf_cfg_bind *bind);
void hf_dump_server(FILE *out, const char *keyword, const struct hf_cfg_server *server);
/* " store DATA,...", or nothing. */
void hf_dump_stored(FILE *out, const struct hf_cfg_stick_table *table);
void hf_dump_logs(FILE *out, const struct hf_cfg_log *logs);

/* The sections that others may name (section/dump.c). */
void hf_dump_sections(FILE *out, const struct hf_config *config);

#endif
