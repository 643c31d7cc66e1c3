/*
 * vars.c: a session's variables, and those of the process.
 *
 * Both are a list of what is set: rules set a handful at most.
 */
#include "haftp/rules/vars.h"

#include <pthread.h>
#include <stdlib.h>

#include "haftp/rules/eval.h"

struct variable {
    struct variable *next;
    const struct hf_cfg_var *cfg;
    struct hf_sample sample; /* its bytes are below */
    char bytes[];
};

struct hf_vars {
    struct variable *first;
    size_t used; /* bytes of the samples */
};

static struct {
    pthread_rwlock_t lock;
    struct hf_vars vars;
} process = {.lock = PTHREAD_RWLOCK_INITIALIZER};

/* ---- one set of variables ---------------------------------------------------------------- */

/* Names are unique within a scope, and one name has one struct. */
static struct variable **find(struct hf_vars *vars, const struct hf_cfg_var *cfg)
{
    struct variable **at = &vars->first;
    while (*at && (*at)->cfg->index != cfg->index)
        at = &(*at)->next;
    return at;
}

static void drop(struct hf_vars *vars, struct variable **at)
{
    struct variable *old = *at;
    *at = old->next;
    vars->used -= old->sample.bytes.n;
    free(old);
}

static bool has_bytes(const struct hf_sample *sample)
{
    return sample->type == HF_TYPE_STR || sample->type == HF_TYPE_BIN ||
           sample->type == HF_TYPE_METH;
}

static struct variable *copy_of(const struct hf_cfg_var *cfg, const struct hf_sample *sample)
{
    size_t n = has_bytes(sample) ? sample->bytes.n : 0;
    struct variable *copy = malloc(sizeof *copy + n);
    if (!copy)
        return NULL;
    *copy = (struct variable){.cfg = cfg, .sample = *sample};
    copy->sample.may_change = false;
    if (n > 0)
        memcpy(copy->bytes, sample->bytes.p, n);
    copy->sample.bytes = hf_view(copy->bytes, n);
    return copy;
}

static bool set(struct hf_vars *vars, size_t limit, const struct hf_cfg_var *cfg,
                const struct hf_sample *sample)
{
    struct variable **at = find(vars, cfg);
    size_t before = *at ? (*at)->sample.bytes.n : 0;
    size_t n = has_bytes(sample) ? sample->bytes.n : 0;
    if (vars->used - before + n > limit)
        return false;
    /* The copy first: the sample may be the variable itself. */
    struct variable *copy = copy_of(cfg, sample);
    if (!copy)
        return false;
    if (*at)
        drop(vars, at);
    copy->next = *at;
    *at = copy;
    vars->used += n;
    return true;
}

/* It exists still, without a value. */
static void unset(struct hf_vars *vars, const struct hf_cfg_var *cfg)
{
    struct variable *var = *find(vars, cfg);
    if (!var)
        return;
    vars->used -= var->sample.bytes.n;
    var->sample = (struct hf_sample){.type = HF_TYPE_ANY};
}

static const struct variable *find_set(struct hf_vars *vars, const struct hf_cfg_var *cfg)
{
    const struct variable *var = *find(vars, cfg);
    return var && var->sample.type != HF_TYPE_ANY ? var : NULL;
}

/* ---- scopes ------------------------------------------------------------------------------ */

static bool set_process(const struct hf_cfg_var *var, const struct hf_sample *sample)
{
    pthread_rwlock_wrlock(&process.lock);
    bool done = set(&process.vars, HF_VARS_PROCESS_BYTES, var, sample);
    pthread_rwlock_unlock(&process.lock);
    return done;
}

bool hf_vars_set(struct hf_vars **vars, const struct hf_cfg_var *var,
                 const struct hf_sample *sample)
{
    if (var->scope == HF_VAR_PROC)
        return set_process(var, sample);
    if (!vars)
        return false;
    if (!*vars)
        *vars = calloc(1, sizeof **vars);
    return *vars && set(*vars, HF_VARS_SESSION_BYTES, var, sample);
}

void hf_vars_unset(struct hf_vars **vars, const struct hf_cfg_var *var)
{
    if (var->scope == HF_VAR_PROC) {
        pthread_rwlock_wrlock(&process.lock);
        unset(&process.vars, var);
        pthread_rwlock_unlock(&process.lock);
    } else if (vars && *vars) {
        unset(*vars, var);
    }
}

static bool get_process(const struct hf_cfg_var *var, struct hf_sample *out, char *room,
                        size_t size)
{
    pthread_rwlock_rdlock(&process.lock);
    const struct variable *found = find_set(&process.vars, var);
    if (found) {
        *out = found->sample;
        if (out->bytes.n > size)
            out->bytes.n = size;
        if (out->bytes.n > 0)
            memcpy(room, found->bytes, out->bytes.n);
        out->bytes.p = room;
    }
    pthread_rwlock_unlock(&process.lock);
    return found;
}

bool hf_vars_get(struct hf_vars *const *vars, const struct hf_cfg_var *var, struct hf_sample *out,
                 char *room, size_t size)
{
    if (var->scope == HF_VAR_PROC)
        return get_process(var, out, room, size);
    if (!vars || !*vars)
        return false;
    const struct variable *found = find_set(*vars, var);
    if (found)
        *out = found->sample;
    return found;
}

bool hf_vars_exists(struct hf_vars *const *vars, const struct hf_cfg_var *var)
{
    if (var->scope != HF_VAR_PROC)
        return vars && *vars && *find(*vars, var);
    pthread_rwlock_rdlock(&process.lock);
    bool exists = *find(&process.vars, var);
    pthread_rwlock_unlock(&process.lock);
    return exists;
}

/* ---- ends -------------------------------------------------------------------------------- */

void hf_vars_end_scope(struct hf_vars **vars, enum hf_var_scope scope)
{
    struct variable **at = vars && *vars ? &(*vars)->first : NULL;
    while (at && *at) {
        if ((*at)->cfg->scope == scope)
            drop(*vars, at);
        else
            at = &(*at)->next;
    }
}

static void drop_all(struct hf_vars *vars)
{
    while (vars->first)
        drop(vars, &vars->first);
}

void hf_vars_free(struct hf_vars **vars)
{
    if (*vars)
        drop_all(*vars);
    free(*vars);
    *vars = NULL;
}

void hf_vars_process_free(void)
{
    pthread_rwlock_wrlock(&process.lock);
    drop_all(&process.vars);
    pthread_rwlock_unlock(&process.lock);
}
