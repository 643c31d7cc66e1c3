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

void hf_log_put_text(struct hf_log_out *out, const char *text)
{
    bool quote = out->flags & HF_FORMAT_QUOTE;
    if (!*text && !quote)
        text = "-";
    if (quote)
        hf_log_put(out, "\"", 1);
    out->n += hf_log_escape(out->line + out->n, out->size - out->n, text, strlen(text),
                            out->flags & HF_FORMAT_ESCAPE ? "\"\\]" : NULL);
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

static void put_piece(struct hf_log_out *out, const struct hf_piece *piece,
                      const struct hf_facts *facts)
{
    out->flags = piece->flags;
    switch (piece->kind) {
    case HF_PIECE_TEXT:
        hf_log_put(out, piece->text.p, piece->text.n);
        break;
    case HF_PIECE_ALIAS:
        if (piece->alias >= 0)
            hf_log_aliases[piece->alias](out, facts);
        else
            hf_log_put_text(out, "-");
        break;
    case HF_PIECE_EXPR:
        hf_log_put_text(out, "-");
        break;
    }
}

size_t hf_log_format_run(const struct hf_format *format, const struct hf_facts *facts,
                         unsigned line_number, char *line, size_t size)
{
    struct hf_log_out out = {.line = line, .size = size - 1, .line_number = line_number};
    for (const struct hf_piece *piece = format->pieces; piece; piece = piece->next)
        put_piece(&out, piece, facts);
    line[out.n] = '\0';
    return out.n;
}
