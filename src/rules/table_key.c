/*
 * table_key.c: by a table's type, the bytes of a key.
 */
#include "haftp/rules/table_key.h"

#include <string.h>

#include "rules_int.h"

#define DEFAULT_KEY_BYTES 32u

static size_t length_of(const struct hf_cfg_stick_table *table)
{
    size_t n = table->length ? table->length : DEFAULT_KEY_BYTES;
    return n < HF_TABLE_KEY_BYTES ? n : HF_TABLE_KEY_BYTES;
}

static bool put(struct hf_table_key *key, const void *bytes, size_t n)
{
    memcpy(key->bytes, bytes, n);
    key->n = n;
    return true;
}

/* An IPv4 address goes into either type of table, an IPv6 one only into its own. */
static bool key_of_addr(const struct hf_cfg_stick_table *table, const struct hf_addr *addr,
                        struct hf_table_key *key)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct hf_addr plain = *addr;

    hf_addr_unmap(&plain);
    if (plain.sa.sa_family == AF_INET && table->type == HF_STICK_IP)
        return put(key, &plain.v4.sin_addr, 4);
    if (plain.sa.sa_family == AF_INET6 && table->type == HF_STICK_IPV6)
        return put(key, &plain.v6.sin6_addr, 16);
    if (plain.sa.sa_family != AF_INET || table->type != HF_STICK_IPV6)
        return false;
    memcpy(key->bytes, mapped, sizeof mapped);
    memcpy(key->bytes + sizeof mapped, &plain.v4.sin_addr, 4);
    key->n = 16;
    return true;
}

/* Strings are cut, binary keys are also filled up with zeros. */
static bool key_of_bytes(const struct hf_cfg_stick_table *table, struct hf_view bytes,
                         struct hf_table_key *key)
{
    size_t most = length_of(table), n = bytes.n < most ? bytes.n : most;

    if (n == 0)
        return false;
    put(key, bytes.p, n);
    if (table->type == HF_STICK_BINARY) {
        memset(key->bytes + n, 0, most - n);
        key->n = most;
    }
    return true;
}

static bool key_of(const struct hf_cfg_stick_table *table, const struct hf_sample *sample,
                   struct hf_table_key *key)
{
    uint32_t number = (uint32_t)sample->number;

    switch (table->type) {
    case HF_STICK_IP:
    case HF_STICK_IPV6:
        return key_of_addr(table, &sample->addr, key);
    case HF_STICK_INTEGER:
        return put(key, &number, sizeof number);
    case HF_STICK_STRING:
    case HF_STICK_BINARY:
        return key_of_bytes(table, sample->bytes, key);
    case HF_STICK_NO_TYPE:
        break;
    }
    return false;
}

bool hf_table_key(const struct hf_cfg_stick_table *table, struct hf_sample *sample,
                  struct hf_eval *eval, struct hf_table_key *key)
{
    return hf_sample_cast(sample, hf_stick_sample_type(table->type), eval) &&
           key_of(table, sample, key);
}

struct hf_stick_table *hf_table_arg(const struct hf_conv *call, unsigned i,
                                    const struct hf_eval *eval)
{
    const struct hf_cfg_stick_table *cfg = hf_has_arg(call, i) ? call->args[i].table : NULL;

    if (!cfg && eval->section)
        cfg = eval->section->stick_table;
    return eval->runtime && cfg ? hf_runtime_table(eval->runtime, cfg) : NULL;
}
