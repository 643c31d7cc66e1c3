/*
 * line.c: a line of the runtime API is cut into commands, and a command into words.
 */
#include "admin_int.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes a word from *from, writes it without its escapes at *to, which never overtakes it.  A line
 * that ends in a lone backslash ends there. */
static void take_word(char **from, char **to)
{
    char *p = *from, *out = *to;

    while (*p && *p != ';' && !is_blank(*p)) {
        if (*p == '\\' && !*++p)
            break;
        *out++ = *p++;
    }
    *from = p;
    *to = out;
}

unsigned admin_cut(char *line, char *words[ADMIN_MOST_WORDS + 1], char **rest)
{
    char *from = line, *to = line;
    unsigned n = 0;
    char end;

    do {
        while (is_blank(*from))
            from++;
        end = *from;
        if (!end || end == ';' || n == ADMIN_MOST_WORDS)
            break;
        words[n++] = to;
        take_word(&from, &to);
        end = *from;
        from += is_blank(end);
        *to++ = '\0'; /* may be where `end` was */
    } while (is_blank(end));
    words[n] = NULL;
    *rest = end == ';' ? from + 1 : NULL;
    return n;
}

bool admin_cut_payload_mark(char *line)
{
    size_t n = strlen(line);

    while (n && is_blank(line[n - 1]))
        n--;
    bool is_mark =
        n >= 2 && memcmp(line + n - 2, "<<", 2) == 0 && (n == 2 || is_blank(line[n - 3]));
    if (is_mark)
        line[n - 2] = '\0';
    return is_mark;
}
