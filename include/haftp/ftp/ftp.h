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

#endif
