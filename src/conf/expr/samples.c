/*
 * samples.c: the rows of sample fetches and converters as tables.
 */
#include <string.h>

#include "haftp/conf/expr.h"

/* The rows say in these short words where a sample can be had. */
enum {
    ALWAYS = HF_KNOWN_ALWAYS,
    RUNNING = HF_KNOWN_RUNNING,
    CLIENT = HF_KNOWN_CLIENT,
    FRONTEND = HF_KNOWN_FRONTEND,
    SESSION = HF_KNOWN_SESSION,
    REQUEST = HF_KNOWN_REQUEST,
    BACKEND = HF_KNOWN_BACKEND,
    SERVER = HF_KNOWN_SERVER,
    RESPONSE = HF_KNOWN_RESPONSE,
    LOGIN = HF_KNOWN_LOGIN,
    BYTES = HF_KNOWN_REQUEST | HF_KNOWN_RESPONSE,
    AFTER = HF_KNOWN_RESPONSE | HF_KNOWN_END,
    END = HF_KNOWN_END,
    HTTP = HF_KNOWN_REQUEST | HF_KNOWN_RESPONSE | HF_KNOWN_END,
};

#define LATER_HELP "Checked, but without effect in this version."
#define HTTP_HELP  "For HTTP only: never true here."

#define FETCH(id_, word, signature_, type, known_, help_)                                          \
    {.name = (word),                                                                               \
     .id = (id_),                                                                                  \
     .signature = (signature_),                                                                    \
     .out = HF_TYPE_##type,                                                                        \
     .known = (known_),                                                                            \
     .help = (help_)},
#define CONV(id_, word, signature_, in_, out_, help_)                                              \
    {.name = (word),                                                                               \
     .id = (id_),                                                                                  \
     .signature = (signature_),                                                                    \
     .in = HF_TYPE_##in_,                                                                          \
     .out = HF_TYPE_##out_,                                                                        \
     .help = (help_)},

const struct hf_sample_row hf_fetches[] = {
#define HF_FETCH(id, word, signature, type, known, help)                                           \
    FETCH(HF_FETCH_##id, word, signature, type, known, help)
#define HF_FETCH_SAME(id, word, signature, type, known)                                            \
    FETCH(HF_FETCH_##id, word, signature, type, known, "Old spelling.")
#define HF_FETCH_LATER(word, signature, type, known)                                               \
    FETCH(HF_SAMPLE_LATER, word, signature, type, known, LATER_HELP)
#define HF_FETCH_HTTP(word, signature, type, known)                                                \
    FETCH(HF_SAMPLE_HTTP, word, signature, type, known, HTTP_HELP)
#include "../../../grammar/rows/samples/fetch.def"
};

const struct hf_sample_row hf_convs[] = {
#define HF_CONV(id, word, signature, in, out, help)                                                \
    CONV(HF_CONV_##id, word, signature, in, out, help)
#define HF_CONV_LATER(word, signature, in, out)                                                    \
    CONV(HF_SAMPLE_LATER, word, signature, in, out, LATER_HELP)
#define HF_CONV_HTTP(word, signature, in, out)                                                     \
    CONV(HF_SAMPLE_HTTP, word, signature, in, out, HTTP_HELP)
#include "../../../grammar/rows/samples/conv.def"
};

const unsigned hf_n_fetches = sizeof hf_fetches / sizeof hf_fetches[0];
const unsigned hf_n_convs = sizeof hf_convs / sizeof hf_convs[0];

static const struct hf_sample_row *find(const struct hf_sample_row *rows, unsigned n,
                                        struct hf_view name)
{
    for (unsigned i = 0; i < n; i++) {
        if (hf_view_is(name, rows[i].name))
            return &rows[i];
    }
    return NULL;
}

const struct hf_sample_row *hf_fetch_find(struct hf_view name)
{
    return find(hf_fetches, hf_n_fetches, name);
}

const struct hf_sample_row *hf_conv_find(struct hf_view name)
{
    return find(hf_convs, hf_n_convs, name);
}

const char *hf_type_name(enum hf_type type)
{
    static const char *const names[] = {"any type",   "a truth value",   "a number",
                                        "an address", "an IPv4 address", "an IPv6 address",
                                        "a text",     "bytes",           "an HTTP method"};
    return names[type];
}
