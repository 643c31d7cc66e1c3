/*
 * tls_paths.c: where the files of TLS words are.
 *
 * It opens no file.
 */
#include <string.h>

#include "haftp/conf/load.h"

const char *hf_config_tls_path(struct hf_arena *arena, const char *base, const char *path)
{
    if (!base || path[0] == '/' || path[0] == '@')
        return path;
    return hf_arena_printf(arena, "%s/%s", base, path);
}

const char *hf_config_key_path(const struct hf_config *config, struct hf_arena *arena,
                               const char *cert_path)
{
    size_t n = strlen(cert_path);

    if (config->global.ssl_del_ext && n > 4 && strcmp(cert_path + n - 4, ".crt") == 0)
        n -= 4;
    return hf_arena_printf(arena, "%.*s.key", (int)n, cert_path);
}

bool hf_config_is_beside_cert(const char *name)
{
    static const char *const endings[] = {".key", ".issuer", ".ocsp", ".sctl", ".dh"};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(dot, endings[i]) == 0)
            return true;
    }
    return name[0] == '.';
}
