/*
 * vars.c: the variables of log formats: a function for each row of grammar/rows/samples/alias.def.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "format_int.h"
#include "haftp/base/addr.h"
#include "haftp/net/tls.h"
#include "haftp/state/runtime.h"
#include "stamp_int.h"

#define ROW_FUNCTION(name) static void put_##name(struct hf_log_out *out, const struct hf_facts *f)

/* ---- helpers ----------------------------------------------------------------------------- */

static void put_hex(struct hf_log_out *out, const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hf_log_printf(out, "%02X", bytes[i]);
}

static void put_host(struct hf_log_out *out, const struct hf_addr *addr)
{
    char text[HF_ADDR_TEXT_SIZE];
    if (!hf_addr_is_set(addr))
        hf_log_put_text(out, "-");
    else if (!(out->flags & HF_FORMAT_HEX))
        hf_log_put_text(out, hf_addr_host_text(addr, text));
    else if (addr->sa.sa_family == AF_INET)
        put_hex(out, (const unsigned char *)&addr->v4.sin_addr, 4);
    else
        put_hex(out, (const unsigned char *)&addr->v6.sin6_addr, 16);
}

/* With +X: at least this many hexadecimal digits. */
static void put_number(struct hf_log_out *out, uint64_t number, int hex_digits)
{
    if (out->flags & HF_FORMAT_HEX)
        hf_log_printf(out, "%0*" PRIX64, hex_digits, number);
    else
        hf_log_printf(out, "%" PRIu64, number);
}

static void put_port(struct hf_log_out *out, const struct hf_addr *addr)
{
    if (hf_addr_is_set(addr))
        put_number(out, hf_addr_port(addr), 4);
    else
        hf_log_put_text(out, "-");
}

static void put_count(struct hf_log_out *out, const _Atomic unsigned *counter)
{
    hf_log_printf(out, "%u", atomic_load_explicit(counter, memory_order_relaxed));
}

static time_t accepted_second(const struct hf_facts *f)
{
    return (time_t)(f->accepted_us / 1000000);
}

static unsigned accepted_millisecond(const struct hf_facts *f)
{
    return (unsigned)(f->accepted_us / 1000 % 1000);
}

/* A line that is written before the session's end says so by a plus sign. */
static const char *plus(const struct hf_facts *f)
{
    return f->frontend->cfg->o.logasap ? "+" : "";
}

/* ---- rows -------------------------------------------------------------------------------- */

ROW_FUNCTION(B)
{
    hf_log_printf(out, "%s%" PRIu64, plus(f), f->bytes_out);
}

ROW_FUNCTION(U)
{
    hf_log_printf(out, "%s%" PRIu64, plus(f), f->bytes_in);
}

ROW_FUNCTION(H)
{
    (void)f;
    char name[256];
    if (gethostname(name, sizeof name) != 0)
        name[0] = '\0';
    name[sizeof name - 1] = '\0';
    hf_log_put_text(out, name);
}

ROW_FUNCTION(zero)
{
    (void)f;
    hf_log_put(out, "0", 1);
}

ROW_FUNCTION(T)
{
    const char *text = hf_stamp(HF_STAMP_GMT, accepted_second(f));
    hf_log_put(out, text, strlen(text));
}

ROW_FUNCTION(Tl)
{
    const char *text = hf_stamp(HF_STAMP_ZONED, accepted_second(f));
    hf_log_put(out, text, strlen(text));
}

ROW_FUNCTION(t)
{
    hf_log_printf(out, "%s.%03u", hf_stamp(HF_STAMP_LOCAL, accepted_second(f)),
                  accepted_millisecond(f));
}

ROW_FUNCTION(Ts)
{
    put_number(out, (uint64_t)accepted_second(f), 4);
}

ROW_FUNCTION(ms)
{
    if (out->flags & HF_FORMAT_HEX)
        hf_log_printf(out, "%02X", accepted_millisecond(f));
    else
        hf_log_printf(out, "%03u", accepted_millisecond(f));
}

ROW_FUNCTION(Tw)
{
    hf_log_printf(out, "%d", f->queue_ms);
}

ROW_FUNCTION(Tc)
{
    hf_log_printf(out, "%d", f->connect_ms);
}

ROW_FUNCTION(Td)
{
    int32_t before = f->connect_ms + (f->queue_ms > 0 ? f->queue_ms : 0);
    hf_log_printf(out, "%d", f->connect_ms < 0 ? -1 : f->total_ms - before);
}

ROW_FUNCTION(Tt)
{
    hf_log_printf(out, "%s%d", plus(f), f->total_ms);
}

ROW_FUNCTION(ac)
{
    put_count(out, &f->frontend->runtime->sessions);
}

ROW_FUNCTION(fc)
{
    put_count(out, &f->frontend->sessions_front);
}

ROW_FUNCTION(bc)
{
    if (f->backend)
        put_count(out, &f->backend->sessions_back);
    else
        hf_log_put(out, "0", 1);
}

ROW_FUNCTION(sc)
{
    if (f->server)
        put_count(out, &f->server->sessions);
    else
        hf_log_put(out, "0", 1);
}

ROW_FUNCTION(rc)
{
    hf_log_printf(out, "%s%u", f->redispatched ? "+" : "", f->retries);
}

ROW_FUNCTION(sq)
{
    hf_log_printf(out, "%" PRIu32, f->srv_queue);
}

ROW_FUNCTION(bq)
{
    hf_log_printf(out, "%" PRIu32, f->be_queue);
}

ROW_FUNCTION(f)
{
    hf_log_put_text(out, f->frontend->cfg->name);
}

ROW_FUNCTION(b)
{
    hf_log_put_text(out, (f->backend ? f->backend : f->frontend)->cfg->name);
}

ROW_FUNCTION(s)
{
    hf_log_put_text(out, f->server ? f->server->cfg->name : "<NOSRV>");
}

ROW_FUNCTION(sk)
{
    const char *cookie = f->server ? f->server->cfg->o.cookie : NULL;
    hf_log_put_text(out, cookie ? cookie : "-");
}

/* A client that came by a unix socket has no address: HAProxy prints "unix" and the listener's
 * number for both ends. */
static bool came_by_unix_socket(const struct hf_facts *f)
{
    return f->bind && !hf_addr_is_set(&f->client) && !hf_addr_is_set(&f->local);
}

static void put_end_host(struct hf_log_out *out, const struct hf_facts *f,
                         const struct hf_addr *addr)
{
    if (came_by_unix_socket(f))
        hf_log_put_text(out, "unix");
    else
        put_host(out, addr);
}

static void put_end_port(struct hf_log_out *out, const struct hf_facts *f,
                         const struct hf_addr *addr)
{
    if (came_by_unix_socket(f))
        put_number(out, f->bind->number, 4);
    else
        put_port(out, addr);
}

ROW_FUNCTION(ci)
{
    put_end_host(out, f, &f->client);
}

ROW_FUNCTION(cp)
{
    put_end_port(out, f, &f->client);
}

ROW_FUNCTION(fi)
{
    put_end_host(out, f, &f->local);
}

ROW_FUNCTION(fp)
{
    put_end_port(out, f, &f->local);
}

ROW_FUNCTION(si)
{
    struct hf_addr addr = hf_facts_server_address(f);
    put_host(out, &addr);
}

ROW_FUNCTION(sp)
{
    struct hf_addr addr = hf_facts_server_address(f);
    put_port(out, &addr);
}

ROW_FUNCTION(bi)
{
    put_host(out, &f->server_local);
}

ROW_FUNCTION(bp)
{
    put_port(out, &f->server_local);
}

ROW_FUNCTION(ts)
{
    char letters[3];
    hf_termination(f, letters);
    hf_log_put(out, letters, 2);
}

ROW_FUNCTION(lc)
{
    (void)f;
    hf_log_printf(out, "%u", out->line_number);
}

ROW_FUNCTION(rt)
{
    put_number(out, atomic_load(&f->frontend->runtime->sessions_total), 4);
}

ROW_FUNCTION(pid)
{
    (void)f;
    put_number(out, (uint64_t)getpid(), 4);
}

/* ---- TLS ---------------------------------------------------------------------------------- */

ROW_FUNCTION(ft)
{
    put_f(out, f);
    if (f->front_tls)
        hf_log_put_text(out, "~");
}

ROW_FUNCTION(sslc)
{
    hf_log_put_text(out, f->front_tls && hf_tls_is_ready(f->front_tls) ? hf_tls_cipher(f->front_tls)
                                                                       : "-");
}

ROW_FUNCTION(sslv)
{
    hf_log_put_text(
        out, f->front_tls && hf_tls_is_ready(f->front_tls) ? hf_tls_version(f->front_tls) : "-");
}

/* ---- what TCP mode does not have, or has under two names ---------------------------------- */

ROW_FUNCTION(nothing)
{
    (void)out;
    (void)f;
}

ROW_FUNCTION(ID)
{
    hf_log_put_text(out, f->unique_id ? f->unique_id : "");
}

#define put_ST  put_zero
#define put_Th  put_zero
#define put_Tu  put_Tt
#define put_hr  put_nothing
#define put_hrl put_nothing
#define put_hs  put_nothing
#define put_hsl put_nothing

hf_log_alias_fn *const hf_log_aliases[] = {
#define HF_ALIAS(id, word, help) [HF_ALIAS_##id] = put_##id,
#include "../../grammar/rows/samples/alias.def"
};
