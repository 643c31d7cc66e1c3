/*
 * admin_int.h: what the files of the runtime API share.  Private to src/admin.
 *
 *   admin.c    sockets, and how many clients there are
 *   client.c   one client: its lines, its answers, its silence
 *   line.c     a line is cut into commands, a command into words
 *   command.c  the table of commands: who is meant, who may; help
 *   call.c     what commands call: messages, names
 *   ask.c      workers are asked, and have all answered
 *   cmd/       the commands; a file there is a group
 */
#ifndef HAFTP_ADMIN_INT_H
#define HAFTP_ADMIN_INT_H

#include "haftp/admin/command.h"
#include "haftp/base/buf.h"
#include "haftp/net/listener.h"

/* How messages say how severe they are; in the order of the choices of `severity-output`. */
enum admin_severity_output { ADMIN_SEVERITY_NONE, ADMIN_SEVERITY_NUMBER, ADMIN_SEVERITY_STRING };

/* ---- line.c ---- */

#define ADMIN_MOST_WORDS 64u

/* Cuts the first command of `line`, in place: blanks end a word, ';' ends the command, '\' takes
 * the next byte as it is.  words[] ends with NULL; returns how many there are, ADMIN_MOST_WORDS
 * when there are too many.  *rest is the next command, NULL after the last. */
unsigned admin_cut(char *line, char *words[ADMIN_MOST_WORDS + 1], char **rest);
/* Does the line end in `<<`, so that a payload follows?  Takes it away. */
bool admin_cut_payload_mark(char *line);

/* ---- command.c ---- */

/* The command that most of the words name, and how many of them are its own.  NULL: none. */
const struct hf_command *admin_find(char *const *words, unsigned n, unsigned *own);
/* The commands of this level that begin with these words (n 0: all), one a line; how many. */
unsigned admin_help(struct hf_text *out, enum hf_admin_level level, char *const *words, unsigned n);
/* What is said of a command that there is not. */
void admin_unknown(struct hf_text *out, enum hf_admin_level level, char *const *words, unsigned n);

/* ---- ask.c ---- */

/* The call ends before all have answered: what comes is thrown away. */
void admin_ask_forget(struct hf_call *call);

/* ---- client.c ---- */

struct hf_admin_client {
    struct hf_admin_client *next, *prev;
    struct hf_admin *admin;
    const struct hf_cfg_bind *bind;
    struct hf_watch watch;
    struct hf_timer silence;
    struct hf_reap reap;
    unsigned timeout_ms;
    enum hf_admin_level level;
    enum admin_severity_output severity;
    bool prompts; /* interactive: the connection stays */
    bool asked;   /* a command has come */
    bool leaving; /* no more commands: closed when all was sent */
    bool refused; /* leaving, and what it says is thrown away */
    bool ended;   /* the client has sent its last byte */
    bool closed;
    struct hf_buf in;
    char *line, *rest;  /* the line whose commands are carried out; the next one of them */
    bool takes_payload; /* lines are its payload, until an empty one */
    bool has_payload;
    struct hf_text payload; /* of the line's last command */
    struct hf_text out;
    size_t sent; /* of `out` */
    struct hf_call call;
    char *words[ADMIN_MOST_WORDS + 1];
    bool running; /* `call` is not over */
    bool waiting; /* for workers */
};

/* NULL (and fd closed): out of memory or descriptors. */
struct hf_admin_client *admin_client_new(struct hf_admin *admin, const struct hf_cfg_bind *bind,
                                         int fd);
void admin_client_close(struct hf_admin_client *client);
/* The workers have answered: its call goes on. */
void admin_client_resume(struct hf_admin_client *client);

/* ---- admin.c ---- */

struct admin_socket {
    struct admin_socket *next;
    struct hf_admin *admin;
    const struct hf_cfg_bind *bind;
    struct hf_listener listener;
};

/* The open transaction about a certificate: there is one at most. */
struct admin_cert_change {
    char *file; /* NULL: none is open */
    char *pem;  /* with a key perhaps: wiped when it goes */
    size_t n;
};
/* cmd/ssl_cert.c */
void admin_cert_change_end(struct admin_cert_change *change);

struct hf_admin {
    struct hf_admin_host host;
    struct admin_socket *sockets;
    struct hf_admin_client *clients;
    unsigned n_clients, most_clients;
    struct admin_cert_change cert_change;
    unsigned n_asks; /* questions that workers still have */
};

void admin_client_gone(struct hf_admin_client *client);

#endif
