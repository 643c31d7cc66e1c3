/*
 * worker.c: what one worker needs for FTP: pools for sessions and transfers, and buffers for the
 * length of a step.
 */
#include "ftp_int.h"

#include <stdlib.h>

#include "arrival/arrival.h"
#include "data/xfer.h"
#include "opaque/opaque.h"

/* Lines must be complete to be understood, and so must a greeting: another server may follow. */
static size_t longest_input(const struct hf_cfg_global *limits)
{
    size_t most = limits->ftp_max_reply;
    most = 2 * limits->ftp_max_command > most ? 2 * limits->ftp_max_command : most;
    most = limits->ftp_max_reply_line > most ? limits->ftp_max_reply_line : most;
    return most + 4096;
}

enum hf_status hf_ftp_attach(struct hf_engine *engine, struct hf_lease_table *leases,
                             struct hf_ties *ties)
{
    struct hf_ftp *ftp = calloc(1, sizeof *ftp);
    if (!ftp)
        return HF_NOMEM;
    engine->ftp = ftp;
    ftp->engine = engine;
    ftp->leases = leases;
    ftp->ties = ties;
    /* With its share of everything else an idle session takes less than 1 KiB; that is promised. */
    _Static_assert(sizeof(struct ftp_session) <= 976, "allocate what most sessions do not need");
    ftp->sessions = hf_pool_new(sizeof(struct ftp_session), 64);
    ftp->xfers = hf_pool_new(sizeof(struct ftp_xfer), 32);
    ftp->opaque_data = hf_pool_new(sizeof(struct ftp_opaque_data), 32);
    ftp->limits = &engine->runtime->config->global;
    ftp->input_bytes = longest_input(ftp->limits);
    ftp->input = malloc(ftp->input_bytes);
    ftp->to_front.mem = malloc(FTP_STAGE_BYTES);
    ftp->to_back.mem = malloc(FTP_STAGE_BYTES);
    if (ftp->sessions && ftp->xfers && ftp->opaque_data && ftp->input && ftp->to_front.mem &&
        ftp->to_back.mem)
        return HF_OK;
    hf_ftp_detach(engine);
    return HF_NOMEM;
}

void hf_ftp_detach(struct hf_engine *engine)
{
    struct hf_ftp *ftp = engine->ftp;
    if (!ftp)
        return;
    ftp_guests_forget(ftp);
    if (ftp->sessions)
        hf_pool_free(ftp->sessions);
    if (ftp->xfers)
        hf_pool_free(ftp->xfers);
    if (ftp->opaque_data)
        hf_pool_free(ftp->opaque_data);
    free(ftp->input);
    free(ftp->to_front.mem);
    free(ftp->to_back.mem);
    free(ftp);
    engine->ftp = NULL;
}
