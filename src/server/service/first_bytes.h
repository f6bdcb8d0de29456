/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * first_bytes: what the first bytes of a connection tell of where it wants to go: TLS by its ClientHello, HTTP by the
 * head of its first request.
 * Runs on: the thread that owns the reader. Owns: nothing of a connection.
 */
#ifndef MUNNEL_SERVER_SERVICE_FIRST_BYTES_H
#define MUNNEL_SERVER_SERVICE_FIRST_BYTES_H

#include "proto/host_name.h"

#include <stddef.h>
#include <stdint.h>

enum { FIRST_BYTES_MOST = 16384 /* of a ClientHello with its records, or of a head */ };

enum first_bytes_kind {
    FIRST_BYTES_NONE,  /* nothing has come */
    FIRST_BYTES_PART,  /* of TLS or HTTP; more is needed */
    FIRST_BYTES_AGENT, /* TLS of an agent, by its ALPN */
    FIRST_BYTES_TLS,
    FIRST_BYTES_HTTP,
    FIRST_BYTES_HTTP2, /* in clear, whose names cannot be seen */
    FIRST_BYTES_OTHER, /* neither */
};

struct first_bytes {
    enum first_bytes_kind kind;
    bool is_tls;                /* also what is incomplete or wrong */
    bool is_wrong, is_too_long; /* malformed, or longer than FIRST_BYTES_MOST; with the kind that it seemed to be */
    size_t needs;               /* of FIRST_BYTES_PART: look again when so many have come */
    char name[HOST_NAME_SIZE];  /* of TLS and HTTP, in the form of host_name_read; "": none */
    const char *detail;         /* of what is wrong; static */
};

struct first_bytes_reader;

struct first_bytes_reader *first_bytes_reader_new(void); /* NULL when out of memory */
void first_bytes_reader_free(struct first_bytes_reader *reader);
/* All that has come so far, at most FIRST_BYTES_MOST of it. */
void first_bytes_read(struct first_bytes_reader *reader, const uint8_t *bytes, size_t length,
                      struct first_bytes *found);

#endif
