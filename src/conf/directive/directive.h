/*
 * directive.h: lines that begin with a dot: .if .elif .else .endif and the messages of a file.
 *
 * They stand between scanner and keywords: a branch that is not taken is cut into words like every
 * line, and then forgotten.
 */
#ifndef HAFTP_CONF_DIRECTIVE_H
#define HAFTP_CONF_DIRECTIVE_H

#include "haftp/base/diag.h"

#define HF_NESTED_CONDITIONS 99u

struct hf_parse;
struct hf_line;

/* One .if and what became of it. */
struct hf_block {
    struct hf_loc opened;
    bool reading; /* the current branch is taken */
    bool over;    /* a branch was taken, or none may be: the block stands in a dropped one */
    bool in_else;
};

struct hf_directives {
    struct hf_block blocks[HF_NESTED_CONDITIONS];
    unsigned depth;
    bool say_diag; /* -dD: .diag speaks */
    bool stopped; /* by .alert, or because nobody knows which branch counts: nothing more is read */
};

/* Looks at the line that was just read.  True: it was a directive, or is not to be looked at. */
bool hf_directive_line(struct hf_parse *parse);
/* Every .if ends in its file. */
void hf_directive_file_end(struct hf_parse *parse);

#endif
