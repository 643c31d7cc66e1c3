/*
 * xfer.h: one data connection: two sockets, a relay between them, and the truth about how it ended.
 */
#ifndef HAFTP_FTP_XFER_H
#define HAFTP_FTP_XFER_H

#include "ftp_int.h"
#include "haftp/net/relay.h"
#include "haftp/state/track.h"
#include "haftp/stream/account.h"

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
    uint64_t expected_ms;         /* since when the server could have sent its 1xx; 0: not yet */
    struct hf_track_flow counted; /* where its session is tracked */
    const char *why;              /* BROKEN: text for 425 and 426 */
    uint8_t state;                /* enum ftp_xfer_state */
    bool from_server;             /* direction, once begun: server to client */
    uint32_t flush_poll_ms;
    size_t unsent;       /* bytes the client has not taken, at the last look */
    bool wants_port;     /* no data port was free yet */
    bool port_wait_over; /* and none will be waited for any more */
    bool front_up, back_up;
    bool begun;    /* bytes may flow: the 1xx was forwarded, or seems never to come */
    bool accepted; /* the server has said so: whoever has not begun TLS yet is to do it now */
    bool client_came;
    struct hf_accounted accounted;
    uint16_t verdict; /* code of the final reply, as the client reads it; 0: none so far */
    bool was_aborted; /* an ABOR was under way then */
    bool aborted;     /* by the client, before the server heard of the transfer */
    bool introduced;  /* the server was told by a PROXY header, or need not be */
    uint16_t code;    /* BROKEN: of the final reply; 0: 425 or 426 */
};

/* xfer.c: its life */
struct ftp_xfer *ftp_xfer_new(struct ftp_session *s); /* NULL: no memory */
/* A transfer command is at the head of the queue: data may flow a second from now, or from when the
 * server is connected, even without a 1xx. */
void ftp_xfer_expect(struct ftp_xfer *x);
void ftp_xfer_begin(struct ftp_xfer *x, bool from_server); /* bytes may flow */
/* It runs, or a timer of its own will end it. */
bool ftp_xfer_is_timed(const struct ftp_xfer *x);
/* The server said that the transfer succeeded.  HF_OK: so did our part of it, everything is closed;
 * HF_AGAIN: not yet (the session will be kicked); HF_FAILED: it did not, see x->why. */
HF_MUST_USE enum hf_status ftp_xfer_settle(struct ftp_xfer *x);
void ftp_xfer_break(struct ftp_xfer *x, const char *why);
/* The same, with a reason for the log. */
void ftp_xfer_fail(struct ftp_xfer *x, enum hf_reason reason, const char *why);
/* It is no longer needed, and is freed; what is open is closed in peace.  NULL is fine. */
void ftp_xfer_close(struct ftp_xfer *x);
/* The same, with resets: it shall look complete to nobody. */
void ftp_xfer_reset(struct ftp_xfer *x);

/* xfer_server.c: the server's end */
/* Connects to it; false when that failed at once. */
HF_MUST_USE bool ftp_xfer_dial(struct ftp_xfer *x, const struct hf_addr *server);
/* It let the time pass: our connection got no answer, or its own did not come. */
bool ftp_xfer_lacks_server(const struct ftp_xfer *x);
/* It connects to us, on our address toward it; *local gets address and port. */
HF_MUST_USE enum hf_status ftp_xfer_listen_for_server(struct ftp_xfer *x, struct hf_addr *local);

/* xfer_client.c: the client's end */
/* Connects to it (client_port); false when that failed at once. */
HF_MUST_USE bool ftp_xfer_dial_client(struct ftp_xfer *x);
/* It connects to a port of this transfer's own, on this address. */
HF_MUST_USE enum hf_status ftp_xfer_listen(struct ftp_xfer *x, const struct hf_addr *local,
                                           uint16_t *port);
uint16_t ftp_xfer_own_port(const struct ftp_xfer *x); /* that one; 0: none */
void ftp_xfer_await_client(struct ftp_xfer *x);       /* the lease's life begins */
/* The client has ended its side of the control connection: if it is still to come, then soon. */
void ftp_xfer_hurry(struct ftp_xfer *x);
/* By the section's `ftp-data peer` this may be the client, at that port. */
bool ftp_xfer_may_be_client(const struct ftp_xfer *x, const struct hf_addr *peer);
void ftp_xfer_client_arrived(struct ftp_xfer *x, int fd, const struct hf_addr *peer); /* takes fd */

#endif
