/*
 * ftp_index.c: the sections that a control section may have to do with, by cookie and by host, so
 * that a file of thousands of sections is not compared section by section.
 */
#include <stdlib.h>

#include "ftp_plan_int.h"

struct hf_plan_host {
    uint32_t host; /* hf_addr_hash_host() of its first real server */
    struct hf_cfg_proxy *section;
};

/* ---- making it --------------------------------------------------------------------------- */

static void add_cookie(struct hf_plan *plan, struct hf_cfg_proxy *section)
{
    const char *cookie = hf_plan_cookie(section);
    struct hf_plan_peer *peer, *first;

    if (!cookie || !hf_plan_is_range_section(section))
        return;
    peer = HF_NEW(plan->config->arena, struct hf_plan_peer);
    peer->section = section;
    peer->last = peer;
    first = hf_names_find(&plan->cookies, cookie);
    if (first)
        first->last = first->last->next = peer;
    else
        hf_names_add(&plan->cookies, plan->config->arena, cookie, peer);
}

static bool has_plain_bind(const struct hf_cfg_proxy *section)
{
    const struct hf_cfg_bind *bind;

    for (bind = section->binds; bind; bind = bind->next) {
        if (bind->role == HF_BIND_PLAIN)
            return true;
    }
    return false;
}

static void add_host(struct hf_plan *plan, struct hf_cfg_proxy *section)
{
    for (unsigned i = 0; i < section->n_reach; i++) {
        if (!hf_plan_is_placeholder(section->reach[i])) {
            plan->hosts[plan->n_hosts++] =
                (struct hf_plan_host){hf_addr_hash_host(&section->reach[i]->addr), section};
            return;
        }
    }
}

static int compare_hosts(const void *one, const void *two)
{
    const struct hf_plan_host *a = one, *b = two;
    return a->host < b->host ? -1 : a->host > b->host;
}

void hf_plan_index_cookies(struct hf_plan *plan)
{
    struct hf_cfg_proxy *section;

    for (section = plan->config->proxies; section; section = section->next)
        add_cookie(plan, section);
}

void hf_plan_index_hosts(struct hf_plan *plan, bool only_ranges)
{
    struct hf_arena *arena = plan->config->arena;
    size_t n = plan->config->n_proxies + 1;
    struct hf_cfg_proxy *section;

    plan->n_hosts = 0;
    plan->hosts = hf_arena_alloc(arena, n * sizeof *plan->hosts);
    plan->near = hf_arena_alloc(arena, n * sizeof(struct hf_cfg_proxy *));
    plan->near_to = hf_arena_alloc(arena, n * sizeof *plan->near_to);
    for (section = plan->config->proxies; section; section = section->next) {
        if (has_plain_bind(section) && (!only_ranges || hf_plan_is_range_section(section)))
            add_host(plan, section);
    }
    if (plan->n_hosts > 0)
        qsort(plan->hosts, plan->n_hosts, sizeof *plan->hosts, compare_hosts);
}

/* ---- asking it --------------------------------------------------------------------------- */

static unsigned first_at(const struct hf_plan *plan, uint32_t host)
{
    unsigned low = 0, high = plan->n_hosts;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (plan->hosts[middle].host < host)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int compare_places(const void *one, const void *two)
{
    const struct hf_cfg_proxy *const *a = one, *const *b = two;
    return (*a)->id < (*b)->id ? -1 : (*a)->id > (*b)->id;
}

void hf_plan_find_near(struct hf_plan *plan, const struct hf_cfg_proxy *control)
{
    plan->n_near = 0;
    for (unsigned i = 0; i < control->n_reach; i++) {
        uint32_t host = hf_addr_hash_host(&control->reach[i]->addr);
        for (unsigned h = first_at(plan, host); h < plan->n_hosts && plan->hosts[h].host == host;
             h++) {
            struct hf_cfg_proxy *section = plan->hosts[h].section;
            if (plan->near_to[section->id] == control->id)
                continue; /* found by another server */
            plan->near_to[section->id] = control->id;
            plan->near[plan->n_near++] = section;
        }
    }
    if (plan->n_near > 0)
        qsort(plan->near, plan->n_near, sizeof(struct hf_cfg_proxy *), compare_places);
}
