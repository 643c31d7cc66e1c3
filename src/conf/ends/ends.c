/*
 * ends.c: what `bind` and `server` lines share.
 */
#include "ends.h"

#include <string.h>

#include "conf_int.h"

bool hf_ends_are_used(const struct hf_build *b)
{
    return b->section && b->section->id != 0; /* others are not among the configuration's */
}

void hf_ends_refuse(struct hf_build *b, struct hf_loc loc, const char *name, const char *hint)
{
    if (hf_conf_same_place(b->refused, loc))
        return;
    b->refused = loc;
    hf_build_error(b, loc,
                   hint ? hint : "haftp refuses what it cannot do, rather than do something else",
                   "'%s' is not supported by this version of haftp yet", name);
}

/* The help of such a row says so. */
static bool needs_ssl(const struct hf_keyword *row)
{
    return strstr(row->help, "Needs 'ssl'") != NULL;
}

static bool is_given(const struct hf_keyword *row, const void *fields)
{
    const char *at = (const char *)fields + row->offset;
    int64_t value = 0;

    memcpy(&value, at, row->bytes);
    if (row->bytes == sizeof(int))
        value = *(const int *)(const void *)at;
    return value != row->dflt;
}

void hf_ends_tell_idle_tls(struct hf_diag *diag, enum hf_object object, const void *fields,
                           struct hf_loc loc)
{
    const struct hf_keyword *row;

    HF_FOR_KEYWORDS(row)
    {
        if (row->object != object || row->alias || !needs_ssl(row) || !is_given(row, fields))
            continue;
        hf_diag_add(diag, HF_DIAG_NOTICE, loc, "add 'ssl', or 'starttls' for FTP's AUTH TLS",
                    "'%s' has no effect without 'ssl': the connection is not encrypted.",
                    row->name);
        return;
    }
}

void hf_ends_stand_at(struct hf_cfg_bind *bind, const struct hf_bind_address *at)
{
    bind->text = at->text;
    bind->reach = at->reach;
    bind->path = at->path;
    bind->fd = at->fd;
    bind->addr = at->addr;
    bind->port_lo = at->lo;
    bind->port_hi = at->hi;
    bind->is_range = at->is_range;
}
