/*
 * proxied.c: what a PROXY header makes of a session's facts.
 */
#include <stdlib.h>

#include "haftp/state/facts.h"
#include "haftp/wire/proxyproto.h"

/* A second header, of another kind, is what the sender of the first one got. */
static enum hf_status remember(struct hf_facts *facts, const struct hf_pp_header *header)
{
    size_t authority = header->authority.n, unique_id = header->unique_id.n;
    struct hf_proxied *proxied = calloc(1, sizeof *proxied + authority + unique_id);

    if (!proxied)
        return HF_NOMEM;
    proxied->peer = *hf_facts_socket_peer(facts);
    proxied->here = *hf_facts_socket_here(facts);
    proxied->has_authority = header->authority.p != NULL;
    proxied->has_unique_id = header->unique_id.p != NULL;
    proxied->authority_bytes = (uint8_t)authority;
    proxied->unique_id_bytes = (uint8_t)unique_id;
    if (authority)
        memcpy(proxied->text, header->authority.p, authority);
    if (unique_id)
        memcpy(proxied->text + authority, header->unique_id.p, unique_id);
    free(facts->proxied);
    facts->proxied = proxied;
    return HF_OK;
}

enum hf_status hf_facts_take_header(struct hf_facts *facts, const struct hf_pp_header *header)
{
    bool has_addresses = hf_addr_is_set(&header->from);

    if (!has_addresses && !header->authority.p && !header->unique_id.p)
        return HF_OK;
    if (remember(facts, header) != HF_OK)
        return HF_NOMEM;
    if (has_addresses) {
        facts->client = header->from;
        facts->local = header->to;
        free(facts->first);
        facts->first = NULL;
    }
    return HF_OK;
}

struct hf_view hf_facts_authority(const struct hf_facts *facts)
{
    const struct hf_proxied *p = facts->proxied;
    return p && p->has_authority ? hf_view(p->text, p->authority_bytes) : hf_view(NULL, 0);
}

struct hf_view hf_facts_unique_id(const struct hf_facts *facts)
{
    const struct hf_proxied *p = facts->proxied;
    return p && p->has_unique_id ? hf_view(p->text + p->authority_bytes, p->unique_id_bytes)
                                 : hf_view(NULL, 0);
}
