/*
 * tls_versions.c: `ssl-min-ver`, `ssl-max-ver`, `force-*` and `no-*`, on a line and in `global`.
 *
 * Each end of the range is the line's, else that of `global`; a `force` word has set both.  Where
 * either end is given, `no` words have no effect, as with HAProxy.
 */
#include "tls_int.h"

enum { N_VERSIONS = 5, OLDEST_BY_DEFAULT = 3 }; /* SSLv3, TLSv1.0 .. TLSv1.3; TLSv1.2 */

static void from_defaults(const struct hf_cfg_tls_options *o, struct hf_tls_version_words *words)
{
    *words = (struct hf_tls_version_words){
        .min = o->min_version,
        .max = o->max_version,
        .refused = {o->no_sslv3, o->no_tlsv10, o->no_tlsv11, o->no_tlsv12, o->no_tlsv13},
    };
}

static int on_the_wire(int version)
{
    return version < 1 ? HF_TLS_1_0 : HF_TLS_1_0 + version - 1;
}

/* Versions that are spoken by their range and, where `refusals` count, without those refused. */
static unsigned spoken(const struct hf_tls_version_words *words, bool refusals)
{
    int max = words->max >= 0 ? words->max : N_VERSIONS - 1;
    int min = words->min >= 0 ? words->min : max < OLDEST_BY_DEFAULT ? max : OLDEST_BY_DEFAULT;
    unsigned set = 0;

    for (int i = min > 0 ? min : 1; i <= max; i++) { /* nobody speaks SSLv3 any more */
        if (!refusals || !words->refused[i])
            set |= 1u << (on_the_wire(i) & 15);
    }
    return set;
}

enum hf_tls_versions hf_tls_versions_of(const struct hf_tls_version_words *own,
                                        const struct hf_cfg_tls_options *usual,
                                        struct hf_tls_settings *settings)
{
    struct hf_tls_version_words line = *own, global;

    from_defaults(usual, &global);
    line.min = line.min >= 0 ? line.min : global.min;
    line.max = line.max >= 0 ? line.max : global.max;
    for (int i = 0; i < N_VERSIONS; i++)
        line.refused[i] = line.refused[i] || global.refused[i];
    bool ranged = line.min >= 0 || line.max >= 0;
    unsigned all = spoken(&line, false), allowed = spoken(&line, true);

    if (line.min >= 0)
        settings->min_version = on_the_wire(line.min);
    if (line.max >= 0)
        settings->max_version = on_the_wire(line.max);
    if (!ranged)
        settings->no_versions = all & ~allowed;
    if (ranged ? !all : !allowed)
        return HF_TLS_VERSIONS_NONE;
    return ranged && all != allowed ? HF_TLS_VERSIONS_REFUSALS_IGNORED : HF_TLS_VERSIONS_FINE;
}
