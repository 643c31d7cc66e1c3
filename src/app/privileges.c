/*
 * privileges.c: chroot, group, user, and the little that is kept of root.
 */
#include "app_int.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "haftp/base/diag.h"

/* `name` NULL: `what` says all. */
static bool failed(struct hf_loc loc, const char *what, const char *name)
{
    bool denied = errno == EPERM || errno == EACCES;
    const char *why = strerror(errno);

    app_refuse(loc, denied ? "start haftp as root, or take the line out" : NULL,
               name ? "cannot %s '%s': %s." : "cannot %s%s: %s.", what, name ? name : "", why);
    return false;
}

/* A name, or where the line has a number (NULL) that. */
static bool failed_id(struct hf_loc loc, const char *what, const char *name, unsigned id)
{
    char text[16];
    int error = errno;

    snprintf(text, sizeof text, "%u", id);
    errno = error;
    return failed(loc, what, name ? name : text);
}

/* ---- what is kept -------------------------------------------------------------------------- */

#define BIT(capability) (1u << (capability))

/* Active mode connects from the port below the control port (RFC 959 3.2): 20, where that is 21. */
static bool connects_from_low_ports(const struct hf_config *config)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_bind *bind;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (bind = proxy->binds; bind; bind = bind->next) {
            if (bind->role == HF_BIND_CONTROL && bind->port_lo <= 1024 && !proxy->o.disabled &&
                !proxy->o.ftp_active_denied)
                return true;
        }
    }
    return false;
}

static bool is_foreign(const struct hf_cfg_source *source)
{
    return source && source->usesrc != HF_USESRC_NONE;
}

static bool is_low(const struct hf_cfg_source *source)
{
    return source && source->port_lo && source->port_lo < 1024;
}

/* `source` of this kind, in a section or on a server. */
static bool has_source(const struct hf_config *config,
                       bool (*is_one)(const struct hf_cfg_source *source))
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_server *server;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        if (is_one(proxy->o.source))
            return true;
        for (server = proxy->servers; server; server = server->next) {
            if (is_one(server->o.source))
                return true;
        }
    }
    return false;
}

/* set-mark */
static bool marks_packets(const struct hf_config *config)
{
    const struct hf_cfg_proxy *proxy;
    const struct hf_cfg_rule *rule;

    for (proxy = config->proxies; proxy; proxy = proxy->next) {
        for (int set = 0; set < HF_N_RULE_SETS; set++) {
            for (rule = proxy->rules[set]; rule; rule = rule->next) {
                if (rule->action == HF_RULE_SET_MARK)
                    return true;
            }
        }
    }
    return false;
}

/* See capabilities(7). */
static unsigned needed_capabilities(const struct hf_config *config)
{
    unsigned needed = 0;

    if (connects_from_low_ports(config) || has_source(config, is_low))
        needed |= BIT(CAP_NET_BIND_SERVICE);
    if (has_source(config, is_foreign))
        needed |= BIT(CAP_NET_RAW);
    if (marks_packets(config))
        needed |= BIT(CAP_NET_ADMIN);
    return needed;
}

/* Takes all but these away.  A kernel that refuses leaves us without: then active mode connects
 * from any port. */
static void limit_capabilities(unsigned kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {.permitted = kept, .effective = kept}};

    (void)!syscall(SYS_capset, &header, data);
    prctl(PR_SET_KEEPCAPS, 0);
}

/* ---- the way down -------------------------------------------------------------------------- */

bool app_drop_privileges(const struct hf_config *config)
{
    const struct hf_cfg_global *global = &config->global;
    unsigned kept = global->set_uid && geteuid() == 0 ? needed_capabilities(config) : 0;

    if (global->chroot && (chroot(global->chroot) != 0 || chdir("/") != 0))
        return failed(global->chroot_loc, "chroot to", global->chroot);
    if ((global->set_gid || global->set_uid) && getuid() == 0 && setgroups(0, NULL) != 0)
        return failed(global->set_uid ? global->uid_loc : global->gid_loc,
                      "drop the supplementary groups", NULL);
    if (global->set_gid && setgid(global->gid) != 0)
        return failed_id(global->gid_loc, "change the group to", global->group, global->gid);
    if (kept)
        prctl(PR_SET_KEEPCAPS, 1);
    if (global->set_uid && setuid(global->uid) != 0)
        return failed_id(global->uid_loc, "change the user to", global->user, global->uid);
    if (kept)
        limit_capabilities(kept);
    /* Changing the user makes a process undumpable, and /proc/self its own secret: an
     * administrator's core files and descriptor counts are worth more than hiding from root's own
     * user. */
    prctl(PR_SET_DUMPABLE, 1);
    return true;
}
