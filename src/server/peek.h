/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * peek: tells a TLS ClientHello from what else comes to an agent port by mistake.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_PEEK_H
#define MUNNEL_SERVER_PEEK_H

#include <stddef.h>
#include <stdint.h>

enum {
    PEEK_HELLO_MAX = 4096,
    PEEK_SIZE = 5 + PEEK_HELLO_MAX
}; /* of a ClientHello; agents' have some 1,600 with ML-KEM */

/* PEEK_KIND(name, in words) */
#define PEEK_KINDS(K)                                                                                                  \
    K(TLS, "TLS")                                                                                                      \
    K(TLS_PART, "TLS that stopped in its first message")                                                               \
    K(TLS_LONG, "TLS with a longer first message than any agent's")                                                    \
    K(TLS_MIDDLE, "TLS, but not the beginning of it")                                                                  \
    K(SSL2, "an SSL 2 client")                                                                                         \
    K(HTTP, "an HTTP request")                                                                                         \
    K(HTTP2, "HTTP/2")                                                                                                 \
    K(SSH, "an SSH client")                                                                                            \
    K(PROXY, "a PROXY header")                                                                                         \
    K(VNC, "a VNC client")                                                                                             \
    K(SMTP, "an SMTP client")                                                                                          \
    K(TEXT, "plain text")                                                                                              \
    K(OTHER, "no TLS")                                                                                                 \
    K(NOTHING, "nothing")
enum peek_kind {
#define PEEK_ENUM(name, words) PEEK_##name,
    PEEK_KINDS(PEEK_ENUM)
#undef PEEK_ENUM
        PEEK_COUNT
};

/*
 * What the first bytes of a connection look like. PEEK_TLS when a whole ClientHello is there; PEEK_TLS_PART when there
 * may be one as soon as *needs bytes (at most PEEK_SIZE) have come; what is too short for a word is called by what is
 * there.
 */
enum peek_kind peek(const uint8_t *bytes, size_t length, size_t *needs);
const char *peek_words(enum peek_kind kind);

#endif
