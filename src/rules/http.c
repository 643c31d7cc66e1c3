/*
 * http.c: samples of HTTP that requests to pages of our own have.
 */
#include "rules_int.h"

static enum hf_truth text(struct hf_sample *out, enum hf_type type, struct hf_view bytes)
{
    out->type = type;
    out->bytes = bytes;
    return HF_TRUE;
}

enum hf_truth hf_fetch_http(const char *name, const struct hf_eval *eval, struct hf_sample *out)
{
    if (!eval->http)
        return HF_FALSE;
    struct hf_view url = eval->http->url;
    const char *question = memchr(url.p, '?', url.n);
    size_t n = question ? (size_t)(question - url.p) : url.n;

    if (strcmp(name, "method") == 0)
        return text(out, HF_TYPE_METH, eval->http->method);
    if (strcmp(name, "path") == 0)
        return text(out, HF_TYPE_STR, hf_view(url.p, n));
    if (strcmp(name, "url") == 0 || strcmp(name, "pathq") == 0)
        return text(out, HF_TYPE_STR, url);
    if (strcmp(name, "query") == 0)
        return text(out, HF_TYPE_STR,
                    question ? hf_view(question + 1, url.n - n - 1) : hf_view("", 0));
    return HF_FALSE;
}
