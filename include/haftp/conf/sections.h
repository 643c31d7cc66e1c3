/*
 * sections.h: the sections that are no proxies.
 *
 * They are read and checked as HAProxy does, and kept for whoever names them.  What they would do
 * themselves is not in this version; one notice at start says so.  In the configuration's arena;
 * immutable once loaded; any thread.
 */
#ifndef HAFTP_CONF_SECTIONS_H
#define HAFTP_CONF_SECTIONS_H

#include "haftp/base/names.h"
#include "haftp/conf/model.h"

/* The first member of each struct below: they are one list, in file order. */
struct hf_cfg_section {
    struct hf_cfg_section *next;
    const char *kind; /* "peers", as the file says */
    struct hf_loc loc;
    const char *name; /* "" where the section has none */
};

/* ---- peers ------------------------------------------------------------------------------- */

struct hf_cfg_peers_table {
    struct hf_cfg_peers_table *next;
    const char *name; /* as written; those who use it write SECTION/NAME */
    struct hf_cfg_stick_table *table;
};

struct hf_cfg_peers {
    struct hf_cfg_section head;
    struct hf_cfg_proxy section; /* its servers are the peers that have an address */
    struct hf_cfg_peers_table *tables;
    const char *local; /* this process's own name, once a line had it; else NULL */
    struct hf_loc local_loc;
    bool has_bind, has_peer_line;
/* disabled */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/peers.def"
};

/* ---- resolvers --------------------------------------------------------------------------- */

struct hf_cfg_nameserver {
    struct hf_cfg_nameserver *next;
    struct hf_loc loc;
    const char *name;
    struct hf_addr addr;
    bool tcp;
};

struct hf_cfg_resolvers {
    struct hf_cfg_section head;
    struct hf_cfg_nameserver *nameservers;
/* system (/etc/resolv.conf), retries, resolve_ms, retry_ms, hold_*_ms, payload (bytes) */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/resolvers.def"
};

/* ---- user lists -------------------------------------------------------------------------- */

struct hf_cfg_group {
    struct hf_cfg_group *next;
    struct hf_loc loc;
    const char *name;
/* users (names with commas between, NULL: none), users_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/group.def"
};

struct hf_cfg_user {
    struct hf_cfg_user *next;
    struct hf_loc loc;
    const char *name;
/* password (as crypt(3) writes it) or plain_password, NULL: none; groups, groups_loc */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/user.def"
};

struct hf_cfg_userlist {
    struct hf_cfg_section head;
    struct hf_cfg_user *users;
    struct hf_cfg_group *groups;
    struct hf_names user_names, group_names; /* to the same */
};

/* ---- the others -------------------------------------------------------------------------- */

struct hf_cfg_mailer {
    struct hf_cfg_mailer *next;
    struct hf_loc loc;
    const char *name;
    struct hf_addr addr;
};

struct hf_cfg_mailers {
    struct hf_cfg_section head;
    struct hf_cfg_mailer *mailers;
/* timeout_ms */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/mailers.def"
};

#define HF_RING_SIZE 16384u /* unless `size` says more */

struct hf_cfg_ring {
    struct hf_cfg_section head;
    struct hf_cfg_proxy section; /* its servers */
    unsigned size;               /* bytes */
    const char *backing_file;    /* NULL: kept in memory only */
/* description, wire, maxlen (bytes), connect_ms, server_ms */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/ring.def"
};

struct hf_cfg_log_forward {
    struct hf_cfg_section head;
    struct hf_cfg_proxy section; /* its binds and log targets */
    bool has_dgram_bind;
/* maxconn, backlog, client_ms */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/log_forward.def"
};

struct hf_cfg_program {
    struct hf_cfg_section head;
    const char *command; /* its first word; NULL: none */
/* user, user_loc, group, group_loc, start_on_reload */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/program.def"
};

struct hf_cfg_cache {
    struct hf_cfg_section head;
/* total_mb, object_bytes, secondary */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/cache.def"
};

struct hf_cfg_fcgi_app {
    struct hf_cfg_section head;
    struct hf_cfg_proxy section; /* its log targets */
/* docroot, index, get_values, keep_conn, mpxs_conns, max_reqs */
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/section/fcgi_app.def"
};

#endif
