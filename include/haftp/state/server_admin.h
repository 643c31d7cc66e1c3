/*
 * server_admin.h: what an administrator, or an agent, may change of a running server.
 *
 * All on main's thread; sessions see the new state at once.  Who has a server keeps it: its running
 * sessions and their data connections go on, unless `on-marked-down shutdown-sessions` says
 * otherwise of a server that enters maintenance.
 */
#ifndef HAFTP_STATE_SERVER_ADMIN_H
#define HAFTP_STATE_SERVER_ADMIN_H

#include "haftp/state/runtime.h"

/* An address that an administrator gave; kept for the sessions that use it. */
struct hf_server_place {
    struct hf_server_place *next;
    struct hf_addr addr;
};

/* Maintenance: no session at all; a drain: only those of clients that belong to it.  Both nothing:
 * it is ready.  Servers that track this one follow. */
void hf_server_set_maint(struct hf_server *server, bool on);
void hf_server_set_drain(struct hf_server *server, bool on);
/* Up, but for the clients that it has; until it is set up or down.  `why` as for
 * hf_server_set_up_mt(). */
void hf_server_set_stopping(struct hf_server *server, const char *why);
/* 0..256. */
void hf_server_set_weight(struct hf_server *server, unsigned weight);
/* 0: no limit. */
void hf_server_set_maxconn(struct hf_server *server, unsigned maxconn);
/* With its port.  Sessions to come use it; those that run stay where they are.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_server_set_addr(struct hf_server *server, const struct hf_addr *addr);

/* As people and agents write them: "12", or "50%" of what the file gives; "20", 0: no limit.  NULL:
 * done; else what is wrong, in HAProxy's words. */
const char *hf_server_take_weight(struct hf_server *server, const char *text);
const char *hf_server_take_maxconn(struct hf_server *server, const char *text);

#endif
