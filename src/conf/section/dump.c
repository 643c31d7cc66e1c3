/*
 * dump.c: the canonical text of the sections that are no proxies.
 *
 * Those that only do what this version does not do are left out: nothing names them.
 */
#include <string.h>

#include <utlist.h>

#include "dump_int.h"
#include "parse/value.h"

static void print_named(FILE *out, const char *keyword, const char *name,
                        const struct hf_addr *addr)
{
    char text[HF_ADDR_TEXT_SIZE];

    fprintf(out, "    %s ", keyword);
    hf_value_print_word(out, name);
    if (addr)
        fprintf(out, " %s", hf_addr_text(addr, text));
}

static void print_peers(FILE *out, const struct hf_cfg_peers *peers)
{
    const struct hf_cfg_bind *bind;
    const struct hf_cfg_server *server;
    const struct hf_cfg_peers_table *table;

    hf_dump_rows(out, HF_OBJECT_PEERS, HF_IN_PEERS, peers, "    ", "\n");
    LL_FOREACH(peers->section.binds, bind)
    {
        hf_dump_bind(out, bind);
    }
    if (peers->has_bind && peers->local) {
        print_named(out, "server", peers->local, NULL);
        putc('\n', out);
    }
    LL_FOREACH(peers->section.servers, server)
    {
        hf_dump_server(out, peers->has_bind ? "server" : "peer", server);
    }
    LL_FOREACH(peers->tables, table)
    {
        print_named(out, "table", table->name, NULL);
        hf_dump_rows(out, HF_OBJECT_TABLE, HF_ON_TABLE, table->table, " ", "");
        hf_dump_stored(out, table->table);
        putc('\n', out);
    }
    hf_dump_logs(out, peers->section.o.logs);
}

static void print_resolvers(FILE *out, const struct hf_cfg_resolvers *resolvers)
{
    const struct hf_cfg_nameserver *server;
    char text[HF_ADDR_TEXT_SIZE];

    LL_FOREACH(resolvers->nameservers, server)
    {
        print_named(out, "nameserver", server->name, NULL);
        fprintf(out, " %s%s\n", server->tcp ? "tcp@" : "", hf_addr_text(&server->addr, text));
    }
    hf_dump_rows(out, HF_OBJECT_RESOLVERS, HF_IN_RESOLVERS, resolvers, "    ", "\n");
}

static void print_userlist(FILE *out, const struct hf_cfg_userlist *list)
{
    const struct hf_cfg_group *group;
    const struct hf_cfg_user *user;

    LL_FOREACH(list->groups, group)
    {
        print_named(out, "group", group->name, NULL);
        hf_dump_rows(out, HF_OBJECT_GROUP, HF_ON_GROUP, group, " ", "");
        putc('\n', out);
    }
    LL_FOREACH(list->users, user)
    {
        print_named(out, "user", user->name, NULL);
        hf_dump_rows(out, HF_OBJECT_USER, HF_ON_USER, user, " ", "");
        putc('\n', out);
    }
}

static void print_mailers(FILE *out, const struct hf_cfg_mailers *mailers)
{
    const struct hf_cfg_mailer *mailer;

    LL_FOREACH(mailers->mailers, mailer)
    {
        print_named(out, "mailer", mailer->name, &mailer->addr);
        putc('\n', out);
    }
    hf_dump_rows(out, HF_OBJECT_MAILERS, HF_IN_MAILERS, mailers, "    ", "\n");
}

static void print_ring(FILE *out, const struct hf_cfg_ring *ring)
{
    const struct hf_cfg_server *server;

    hf_dump_rows(out, HF_OBJECT_RING, HF_IN_RING, ring, "    ", "\n");
    if (ring->size)
        fprintf(out, "    size %u\n", ring->size);
    if (ring->backing_file) {
        print_named(out, "backing-file", ring->backing_file, NULL);
        putc('\n', out);
    }
    LL_FOREACH(ring->section.servers, server)
    {
        hf_dump_server(out, "server", server);
    }
}

static bool print_head(FILE *out, const struct hf_cfg_section *section, const char *kind)
{
    if (strcmp(section->kind, kind) != 0)
        return false;
    fprintf(out, "\n%s ", kind);
    hf_value_print_word(out, section->name);
    putc('\n', out);
    return true;
}

void hf_dump_sections(FILE *out, const struct hf_config *config)
{
    const struct hf_cfg_section *section;

    LL_FOREACH(config->sections, section)
    {
        if (print_head(out, section, "peers"))
            print_peers(out, (const struct hf_cfg_peers *)section);
        else if (print_head(out, section, "resolvers"))
            print_resolvers(out, (const struct hf_cfg_resolvers *)section);
        else if (print_head(out, section, "userlist"))
            print_userlist(out, (const struct hf_cfg_userlist *)section);
        else if (print_head(out, section, "mailers"))
            print_mailers(out, (const struct hf_cfg_mailers *)section);
        else if (print_head(out, section, "ring"))
            print_ring(out, (const struct hf_cfg_ring *)section);
    }
}
