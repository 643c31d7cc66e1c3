/*
 * header.h: the PROXY or Client IP header with which a connection begins where that is configured:
 * `accept-proxy`, `accept-netscaler-cip`, and the rules `expect-proxy`, `expect-netscaler-cip`.
 *
 * It is looked for nowhere else, so nobody can claim another client's address.  It is read between
 * the rules `tcp-request connection`, which see the sender, and `tcp-request session`, which see
 * the client.
 */
#ifndef HAFTP_STREAM_HEADER_H
#define HAFTP_STREAM_HEADER_H

#include "haftp/stream/engine.h"

enum { HF_HEADER_PROXY = 1, HF_HEADER_CIP = 2 }; /* in this order, when it is both */

/* What every connection of this bind begins with. */
uint8_t hf_header_of_bind(const struct hf_cfg_bind *bind);

enum hf_header { HF_HEADER_MORE, HF_HEADER_DONE, HF_HEADER_FAILED };
/* Reads what session->headers asks for, and takes it out of the socket; DONE at once when that is
 * nothing.  `ended`: no more bytes will come.  FAILED was counted and logged. */
HF_MUST_USE enum hf_header hf_header_read(struct hf_session *session, int fd, bool ended);
/* The time for it is over: counted and logged. */
void hf_header_timed_out(struct hf_session *session);

#endif
