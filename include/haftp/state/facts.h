/*
 * facts.h: what is known of one session, as a flat record.
 *
 * Written by the session that owns it, on its worker; log, rules and admin read it and nothing else
 * of the session.
 */
#ifndef HAFTP_STATE_FACTS_H
#define HAFTP_STATE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/addr.h"

enum hf_reason {
#define X(name, letter, text) HF_REASON_##name,
#include "haftp/state/reason.def"
#undef X
};

/* Where a session was when it ended: second letter of the termination state. */
enum hf_phase {
    HF_PHASE_REQUEST, /* 'R' before a server was chosen */
    HF_PHASE_QUEUE,   /* 'Q' */
    HF_PHASE_CONNECT, /* 'C' connecting, or waiting for the greeting */
    HF_PHASE_DATA,    /* 'D' */
    HF_PHASE_LAST,    /* 'L' flushing the last bytes */
    HF_PHASE_END      /* '-' */
};

struct hf_proxy;
struct hf_server;
struct hf_tls;
struct hf_cfg_bind;
struct hf_ftp_facts;
struct hf_vars;
struct hf_pp_header;
struct hf_tracked;

/* What a PROXY header said besides addresses, and what it took the place of. */
struct hf_proxied {
    struct hf_addr peer, here; /* the connection's own ends */
    uint8_t authority_bytes, unique_id_bytes;
    bool has_authority, has_unique_id;
    char text[]; /* the authority, then the unique id */
};

/* Values of hf_facts.log_level; 0 is the usual level. */
enum { HF_LOG_SILENT = -1, HF_LOG_AS_LEVEL = 1 /* plus the level, 0 emerg .. 7 debug */ };

struct hf_facts_first {
    struct hf_addr client, local;
};

struct hf_facts {
    const struct hf_proxy *frontend;
    const struct hf_proxy *backend; /* NULL: none chosen */
    const struct hf_server *server; /* NULL: none chosen */
    const struct hf_cfg_bind *bind;
    struct hf_addr client;        /* unmapped */
    struct hf_addr local;         /* what the client connected to */
    int64_t accepted_us;          /* wall clock, microseconds since the epoch */
    uint64_t accepted_ms;         /* hf_loop_now() at accept */
    int32_t queue_ms, connect_ms; /* -1: never reached */
    int32_t total_ms;
    uint64_t bytes_in, bytes_out; /* client to server, server to client */
    uint32_t srv_queue, be_queue; /* waiting before us when queued */
    struct hf_vars *vars;         /* NULL: no rule has set one */
    struct hf_tracked *tracked;   /* entries it is counted under (track.h); NULL: none */
    /* TLS of the client's and of the server's connection, which own it; NULL: none, or ended.  Of
     * a transfer: of its data connection's two ends, while its line is written. */
    struct hf_tls *front_tls, *back_tls;
    struct hf_ftp_facts *ftp;   /* of a control connection; NULL: nobody asks (ftp_facts.h) */
    int32_t priority_offset_ms; /* in a queue: as if it had come so much later (set-priority-*) */
    int16_t priority_class;     /* lower ones first */
    uint16_t retries;
    int8_t log_level;
    bool redispatched;
    bool is_transfer;      /* an FTP data connection: a download brings nothing from the client */
    uint8_t reason, phase; /* enum hf_reason, enum hf_phase */
    bool received_proxy;   /* the connection began with a PROXY header */
    bool client_tls;       /* the client's control connection is encrypted, and we read it */
    uint16_t worker;       /* number of the thread, from 0 */
    int client_fd;         /* the client's socket while it is open; 0 or -1: not */
    const struct hf_addr *server_at; /* where the server was when we connected; NULL: not yet */
    struct hf_addr server_local;     /* our address toward the server, once connected */
    struct hf_facts_first *first; /* client and local before a rule changed them; NULL: none did */
    struct hf_proxied *proxied;   /* NULL: no PROXY header, or one that said nothing */
    char *unique_id;              /* by `unique-id-format`; NULL: none, or not yet */
};

#define HF_UNIQUE_ID_MAX 127u /* bytes of it, as in HAProxy */

/* The ends of the client's connection, by its PROXY header if it has one, whatever a rule made of
 * them: who the client is, and what it connected to. */
static inline const struct hf_addr *hf_facts_peer(const struct hf_facts *facts)
{
    return facts->first ? &facts->first->client : &facts->client;
}
static inline const struct hf_addr *hf_facts_here(const struct hf_facts *facts)
{
    return facts->first ? &facts->first->local : &facts->local;
}

/* Before a rule changes client or local.  Idempotent.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_facts_remember(struct hf_facts *facts);

/* The ends of the socket itself: with a PROXY header, its sender and our own address. */
static inline const struct hf_addr *hf_facts_socket_peer(const struct hf_facts *facts)
{
    return facts->proxied ? &facts->proxied->peer : hf_facts_peer(facts);
}
static inline const struct hf_addr *hf_facts_socket_here(const struct hf_facts *facts)
{
    return facts->proxied ? &facts->proxied->here : hf_facts_here(facts);
}
/* The connection began with this header: its addresses count from now on.  HF_NOMEM. */
HF_MUST_USE enum hf_status hf_facts_take_header(struct hf_facts *facts,
                                                const struct hf_pp_header *header);
/* p NULL: there is none. */
struct hf_view hf_facts_authority(const struct hf_facts *facts);
struct hf_view hf_facts_unique_id(const struct hf_facts *facts);

const char *hf_reason_text(enum hf_reason reason);
/* Two letters and a NUL, as HAProxy's %ts. */
void hf_termination(const struct hf_facts *facts, char out[3]);
/* Where the session was sent: a server without a port of its own is reached at the client's.  Unset
 * without a server. */
/* The server's host, whatever the port: it may have moved since. */
const struct hf_addr *hf_facts_server_host(const struct hf_facts *facts);
struct hf_addr hf_facts_server_address(const struct hf_facts *facts);
/* Records why the session ends, unless a reason is already there. */
void hf_facts_end(struct hf_facts *facts, enum hf_reason reason, enum hf_phase phase);

#endif
