/*
 * check_ports.c: binds that stand in each other's way, when one of them carries FTP.
 *
 * Two plain binds may share a port, as in HAProxy.  An FTP bind should not: a control connection
 * that ends in a plain section is not inspected, and a data connection that does is lost.  It is a
 * warning all the same: the kernel lets both be opened, and HAProxy accepts it.
 */
#include <stdio.h>
#include <string.h>

#include "conf_int.h"
#include "ends/bind_index.h"
#include "ftp_plan_int.h"

static bool ports_meet(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    return a->port_lo <= b->port_hi && b->port_lo <= a->port_hi;
}

static bool hosts_meet(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    if (a->interface && b->interface && strcmp(a->interface, b->interface) != 0)
        return false;
    return hf_addr_same_host(&a->addr, &b->addr) || hf_plan_is_wildcard_for(a, b) ||
           hf_plan_is_wildcard_for(b, a);
}

/* The kernel deals connections out to the two at random.  Not so where
 * one control address lies within the other: the narrower one is preferred.  Nor for sure when
 * families differ: what `:::21` takes of IPv4 is the system's choice as well. */
static bool is_certain(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    if (a->addr.sa.sa_family != b->addr.sa.sa_family)
        return false;
    return a->role == HF_BIND_DATA || b->role == HF_BIND_DATA ||
           hf_addr_same_host(&a->addr, &b->addr);
}

/* `bind :21` and `bind :::21` of one section do the same: it does not matter which one is hit. */
static bool is_harmless(const struct hf_cfg_bind *a, const struct hf_cfg_bind *b)
{
    if (a->role == HF_BIND_PLAIN && b->role == HF_BIND_PLAIN)
        return true;
    return a->proxy == b->proxy && a->role == b->role && !is_certain(a, b);
}

static const char *describe_role(const struct hf_cfg_bind *bind)
{
    static const char *const roles[] = {
        [HF_BIND_PLAIN] = "plain TCP",
        [HF_BIND_CONTROL] = "FTP control",
        [HF_BIND_DATA] = "FTP data",
    };

    return roles[bind->role];
}

static void tell_conflict(struct hf_diag *diag, const struct hf_cfg_bind *earlier,
                          const struct hf_cfg_bind *bind)
{
    unsigned lo = bind->port_lo > earlier->port_lo ? bind->port_lo : earlier->port_lo;
    unsigned hi = bind->port_hi < earlier->port_hi ? bind->port_hi : earlier->port_hi;
    char ports[sizeof "ports 65535-65535"];

    snprintf(ports, sizeof ports, lo == hi ? "port %hu" : "ports %hu-%hu", (unsigned short)lo,
             (unsigned short)hi);
    hf_diag_add(diag, HF_DIAG_ADVICE, bind->loc,
                "give each of the two its own address or ports: the start may fail here, or "
                "connections will reach the wrong one",
                "%s of bind '%s' (%s of '%s') %s taken by bind '%s' (%s of '%s') at [%s:%d] as "
                "well.",
                ports, bind->text, describe_role(bind), bind->proxy->name, lo == hi ? "is" : "are",
                earlier->text, describe_role(earlier), earlier->proxy->name,
                earlier->loc.source ? earlier->loc.source->name : "?", earlier->loc.line);
}

/* ---- pairs ------------------------------------------------------------------------------- */

static bool is_opened(const struct hf_cfg_bind *bind)
{
    return !bind->shared_with && !bind->proxy->o.disabled;
}

/* The first conflict tells enough: one message a bind. */
struct conflicts {
    const struct hf_bind_at **earlier; /* by place of the later bind */
};

static void note(struct conflicts *c, const struct hf_bind_at *one, const struct hf_bind_at *two)
{
    const struct hf_bind_at *earlier = one->place < two->place ? one : two;
    const struct hf_bind_at **known =
        &c->earlier[one->place < two->place ? two->place : one->place];

    if (!*known || (*known)->place > earlier->place)
        *known = earlier;
}

static void compare_at(struct conflicts *c, const struct hf_bind_index *index,
                       const struct hf_bind_at *one, uint32_t host)
{
    unsigned i;

    HF_FOR_BINDS_AT(index, host, one->bind->port_lo, one->bind->port_hi, i)
    {
        const struct hf_bind_at *two = &index->at[i - 1];
        if (two != one && !is_harmless(one->bind, two->bind) && is_opened(two->bind) &&
            ports_meet(one->bind, two->bind) && hosts_meet(one->bind, two->bind))
            note(c, one, two);
    }
}

/* With those of its own host and with those that listen everywhere; these need not look for it. */
static void compare(struct conflicts *c, const struct hf_bind_index *index,
                    const struct hf_bind_at *one)
{
    const struct hf_addr every[] = {{.v4.sin_family = AF_INET}, {.v6.sin6_family = AF_INET6}};

    compare_at(c, index, one, one->host);
    for (unsigned i = 0; i < sizeof every / sizeof every[0]; i++) {
        uint32_t host = hf_addr_hash_host(&every[i]);
        if (host != one->host)
            compare_at(c, index, one, host);
    }
}

void hf_conf_check_ports(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_bind_index index = hf_bind_index_new(config);
    struct conflicts c = {
        hf_arena_alloc(config->arena, index.n_binds * sizeof(const struct hf_bind_at *))};
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;
    unsigned place = 0;

    for (unsigned i = 0; i < index.n; i++) {
        if (is_opened(index.at[i].bind))
            compare(&c, &index, &index.at[i]);
    }
    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next, place++) {
            if (c.earlier[place])
                tell_conflict(diag, c.earlier[place]->bind, bind);
        }
    }
}
