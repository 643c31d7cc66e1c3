/*
 * tables.c: the function of each row, by its id.  A row without one does not link.
 */
#include "rules_int.h"

hf_fetch_fn *const hf_fetch_functions[] = {
#define HF_FETCH(id, word, signature, type, known, help) [HF_FETCH_##id] = hf_do_fetch_##id,
#include "../../grammar/rows/samples/fetch.def"
};

hf_conv_fn *const hf_conv_functions[] = {
#define HF_CONV(id, word, signature, in, out, help) [HF_CONV_##id] = hf_do_conv_##id,
#include "../../grammar/rows/samples/conv.def"
};
