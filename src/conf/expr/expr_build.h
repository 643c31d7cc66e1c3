/*
 * expr_build.h: words of a line become expressions, ACLs, conditions and formats.
 *
 * What is wrong is reported with its place inside the word, and NULL is returned.  Names of other
 * sections are noted, and become pointers when all files were read (hf_conf_resolve_args()).
 * Private to src/conf.
 */
#ifndef HAFTP_CONF_EXPR_BUILD_H
#define HAFTP_CONF_EXPR_BUILD_H

#include "parse/build.h"

/* Where an expression is evaluated, and so what it may look at. */
struct hf_place {
    const char *name; /* for messages */
    unsigned known;   /* HF_KNOWN_* */
};

extern const struct hf_place hf_place_connection, hf_place_session, hf_place_use_backend,
    hf_place_use_server, hf_place_backend, hf_place_response, hf_place_check, hf_place_log,
    hf_place_startup, hf_place_unique_id, hf_place_ftp_request, hf_place_ftp_data;
/* In a listen section, what its frontend and what its backend know. */
struct hf_place hf_place_request(const struct hf_build *b);

/* A fetch with its converters, from the first of `words`; converters may also be words of their
 * own.  *used gets how many words it took. */
struct hf_expr *hf_expr_parse(struct hf_build *b, const struct hf_word *words, unsigned n,
                              unsigned *used, const struct hf_place *place);
/* The same inside `%[...]` of a word, from the text at `*at`, which ends behind the ']'. */
struct hf_expr *hf_expr_parse_inside(struct hf_build *b, const struct hf_word *word,
                                     const char **at, const struct hf_place *place);
/* The expression of an ACL, which is not checked against a place: its use is.  *method gets the
 * matching method that the name implies ("beg" for path_beg), or NULL. */
struct hf_expr *hf_expr_parse_acl(struct hf_build *b, const struct hf_word *words, unsigned n,
                                  unsigned *used, const char **method);
/* "scope.name"; `from` and `to` say which part of the word it is. */
struct hf_cfg_var *hf_var_parse(struct hf_build *b, const struct hf_word *word, size_t from,
                                size_t to);

/* Expressions of one type can be used where another one is wanted. */
bool hf_type_casts(enum hf_type from, enum hf_type to);
/* "a sample that ... needs": what one of the bits of HF_KNOWN_* stands for. */
const char *hf_known_text(unsigned known);

/* ---- ACLs and conditions ---- */

/* "SAMPLE [FLAGS] [VALUES]" of an `acl` line or between braces; `loc` is where they are missing. */
struct hf_acl_test *hf_acl_parse(struct hf_build *b, const struct hf_word *words, unsigned n,
                                 struct hf_loc loc);
/* The predefined ACL of that name, or NULL. */
struct hf_acl *hf_acl_predefined(struct hf_build *b, const struct hf_word *name);
/* Warns of ACLs that can never match in such a place. */
void hf_cond_check_place(struct hf_build *b, const struct hf_cond *cond,
                         const struct hf_place *place);

/* ---- patterns ---- */

struct hf_pattern_list {
    struct hf_arena *arena;
    struct hf_patterns *patterns;
    unsigned room;
    bool resolve;  /* names are looked up (IP) */
    bool versions; /* "3.1" is a number (of TLS versions) */
    char op[3];    /* "eq", "gt", ... (INT, LEN) */
};

/* NULL, or what is wrong with the text. */
const char *hf_pattern_add(struct hf_pattern_list *list, struct hf_view text);
/* What a sample must be for this match. */
enum hf_type hf_match_type(enum hf_match match);
const char *hf_match_name(enum hf_match match);
/* False: no such method. */
bool hf_match_find(const char *name, enum hf_match *match);

/* The lines of a pattern file, without empty ones and comments.  NULL: cannot be read (told). */
struct hf_file_line {
    struct hf_view text;
    unsigned number;
};
struct hf_file_line *hf_pattern_file_read(struct hf_build *b, const char *path, struct hf_loc loc,
                                          unsigned *n);
/* map_beg_int(FILE): `row` tells how keys match and what the values are.  NULL: told. */
struct hf_cfg_map *hf_map_load(struct hf_build *b, const struct hf_sample_row *row,
                               const char *path, struct hf_loc loc);

#endif
