/*
 * diag.h: located messages about the configuration.
 *
 * Passes report into a sink and go on, so that one run tells all that is wrong.  Printing follows
 * HAProxy's shape (label, pid, "config : parsing [FILE:LINE:COL] : TEXT") and adds the source line,
 * a caret and a hint.  A sink belongs to one thread.
 */
#ifndef HAFTP_BASE_DIAG_H
#define HAFTP_BASE_DIAG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "haftp/base/arena.h"

/* One file's text, kept so that messages can show the line. */
#define HF_SOURCE_MARK 64u
struct hf_source {
    const char *name; /* as the user gave it */
    const char *text;
    size_t size;
    unsigned index; /* position in the order of loading */
    /* Where lines 1, 65, 129, ... begin, so that a message of a long file finds its line soon; 0
     * marks: not known. */
    const uint32_t *marks;
    unsigned n_marks;
    struct hf_source *next;
};

/* Where a line begins, from 1; it ends at '\n' or with the text.  NULL: the text is shorter. */
const char *hf_source_line(const struct hf_source *source, int line);

struct hf_loc {
    const struct hf_source *source; /* NULL: nowhere in particular */
    int line;                       /* from 1 */
    int col, end_col;               /* bytes, from 1; end_col is one past the last; 0: whole line */
};

/* ADVICE is printed as a warning, but is ours alone: HAProxy has nothing to say there, so it does
 * not count for `zero-warning`. */
enum hf_severity { HF_DIAG_NOTICE, HF_DIAG_ADVICE, HF_DIAG_WARNING, HF_DIAG_ERROR };

struct hf_diag;

/* The sink keeps copies: it may outlive the sources that its messages point at. */
struct hf_diag *hf_diag_new(void);
void hf_diag_free(struct hf_diag *diag);

/* Of each severity a thousand are kept, the others are counted.
 * `hint` (NULL: none) tells what to do, on a line of its own below the caret. */
__attribute__((format(printf, 5, 6))) void hf_diag_add(struct hf_diag *diag,
                                                       enum hf_severity severity, struct hf_loc loc,
                                                       const char *hint, const char *format, ...);
unsigned hf_diag_count(const struct hf_diag *diag, enum hf_severity severity);

/* In the order of files, lines and columns, then what has no place as it came; to `out` (normally
 * stderr).  Returns the number of messages printed. */
unsigned hf_diag_print(const struct hf_diag *diag, FILE *out, enum hf_severity at_least);

/* Calls `fn` for each kept message of a severity, as they came: where ("FILE:LINE", "" for nowhere
 * in particular), and what. */
typedef void (*hf_diag_fn)(const char *place, const char *text, void *arg);
void hf_diag_each(const struct hf_diag *diag, enum hf_severity severity, hf_diag_fn fn, void *arg);

/* The label line of HAProxy, for messages outside a configuration as well:
 * "[ALERT]    (123) : text".  The first alert or warning of the process is preceded by the two
 * notices (version, path of the executable). */
__attribute__((format(printf, 3, 4))) void hf_diag_line(FILE *out, enum hf_severity severity,
                                                        const char *format, ...);
/* What to do about the line before it. */
void hf_diag_hint(FILE *out, const char *text);
/* -q: hf_diag_line(), hf_diag_hint() and hf_diag_print() print nothing. */
void hf_diag_set_quiet(bool quiet);

#endif
