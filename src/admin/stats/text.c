/*
 * text.c: rows as CSV, as typed lines, and as JSON.
 */
#include <inttypes.h>
#include <string.h>

#include "stats.h"

static const char *const object_names[STAT_N_OBJECTS] = {"Frontend", "Backend", "Server",
                                                         "Listener"};

const char *stat_type_name(enum stat_type type)
{
    static const char *const names[] = {"u32", "u64", "s32", "str"};
    return names[type];
}

void stat_write_value(struct hf_text *out, enum stat_type type, const struct stat_value *value)
{
    if (type == STAT_TEXT)
        hf_text_put(out, value->text ? value->text : "");
    else
        hf_text_printf(out, "%" PRId64, value->number);
}

/* ---- CSV --------------------------------------------------------------------------------- */

/* What could be taken for a delimiter is quoted (RFC 4180). */
static void write_csv_text(struct hf_text *out, const char *text)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        hf_text_put(out, text);
        return;
    }
    hf_text_put(out, "\"");
    for (; *text; text++) {
        if (*text == '"')
            hf_text_put(out, "\"");
        hf_text_add(out, text, 1);
    }
    hf_text_put(out, "\"");
}

static void write_csv(struct hf_text *out, const struct stat_row *row)
{
    for (unsigned i = 0; i < N_STATS; i++) {
        const struct stat_value *value = &row->value[i];
        if (value->set && value->text)
            write_csv_text(out, value->text);
        else if (value->set)
            stat_write_value(out, stat_column_row((enum stat_column)i)->type, value);
        hf_text_put(out, ",");
    }
    hf_text_put(out, "\n");
}

/* ---- typed ------------------------------------------------------------------------------- */

static void write_typed(struct hf_text *out, bool desc, const struct stat_row *row)
{
    for (unsigned i = 0; i < N_STATS; i++) {
        const struct stat_column_row *column = stat_column_row((enum stat_column)i);
        if (!row->value[i].set)
            continue;
        hf_text_printf(out, "%c.%u.%" PRId64 ".%u.%s.1:%s:%s:", object_names[row->object][0],
                       row->proxy->number, row->value[STAT_SID].number, i, column->name,
                       column->tags, stat_type_name(column->type));
        stat_write_value(out, column->type, &row->value[i]);
        if (desc)
            hf_text_printf(out, ":\"%s\"", column->help);
        hf_text_put(out, "\n");
    }
    hf_text_put(out, "\n");
}

/* ---- JSON -------------------------------------------------------------------------------- */

static const char *origin(char letter)
{
    return letter == 'M'   ? "Metric"
           : letter == 'S' ? "Status"
           : letter == 'K' ? "Key"
           : letter == 'C' ? "Config"
                           : "Product";
}

static const char *nature(char letter)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {{'A', "Age"},   {'a', "Avg"},    {'C', "Counter"}, {'D', "Duration"},
                 {'G', "Gauge"}, {'L', "Limit"},  {'M', "Max"},     {'m', "Min"},
                 {'N', "Name"},  {'O', "Output"}, {'R', "Rate"},    {'T', "Time"}};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].letter == letter)
            return names[i].name;
    }
    return "Output";
}

void stat_write_json_value(struct hf_text *out, unsigned position, const char *name,
                           const char *tags, enum stat_type type, const struct stat_value *value)
{
    hf_text_printf(out,
                   "\"field\":{\"pos\":%u,\"name\":\"%s\"},\"processNum\":1,"
                   "\"tags\":{\"origin\":\"%s\",\"nature\":\"%s\",\"scope\":\"%s\"},"
                   "\"value\":{\"type\":\"%s\",\"value\":",
                   position, name, origin(tags[0]), nature(tags[1]),
                   tags[2] == 'P' ? "Process" : "Service", stat_type_name(type));
    if (type == STAT_TEXT)
        hf_text_json(out, hf_view_cstr(value->text ? value->text : ""));
    else
        stat_write_value(out, type, value);
    hf_text_put(out, "}");
}

static void write_json(struct hf_text *out, bool first, const struct stat_row *row)
{
    bool first_value = true;

    hf_text_put(out, first ? "[" : ",[");
    for (unsigned i = 0; i < N_STATS; i++) {
        const struct stat_column_row *column = stat_column_row((enum stat_column)i);
        if (!row->value[i].set)
            continue;
        hf_text_printf(out, "%s{\"objType\":\"%s\",\"proxyId\":%u,\"id\":%" PRId64 ",",
                       first_value ? "" : ",", object_names[row->object], row->proxy->number,
                       row->value[STAT_SID].number);
        stat_write_json_value(out, i, column->name, column->tags, column->type, &row->value[i]);
        hf_text_put(out, "}");
        first_value = false;
    }
    hf_text_put(out, "]");
}

/* ---- all --------------------------------------------------------------------------------- */

void stat_begin(struct hf_text *out, enum stat_format format)
{
    if (format == STAT_JSON)
        hf_text_put(out, "[");
    if (format != STAT_CSV)
        return;
    hf_text_put(out, "# ");
    for (unsigned i = 0; i < N_STATS; i++)
        hf_text_printf(out, "%s,", stat_column_row((enum stat_column)i)->name);
    hf_text_put(out, "\n");
}

void stat_write(struct hf_text *out, enum stat_format format, bool desc, bool first,
                const struct stat_row *row)
{
    switch (format) {
    case STAT_CSV:
        write_csv(out, row);
        break;
    case STAT_TYPED:
        write_typed(out, desc, row);
        break;
    case STAT_JSON:
        write_json(out, first, row);
        break;
    }
}

void stat_end(struct hf_text *out, enum stat_format format)
{
    if (format == STAT_JSON)
        hf_text_put(out, "]\n");
}
