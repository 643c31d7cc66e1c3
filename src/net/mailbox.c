/*
 * mailbox.c: mail from other threads.
 *
 * Senders push on a lock-free stack; the loop takes the whole stack at once and turns it round, so
 * mail of one sender arrives in the order it was sent.
 */
#include "haftp/base/assert.h"
#include "loop_int.h"

static struct hf_mail *take_in_order(struct hf_loop *loop)
{
    struct hf_mail *newest = atomic_exchange_explicit(&loop->mail, NULL, memory_order_acquire);
    struct hf_mail *ordered = NULL;
    while (newest) {
        struct hf_mail *mail = newest;
        newest = mail->next;
        mail->next = ordered;
        ordered = mail;
    }
    return ordered;
}

bool hf_mail_deliver(struct hf_loop *loop)
{
    struct hf_mail *mail = take_in_order(loop);
    bool any = mail != NULL;
    while (mail) {
        struct hf_mail *next = mail->next;
        mail->fn(mail); /* may free it */
        mail = next;
    }
    return any;
}

static void on_bell(uv_async_t *handle)
{
    hf_mail_deliver(handle->data);
}

enum hf_status hf_mail_setup(struct hf_loop *loop)
{
    int err = uv_async_init(&loop->uv, &loop->mail_bell, on_bell);
    loop->mail_bell.data = loop;
    return hf_status_from_errno(-err);
}

void hf_mail_post_mt(struct hf_loop *loop, struct hf_mail *mail)
{
    struct hf_mail *newest = atomic_load_explicit(&loop->mail, memory_order_relaxed);
    do {
        mail->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&loop->mail, &newest, mail,
                                                    memory_order_release, memory_order_relaxed));
    /* Whoever found the box empty rings; mail on top of it is taken by the same ring. */
    if (!newest)
        HF_ASSERT(uv_async_send(&loop->mail_bell) == 0);
}
