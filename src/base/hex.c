/*
 * hex.c: bytes as text.
 */
#include "haftp/base/hex.h"

char *hf_hex_text(const void *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

static int value_of(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit = hf_fold(digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool hf_hex_bytes(const char *text, void *bytes, size_t n)
{
    unsigned char *p = bytes;

    for (size_t i = 0; i < n; i++) {
        int high = value_of(text[2 * i]);
        int low = high < 0 ? -1 : value_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        p[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool hf_hex_decode(struct hf_view digits, char *out)
{
    return digits.n % 2 == 0 && hf_hex_bytes(digits.p, out, digits.n / 2);
}

size_t hf_hex_encode(struct hf_view bytes, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;

    for (size_t i = 0; i < bytes.n && n + 2 <= size; i++) {
        unsigned char byte = (unsigned char)bytes.p[i];
        out[n++] = digits[byte >> 4];
        out[n++] = digits[byte & 15];
    }
    return n;
}
