/*
 * haftp.y: the shapes that a line may have.
 *
 * Names are not here: the rows of grammar/rows say which word has which shape, and the tokeniser
 * (src/conf/parse/tokens/) gives the shape as the token and the row as its value.  So a timeout or
 * a server option is a row; only a new shape of line is a production.  Actions are one call of the
 * builder each.
 */
%require "3.8"
%define api.pure full
%define api.prefix {hf_cfg_}
%define api.token.prefix {T_}
%define api.location.type {struct hf_loc}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param {struct hf_parse *parse}

%code requires {
#include "parse/parse.h"
#include "section/lines.h"
}

%code provides {
int hf_cfg_lex(HF_CFG_STYPE *value, struct hf_loc *loc, struct hf_parse *parse);
}

%code {
#define B (&parse->build)

/* From the first symbol to the last one, which is on the same line. */
#define YYLLOC_DEFAULT(whole, parts, n)                                                            \
    do {                                                                                           \
        if (n) {                                                                                   \
            (whole) = YYRHSLOC(parts, 1);                                                          \
            (whole).end_col = YYRHSLOC(parts, n).end_col;                                          \
        } else {                                                                                   \
            (whole) = YYRHSLOC(parts, 0);                                                          \
        }                                                                                          \
    } while (0)

static void yyerror(const struct hf_loc *loc, struct hf_parse *parse, const char *text);
}

%union {
    const struct hf_keyword *row;
    struct hf_word word;
    int64_t number;
}

/* The alias is what a message calls the token. */
%token EOL "end of line"
%token <word> WORD "another word"
%token <number> NUMBER "a number"
%token <number> DURATION "a time, for example 5s or 250ms"
%token <number> BYTES "a size, for example 100 or 16k"
%token NO "no"

/* Shapes with many keywords. */
%token <row> FLAG "an option"
%token <row> UINT "an option with a number"
%token <row> TIME "an option with a time"
%token <row> SIZE "an option with a size"
%token <row> TEXT "an option with a word"
%token <row> CHOICE "an option with a choice"
%token <row> IGNORED "an unused word"
%token <row> PARTS "a line of unused words"

/* Shapes with one keyword, or a few. */
%token <row> GLOBAL "global"
%token <row> DEFAULTS "defaults"
%token <row> LISTEN "listen"
%token <row> FRONTEND "frontend"
%token <row> BACKEND "backend"
%token <row> FROM "from"
%token <row> ACL "acl"
%token <row> RULE "tcp-request"
%token <row> FTP_DATA "ftp-data advertise"
%token <row> INSPECT_DELAY "inspect-delay"
%token <row> USE_BACKEND "use_backend"
%token <row> USE_SERVER "use-server"
%token <row> PERSIST "force-persist"
%token <row> MONITOR "monitor fail"
%token <row> FORMAT "log-format"
%token <row> HTTP_RULE "http-request"
%token IF "if"
%token UNLESS "unless"
%token OR "or"
%token NOT "'!'"
%token OPEN "'{'"
%token CLOSE "'}' with a blank before it"
%token <row> OTHER_SECTION "a section"
%token <row> PEER "peer"
%token <row> LOOSE_BIND "bind of a section"
%token <row> DEFAULT_BIND "default-bind"
%token <row> PEERS_TABLE "table"
%token <row> NAMESERVER "nameserver"
%token <row> USER "user"
%token <row> GROUP "group"
%token <row> MAILER "mailer"
%token <row> RING_SIZE "size of a ring"
%token <row> RING_FILE "backing-file"
%token <row> RING_TIMEOUT "timeout of a ring"
%token <row> DGRAM_BIND "dgram-bind"
%token <row> COMMAND "command"
%token <row> TLS_OPTIONS "TLS options"
%token <row> CACHE_AGE "max-age"
%token <row> CACHE_VARY "process-vary"
%token <row> ERROR_FILE "errorfile"
%token <row> PATH_INFO "path-info"
%token <row> SET_PARAM "set-param"
%token <row> NAMESPACE "namespace"
%token <row> BIND "bind"
%token <row> SERVER "server"
%token <row> DEFAULT_SERVER "default-server"
%token <row> SERVER_TEMPLATE "server-template"
%token <row> SOURCE "source"
%token <row> USESRC "usesrc"
%token <row> SRC_INTERFACE "interface"
%token <row> BALANCE "balance"
%token <row> HASH_TYPE "hash-type"
%token <row> HASH_FACTOR "hash-balance-factor"
%token <row> FTP_CHECK "option ftp-check"
%token <row> REDISPATCH "option redispatch"
%token <row> LOG "log"
%token <row> LOG_GLOBAL "log global"
%token <row> LOG_HOSTNAME "log-send-hostname"
%token <row> COOKIE "cookie"
%token <row> DISPATCH "dispatch"
%token <row> CHECK_CONNECT "tcp-check connect"
%token <row> CHECK_EXPECT "tcp-check expect"
%token <row> CHECK_VAR "tcp-check set-var"
%token <row> CHECK_SEND "tcp-check send"
%token <row> CHECK_COMMENT "tcp-check comment"
%token <row> PATTERN "a pattern, for example: string 220"
%token <row> STICK_TABLE "stick-table"
%token <row> TABLE_STORE "store"
%token <row> STICK "stick on"
%token <row> DATA_PORTS "ftp-data ports"
%token <row> DATA_SECTION "ftp-data section"
%token <row> DESCRIPTION "description"
%token <row> NODE "node"
%token <row> DEFAULT_PATH "default-path"
%token <row> CPU_MAP "cpu-map"
%token <row> STATS_SOCKET "stats socket"
%token <row> STARTUP_VAR "set-var"
%token <row> H1_CASE "h1-case-adjust"
%token <row> FILTER_FILE "filter"
%token <row> UNIX_BIND "unix-bind"
%token <row> EXPERIMENT "an experimental word"
%token <row> UID "uid"
%token <row> GID "gid"
%token <row> SETENV "setenv"
%token <row> PRESETENV "presetenv"
%token <row> UNSETENV "unsetenv"
%token <row> RESETENV "resetenv"

%type <word> word

%%

file
    : %empty
    | file line
    ;

line
    : statement EOL     { hf_build_line_end(B); }
    | error EOL         { hf_build_line_end(B); yyerrok; }
    ;

statement
    : section
    | setting settings
    | PARTS settings
    | proxy_line
    | rule_line
    | global_line
    | other_line
    | DESCRIPTION description
    ;

description
    : word              { hf_build_description(B, &$1, true); }
    | description word  { hf_build_description(B, &$2, false); }
    ;

/* ---- sections ---- */

section
    : GLOBAL                                            { hf_build_global(B); }
    | DEFAULTS          { hf_build_defaults(B, @1); }   header
    | LISTEN word       { hf_build_listen(B, &$2); }    header
    | FRONTEND word     { hf_build_frontend(B, &$2); }  header
    | BACKEND word      { hf_build_backend(B, &$2); }   header
    | OTHER_SECTION         { hf_build_other_section(B, $1, NULL, @1); }
    | OTHER_SECTION word    { hf_build_other_section(B, $1, &$2, @2); }    more_names
    ;

more_names
    : %empty
    | more_names word       { hf_build_more_name(B, &$2); }
    ;

header
    : header_names                      { hf_build_no_from(B); }
    | header_names FROM                 { hf_build_empty_from(B, @2); }
    | header_names FROM word            { hf_build_from(B, &$3); }      more_names
    ;

header_names
    : %empty
    | header_names word { hf_build_header_word(B, &$2); }
    ;

/* ---- keywords that fill one field: statements, and options of other lines ---- */

setting
    : FLAG              { hf_build_flag(B, $1, true, @1); }
    | NO FLAG           { hf_build_flag(B, $2, false, @$); }
    | UINT NUMBER       { hf_build_number(B, $1, $2, @2); }
    | TIME DURATION     { hf_build_number(B, $1, $2, @2); }
    | SIZE BYTES        { hf_build_number(B, $1, $2, @2); }
    | TEXT word         { hf_build_text(B, $1, &$2); }
    | CHOICE word       { hf_build_choice(B, $1, &$2); }
    | TABLE_STORE word  { hf_build_table_store(B, &$2); }
    | SOURCE word       { hf_build_source(B, $1, &$2); }        source_words
    | IGNORED
    | NO IGNORED
    ;

source_words
    : %empty
    | source_words USESRC word          { hf_build_usesrc(B, &$3); }
    | source_words SRC_INTERFACE word   { hf_build_source_interface(B, &$3); }
    ;

settings
    : %empty
    | settings setting
    ;

/* ---- lines of proxies ---- */

proxy_line
    : BIND word         { hf_build_bind(B, &$2); }              settings
    | SERVER word word  { hf_build_server(B, &$2, &$3); }       settings
    | SERVER_TEMPLATE word word word    { hf_build_server_template(B, &$2, &$3, &$4); }  settings
    | DEFAULT_SERVER    { hf_build_default_server(B); }         settings
    | BALANCE words     { hf_build_balance(B, @1); }
    | HASH_TYPE word    { hf_build_hash_type(B, &$2); }         hash_words
    | HASH_FACTOR word rest                 { hf_build_hash_factor(B, &$2); }
    | REDISPATCH                            { hf_build_redispatch(B, HF_YES, NULL); }
    | REDISPATCH word rest                  { hf_build_redispatch(B, HF_YES, &$2); }
    | NO REDISPATCH rest                    { hf_build_redispatch(B, HF_NO, NULL); }
    | FTP_CHECK words                       { hf_build_ftp_check(B); }
    | NO FTP_CHECK rest                     { hf_build_no_ftp_check(B); }
    | COOKIE word       { hf_build_cookie(B, &$2); }
      settings          { hf_build_end_cookie(B, @1); }
    | DISPATCH word     { hf_build_dispatch(B, &$2); }
    | CHECK_CONNECT     { hf_build_check_connect(B, @1); }      settings
    | CHECK_SEND word   { hf_build_check_send(B, $1, &$2); }    settings
    | CHECK_EXPECT      { hf_build_check_expect(B, @1); }       settings PATTERN settings
    | CHECK_COMMENT word rest               { hf_build_check_comment(B, &$2, @1); }
    | STICK_TABLE       { hf_build_stick_table(B, @1); }        settings
    | FILTER_FILE       { hf_build_filter(B, $1, @1); }             settings PATTERN settings
    | DATA_PORTS word                       { hf_build_data_ports(B, &$2); }
    | DATA_SECTION word                     { hf_build_data_section(B, &$2); }
    | LOG_GLOBAL                            { hf_build_log_global(B, @1); }
    | log_target
    | NO LOG                                { hf_build_no_log(B); }
    ;

hash_words
    : %empty
    | hash_function
    | hash_function word    { hf_build_hash_modifier(B, &$2); } rest
    ;

hash_function
    : word                  { hf_build_hash_function(B, &$1); }
    ;

log_target
    : LOG word          { hf_build_log(B, &$2); }   log_options log_facility
    ;

/* Each may be there, in this order. */
log_options
    : log_len log_format log_sample log_profile
    ;
log_len
    : %empty
    | UINT NUMBER       { hf_build_number(B, $1, $2, @2); }
    ;
log_format
    : %empty
    | CHOICE word       { hf_build_choice(B, $1, &$2); }
    ;
log_sample
    : %empty
    | TEXT word         { hf_build_log_sample(B, $1, &$2); }
    ;
log_profile
    : %empty
    | IGNORED
    ;

log_facility
    : word                                  { hf_build_log_facility(B, &$1); }
    | word word                             { hf_build_log_facility(B, &$1);
                                              hf_build_log_levels(B, &$2, NULL); }
    | word word word                        { hf_build_log_facility(B, &$1);
                                              hf_build_log_levels(B, &$2, &$3); }
    ;

/* Words that HAProxy reads or skips, and that mean nothing here. */
rest
    : %empty
    | rest WORD
    ;

/* ---- ACLs, rules, conditions, formats ---- */

rule_line
    : ACL words                             { hf_build_acl(B, @1); }
    | RULE words condition                  { hf_build_rule(B, $1, @1); }
    | FTP_DATA words condition              { hf_build_ftp_data(B, $1, @1); }
    | INSPECT_DELAY DURATION rest           { hf_build_inspect_delay(B, $1, $2, @2); }
    | USE_BACKEND words condition           { hf_build_use_backend(B, @1); }
    | USE_SERVER words condition            { hf_build_use_server(B, @1); }
    | STICK words condition                 { hf_build_stick(B, $1, @1); }
    | PERSIST words condition               { hf_build_persist(B, $1, @1); }
    | MONITOR words condition               { hf_build_monitor(B, @1); }
    | HTTP_RULE words condition             { hf_build_http_rule(B, $1, @1); }
    | CHECK_VAR words                       { hf_build_check_var(B, @1); }
    | FORMAT word                           { hf_build_format(B, $1, &$2); }
    ;

/* What stands before the condition, for the builder to look at. */
words
    : %empty
    | words WORD        { hf_build_rule_word(B, &$2); }
    ;

condition
    : %empty
    | IF                { hf_build_condition(B, @1, false); }   terms
    | UNLESS            { hf_build_condition(B, @1, true); }    terms
    ;

/* HAProxy minds neither an "or" without a side nor a '!' without a name. */
terms
    : %empty
    | terms term
    ;

term
    : OR                { hf_build_or(B, @1); }
    | NOT               { hf_build_not(B, @1); }
    | WORD              { hf_build_acl_name(B, &$1); }
    | OPEN group CLOSE  { hf_build_acl_group(B, @$); }
    ;

group
    : %empty
    | group WORD        { hf_build_group_word(B, &$2); }
    ;

/* ---- lines of global only ---- */

global_line
    : UID NUMBER        { hf_build_uid(B, $2, @2); }
    | GID NUMBER        { hf_build_gid(B, $2, @2); }
    | LOG_HOSTNAME      { hf_build_log_hostname(B, NULL); }
    | LOG_HOSTNAME word { hf_build_log_hostname(B, &$2); }
    | NODE word         { hf_build_node(B, &$2); }
    | DEFAULT_PATH word                     { hf_build_default_path(B, &$2, NULL); }
    | DEFAULT_PATH word word                { hf_build_default_path(B, &$2, &$3); }
    | CPU_MAP word word { hf_build_cpu_map(B, &$2, &$3); }
      cpu_sets          { hf_build_end_cpu_map(B); }
    | STARTUP_VAR words { hf_build_startup_var(B, $1, @1); }
    | STATS_SOCKET word { hf_build_stats_socket(B, &$2); }
      settings          { hf_build_end_stats_socket(B); }
    | H1_CASE word word { hf_build_h1_case(B, &$2, &$3); }
    | UNIX_BIND settings
    | TLS_OPTIONS       { hf_build_tls_options(B, $1); }        settings
    | EXPERIMENT word   { hf_build_experiment(B, $1, @1, &$2); }
    | SETENV word word                      { hf_build_setenv(B, &$2, &$3); }       surplus
    | PRESETENV word word                   { hf_build_presetenv(B, &$2, &$3); }    surplus
    | UNSETENV unset_names
    | RESETENV          { hf_build_resetenv(B); }   kept_names
    ;

/* ---- lines of the sections that are no proxies ---- */

other_line
    : PEER
    | PEER word         { hf_build_peer(B, $1, &$2, NULL); }    settings
    | PEER word word    { hf_build_peer(B, $1, &$2, &$3); }     settings
    | LOOSE_BIND
    | LOOSE_BIND word   { hf_build_other_bind(B, &$2); }        settings
    | DEFAULT_BIND      { hf_build_default_bind(B); }           settings
    | PEERS_TABLE word  { hf_build_peers_table(B, &$2); }       settings
    | NAMESERVER word word                  { hf_build_nameserver(B, &$2, &$3); }
    | USER word         { hf_build_user(B, &$2); }              settings dangling
    | GROUP word        { hf_build_group(B, &$2); }             settings dangling
    | MAILER word word                      { hf_build_mailer(B, &$2, &$3); }
    | RING_SIZE NUMBER                      { hf_build_ring_size(B, $2, @2); }
    | RING_FILE word                        { hf_build_ring_file(B, &$2); }
    | RING_TIMEOUT rest                     { hf_build_ring_timeout(B, @1); }
    | DGRAM_BIND
    | DGRAM_BIND word   { hf_build_dgram_bind(B, &$2); }        settings
    | COMMAND word rest                     { hf_build_command(B, &$2); }
    | CACHE_AGE
    | CACHE_AGE NUMBER
    | CACHE_VARY                            { hf_build_cache_vary(B, NULL, @1); }
    | CACHE_VARY word                       { hf_build_cache_vary(B, &$2, @2); }
    | ERROR_FILE NUMBER word                { hf_build_error_file(B, $2, @2, &$3); }
    | PATH_INFO word                        { hf_build_path_info(B, &$2); }
    | SET_PARAM word word rest
    | NAMESPACE
    | NAMESPACE word rest                   { hf_build_namespace(B, &$2); }
    ;

dangling
    : %empty
    | TEXT              { hf_build_dangling(B, $1, @1); }
    ;

cpu_sets
    : %empty
    | cpu_sets word     { hf_build_cpu_set(B, &$2); }
    ;

/* Words that HAProxy does not look at. */
surplus
    : %empty
    | surplus word      { hf_build_surplus(B, &$2); }
    ;

unset_names
    : word              { hf_build_unsetenv(B, &$1); }
    | unset_names word  { hf_build_unsetenv(B, &$2); }
    ;

kept_names
    : %empty
    | kept_names word   { hf_build_keepenv(B, &$2); }
    ;

word
    : WORD              { $$ = $1; }
    ;

%%

/* More than a few possibilities say nothing to the reader; the usage line does. */
#define TOLD_TOKENS 4

static int yyreport_syntax_error(const yypcontext_t *context, struct hf_parse *parse)
{
    yysymbol_kind_t expected[TOLD_TOKENS + 1];
    const char *names[TOLD_TOKENS];
    int n = yypcontext_expected_tokens(context, expected, TOLD_TOKENS + 1);

    if (n < 0)
        return n;
    if (n > TOLD_TOKENS)
        n = 0;
    for (int i = 0; i < n; i++)
        names[i] = yysymbol_name(expected[i]);
    hf_build_syntax_error(B, hf_tokens_row(&parse->tokens), *yypcontext_location(context),
                          yypcontext_token(context) == YYSYMBOL_EOL, names, (unsigned)n);
    return 0;
}

/* Only the parser's own stack can still fail; a line cannot nest, so this is an internal error. */
static void yyerror(const struct hf_loc *loc, struct hf_parse *parse, const char *text)
{
    hf_diag_add(parse->build.diag, HF_DIAG_ERROR, *loc, NULL, "the parser gave up: %s.", text);
}
