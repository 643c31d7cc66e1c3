/*
 * sink.h: where log lines go: a unix datagram socket, UDP, or a descriptor such as stdout.
 *
 * Opened before chroot and kept.  Sending never blocks: a line that is not taken at once is lost
 * and counted.  Any thread after hf_sink_open().
 */
#ifndef HAFTP_LOG_SINK_H
#define HAFTP_LOG_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "haftp/base/status.h"
#include "haftp/conf/model.h"

struct hf_sink;

/* Never fails for a daemon that is not there (yet): sending will try again.  HF_NOMEM, HF_NOFD, ...
 */
HF_MUST_USE enum hf_status hf_sink_open(const struct hf_cfg_log *cfg, struct hf_sink **out);
void hf_sink_close(struct hf_sink *sink);
/* Goes to the same place as `cfg`. */
bool hf_sink_serves(const struct hf_sink *sink, const struct hf_cfg_log *cfg);
/* A unix socket whose file does not exist. */
bool hf_sink_is_missing(const struct hf_sink *sink);
/* Writes to a descriptor of ours, so that lines need an end. */
bool hf_sink_is_fd(const struct hf_sink *sink);

/* One line in one write: header, then text, at most `limit` bytes in all. */
void hf_sink_send_mt(struct hf_sink *sink, const char *header, size_t header_size, const char *text,
                     size_t size, size_t limit);
uint64_t hf_sink_dropped_mt(const struct hf_sink *sink); /* lines lost so far */

#endif
