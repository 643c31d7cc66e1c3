/*
 * tcp.c: a server that accepts the connection, and shakes hands where it speaks TLS, is well.
 */
#include "haftp/check/check.h"

#include <stdio.h>

static void on_ready(struct hf_check_run *run, void *state)
{
    (void)state;
    hf_check_conclude(run, hf_check_is_secure(run) ? HF_CHECK_L6OK : HF_CHECK_L4OK, 0, NULL);
}

/* `option tcp-check` without a line that says more. */
static void where(const struct hf_check_run *run, const void *state, char *out, size_t size)
{
    (void)state;
    if (hf_check_server(run)->proxy->o.tcp_check)
        snprintf(out, size, " at initial connection step of tcp-check");
}

const struct hf_check_ops hf_check_tcp = {
    .name = "tcp",
    .help = "connects, and is satisfied with that",
    .on_ready = on_ready,
    .where = where,
};
