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
    HF_CONTROL_PORT = 3,    /* a port that is FTP's, or `starttls` */
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

/* A section that one cookie stands for. */
struct hf_plan_peer {
    struct hf_cfg_proxy *section;
    struct hf_plan_peer *next, *last; /* `last` is the first one's */
};

struct hf_plan {
    struct hf_config *config;
    struct hf_diag *diag;
    struct hf_names cookies; /* to the first struct hf_plan_peer of a port range */
    struct hf_plan_host *hosts;
    unsigned n_hosts;
    struct hf_cfg_proxy **near; /* what hf_plan_find_near() found, in file order */
    unsigned n_near;
    unsigned *near_to; /* by section's id: the control section it was last found for */
};

#define HF_FTP_PORT  21
#define HF_FTPS_PORT 990

/* "listen", "frontend" or "backend": what the section is called in the file. */
const char *hf_conf_kind(const struct hf_cfg_proxy *proxy);

/* A section that may give data ports without being named (ftp_plan.c). */
bool hf_plan_is_range_section(const struct hf_cfg_proxy *proxy);
/* The cookie that pairs it with others, its own or its backend's; or NULL (ftp_plan.c). */
const char *hf_plan_cookie(const struct hf_cfg_proxy *proxy);

/* ---- ftp_index.c ------------------------------------------------------------------------- */

void hf_plan_index_cookies(struct hf_plan *plan);
/* Of sections that still have plain binds, so once it is known which binds carry control
 * connections; anew with `only_ranges`, once data ports are given. */
void hf_plan_index_hosts(struct hf_plan *plan, bool only_ranges);
/* The sections with other binds whose first real server may be on the host of one of `control`'s.
 */
void hf_plan_find_near(struct hf_plan *plan, const struct hf_cfg_proxy *control);

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
/* Stands for no host: data sections often have one, as HAProxy wants a server. */
bool hf_plan_is_placeholder(const struct hf_cfg_server *server);
/* `any` is 0.0.0.0 or ::, and takes connections to the address of `bind` too. */
bool hf_plan_is_wildcard_for(const struct hf_cfg_bind *any, const struct hf_cfg_bind *bind);
/* When all is claimed: no server without a range, no control address without one. */
void hf_plan_complete_ranges(struct hf_plan *plan, struct hf_cfg_proxy *control);
/* Equal ranges of several sections become one listener.  Last step. */
void hf_plan_merge_ranges(struct hf_plan *plan);

/* ---- ftp_mapped.c ------------------------------------------------------------------------- */

/* Which plain binds lead to one server of this control section; after hf_plan_find_near(). */
void hf_plan_find_mapped(struct hf_plan *plan, struct hf_cfg_proxy *control);

/* ---- ends/ftps.c -------------------------------------------------------------------------- */

/* Words of FTPS where they could not keep what they promise; when all roles are known. */
void hf_plan_check_tls(struct hf_plan *plan, const struct hf_cfg_proxy *proxy);

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
