/*
 * build_line.c: lines that fill more than one field: stick-table, log and the like.
 */
#include "build.h"

#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "conf_int.h"
#include "log_target.h"
#include "section/lines.h"
#include "value.h"

static struct hf_arena *arena_of(struct hf_build *b)
{
    return b->config->arena;
}

bool hf_build_is_sound(const struct hf_build *b)
{
    return hf_diag_count(b->diag, HF_DIAG_ERROR) == b->errors_before;
}

/* ---- FTP data ports ---------------------------------------------------------------------- */

static struct hf_cfg_data_ref *add_data_ref(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_data_ref *ref = HF_NEW(arena_of(b), struct hf_cfg_data_ref);

    ref->loc = loc;
    HF_APPEND(b, b->section->data_refs, ref);
    return ref;
}

void hf_build_data_ports(struct hf_build *b, const struct hf_word *range)
{
    uint16_t lo, hi;

    if (hf_value_port_range(range->text, &lo, &hi) != HF_OK) {
        hf_build_error(b, range->loc, "write LOW-HIGH, for example 30000-30100",
                       "'%s' is not a range of ports", range->text);
        return;
    }
    struct hf_cfg_data_ref *ref = add_data_ref(b, range->loc);
    ref->lo = lo;
    ref->hi = hi;
}

void hf_build_data_section(struct hf_build *b, const struct hf_word *name)
{
    add_data_ref(b, name->loc)->section = name->text;
}

/* ---- log --------------------------------------------------------------------------------- */

void hf_build_log(struct hf_build *b, const struct hf_word *address)
{
    struct hf_cfg_log *log = HF_NEW(arena_of(b), struct hf_cfg_log);
    struct hf_problem problem;

    log->loc = address->loc;
    log->facility = -1;
    log->max_level = 7;
    hf_build_row_defaults(log, HF_OBJECT_LOG);
    b->at[HF_OBJECT_LOG] = log;
    b->log = log;
    const char *text = hf_env_expand(b->env, arena_of(b), address->text);
    const char *later = hf_log_target_is_later(text);
    if (later) { /* the rest of the line is checked all the same */
        hf_conf_add_pending(b->config, later, address->loc);
        b->log = NULL;
    } else if (!hf_log_target_parse(arena_of(b), text, log, &problem)) {
        hf_build_error(b, address->loc, problem.hint, "%s", problem.text);
        b->log = NULL;
    }
}

void hf_build_log_sample(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *ranges)
{
    struct hf_cfg_log *log = b->at[HF_OBJECT_LOG];
    struct hf_problem problem;

    hf_build_text(b, row, ranges);
    if (!hf_log_sample_parse(arena_of(b), ranges->text, log, &problem))
        hf_build_error(b, ranges->loc, problem.hint, "%s", problem.text);
}

static const char *did_you_mean(struct hf_build *b, const char *nearest, const char *otherwise)
{
    return nearest ? hf_arena_printf(arena_of(b), "did you mean '%s'?", nearest) : otherwise;
}

void hf_build_log_facility(struct hf_build *b, const struct hf_word *facility)
{
    struct hf_cfg_log *log = b->at[HF_OBJECT_LOG];
    const char *nearest = NULL;

    log->facility = hf_log_facility(facility->text, &nearest);
    if (log->facility < 0)
        hf_build_error(b, facility->loc,
                       did_you_mean(b, nearest, "for example local0, daemon or ftp"),
                       "unknown log facility '%s'", facility->text);
}

static int log_level(struct hf_build *b, const struct hf_word *word, int otherwise)
{
    const char *nearest = NULL;
    int level = hf_log_level(word->text, &nearest);

    if (level >= 0)
        return level;
    hf_build_error(
        b, word->loc,
        did_you_mean(b, nearest, "one of emerg, alert, crit, err, warning, notice, info, debug"),
        "unknown log level '%s'", word->text);
    return otherwise;
}

void hf_build_log_levels(struct hf_build *b, const struct hf_word *max, const struct hf_word *min)
{
    struct hf_cfg_log *log = b->at[HF_OBJECT_LOG];

    log->max_level = log_level(b, max, log->max_level);
    if (min)
        log->min_level = log_level(b, min, log->min_level);
}

static void end_log(struct hf_build *b)
{
    struct hf_cfg_log *log = b->log;

    b->log = NULL;
    if (!log || log->facility < 0)
        return;
    if (b->section)
        HF_APPEND(b, b->section->o.logs, log);
    else
        HF_APPEND(b, b->config->global.logs, log);
}

void hf_build_log_global(struct hf_build *b, struct hf_loc loc)
{
    if (b->section)
        b->section->o.log_global = true;
    else
        hf_build_error(b, loc, "it belongs in the sections that log to them",
                       "'log global' names the targets of this very section");
}

void hf_build_no_log(struct hf_build *b)
{
    if (!b->section) {
        b->config->global.logs = NULL;
        return;
    }
    b->section->o.logs = NULL;
    b->section->o.log_global = false;
}

void hf_build_log_hostname(struct hf_build *b, const struct hf_word *name)
{
    b->config->global.log_hostname = name ? name->text : b->env->host;
}

/* ---- global ------------------------------------------------------------------------------ */

void hf_build_uid(struct hf_build *b, int64_t number, struct hf_loc loc)
{
    if (number > INT32_MAX) {
        hf_build_error(b, loc, NULL, "this is not a user id");
        return;
    }
    b->config->global.set_uid = true;
    b->config->global.uid = (uid_t)number;
    b->config->global.uid_loc = loc;
}

void hf_build_gid(struct hf_build *b, int64_t number, struct hf_loc loc)
{
    if (number > INT32_MAX) {
        hf_build_error(b, loc, NULL, "this is not a group id");
        return;
    }
    b->config->global.set_gid = true;
    b->config->global.gid = (gid_t)number;
    b->config->global.gid_loc = loc;
}

static bool is_variable(struct hf_build *b, const struct hf_word *name)
{
    if (!strchr(name->text, '='))
        return true;
    hf_build_error(b, name->loc, "name and value are two words: setenv NAME VALUE",
                   "'%s' cannot be the name of a variable", name->text);
    return false;
}

/* The scanner reads a line when the one before it was built, so this acts on what follows. */
void hf_build_setenv(struct hf_build *b, const struct hf_word *name, const struct hf_word *value)
{
    if (is_variable(b, name))
        hf_env_set(b->env, arena_of(b), name->text, value->text);
}

void hf_build_presetenv(struct hf_build *b, const struct hf_word *name, const struct hf_word *value)
{
    if (is_variable(b, name) && !hf_env_get(b->env, hf_view_cstr(name->text)))
        hf_env_set(b->env, arena_of(b), name->text, value->text);
}

void hf_build_unsetenv(struct hf_build *b, const struct hf_word *name)
{
    if (is_variable(b, name))
        hf_env_set(b->env, arena_of(b), name->text, NULL);
}

void hf_build_resetenv(struct hf_build *b)
{
    hf_env_reset(b->env);
}

void hf_build_keepenv(struct hf_build *b, const struct hf_word *name)
{
    hf_env_keep(b->env, arena_of(b), name->text);
}

void hf_build_surplus(struct hf_build *b, const struct hf_word *word)
{
    hf_diag_add(b->diag, HF_DIAG_WARNING, word->loc, "if it belongs to the value, quote the value",
                "'%s' is one word too many: it is not read.", word->text);
}

/* ---- the end of any line ----------------------------------------------------------------- */

void hf_build_line_end(struct hf_build *b)
{
    b->rule.n_words = b->rule.n_group = 0;
    b->rule.cond = NULL;
    b->rule.faulty = false;
    b->check_step = NULL; /* of a line that was wrong */
    hf_build_bind_end(b);
    hf_build_server_end(b);
    hf_build_end_stick_table(b);
    hf_build_peers_table_end(b);
    end_log(b);
    hf_build_line_back(b);
}
