/*
 * hash.c: converters that hash.
 */
#include "haftp/base/hash.h"
#include "../rules_int.h"

static bool is_number(struct hf_sample *sample, uint64_t number)
{
    sample->type = HF_TYPE_INT;
    sample->number = (int64_t)number;
    return true;
}

static bool maybe_spread(const struct hf_conv *call, struct hf_sample *sample, uint32_t hash)
{
    return is_number(sample, hf_number_arg(call, 0, 0) ? hf_hash_avalanche(hash) : hash);
}

#define CONV_HASH(name)                                                                            \
    CONV(name)                                                                                     \
    {                                                                                              \
        UNUSED(eval);                                                                              \
        return maybe_spread(call, sample, hf_hash_##name(sample->bytes));                          \
    }
CONV_HASH(sdbm)
CONV_HASH(djb2)
CONV_HASH(wt6)
CONV_HASH(crc32)
CONV_HASH(crc32c)

CONV(xxh32)
{
    UNUSED(eval);
    uint32_t seed = (uint32_t)hf_number_arg(call, 0, 0);
    return is_number(sample, hf_hash_xxh32(sample->bytes, seed));
}

CONV(xxh64)
{
    UNUSED(eval);
    uint64_t seed = (uint64_t)hf_number_arg(call, 0, 0);
    return is_number(sample, hf_hash_xxh64(sample->bytes, seed));
}
