/*
 * ftp.h: the FTP floor's door: control sessions, their data ports, their transfers.
 *
 * Per process: one lease table, one table of ties (shared, locked).  Per worker: pools and buffers,
 * hung on the engine.
 */
#ifndef HAFTP_FTP_FTP_H
#define HAFTP_FTP_FTP_H

#include "haftp/net/listener.h"
#include "haftp/stream/gate.h"

struct hf_lease_table;
struct hf_lease_slot;
struct hf_ties;

/* One worker's part; hangs itself on engine->ftp.  Before its thread starts.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_ftp_attach(struct hf_engine *engine, struct hf_lease_table *leases,
                                         struct hf_ties *ties);
/* After it has ended, and all sessions with it. */
void hf_ftp_detach(struct hf_engine *engine);

/* A gate's function (hf_gate_fn) for control binds: takes fd, or false (no memory). */
bool hf_ftp_accept(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                   const struct hf_addr *peer);
/* A data listener's function: owner is the accepting worker's engine, slot its struct
 * hf_lease_slot. */
bool hf_ftp_data_accept(struct hf_listener *listener, int fd, const struct hf_addr *peer);

/* ---- data connections of sessions of other processes (a reload) ---- */

/* One that came to a data port and that nobody in this process expects. */
struct hf_ftp_stray {
    int fd;
    struct hf_addr client; /* as a PROXY header told, if `known` */
    bool known;            /* its headers were read, and rules asked */
    bool refused;          /* by those rules: its session must hear of it */
};

/* Passes a copy of the descriptor to a process that we have succeeded.  False: there is none.
 * Called on any thread. */
typedef bool (*hf_ftp_pass_on_fn)(const struct hf_ftp_stray *stray);
/* Before any worker runs.  NULL: strays are strangers. */
void hf_ftp_on_stray(hf_ftp_pass_on_fn fn);
/* One that our successor has passed on to us; takes the descriptor. */
void hf_ftp_take_stray_mt(struct hf_engine *engine, const struct hf_ftp_stray *stray);

#endif
