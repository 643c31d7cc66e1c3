/*
 * stat.c: `show stat`, `show info` and their kin.
 */
#include <stdlib.h>

#include "haftp/admin/command.h"

#include "stats/stats.h"

/* ---- what is asked for -------------------------------------------------------------------- */

#define NO_FLOATS "'float' is not supported: times are whole milliseconds and seconds."

struct wish {
    struct stat_filter filter;
    enum stat_format format;
    bool desc;
};

static bool is_number(const char *text)
{
    return text[strspn(text, "-0123456789")] == '\0' && *text;
}

/* A section's name or number; 0: all; false: there is no such. */
static bool find_section(const struct hf_call *call, const char *text, unsigned *iid)
{
    if (is_number(text)) {
        int number = atoi(text);
        *iid = number > 0 ? (unsigned)number : 0;
        return true;
    }
    for (unsigned i = 0; i < call->runtime->n_proxies; i++) {
        const struct hf_proxy *proxy = call->runtime->proxies[i];
        if (strcmp(proxy->cfg->name, text) != 0)
            continue;
        *iid = proxy->number;
        return true;
    }
    return false;
}

static void read_words(const struct hf_call *call, unsigned from, struct wish *wish)
{
    for (unsigned i = from; i < call->n_args; i++) {
        if (hf_call_arg_is(call, i, "typed"))
            wish->format = STAT_TYPED;
        else if (hf_call_arg_is(call, i, "json"))
            wish->format = STAT_JSON;
        else if (hf_call_arg_is(call, i, "desc"))
            wish->desc = true;
        else if (hf_call_arg_is(call, i, "up"))
            wish->filter.up = true;
        else if (hf_call_arg_is(call, i, "no-maint"))
            wish->filter.no_maint = true;
    }
}

/* HAProxy takes the three filters together or not at all. */
static bool read_wish(const struct hf_call *call, struct wish *wish)
{
    bool filtered =
        call->n_args >= 3 && is_number(hf_call_arg(call, 1)) && is_number(hf_call_arg(call, 2));

    *wish = (struct wish){.filter = {.types = -1, .sid = -1}, .format = STAT_CSV};
    if (filtered) {
        if (!find_section(call, hf_call_arg(call, 0), &wish->filter.iid))
            return false;
        wish->filter.types = atoi(hf_call_arg(call, 1));
        wish->filter.sid = atoi(hf_call_arg(call, 2));
    }
    read_words(call, filtered ? 3 : 0, wish);
    return true;
}

/* ---- show stat ---------------------------------------------------------------------------- */

static bool asks_for_floats(const struct hf_call *call)
{
    for (unsigned i = 0; i < call->n_args; i++) {
        if (hf_call_arg_is(call, i, "float"))
            return true;
    }
    return false;
}

static enum hf_call_result show_stat(struct hf_call *call)
{
    struct stat_cursor cursor = {call->at[0], call->at[1], call->at[2]};
    static struct stat_row row; /* main's thread only */
    struct wish wish;

    if (asks_for_floats(call))
        return hf_call_error(call, NO_FLOATS);
    if (!read_wish(call, &wish))
        return hf_call_error(call, "No such proxy.");
    if (call->step++ == 0)
        stat_begin(&call->out, wish.format);
    while (call->out.n < HF_CALL_ENOUGH && stat_next(call->runtime, &wish.filter, &cursor, &row)) {
        stat_write(&call->out, wish.format, wish.desc, call->at[3]++ == 0, &row);
    }
    call->at[0] = cursor.proxy;
    call->at[1] = cursor.phase;
    call->at[2] = cursor.index;
    if (call->out.n >= HF_CALL_ENOUGH)
        return HF_CALL_MORE;
    stat_end(&call->out, wish.format);
    return HF_CALL_DONE;
}

/* ---- show info ---------------------------------------------------------------------------- */

static void write_info(struct hf_text *out, const struct wish *wish, unsigned position,
                       const struct stat_info *line)
{
    switch (wish->format) {
    case STAT_CSV:
        hf_text_printf(out, "%s: ", line->name);
        break;
    case STAT_TYPED:
        hf_text_printf(out, "%u.%s.1:%s:%s:", position, line->name, line->tags,
                       stat_type_name(line->type));
        break;
    case STAT_JSON:
        hf_text_put(out, position ? ",{" : "{");
        stat_write_json_value(out, position, line->name, line->tags, line->type, &line->value);
        hf_text_put(out, "}");
        return;
    }
    stat_write_value(out, line->type, &line->value);
    if (wish->desc)
        hf_text_printf(out, ":\"%s\"", line->help);
    hf_text_put(out, "\n");
}

static enum hf_call_result show_info(struct hf_call *call)
{
    struct wish wish = {.format = STAT_CSV};
    struct stat_info table[STAT_MOST_INFO];
    char text[4][128];

    if (asks_for_floats(call))
        return hf_call_error(call, NO_FLOATS);
    read_words(call, 0, &wish);
    if (wish.format == STAT_JSON)
        hf_text_put(&call->out, "[");
    unsigned n = stat_info(call->runtime, table, text);
    for (unsigned i = 0; i < n; i++) {
        if (table[i].type != STAT_TEXT || table[i].value.text)
            write_info(&call->out, &wish, i, &table[i]);
    }
    if (wish.format == STAT_JSON)
        hf_text_put(&call->out, "]\n");
    return HF_CALL_DONE;
}

/* ---- show schema json ---------------------------------------------------------------------- */

/* What `show stat json` and `show info json` look like (JSON Schema, draft 4). */
static const char schema[] =
    "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"oneOf\":["
    "{\"title\":\"Info\",\"type\":\"array\",\"items\":{\"$ref\":\"#/definitions/info\"}},"
    "{\"title\":\"Stat\",\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/definitions/stat\"}}}],\"definitions\":{"
    "\"field\":{\"type\":\"object\",\"properties\":{\"pos\":{\"type\":\"integer\",\"minimum\":0},"
    "\"name\":{\"type\":\"string\"}},\"required\":[\"pos\",\"name\"]},"
    "\"processNum\":{\"type\":\"integer\",\"minimum\":1},"
    "\"tags\":{\"type\":\"object\",\"properties\":{\"origin\":{\"enum\":[\"Metric\",\"Status\","
    "\"Key\",\"Config\",\"Product\"]},\"nature\":{\"type\":\"string\"},\"scope\":{\"enum\":["
    "\"Service\",\"Process\"]}},\"required\":[\"origin\",\"nature\",\"scope\"]},"
    "\"value\":{\"type\":\"object\",\"properties\":{\"type\":{\"enum\":[\"u32\",\"u64\",\"s32\","
    "\"str\"]},\"value\":{\"type\":[\"integer\",\"string\"]}},\"required\":[\"type\",\"value\"]},"
    "\"info\":{\"type\":\"object\",\"properties\":{\"field\":{\"$ref\":\"#/definitions/field\"},"
    "\"processNum\":{\"$ref\":\"#/definitions/processNum\"},\"tags\":{\"$ref\":"
    "\"#/definitions/tags\"},\"value\":{\"$ref\":\"#/definitions/value\"}},\"required\":["
    "\"field\",\"processNum\",\"tags\",\"value\"]},"
    "\"stat\":{\"allOf\":[{\"$ref\":\"#/definitions/info\"},{\"type\":\"object\",\"properties\":{"
    "\"objType\":{\"enum\":[\"Frontend\",\"Backend\",\"Listener\",\"Server\"]},"
    "\"proxyId\":{\"type\":\"integer\",\"minimum\":0},\"id\":{\"type\":\"integer\",\"minimum\":0}},"
    "\"required\":[\"objType\",\"proxyId\",\"id\"]}]}}}\n";

static enum hf_call_result show_schema(struct hf_call *call)
{
    hf_text_put(&call->out, schema);
    return HF_CALL_DONE;
}

/* ---- clear counters ------------------------------------------------------------------------ */

static enum hf_call_result clear(struct hf_call *call, bool most_only)
{
    if (!hf_runtime_clear(call->runtime, most_only))
        return hf_call_error(call, "Out of memory: nothing was cleared.");
    return HF_CALL_DONE;
}

static enum hf_call_result clear_counters(struct hf_call *call)
{
    return clear(call, true);
}

static enum hf_call_result clear_all_counters(struct hf_call *call)
{
    return clear(call, false);
}

static const struct hf_command commands[] = {
    {"show stat", "[desc|json|no-maint|typed|up]*", "report counters for each proxy and server",
     HF_ADMIN_USER, show_stat},
    {"show info", "[desc|json|typed]*", "report information about the running process",
     HF_ADMIN_USER, show_info},
    {"show schema json", "", "report schema used for stats", HF_ADMIN_USER, show_schema},
    {"clear counters", "", "clear max statistics counters", HF_ADMIN_OPERATOR, clear_counters},
    {"clear counters all", "", "clear all statistics counters", HF_ADMIN_ADMIN, clear_all_counters},
};
HF_COMMANDS(stat, commands)
