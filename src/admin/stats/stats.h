/*
 * stats.h: statistics as rows of columns: what `show stat`, the page and the metrics are made of.
 *
 * Main's thread.  A row is a snapshot; its texts are good until the next one is made.
 */
#ifndef HAFTP_ADMIN_STATS_H
#define HAFTP_ADMIN_STATS_H

#include "haftp/base/text.h"
#include "haftp/state/runtime.h"

/* ---- columns ---- */

#define STAT_PASTE(a, b)     a##b
#define STAT_UNIQUE(a, line) STAT_PASTE(a, line)

enum stat_column {
#define VALUE(name, column, type, tags, metric, kind, help) STAT_##name,
#define COUNTED(name, count)                                STAT_##name,
#define BLANK(column)                                       STAT_UNIQUE(STAT_BLANK_, __LINE__),
#define ZERO(column, where, type, tags)                     STAT_UNIQUE(STAT_ZERO_, __LINE__),
#include "column.def"
    N_STATS
};

enum stat_type { STAT_U32, STAT_U64, STAT_S32, STAT_TEXT };

/* What a metric of it is.  SECONDS: a gauge, and the column has milliseconds; STATE: a metric for
 * each state; the FTP ones are haftp's own. */
enum stat_kind {
    STAT_KIND_GAUGE,
    STAT_KIND_COUNTER,
    STAT_KIND_SECONDS,
    STAT_KIND_STATE,
    STAT_KIND_FTP_GAUGE,
    STAT_KIND_FTP_COUNTER
};

struct stat_column_row {
    const char *name, *tags, *metric, *help; /* metric NULL: none */
    enum stat_type type;
    enum stat_kind kind;
};
const struct stat_column_row *stat_column_row(enum stat_column column);
/* It is a counter of haftp/state/counters.def. */
bool stat_column_counts(enum stat_column column, enum hf_count *count);

/* It has no meaning, and HAProxy has a 0 for an object of this letter: F, L, B, S. */
bool stat_column_is_zero(enum stat_column column, char who);

/* ---- values ---- */

/* HAProxy's numbers. */
enum stat_object { STAT_FRONTEND, STAT_BACKEND, STAT_SERVER, STAT_LISTENER, STAT_N_OBJECTS };

struct stat_value {
    bool set;
    int64_t number;
    const char *text; /* of columns of that type */
};

struct stat_row {
    enum stat_object object;
    const struct hf_proxy *proxy;
    const struct hf_server *server; /* of STAT_SERVER */
    const struct hf_cfg_bind *bind; /* of STAT_LISTENER */
    struct stat_value value[N_STATS];
    char texts[4][256]; /* that are made for this row */
};

/* Which rows. */
struct stat_filter {
    unsigned iid; /* of the section; 0: all */
    int types;    /* bits of enum stat_object; -1: all */
    int sid;      /* of bind or server; -1: all */
    bool up, no_maint;
    bool (*shows)(const struct hf_proxy *proxy, const void *arg); /* NULL: all */
    const void *arg;
};

/* Where a walk is; zeroed is before the first row. */
struct stat_cursor {
    uint64_t proxy, phase, index;
};

/* The next row; false: there are no more. */
bool stat_next(const struct hf_runtime *runtime, const struct stat_filter *filter,
               struct stat_cursor *cursor, struct stat_row *row);

/* A server's state in HAProxy's words: "UP", "DOWN 1/2", "no check", "MAINT (via b/s)". */
void stat_server_status(const struct hf_server *server, char *out, size_t size);
/* The same as one of UP, DOWN, MAINT, DRAIN, NOLB. */
enum stat_state { STAT_DOWN, STAT_UP, STAT_MAINT, STAT_DRAIN, STAT_NOLB, STAT_N_STATES };
enum stat_state stat_server_state(const struct hf_server *server);
extern const char *const stat_state_names[STAT_N_STATES];

/* ---- texts ---- */

enum stat_format { STAT_CSV, STAT_TYPED, STAT_JSON };

void stat_begin(struct hf_text *out, enum stat_format format);
/* `desc`: with the columns' helps, where the format has a place for them. */
void stat_write(struct hf_text *out, enum stat_format format, bool desc, bool first,
                const struct stat_row *row);
void stat_end(struct hf_text *out, enum stat_format format);
/* One field of typed and JSON texts, behind its name; shared with `show info`. */
void stat_write_json_value(struct hf_text *out, unsigned position, const char *name,
                           const char *tags, enum stat_type type, const struct stat_value *value);
void stat_write_value(struct hf_text *out, enum stat_type type, const struct stat_value *value);
const char *stat_type_name(enum stat_type type);

/* ---- the process: info.c ---- */

struct stat_info {
    const char *name, *tags, *metric, *help; /* metric NULL: none */
    enum stat_type type;
    enum stat_kind kind;
    struct stat_value value;
};
/* All lines of `show info`, into a table of the caller's.  Their number. */
#define STAT_MOST_INFO 96u
unsigned stat_info(const struct hf_runtime *runtime, struct stat_info table[STAT_MOST_INFO],
                   char text[4][128]);

/* ---- for Prometheus: metrics.c ---- */

enum {
    STAT_SCOPE_PROCESS = 1,
    STAT_SCOPE_FRONTEND = 2,
    STAT_SCOPE_BACKEND = 4,
    STAT_SCOPE_SERVER = 8,
    STAT_SCOPE_LISTENER = 16,
    STAT_SCOPE_FTP = 32,
    STAT_SCOPE_ALL = 63
};
/* The text format 0.0.4, of these scopes; `no_maint`: without servers in maintenance. */
void stat_metrics(const struct hf_runtime *runtime, unsigned scopes, bool no_maint,
                  struct hf_text *out);

#endif
