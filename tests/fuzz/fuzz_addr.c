/*
 * fuzz_addr.c: what is read as an address is one, and comes back when it is written and read again.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "haftp/wire/ftp.h"

static bool is_same(const struct hf_addr *a, const struct hf_addr *b)
{
    if (a->sa.sa_family != b->sa.sa_family || a->v4.sin_port != b->v4.sin_port)
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return a->sa.sa_family == AF_UNSPEC ||
           memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

static struct hf_view without(const char *buf, size_t n, const char *prefix)
{
    size_t skip = strlen(prefix);
    HF_ASSERT(n > skip + 2 && n < HF_FTP_ADDR_LINE);
    HF_ASSERT(memcmp(buf, prefix, skip) == 0 && memcmp(buf + n - 2, "\r\n", 2) == 0);
    return hf_view(buf + skip, n - skip - 2);
}

static void check_both_ways(const struct hf_addr *addr)
{
    char buf[HF_FTP_ADDR_LINE];
    struct hf_addr back;
    size_t n = hf_ftp_format_229(ntohs(addr->v4.sin_port), buf);
    HF_ASSERT(addr->v4.sin_port != 0);
    HF_ASSERT(hf_ftp_parse_epsv_reply(without(buf, n, "229"), &back) == HF_OK);
    HF_ASSERT(back.sa.sa_family == AF_UNSPEC && back.v4.sin_port == addr->v4.sin_port);
    if (addr->sa.sa_family == AF_UNSPEC)
        return;
    n = hf_ftp_format_eprt(addr, buf);
    HF_ASSERT(hf_ftp_parse_eprt(without(buf, n, "EPRT "), &back) == HF_OK && is_same(addr, &back));
    if (addr->sa.sa_family != AF_INET)
        return;
    n = hf_ftp_format_227(addr, buf);
    HF_ASSERT(hf_ftp_parse_pasv_reply(without(buf, n, "227"), &back) == HF_OK);
    HF_ASSERT(is_same(addr, &back));
    n = hf_ftp_format_port(addr, buf);
    HF_ASSERT(hf_ftp_parse_port(without(buf, n, "PORT "), &back) == HF_OK && is_same(addr, &back));
}

/* A strict argument is also a reply that the lenient readers take, for the same address. */
static void check_as_reply(struct hf_view arg, const struct hf_addr *addr)
{
    size_t size = arg.n + 2;
    char *text = malloc(size);
    struct hf_addr back;
    HF_ASSERT(text);
    text[0] = '(';
    memcpy(text + 1, arg.p, arg.n);
    text[size - 1] = ')';
    HF_ASSERT(hf_ftp_parse_epsv_reply(hf_view(text, size), &back) == HF_OK);
    HF_ASSERT(is_same(addr, &back));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_view text = hf_view((const char *)data, size);
    struct hf_addr addr;
    if (hf_ftp_parse_pasv_reply(text, &addr) == HF_OK)
        check_both_ways(&addr);
    if (hf_ftp_parse_epsv_reply(text, &addr) == HF_OK)
        check_both_ways(&addr);
    if (hf_ftp_parse_port(text, &addr) == HF_OK) {
        check_both_ways(&addr);
        check_as_reply(text, &addr);
    }
    if (hf_ftp_parse_eprt(text, &addr) == HF_OK) {
        check_both_ways(&addr);
        check_as_reply(text, &addr);
    }
    HF_ASSERT((unsigned)hf_ftp_parse_epsv_arg(text) <= HF_EPSV_BAD);
    return 0;
}
