/*
 * column.c: what column.def says.
 */
#include <string.h>

#include "stats.h"

#define U32         STAT_U32
#define U64         STAT_U64
#define S32         STAT_S32
#define TEXT        STAT_TEXT
#define GAUGE       STAT_KIND_GAUGE
#define COUNTER     STAT_KIND_COUNTER
#define SECONDS     STAT_KIND_SECONDS
#define STATE       STAT_KIND_STATE
#define FTP_GAUGE   STAT_KIND_FTP_GAUGE
#define FTP_COUNTER STAT_KIND_FTP_COUNTER

static const struct stat_column_row written[N_STATS] = {
#define VALUE(name, column, type, tags, metric, kind, help)                                        \
    [STAT_##name] = {column, tags, metric, help, type, kind},
#define COUNTED(name, count)
#define BLANK(column)                                                                              \
    [STAT_UNIQUE(STAT_BLANK_, __LINE__)] = {column,   "MCP",  NULL, "Not of a proxy for TCP.",     \
                                            STAT_U64, COUNTER},
#define ZERO(column, where, type, tags)                                                            \
    [STAT_UNIQUE(STAT_ZERO_, __LINE__)] = {column, tags,   NULL, "Not of a proxy for TCP.",        \
                                           type,   COUNTER},
#include "column.def"
};

/* 1 + the counter of a column; 0: it is none. */
static const unsigned char counts[N_STATS] = {
#define VALUE(name, column, type, tags, metric, kind, help)
#define COUNTED(name, count) [STAT_##name] = 1 + HF_COUNT_##count,
#define BLANK(column)
#define ZERO(column, where, type, tags)
#include "column.def"
};

static const char *const zeroes[N_STATS] = {
#define VALUE(name, column, type, tags, metric, kind, help)
#define COUNTED(name, count)
#define BLANK(column)
#define ZERO(column, where, type, tags) [STAT_UNIQUE(STAT_ZERO_, __LINE__)] = where,
#include "column.def"
};

bool stat_column_is_zero(enum stat_column column, char who)
{
    return zeroes[column] && strchr(zeroes[column], who);
}

const struct stat_column_row *stat_column_row(enum stat_column column)
{
    static struct stat_column_row counted[HF_N_COUNTS];

    if (!counts[column])
        return &written[column];
    struct stat_column_row *row = &counted[counts[column] - 1];
    const struct hf_count_row *count = hf_count_row((enum hf_count)(counts[column] - 1));
    *row = (struct stat_column_row){
        count->column, "MCP",    count->metric,
        count->help,   STAT_U64, count->is_ftp ? STAT_KIND_FTP_COUNTER : STAT_KIND_COUNTER};
    return row;
}

bool stat_column_counts(enum stat_column column, enum hf_count *count)
{
    *count = (enum hf_count)(counts[column] - 1);
    return counts[column] != 0;
}
