/*
 * bind.c: `bind` lines: their addresses, and what their options mean together.
 */
#include <string.h>

#include <utlist.h>

#include "ends.h"
#include "parse/build.h"

static struct hf_arena *arena_of(const struct hf_build *b)
{
    return b->config->arena;
}

/* ---- addresses --------------------------------------------------------------------------- */

/* The place of a piece of a word.  A word with quotes or escapes in it is longer in the file than
 * its text: then the whole of it is shown. */
static struct hf_loc place_of(const struct hf_word *word, size_t at, size_t n)
{
    struct hf_loc loc = word->loc;

    if ((size_t)(loc.end_col - loc.col) == strlen(word->text)) {
        loc.col += (int)at;
        loc.end_col = loc.col + (int)n;
    }
    return loc;
}

static void add_address(struct hf_build *b, struct hf_loc loc, const char *text)
{
    struct hf_bind_address *address = HF_NEW(arena_of(b), struct hf_bind_address);
    struct hf_problem problem;
    bool has_variable = text[0] == '$';

    text = hf_env_expand(b->env, arena_of(b), text);
    if (has_variable && text[0] == ':')
        hf_diag_add(b->diag, HF_DIAG_WARNING, loc, "set it, or write '*' if all are meant",
                    "the variable in front of the port is not set: all addresses are listened to.");
    if (!*text)
        hf_build_error(b, loc, "if it is a variable, is it set?", "an address is empty");
    else if (!hf_address_parse_bind(arena_of(b), text, address, &problem))
        hf_build_error(b, loc, problem.hint, "%s", problem.text);
    else
        LL_APPEND(b->bind_addresses, address);
    if (*text && problem.warning)
        hf_diag_add(b->diag, HF_DIAG_WARNING, loc, NULL, "%s.", problem.warning);
}

/* A comma at the end is nothing, as in HAProxy. */
void hf_build_bind(struct hf_build *b, const struct hf_word *address)
{
    const char *list = address->text;

    b->bind = (struct hf_cfg_bind){.loc = address->loc, .proxy = b->section};
    hf_build_row_defaults(&b->bind, HF_OBJECT_BIND);
    b->at[HF_OBJECT_BIND] = &b->bind;
    b->bind_addresses = NULL;
    b->in_bind = true;
    do {
        size_t n = strcspn(list, ",");
        add_address(b, place_of(address, (size_t)(list - address->text), n),
                    hf_arena_strndup(arena_of(b), list, n));
        list += n + (list[n] == ',');
    } while (*list);
}

void hf_build_default_bind(struct hf_build *b)
{
    b->bind = (struct hf_cfg_bind){.proxy = b->section};
    hf_build_row_defaults(&b->bind, HF_OBJECT_BIND);
    b->at[HF_OBJECT_BIND] = &b->bind;
}

/* ---- options that belong together -------------------------------------------------------- */

static const char *id_key(struct hf_build *b)
{
    return hf_arena_printf(arena_of(b), "%p %u", (void *)b->section, b->bind.id);
}

static void check_id(struct hf_build *b)
{
    const struct hf_bind_address *first = b->bind_addresses;
    const struct hf_cfg_bind *other;

    if (!b->bind.id || !first)
        return;
    if (first->next || first->hi > first->lo) {
        hf_build_error(b, b->bind.loc, "give each address a line of its own",
                       "'id' is for a bind with one address and one port");
        return;
    }
    other = hf_names_find(&b->bind_ids, id_key(b));
    if (other)
        hf_build_error(b, b->bind.loc,
                       hf_arena_printf(arena_of(b), "the other one is at %s:%d",
                                       other->loc.source->name, other->loc.line),
                       "'%s' has a bind with id %u already", b->section->name, b->bind.id);
}

/* By its own words alone.  `no` words count where no range is given. */
static bool leaves_no_version(const struct hf_cfg_bind_tls *tls)
{
    int least = tls->ssl_min_ver, most = tls->ssl_max_ver;

    if (least >= 0 || most >= 0)
        return most == 0 || (most > 0 && least > most);
    return tls->no_tlsv10 && tls->no_tlsv11 && tls->no_tlsv12 && tls->no_tlsv13;
}

/* What HAProxy says of a bind with `ssl` once all of its words are known; `starttls` is the same,
 * later. */
static void check_tls(struct hf_build *b)
{
    const struct hf_cfg_bind_tls *tls = &b->bind.tls;
    struct hf_loc loc = hf_bind_tls_loc(&b->bind);
    const char *word = tls->ssl ? "ssl" : "starttls";

    if (!tls->crts && (!tls->strict_sni || tls->generate_certificates))
        hf_build_error(b, loc, "add 'crt FILE'", "'%s' needs a certificate", word);
    if (tls->generate_certificates && !tls->ca_sign_file)
        hf_build_error(b, loc, "add 'ca-sign-file FILE'",
                       "'generate-certificates' needs an authority that signs");
    if (tls->verify && !tls->ca_file && !tls->ca_verify_file)
        hf_build_error(b, loc, "add 'ca-file FILE'",
                       "'verify' needs the authorities that clients' certificates come from");
    if (leaves_no_version(tls))
        hf_build_error(b, loc, "allow TLSv1.2 or TLSv1.3", "all versions of TLS are disabled");
}

/* Words that mean what we would not do. */
static void refuse_what_we_cannot(struct hf_build *b)
{
    const struct hf_cfg_bind *bind = &b->bind;

    if (bind->tls.ssl && bind->tls.generate_certificates)
        hf_ends_refuse(b, bind->tls.ssl_loc, "generate-certificates",
                       "make the certificates beforehand and name them with 'crt'");
    else if (bind->netns)
        hf_ends_refuse(b, bind->netns_loc, "namespace",
                       "start haftp in the namespace, with `ip netns exec`");
}

static bool has_unix_socket(const struct hf_build *b)
{
    const struct hf_bind_address *address;

    LL_FOREACH(b->bind_addresses, address)
    {
        if (address->reach == HF_REACH_UNIX)
            return true;
    }
    return false;
}

static bool only_has(const struct hf_build *b, bool inet)
{
    const struct hf_bind_address *address;

    LL_FOREACH(b->bind_addresses, address)
    {
        if (hf_addr_is_set(&address->addr) != inet)
            return false;
    }
    return b->bind_addresses != NULL;
}

/* Options without effect on this kind of address. */
static void tell_idle_options(struct hf_build *b)
{
    const struct hf_cfg_bind *bind = &b->bind;

    if ((bind->mode || bind->uid != -1 || bind->gid != -1) && !has_unix_socket(b))
        hf_diag_add(b->diag, HF_DIAG_WARNING, bind->loc, "they are for unix sockets",
                    "'mode', 'user', 'group', 'uid' and 'gid' have no effect on this address.");
    if ((bind->interface || bind->transparent || bind->v4v6 || bind->v6only || bind->mss ||
         bind->tfo || bind->tcp_ut_ms || bind->defer_accept) &&
        only_has(b, false))
        hf_diag_add(b->diag, HF_DIAG_WARNING, bind->loc, "they are for Internet addresses",
                    "'interface', 'transparent', 'v4v6', 'v6only', 'mss', 'tfo', 'tcp-ut' and "
                    "'defer-accept' have no effect on this address.");
    if (bind->mss < 0)
        hf_diag_add(b->diag, HF_DIAG_WARNING, bind->loc, "write the size that is meant",
                    "a negative 'mss' has no effect.");
}

/* ---- the end of the line ----------------------------------------------------------------- */

void hf_build_bind_end(struct hf_build *b)
{
    const struct hf_bind_address *address;

    if (!b->in_bind)
        return;
    b->in_bind = false;
    if (hf_build_is_sound(b))
        check_id(b);
    if (hf_build_is_sound(b))
        hf_ends_check_bind_ftps(b);
    if (hf_bind_has_tls(&b->bind) && hf_build_is_sound(b))
        check_tls(b);
    if (hf_build_is_sound(b) && hf_ends_are_used(b))
        refuse_what_we_cannot(b);
    if (hf_build_is_sound(b)) {
        tell_idle_options(b);
        if (!hf_bind_has_tls(&b->bind))
            hf_ends_tell_idle_tls(b->diag, HF_OBJECT_BIND, &b->bind, b->bind.loc);
    }
    LL_FOREACH(b->bind_addresses, address)
    {
        struct hf_cfg_bind *bind = HF_NEW(arena_of(b), struct hf_cfg_bind);
        *bind = b->bind;
        hf_ends_stand_at(bind, address);
        HF_APPEND(b, b->section->binds, bind);
        if (bind->id)
            hf_names_add(&b->bind_ids, arena_of(b), id_key(b), bind);
    }
    b->bind_addresses = NULL;
}
