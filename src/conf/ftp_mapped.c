/*
 * ftp_mapped.c: data ports that are mapped by hand, one plain listen for each port of each server.
 *
 * Files in the wild do that, with servers that announce the balancer's address.  They work without
 * our help, and must go on doing so.
 */
#include "ftp_plan_int.h"
#include "haftp/conf/load.h"

/* The one host that this section's connections end at; NULL: several, or none. */
static const struct hf_addr *only_host(const struct hf_cfg_proxy *section)
{
    for (unsigned i = 1; i < section->n_reach; i++) {
        if (!hf_addr_same_host(&section->reach[i]->addr, &section->reach[0]->addr))
            return NULL;
    }
    return section->n_reach ? &section->reach[0]->addr : NULL;
}

/* A connection to this port ends at the same port of every server of the section. */
static bool keeps_port(const struct hf_cfg_proxy *section, unsigned port)
{
    for (unsigned i = 0; i < section->n_reach; i++) {
        const struct hf_cfg_server *server = section->reach[i];
        unsigned to = server->port_map == HF_PORT_FIXED ? hf_addr_port(&server->addr)
                                                        : port + (unsigned)server->port_offset;
        if (to != port)
            return false;
    }
    return true;
}

static bool is_candidate(const struct hf_cfg_proxy *control, const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_proxy *section = bind->proxy;
    const struct hf_addr *host = only_host(section);

    if (section == control || section->o.disabled || section->o.mode != HF_MODE_TCP ||
        bind->role != HF_BIND_PLAIN || !host || !keeps_port(section, bind->port_lo))
        return false;
    for (unsigned i = 0; i < control->n_reach; i++) {
        if (hf_addr_same_host(&control->reach[i]->addr, host))
            return true;
    }
    return false;
}

static unsigned collect(const struct hf_plan *plan, const struct hf_cfg_proxy *control,
                        struct hf_cfg_bind **into)
{
    struct hf_cfg_bind *bind;
    unsigned n = 0;

    for (unsigned i = 0; i < plan->n_near; i++) {
        for (bind = plan->near[i]->binds; bind; bind = bind->next) {
            if (!is_candidate(control, bind))
                continue;
            if (into)
                into[n] = bind;
            n++;
        }
    }
    return n;
}

void hf_plan_find_mapped(struct hf_plan *plan, struct hf_cfg_proxy *control)
{
    unsigned n = collect(plan, control, NULL);

    if (n == 0)
        return;
    control->mapped = hf_arena_alloc(plan->config->arena, n * sizeof *control->mapped);
    control->n_mapped = collect(plan, control, control->mapped);
}

bool hf_config_maps_port(const struct hf_cfg_proxy *control, const struct hf_cfg_server *server,
                         const struct hf_addr *host, unsigned port)
{
    for (unsigned i = 0; i < control->n_mapped; i++) {
        const struct hf_cfg_bind *bind = control->mapped[i];
        if (port < bind->port_lo || port > bind->port_hi ||
            !hf_addr_same_host(&server->addr, only_host(bind->proxy)))
            continue;
        if (hf_addr_is_any(&bind->addr) || hf_addr_same_host(&bind->addr, host))
            return true;
    }
    return false;
}
