/*
 * track.c: what a session is counted under, from its rule to its end.
 */
#include "haftp/state/track.h"

#include <stdlib.h>
#include <string.h>

struct hf_track *hf_track_of(const struct hf_facts *facts, unsigned counter)
{
    struct hf_tracked *tracked = facts->tracked;

    if (!tracked || counter >= tracked->n || !tracked->by_counter[counter].entry)
        return NULL;
    return &tracked->by_counter[counter];
}

static void change(struct hf_track *track, const struct hf_stick_change changes[], unsigned n,
                   uint64_t now_ms)
{
    if (track->entry)
        (void)hf_stick_change_mt(track->table, track->entry, changes, n, now_ms);
}

static void let_go(struct hf_track *track, uint64_t now_ms)
{
    static const struct hf_stick_change ends[] = {{{HF_STICK_conn_cur, 0}, -1}};

    if (!track->entry)
        return;
    change(track, ends, 1, now_ms);
    hf_stick_release_mt(track->table, track->entry, now_ms);
    *track = (struct hf_track){0};
}

/* ---- beginning --------------------------------------------------------------------------- */

static bool make_room(struct hf_facts *facts, unsigned n_counters)
{
    if (!facts->tracked) {
        facts->tracked = calloc(1, sizeof *facts->tracked + n_counters * sizeof(struct hf_track));
        if (facts->tracked)
            facts->tracked->n = n_counters;
    }
    return facts->tracked;
}

static bool is_key(const struct hf_track *track, const struct hf_stick_table *table,
                   struct hf_view key)
{
    struct hf_view own = hf_stick_key(track->entry);
    return track->table == table && own.n == key.n && memcmp(own.p, key.p, key.n) == 0;
}

/* Another login on the same connection is another user. */
static bool is_taken(const struct hf_track *track, enum hf_rule_set by,
                     const struct hf_stick_table *table, struct hf_view key)
{
    if (!track->entry)
        return false;
    return by != HF_RULES_FTP || track->by != HF_RULES_FTP || is_key(track, table, key);
}

void hf_track_begin(struct hf_facts *facts, unsigned n_counters, unsigned counter,
                    enum hf_rule_set by, struct hf_stick_table *table, struct hf_view key,
                    uint64_t now_ms)
{
    static const struct hf_stick_change begins[] = {
        {{HF_STICK_conn_cur, 0}, 1}, {{HF_STICK_conn_cnt, 0}, 1}, {{HF_STICK_conn_rate, 0}, 1}};

    if (!make_room(facts, n_counters) || counter >= facts->tracked->n)
        return;
    struct hf_track *track = &facts->tracked->by_counter[counter];
    if (is_taken(track, by, table, key))
        return;
    let_go(track, now_ms);
    track->entry = hf_stick_hold_mt(table, key, true, now_ms);
    track->table = table;
    track->by = by;
    change(track, begins, 3, now_ms);
}

/* ---- counting ---------------------------------------------------------------------------- */

static void change_all(struct hf_tracked *tracked, const struct hf_stick_change changes[],
                       unsigned n, uint64_t now_ms)
{
    for (unsigned i = 0; i < tracked->n; i++)
        change(&tracked->by_counter[i], changes, n, now_ms);
}

void hf_track_session(struct hf_facts *facts, uint64_t now_ms)
{
    static const struct hf_stick_change begins[] = {{{HF_STICK_sess_cnt, 0}, 1},
                                                    {{HF_STICK_sess_rate, 0}, 1}};

    if (facts->tracked)
        change_all(facts->tracked, begins, 2, now_ms);
}

void hf_track_bytes(struct hf_tracked *tracked, struct hf_track_flow *flow, uint64_t in,
                    uint64_t out, bool final, uint64_t now_ms)
{
    if (!tracked || (!final && now_ms < flow->at_ms + HF_TRACK_FLOW_MS))
        return;
    int64_t more_in = (int64_t)(in - flow->in), more_out = (int64_t)(out - flow->out);
    const struct hf_stick_change moved[] = {{{HF_STICK_bytes_in_cnt, 0}, more_in},
                                            {{HF_STICK_bytes_in_rate, 0}, more_in},
                                            {{HF_STICK_bytes_out_cnt, 0}, more_out},
                                            {{HF_STICK_bytes_out_rate, 0}, more_out}};

    *flow = (struct hf_track_flow){in, out, now_ms};
    if (more_in || more_out)
        change_all(tracked, moved, 4, now_ms);
}

/* ---- the end ----------------------------------------------------------------------------- */

void hf_track_end(struct hf_facts *facts, uint64_t now_ms)
{
    struct hf_tracked *tracked = facts->tracked;

    for (unsigned i = 0; tracked && i < tracked->n; i++)
        let_go(&tracked->by_counter[i], now_ms);
    free(tracked);
    facts->tracked = NULL;
}
