/*
 * lines.h: what the grammar's actions call for the sections that are no proxies.
 */
#ifndef HAFTP_CONF_SECTION_LINES_H
#define HAFTP_CONF_SECTION_LINES_H

#include "parse/build.h"

/* `name` NULL: none was given. */
void hf_build_other_section(struct hf_build *b, const struct hf_keyword *row,
                            const struct hf_word *name, struct hf_loc loc);
/* A word behind the name. */
void hf_build_more_name(struct hf_build *b, const struct hf_word *word);

/* `address` NULL: none was given. */
void hf_build_peer(struct hf_build *b, const struct hf_keyword *row, const struct hf_word *name,
                   const struct hf_word *address);
void hf_build_other_bind(struct hf_build *b, const struct hf_word *address);
void hf_build_peers_table(struct hf_build *b, const struct hf_word *name);
/* When the table's line has ended. */
void hf_build_peers_table_end(struct hf_build *b);

void hf_build_nameserver(struct hf_build *b, const struct hf_word *name,
                         const struct hf_word *address);
void hf_build_user(struct hf_build *b, const struct hf_word *name);
void hf_build_group(struct hf_build *b, const struct hf_word *name);
/* An option at the end of a user or group line, without its value. */
void hf_build_dangling(struct hf_build *b, const struct hf_keyword *row, struct hf_loc loc);
void hf_build_mailer(struct hf_build *b, const struct hf_word *name, const struct hf_word *address);
void hf_build_ring_size(struct hf_build *b, int64_t bytes, struct hf_loc loc);
/* Any other than connect and server. */
void hf_build_ring_file(struct hf_build *b, const struct hf_word *file);
void hf_build_ring_timeout(struct hf_build *b, struct hf_loc loc);
void hf_build_dgram_bind(struct hf_build *b, const struct hf_word *address);
void hf_build_command(struct hf_build *b, const struct hf_word *word);
/* `word` NULL: none was given. */
void hf_build_cache_vary(struct hf_build *b, const struct hf_word *word, struct hf_loc loc);
void hf_build_error_file(struct hf_build *b, int64_t status, struct hf_loc loc,
                         const struct hf_word *file);
void hf_build_path_info(struct hf_build *b, const struct hf_word *word);
void hf_build_namespace(struct hf_build *b, const struct hf_word *name);

#endif
