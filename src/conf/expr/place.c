/*
 * place.c: what is known where an expression is evaluated.
 */
#include "expr_build.h"

#define ANYWHERE  (HF_KNOWN_ALWAYS | HF_KNOWN_RUNNING)
#define CONNECTED (ANYWHERE | HF_KNOWN_CLIENT | HF_KNOWN_FRONTEND)
#define OPENED    (CONNECTED | HF_KNOWN_SESSION)
#define ASKED     (OPENED | HF_KNOWN_REQUEST)
#define CHOOSING  (ASKED | HF_KNOWN_LOGIN)
#define ANSWERED  (OPENED | HF_KNOWN_BACKEND | HF_KNOWN_SERVER | HF_KNOWN_RESPONSE | HF_KNOWN_LOGIN)

const struct hf_place hf_place_connection = {"a 'tcp-request connection' rule", CONNECTED};
const struct hf_place hf_place_session = {"a 'tcp-request session' rule", OPENED};
const struct hf_place hf_place_use_backend = {"the choice of a backend", CHOOSING};
const struct hf_place hf_place_use_server = {"the name of a server", CHOOSING};
const struct hf_place hf_place_backend = {"the choice of a server", CHOOSING | HF_KNOWN_BACKEND};
const struct hf_place hf_place_response = {"a 'tcp-response content' rule", ANSWERED};
const struct hf_place hf_place_check = {"a health check", ANYWHERE | HF_KNOWN_CLIENT |
                                                              HF_KNOWN_BACKEND | HF_KNOWN_SERVER |
                                                              HF_KNOWN_RESPONSE};
const struct hf_place hf_place_log = {"a log line", OPENED | HF_KNOWN_BACKEND | HF_KNOWN_SERVER |
                                                        HF_KNOWN_END | HF_KNOWN_LOGIN};
const struct hf_place hf_place_ftp_request = {
    "an 'ftp-request' rule", OPENED | HF_KNOWN_BACKEND | HF_KNOWN_SERVER | HF_KNOWN_LOGIN};
const struct hf_place hf_place_ftp_data = {
    "an 'ftp-data' line", OPENED | HF_KNOWN_BACKEND | HF_KNOWN_SERVER | HF_KNOWN_LOGIN};
const struct hf_place hf_place_startup = {"the 'global' section", HF_KNOWN_ALWAYS};
const struct hf_place hf_place_unique_id = {"a unique id", OPENED};

struct hf_place hf_place_request(const struct hf_build *b)
{
    bool has_backend = b->in_defaults || (b->section->caps & HF_CAP_BACKEND);

    return (struct hf_place){"a 'tcp-request content' rule",
                             ASKED | (has_backend ? HF_KNOWN_BACKEND : 0)};
}

const char *hf_known_text(unsigned known)
{
    static const struct {
        unsigned bit;
        const char *text;
    } texts[] = {
        {HF_KNOWN_REQUEST, "bytes of the client"},
        {HF_KNOWN_RESPONSE, "bytes of the server"},
        {HF_KNOWN_SERVER, "the server"},
        {HF_KNOWN_BACKEND, "the backend"},
        {HF_KNOWN_LOGIN, "the FTP conversation"},
        {HF_KNOWN_SESSION, "the TLS session with the client"},
        {HF_KNOWN_FRONTEND, "the frontend"},
        {HF_KNOWN_CLIENT, "the client"},
        {HF_KNOWN_END, "the end of the session"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (known & texts[i].bit)
            return texts[i].text;
    }
    return "the running process";
}
