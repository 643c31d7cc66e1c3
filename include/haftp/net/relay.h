/*
 * relay.h: bytes from one connection to another and back, until both directions have ended.
 *
 * Used by plain TCP sessions and by FTP data connections.  A direction begins by copying through
 * the loop's scratch buffer (small files and chatter never touch a pipe), and moves to splice()
 * through a pooled pipe once a read filled 16 KiB, when both ends allow it; where the kernel
 * refuses, it goes on copying.  A pipe is held only while bytes are in it.  Half-close (FIN) is
 * carried across after all bytes before it; a broken connection is an end of the whole relay, told
 * by `status`, and the owner resets the other side (hf_relay_close() with reset).
 *
 * An end may have TLS.  Then what is read from it, or written to it, is copied, many records at a
 * time; close_notify goes before FIN, and an end without close_notify is a broken connection
 * (HF_TRUNCATED), unless the other end is the only one that sends (hold_fin), or its owner knows
 * better (eof_lenient).
 *
 * Owner: embedded in a session or transfer.  One loop.  RFC 959 section 3.2: end of file in stream
 * mode is the closing of the data connection, hence the care about FIN against RST.
 */
#ifndef HAFTP_NET_RELAY_H
#define HAFTP_NET_RELAY_H

#include "haftp/net/loop.h"
#include "haftp/net/tls.h"

enum { HF_FRONT = 0, HF_BACK = 1 };

struct hf_pipe;

/* One end: what was read from it and not yet written to the other. */
struct hf_relay_end {
    struct hf_watch watch;
    struct hf_pipe *pipe; /* bytes in flight, when splicing */
    char *spill;          /* bytes in flight, when copying and the other side would block */
    uint32_t held, spill_at;
    uint32_t corked;  /* last bytes, written, which wait for the FIN that follows */
    uint8_t side;     /* HF_FRONT or HF_BACK */
    bool eof;         /* read to its end */
    bool shut;        /* and the other side got all of it, and our FIN */
    bool hold_fin;    /* the owner's, before start: tell EOF, but pass no FIN on; the owner ends the
                         relay */
    bool fin_follows; /* the owner's, with hold_fin: he closes as soon as EOF was told, so that the
                         last bytes may wait for the FIN and leave in one segment with it */
    bool held_eof;    /* EOF was told */
    bool hold;        /* the owner's: nothing is read from this end; READABLE tells of news.  To let
                         go: clear it, then hf_watch_again() */
    bool bulk : 1;    /* the last read was a full one: move by the megabyte */
    bool secure : 1;  /* its handshake is done */
    bool keep_end : 1;    /* the owner's, at any time: it only receives, and the other is not told
                             when it says that it sends no more */
    bool eof_lenient : 1; /* the owner's: an end without close_notify is an end */
    bool keep_tls : 1;    /* the owner's: `tls` outlives the closing, to tell of; he frees it */
    struct hf_tls *tls;   /* NULL: plain text */
    uint64_t bytes;       /* read from this end and delivered to the other */
};

struct hf_relay;

enum hf_relay_event {
    HF_RELAY_EOF,      /* `end` was read to its end, and the other got all of it and our FIN (see
                          hold_fin) */
    HF_RELAY_DONE,     /* both directions ended */
    HF_RELAY_BROKEN,   /* `end` failed: `status` says how; the owner must close */
    HF_RELAY_SECURE,   /* the handshake of `end` is done; bytes flow when the other's is, too */
    HF_RELAY_READABLE, /* `end` is held, and there may be something new to look at, or its end */
    HF_RELAY_MOVED     /* bytes moved (told at most once a millisecond): refresh idle timers */
};
/* The owner may close the relay in here; its memory must last until the reaper runs.  After DONE
 * and BROKEN there are no more events. */
typedef void (*hf_relay_fn)(struct hf_relay *relay, enum hf_relay_event event, int end,
                            enum hf_status status);

struct hf_relay {
    struct hf_relay_end end[2];
    hf_relay_fn fn;
    bool started; /* bytes may flow */
    bool splice;  /* allowed for this relay */
    bool closed;
    uint64_t moved_ms; /* loop time of the last MOVED */
};

/* Before anything else: two ends without a connection. */
void hf_relay_init(struct hf_relay *relay, bool allow_splice, hf_relay_fn fn);
/* Gives an end its connected descriptor; on failure it is still the caller's. */
HF_MUST_USE enum hf_status hf_relay_attach(struct hf_relay *relay, int end, struct hf_loop *loop,
                                           int fd);
/* The same for an end whose watch the owner has opened himself, to connect it: from now on it is
 * the relay's. */
void hf_relay_adopt(struct hf_relay *relay, int end);
/* From now on TLS at this end, which bytes have not flowed through yet: the handshake begins
 * (unless it is done already) when both ends are attached and the relay is started.  Takes `tls`.
 */
void hf_relay_secure(struct hf_relay *relay, int end, struct hf_tls *tls);
/* Lets bytes flow as soon as both ends are attached.  Events come from the next
 * turn on, never from within this call. */
void hf_relay_start(struct hf_relay *relay);
/* Moves what is there now, of a relay that was started: for an owner who could go on at once if
 * that was all.  Bulk data waits for its time.  Events come from within this call. */
void hf_relay_move(struct hf_relay *relay);
/* Closes both ends.  `reset_mask` (1 << HF_FRONT | 1 << HF_BACK): which peers shall see a reset
 * instead of a clean end.  A side that already got all bytes and our FIN is never reset: that could
 * only destroy what it has not read yet.  Idempotent; no event follows. */
void hf_relay_close(struct hf_relay *relay, unsigned reset_mask);

/* Process-wide settings, before the workers start; 0 keeps the default (1 MiB, 256 pipes).  Without
 * a pipe, bytes are copied. */
void hf_relay_configure(unsigned pipe_bytes, unsigned max_pipes, bool allow_splice);

#endif
