/*
 * stick_int.h: what a stick table is made of.  Private to src/state/stick.
 */
#ifndef HAFTP_STATE_STICK_INT_H
#define HAFTP_STATE_STICK_INT_H

#include "haftp/state/stick.h"

#include <pthread.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define HF_STICK_SHARDS 16u

struct hf_stick_entry {
    const struct hf_server *server; /* NULL: none is remembered */
    uint64_t due_ms;
    struct hf_stick_entry *next, *prev; /* while it is listed */
    UT_hash_handle hh;
    uint32_t holders;
    uint8_t shard;
    bool listed;
    uint64_t words[]; /* what it counts, where table->at says; then the key, hh.keylen bytes */
};

struct hf_stick_shard {
    _Alignas(64) pthread_mutex_t lock;
    struct hf_stick_entry *by_key;
    struct hf_stick_entry *oldest; /* list, least recently used first */
    unsigned count, limit;
};

struct hf_stick_table {
    const struct hf_cfg_stick_table *cfg;
    unsigned n_shards;
    struct hf_cfg_stick_stored stored[HF_N_STICK_DATA]; /* what is had by a name, own or not */
    uint16_t at[HF_N_STICK_DATA];                       /* index in an entry's words */
    uint16_t n_words;
    struct hf_stick_shard shards[HF_STICK_SHARDS];
};

static inline void hf_stick_lock(struct hf_stick_table *table, const struct hf_stick_entry *entry)
{
    pthread_mutex_lock(&table->shards[entry->shard].lock);
}
static inline void hf_stick_unlock(struct hf_stick_table *table, const struct hf_stick_entry *entry)
{
    pthread_mutex_unlock(&table->shards[entry->shard].lock);
}

/* stick.c: its life begins anew. */
void hf_stick_renew_locked(struct hf_stick_table *table, struct hf_stick_entry *entry,
                           uint64_t now_ms);
/* count.c: where an entry's numbers are. */
void hf_stick_lay_out(struct hf_stick_table *table);

#endif
