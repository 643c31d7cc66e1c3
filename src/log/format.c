/*
 * format.c: compiles log formats into pieces, and writes the pieces.
 */
#include "haftp/log/format.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "escape_int.h"
#include "format_int.h"

/* Literal text, or a variable. */
struct piece {
    const struct hf_log_var *var; /* NULL: literal */
    unsigned flags;
    struct hf_view literal;
};

struct hf_log_format {
    char *text; /* our copy, literals point into it */
    struct piece *pieces;
    size_t n;
};

/* ---- compiling --------------------------------------------------------------------------- */

struct compiler {
    struct hf_log_format *format;
    const char *at;
    unsigned flags; /* set by %{...}o for all that follow */
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static enum hf_status refuse(struct compiler *c,
                                                                   const char *text, ...)
{
    va_list args;
    va_start(args, text);
    vsnprintf(c->error, c->error_size, text, args);
    va_end(args);
    return HF_INVALID;
}

static void add_literal(struct compiler *c, const char *p, size_t n)
{
    if (n > 0)
        c->format->pieces[c->format->n++] = (struct piece){.literal = hf_view(p, n)};
}

static unsigned flag_of(char letter)
{
    switch (letter) {
    case 'Q':
        return HF_LOG_QUOTE;
    case 'X':
        return HF_LOG_HEX;
    case 'E':
        return HF_LOG_ESCAPE;
    default:
        return 0;
    }
}

/* "{+Q,-X}" behind the percent sign. */
static enum hf_status read_flags(struct compiler *c, unsigned *flags)
{
    const char *end = strchr(c->at, '}');
    if (!end)
        return refuse(c, "'%%{' without its '}'");
    bool set = true;
    for (const char *p = c->at + 1; p < end; p++) {
        if (*p == '+' || *p == '-') {
            set = *p == '+';
            continue;
        }
        if (*p == ',' || *p == ' ')
            continue;
        unsigned flag = flag_of(*p);
        if (!flag)
            return refuse(
                c,
                "unknown flag '%c' in '%%%.*s'; known are Q (quote), X (hexadecimal), E (escape)",
                *p, (int)(end + 1 - c->at), c->at);
        *flags = set ? *flags | flag : *flags & ~flag;
    }
    c->at = end + 1;
    return HF_OK;
}

static enum hf_status read_variable(struct compiler *c)
{
    unsigned flags = c->flags;
    c->at++; /* the percent sign */
    if (*c->at == '%') {
        add_literal(c, c->at++, 1);
        return HF_OK;
    }
    if (*c->at == '{') {
        enum hf_status status = read_flags(c, &flags);
        if (status != HF_OK)
            return status;
    }
    if (*c->at == '[')
        return refuse(c, "sample expressions ('%%[...]') are not supported in log formats yet");

    struct hf_view name = hf_view(c->at, 0);
    while (isalnum((unsigned char)c->at[name.n]))
        name.n++;
    c->at += name.n;
    if (name.n == 0)
        return refuse(c, "'%%' without a variable name; write '%%%%' for a percent sign");
    if (hf_view_is(name, "o")) {
        c->flags = flags;
        return HF_OK;
    }
    const struct hf_log_var *var = hf_log_var_find(name);
    if (!var && hf_log_var_is_http(name))
        return refuse(c, "variable '%%%.*s' needs mode http, which haftp does not proxy",
                      (int)name.n, name.p);
    if (!var)
        return refuse(c, "unknown variable '%%%.*s'", (int)name.n, name.p);
    c->format->pieces[c->format->n++] = (struct piece){.var = var, .flags = flags};
    return HF_OK;
}

static enum hf_status read_pieces(struct compiler *c)
{
    while (*c->at) {
        size_t n = strcspn(c->at, "%");
        add_literal(c, c->at, n);
        c->at += n;
        if (*c->at) {
            enum hf_status status = read_variable(c);
            if (status != HF_OK)
                return status;
        }
    }
    return HF_OK;
}

enum hf_status hf_log_format_compile(const char *text, char *error, size_t error_size,
                                     struct hf_log_format **out)
{
    struct hf_log_format *format = calloc(1, sizeof *format);
    if (!format)
        return HF_NOMEM;
    format->text = strdup(text);
    /* A piece is at least one byte of the text. */
    format->pieces = calloc(strlen(text) + 1, sizeof *format->pieces);
    enum hf_status status = HF_NOMEM;
    if (format->text && format->pieces) {
        struct compiler c = {format, format->text, 0, error, error_size};
        status = read_pieces(&c);
    }
    if (status != HF_OK) {
        hf_log_format_free(format);
        return status;
    }
    *out = format;
    return HF_OK;
}

void hf_log_format_free(struct hf_log_format *format)
{
    if (!format)
        return;
    free(format->text);
    free(format->pieces);
    free(format);
}

/* ---- writing ----------------------------------------------------------------------------- */

void hf_log_put(struct hf_log_out *out, const char *bytes, size_t n)
{
    size_t room = out->size - out->n;
    if (n > room)
        n = room;
    memcpy(out->line + out->n, bytes, n);
    out->n += n;
}

void hf_log_put_text(struct hf_log_out *out, const char *text)
{
    bool quote = out->flags & HF_LOG_QUOTE;
    if (!*text && !quote)
        text = "-";
    if (quote)
        hf_log_put(out, "\"", 1);
    out->n += hf_log_escape(out->line + out->n, out->size - out->n, text, strlen(text),
                            out->flags & HF_LOG_ESCAPE ? "\"\\]" : NULL);
    if (quote)
        hf_log_put(out, "\"", 1);
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

size_t hf_log_format_run(const struct hf_log_format *format, const struct hf_facts *facts,
                         unsigned line_number, char *line, size_t size)
{
    struct hf_log_out out = {.line = line, .size = size - 1, .line_number = line_number};
    for (size_t i = 0; i < format->n; i++) {
        const struct piece *piece = &format->pieces[i];
        out.flags = piece->flags;
        if (piece->var)
            piece->var->put(&out, facts);
        else
            hf_log_put(&out, piece->literal.p, piece->literal.n);
    }
    line[out.n] = '\0';
    return out.n;
}
