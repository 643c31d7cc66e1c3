/*
 * server_state_int.h: HAProxy's sentences about servers that went up or down.
 */
#ifndef HAFTP_LOG_SERVER_STATE_INT_H
#define HAFTP_LOG_SERVER_STATE_INT_H

#include "haftp/state/runtime.h"

void hf_server_state_text(const struct hf_server *server, bool up, const char *why, char *out,
                          size_t size);
/* What an administrator has done to it. */
void hf_server_news_text(const struct hf_server *server, const struct hf_server_news *news,
                         char *out, size_t size);

#endif
