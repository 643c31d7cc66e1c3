/*
 * page.h: sections of mode http that serve pages themselves: statistics, metrics, monitor-uri.
 *
 * On main's loop.  HTTP itself is libmicrohttpd's business.
 */
#ifndef HAFTP_ADMIN_PAGE_H
#define HAFTP_ADMIN_PAGE_H

#include "haftp/net/loop.h"
#include "haftp/state/runtime.h"

struct hf_pages;

/* Before threads start, as they get counters of their own.  NULL: out of memory. */
struct hf_pages *hf_pages_new(struct hf_loop *loop, struct hf_runtime *runtime, unsigned n_workers);
/* Serves a listening socket of a bind, and takes it, also when it cannot. */
HF_MUST_USE enum hf_status hf_pages_serve(struct hf_pages *pages, const struct hf_cfg_bind *bind,
                                          int fd);
/* No new connections; those that are there go on. */
void hf_pages_stop(struct hf_pages *pages);
/* Before its loop is freed.  NULL is fine. */
void hf_pages_free(struct hf_pages *pages);

#endif
