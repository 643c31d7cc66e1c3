/*
 * check.h: what `tcp-check` lines say, as a script that the check floor plays.
 *
 * In the configuration's arena; immutable once loaded; any thread.
 */
#ifndef HAFTP_CONF_CHECK_H
#define HAFTP_CONF_CHECK_H

#include "haftp/conf/expr.h"

enum hf_check_status {
#define X(name, word, text, verdict) HF_CHECK_##name,
#include "haftp/conf/check_status.def"
#undef X
    HF_N_CHECK_STATUSES
};

enum hf_check_verdict { HF_CHECK_NONE, HF_CHECK_FAILED, HF_CHECK_PASSED, HF_CHECK_COND };

const char *hf_check_status_word(enum hf_check_status status); /* "L7OK" */
const char *hf_check_status_text(enum hf_check_status status); /* "Layer7 check passed" */
enum hf_check_verdict hf_check_status_verdict(enum hf_check_status status);
/* By its word; UNKNOWN: there is none. */
enum hf_check_status hf_check_status_find(const char *word);
static inline bool hf_check_status_has_code(enum hf_check_status status)
{
    return status >= HF_CHECK_L7OK;
}

enum hf_check_action {
    HF_CHECK_CONNECT,
    HF_CHECK_SEND,
    HF_CHECK_EXPECT,
    HF_CHECK_SET, /* a variable: set-var, set-var-fmt, unset-var */
    HF_CHECK_COMMENT,
};

struct hf_cfg_check_connect {
    bool as_server; /* `default`: with TLS and PROXY header as the server's line says */
    bool ssl, send_proxy, linger, via_socks4;
    struct hf_addr addr;       /* not set: as the server's line says */
    uint16_t port;             /* 0: that of addr, or as the server's line says */
    struct hf_expr *port_expr; /* instead of port; NULL: none */
    const char *sni, *alpn;    /* NULL: not given */
};

struct hf_cfg_check_send {
    struct hf_view bytes;
    struct hf_format *format; /* instead of them; NULL: none */
    bool is_hex;              /* what comes of the format are digits of the bytes */
};

enum hf_check_pattern {
    HF_EXPECT_STRING,
    HF_EXPECT_RSTRING,
    HF_EXPECT_STRING_LF,
    HF_EXPECT_BINARY,
    HF_EXPECT_RBINARY,
    HF_EXPECT_BINARY_LF,
    HF_EXPECT_ANYTHING, /* `custom` */
};

struct hf_cfg_check_expect {
    enum hf_check_pattern pattern;
    bool unwanted;                           /* the pattern must not match */
    struct hf_view bytes;                    /* STRING, BINARY */
    struct hf_regex *regex;                  /* RSTRING, RBINARY */
    struct hf_format *format;                /* STRING_LF, BINARY_LF */
    int min_recv;                            /* bytes to wait for; -1: until it matches */
    enum hf_check_status ok, error, timeout; /* UNKNOWN: not given */
    struct hf_format *on_success, *on_error; /* NULL: not given */
    struct hf_expr *status_code;             /* likewise */
};

struct hf_cfg_check_step {
    struct hf_cfg_check_step *next;
    struct hf_loc loc;
    enum hf_check_action action;
    unsigned number;     /* from 1, as logs count */
    const char *text;    /* the line, without `tcp-check` */
    const char *comment; /* its own, or the text of a COMMENT; NULL: none */
    /* By the action, one of these. */
    struct hf_cfg_check_connect connect;
    struct hf_cfg_check_send send;
    struct hf_cfg_check_expect expect;
    struct hf_cfg_rule *set;
};

struct hf_cfg_check_script {
    const struct hf_cfg_proxy *owner; /* whose lines these are */
    struct hf_loc loc;                /* of the first */
    struct hf_cfg_check_step *steps;
    struct hf_cfg_check_step *last;
    bool begins_apart; /* the first step that is about a connection is `connect` */
    bool talks;        /* something was sent or expected */
};

/* Some connection is over TLS, whatever the server's line says.  NULL: none is. */
bool hf_check_script_has_tls(const struct hf_cfg_check_script *script);

#endif
