/*
 * files.c: pattern files and maps.
 */
#include "expr_build.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "haftp/base/assert.h"
#include "haftp/base/file.h"
#include "haftp/conf/pattern_index.h"

/* ---- lines ------------------------------------------------------------------------------- */

/* Leading blanks, empty lines and comments mean nothing. */
static bool has_content(struct hf_view *line)
{
    while (line->n && strchr("\r\n", line->p[line->n - 1]))
        line->n--;
    while (line->n && (*line->p == ' ' || *line->p == '\t')) {
        line->p++;
        line->n--;
    }
    return line->n && *line->p != '#';
}

static struct hf_file_line *grow(struct hf_arena *arena, struct hf_file_line *lines, unsigned n,
                                 unsigned room)
{
    struct hf_file_line *more = hf_arena_alloc(arena, room * sizeof *more);

    if (n)
        memcpy(more, lines, n * sizeof *more);
    return more;
}

struct hf_file_line *hf_pattern_file_read(struct hf_build *b, const char *path, struct hf_loc loc,
                                          unsigned *n)
{
    static const char missing[] = "make the file, or give its whole path, which begins with '/'";
    struct hf_arena *arena = b->config->arena;
    unsigned room = 16, number = 0;
    const char *why;
    size_t size;
    char *text = hf_file_read(path, &size, &why);

    *n = 0;
    if (!text) {
        hf_build_error(b, loc, errno == ENOENT ? missing : NULL,
                       "pattern file '%s' cannot be opened: %s", path, why);
        return NULL;
    }
    struct hf_file_line *lines = grow(arena, NULL, 0, room);
    for (const char *p = text, *end = text + size; p < end;) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct hf_view line = hf_view(p, (size_t)((lf ? lf : end) - p));
        p += line.n + 1;
        number++;
        if (!has_content(&line))
            continue;
        if (*n == room) {
            room *= 2;
            lines = grow(arena, lines, *n, room);
        }
        line.p = hf_arena_strndup(arena, line.p, line.n);
        lines[(*n)++] = (struct hf_file_line){line, number};
    }
    free(text);
    return lines;
}

/* ---- maps -------------------------------------------------------------------------------- */

struct entry {
    struct hf_view key, value;
    unsigned line;
};

/* "key   value" in place. */
static struct entry split(const struct hf_file_line *line)
{
    struct entry entry = {.key = line->text, .line = line->number};
    size_t n = 0;

    while (n < line->text.n && !isspace((unsigned char)line->text.p[n]))
        n++;
    entry.key.n = n;
    while (n < line->text.n && isspace((unsigned char)line->text.p[n]))
        n++;
    entry.value = hf_view(line->text.p + n, line->text.n - n);
    while (entry.value.n && isspace((unsigned char)entry.value.p[entry.value.n - 1]))
        entry.value.n--;
    return entry;
}

static bool is_value(struct hf_arena *arena, const struct hf_cfg_map *map, struct hf_view value)
{
    const char *text = hf_arena_strndup(arena, value.p, value.n);
    struct hf_addr addr;
    char *end;

    if (map->out == HF_TYPE_ADDR)
        return *text && hf_addr_parse_host(value, &addr) == HF_OK;
    if (map->out != HF_TYPE_INT)
        return true;
    errno = 0;
    strtoll(text, &end, 10);
    return end > text && *end == '\0' && errno == 0;
}

static bool add_entry(struct hf_build *b, struct hf_cfg_map *map, struct hf_pattern_list *list,
                      const struct entry *entry, struct hf_loc loc)
{
    struct hf_arena *arena = b->config->arena;
    unsigned before = map->keys.n;
    const char *wrong = hf_pattern_add(list, entry->key);

    if (wrong) {
        hf_build_error(b, loc, NULL, "'%.*s', on line %u of '%s', is not %s", (int)entry->key.n,
                       entry->key.p, entry->line, map->file, wrong);
        return false;
    }
    if (!is_value(arena, map, entry->value)) {
        hf_build_error(b, loc, NULL, "'%.*s', on line %u of '%s', is not %s", (int)entry->value.n,
                       entry->value.p, entry->line, map->file, hf_type_name(map->out));
        return false;
    }
    if (map->keys.n > before)
        map->values[before] = entry->value;
    return true;
}

/* "map_beg_int" matches beginnings and gives numbers. */
static void read_name(const char *name, struct hf_cfg_map *map)
{
    char method[8] = "str";
    const char *p = name + strlen("map");
    size_t n = *p == '_' ? strcspn(p + 1, "_") : 0;

    if (n && n < sizeof method) {
        memcpy(method, p + 1, n);
        method[n] = '\0';
        p += 1 + n;
    }
    if (strcmp(method, "regm") == 0)
        method[3] = '\0';
    HF_ASSERT(hf_match_find(method, &map->keys.match));
    map->out = strcmp(p, "_int") == 0  ? HF_TYPE_INT
               : strcmp(p, "_ip") == 0 ? HF_TYPE_ADDR
                                       : HF_TYPE_STR;
}

struct hf_cfg_map *hf_map_load(struct hf_build *b, const struct hf_sample_row *row,
                               const char *path, struct hf_loc loc)
{
    struct hf_arena *arena = b->config->arena;
    struct hf_cfg_map *map = HF_NEW(arena, struct hf_cfg_map);
    struct hf_pattern_list list = {.arena = arena, .patterns = &map->keys};
    unsigned n;
    struct hf_file_line *lines = hf_pattern_file_read(b, path, loc, &n);

    if (!lines)
        return NULL;
    map->file = path;
    read_name(row->name, map);
    map->values = hf_arena_alloc(arena, (n + 1) * sizeof *map->values);
    for (unsigned i = 0; i < n; i++) {
        struct entry entry = split(&lines[i]);
        if (!add_entry(b, map, &list, &entry, loc))
            return NULL;
    }
    hf_patterns_index(arena, &map->keys);
    return map;
}
