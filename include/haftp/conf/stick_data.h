/*
 * stick_data.h: what entries of stick tables may hold; rows in stick_data.def.
 */
#ifndef HAFTP_CONF_STICK_DATA_H
#define HAFTP_CONF_STICK_DATA_H

#include <stdint.h>
#include <stdio.h>

enum hf_stick_data {
#define X(id, name, kind, argument) HF_STICK_##id,
#include "haftp/conf/stick_data.def"
#undef X
    HF_N_STICK_DATA
};

enum hf_stick_kind {
    HF_STICK_SERVER,
    HF_STICK_COUNT,
    HF_STICK_RATE,
    HF_STICK_TAG,
    HF_STICK_NEVER,
    HF_STICK_NEVER_RATE
};

enum hf_stick_argument {
    HF_STICK_NONE,
    HF_STICK_LENGTH,
    HF_STICK_PERIOD,
    HF_STICK_RATES,
};

/* What a table stores of one kind of data. */
struct hf_cfg_stick_stored {
    uint16_t n;         /* of an array its length, of all others 1; 0: it is not stored */
    uint32_t period_ms; /* of rates */
};

struct hf_stick_row {
    const char *name;
    enum hf_stick_kind kind;
    enum hf_stick_argument argument;
};
extern const struct hf_stick_row hf_stick_rows[HF_N_STICK_DATA];

#define HF_STICK_ARRAY_MAX 100u /* numbers in an array */

static inline int hf_stick_is_rate(enum hf_stick_data data)
{
    return hf_stick_rows[data].kind == HF_STICK_RATE ||
           hf_stick_rows[data].kind == HF_STICK_NEVER_RATE;
}
static inline int hf_stick_is_server(enum hf_stick_data data)
{
    return hf_stick_rows[data].kind == HF_STICK_SERVER;
}

#endif
