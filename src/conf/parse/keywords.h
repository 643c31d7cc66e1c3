/*
 * keywords.h: the table of all words that a configuration knows, made from grammar/rows.
 *
 * A row tells the scanner what to look for next, the grammar which production reads the line, the
 * builder which field to fill, and the reader what it means.  Read-only; any thread.
 */
#ifndef HAFTP_CONF_KEYWORDS_H
#define HAFTP_CONF_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a word is known: in a section, or among the options of a kind of line. */
enum hf_where {
    HF_IN_GLOBAL = 1 << 0,
    HF_IN_DEFAULTS = 1 << 1,
    HF_IN_FRONTEND = 1 << 2,
    HF_IN_LISTEN = 1 << 3,
    HF_IN_BACKEND = 1 << 4,
    HF_IN_SKIPPED = 1 << 5, /* a section that was reported already */
    HF_ON_TOP = 1 << 6,     /* begins a section */
    HF_ON_HEADER = 1 << 7,
    HF_ON_BIND = 1 << 8,
    HF_ON_SERVER = 1 << 9,
    HF_ON_DEFAULT_SERVER = 1 << 10,
    HF_ON_TABLE = 1 << 11,
    HF_ON_STICK = 1 << 12,
    HF_ON_LOG = 1 << 13,
    HF_ON_REST = 1 << 14, /* no row is here: words without a table */
    HF_ON_SOURCE = 1 << 23,
    HF_STRICT = 1 << 15, /* in the wrong proxy section it is an error, not a warning */
};
#define HF_IN_PROXIES  ((unsigned)(HF_IN_FRONTEND | HF_IN_LISTEN | HF_IN_BACKEND))
#define HF_IN_SECTIONS (HF_IN_GLOBAL | HF_IN_DEFAULTS | HF_IN_PROXIES)
/* Lines whose words may also be none of the table's. */
#define HF_ON_OPEN     ((unsigned)(HF_ON_HEADER | HF_ON_LOG | HF_ON_REST))

/* Which struct a row's field is in. */
enum hf_object {
    HF_OBJECT_NONE,
    HF_OBJECT_GLOBAL,
    HF_OBJECT_OPTS,
    HF_OBJECT_BIND,
    HF_OBJECT_SERVER,
    HF_OBJECT_TABLE,
    HF_OBJECT_STICK,
    HF_OBJECT_LOG,
    HF_N_OBJECTS
};

/* What becomes of a word that fills no field. */
enum hf_fate {
    HF_FATE_ACCEPTED,
    HF_FATE_NOTICED,
    HF_FATE_IGNORED,
    HF_FATE_HTTP,
    HF_FATE_PENDING,
    HF_FATE_LATER
};

/* Units of time, in microseconds. */
#define HF_UNIT_MS 1000u
#define HF_UNIT_S  1000000u

struct hf_build;
struct hf_keyword;
struct hf_word;
/* Looks closer at the word of a row; reports what is wrong with it and returns false. */
typedef bool (*hf_vet_fn)(struct hf_build *b, const struct hf_keyword *row,
                          const struct hf_word *word);

/* Columns are explained in grammar/rows/shapes.h. */
struct hf_keyword {
    const char *name; /* one word, or two with a blank between */
    int token;        /* the shape: a token of the grammar */
    unsigned where, options, opens;
    const char *args, *syntax, *choices, *help, *note, *modern;
    enum hf_object object;
    size_t offset, bytes, loc_offset, also; /* loc_offset, also: 0 for none */
    int64_t min, max, dflt;
    unsigned unit;
    bool sets, alias, tristate, fixed, free, nonzero;
    hf_vet_fn vet;
    int skip;
    enum hf_fate fate;
};

extern const struct hf_keyword hf_keywords[];
extern const unsigned hf_n_keywords;

#define HF_FOR_KEYWORDS(row) for (row = hf_keywords; row < hf_keywords + hf_n_keywords; row++)

/* The row that is spelt `first` or "first second" (the longer one wins), or NULL.  `second` may be
 * NULL.  *words gets how many words it took. */
const struct hf_keyword *hf_keyword_find(const char *first, const char *second, unsigned where,
                                         unsigned *words);
/* Some row of `where` has two words and begins with this one. */
bool hf_keyword_is_family(const char *first, unsigned where);
/* "'listen' or 'backend'", into `buf`. */
const char *hf_keyword_places(unsigned where, char *buf, size_t size);
/* "tcp, http", into `buf`. */
const char *hf_keyword_choices(const struct hf_keyword *row, const char *link, char *buf,
                               size_t size);
/* "timeout connect TIME", into `buf`. */
const char *hf_keyword_usage(const struct hf_keyword *row, char *buf, size_t size);
const char *hf_section_name(unsigned section);

#endif
