/*
 * features.c: FEAT is cut to what works through us, and told what we do ourselves (RFC 2389).
 */
#include "filter_int.h"

#include <string.h>
#include <strings.h>

#include "opaque/opaque.h"
#include "tls/ftps.h"

static bool is_one_of(struct hf_view line, const char *const *names)
{
    for (; *names; names++) {
        size_t n = strlen(*names);
        if (line.n >= n && strncasecmp(line.p, *names, n) == 0 &&
            (line.n == n || line.p[n] == ' ' || line.p[n] == ';'))
            return true;
    }
    return false;
}

/* Features that a client would be misled by: they are answered here, not by the server. */
bool ftp_feature_is_hidden(const struct ftp_session *s, struct hf_view line)
{
    static const char *const never[] = {"ADAT", "LPRT", "LPSV", NULL};
    static const char *const tls[] = {"AUTH", "PBSZ", "PROT", "CCC", NULL};
    static const char *const active[] = {"EPRT", NULL};
    /* "211-" may stand before each feature. */
    if (line.n >= 4 && line.p[0] == '2' && (line.p[3] == '-' || line.p[3] == ' ')) {
        line.p += 4;
        line.n -= 4;
    }
    while (line.n && line.p[0] == ' ') {
        line.p++;
        line.n--;
    }
    return is_one_of(line, never) || (!ftp_tls_passes(s) && is_one_of(line, tls)) ||
           (s->session.facts.frontend->cfg->o.ftp_active_denied && is_one_of(line, active));
}

bool ftp_say_features(struct ftp_session *s, struct hf_view last_line)
{
    const char *features = ftps_features(s);
    return ftp_say(s, &s->front, features, strlen(features)) &&
           ftp_say_line(s, &s->front, last_line);
}

/* The server tells of none. */
bool ftp_say_own_features(struct ftp_session *s)
{
    ftp_replied(s, 211);
    return ftp_say_line(s, &s->front, hf_view_cstr("211-Features:")) &&
           ftp_say_features(s, hf_view_cstr("211 End"));
}
