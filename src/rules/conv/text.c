/*
 * text.c: converters that cut, join and replace text.
 */
#include "../rules_int.h"

static bool is_text(struct hf_sample *sample, struct hf_view text)
{
    sample->type = HF_TYPE_STR;
    sample->bytes = text;
    return true;
}

static bool is_number(struct hf_sample *sample, int64_t number)
{
    sample->type = HF_TYPE_INT;
    sample->number = number;
    return true;
}

static bool is_in(char c, struct hf_view characters)
{
    return characters.n > 0 && memchr(characters.p, c, characters.n);
}

/* ---- letters ----------------------------------------------------------------------------- */

CONV(lower)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    for (size_t i = 0; i < sample->bytes.n; i++)
        hf_room_char(&room, hf_fold(sample->bytes.p[i]));
    return is_text(sample, hf_room_view(&room));
}

CONV(upper)
{
    UNUSED(call);
    struct hf_room room = hf_room_for(eval, sample);
    for (size_t i = 0; i < sample->bytes.n; i++) {
        char c = sample->bytes.p[i];
        hf_room_char(&room, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
    }
    return is_text(sample, hf_room_view(&room));
}

CONV(length)
{
    UNUSED(call), UNUSED(eval);
    return is_number(sample, (int64_t)sample->bytes.n);
}

/* ---- pieces ------------------------------------------------------------------------------ */

CONV(bytes)
{
    UNUSED(eval);
    struct hf_view bytes = sample->bytes;
    int64_t offset = call->args[0].number, length = hf_number_arg(call, 1, -1);
    if (offset < 0 || (uint64_t)offset >= bytes.n)
        bytes = hf_view("", 0);
    else
        bytes = hf_view(bytes.p + offset, bytes.n - (size_t)offset);
    if (length >= 0 && (uint64_t)length < bytes.n)
        bytes.n = (size_t)length;
    sample->bytes = bytes;
    return true;
}

CONV(ltrim)
{
    UNUSED(eval);
    struct hf_view text = sample->bytes, characters = hf_text_arg(call, 0);
    while (text.n > 0 && is_in(text.p[0], characters))
        text = hf_view(text.p + 1, text.n - 1);
    return is_text(sample, text);
}

CONV(rtrim)
{
    UNUSED(eval);
    struct hf_view text = sample->bytes, characters = hf_text_arg(call, 0);
    while (text.n > 0 && is_in(text.p[text.n - 1], characters))
        text.n--;
    return is_text(sample, text);
}

CONV(cut_crlf)
{
    UNUSED(call), UNUSED(eval);
    struct hf_view text = sample->bytes;
    for (text.n = 0; text.n < sample->bytes.n; text.n++) {
        if (text.p[text.n] == '\r' || text.p[text.n] == '\n')
            break;
    }
    return is_text(sample, text);
}

/* Where the port of a Host header begins: at the last colon, unless a bracket is behind it. */
static size_t port_colon(struct hf_view host)
{
    for (size_t at = host.n; at > 0; at--) {
        if (host.p[at - 1] == ']')
            break;
        if (host.p[at - 1] == ':')
            return at - 1;
    }
    return host.n;
}

CONV(host_only)
{
    UNUSED(call), UNUSED(eval);
    return is_text(sample, hf_view(sample->bytes.p, port_colon(sample->bytes)));
}

CONV(port_only)
{
    UNUSED(call), UNUSED(eval);
    struct hf_view host = sample->bytes;
    size_t colon = port_colon(host);
    if (colon == host.n)
        return is_number(sample, 0);
    return is_number(sample, hf_text_number(hf_view(host.p + colon + 1, host.n - colon - 1)));
}

/* ---- fields and words -------------------------------------------------------------------- */

struct splitter {
    struct hf_view text, delimiters;
    bool words; /* delimiters in a row are one, and those at the ends none */
    size_t at;
};

/* The next piece; false: there is none. */
static bool next_piece(struct splitter *s, size_t *start, size_t *end)
{
    while (s->words && s->at < s->text.n && is_in(s->text.p[s->at], s->delimiters))
        s->at++;
    if (s->at > s->text.n || (s->words && s->at == s->text.n))
        return false;
    *start = s->at;
    while (s->at < s->text.n && !is_in(s->text.p[s->at], s->delimiters))
        s->at++;
    *end = s->at++;
    return true;
}

static int64_t count_pieces(struct splitter s)
{
    size_t start, end;
    int64_t n = 0;
    while (next_piece(&s, &start, &end))
        n++;
    return n;
}

/* Pieces first..last, from 1; both are there. */
static struct hf_view join_pieces(struct splitter s, int64_t first, int64_t last)
{
    size_t start, end = 0, from = 0;
    for (int64_t i = 1; i <= last && next_piece(&s, &start, &end); i++) {
        if (i == first)
            from = start;
    }
    return hf_view(s.text.p + from, end - from);
}

/* `index` counts from the start, or when negative from the end; then `count` pieces, all when it is
 * not positive, in that same direction. */
static bool pick_pieces(const struct hf_conv *call, struct hf_sample *sample, bool words)
{
    struct splitter s = {sample->bytes, hf_text_arg(call, 1), words, 0};
    int64_t index = call->args[0].number, count = hf_number_arg(call, 2, 1);
    int64_t all = count_pieces(s), first, last;

    if (index > all || index < -all)
        return false;
    if (index > 0) {
        first = index;
        last = count > 0 && count < all - first + 1 ? first + count - 1 : all;
    } else {
        last = all + index + 1;
        first = count > 0 && count < last ? last - count + 1 : 1;
    }
    return is_text(sample, join_pieces(s, first, last));
}

CONV(field)
{
    UNUSED(eval);
    return pick_pieces(call, sample, false);
}

/* A word that is not there is empty. */
CONV(word)
{
    UNUSED(eval);
    return pick_pieces(call, sample, true) || is_text(sample, hf_view("", 0));
}

/* ---- joining and comparing --------------------------------------------------------------- */

/* The variable's text, behind what is in the room already. */
static bool add_variable(const struct hf_conv *call, unsigned i, struct hf_eval *eval,
                         struct hf_room *room)
{
    struct hf_sample value;
    if (!hf_has_arg(call, i) || !hf_variable(call->args[i].var, HF_TYPE_STR, eval, room, &value))
        return false;
    hf_room_add(room, value.bytes);
    return true;
}

CONV(concat)
{
    struct hf_room room = hf_room_for(eval, sample);
    hf_room_add(&room, sample->bytes);
    hf_room_add(&room, hf_text_arg(call, 0));
    (void)add_variable(call, 1, eval, &room); /* one that is not set adds nothing */
    hf_room_add(&room, hf_text_arg(call, 2));
    return is_text(sample, hf_room_view(&room));
}

/* Nothing to add: no delimiter either. */
CONV(add_item)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_view suffix = hf_text_arg(call, 2);
    hf_room_add(&room, sample->bytes);
    if (sample->bytes.n > 0)
        hf_room_add(&room, hf_text_arg(call, 0));
    bool added = add_variable(call, 1, eval, &room);
    hf_room_add(&room, suffix);
    return is_text(sample, added || suffix.n > 0 ? hf_room_view(&room) : sample->bytes);
}

static int compare(struct hf_view a, struct hf_view b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        if (a.p[i] != b.p[i])
            return (unsigned char)a.p[i] - (unsigned char)b.p[i];
    }
    return (a.n > b.n) - (a.n < b.n);
}

CONV(strcmp)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_sample value;
    if (!hf_variable(call->args[0].var, HF_TYPE_STR, eval, &room, &value))
        return false;
    return is_number(sample, compare(sample->bytes, value.bytes));
}

/* ---- replacing --------------------------------------------------------------------------- */

void hf_room_substitute(struct hf_room *room, struct hf_view text,
                        const struct hf_view groups[HF_REGEX_GROUPS])
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '\\' && i + 1 < text.n) {
            c = text.p[++i];
            if (c >= '0' && c <= '9') {
                hf_room_add(room, groups[c - '0']);
                continue;
            }
        }
        hf_room_char(room, c);
    }
}

CONV(regsub)
{
    struct hf_room room = hf_room_for(eval, sample);
    struct hf_view text = sample->bytes, groups[HF_REGEX_GROUPS];
    bool all = is_in('g', hf_text_arg(call, 2));
    size_t at = 0;

    while (at <= text.n && hf_regex_match_from(call->args[0].regex, text, at, groups)) {
        size_t start = (size_t)(groups[0].p - text.p), end = start + groups[0].n;
        hf_room_add(&room, hf_view(text.p + at, start - at));
        hf_room_substitute(&room, hf_text_arg(call, 1), groups);
        at = end;
        if (groups[0].n == 0) { /* of nothing: go on behind the next character */
            if (at < text.n)
                hf_room_char(&room, text.p[at]);
            at++;
        }
        if (!all)
            break;
    }
    if (at < text.n)
        hf_room_add(&room, hf_view(text.p + at, text.n - at));
    return is_text(sample, hf_room_view(&room));
}

/* "name=value" among others; without a '=' the value is empty. */
CONV(param)
{
    struct hf_view name = hf_text_arg(call, 0), list = sample->bytes;
    struct hf_view delimiter = hf_has_arg(call, 1) ? hf_text_arg(call, 1) : hf_view_cstr("&");

    UNUSED(eval);
    while (delimiter.n == 1 && list.n > 0) {
        const char *end = memchr(list.p, delimiter.p[0], list.n);
        struct hf_view item = hf_view(list.p, end ? (size_t)(end - list.p) : list.n);
        const char *sign = memchr(item.p, '=', item.n);
        size_t n = sign ? (size_t)(sign - item.p) : item.n;
        if (n == name.n && memcmp(item.p, name.p, n) == 0) {
            sample->bytes = sign ? hf_view(sign + 1, item.n - n - 1) : hf_view(item.p + n, 0);
            return true;
        }
        size_t gone = item.n + (end != NULL);
        list = hf_view(list.p + gone, list.n - gone);
    }
    return false;
}
