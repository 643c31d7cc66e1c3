/*
 * parse.h: the state of reading one set of files: words, tokens and builder.
 */
#ifndef HAFTP_CONF_PARSE_H
#define HAFTP_CONF_PARSE_H

#include "build.h"
#include "tokens/tokens.h"

struct hf_parse {
    struct hf_tokens tokens;
    struct hf_build build;
};

#endif
