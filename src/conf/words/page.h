/*
 * page.h: files that HAProxy would answer with over HTTP.
 */
#ifndef HAFTP_CONF_PAGE_H
#define HAFTP_CONF_PAGE_H

#define HF_PAGE_EXAMPLE "it begins with a line like: HTTP/1.0 503 Unavailable"

/* What is wrong with the file, for HAProxy checks it at start; NULL: nothing.  An empty file is an
 * empty answer; any other is a line of status, headers, an empty line, and a body.  The text may be
 * strerror()'s. */
const char *hf_page_wrong(const char *path);

#endif
