/*
 * build.h: what the grammar's actions call to fill the model.
 *
 * One call per thing that a line says.  The builder checks what can be checked while reading,
 * reports what is wrong with its place, and goes on; names of other sections are left to resolve.c.
 */
#ifndef HAFTP_CONF_BUILD_H
#define HAFTP_CONF_BUILD_H

#include "address.h"
#include "append.h"
#include "env.h"
#include "keywords.h"
#include "scan.h"

#include "haftp/base/names.h"
#include "haftp/conf/model.h"

struct hf_place;

/* The words and the condition of the current line. */
struct hf_rule_words {
    struct hf_word words[HF_LINE_WORDS];
    unsigned n_words;
    struct hf_word group[HF_LINE_WORDS]; /* between braces */
    unsigned n_group;
    struct hf_cond *cond;            /* NULL: none */
    struct hf_cond_all *alternative; /* NULL: the next term begins one */
    bool negated, faulty;            /* faulty: a part of the condition was told to be wrong */
    struct hf_loc negation;
    struct hf_loc dangling_or; /* the last `or`, until a term stands behind it */
};

/* A `defaults` section is a proxy without a role, from which others are copied. */
struct hf_defaults {
    struct hf_cfg_proxy section; /* name NULL: anonymous */
    bool ambiguous;              /* a later one has its name */
    bool by_name, by_order;      /* how sections came to inherit from it */
    unsigned heirs;              /* roles (HF_CAP_*) of those that inherit its rules */
};

/* Which words stood behind `cookie NAME`. */
struct hf_cookie_words {
#define HF_ROWS_FIELDS
#include "../../../grammar/rows/words/cookie.def"
};

/* What relative paths start from: `default-path`. */
enum hf_path_from { HF_PATH_CURRENT, HF_PATH_CONFIG, HF_PATH_PARENT, HF_PATH_ORIGIN };

struct hf_build {
    struct hf_config *config;
    struct hf_diag *diag;
    struct hf_env *env;
    struct hf_list_end list_ends[HF_LIST_ENDS];
    struct hf_names defaults;        /* to those with a name, but for the current section */
    struct hf_defaults *latest;      /* NULL before the first */
    struct hf_cfg_proxy *section;    /* the current one; NULL in global */
    struct hf_http_word *http_words; /* of the current section (words/http.h) */
    struct hf_cfg_section *other;    /* the current one, where it is no proxy; else NULL */
    bool in_defaults;                /* the current section is one that hands down */
    bool names_may_fail;             /* -dr: servers whose name has no address stay down */
    void *at[HF_N_OBJECTS];          /* what the rows of the current line fill */
    /* The current line's object, completed when the line ends. */
    struct hf_cfg_bind bind; /* options that all addresses of a bind line share */
    struct hf_bind_address *bind_addresses;
    bool in_bind;
    struct hf_cfg_server *server;      /* also the pattern of a server-template */
    struct hf_lookup lookup;           /* of the server's name */
    struct hf_loc server_place;        /* of its address */
    int template_first, template_last; /* numbers of a template's servers; -1: it is one server */
    struct hf_cfg_source *source;      /* that `usesrc` and `interface` belong to */
    struct hf_loc refused;             /* the last word that was refused for good */
    struct hf_cfg_stick_table *table;
    struct hf_cfg_log *log;
    struct hf_cfg_proxy *last_proxy; /* of the configuration's list */
    /* The servers of the section that last had one. */
    const struct hf_cfg_proxy *servers_of;
    struct hf_names server_names;
    struct hf_cfg_server *last_server;
    /* The ACLs that the lines around the current one know: those of this list. */
    const struct hf_acl *acls_of;
    struct hf_names acl_names;
    struct hf_names bind_ids;                    /* by section and number (ends/bind.c) */
    struct hf_names var_names[HF_VAR_CHECK + 1]; /* to the variables of each scope */
    unsigned n_known_vars;
    const char *table_name;  /* of a table in a `peers` section */
    unsigned errors_before;  /* as counted when its line was begun */
    unsigned section_errors; /* as counted when the section was begun */
    struct hf_rule_words rule;
    struct hf_cookie_words cookie;
    struct hf_cfg_check_step *check_step;    /* filled by the options of a `tcp-check` line */
    const char *filter_engine, *filter_file; /* of the current line; NULL: not given */
    enum hf_path_from path_from;
    const char *path_origin;
    int home_fd;           /* where we were before a default-path; -1: still there */
    struct hf_names cased; /* what h1-case-adjust lines were about */
    bool cpu_map_auto;
    unsigned cpu_map_threads, cpu_map_cpus;
    struct hf_loc cpu_map_loc;
    struct hf_cfg_proxy *put_aside; /* the section, while a line is read apart from it */
};

void hf_build_init(struct hf_build *b, struct hf_config *config, struct hf_diag *diag,
                   struct hf_env *env);
/* Every file begins outside of any section. */
void hf_build_file_begin(struct hf_build *b);

/* Where the rows of a section's lines write to (build.c); `section` NULL: to no proxy. */
void hf_build_set_section(struct hf_build *b, struct hf_cfg_proxy *section, bool is_defaults);
/* What a proxy is without any defaults section. */
void hf_build_proxy_defaults(struct hf_cfg_proxy *section);
/* Sections (build.c). */
void hf_build_global(struct hf_build *b);
void hf_build_defaults(struct hf_build *b, struct hf_loc loc);
void hf_build_listen(struct hf_build *b, const struct hf_word *name);
void hf_build_frontend(struct hf_build *b, const struct hf_word *name);
void hf_build_backend(struct hf_build *b, const struct hf_word *name);
void hf_build_from(struct hf_build *b, const struct hf_word *name);
/* The line ends without `from`, or behind it. */
void hf_build_no_from(struct hf_build *b);
void hf_build_empty_from(struct hf_build *b, struct hf_loc loc);
/* What can be said of the current section once it is whole. */
void hf_build_section_end(struct hf_build *b);
/* A word behind the section's keyword: the name of a defaults section, or an old-style address. */
void hf_build_header_word(struct hf_build *b, const struct hf_word *word);

/* One field, as its row says (build_field.c). */
void hf_build_row_defaults(void *object, enum hf_object kind);
void hf_build_flag(struct hf_build *b, const struct hf_keyword *row, bool on, struct hf_loc loc);
void hf_build_number(struct hf_build *b, const struct hf_keyword *row, int64_t number,
                     struct hf_loc loc);
void hf_build_text(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word);
void hf_build_choice(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word);

/* An option that its line speaks for; `value`, the word behind it, is NULL where none stands. */
void hf_build_part(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *value);

/* Binds and servers (ends/). */
void hf_build_bind(struct hf_build *b, const struct hf_word *address);
void hf_build_bind_end(struct hf_build *b);
void hf_build_server(struct hf_build *b, const struct hf_word *name, const struct hf_word *address);
void hf_build_server_template(struct hf_build *b, const struct hf_word *prefix,
                              const struct hf_word *count, const struct hf_word *address);
void hf_build_default_server(struct hf_build *b);
/* A server that is not kept: its options are checked. */
void hf_build_nameless_server(struct hf_build *b);
/* Options without an address, likewise. */
void hf_build_default_bind(struct hf_build *b);
void hf_build_server_end(struct hf_build *b);
/* Of the section or of the server, as the row says. */
void hf_build_source(struct hf_build *b, const struct hf_keyword *row,
                     const struct hf_word *address);
void hf_build_usesrc(struct hf_build *b, const struct hf_word *who);
void hf_build_source_interface(struct hf_build *b, const struct hf_word *name);

/* Lines with a shape of their own (build_line.c). */
void hf_build_cookie(struct hf_build *b, const struct hf_word *name);
/* Filters with a file of their own, and the rules that use them (words/spoe.c). */
void hf_build_filter_part(struct hf_build *b, const struct hf_keyword *row,
                          const struct hf_word *word);
void hf_build_filter(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
void hf_build_spoe_group(struct hf_build *b, const struct hf_word *engine,
                         const struct hf_word *group);
/* Such a section must exist under this name, once all is read. */
void hf_build_names_section(struct hf_build *b, const char *kind, const struct hf_word *name);
void hf_build_end_cookie(struct hf_build *b, struct hf_loc loc);
void hf_build_dispatch(struct hf_build *b, const struct hf_word *address);
/* tcp-check lines (backend/build_script.c). */
void hf_build_check_connect(struct hf_build *b, struct hf_loc loc);
void hf_build_check_send(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *what);
void hf_build_check_expect(struct hf_build *b, struct hf_loc loc);
void hf_build_check_comment(struct hf_build *b, const struct hf_word *text, struct hf_loc loc);
void hf_build_check_var(struct hf_build *b, struct hf_loc loc);
/* An option of such a line; `word`: what stands behind it, NULL: nothing. */
void hf_build_check_part(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *word);
void hf_build_data_ports(struct hf_build *b, const struct hf_word *range);
void hf_build_data_section(struct hf_build *b, const struct hf_word *name);
void hf_build_log(struct hf_build *b, const struct hf_word *address);
void hf_build_log_sample(struct hf_build *b, const struct hf_keyword *row,
                         const struct hf_word *ranges);
void hf_build_log_facility(struct hf_build *b, const struct hf_word *facility);
void hf_build_log_levels(struct hf_build *b, const struct hf_word *max, const struct hf_word *min);
void hf_build_log_global(struct hf_build *b, struct hf_loc loc);
void hf_build_no_log(struct hf_build *b);
void hf_build_log_hostname(struct hf_build *b, const struct hf_word *name);
void hf_build_uid(struct hf_build *b, int64_t number, struct hf_loc loc);
void hf_build_gid(struct hf_build *b, int64_t number, struct hf_loc loc);
void hf_build_setenv(struct hf_build *b, const struct hf_word *name, const struct hf_word *value);
void hf_build_presetenv(struct hf_build *b, const struct hf_word *name,
                        const struct hf_word *value);
void hf_build_unsetenv(struct hf_build *b, const struct hf_word *name);
/* Forgets everything; those that are kept are named afterwards. */
void hf_build_resetenv(struct hf_build *b);
void hf_build_keepenv(struct hf_build *b, const struct hf_word *name);

/* Tables (backend/build_table.c). */
void hf_build_stick_table(struct hf_build *b, struct hf_loc loc);
void hf_build_table_store(struct hf_build *b, const struct hf_word *list);
void hf_build_end_stick_table(struct hf_build *b);

/* How servers are chosen (backend/build_balance.c). */
void hf_build_balance(struct hf_build *b, struct hf_loc loc);
void hf_build_hash_type(struct hf_build *b, const struct hf_word *method);
void hf_build_hash_function(struct hf_build *b, const struct hf_word *function);
void hf_build_hash_modifier(struct hf_build *b, const struct hf_word *modifier);
void hf_build_hash_factor(struct hf_build *b, const struct hf_word *percent);
const char *hf_hash_function_name(enum hf_hash_function function);
/* `every` may be NULL. */
void hf_build_ftp_check(struct hf_build *b);
void hf_build_no_ftp_check(struct hf_build *b);
void hf_build_redispatch(struct hf_build *b, enum hf_tristate on, const struct hf_word *every);

/* Lines of global only, and description (words/build_global.c). */
void hf_build_description(struct hf_build *b, const struct hf_word *word, bool first);
void hf_build_node(struct hf_build *b, const struct hf_word *name);
void hf_build_default_path(struct hf_build *b, const struct hf_word *mode,
                           const struct hf_word *directory);
void hf_build_stats_socket(struct hf_build *b, const struct hf_word *address);
void hf_build_end_stats_socket(struct hf_build *b);
void hf_build_h1_case(struct hf_build *b, const struct hf_word *from, const struct hf_word *to);
void hf_build_cpu_map(struct hf_build *b, const struct hf_word *threads,
                      const struct hf_word *cpus);
void hf_build_cpu_set(struct hf_build *b, const struct hf_word *cpus);
void hf_build_end_cpu_map(struct hf_build *b);
void hf_build_tls_options(struct hf_build *b, const struct hf_keyword *row);
void hf_build_experiment(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                         const struct hf_word *value);
/* Goes where an earlier `default-path` says that this file's relative paths start. */
void hf_build_file_place(struct hf_build *b, const struct hf_source *source);
/* Back to where we were before the first `default-path`. */
void hf_build_go_home(struct hf_build *b);

/* The coming line is checked, but belongs to another kind of proxy: what it says goes nowhere. */
void hf_build_line_apart(struct hf_build *b);
void hf_build_line_back(struct hf_build *b);
/* A word too many on a line where HAProxy does not mind: told, not read. */
void hf_build_surplus(struct hf_build *b, const struct hf_word *word);
/* Rules, conditions and formats (rule/build_rule.c, rule/build_cond.c). */
void hf_build_rule_word(struct hf_build *b, const struct hf_word *word);
void hf_build_condition(struct hf_build *b, struct hf_loc loc, bool unless);
void hf_build_or(struct hf_build *b, struct hf_loc loc);
void hf_build_not(struct hf_build *b, struct hf_loc loc);
void hf_build_acl_name(struct hf_build *b, const struct hf_word *name);
void hf_build_group_word(struct hf_build *b, const struct hf_word *word);
void hf_build_acl_group(struct hf_build *b, struct hf_loc loc);
/* Rules are handed down by named defaults only: true (and told) in one without a name. */
bool hf_build_in_anonymous_defaults(struct hf_build *b, struct hf_loc loc, const char *what);
void hf_build_acl(struct hf_build *b, struct hf_loc loc);
void hf_build_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
/* "code N text S" behind `deny`, from words[*at] on (rule/build_reply.c).  False: told. */
bool hf_build_denial(struct hf_build *b, struct hf_cfg_rule *rule, const struct hf_word *words,
                     unsigned n, unsigned *at);
/* `ftp-data advertise`, `ftp-data direct` (rule/build_ftp_data.c). */
void hf_build_ftp_data(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
struct hf_cfg_data_rule *hf_build_copy_data_rules(struct hf_arena *arena,
                                                  const struct hf_cfg_data_rule *from);
void hf_build_inspect_delay(struct hf_build *b, const struct hf_keyword *row, int64_t ms,
                            struct hf_loc loc);
/* Rules of HTTP, which are checked and do nothing (rule/build_http.c). */
void hf_build_http_rule(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
void hf_build_use_backend(struct hf_build *b, struct hf_loc loc);
void hf_build_use_server(struct hf_build *b, struct hf_loc loc);
void hf_build_stick(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
/* The condition of the line, NULL: always; what may follow the words that were used. */
struct hf_cond *hf_build_take_condition(struct hf_build *b, const struct hf_place *place);
bool hf_build_check_rest(struct hf_build *b, unsigned used);
void hf_build_persist(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
void hf_build_monitor(struct hf_build *b, struct hf_loc loc);
/* Formats (rule/build_format.c). */
void hf_build_format(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *word);
void hf_build_tcplog(struct hf_build *b, struct hf_loc loc);
/* Once all files have been read. */
void hf_build_read_formats(struct hf_build *b);
/* `set-var` and `set-var-fmt` of global (rule/build_startup.c). */
void hf_build_startup_var(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
/* Copies the rules of a defaults section, and the ACLs that they use. */
void hf_build_inherit_rules(struct hf_build *b, struct hf_cfg_proxy *to,
                            const struct hf_cfg_proxy *from);

/* Completes what the line began, also when a part of it was wrong. */
void hf_build_line_end(struct hf_build *b);
/* `row`: whose words these are; NULL: not known. */
void hf_build_syntax_error(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc,
                           bool at_end, const char *const *expected, unsigned n_expected);

/* Nothing was wrong since the current line's object was begun: what the line lacks is only told
 * then. */
bool hf_build_is_sound(const struct hf_build *b);
/* The current section's server of that name, or NULL; a section may have very many. */
struct hf_cfg_server *hf_build_find_server(struct hf_build *b, const char *name);
void hf_build_append_server(struct hf_build *b, struct hf_cfg_server *server);
/* Letters, digits, '-', '_', '.' and ':'. */
void hf_build_check_name(struct hf_build *b, const struct hf_word *name, const char *kind);
/* An error with its place and a full stop. */
__attribute__((format(printf, 4, 5))) void
hf_build_error(struct hf_build *b, struct hf_loc loc, const char *hint, const char *format, ...);

#endif
