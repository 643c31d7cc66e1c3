/*
 * session.c: fetches of the session's own: addresses, ports, the bind, the kernel's view.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "../rules_int.h"

/* ---- addresses --------------------------------------------------------------------------- */

/* Unset without a session. */
static const struct hf_addr *client_of(const struct hf_eval *eval)
{
    static const struct hf_addr nobody;
    return eval->facts ? &eval->facts->client : &nobody;
}

static const struct hf_addr *local_of(const struct hf_eval *eval)
{
    static const struct hf_addr nobody;
    return eval->facts ? &eval->facts->local : &nobody;
}

/* What the connection itself says, before a PROXY header or a rule changed it. */
static const struct hf_addr *first_client_of(const struct hf_eval *eval)
{
    return eval->facts ? hf_facts_socket_peer(eval->facts) : client_of(eval);
}

static const struct hf_addr *first_local_of(const struct hf_eval *eval)
{
    return eval->facts ? hf_facts_socket_here(eval->facts) : local_of(eval);
}

static enum hf_truth out_port(struct hf_sample *out, const struct hf_addr *addr)
{
    if (!hf_addr_is_set(addr))
        return HF_FALSE;
    return hf_out_number(out, hf_addr_port(addr));
}

/* An address is of this host if a socket can be bound to it. */
static enum hf_truth out_is_local(struct hf_sample *out, const struct hf_addr *addr)
{
    struct hf_addr any_port = *addr;
    if (!hf_addr_is_set(addr))
        return HF_FALSE;
    hf_addr_set_port(&any_port, 0);
    int fd = socket(addr->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool local = fd >= 0 && bind(fd, &any_port.sa, hf_addr_len(&any_port)) == 0;
    if (fd >= 0)
        close(fd);
    return hf_out_bool(out, local);
}

FETCH(src)
{
    UNUSED(call);
    return hf_out_addr(out, client_of(eval));
}

FETCH(src_port)
{
    UNUSED(call);
    return out_port(out, client_of(eval));
}

FETCH(src_is_local)
{
    UNUSED(call);
    return out_is_local(out, client_of(eval));
}

FETCH(dst)
{
    UNUSED(call);
    return hf_out_addr(out, local_of(eval));
}

FETCH(dst_port)
{
    UNUSED(call);
    return out_port(out, local_of(eval));
}

FETCH(dst_is_local)
{
    UNUSED(call);
    return out_is_local(out, local_of(eval));
}

FETCH(fc_src)
{
    UNUSED(call);
    return hf_out_addr(out, first_client_of(eval));
}

FETCH(fc_src_port)
{
    UNUSED(call);
    return out_port(out, first_client_of(eval));
}

FETCH(fc_src_is_local)
{
    UNUSED(call);
    return out_is_local(out, first_client_of(eval));
}

FETCH(fc_dst)
{
    UNUSED(call);
    return hf_out_addr(out, first_local_of(eval));
}

FETCH(fc_dst_port)
{
    UNUSED(call);
    return out_port(out, first_local_of(eval));
}

FETCH(fc_dst_is_local)
{
    UNUSED(call);
    return out_is_local(out, first_local_of(eval));
}

FETCH(fc_rcvd_proxy)
{
    UNUSED(call);
    return eval->facts ? hf_out_bool(out, eval->facts->received_proxy) : HF_FALSE;
}

FETCH(fc_pp_authority)
{
    UNUSED(call);
    struct hf_view text = eval->facts ? hf_facts_authority(eval->facts) : hf_view(NULL, 0);
    return text.p ? hf_out_bytes(out, HF_TYPE_STR, text) : HF_FALSE;
}

FETCH(fc_pp_unique_id)
{
    UNUSED(call);
    struct hf_view text = eval->facts ? hf_facts_unique_id(eval->facts) : hf_view(NULL, 0);
    return text.p ? hf_out_bytes(out, HF_TYPE_STR, text) : HF_FALSE;
}

FETCH(unique_id)
{
    UNUSED(call);
    if (!eval->facts || !eval->facts->unique_id)
        return HF_FALSE;
    return hf_out_bytes(out, HF_TYPE_STR, hf_view_cstr(eval->facts->unique_id));
}

/* ---- the connection to the server -------------------------------------------------------- */

/* There is one, or there was. */
static bool was_connected(const struct hf_eval *eval)
{
    return eval->facts && eval->facts->server && eval->facts->connect_ms >= 0;
}

FETCH(bc_dst)
{
    UNUSED(call);
    struct hf_addr addr;
    if (!was_connected(eval))
        return HF_FALSE;
    addr = hf_facts_server_address(eval->facts);
    return hf_out_addr(out, &addr);
}

FETCH(bc_dst_port)
{
    UNUSED(call);
    struct hf_addr addr;
    if (!was_connected(eval))
        return HF_FALSE;
    addr = hf_facts_server_address(eval->facts);
    return out_port(out, &addr);
}

FETCH(bc_src)
{
    UNUSED(call);
    return was_connected(eval) ? hf_out_addr(out, &eval->facts->server_local) : HF_FALSE;
}

FETCH(bc_src_port)
{
    UNUSED(call);
    return was_connected(eval) ? out_port(out, &eval->facts->server_local) : HF_FALSE;
}

/* ---- the bind ---------------------------------------------------------------------------- */

static bool is_taken(const struct hf_cfg_proxy *proxy, unsigned id)
{
    const struct hf_cfg_bind *bind;
    LL_FOREACH(proxy->binds, bind)
    {
        if (bind->id == id)
            return true;
    }
    return false;
}

/* Every port is a listener; those without a number get the free ones in their order. */
FETCH(so_id)
{
    UNUSED(call);
    const struct hf_cfg_bind *ours = eval->facts ? eval->facts->bind : NULL, *bind;
    unsigned id = 0;
    if (!ours)
        return HF_FALSE;
    uint16_t port = hf_addr_port(first_local_of(eval));
    LL_FOREACH(ours->proxy->binds, bind)
    {
        for (unsigned p = bind->port_lo; p <= bind->port_hi; p++) {
            unsigned number = bind->id;
            if (!number) {
                do
                    id++;
                while (is_taken(ours->proxy, id));
                number = id;
            }
            if (bind == ours && (p == port || p == bind->port_hi))
                return hf_out_number(out, number);
        }
    }
    return HF_FALSE;
}

FETCH(so_name)
{
    UNUSED(call);
    const struct hf_cfg_bind *bind = eval->facts ? eval->facts->bind : NULL;
    return bind && bind->name ? hf_out_text(out, bind->name) : HF_FALSE;
}

/* ---- the kernel's view ------------------------------------------------------------------- */

static bool read_tcp_info(const struct hf_eval *eval, struct tcp_info *info)
{
    socklen_t size = sizeof *info;
    memset(info, 0, sizeof *info);
    return eval->facts && eval->facts->client_fd > 0 &&
           getsockopt(eval->facts->client_fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0;
}

/* Milliseconds unless the argument is "us". */
static enum hf_truth out_time(const struct hf_conv *call, struct hf_sample *out, unsigned us)
{
    bool in_us = hf_view_is(hf_text_arg(call, 0), "us");
    return hf_out_number(out, in_us ? us : (us + 500) / 1000);
}

FETCH(fc_rtt)
{
    struct tcp_info info;
    return read_tcp_info(eval, &info) ? out_time(call, out, info.tcpi_rtt) : HF_FALSE;
}

FETCH(fc_rttvar)
{
    struct tcp_info info;
    return read_tcp_info(eval, &info) ? out_time(call, out, info.tcpi_rttvar) : HF_FALSE;
}

#define FETCH_TCP_INFO(id, field)                                                                  \
    FETCH(id)                                                                                      \
    {                                                                                              \
        struct tcp_info info;                                                                      \
        UNUSED(call);                                                                              \
        return read_tcp_info(eval, &info) ? hf_out_number(out, info.field) : HF_FALSE;             \
    }
FETCH_TCP_INFO(fc_unacked, tcpi_unacked)
FETCH_TCP_INFO(fc_sacked, tcpi_sacked)
FETCH_TCP_INFO(fc_retrans, tcpi_retrans)
FETCH_TCP_INFO(fc_fackets, tcpi_fackets)
FETCH_TCP_INFO(fc_lost, tcpi_lost)
FETCH_TCP_INFO(fc_reordering, tcpi_reordering)

/* ---- its place in a queue ---------------------------------------------------------------- */

FETCH(prio_class)
{
    UNUSED(call);
    return eval->facts ? hf_out_number(out, eval->facts->priority_class) : HF_FALSE;
}

FETCH(prio_offset)
{
    UNUSED(call);
    return eval->facts ? hf_out_number(out, eval->facts->priority_offset_ms) : HF_FALSE;
}
