/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json: jansson with the guards that input from outside needs.
 * Runs on: any thread. Owns: nothing; json_t references go to the caller.
 */
#ifndef MUNNEL_LIB_BASE_JSON_H
#define MUNNEL_LIB_BASE_JSON_H

#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A text from a peer: at most `limit` bytes, an object, no duplicate keys, nothing behind it. NULL with `error`. */
json_t *json_parse_object(const char *text, size_t length, size_t limit, struct error *error);

/*
 * A file for people, which must be one object: `//` comments outside strings are blanked first, so that line and column
 * stay right. `name` goes into errors as name:line:column; they tell what to write instead.
 */
json_t *json_parse_file_text(char *text, size_t length, const char *name, struct error *error);

/*
 * Where the value that a JSON pointer (RFC 6901) names stands in a file's text, which may have comments and is right
 * otherwise; of a pointer that leads nowhere the last object or list on its way. Lines and columns count from 1.
 */
struct json_position {
    unsigned line, column;
};
struct json_position json_locate(const char *text, size_t length, const char *pointer);

/* False, with *value untouched, if the member is absent or no string. */
bool json_get_string(const json_t *object, const char *key, const char **value);

/* For texts with secrets: jansson frees them as they are. Nothing else may hold a reference. NULL is fine. */
void json_free_wiped(json_t *json);

/* Compact text, malloc'ed (free()); NULL when out of memory. Takes over the reference. Reals are rounded to six digits
 * behind the point: what is measured is no more exact, and 17 digits of it are noise. */
char *json_to_text(json_t *value);

#endif
