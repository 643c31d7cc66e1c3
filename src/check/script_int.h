/*
 * script_int.h: a `tcp-check` script while it is played (kind/script.c), and what its steps look at
 * (script.c).
 */
#ifndef HAFTP_CHECK_SCRIPT_INT_H
#define HAFTP_CHECK_SCRIPT_INT_H

#include "check_int.h"
#include "haftp/base/buf.h"
#include "haftp/rules/vars.h"

struct hf_script {
    const struct hf_cfg_check_script *script;
    const struct hf_cfg_check_step *step; /* the last one about the connection */
    const struct hf_cfg_check_step *next; /* NULL: all have passed */
    const struct hf_cfg_check_step *first_expect, *waits_from; /* NULL: none */
    struct hf_buf in;                                          /* since the last send */
    struct hf_buf out;                                         /* what the socket did not take */
    struct hf_vars *vars;
    bool connecting;
    bool heard; /* all that there is was read, this time */
    bool ended; /* the server sends no more */
};

/* Whether the pattern of s->step is there, or must not be and is not.  `last`: no more can come. */
enum hf_script_match {
    HF_SCRIPT_MATCHES,
    HF_SCRIPT_NEEDS_MORE,
    HF_SCRIPT_DIFFERS,
    HF_SCRIPT_UNWANTED, /* it is there and must not be */
    HF_SCRIPT_NO_TEXT,  /* its format gave nothing */
    HF_SCRIPT_NO_HEX,   /* its format gave something else than digits */
};
enum hf_script_match hf_script_match(const struct hf_check_run *run, struct hf_script *s,
                                     bool last);

/* What the format gives, and a NUL; returns its length. */
size_t hf_script_format(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_format *format, char *text, size_t size);
/* The same, or the bytes whose digits it gives, in `room`.  False: they are none. */
bool hf_script_bytes(const struct hf_check_run *run, struct hf_script *s,
                     const struct hf_format *format, bool is_hex, char room[HF_EVAL_SCRATCH],
                     struct hf_view *out);
/* The port that a `connect` says; 0: none. */
uint16_t hf_script_port(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_cfg_check_connect *connect);
/* `status-code`; 0: none. */
unsigned hf_script_code(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_cfg_check_expect *expect);
void hf_script_set(const struct hf_check_run *run, struct hf_script *s,
                   const struct hf_cfg_rule *rule);

/* The step's own comment, or that of the line above it; NULL: none. */
const char *hf_script_comment(const struct hf_script *s);
/* " at step 3 of tcp-check (expect string '220') comment: 'the greeting'" */
void hf_script_say_where(const struct hf_script *s, char *out, size_t size);
void hf_script_say_mismatch(const struct hf_check_run *run, struct hf_script *s,
                            enum hf_script_match match, char *out, size_t size);

#endif
