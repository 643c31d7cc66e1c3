/*
 * warmup.c: `slowstart`.
 */
#include "check_int.h"

/* A slow start goes in about so many steps, but not more often than each so many ms: each step
 * makes the section's algorithm look at its servers again. */
#define STEPS   20u
#define STEP_MS 100u

void hf_warmup_init(struct hf_warmup *warmup, struct hf_runtime *runtime, struct hf_loop *loop)
{
    warmup->runtime = runtime;
    warmup->loop = loop;
}

static bool is_warming(const struct hf_server *server)
{
    return server->cfg->o.slowstart_ms && hf_server_is_up_mt(server) &&
           atomic_load_explicit(&server->warmth, memory_order_relaxed) < 100;
}

static void warm(struct hf_server *server, uint64_t now_ms)
{
    if (server->warm_from_ms == 0)
        server->warm_from_ms = now_ms;
    uint64_t percent = 100 * (now_ms - server->warm_from_ms) / server->cfg->o.slowstart_ms;
    hf_server_warm_mt(server, percent < 100 ? (unsigned)percent : 100);
}

static void on_step(struct hf_timer *timer)
{
    struct hf_warmup *warmup = HF_CONTAINER(timer, struct hf_warmup, timer);
    const struct hf_runtime *runtime = warmup->runtime;
    uint64_t now_ms = hf_loop_now(warmup->loop);
    unsigned shortest = UINT32_MAX;

    for (unsigned i = 0; i < runtime->n_proxies; i++) {
        for (unsigned k = 0; k < runtime->proxies[i]->n_servers; k++) {
            struct hf_server *server = runtime->proxies[i]->servers[k];
            if (is_warming(server))
                warm(server, now_ms);
            if (!is_warming(server))
                server->warm_from_ms = 0;
            else if (server->cfg->o.slowstart_ms < shortest)
                shortest = server->cfg->o.slowstart_ms;
        }
    }
    if (shortest != UINT32_MAX)
        hf_loop_timer(warmup->loop, timer, shortest / STEPS > STEP_MS ? shortest / STEPS : STEP_MS,
                      on_step);
}

void hf_warmup_begin(struct hf_warmup *warmup)
{
    hf_loop_timer(warmup->loop, &warmup->timer, 0, on_step);
}

void hf_warmup_end(struct hf_warmup *warmup)
{
    hf_loop_timer_cancel(warmup->loop, &warmup->timer);
}
