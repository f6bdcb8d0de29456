/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json_fields: members and text from a peer, checked; own text made fit to be sent.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/secret.h"
#include "lib/base/utf8.h"
#include "proto/json_fields.h"

#include <string.h>

bool json_text_is_clean(const char *text, size_t longest) {
    if (strlen(text) > longest)
        return false;
    for (const char *at = text; *at; at++)
        if (utf8_is_control(at))
            return false;
    return true;
}

void json_text_copy_clean(char *to, size_t size, const char *from) {
    const char *at = from ? from : "";
    size_t used = 0;
    while (*at) {
        size_t length = utf8_length(at);
        bool good = length > 0 && !utf8_is_control(at);
        size_t written = good ? length : 1;
        if (used + written >= size)
            break;
        memcpy(to + used, good ? at : "?", written);
        used += written;
        at += length ? length : 1;
    }
    to[used] = '\0';
}

void json_text_escape(char *to, size_t size, const char *from) {
    size_t used = 0;
    for (; *from && used + 2 < size; from++) {
        if (*from == '"' || *from == '\\')
            to[used++] = '\\';
        to[used++] = *from;
    }
    to[used] = '\0';
}

/* 1: there, to be checked; 0: absent, which is allowed; -1 with `error`. */
static int find(const json_t *json, const char *key, enum json_need need, const json_t **value, struct error *error) {
    *value = json_object_get(json, key);
    if (*value)
        return 1;
    return need == JSON_REQUIRED ? error_set(error, "\"%s\" is missing", key) : 0;
}

int json_take_text(const json_t *json, const char *key, enum json_need need, size_t longest, const char **value,
                   struct error *error) {
    const json_t *member;
    int found = find(json, key, need, &member, error);
    if (found <= 0)
        return found;
    if (!json_is_string(member))
        return error_set(error, "\"%s\" is not a string", key);
    if (json_string_length(member) > longest)
        return error_set(error, "\"%s\" is longer than %zu bytes", key, longest);
    if (!json_text_is_clean(json_string_value(member), longest))
        return error_set(error, "\"%s\" holds a control character", key);
    if (need == JSON_REQUIRED && json_string_length(member) == 0)
        return error_set(error, "\"%s\" is empty", key);
    *value = json_string_value(member);
    return 0;
}

int json_take_number(const json_t *json, const char *key, enum json_need need, uint64_t largest, uint64_t *value,
                     struct error *error) {
    const json_t *member;
    int found = find(json, key, need, &member, error);
    if (found <= 0)
        return found;
    if (!json_is_integer(member))
        return error_set(error, "\"%s\" is not a whole number", key);
    json_int_t number = json_integer_value(member);
    if (number < 0 || (uint64_t)number > largest)
        return error_set(error, "\"%s\" is not between 0 and %llu", key, (unsigned long long)largest);
    *value = (uint64_t)number;
    return 0;
}

int json_take_bool(const json_t *json, const char *key, bool *value, struct error *error) {
    const json_t *member = json_object_get(json, key);
    if (!member)
        return 0;
    if (!json_is_boolean(member))
        return error_set(error, "\"%s\" is neither true nor false", key);
    *value = json_is_true(member);
    return 0;
}

int json_take_hex(const json_t *json, const char *key, enum json_need need, size_t digits, const char **value,
                  struct error *error) {
    const char *text = NULL;
    if (json_take_text(json, key, need, digits, &text, error) != 0)
        return -1;
    if (!text)
        return 0;
    if (strlen(text) != digits || strspn(text, "0123456789abcdefABCDEF") != digits)
        return error_set(error, "\"%s\" is not %zu hexadecimal digits", key, digits);
    *value = text;
    return 0;
}

int json_take_secret(const json_t *json, const char *key, enum json_need need, uint8_t *bytes, bool *has,
                     struct error *error) {
    const char *text = NULL;
    if (json_take_hex(json, key, need, SECRET_HEX - 1, &text, error) != 0)
        return -1;
    *has = text;
    if (text && !secret_from_hex(bytes, SECRET_SIZE, text))
        return error_set(error, "\"%s\" is not %d hexadecimal digits", key, SECRET_HEX - 1);
    return 0;
}
