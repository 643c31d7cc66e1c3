/*
 * pattern_index.h: many patterns of an ACL or a map, found by binary search.
 *
 * Made once, when all entries are read; a look-up allocates nothing and takes no lock, so that a
 * file of 100,000 networks or names costs about as much as one line.  Lives in its arena;
 * immutable; any thread.
 */
#ifndef HAFTP_CONF_PATTERN_INDEX_H
#define HAFTP_CONF_PATTERN_INDEX_H

#include "haftp/base/arena.h"
#include "haftp/conf/expr.h"

/* Fills text_index or net_index as the method needs it; the entries must stay as they are. */
void hf_patterns_index(struct hf_arena *arena, struct hf_patterns *patterns);

/* The first of the equal entries; -1: none. */
int hf_text_index_find(const struct hf_text_index *index, struct hf_view text);
/* The most specific network that contains the address (the first of equal ones); -1: none.  An
 * IPv4 address is also looked for in IPv6 networks as ::ffff:a.b.c.d, an IPv6 address that stands
 * for an IPv4 one (::ffff:a.b.c.d, ::a.b.c.d, 2002:ab:cd::) in IPv4 networks. */
int hf_net_index_find(const struct hf_net_index *index, const struct hf_addr *addr);

#endif
