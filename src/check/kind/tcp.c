/*
 * tcp.c: a server that accepts the connection, and shakes hands where it speaks TLS, is well.
 */
#include "haftp/check/check.h"

static void on_ready(struct hf_check_run *run, void *state)
{
    (void)state;
    hf_check_pass(run, hf_check_is_secure(run) ? "Layer6 check passed" : "Layer4 check passed");
}

const struct hf_check_ops hf_check_tcp = {
    .name = "tcp",
    .help = "connects, and is satisfied with that",
    .on_ready = on_ready,
};
