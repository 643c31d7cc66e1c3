/*
 * script.c: what the steps of a script look at: patterns, formats, samples; and its words.
 */
#include "script_int.h"

#include <stdio.h>

#include "haftp/base/hex.h"

/* ---- samples and formats --------------------------------------------------------------------- */

/* A check has a server and what it sent, but no client. */
static void prepare(const struct hf_check_run *run, struct hf_script *s, struct hf_facts *facts,
                    struct hf_eval *eval)
{
    const struct hf_proxy *proxy = run->server->proxy;

    *facts = (struct hf_facts){.frontend = proxy, .backend = proxy, .server = run->server};
    hf_eval_init(eval, proxy->runtime, facts);
    eval->section = proxy->cfg;
    eval->vars = &s->vars;
    eval->response = hf_buf_view(&s->in);
    eval->response_ended = s->ended;
    eval->final = true;
    eval->now_ms = hf_loop_now(run->checks->loop);
}

size_t hf_script_format(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_format *format, char *text, size_t size)
{
    struct hf_facts facts;
    struct hf_eval eval;

    prepare(run, s, &facts, &eval);
    return hf_check_format(format, &eval, text, size);
}

bool hf_script_bytes(const struct hf_check_run *run, struct hf_script *s,
                     const struct hf_format *format, bool is_hex, char room[HF_EVAL_SCRATCH],
                     struct hf_view *out)
{
    *out = hf_view(room, hf_script_format(run, s, format, room, HF_EVAL_SCRATCH));
    if (!is_hex)
        return true;
    if (!hf_hex_decode(*out, room))
        return false;
    out->n /= 2;
    return true;
}

/* False: there is no such number. */
static bool number_of(const struct hf_check_run *run, struct hf_script *s,
                      const struct hf_expr *expr, int64_t *number)
{
    struct hf_facts facts;
    struct hf_eval eval;
    struct hf_sample sample;

    prepare(run, s, &facts, &eval);
    /* Bytes are no number, their text may be. */
    if (hf_expr_eval(expr, &eval, &sample) != HF_TRUE ||
        !hf_sample_cast(&sample, HF_TYPE_STR, &eval) ||
        !hf_sample_cast(&sample, HF_TYPE_INT, &eval))
        return false;
    *number = sample.number;
    return true;
}

uint16_t hf_script_port(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_cfg_check_connect *connect)
{
    int64_t port;

    if (!connect->port_expr)
        return connect->port;
    return number_of(run, s, connect->port_expr, &port) && port > 0 && port <= UINT16_MAX
               ? (uint16_t)port
               : 0;
}

unsigned hf_script_code(const struct hf_check_run *run, struct hf_script *s,
                        const struct hf_cfg_check_expect *expect)
{
    int64_t code;

    return expect->status_code && number_of(run, s, expect->status_code, &code) ? (unsigned)code
                                                                                : 0;
}

/* A sample that is not there leaves the variable as it is. */
void hf_script_set(const struct hf_check_run *run, struct hf_script *s,
                   const struct hf_cfg_rule *rule)
{
    struct hf_facts facts;
    struct hf_eval eval;
    struct hf_sample sample = {.type = HF_TYPE_STR};
    char text[HF_EVAL_SCRATCH];

    if (rule->action == HF_RULE_UNSET_VAR) {
        hf_vars_unset(&s->vars, rule->var);
        return;
    }
    prepare(run, s, &facts, &eval);
    if (rule->format)
        sample.bytes = hf_view(text, hf_check_format(rule->format, &eval, text, sizeof text));
    else if (hf_expr_eval(rule->expr, &eval, &sample) != HF_TRUE)
        return;
    if (hf_set_allowed(rule->when, rule->var, &eval, &sample))
        (void)hf_vars_set(&s->vars, rule->var, &sample); /* no memory: it stays as it is */
}

/* ---- patterns -------------------------------------------------------------------------------- */

static bool contains(struct hf_view text, struct hf_view part)
{
    return part.n == 0 || memmem(text.p, text.n, part.p, part.n);
}

static bool matches_digits(const struct hf_cfg_check_expect *expect, struct hf_view in)
{
    char digits[1 << 15];
    return hf_regex_match(expect->regex, hf_view(digits, hf_hex_encode(in, digits, sizeof digits)),
                          NULL);
}

/* What is looked for, where that are bytes; false, *match says why there are none. */
static bool wanted_bytes(const struct hf_check_run *run, struct hf_script *s, struct hf_view *out,
                         char room[HF_EVAL_SCRATCH], enum hf_script_match *match)
{
    const struct hf_cfg_check_expect *expect = &s->step->expect;
    bool is_hex = expect->pattern == HF_EXPECT_BINARY_LF;

    if (!expect->format) {
        *out = expect->bytes;
        return true;
    }
    if (!hf_script_bytes(run, s, expect->format, is_hex, room, out)) {
        *match = HF_SCRIPT_NO_HEX;
        return false;
    }
    *match = HF_SCRIPT_NO_TEXT;
    return out->n > 0;
}

static bool is_by_regex(const struct hf_cfg_check_expect *expect)
{
    return expect->pattern == HF_EXPECT_RSTRING || expect->pattern == HF_EXPECT_RBINARY;
}

enum hf_script_match hf_script_match(const struct hf_check_run *run, struct hf_script *s, bool last)
{
    const struct hf_cfg_check_expect *expect = &s->step->expect;
    struct hf_view in = hf_buf_view(&s->in), wanted = {0};
    char room[HF_EVAL_SCRATCH];
    enum hf_script_match why;
    bool found;

    if (!last && expect->min_recv > 0 && in.n < (size_t)expect->min_recv)
        return HF_SCRIPT_NEEDS_MORE;
    if (expect->pattern == HF_EXPECT_ANYTHING)
        return HF_SCRIPT_MATCHES;
    if (!is_by_regex(expect)) {
        if (!wanted_bytes(run, s, &wanted, room, &why))
            return why;
        if (!last && in.n < wanted.n)
            return HF_SCRIPT_NEEDS_MORE;
        found = contains(in, wanted);
    } else if (expect->pattern == HF_EXPECT_RSTRING) {
        found = hf_regex_match(expect->regex, in, NULL);
    } else {
        found = matches_digits(expect, in);
    }
    /* Without `min-recv` also what must not come is waited for. */
    if (!found && !last && expect->min_recv == -1)
        return HF_SCRIPT_NEEDS_MORE;
    if (found == !expect->unwanted)
        return HF_SCRIPT_MATCHES;
    return found ? HF_SCRIPT_UNWANTED : HF_SCRIPT_DIFFERS;
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *hf_script_comment(const struct hf_script *s)
{
    const struct hf_cfg_check_step *before;

    if (s->step->comment)
        return s->step->comment;
    for (before = s->script->steps; before; before = before->next) {
        if (before->action == HF_CHECK_COMMENT && before->next == s->step)
            return before->comment;
    }
    return NULL;
}

/* How HAProxy calls the kinds of patterns, and those whose text it tells. */
static const struct {
    const char *name;
    bool tells_text;
} patterns[] = {
    [HF_EXPECT_STRING] = {"string", true},
    [HF_EXPECT_RSTRING] = {"regex", false},
    [HF_EXPECT_STRING_LF] = {"log-format string", false},
    [HF_EXPECT_BINARY] = {"binary", true},
    [HF_EXPECT_RBINARY] = {"binary regex", false},
    [HF_EXPECT_BINARY_LF] = {"log-format binary", false},
    [HF_EXPECT_ANYTHING] = {"custom function", false},
};

static void say_step(const struct hf_cfg_check_step *step, char *out, size_t size)
{
    const struct hf_cfg_check_expect *expect = &step->expect;

    if (step->action == HF_CHECK_SEND)
        snprintf(out, size, "send");
    else if (step->action == HF_CHECK_CONNECT && step->connect.port)
        snprintf(out, size, "connect port %u", step->connect.port);
    else if (step->action == HF_CHECK_CONNECT)
        snprintf(out, size, "connect");
    else if (patterns[expect->pattern].tells_text)
        snprintf(out, size, "expect %s '%.*s'", patterns[expect->pattern].name,
                 (int)expect->bytes.n, expect->bytes.p);
    else
        snprintf(out, size, "expect %s", patterns[expect->pattern].name);
}

void hf_script_say_where(const struct hf_script *s, char *out, size_t size)
{
    const char *comment = hf_script_comment(s);
    char step[HF_CHECKED_TEXT];

    say_step(s->step, step, sizeof step);
    snprintf(out, size, " at step %u of tcp-check (%s)%s%s%s", s->step->number, step,
             comment ? " comment: '" : "", comment ? comment : "", comment ? "'" : "");
}

/* Of a pattern that differs. */
static size_t say_pattern(const struct hf_cfg_check_step *step, bool unwanted, char *out,
                          size_t size)
{
    const struct hf_cfg_check_expect *expect = &step->expect;
    const char *what =
        unwanted ? "TCPCHK matched unwanted content" : "TCPCHK did not match content";
    int n;

    if (expect->pattern == HF_EXPECT_STRING)
        n = snprintf(out, size, "%s '%.*s' at step %u", what, (int)expect->bytes.n, expect->bytes.p,
                     step->number);
    else
        n = snprintf(out, size, "%s (%s) at step %u", what, patterns[expect->pattern].name,
                     step->number);
    return (size_t)n < size ? (size_t)n : size - 1;
}

void hf_script_say_mismatch(const struct hf_check_run *run, struct hf_script *s,
                            enum hf_script_match match, char *out, size_t size)
{
    const struct hf_cfg_check_step *step = s->step;
    const char *comment = hf_script_comment(s);
    size_t n;

    if (match == HF_SCRIPT_NO_TEXT)
        n = (size_t)snprintf(out, size, "log-format string evaluated to an empty string");
    else if (match == HF_SCRIPT_NO_HEX)
        n = (size_t)snprintf(out, size,
                             "Failed to parse hexastring resulting of eval of a log-format string");
    else if (step->expect.on_error)
        n = hf_script_format(run, s, step->expect.on_error, out, size);
    else
        n = say_pattern(step, match == HF_SCRIPT_UNWANTED, out, size);
    if (comment)
        snprintf(out + n, size - n, " comment: %s", comment);
}
