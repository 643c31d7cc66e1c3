/*
 * fuzz_expr.c: an expression or a condition, evaluated over bytes that come in two parts.
 *
 * The first line is the text, "if ..." for a condition; what follows are the bytes.  Nothing is
 * missing when the wait is over.  An expression's value stays as it was told of the first part; a
 * condition is true as soon as what has come makes it so, and the end of the wait changes nothing
 * about what was decided.
 */
#include "fuzz.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "haftp/conf/load.h"
#include "haftp/rules/eval.h"

/* Nobody's name server is asked: every host name is unknown here. */
int getaddrinfo(const char *restrict node, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
    (void)node, (void)service, (void)hints, (void)result;
    return EAI_NONAME;
}

struct subject {
    struct hf_config *config;
    const struct hf_expr *expr; /* or a condition */
    const struct hf_cond *cond;
};

/* ---- reading ------------------------------------------------------------------------------ */

static bool read_expr(struct subject *s, const char *text, struct hf_diag *diag)
{
    char *format;
    struct hf_arena *arena = hf_arena_new();
    s->config = HF_NEW(arena, struct hf_config);
    s->config->arena = arena;
    HF_ASSERT(asprintf(&format, "%%[%s]", text) > 0);
    const struct hf_format *read = hf_format_new(s->config, diag, format);
    free(format);
    s->expr = read && read->pieces ? read->pieces->expr : NULL;
    return s->expr;
}

static bool read_cond(struct subject *s, const char *text, struct hf_diag *diag)
{
    char path[64];
    const char *const paths[] = {path};
    int fd = memfd_create("config", MFD_CLOEXEC);
    HF_ASSERT(fd >= 0);
    dprintf(fd,
            "listen a\n bind 127.0.0.1:2121\n server b 127.0.0.1:21\n"
            " tcp-request content accept %s\n",
            text);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    s->config = hf_config_load(paths, 1, diag);
    close(fd);
    const struct hf_cfg_rule *rule = s->config ? s->config->proxies->rules[HF_RULES_REQUEST] : NULL;
    s->cond = rule ? rule->cond : NULL;
    return s->cond;
}

/* ---- evaluating --------------------------------------------------------------------------- */

struct answer {
    enum hf_truth truth;
    struct hf_sample sample;
    char bytes[HF_EVAL_SCRATCH];
};

/* Nothing that differs from one moment to the next. */
static bool is_steady(const char *text)
{
    static const char *const words[] = {"rand", "date", "uuid", "var", "hostname"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(text, words[i]))
            return false;
    }
    return true;
}

static void evaluate(const struct subject *s, const char *bytes, size_t n, bool final,
                     struct answer *out)
{
    static const struct hf_facts nobody;
    struct hf_vars *vars = NULL;
    struct hf_eval eval;
    char *exact = malloc(n ? n : 1); /* so that a read beyond the bytes is seen */

    HF_ASSERT(exact);
    if (n)
        memcpy(exact, bytes, n);
    hf_eval_init(&eval, NULL, &nobody);
    eval.vars = &vars;
    eval.request = eval.response = hf_view(exact, n);
    eval.final = final;
    memset(out, 0, sizeof *out);
    out->truth =
        s->expr ? hf_expr_eval(s->expr, &eval, &out->sample) : hf_cond_eval(s->cond, &eval);
    if (s->expr && out->truth == HF_TRUE && hf_sample_cast(&out->sample, HF_TYPE_BIN, &eval)) {
        size_t some =
            out->sample.bytes.n < sizeof out->bytes ? out->sample.bytes.n : sizeof out->bytes;
        if (some)
            memcpy(out->bytes, out->sample.bytes.p, some);
        out->sample.bytes.n = some;
    }
    hf_vars_free(&vars);
    free(exact);
}

static void check(const struct subject *s, const char *bytes, size_t n, bool steady)
{
    static struct answer part, all;
    evaluate(s, bytes, n / 2, false, &part);
    evaluate(s, bytes, s->cond ? n / 2 : n, true, &all);
    HF_ASSERT(all.truth != HF_MISSING);
    if (!steady || part.truth == HF_MISSING)
        return;
    HF_ASSERT(part.truth == all.truth);
    HF_ASSERT(part.sample.bytes.n == all.sample.bytes.n);
    HF_ASSERT(memcmp(part.bytes, all.bytes, part.sample.bytes.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t n = end ? (size_t)(end - data) : size;
    size_t n_bytes = end ? size - n - 1 : 0;
    char *text = strndup((const char *)data, n);
    struct subject subject = {0};

    HF_ASSERT(text);
    if (strstr(text, "map") || strstr(text, "-f")) { /* no files */
        free(text);
        return 0;
    }
    struct hf_diag *diag = hf_diag_new();
    bool is_cond = strncmp(text, "if ", 3) == 0 || strncmp(text, "unless ", 7) == 0;
    if (is_cond ? read_cond(&subject, text, diag) : read_expr(&subject, text, diag))
        check(&subject, (const char *)data + size - n_bytes, n_bytes, is_steady(text));
    hf_config_free(subject.config);
    hf_diag_free(diag);
    hf_vars_process_free();
    free(text);
    return 0;
}
