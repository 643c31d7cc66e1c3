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
    HF_ON_LOG = 1 << 13,
    HF_ON_REST = 1 << 14, /* no row is here: words without a table */
    HF_STRICT = 1 << 15,  /* in the wrong proxy section it is an error, not a warning */
    /* As HAProxy reads it, with a warning: surplus words, or a number that is none. */
    HF_ANY_REST = 1 << 16,
    HF_ANY_NUMBER = 1 << 17,
    HF_ON_CONDITION = 1 << 18, /* no row is here: `if` or `unless` begins a condition */
    HF_ON_COOKIE = UINT64_C(1) << 20,
    HF_ON_UNIX_BIND = UINT64_C(1) << 21,
    HF_ON_TLS_OPTIONS = UINT64_C(1) << 22,
    HF_ON_TLS_BIND = UINT64_C(1) << 23, /* more of them, for binds */
    HF_ON_MASTER = UINT64_C(1) << 24,
    HF_ON_HTTPLOG = UINT64_C(1) << 25,
    HF_ON_FORWARD = UINT64_C(1) << 26,
    HF_ON_CHECK_CONNECT = UINT64_C(1) << 27,
    HF_ON_CHECK_EXPECT = UINT64_C(1) << 29,
    HF_ON_CHECK_SEND = UINT64_C(1) << 30,
    HF_NO_NO = UINT64_C(1) << 28, /* `no` cannot stand before the option */
    HF_ON_SOURCE = UINT64_C(1) << 40,
    HF_ON_FILTER_TRACE = UINT64_C(1) << 41,
    HF_ON_FILTER_FILE = UINT64_C(1) << 42,
    HF_ON_TCPLOG = UINT64_C(1) << 43,
    /* Sections that are no proxies: from the top, other places from below. */
    HF_IN_PEERS = UINT64_C(1) << 63,
    HF_IN_RESOLVERS = UINT64_C(1) << 62,
    HF_IN_USERLIST = UINT64_C(1) << 61,
    HF_IN_MAILERS = UINT64_C(1) << 60,
    HF_IN_RING = UINT64_C(1) << 59,
    HF_IN_LOG_FORWARD = UINT64_C(1) << 58,
    HF_IN_PROGRAM = UINT64_C(1) << 57,
    HF_IN_CACHE = UINT64_C(1) << 56,
    HF_IN_HTTP_ERRORS = UINT64_C(1) << 55,
    HF_IN_FCGI_APP = UINT64_C(1) << 54,
    HF_IN_NAMESPACES = UINT64_C(1) << 53,
    HF_IN_TRACES = UINT64_C(1) << 52,
    HF_IN_CRT_STORE = UINT64_C(1) << 51,
    HF_IN_LOG_PROFILE = UINT64_C(1) << 50,
    HF_IN_ACME = UINT64_C(1) << 49,
    HF_ON_USER = UINT64_C(1) << 48,
    HF_ON_GROUP = UINT64_C(1) << 47,
    HF_ON_DGRAM_BIND = UINT64_C(1) << 46,
};
/* The least number of a row that takes what is below 0 for 0. */
#define HF_NO_MIN     INT32_MIN
#define HF_IN_PROXIES ((uint64_t)(HF_IN_FRONTEND | HF_IN_LISTEN | HF_IN_BACKEND))
#define HF_IN_OTHERS                                                                               \
    ((uint64_t)(HF_IN_PEERS | HF_IN_RESOLVERS | HF_IN_USERLIST | HF_IN_MAILERS | HF_IN_RING |      \
                HF_IN_LOG_FORWARD | HF_IN_PROGRAM | HF_IN_CACHE | HF_IN_HTTP_ERRORS |              \
                HF_IN_FCGI_APP | HF_IN_NAMESPACES | HF_IN_TRACES | HF_IN_CRT_STORE |               \
                HF_IN_LOG_PROFILE | HF_IN_ACME))
#define HF_IN_SECTIONS (HF_IN_GLOBAL | HF_IN_DEFAULTS | HF_IN_PROXIES | HF_IN_OTHERS)
/* Lines whose words may also be none of the table's. */
#define HF_ON_OPEN     ((uint64_t)(HF_ON_HEADER | HF_ON_LOG | HF_ON_REST))

/* Which struct a row's field is in. */
enum hf_object {
    HF_OBJECT_NONE,
    HF_OBJECT_GLOBAL,
    HF_OBJECT_OPTS,
    HF_OBJECT_BIND,
    HF_OBJECT_SERVER,
    HF_OBJECT_TABLE,
    HF_OBJECT_LOG,
    HF_OBJECT_COOKIE,
    HF_OBJECT_PEERS,
    HF_OBJECT_RESOLVERS,
    HF_OBJECT_USER,
    HF_OBJECT_GROUP,
    HF_OBJECT_MAILERS,
    HF_OBJECT_RING,
    HF_OBJECT_LOG_FORWARD,
    HF_OBJECT_PROGRAM,
    HF_OBJECT_CACHE,
    HF_OBJECT_FCGI_APP,
    HF_OBJECT_TLS_OPTIONS,
    HF_N_OBJECTS
};

/* What becomes of a word that fills no field. */
enum hf_fate {
    HF_FATE_ACCEPTED,
    HF_FATE_NOTICED,
    HF_FATE_IGNORED,
    HF_FATE_HTTP,
    HF_FATE_HTTP_PAGE, /* and part of a page that the section itself answers with */
    HF_FATE_PENDING,
    HF_FATE_LATER,
    HF_FATE_NOOP,
    HF_FATE_NOOP_WARNED,
    HF_FATE_PART,
    HF_FATE_REFUSED
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
    const char *name;               /* one word, or two with a blank between */
    int token;                      /* the shape: a token of the grammar */
    uint64_t where, options, opens; /* bits of enum hf_where */
    const char *args, *syntax, *choices, *help, *note, *modern;
    const char *section; /* the kind of section that the first word names; NULL: it names none */
    enum hf_object object;
    size_t offset, bytes, loc_offset, also, rival; /* loc_offset, also, rival: 0 for none */
    size_t low, high;                              /* of int fields that get `value`; 0: none */
    int64_t min, max, dflt, value;
    unsigned unit;
    bool sets, alias, tristate, fixed, free, nonzero;
    bool listed;  /* each word is kept: the field is a list of struct hf_cfg_text */
    bool checked; /* `syntax` is what the words of a row without a field are checked against */
    hf_vet_fn vet;
    int skip;
    enum hf_fate fate;
};

extern const struct hf_keyword hf_keywords[];
extern const unsigned hf_n_keywords;

#define HF_FOR_KEYWORDS(row) for (row = hf_keywords; row < hf_keywords + hf_n_keywords; row++)

/* The row that is spelt `first` or "first second" (the longer one wins), or NULL.  `second` may be
 * NULL.  *words gets how many words it took. */
const struct hf_keyword *hf_keyword_find(const char *first, const char *second, uint64_t where,
                                         unsigned *words);
/* Some row of `where` has two words and begins with this one. */
bool hf_keyword_is_family(const char *first, uint64_t where);
/* "'listen' or 'backend'", into `buf`. */
const char *hf_keyword_places(uint64_t where, char *buf, size_t size);
/* "tcp, http", into `buf`. */
const char *hf_keyword_choices(const struct hf_keyword *row, const char *link, char *buf,
                               size_t size);
/* "timeout connect TIME", into `buf`. */
const char *hf_keyword_usage(const struct hf_keyword *row, char *buf, size_t size);
const char *hf_section_name(uint64_t section);

#endif
