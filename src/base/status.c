/*
 * status.c: texts of the statuses, and which status an errno is.
 *
 * Constant data, so any thread.  It prints nothing and decides nothing.
 */
#include "haftp/base/status.h"

#include <errno.h>

const char *hf_status_text(enum hf_status status)
{
    static const char *const text[] = {
#define X(name, text) [HF_##name] = (text),
        HF_STATUS_ROWS(X)
#undef X
    };
    if ((unsigned)status >= sizeof text / sizeof text[0])
        return "unknown status";
    return text[status];
}

enum hf_status hf_status_from_errno(int err)
{
    switch (err) {
    case 0:
        return HF_OK;
    case EAGAIN:
    case EINPROGRESS:
    case EINTR:
        return HF_AGAIN;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return HF_RESET;
    case ECONNREFUSED:
        return HF_REFUSED;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
        return HF_UNREACHABLE;
    case ETIMEDOUT:
        return HF_TIMEOUT;
    case ENOMEM:
    case ENOBUFS:
        return HF_NOMEM;
    case EMFILE:
    case ENFILE:
        return HF_NOFD;
    case EADDRINUSE:
        return HF_INUSE;
    case EADDRNOTAVAIL:
        return HF_NOADDR;
    case EACCES:
    case EPERM:
        return HF_DENIED;
    case EINVAL:
        return HF_INVALID;
    case ENOENT:
        return HF_NOTFOUND;
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENOSYS:
        return HF_UNSUPPORTED;
    default:
        return HF_FAILED;
    }
}
