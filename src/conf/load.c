/*
 * load.c: the passes from files to a finished configuration.
 */
#include "haftp/conf/load.h"

#include <string.h>

#include <utlist.h>

#include "conf_int.h"
#include "haftp/conf/sections.h"
#include "parse/parse.h"
#include "source.h"

#include "haftp_parser.h"

static struct hf_load_options options;

void hf_config_set_options(const struct hf_load_options *given)
{
    options = *given;
}

static struct hf_parse *parse_new(struct hf_config *config, struct hf_diag *diag,
                                  struct hf_env *env)
{
    struct hf_parse *parse = HF_NEW(config->arena, struct hf_parse);

    hf_build_init(&parse->build, config, diag, env);
    if (options.servers_unverified)
        config->global.ssl_server_verify = 0;
    parse->tokens.scan.arena = config->arena;
    parse->tokens.scan.diag = diag;
    parse->tokens.scan.env = env;
    parse->build.names_may_fail = options.names_may_fail;
    parse->tokens.directives.say_diag = options.say_diag;
    return parse;
}

static void parse_source(struct hf_parse *parse, const struct hf_source *source)
{
    struct hf_tokens *tokens = &parse->tokens;

    tokens->section = 0;
    tokens->n_stray = 0;
    tokens->scan.section = "";
    hf_build_file_begin(&parse->build);
    hf_build_file_place(&parse->build, source);
    hf_scan_open(&tokens->scan, source);
    /* Every mistake was reported to the sink, whatever the parser returns. */
    (void)hf_cfg_parse(parse);
    hf_directive_file_end(parse);
    hf_build_section_end(&parse->build);
    hf_scan_close(&tokens->scan);
    hf_build_go_home(&parse->build);
}

/* A hundred times more than ten thousand servers need. */
#define MOST_MEMORY ((size_t)2 << 30)

static void say(struct hf_diag *diag, const char *text, const char *name)
{
    hf_diag_add(diag, HF_DIAG_ERROR, (struct hf_loc){0}, NULL, "%s%s", text, name);
}

/* Reads all files, also behind one that is wrong.  False: the rest was not looked at. */
static bool parse_sources(struct hf_config *config, struct hf_env *env, struct hf_diag *diag)
{
    struct hf_parse *parse = parse_new(config, diag, env);
    const struct hf_source *source;

    LL_FOREACH(config->sources, source)
    {
        unsigned before = hf_diag_count(diag, HF_DIAG_ERROR);
        parse_source(parse, source);
        if (hf_diag_count(diag, HF_DIAG_ERROR) > before)
            say(diag, "Error(s) found in configuration file : ", source->name);
        if (hf_diag_count(diag, HF_DIAG_ERROR) >= HF_MOST_ERRORS) {
            say(diag, "Too many errors: what follows was not read.", "");
            return false;
        }
        if (parse->tokens.directives.stopped)
            return false;
    }
    hf_env_all_read(env);
    hf_build_read_formats(&parse->build);
    return true;
}

enum hf_status hf_config_read(const char *const *paths, unsigned n_paths, struct hf_diag *diag,
                              struct hf_config **out)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_config *config = HF_NEW(arena, struct hf_config);
    unsigned before = hf_diag_count(diag, HF_DIAG_ERROR);
    struct hf_env env;
    bool readable = true;

    *out = NULL;
    config->arena = arena;
    hf_arena_limit(arena, MOST_MEMORY);
    hf_env_init(&env, arena, paths, n_paths, options.localpeer, options.master_worker);
    for (unsigned i = 0; i < n_paths; i++) {
        if (hf_source_read(arena, paths[i], &config->sources, diag) != HF_OK)
            readable = false;
    }
    if (readable && n_paths && !config->sources) {
        say(diag, "There is no configuration file in what was given.", "");
        readable = false;
    }
    /* What was not read cannot be missed. */
    if (readable && parse_sources(config, &env, diag)) {
        hf_conf_resolve(config, diag);
        hf_conf_resolve_servers(config, diag);
        hf_conf_find_reach(config);
        hf_conf_find_ftp_choice(config);
        hf_conf_ftp_plan(config, diag);
    }
    /* What a section lacks may only be what could not be read. */
    if (hf_diag_count(diag, HF_DIAG_ERROR) == before)
        hf_conf_check(config, diag);
    if (hf_diag_count(diag, HF_DIAG_ERROR) == before) {
        *out = config;
        return HF_OK;
    }
    hf_config_free(config);
    return readable ? HF_INVALID : HF_NOTFOUND;
}

struct hf_config *hf_config_load(const char *const *paths, unsigned n_paths, struct hf_diag *diag)
{
    struct hf_config *config;

    return hf_config_read(paths, n_paths, diag, &config) == HF_OK ? config : NULL;
}

/* The condition is cut into words like a line of a file. */
enum hf_status hf_config_test_condition(const char *text, bool *holds, struct hf_diag *diag)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_config *config = HF_NEW(arena, struct hf_config);
    struct hf_env env;
    struct hf_source source = {.name = "-cc", .text = hf_arena_printf(arena, ".if %s\n", text)};

    config->arena = arena;
    source.size = strlen(source.text);
    hf_env_init(&env, arena, NULL, 0, options.localpeer, options.master_worker);
    struct hf_parse *parse = parse_new(config, diag, &env);
    enum hf_status status = HF_INVALID;
    hf_scan_open(&parse->tokens.scan, &source);
    if (hf_scan_next(&parse->tokens.scan, &parse->tokens.line) && !parse->tokens.line.broken) {
        (void)hf_directive_line(parse);
        *holds = parse->tokens.directives.depth && parse->tokens.directives.blocks[0].reading;
        status = parse->tokens.directives.stopped ? HF_INVALID : HF_OK;
    }
    hf_scan_close(&parse->tokens.scan);
    hf_arena_free(arena);
    return status;
}

void hf_config_free(struct hf_config *config)
{
    if (config)
        hf_arena_free(config->arena);
}

bool hf_config_has_listener(const struct hf_config *config)
{
    const struct hf_cfg_section *section;
    const struct hf_cfg_proxy *proxy;

    LL_FOREACH(config->proxies, proxy)
    {
        if (proxy->binds && (!proxy->o.disabled || proxy->is_page))
            return true;
    }
    LL_FOREACH(config->sections, section)
    {
        if (hf_conf_listens(section))
            return true;
    }
    return false;
}
