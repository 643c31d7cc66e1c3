/*
 * stick_data.c: the rows of what stick tables store.
 */
#include "haftp/conf/stick_data.h"

const struct hf_stick_row hf_stick_rows[HF_N_STICK_DATA] = {
#define X(id, name, kind, argument) {name, HF_STICK_##kind, HF_STICK_##argument},
#include "haftp/conf/stick_data.def"
#undef X
};
