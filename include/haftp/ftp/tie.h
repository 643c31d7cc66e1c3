/*
 * tie.h: to which server the data connections of a client go whose control connection is opaque.
 *
 * Once TLS passes through (AUTH, port 990), no 227 can be read any more.  What is left to go by is
 * the client's address, and that is enough as long as all such sessions of an address are at one
 * server.  A tie says which: (control section, client, server), while a session like that lives.
 * The client is what `ftp-data peer` makes of it: its address, or its network.
 *
 * A second session of the address that wants to become opaque at another server is refused the tie,
 * unless the data ports tell the two servers apart (one range per server).  So a data connection
 * cannot come to the wrong server.  A server that is down or in maintenance ties nobody.
 *
 * One table per process; its lock is a leaf.
 */
#ifndef HAFTP_FTP_TIE_H
#define HAFTP_FTP_TIE_H

#include "haftp/state/runtime.h"

struct hf_ties;

struct hf_tie {
    const struct hf_cfg_proxy *control;
    struct hf_server *server;
    /* The rest is private to tie.c, but for hf_tie_activity(). */
    struct hf_tie_home *home;
    struct hf_tie *next, *prev;
    unsigned n_sessions;             /* under the table's lock; */
    unsigned n_foreign;              /* those of them that live in other processes */
    _Atomic unsigned n_transfers;    /* changed under the table's lock */
    _Atomic uint64_t transferred_ms; /* when the last one ended */
};

/* What one session holds; keep it zeroed when it holds nothing. */
struct hf_bond {
    struct hf_tie *tie;
    struct hf_tie *wide; /* `ftp-data peer any`: for clients of other addresses */
};

struct hf_ties *hf_ties_new(void); /* NULL: no memory */
void hf_ties_free(struct hf_ties *ties);

/* A session of this client becomes opaque at `server`.  HF_INUSE: others of this client are so at
 * *elsewhere, and their data connections could be taken for one another's.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_tie_join_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                                          const struct hf_addr *client, struct hf_server *server,
                                          struct hf_bond *out, struct hf_server **elsewhere);
void hf_tie_leave_mt(struct hf_ties *ties, struct hf_bond *bond); /* zeroes *bond */
/* Where a new session of this client should go, so that it may become opaque; NULL: anywhere. */
struct hf_server *hf_tie_home_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                                 const struct hf_addr *client);
/* A transfer of a session runs, or when the last one ended (hf_loop_now(); 0: there was none). */
bool hf_tie_activity(const struct hf_bond *bond, uint64_t *last_ms);

/* A data connection came to this data bind, and no lease expects it.  HF_OK: it is for *out, which
 * is held until hf_tie_transfer_ended_mt().  HF_NOTFOUND: no opaque session of this client uses the
 * bind.  HF_INUSE: several do, of different servers (only with `ftp-data peer any`, or after a
 * server came back).  HF_LIMIT: it has more data connections than its sessions can need. */
HF_MUST_USE enum hf_status hf_tie_transfer_mt(struct hf_ties *ties, const struct hf_cfg_bind *bind,
                                              const struct hf_addr *peer, struct hf_tie **out);
void hf_tie_transfer_ended_mt(struct hf_ties *ties, struct hf_tie *tie, uint64_t now_ms);

/* ---- several processes (a reload) ---- */

/* All ties of sessions of our own.  The table is locked: `fn` is quick. */
typedef void (*hf_tie_fn)(const struct hf_tie *tie, const struct hf_addr *client, void *arg);
void hf_tie_each_mt(struct hf_ties *ties, hf_tie_fn fn, void *arg);
/* A session of another process is opaque at `server`: new sessions of the client go there, data
 * connections are not ours to take as long as it has no other.  Without memory nothing is tied. */
void hf_tie_adopt_mt(struct hf_ties *ties, const struct hf_cfg_proxy *control,
                     const struct hf_addr *client, struct hf_server *server, struct hf_bond *out);
void hf_tie_abandon_mt(struct hf_ties *ties, struct hf_bond *bond);

#endif
