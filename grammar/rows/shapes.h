/*
 * shapes.h: what each row macro means.
 *
 * A .def file holds one row per keyword and includes this header first, rows_end.h last.  Whoever
 * includes a .def says what its rows are to become:
 *
 *   #define HF_ROWS_FIELDS       members of the struct that the keywords fill (conf/model.h)
 *   #define HF_ROWS_KEYWORDS     initialisers of struct hf_keyword, with HF_ROWS_OBJECT,
 *                                HF_ROWS_STRUCT and HF_ROWS_FIELD(f) naming the struct and the
 *                                path of a member in it
 *
 * Rows of keywords that fill a field; the field needs nothing else to be parsed, inherited, dumped
 * and listed.  `where` says which sections, or which kind of line, know the word (keywords.h).
 *
 *   HF_FLAG(field, name, where, help)                    bool, set by the word alone
 *   HF_FLAG_NOTED(field, name, where, note, help)        and a notice when it is used
 *   HF_FLAG_RANGE(field, low, high, name, where, value, help)  and gives the fields `low` and
 * `high` of two other rows this value; they alone are dumped HF_FLAG_FIXED(field, name, where,
 * help)              `no` is refused, as HAProxy does HF_FLAG_INSTEAD(field, rival, name, where,
 * help)     the same, and the pointer `rival` is NULL then HF_FLAG_WITH(field, name, where,
 * options, syntax, help)   options may follow HF_FLAG_TCPLOG(field, name, where, options, syntax,
 * note, help)   sets the flag of another row HF_FLAG_OFF(field, name, where, help) clears the flag
 * of another row HF_TRISTATE(field, name, where, help)                like a flag, but `no` differs
 * from silence HF_BOTH(field, field2, name, where, help)            sets the flags of two other
 * rows HF_UINT(field, name, where, min, max, default, help) HF_INT(field, name, where, min, max,
 * default, help)  the field may be compared to -1 HF_LOOSE(field, name, where, min, max, default,
 * help)  a number as HAProxy reads many of its own: what is none counts as 0, with a warning; below
 * 0 it is 0 when min is HF_NO_MIN HF_LOOSE_AT(field, name, where, min, max, default, help)    and
 * its place, in field_loc HF_PORT(field, name, where, help)                    1..65535, 0: not
 * given HF_TIME(field, name, where, unit, min, default, help)  stored in ms; unit of a bare number
 *   HF_SIZE(field, name, where, min, default, help)      digits with k, m or g
 *   HF_TEXT(field, name, where, syntax, help)            one word
 *   HF_TEXT_AT(field, name, where, syntax, help)         and its place, in field_loc
 *   HF_CHOICE(type, field, name, where, choices, default, help)     one of "a|b|c", by position;
 *                                                        an empty one cannot be written
 *   HF_CHOICE_AT(type, field, name, where, choices, default, help)  and its place, in field_loc
 *
 * The same where HAProxy reads less strictly, or looks closer:
 *
 *   HF_LOOSE_SIGNED(field, name, where, min, max, default, help)  like HF_LOOSE, may be negative
 *   HF_LOOSE_NONZERO(field, name, where, min, max, help)  signed, and 0 is an error
 *   HF_LOOSE_OPT(field, name, where, min, max, default, help)  the number may be missing: 0
 *   HF_LOOSE_FREE(field, name, where, min, max, default, help)  and what is too small is the least
 *   HF_LOOSE_NOTED(field, name, where, min, max, default, note, help)  signed, and a notice
 *   HF_TIME_NOTED(field, name, where, unit, min, default, note, help)
 *   HF_FLAG_AT(field, name, where, help)                 a flag and its place, in field_loc
 *   HF_VETTED(field, name, where, syntax, vet, help)     one word that vet(build, row, word) of
 *        src/conf/ends/vet.h must agree with (it reports what is wrong); its place in field_loc
 *   HF_LISTED(field, name, where, syntax, vet, help)     like HF_VETTED, but may be given several
 *        times: a list of struct hf_cfg_text in the order given
 *   HF_LISTED_TOO(field, name, where, syntax, vet, help) the same, in the list of another row
 *   HF_VETTED_OPT(field, name, where, syntax, vet, help) and the word may be missing: ""
 *   HF_VETTED_NOTED(field, name, where, syntax, vet, note, help)  and a notice
 *   HF_CHOICE_NOTED(type, field, name, where, choices, default, note, help)
 *
 * Rows without a field of their own:
 *
 *   HF_LINE(TOKEN, name, where, args, options, syntax, help)   has a production of its own. `args`:
 *        its positional words, w any word, n number, t time; `options`: whose rows the rest of the
 *        line is looked up in (0: none)
 *   HF_SECTION(TOKEN, name, opens, args, syntax, help)   begins a section
 *   HF_OTHER_SECTION(name, opens, args, syntax, help)    begins one that is no proxy
 *   HF_LEGACY(name, where, modern, syntax)               old spelling of another row
 *   HF_ACCEPTED(name, where, args, help)                 HAProxy's; needs no action here
 *   HF_NOTICED(name, where, args, why)                   the same, with a notice that says why
 *   HF_IGNORED(name, where, args, why)                   the same, with a warning
 *   HF_HTTP(name, where)                                 HAProxy's, for HTTP only
 *   HF_PENDING(name, where, args)                        the same, to come: told at start, in one
 *                                                        notice for all such words
 *   HF_LATER(name, where, args)                          HAProxy's, not supported yet: an error
 *
 * For these, `args` counts the words that belong to an option of a line (statements skip the rest).
 *
 * The same for words whose arguments are checked as HAProxy checks them, by their syntax:
 *
 *   HF_NOOP(name, where, syntax, why)                    no effect: a notice says why
 *   HF_NOOP_NAMES(name, where, syntax, section, why)     the same; the first word is the name of a
 *                                                        section of that kind, which must exist
 *   HF_NOOP_WARNED(name, where, syntax, why)             no effect: a warning says why
 *   HF_NOOP_HTTP(name, where, syntax)                    for HTTP only: a warning
 *   HF_HTTP_PAGE(name, where, syntax)                    the same, of a page that a section serves
 *   HF_HTTP_RULE(name, where, syntax)                    a rule, for HTTP only: a warning
 *   HF_HTTP_PAGE_RULE(name, where, syntax)               the same, of a page
 *   HF_NOOP_PENDING(name, where, syntax)                 to come: told with the other such words
 *   HF_PARTS_HTTP(name, where, options, syntax)          for HTTP only: a warning
 *   HF_PART(name, where, syntax, help)                   an option that its line speaks for
 *   HF_PATTERN(name, where, syntax, help)                the one option that such a line must have
 *   HF_PARTS(name, where, options, syntax, why)          a notice; the rest of the line are options
 *   HF_REFUSED(name, where, why)                         HAProxy refuses it: an error that says why
 *
 * A syntax is made of these, with blanks between; it is also what users read (words/syntax.h):
 *
 *   NUMBER        leading digits count, as in HF_LOOSE      NUMBER:1..9   and its limits
 *   INTEGER       nothing but digits, perhaps behind a '-'  INTEGER:1..9  and its limits
 *   TIME, SIZE    with their units                          TIME:0..9     and its limits, in ms
 *   FILE          a file that can be read; DIRECTORY: likewise; PAGE: one with an HTTP answer
 *   REGEX         a regular expression      HEX           an even number of hexadecimal digits
 *   PORT          1..65535, or an expression
 *   ADDRESS       a host, perhaps with a port; names are looked up
 *   a|b(*)|c      one of these words, or b with something in parentheses; the last one may
 *                 be TIME
 *   NAME          any other capitals: any word
 *   [X]           may be missing, with all behind it
 *   X...          once or more often
 *   ...           what follows is not looked at
 */
#if defined(HF_ROWS_FIELDS)

#define HF_FLAG(field, name, where, help)                         bool field;
#define HF_FLAG_NOTED(field, name, where, note, help)             bool field;
#define HF_FLAG_RANGE(field, low, high, name, where, value, help) bool field;
#define HF_FLAG_FIXED(field, name, where, help)                   bool field;
#define HF_FLAG_INSTEAD(field, rival, name, where, help)          bool field;
#define HF_FLAG_WITH(field, name, where, options, syntax, help)   bool field;
#define HF_FLAG_TCPLOG(field, name, where, options, syntax, note, help)
#define HF_FLAG_OFF(field, name, where, help)
#define HF_TRISTATE(field, name, where, help) enum hf_tristate field;
#define HF_BOTH(field, field2, name, where, help)
#define HF_UINT(field, name, where, min, max, dflt, help)  unsigned field;
#define HF_INT(field, name, where, min, max, dflt, help)   int field;
#define HF_LOOSE(field, name, where, min, max, dflt, help) unsigned field;
#define HF_LOOSE_AT(field, name, where, min, max, dflt, help)                                      \
    unsigned field;                                                                                \
    struct hf_loc field##_loc;
#define HF_PORT(field, name, where, help)                  uint16_t field;
#define HF_TIME(field, name, where, unit, min, dflt, help) unsigned field;
#define HF_SIZE(field, name, where, min, dflt, help)       unsigned field;
#define HF_TEXT(field, name, where, syntax, help)          const char *field;
#define HF_TEXT_AT(field, name, where, syntax, help)                                               \
    const char *field;                                                                             \
    struct hf_loc field##_loc;
#define HF_CHOICE(type, field, name, where, choices, dflt, help) type field;
#define HF_CHOICE_AT(type, field, name, where, choices, dflt, help)                                \
    type field;                                                                                    \
    struct hf_loc field##_loc;
#define HF_LOOSE_SIGNED(field, name, where, min, max, dflt, help)      int field;
#define HF_LOOSE_NONZERO(field, name, where, min, max, help)           int field;
#define HF_LOOSE_OPT(field, name, where, min, max, dflt, help)         unsigned field;
#define HF_LOOSE_FREE(field, name, where, min, max, dflt, help)        unsigned field;
#define HF_LOOSE_NOTED(field, name, where, min, max, dflt, note, help) int field;
#define HF_TIME_NOTED(field, name, where, unit, min, dflt, note, help) unsigned field;
#define HF_FLAG_AT(field, name, where, help)                                                       \
    bool field;                                                                                    \
    struct hf_loc field##_loc;
#define HF_VETTED(field, name, where, syntax, vet, help)                                           \
    const char *field;                                                                             \
    struct hf_loc field##_loc;
#define HF_LISTED(field, name, where, syntax, vet, help) struct hf_cfg_text *field;
#define HF_LISTED_TOO(field, name, where, syntax, vet, help)
#define HF_VETTED_OPT(field, name, where, syntax, vet, help)                                       \
    const char *field;                                                                             \
    struct hf_loc field##_loc;
#define HF_VETTED_NOTED(field, name, where, syntax, vet, note, help)                               \
    const char *field;                                                                             \
    struct hf_loc field##_loc;
#define HF_CHOICE_NOTED(type, field, name, where, choices, dflt, note, help) type field;
#define HF_LINE(token, name, where, args, options, syntax, help)
#define HF_SECTION(token, name, opens, args, syntax, help)
#define HF_OTHER_SECTION(name, opens, args, syntax, help)
#define HF_LEGACY(name, where, modern, syntax)
#define HF_ACCEPTED(name, where, args, help)
#define HF_NOTICED(name, where, args, why)
#define HF_IGNORED(name, where, args, why)
#define HF_HTTP(name, where)
#define HF_PENDING(name, where, args)
#define HF_LATER(name, where, args)
#define HF_NOOP(name, where, syntax, why)
#define HF_NOOP_NAMES(name, where, syntax, section, why)
#define HF_NOOP_WARNED(name, where, syntax, why)
#define HF_NOOP_HTTP(name, where, syntax)
#define HF_HTTP_PAGE(name, where, syntax)
#define HF_HTTP_RULE(name, where, syntax)
#define HF_HTTP_PAGE_RULE(name, where, syntax)
#define HF_NOOP_PENDING(name, where, syntax)
#define HF_PART(name, where, syntax, help)
#define HF_PATTERN(name, where, syntax, help)
#define HF_PARTS(name, where, options, syntax, why)
#define HF_PARTS_HTTP(name, where, options, syntax)
#define HF_REFUSED(name, where, why)

#elif defined(HF_ROWS_KEYWORDS)

#define HF_ROW(token_, name_, where_, field_, min_, max_, dflt_, help_, ...)                       \
    {.name = (name_),                                                                              \
     .token = T_##token_,                                                                          \
     .where = (where_),                                                                            \
     .object = HF_ROWS_OBJECT,                                                                     \
     .offset = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(field_)),                                    \
     .bytes = sizeof(((HF_ROWS_STRUCT *)0)->HF_ROWS_FIELD(field_)),                                \
     .min = (min_),                                                                                \
     .max = (max_),                                                                                \
     .dflt = (dflt_),                                                                              \
     .help = (help_),                                                                              \
     __VA_ARGS__},
#define HF_WORD(token_, name_, where_, help_, ...)                                                 \
    {.name = (name_), .token = T_##token_, .where = (where_), .help = (help_), __VA_ARGS__},
#define HF_PLACE(field_) .loc_offset = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(field_))

#define HF_FLAG(field, name, where, help) HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1)
#define HF_FLAG_NOTED(field, name, where, note_, help)                                             \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .note = (note_))
#define HF_FLAG_RANGE(field, low_, high_, name, where, value_, help)                               \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .fixed = true, .value = (value_),   \
           .low = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(low_)),                                   \
           .high = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(high_)))
#define HF_FLAG_FIXED(field, name, where, help)                                                    \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .fixed = true)
#define HF_FLAG_INSTEAD(field, rival_, name, where, help)                                          \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .fixed = true,                      \
           .rival = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(rival_)))
#define HF_FLAG_WITH(field, name, where, options_, syntax_, help)                                  \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .options = (options_),              \
           .syntax = (syntax_))
#define HF_FLAG_TCPLOG(field, name, where, options_, syntax_, note_, help)                         \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .alias = true, .note = (note_),     \
           .options = (options_), .syntax = (syntax_))
#define HF_FLAG_OFF(field, name, where, help)                                                      \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 0, .alias = true)
#define HF_TRISTATE(field, name, where, help)                                                      \
    HF_ROW(FLAG, name, where, field, 0, 2, HF_UNSET, help, .sets = 1, .tristate = true)
#define HF_BOTH(field, field2, name, where, help)                                                  \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, .alias = true,                      \
           .also = offsetof(HF_ROWS_STRUCT, HF_ROWS_FIELD(field2)))
#define HF_UINT(field, name, where, min, max, dflt, help)                                          \
    HF_ROW(UINT, name, where, field, min, max, dflt, help, .args = "n", .syntax = "NUMBER")
#define HF_INT(field, name, where, min, max, dflt, help)                                           \
    HF_ROW(UINT, name, where, field, min, max, dflt, help, .args = "n", .syntax = "NUMBER")
#define HF_LOOSE(field, name, where, min, max, dflt, help)                                         \
    HF_ROW(UINT, name, (where) | ANY_NUMBER, field, min, max, dflt, help, .args = "n",             \
           .syntax = "NUMBER")
#define HF_LOOSE_AT(field, name, where, min, max, dflt, help)                                      \
    HF_ROW(UINT, name, (where) | ANY_NUMBER, field, min, max, dflt, help, .args = "n",             \
           .syntax = "NUMBER", HF_PLACE(field##_loc))
#define HF_PORT(field, name, where, help)                                                          \
    HF_ROW(UINT, name, where, field, 1, 65535, 0, help, .args = "n", .syntax = "PORT")
#define HF_TIME(field, name, where, unit_, min, dflt, help)                                        \
    HF_ROW(TIME, name, where, field, min, INT32_MAX, dflt, help, .args = "t", .syntax = "TIME",    \
           .unit = (unit_))
#define HF_SIZE(field, name, where, min, dflt, help)                                               \
    HF_ROW(SIZE, name, where, field, min, UINT32_MAX, dflt, help, .args = "s", .syntax = "SIZE")
#define HF_TEXT(field, name, where, syntax_, help)                                                 \
    HF_ROW(TEXT, name, where, field, 0, 0, 0, help, .args = "w", .syntax = (syntax_))
#define HF_TEXT_AT(field, name, where, syntax_, help)                                              \
    HF_ROW(TEXT, name, where, field, 0, 0, 0, help, .args = "w", .syntax = (syntax_),              \
           HF_PLACE(field##_loc))
#define HF_CHOICE(type, field, name, where, choices_, dflt, help)                                  \
    HF_ROW(CHOICE, name, where, field, 0, 0, dflt, help, .args = "w", .choices = (choices_))
#define HF_CHOICE_AT(type, field, name, where, choices_, dflt, help)                               \
    HF_ROW(CHOICE, name, where, field, 0, 0, dflt, help, .args = "w", .choices = (choices_),       \
           HF_PLACE(field##_loc))
#define HF_LOOSE_ROW(args_, field, name, where, min, max, dflt, help, ...)                         \
    HF_ROW(UINT, name, where, field, min, max, dflt, help, .args = (args_), .syntax = "NUMBER",    \
           __VA_ARGS__)
#define HF_LOOSE_SIGNED(field, name, where, min, max, dflt, help)                                  \
    HF_LOOSE_ROW("i", field, name, where, min, max, dflt, help, .free = false)
#define HF_LOOSE_NONZERO(field, name, where, min, max, help)                                       \
    HF_LOOSE_ROW("i", field, name, where, min, max, 0, help, .nonzero = true)
#define HF_LOOSE_OPT(field, name, where, min, max, dflt, help)                                     \
    HF_LOOSE_ROW("I", field, name, where, min, max, dflt, help, .free = false)
#define HF_LOOSE_FREE(field, name, where, min, max, dflt, help)                                    \
    HF_LOOSE_ROW("I", field, name, where, min, max, dflt, help, .free = true)
#define HF_LOOSE_NOTED(field, name, where, min, max, dflt, note_, help)                            \
    HF_LOOSE_ROW("i", field, name, where, min, max, dflt, help, .note = (note_))
#define HF_TIME_NOTED(field, name, where, unit_, min, dflt, note_, help)                           \
    HF_ROW(TIME, name, where, field, min, INT32_MAX, dflt, help, .args = "t", .syntax = "TIME",    \
           .unit = (unit_), .note = (note_))
#define HF_FLAG_AT(field, name, where, help)                                                       \
    HF_ROW(FLAG, name, where, field, 0, 1, 0, help, .sets = 1, HF_PLACE(field##_loc))
#define HF_VETTED_ROW(args_, field, name, where, syntax_, vet_, help, ...)                         \
    HF_ROW(TEXT, name, where, field, 0, 0, 0, help, .args = (args_), .syntax = (syntax_),          \
           .vet = (vet_), HF_PLACE(field##_loc), __VA_ARGS__)
#define HF_VETTED(field, name, where, syntax, vet, help)                                           \
    HF_VETTED_ROW("w", field, name, where, syntax, vet, help, .free = false)
#define HF_LISTED(field, name, where, syntax_, vet_, help)                                         \
    HF_ROW(TEXT, name, where, field, 0, 0, 0, help, .args = "w", .syntax = (syntax_),              \
           .vet = (vet_), .listed = true)
#define HF_LISTED_TOO(field, name, where, syntax_, vet_, help)                                     \
    HF_ROW(TEXT, name, where, field, 0, 0, 0, help, .args = "w", .syntax = (syntax_),              \
           .vet = (vet_), .listed = true, .alias = true)
#define HF_VETTED_OPT(field, name, where, syntax, vet, help)                                       \
    HF_VETTED_ROW("W", field, name, where, syntax, vet, help, .free = false)
#define HF_VETTED_NOTED(field, name, where, syntax, vet, note_, help)                              \
    HF_VETTED_ROW("w", field, name, where, syntax, vet, help, .note = (note_))
#define HF_CHOICE_NOTED(type, field, name, where, choices_, dflt, note_, help)                     \
    HF_ROW(CHOICE, name, where, field, 0, 0, dflt, help, .args = "w", .choices = (choices_),       \
           .note = (note_))
#define HF_LINE(token, name, where, args_, options_, syntax_, help)                                \
    HF_WORD(token, name, where, help, .args = (args_), .options = (options_), .syntax = (syntax_))
#define HF_SECTION(token, name, opens_, args_, syntax_, help)                                      \
    HF_WORD(token, name, ON_TOP, help, .args = (args_), .options = ON_HEADER, .syntax = (syntax_), \
            .opens = (opens_))
#define HF_OTHER_SECTION(name, opens_, args_, syntax_, help)                                       \
    HF_WORD(OTHER_SECTION, name, ON_TOP | ((opens_)&ANY_REST), help, .args = (args_),              \
            .syntax = (syntax_), .opens = (opens_) & ~(uint64_t)ANY_REST)
#define HF_LEGACY(name, where, modern_, syntax_)                                                   \
    HF_WORD(IGNORED, name, where, "Old spelling of '" modern_ "'.", .modern = (modern_),           \
            .syntax = (syntax_))
#define HF_ACCEPTED(name, where, args_, help)                                                      \
    HF_WORD(IGNORED, name, where, help, .skip = (args_), .fate = HF_FATE_ACCEPTED)
#define HF_NOTICED(name, where, args_, why)                                                        \
    HF_WORD(IGNORED, name, where, why ".", .skip = (args_), .fate = HF_FATE_NOTICED)
#define HF_IGNORED(name, where, args_, why)                                                        \
    HF_WORD(IGNORED, name, where, why ".", .skip = (args_), .fate = HF_FATE_IGNORED)
#define HF_HTTP(name, where)                                                                       \
    HF_WORD(IGNORED, name, where, "For HTTP only: no effect here.", .fate = HF_FATE_HTTP)
#define HF_PENDING(name, where, args_)                                                             \
    HF_WORD(IGNORED, name, where, "Checked, but without effect in this version.", .skip = (args_), \
            .fate = HF_FATE_PENDING)
#define HF_LATER(name, where, args_)                                                               \
    HF_WORD(IGNORED, name, where, "Not supported yet.", .skip = (args_), .fate = HF_FATE_LATER)
#define HF_NOOP(name, where, syntax_, why)                                                         \
    HF_WORD(IGNORED, name, where, "No effect: " why ".", .syntax = (syntax_), .checked = true,     \
            .fate = HF_FATE_NOOP)
#define HF_NOOP_NAMES(name, where, syntax_, section_, why)                                         \
    HF_WORD(IGNORED, name, where, "No effect: " why ".", .syntax = (syntax_), .checked = true,     \
            .section = (section_), .fate = HF_FATE_NOOP)
#define HF_NOOP_WARNED(name, where, syntax_, why)                                                  \
    HF_WORD(IGNORED, name, where, "No effect: " why ".", .syntax = (syntax_), .checked = true,     \
            .fate = HF_FATE_NOOP_WARNED)
#define HF_NOOP_HTTP(name, where, syntax_)                                                         \
    HF_WORD(IGNORED, name, where, "For HTTP only: no effect here.", .syntax = (syntax_),           \
            .checked = true, .fate = HF_FATE_HTTP)
#define HF_HTTP_PAGE(name, where, syntax_)                                                         \
    HF_WORD(IGNORED, name, where, "Of a page that a section in mode http serves itself.",          \
            .syntax = (syntax_), .checked = true, .fate = HF_FATE_HTTP_PAGE)
#define HF_HTTP_RULE(name, where, syntax_)                                                         \
    HF_WORD(HTTP_RULE, name, where, "For HTTP only: no effect here.", .options = ON_RULE,          \
            .syntax = (syntax_), .fate = HF_FATE_HTTP)
#define HF_HTTP_PAGE_RULE(name, where, syntax_)                                                    \
    HF_WORD(HTTP_RULE, name, where, "Of a page that a section in mode http serves itself.",        \
            .options = ON_RULE, .syntax = (syntax_), .fate = HF_FATE_HTTP_PAGE)
#define HF_NOOP_PENDING(name, where, syntax_)                                                      \
    HF_WORD(IGNORED, name, where, "Checked, but without effect in this version.",                  \
            .syntax = (syntax_), .checked = true, .fate = HF_FATE_PENDING)
#define HF_PART(name, where, syntax_, help)                                                        \
    HF_WORD(IGNORED, name, where, help, .syntax = (syntax_), .checked = true, .fate = HF_FATE_PART)
#define HF_PATTERN(name, where, syntax_, help)                                                     \
    HF_WORD(PATTERN, name, where, help, .syntax = (syntax_), .checked = true, .fate = HF_FATE_PART)
#define HF_PARTS(name, where, options_, syntax_, why)                                              \
    HF_WORD(PARTS, name, where, "No effect: " why ".", .options = (options_), .syntax = (syntax_), \
            .fate = HF_FATE_NOOP)
#define HF_PARTS_HTTP(name, where, options_, syntax_)                                              \
    HF_WORD(PARTS, name, where, "For HTTP only: no effect here.", .options = (options_),           \
            .syntax = (syntax_), .fate = HF_FATE_HTTP)
#define HF_REFUSED(name, where, why)                                                               \
    HF_WORD(IGNORED, name, where, "Refused: " why ".", .fate = HF_FATE_REFUSED)

#else
#error "define HF_ROWS_FIELDS or HF_ROWS_KEYWORDS before including a .def file"
#endif
