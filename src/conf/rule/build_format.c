/*
 * build_format.c: formats of log lines and of unique ids.
 */
#include "parse/build.h"

#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "expr/format_build.h"

/* By enum hf_format_use. */
static const char *const names[] = {"log-format", "log-format-sd", "error-log-format",
                                    "unique-id-format"};

static enum hf_format_use use_of(const struct hf_keyword *row)
{
    unsigned use = 0;

    while (use + 1 < HF_N_FORMAT_LINES && strcmp(row->name, names[use]) != 0)
        use++;
    return (enum hf_format_use)use;
}

/* ---- lines ------------------------------------------------------------------------------- */

void hf_build_format(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)
{
    struct hf_cfg_format_line *line = HF_NEW(b->config->arena, struct hf_cfg_format_line);
    enum hf_format_use use = use_of(row);

    line->loc = word->loc;
    line->text = word->text;
    line->handed_down = b->in_defaults;
    b->section->o.format_lines[use] = line;
    if (use != HF_LOG_FORMAT && use != HF_UNIQUE_ID_FORMAT)
        hf_conf_add_pending(b->config, row->name, word->loc);
}

/* `option tcplog` is a format too: the last line counts. */
void hf_build_tcplog(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_format_line **line = &b->section->o.format_lines[HF_LOG_FORMAT];

    if (*line && (*line)->handed_down == b->in_defaults)
        hf_diag_add(b->diag, HF_DIAG_NOTICE, loc, "remove the one that is not wanted",
                    "this replaces the 'log-format' above it.");
    *line = NULL;
}

/* ---- the end of all files ---------------------------------------------------------------- */

/* What a defaults section hands down is read for its first heir: all have the same. */
static struct hf_format *read_line(struct hf_build *b, struct hf_cfg_proxy *proxy,
                                   enum hf_format_use use)
{
    struct hf_cfg_format_line *line = proxy->o.format_lines[use];
    const struct hf_place *place = use == HF_UNIQUE_ID_FORMAT ? &hf_place_unique_id : &hf_place_log;

    if (!line)
        return NULL;
    if (!line->read) {
        const struct hf_word word = {.text = line->text, .loc = line->loc};
        hf_build_set_section(b, proxy, line->handed_down);
        line->read = true;
        line->format = hf_format_parse(b, &word, place);
    }
    return line->format;
}

void hf_build_read_formats(struct hf_build *b)
{
    struct hf_cfg_proxy *proxy;

    LL_FOREACH(b->config->proxies, proxy)
    {
        struct hf_cfg_opts *o = &proxy->o;
        if (!(proxy->caps & HF_CAP_FRONTEND) || o->disabled)
            continue;
        o->log_format = read_line(b, proxy, HF_LOG_FORMAT);
        o->log_format_sd = read_line(b, proxy, HF_LOG_FORMAT_SD);
        o->error_log_format = read_line(b, proxy, HF_ERROR_LOG_FORMAT);
        o->unique_id_format = read_line(b, proxy, HF_UNIQUE_ID_FORMAT);
    }
}
