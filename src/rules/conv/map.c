/*
 * map.c: converters that look a sample up in a file.
 *
 * The row says by its input type and name how keys are compared; the parser has put that into the
 * map's patterns.  The row's output type says what the value is read as.
 */
#include "../rules_int.h"

static bool is_text(struct hf_sample *sample, struct hf_view text)
{
    sample->type = HF_TYPE_STR;
    sample->bytes = text;
    return true;
}

/* -1: not there. */
static int find(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample)
{
    return hf_patterns_find(&call->args[0].map->keys, sample, eval);
}

/* What is not there has the value behind the file's name, if that was given. */
static bool look_up_text(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample)
{
    int entry = find(call, eval, sample);
    if (entry >= 0)
        return is_text(sample, call->args[0].map->values[entry]);
    return hf_has_arg(call, 1) && is_text(sample, hf_text_arg(call, 1));
}

static bool look_up_number(const struct hf_conv *call, struct hf_eval *eval,
                           struct hf_sample *sample)
{
    int entry = find(call, eval, sample);
    if (entry < 0 && !hf_has_arg(call, 1))
        return false;
    sample->type = HF_TYPE_INT;
    sample->number =
        entry >= 0 ? hf_text_number(call->args[0].map->values[entry]) : call->args[1].number;
    return true;
}

static bool look_up_addr(const struct hf_conv *call, struct hf_eval *eval, struct hf_sample *sample)
{
    int entry = find(call, eval, sample);
    if (entry >= 0)
        return is_text(sample, call->args[0].map->values[entry]) &&
               hf_sample_cast(sample, HF_TYPE_ADDR, eval);
    return hf_has_arg(call, 1) && hf_out_addr(sample, &call->args[1].addr) == HF_TRUE;
}

#define CONV_MAP(id, look_up)                                                                      \
    CONV(id)                                                                                       \
    {                                                                                              \
        return look_up(call, eval, sample);                                                        \
    }
#define CONV_MAPS(by)                                                                              \
    CONV_MAP(by, look_up_text)                                                                     \
    CONV_MAP(by##_int, look_up_number)                                                             \
    CONV_MAP(by##_ip, look_up_addr)

CONV_MAP(map, look_up_text)
CONV_MAPS(map_str)
CONV_MAPS(map_beg)
CONV_MAPS(map_sub)
CONV_MAPS(map_dir)
CONV_MAPS(map_dom)
CONV_MAPS(map_end)
CONV_MAPS(map_reg)
CONV_MAPS(map_int)
CONV_MAPS(map_ip)

/* What the groups of the expression took goes into the value. */
CONV(map_regm)
{
    const struct hf_cfg_map *map = call->args[0].map;
    struct hf_view groups[HF_REGEX_GROUPS];
    struct hf_room room = hf_room_for(eval, sample);
    int entry = find(call, eval, sample);
    if (entry < 0)
        return hf_has_arg(call, 1) && is_text(sample, hf_text_arg(call, 1));
    if (!hf_regex_match(map->keys.regexes[entry], sample->bytes, groups))
        return false;
    hf_room_substitute(&room, map->values[entry], groups);
    return is_text(sample, hf_room_view(&room));
}
