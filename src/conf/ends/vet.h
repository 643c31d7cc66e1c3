/*
 * vet.h: closer looks at single words of `bind`, `server` and other lines, named by their rows.
 *
 * Each reports what is wrong with the word, and returns false then.
 */
#ifndef HAFTP_CONF_VET_H
#define HAFTP_CONF_VET_H

#include "parse/keywords.h"

#define HF_VET(name)                                                                               \
    bool hf_vet_##name(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word)

HF_VET(any);  /* every word is right; the row wants its place */
HF_VET(once); /* the field has no value yet */
HF_VET(octal);
HF_VET(process);
HF_VET(thread);
HF_VET(shards);
HF_VET(proto);       /* none */
HF_VET(check_proto); /* any protocol that HAProxy has */
HF_VET(namespace);
HF_VET(host);
HF_VET(networks);
HF_VET(resolve_opts);
HF_VET(init_addr);
HF_VET(proxy_v2_options);
HF_VET(socks4);
/* These also fill the fields that they stand for. */
HF_VET(bind_user);
HF_VET(bind_group);
HF_VET(check_port);
HF_VET(agent_addr);
HF_VET(sni);
HF_VET(check_addr);

HF_VET(greeting); /* rule/build_reply.c */

/* Files of TLS (vet_tls.c): that they are there, and are what they should be at first sight. */
HF_VET(certificate);
HF_VET(certificate_list);
HF_VET(ca_file);
HF_VET(ticket_keys);
HF_VET(tls_errors);

#endif
