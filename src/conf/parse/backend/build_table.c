/*
 * build_table.c: stick-table lines.
 */
#include "../build.h"

#include <string.h>

#include "../../conf_int.h"
#include "../value.h"
#include "haftp/base/suggest.h"

/* ---- store ------------------------------------------------------------------------------- */

enum argument { NOTHING, A_COUNT, A_PERIOD, A_RATES };

/* What an entry may hold besides its server.  `counts`: it is for counters, which come later. */
static const struct data {
    const char *name;
    enum argument argument;
    bool counts;
} datas[] = {
    {"server_id", NOTHING, false},
    {"server_key", NOTHING, false},
    {"gpt", A_COUNT, true},
    {"gpt0", NOTHING, true},
    {"gpc", A_COUNT, true},
    {"gpc_rate", A_RATES, true},
    {"gpc0", NOTHING, true},
    {"gpc0_rate", A_PERIOD, true},
    {"gpc1", NOTHING, true},
    {"gpc1_rate", A_PERIOD, true},
    {"conn_cnt", NOTHING, true},
    {"conn_rate", A_PERIOD, true},
    {"conn_cur", NOTHING, true},
    {"sess_cnt", NOTHING, true},
    {"sess_rate", A_PERIOD, true},
    {"http_req_cnt", NOTHING, true},
    {"http_req_rate", A_PERIOD, true},
    {"http_err_cnt", NOTHING, true},
    {"http_err_rate", A_PERIOD, true},
    {"http_fail_cnt", NOTHING, true},
    {"http_fail_rate", A_PERIOD, true},
    {"bytes_in_cnt", NOTHING, true},
    {"bytes_in_rate", A_PERIOD, true},
    {"bytes_out_cnt", NOTHING, true},
    {"bytes_out_rate", A_PERIOD, true},
    {"glitch_cnt", NOTHING, true},
    {"glitch_rate", A_PERIOD, true},
};

#define MOST_IN_ARRAY 100

static const struct data *find_data(const char *name, const char **nearest)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (size_t i = 0; i < sizeof datas / sizeof datas[0]; i++) {
        if (strcmp(datas[i].name, name) == 0)
            return &datas[i];
        hf_suggest_offer(&suggest, datas[i].name);
    }
    *nearest = suggest.best;
    return NULL;
}

static bool is_count(const char *text)
{
    int64_t number;
    return hf_value_number(text, &number) == HF_OK && number >= 1 && number <= MOST_IN_ARRAY;
}

static bool is_period(const char *text)
{
    int64_t ms;
    const char *rest;
    return hf_value_time(text, HF_UNIT_MS, &ms, &rest) == HF_OK && *rest == '\0';
}

static bool is_count_and_period(const char *text)
{
    int64_t count = 0;
    for (; *text >= '0' && *text <= '9' && count <= MOST_IN_ARRAY; text++)
        count = count * 10 + (*text - '0');
    return count >= 1 && count <= MOST_IN_ARRAY && *text == ',' && is_period(text + 1);
}

/* What is missing or wrong in the parentheses (`text`, NULL: there are none); NULL: nothing. */
static const char *judge_argument(const struct data *data, const char *text)
{
    switch (data->argument) {
    case NOTHING:
        return text ? "no argument" : NULL;
    case A_COUNT:
        return text && is_count(text) ? NULL : "a number from 1 to 100 in parentheses";
    case A_PERIOD:
        return text && is_period(text) ? NULL : "a time in parentheses, for example 10s";
    case A_RATES:
        return text && is_count_and_period(text) ? NULL
                                                 : "a number and a time, for example (3,10s)";
    }
    return NULL;
}

/* Of such a pair the array would take the place of the single counters. */
static const char *const rivals[][2] = {
    {"gpt", "gpt0"},           {"gpc", "gpc0"},           {"gpc", "gpc1"},
    {"gpc_rate", "gpc0_rate"}, {"gpc_rate", "gpc1_rate"},
};

/* What HAProxy does not let one table store. */
static void check_rivals(struct hf_build *b, const struct hf_word *word)
{
    const char *nearest;

    for (size_t i = 0; i < sizeof rivals / sizeof rivals[0]; i++) {
        uint32_t both = 0;
        for (size_t k = 0; k < 2; k++)
            both |= UINT32_C(1) << (find_data(rivals[i][k], &nearest) - datas);
        if ((b->table_stores & both) != both)
            continue;
        hf_build_error(b, word->loc, "remove one of them", "'%s' and '%s' cannot be in one table",
                       rivals[i][0], rivals[i][1]);
        return;
    }
}

static void note_data(struct hf_build *b, const struct hf_word *word, const struct data *data)
{
    uint32_t bit = UINT32_C(1) << (data - datas);

    if (b->table_stores & bit)
        hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, "remove one of them",
                    "'%s' is stored already.", data->name);
    b->table_stores |= bit;
    if (data->counts)
        hf_conf_add_pending(b->config, "store", word->loc);
}

static void check_data(struct hf_build *b, const struct hf_word *word, const char *text, size_t n)
{
    struct hf_arena *arena = b->config->arena;
    const char *open = memchr(text, '(', n), *argument = NULL;
    size_t name_n = open ? (size_t)(open - text) : n;
    char *name = hf_arena_strndup(arena, text, name_n);

    if (open) {
        size_t inside = n - name_n - 1;
        if (inside > 0 && open[inside] == ')')
            inside--;
        argument = hf_arena_strndup(arena, open + 1, inside);
    }
    const char *nearest = NULL;
    const struct data *data = find_data(name, &nearest);
    if (!data) {
        hf_build_error(b, word->loc,
                       nearest ? hf_arena_printf(arena, "did you mean '%s'?", nearest) : NULL,
                       "a stick-table cannot store '%s'", name);
        return;
    }
    const char *wanted = judge_argument(data, argument);
    if (wanted)
        hf_build_error(b, word->loc, NULL, "'%s' of a stick-table takes %s", name, wanted);
    else
        note_data(b, word, data);
}

/* Data types with commas between; commas inside parentheses belong to their argument. */
void hf_build_table_store(struct hf_build *b, const struct hf_word *list)
{
    const char *at = list->text;

    while (*at) {
        size_t n = 0;
        for (bool inside = false; at[n] && (inside || at[n] != ','); n++)
            inside = at[n] == '(' || (inside && at[n] != ')');
        check_data(b, list, at, n);
        at += n;
        if (*at == ',')
            at++;
    }
    check_rivals(b, list);
}

/* ---- the line ---------------------------------------------------------------------------- */

void hf_build_stick_table(struct hf_build *b, struct hf_loc loc)
{
    b->table = HF_NEW(b->config->arena, struct hf_cfg_stick_table);
    b->table->loc = loc;
    hf_build_row_defaults(b->table, HF_OBJECT_TABLE);
    b->at[HF_OBJECT_TABLE] = b->table;
    b->table_stores = 0;
}

static bool has_bytes(const struct hf_cfg_stick_table *table)
{
    return table->type == HF_STICK_STRING || table->type == HF_STICK_BINARY;
}

/* One list of names for all tables: a frontend and a backend that share theirs cannot both have
 * one. */
static void add_table(struct hf_build *b, struct hf_cfg_stick_table *table)
{
    struct hf_config *config = b->config;
    const struct hf_cfg_stick_table *other;

    if (!table->name) {
        table->name = b->section->name;
        table->proxy = b->section;
    }
    other = hf_names_find(&config->table_names, table->name);
    if (other && !table->proxy) {
        hf_diag_add(b->diag, HF_DIAG_WARNING, table->loc, "give them different names",
                    "a second table '%s' is ignored.", table->name);
        return;
    }
    if (other) {
        hf_build_error(b, table->loc,
                       hf_arena_printf(config->arena, "the other one is at %s:%d",
                                       other->loc.source->name, other->loc.line),
                       "a stick-table named '%s' exists already", table->name);
        return;
    }
    hf_names_add(&config->table_names, config->arena, table->name, table);
    table->index = config->n_tables++;
    if (config->last_table)
        config->last_table->next = table;
    else
        config->tables = table;
    config->last_table = table;
    b->section->stick_table = table;
    if (table->peers)
        hf_conf_add_pending(config, "peers", table->peers_loc);
}

static const char example[] = "write: stick-table type ip size 100k expire 30m";

void hf_build_end_stick_table(struct hf_build *b)
{
    struct hf_cfg_stick_table *table = b->table;

    b->table = NULL;
    if (!table || !hf_build_is_sound(b))
        return;
    if (table->type == HF_STICK_NO_TYPE)
        hf_build_error(b, table->loc, example, "'stick-table' needs a 'type'");
    else if (table->size == 0)
        hf_build_error(b, table->loc, example, "'stick-table' needs 'size N'");
    else if (table->length && !has_bytes(table))
        hf_build_error(b, table->loc, "remove 'len'", "only strings and binary keys have a length");
    else if (b->section->stick_table)
        hf_build_error(b, table->loc, "remove one of them", "'%s' has a stick-table already",
                       b->section->name);
    else if (table->name && table->peers)
        hf_build_error(b, table->peers_loc, "remove it: the section's peers share its tables",
                       "'peers' is not for a table of a 'peers' section");
    else
        add_table(b, table);
}
