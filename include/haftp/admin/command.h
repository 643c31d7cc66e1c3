/*
 * command.h: what a command of the runtime API is, and what it may do.
 *
 * A file of src/admin/cmd has the commands of one subject and exports them as one group:
 *
 *     static const struct hf_command commands[] = {
 *         {"show thing", "[<name>]", "list things, or one", HF_ADMIN_USER, show_thing},
 *     };
 *     HF_COMMANDS(things, commands)            in src/admin/cmd/things.c: the name is the file's
 *
 * It runs on main's thread, must not block, and appends to call->out.  Then it returns one of:
 *   HF_CALL_DONE  the answer is whole
 *   HF_CALL_MORE  call again once the client has read what there is: for long lists.  `step` and
 *                 `at` are the command's to remember where it was, and zero at first
 *   HF_CALL_WAIT  what hf_call_ask() returns: called again when every worker has answered
 */
#ifndef HAFTP_ADMIN_COMMAND_H
#define HAFTP_ADMIN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/admin/admin.h"
#include "haftp/base/text.h"
#include "haftp/stream/engine.h"

/* In the order of the choices of a bind's `level`. */
enum hf_admin_level { HF_ADMIN_USER, HF_ADMIN_OPERATOR, HF_ADMIN_ADMIN };

enum hf_call_result { HF_CALL_DONE, HF_CALL_MORE, HF_CALL_WAIT };

/* A command stops here and returns HF_CALL_MORE. */
#define HF_CALL_ENOUGH (64u * 1024u)

struct hf_admin_client;
struct hf_ask;
struct hf_call;

struct hf_command {
    const char *words; /* "show servers state" */
    const char *args;  /* for `help`: "[<backend>]"; "": none */
    const char *help;  /* a few words */
    enum hf_admin_level level;
    enum hf_call_result (*run)(struct hf_call *call);
};

struct hf_command_group {
    const struct hf_command *list;
    unsigned n;
};

#define HF_COMMANDS(name, table)                                                                   \
    const struct hf_command_group hf_command_##name = {table, sizeof(table) / sizeof((table)[0])};

/* What every worker is asked; copied.  A command uses what it needs. */
struct hf_question {
    const struct hf_proxy *proxy;
    const struct hf_server *server;
    uint64_t number;
    bool json, all;
};

/* Runs on the worker's thread: appends its part of the answer, and returns how many things it found
 * or did. */
typedef unsigned (*hf_ask_fn)(struct hf_engine *engine, const struct hf_question *question,
                              struct hf_text *answer);

/* One command that runs. */
struct hf_call {
    const struct hf_command *command;
    struct hf_admin_client *client;
    const struct hf_admin_host *host;
    struct hf_runtime *runtime; /* the host's */
    char **args; /* behind the command's own words; "" is behind the last one, as often as needed */
    unsigned n_args;
    struct hf_view payload; /* what came behind `<<`; p NULL: none */
    struct hf_text out;
    unsigned step;
    uint64_t at[4];
    /* Set by a command that holds something between its turns, and called if the client goes before
     * the last one; NULL: nothing is held. */
    void (*give_up)(struct hf_call *call);
    bool answered;          /* every worker has: */
    struct hf_text answers; /* one behind the other, by the workers' numbers */
    unsigned found;         /* the sum of what they returned */
    struct hf_ask *ask;     /* private */
};

/* The n-th argument, from 0; "" where there is none. */
static inline const char *hf_call_arg(const struct hf_call *call, unsigned n)
{
    return n < call->n_args ? call->args[n] : "";
}
static inline bool hf_call_arg_is(const struct hf_call *call, unsigned n, const char *text)
{
    return strcmp(hf_call_arg(call, n), text) == 0;
}

/* A message about what was done or is wrong, with its severity if the client wants that; `format`
 * has no newline.  Returns HF_CALL_DONE. */
__attribute__((format(printf, 2, 3))) enum hf_call_result hf_call_error(struct hf_call *call,
                                                                        const char *format, ...);
__attribute__((format(printf, 2, 3))) enum hf_call_result hf_call_notice(struct hf_call *call,
                                                                         const char *format, ...);
__attribute__((format(printf, 2, 3))) enum hf_call_result hf_call_info(struct hf_call *call,
                                                                       const char *format, ...);

/* Asks all workers. */
enum hf_call_result hf_call_ask(struct hf_call *call, hf_ask_fn fn,
                                const struct hf_question *question);

/* ---- the client ---- */

enum hf_admin_level hf_call_level(const struct hf_call *call);
/* The line of the socket that it came to; and its connection, which stays the client's. */
const struct hf_cfg_bind *hf_call_bind(const struct hf_call *call);
int hf_call_fd(const struct hf_call *call);

/* ---- names ---- */

/* "BACKEND/SERVER".  NULL: no such; the client was told as HAProxy does. */
struct hf_server *hf_call_server(struct hf_call *call, const char *name);
/* A section that has this capability; NULL: none. */
struct hf_proxy *hf_call_proxy(const struct hf_call *call, const char *name, unsigned cap);

#endif
