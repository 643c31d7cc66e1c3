/*
 * health.c: what the results of checks, and of sessions, make of a server.
 *
 * `health` counts as HAProxy's does: 0 .. rise+fall-1, up from `rise` on.  A server starts at
 * `rise`: up, but the first failure takes it down, since nothing good is known of it yet.
 */
#include <stdio.h>

#include "check_int.h"

static void adjust_health(struct hf_check_run *run, bool passed)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);
    unsigned best = o->rise + o->fall - 1;

    if (!passed)
        run->health = run->health > o->rise ? run->health - 1 : 0;
    else if (run->health < best)
        run->health = run->health + 1 >= o->rise ? best : run->health + 1;
}

/* For `option log-health-checks`: also results that changed no state yet. */
static void note(const struct hf_check_run *run, bool passed, const char *why)
{
    const struct hf_cfg_server_opts *o = hf_check_opts(run);
    bool up = run->health >= o->rise;
    char text[512];

    snprintf(text, sizeof text, "Health check for %sserver %s/%s %s, %s, status: %u/%u %s.",
             o->backup ? "backup " : "", run->server->proxy->cfg->name, run->server->cfg->name,
             passed ? "succeeded" : "failed", why, up ? run->health - o->rise + 1 : run->health,
             up ? o->fall : o->rise, up ? "UP" : "DOWN");
    hf_server_note_mt(run->server, text);
}

/* Servers that just came up, those that track this one too, may start slowly. */
static void publish(struct hf_check_run *run, const char *why)
{
    bool was_up = hf_server_is_up_mt(run->server), is_up = run->health >= hf_check_opts(run)->rise;

    hf_server_set_up_mt(run->server, is_up, why);
    if (is_up && !was_up)
        hf_warmup_begin(&run->checks->warmup);
}

/* It was `before`. */
static void settle(struct hf_check_run *run, unsigned before, bool passed, const char *why)
{
    run->server->checked.health = run->health;
    if (run->health != before && run->server->proxy->cfg->o.log_health_checks)
        note(run, passed, why);
    publish(run, why);
}

void hf_check_count(struct hf_check_run *run, bool passed, const char *why)
{
    unsigned before = run->health;

    adjust_health(run, passed);
    settle(run, before, passed, why);
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
        adjust_health(run, false);
}

void hf_check_suffer(struct hf_check_run *run)
{
    char why[256];
    unsigned before = run->health;

    count_against(run);
    snprintf(why, sizeof why,
             "reason: Health analyze, info: \"Detected %u consecutive errors, last one was: L4 "
             "unsuccessful connection\"",
             hf_check_opts(run)->error_limit);
    settle(run, before, false, why);
    hf_check_soon(run);
}
