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
    hf_diag_add(diag, HF_DIAG_WARNING, bind->loc,
                "give each of the two its own address or ports, or connections will reach the "
                "wrong one",
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
static void check_against_earlier(const struct hf_config *config, struct hf_diag *diag,
                                  const struct hf_cfg_bind *bind)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *earlier;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (earlier = proxy->binds; earlier; earlier = earlier->next) {
            if (earlier == bind)
                return;
            if (is_opened(earlier) && ports_meet(earlier, bind) && hosts_meet(earlier, bind) &&
                !is_harmless(earlier, bind)) {
                tell_conflict(diag, earlier, bind);
                return;
            }
        }
    }
}

void hf_conf_check_ports(const struct hf_config *config, struct hf_diag *diag)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next) {
            if (is_opened(bind))
                check_against_earlier(config, diag, bind);
        }
    }
}
