/*
 * tls_bench.c: what a download over TLS costs whoever encrypts it, in CPU seconds per GiB.
 *
 *   tls_bench CERT.pem [GIB [ROUNDS]]      (certificate and key in one file)
 *
 *   cipher   AES-256-GCM alone, in pieces of a record: the limit
 *   simple   a server that calls SSL_write() with 16 KiB from memory, as `openssl s_server` does
 *   relay    hf_relay from a plain server's connection to a client's with TLS: it reads as well
 *
 * The client shakes hands and then discards what comes, so only the encrypting thread counts.  They
 * take turns, and the medians, least and most of the rounds are told: neighbours on the machine
 * make more difference than what is measured.
 */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "haftp/net/relay.h"
#include "pair.h"

#define RECORD_BYTES (16u << 10)
#define FILE_BYTES   (1u << 20)
#define CIPHER       "TLS_AES_256_GCM_SHA384"
#define MOST_ROUNDS  100u

static uint64_t total;
static int file_fd;
static const char *cert_file;

static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_THREAD, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double seconds_a_gib(double before)
{
    return (cpu_seconds() - before) / ((double)total / (1u << 30));
}

static void *run_client(void *arg)
{
    static char untouched[4 << 20]; /* MSG_TRUNC discards */
    int fd = *(int *)arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) != 1)
        die("handshake of the client");
    while (recv(fd, untouched, sizeof untouched, MSG_TRUNC) > 0)
        ;
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(fd);
    return NULL;
}

static void *run_source(void *arg)
{
    int fd = *(int *)arg;
    for (uint64_t left = total; left > 0;) {
        off_t at = 0;
        ssize_t n = sendfile(fd, file_fd, &at, left < FILE_BYTES ? left : FILE_BYTES);
        if (n <= 0)
            die("sendfile");
        left -= (uint64_t)n;
    }
    close(fd);
    return NULL;
}

static double measure_cipher(void)
{
    static unsigned char in[RECORD_BYTES], out[RECORD_BYTES + 64], key[32], iv[12], tag[16];
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int n;
    double before = cpu_seconds();
    EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, iv);
    for (uint64_t left = total; left > 0; left -= RECORD_BYTES) {
        EVP_EncryptInit_ex(cipher, NULL, NULL, NULL, iv);
        EVP_EncryptUpdate(cipher, out, &n, in, sizeof in);
        EVP_EncryptFinal_ex(cipher, out + n, &n);
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, sizeof tag, tag);
    }
    double spent = seconds_a_gib(before);
    EVP_CIPHER_CTX_free(cipher);
    return spent;
}

static double measure_simple(void)
{
    static char in[RECORD_BYTES];
    pthread_t client;
    int pair[2];
    connect_pair(pair);
    fcntl(pair[0], F_SETFL, 0);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, cert_file, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, CIPHER) != 1)
        die(cert_file);
    if (pthread_create(&client, NULL, run_client, &pair[1]) != 0)
        die("thread");
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, pair[0]);
    if (SSL_accept(ssl) != 1)
        die("handshake of the server");
    double before = cpu_seconds();
    for (uint64_t left = total; left > 0; left -= RECORD_BYTES)
        if (SSL_write(ssl, in, sizeof in) != sizeof in)
            die("SSL_write");
    double spent = seconds_a_gib(before);
    SSL_shutdown(ssl);
    close(pair[0]);
    pthread_join(client, NULL);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return spent;
}

static struct hf_loop *loop;

static void on_relay(struct hf_relay *relay, enum hf_relay_event event, int end,
                     enum hf_status status)
{
    if (event == HF_RELAY_BROKEN) {
        fprintf(stderr, "end %d broke: %s\n", end, hf_status_text(status));
        exit(1);
    }
    if (event == HF_RELAY_EOF) {
        hf_relay_close(relay, 0);
        hf_loop_stop(loop);
    }
}

static double measure_relay(void)
{
    struct hf_tls_cert cert = {.file = cert_file};
    struct hf_tls_settings settings = {
        .server = true, .certs = &cert, .n_certs = 1, .ciphersuites = CIPHER};
    char why[HF_TLS_WHY_BYTES];
    struct hf_tls_ctx *ctx;
    struct hf_tls *tls;
    struct hf_relay relay;
    pthread_t client, source;
    int front[2], back[2];
    if (hf_tls_ctx_new(&settings, why, &ctx) != HF_OK)
        die(why);
    loop = hf_loop_new();
    connect_pair(front);
    connect_pair(back);
    hf_relay_init(&relay, true, on_relay);
    if (!loop || hf_tls_new(ctx, NULL, &tls) != HF_OK ||
        hf_relay_attach(&relay, HF_FRONT, loop, front[0]) != HF_OK ||
        hf_relay_attach(&relay, HF_BACK, loop, back[0]) != HF_OK)
        die("attach");
    hf_relay_secure(&relay, HF_FRONT, tls);
    hf_relay_start(&relay);
    if (pthread_create(&client, NULL, run_client, &front[1]) != 0 ||
        pthread_create(&source, NULL, run_source, &back[1]) != 0)
        die("thread");
    double before = cpu_seconds();
    hf_loop_run(loop);
    double spent = seconds_a_gib(before);
    pthread_join(client, NULL);
    pthread_join(source, NULL);
    hf_loop_free(loop);
    hf_tls_ctx_put(ctx);
    return spent;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const char *name, double *seconds, unsigned n)
{
    qsort(seconds, n, sizeof *seconds, by_size);
    printf("%-7s %.3f (%.3f-%.3f) CPU s/GiB\n", name, seconds[n / 2], seconds[0], seconds[n - 1]);
}

int main(int argc, char **argv)
{
    double gib = argc > 2 ? atof(argv[2]) : 1;
    unsigned rounds = argc > 3 ? (unsigned)atoi(argv[3]) : 9;
    double cipher[MOST_ROUNDS], simple[MOST_ROUNDS], relay[MOST_ROUNDS];
    if (argc < 2 || gib <= 0 || rounds == 0 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "usage: tls_bench CERT.pem [GIB [ROUNDS]], %u rounds at most\n",
                MOST_ROUNDS);
        return 2;
    }
    cert_file = argv[1];
    total = (uint64_t)(gib * (1u << 30)) / RECORD_BYTES * RECORD_BYTES;
    file_fd = memfd_create("tls_bench", MFD_CLOEXEC);
    if (file_fd < 0 || ftruncate(file_fd, FILE_BYTES) != 0)
        die("memfd");
    for (unsigned i = 0; i < rounds; i++) {
        cipher[i] = measure_cipher();
        simple[i] = measure_simple();
        relay[i] = measure_relay();
    }
    tell("cipher", cipher, rounds);
    tell("simple", simple, rounds);
    tell("relay", relay, rounds);
    return 0;
}
