/*
 * build_field.c: one field of the model, written as its keyword's row says.
 */
#include "build.h"

#include <string.h>

#include <utlist.h>

#include "haftp/base/assert.h"

/* ---- writing a field of any size --------------------------------------------------------- */

static void *field(struct hf_build *b, const struct hf_keyword *row, size_t offset)
{
    HF_ASSERT(b->at[row->object]);
    return (char *)b->at[row->object] + offset;
}

static void store(void *at, size_t bytes, int64_t value)
{
    if (bytes == sizeof(uint8_t))
        *(uint8_t *)at = (uint8_t)value;
    else if (bytes == sizeof(uint16_t))
        *(uint16_t *)at = (uint16_t)value;
    else if (bytes == sizeof(uint32_t))
        *(uint32_t *)at = (uint32_t)value;
    else
        HF_ASSERT(!"a field that no row shape fits");
}

static void store_place(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    if (row->loc_offset)
        *(struct hf_loc *)field(b, row, row->loc_offset) = loc;
}

/* Rows of texts and addresses begin unset: all zero, as the arena gives them. */
void hf_build_row_defaults(void *object, enum hf_object kind)
{
    const struct hf_keyword *row;

    HF_FOR_KEYWORDS(row)
    {
        if (row->object == kind && !row->alias && row->dflt != 0)
            store((char *)object + row->offset, row->bytes, row->dflt);
    }
}

/* The value was right: what the row has to say of it.  Notes of a bind are not about the socket of
 * the runtime API, which no section owns. */
static void tell_note(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc)
{
    if (row->note && (row->object != HF_OBJECT_BIND || b->bind.proxy))
        hf_diag_add(b->diag, HF_DIAG_NOTICE, loc, NULL, "%s.", row->note);
}

/* ---- one kind of row each ---------------------------------------------------------------- */

void hf_build_flag(struct hf_build *b, const struct hf_keyword *row, bool on, struct hf_loc loc)
{
    bool is_option = strncmp(row->name, "option ", strlen("option ")) == 0;
    bool is_server = row->object == HF_OBJECT_SERVER;

    if (!on && (row->fixed || !(is_option || is_server))) {
        hf_build_error(b, loc, "remove the line: this is off unless a defaults section sets it",
                       "'no' cannot stand before '%s'", row->name);
        return;
    }
    int64_t value = row->tristate ? (on ? HF_YES : HF_NO) : on == row->sets;
    store(field(b, row, row->offset), row->bytes, value);
    if (row->also)
        store(field(b, row, row->also), row->bytes, value);
    if (row->high) {
        *(int *)field(b, row, row->low) = (int)row->value;
        *(int *)field(b, row, row->high) = (int)row->value;
    }
    if (row->rival)
        *(void **)field(b, row, row->rival) = NULL;
    store_place(b, row, loc);
    if (row->object == HF_OBJECT_OPTS && row->offset == offsetof(struct hf_cfg_opts, tcplog))
        hf_build_tcplog(b, loc);
}

static void number_out_of_range(struct hf_build *b, const struct hf_keyword *row, bool too_small,
                                struct hf_loc loc)
{
    if (row->unit && too_small)
        hf_build_error(b, loc, NULL, "the time of '%s' is too short", row->name);
    else if (row->unit)
        hf_build_error(b, loc, "the longest time is 2147483647 ms, about 24.8 days",
                       "the time of '%s' is too long", row->name);
    else if (row->nonzero && row->min <= 0)
        hf_build_error(b, loc, NULL, "'%s' must be between %lld and %lld, and not 0", row->name,
                       (long long)row->min, (long long)row->max);
    else if (too_small && row->max >= INT32_MAX)
        hf_build_error(b, loc, NULL, "'%s' must be %lld or more", row->name, (long long)row->min);
    else
        hf_build_error(b, loc, NULL, "'%s' must be between %lld and %lld", row->name,
                       (long long)(row->min == HF_NO_MIN ? 0 : row->min), (long long)row->max);
}

void hf_build_number(struct hf_build *b, const struct hf_keyword *row, int64_t number,
                     struct hf_loc loc)
{
    if (row->free && number < row->min)
        number = row->min;
    if (number < row->min || number > row->max || (row->nonzero && number == 0)) {
        number_out_of_range(b, row, number < row->min, loc);
        return;
    }
    store(field(b, row, row->offset), row->bytes, number);
    tell_note(b, row, loc);
    store_place(b, row, loc);
}

static void append_text(struct hf_build *b, const struct hf_keyword *row,
                        const struct hf_word *word)
{
    struct hf_cfg_text **list = field(b, row, row->offset);
    struct hf_cfg_text *text = HF_NEW(b->config->arena, struct hf_cfg_text);

    text->name = row->name;
    text->text = word->text;
    text->loc = word->loc;
    LL_APPEND(*list, text);
}

void hf_build_text(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)
{
    if (row->vet && !row->vet(b, row, word))
        return;
    if (row->listed) {
        append_text(b, row, word);
        return;
    }
    *(const char **)field(b, row, row->offset) = word->text;
    store_place(b, row, word->loc);
    tell_note(b, row, word->loc);
}

/* The position of `text` among "a|b|c", or -1. */
static int position(const char *choices, const char *text)
{
    size_t n = strlen(text);

    for (int i = 0; choices; i++) {
        const char *bar = strchr(choices, '|');
        size_t length = bar ? (size_t)(bar - choices) : strlen(choices);
        if (length == n && memcmp(choices, text, n) == 0)
            return i;
        choices = bar ? bar + 1 : NULL;
    }
    return -1;
}

void hf_build_choice(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)
{
    int value = position(row->choices, word->text);
    char choices[128];

    if (value < 0) {
        hf_keyword_choices(row, ", ", choices, sizeof choices);
        hf_build_error(b, word->loc, hf_arena_printf(b->config->arena, "one of %s", choices),
                       "'%s' cannot be '%s'", row->name, word->text);
        return;
    }
    store(field(b, row, row->offset), row->bytes, value);
    store_place(b, row, word->loc);
    tell_note(b, row, word->loc);
}
