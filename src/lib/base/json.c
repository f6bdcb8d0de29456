/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json: jansson called so that nothing a peer sends surprises: lengths instead of terminators, no duplicate keys,
 * an object and nothing behind it.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/json.h"

#include <string.h>

static const size_t parse_flags = JSON_REJECT_DUPLICATES;

/* Gives back `value` if it is an object, else drops it. */
static json_t *only_object(json_t *value) {
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

json_t *json_parse_object(const char *text, size_t length, size_t limit, struct error *error) {
    if (length > limit) {
        error_set(error, "%zu bytes of JSON where at most %zu are allowed", length, limit);
        return NULL;
    }
    json_error_t detail;
    json_t *value = json_loadb(text, length, parse_flags, &detail);
    if (!value) {
        error_set(error, "not JSON: %s (byte %d)", detail.text, detail.position);
        return NULL;
    }
    json_t *object = only_object(value);
    if (!object)
        error_set(error, "not a JSON object");
    return object;
}

/* Overwrites comments with spaces, so that every byte that is left stays on its line and in its column. */
static void blank_comments(char *text, size_t length) {
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string) {
            if (text[i] == '\\') {
                i++;
            } else if (text[i] == '"' || text[i] == '\n') { /* a string ends with its line: jansson reports it */
                in_string = false;
            }
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '/') {
            while (i < length && text[i] != '\n')
                text[i++] = ' ';
        }
    }
}

/* Some editors put U+FEFF in front of UTF-8. */
static void blank_byte_order_mark(char *text, size_t length) {
    static const char mark[] = "\xef\xbb\xbf";
    if (length >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0)
        memset(text, ' ', sizeof mark - 1);
}

/*
 * jansson's text, except where it would send the reader to the wrong place: before a closing bracket it does not name
 * the comma in front of it, and behind a value it expects the bracket alone. What it has read ends with the culprit.
 */
static void explain(const json_error_t *detail, const char *text, const char *name, struct error *error) {
    size_t end = (size_t)detail->position, before = end > 0 ? end - 1 : 0;
    while (before > 0 && strchr(" \t\r\n", text[before - 1]))
        before--;
    bool is_comma = before > 0 && text[before - 1] == ',' && (text[end - 1] == '}' || text[end - 1] == ']');
    bool follows_value =
        strncmp(detail->text, "'}' expected", 12) == 0 || strncmp(detail->text, "']' expected", 12) == 0;
    const char *culprit = strstr(detail->text, " near '");
    if (is_comma)
        error_set(error, "%s:%d:%d: the comma before this '%c' is one too many; remove it", name, detail->line,
                  detail->column, text[end - 1]);
    else if (follows_value && culprit && strchr("\"{[-0123456789", culprit[7]))
        error_set(error, "%s:%d:%d: a comma is missing before %s", name, detail->line, detail->column, culprit + 6);
    else
        error_set(error, "%s:%d:%d: %s%s", name, detail->line, detail->column, follows_value ? "',' or " : "",
                  detail->text);
}

json_t *json_parse_file_text(char *text, size_t length, const char *name, struct error *error) {
    blank_byte_order_mark(text, length);
    blank_comments(text, length);
    json_error_t detail;
    json_t *value = json_loadb(text, length, parse_flags, &detail);
    if (!value) {
        explain(&detail, text, name, error);
        return NULL;
    }
    json_t *object = only_object(value);
    if (!object)
        error_set(error, "%s:1:1: one JSON object { ... } is expected", name);
    return object;
}

bool json_get_string(const json_t *object, const char *key, const char **value) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text)
        return false;
    *value = text;
    return true;
}

bool json_get_number(const json_t *object, const char *key, uint64_t minimum, uint64_t maximum, uint64_t *value) {
    const json_t *member = json_object_get(object, key);
    if (!json_is_integer(member) || json_integer_value(member) < 0)
        return false;
    uint64_t number = (uint64_t)json_integer_value(member);
    if (number < minimum || number > maximum)
        return false;
    *value = number;
    return true;
}

char *json_to_text(json_t *value) {
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(value);
    return text;
}
