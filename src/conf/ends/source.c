/*
 * source.c: `source`, of a section or of a server: where connections to servers come from.
 */
#include <string.h>

#include "parse/build.h"

void hf_build_source(struct hf_build *b, const struct hf_keyword *row,
                     const struct hf_word *address)
{
    struct hf_arena *arena = b->config->arena;
    struct hf_cfg_source *source = HF_NEW(arena, struct hf_cfg_source);
    struct hf_cfg_server_opts *server = b->at[HF_OBJECT_SERVER];
    bool of_section = row->where & HF_IN_SECTIONS;
    struct hf_problem problem;

    source->loc = address->loc;
    source->text = hf_env_expand(b->env, arena, address->text);
    b->source = source;
    if (of_section)
        b->section->o.source = source;
    else
        server->source = source;
    if (!hf_address_parse_source(arena, source->text, !of_section, &source->addr, &source->port_lo,
                                 &source->port_hi, &problem))
        hf_build_error(b, address->loc, problem.hint, "%s", problem.text);
    else if (problem.warning)
        hf_diag_add(b->diag, HF_DIAG_WARNING, address->loc, NULL, "%s.", problem.warning);
}

void hf_build_usesrc(struct hf_build *b, const struct hf_word *who)
{
    struct hf_cfg_source *source = b->source;
    struct hf_arena *arena = b->config->arena;
    struct hf_problem problem;
    uint16_t lo, hi;

    source->usesrc_text = who->text;
    if (strcmp(who->text, "client") == 0) {
        source->usesrc = HF_USESRC_CLIENT;
    } else if (strcmp(who->text, "clientip") == 0) {
        source->usesrc = HF_USESRC_CLIENT_IP;
    } else if (strncmp(who->text, "hdr_ip(", strlen("hdr_ip(")) == 0) {
        source->usesrc_text = NULL;
        hf_diag_add(b->diag, HF_DIAG_WARNING, who->loc, "FTP and plain TCP have no such header",
                    "'usesrc %s' has no effect in mode tcp.", who->text);
    } else if (hf_address_parse_source(arena, hf_env_expand(b->env, arena, who->text), false,
                                       &source->as, &lo, &hi, &problem)) {
        source->usesrc = HF_USESRC_ADDR;
        hf_addr_set_port(&source->as, lo);
    } else {
        hf_build_error(b, who->loc, problem.hint, "%s", problem.text);
    }
}

void hf_build_source_interface(struct hf_build *b, const struct hf_word *name)
{
    b->source->interface = name->text;
}
