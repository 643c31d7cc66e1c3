/*
 * stick.c: keys -> servers, in shards of a hash table with a list from oldest to newest use.
 *
 * All entries live equally long, so the list is also the order in which they expire: looking at its
 * head is all the cleaning there is.
 */
#include "haftp/state/stick.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/hash.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* Small tables have one shard, so that their size and their oldest entry are exact. */
#define MAX_SHARDS        16u
#define ENTRIES_PER_SHARD 1024u
#define EXPIRE_PER_CALL   8u

struct entry {
    const struct hf_server *server;
    uint64_t due_ms;
    struct entry *next, *prev;
    UT_hash_handle hh;
    char key[]; /* hh.keylen bytes */
};

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct entry *by_key;
    struct entry *oldest; /* list, least recently used first */
    unsigned count, limit;
};

struct hf_stick_table {
    const struct hf_cfg_stick_table *cfg;
    unsigned n_shards;
    struct shard shards[MAX_SHARDS];
};

struct hf_stick_table *hf_stick_new(const struct hf_cfg_stick_table *cfg)
{
    struct hf_stick_table *table = aligned_alloc(64, sizeof *table);
    if (!table)
        return NULL;
    memset(table, 0, sizeof *table);
    table->cfg = cfg;
    table->n_shards = cfg->size / ENTRIES_PER_SHARD;
    if (table->n_shards < 1)
        table->n_shards = 1;
    if (table->n_shards > MAX_SHARDS)
        table->n_shards = MAX_SHARDS;
    for (unsigned i = 0; i < table->n_shards; i++) {
        struct shard *shard = &table->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->limit = cfg->size / table->n_shards + (i < cfg->size % table->n_shards);
    }
    return table;
}

static void drop_locked(struct shard *shard, struct entry *entry)
{
    HASH_DEL(shard->by_key, entry);
    DL_DELETE(shard->oldest, entry);
    shard->count--;
    free(entry);
}

void hf_stick_free(struct hf_stick_table *table)
{
    if (!table)
        return;
    for (unsigned i = 0; i < table->n_shards; i++) {
        struct shard *shard = &table->shards[i];
        while (shard->oldest)
            drop_locked(shard, shard->oldest);
        pthread_mutex_destroy(&shard->lock);
    }
    free(table);
}

const struct hf_cfg_stick_table *hf_stick_cfg(const struct hf_stick_table *table)
{
    return table->cfg;
}

static struct shard *shard_of(struct hf_stick_table *table, struct hf_view key)
{
    /* Spread: what is hashed here may count up, like the addresses of a network. */
    uint32_t hash = hf_hash_avalanche(hf_hash_sdbm(key));
    return &table->shards[(hash >> 16) % table->n_shards];
}

static void expire_locked(struct shard *shard, uint64_t now_ms)
{
    for (unsigned i = 0; i < EXPIRE_PER_CALL; i++) {
        if (!shard->oldest || shard->oldest->due_ms > now_ms)
            return;
        drop_locked(shard, shard->oldest);
    }
}

/* The live entry of this key, or NULL. */
static struct entry *find_locked(struct shard *shard, struct hf_view key, uint64_t now_ms)
{
    struct entry *entry;
    HASH_FIND(hh, shard->by_key, key.p, key.n, entry);
    if (entry && entry->due_ms <= now_ms) {
        drop_locked(shard, entry);
        entry = NULL;
    }
    return entry;
}

static void refresh_locked(struct hf_stick_table *table, struct shard *shard, struct entry *entry,
                           uint64_t now_ms)
{
    entry->due_ms = table->cfg->expire_ms ? now_ms + table->cfg->expire_ms : UINT64_MAX;
    DL_DELETE(shard->oldest, entry);
    DL_APPEND(shard->oldest, entry);
}

static struct entry *add_locked(struct hf_stick_table *table, struct shard *shard,
                                struct hf_view key)
{
    if (shard->count >= shard->limit) {
        if (table->cfg->nopurge || !shard->oldest)
            return NULL;
        drop_locked(shard, shard->oldest);
    }
    struct entry *entry = calloc(1, sizeof *entry + key.n);
    if (!entry)
        return NULL;
    memcpy(entry->key, key.p, key.n);
    HASH_ADD_KEYPTR(hh, shard->by_key, entry->key, key.n, entry);
    if (!entry->hh.tbl) { /* out of memory */
        free(entry);
        return NULL;
    }
    DL_APPEND(shard->oldest, entry);
    shard->count++;
    return entry;
}

const struct hf_server *hf_stick_get_mt(struct hf_stick_table *table, struct hf_view key,
                                        uint64_t now_ms)
{
    struct shard *shard = shard_of(table, key);
    const struct hf_server *server = NULL;

    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find_locked(shard, key, now_ms);
    if (entry) {
        refresh_locked(table, shard, entry, now_ms);
        server = entry->server;
    }
    pthread_mutex_unlock(&shard->lock);
    return server;
}

void hf_stick_set_mt(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms,
                     const struct hf_server *server)
{
    struct shard *shard = shard_of(table, key);

    pthread_mutex_lock(&shard->lock);
    expire_locked(shard, now_ms);
    struct entry *entry = find_locked(shard, key, now_ms);
    if (!entry)
        entry = add_locked(table, shard, key);
    if (entry) {
        entry->server = server;
        refresh_locked(table, shard, entry, now_ms);
    }
    pthread_mutex_unlock(&shard->lock);
}

unsigned hf_stick_count_mt(struct hf_stick_table *table)
{
    unsigned count = 0;
    for (unsigned i = 0; i < table->n_shards; i++) {
        struct shard *shard = &table->shards[i];
        pthread_mutex_lock(&shard->lock);
        count += shard->count;
        pthread_mutex_unlock(&shard->lock);
    }
    return count;
}
