/*
 * text.c: grows a text by doubling; formats into it.
 */
#include "haftp/base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_BYTES 256u

/* Room for n more bytes and a NUL. */
static bool make_room(struct hf_text *text, size_t n)
{
    if (text->failed)
        return false;
    if (n < text->room - text->n)
        return true;
    size_t room = text->room ? text->room : FIRST_BYTES;
    while (room - text->n <= n && room <= SIZE_MAX / 2)
        room *= 2;
    char *mem = room - text->n > n ? realloc(text->mem, room) : NULL;
    if (!mem) {
        text->failed = true;
        return false;
    }
    text->mem = mem;
    text->room = room;
    return true;
}

void hf_text_add(struct hf_text *text, const char *p, size_t n)
{
    if (n == 0 || !make_room(text, n))
        return;
    memcpy(text->mem + text->n, p, n);
    text->n += n;
    text->mem[text->n] = '\0';
}

void hf_text_put(struct hf_text *text, const char *cstr)
{
    hf_text_add(text, cstr, strlen(cstr));
}

void hf_text_vprintf(struct hf_text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n > 0 && make_room(text, (size_t)n)) {
        vsnprintf(text->mem + text->n, (size_t)n + 1, format, again);
        text->n += (size_t)n;
    }
    va_end(again);
}

void hf_text_printf(struct hf_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hf_text_vprintf(text, format, args);
    va_end(args);
}

/* ---- JSON (RFC 8259, 7) ------------------------------------------------------------------ */

/* Bytes of the character at p (RFC 3629, 4), or 0 when it is none. */
static size_t utf8_bytes(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return 1;
    size_t bytes = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool no_character = (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf4 && p[1] > 0x8f);
    return overlong || no_character ? 0 : bytes;
}

void hf_text_json(struct hf_text *text, struct hf_view string)
{
    hf_text_put(text, "\"");
    for (size_t i = 0; i < string.n;) {
        const unsigned char *p = (const unsigned char *)string.p + i;
        size_t bytes = utf8_bytes(p, string.n - i);
        if (bytes == 0)
            hf_text_put(text, "\\ufffd");
        else if (*p == '"' || *p == '\\')
            hf_text_printf(text, "\\%c", *p);
        else if (*p < 0x20 || *p == 0x7f)
            hf_text_printf(text, "\\u%04x", *p);
        else
            hf_text_add(text, (const char *)p, bytes);
        i += bytes ? bytes : 1;
    }
    hf_text_put(text, "\"");
}

void hf_text_free(struct hf_text *text)
{
    free(text->mem);
    *text = (struct hf_text){0};
}
