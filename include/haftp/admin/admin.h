/*
 * admin.h: the runtime API of a process: its sockets, its clients.
 *
 * Commands run on main's thread and never block it; what only a worker knows is asked for by mail
 * (command.h).
 */
#ifndef HAFTP_ADMIN_ADMIN_H
#define HAFTP_ADMIN_ADMIN_H

#include "haftp/conf/model.h"
#include "haftp/net/loop.h"
#include "haftp/state/runtime.h"

struct hf_admin;
struct hf_checks;
struct hf_engine;
struct hf_lease_table;

/* What the process lends; all of it outlives the runtime API. */
struct hf_admin_host {
    struct hf_loop *loop; /* main's */
    struct hf_runtime *runtime;
    struct hf_lease_table *leases;
    struct hf_checks *checks;
    struct hf_engine *const *engines; /* of the workers that run */
    unsigned n_engines;
    /* Sends over this connection of a unix socket what a process needs to take over from this one;
     * false when it cannot be had. */
    bool (*offer)(int to);
};

/* A listening socket of a `stats socket` line, for its port (0: it has none).  Blocks for no longer
 * than a file system does. */
HF_MUST_USE enum hf_status hf_admin_listen(const struct hf_cfg_bind *bind, uint16_t port,
                                           int *fd_out);

/* NULL: out of memory. */
struct hf_admin *hf_admin_new(const struct hf_admin_host *host);
/* Serves a socket of hf_admin_listen(), and takes it, also when it cannot. */
HF_MUST_USE enum hf_status hf_admin_serve(struct hf_admin *admin, const struct hf_cfg_bind *bind,
                                          int fd);
/* No new clients; those that are there go on. */
void hf_admin_stop(struct hf_admin *admin);
/* When no worker runs any more, before its loop is freed.  NULL is fine. */
void hf_admin_free(struct hf_admin *admin);

#endif
