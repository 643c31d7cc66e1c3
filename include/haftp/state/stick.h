/*
 * stick.h: stick tables: keys -> a server and counters, with expiry and a size limit.
 *
 * A key is bytes; how a sample becomes the key of a table is the business of those who have
 * samples.  Sharded by key; each shard has a leaf lock, so every function here may be called from
 * any thread.  Time is hf_loop_now() of the caller, in ms.
 *
 * An entry that somebody holds is there until it is released: it neither expires nor makes room for
 * others.  Counting renews an entry's life, reading does not, as in HAProxy.
 */
#ifndef HAFTP_STATE_STICK_H
#define HAFTP_STATE_STICK_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/str.h"
#include "haftp/conf/model.h"

struct hf_stick_table;
struct hf_stick_entry;
struct hf_server;

struct hf_stick_table *hf_stick_new(const struct hf_cfg_stick_table *cfg); /* NULL: no memory */
void hf_stick_free(struct hf_stick_table *table); /* nobody holds an entry any more */
const struct hf_cfg_stick_table *hf_stick_cfg(const struct hf_stick_table *table);
unsigned hf_stick_count_mt(struct hf_stick_table *table, uint64_t now_ms); /* entries */

/* ---- servers ----------------------------------------------------------------------------- */

/* The server stored for this key, NULL: none; refreshes the entry's life. */
const struct hf_server *hf_stick_get_mt(struct hf_stick_table *table, struct hf_view key,
                                        uint64_t now_ms);
/* Stores; when full, drops the oldest entry unless nopurge. */
void hf_stick_set_mt(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms,
                     const struct hf_server *server);

/* ---- entries that are held ----------------------------------------------------------------- */

/* The entry of this key, to be released.  NULL: there is none; with `make`: the table is full of
 * entries that must stay, or there is no memory. */
struct hf_stick_entry *hf_stick_hold_mt(struct hf_stick_table *table, struct hf_view key, bool make,
                                        uint64_t now_ms);
/* Another hold on an entry that is held. */
void hf_stick_hold_again_mt(struct hf_stick_table *table, struct hf_stick_entry *entry);
/* One whose time is over goes now. */
void hf_stick_release_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                         uint64_t now_ms);

/* The rest is for entries that are held. */
struct hf_view hf_stick_key(const struct hf_stick_entry *entry);
unsigned hf_stick_holders_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry);
const struct hf_server *hf_stick_server_mt(struct hf_stick_table *table,
                                           const struct hf_stick_entry *entry);
/* Until it expires; 0: now, or never. */
uint64_t hf_stick_left_ms_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry,
                             uint64_t now_ms);

/* ---- what entries count -------------------------------------------------------------------- */

/* One number of an entry. */
struct hf_stick_cell {
    enum hf_stick_data data;
    unsigned index; /* of an array; else 0 */
};
/* By how much it grows; one that counts what goes on (conn_cur) also shrinks. */
struct hf_stick_change {
    struct hf_stick_cell cell;
    int64_t amount;
};

/* Has it a number?  (server_id and server_key are none.) */
bool hf_stick_stores(const struct hf_stick_table *table, struct hf_stick_cell cell);
/* Of a rate: per period.  0 where it is not stored. */
uint64_t hf_stick_read_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry,
                          struct hf_stick_cell cell, uint64_t now_ms);
/* Those that are stored, in one step.  What the first of these became; of a rate: what was counted
 * in its present period. */
uint64_t hf_stick_change_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                            const struct hf_stick_change changes[], unsigned n, uint64_t now_ms);
/* What it was.  Of a rate: as if all of it came now. */
uint64_t hf_stick_assign_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                            struct hf_stick_cell cell, uint64_t value, uint64_t now_ms);

void hf_stick_assign_server_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                               const struct hf_server *server, uint64_t now_ms);

/* ---- for administrators -------------------------------------------------------------------- */

/* Where a walk is: zeroed at first. */
struct hf_stick_walk {
    unsigned shard;
    struct hf_stick_entry *at; /* held by the walk; NULL: at the shard's beginning */
};
/* The next entry, which stays held until the next call; NULL: that was all.  In the order in which
 * they came; those that come meanwhile may be seen or not. */
struct hf_stick_entry *hf_stick_next_mt(struct hf_stick_table *table, struct hf_stick_walk *walk,
                                        uint64_t now_ms);
/* Ends one that did not come to its end. */
void hf_stick_stop_mt(struct hf_stick_table *table, struct hf_stick_walk *walk, uint64_t now_ms);
/* It goes when it is released; false: others hold it, and it stays. */
bool hf_stick_forget_mt(struct hf_stick_table *table, struct hf_stick_entry *entry);

#endif
