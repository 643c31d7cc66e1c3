/*
 * fuzz_proxyproto.c: PROXY and NetScaler headers are read within their bytes; more bytes change
 * nothing that was told; what we write is read again.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "haftp/wire/proxyproto.h"

static enum hf_pp_read read_one(bool netscaler, struct hf_view bytes, struct hf_pp_header *out)
{
    return netscaler ? hf_netscaler_read(bytes, 7, out) : hf_proxyproto_read(bytes, out);
}

static void check_within(struct hf_view part, struct hf_view whole)
{
    HF_ASSERT(!part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

/* The first n bytes in a block of their own, so that a read beyond them is seen. */
static void check_part(bool netscaler, struct hf_view all, size_t n, enum hf_pp_read told)
{
    char *bytes = malloc(n ? n : 1);
    struct hf_pp_header part;
    HF_ASSERT(bytes);
    if (n)
        memcpy(bytes, all.p, n);
    enum hf_pp_read read = read_one(netscaler, hf_view(bytes, n), &part);
    HF_ASSERT(read == HF_PP_MORE || read == told);
    free(bytes);
}

static void check_written(const struct hf_pp_header *header)
{
    char out[HF_PROXYPROTO_MAX + 512];
    struct hf_pp_header again;
    const struct hf_pp_tlv tlvs[] = {{HF_PP_AUTHORITY, header->authority},
                                     {HF_PP_UNIQUE_ID, header->unique_id}};
    size_t n = hf_proxyproto_v2(out, &header->from, &header->to);

    if (header->authority.p && header->unique_id.p)
        n = hf_proxyproto_extend(out, n, sizeof out, tlvs, 2, true);
    HF_ASSERT(hf_proxyproto_read(hf_view(out, n), &again) == HF_PP_YES && again.n == n);
    if (header->from.sa.sa_family == header->to.sa.sa_family)
        HF_ASSERT(hf_addr_equal(&again.from, &header->from) &&
                  hf_addr_equal(&again.to, &header->to));
}

static void check(bool netscaler, struct hf_view bytes)
{
    struct hf_pp_header header;
    enum hf_pp_read told = read_one(netscaler, bytes, &header);

    if (told == HF_PP_YES) {
        HF_ASSERT(header.n <= bytes.n && header.n <= HF_PROXYPROTO_MOST);
        check_within(header.authority, hf_view(bytes.p, header.n));
        check_within(header.unique_id, hf_view(bytes.p, header.n));
        HF_ASSERT(header.authority.n <= HF_PP_AUTHORITY_MAX);
        HF_ASSERT(header.unique_id.n <= HF_PP_UNIQUE_ID_MAX);
        HF_ASSERT(hf_addr_is_set(&header.from) == hf_addr_is_set(&header.to));
        if (hf_addr_is_set(&header.from))
            check_written(&header);
    }
    check_part(netscaler, bytes, bytes.n / 2, told);
    check_part(netscaler, bytes, bytes.n ? bytes.n - 1 : 0, told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_view bytes = hf_view((const char *)data, size);

    check(false, bytes);
    check(true, bytes);
    return 0;
}
