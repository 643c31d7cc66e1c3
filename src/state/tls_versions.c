/*
 * tls_versions.c: `ssl-min-ver`, `ssl-max-ver`, `force-*` and `no-*`, on a line and in `global`.
 *
 * What the line says stands above the defaults; a `force` word is both ends of the range.
 */
#include "tls_int.h"

enum { N_VERSIONS = 5 }; /* SSLv3, TLSv1.0 .. TLSv1.3 */

static void from_defaults(const struct hf_cfg_tls_options *o, struct hf_tls_version_words *words)
{
    *words = (struct hf_tls_version_words){
        .min = o->min_version,
        .max = o->max_version,
        .forced = {o->force_sslv3, o->force_tlsv10, o->force_tlsv11, o->force_tlsv12,
                   o->force_tlsv13},
        .refused = {o->no_sslv3, o->no_tlsv10, o->no_tlsv11, o->no_tlsv12, o->no_tlsv13},
    };
}

static void apply_force(struct hf_tls_version_words *words)
{
    for (int i = 0; i < N_VERSIONS; i++) {
        if (words->forced[i])
            words->min = words->max = i;
    }
}

static int on_the_wire(int version)
{
    return version < 1 ? HF_TLS_1_0 : HF_TLS_1_0 + version - 1;
}

bool hf_tls_versions_of(const struct hf_tls_version_words *own,
                        const struct hf_cfg_tls_options *usual, struct hf_tls_settings *settings)
{
    struct hf_tls_version_words line = *own, global;
    bool any = false;

    from_defaults(usual, &global);
    apply_force(&line);
    apply_force(&global);
    if (line.min < 0 && line.max < 0) {
        line.min = global.min;
        line.max = global.max;
    }
    if (line.min >= 0)
        settings->min_version = on_the_wire(line.min);
    if (line.max >= 0)
        settings->max_version = on_the_wire(line.max);
    for (int i = 1; i < N_VERSIONS; i++) {
        bool refused = line.refused[i] || global.refused[i];
        if (refused)
            settings->no_versions |= 1u << (on_the_wire(i) & 15);
        else if (i >= line.min && (line.max < 0 || i <= line.max))
            any = true;
    }
    return any;
}
