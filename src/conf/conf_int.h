/*
 * conf_int.h: the passes between the parser and a finished configuration.
 *
 * hf_config_load() calls them in this order.  Each reports all that it finds and leaves a model
 * that the next one can walk, so that one run tells everything.  Private to src/conf.
 */
#ifndef HAFTP_CONF_INT_H
#define HAFTP_CONF_INT_H

#include "haftp/base/diag.h"
#include "haftp/conf/model.h"

/* Names become pointers: default_backend, stick tables, users, log targets; and what one name or
 * section shows by itself: balance algorithms, mode http, ids (resolve.c). */
void hf_conf_resolve(struct hf_config *config, struct hf_diag *diag);
/* What binds and servers name; their numbers (ends/check.c). */
void hf_conf_check_ends(struct hf_config *config, struct hf_diag *diag);
/* What servers are to each other: track, ids, limits (servers.c). */
void hf_conf_resolve_servers(struct hf_config *config, struct hf_diag *diag);
/* Which backends and servers the sessions of each section may get (reach.c). */
void hf_conf_find_reach(struct hf_config *config);
/* Which bind carries FTP control, where data ports come from (ftp_plan.c). */
void hf_conf_ftp_plan(struct hf_config *config, struct hf_diag *diag);
/* What a sample fetch looks at: enum hf_ftp_sample; 0: not at an FTP conversation
 * (ftp_choice.c). */
unsigned hf_conf_ftp_sample(const struct hf_sample_row *row);
/* By what of a login each section chooses its servers; once it is known which it reaches. */
void hf_conf_find_ftp_choice(struct hf_config *config);
/* "ftp.user", "ftp.host and ftp.user"; for messages. */
const char *hf_conf_ftp_choice_text(unsigned chooses_by);
/* What is written for FTP conversations where there are none, or none to read, and names of
 * backends that clients choose; once the binds have their roles. */
void hf_conf_check_ftp_rules(const struct hf_config *config, struct hf_diag *diag);
/* What is wrong only when sections are seen together (check.c). */
void hf_conf_check(struct hf_config *config, struct hf_diag *diag);
/* Tells in one notice which words do nothing yet (pending.c). */
void hf_conf_tell_pending(const struct hf_config *config, struct hf_diag *diag);
/* Notes such a word. */
void hf_conf_add_pending(struct hf_config *config, const char *name, struct hf_loc loc);

/* Arguments of expressions that name sections and servers; then the choices and formats of a
 * section (expr/resolve_args.c). */
void hf_conf_resolve_args(struct hf_config *config, struct hf_diag *diag);
void hf_conf_resolve_rules(struct hf_config *config, struct hf_cfg_proxy *proxy,
                           struct hf_diag *diag);
void hf_conf_resolve_apart(struct hf_config *config, struct hf_diag *diag);

/* The first test of a condition whose sample is such a one; NULL: none, or no condition
 * (expr/acl.c). */
const struct hf_acl_test *hf_cond_find(const struct hf_cond *cond,
                                       bool (*is)(const struct hf_expr *expr));

/* Sections that this one only names must exist (section/check.c). */
void hf_conf_check_named(const struct hf_config *config, const struct hf_cfg_proxy *proxy,
                         struct hf_diag *diag);
/* The groups that rules ask of agents must be in the files of its filters (words/spoe.c). */
void hf_conf_check_spoe(const struct hf_cfg_proxy *proxy, struct hf_diag *diag);
/* What the sections that are no proxies lack (section/check.c). */
void hf_conf_check_sections(const struct hf_config *config, struct hf_diag *diag);
/* It is one that HAProxy listens for, although this version does not. */
bool hf_conf_listens(const struct hf_cfg_section *section);
/* The section of that kind ("userlist") and name, as its own struct of haftp/conf/sections.h; or
 * NULL. */
struct hf_cfg_section *hf_conf_find_other(const struct hf_config *config, const char *kind,
                                          const char *name);
/* There is one, perhaps one that HAProxy has without a section in the file. */
bool hf_conf_names_other(const struct hf_config *config, const char *kind, const char *name);
/* The section of that name with any of `caps`, or NULL (resolve.c). */
struct hf_cfg_proxy *hf_conf_find_section(const struct hf_config *config, const char *name,
                                          unsigned caps);
/* The table of that name; NULL: told, at `loc` (resolve.c). */
const struct hf_cfg_stick_table *hf_conf_find_table(const struct hf_config *config,
                                                    const char *name, struct hf_loc loc,
                                                    struct hf_diag *diag);
#define HF_TABLE_EXAMPLE "add a line such as: stick-table type ip size 100k expire 30m"
/* Tells when such a sample cannot be a key of the table (resolve.c). */
void hf_conf_check_key(const struct hf_cfg_stick_table *table, enum hf_type type, struct hf_loc loc,
                       struct hf_diag *diag);
/* "did you mean 'x'?" among the sections that have any of `caps`, or NULL. */
const char *hf_conf_nearest_section(const struct hf_config *config, const char *name,
                                    unsigned caps);
/* What one line said, also when a defaults section handed it down. */
bool hf_conf_same_place(struct hf_loc a, struct hf_loc b);

#endif
