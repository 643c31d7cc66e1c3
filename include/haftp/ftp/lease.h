/*
 * lease.h: which session a data connection belongs to.
 *
 * A slot is one data port on one local address.  A passive reply leases (slot, client address) to a
 * session until the client connects, so one port serves any number of clients at a time, and the
 * same client again as soon as its connection was accepted.  Running transfers hold no lease.
 *
 * One table per process.  A port's listener belongs to worker (port mod workers); a session prefers
 * ports of its own worker and borrows others only when those are taken, so that connections rarely
 * change threads. The table's lock is a leaf.  Safety: RFC 2577, "port stealing": ports are drawn
 * at random and who may connect is part of the key.  Ports without any lease are drawn first; all
 * work is bounded, however large the range.
 */
#ifndef HAFTP_FTP_LEASE_H
#define HAFTP_FTP_LEASE_H

#include "haftp/base/pool.h"
#include "haftp/conf/model.h"
#include "haftp/ftp/peer.h"
#include "haftp/state/waitlist.h"

struct hf_engine;
struct hf_lease_table;

struct hf_lease_slot {
    const struct hf_cfg_bind *bind;
    uint16_t port;
    uint16_t worker;            /* whose loop listens */
    bool reads_headers;         /* its clients are told by PROXY headers, or may be */
    unsigned leased;            /* how many leases it carries now */
    enum hf_ftp_peer peer_rule; /* of those leases; a slot carries one kind at a time */
    unsigned run;               /* which range of the table it belongs to */
    unsigned idle_at;           /* leased == 0: its place in the range's list of such slots */
};

/* Who owns a lease, and where to send its connection. */
struct hf_lease_owner {
    struct hf_engine *engine;
    hf_id session;
    uint64_t serial; /* of the lease: a session may get the same port twice, one after the other */
};

/* A session's lease: keep it zeroed when there is none. */
struct hf_lease {
    struct hf_lease_slot *slot; /* NULL: none */
    struct hf_addr client;
    uint64_t serial;
};

/* For whom a port is wanted. */
struct hf_lease_wish {
    const struct hf_cfg_proxy *control;
    const struct hf_cfg_server *server; /* of the session */
    const struct hf_addr *client;
    const struct hf_addr *sender; /* whose its connections are where no PROXY header tells */
    const struct hf_addr *local;  /* our own address of the control connection */
    const struct hf_addr *told;   /* the address that it reads with the port; mostly the same */
};

/* All slots of all data binds of the configuration.  NULL: no memory. */
struct hf_lease_table *hf_lease_table_new(const struct hf_config *config, unsigned n_workers);
void hf_lease_table_free(struct hf_lease_table *table);
unsigned hf_lease_slot_count(const struct hf_lease_table *table);
struct hf_lease_slot *hf_lease_slot_at(struct hf_lease_table *table, unsigned index);

/* Leases a port of one of the control section's ranges that serve the server: of those that listen
 * where the client is told to connect to, else of those where it came to, or of all when there are
 * none (NAT).  HF_NOPORT: none was found for this client (hf_lease_waitlist() wakes when one may be
 * free): no port is without a lease, and those looked at, all of a small range, carry one of its
 * own; HF_NOTFOUND: no range serves this server; HF_NOMEM.  owner->serial is not looked at. */
HF_MUST_USE enum hf_status hf_lease_take_mt(struct hf_lease_table *table,
                                            const struct hf_lease_wish *wish,
                                            const struct hf_lease_owner *owner,
                                            struct hf_lease *out);
/* A client connected: ends the lease that fits and tells its owner.  HF_NOTFOUND: a stranger;
 * HF_INUSE: another process has given this lease. */
HF_MUST_USE enum hf_status hf_lease_claim_mt(struct hf_lease_table *table,
                                             struct hf_lease_slot *slot, const struct hf_addr *peer,
                                             struct hf_lease_owner *owner);
/* Gives an unused lease back; claimed or empty: does nothing.  Zeroes *lease. */
void hf_lease_release_mt(struct hf_lease_table *table, struct hf_lease *lease);
/* Where a session of this client waits for a port. */
struct hf_waitlist *hf_lease_waitlist(struct hf_lease_table *table,
                                      const struct hf_cfg_proxy *control,
                                      const struct hf_addr *client);

/* ---- several processes with the same ports (a reload) ---- */

/* Until all processes have ended that we succeeded, and from when we are succeeded ourselves, the
 * ports of a range are divided: a process leases its own part only, so that no two lend one port
 * to one client.  A range has 16 parts from 64 ports on, 8 from 16 on, else 4, or as many as it has
 * ports; processes whose `part` is the same modulo that number share one. */
#define HF_LEASE_PARTS 16u
void hf_lease_share_ports_mt(struct hf_lease_table *table, unsigned part);
void hf_lease_own_ports_mt(struct hf_lease_table *table);
/* All leases of our own, each with the address and port of its slot.  The table is locked: `fn` is
 * quick. */
typedef void (*hf_lease_fn)(const struct hf_addr *at, const struct hf_peer_key *peer, void *arg);
void hf_lease_each_mt(struct hf_lease_table *table, hf_lease_fn fn, void *arg);
/* One that another process has given: see hf_lease_claim_mt().  Nothing if the port is not ours. */
void hf_lease_reserve_mt(struct hf_lease_table *table, const struct hf_addr *at,
                         const struct hf_peer_key *peer);
void hf_lease_forget_reserved_mt(struct hf_lease_table *table);
/* The slot that listens at this address and port; NULL: none. */
struct hf_lease_slot *hf_lease_slot_of(struct hf_lease_table *table, const struct hf_addr *local);

#endif
