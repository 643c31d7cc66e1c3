/*
 * tls_sites.c: which lines have TLS, and the context that each of them uses now.
 *
 * Addresses of one line share a site.  A leaf lock stands above all contexts at once, so that
 * whoever reads them anew changes all of them between two connections.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "haftp/conf/load.h"
#include "tls_int.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* `ctx` of all sites */

/* ---- which ------------------------------------------------------------------------------- */

static struct hf_tls_site *add(struct hf_config *config, struct hf_tls_site ***end)
{
    struct hf_tls_site *site = HF_NEW(config->arena, struct hf_tls_site);
    **end = site;
    *end = &site->next;
    return site;
}

static bool same_line(struct hf_loc a, struct hf_loc b)
{
    return a.source == b.source && a.line == b.line;
}

static bool bind_wants(const struct hf_cfg_bind *bind)
{
    return hf_bind_has_tls(bind) && bind->role != HF_BIND_DATA;
}

static void add_binds(struct hf_config *config, struct hf_cfg_proxy *proxy,
                      struct hf_tls_site ***end)
{
    const struct hf_cfg_bind *before = NULL;
    struct hf_cfg_bind *bind;

    LL_FOREACH(proxy->binds, bind)
    {
        if (!bind_wants(bind))
            continue;
        if (before && before->role == bind->role && same_line(before->loc, bind->loc)) {
            bind->tls_site = before->tls_site;
        } else {
            bind->tls_site = add(config, end);
            bind->tls_site->bind = bind;
        }
        before = bind;
    }
}

static bool server_wants(const struct hf_cfg_server *server)
{
    const struct hf_cfg_server_opts *o = &server->o;
    bool checks = o->tls.check_ssl || hf_check_script_has_tls(server->proxy->o.check_script);
    return hf_server_has_tls(o) || (o->check && checks);
}

static void add_servers(struct hf_config *config, struct hf_cfg_proxy *proxy,
                        struct hf_tls_site ***end)
{
    struct hf_cfg_server *server;

    LL_FOREACH(proxy->servers, server)
    {
        if (!server_wants(server))
            continue;
        server->tls_site = add(config, end);
        server->tls_site->server = server;
    }
}

static void find_sites(struct hf_config *config)
{
    struct hf_tls_site **end = &config->tls_sites;
    struct hf_cfg_proxy *proxy;

    LL_FOREACH(config->proxies, proxy)
    {
        if (proxy->o.disabled)
            continue;
        add_binds(config, proxy, &end);
        add_servers(config, proxy, &end);
    }
}

/* ---- when they end ----------------------------------------------------------------------- */

static bool is_noted(const struct hf_tls_endings *endings, const char *file)
{
    for (unsigned i = 0; i < endings->n; i++) {
        if (strcmp(endings->of[i].cert->file, file) == 0)
            return true;
    }
    return false;
}

static void note(struct hf_tls_endings *endings, const struct hf_tls_site *site,
                 const struct hf_tls_cert_info *cert)
{
    if (is_noted(endings, cert->file))
        return;
    if (endings->n == HF_TLS_MOST_ENDINGS)
        endings->n_more++;
    else
        endings->of[endings->n++] = (struct hf_tls_ending){.site = site, .cert = cert};
}

void hf_config_tls_endings(const struct hf_config *config, int64_t now,
                           struct hf_tls_endings *endings)
{
    const struct hf_tls_site *site;
    char text[HF_TLS_EXPIRY_BYTES];
    unsigned n;

    *endings = (struct hf_tls_endings){.n = 0};
    LL_FOREACH(config->tls_sites, site)
    {
        const struct hf_tls_cert_info *certs =
            site->ctx ? hf_tls_ctx_certs(site->ctx, &n) : (n = 0, NULL);
        for (unsigned i = 0; i < n; i++) {
            if (hf_tls_expiry_text(&certs[i], now, text))
                note(endings, site, &certs[i]);
        }
    }
}

/* The word that stands for a file: names it, or its folder, or a list. */
static struct hf_loc word_of(const struct hf_config *config, struct hf_arena *arena,
                             const struct hf_tls_site *site, const char *file)
{
    const struct hf_cfg_text *word;
    struct hf_loc list = {0};

    if (!site->bind)
        return site->server->o.tls.crt_loc;
    LL_FOREACH(site->bind->tls.crts, word)
    {
        const char *path = hf_config_tls_path(arena, config->global.crt_base, word->text);
        size_t n = strlen(path);
        if (strcmp(word->name, "crt-list") == 0)
            list = list.source ? list : word->loc;
        else if (strncmp(file, path, n) == 0 && (!file[n] || strchr("/.", file[n])))
            return word->loc;
    }
    return list.source ? list : site->bind->loc;
}

static void advise(const struct hf_config *config, struct hf_arena *arena, struct hf_diag *diag)
{
    struct hf_tls_endings endings;
    int64_t now = (int64_t)time(NULL);
    char text[HF_TLS_EXPIRY_BYTES];

    hf_config_tls_endings(config, now, &endings);
    for (unsigned i = 0; i < endings.n; i++) {
        const struct hf_tls_cert_info *cert = endings.of[i].cert;
        (void)hf_tls_expiry_text(cert, now, text);
        hf_diag_add(diag, HF_DIAG_ADVICE, word_of(config, arena, endings.of[i].site, cert->file),
                    "renew it; signal USR2 makes a running haftp read it again", "%s.", text);
    }
    if (endings.n_more)
        hf_diag_add(diag, HF_DIAG_ADVICE, (struct hf_loc){0},
                    "renew those named here, and look again",
                    "certificates that are not good, or not for long, are used in %u more places.",
                    endings.n_more);
}

/* ---- made, and made anew ----------------------------------------------------------------- */

/* NULL: `diag` says why not. */
static struct hf_tls_ctx *make(const struct hf_config *config, struct hf_tls_site *site,
                               struct hf_tls_recipe **recipe, struct hf_diag *diag)
{
    *recipe = hf_tls_recipe_new();
    if (*recipe)
        return hf_tls_site_make(config, site, *recipe, diag);
    hf_diag_add(diag, HF_DIAG_ERROR, site->bind ? site->bind->loc : site->server->loc, NULL,
                "cannot prepare TLS: %s.", hf_status_text(HF_NOMEM));
    return NULL;
}

void hf_config_prepare_tls(struct hf_config *config, struct hf_diag *diag)
{
    struct hf_arena *arena = hf_arena_new();
    struct hf_tls_site *site;

    find_sites(config);
    LL_FOREACH(config->tls_sites, site)
    {
        site->ctx = make(config, site, &site->recipe, diag);
    }
    advise(config, arena, diag);
    hf_arena_free(arena);
}

static void drop_renewed(const struct hf_config *config)
{
    struct hf_tls_site *site;

    LL_FOREACH(config->tls_sites, site)
    {
        hf_tls_ctx_put(site->renewed);
        site->renewed = NULL;
        hf_tls_recipe_free(site->renewed_recipe);
        site->renewed_recipe = NULL;
    }
}

bool hf_config_renew_tls(const struct hf_config *config, struct hf_diag *diag)
{
    struct hf_tls_site *site;
    bool all = true;

    LL_FOREACH(config->tls_sites, site)
    {
        site->renewed = make(config, site, &site->renewed_recipe, diag);
        all = all && site->renewed;
    }
    if (!all)
        drop_renewed(config);
    return all;
}

static void swap(struct hf_tls_site *site)
{
    struct hf_tls_ctx *ctx = site->ctx;
    struct hf_tls_recipe *recipe = site->recipe;

    if (!site->renewed)
        return;
    site->ctx = site->renewed;
    site->renewed = ctx;
    if (!site->renewed_recipe)
        return;
    site->recipe = site->renewed_recipe;
    site->renewed_recipe = recipe;
}

void hf_config_adopt_tls(const struct hf_config *config)
{
    struct hf_tls_site *site;

    pthread_mutex_lock(&lock);
    LL_FOREACH(config->tls_sites, site)
    {
        swap(site);
    }
    pthread_mutex_unlock(&lock);
    drop_renewed(config); /* the old ones: whoever uses one has a count of it */
}

void hf_config_release_tls(struct hf_config *config)
{
    struct hf_tls_site *site;

    LL_FOREACH(config->tls_sites, site)
    {
        hf_tls_ctx_put(site->ctx);
        site->ctx = NULL;
        hf_tls_recipe_free(site->recipe);
        site->recipe = NULL;
    }
}

/* ---- one file ---------------------------------------------------------------------------- */

static bool uses(const struct hf_tls_site *site, const char *file)
{
    unsigned n = 0;
    const struct hf_tls_cert_info *certs = site->ctx ? hf_tls_ctx_certs(site->ctx, &n) : NULL;

    for (unsigned i = 0; i < n; i++) {
        if (strcmp(certs[i].file, file) == 0)
            return true;
    }
    return false;
}

struct hf_view hf_config_tls_pem(const struct hf_config *config, const char *file)
{
    const struct hf_tls_site *site = config->tls_sites;

    while (site && !uses(site, file))
        site = site->next;
    return site ? hf_tls_files_get(site->recipe->settings.files, file) : (struct hf_view){0};
}

static bool remake(struct hf_tls_site *site, const char *file, struct hf_view pem, char *why)
{
    struct hf_tls_settings *settings = &site->recipe->settings;

    if (!hf_tls_files_try(settings->files, file, pem)) {
        snprintf(why, HF_TLS_WHY_BYTES, "%s", hf_status_text(HF_NOMEM));
        return false;
    }
    return hf_tls_ctx_new(settings, why, &site->renewed) == HF_OK;
}

bool hf_config_replace_tls(const struct hf_config *config, const char *file, struct hf_view pem,
                           char why[HF_TLS_WHY_BYTES])
{
    struct hf_tls_site *site;
    bool all = true;

    LL_FOREACH(config->tls_sites, site)
    {
        if (all && uses(site, file))
            all = remake(site, file, pem, why);
    }
    LL_FOREACH(config->tls_sites, site)
    {
        if (all)
            hf_tls_files_keep(site->recipe->settings.files);
        else
            hf_tls_files_undo(site->recipe->settings.files);
    }
    if (all)
        hf_config_adopt_tls(config);
    else
        drop_renewed(config);
    return all;
}

/* ---- connections ------------------------------------------------------------------------- */

enum hf_status hf_tls_begin_mt(struct hf_tls_site *site, const struct hf_tls_options *options,
                               struct hf_tls **out)
{
    pthread_mutex_lock(&lock);
    struct hf_tls_ctx *ctx = hf_tls_ctx_get(site->ctx);
    pthread_mutex_unlock(&lock);
    enum hf_status status = hf_tls_new(ctx, options, out);
    hf_tls_ctx_put(ctx);
    return status;
}
