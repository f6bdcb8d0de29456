/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sniff: tells a TLS ClientHello from what else comes to an agent port by mistake.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_SNIFF_H
#define MUNNEL_SERVER_AUTH_SNIFF_H

#include <stddef.h>
#include <stdint.h>

enum {
    SNIFF_HELLO_MAX = 4096,
    SNIFF_SIZE = 5 + SNIFF_HELLO_MAX
}; /* of a ClientHello; agents' have some 1,600 with ML-KEM */

/* SNIFF_KIND(name, in words) */
#define SNIFF_KINDS(K)                                                                                                 \
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
enum sniff_kind {
#define SNIFF_ENUM(name, words) PEEK_##name,
    SNIFF_KINDS(SNIFF_ENUM)
#undef SNIFF_ENUM
        PEEK_COUNT
};

/*
 * What the first bytes of a connection look like. PEEK_TLS when a whole ClientHello is there; PEEK_TLS_PART when there
 * may be one as soon as *needs bytes (at most SNIFF_SIZE) have come; what is too short for a word is called by what is
 * there.
 */
enum sniff_kind sniff(const uint8_t *bytes, size_t length, size_t *needs);
const char *sniff_name(enum sniff_kind kind);

#endif
