/*
 * server_words.c: weights and limits of servers, as administrators and agents write them.
 */
#include "haftp/state/server_words.h"

#include <stdlib.h>
#include <string.h>

#include "haftp/state/server_admin.h"

#define MOST_WEIGHT 256

/* Its algorithm has a table that was made at start, in HAProxy. */
static bool is_static(const struct hf_cfg_opts *o)
{
    static const char *const dynamic[] = {"roundrobin", "leastconn", "first", "random"};

    for (size_t i = 0; i < sizeof dynamic / sizeof dynamic[0]; i++) {
        if (strcmp(o->balance, dynamic[i]) == 0)
            return false;
    }
    return strcmp(o->balance, "static-rr") == 0 || o->hash_type != HF_HASH_CONSISTENT;
}

const char *hf_server_take_weight(struct hf_server *server, const char *text)
{
    long initial = (long)server->cfg->o.weight;
    char *end;

    if (!*text)
        return "Require <weight> or <weight%>.";
    long weight = strtol(text, &end, 10);
    if (end == text || (*end && strcmp(end, "%") != 0))
        return "Empty weight string empty or preceded by garbage";
    if (*end) {
        if (weight < 0)
            return "Relative weight must be positive.";
        weight = weight > MOST_WEIGHT * 100 ? MOST_WEIGHT : initial * weight / 100;
        weight = weight > MOST_WEIGHT ? MOST_WEIGHT : weight;
    } else if (weight < 0 || weight > MOST_WEIGHT) {
        return "Absolute weight can only be between 0 and 256 inclusive.";
    }
    if (is_static(&server->proxy->cfg->o) && weight != 0 && weight != initial)
        return "Backend is using a static LB algorithm and only accepts weights '0%' and '100%'.";
    hf_server_set_weight(server, (unsigned)weight);
    return NULL;
}

const char *hf_server_take_maxconn(struct hf_server *server, const char *text)
{
    char *end;

    if (!*text)
        return "Require <maxconn>.";
    long maxconn = strtol(text, &end, 10);
    if (end == text || *end)
        return "maxconn string empty or preceded by garbage";
    if (maxconn < 0 || maxconn > INT32_MAX)
        return "Value out of range.";
    hf_server_set_maxconn(server, (unsigned)maxconn);
    return NULL;
}
