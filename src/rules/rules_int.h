/*
 * rules_int.h: what the files of this floor share: functions of rows, room, texts.
 *
 * A function of a row is made for a call with the arguments that the row's signature promises: the
 * parser has checked them.  An optional argument that was left out is beyond n_args or of kind
 * HF_ARG_NONE; hf_has_arg() tells.
 */
#ifndef HAFTP_RULES_INT_H
#define HAFTP_RULES_INT_H

#include "haftp/rules/eval.h"

/* TRUE: the sample is in `out`, which came zeroed.  MISSING: none yet. */
typedef enum hf_truth hf_fetch_fn(const struct hf_conv *call, struct hf_eval *eval,
                                  struct hf_sample *out);
/* In place; the sample comes with the type that the row says.  False: nothing comes out. */
typedef bool hf_conv_fn(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample);

extern hf_fetch_fn *const hf_fetch_functions[]; /* by enum hf_fetch_id */
extern hf_conv_fn *const hf_conv_functions[];   /* by enum hf_conv_id */

/* All functions of rows, by these names. */
#define HF_FETCH(id, word, signature, type, known, help) hf_fetch_fn hf_do_fetch_##id;
#include "../../grammar/rows/samples/fetch.def"
#define HF_CONV(id, word, signature, in, out, help) hf_conv_fn hf_do_conv_##id;
#include "../../grammar/rows/samples/conv.def"

#define FETCH(id)                                                                                  \
    enum hf_truth hf_do_fetch_##id(const struct hf_conv *call, struct hf_eval *eval,               \
                                   struct hf_sample *out)
#define CONV(id)                                                                                   \
    bool hf_do_conv_##id(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample)
/* Not every function needs all that it is given. */
#define UNUSED(x) (void)(x)

static inline bool hf_has_arg(const struct hf_conv *call, unsigned i)
{
    return i < call->n_args && call->args[i].kind != HF_ARG_NONE;
}
static inline int64_t hf_number_arg(const struct hf_conv *call, unsigned i, int64_t otherwise)
{
    return hf_has_arg(call, i) ? call->args[i].number : otherwise;
}
static inline struct hf_view hf_text_arg(const struct hf_conv *call, unsigned i)
{
    return hf_has_arg(call, i) ? hf_view_cstr(call->args[i].text) : hf_view("", 0);
}

/* The table that this argument names; without one, that of the session's section (table_key.c).
 * NULL: there is none. */
struct hf_stick_table *hf_table_arg(const struct hf_conv *call, unsigned i,
                                    const struct hf_eval *eval);

/* What becomes of a sample. */
static inline enum hf_truth hf_out_number(struct hf_sample *out, int64_t number)
{
    out->type = HF_TYPE_INT;
    out->number = number;
    return HF_TRUE;
}
static inline enum hf_truth hf_out_bool(struct hf_sample *out, bool truth)
{
    out->type = HF_TYPE_BOOL;
    out->number = truth;
    return HF_TRUE;
}
static inline enum hf_truth hf_out_bytes(struct hf_sample *out, enum hf_type type,
                                         struct hf_view bytes)
{
    out->type = type;
    out->bytes = bytes;
    return HF_TRUE;
}
static inline enum hf_truth hf_out_text(struct hf_sample *out, const char *text)
{
    return hf_out_bytes(out, HF_TYPE_STR, hf_view_cstr(text));
}
/* FALSE when it is not set; its port does not count. */
enum hf_truth hf_out_addr(struct hf_sample *out, const struct hf_addr *addr);

/* A text in the making, in the half of the scratch that the sample does not lie in.  What does not
 * fit is cut off. */
struct hf_room {
    char *p;
    size_t n, size;
};
struct hf_room hf_room_for(struct hf_eval *eval, const struct hf_sample *sample);
void hf_room_add(struct hf_room *room, struct hf_view bytes);
static inline void hf_room_char(struct hf_room *room, char c)
{
    if (room->n < room->size)
        room->p[room->n++] = c;
}
static inline struct hf_view hf_room_view(const struct hf_room *room)
{
    return hf_view(room->p, room->n);
}

/* A decimal number at the start, as far as it goes: 0 without digits, held at the ends of its
 * range. */
int64_t hf_text_number(struct hf_view text);
/* The variable, cast; false: not set, or no such cast.  Its bytes may lie in the free part of the
 * room. */
bool hf_variable(const struct hf_cfg_var *var, enum hf_type type, const struct hf_eval *eval,
                 const struct hf_room *room, struct hf_sample *out);
/* The text with \0..\9 replaced by what the groups took; another character behind a backslash is
 * itself. */
void hf_room_substitute(struct hf_room *room, struct hf_view text,
                        const struct hf_view groups[HF_REGEX_GROUPS]);

/* Servers that sessions may be given to now, as HAProxy counts: backups only without others. */
unsigned hf_usable_servers(const struct hf_proxy *proxy);

/* http.c: FALSE unless eval->http has it */
enum hf_truth hf_fetch_http(const char *name, const struct hf_eval *eval, struct hf_sample *out);

#endif
