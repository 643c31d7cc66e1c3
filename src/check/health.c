/*
 * health.c: what the results of checks, and of sessions, make of a server.
 *
 * `health` counts as HAProxy's does: 0 .. rise+fall-1, up from `rise` on.  A server starts at
 * `rise`: up, but the first failure takes it down, since nothing good is known of it yet.
 */
#include <stdio.h>

#include "check_int.h"
#include "haftp/state/server_admin.h"

/* ---- what statistics show ------------------------------------------------------------------ */

static struct hf_checked *checked_of(const struct hf_check_run *run)
{
    return run->is_agent ? &run->server->agent_checked : &run->server->checked;
}

void hf_check_show(const struct hf_check_run *run)
{
    struct hf_checked *checked = checked_of(run);

    checked->running = run->running;
    checked->health = run->health;
    checked->rise = run->rise;
    checked->fall = run->fall;
    if (!checked->status)
        checked->found = HF_CHECK_INI;
}

/* ---- what is said of it -------------------------------------------------------------------- */

/* Bytes that are none of a text's become "<0D>". */
static void make_readable(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; *text && n + 5 < size; text++) {
        unsigned char c = (unsigned char)*text;
        if (c >= ' ' && c < 0x7f && c != '"')
            out[n++] = *text;
        else
            n += (size_t)snprintf(out + n, size - n, "<%02X>", c);
    }
    out[n] = '\0';
}

struct finding {
    enum hf_check_status status;
    unsigned code;
    const char *info;
    int took_ms; /* -1: it took no time */
};

/* "reason: Layer7 wrong status, code: 530, info: \"...\", check duration: 3ms" */
static void describe(const struct finding *found, char *out, size_t size)
{
    char info[HF_CHECKED_TEXT * 4];
    int n = snprintf(out, size, "reason: %s", hf_check_status_text(found->status));

    if (hf_check_status_has_code(found->status))
        n += snprintf(out + n, size - (size_t)n, ", code: %u", found->code);
    if (*found->info) {
        make_readable(found->info, info, sizeof info);
        n += snprintf(out + n, size - (size_t)n, ", info: \"%s\"", info);
    }
    if (found->took_ms >= 0)
        snprintf(out + n, size - (size_t)n, ", check duration: %dms", found->took_ms);
}

/* For `option log-health-checks`: also results that changed no state yet. */
static void note(const struct hf_check_run *run, const struct finding *found, const char *why)
{
    static const char *const verdicts[] = {
        [HF_CHECK_NONE] = "failed",
        [HF_CHECK_FAILED] = "failed",
        [HF_CHECK_PASSED] = "succeeded",
        [HF_CHECK_COND] = "conditionally succeeded",
    };
    bool up = run->health >= run->rise;
    char text[1024];

    snprintf(text, sizeof text, "%s check for %sserver %s/%s %s, %s, status: %u/%u %s.",
             run->is_agent ? "Agent" : "Health", hf_check_opts(run)->backup ? "backup " : "",
             run->server->proxy->cfg->name, run->server->cfg->name,
             verdicts[hf_check_status_verdict(found->status)], why,
             up ? run->health - run->rise + 1 : run->health, up ? run->fall : run->rise,
             up ? "UP" : "DOWN");
    hf_server_note_mt(run->server, text);
}

/* ---- what becomes of it -------------------------------------------------------------------- */

/* An agent that cannot be asked says nothing of its server. */
static bool is_bad(const struct hf_check_run *run, enum hf_check_status status)
{
    return hf_check_status_verdict(status) == HF_CHECK_FAILED &&
           (!run->is_agent || hf_check_status_has_code(status));
}

static bool is_good(enum hf_check_status status)
{
    enum hf_check_verdict verdict = hf_check_status_verdict(status);
    return verdict == HF_CHECK_PASSED || verdict == HF_CHECK_COND;
}

static void lower(struct hf_check_run *run)
{
    run->health = run->health > run->rise ? run->health - 1 : 0;
}

static void lift(struct hf_check_run *run)
{
    unsigned best = run->rise + run->fall - 1;

    if (run->health < best)
        run->health = run->health + 1 >= run->rise ? best : run->health + 1;
}

static void show(const struct hf_check_run *run, const struct finding *found, bool lowered)
{
    struct hf_checked *checked = checked_of(run);

    hf_check_show(run);
    checked->found = found->status;
    checked->status = hf_check_status_word(found->status);
    checked->what = hf_check_status_text(found->status);
    checked->code = (int)found->code;
    checked->took_ms = found->took_ms > 0 ? (unsigned)found->took_ms : 0;
    checked->failures += lowered;
    snprintf(checked->info, sizeof checked->info, "%s", found->info);
}

static bool is_well(const struct hf_check_run *run)
{
    return !run || run->health >= run->rise;
}

/* It is up as long as both its checks and its agent say so.  Servers that just came up, those that
 * track this one too, may start slowly. */
static void publish(struct hf_check_run *run, const struct finding *found, const char *why)
{
    struct hf_server *server = run->server;
    bool was_up = hf_server_is_up_mt(server);
    bool is_up = is_well(server->check) && is_well(server->agent);

    if (run->is_agent && is_up && atomic_load(&server->stopping))
        return; /* as its checks say, who know better */
    if (is_up && hf_check_status_verdict(found->status) == HF_CHECK_COND)
        hf_server_set_stopping(server, why);
    else
        hf_server_set_up_mt(server, is_up, why);
    if (is_up && !was_up)
        hf_warmup_begin(&run->checks->warmup);
}

static bool is_in_maint(const struct hf_server *server)
{
    return atomic_load_explicit(&server->off, memory_order_relaxed) & HF_OFF_ANY_MAINT;
}

/* Its health was `before`. */
static void settle(struct hf_check_run *run, unsigned before, const struct finding *found)
{
    char why[HF_CHECKED_TEXT * 4 + 128];

    describe(found, why, sizeof why);
    show(run, found, run->health < before);
    if ((run->health != before || found->status != run->last) &&
        hf_check_status_verdict(found->status) != HF_CHECK_NONE &&
        run->server->proxy->cfg->o.log_health_checks)
        note(run, found, why);
    run->last = found->status;
    if (hf_check_status_verdict(found->status) != HF_CHECK_NONE && !is_in_maint(run->server))
        publish(run, found, why);
}

bool hf_check_is_paused(const struct hf_check_run *run)
{
    return run->is_agent ? run->server->agent_unasked
                         : run->server->unchecked || is_in_maint(run->server);
}

/* Who comes out of maintenance is up, as at the start, but the first failure takes it down. */
static void forget_before_maint(struct hf_check_run *run)
{
    if (!run->is_agent && run->maint_ends != run->server->maint_ends)
        run->health = run->rise;
    run->maint_ends = run->server->maint_ends;
}

void hf_check_count(struct hf_check_run *run, enum hf_check_status status, unsigned code,
                    const char *info, unsigned took_ms)
{
    const struct finding found = {status, code, info, (int)took_ms};

    if (hf_check_is_paused(run)) {
        hf_check_show(run);
        return;
    }
    forget_before_maint(run);
    unsigned before = run->health;

    if (is_bad(run, status))
        lower(run);
    else if (is_good(status))
        lift(run);
    settle(run, before, &found);
}

void hf_agent_settle(struct hf_server *server, bool up)
{
    hf_check_count(server->agent, up ? HF_CHECK_L7OK : HF_CHECK_L7STS, 0, "changed from CLI", 0);
}

/* ---- signs of bad health from sessions --------------------------------------------------- */

/* What `on-error` makes of it, besides checking soon. */
static void count_against(struct hf_check_run *run)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);

    if (o->on_error == HF_ON_ERROR_SUDDEN_DEATH && run->health > o->rise)
        run->health = o->rise + 1; /* the next bad check is the last */
    else if (o->on_error == HF_ON_ERROR_MARK_DOWN && run->health > o->rise)
        run->health = o->rise;
    if (o->on_error != HF_ON_ERROR_FASTINTER)
        lower(run);
}

void hf_check_suffer(struct hf_check_run *run)
{
    char info[HF_CHECKED_TEXT];
    const struct finding found = {HF_CHECK_HANA, 0, info, -1};
    unsigned before = run->health;

    count_against(run);
    snprintf(info, sizeof info,
             "Detected %u consecutive errors, last one was: L4 unsuccessful connection",
             hf_check_opts(run)->error_limit);
    settle(run, before, &found);
    hf_check_soon(run);
}
