/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sniff: tells a TLS ClientHello from other protocols, by the first bytes of a connection.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_SNIFF_H
#define MUNNEL_SERVER_SERVICE_SNIFF_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of an agent's ClientHello, without and with the record's header; it has some 1,600 with ML-KEM. */
enum { SNIFF_HELLO_MAX = 4096, SNIFF_SIZE = 5 + SNIFF_HELLO_MAX };

/* SNIFF_KIND(name, text for the log) */
#define SNIFF_KINDS(K)                                                                                                 \
    K(TLS, "TLS")                                                                                                      \
    K(TLS_PART, "incomplete TLS ClientHello")                                                                          \
    K(TLS_LONG, "TLS ClientHello too long")                                                                            \
    K(TLS_MIDDLE, "TLS without a ClientHello")                                                                         \
    K(SSL2, "SSL 2 client")                                                                                            \
    K(HTTP, "HTTP request")                                                                                            \
    K(HTTP2, "HTTP/2 preface")                                                                                         \
    K(SSH, "SSH client")                                                                                               \
    K(PROXY, "PROXY protocol header")                                                                                  \
    K(VNC, "VNC client")                                                                                               \
    K(SMTP, "SMTP client")                                                                                             \
    K(TEXT, "plain text")                                                                                              \
    K(OTHER, "not TLS")                                                                                                \
    K(NOTHING, "nothing received")
enum sniff_kind {
#define SNIFF_ENUM(name, text) SNIFF_##name,
    SNIFF_KINDS(SNIFF_ENUM)
#undef SNIFF_ENUM
        SNIFF_COUNT
};

/*
 * The protocol that the first bytes of a connection belong to. SNIFF_TLS: a complete ClientHello. SNIFF_TLS_PART: the
 * beginning of one; look again when *needs bytes (at most `most`, which is that of all its records) have come. Too few
 * bytes to tell the protocol by: SNIFF_TEXT or SNIFF_OTHER.
 */
enum sniff_kind sniff(const uint8_t *bytes, size_t length, size_t most, size_t *needs);
const char *sniff_name(enum sniff_kind kind);

#endif
