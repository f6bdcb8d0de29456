/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * target: takes apart what stands between method and version in a request, strictly: printable ASCII, complete percent
 * encodings, no fragment. evhttp's own parser accepts almost anything, and its decoder keeps what it cannot decode.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_HTTP_TARGET_H
#define MUNNEL_LIB_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_VALUE = 256 }; /* of a decoded value, with its terminator */

struct target { /* points into the text */
    const char *path;
    size_t path_length;
    const char *query; /* behind '?'; NULL: there is none */
    /* Of the absolute form "http://HOST/path", else NULL. */
    const char *host;
    size_t host_length;
};

bool target_parse(struct target *target, const char *text); /* false: malformed */

/* Decodes a segment of a path into `value`: 1 to 255 bytes of UTF-8, no control character, no '/', not "." or "..". */
bool target_decode_segment(char value[TARGET_VALUE], const char *text, size_t length);
/* Decodes a part of a query: '+' is a space; up to 255 bytes of UTF-8, no control character; may be empty. */
bool target_decode_query(char value[TARGET_VALUE], const char *text, size_t length);

struct target_part { /* "name=value" of a query, still encoded; value_length is 0 without '=' */
    const char *name, *value;
    size_t name_length, value_length;
};
/* The next part of *query, which moves behind it; false: there is none. Empty ones ("a&&b") are left out. */
bool target_next_part(const char **query, struct target_part *part);

#endif
