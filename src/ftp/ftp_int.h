/*
 * ftp_int.h: the FTP floor's own structs.  Private to src/ftp.
 *
 *   session.c        life of a control session: a step does all that can be done now
 *   greeting.c       from no server to a server that has greeted
 *   filter_client.c  commands: forward, rewrite, or answer
 *   filter_server.c  replies: match, rewrite, hold, forward
 *   outstanding.c    commands that await their reply
 *   server_side.c    how the server is asked for a data connection, and what it answered
 *   terms.c          which address the client is told; whether data goes past us
 *   passive.c        the client connects to us: a lease and a rewritten 227 or 229
 *   active.c         we connect to the client: PORT and EPRT
 *   xfer.c           one data connection, from lease to last byte
 *   tls/ftps.h       TLS on either side, and on data connections
 *   lease.c          which session a data port is promised to
 *   opaque.c         control sessions whose TLS passes through: bytes, not lines
 *   opaque_data.c    their data connections
 *   peer.c           whom a section takes for the same client
 *   tie.c            at which server a client's opaque sessions are
 *   arrival/         a connection to a data port finds its session
 *                    (arrival.c), also one that begins with a PROXY header (guest.c)
 *   tell/            what logs are told: of a session and its transfers (record.c), of what was
 *                    refused (refusals.c)
 *   worker.c         a worker's pools and buffers
 *   desk/            front_desk.c: before there is a server, where its choice depends on the login;
 *                    request_rules.c: what the configuration says of a command
 */
#ifndef HAFTP_FTP_INT_H
#define HAFTP_FTP_INT_H

#include "haftp/ftp/ftp.h"
#include "haftp/ftp/lease.h"
#include "haftp/ftp/tie.h"
#include "haftp/net/leg.h"
#include "haftp/net/relay.h"
#include "haftp/state/ftp_facts.h"
#include "haftp/stream/admit.h"
#include "haftp/stream/dial.h"
#include "haftp/wire/ftp.h"

/* ---- commands that await their reply ------------------------------------------------------ */

/* What haftp answers itself, in its place in the order of replies. */
#define FTP_ANSWER_ROWS(X)                                                                         \
    X(NONE, "")                                                                                    \
    X(TOO_LONG, "500 Command line too long.\r\n")                                                  \
    X(NUL, "500 A command must not hold a NUL byte.\r\n")                                          \
    X(EMPTY, "500 Empty command.\r\n")                                                             \
    X(CR, "501 A command must not hold a CR before its end.\r\n")                                  \
    X(ODD_VERB, "500 A command's name has only letters.\r\n")                                      \
    X(NO_ACTIVE, "502 Active mode is not available here; use passive mode (EPSV or PASV).\r\n")    \
    X(BAD_ADDRESS, "501 This is not an address and a port.\r\n")                                   \
    X(FOREIGN_ADDRESS, "504 Only your own address and a port from 1024 on are allowed.\r\n")       \
    X(NO_DATA_PORT, "425 Use EPSV, PASV, EPRT or PORT first.\r\n")                                 \
    X(ABORTED, "426 Aborted before the transfer began.\r\n")                                       \
    X(NO_CLIENT, "425 Your data port cannot be reached.\r\n")                                      \
    X(NO_SERVER_PORT, "425 The server's data port cannot be reached.\r\n")                         \
    X(NO_LISTENER, "425 No data port can be opened.\r\n")                                          \
    X(NO_LONG, "502 Not available here; use EPSV.\r\n")                                            \
    X(EPSV_ALL, "501 EPSV ALL was sent: only EPSV is allowed now.\r\n")                            \
    X(EPSV_ALL_NOTED, "200 EPSV ALL noted.\r\n")                                                   \
    X(EPSV_NET_4, "522 Network protocol not supported on this connection, use (1).\r\n")           \
    X(EPSV_NET_6, "522 Network protocol not supported on this connection, use (2).\r\n")           \
    X(EPSV_BAD, "501 EPSV takes 1, 2, ALL or nothing.\r\n")                                        \
    X(PASV_ON_IPV6, "425 PASV needs IPv4; use EPSV.\r\n")                                          \
    X(NO_TLS, "534 TLS is not available on this address.\r\n")                                     \
    X(ONLY_TLS, "504 Only TLS is available.\r\n")                                                  \
    X(ELSEWHERE, "431 Other encrypted sessions of your address are at another server; please "     \
                 "connect again.\r\n")                                                             \
    X(NO_CCC, "534 The control connection has no protection to clear.\r\n")                        \
    X(NO_TLS_PROT, "503 Protection needs AUTH first, and TLS is not available on this "            \
                   "address.\r\n")                                                                 \
    X(DENIED, "") /* by a rule, which says the text */                                             \
    X(ODD_ARG, "501 Telnet commands are not allowed inside a command here.\r\n")                   \
    X(LONG_NAME, "501 A name has at most 255 bytes here.\r\n")                                     \
    X(NO_MEMORY, "451 Out of memory; please try again later.\r\n")                                 \
    X(LATE_HOST, "503 HOST comes before USER; send REIN first.\r\n")                               \
    X(UNKNOWN_USER, "530 No server is responsible for this user.\r\n")                             \
    X(UNKNOWN_HOST, "504 No server is responsible for this host.\r\n")                             \
    X(NO_NAME, "501 A name is missing.\r\n")                                                       \
    X(HOST_NOTED, "220 Host noted.\r\n")                                                           \
    X(USER_FIRST, "503 Send USER first.\r\n")                                                      \
    X(REIN_DONE, "220 Ready for another user.\r\n")                                                \
    X(REIN_FIRST, "503 Send REIN first to log in as another user.\r\n")                            \
    X(NOTHING_DONE, "200 Nothing done.\r\n")                                                       \
    X(NO_TRANSFER, "226 No transfer is running.\r\n")                                              \
    X(DESK_HELP, "214 Please log in with USER and PASS.\r\n")                                      \
    X(LOG_IN_FIRST, "530 Please log in with USER and PASS.\r\n")                                   \
    X(NOTED, "200 Noted; the server will hear of it.\r\n")                                         \
    X(TLS_BEGINS, "234 TLS begins now.\r\n")                                                       \
    X(TLS_IS_ON, "503 TLS protects this connection already.\r\n")                                  \
    X(TLS_REQUIRED, "530 TLS is required here: send AUTH TLS before you log in.\r\n")              \
    X(AUTH_UNKNOWN, "504 AUTH TLS is the only one here.\r\n")                                      \
    X(TLS_IS_FULL, "431 Too many TLS sessions here; try later.\r\n")                               \
    X(AUTH_LATE, "503 AUTH comes before HOST and USER; connect again.\r\n")                        \
    X(AUTH_FIRST, "503 Send AUTH TLS first.\r\n")                                                  \
    X(NO_ADAT, "503 TLS needs no ADAT.\r\n")                                                       \
    X(CCC_REFUSED, "534 The control connection stays protected.\r\n")                              \
    X(PBSZ, "200 PBSZ=0\r\n")                                                                      \
    X(PBSZ_BAD, "501 PBSZ takes a number, 0 for TLS.\r\n")                                         \
    X(PROT_EARLY, "503 Send PBSZ 0 first.\r\n")                                                    \
    X(PROT_P, "200 Data connections are protected from now on.\r\n")                               \
    X(PROT_C, "200 Data connections are in the clear from now on.\r\n")                            \
    X(PROT_C_REFUSED, "534 Data connections must be protected here: PROT P.\r\n")                  \
    X(PROT_UNSUPPORTED, "536 TLS knows PROT C and PROT P only.\r\n")                               \
    X(PROT_BAD, "504 PROT takes C or P.\r\n")                                                      \
    X(DATA_IN_CLEAR, "521 Data connections must be protected here: send PBSZ 0 and PROT P.\r\n")   \
    X(NO_REIN, "502 REIN is not available with this server over TLS; connect again.\r\n")

enum ftp_answer {
#define X(name, text) FTP_ANSWER_##name,
    FTP_ANSWER_ROWS(X)
#undef X
        FTP_ANSWER_COUNT
};

struct ftp_command {
    uint8_t id;        /* enum hf_ftp_cmd_id */
    uint8_t asked;     /* of PASV, EPSV, PORT, EPRT: which of them the server got in its place */
    uint8_t answer;    /* enum ftp_answer; NONE: the server answers */
    bool begun : 1;    /* a 1xx reply came */
    bool epsv_all : 1; /* EPSV ALL: binds the client once the server agreed */
    bool forgets : 1;  /* the server got REST 0 in its place, whose reply is for nobody */
    bool own : 1;      /* ours: its reply is for nobody */
    bool noted : 1;    /* record.c keeps its argument */
    bool doubtful : 1; /* an ABOR that may have been answered together with its transfer */
    uint16_t denial;   /* DENIED: index of the rule in the configuration */
};

#define FTP_QUEUE_MAX 16u

/* Replies come in the order of the commands (RFC 959 5.4).  A pipelining client is read only as
 * long as this has room. */
struct ftp_queue {
    struct ftp_command command[FTP_QUEUE_MAX];
    uint8_t head, count;
    bool late_abort; /* the reply to an ABOR that was given up may still come, before any other */
    bool late_setup; /* if it did, a PASV or EPSV took it, and its own is for nobody */
};

bool ftp_queue_full(const struct ftp_queue *queue);
struct ftp_command *ftp_queue_head(struct ftp_queue *queue); /* NULL: empty */
/* A transfer has succeeded.  Some servers (Pure-FTPd) have one reply for it and an ABOR behind it,
 * where RFC 959 5.4 has two: the ABOR is in doubt from now on. */
void ftp_queue_doubt_abort(struct ftp_queue *queue);
/* The server may owe nothing to the head. */
bool ftp_queue_abort_in_doubt(struct ftp_queue *queue);
/* The reply with this code shows it: it is none that an ABOR has, and others wait. */
bool ftp_queue_abort_is_over(struct ftp_queue *queue, unsigned code);
/* The ABOR at the head has no reply of its own, it seems: nothing came for too long. */
void ftp_queue_give_up_abort(struct ftp_queue *queue);
/* Is it the reply to a PASV or EPSV that took another one for its own?  It is for nobody. */
bool ftp_queue_setup_is_late(struct ftp_queue *queue, unsigned code);
/* A reply is complete; `command` is whom it answered, NULL: nobody. */
void ftp_queue_answered(struct ftp_queue *queue, const struct ftp_command *command, unsigned code);
/* The command at a position that ftp_queue_match() found; NULL for -1. */
struct ftp_command *ftp_queue_at(struct ftp_queue *queue, int position);
struct ftp_command *ftp_queue_push(struct ftp_queue *queue, enum hf_ftp_cmd_id id,
                                   enum ftp_answer answer);
/* Removes the n-th, 0 being the head. */
void ftp_queue_remove(struct ftp_queue *queue, unsigned n);
/* The position of the command that a reply with this code answers; -1: none, it came unasked. */
int ftp_queue_match(struct ftp_queue *queue, unsigned code);
/* Is there a command with one of these flags (HF_CMDF_*) that the server has not answered? */
bool ftp_queue_awaits(struct ftp_queue *queue, unsigned flags);
/* Is there a PORT or EPRT of ours that the server has not answered? */
bool ftp_queue_invites_server(struct ftp_queue *queue);
bool ftp_command_moves_data(const struct ftp_command *command);
/* Is there a command that moves data, and that the server has not answered? */
bool ftp_queue_transfers(struct ftp_queue *queue);
/* Of a command that moves data: from the server to the client? */
bool ftp_command_is_download(const struct ftp_command *command);

/* ---- a data connection -------------------------------------------------------------------- */

struct ftp_session;
struct ftp_desk;
struct hf_ftp;

enum ftp_xfer_state {
    FTP_XFER_PENDING,   /* waiting for the client, the server, the command, or moving bytes */
    FTP_XFER_DELIVERED, /* every byte was written to the receiving side */
    FTP_XFER_BROKEN     /* closed; `why` says how */
};

struct ftp_xfer {
    struct hf_ftp *ftp;
    struct ftp_session *session; /* gone once we are being released */
    struct hf_relay relay;
    struct hf_timer timer; /* lease, 1xx grace, idle, or flush: one at a time */
    struct hf_timer dial_timer;
    struct hf_lease lease;
    struct hf_listener listener;      /* of our own, when the section has no data ports */
    struct hf_listener back_listener; /* where the server connects to us */
    struct hf_addr client_port;       /* active mode: where the client listens; else unset */
    struct hf_reap reap;
    struct hf_facts facts;              /* for its line in the log */
    struct ftp_transfer_record *record; /* what else that line tells; NULL: nothing */
    uint64_t active_ms;
    uint64_t expected_ms; /* since when the server could have sent its 1xx; 0: not yet */
    const char *why;      /* BROKEN: text for 425 and 426 */
    uint8_t state;        /* enum ftp_xfer_state */
    bool from_server;     /* direction, once begun: server to client */
    uint32_t flush_poll_ms;
    size_t unsent;       /* bytes the client has not taken, at the last look */
    bool wants_port;     /* no data port was free yet */
    bool port_wait_over; /* and none will be waited for any more */
    bool front_up, back_up;
    bool begun;    /* bytes may flow: the 1xx was forwarded, or seems never to come */
    bool accepted; /* the server has said so: whoever has not begun TLS yet is to do it now */
    bool client_came;
    bool aborted;    /* by the client, before the server heard of the transfer */
    bool introduced; /* the server was told by a PROXY header, or need not be */
    uint16_t code;   /* BROKEN: of the final reply; 0: 425 or 426 */
};

/* ---- control connections that cannot be read ----------------------------------------------- */

/* What a session has from AUTH on, or from the start on port 990. */
struct ftp_opaque {
    struct hf_bond bond;
    bool moved; /* to the server where the client's other encrypted sessions are */
};

/* A data connection of such a session: two sockets and the bytes between them. */
struct ftp_opaque_data {
    struct hf_session session; /* first: the engine knows us by it */
    struct hf_relay relay;
    struct hf_timer timer; /* connect, then idle */
    struct hf_tie *tie;
    uint64_t active_ms;
};

/* ---- a control session -------------------------------------------------------------------- */

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
    bool tls_counted;       /* AUTH has entered it for maxsslconn */
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

#define FTP_STAGE_BYTES (64u * 1024u)

static inline struct hf_ftp *ftp_of(const struct ftp_session *s)
{
    return s->session.engine->ftp;
}

/* What came of a step of a conversation. */
enum ftp_verdict { FTP_DONE, FTP_HOLD, FTP_CLOSED };

/* session.c */
void ftp_session_step(struct ftp_session *s); /* do all that can be done now */
void ftp_session_kick(struct ftp_session *s); /* the same, in the next turn */
/* Ends the session; `last_words` (a full reply line, NULL: none) go to the client before. */
void ftp_session_close(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase,
                       const char *last_words);
/* Appends to what this step sends; false when the session had to be closed. */
HF_MUST_USE bool ftp_say(struct ftp_session *s, struct hf_leg *leg, const char *p, size_t n);
HF_MUST_USE bool ftp_say_line(struct ftp_session *s, struct hf_leg *leg,
                              struct hf_view line); /* adds CRLF */
/* Sends what was said to a leg so far in this step; false when the session had to be closed. */
HF_MUST_USE bool ftp_speak_now(struct ftp_session *s, struct hf_leg *leg);
struct hf_lease_owner ftp_owner(const struct ftp_session *s);
/* What was read from a leg and not used stays with it; false when the session had to be closed. */
bool ftp_keep(struct ftp_session *s, struct hf_leg *leg, const char *rest, size_t n);
bool ftp_has_room(const struct hf_leg *leg); /* to say more */
/* Ends the session without a word; the client sees a reset if told so. */
void ftp_session_cut(struct ftp_session *s, enum hf_reason reason, enum hf_phase phase, bool reset);

void ftp_drop_server(struct ftp_session *s); /* and all that was under way with it */

/* desk/front_desk.c */
bool ftp_has_desk(const struct ftp_session *s); /* its section chooses servers by login */
/* Greets the client; it is its turn. */
void ftp_desk_open(struct ftp_session *s);
void ftp_desk_free(struct ftp_session *s); /* idempotent */
/* A command while there is no server (FTP_DESK). HOLD: it decides. */
HF_MUST_USE enum ftp_verdict ftp_desk_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                              struct hf_view line);
/* The same while there is one (FTP_READY): *taken when the client goes back to the desk by it, or
 * may not. */
HF_MUST_USE enum ftp_verdict ftp_desk_again(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                            struct hf_view line, bool *taken);
/* It is such a command. */
bool ftp_desk_leads_away(const struct ftp_session *s, const struct hf_ftp_cmd *cmd);
bool ftp_desk_is_due(const struct ftp_session *s); /* the choice can be made now */
void ftp_desk_leave(struct ftp_session *s);        /* and it is: hf_admit_choose() follows */
void ftp_desk_unknown(struct ftp_session *s);      /* no backend was found */
/* AUTH: what was said so far is forgotten, and the server that was chosen by it is left.  The queue
 * is empty. */
void ftp_desk_forget(struct ftp_session *s);
/* What a server that has greeted must hear: one line after the other; NULL: that was all. */
void ftp_desk_begin_replay(struct ftp_session *s);
const char *ftp_desk_next_replay(struct ftp_session *s);
/* The greeting, or the reply to such a line (-1: not FTP), is no reason to try another server. */
bool ftp_desk_takes_reply(const struct ftp_session *s, int code);

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

/* filter_client.c, filter_server.c: return the bytes consumed, or -1 when the session was closed.
 */
long ftp_filter_client(struct ftp_session *s, const char *p, size_t n);
long ftp_filter_server(struct ftp_session *s, const char *p, size_t n);
/* Our own answers whose turn has come. */
HF_MUST_USE bool ftp_answer_due(struct ftp_session *s);
/* The ABOR at the head will have no reply of its own.  False when the session was closed. */
HF_MUST_USE bool ftp_abort_is_over(struct ftp_session *s);
bool ftp_may_take_command(const struct ftp_session *s);

/* What the client reads has this code. */
void ftp_replied(struct ftp_session *s, unsigned code);

/* desk/request_rules.c */
#define FTP_JUDGED_FRONT 1u
#define FTP_JUDGED_BACK  2u
/* The session's FTP facts.  False: there is no memory for them, and the session was closed; true
 * with *out NULL: nobody asks for them. */
HF_MUST_USE bool ftp_facts_of(struct ftp_session *s, struct hf_ftp_facts **out);
/* Before anything is done with a command: its rules.  HOLD: not before the fate of an earlier USER
 * or HOST is known.  *answered: it was, and the server shall not hear of it. */
HF_MUST_USE enum ftp_verdict ftp_judge(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                       bool *answered);
/* What a denied command reads, with CRLF; its length. */
#define FTP_DENIAL_LINE 512u
size_t ftp_denial_line(const struct ftp_session *s, const struct ftp_command *command,
                       char line[FTP_DENIAL_LINE]);
/* The command's bytes are about to go; `used`: it was dealt with, and another one will come. */
void ftp_command_over(struct ftp_session *s, bool used);
/* A USER or HOST is to be forwarded: its name is noted.  Otherwise: what it is answered. */
enum ftp_answer ftp_note_name(struct ftp_session *s, const struct hf_ftp_cmd *cmd);
/* A USER or HOST whose name is well noted is not answered (NONE); others are. */
enum ftp_answer ftp_answer_to_name(enum hf_status noted);
/* And the server's final reply to it. */
void ftp_name_answered(struct ftp_session *s, enum hf_ftp_cmd_id id, unsigned code);

/* The same for a command that is in the queue with its answer. */
HF_MUST_USE enum ftp_verdict ftp_answer_command(struct ftp_session *s, struct ftp_command *command);
/* While a command is held: an ABOR among the bytes behind it comes into its own, and is taken out
 * of them if it went to the server.  Returns how many bytes are left, -1 when the session was
 * closed.
 */
long ftp_overtake(struct ftp_session *s, char *p, size_t n);

/* arrival.c */
/* Resets a connection to a data port that nobody expects; counts it for the section, logs it.
 * `why`: HF_NOTFOUND, or what hf_tie_transfer_mt() said. */
void ftp_refuse_stranger(struct hf_engine *engine, const struct hf_cfg_proxy *section,
                         unsigned port, int fd, const struct hf_addr *peer, enum hf_status why);
/* A connection to a port that a transfer of this session opened for itself: the rules and headers
 * of the control connection's bind are its, too. */
void ftp_own_port_visit(struct ftp_session *s, uint16_t port, int fd, const struct hf_addr *peer);
/* " (N more like this were not logged)", or nothing when there are none. */
#define FTP_MORE_SIZE 64u
const char *ftp_more_text(unsigned suppressed, char *buf);

/* opaque.c */
/* TLS between this session's client and its server may pass through. */
bool ftp_tls_passes(const struct ftp_session *s);
/* The server that this client's session should have, as others of it are there; NULL: any. */
const struct hf_server *ftp_opaque_home(const struct ftp_session *s);
/* The client sent AUTH. */
enum ftp_verdict ftp_opaque_ask(struct ftp_session *s, struct hf_view mechanism,
                                struct hf_view line);
/* The server answers AUTH, with this first line.  False: the session was closed. */
HF_MUST_USE bool ftp_opaque_may_begin(struct ftp_session *s, unsigned code);
/* The answer is with the client. */
void ftp_opaque_decide(struct ftp_session *s, unsigned code);
/* AUTH is with the server, and nobody knows yet whether more lines follow. */
bool ftp_opaque_awaited(const struct ftp_session *s);
/* A bind that is opaque from the start: the server is connected. */
void ftp_opaque_connected(struct ftp_session *s);
void ftp_opaque_begin(struct ftp_session *s); /* from now on, bytes */
void ftp_opaque_step(struct ftp_session *s);
void ftp_opaque_leave(struct ftp_session *s); /* idempotent */

/* opaque_data.c */
/* A data connection of this tie's sessions begins, and holds the tie.  False: no memory; `fd` and
 * tie are still the caller's. */
HF_MUST_USE bool ftp_opaque_data_begin(struct hf_engine *engine, struct hf_tie *tie,
                                       const struct hf_lease_slot *slot, int fd,
                                       const struct hf_addr *peer);

/* server_side.c */
/* Asks the server for the data connection that the client asked for by `id`.  HOLD: not now. */
enum ftp_verdict ftp_ask_server(struct ftp_session *s, enum hf_ftp_cmd_id id);
/* The server is asked by EPSV, too, when the client asks by it. */
bool ftp_asks_by_epsv(const struct ftp_session *s);
/* The first line of the server's answer: what is done with its lines. */
enum ftp_reply_mode ftp_setup_mode(struct ftp_session *s, const struct ftp_command *command,
                                   unsigned code);
/* The server does not know EPSV: ask once more, by PASV.  False when the session was closed. */
HF_MUST_USE bool ftp_ask_again(struct ftp_session *s, struct ftp_command *command);
/* The server is ready.  `announced`: where, unset when its reply named nothing usable.  The client
 * gets its answer; HOLD: no port is free yet. */
enum ftp_verdict ftp_server_ready(struct ftp_session *s, const struct ftp_command *command,
                                  const struct hf_addr *announced);
/* A 425 in place of what the client asked for; what was prepared is dropped. */
enum ftp_verdict ftp_setup_refused(struct ftp_session *s, const char *why);

/* passive.c */
/* A port of ours for the client, and the reply that names it.  HOLD: none is free yet. */
enum ftp_verdict ftp_passive_offer(struct ftp_session *s, enum hf_ftp_cmd_id asked);
void ftp_passive_stop_waiting(struct ftp_session *s);
/* The address that this session's client is told; false: none that PASV could carry. */
bool ftp_passive_address(struct ftp_session *s, struct hf_addr *out);

/* terms.c */
/* What a client that asks now is told in 227, whatever its family. */
struct hf_addr ftp_told_address(struct ftp_session *s);
/* `ftp-data direct` holds for the command that the client sent now. */
bool ftp_is_direct(struct ftp_session *s);
/* Such a command goes on to the server: nothing of ours is prepared any more. */
void ftp_go_direct(struct ftp_session *s);
/* A transfer runs that we do not see. */
bool ftp_transfers_directly(struct ftp_session *s);

/* active.c */
/* The client sent PORT or EPRT. */
enum ftp_verdict ftp_active_command(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                    struct hf_view line);
/* The server's side is prepared: the client's PORT or EPRT gets its 200. */
enum ftp_verdict ftp_active_accept(struct ftp_session *s, enum hf_ftp_cmd_id asked);
/* Before a command that moves data goes to the server: the client must be reached.  HOLD: it is
 * being connected to.  *refusal other than NONE: one side cannot be reached (next_xfer->why), and
 * the server shall not hear of the command. */
enum ftp_verdict ftp_active_connect(struct ftp_session *s, enum ftp_answer *refusal);

/* filter_client.c */
/* To the server as it is; its reply goes back as it is. */
HF_MUST_USE enum ftp_verdict ftp_forward(struct ftp_session *s, const struct hf_ftp_cmd *cmd,
                                         struct hf_view line);
/* Answers in the place of this command in the order of replies. */
HF_MUST_USE enum ftp_verdict ftp_answer(struct ftp_session *s, enum hf_ftp_cmd_id id,
                                        enum ftp_answer text);

/* The reply, with CRLF. */
const char *ftp_answer_text(enum ftp_answer answer);

/* tell/refusals.c: events that a stranger or a server can cause, each kind at a limited rate. */
void ftp_log_answer(const struct ftp_session *s, enum hf_ftp_cmd_id id, enum ftp_answer answer);
/* PORT or EPRT named an address that is not the client's. */
void ftp_log_bounce(const struct ftp_session *s, enum hf_ftp_cmd_id id,
                    const struct hf_addr *target);
/* The session is closed with these last words (NULL: none). */
void ftp_log_close(const struct ftp_session *s, enum hf_reason reason, const char *last_words);
/* The server's side of a data connection cannot be had. */
void ftp_log_data_failure(const struct ftp_session *s, const char *why);

/* tell/record.c: all of these do nothing where nobody reads what they keep. */
void ftp_record_begin(struct ftp_session *s);
void ftp_record_end(struct ftp_session *s);
/* A command was put into the queue. */
void ftp_record_command(struct ftp_session *s, struct ftp_command *command, struct hf_view arg);
/* The first line of the reply to it. */
void ftp_record_reply(struct ftp_session *s, struct ftp_command *command, unsigned code,
                      struct hf_view line);
/* This data connection is that command's; idempotent. */
void ftp_record_transfer(struct ftp_session *s, struct ftp_xfer *x, struct ftp_command *command);
/* The same for a command that is not in the queue, since it is refused here. */
void ftp_record_transfer_of(struct ftp_session *s, struct ftp_xfer *x, enum hf_ftp_cmd_id id,
                            struct hf_view arg);
/* The code of the transfer's final reply, as the client reads it. */
void ftp_record_verdict(struct ftp_xfer *x, unsigned code);
/* Puts all that is known of the transfer into its facts, for its line; then frees it. */
void ftp_record_close(struct ftp_xfer *x);
void ftp_record_free(struct ftp_xfer *x);

/* xfer.c */
struct ftp_xfer *ftp_xfer_new(struct ftp_session *s);
/* Connects the server side; false when that failed at once. */
HF_MUST_USE bool ftp_xfer_dial(struct ftp_xfer *x, const struct hf_addr *server);
HF_MUST_USE enum hf_status ftp_xfer_listen(struct ftp_xfer *x, const struct hf_addr *local,
                                           uint16_t *port);
/* The same for the server, on our address toward it; *local gets address and port. */
HF_MUST_USE enum hf_status ftp_xfer_listen_for_server(struct ftp_xfer *x, struct hf_addr *local);
/* Connects to the client (client_port); false when that failed at once. */
HF_MUST_USE bool ftp_xfer_dial_client(struct ftp_xfer *x);
void ftp_xfer_await_client(struct ftp_xfer *x); /* the lease's life begins */
/* The client has ended its side of the control connection: if it is still to come, then soon. */
void ftp_xfer_hurry(struct ftp_xfer *x);
void ftp_xfer_client_arrived(struct ftp_xfer *x, int fd, const struct hf_addr *peer);
uint16_t ftp_xfer_own_port(const struct ftp_xfer *x); /* where it listens itself; 0: nowhere */
/* By the section's `ftp-data peer` this may be the client, at that port. */
bool ftp_xfer_expects(const struct ftp_xfer *x, const struct hf_addr *peer);
/* A transfer command is at the head of the queue: data may flow a second from now, or from when the
 * server is connected, even without a 1xx. */
void ftp_xfer_expect(struct ftp_xfer *x);
void ftp_xfer_begin(struct ftp_xfer *x, bool from_server); /* bytes may flow */
/* It runs, or a timer of its own will end it. */
bool ftp_xfer_is_timed(const struct ftp_xfer *x);
/* The server said that the transfer succeeded.  HF_OK: so did our part of it, everything is closed;
 * HF_AGAIN: not yet (the session will be kicked); HF_FAILED: it did not, see x->why. */
HF_MUST_USE enum hf_status ftp_xfer_settle(struct ftp_xfer *x);
void ftp_xfer_free(struct ftp_xfer *x, bool reset); /* closes what is open; NULL is fine */
void ftp_xfer_break(struct ftp_xfer *x, const char *why);
/* The same, with a reason for the log. */
void ftp_xfer_fail(struct ftp_xfer *x, enum hf_reason reason, const char *why);

#endif
