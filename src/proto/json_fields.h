/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json_fields: members of a peer's JSON taken with type, length and characters
 * checked, and text made fit for a peer's JSON.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_JSON_FIELDS_H
#define MUNNEL_PROTO_JSON_FIELDS_H

#include "lib/base/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

/* Each returns 0, or -1 with `error`; an optional member that is absent leaves *value as it is. */
int json_take_text(const json_t *json, const char *key, enum json_need need, size_t longest, const char **value,
                   struct error *error);
int json_take_number(const json_t *json, const char *key, enum json_need need, uint64_t largest, uint64_t *value,
                     struct error *error);
int json_take_bool(const json_t *json, const char *key, bool *value, struct error *error); /* optional */
/* Text of exactly `digits` hexadecimal digits. */
int json_take_hex(const json_t *json, const char *key, enum json_need need, size_t digits, const char **value,
                  struct error *error);
/* The same as SECRET_SIZE bytes; *has: whether it was there. */
int json_take_secret(const json_t *json, const char *key, enum json_need need, uint8_t *bytes, bool *has,
                     struct error *error);

/* No control characters (C0, DEL, C1) and no more than `longest` bytes; `text` is valid UTF-8, as jansson's are. */
bool json_text_is_clean(const char *text, size_t longest);
/* Copies and cuts between characters; '?' stands for what is a control character or not UTF-8. `from` may be NULL. */
void json_text_copy_clean(char *to, size_t size, const char *from);
/* Copies a cleaned text as the inside of a JSON string; `size` of twice the text's length and one always suffices. */
void json_text_escape(char *to, size_t size, const char *from);

#endif
