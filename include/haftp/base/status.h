/*
 * status.h: how a function says that it could not do its work.
 *
 * Every function that can fail returns one of these; a value it produces comes out
 * through its last parameter.  errno never crosses a module border.
 */
#ifndef HAFTP_BASE_STATUS_H
#define HAFTP_BASE_STATUS_H

#define HF_MUST_USE __attribute__((warn_unused_result))

/* X(name, text): the text completes the sentence "cannot ...: <text>". */
#define HF_STATUS_ROWS(X)                                                                          \
    X(OK, "no error")                                                                              \
    X(AGAIN, "would block")                                                                        \
    X(EOF, "closed by the peer")                                                                   \
    X(TRUNCATED, "cut off: TLS without close_notify")                                              \
    X(RESET, "connection reset by the peer")                                                       \
    X(REFUSED, "connection refused")                                                               \
    X(UNREACHABLE, "host or network unreachable")                                                  \
    X(TIMEOUT, "timed out")                                                                        \
    X(NOMEM, "out of memory")                                                                      \
    X(NOFD, "out of file descriptors")                                                             \
    X(NOPORT, "no local port free")                                                                \
    X(INUSE, "address already in use")                                                             \
    X(NOADDR, "address not available on this host")                                                \
    X(DENIED, "permission denied")                                                                 \
    X(INVALID, "invalid value")                                                                    \
    X(LIMIT, "limit exceeded")                                                                     \
    X(NOTFOUND, "not found")                                                                       \
    X(UNSUPPORTED, "not supported here")                                                           \
    X(FAILED, "system error")

enum hf_status {
#define X(name, text) HF_##name,
    HF_STATUS_ROWS(X)
#undef X
};

/* Never NULL; static storage; any thread. */
const char *hf_status_text(enum hf_status status);

/* Maps an errno value of a socket or file call; 0 gives HF_OK. */
enum hf_status hf_status_from_errno(int err);

#endif
