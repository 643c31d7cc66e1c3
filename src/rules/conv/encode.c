/*
 * encode.c: bytes written as text, and back: hexadecimal, base64, URLs, JSON.
 */
#include <inttypes.h>
#include <stdio.h>

#include "../rules_int.h"

static bool is_text(struct hf_sample *sample, const struct hf_room *room)
{
    sample->type = HF_TYPE_STR;
    sample->bytes = hf_room_view(room);
    return true;
}

static bool is_bytes(struct hf_sample *sample, const struct hf_room *room)
{
    sample->type = HF_TYPE_BIN;
    sample->bytes = hf_room_view(room);
    return true;
}

/* ---- hexadecimal ------------------------------------------------------------------------- */

static void add_hex(struct hf_room *room, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    hf_room_char(room, digits[byte >> 4]);
    hf_room_char(room, digits[byte & 15]);
}

/* -1: no digit. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = hf_fold(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

CONV(hex)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    for (size_t i = 0; i < sample->bytes.n; i++)
        add_hex(&room, (unsigned char)sample->bytes.p[i]);
    return is_text(sample, &room);
}

/* Of too many digits the last ones count. */
CONV(hex2i)
{
    UNUSED(call), UNUSED(eval);
    uint64_t number = 0;
    for (size_t i = 0; i < sample->bytes.n; i++) {
        int digit = digit_of(sample->bytes.p[i]);
        if (digit < 0)
            return false;
        number = number << 4 | (unsigned)digit;
    }
    sample->type = HF_TYPE_INT;
    sample->number = (int64_t)number;
    return true;
}

/* ---- chunks of bytes ------------------------------------------------------------------- */

/* The next chunk; the last one may be shorter, unless only whole ones are wanted. */
static bool cut_chunk(struct hf_view *bytes, size_t size, bool whole, struct hf_view *chunk)
{
    if (bytes->n == 0 || (whole && bytes->n < size))
        return false;
    *chunk = hf_view(bytes->p, bytes->n < size ? bytes->n : size);
    *bytes = hf_view(bytes->p + chunk->n, bytes->n - chunk->n);
    return true;
}

static void add_decimal(struct hf_room *room, struct hf_view chunk)
{
    char text[24];
    uint64_t number = 0;
    for (size_t i = 0; i < chunk.n; i++)
        number = number << 8 | (unsigned char)chunk.p[i];
    snprintf(text, sizeof text, "%" PRIu64, number);
    hf_room_add(room, hf_view_cstr(text));
}

static void add_decimal_reversed(struct hf_room *room, struct hf_view chunk)
{
    char bytes[sizeof(uint64_t)];
    for (size_t i = 0; i < chunk.n; i++)
        bytes[i] = chunk.p[chunk.n - 1 - i];
    add_decimal(room, hf_view(bytes, chunk.n));
}

/* Without a size a chunk has two bytes; the signature bounds it to eight. */
static bool out_decimals(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample,
                         void (*add)(struct hf_room *room, struct hf_view chunk))
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_view bytes = sample->bytes, chunk;
    size_t size = (size_t)hf_number_arg(call, 1, 2);
    while (cut_chunk(&bytes, size, hf_number_arg(call, 2, 0), &chunk)) {
        if (room.n > 0)
            hf_room_add(&room, hf_text_arg(call, 0));
        add(&room, chunk);
    }
    return is_text(sample, &room);
}

CONV(be2dec)
{
    return out_decimals(call, eval, sample, add_decimal);
}

CONV(le2dec)
{
    return out_decimals(call, eval, sample, add_decimal_reversed);
}

/* Without a size there is one chunk. */
CONV(be2hex)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_view bytes = sample->bytes, chunk;
    size_t size = (size_t)hf_number_arg(call, 1, (int64_t)bytes.n);
    while (cut_chunk(&bytes, size, hf_number_arg(call, 2, 0), &chunk)) {
        if (room.n > 0)
            hf_room_add(&room, hf_text_arg(call, 0));
        for (size_t i = 0; i < chunk.n; i++)
            add_hex(&room, (unsigned char)chunk.p[i]);
    }
    return is_text(sample, &room);
}

/* ---- base64 ------------------------------------------------------------------------------ */

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
static const char plain64[] = LETTERS "+/", url64[] = LETTERS "-_";

static void encode64(struct hf_room *room, struct hf_view bytes, const char *alphabet, bool padded)
{
    for (size_t i = 0; i < bytes.n; i += 3) {
        size_t left = bytes.n - i;
        uint32_t three = 0;
        for (size_t j = 0; j < 3; j++)
            three = three << 8 | (j < left ? (unsigned char)bytes.p[i + j] : 0);
        for (size_t j = 0; j < 4; j++) {
            if (j <= left)
                hf_room_char(room, alphabet[three >> (18 - 6 * j) & 63]);
            else if (padded)
                hf_room_char(room, '=');
        }
    }
}

/* `text` without its padding.  False: not of this alphabet, or of an impossible length. */
static bool decode64(struct hf_room *room, struct hf_view text, const char *alphabet)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        const char *letter = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;
        if (!letter)
            return false;
        bits = bits << 6 | (uint32_t)(letter - alphabet);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            hf_room_char(room, (char)(bits >> n_bits));
        }
    }
    return true;
}

static struct hf_view without_padding(struct hf_view text)
{
    for (int i = 0; i < 2 && text.n > 0 && text.p[text.n - 1] == '='; i++)
        text.n--;
    return text;
}

CONV(base64)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    encode64(&room, sample->bytes, plain64, true);
    return is_text(sample, &room);
}

CONV(ub64enc)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    encode64(&room, sample->bytes, url64, false);
    return is_text(sample, &room);
}

CONV(b64dec)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    return sample->bytes.n % 4 == 0 && decode64(&room, without_padding(sample->bytes), plain64) &&
           is_bytes(sample, &room);
}

CONV(ub64dec)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    return decode64(&room, without_padding(sample->bytes), url64) && is_bytes(sample, &room);
}

/* ---- URLs -------------------------------------------------------------------------------- */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

CONV(url_enc)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    for (size_t i = 0; i < sample->bytes.n; i++) {
        char c = sample->bytes.p[i];
        if (is_unreserved(c)) {
            hf_room_char(&room, c);
            continue;
        }
        hf_room_char(&room, '%');
        add_hex(&room, (unsigned char)c);
    }
    return is_text(sample, &room);
}

/* A plus sign is a blank behind the question mark, or everywhere on demand. */
CONV(url_dec)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_view text = sample->bytes;
    bool in_query = hf_number_arg(call, 0, 0) != 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '%') {
            int high = i + 2 < text.n ? digit_of(text.p[i + 1]) : -1;
            int low = high >= 0 ? digit_of(text.p[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && in_query) {
            c = ' ';
        } else if (c == '?') {
            in_query = true;
        }
        hf_room_char(&room, c);
    }
    return is_text(sample, &room);
}

/* ---- JSON -------------------------------------------------------------------------------- */

/* How a text is read: byte by byte, or as UTF-8. */
struct charset {
    bool utf8;
    bool skip;    /* what is malformed is left out; else nothing comes out at all */
    bool lenient; /* over-long forms and halves of pairs are taken */
};

static struct charset charset_of(struct hf_view name)
{
    struct charset charset = {.utf8 = name.n >= 4 && memcmp(name.p, "utf8", 4) == 0};
    charset.skip = charset.utf8 && memchr(name.p + 4, 's', name.n - 4);
    charset.lenient = charset.utf8 && memchr(name.p + 4, 'p', name.n - 4);
    return charset;
}

/* Cuts one character: its number, or -1 when it is malformed; then one byte is cut. */
static int32_t cut_character(struct hf_view *text, struct charset charset)
{
    static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text->p[0];
    unsigned bytes = !charset.utf8 || first < 0x80 ? 1
                     : first >> 5 == 0x6           ? 2
                     : first >> 4 == 0xe           ? 3
                     : first >> 3 == 0x1e          ? 4
                                                   : 0;
    int32_t number = bytes <= 1 ? first : first & (0x7f >> bytes);
    bool good = bytes > 0 && bytes <= text->n;

    for (unsigned i = 1; good && i < bytes; i++) {
        unsigned char next = (unsigned char)text->p[i];
        good = next >> 6 == 2;
        number = number << 6 | (next & 0x3f);
    }
    if (good && charset.utf8 && !charset.lenient)
        good = number >= least[bytes] && (number < 0xd800 || number > 0xdfff);
    if (number > 0x10ffff)
        good = false;
    unsigned used = good ? bytes : 1;
    *text = hf_view(text->p + used, text->n - used);
    return good ? number : -1;
}

static void add_unit(struct hf_room *room, int32_t unit)
{
    char text[8];
    snprintf(text, sizeof text, "\\u%04x", (unsigned)unit & 0xffff);
    hf_room_add(room, hf_view_cstr(text));
}

static void add_json(struct hf_room *room, int32_t c)
{
    static const char named[] = "\"\\/\b\f\n\r\t", names[] = "\"\\/bfnrt";
    const char *name = c > 0 && c < 0x80 ? strchr(named, c) : NULL;
    if (name) {
        hf_room_char(room, '\\');
        hf_room_char(room, names[name - named]);
    } else if (c >= 0x20 && c < 0x7f) {
        hf_room_char(room, (char)c);
    } else if (c > 0xffff) {
        add_unit(room, 0xd800 + ((c - 0x10000) >> 10));
        add_unit(room, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        add_unit(room, c);
    }
}

CONV(json)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct charset charset = charset_of(hf_text_arg(call, 0));
    struct hf_view text = sample->bytes;
    while (text.n > 0) {
        int32_t c = cut_character(&text, charset);
        if (c >= 0)
            add_json(&room, c);
        else if (!charset.skip)
            return false;
    }
    return is_text(sample, &room);
}
