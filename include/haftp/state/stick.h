/*
 * stick.h: stick tables: client address -> server, with expiry and a size limit.
 *
 * Sharded by address; each shard has a leaf lock.  Any thread.  Time is hf_loop_now() of the
 * caller.
 */
#ifndef HAFTP_STATE_STICK_H
#define HAFTP_STATE_STICK_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/addr.h"
#include "haftp/conf/model.h"

struct hf_stick_table;

struct hf_stick_table *hf_stick_new(const struct hf_cfg_stick_table *cfg); /* NULL: no memory */
void hf_stick_free(struct hf_stick_table *table);
/* The server's index stored for this address; refreshes the entry's life. */
bool hf_stick_get_mt(struct hf_stick_table *table, const struct hf_addr *key, uint64_t now_ms,
                     unsigned *server_index);
/* Stores; when full, drops the oldest entry unless nopurge. */
void hf_stick_set_mt(struct hf_stick_table *table, const struct hf_addr *key, uint64_t now_ms,
                     unsigned server_index);
unsigned hf_stick_count_mt(struct hf_stick_table *table);

#endif
