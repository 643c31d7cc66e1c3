/*
 * server_int.h: what a change of a server's state has in common, whoever makes it.  Private to
 * src/state.
 */
#ifndef HAFTP_STATE_SERVER_INT_H
#define HAFTP_STATE_SERVER_INT_H

#include "haftp/state/runtime.h"

/* Those that wait for it, or for any of its section, look again. */
void hf_server_wake_mt(struct hf_server *server);
/* It has just come up: `slowstart`, if it has one, begins, or begins anew; main's thread. */
void hf_server_start_slowly(struct hf_server *server);
/* `on-marked-down` and `on-marked-up`. */
void hf_server_end_sessions_mt(struct hf_server *server, bool up);
/* The listener hears of it. */
void hf_server_tell_mt(const struct hf_server *server, const struct hf_server_news *news);

#endif
