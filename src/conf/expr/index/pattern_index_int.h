/*
 * pattern_index_int.h: the two kinds of index.
 */
#ifndef HAFTP_CONF_PATTERN_INDEX_INT_H
#define HAFTP_CONF_PATTERN_INDEX_INT_H

#include "haftp/conf/pattern_index.h"

const struct hf_net_index *hf_net_index_new(struct hf_arena *arena, const struct hf_net *nets,
                                            unsigned n);

#endif
