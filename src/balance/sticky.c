/*
 * sticky.c: what is known of a session before it is balanced: which server its stick tables
 * remember, what they are to learn of it, and the key that `balance hash` goes by.
 *
 * Looked at once, when the session's first bytes are still there to be looked at.
 */
#include "haftp/balance/balance.h"

#include <stdlib.h>

#include "haftp/balance/spread.h"
#include "haftp/base/assert.h"
#include "haftp/rules/table_key.h"
#include "haftp/state/stick.h"

/* HAProxy's limit of tables that one session writes to. */
#define MOST_NOTES 8u

/* ---- keys --------------------------------------------------------------------------------- */

static bool make_key(const struct hf_cfg_stick_rule *rule, const struct hf_cfg_stick_table *table,
                     const struct hf_pick *pick, struct hf_eval *eval, struct hf_table_key *key)
{
    struct hf_sample sample;

    if (!rule->expr) {
        sample = (struct hf_sample){.addr = *pick->client};
        sample.type = sample.addr.sa.sa_family == AF_INET6 ? HF_TYPE_IPV6 : HF_TYPE_IPV4;
    } else if (hf_expr_eval(rule->expr, eval, &sample) != HF_TRUE) {
        return false;
    }
    return hf_table_key(table, &sample, eval, key);
}

/* ---- what is remembered ------------------------------------------------------------------- */

/* The table may be shared with sections that have servers of their own: the same name is meant,
 * else the same id. */
static struct hf_server *server_here(const struct hf_proxy *backend, const struct hf_server *server)
{
    if (server->proxy == backend)
        return backend->servers[server->index];
    for (unsigned i = 0; i < backend->n_servers; i++) {
        if (strcmp(backend->servers[i]->cfg->name, server->cfg->name) == 0)
            return backend->servers[i];
    }
    for (unsigned i = 0; i < backend->n_servers; i++) {
        if (backend->servers[i]->cfg->id == server->cfg->id)
            return backend->servers[i];
    }
    return NULL;
}

/* ---- what is to be learnt ----------------------------------------------------------------- */

struct hf_stick_note {
    struct hf_stick_note *next;
    struct hf_stick_table *table;
    size_t n;
    char key[];
};

/* Only the first rule that stores into a table does; without memory nothing is learnt. */
static void note(struct hf_pick *pick, struct hf_stick_table *table, const struct hf_table_key *key)
{
    struct hf_stick_note *note;
    unsigned n = 0;

    for (note = pick->notes; note; note = note->next, n++) {
        if (note->table == table)
            return;
    }
    note = n < MOST_NOTES ? malloc(sizeof *note + key->n) : NULL;
    if (!note)
        return;
    *note = (struct hf_stick_note){.next = pick->notes, .table = table, .n = key->n};
    memcpy(note->key, key->bytes, key->n);
    pick->notes = note;
}

static bool has_note(const struct hf_pick *pick, const struct hf_stick_table *table)
{
    const struct hf_stick_note *note = pick->notes;
    while (note && note->table != table)
        note = note->next;
    return note != NULL;
}

/* ---- rules -------------------------------------------------------------------------------- */

static void apply(const struct hf_proxy *backend, const struct hf_cfg_stick_rule *rule,
                  struct hf_pick *pick, struct hf_eval *eval)
{
    struct hf_stick_table *table =
        rule->table ? hf_runtime_table(backend->runtime, rule->table) : backend->stick;
    struct hf_table_key key;

    if (!table || (rule->store && has_note(pick, table)) ||
        hf_cond_eval(rule->cond, eval) != HF_TRUE ||
        !make_key(rule, hf_stick_cfg(table), pick, eval, &key))
        return;
    struct hf_view bytes = {key.bytes, key.n};
    const struct hf_server *known =
        rule->match ? hf_stick_get_mt(table, bytes, eval->now_ms) : NULL;
    if (known && !pick->remembered)
        pick->remembered = server_here(backend, known);
    if (rule->store)
        note(pick, table, &key);
}

static void hash_key(const struct hf_proxy *backend, struct hf_pick *pick, struct hf_eval *eval)
{
    const struct hf_expr *expr = backend->cfg->o.balance_expr;
    struct hf_sample sample;

    pick->hashed = expr && hf_expr_eval(expr, eval, &sample) == HF_TRUE &&
                   hf_sample_cast(&sample, HF_TYPE_BIN, eval);
    if (pick->hashed)
        pick->hash = hf_spread_hash(backend, sample.bytes);
}

/* The first rule that applies, or NULL. */
static const struct hf_cfg_persist *persistence(const struct hf_proxy *backend,
                                                struct hf_eval *eval)
{
    const struct hf_cfg_persist *rule = backend->cfg->persist_rules;

    while (rule && hf_cond_eval(rule->cond, eval) != HF_TRUE)
        rule = rule->next;
    return rule;
}

void hf_balance_prepare_mt(struct hf_proxy *backend, struct hf_pick *pick, struct hf_eval *eval)
{
    const struct hf_cfg_stick_rule *rule;

    hf_balance_forget(pick);
    const struct hf_cfg_persist *persist = persistence(backend, eval);
    pick->forced = persist && !persist->ignore;
    for (rule = backend->cfg->stick_rules; rule; rule = rule->next)
        apply(backend, rule, pick, eval);
    if (persist && persist->ignore)
        pick->remembered = NULL;
    hash_key(backend, pick, eval);
}

void hf_balance_learn_mt(const struct hf_pick *pick, const struct hf_server *server)
{
    const struct hf_stick_note *note;

    if (server->cfg->o.non_stick)
        return;
    for (note = pick->notes; note; note = note->next)
        hf_stick_set_mt(note->table, (struct hf_view){note->key, note->n}, pick->now_ms, server);
}

void hf_balance_forget(struct hf_pick *pick)
{
    struct hf_stick_note *note = pick->notes, *next;

    for (; note; note = next) {
        next = note->next;
        free(note);
    }
    pick->notes = NULL;
    pick->remembered = NULL;
    pick->hashed = false;
}
