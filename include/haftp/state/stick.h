/*
 * stick.h: stick tables: keys -> servers, with expiry and a size limit.
 *
 * A key is bytes; how a sample becomes the key of a table is the business of those who have
 * samples.  Sharded by key; each shard has a leaf lock.  Any thread.  Time is hf_loop_now() of the
 * caller.
 */
#ifndef HAFTP_STATE_STICK_H
#define HAFTP_STATE_STICK_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/str.h"
#include "haftp/conf/model.h"

struct hf_stick_table;
struct hf_server;

struct hf_stick_table *hf_stick_new(const struct hf_cfg_stick_table *cfg); /* NULL: no memory */
void hf_stick_free(struct hf_stick_table *table);
const struct hf_cfg_stick_table *hf_stick_cfg(const struct hf_stick_table *table);
/* The server stored for this key, NULL: none; refreshes the entry's life. */
const struct hf_server *hf_stick_get_mt(struct hf_stick_table *table, struct hf_view key,
                                        uint64_t now_ms);
/* Stores; when full, drops the oldest entry unless nopurge. */
void hf_stick_set_mt(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms,
                     const struct hf_server *server);
unsigned hf_stick_count_mt(struct hf_stick_table *table);

#endif
