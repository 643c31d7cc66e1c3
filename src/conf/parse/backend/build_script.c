/*
 * build_script.c: `tcp-check` lines become the steps of a script.
 *
 * The options of a line are read before the line's own word is: they fill a step that waits for it
 * (b->check_step).
 */
#include "../build.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <utlist.h>

#include "expr/expr_build.h"
#include "expr/format_build.h"
#include "expr/word.h"
#include "haftp/base/hex.h"
#include "parse/value.h"
#include "rule/build_action.h"
#include "words/syntax.h"

static struct hf_arena *arena_of(const struct hf_build *b)
{
    return b->config->arena;
}

static struct hf_cfg_check_step *coming_step(struct hf_build *b)
{
    if (!b->check_step) {
        b->check_step = HF_NEW(arena_of(b), struct hf_cfg_check_step);
        b->check_step->expect.min_recv = -1;
        b->check_step->text = "";
    }
    return b->check_step;
}

static void add_text(struct hf_build *b, const char *name, const struct hf_word *word)
{
    struct hf_cfg_check_step *step = coming_step(b);
    const char *value = word ? hf_words_text(arena_of(b), word, 1) : "";

    step->text =
        hf_arena_printf(arena_of(b), "%s %s%s%s", step->text, name, word ? " " : "", value);
}

/* ---- the script ---------------------------------------------------------------------------- */

/* A section's first line takes the place of what a defaults section handed down. */
static struct hf_cfg_check_script *own_script(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_check_script *script = b->section->o.check_script;

    if (script && script->owner == b->section)
        return script;
    script = HF_NEW(arena_of(b), struct hf_cfg_check_script);
    script->owner = b->section;
    script->loc = loc;
    b->section->o.check_script = script;
    return script;
}

static bool is_about_connection(enum hf_check_action action)
{
    return action == HF_CHECK_CONNECT || action == HF_CHECK_SEND || action == HF_CHECK_EXPECT;
}

/* `name`: the line's own word, which stands in front of its options. */
static struct hf_cfg_check_step *add_step(struct hf_build *b, enum hf_check_action action,
                                          const char *name, struct hf_loc loc)
{
    struct hf_cfg_check_script *script = own_script(b, loc);
    struct hf_cfg_check_step *step = coming_step(b);

    b->check_step = NULL;
    step->loc = loc;
    step->action = action;
    step->text = hf_arena_printf(arena_of(b), "%s%s", name, step->text);
    step->number = script->last ? script->last->number + 1 : 1;
    if (script->last)
        script->last->next = step;
    else
        script->steps = step;
    script->last = step;
    if (action == HF_CHECK_CONNECT && !script->talks)
        script->begins_apart = true;
    else if (is_about_connection(action) && action != HF_CHECK_CONNECT)
        script->talks = true;
    return step;
}

void hf_build_check_connect(struct hf_build *b, struct hf_loc loc)
{
    const struct hf_cfg_check_script *script = own_script(b, loc);

    if (script->talks && !script->begins_apart)
        hf_build_error(b, loc, "put a 'tcp-check connect' above all 'send' and 'expect'",
                       "'tcp-check connect' must be the first step, if it is used at all");
    if (add_step(b, HF_CHECK_CONNECT, "connect", loc)->connect.via_socks4)
        hf_diag_add(b->diag, HF_DIAG_NOTICE, loc, NULL,
                    "'via-socks4' has no effect without 'socks4' on a server's line, which haftp "
                    "refuses.");
}

void hf_build_check_expect(struct hf_build *b, struct hf_loc loc)
{
    (void)add_step(b, HF_CHECK_EXPECT, "expect", loc);
}

void hf_build_check_comment(struct hf_build *b, const struct hf_word *text, struct hf_loc loc)
{
    coming_step(b)->comment = text->text;
    (void)add_step(b, HF_CHECK_COMMENT,
                   hf_arena_printf(arena_of(b), "comment %s", hf_words_text(arena_of(b), text, 1)),
                   loc);
}

static struct hf_view bytes_of_hex(struct hf_build *b, const struct hf_word *word)
{
    struct hf_view digits = hf_view_cstr(word->text);
    char *bytes = hf_arena_alloc(arena_of(b), digits.n / 2 + 1);

    /* What is none was told. */
    return hf_hex_decode(digits, bytes) ? hf_view(bytes, digits.n / 2) : hf_view("", 0);
}

void hf_build_check_send(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *what)
{
    const char *name = row->name + strlen("tcp-check ");
    /* The password is nobody's business: that text is for reading. */
    bool is_secret = strncasecmp(what->text, "PASS ", strlen("PASS ")) == 0;
    const char *written = is_secret ? "'PASS *****'" : hf_words_text(arena_of(b), what, 1);
    const char *own = hf_arena_printf(arena_of(b), "%s %s", name, written);
    struct hf_cfg_check_send *send = &add_step(b, HF_CHECK_SEND, own, what->loc)->send;

    if (strstr(name, "-lf"))
        send->format = hf_format_parse_here(b, what, &hf_place_check);
    else if (strcmp(name, "send-binary") != 0)
        send->bytes = hf_view_cstr(what->text);
    else if (hf_syntax_check_hex(b->diag, row, what))
        send->bytes = bytes_of_hex(b, what);
    send->is_hex = strcmp(name, "send-binary-lf") == 0;
}

/* The variable is in the row's own word, the first of the rule. */
void hf_build_check_var(struct hf_build *b, struct hf_loc loc)
{
    struct hf_cfg_rule *rule = HF_NEW(arena_of(b), struct hf_cfg_rule);
    unsigned used;

    if (hf_build_action(b, HF_RULES_CONNECTION, hf_place_check, rule, &used))
        add_step(b, HF_CHECK_SET, hf_words_text(arena_of(b), b->rule.words, b->rule.n_words), loc)
            ->set = rule;
}

/* ---- options of a step ----------------------------------------------------------------------- */

#define PART(name)                                                                                 \
    static void name(struct hf_build *b, struct hf_cfg_check_step *step, const struct hf_word *word)
#define UNUSED_ALL (void)b, (void)step, (void)word

PART(read_comment)
{
    UNUSED_ALL;
    step->comment = word->text;
}

PART(read_default)
{
    UNUSED_ALL;
    step->connect.as_server = true;
}

PART(read_port)
{
    int64_t number;
    unsigned used;

    if (hf_value_number(word->text, &number) != HF_OK)
        step->connect.port_expr = hf_expr_parse(b, word, 1, &used, &hf_place_check);
    else if (number > 0 && number <= UINT16_MAX) /* any other was told */
        step->connect.port = (uint16_t)number;
}

PART(read_addr)
{
    struct hf_problem problem;
    /* What is none was told. */
    (void)hf_address_parse_host_port(arena_of(b), word->text, 0, &step->connect.addr, &problem);
}

PART(read_linger)
{
    UNUSED_ALL;
    step->connect.linger = true;
}

PART(read_send_proxy)
{
    UNUSED_ALL;
    step->connect.send_proxy = true;
}

PART(read_via_socks4)
{
    UNUSED_ALL;
    step->connect.via_socks4 = true;
}

PART(read_ssl)
{
    UNUSED_ALL;
    step->connect.ssl = true;
}

PART(read_sni)
{
    UNUSED_ALL;
    step->connect.sni = word->text;
}

PART(read_alpn)
{
    UNUSED_ALL;
    step->connect.alpn = word->text;
}

/* `proto none` is what every check does. */
PART(read_proto)
{
    UNUSED_ALL;
}

PART(read_min_recv)
{
    UNUSED_ALL;
    step->expect.min_recv = (int)strtol(word->text, NULL, 10);
}

/* Words that are none were told. */
PART(read_ok_status)
{
    UNUSED_ALL;
    step->expect.ok = hf_check_status_find(word->text);
}

PART(read_error_status)
{
    UNUSED_ALL;
    step->expect.error = hf_check_status_find(word->text);
}

PART(read_tout_status)
{
    UNUSED_ALL;
    step->expect.timeout = hf_check_status_find(word->text);
}

PART(read_on_success)
{
    step->expect.on_success = hf_format_parse_here(b, word, &hf_place_check);
}

PART(read_on_error)
{
    step->expect.on_error = hf_format_parse_here(b, word, &hf_place_check);
}

PART(read_status_code)
{
    unsigned used;
    step->expect.status_code = hf_expr_parse(b, word, 1, &used, &hf_place_check);
}

PART(read_not)
{
    UNUSED_ALL;
    step->expect.unwanted = true;
}

/* ---- patterns ---- */

PART(read_string)
{
    UNUSED_ALL;
    step->expect.pattern = HF_EXPECT_STRING;
    step->expect.bytes = hf_view_cstr(word->text);
}

PART(read_binary)
{
    step->expect.pattern = HF_EXPECT_BINARY;
    step->expect.bytes = bytes_of_hex(b, word);
}

/* One that is none was told. */
static void read_regex(struct hf_build *b, struct hf_cfg_check_step *step,
                       enum hf_check_pattern kind, const struct hf_word *word)
{
    char why[128];

    step->expect.pattern = kind;
    step->expect.regex = hf_regex_new(arena_of(b), word->text, false, why, sizeof why);
}

PART(read_rstring)
{
    read_regex(b, step, HF_EXPECT_RSTRING, word);
}

PART(read_rbinary)
{
    read_regex(b, step, HF_EXPECT_RBINARY, word);
}

PART(read_string_lf)
{
    step->expect.pattern = HF_EXPECT_STRING_LF;
    step->expect.format = hf_format_parse_here(b, word, &hf_place_check);
}

PART(read_binary_lf)
{
    step->expect.pattern = HF_EXPECT_BINARY_LF;
    step->expect.format = hf_format_parse_here(b, word, &hf_place_check);
}

PART(read_custom)
{
    UNUSED_ALL;
    step->expect.pattern = HF_EXPECT_ANYTHING;
}

static const struct {
    const char *name;
    void (*read)(struct hf_build *b, struct hf_cfg_check_step *step, const struct hf_word *word);
} parts[] = {
    {"comment", read_comment},
    {"default", read_default},
    {"port", read_port},
    {"addr", read_addr},
    {"linger", read_linger},
    {"send-proxy", read_send_proxy},
    {"via-socks4", read_via_socks4},
    {"ssl", read_ssl},
    {"sni", read_sni},
    {"alpn", read_alpn},
    {"proto", read_proto},
    {"min-recv", read_min_recv},
    {"ok-status", read_ok_status},
    {"error-status", read_error_status},
    {"tout-status", read_tout_status},
    {"on-success", read_on_success},
    {"on-error", read_on_error},
    {"status-code", read_status_code},
    {"!", read_not},
    {"string", read_string},
    {"rstring", read_rstring},
    {"string-lf", read_string_lf},
    {"binary", read_binary},
    {"rbinary", read_rbinary},
    {"binary-lf", read_binary_lf},
    {"custom", read_custom},
};

/* "!string" is the pattern "string" behind a "!". */
void hf_build_check_part(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *word)
{
    bool glued = row->name[0] == '!' && row->name[1];
    const char *name = row->name + glued;
    struct hf_cfg_check_step *step = coming_step(b);

    if (!*row->syntax)
        word = NULL;
    else if (!word)
        return; /* it is missing, which was told */
    if (glued)
        step->expect.unwanted = true;
    add_text(b, row->name, word);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].name, name) == 0)
            parts[i].read(b, step, word);
    }
}
