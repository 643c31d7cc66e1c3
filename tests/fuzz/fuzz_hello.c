/*
 * fuzz_hello.c: a TLS hello is read within its bytes, and what more bytes cannot change they do
 * not.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "haftp/wire/tls.h"

static void check_within(struct hf_view part, struct hf_view whole)
{
    HF_ASSERT(!part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static bool same(struct hf_view a, struct hf_view b)
{
    return !a.p == !b.p && hf_view_eq(a, b);
}

/* The first n bytes in a block of their own, so that a read beyond them is seen. */
static void check_part(struct hf_view all, size_t n, enum hf_tls_read read_all,
                       const struct hf_tls_hello *hello)
{
    char *bytes = malloc(n ? n : 1);
    struct hf_tls_hello part;
    HF_ASSERT(bytes);
    if (n)
        memcpy(bytes, all.p, n);
    enum hf_tls_read read = hf_tls_client_hello(hf_view(bytes, n), &part);
    HF_ASSERT(read == HF_TLS_MORE || read == read_all);
    if (read == HF_TLS_YES) {
        HF_ASSERT(part.major == hello->major && part.minor == hello->minor);
        HF_ASSERT(same(part.sni, hello->sni) && same(part.alpn, hello->alpn));
        HF_ASSERT(same(part.ticket, hello->ticket) && part.has_groups == hello->has_groups);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_view bytes = hf_view((const char *)data, size);
    struct hf_tls_hello hello;
    unsigned type = 0;
    enum hf_tls_read read = hf_tls_client_hello(bytes, &hello);
    enum hf_tls_read message = hf_tls_hello_type(bytes, &type);

    check_within(hello.sni, bytes);
    check_within(hello.alpn, bytes);
    check_within(hello.ticket, bytes);
    /* Only what is in the message can make it no client's hello. */
    HF_ASSERT(read == message || (read == HF_TLS_NO && message == HF_TLS_YES));
    HF_ASSERT(read != HF_TLS_YES || type == 1);
    check_part(bytes, size / 2, read, &hello);
    check_part(bytes, size ? size - 1 : 0, read, &hello);
    return 0;
}
