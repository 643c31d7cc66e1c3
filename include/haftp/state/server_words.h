/*
 * server_words.h: weights and limits of servers, as administrators and agents write them.
 *
 * On main's thread.
 */
#ifndef HAFTP_STATE_SERVER_WORDS_H
#define HAFTP_STATE_SERVER_WORDS_H

struct hf_server;

/* "12", or "50%" of what the file gives.  NULL: done; else what is wrong, in HAProxy's words. */
const char *hf_server_take_weight(struct hf_server *server, const char *text);
/* "20"; 0: no limit.  The same. */
const char *hf_server_take_maxconn(struct hf_server *server, const char *text);

#endif
