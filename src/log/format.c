/*
 * format.c: writes the pieces of a format.
 */
#include "haftp/log/format.h"

#include <stdarg.h>
#include <stdio.h>

#include "escape_int.h"
#include "format_int.h"

void hf_log_put(struct hf_log_out *out, const char *bytes, size_t n)
{
    size_t room = out->size - out->n;
    if (n > room)
        n = room;
    memcpy(out->line + out->n, bytes, n);
    out->n += n;
}

static void put_body(struct hf_log_out *out, struct hf_view text)
{
    const char *also = out->flags & HF_FORMAT_ESCAPE ? "\"\\]" : NULL;
    if (out->plain && !also)
        hf_log_put(out, text.p, text.n);
    else
        out->n += hf_log_escape(out->line + out->n, out->size - out->n, text.p, text.n, also);
}

void hf_log_put_view(struct hf_log_out *out, struct hf_view text)
{
    bool quote = out->flags & HF_FORMAT_QUOTE;
    if (text.n == 0 && !quote && !out->plain)
        text = hf_view("-", 1);
    if (quote)
        hf_log_put(out, "\"", 1);
    if (text.n > 0)
        put_body(out, text);
    if (quote)
        hf_log_put(out, "\"", 1);
}

void hf_log_put_text(struct hf_log_out *out, const char *text)
{
    hf_log_put_view(out, hf_view_cstr(text));
}

void hf_log_printf(struct hf_log_out *out, const char *format, ...)
{
    char text[128];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hf_log_put(out, text, strlen(text));
}

/* ---- pieces ------------------------------------------------------------------------------ */

static void put_alias(struct hf_log_out *out, int alias, const struct hf_facts *facts)
{
    if (alias >= 0 && facts)
        hf_log_aliases[alias](out, facts);
    else
        hf_log_put_text(out, "");
}

static void put_sample(struct hf_log_out *out, const struct hf_expr *expr, struct hf_eval *eval)
{
    struct hf_sample sample;
    bool there =
        hf_expr_eval(expr, eval, &sample) == HF_TRUE && hf_sample_cast(&sample, HF_TYPE_STR, eval);
    hf_log_put_view(out, there ? sample.bytes : hf_view("", 0));
}

static void put_pieces(struct hf_log_out *out, const struct hf_format *format, struct hf_eval *eval)
{
    for (const struct hf_piece *piece = format->pieces; piece; piece = piece->next) {
        out->flags = piece->flags;
        switch (piece->kind) {
        case HF_PIECE_TEXT:
            hf_log_put(out, piece->text.p, piece->text.n);
            break;
        case HF_PIECE_ALIAS:
            put_alias(out, piece->alias, eval->facts);
            break;
        case HF_PIECE_EXPR:
            put_sample(out, piece->expr, eval);
            break;
        }
    }
    out->line[out->n] = '\0';
}

/* All that a session knows at its end; bytes are not looked at any more. */
static void prepare(struct hf_eval *eval, const struct hf_facts *facts)
{
    hf_eval_init(eval, facts->frontend->runtime, facts);
    eval->section = facts->frontend->cfg;
    eval->vars = (struct hf_vars **)&facts->vars;
    eval->final = true;
    eval->now_ms = facts->accepted_ms + (facts->total_ms > 0 ? (uint64_t)facts->total_ms : 0);
}

size_t hf_log_format_run(const struct hf_format *format, const struct hf_facts *facts,
                         unsigned line_number, char *line, size_t size)
{
    struct hf_log_out out = {.line = line, .size = size - 1, .line_number = line_number};
    struct hf_eval eval;
    prepare(&eval, facts);
    put_pieces(&out, format, &eval);
    return out.n;
}

size_t hf_log_format_text(const struct hf_format *format, struct hf_eval *eval, char *text,
                          size_t size)
{
    struct hf_log_out out = {.line = text, .size = size - 1, .plain = true};
    put_pieces(&out, format, eval);
    return out.n;
}

/* A sample that is not there leaves the variable unset. */
static void set_startup_var(const struct hf_cfg_rule *rule, struct hf_eval *eval)
{
    struct hf_sample sample = {.type = HF_TYPE_STR};
    char text[HF_EVAL_SCRATCH];

    if (rule->expr && hf_expr_eval(rule->expr, eval, &sample) != HF_TRUE)
        return;
    if (rule->format)
        sample.bytes = hf_view(text, hf_log_format_text(rule->format, eval, text, sizeof text));
    (void)hf_vars_set(NULL, rule->var, &sample); /* out of memory: it stays unset */
}

void hf_log_startup_vars(struct hf_runtime *runtime)
{
    struct hf_eval eval;

    hf_eval_init(&eval, runtime, NULL);
    eval.final = true;
    for (const struct hf_cfg_rule *rule = runtime->config->global.startup_vars; rule;
         rule = rule->next)
        set_startup_var(rule, &eval);
}
