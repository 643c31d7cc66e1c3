/*
 * check_args.c: arguments of which HAProxy knows what they may be.
 */
#include "check_args.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- lists of words ---------------------------------------------------------------------- */

typedef int compare_fn(const char *a, const char *b, size_t n);

/* `words` are set apart by blanks. */
static bool is_among(const char *words, const char *text, compare_fn *compare)
{
    size_t n = strlen(text);

    for (const char *p = words; *p && n; p += strcspn(p, " "), p += *p == ' ') {
        if (strcspn(p, " ") == n && compare(p, text, n) == 0)
            return true;
    }
    return false;
}

/* What OpenSSL calls them, in either case. */
static const char digests[] =
    "md4 md5 md5-sha1 ripemd ripemd160 rmd160 sha1 sha-1 ssl3-md5 ssl3-sha1 sha224 sha-224 "
    "sha2-224 sha256 sha-256 sha2-256 sha384 sha-384 sha2-384 sha512 sha-512 sha2-512 sha512-224 "
    "sha-512/224 sha512-256 sha-512/256 sha3-224 sha3-256 sha3-384 sha3-512 shake128 shake-128 "
    "shake256 shake-256 blake2b512 blake2s256 sm3 whirlpool rsa-md4 rsa-md5 rsa-ripemd160 rsa-sha1 "
    "rsa-sha1-2 rsa-sha224 rsa-sha256 rsa-sha384 rsa-sha512 rsa-sha512/224 rsa-sha512/256 "
    "rsa-sha3-224 rsa-sha3-256 rsa-sha3-384 rsa-sha3-512 rsa-sm3";

static const char protobuf_types[] = "int32 int64 uint32 uint64 sint32 sint64 bool enum fixed32 "
                                     "sfixed32 float fixed64 sfixed64 double";

static const char fix_tags[] = "BeginString BodyLength MsgType SenderCompID TargetCompID CheckSum";

static const char jwt_algorithms[] = "HS256 HS384 HS512 RS256 RS384 RS512 ES256 ES384 ES512 none";

/* ---- numbers ----------------------------------------------------------------------------- */

static bool is_number(const char *text, unsigned long low, unsigned long high)
{
    unsigned long number;
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    number = strtoul(text, &end, 10);
    return *end == '\0' && number >= low && number <= high;
}

/* "1.3.2"; HAProxy minds no dot but a last one. */
static bool is_field_path(const char *text)
{
    size_t n = strlen(text);

    return n > 0 && strspn(text, "0123456789.") == n && text[n - 1] != '.';
}

/* Groups of four characters, of which one or two may be left out at the end of a group. */
static bool is_base64(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)text[i]) && !strchr("+/=", text[i]))
            return false;
        if (i % 4 == 1 && text[i] == '=')
            return false;
    }
    return n % 4 == 0;
}

/* ---- MQTT -------------------------------------------------------------------------------- */

static const char mqtt_types[] = "connect connack publish puback pubrec pubrel pubcomp subscribe "
                                 "suback unsubscribe unsuback pingreq pingresp disconnect auth";
#define MQTT_CONNECT    1u
#define MQTT_CONNACK    2u
#define MQTT_DISCONNECT 14u
#define MQTT_AUTH       15u

/* By its name or number, from 1; 0: none. */
static unsigned mqtt_type(const char *text)
{
    unsigned type = 1;
    size_t n = strlen(text);

    if (is_number(text, 1, MQTT_AUTH))
        return (unsigned)strtoul(text, NULL, 10);
    for (const char *p = mqtt_types; *p && n; p += strcspn(p, " "), p += *p == ' ', type++) {
        if (strcspn(p, " ") == n && strncasecmp(p, text, n) == 0)
            return type;
    }
    return 0;
}

/* Fields by name, and properties by number, that a message of this type can have. */
static bool has_mqtt_field(const char *type, const char *field)
{
    static const char connect_fields[] = "flags protocol_name protocol_version client_identifier "
                                         "will_topic will_payload username password keepalive";
    static const char connect_properties[] = "17 33 39 34 25 23 38 21 22 24 1 2 3 8 9";
    static const char connack_fields[] = "flags protocol_version reason_code";
    static const char connack_properties[] = "17 33 36 37 39 18 34 31 38 40 41 42 19 26 28 21 22";

    switch (mqtt_type(type)) {
    case MQTT_CONNECT:
        return is_among(connect_fields, field, strncasecmp) ||
               is_among(connect_properties, field, strncmp);
    case MQTT_CONNACK:
        return is_among(connack_fields, field, strncasecmp) ||
               is_among(connack_properties, field, strncmp);
    case MQTT_DISCONNECT:
        return is_among("reason_code 17 28 31 38", field, strncasecmp);
    default:
        return false;
    }
}

/* ---- one argument ------------------------------------------------------------------------ */

bool hf_arg_is_variable(const char *text)
{
    const char *dot = strchr(text, '.');
    size_t n = dot ? (size_t)(dot - text) : 0;
    char scope[8];

    if (!dot || !dot[1] || n >= sizeof scope)
        return false;
    memcpy(scope, text, n);
    scope[n] = '\0';
    return is_among("proc sess txn req res check", scope, strncmp);
}

const char *hf_arg_wrong(char letter, const char *text)
{
    switch (letter) {
    case 'h':
        return is_among("224 256 384 512", text, strncmp) ? NULL : "224, 256, 384 or 512 bits";
    case 'e':
        return is_among("128 192 256", text, strncmp) ? NULL : "128, 192 or 256 bits";
    case 'H':
        return is_among(digests, text, strncasecmp) ? NULL : "the name of a digest, such as sha256";
    case 'G':
        return hf_arg_is_variable(text) || is_base64(text) ? NULL : "base64 or a variable";
    case 'P':
        return is_field_path(text) ? NULL : "the number of a field, such as 1.3";
    case 'O':
        return is_among(protobuf_types, text, strncmp) ? NULL
                                                       : "the type of a number in Protocol Buffers";
    case 'F':
        return is_number(text, 1, INT32_MAX) || is_among(fix_tags, text, strncasecmp)
                   ? NULL
                   : "a tag of FIX: a number, or a name such as MsgType";
    case 'N':
        return mqtt_type(text) ? NULL : "a type of MQTT messages, such as connect";
    case 'J':
        return *text ? NULL : "a path such as $.name";
    case 'W':
        return strcmp(text, "int") == 0 ? NULL : "'int', which is all that can be asked for";
    case 'w':
        return hf_arg_is_variable(text) || is_among(jwt_algorithms, text, strncmp)
                   ? NULL
                   : "an algorithm such as HS256, or a variable";
    default:
        return NULL;
    }
}

/* ---- several arguments ------------------------------------------------------------------- */

static bool truncates_wrongly(const struct hf_conv *conv)
{
    return conv->args[2].number != 0 && conv->args[2].number != 1;
}

const char *hf_args_wrong_together(const struct hf_conv *conv, unsigned *index)
{
    const char *name = conv->row->name;
    const struct hf_arg *args = conv->args;

    *index = conv->n_args > 1 ? 1 : 0;
    if (strcmp(name, "mqtt_field_value") == 0 && !has_mqtt_field(args[0].text, args[1].text))
        return "this is not a field that such a message has, or that can be read";
    if (strcmp(name, "add_item") == 0 && conv->n_args > 1 && !*args[1].text &&
        (conv->n_args == 2 || !*args[2].text))
        return "a variable or a suffix must be given";
    bool to_decimals = strcmp(name, "be2dec") == 0 || strcmp(name, "le2dec") == 0;
    if (to_decimals && args[1].number == 0)
        return "the size of the chunks is missing: a number from 1 to 8";
    /* Without a separator, all may be one chunk. */
    if (strcmp(name, "be2hex") == 0 && args[1].number <= 0 &&
        ((args[0].text && *args[0].text) || args[2].number != 0))
        return "the size of the chunks must be above 0";
    if (!to_decimals && strcmp(name, "be2hex") != 0)
        return NULL;
    *index = 2;
    return truncates_wrongly(conv) ? "only 0 and 1 may say whether what is left over is cut off"
                                   : NULL;
}
