/*
 * connect.h: a connection to a server, made as its line and its section say: by which kind of
 * address, from where, with which options.  Any thread.
 */
#ifndef HAFTP_STATE_CONNECT_H
#define HAFTP_STATE_CONNECT_H

#include "haftp/base/addr.h"
#include "haftp/conf/model.h"
#include "haftp/net/socket.h"

/* Of all connections to servers; before threads start. */
void hf_server_connect_with(const struct hf_buffers *buffers);
/* Begins to connect, as hf_socket_connect() does.  `to`: the server's address with the port that is
 * wanted; not set: its unix socket.  `client`: for whom, for `usesrc`; NULL: for ourselves. */
HF_MUST_USE enum hf_status hf_server_connect(const struct hf_cfg_server *server,
                                             const struct hf_addr *to, const struct hf_addr *client,
                                             int *fd_out);

struct hf_tls;

struct hf_introduction {
    struct hf_addr from, to;  /* the client's ends */
    struct hf_view authority; /* p NULL: not known */
    const char *unique_id;    /* of the session; NULL: none */
    const struct hf_tls *tls; /* that the client speaks with us; NULL: none */
};

/* The PROXY header that the server's line asks for, as the first bytes of a connection that was
 * just made for a client.  HF_OK also when none is asked for. */
HF_MUST_USE enum hf_status hf_server_introduce(const struct hf_cfg_server *server, int fd,
                                               const struct hf_introduction *client);
/* Of a check's own: it always sends one, of the line's version, which names no client. */
HF_MUST_USE enum hf_status hf_server_introduce_check(const struct hf_cfg_server *server, int fd);
bool hf_server_wants_checks_introduced(const struct hf_cfg_server *server);

#endif
