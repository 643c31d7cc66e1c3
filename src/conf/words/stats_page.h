/*
 * stats_page.h: what a section says of the pages that it serves itself: statistics, metrics,
 * monitor-uri.
 */
#ifndef HAFTP_CONF_WORDS_STATS_PAGE_H
#define HAFTP_CONF_WORDS_STATS_PAGE_H

#include <stdio.h>

#include "parse/build.h"

/* A line of such a page, with the words behind its name; those of other rows are left alone. */
void hf_page_word(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *words,
                  unsigned n);
/* The same of a rule, with its condition (NULL: always). */
void hf_page_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                  const struct hf_cond *cond);
/* The row does something on a page; false: it is checked only. */
bool hf_page_acts_on(const struct hf_keyword *row);
/* Why the page of this section cannot be served, as "..., which comes in a later version"; NULL: it
 * can. */
const char *hf_page_hindrance(const struct hf_cfg_proxy *proxy);
/* Its lines, as they would be read again. */
void hf_page_dump(FILE *out, const struct hf_cfg_page *page);

#endif
