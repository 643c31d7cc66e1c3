/*
 * state.c: converters that touch what lies outside of the sample: time zones, variables, sections.
 */
#include <time.h>

#include "../rules_int.h"

/* ---- dates ------------------------------------------------------------------------------- */

/* More than these many bits of seconds no calendar has. */
#define SECONDS_MASK 0x007fffffffffffffll

static bool out_date(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample,
                     struct tm *(*split)(const time_t *, struct tm *))
{
    struct hf_room room = hf_room_for(eval, sample);
    time_t second =
        (time_t)((uint64_t)sample->number + (uint64_t)hf_number_arg(call, 1, 0)) & SECONDS_MASK;
    struct tm parts;
    if (!split(&second, &parts))
        return false;
    room.n = strftime(room.p, room.size, call->args[0].text, &parts);
    sample->type = HF_TYPE_STR;
    sample->bytes = hf_room_view(&room);
    return true;
}

CONV(utime)
{
    return out_date(call, eval, sample, gmtime_r);
}

CONV(ltime)
{
    return out_date(call, eval, sample, localtime_r);
}

/* The offset is in seconds, whatever the date is in. */
#define FINE_DATE(id, per_second, split)                                                           \
    CONV(id)                                                                                       \
    {                                                                                              \
        sample->number /= (per_second);                                                            \
        return out_date(call, eval, sample, split);                                                \
    }
FINE_DATE(ms_ltime, 1000, localtime_r)
FINE_DATE(ms_utime, 1000, gmtime_r)
FINE_DATE(us_ltime, 1000000, localtime_r)
FINE_DATE(us_utime, 1000000, gmtime_r)

/* ---- variables --------------------------------------------------------------------------- */

static bool is_empty(const struct hf_sample *sample)
{
    bool has_bytes =
        sample->type == HF_TYPE_STR || sample->type == HF_TYPE_BIN || sample->type == HF_TYPE_METH;
    return has_bytes && sample->bytes.n == 0;
}

/* Conditions that compare say nothing unless both are numbers. */
bool hf_set_allowed(unsigned when, const struct hf_cfg_var *var, struct hf_eval *eval,
                    const struct hf_sample *sample)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_sample old;
    bool set = hf_vars_get(eval->vars, var, &old, room.p, room.size);
    bool numbers = set && old.type == HF_TYPE_INT && sample->type == HF_TYPE_INT;
    unsigned refused = 0;

    if (!hf_vars_exists(eval->vars, var))
        refused |= HF_SET_IF_EXISTS;
    else
        refused |= HF_SET_IF_NOT_EXISTS;
    refused |= is_empty(sample) ? HF_SET_IF_NOT_EMPTY : HF_SET_IF_EMPTY;
    refused |= set ? HF_SET_IF_NOT_SET : HF_SET_IF_SET;
    if (numbers && old.number <= sample->number)
        refused |= HF_SET_IF_GREATER;
    if (numbers && old.number >= sample->number)
        refused |= HF_SET_IF_LESS;
    return !(when & refused);
}

static unsigned when_of(struct hf_view word)
{
    static const struct {
        const char *word;
        unsigned when;
    } words[] = {
        {"ifexists", HF_SET_IF_EXISTS}, {"ifnotexists", HF_SET_IF_NOT_EXISTS},
        {"ifempty", HF_SET_IF_EMPTY},   {"ifnotempty", HF_SET_IF_NOT_EMPTY},
        {"ifset", HF_SET_IF_SET},       {"ifnotset", HF_SET_IF_NOT_SET},
        {"ifgt", HF_SET_IF_GREATER},    {"iflt", HF_SET_IF_LESS},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (hf_view_is(word, words[i].word))
            return words[i].when;
    }
    return 0;
}

CONV(set_var)
{
    const struct hf_cfg_var *var = call->args[0].var;
    unsigned when = 0;
    for (unsigned i = 1; i < call->n_args; i++)
        when |= when_of(hf_text_arg(call, i));
    return hf_set_allowed(when, var, eval, sample) && hf_vars_set(eval->vars, var, sample);
}

CONV(unset_var)
{
    UNUSED(sample);
    hf_vars_unset(eval->vars, call->args[0].var);
    return true;
}

/* ---- debug ------------------------------------------------------------------------------- */

static hf_eval_debug_fn debug_fn;

void hf_eval_on_debug(hf_eval_debug_fn fn)
{
    debug_fn = fn;
}

/* The sample goes on as it came. */
CONV(debug)
{
    struct hf_sample text = *sample;
    if (debug_fn && hf_sample_cast(&text, HF_TYPE_STR, eval))
        debug_fn(eval->facts, hf_text_arg(call, 0), text.bytes);
    return true;
}

/* ---- sections ---------------------------------------------------------------------------- */

static const struct hf_proxy *find_backend(const struct hf_eval *eval, struct hf_view name)
{
    for (unsigned i = 0; eval->runtime && i < eval->runtime->n_proxies; i++) {
        const struct hf_proxy *proxy = eval->runtime->proxies[i];
        if ((proxy->cfg->caps & HF_CAP_BACKEND) && hf_view_is(name, proxy->cfg->name))
            return proxy;
    }
    return NULL;
}

static bool is_number(struct hf_sample *sample, int64_t number)
{
    sample->type = HF_TYPE_INT;
    sample->number = number;
    return true;
}

CONV(nbsrv)
{
    UNUSED(call);
    const struct hf_proxy *proxy = find_backend(eval, sample->bytes);
    return proxy && is_number(sample, hf_usable_servers(proxy));
}

/* "backend/server", or a server of the section that the rule is in. */
static const struct hf_server *find_server(const struct hf_eval *eval, struct hf_view name)
{
    const char *slash = name.n ? memchr(name.p, '/', name.n) : NULL;
    const struct hf_proxy *proxy = NULL;
    if (slash) {
        size_t n = (size_t)(slash - name.p);
        proxy = find_backend(eval, hf_view(name.p, n));
        name = hf_view(slash + 1, name.n - n - 1);
    } else if (eval->facts) {
        proxy = eval->facts->backend;
    }
    for (unsigned i = 0; proxy && i < proxy->n_servers; i++) {
        if (hf_view_is(name, proxy->servers[i]->cfg->name))
            return proxy->servers[i];
    }
    return NULL;
}

CONV(srv_queue)
{
    UNUSED(call);
    const struct hf_server *server = find_server(eval, sample->bytes);
    return server && is_number(sample, hf_waitlist_count_mt(&server->waiting));
}
