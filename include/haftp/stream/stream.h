/*
 * stream.h: a plain TCP session: bytes both ways, nothing read.  Lives on its engine's worker.
 */
#ifndef HAFTP_STREAM_STREAM_H
#define HAFTP_STREAM_STREAM_H

#include "haftp/stream/gate.h"

size_t hf_stream_size(void); /* of one session, for the engine's pool */
/* A gate's function (hf_gate_fn) for binds that are not FTP. */
bool hf_stream_accept(struct hf_engine *engine, const struct hf_cfg_bind *bind, int fd,
                      const struct hf_addr *peer);

#endif
