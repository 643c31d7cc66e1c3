/*
 * stick.c: entries by key, in shards of a hash table with a list from oldest to newest use.
 *
 * All entries live equally long, so the list is also the order in which they expire: looking at its
 * head is all the cleaning there is.  An entry that is held stays where it is in the list until it
 * comes to the head and is in the way; then it leaves the list, and comes back to the head when it
 * is released: all that was older is gone by then.
 */
#include "stick_int.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "haftp/base/assert.h"
#include "haftp/base/hash.h"

/* Small tables have one shard, so that their size and their oldest entry are exact. */
#define ENTRIES_PER_SHARD 1024u
#define EXPIRE_PER_CALL   8u

static unsigned n_shards_of(const struct hf_cfg_stick_table *cfg)
{
    unsigned n = cfg->size / ENTRIES_PER_SHARD;
    return n < 1 ? 1 : n > HF_STICK_SHARDS ? HF_STICK_SHARDS : n;
}

struct hf_stick_table *hf_stick_new(const struct hf_cfg_stick_table *cfg)
{
    struct hf_stick_table *table = aligned_alloc(64, sizeof *table);
    if (!table)
        return NULL;
    memset(table, 0, sizeof *table);
    table->cfg = cfg;
    table->n_shards = n_shards_of(cfg);
    hf_stick_lay_out(table);
    for (unsigned i = 0; i < table->n_shards; i++) {
        struct hf_stick_shard *shard = &table->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->limit = cfg->size / table->n_shards + (i < cfg->size % table->n_shards);
    }
    return table;
}

const struct hf_cfg_stick_table *hf_stick_cfg(const struct hf_stick_table *table)
{
    return table->cfg;
}

/* ---- the list ---------------------------------------------------------------------------- */

static void unlist(struct hf_stick_shard *shard, struct hf_stick_entry *entry)
{
    if (entry->listed)
        DL_DELETE(shard->oldest, entry);
    entry->listed = false;
}

static void drop(struct hf_stick_shard *shard, struct hf_stick_entry *entry)
{
    unlist(shard, entry);
    HASH_DEL(shard->by_key, entry);
    shard->count--;
    free(entry);
}

void hf_stick_free(struct hf_stick_table *table)
{
    struct hf_stick_entry *entry, *next;

    if (!table)
        return;
    for (unsigned i = 0; i < table->n_shards; i++) {
        struct hf_stick_shard *shard = &table->shards[i];
        HASH_ITER(hh, shard->by_key, entry, next)
        {
            HF_ASSERT(entry->holders == 0);
            drop(shard, entry);
        }
        pthread_mutex_destroy(&shard->lock);
    }
    free(table);
}

void hf_stick_renew_locked(struct hf_stick_table *table, struct hf_stick_entry *entry,
                           uint64_t now_ms)
{
    struct hf_stick_shard *shard = &table->shards[entry->shard];

    entry->due_ms = table->cfg->expire_ms ? now_ms + table->cfg->expire_ms : UINT64_MAX;
    unlist(shard, entry);
    DL_APPEND(shard->oldest, entry);
    entry->listed = true;
}

/* The least recently used entry that nobody holds, or NULL. */
static struct hf_stick_entry *oldest_free(struct hf_stick_shard *shard)
{
    while (shard->oldest && shard->oldest->holders)
        unlist(shard, shard->oldest);
    return shard->oldest;
}

/* True: there may be more. */
static bool expire_some(struct hf_stick_shard *shard, uint64_t now_ms)
{
    for (unsigned i = 0; i < EXPIRE_PER_CALL; i++) {
        struct hf_stick_entry *entry = oldest_free(shard);
        if (!entry || entry->due_ms > now_ms)
            return false;
        drop(shard, entry);
    }
    return true;
}

unsigned hf_stick_count_mt(struct hf_stick_table *table, uint64_t now_ms)
{
    unsigned count = 0;

    for (unsigned i = 0; i < table->n_shards; i++) {
        struct hf_stick_shard *shard = &table->shards[i];
        bool more = true;
        while (more) { /* letting others in between */
            pthread_mutex_lock(&shard->lock);
            more = expire_some(shard, now_ms);
            count += more ? 0 : shard->count;
            pthread_mutex_unlock(&shard->lock);
        }
    }
    return count;
}

/* ---- by key ------------------------------------------------------------------------------ */

static unsigned shard_of(const struct hf_stick_table *table, struct hf_view key)
{
    /* Spread: what is hashed here may count up, like the addresses of a network. */
    uint32_t hash = hf_hash_avalanche(hf_hash_sdbm(key));
    return (hash >> 16) % table->n_shards;
}

/* NULL: there is none, or its time is over. */
static struct hf_stick_entry *find(struct hf_stick_shard *shard, struct hf_view key,
                                   uint64_t now_ms)
{
    struct hf_stick_entry *entry;

    HASH_FIND(hh, shard->by_key, key.p, key.n, entry);
    if (entry && entry->due_ms <= now_ms && !entry->holders) {
        drop(shard, entry);
        entry = NULL;
    }
    return entry;
}

static bool make_room(const struct hf_stick_table *table, struct hf_stick_shard *shard)
{
    if (shard->count < shard->limit)
        return true;
    struct hf_stick_entry *oldest = table->cfg->nopurge ? NULL : oldest_free(shard);
    if (oldest)
        drop(shard, oldest);
    return oldest != NULL;
}

static struct hf_stick_entry *add(struct hf_stick_table *table, unsigned index, struct hf_view key,
                                  uint64_t now_ms)
{
    struct hf_stick_shard *shard = &table->shards[index];
    size_t data = table->n_words * sizeof(uint64_t);

    if (!make_room(table, shard))
        return NULL;
    struct hf_stick_entry *entry = calloc(1, sizeof *entry + data + key.n);
    if (!entry)
        return NULL;
    entry->shard = (uint8_t)index;
    char *bytes = (char *)entry->words + data;
    memcpy(bytes, key.p, key.n);
    HASH_ADD_KEYPTR(hh, shard->by_key, bytes, key.n, entry);
    if (!entry->hh.tbl) { /* out of memory */
        free(entry);
        return NULL;
    }
    shard->count++;
    hf_stick_renew_locked(table, entry, now_ms);
    return entry;
}

static struct hf_stick_entry *find_or_add(struct hf_stick_table *table, unsigned index,
                                          struct hf_view key, uint64_t now_ms)
{
    struct hf_stick_shard *shard = &table->shards[index];

    (void)expire_some(shard, now_ms);
    struct hf_stick_entry *entry = find(shard, key, now_ms);
    return entry ? entry : add(table, index, key, now_ms);
}

/* ---- servers ----------------------------------------------------------------------------- */

const struct hf_server *hf_stick_get_mt(struct hf_stick_table *table, struct hf_view key,
                                        uint64_t now_ms)
{
    struct hf_stick_shard *shard = &table->shards[shard_of(table, key)];
    const struct hf_server *server = NULL;

    pthread_mutex_lock(&shard->lock);
    struct hf_stick_entry *entry = find(shard, key, now_ms);
    if (entry) {
        hf_stick_renew_locked(table, entry, now_ms);
        server = entry->server;
    }
    pthread_mutex_unlock(&shard->lock);
    return server;
}

void hf_stick_set_mt(struct hf_stick_table *table, struct hf_view key, uint64_t now_ms,
                     const struct hf_server *server)
{
    unsigned index = shard_of(table, key);
    struct hf_stick_shard *shard = &table->shards[index];

    pthread_mutex_lock(&shard->lock);
    struct hf_stick_entry *entry = find_or_add(table, index, key, now_ms);
    if (entry) {
        entry->server = server;
        hf_stick_renew_locked(table, entry, now_ms);
    }
    pthread_mutex_unlock(&shard->lock);
}

/* ---- held -------------------------------------------------------------------------------- */

struct hf_stick_entry *hf_stick_hold_mt(struct hf_stick_table *table, struct hf_view key, bool make,
                                        uint64_t now_ms)
{
    unsigned index = shard_of(table, key);
    struct hf_stick_shard *shard = &table->shards[index];

    pthread_mutex_lock(&shard->lock);
    struct hf_stick_entry *entry =
        make ? find_or_add(table, index, key, now_ms) : find(shard, key, now_ms);
    if (entry)
        entry->holders++;
    pthread_mutex_unlock(&shard->lock);
    return entry;
}

void hf_stick_hold_again_mt(struct hf_stick_table *table, struct hf_stick_entry *entry)
{
    hf_stick_lock(table, entry);
    entry->holders++;
    hf_stick_unlock(table, entry);
}

static void release(struct hf_stick_shard *shard, struct hf_stick_entry *entry, uint64_t now_ms)
{
    HF_ASSERT(entry->holders > 0);
    if (--entry->holders > 0)
        return;
    if (entry->due_ms <= now_ms) {
        drop(shard, entry);
    } else if (!entry->listed) {
        DL_PREPEND(shard->oldest, entry);
        entry->listed = true;
    }
}

void hf_stick_release_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                         uint64_t now_ms)
{
    struct hf_stick_shard *shard = &table->shards[entry->shard];

    pthread_mutex_lock(&shard->lock);
    release(shard, entry, now_ms);
    pthread_mutex_unlock(&shard->lock);
}

bool hf_stick_forget_mt(struct hf_stick_table *table, struct hf_stick_entry *entry)
{
    hf_stick_lock(table, entry);
    bool alone = entry->holders == 1;
    if (alone)
        entry->due_ms = 0;
    hf_stick_unlock(table, entry);
    return alone;
}

/* ---- one after the other ----------------------------------------------------------------- */

/* Behind the one that the walk is at, which it lets go. */
static struct hf_stick_entry *step(struct hf_stick_shard *shard, struct hf_stick_walk *walk,
                                   uint64_t now_ms)
{
    struct hf_stick_entry *next = walk->at ? walk->at->hh.next : shard->by_key;

    while (next && next->due_ms <= now_ms && !next->holders)
        next = next->hh.next;
    if (next)
        next->holders++;
    if (walk->at)
        release(shard, walk->at, now_ms);
    return next;
}

struct hf_stick_entry *hf_stick_next_mt(struct hf_stick_table *table, struct hf_stick_walk *walk,
                                        uint64_t now_ms)
{
    for (; walk->shard < table->n_shards; walk->shard++) {
        struct hf_stick_shard *shard = &table->shards[walk->shard];
        pthread_mutex_lock(&shard->lock);
        walk->at = step(shard, walk, now_ms);
        pthread_mutex_unlock(&shard->lock);
        if (walk->at)
            break;
    }
    return walk->at;
}

void hf_stick_stop_mt(struct hf_stick_table *table, struct hf_stick_walk *walk, uint64_t now_ms)
{
    if (walk->at)
        hf_stick_release_mt(table, walk->at, now_ms);
    *walk = (struct hf_stick_walk){.shard = table->n_shards};
}
