/*
 * escape.c: bytes from the network as printable text.
 */
#include "escape_int.h"

#include <stdbool.h>
#include <string.h>

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f;
}

size_t hf_log_escape(char *out, size_t room, const char *bytes, size_t n, const char *also)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool marked = is_plain(c) && also && strchr(also, c);
        size_t needs = !is_plain(c) ? 3 : marked ? 2 : 1;
        if (needs > room - used)
            break;
        if (!is_plain(c)) {
            out[used++] = '#';
            out[used++] = digits[c >> 4];
            out[used++] = digits[c & 15];
            continue;
        }
        if (marked)
            out[used++] = '\\';
        out[used++] = (char)c;
    }
    return used;
}
