/*
 * guest_int.h: a connection to a data port until it is known whom it comes from.
 *
 * A visit lives on the stack where that is known at once, which is so but for PROXY headers that
 * are still on their way; then a copy of it waits.
 */
#ifndef HAFTP_FTP_GUEST_INT_H
#define HAFTP_FTP_GUEST_INT_H

#include "ftp_int.h"

struct ftp_visit {
    struct hf_session session; /* as much of one as rules and headers look at */
    int fd;
    bool let_in;                /* by the rules so far */
    struct hf_lease_slot *slot; /* NULL: a port that `owner` opened for itself */
    hf_id owner;
    uint16_t port; /* that one */
    /* The client's address is known (facts), and the descriptor is the callee's. */
    void (*on_known)(struct ftp_visit *visit);
};

void ftp_visit_begin(struct ftp_visit *visit, struct hf_engine *engine,
                     const struct hf_cfg_bind *bind, int fd, const struct hf_addr *peer);
/* Reads what session->headers asks for, now or later; then on_known().  The visit ends by itself.
 */
void ftp_visit_identify(struct ftp_visit *visit);
void ftp_visit_end(struct ftp_visit *visit); /* frees what the rules and the header left */

#endif
