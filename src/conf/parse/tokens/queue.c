/*
 * queue.c: the queue between the words of a line and the grammar.
 */
#include "emit.h"

#include "haftp/base/assert.h"

#include "parse/parse.h"

#include "haftp_parser.h"

struct hf_token *hf_emit(struct hf_tokens *t, int kind, struct hf_loc loc)
{
    HF_ASSERT(t->n_queued < sizeof t->queue / sizeof t->queue[0]);
    struct hf_token *token = &t->queue[t->n_queued++];
    *token = (struct hf_token){.kind = kind, .loc = loc};
    return token;
}

void hf_emit_row(struct hf_tokens *t, const struct hf_keyword *row, struct hf_loc loc)
{
    hf_emit(t, row->token, loc)->row = row;
}

void hf_emit_word(struct hf_tokens *t, const struct hf_word *word)
{
    hf_emit(t, T_WORD, word->loc)->word = *word;
}

void hf_emit_number(struct hf_tokens *t, int kind, const struct hf_word *word, int64_t number)
{
    hf_emit(t, kind, word->loc)->number = number;
}

int hf_cfg_lex(HF_CFG_STYPE *value, struct hf_loc *loc, struct hf_parse *parse)
{
    struct hf_tokens *t = &parse->tokens;

    if (t->next == t->n_queued && !hf_tokens_read_line(parse))
        return 0;
    const struct hf_token *token = &t->queue[t->next++];
    *loc = token->loc;
    if (token->row)
        value->row = token->row;
    else if (token->kind == T_WORD)
        value->word = token->word;
    else
        value->number = token->number;
    return token->kind;
}

const struct hf_keyword *hf_tokens_row(const struct hf_tokens *t)
{
    for (unsigned i = t->next; i > 0; i--) {
        if (t->queue[i - 1].row)
            return t->queue[i - 1].row;
    }
    return NULL;
}
