/*
 * args.h: the command line as a plain struct; usage and version texts.
 *
 * The flags are HAProxy's, one row each in src/app/options.def.  Those without effect say so: a
 * flag that is silently ignored is a promise broken at three in the morning.
 */
#ifndef HAFTP_APP_ARGS_H
#define HAFTP_APP_ARGS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "haftp/base/status.h"

enum hf_exit {
    HF_EXIT_OK = 0,
    HF_EXIT_ERROR = 1,
    HF_EXIT_NO_LISTENER = 2,
    /* -cc */
    HF_EXIT_FALSE = 1,
    HF_EXIT_NO_CONDITION = 2,
};

enum hf_action {
    HF_ACTION_RUN,
    HF_ACTION_CHECK,   /* -c */
    HF_ACTION_DUMP,    /* -dC */
    HF_ACTION_TEST,    /* -cc */
    HF_ACTION_LIST,    /* -dK or -dL, and no file */
    HF_ACTION_HELP,    /* -h */
    HF_ACTION_VERSION, /* -v */
    HF_ACTION_BUILD,   /* -vv */
};

struct hf_pids {
    pid_t *list; /* NULL: none */
    unsigned n;
};

struct hf_args {
    enum hf_action action;
    const char **files; /* files and directories, in order; the words are argv's */
    unsigned n_files;
    const char *chdir_to;           /* -C, before files are read; NULL: stay */
    const char *condition;          /* -cc */
    const char *pidfile;            /* -p, instead of the configuration's */
    const char *localpeer;          /* -L; NULL: the host's name */
    const char *keyword_classes;    /* -dK; NULL: not given */
    const char *memory_debugging;   /* -dM; NULL: not given */
    unsigned maxconn;               /* -n, instead of the configuration's; 0: not given */
    unsigned section_maxconn;       /* -N, of sections without one; 0: not given */
    unsigned megabytes;             /* -m; 0: no limit */
    bool verbose;                   /* -V */
    bool quiet;                     /* -q: the exit status says it all */
    bool debug;                     /* -d: foreground */
    bool foreground;                /* -db or -d: whatever the configuration says */
    bool daemon;                    /* -D; not set together with foreground */
    bool master_worker;             /* -W, -Ws */
    bool systemd;                   /* -Ws */
    bool zero_warning;              /* -dW, beside the configuration's */
    bool no_splice;                 /* -dS, beside the configuration's */
    bool say_diag;                  /* -dD */
    bool names_may_fail;            /* -dr */
    bool servers_unverified;        /* -dV */
    bool list_objects;              /* -dL */
    struct hf_pids old_pids;        /* -sf */
    struct hf_pids terminated_pids; /* -st */
    const char *takeover_socket;    /* -x; NULL: not given */
};

/* When a flag cannot be followed, this is told to `err` (with usage, and the version to `out`,
 * where that helps) and the caller exits with HF_EXIT_ERROR.  hf_args_fini() in any case. */
HF_MUST_USE enum hf_status hf_args_parse(int argc, char *const *argv, FILE *out, FILE *err,
                                         struct hf_args *args);
void hf_args_fini(struct hf_args *args);

void hf_usage_print(FILE *out);
/* `details`: how it was built and what it runs on (-vv). */
void hf_version_print(FILE *out, bool details);

#endif
