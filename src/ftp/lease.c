/*
 * lease.c: the table of leases: (slot, client address) -> session.
 */
#include "haftp/ftp/lease.h"

#include <pthread.h>
#include <stdlib.h>
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "haftp/base/rand.h"
#include "haftp/ftp/peer.h"
#include "haftp/stream/engine.h"

#define WAIT_BUCKETS 64u
/* Ports with leases of others that are looked at for one that a client could share: all of any
 * usual range.  A client that finds none among so many has leases on nearly all, and can wait for
 * its own; the lock, at 0.1 microseconds a look, cannot. */
#define MOST_LOOKS   256u

struct lease_key { /* hashed as bytes */
    uint32_t slot;
    struct hf_peer_key peer;
};

struct lease_entry {
    struct lease_key key;
    struct hf_lease_owner owner; /* engine NULL: a session of another process */
    UT_hash_handle hh;
};

/* Slots without a lease, in no order. */
struct idle_slots {
    unsigned *index; /* into the table's slots */
    unsigned n;
};

/* The slots of one data bind: neighbours in the table, in port order. */
struct slot_run {
    const struct hf_cfg_bind *bind;
    unsigned first, count;
    struct idle_slots *idle; /* by worker */
};

struct hf_lease_table {
    pthread_mutex_t lock; /* guards leases and the counts in slots */
    struct lease_entry *leases;
    uint64_t last_serial;
    struct hf_lease_slot *slots;
    unsigned n_slots;
    unsigned *idle_index; /* what the runs' lists lie in */
    struct slot_run *runs;
    unsigned n_runs;
    unsigned n_workers;
    bool shares_ports; /* with processes before or after us */
    unsigned part;     /* ours */
    struct hf_waitlist
        waiting[WAIT_BUCKETS]; /* by client: whoever is woken can mostly use the port */
};

/* ---- making the table ---- */

static bool opens_ports(const struct hf_cfg_bind *bind)
{
    return bind->role == HF_BIND_DATA && !bind->shared_with;
}

/* `accept-proxy`, or a rule that asks for it now and then. */
static bool reads_headers(const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_rule *rule;
    for (rule = bind->proxy->rules[HF_RULES_CONNECTION]; rule; rule = rule->next)
        if (rule->action == HF_RULE_EXPECT_PROXY || rule->action == HF_RULE_EXPECT_CIP)
            return true;
    return bind->accept_proxy || bind->accept_netscaler_cip;
}

static struct idle_slots *idle_of(struct hf_lease_table *table, const struct hf_lease_slot *slot)
{
    return &table->runs[slot->run].idle[slot->worker];
}

static void add_idle(struct hf_lease_table *table, struct hf_lease_slot *slot)
{
    struct idle_slots *idle = idle_of(table, slot);
    slot->idle_at = idle->n;
    idle->index[idle->n++] = (unsigned)(slot - table->slots);
}

static void remove_idle(struct hf_lease_table *table, const struct hf_lease_slot *slot)
{
    struct idle_slots *idle = idle_of(table, slot);
    unsigned last = idle->index[--idle->n];
    idle->index[slot->idle_at] = last;
    table->slots[last].idle_at = slot->idle_at;
}

/* Each worker's list has room for the ports that are its own. */
static void divide_room(const struct hf_lease_table *table, const struct slot_run *run)
{
    unsigned *room = &table->idle_index[run->first];
    for (unsigned i = 0; i < table->n_workers; i++) {
        run->idle[i].index = room;
        for (unsigned port = run->bind->port_lo; port <= run->bind->port_hi; port++)
            room += port % table->n_workers == i;
    }
}

static bool add_run(struct hf_lease_table *table, const struct hf_cfg_bind *bind)
{
    struct slot_run *run = &table->runs[table->n_runs];
    bool headers = reads_headers(bind);
    run->idle = calloc(table->n_workers, sizeof *run->idle);
    if (!run->idle)
        return false;
    run->bind = bind;
    run->first = table->n_slots;
    divide_room(table, run);
    for (unsigned port = bind->port_lo; port <= bind->port_hi; port++) {
        struct hf_lease_slot *slot = &table->slots[table->n_slots++];
        slot->bind = bind;
        slot->port = (uint16_t)port;
        slot->worker = (uint16_t)(port % table->n_workers);
        slot->reads_headers = headers;
        slot->run = table->n_runs;
        run->count++;
        add_idle(table, slot);
    }
    table->n_runs++;
    return true;
}

static bool add_runs(struct hf_lease_table *table, const struct hf_config *config)
{
    for (const struct hf_cfg_proxy *proxy = config->proxies; proxy; proxy = proxy->next)
        for (const struct hf_cfg_bind *bind = proxy->binds; bind; bind = bind->next)
            if (opens_ports(bind) && !proxy->o.disabled && !add_run(table, bind))
                return false;
    return true;
}

struct hf_lease_table *hf_lease_table_new(const struct hf_config *config, unsigned n_workers)
{
    unsigned n_slots = 0, n_runs = 0;
    for (const struct hf_cfg_proxy *proxy = config->proxies; proxy; proxy = proxy->next)
        for (const struct hf_cfg_bind *bind = proxy->binds; bind; bind = bind->next)
            if (opens_ports(bind) && !proxy->o.disabled) {
                n_slots += (unsigned)bind->port_hi - bind->port_lo + 1;
                n_runs++;
            }

    struct hf_lease_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    pthread_mutex_init(&table->lock, NULL);
    for (unsigned i = 0; i < WAIT_BUCKETS; i++)
        hf_waitlist_init(&table->waiting[i]);
    table->n_workers = n_workers;
    table->slots = calloc(n_slots + 1, sizeof *table->slots);
    table->idle_index = calloc(n_slots + 1, sizeof *table->idle_index);
    table->runs = calloc(n_runs + 1, sizeof *table->runs);
    if (!table->slots || !table->idle_index || !table->runs || !add_runs(table, config)) {
        hf_lease_table_free(table);
        return NULL;
    }
    return table;
}

void hf_lease_table_free(struct hf_lease_table *table)
{
    if (!table)
        return;
    struct lease_entry *entry, *next;
    HASH_ITER(hh, table->leases, entry, next)
    {
        HASH_DEL(table->leases, entry);
        free(entry);
    }
    for (unsigned i = 0; i < WAIT_BUCKETS; i++)
        hf_waitlist_fini(&table->waiting[i]);
    for (unsigned i = 0; i < table->n_runs; i++)
        free(table->runs[i].idle);
    pthread_mutex_destroy(&table->lock);
    free(table->slots);
    free(table->idle_index);
    free(table->runs);
    free(table);
}

unsigned hf_lease_slot_count(const struct hf_lease_table *table)
{
    return table->n_slots;
}

struct hf_lease_slot *hf_lease_slot_at(struct hf_lease_table *table, unsigned index)
{
    return &table->slots[index];
}

/* ---- keys ---- */

static struct lease_key key_of(const struct hf_lease_table *table, const struct hf_lease_slot *slot,
                               const struct hf_addr *client, enum hf_ftp_peer rule)
{
    return (struct lease_key){(uint32_t)(slot - table->slots), hf_peer_key_of(client, rule)};
}

static struct lease_entry *find(struct hf_lease_table *table, const struct hf_lease_slot *slot,
                                const struct hf_addr *client, enum hf_ftp_peer rule)
{
    struct lease_key key = key_of(table, slot, client, rule);
    struct lease_entry *entry;
    HASH_FIND(hh, table->leases, &key, sizeof key, entry);
    return entry;
}

static struct hf_waitlist *bucket_of(struct hf_lease_table *table, const struct hf_peer_key *peer)
{
    unsigned hash = peer->family;
    for (unsigned i = 0; i < sizeof peer->host; i++)
        hash = hash * 31 + peer->host[i];
    return &table->waiting[hash % WAIT_BUCKETS];
}

struct hf_waitlist *hf_lease_waitlist(struct hf_lease_table *table,
                                      const struct hf_cfg_proxy *control,
                                      const struct hf_addr *client)
{
    struct hf_peer_key peer = hf_peer_key_of(client, control->o.ftp_peer);
    return bucket_of(table, &peer);
}

/* ---- taking ---- */

/* Few parts leave each process more ports, many parts serve more processes. */
static unsigned parts_of(unsigned n_ports)
{
    if (n_ports >= 64)
        return HF_LEASE_PARTS;
    if (n_ports >= 16)
        return HF_LEASE_PARTS / 2;
    return n_ports < 4 ? n_ports : 4;
}

/* A lease of the other process would be taken for ours, and a file come to the wrong session. */
static bool is_our_part(const struct hf_lease_table *table, const struct hf_lease_slot *slot)
{
    unsigned parts = parts_of(table->runs[slot->run].count);
    return !table->shares_ports || slot->port % parts == table->part % parts;
}

/* May a slot that has leases carry one more? */
static bool can_be_shared(struct hf_lease_table *table, const struct hf_lease_slot *slot,
                          const struct hf_addr *client, enum hf_ftp_peer rule)
{
    if (rule == HF_FTP_PEER_ANY || slot->peer_rule != rule)
        return false; /* kinds are not mixed: a claim could fit two leases */
    return !find(table, slot, client, rule);
}

/* Who will connect to this slot, as it sees them. */
static const struct hf_addr *comer(const struct hf_lease_slot *slot,
                                   const struct hf_lease_wish *wish)
{
    return slot->reads_headers ? wish->client : wish->sender;
}

static struct hf_lease_slot *random_idle(struct hf_lease_table *table,
                                         const struct idle_slots *idle)
{
    unsigned start = idle->n ? hf_rand_below(idle->n) : 0;
    for (unsigned i = 0; i < idle->n; i++) { /* the first, or one of the next few */
        struct hf_lease_slot *slot = &table->slots[idle->index[(start + i) % idle->n]];
        if (is_our_part(table, slot))
            return slot;
    }
    return NULL;
}

/* Of the own worker, or of any, beginning with a random one. */
static struct hf_lease_slot *idle_slot_in(struct hf_lease_table *table, const struct slot_run *run,
                                          unsigned worker, bool own)
{
    if (own)
        return worker < table->n_workers ? random_idle(table, &run->idle[worker]) : NULL;
    struct hf_lease_slot *slot = NULL;
    unsigned start = hf_rand_below(table->n_workers);
    for (unsigned i = 0; i < table->n_workers && !slot; i++)
        slot = random_idle(table, &run->idle[(start + i) % table->n_workers]);
    return slot;
}

/* None is idle: one whose leases are all of other clients. */
static struct hf_lease_slot *shared_slot_in(struct hf_lease_table *table,
                                            const struct slot_run *run,
                                            const struct hf_lease_wish *wish, unsigned worker,
                                            bool own)
{
    enum hf_ftp_peer rule = wish->control->o.ftp_peer;
    unsigned start = hf_rand_below(run->count), looks = 0;
    for (unsigned i = 0; i < run->count && looks < MOST_LOOKS; i++) {
        struct hf_lease_slot *slot = &table->slots[run->first + (start + i) % run->count];
        if (own && slot->worker != worker)
            continue;
        looks++;
        if (slot->leased && is_our_part(table, slot) &&
            can_be_shared(table, slot, comer(slot, wish), rule))
            return slot;
    }
    return NULL;
}

static struct hf_lease_slot *free_slot_in(struct hf_lease_table *table, const struct slot_run *run,
                                          const struct hf_lease_wish *wish, unsigned worker,
                                          bool own)
{
    struct hf_lease_slot *slot = idle_slot_in(table, run, worker, own);
    return slot ? slot : shared_slot_in(table, run, wish, worker, own);
}

static const struct slot_run *run_of(const struct hf_lease_table *table,
                                     const struct hf_cfg_bind *bind)
{
    if (bind->shared_with)
        bind = bind->shared_with;
    for (unsigned i = 0; i < table->n_runs; i++)
        if (table->runs[i].bind == bind)
            return &table->runs[i];
    return NULL;
}

static bool listens_at(const struct hf_cfg_bind *bind, const struct hf_addr *local)
{
    const struct hf_addr *at = &bind->addr;
    if (!hf_addr_is_any(at))
        return hf_addr_same_host(at, local);
    return at->sa.sa_family == local->sa.sa_family ||
           (at->sa.sa_family == AF_INET6 && !bind->v6only);
}

static bool any_listens_at(const struct hf_lease_wish *wish, const struct hf_addr *at)
{
    for (const struct hf_cfg_data_range *r = wish->control->data_ranges; r; r = r->next)
        if (hf_data_range_serves(r, wish->server) && listens_at(r->bind, at))
            return true;
    return false;
}

static bool any_is_bound_to(const struct hf_lease_wish *wish, const struct hf_addr *at)
{
    for (const struct hf_cfg_data_range *r = wish->control->data_ranges; r; r = r->next)
        if (hf_data_range_serves(r, wish->server) && hf_addr_same_host(&r->bind->addr, at))
            return true;
    return false;
}

/* The address of ours where the data connection will come in; NULL: none that we know.
 *
 * A client that came by IPv6 and is told an IPv4 address either knows nothing of IPv6, and comes
 * through the same translator to the same address; or it has both families, and only `ftp-data peer
 * any` lets it in, whose IPv4 address nobody knows. */
static const struct hf_addr *landing(const struct hf_lease_wish *wish)
{
    const struct hf_addr *told = wish->told;
    bool other_family = told->sa.sa_family != wish->local->sa.sa_family;
    bool goes_there =
        other_family ? wish->control->o.ftp_peer == HF_FTP_PEER_ANY && any_listens_at(wish, told)
                     : any_is_bound_to(wish, told);

    if (goes_there)
        return told;
    return any_listens_at(wish, wish->local) ? wish->local : NULL;
}

/* Own worker's ports in all ranges first, then anybody's.  *served: some range serves this server
 * at all. */
static struct hf_lease_slot *free_slot(struct hf_lease_table *table,
                                       const struct hf_lease_wish *wish, unsigned worker,
                                       bool *served)
{
    const struct hf_addr *at = landing(wish);

    *served = false;
    for (int own = 1; own >= 0; own--) {
        for (const struct hf_cfg_data_range *r = wish->control->data_ranges; r; r = r->next) {
            const struct slot_run *run = run_of(table, r->bind);
            if (!run || !hf_data_range_serves(r, wish->server) || (at && !listens_at(r->bind, at)))
                continue;
            *served = true;
            struct hf_lease_slot *slot = free_slot_in(table, run, wish, worker, own);
            if (slot)
                return slot;
        }
    }
    return NULL;
}

enum hf_status hf_lease_take_mt(struct hf_lease_table *table, const struct hf_lease_wish *wish,
                                const struct hf_lease_owner *owner, struct hf_lease *out)
{
    enum hf_ftp_peer rule = wish->control->o.ftp_peer;
    struct lease_entry *entry = calloc(1, sizeof *entry);
    bool served, added = false;
    if (!entry)
        return HF_NOMEM;

    pthread_mutex_lock(&table->lock);
    struct hf_lease_slot *slot = free_slot(table, wish, owner->engine->index, &served);
    if (slot) {
        entry->key = key_of(table, slot, comer(slot, wish), rule);
        entry->owner = *owner;
        entry->owner.serial = ++table->last_serial;
        HASH_ADD(hh, table->leases, key, sizeof entry->key, entry);
        added = entry->hh.tbl != NULL; /* NULL: out of memory */
        if (added && slot->leased++ == 0)
            remove_idle(table, slot);
        slot->peer_rule = rule;
        *out = (struct hf_lease){slot, *comer(slot, wish), entry->owner.serial};
    }
    pthread_mutex_unlock(&table->lock);

    if (added)
        return HF_OK;
    free(entry);
    out->slot = NULL;
    if (slot)
        return HF_NOMEM;
    return served ? HF_NOPORT : HF_NOTFOUND;
}

/* ---- ending ---- */

/* Returns whom to wake once the lock is released. */
static struct hf_waitlist *end_lease(struct hf_lease_table *table, struct hf_lease_slot *slot,
                                     struct lease_entry *entry)
{
    struct hf_waitlist *waiting = bucket_of(table, &entry->key.peer);
    HASH_DEL(table->leases, entry);
    free(entry);
    if (--slot->leased == 0)
        add_idle(table, slot);
    return waiting;
}

enum hf_status hf_lease_claim_mt(struct hf_lease_table *table, struct hf_lease_slot *slot,
                                 const struct hf_addr *peer, struct hf_lease_owner *owner)
{
    struct hf_waitlist *waiting = NULL;
    bool ours = true;
    pthread_mutex_lock(&table->lock);
    struct lease_entry *entry = slot->leased ? find(table, slot, peer, slot->peer_rule) : NULL;
    if (entry) {
        *owner = entry->owner;
        ours = owner->engine != NULL;
        waiting = end_lease(table, slot, entry);
    }
    pthread_mutex_unlock(&table->lock);
    if (!waiting)
        return HF_NOTFOUND;
    hf_waitlist_wake_mt(waiting);
    return ours ? HF_OK : HF_INUSE;
}

void hf_lease_release_mt(struct hf_lease_table *table, struct hf_lease *lease)
{
    struct hf_lease_slot *slot = lease->slot;
    struct hf_waitlist *waiting = NULL;
    if (!slot)
        return;
    lease->slot = NULL;

    pthread_mutex_lock(&table->lock);
    struct lease_entry *entry =
        slot->leased ? find(table, slot, &lease->client, slot->peer_rule) : NULL;
    /* The same port may meanwhile be leased again. */
    if (entry && entry->owner.serial == lease->serial)
        waiting = end_lease(table, slot, entry);
    pthread_mutex_unlock(&table->lock);
    if (waiting)
        hf_waitlist_wake_mt(waiting);
}

/* ---- several processes --------------------------------------------------------------------- */

void hf_lease_share_ports_mt(struct hf_lease_table *table, unsigned part)
{
    pthread_mutex_lock(&table->lock);
    table->shares_ports = true;
    table->part = part;
    pthread_mutex_unlock(&table->lock);
}

void hf_lease_own_ports_mt(struct hf_lease_table *table)
{
    pthread_mutex_lock(&table->lock);
    table->shares_ports = false;
    pthread_mutex_unlock(&table->lock);
}

static struct hf_addr address_of(const struct hf_lease_slot *slot)
{
    struct hf_addr at = slot->bind->addr;
    hf_addr_set_port(&at, slot->port);
    return at;
}

void hf_lease_each_mt(struct hf_lease_table *table, hf_lease_fn fn, void *arg)
{
    struct lease_entry *entry, *next;

    pthread_mutex_lock(&table->lock);
    HASH_ITER(hh, table->leases, entry, next)
    {
        struct hf_addr at = address_of(&table->slots[entry->key.slot]);
        if (entry->owner.engine)
            fn(&at, &entry->key.peer, arg);
    }
    pthread_mutex_unlock(&table->lock);
}

/* In the run: its slots are neighbours, in port order. */
static struct hf_lease_slot *slot_in(struct hf_lease_table *table, const struct slot_run *run,
                                     unsigned port)
{
    if (port < run->bind->port_lo || port > run->bind->port_hi)
        return NULL;
    return &table->slots[run->first + port - run->bind->port_lo];
}

static void reserve(struct hf_lease_table *table, struct hf_lease_slot *slot,
                    const struct hf_peer_key *peer)
{
    struct lease_key key = {(uint32_t)(slot - table->slots), *peer};
    struct lease_entry *entry;

    HASH_FIND(hh, table->leases, &key, sizeof key, entry);
    if (entry || (slot->leased && slot->peer_rule != peer->rule) ||
        !(entry = calloc(1, sizeof *entry)))
        return; /* without memory the port may be lent twice, for once */
    entry->key = key;
    HASH_ADD(hh, table->leases, key, sizeof entry->key, entry);
    if (!entry->hh.tbl) {
        free(entry);
        return;
    }
    if (slot->leased++ == 0)
        remove_idle(table, slot);
    slot->peer_rule = peer->rule;
}

void hf_lease_reserve_mt(struct hf_lease_table *table, const struct hf_addr *at,
                         const struct hf_peer_key *peer)
{
    pthread_mutex_lock(&table->lock);
    for (unsigned i = 0; i < table->n_runs; i++) {
        const struct slot_run *run = &table->runs[i];
        struct hf_lease_slot *slot = slot_in(table, run, hf_addr_port(at));
        if (slot && hf_addr_same_host(&run->bind->addr, at))
            reserve(table, slot, peer);
    }
    pthread_mutex_unlock(&table->lock);
}

void hf_lease_forget_reserved_mt(struct hf_lease_table *table)
{
    struct lease_entry *entry, *next;

    pthread_mutex_lock(&table->lock);
    HASH_ITER(hh, table->leases, entry, next)
    {
        if (!entry->owner.engine)
            (void)end_lease(table, &table->slots[entry->key.slot], entry);
    }
    pthread_mutex_unlock(&table->lock);
}

struct hf_lease_slot *hf_lease_slot_of(struct hf_lease_table *table, const struct hf_addr *local)
{
    for (unsigned i = 0; i < table->n_runs; i++) {
        struct hf_lease_slot *slot = slot_in(table, &table->runs[i], hf_addr_port(local));
        if (slot && listens_at(slot->bind, local))
            return slot;
    }
    return NULL;
}
