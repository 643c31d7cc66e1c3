/*
 * stick.c: client address -> server index, in shards of a hash table with a list from oldest to
 * newest use.
 *
 * All entries live equally long, so the list is also the order in which they expire: looking at its
 * head is all the cleaning there is.
 */
#include "haftp/state/stick.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

/* Small tables have one shard, so that their size and their oldest entry are exact. */
#define MAX_SHARDS        16u
#define ENTRIES_PER_SHARD 1024u
#define EXPIRE_PER_CALL   8u

struct key {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
};

struct entry {
    struct key key;
    unsigned server_index;
    uint64_t due_ms;
    struct entry *next, *prev;
    UT_hash_handle hh;
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

/* False: an address that this type of table cannot hold (HAProxy's rule: IPv4 goes into either
 * type, IPv6 only into an ipv6 table). */
static bool make_key(const struct hf_stick_table *table, const struct hf_addr *addr,
                     struct key *key)
{
    struct hf_addr plain = *addr;
    hf_addr_unmap(&plain);
    if (plain.sa.sa_family == AF_INET) {
        memset(key->bytes, 0, 10);
        memset(key->bytes + 10, 0xff, 2);
        memcpy(key->bytes + 12, &plain.v4.sin_addr, 4);
        return true;
    }
    if (plain.sa.sa_family != AF_INET6 || table->cfg->type != HF_STICK_IPV6)
        return false;
    memcpy(key->bytes, &plain.v6.sin6_addr, 16);
    return true;
}

static struct shard *shard_of(struct hf_stick_table *table, const struct hf_addr *addr)
{
    /* The high bits: the low ones are as regular as the addresses of a network. */
    return &table->shards[(hf_addr_hash_host(addr) >> 16) % table->n_shards];
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
static struct entry *find_locked(struct shard *shard, const struct key *key, uint64_t now_ms)
{
    struct entry *entry;
    HASH_FIND(hh, shard->by_key, key, sizeof *key, entry);
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
                                const struct key *key)
{
    if (shard->count >= shard->limit) {
        if (table->cfg->nopurge || !shard->oldest)
            return NULL;
        drop_locked(shard, shard->oldest);
    }
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    entry->key = *key;
    HASH_ADD(hh, shard->by_key, key, sizeof entry->key, entry);
    if (!entry->hh.tbl) { /* out of memory */
        free(entry);
        return NULL;
    }
    DL_APPEND(shard->oldest, entry);
    shard->count++;
    return entry;
}

bool hf_stick_get_mt(struct hf_stick_table *table, const struct hf_addr *addr, uint64_t now_ms,
                     unsigned *server_index)
{
    struct key key;
    if (!make_key(table, addr, &key))
        return false;
    struct shard *shard = shard_of(table, addr);

    pthread_mutex_lock(&shard->lock);
    struct entry *entry = find_locked(shard, &key, now_ms);
    if (entry) {
        refresh_locked(table, shard, entry, now_ms);
        *server_index = entry->server_index;
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

void hf_stick_set_mt(struct hf_stick_table *table, const struct hf_addr *addr, uint64_t now_ms,
                     unsigned server_index)
{
    struct key key;
    if (!make_key(table, addr, &key))
        return;
    struct shard *shard = shard_of(table, addr);

    pthread_mutex_lock(&shard->lock);
    expire_locked(shard, now_ms);
    struct entry *entry = find_locked(shard, &key, now_ms);
    if (!entry)
        entry = add_locked(table, shard, &key);
    if (entry) {
        entry->server_index = server_index;
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
