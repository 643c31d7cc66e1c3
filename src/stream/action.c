/*
 * action.c: what each action of a rule does, one function each.
 */
#include "action_int.h"

#include "haftp/log/format.h"
#include "haftp/net/socket.h"
#include "haftp/rules/table_key.h"
#include "haftp/state/track.h"
#include "haftp/stream/header.h"

typedef enum hf_acted (*action_fn)(const struct hf_cfg_rule *rule, struct hf_session *session,
                                   int fd, struct hf_eval *eval);

#define ACTION(name)                                                                               \
    static enum hf_acted name(const struct hf_cfg_rule *rule, struct hf_session *session, int fd,  \
                              struct hf_eval *eval)
#define UNUSED_ALL (void)rule, (void)session, (void)fd, (void)eval

/* The rule's expression as this type.  A sample that is not there leaves everything as it is. */
static enum hf_truth evaluate(const struct hf_cfg_rule *rule, enum hf_type type,
                              struct hf_eval *eval, struct hf_sample *out)
{
    enum hf_truth truth = hf_expr_eval(rule->expr, eval, out);

    if (truth == HF_TRUE && type != HF_TYPE_ANY && !hf_sample_cast(out, type, eval))
        return HF_FALSE;
    return truth;
}

static enum hf_acted acted(enum hf_truth truth)
{
    return truth == HF_MISSING ? HF_ACTED_WAIT : HF_ACTED;
}

/* ---- deciding ----------------------------------------------------------------------------- */

ACTION(pass)
{
    UNUSED_ALL;
    return HF_ACTED_LAST;
}

ACTION(reject)
{
    UNUSED_ALL;
    return HF_ACTED_REJECT;
}

ACTION(silent_drop)
{
    UNUSED_ALL;
    if (rule->number)
        hf_socket_reset_near_on_close(fd, (unsigned)rule->number);
    else
        hf_socket_vanish_on_close(fd);
    return HF_ACTED_REJECT;
}

/* ---- headers ------------------------------------------------------------------------------ */

ACTION(expect_proxy)
{
    UNUSED_ALL;
    session->headers |= HF_HEADER_PROXY;
    return HF_ACTED;
}

ACTION(expect_cip)
{
    UNUSED_ALL;
    session->headers |= HF_HEADER_CIP;
    return HF_ACTED;
}

/* ---- variables ---------------------------------------------------------------------------- */

/* Out of memory, it stays as it was. */
static void set(const struct hf_cfg_rule *rule, struct hf_eval *eval,
                const struct hf_sample *sample)
{
    if (hf_set_allowed(rule->when, rule->var, eval, sample))
        (void)hf_vars_set(eval->vars, rule->var, sample);
}

/* HAProxy takes what is there: no rule waits for a variable's value. */
ACTION(set_var)
{
    struct hf_sample sample;
    bool final = eval->final;
    UNUSED_ALL;
    eval->final = true;
    if (evaluate(rule, HF_TYPE_ANY, eval, &sample) == HF_TRUE)
        set(rule, eval, &sample);
    eval->final = final;
    return HF_ACTED;
}

ACTION(set_var_fmt)
{
    char text[HF_EVAL_SCRATCH];
    UNUSED_ALL;
    size_t n = hf_log_format_text(rule->format, eval, text, sizeof text);
    struct hf_sample sample = {.type = HF_TYPE_STR, .bytes = hf_view(text, n)};
    set(rule, eval, &sample);
    return HF_ACTED;
}

ACTION(unset_var)
{
    UNUSED_ALL;
    hf_vars_unset(eval->vars, rule->var);
    return HF_ACTED;
}

/* ---- addresses ---------------------------------------------------------------------------- */

/* Keeps the port. */
static enum hf_acted set_host(const struct hf_cfg_rule *rule, struct hf_facts *facts,
                              struct hf_addr *addr, struct hf_eval *eval)
{
    struct hf_sample sample;
    enum hf_truth truth = evaluate(rule, HF_TYPE_ADDR, eval, &sample);
    uint16_t port = hf_addr_port(addr);

    if (truth == HF_TRUE) {
        if (hf_facts_remember(facts) != HF_OK)
            return HF_ACTED_REJECT;
        *addr = sample.addr;
        hf_addr_set_port(addr, port);
    }
    return acted(truth);
}

static enum hf_acted set_port(const struct hf_cfg_rule *rule, struct hf_facts *facts,
                              struct hf_addr *addr, struct hf_eval *eval)
{
    struct hf_sample sample;
    enum hf_truth truth = evaluate(rule, HF_TYPE_INT, eval, &sample);

    if (truth == HF_TRUE && hf_addr_is_set(addr)) {
        if (hf_facts_remember(facts) != HF_OK)
            return HF_ACTED_REJECT;
        hf_addr_set_port(addr, (uint16_t)sample.number);
    }
    return acted(truth);
}

#define ADDRESS_ACTION(name, set, field)                                                           \
    ACTION(name)                                                                                   \
    {                                                                                              \
        UNUSED_ALL;                                                                                \
        return set(rule, &session->facts, &session->facts.field, eval);                            \
    }
ADDRESS_ACTION(set_src, set_host, client)
ADDRESS_ACTION(set_src_port, set_port, client)
ADDRESS_ACTION(set_dst, set_host, local)
ADDRESS_ACTION(set_dst_port, set_port, local)

/* ---- the socket, the log, the queue -------------------------------------------------------- */

/* The rule's number, or what its expression gives. */
static enum hf_acted set_number(const struct hf_cfg_rule *rule, int fd, struct hf_eval *eval,
                                void (*set_it)(int fd, unsigned number))
{
    struct hf_sample sample = {.number = rule->number};
    enum hf_truth truth = rule->expr ? evaluate(rule, HF_TYPE_INT, eval, &sample) : HF_TRUE;

    if (truth == HF_TRUE)
        set_it(fd, (unsigned)sample.number);
    return acted(truth);
}

ACTION(set_mark)
{
    UNUSED_ALL;
    return set_number(rule, fd, eval, hf_socket_mark);
}

ACTION(set_tos)
{
    UNUSED_ALL;
    return set_number(rule, fd, eval, hf_socket_tos);
}

ACTION(set_log_level)
{
    UNUSED_ALL;
    session->facts.log_level =
        (int8_t)(rule->number < 0 ? HF_LOG_SILENT : rule->number + HF_LOG_AS_LEVEL);
    return HF_ACTED;
}

static int32_t within(int64_t number, int32_t lo, int32_t hi)
{
    return number < lo ? lo : number > hi ? hi : (int32_t)number;
}

ACTION(set_priority_class)
{
    struct hf_sample sample;
    UNUSED_ALL;
    enum hf_truth truth = evaluate(rule, HF_TYPE_INT, eval, &sample);
    if (truth == HF_TRUE)
        session->facts.priority_class = (int16_t)within(sample.number, -2047, 2047);
    return acted(truth);
}

ACTION(set_priority_offset)
{
    struct hf_sample sample;
    UNUSED_ALL;
    enum hf_truth truth = evaluate(rule, HF_TYPE_INT, eval, &sample);
    if (truth == HF_TRUE)
        session->facts.priority_offset_ms = within(sample.number, -524287, 524287);
    return acted(truth);
}

/* ---- what the session is counted under ------------------------------------------------------ */

ACTION(track)
{
    const struct hf_cfg_stick_table *cfg =
        rule->table->table ? rule->table->table : eval->section->stick_table;
    struct hf_table_key key;
    struct hf_sample sample;
    UNUSED_ALL;
    enum hf_truth truth = evaluate(rule, HF_TYPE_ANY, eval, &sample);
    if (truth == HF_TRUE && cfg && !session->uncounted && hf_table_key(cfg, &sample, eval, &key))
        hf_track_begin(&session->facts, eval->runtime->config->global.stick_counters, rule->counter,
                       rule->set, hf_runtime_table(eval->runtime, cfg), hf_view(key.bytes, key.n),
                       eval->now_ms);
    return acted(truth);
}

/* The rule's number, or what its expression gives, is added to these of its counter. */
static enum hf_acted add(const struct hf_cfg_rule *rule, const struct hf_session *session,
                         struct hf_eval *eval, const struct hf_stick_cell cells[2], int64_t amount)
{
    struct hf_track *track = hf_track_of(&session->facts, rule->counter);
    const struct hf_stick_change changes[] = {{cells[0], amount}, {cells[1], amount}};

    if (track)
        (void)hf_stick_change_mt(track->table, track->entry, changes, 2, eval->now_ms);
    return HF_ACTED;
}

#define INC_ACTION(name, data, i)                                                                  \
    ACTION(name)                                                                                   \
    {                                                                                              \
        UNUSED_ALL;                                                                                \
        const struct hf_stick_cell cells[] = {{HF_STICK_##data, i}, {HF_STICK_##data##_rate, i}};  \
        return add(rule, session, eval, cells, 1);                                                 \
    }
INC_ACTION(sc_inc_gpc, gpc, rule->index)
INC_ACTION(sc_inc_gpc0, gpc0, 0)
INC_ACTION(sc_inc_gpc1, gpc1, 0)

ACTION(sc_add_gpc)
{
    const struct hf_stick_cell cells[] = {{HF_STICK_gpc, rule->index},
                                          {HF_STICK_gpc_rate, rule->index}};
    struct hf_sample sample = {.number = rule->number};
    UNUSED_ALL;
    enum hf_truth truth = rule->expr ? evaluate(rule, HF_TYPE_INT, eval, &sample) : HF_TRUE;
    return truth == HF_TRUE ? add(rule, session, eval, cells, sample.number) : acted(truth);
}

static enum hf_acted set_tag(const struct hf_cfg_rule *rule, const struct hf_session *session,
                             struct hf_eval *eval, struct hf_stick_cell cell)
{
    struct hf_track *track = hf_track_of(&session->facts, rule->counter);
    struct hf_sample sample = {.number = rule->number};
    enum hf_truth truth = rule->expr ? evaluate(rule, HF_TYPE_INT, eval, &sample) : HF_TRUE;

    if (truth == HF_TRUE && track)
        (void)hf_stick_assign_mt(track->table, track->entry, cell, (uint32_t)sample.number,
                                 eval->now_ms);
    return acted(truth);
}

ACTION(sc_set_gpt)
{
    UNUSED_ALL;
    return set_tag(rule, session, eval, (struct hf_stick_cell){HF_STICK_gpt, rule->index});
}

ACTION(sc_set_gpt0)
{
    UNUSED_ALL;
    return set_tag(rule, session, eval, (struct hf_stick_cell){HF_STICK_gpt0, 0});
}

/* Checked when the file was read, and told at start that it does nothing. */
ACTION(do_nothing)
{
    UNUSED_ALL;
    return HF_ACTED;
}

static const action_fn actions[] = {
    [HF_RULE_ACCEPT] = pass,
    [HF_RULE_REJECT] = reject,
    [HF_RULE_CLOSE] = reject,
    [HF_RULE_SILENT_DROP] = silent_drop,
    [HF_RULE_EXPECT_PROXY] = expect_proxy,
    [HF_RULE_EXPECT_CIP] = expect_cip,
    [HF_RULE_SET_VAR] = set_var,
    [HF_RULE_SET_VAR_FMT] = set_var_fmt,
    [HF_RULE_UNSET_VAR] = unset_var,
    [HF_RULE_SET_SRC] = set_src,
    [HF_RULE_SET_SRC_PORT] = set_src_port,
    [HF_RULE_SET_DST] = set_dst,
    [HF_RULE_SET_DST_PORT] = set_dst_port,
    [HF_RULE_SET_MARK] = set_mark,
    [HF_RULE_SET_TOS] = set_tos,
    [HF_RULE_SET_LOG_LEVEL] = set_log_level,
    [HF_RULE_SET_PRIORITY_CLASS] = set_priority_class,
    [HF_RULE_SET_PRIORITY_OFFSET] = set_priority_offset,
    [HF_RULE_TRACK] = track,
    [HF_RULE_SC_INC_GPC] = sc_inc_gpc,
    [HF_RULE_SC_INC_GPC0] = sc_inc_gpc0,
    [HF_RULE_SC_INC_GPC1] = sc_inc_gpc1,
    [HF_RULE_SC_ADD_GPC] = sc_add_gpc,
    [HF_RULE_SC_SET_GPT] = sc_set_gpt,
    [HF_RULE_SC_SET_GPT0] = sc_set_gpt0,
    [HF_RULE_NONE] = do_nothing,
};

enum hf_acted hf_action_run(const struct hf_cfg_rule *rule, struct hf_session *session, int fd,
                            struct hf_eval *eval)
{
    return actions[rule->action](rule, session, fd, eval);
}
