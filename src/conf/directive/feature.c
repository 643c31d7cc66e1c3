/*
 * feature.c: HAProxy's names of build options, and which of them haftp fulfils.
 */
#include "haftp/conf/feature.h"

#include <string.h>

/* Sorted by name, as HAProxy prints them. */
static const struct {
    const char *name;
    bool here;
} features[] = {
    {"51DEGREES", false}, {"ACCEPT4", true},      {"BACKTRACE", false},   {"CPU_AFFINITY", false},
    {"CRYPT_H", true},    {"DEVICEATLAS", false}, {"DL", false},          {"ENGINE", false},
    {"EPOLL", true},      {"EVPORTS", false},     {"GETADDRINFO", true},  {"KQUEUE", false},
    {"LIBCRYPT", true},   {"LINUX_SPLICE", true}, {"LINUX_TPROXY", true}, {"LUA", false},
    {"NETFILTER", false}, {"NS", false},          {"OPENSSL", true},      {"OT", false},
    {"PCRE", false},      {"PCRE2", true},        {"PCRE2_JIT", true},    {"POLL", false},
    {"PRCTL", true},      {"PROMEX", false},      {"QUIC", false},        {"RT", true},
    {"SLZ", false},       {"SYSTEMD", false},     {"TFO", true},          {"THREAD", true},
    {"TPROXY", true},     {"WURFL", false},       {"ZLIB", false},
};
#define N_FEATURES (sizeof features / sizeof features[0])

bool hf_build_has_feature(const char *name)
{
    for (size_t i = 0; i < N_FEATURES; i++) {
        if (strcmp(features[i].name, name) == 0)
            return features[i].here;
    }
    return false;
}

void hf_build_print_features(FILE *out)
{
    for (size_t i = 0; i < N_FEATURES; i++)
        fprintf(out, "%s%c%s", i ? " " : "", features[i].here ? '+' : '-', features[i].name);
}
