/*
 * ftp_int.h: a control session, and what all files of the FTP floor need of it.  Private to
 * src/ftp.
 *
 *   session.c        life of a control session: a step does all that can be done now
 *   say.c            what a step has to say, in one write for each side
 *   ending.c         the ways for a session to end, and how its server is given back
 *   silence.c        whose turn it is to speak, and for how long that may take
 *   greeting.c       from no server to a server that has greeted
 *   filter/filter.h  commands and replies on their way; outstanding.h: those that await a reply
 *   data/            setup.h: PASV, EPSV, PORT and EPRT, from the command to the client's answer;
 *                    xfer.h: one data connection, from then to its last byte
 *   tls/ftps.h       TLS on either side, and on data connections
 *   opaque/opaque.h  control sessions whose TLS passes through: bytes, not lines
 *   arrival/         a connection to a data port finds its session
 *   desk/desk.h      where the choice of a server depends on the login; rules for commands
 *   tell/tell.h      what logs are told
 *   lease.c          which session a data port is promised to
 *   peer.c           whom a section takes for the same client
 *   worker.c         a worker's pools and buffers
 */
#ifndef HAFTP_FTP_INT_H
#define HAFTP_FTP_INT_H

#include "filter/outstanding.h"
#include "haftp/ftp/ftp.h"
#include "haftp/ftp/lease.h"
#include "haftp/net/leg.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/stream/admit.h"
#include "haftp/stream/dial.h"

struct ftp_desk;
struct ftp_guest;
struct ftp_opaque;
struct ftp_xfer;
struct ftps_preparing;

enum ftp_state {
    FTP_ADMITTING, /* a PROXY header, implicit TLS, or the section's rules wait for bytes */
    FTP_DESK,      /* the client is to say who it is before it gets a server */
    FTP_DIALING,   /* a server is being chosen and connected */
    FTP_GREETING,  /* connected; its greeting is awaited, the client has seen nothing */
    FTP_READY,     /* commands and replies flow */
    FTP_OPAQUE,    /* bytes flow: TLS of the client and the server that passes through */
    FTP_LINGER     /* the last words are on their way to the client */
};

/* What is done with the lines of the reply that is being read. */
enum ftp_reply_mode {
    FTP_REPLY_RELAY,
    FTP_REPLY_FEAT,
    FTP_REPLY_OWN_FEAT, /* the server knows no FEAT, but there is TLS to tell of */
    FTP_REPLY_SETUP,    /* the server is ready for a data connection: the client gets our answer */
    FTP_REPLY_RETRY,    /* the server does not know the command: it is asked by another one */
    FTP_REPLY_REPLACE,
    FTP_REPLY_SWALLOW /* of a command of our own */
};

struct ftp_session {
    struct hf_session session; /* first: the engine knows us by it */
    struct hf_leg front, back;
    struct hf_admit *admit;      /* until its rules are decided */
    struct hf_dial *dial;        /* until a server has greeted */
    struct ftp_desk *desk;       /* where the choice of a server depends on the login; else NULL */
    struct hf_inspect *response; /* until the rules on the server's greeting are decided */
    struct ftps_preparing *preparing; /* until the server has TLS and PROT P (tls/server.c) */
    struct hf_timer timer;            /* greeting, idle, login, linger */
    uint64_t active_ms, login_from_ms;
    struct ftp_xfer *next_xfer; /* leased for the next transfer command */
    struct ftp_xfer *xfer;      /* of the transfer that has begun */
    struct hf_waiter *port_waiter;
    struct hf_waitlist *port_waiting_at;
    struct ftp_opaque *opaque; /* from AUTH on, if that passes through */
    struct hf_tls *past_tls;   /* of the server, for the line of a session that ends; NULL: none */
    struct ftp_queue queue;
    struct hf_ftp_reply reply; /* where we are in the server's reply */
    uint32_t reply_bytes;
    struct hf_addr passive_addr; /* found in the lines of a 227 so far */
    struct hf_addr active_addr;  /* of the PORT or EPRT whose outcome is not known yet */
    char replacement[96];        /* FTP_REPLY_REPLACE: what the client reads instead */
    uint8_t state;               /* enum ftp_state */
    uint8_t reply_mode;          /* enum ftp_reply_mode */
    uint16_t last_code;          /* of the last reply sent to the client */
    uint8_t judged;              /* rules that the command to come has passed: FTP_JUDGED_* */
    bool more;                   /* this step stopped reading for want of room to say it */
    bool held;                   /* a complete reply waits for its transfer, or for a port */
    bool user_given;             /* the server took a USER: no HOST may follow (RFC 7151 3.1) */
    bool logged_in, epsv_all;
    bool user_proven;       /* the last name that the server took is that of who is logged in */
    bool server_lacks_epsv; /* it said so */
    bool command_held;      /* a complete command waits for the outcome of an earlier one */
    bool told;              /* the server heard something that another one would have missed */
    bool needs_port; /* the client's data connection is gone, the server may still keep its own */
    bool offset_set; /* the server has a REST for the next transfer */
    bool urgent;     /* urgent data came: the next ABOR is the end of a Telnet Synch */
    bool skipping;   /* the rest of a command that was too long */
    bool spoke_ftp;  /* the client's first line was a command, or could be one */
    bool xfer_from_server;  /* direction of the transfer that begins */
    bool direct;            /* the next transfer, or the one that runs, does not pass here */
    bool begin_after_flush; /* a 1xx is on its way to the client: then the data may flow */
    bool prot_owed;         /* the server takes PROT behind the login only */
    bool tls_begins;        /* AUTH was answered: nothing more is read in the clear */
    bool named; /* a USER went to the server, or it took a HOST, and AUTH may not follow that */
    bool pbsz;  /* PBSZ came, so PROT may */
    bool private_data;    /* PROT P */
    bool server_prepared; /* the server has TLS and PROT P */
};

/* A worker's part of this floor: engine->ftp. */
struct hf_ftp {
    struct hf_engine *engine;
    struct ftp_guest *guests; /* data connections whose PROXY header is awaited, oldest first */
    unsigned n_guests;
    struct hf_lease_table *leases;
    struct hf_ties *ties;
    struct hf_pool *sessions, *xfers, *opaque_data;
    const struct hf_cfg_global *limits; /* ftp_max_* */
    char *input;                        /* one read of one leg, for the length of a step */
    size_t input_bytes;                 /* room for the longest line and for a whole greeting */
    struct ftp_stage {
        char *mem;
        size_t n;
    } to_front, to_back; /* what a step has to say, sent in one write each */
};

#define FTP_STAGE_BYTES    (64u * 1024u)
#define FTP_READS_PER_STEP 16 /* of one side; then other sessions have a turn */

static inline struct hf_ftp *ftp_of(const struct ftp_session *s)
{
    return s->session.engine->ftp;
}

static inline struct hf_loop *ftp_loop_of(const struct ftp_session *s)
{
    return s->session.engine->loop;
}

/* What came of a step of a conversation. */
enum ftp_verdict { FTP_DONE, FTP_HOLD, FTP_CLOSED };

/* session.c */
void ftp_session_step(struct ftp_session *s); /* do all that can be done now */
void ftp_session_kick(struct ftp_session *s); /* the same, in the next turn */
struct hf_lease_owner ftp_owner(const struct ftp_session *s);
/* What was read from a leg and not used stays with it; false when the session had to be closed. */
bool ftp_keep(struct ftp_session *s, struct hf_leg *leg, const char *rest, size_t n);
bool ftp_has_room(const struct hf_leg *leg); /* to say more */

/* say.c */
/* Appends to what this step sends; false when the session had to be closed. */
HF_MUST_USE bool ftp_say(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n);
HF_MUST_USE bool ftp_say_line(struct ftp_session *s, struct hf_leg *leg,
                              struct hf_view line); /* adds CRLF */
/* Sends what was said to a leg so far in this step; false when the session had to be closed. */
HF_MUST_USE bool ftp_speak_now(struct ftp_session *s, struct hf_leg *leg);

/* ending.c */
/* Ends the session; `last_words` (a full reply line, NULL: none) go to the client before. */
void ftp_session_close(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase,
                       const char *last_words);
/* Ends the session without a word. */
void ftp_session_cut(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase);
/* The same, and both sides see a reset. */
void ftp_session_reset(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase);
void ftp_drop_server(struct ftp_session *s); /* and all that was under way with it */

/* greeting.c */
/* Begins to choose and connect; `on_back` is the server leg's handler.  False: no memory. */
HF_MUST_USE bool ftp_dial(struct ftp_session *s, hf_watch_fn on_back);
/* The rules on the server's first bytes.  False: they need more, or the session was closed. */
HF_MUST_USE bool ftp_passes_response_rules(struct ftp_session *s);
void ftp_await_greeting(struct ftp_session *s);
/* The server is ready, once it has heard what the client said at the front desk.  Its greeting ends
 * at `end`. */
void ftp_greeted(struct ftp_session *s, const char *p, size_t n, size_t end);
/* It is no good (`reason`): the next one. */
void ftp_try_next_server(struct ftp_session *s, enum hf_reason reason);
void ftp_end_response_rules(struct ftp_session *s); /* idempotent */

#endif
