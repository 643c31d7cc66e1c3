/*
 * count.c: the numbers of an entry: an entry has a word for each count and three for each
 * rate that its table stores, and no more.
 */
#include "stick_int.h"

#include <string.h>

#include "haftp/base/period.h"

#define WORDS_OF_RATE (sizeof(struct hf_period) / sizeof(uint64_t))

static unsigned words_of(enum hf_stick_data data)
{
    return hf_stick_is_server(data) ? 0 : hf_stick_is_rate(data) ? WORDS_OF_RATE : 1;
}

/* The first numbers of an array have the names of single ones as well, as in HAProxy. */
static void name_first_ones(struct hf_stick_table *table)
{
    static const struct {
        enum hf_stick_data single, array;
        unsigned index;
    } names[] = {{HF_STICK_gpt0, HF_STICK_gpt, 0},
                 {HF_STICK_gpc0, HF_STICK_gpc, 0},
                 {HF_STICK_gpc1, HF_STICK_gpc, 1},
                 {HF_STICK_gpc0_rate, HF_STICK_gpc_rate, 0},
                 {HF_STICK_gpc1_rate, HF_STICK_gpc_rate, 1}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct hf_cfg_stick_stored *array = &table->stored[names[i].array];
        if (names[i].index >= array->n)
            continue;
        table->stored[names[i].single] =
            (struct hf_cfg_stick_stored){.n = 1, .period_ms = array->period_ms};
        table->at[names[i].single] =
            (uint16_t)(table->at[names[i].array] + names[i].index * words_of(names[i].array));
    }
}

void hf_stick_lay_out(struct hf_stick_table *table)
{
    memcpy(table->stored, table->cfg->stores, sizeof table->stored);
    for (unsigned data = 0; data < HF_N_STICK_DATA; data++) {
        table->at[data] = table->n_words;
        table->n_words = (uint16_t)(table->n_words + table->stored[data].n * words_of(data));
    }
    name_first_ones(table);
}

bool hf_stick_stores(const struct hf_stick_table *table, struct hf_stick_cell cell)
{
    return cell.index < table->stored[cell.data].n && !hf_stick_is_server(cell.data);
}

/* ---- one number, under the lock ---------------------------------------------------------- */

static uint64_t *word(const struct hf_stick_table *table, const struct hf_stick_entry *entry,
                      struct hf_stick_cell cell)
{
    unsigned at = table->at[cell.data] + cell.index * words_of(cell.data);
    return (uint64_t *)entry->words + at;
}

static struct hf_period *period(const struct hf_stick_table *table,
                                const struct hf_stick_entry *entry, struct hf_stick_cell cell)
{
    return (struct hf_period *)word(table, entry, cell);
}

static uint64_t read_cell(const struct hf_stick_table *table, const struct hf_stick_entry *entry,
                          struct hf_stick_cell cell, uint64_t now_ms)
{
    if (!hf_stick_is_rate(cell.data))
        return *word(table, entry, cell);
    return hf_period_read(period(table, entry, cell), table->stored[cell.data].period_ms, now_ms);
}

static uint64_t change_cell(const struct hf_stick_table *table, struct hf_stick_entry *entry,
                            const struct hf_stick_change *change, uint64_t now_ms)
{
    if (!hf_stick_is_rate(change->cell.data)) {
        uint64_t *count = word(table, entry, change->cell);
        /* Not below 0, where an administrator has set it to less than goes on. */
        bool too_much = change->amount < 0 && *count < (uint64_t)-change->amount;
        return *count = too_much ? 0 : *count + (uint64_t)change->amount;
    }
    struct hf_period *rate = period(table, entry, change->cell);
    hf_period_count(rate, table->stored[change->cell.data].period_ms, (uint64_t)change->amount,
                    now_ms);
    return rate->now;
}

/* ---- for those who hold the entry -------------------------------------------------------- */

struct hf_view hf_stick_key(const struct hf_stick_entry *entry)
{
    return hf_view(entry->hh.key, entry->hh.keylen);
}

unsigned hf_stick_holders_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry)
{
    hf_stick_lock(table, entry);
    unsigned holders = entry->holders;
    hf_stick_unlock(table, entry);
    return holders;
}

const struct hf_server *hf_stick_server_mt(struct hf_stick_table *table,
                                           const struct hf_stick_entry *entry)
{
    hf_stick_lock(table, entry);
    const struct hf_server *server = entry->server;
    hf_stick_unlock(table, entry);
    return server;
}

uint64_t hf_stick_left_ms_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry,
                             uint64_t now_ms)
{
    hf_stick_lock(table, entry);
    uint64_t due = entry->due_ms;
    hf_stick_unlock(table, entry);
    return table->cfg->expire_ms && due > now_ms ? due - now_ms : 0;
}

uint64_t hf_stick_read_mt(struct hf_stick_table *table, const struct hf_stick_entry *entry,
                          struct hf_stick_cell cell, uint64_t now_ms)
{
    if (!hf_stick_stores(table, cell))
        return 0;
    hf_stick_lock(table, entry);
    uint64_t value = read_cell(table, entry, cell, now_ms);
    hf_stick_unlock(table, entry);
    return value;
}

uint64_t hf_stick_change_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                            const struct hf_stick_change changes[], unsigned n, uint64_t now_ms)
{
    uint64_t first = 0;
    bool changed = false;

    hf_stick_lock(table, entry);
    for (unsigned i = 0; i < n; i++) {
        if (!hf_stick_stores(table, changes[i].cell))
            continue;
        uint64_t value = change_cell(table, entry, &changes[i], now_ms);
        if (!changed)
            first = value;
        changed = true;
    }
    if (changed)
        hf_stick_renew_locked(table, entry, now_ms);
    hf_stick_unlock(table, entry);
    return first;
}

uint64_t hf_stick_assign_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                            struct hf_stick_cell cell, uint64_t value, uint64_t now_ms)
{
    if (!hf_stick_stores(table, cell))
        return 0;
    hf_stick_lock(table, entry);
    uint64_t before = read_cell(table, entry, cell, now_ms);
    if (hf_stick_is_rate(cell.data))
        hf_period_set(period(table, entry, cell), value, now_ms);
    else
        *word(table, entry, cell) = value;
    hf_stick_renew_locked(table, entry, now_ms);
    hf_stick_unlock(table, entry);
    return before;
}

void hf_stick_assign_server_mt(struct hf_stick_table *table, struct hf_stick_entry *entry,
                               const struct hf_server *server, uint64_t now_ms)
{
    hf_stick_lock(table, entry);
    entry->server = server;
    hf_stick_renew_locked(table, entry, now_ms);
    hf_stick_unlock(table, entry);
}
