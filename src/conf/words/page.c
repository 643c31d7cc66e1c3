/*
 * page.c: whether a file is an answer of HTTP.
 */
#include "page.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/file.h"

/* HAProxy's buffer: what is longer it does not take. */
#define MOST_BYTES 16384u

/* "HTTP/1.0 503" and perhaps a reason. */
static bool is_status(const char *line, size_t n)
{
    static const char version[] = "HTTP/1.";

    return n >= sizeof "HTTP/1.0 503" - 1 && memcmp(line, version, sizeof version - 1) == 0 &&
           isdigit((unsigned char)line[7]) && line[8] == ' ' && isdigit((unsigned char)line[9]) &&
           isdigit((unsigned char)line[10]) && isdigit((unsigned char)line[11]);
}

/* "Name: value" */
static bool is_header(const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);

    for (const char *p = line; colon && p < colon; p++) {
        if (!isgraph((unsigned char)*p))
            return false;
    }
    return colon && colon > line;
}

static const char *judge(const char *text, size_t size)
{
    const char *p = text, *end = text + size;

    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf)
            break;
        size_t n = (size_t)(lf - p);
        if (n && p[n - 1] == '\r')
            n--;
        if (p == text ? !is_status(p, n) : n && !is_header(p, n))
            return p == text ? "its first line is no status" : "a line above the body is no header";
        if (n == 0)
            return NULL;
        p = lf + 1;
    }
    return "it has no empty line behind the headers";
}

const char *hf_page_wrong(const char *path)
{
    const char *wrong = NULL;
    size_t n;
    char *text = hf_file_read(path, &n, &wrong);

    if (text && n > MOST_BYTES)
        wrong = "it is too long";
    else if (text && n)
        wrong = judge(text, n);
    free(text);
    return wrong;
}
