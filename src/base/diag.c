/*
 * diag.c: messages are kept as copies, sorted and printed with their line.
 */
#include "haftp/base/diag.h"

#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <utlist.h>

#include "haftp/base/assert.h"

#define MOST_KEPT   1000 /* of one severity; the others are counted */
#define SHOWN_BYTES 160  /* a longer source line is cut around the fault */

struct message {
    struct message *next, *prev;
    enum hf_severity severity;
    const char *file; /* NULL: nowhere in particular */
    unsigned file_index;
    int line, col;
    int shown_col, shown_end; /* in source_line */
    const char *source_line;  /* what is shown of it; NULL: not known */
    const char *text, *hint;
    unsigned arrival;
};

struct hf_diag {
    struct hf_arena *arena;
    struct message *messages;
    unsigned n_messages;
    unsigned count[HF_DIAG_ERROR + 1];
};

static const char *const labels[] = {
    [HF_DIAG_NOTICE] = "[NOTICE]",
    [HF_DIAG_ADVICE] = "[WARNING]",
    [HF_DIAG_WARNING] = "[WARNING]",
    [HF_DIAG_ERROR] = "[ALERT]",
};

static bool quiet;
static atomic_bool introduced; /* version and path were told */

struct hf_diag *hf_diag_new(void)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_diag *diag = HF_NEW(arena, struct hf_diag);
    diag->arena = arena;
    return diag;
}

void hf_diag_free(struct hf_diag *diag)
{
    if (diag)
        hf_arena_free(diag->arena);
}

/* What a file holds must not steer the terminal that shows it. */
static void make_printable(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f)
            text[i] = '?';
}

const char *hf_source_line(const struct hf_source *source, int line)
{
    const char *p = source->text, *end = source->text + source->size;
    int at = 1;

    if (source->n_marks && line > 0) {
        unsigned mark = ((unsigned)line - 1) / HF_SOURCE_MARK;
        mark = mark < source->n_marks ? mark : source->n_marks - 1;
        p += source->marks[mark];
        at += (int)(mark * HF_SOURCE_MARK);
    }
    for (; at < line && p; at++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return p && p < end ? p : NULL;
}

/* A copy of what will be shown of a line, fit for a terminal: no control characters but tabs.
 * `*col` and `*end_col` come to be columns of the copy. */
static const char *copy_line(struct hf_diag *diag, struct hf_loc loc, int *col, int *end_col)
{
    const char *p = hf_source_line(loc.source, loc.line), *end = loc.source->text;
    if (!p)
        return NULL;
    end += loc.source->size;
    const char *stop = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((stop ? stop : end) - p);
    if (n && p[n - 1] == '\r')
        n--;
    if (*col > SHOWN_BYTES / 2 && n > SHOWN_BYTES) {
        size_t cut = (size_t)(*col - SHOWN_BYTES / 2);
        cut = cut < n ? cut : n;
        p += cut;
        n -= cut;
        *col -= (int)cut;
        *end_col -= (int)cut;
    }
    if (n > SHOWN_BYTES)
        n = SHOWN_BYTES;
    if (*end_col > SHOWN_BYTES)
        *end_col = SHOWN_BYTES;
    char *copy = hf_arena_strndup(diag->arena, p, n);
    make_printable(copy, n);
    return copy;
}

void hf_diag_add(struct hf_diag *diag, enum hf_severity severity, struct hf_loc loc,
                 const char *hint, const char *format, ...)
{
    char *text;
    va_list args;

    if (diag->count[severity]++ >= MOST_KEPT)
        return;
    struct message *m = HF_NEW(diag->arena, struct message);
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    HF_ASSERT(n >= 0);
    make_printable(text, (size_t)n);
    m->text = hf_arena_strdup(diag->arena, text);
    free(text);

    m->severity = severity;
    m->hint = hint ? hf_arena_strdup(diag->arena, hint) : NULL;
    m->arrival = diag->n_messages++;
    m->file_index = UINT_MAX;
    if (loc.source) {
        m->file = hf_arena_strdup(diag->arena, loc.source->name);
        m->file_index = loc.source->index;
        m->line = loc.line;
        m->col = loc.col;
        m->shown_col = loc.col;
        m->shown_end = loc.end_col;
        m->source_line = copy_line(diag, loc, &m->shown_col, &m->shown_end);
    }
    DL_APPEND(diag->messages, m);
}

unsigned hf_diag_count(const struct hf_diag *diag, enum hf_severity severity)
{
    return diag->count[severity];
}

void hf_diag_each(const struct hf_diag *diag, enum hf_severity severity, hf_diag_fn fn, void *arg)
{
    const struct message *m;

    DL_FOREACH(diag->messages, m)
    {
        char place[PATH_MAX + 16] = "";
        if (m->file)
            snprintf(place, sizeof place, "%s:%d", m->file, m->line);
        if (m->severity == severity)
            fn(place, m->text, arg);
    }
}

/* ---- printing ---------------------------------------------------------------------------- */

static void print_label(FILE *out, enum hf_severity severity)
{
    fprintf(out, "%-10s (%d) : ", labels[severity], (int)getpid());
}

static void introduce(FILE *out, enum hf_severity severity)
{
    char path[PATH_MAX];

    if (severity == HF_DIAG_NOTICE || atomic_exchange(&introduced, true))
        return;
    print_label(out, HF_DIAG_NOTICE);
    fprintf(out, "haftp version is %s\n", HAFTP_VERSION);
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    if (n > 0) {
        print_label(out, HF_DIAG_NOTICE);
        fprintf(out, "path to executable is %.*s\n", (int)n, path);
    }
}

void hf_diag_line(FILE *out, enum hf_severity severity, const char *format, ...)
{
    va_list args;

    if (quiet)
        return;
    introduce(out, severity);
    flockfile(out); /* workers may speak at the same time */
    print_label(out, severity);
    va_start(args, format);
    vfprintf(out, format, args);
    va_end(args);
    putc('\n', out);
    funlockfile(out);
}

void hf_diag_hint(FILE *out, const char *text)
{
    if (!quiet)
        fprintf(out, "   hint: %s\n", text);
}

void hf_diag_set_quiet(bool on)
{
    quiet = on;
}

static bool is_utf8_tail(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Under the fault: tabs are repeated so that the caret stands where the text stands, and the
 * second and later bytes of a UTF-8 character take no room. */
static void print_caret(FILE *out, const char *shown, int col, int end_col)
{
    int i = 0;
    fputs("      | ", out);
    for (; i < col - 1 && shown[i]; i++) {
        if (!is_utf8_tail(shown[i]))
            putc(shown[i] == '\t' ? '\t' : ' ', out);
    }
    putc('^', out);
    for (i++; i < end_col - 1 && shown[i - 1] && shown[i]; i++) {
        if (!is_utf8_tail(shown[i]))
            putc('~', out);
    }
    putc('\n', out);
}

static void print_source(FILE *out, const struct message *m)
{
    fprintf(out, "%5d | %s\n", m->line, m->source_line);
    if (m->shown_col > 0)
        print_caret(out, m->source_line, m->shown_col, m->shown_end);
}

static void print_message(FILE *out, const struct message *m)
{
    if (!m->file)
        hf_diag_line(out, m->severity, "config : %s", m->text);
    else if (m->col > 0)
        hf_diag_line(out, m->severity, "config : parsing [%s:%d:%d] : %s", m->file, m->line, m->col,
                     m->text);
    else
        hf_diag_line(out, m->severity, "config : parsing [%s:%d] : %s", m->file, m->line, m->text);
    if (m->source_line)
        print_source(out, m);
    if (m->hint)
        hf_diag_hint(out, m->hint);
}

static int by_place(const void *a, const void *b)
{
    const struct message *m = *(const struct message *const *)a;
    const struct message *n = *(const struct message *const *)b;

    if (m->file_index != n->file_index)
        return m->file_index < n->file_index ? -1 : 1;
    if (m->line != n->line)
        return m->line - n->line;
    if (m->col != n->col)
        return m->col - n->col;
    return m->arrival < n->arrival ? -1 : 1;
}

unsigned hf_diag_print(const struct hf_diag *diag, FILE *out, enum hf_severity at_least)
{
    unsigned printed = 0, n = 0;
    const struct message *m;

    if (quiet || diag->n_messages == 0)
        return 0;
    const struct message **sorted = calloc(diag->n_messages, sizeof *sorted);
    if (!sorted) {
        fputs("haftp: out of memory while printing messages\n", stderr);
        return 0;
    }
    DL_FOREACH(diag->messages, m)
    {
        sorted[n++] = m;
    }
    qsort(sorted, n, sizeof *sorted, by_place);
    if (diag->count[HF_DIAG_ERROR] || diag->count[HF_DIAG_WARNING] || diag->count[HF_DIAG_ADVICE])
        introduce(out, HF_DIAG_WARNING);
    for (unsigned i = 0; i < n; i++) {
        if (sorted[i]->severity < at_least)
            continue;
        print_message(out, sorted[i]);
        printed++;
    }
    for (int severity = at_least; severity <= HF_DIAG_ERROR; severity++) {
        if (diag->count[severity] > MOST_KEPT)
            hf_diag_line(out, (enum hf_severity)severity, "config : and %u more like these.",
                         diag->count[severity] - MOST_KEPT);
    }
    free(sorted);
    return printed;
}
