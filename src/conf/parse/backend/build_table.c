/*
 * build_table.c: stick-table lines.
 */
#include "../build.h"

#include <string.h>

#include "../../conf_int.h"
#include "../value.h"
#include "haftp/base/suggest.h"

/* ---- store ------------------------------------------------------------------------------- */

/* HF_N_STICK_DATA: there is none of that name. */
static enum hf_stick_data find_data(const char *name, const char **nearest)
{
    struct hf_suggest suggest;

    hf_suggest_init(&suggest, name);
    for (unsigned i = 0; i < HF_N_STICK_DATA; i++) {
        if (strcmp(hf_stick_rows[i].name, name) == 0)
            return (enum hf_stick_data)i;
        hf_suggest_offer(&suggest, hf_stick_rows[i].name);
    }
    *nearest = suggest.best;
    return HF_N_STICK_DATA;
}

/* As many as an array may have, to the comma or the end. */
static bool read_length(const char *text, struct hf_cfg_stick_stored *stored, const char **rest)
{
    unsigned length = 0;

    for (; *text >= '0' && *text <= '9' && length <= HF_STICK_ARRAY_MAX; text++)
        length = length * 10 + (unsigned)(*text - '0');
    stored->n = (uint16_t)length;
    *rest = text;
    return length >= 1 && length <= HF_STICK_ARRAY_MAX;
}

static bool read_period(const char *text, struct hf_cfg_stick_stored *stored)
{
    int64_t ms;
    const char *rest;

    if (hf_value_time(text, HF_UNIT_MS, &ms, &rest) != HF_OK || *rest)
        return false;
    stored->period_ms = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
    return true;
}

/* What is missing or wrong in the parentheses (`text`, NULL: there are none); NULL: nothing. */
static const char *read_argument(enum hf_stick_argument wanted, const char *text,
                                 struct hf_cfg_stick_stored *stored)
{
    const char *rest;

    stored->n = 1;
    switch (wanted) {
    case HF_STICK_NONE:
        return text ? "no argument" : NULL;
    case HF_STICK_LENGTH:
        return text && read_length(text, stored, &rest) && !*rest
                   ? NULL
                   : "a number from 1 to 100 in parentheses";
    case HF_STICK_PERIOD:
        return text && read_period(text, stored) ? NULL : "a time in parentheses, for example 10s";
    case HF_STICK_RATES:
        return text && read_length(text, stored, &rest) && *rest == ',' &&
                       read_period(rest + 1, stored)
                   ? NULL
                   : "a number and a time, for example (3,10s)";
    }
    return NULL;
}

/* Of such a pair the array would take the place of the single counters. */
static const enum hf_stick_data rivals[][2] = {
    {HF_STICK_gpt, HF_STICK_gpt0},           {HF_STICK_gpc, HF_STICK_gpc0},
    {HF_STICK_gpc, HF_STICK_gpc1},           {HF_STICK_gpc_rate, HF_STICK_gpc0_rate},
    {HF_STICK_gpc_rate, HF_STICK_gpc1_rate},
};

/* What HAProxy does not let one table store. */
static void check_rivals(struct hf_build *b, const struct hf_word *word)
{
    for (size_t i = 0; i < sizeof rivals / sizeof rivals[0]; i++) {
        const enum hf_stick_data *pair = rivals[i];
        if (!b->table->stores[pair[0]].n || !b->table->stores[pair[1]].n)
            continue;
        hf_build_error(b, word->loc, "remove one of them", "'%s' and '%s' cannot be in one table",
                       hf_stick_rows[pair[0]].name, hf_stick_rows[pair[1]].name);
        return;
    }
}

static void note_data(struct hf_build *b, const struct hf_word *word, enum hf_stick_data data,
                      struct hf_cfg_stick_stored stored)
{
    const struct hf_stick_row *row = &hf_stick_rows[data];

    if (b->table->stores[data].n)
        hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, "remove one of them",
                    "'%s' is stored already.", row->name);
    b->table->stores[data] = stored;
    if (row->kind == HF_STICK_NEVER || row->kind == HF_STICK_NEVER_RATE)
        hf_conf_add_pending(b->config, row->name, word->loc);
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
    enum hf_stick_data data = find_data(name, &nearest);
    if (data == HF_N_STICK_DATA) {
        hf_build_error(b, word->loc,
                       nearest ? hf_arena_printf(arena, "did you mean '%s'?", nearest) : NULL,
                       "a stick-table cannot store '%s'", name);
        return;
    }
    struct hf_cfg_stick_stored stored = {0};
    const char *wanted = read_argument(hf_stick_rows[data].argument, argument, &stored);
    if (wanted)
        hf_build_error(b, word->loc, NULL, "'%s' of a stick-table takes %s", name, wanted);
    else
        note_data(b, word, data, stored);
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
