/*
 * engine.h: one worker's sessions, and what every kind of session shares.
 *
 * A session lives on one engine from accept to release; nothing of it is touched by another thread.
 * Others hold its id.  Both kinds, the plain stream (stream.h) and the FTP control session
 * (haftp/ftp/), embed a struct hf_session as their first member.
 */
#ifndef HAFTP_STREAM_ENGINE_H
#define HAFTP_STREAM_ENGINE_H

#include "haftp/base/buf.h"
#include "haftp/base/pool.h"
#include "haftp/net/loop.h"
#include "haftp/state/facts.h"
#include "haftp/state/runtime.h"

#define HF_SESSION_MAGIC 0x5e551017u

struct hf_session;
struct hf_dial;

/* What only a session's own kind knows of it, for an administrator who looks; pointers are good
 * until the session goes on. */
struct hf_session_look {
    const char *kind;             /* "ftp", "ftp-tls" that passes through, "data" of that, "tcp" */
    const char *doing;            /* "idle", "RETR", "waits for a server" */
    const char *user, *file;      /* NULL: there is none, or nobody asked for it to be kept */
    uint64_t idle_ms;             /* since its last byte */
    uint64_t bytes_in, bytes_out; /* client to server, server to client */
    bool transfers;               /* a data connection moves bytes: */
    bool download;
    uint64_t transferred, transfer_ms;
};

struct hf_session_ops {
    /* Ends the session now, telling the client why as far as the protocol can. */
    void (*kill)(struct hf_session *session, enum hf_reason reason);
    /* Fills in what it knows; the rest is zero. */
    void (*look)(const struct hf_session *session, struct hf_session_look *out);
};

struct hf_engine {
    struct hf_loop *loop;
    struct hf_runtime *runtime;
    struct hf_shard *shard; /* of the runtime's counters: ours alone to write */
    unsigned index;         /* of the worker, from 0 */
    unsigned n_workers;
    struct hf_pool *streams; /* plain sessions */
    struct hf_pool *dials;
    struct hf_session *sessions; /* all kinds */
    unsigned n_sessions;
    bool draining; /* soft stop: on_drained is called when the last session ends */
    void (*on_drained)(struct hf_engine *engine);
    void *ftp; /* the FTP floor's part, see haftp/ftp/ftp.h */
};

struct hf_session {
    const struct hf_session_ops *ops;
    struct hf_engine *engine;
    struct hf_pool *pool; /* that this object goes back to */
    struct hf_session *next, *prev;
    struct hf_reap reap;
    uint32_t magic;
    bool uncounted;     /* a data connection: no limit and no rule counts it, it has no slot */
    bool logged;        /* by `option logasap`: nothing more at the end */
    uint8_t tls_places; /* of maxsslconn, that it holds (gate.h) */
    uint8_t headers;    /* awaited before anything else: HF_HEADER_* of header.h */
    struct hf_server *server;       /* whose slot we hold, NULL: none */
    const struct hf_server *wanted; /* named by a `use-server` rule, NULL: none */
    const struct hf_buf *unread;    /* read of the client and not consumed; NULL: never any */
    struct hf_facts facts;
};

/* The shorter of two timeouts; 0 is for ever. */
static inline unsigned hf_timeout_shorter(unsigned a, unsigned b)
{
    if (a == 0 || b == 0)
        return a + b;
    return a < b ? a : b;
}

/* Before threads start.  NULL: out of memory. */
struct hf_engine *hf_engine_new(struct hf_loop *loop, struct hf_runtime *runtime, unsigned index,
                                unsigned n_workers);
void hf_engine_free(
    struct hf_engine *engine); /* after its loop has ended; no session may be left */

/* Fills the facts and puts the session on the engine's list.  It has no backend yet (admit.h).  The
 * counters of process and section were raised by the gate that let it in (gate.h). */
void hf_session_begin(struct hf_session *session, struct hf_engine *engine, struct hf_pool *pool,
                      const struct hf_session_ops *ops, const struct hf_cfg_bind *bind, int fd,
                      const struct hf_addr *peer);
/* Socket options of an accepted and of a connected socket, as the sections and `global` say:
 * keepalive, buffers, no delay. */
void hf_session_tune_client(const struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd);
void hf_session_tune_server(const struct hf_session *session, int fd);
/* The session has its server: `option logasap` logs it now instead of at the end. */
void hf_session_established(struct hf_session *session);
/* The session's line in the log, unless it was written already.  For owners, before they close the
 * client's connection: samples of the connection are had from it.  hf_session_end() does it too. */
void hf_session_report(struct hf_session *session);
/* It is over for its client, who may come again at once: others may have its places of maxsslconn.
 * Idempotent; hf_session_end() does it too. */
void hf_session_leave_tls(struct hf_session *session);
/* The one end of every session: log line, counters, server slot, list; the memory follows when no
 * caller holds it. */
void hf_session_end(struct hf_session *session);

/* Ends every session of this engine. */
void hf_engine_kill_all(struct hf_engine *engine, enum hf_reason reason);
/* Ends those that have, or are just connecting to, this server. */
void hf_engine_kill_of(struct hf_engine *engine, const struct hf_server *server,
                       enum hf_reason reason);
/* Ends the one at this address (as a number from a list, it may be gone).  False: there is none. */
bool hf_engine_kill_at(struct hf_engine *engine, uint64_t address, enum hf_reason reason);
/* No new sessions come; tells on_drained when none is left (at once if there is none). */
void hf_engine_drain(struct hf_engine *engine, void (*on_drained)(struct hf_engine *engine));

#endif
