/*
 * expr.h: sample expressions, ACLs, conditions, formats and rules, as plain data.
 *
 * The parser checks and types all of this (src/conf/expr/); the rules floor evaluates it
 * (haftp/rules/).  Which fetches and converters exist, with their arguments and types, is in
 * grammar/rows/samples/fetch.def and conv.def; one row is checked here and calls one function
 * there.
 *
 * In the configuration's arena; immutable once loaded; any thread.
 */
#ifndef HAFTP_CONF_EXPR_H
#define HAFTP_CONF_EXPR_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/addr.h"
#include "haftp/base/diag.h"
#include "haftp/base/regex.h"
#include "haftp/base/str.h"

struct hf_cfg_proxy;
struct hf_cfg_server;
struct hf_cfg_stick_table;
struct hf_cfg_userlist;

/* ---- samples ----------------------------------------------------------------------------- */

enum hf_type {
    HF_TYPE_ANY,
    HF_TYPE_BOOL,
    HF_TYPE_INT,  /* 64 bit, signed */
    HF_TYPE_ADDR, /* of either family */
    HF_TYPE_IPV4,
    HF_TYPE_IPV6,
    HF_TYPE_STR,
    HF_TYPE_BIN,
    HF_TYPE_METH, /* HTTP's; only ever compared */
};

/* Where in a session's life a sample can be had, as bits. */
enum hf_known {
    HF_KNOWN_ALWAYS = 1 << 0,   /* needs no session */
    HF_KNOWN_CLIENT = 1 << 1,   /* from accept on */
    HF_KNOWN_SESSION = 1 << 2,  /* after a PROXY header and TLS */
    HF_KNOWN_REQUEST = 1 << 3,  /* looks at bytes of the client */
    HF_KNOWN_SERVER = 1 << 4,   /* once a server was chosen */
    HF_KNOWN_RESPONSE = 1 << 5, /* looks at bytes of the server */
    HF_KNOWN_END = 1 << 6,      /* when the session is logged */
    HF_KNOWN_RUNNING = 1 << 7,  /* needs a running process, but no session */
    HF_KNOWN_FRONTEND = 1 << 8, /* from accept on, but not in health checks */
    HF_KNOWN_BACKEND = 1 << 9,  /* once the backend was chosen */
    HF_KNOWN_LOGIN = 1 << 10,   /* what an FTP client says; when a server is chosen by it, before */
};

/* An argument in parentheses, checked against the row's signature. */
enum hf_arg_kind {
    HF_ARG_NONE, /* an optional one that was left out */
    HF_ARG_INT,
    HF_ARG_TIME, /* number, ms */
    HF_ARG_SIZE, /* number, bytes */
    HF_ARG_TEXT,
    HF_ARG_ADDR,   /* addr: an address or a netmask, of the family that the row asks for */
    HF_ARG_PROXY,  /* proxy: frontend or backend; NULL: the section whose session it is (in rules
                    * that a defaults section handed down) */
    HF_ARG_TABLE,  /* table; NULL: that of the section whose session it is */
    HF_ARG_SERVER, /* server */
    HF_ARG_USERLIST,
    HF_ARG_REGEX,
    HF_ARG_VAR,
    HF_ARG_MAP,
};

/* A variable's slot: all of one scope and name share it. */
enum hf_var_scope { HF_VAR_PROC, HF_VAR_SESS, HF_VAR_TXN, HF_VAR_REQ, HF_VAR_RES, HF_VAR_CHECK };
struct hf_cfg_var {
    struct hf_cfg_var *next;
    enum hf_var_scope scope;
    const char *name; /* without the scope */
    unsigned index;   /* among all variables of the configuration, from 0 */
};

struct hf_arg {
    enum hf_arg_kind kind;
    struct hf_loc loc;
    const char *text; /* as written */
    int64_t number;
    struct hf_addr addr;
    struct hf_cfg_proxy *proxy;
    const struct hf_cfg_stick_table *table;
    struct hf_cfg_server *server;
    struct hf_cfg_userlist *userlist;
    struct hf_regex *regex;
    struct hf_cfg_var *var;
    struct hf_cfg_map *map;
};

#define HF_SAMPLE_LATER (-1) /* checked, but without effect in this version: never true */
#define HF_SAMPLE_HTTP  (-2) /* of HTTP: never true */

/* Those that work; the function of each is in the rules floor. */
enum hf_fetch_id {
#define HF_FETCH(id, word, signature, type, known, help) HF_FETCH_##id,
#include "../../../grammar/rows/samples/fetch.def"
    HF_N_FETCHES
};
enum hf_conv_id {
#define HF_CONV(id, word, signature, in, out, help) HF_CONV_##id,
#include "../../../grammar/rows/samples/conv.def"
    HF_N_CONVS
};

/* A row of fetch.def or conv.def. */
struct hf_sample_row {
    const char *name;
    int id;                /* enum hf_fetch_id or enum hf_conv_id, or HF_SAMPLE_* */
    const char *signature; /* of its arguments; explained in grammar/rows/samples/samples.h */
    enum hf_type in, out;  /* `in`: of converters only */
    unsigned known;        /* HF_KNOWN_*; fetches only */
    const char *help;
};

extern const struct hf_sample_row hf_fetches[], hf_convs[];
extern const unsigned hf_n_fetches, hf_n_convs;

/* NULL: no such word.  `name` need not end in NUL. */
const struct hf_sample_row *hf_fetch_find(struct hf_view name);
const struct hf_sample_row *hf_conv_find(struct hf_view name);
const char *hf_type_name(enum hf_type type);

/* `args` has as many entries as the signature has letters, those left out are HF_ARG_NONE; n_args
 * counts up to the last one given.  env(NAME) has the variable's value as its second argument, if
 * it is set. */
struct hf_conv {
    const struct hf_sample_row *row;
    struct hf_arg *args;
    unsigned n_args;
};

struct hf_expr;
/* An argument that names something of another section, until that is found. */
struct hf_arg_ref {
    struct hf_arg_ref *next;
    struct hf_arg *arg;
    char letter; /* of the signature */
    const struct hf_sample_row *row;
    struct hf_cfg_proxy *section; /* where it is used; NULL: in defaults, or in global */
    const struct hf_expr *key;    /* what must become a key of the table; NULL: nothing must */
};

/* fetch(args),conv(args),...  */
struct hf_expr {
    struct hf_loc loc;
    const char *text; /* as written */
    struct hf_conv fetch;
    struct hf_conv *convs;
    unsigned n_convs;
    enum hf_type type; /* of what comes out */
};

/* ---- ACLs and conditions ----------------------------------------------------------------- */

enum hf_match {
    HF_MATCH_FOUND, /* -m found: the sample exists */
    HF_MATCH_BOOL,
    HF_MATCH_INT,
    HF_MATCH_IP,
    HF_MATCH_LEN,
    HF_MATCH_STR,
    HF_MATCH_BEG,
    HF_MATCH_END,
    HF_MATCH_SUB,
    HF_MATCH_DIR,
    HF_MATCH_DOM,
    HF_MATCH_BIN,
    HF_MATCH_REG,
};

struct hf_int_range { /* both ends included */
    int64_t lo, hi;
};
struct hf_net {
    struct hf_addr addr; /* port 0 */
    struct hf_addr mask; /* same family */
};

/* What a sample is compared to.  One of the arrays is filled, by the match; `n` entries. */
struct hf_patterns {
    enum hf_match match;
    bool ignore_case;
    unsigned n;
    struct hf_view *texts;       /* STR, BEG..DOM, BIN */
    struct hf_int_range *ranges; /* INT, LEN */
    struct hf_net *nets;         /* IP */
    struct hf_regex **regexes;   /* REG */
    /* Made by hf_patterns_index() once all entries are there, in the order of the file. */
    const struct hf_text_index *text_index; /* STR, when there are many */
    const struct hf_net_index *net_index;   /* IP */
};

/* map(FILE) and its kin: keys as patterns, values beside them. */
struct hf_cfg_map {
    const char *file;
    enum hf_type out;
    struct hf_patterns keys;
    struct hf_view *values;  /* of keys.n entries; for INT and ADDR parsed by whoever uses them */
    struct hf_view fallback; /* p NULL: none */
};

struct hf_acl_test { /* one `acl` line, or { ... } */
    struct hf_acl_test *next;
    struct hf_loc loc;
    const char *text; /* as written, without the name */
    struct hf_expr *expr;
    struct hf_patterns patterns;
};

struct hf_acl {
    struct hf_acl *next;
    const char *name; /* NULL: anonymous */
    bool predefined;  /* TRUE, WAIT_END and so on: in no section's list */
    struct hf_loc loc;
    struct hf_acl_test *tests; /* any of them */
};

struct hf_cond_term {
    struct hf_cond_term *next;
    bool negated;
    const struct hf_acl *acl;
};
struct hf_cond_all {
    struct hf_cond_all *next;
    struct hf_cond_term *terms; /* all of them; none: true */
};
struct hf_cond { /* if A B or C; unless turns the whole round */
    struct hf_loc loc;
    bool unless;
    struct hf_cond_all *any; /* one of them */
};

/* ---- formats: log-format, use_backend %[...], set-var-fmt --------------------------------- */

enum hf_piece_kind { HF_PIECE_TEXT, HF_PIECE_ALIAS, HF_PIECE_EXPR };
#define HF_FORMAT_QUOTE  1u /* +Q */
#define HF_FORMAT_HEX    2u /* +X */
#define HF_FORMAT_ESCAPE 4u /* +E */

struct hf_piece {
    struct hf_piece *next;
    enum hf_piece_kind kind;
    unsigned flags;      /* HF_FORMAT_* */
    struct hf_view text; /* TEXT: literally; ALIAS: its name */
    int alias;           /* enum hf_alias_id; -1: one of HTTP, in a section of mode http */
    struct hf_expr *expr;
};
struct hf_format {
    struct hf_loc loc;
    const char *text; /* as written */
    struct hf_piece *pieces;
    struct hf_loc http; /* the first alias of HTTP; no source: none */
    const char *http_name;
};

struct hf_config;
struct hf_diag;
/* A format of our own, in the configuration's arena.  NULL: reported. */
struct hf_format *hf_format_new(struct hf_config *config, struct hf_diag *diag, const char *text);

/* Those that mode tcp knows; the function of each is in the log floor. */
enum hf_alias_id {
#define HF_ALIAS(id, word, help) HF_ALIAS_##id,
#include "../../../grammar/rows/samples/alias.def"
    HF_N_ALIASES
};

/* ---- rules -------------------------------------------------------------------------------- */

enum hf_rule_set {
    HF_RULES_CONNECTION, /* tcp-request connection */
    HF_RULES_SESSION,    /* tcp-request session */
    HF_RULES_REQUEST,    /* tcp-request content */
    HF_RULES_RESPONSE,   /* tcp-response content */
    HF_RULES_FTP,        /* ftp-request */
    HF_N_RULE_SETS
};

/* Rows in grammar/rows/samples/action.def. */
enum hf_rule_action {
    HF_RULE_ACCEPT,
    HF_RULE_REJECT,
    HF_RULE_CLOSE,       /* responses: close the server's connection */
    HF_RULE_SILENT_DROP, /* number: time to live of a reset that is sent; 0: none is */
    HF_RULE_EXPECT_PROXY,
    HF_RULE_EXPECT_CIP,
    HF_RULE_SET_VAR,     /* var, expr */
    HF_RULE_SET_VAR_FMT, /* var, format */
    HF_RULE_UNSET_VAR,   /* var */
    HF_RULE_SET_SRC,     /* expr */
    HF_RULE_SET_SRC_PORT,
    HF_RULE_SET_DST,
    HF_RULE_SET_DST_PORT,
    HF_RULE_SET_MARK,            /* number, or expr */
    HF_RULE_SET_TOS,             /* number, or expr */
    HF_RULE_SET_LOG_LEVEL,       /* number: 0 emerg .. 7 debug, -1 silent */
    HF_RULE_SET_PRIORITY_CLASS,  /* expr */
    HF_RULE_SET_PRIORITY_OFFSET, /* expr */
    HF_RULE_FTP_DENY, /* number: the code, 0: what fits; reply: the text, NULL: what fits; denial */
    HF_RULE_FTP_LOG,
    HF_RULE_TRACK,       /* expr, table, counter */
    HF_RULE_SC_INC_GPC,  /* counter, index */
    HF_RULE_SC_INC_GPC0, /* counter */
    HF_RULE_SC_INC_GPC1,
    HF_RULE_SC_ADD_GPC,  /* counter, index; number, or expr */
    HF_RULE_SC_SET_GPT,  /* the same */
    HF_RULE_SC_SET_GPT0, /* counter; number, or expr */
    HF_RULE_NONE,        /* checked, and told at start that it has no effect yet */
};

/* The conditions of set-var(NAME,...), as bits in the order of the words. */
enum hf_set_when {
    HF_SET_IF_EXISTS = 1 << 0,
    HF_SET_IF_NOT_EXISTS = 1 << 1,
    HF_SET_IF_EMPTY = 1 << 2, /* the value, as the next one */
    HF_SET_IF_NOT_EMPTY = 1 << 3,
    HF_SET_IF_SET = 1 << 4,
    HF_SET_IF_NOT_SET = 1 << 5,
    HF_SET_IF_GREATER = 1 << 6, /* than what the variable has, as the next one */
    HF_SET_IF_LESS = 1 << 7,
};

struct hf_cfg_rule {
    struct hf_cfg_rule *next;
    struct hf_loc loc;
    const char *name; /* of the action, without parentheses */
    const char *text; /* as written, without the condition */
    bool inherited;   /* from a defaults section */
    enum hf_rule_action action;
    struct hf_cond *cond; /* NULL: always */
    struct hf_expr *expr;
    struct hf_format *format;
    struct hf_cfg_var *var;
    unsigned when; /* SET_VAR, SET_VAR_FMT: enum hf_set_when */
    int64_t number;
    const char *reply;
    const struct hf_arg *table; /* TRACK: kind TABLE */
    unsigned counter;           /* TRACK, SC_*: which one of the session */
    unsigned index;             /* SC_*: of an array */
    enum hf_rule_set set;
    /* Its condition asks for ftp.code: looked at with each reply of the server, not only with its
     * first bytes (RESPONSE). */
    bool each_reply;
    unsigned denial; /* FTP_DENY: index in the configuration's list, the same in all copies */
};

struct hf_cfg_persist { /* force-persist, ignore-persist: in the order of the file */
    struct hf_cfg_persist *next;
    struct hf_loc loc;
    bool ignore;
    struct hf_cond *cond;
};

struct hf_cfg_switch { /* use_backend */
    struct hf_cfg_switch *next;
    struct hf_loc loc;
    const char *name;
    struct hf_cfg_proxy *backend; /* resolved; NULL with a format */
    struct hf_format *format;     /* NULL: a plain name */
    struct hf_cond *cond;
};

struct hf_cfg_use_server {
    struct hf_cfg_use_server *next;
    struct hf_loc loc;
    const char *name;
    struct hf_cfg_server *server; /* resolved; NULL with a format */
    struct hf_format *format;
    struct hf_cond *cond;
};

#endif
