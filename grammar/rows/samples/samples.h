/*
 * samples.h: rows of sample fetches, converters, ACL names, rule actions and log aliases.
 *
 * Whoever includes fetch.def, conv.def, acl.def, action.def, alias.def or directive.def defines the
 * macros that it wants; the others become nothing.  All are forgotten again at the end of the file.
 *
 *   HF_FETCH(id, word, signature, type, known, help)   works: enum hf_fetch_id has HF_FETCH_<id>
 *   HF_FETCH_SAME(id, word, signature, type, known)    another spelling of the fetch `id`
 *   HF_FETCH_LATER(word, signature, type, known)       checked, but without effect in this version
 *   HF_FETCH_HTTP(word, signature, type, known)        HTTP's: never true in mode tcp
 *   HF_CONV(id, word, signature, in, out, help)        works: enum hf_conv_id has HF_CONV_<id>
 *   HF_CONV_LATER(word, signature, in, out)
 *   HF_CONV_HTTP(word, signature, in, out)
 *   HF_ACL_NAME(word, fetch, method)                   in ACLs, this is that fetch with -m METHOD
 *   HF_ACL_PREDEFINED(word, test)                      an ACL that need not be defined
 *   HF_ACL_METHOD(match, word, type, help)             what -m names: an enum hf_match without its
 *                                                      prefix, and the type that it compares
 *   HF_ACL_FLAG(usage, help)
 *   HF_ACTION(action, word, sets, args, help)          what rules may do
 *   HF_ALIAS(id, word, help)                           %word of a log format
 *   HF_ALIAS_HTTP(word)                                the same, in mode http only
 *   HF_DIRECTIVE(word, args, help)                     a line that begins with a dot
 *   HF_PREDICATE(word, n_args, holds, args, help)      what its condition may ask
 *
 * `type`, `in` and `out` are an enum hf_type without its prefix.  `known` is one of enum hf_known,
 * or BYTES (REQUEST or RESPONSE), AFTER (RESPONSE or END), HTTP (all three).
 *
 * `signature` has a letter per argument; those behind a bar may be left out:
 *
 *   i number         I number, not 0    L number above 0   c number from 1 to 8
 *   o offset: a number that a sign makes relative
 *   s text           d text, not empty  k bytes in hexadecimal
 *   v variable       V variable, or nothing                n number or variable
 *   a IPv4 address   A IPv6 address     m IPv4 mask        M IPv6 mask
 *   f frontend       b backend          t section with a stick-table
 *   S server, or backend/server         u userlist
 *   r regular expression                p file of keys and values      P field of Protocol Buffers
 *   B true, false, 1 or 0               T us or ms         D s, ms or us
 *   C condition of set-var              K sink of debug    g flags of regsub
 *   j charset of json                   q mode of url_enc  4 version of a UUID
 *   h bits of SHA-2  e bits of an AES key             H digest of OpenSSL
 *   G base64 or variable                w algorithm of JWT, or variable
 *   O type of Protocol Buffers          F tag of FIX       N type of MQTT messages
 *   J path into JSON W int              x an argument that is read and means nothing
 *
 * Of an action, `sets` has the letters of the rules that may do it: C connection, S session,
 * Q content of a request, R content of a response, F an FTP command.  `args` has one letter:
 *
 *   - nothing                  e SAMPLE                      # NUMBER, also hexadecimal
 *   v (VARIABLE) SAMPLE        f (VARIABLE) FORMAT           u (VARIABLE)
 *   4 layer4                   l LOG LEVEL                   w any word
 *   k SAMPLE [table SECTION]   n (COUNTER)                   o (COUNTER) NUMBER or SAMPLE
 *                              i (INDEX,COUNTER)             j (INDEX,COUNTER) NUMBER or SAMPLE
 *   c SAMPLE len NUMBER        r (VARIABLE,RESOLVERS) SAMPLE
 *   m http [proto NAME]        s SERVICE                     g ENGINE GROUP
 *   d [code NUMBER] [text TEXT]  y [rst-ttl NUMBER]              x NUMBER or SAMPLE
 *   b NAME [limit ...] [period ...]                              a SERVER [name SAMPLE]
 */
#ifndef HF_FETCH
#define HF_FETCH(id, word, signature, type, known, help)
#endif
#ifndef HF_FETCH_SAME
#define HF_FETCH_SAME(id, word, signature, type, known)
#endif
#ifndef HF_FETCH_LATER
#define HF_FETCH_LATER(word, signature, type, known)
#endif
#ifndef HF_FETCH_HTTP
#define HF_FETCH_HTTP(word, signature, type, known)
#endif
#ifndef HF_CONV
#define HF_CONV(id, word, signature, in, out, help)
#endif
#ifndef HF_CONV_LATER
#define HF_CONV_LATER(word, signature, in, out)
#endif
#ifndef HF_CONV_HTTP
#define HF_CONV_HTTP(word, signature, in, out)
#endif
#ifndef HF_ACL_NAME
#define HF_ACL_NAME(word, fetch, method)
#endif
#ifndef HF_ACL_PREDEFINED
#define HF_ACL_PREDEFINED(word, test)
#endif
#ifndef HF_ACL_METHOD
#define HF_ACL_METHOD(match, word, type, help)
#endif
#ifndef HF_ACL_FLAG
#define HF_ACL_FLAG(usage, help)
#endif
#ifndef HF_ACTION
#define HF_ACTION(action, word, sets, args, help)
#endif
#ifndef HF_ALIAS
#define HF_ALIAS(id, word, help)
#endif
#ifndef HF_ALIAS_HTTP
#define HF_ALIAS_HTTP(word)
#endif
#ifndef HF_DIRECTIVE
#define HF_DIRECTIVE(word, args, help)
#endif
#ifndef HF_PREDICATE
#define HF_PREDICATE(word, n_args, holds, args, help)
#endif
