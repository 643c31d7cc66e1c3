/*
 * connect.c: where connections to servers come from.
 */
#include "haftp/state/connect.h"

#include <stdatomic.h>
#include <string.h>

#include "connect_int.h"
#include "haftp/net/unix.h"
#include "haftp/state/facts.h"
#include "haftp/wire/proxyproto.h"

/* A range whose ports are all taken is not searched for ever. */
#define MOST_TRIES 256u

static struct hf_buffers buffers;

void hf_server_connect_with(const struct hf_buffers *wanted)
{
    buffers = *wanted;
}

static const struct hf_cfg_source *source_of(const struct hf_cfg_server *server)
{
    return server->o.source ? server->o.source : server->proxy->o.source;
}

/* The address to connect from; true: it need not be ours. */
static bool choose_address(const struct hf_cfg_source *source, const struct hf_addr *client,
                           struct hf_addr *from)
{
    bool has_client = client && hf_addr_is_set(client);

    if (source->usesrc == HF_USESRC_ADDR) {
        *from = source->as;
        return true;
    }
    if (source->usesrc != HF_USESRC_NONE && has_client) {
        *from = *client;
        if (source->usesrc == HF_USESRC_CLIENT_IP)
            hf_addr_set_port(from, 0);
        return true;
    }
    *from = source->addr;
    return false;
}

/* Each connection begins at another port of the range. */
static enum hf_status connect_from_range(const struct hf_addr *to, struct hf_connect_opts *opts,
                                         const struct hf_cfg_source *source, int *fd_out)
{
    static _Atomic unsigned turn;
    unsigned n = source->port_hi - source->port_lo + 1u;
    unsigned first = atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed);
    enum hf_status status = HF_NOPORT;

    for (unsigned i = 0; i < n && i < MOST_TRIES; i++) {
        hf_addr_set_port(&opts->from, (uint16_t)(source->port_lo + (first + i) % n));
        status = hf_socket_connect_with(to, opts, fd_out);
        if (status != HF_NOPORT && status != HF_INUSE)
            return status;
    }
    return status;
}

enum hf_status hf_server_connect(const struct hf_cfg_server *server, const struct hf_addr *to,
                                 const struct hf_addr *client, int *fd_out)
{
    const struct hf_cfg_source *source = source_of(server);
    struct hf_connect_opts opts = {.user_timeout_ms = server->o.tcp_ut_ms, .buffers = buffers};

    if (!hf_addr_is_set(to) && server->reach != HF_REACH_INET) {
        enum hf_status status =
            hf_unix_connect(server->path, server->reach == HF_REACH_ABNS, fd_out);
        if (status == HF_OK)
            hf_socket_buffers(*fd_out, &buffers);
        return status;
    }
    if (source) {
        opts.interface = source->interface;
        opts.transparent = choose_address(source, client, &opts.from);
        if (!opts.transparent && source->port_lo)
            return connect_from_range(to, &opts, source, fd_out);
    }
    return hf_socket_connect_with(to, &opts, fd_out);
}

/* ---- the PROXY header -------------------------------------------------------------------- */

/* A check that goes elsewhere meets another program there, unless the line says that it asks for a
 * header as well. */
bool hf_server_wants_checks_introduced(const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_opts *o = &server->o;

    return o->check_send_proxy ||
           (hf_server_sends_proxy(o) && !o->check_port && !hf_addr_is_set(&o->check_addr));
}

/* A word of `proxy-v2-options`. */
static bool asks_for(const struct hf_cfg_server_opts *o, const char *word)
{
    const char *list = o->proxy_v2_options;
    size_t n = strlen(word);

    while (list && *list) {
        size_t length = strcspn(list, ",");
        if (length == n && memcmp(list, word, n) == 0)
            return true;
        list += length + (list[length] == ',');
    }
    return false;
}

#define MOST_TLVS 3u
#define HEADER_ROOM                                                                                \
    (HF_PROXYPROTO_MAX + HF_PP_AUTHORITY_MAX + HF_UNIQUE_ID_MAX + HF_PROXIED_TLS_MAX + 16u)

static bool tells_tls(const struct hf_cfg_server_opts *o)
{
    return o->send_proxy_v2_ssl || o->send_proxy_v2_ssl_cn || asks_for(o, "ssl");
}

static struct hf_pp_tlv write_tls(const struct hf_cfg_server_opts *o, const struct hf_tls *tls,
                                  char out[HF_PROXIED_TLS_MAX])
{
    const struct hf_proxied_tls_words words = {
        .cn = o->send_proxy_v2_ssl_cn || asks_for(o, "cert-cn"),
        .cipher = asks_for(o, "ssl-cipher"),
        .sig = asks_for(o, "cert-sig"),
        .key = asks_for(o, "cert-key"),
    };
    return (struct hf_pp_tlv){HF_PP_SSL, hf_view(out, hf_proxied_tls(tls, &words, out))};
}

static size_t write_header(const struct hf_cfg_server_opts *o, char *header,
                           const struct hf_introduction *client)
{
    struct hf_pp_tlv tlvs[MOST_TLVS];
    unsigned n_tlvs = 0;
    char tls[HF_PROXIED_TLS_MAX];

    if (!hf_server_sends_proxy_v2(o))
        return hf_proxyproto_v1(header, &client->from, &client->to);
    size_t n = hf_proxyproto_v2(header, &client->from, &client->to);
    if (!hf_addr_is_set(&client->from))
        return n;
    if (client->authority.p && asks_for(o, "authority"))
        tlvs[n_tlvs++] = (struct hf_pp_tlv){HF_PP_AUTHORITY, client->authority};
    if (client->unique_id && asks_for(o, "unique-id"))
        tlvs[n_tlvs++] = (struct hf_pp_tlv){HF_PP_UNIQUE_ID, hf_view_cstr(client->unique_id)};
    if (tells_tls(o))
        tlvs[n_tlvs++] = write_tls(o, client->tls, tls);
    return hf_proxyproto_extend(header, n, HEADER_ROOM, tlvs, n_tlvs, asks_for(o, "crc32c"));
}

static enum hf_status send_header(const struct hf_cfg_server *server, int fd,
                                  const struct hf_introduction *client)
{
    char header[HEADER_ROOM];
    size_t sent;
    size_t n = write_header(&server->o, header, client);
    enum hf_status status = hf_socket_send(fd, header, n, &sent);
    return status == HF_OK && sent < n ? HF_FAILED : status; /* an empty socket takes it whole */
}

enum hf_status hf_server_introduce(const struct hf_cfg_server *server, int fd,
                                   const struct hf_introduction *client)
{
    return hf_server_sends_proxy(&server->o) ? send_header(server, fd, client) : HF_OK;
}

enum hf_status hf_server_introduce_check(const struct hf_cfg_server *server, int fd)
{
    static const struct hf_introduction nobody;
    return send_header(server, fd, &nobody);
}
