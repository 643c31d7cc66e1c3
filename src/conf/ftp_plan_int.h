/*
 * ftp_plan_int.h: the steps of the FTP plan and of the checks after it, file by file.  Private to
 * src/conf.
 */
#ifndef HAFTP_CONF_FTP_PLAN_INT_H
#define HAFTP_CONF_FTP_PLAN_INT_H

#include "haftp/conf/model.h"

/* The numbers that administrators read in `-c -V`. */
enum hf_control_rule {
    HF_CONTROL_OPTION = 2,  /* option ftp-inspect */
    HF_CONTROL_PORT = 3,    /* a port that is FTP's */
    HF_CONTROL_SERVERS = 4, /* all servers are on port 21 */
    HF_CONTROL_COOKIE = 5,  /* a section of port ranges has the same cookie */
};

enum hf_data_rule {
    HF_DATA_SECTION = 1, /* ftp-data section NAME */
    HF_DATA_PORTS = 2,   /* ftp-data ports LO-HI */
    HF_DATA_OWN = 3,     /* ranges of the section itself */
    HF_DATA_COOKIE = 4,  /* sections with the same cookie */
    HF_DATA_SERVERS = 5, /* sections whose servers are among ours */
    HF_DATA_NONE = 6,
};

struct hf_plan {
    struct hf_config *config;
    struct hf_diag *diag;
};

#define HF_FTP_PORT  21
#define HF_FTPS_PORT 990

static inline bool hf_plan_is_range(const struct hf_cfg_bind *bind)
{
    return bind->port_hi > bind->port_lo;
}

/* "listen", "frontend" or "backend": what the section is called in the file. */
const char *hf_conf_kind(const struct hf_cfg_proxy *proxy);

/* ---- ftp_ranges.c: giving ranges to a control section ------------------------------------ */

/* All range binds of `section`; false: it has none. */
bool hf_plan_claim_section(struct hf_plan *plan, struct hf_cfg_proxy *control,
                           struct hf_cfg_proxy *section, enum hf_data_rule rule);
/* Ports lo-hi on every address that the control binds have. */
void hf_plan_claim_ports(struct hf_plan *plan, struct hf_cfg_proxy *control, struct hf_loc loc,
                         uint16_t lo, uint16_t hi);
/* All servers of `section` are servers of `control`, by address; it has at least one. */
bool hf_plan_servers_are_among(const struct hf_cfg_proxy *section,
                               const struct hf_cfg_proxy *control);
/* `any` is 0.0.0.0 or ::, and takes connections to the address of `bind` too. */
bool hf_plan_is_wildcard_for(const struct hf_cfg_bind *any, const struct hf_cfg_bind *bind);
/* When all is claimed: no server without a range, no control address without one. */
void hf_plan_complete_ranges(struct hf_plan *plan, struct hf_cfg_proxy *control);
/* Equal ranges of several sections become one listener.  Last step. */
void hf_plan_merge_ranges(struct hf_plan *plan);

/* ---- ftp_mapped.c ------------------------------------------------------------------------- */

/* Which plain binds lead to one server of this control section; after all roles are known. */
void hf_plan_find_mapped(struct hf_plan *plan, struct hf_cfg_proxy *control);

/* ---- explain.c --------------------------------------------------------------------------- */

void hf_plan_summarize(struct hf_plan *plan, struct hf_cfg_proxy *control);

/* ---- check_ports.c ----------------------------------------------------------------------- */

void hf_conf_check_ports(const struct hf_config *config, struct hf_diag *diag);

/* ---- check_rules.c ----------------------------------------------------------------------- */

void hf_conf_check_rules(const struct hf_config *config, struct hf_diag *diag);

/* ---- check.c ----------------------------------------------------------------------------- */

/* Every bind of the section is a range of FTP data ports; it has at least one. */
bool hf_conf_gives_only_data_ports(const struct hf_cfg_proxy *proxy);

#endif
