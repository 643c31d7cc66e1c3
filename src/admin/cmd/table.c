/*
 * table.c: commands about stick tables, with HAProxy's words, lines and messages.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "haftp/admin/command.h"
#include "haftp/base/clock.h"
#include "haftp/rules/table_key.h"
#include "haftp/state/stick.h"

#define MOST_FILTERS  4u /* as in HAProxy */
#define CLEAR_AT_ONCE 10000u

/* "data.NAME OP VALUE" */
struct filter {
    enum hf_stick_data data;
    unsigned op; /* index in `operators` */
    int64_t value;
};

enum { EQ, NE, LE, GE, LT, GT, N_OPERATORS };
static const char *const operators[] = {"eq", "ne", "le", "ge", "lt", "gt"};

/* What the arguments ask for. */
struct request {
    struct hf_stick_table *table;
    struct hf_table_key key;
    bool has_key;
    struct filter filters[MOST_FILTERS];
    unsigned n_filters;
};

/* ---- arguments --------------------------------------------------------------------------- */

static struct hf_stick_table *find_table(struct hf_call *call)
{
    const struct hf_cfg_stick_table *cfg =
        hf_names_find(&call->runtime->config->table_names, hf_call_arg(call, 0));

    if (!cfg)
        hf_call_error(call, "No such table");
    return cfg ? hf_runtime_table(call->runtime, cfg) : NULL;
}

/* "key KEY" behind the table's name.  False: the client was told. */
static bool read_key(struct hf_call *call, struct request *request)
{
    const char *text = hf_call_arg(call, 2);
    struct hf_sample sample = {.type = HF_TYPE_STR, .bytes = hf_view_cstr(text)};
    const struct hf_cfg_stick_table *cfg = hf_stick_cfg(request->table);
    struct hf_eval eval;
    char *end;

    if (!*text) {
        hf_call_error(call, "Key value expected");
        return false;
    }
    if (cfg->type == HF_STICK_BINARY) {
        hf_call_error(
            call, "%s tables of type other than ip, ipv6, string and integer is not supported",
            call->command->words[0] == 's' && call->command->words[1] == 'e' ? "Inserting keys into"
                                                                             : "Selecting keys of");
        return false;
    }
    hf_eval_init(&eval, call->runtime, NULL);
    errno = 0;
    long long number = strtoll(text, &end, 0);
    bool is_number = !errno && *end == '\0' && number >= 0 && number <= UINT32_MAX;
    request->has_key = (cfg->type != HF_STICK_INTEGER || is_number) &&
                       hf_table_key(cfg, &sample, &eval, &request->key);
    if (!request->has_key)
        hf_call_error(call, "Invalid key");
    return request->has_key;
}

static bool has_data(const struct hf_cfg_stick_table *cfg, enum hf_stick_data data)
{
    return cfg->stores[data].n || (cfg->remembers && hf_stick_is_server(data));
}

/* "data.NAME".  HF_N_STICK_DATA: there is none of that name. */
static enum hf_stick_data data_named(const char *word)
{
    unsigned data = 0;

    while (data < HF_N_STICK_DATA && strcmp(hf_stick_rows[data].name, word + strlen("data.")) != 0)
        data++;
    return (enum hf_stick_data)data;
}

static bool is_data(const char *word)
{
    return strncmp(word, "data.", strlen("data.")) == 0;
}

static bool read_number(const char *text, int64_t *out)
{
    char *end;

    *out = strtoll(text, &end, 10);
    return end > text && *end == '\0';
}

/* Three arguments, from the n-th on.  NULL: a good filter; else what is wrong. */
static const char *read_filter(struct hf_call *call, unsigned n,
                               const struct hf_cfg_stick_table *cfg, struct filter *out)
{
    const char *word = hf_call_arg(call, n);

    out->data = is_data(word) ? data_named(word) : HF_N_STICK_DATA;
    if (out->data == HF_N_STICK_DATA)
        return "Unknown data type";
    if (!has_data(cfg, out->data))
        return "Data type not stored in this table";
    for (out->op = 0; out->op < N_OPERATORS; out->op++) {
        if (hf_call_arg_is(call, n + 1, operators[out->op]))
            break;
    }
    if (out->op == N_OPERATORS)
        return "Require and operator among \"eq\", \"ne\", \"le\", \"ge\", \"lt\", \"gt\"";
    if (!read_number(hf_call_arg(call, n + 2), &out->value))
        return "Require a valid integer value to compare against";
    return NULL;
}

/* A word that is not understood must not make a command do more than was meant. */
static bool is_the_end(struct hf_call *call, unsigned n)
{
    unsigned place = n + 3; /* behind two words of the command, counted from 1 */

    if (n >= call->n_args)
        return true;
    hf_call_error(call, "Detected extra data in filter, %uth word of input, after '%s'", place,
                  hf_call_arg(call, n - 1));
    return false;
}

/* False: the client was told. */
static bool read_filters(struct hf_call *call, struct request *request)
{
    unsigned n = 1;

    for (; n < call->n_args && request->n_filters < MOST_FILTERS; n += 3) {
        struct filter *filter = &request->filters[request->n_filters++];
        const char *wrong = read_filter(call, n, hf_stick_cfg(request->table), filter);
        if (!wrong)
            continue;
        hf_call_error(call, "Filter entry #%u: %s", request->n_filters, wrong);
        return false;
    }
    return is_the_end(call, n);
}

/* Of `show` and `clear`: the table, and which of its entries.  `usage`: what is told of anything
 * else. */
static bool read_request(struct hf_call *call, const char *usage, struct request *out)
{
    *out = (struct request){.table = find_table(call)};
    if (!out->table)
        return false;
    if (hf_call_arg_is(call, 1, "key"))
        return read_key(call, out) && is_the_end(call, 3);
    if (is_data(hf_call_arg(call, 1)))
        return read_filters(call, out);
    if (!*hf_call_arg(call, 1))
        return true;
    hf_call_error(call, "%s", usage);
    return false;
}

/* ---- entries ----------------------------------------------------------------------------- */

static int64_t value_of(struct hf_stick_table *table, struct hf_stick_entry *entry,
                        enum hf_stick_data data, unsigned index, uint64_t now_ms)
{
    if (!hf_stick_is_server(data))
        return (int64_t)hf_stick_read_mt(table, entry, (struct hf_stick_cell){data, index}, now_ms);
    const struct hf_server *server = hf_stick_server_mt(table, entry);
    return server ? server->cfg->id : 0;
}

static bool holds(int64_t value, const struct filter *filter)
{
    switch (filter->op) {
    case EQ:
        return value == filter->value;
    case NE:
        return value != filter->value;
    case LE:
        return value <= filter->value;
    case GE:
        return value >= filter->value;
    case LT:
        return value < filter->value;
    default:
        return value > filter->value;
    }
}

static bool is_meant(const struct request *request, struct hf_stick_entry *entry, uint64_t now_ms)
{
    for (unsigned i = 0; i < request->n_filters; i++) {
        const struct filter *filter = &request->filters[i];
        if (!holds(value_of(request->table, entry, filter->data, 0, now_ms), filter))
            return false;
    }
    return true;
}

/* The next entry that is meant; NULL: no more. */
static struct hf_stick_entry *next(const struct request *request, struct hf_stick_walk *walk,
                                   uint64_t now_ms)
{
    struct hf_stick_entry *entry;

    do
        entry = hf_stick_next_mt(request->table, walk, now_ms);
    while (entry && !is_meant(request, entry, now_ms));
    return entry;
}

/* Where a walk is between two turns of its command is in the call.  It holds an entry, which must
 * be let go when the client goes in the middle. */
static struct hf_stick_walk resume(const struct hf_call *call)
{
    return (struct hf_stick_walk){.shard = (unsigned)call->at[0],
                                  .at = (struct hf_stick_entry *)(uintptr_t)call->at[1]};
}

static void stop_walk(struct hf_call *call)
{
    struct hf_stick_walk walk = resume(call);

    hf_stick_stop_mt((struct hf_stick_table *)(uintptr_t)call->at[2], &walk, hf_clock_steady_ms());
}

static enum hf_call_result pause_at(struct hf_call *call, struct hf_stick_table *table,
                                    const struct hf_stick_walk *walk)
{
    call->at[0] = walk->shard;
    call->at[1] = (uintptr_t)walk->at;
    call->at[2] = (uintptr_t)table;
    call->give_up = walk->at ? stop_walk : NULL;
    return walk->at ? HF_CALL_MORE : HF_CALL_DONE;
}

/* ---- show table -------------------------------------------------------------------------- */

static const char *const type_names[] = {
    [HF_STICK_NO_TYPE] = "none",    [HF_STICK_IP] = "ip",         [HF_STICK_IPV6] = "ipv6",
    [HF_STICK_INTEGER] = "integer", [HF_STICK_STRING] = "string", [HF_STICK_BINARY] = "binary"};

static void print_head(struct hf_text *out, struct hf_stick_table *table, uint64_t now_ms)
{
    const struct hf_cfg_stick_table *cfg = hf_stick_cfg(table);

    hf_text_printf(out, "# table: %s, type: %s, size:%" PRIu64 ", used:%u\n", cfg->name,
                   type_names[cfg->type], (uint64_t)cfg->size, hf_stick_count_mt(table, now_ms));
}

/* A word that stays one, whatever its bytes are. */
static void print_text(struct hf_text *out, struct hf_view text)
{
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == ' ' || c == '=' || c == '\\')
            hf_text_printf(out, "\\%c", c);
        else if (c > ' ' && c < 0x7f)
            hf_text_add(out, &text.p[i], 1);
        else
            hf_text_printf(out, "\\x%02X", c);
    }
}

static void print_key(struct hf_text *out, const struct hf_cfg_stick_table *cfg, struct hf_view key)
{
    char text[INET6_ADDRSTRLEN];
    uint32_t number;

    switch (cfg->type) {
    case HF_STICK_IP:
        hf_text_put(out, inet_ntop(AF_INET, key.p, text, sizeof text));
        break;
    case HF_STICK_IPV6:
        hf_text_put(out, inet_ntop(AF_INET6, key.p, text, sizeof text));
        break;
    case HF_STICK_INTEGER:
        memcpy(&number, key.p, sizeof number);
        hf_text_printf(out, "%" PRIu32, number);
        break;
    case HF_STICK_BINARY:
        for (size_t i = 0; i < key.n; i++)
            hf_text_printf(out, "%02X", (unsigned char)key.p[i]);
        break;
    default:
        print_text(out, key);
        break;
    }
}

/* "gpc0_rate(10000)=3": the number of one of an array stands behind its kind's name. */
static void print_number(struct hf_text *out, struct hf_stick_table *table,
                         struct hf_stick_entry *entry, enum hf_stick_data data, unsigned index,
                         uint64_t now_ms)
{
    const struct hf_stick_row *row = &hf_stick_rows[data];
    const char *name = row->name, *rest = strchr(name, '_');

    if (row->argument == HF_STICK_LENGTH || row->argument == HF_STICK_RATES)
        hf_text_printf(out, " %.*s%u%s", (int)(rest ? (size_t)(rest - name) : strlen(name)), name,
                       index, rest ? rest : "");
    else
        hf_text_printf(out, " %s", name);
    if (hf_stick_is_rate(data))
        hf_text_printf(out, "(%" PRIu32 ")", hf_stick_cfg(table)->stores[data].period_ms);
    hf_text_printf(out, "=%" PRIu64, (uint64_t)value_of(table, entry, data, index, now_ms));
}

static void print_data(struct hf_text *out, struct hf_stick_table *table,
                       struct hf_stick_entry *entry, enum hf_stick_data data, uint64_t now_ms)
{
    const struct hf_server *server = hf_stick_server_mt(table, entry);

    if (data == HF_STICK_server_key) {
        hf_text_printf(out, " server_key=%s", server ? server->cfg->name : "-");
        return;
    }
    unsigned n = hf_stick_is_server(data) ? 1 : hf_stick_cfg(table)->stores[data].n;
    for (unsigned i = 0; i < n; i++)
        print_number(out, table, entry, data, i, now_ms);
}

static void print_entry(struct hf_text *out, struct hf_stick_table *table,
                        struct hf_stick_entry *entry, uint64_t now_ms)
{
    const struct hf_cfg_stick_table *cfg = hf_stick_cfg(table);

    hf_text_printf(out, "%p: key=", (void *)entry);
    print_key(out, cfg, hf_stick_key(entry));
    hf_text_printf(out, " use=%u exp=%" PRIu64, hf_stick_holders_mt(table, entry) - 1,
                   hf_stick_left_ms_mt(table, entry, now_ms));
    for (unsigned data = 0; data < HF_N_STICK_DATA; data++) {
        if (has_data(cfg, (enum hf_stick_data)data))
            print_data(out, table, entry, (enum hf_stick_data)data, now_ms);
    }
    hf_text_put(out, "\n");
}

static enum hf_call_result show_tables(struct hf_call *call, uint64_t now_ms)
{
    for (unsigned i = 0; i < call->runtime->n_tables; i++)
        print_head(&call->out, call->runtime->tables[i], now_ms);
    return HF_CALL_DONE;
}

static enum hf_call_result show_key(struct hf_call *call, const struct request *request,
                                    uint64_t now_ms)
{
    struct hf_view key = hf_view(request->key.bytes, request->key.n);
    struct hf_stick_entry *entry = hf_stick_hold_mt(request->table, key, false, now_ms);

    if (!entry)
        return HF_CALL_DONE;
    print_head(&call->out, request->table, now_ms);
    print_entry(&call->out, request->table, entry, now_ms);
    hf_stick_release_mt(request->table, entry, now_ms);
    return HF_CALL_DONE;
}

static enum hf_call_result show_entries(struct hf_call *call, const struct request *request,
                                        uint64_t now_ms)
{
    struct hf_stick_walk walk = resume(call);
    struct hf_stick_entry *entry;

    while (call->out.n < HF_CALL_ENOUGH && (entry = next(request, &walk, now_ms)))
        print_entry(&call->out, request->table, entry, now_ms);
    return pause_at(call, request->table, &walk);
}

static enum hf_call_result show_table(struct hf_call *call)
{
    static const char usage[] = "Optional argument only supports \"data.<store_data_type>\" "
                                "<operator> <value> and key <key>";
    uint64_t now_ms = hf_clock_steady_ms();
    struct request request;

    if (!*hf_call_arg(call, 0))
        return show_tables(call, now_ms);
    if (!read_request(call, usage, &request))
        return HF_CALL_DONE;
    if (request.has_key)
        return show_key(call, &request, now_ms);
    if (call->step == 0)
        print_head(&call->out, request.table, now_ms);
    if (hf_call_level(call) < HF_ADMIN_OPERATOR)
        return hf_text_put(&call->out, "# contents not dumped due to insufficient privileges\n"),
               HF_CALL_DONE;
    return show_entries(call, &request, now_ms);
}

/* ---- clear table ------------------------------------------------------------------------- */

static enum hf_call_result clear_key(struct hf_call *call, const struct request *request,
                                     uint64_t now_ms)
{
    struct hf_view key = hf_view(request->key.bytes, request->key.n);
    struct hf_stick_entry *entry = hf_stick_hold_mt(request->table, key, false, now_ms);

    if (!entry)
        return HF_CALL_DONE;
    bool gone = hf_stick_forget_mt(request->table, entry);
    hf_stick_release_mt(request->table, entry, now_ms);
    return gone ? HF_CALL_DONE : hf_call_error(call, "Entry currently in use, cannot remove");
}

/* Those that are in use stay, without a word, as in HAProxy. */
static enum hf_call_result clear_table(struct hf_call *call)
{
    static const char usage[] = "Required arguments: <table> \"data.<store_data_type>\" <operator> "
                                "<value> or <table> key <key>";
    uint64_t now_ms = hf_clock_steady_ms();
    struct hf_stick_walk walk = resume(call);
    struct hf_stick_entry *entry;
    struct request request;
    unsigned n = 0;

    if (!*hf_call_arg(call, 0))
        return hf_call_error(call, "%s", usage);
    if (!read_request(call, usage, &request))
        return HF_CALL_DONE;
    if (request.has_key)
        return clear_key(call, &request, now_ms);
    while (n++ < CLEAR_AT_ONCE && (entry = next(&request, &walk, now_ms)))
        (void)hf_stick_forget_mt(request.table, entry);
    return pause_at(call, request.table, &walk);
}

/* ---- set table --------------------------------------------------------------------------- */

static struct hf_server *server_of(const struct hf_call *call, const struct hf_stick_table *table,
                                   int64_t id)
{
    const struct hf_cfg_proxy *cfg = hf_stick_cfg(table)->proxy;
    const struct hf_proxy *proxy = cfg ? hf_runtime_proxy(call->runtime, cfg) : NULL;

    for (unsigned i = 0; proxy && i < proxy->n_servers; i++) {
        if ((int64_t)proxy->servers[i]->cfg->id == id)
            return proxy->servers[i];
    }
    return NULL;
}

/* HAProxy's counters have 32 bits, but for bytes. */
static uint64_t fitting(enum hf_stick_data data, int64_t value)
{
    bool bytes = data == HF_STICK_bytes_in_cnt || data == HF_STICK_bytes_out_cnt;
    return bytes ? (uint64_t)value : (uint32_t)value;
}

/* "data.NAME VALUE" at the n-th argument.  NULL: done; else what is wrong. */
static const char *set_one(struct hf_call *call, unsigned n, struct hf_stick_table *table,
                           struct hf_stick_entry *entry, uint64_t now_ms)
{
    int64_t value;

    if (!is_data(hf_call_arg(call, n)))
        return "\"data.<type>\" followed by a value expected";
    enum hf_stick_data data = data_named(hf_call_arg(call, n));
    if (data == HF_N_STICK_DATA)
        return "Unknown data type";
    if (!has_data(hf_stick_cfg(table), data))
        return "Data type not stored in this table";
    if (data == HF_STICK_server_key || !read_number(hf_call_arg(call, n + 1), &value))
        return "Require a valid integer value to store";
    if (data == HF_STICK_server_id) {
        const struct hf_server *server = server_of(call, table, value);
        if (value && !server)
            return "No server of the table's section has this id";
        hf_stick_assign_server_mt(table, entry, server, now_ms);
        return NULL;
    }
    (void)hf_stick_assign_mt(table, entry, (struct hf_stick_cell){data, 0}, fitting(data, value),
                             now_ms);
    return NULL;
}

static enum hf_call_result set_data(struct hf_call *call, const struct request *request)
{
    uint64_t now_ms = hf_clock_steady_ms();
    struct hf_view key = hf_view(request->key.bytes, request->key.n);
    struct hf_stick_entry *entry = hf_stick_hold_mt(request->table, key, true, now_ms);
    const char *wrong = NULL;

    if (!entry)
        return hf_call_error(call, "Unable to allocate a new entry");
    for (unsigned n = 3; *hf_call_arg(call, n) && !wrong; n += 2)
        wrong = set_one(call, n, request->table, entry, now_ms);
    hf_stick_release_mt(request->table, entry, now_ms);
    return wrong ? hf_call_error(call, "%s", wrong) : HF_CALL_DONE;
}

static enum hf_call_result set_table(struct hf_call *call)
{
    static const char usage[] =
        "Required arguments: <table> key <key> [data.<store_data_type> <value>]*";
    struct request request = {0};

    if (!*hf_call_arg(call, 0))
        return hf_call_error(call, usage);
    request.table = find_table(call);
    if (!request.table)
        return HF_CALL_DONE;
    if (is_data(hf_call_arg(call, 1)))
        return hf_call_error(
            call, "content-based lookup is only supported with the \"show\" and \"clear\" actions");
    if (!hf_call_arg_is(call, 1, "key"))
        return hf_call_error(call, usage);
    return read_key(call, &request) ? set_data(call, &request) : HF_CALL_DONE;
}

static const struct hf_command commands[] = {
    {"show table", "[<table> [<filter>]*]",
     "list stick tables, or the entries of one (filter: data/key)", HF_ADMIN_USER, show_table},
    {"clear table", "<table> [<filter>]*", "forget entries of a stick table (filter: data/key)",
     HF_ADMIN_OPERATOR, clear_table},
    {"set table", "<table> key <key> [data.* <v>]*",
     "make an entry of a stick table, or set what it stores", HF_ADMIN_OPERATOR, set_table},
};
HF_COMMANDS(table, commands)
