/*
 * tls_expiry.c: what is said of certificates that end, and how often.
 */
#include <stdio.h>
#include <time.h>

#include "haftp/base/assert.h"
#include "haftp/state/tls.h"

#define DAY_S (24 * 3600)

const char *hf_tls_time_text(int64_t seconds, char out[HF_TLS_TIME_BYTES])
{
    time_t time = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&time, &tm) || strftime(out, HF_TLS_TIME_BYTES, "%F %T UTC", &tm) == 0)
        snprintf(out, HF_TLS_TIME_BYTES, "an unknown time");
    return out;
}

bool hf_tls_expiry_text(const struct hf_tls_cert_info *info, int64_t now,
                        char out[HF_TLS_EXPIRY_BYTES])
{
    char time[HF_TLS_TIME_BYTES];
    int64_t left = info->until - now;

    if (now < info->from)
        snprintf(out, HF_TLS_EXPIRY_BYTES, "the certificate in '%s' (%s) is not valid before %s",
                 info->file, info->name, hf_tls_time_text(info->from, time));
    else if (left < 0)
        snprintf(out, HF_TLS_EXPIRY_BYTES, "the certificate in '%s' (%s) has expired on %s",
                 info->file, info->name, hf_tls_time_text(info->until, time));
    else if (left < DAY_S)
        snprintf(out, HF_TLS_EXPIRY_BYTES,
                 "the certificate in '%s' (%s) expires within a day, on %s", info->file, info->name,
                 hf_tls_time_text(info->until, time));
    else if (left <= (int64_t)HF_TLS_EXPIRY_DAYS * DAY_S)
        snprintf(out, HF_TLS_EXPIRY_BYTES,
                 "the certificate in '%s' (%s) expires in %d day%s, on %s", info->file, info->name,
                 (int)(left / DAY_S), left / DAY_S == 1 ? "" : "s",
                 hf_tls_time_text(info->until, time));
    else
        return false;
    return true;
}

/* ---- again and again --------------------------------------------------------------------- */

static void tell_all(const struct hf_tls_reminder *reminder)
{
    struct hf_tls_endings endings;
    int64_t now = (int64_t)time(NULL);
    char text[HF_TLS_EXPIRY_BYTES];

    hf_config_tls_endings(reminder->config, now, &endings);
    for (unsigned i = 0; i < endings.n; i++) {
        (void)hf_tls_expiry_text(endings.of[i].cert, now, text);
        reminder->tell(text);
    }
    if (endings.n_more) {
        snprintf(text, sizeof text,
                 "certificates that are not good, or not for long, are used in %u more places",
                 endings.n_more);
        reminder->tell(text);
    }
}

static void on_time(struct hf_timer *timer)
{
    hf_tls_remind_now(HF_CONTAINER(timer, struct hf_tls_reminder, timer));
}

void hf_tls_remind(struct hf_tls_reminder *reminder)
{
    if (reminder->config->tls_sites)
        hf_loop_timer(reminder->loop, &reminder->timer, reminder->every_ms, on_time);
}

void hf_tls_remind_now(struct hf_tls_reminder *reminder)
{
    tell_all(reminder);
    hf_tls_remind(reminder);
}

void hf_tls_remind_stop(struct hf_tls_reminder *reminder)
{
    hf_loop_timer_cancel(reminder->loop, &reminder->timer);
}
