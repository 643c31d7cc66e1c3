/*
 * keywords.c: the rows of grammar/rows as one table, and what is looked up in it.
 */
#include "keywords.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "haftp/conf/model.h"
#include "haftp/conf/sections.h"

#include "build.h"
#include "ends/vet.h"
#include "haftp_parser.h"
#include "value.h"

/* The rows say where they are legal in these short words. */
enum {
    G = HF_IN_GLOBAL,
    D = HF_IN_DEFAULTS,
    F = HF_IN_FRONTEND,
    L = HF_IN_LISTEN,
    B = HF_IN_BACKEND,
    FL = F | L,
    LB = L | B,
    DFL = D | F | L,
    DLB = D | L | B,
    FLB = F | L | B,
    DFLB = D | F | L | B,
    STRICT = HF_STRICT,
    ON_TOP = HF_ON_TOP,
    ON_HEADER = HF_ON_HEADER,
    ON_BIND = HF_ON_BIND,
    ON_SERVER = HF_ON_SERVER,
    ON_DEFAULT_SERVER = HF_ON_DEFAULT_SERVER,
    ON_SRV = HF_ON_SERVER | HF_ON_DEFAULT_SERVER,
    ON_TABLE = HF_ON_TABLE,
    ON_LOG = HF_ON_LOG,
    ON_REST = HF_ON_REST,
    ON_RULE = HF_ON_REST | HF_ON_CONDITION,
    ANY_REST = HF_ANY_REST,
    ANY_NUMBER = HF_ANY_NUMBER,
    PEERS = HF_IN_PEERS,
    RESOLVERS = HF_IN_RESOLVERS,
    USERLIST = HF_IN_USERLIST,
    MAILERS = HF_IN_MAILERS,
    RING = HF_IN_RING,
    LOG_FORWARD = HF_IN_LOG_FORWARD,
    PROGRAM = HF_IN_PROGRAM,
    CACHE = HF_IN_CACHE,
    HTTP_ERRORS = HF_IN_HTTP_ERRORS,
    FCGI_APP = HF_IN_FCGI_APP,
    NAMESPACES = HF_IN_NAMESPACES,
    TRACES = HF_IN_TRACES,
    CRT_STORE = HF_IN_CRT_STORE,
    LOG_PROFILE = HF_IN_LOG_PROFILE,
    ACME = HF_IN_ACME,
    ON_USER = HF_ON_USER,
    ON_GROUP = HF_ON_GROUP,
    ON_DGRAM_BIND = HF_ON_DGRAM_BIND,
    ON_COOKIE = HF_ON_COOKIE,
    ON_UNIX_BIND = HF_ON_UNIX_BIND,
    ON_TLS_OPTIONS = HF_ON_TLS_OPTIONS,
    ON_TLS_BIND = HF_ON_TLS_BIND,
    ON_MASTER = HF_ON_MASTER,
    ON_HTTPLOG = HF_ON_HTTPLOG,
    ON_FORWARD = HF_ON_FORWARD,
    ON_CHECK_CONNECT = HF_ON_CHECK_CONNECT,
    ON_CHECK_EXPECT = HF_ON_CHECK_EXPECT,
    ON_CHECK_SEND = HF_ON_CHECK_SEND,
    NO_NO = HF_NO_NO,
    ON_SOURCE = HF_ON_SOURCE,
    ON_FILTER_TRACE = HF_ON_FILTER_TRACE,
    ON_FILTER_FILE = HF_ON_FILTER_FILE,
    ON_TCPLOG = HF_ON_TCPLOG,
};

const struct hf_keyword hf_keywords[] = {
#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/section.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/line.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/rule.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/words/newer.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_GLOBAL
#define HF_ROWS_STRUCT   struct hf_cfg_global
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/global.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_OPTS
#define HF_ROWS_STRUCT   struct hf_cfg_opts
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/proxy.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_OPTS
#define HF_ROWS_STRUCT   struct hf_cfg_opts
#define HF_ROWS_FIELD(f) timeout.f
#include "../../../grammar/rows/timeout.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_OPTS
#define HF_ROWS_STRUCT   struct hf_cfg_opts
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/option.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_BIND
#define HF_ROWS_STRUCT   struct hf_cfg_bind
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/bind.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_BIND
#define HF_ROWS_STRUCT   struct hf_cfg_bind
#define HF_ROWS_FIELD(f) tls.f
#include "../../../grammar/rows/ends/bind_tls.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_BIND
#define HF_ROWS_STRUCT   struct hf_cfg_bind
#define HF_ROWS_FIELD(f) tls.f
#include "../../../grammar/rows/ends/bind_ftps.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_SERVER
#define HF_ROWS_STRUCT   struct hf_cfg_server_opts
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/server.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_SERVER
#define HF_ROWS_STRUCT   struct hf_cfg_server_opts
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/ends/server_net.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_SERVER
#define HF_ROWS_STRUCT   struct hf_cfg_server_opts
#define HF_ROWS_FIELD(f) tls.f
#include "../../../grammar/rows/ends/server_tls.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_SERVER
#define HF_ROWS_STRUCT   struct hf_cfg_server_opts
#define HF_ROWS_FIELD(f) tls.f
#include "../../../grammar/rows/ends/server_ftps.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_TLS_OPTIONS
#define HF_ROWS_STRUCT   struct hf_cfg_tls_options
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/words/tls_options.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_TABLE
#define HF_ROWS_STRUCT   struct hf_cfg_stick_table
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/table.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_LOG
#define HF_ROWS_STRUCT   struct hf_cfg_log
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/log.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_COOKIE
#define HF_ROWS_STRUCT   struct hf_cookie_words
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/words/cookie.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/words/tcp_check.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/haproxy.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_PEERS
#define HF_ROWS_STRUCT   struct hf_cfg_peers
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/peers.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_RESOLVERS
#define HF_ROWS_STRUCT   struct hf_cfg_resolvers
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/resolvers.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/section/userlist.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_USER
#define HF_ROWS_STRUCT   struct hf_cfg_user
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/user.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_GROUP
#define HF_ROWS_STRUCT   struct hf_cfg_group
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/group.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_MAILERS
#define HF_ROWS_STRUCT   struct hf_cfg_mailers
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/mailers.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_RING
#define HF_ROWS_STRUCT   struct hf_cfg_ring
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/ring.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_LOG_FORWARD
#define HF_ROWS_STRUCT   struct hf_cfg_log_forward
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/log_forward.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_PROGRAM
#define HF_ROWS_STRUCT   struct hf_cfg_program
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/program.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_CACHE
#define HF_ROWS_STRUCT   struct hf_cfg_cache
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/cache.def"

#define HF_ROWS_KEYWORDS
#define HF_ROWS_OBJECT   HF_OBJECT_FCGI_APP
#define HF_ROWS_STRUCT   struct hf_cfg_fcgi_app
#define HF_ROWS_FIELD(f) f
#include "../../../grammar/rows/section/fcgi_app.def"

#define HF_ROWS_KEYWORDS
#include "../../../grammar/rows/section/later.def"
};

const unsigned hf_n_keywords = sizeof hf_keywords / sizeof hf_keywords[0];

/* "set-var(*)" is any word that begins with "set-var(" and ends in ")". */
static bool is_word(const char *name, const char *word)
{
    size_t n = strlen(name), length = strlen(word);

    if (n > 3 && strcmp(name + n - 3, "(*)") == 0)
        return length >= n - 1 && strncmp(name, word, n - 2) == 0 && word[length - 1] == ')';
    return strcmp(name, word) == 0;
}

/* How many words of the line the spelling takes; 0: it is another spelling. */
static unsigned words_matched(const char *name, const char *first, const char *second)
{
    size_t n = strlen(first);

    /* In quotes, blanks make no two words. */
    if (strchr(first, ' '))
        return 0;
    if (is_word(name, first))
        return 1;
    return strncmp(name, first, n) == 0 && name[n] == ' ' && second && is_word(name + n + 1, second)
               ? 2
               : 0;
}

/* ---- looked up by the first word ---------------------------------------------------------- */

#define N_ROWS    (sizeof hf_keywords / sizeof hf_keywords[0])
#define N_BUCKETS 4096u /* a power of two, more than there are rows */

/* Numbers of rows plus one, so that zeroed memory is empty; rows of one bucket in their order. */
static uint16_t bucket[N_BUCKETS], following[N_ROWS];
static pthread_once_t indexed = PTHREAD_ONCE_INIT;
_Static_assert(N_ROWS < UINT16_MAX, "rows are counted in 16 bits");

/* FNV-1a of what comes before a blank. */
static unsigned bucket_of(const char *word)
{
    uint32_t hash = 2166136261u;

    for (; *word && *word != ' ' && *word != '('; word++)
        hash = (hash ^ (unsigned char)*word) * 16777619u;
    return (hash ^ hash >> 16) % N_BUCKETS;
}

static void index_rows(void)
{
    for (unsigned i = N_ROWS; i > 0; i--) {
        uint16_t *first = &bucket[bucket_of(hf_keywords[i - 1].name)];
        following[i - 1] = *first;
        *first = (uint16_t)i;
    }
}

const struct hf_keyword *hf_keyword_find(const char *first, const char *second, uint64_t where,
                                         unsigned *words)
{
    const struct hf_keyword *found = NULL;

    pthread_once(&indexed, index_rows);
    *words = 0;
    for (unsigned i = bucket[bucket_of(first)]; i; i = following[i - 1]) {
        const struct hf_keyword *row = &hf_keywords[i - 1];
        if (!(row->where & where))
            continue;
        unsigned matched = words_matched(row->name, first, second);
        if (matched > *words) {
            *words = matched;
            found = row;
        }
    }
    return found;
}

bool hf_keyword_is_family(const char *first, uint64_t where)
{
    const struct hf_keyword *row;
    size_t n = strlen(first);

    HF_FOR_KEYWORDS(row)
    {
        if (n && (row->where & where) && strncmp(row->name, first, n) == 0 && row->name[n] == ' ')
            return true;
    }
    return false;
}

const char *hf_section_name(uint64_t section)
{
    const struct hf_keyword *row;

    HF_FOR_KEYWORDS(row)
    {
        if (row->opens == section)
            return row->name;
    }
    return "";
}

const char *hf_keyword_places(uint64_t where, char *buf, size_t size)
{
    const struct hf_keyword *row;
    size_t n = 0;

    buf[0] = '\0';
    where &= HF_IN_SECTIONS;
    HF_FOR_KEYWORDS(row)
    {
        if (!(row->opens & where) || n >= size)
            continue;
        where &= ~row->opens;
        const char *link = n == 0 ? "" : where ? ", " : " or ";
        n += (size_t)snprintf(buf + n, size - n, "%s'%s'", link, row->name);
    }
    return buf;
}

const char *hf_keyword_choices(const struct hf_keyword *row, const char *link, char *buf,
                               size_t size)
{
    size_t at = 0;

    buf[0] = '\0';
    for (const char *p = row->choices; *p && at < size; p += strcspn(p, "|"), p += *p == '|')
        at += (size_t)snprintf(buf + at, size - at, "%s%.*s", at ? link : "", (int)strcspn(p, "|"),
                               p);
    return buf;
}

const char *hf_keyword_usage(const struct hf_keyword *row, char *buf, size_t size)
{
    char choices[128];

    if (row->choices)
        snprintf(buf, size, "%s { %s }", row->name,
                 hf_keyword_choices(row, " | ", choices, sizeof choices));
    else
        snprintf(buf, size, "%s%s%s", row->name, row->syntax && row->syntax[0] ? " " : "",
                 row->syntax ? row->syntax : "");
    return buf;
}
