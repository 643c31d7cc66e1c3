/*
 * script.c: plays the steps of a `tcp-check` script.
 *
 *   [set ...] --> connect --> send | expect | set | connect ... --> the last one has passed
 *
 * What came since the last `send` stays, and all `expect` in a row look at it: when one of them
 * needs more, they begin again with the first of them.  Words of results are HAProxy's.
 */
#include "../script_int.h"

#include <stdio.h>

/* As HAProxy's buffer, whose size a pattern may count on. */
#define MOST_BYTES 16384u

/* The connection that nobody wrote a line for. */
static const struct hf_cfg_check_step implicit_connect = {
    .action = HF_CHECK_CONNECT,
    .connect = {.as_server = true},
};

static const struct hf_cfg_check_script *script_of(const struct hf_check_run *run)
{
    return hf_check_server(run)->proxy->o.check_script;
}

/* ---- its end: after each of these nothing of the run may be touched ------------------------- */

static void fail(struct hf_check_run *run, struct hf_script *s, enum hf_check_status status,
                 const char *what)
{
    char info[HF_CHECKED_TEXT * 2];

    snprintf(info, sizeof info, "%s at step %u", what, s->step->number);
    hf_check_conclude(run, status, 0, info);
}

/* The last step that was about the connection says what the whole is called. */
static void pass(struct hf_check_run *run, struct hf_script *s)
{
    const struct hf_cfg_check_step *step = s->step;
    char info[HF_CHECKED_TEXT] = "(tcp-check)";

    if (step->action == HF_CHECK_EXPECT) {
        enum hf_check_status ok = step->expect.ok ? step->expect.ok : HF_CHECK_L7OK;
        unsigned code = hf_script_code(run, s, &step->expect);
        if (step->expect.on_success)
            (void)hf_script_format(run, s, step->expect.on_success, info, sizeof info);
        hf_check_conclude(run, ok, code, info);
    } else if (step->action == HF_CHECK_CONNECT) {
        hf_check_conclude(run, hf_check_is_secure(run) ? HF_CHECK_L6OK : HF_CHECK_L4OK, 0,
                          step == &implicit_connect ? NULL : info);
    } else {
        hf_check_conclude(run, HF_CHECK_L7OK, 0, info);
    }
}

/* ---- steps: false: the run has ended, or waits ----------------------------------------------- */

static void begin_connect(struct hf_check_run *run, struct hf_script *s)
{
    const struct hf_cfg_check_connect *connect = &s->step->connect;
    struct hf_check_way own = hf_check_own_way(run), way = own;
    uint16_t port = hf_script_port(run, s, connect);

    if (!connect->as_server)
        way = (struct hf_check_way){.to = own.to};
    if (hf_addr_is_set(&connect->addr)) {
        way.to = connect->addr;
        if (!hf_addr_port(&way.to))
            hf_addr_set_port(&way.to, hf_addr_port(&own.to));
    }
    if (port)
        hf_addr_set_port(&way.to, port);
    way.tls = way.tls || connect->ssl;
    way.proxy = way.proxy || connect->send_proxy;
    way.linger = connect->linger;
    if (connect->sni)
        way.sni = connect->sni;
    if (connect->alpn)
        way.alpn = connect->alpn;
    hf_buf_clear(&s->in);
    hf_buf_clear(&s->out);
    s->ended = false;
    s->heard = false;
    s->connecting = true;
    hf_check_connect(run, &way);
}

/* What is left of a `send`. */
static bool flush(struct hf_check_run *run, struct hf_script *s)
{
    while (hf_buf_size(&s->out)) {
        struct hf_view rest = hf_buf_view(&s->out);
        size_t n = 0;
        enum hf_status status = hf_check_send(run, rest.p, rest.n, &n);
        if (status == HF_AGAIN)
            return false;
        if (status != HF_OK) {
            hf_check_broke(run, status);
            return false;
        }
        hf_buf_drop(&s->out, n);
    }
    return true;
}

static bool play_send(struct hf_check_run *run, struct hf_script *s)
{
    const struct hf_cfg_check_send *send = &s->step->send;
    struct hf_view bytes = send->bytes;
    char text[HF_EVAL_SCRATCH];

    hf_buf_clear(&s->in);
    s->heard = false;
    if (send->format && !hf_script_bytes(run, s, send->format, send->is_hex, text, &bytes)) {
        fail(run, s, HF_CHECK_L7RSP, "tcp-check send : failed to build log-format string");
        return false;
    }
    if (hf_buf_add(&s->out, bytes.p, bytes.n, SIZE_MAX) != HF_OK) {
        hf_check_hindered(run, HF_NOMEM);
        return false;
    }
    return flush(run, s);
}

/* Reads what there is.  False: the run has ended. */
static bool hear(struct hf_check_run *run, struct hf_script *s)
{
    char room[4096];

    while (!s->ended && hf_buf_size(&s->in) < MOST_BYTES) {
        size_t n = 0, most = MOST_BYTES - hf_buf_size(&s->in);
        enum hf_status status =
            hf_check_recv(run, room, most < sizeof room ? most : sizeof room, &n);
        if (status == HF_AGAIN)
            return true;
        if (status == HF_OK) {
            if (hf_buf_add(&s->in, room, n, SIZE_MAX) != HF_OK) {
                hf_check_hindered(run, HF_NOMEM);
                return false;
            }
        } else if (status == HF_EOF || status == HF_TRUNCATED || hf_buf_size(&s->in)) {
            s->ended = true; /* a reset behind an answer takes nothing from it */
        } else {
            hf_check_broke(run, status);
            return false;
        }
    }
    return true;
}

static void mismatch(struct hf_check_run *run, struct hf_script *s, enum hf_script_match match)
{
    const struct hf_cfg_check_expect *expect = &s->step->expect;
    bool was_compared = match == HF_SCRIPT_DIFFERS || match == HF_SCRIPT_UNWANTED;
    char info[HF_CHECKED_TEXT * 2];

    hf_script_say_mismatch(run, s, match, info, sizeof info);
    hf_check_conclude(run, was_compared && expect->error ? expect->error : HF_CHECK_L7RSP,
                      hf_script_code(run, s, expect), info);
}

static void say_empty(struct hf_check_run *run, struct hf_script *s)
{
    char what[HF_CHECKED_TEXT * 2];
    const char *comment = hf_script_comment(s);

    snprintf(what, sizeof what, "TCPCHK got an empty response at step %u%s%s%s", s->step->number,
             comment ? " comment: '" : "", comment ? comment : "", comment ? "'" : "");
    hf_check_conclude(run, HF_CHECK_L7RSP, 0, what);
}

static bool play_expect(struct hf_check_run *run, struct hf_script *s)
{
    if (!s->heard && !hear(run, s))
        return false;
    s->heard = true;
    size_t size = hf_buf_size(&s->in);
    bool last = s->ended || size == MOST_BYTES;
    if (size == 0 && s->ended) {
        say_empty(run, s);
        return false;
    }
    enum hf_script_match match = size ? hf_script_match(run, s, last) : HF_SCRIPT_NEEDS_MORE;
    if (match == HF_SCRIPT_MATCHES)
        return true;
    if (match == HF_SCRIPT_NEEDS_MORE) {
        s->waits_from = s->first_expect;
        return false;
    }
    mismatch(run, s, match);
    return false;
}

/* ---- the way through ------------------------------------------------------------------------- */

/* The step before it was about something else. */
static void note_row_of_expects(struct hf_script *s, const struct hf_cfg_check_step *step)
{
    if (step->action == HF_CHECK_EXPECT && !s->first_expect)
        s->first_expect = step;
    else if (step->action == HF_CHECK_SEND || step->action == HF_CHECK_CONNECT)
        s->first_expect = NULL;
}

static bool play_step(struct hf_check_run *run, struct hf_script *s)
{
    switch (s->step->action) {
    case HF_CHECK_CONNECT:
        begin_connect(run, s);
        return false;
    case HF_CHECK_SEND:
        return play_send(run, s);
    case HF_CHECK_EXPECT:
        return play_expect(run, s);
    case HF_CHECK_SET:
    case HF_CHECK_COMMENT:
        break;
    }
    return true;
}

/* From s->next on, as far as it goes. */
static void play(struct hf_check_run *run, struct hf_script *s)
{
    while (s->next) {
        const struct hf_cfg_check_step *step = s->next;
        s->next = step->next;
        if (step->action == HF_CHECK_SET) {
            hf_script_set(run, s, step->set);
            continue;
        }
        if (step->action == HF_CHECK_COMMENT)
            continue;
        note_row_of_expects(s, step);
        s->step = step;
        if (!play_step(run, s))
            return;
    }
    pass(run, s);
}

static void on_begin(struct hf_check_run *run, void *state)
{
    struct hf_script *s = state;
    const struct hf_cfg_check_script *script = script_of(run);

    s->script = script;
    s->next = script->steps;
    if (script->begins_apart) {
        play(run, s);
        return;
    }
    s->step = &implicit_connect;
    begin_connect(run, s);
}

static void on_ready(struct hf_check_run *run, void *state)
{
    struct hf_script *s = state;

    if (s->connecting)
        s->connecting = false;
    else if (s->waits_from)
        s->next = s->waits_from;
    else if (!flush(run, s))
        return;
    s->waits_from = NULL;
    s->heard = false;
    play(run, s);
}

static void where(const struct hf_check_run *run, const void *state, char *out, size_t size)
{
    const struct hf_script *s = state;

    (void)run;
    if (s->step == &implicit_connect)
        snprintf(out, size, " at initial connection step of tcp-check");
    else
        hf_script_say_where(s, out, size);
}

static void on_silence(struct hf_check_run *run, void *state)
{
    const struct hf_script *s = state;
    bool expects = s->step->action == HF_CHECK_EXPECT;
    char info[HF_CHECKED_TEXT * 2];

    where(run, state, info, sizeof info);
    hf_check_conclude(
        run, expects && s->step->expect.timeout ? s->step->expect.timeout : HF_CHECK_L7TOUT, 0,
        info);
}

static void on_end(void *state)
{
    struct hf_script *s = state;

    hf_buf_clear(&s->in);
    hf_buf_clear(&s->out);
    hf_vars_free(&s->vars);
}

const struct hf_check_ops hf_check_script = {
    .name = "script",
    .help = "plays the steps of 'tcp-check' lines",
    .state_bytes = sizeof(struct hf_script),
    .on_begin = on_begin,
    .on_ready = on_ready,
    .on_silence = on_silence,
    .where = where,
    .on_end = on_end,
};
