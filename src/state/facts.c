/*
 * facts.c: what a session keeps of its beginning, and how it ended, in words and in HAProxy's two
 * letters.
 */
#include "haftp/state/facts.h"

#include <stdlib.h>

#include "haftp/state/runtime.h"

static const struct {
    char letter;
    const char *text;
} reasons[] = {
#define X(name, letter, text) [HF_REASON_##name] = {letter, text},
#include "haftp/state/reason.def"
#undef X
};

static const char phase_letters[] = {
    [HF_PHASE_REQUEST] = 'R', [HF_PHASE_QUEUE] = 'Q', [HF_PHASE_CONNECT] = 'C',
    [HF_PHASE_DATA] = 'D',    [HF_PHASE_LAST] = 'L',  [HF_PHASE_END] = '-',
};

const char *hf_reason_text(enum hf_reason reason)
{
    if ((unsigned)reason >= sizeof reasons / sizeof reasons[0])
        return "unknown reason";
    return reasons[reason].text;
}

void hf_termination(const struct hf_facts *facts, char out[3])
{
    /* A session that just finished ended nowhere in particular, whatever its phase says. */
    bool normal = facts->reason == HF_REASON_NONE;
    bool known = facts->reason < sizeof reasons / sizeof reasons[0] &&
                 facts->phase < sizeof phase_letters / sizeof phase_letters[0];

    out[0] = known ? reasons[facts->reason].letter : 'I';
    out[1] = known && !normal ? phase_letters[facts->phase] : '-';
    out[2] = '\0';
}

const struct hf_addr *hf_facts_server_host(const struct hf_facts *facts)
{
    return facts->server_at ? facts->server_at : hf_server_addr_mt(facts->server);
}

struct hf_addr hf_facts_server_address(const struct hf_facts *facts)
{
    struct hf_addr addr = {.sa.sa_family = AF_UNSPEC};
    if (!facts->server)
        return addr;
    const struct hf_cfg_server *cfg = facts->server->cfg;
    addr = *hf_facts_server_host(facts);
    if (cfg->port_map != HF_PORT_FIXED)
        hf_addr_set_port(&addr, (uint16_t)(hf_addr_port(&facts->local) + cfg->port_offset));
    return addr;
}

void hf_facts_end(struct hf_facts *facts, enum hf_reason reason, enum hf_phase phase)
{
    if (facts->reason != HF_REASON_NONE)
        return;
    facts->reason = (uint8_t)reason;
    facts->phase = (uint8_t)phase;
}

enum hf_status hf_facts_remember(struct hf_facts *facts)
{
    if (facts->first)
        return HF_OK;
    facts->first = malloc(sizeof *facts->first);
    if (!facts->first)
        return HF_NOMEM;
    *facts->first = (struct hf_facts_first){.client = facts->client, .local = facts->local};
    return HF_OK;
}
