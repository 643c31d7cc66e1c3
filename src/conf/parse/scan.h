/*
 * scan.h: characters in, lines of words out; implemented in grammar/haftp.l.
 *
 * The scanner knows quotes, escapes, comments and environment variables, and nothing of keywords:
 * what a word means is decided in tokens.c.  One scanner per file.
 */
#ifndef HAFTP_CONF_SCAN_H
#define HAFTP_CONF_SCAN_H

#include <stdbool.h>

#include "env.h"
#include "haftp/base/arena.h"
#include "haftp/base/diag.h"

#define HF_LINE_WORDS 64u

struct hf_word {
    const char *text; /* without quotes and escapes; in the configuration's arena */
    struct hf_loc loc;
};

struct hf_line {
    struct hf_word words[HF_LINE_WORDS];
    unsigned n;
    bool broken;       /* a fault was reported: the words up to it are there, the rest is not */
    struct hf_loc end; /* just behind the last word */
};

struct hf_scan {
    struct hf_arena *arena;
    struct hf_diag *diag;
    const struct hf_source *source;
    const struct hf_env *env;
    const char *section; /* for the variable .SECTION */
    void *flex;
    struct hf_line *line; /* the one that is being filled */
    int line_number, col, token_col;
    unsigned lines_with_nul; /* of this file */
    size_t expanded;         /* bytes that variables gave */
    /* The word that is being put together. */
    char *word;
    size_t word_len, word_size;
    int word_col, quote_col;
    bool in_word, is_list; /* is_list: made of ${NAME[*]}, which may be no word at all */
};

void hf_scan_open(struct hf_scan *scan, const struct hf_source *source);
/* The next line, also when it is empty; false at the end of the file. */
bool hf_scan_next(struct hf_scan *scan, struct hf_line *line);
void hf_scan_close(struct hf_scan *scan);

#endif
