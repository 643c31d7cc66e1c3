/*
 * page_int.h: a section's pages: http.c speaks HTTP, choose.c finds what a request is for, html.c
 * writes the page of statistics.
 */
#ifndef HAFTP_ADMIN_PAGE_INT_H
#define HAFTP_ADMIN_PAGE_INT_H

#include "haftp/admin/page.h"
#include "haftp/base/text.h"

struct page_request {
    const struct hf_runtime *runtime;
    const struct hf_cfg_proxy *section;
    const char *method, *url; /* the url as it was sent */
    struct hf_addr client;
};

struct page_answer {
    unsigned status;
    const char *type;
    unsigned refresh_s; /* 0: not by itself */
    bool asks_password; /* 401 */
    struct hf_text body;
};

/* `user`, `password`: as the client gave them; NULL: it did not. */
void page_answer(const struct page_request *request, const char *user, const char *password,
                 struct page_answer *answer);

/* The page, with the rows of the filter. */
struct stat_filter;
void page_html(const struct page_request *request, const struct stat_filter *filter,
               struct hf_text *out);

#endif
