/*
 * load.h: files in, configuration out.  Main's thread; what comes out is immutable, for all of
 * them.
 */
#ifndef HAFTP_CONF_LOAD_H
#define HAFTP_CONF_LOAD_H

#include <stdio.h>

#include "haftp/base/diag.h"
#include "haftp/base/status.h"
#include "haftp/conf/model.h"

/* What the command line says of things that files ask for. */
struct hf_load_options {
    const char *localpeer;   /* -L; NULL: the environment's HAPROXY_LOCALPEER, or the host's name */
    bool master_worker;      /* -W: HAPROXY_MWORKER is 1 */
    bool say_diag;           /* -dD: .diag lines are told */
    bool names_may_fail;     /* -dr: servers whose name has no address stay down */
    bool servers_unverified; /* -dV: as with `ssl-server-verify none` before all files */
};
/* For all later loads; the texts stay the caller's. */
void hf_config_set_options(const struct hf_load_options *options);

/* Reads files and directories (their non-hidden *.cfg, sorted bytewise) in order, parses, resolves
 * names, makes the FTP plan and cross-checks.  All problems go to `diag`.  Returns NULL when there
 * was an error; the caller frees the result with hf_config_free().  A configuration without a
 * single listener is returned: see hf_config_has_listener(). */
struct hf_config *hf_config_load(const char *const *paths, unsigned n_paths, struct hf_diag *diag);
/* The same, and why there is none: HF_NOTFOUND, a file could not be read; HF_INVALID, it is wrong.
 */
HF_MUST_USE enum hf_status hf_config_read(const char *const *paths, unsigned n_paths,
                                          struct hf_diag *diag, struct hf_config **config);
void hf_config_free(struct hf_config *config);
bool hf_config_has_listener(const struct hf_config *config);

/* An error where a `program` section has no master process: whether there is one is known when the
 * command line has been read. */
void hf_config_check_master(const struct hf_config *config, bool master_worker,
                            struct hf_diag *diag);

/* `-c -V`: for each control bind, what it was taken for, by which rule, where its data ports come
 * from; each line is a comment of the language. */
void hf_config_explain(const struct hf_config *config, FILE *out);
/* The configuration as canonical text that parses to itself. */
void hf_config_dump(const struct hf_config *config, FILE *out);
/* Every word with its sections and help, from the rows (`-dKall`); `classes` has some of "all",
 * "cfg", "smp", ..., "help" with commas between.  False: one of them does not exist. */
bool hf_config_list_keywords(FILE *out, const char *classes);

/* -cc: whether a condition of the directives is true.  HF_INVALID: told to `diag`. */
HF_MUST_USE enum hf_status hf_config_test_condition(const char *text, bool *holds,
                                                    struct hf_diag *diag);

/* Whether the certificate of such a server is looked at: its line says, else `ssl-server-verify`.
 */
static inline bool hf_config_verifies(const struct hf_config *config,
                                      const struct hf_cfg_server_opts *server)
{
    return server->tls.verify < 0 ? config->global.ssl_server_verify : server->tls.verify;
}
/* Files of TLS words: where a path that is not absolute is (`base` NULL: where we are); where the
 * key of a certificate is whose own file has none; whether a file in a folder of certificates only
 * goes with one of them.  New strings are in `arena`. */
const char *hf_config_tls_path(struct hf_arena *arena, const char *base, const char *path);
const char *hf_config_key_path(const struct hf_config *config, struct hf_arena *arena,
                               const char *cert_path);
bool hf_config_is_beside_cert(const char *name);
/* Why the certificate at `path`, or its key, cannot be used, as far as text tells: a sentence
 * without its dot, in `arena`; NULL: nothing is wrong. */
const char *hf_config_cert_fault(const struct hf_config *config, struct hf_arena *arena,
                                 const char *path);
bool hf_config_holds_cert(const char *text);
/* `crt FILE` without such a file takes these together: certificates of one name, each for a kind of
 * key. */
#define HF_TLS_BUNDLE_ENDINGS                                                                      \
    {                                                                                              \
        ".rsa", ".ecdsa", ".dsa"                                                                   \
    }

/* Whether `name` is a balance algorithm is known higher up: app hands the check down before
 * loading. Returns NULL if known, else the nearest known name or "". */
typedef const char *(*hf_config_algorithm_fn)(const char *name);
void hf_config_set_algorithm_check(hf_config_algorithm_fn fn);

/* A client that connects to this port of this host, one of ours, gets to the same port of this
 * server by a plain section (see hf_cfg_proxy.mapped). */
bool hf_config_maps_port(const struct hf_cfg_proxy *control, const struct hf_cfg_server *server,
                         const struct hf_addr *host, unsigned port);

#endif
